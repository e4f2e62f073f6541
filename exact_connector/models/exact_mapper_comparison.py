from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from markupsafe import Markup

from odoo import api, models
from odoo.tools import format_date

from ..resolution import decimal_amount
from .exact_mapper import MAX_DESCRIPTION, MAX_REFERENCE

# What a comparison reads of an entry.
COMPARE_SELECT = (
    "EntryID", "EntryNumber", "Journal", "JournalDescription", "Customer", "CustomerName", "YourRef",
    "EntryDate", "DueDate", "AmountFC", "VATAmountFC", "Currency", "PaymentReference", "Status",
)  # fmt: skip
# Where these agree it is the same document; the others may be put right afterwards.
ESSENTIAL = ("Customer", "EntryDate", "AmountFC", "Currency")


@dataclass(frozen=True)
class Compared:
    """One property side by side, in the user's words."""

    name: str
    label: str
    odoo: str
    exact: str
    equal: bool


class ExactMapperSalesEntry(models.AbstractModel):
    """A booked entry beside the document: what is equal, and what may be put right (R58). Pure."""

    _inherit = "exact.mapper.sales.entry"

    # === WHAT WAS SENT AND WHAT IS NOW === #

    @api.model
    def _header_labels(self):
        """The header properties that can change on a posted document and that Exact lets us change."""
        env = self.env
        return {
            "DueDate": env._("due date"),
            "PaymentReference": env._("payment reference"),
            "YourRef": env._("number"),
            "Description": env._("description"),
        }

    @api.model
    def _header_values(self, move):
        return {
            "DueDate": move.invoice_date_due,
            "PaymentReference": self._clip(move.payment_reference or "", MAX_REFERENCE) or None,
            "YourRef": self._clip(move.name or "", MAX_REFERENCE),
        }

    @api.model
    def _changed_values(self, move):
        """What of the header differs from what was sent; values for a PUT.

        What was sent stands on the exchange: no call is made.
        """
        sent = move.exact_exchange_ids[:1].sudo().payload
        if not move.exact_entry_id or not isinstance(sent, dict):
            return {}
        changed = {}
        for name, value in self._header_values(move).items():
            # Other properties than the reference go along always: where they did not, nothing is known.
            if name != "PaymentReference" and name not in sent:
                continue
            if (_text(value) or None) != (sent.get(name) or None):
                changed[name] = value
        if "YourRef" in changed:
            changed["Description"] = self._clip(
                f"{move.name} {move.commercial_partner_id.name or ''}", MAX_DESCRIPTION
            )
        return changed

    @api.model
    def _is_set(self, row, values):
        """Whether an entry has these header values already."""
        return all(
            (_text(row.get(name)) or "") == (_text(value) or "") for name, value in values.items()
        )

    # === SIDE BY SIDE === #

    @api.model
    def _has_header(self, row, account_id, date):
        """Whether customer and date of an entry are these; like :meth:`_compare`, without its texts."""
        day = row.get("EntryDate")
        day = day.date() if isinstance(day, datetime) else day
        return (
            bool(account_id)
            and (row.get("Customer") or "").lower() == account_id.lower()
            and day == date
        )

    @api.model
    def _compare(self, move, row):
        """The properties that ``row``, an entry as read from Exact, has in common with the document.

        Only what was read is compared. Amounts to the cent, negative for a credit note.
        :return: list of :class:`Compared`
        """
        env, places = self.env, move.currency_id.decimal_places
        partner = move.commercial_partner_id
        sign = -1 if move.move_type == "out_refund" else 1
        found = []

        def add(name, label, odoo, exact, equal):
            if name in row:
                found.append(Compared(name, label, odoo, exact, equal))

        account = row.get("Customer")
        same = bool(partner.exact_account_id) and (
            (account or "").lower() == partner.exact_account_id.lower()
        )
        name = row.get("CustomerName") or (partner.display_name if same else account) or "-"
        add("Customer", env._("Customer"), partner.display_name or "-", name, same)
        reference = self._clip(move.name or "", MAX_REFERENCE)
        theirs = row.get("YourRef") or ""
        add("YourRef", env._("Number"), reference, theirs or "-", theirs == reference)
        for key, label, value in (
            ("EntryDate", env._("Date"), move.invoice_date),
            ("DueDate", env._("Due Date"), move.invoice_date_due),
        ):
            day = row.get(key)
            day = day.date() if isinstance(day, datetime) else day
            add(
                key,
                label,
                format_date(env, value) if value else "-",
                format_date(env, day) if isinstance(day, date) else str(day or "-"),
                day == value or (not day and not value),
            )
        currency = (row.get("Currency") or "").strip()
        for key, label, amount in (
            ("AmountFC", env._("Total"), move.amount_total),
            ("VATAmountFC", env._("VAT"), move.amount_tax),
        ):
            ours = sign * decimal_amount(amount, places)
            theirs = round(Decimal(str(row.get(key) or 0)), places)
            add(
                key,
                label,
                f"{ours} {move.currency_id.name}",
                f"{theirs} {currency}",
                ours == theirs,
            )
        ours = self._clip(move.payment_reference or "", MAX_REFERENCE)
        theirs = row.get("PaymentReference") or ""
        # Without one of ours Exact makes its own (API 5.11).
        add(
            "PaymentReference",
            env._("Payment Reference"),
            ours or "-",
            theirs or "-",
            not ours or ours == theirs,
        )
        add(
            "Currency",
            env._("Currency"),
            move.currency_id.name,
            currency,
            currency == move.currency_id.name,
        )
        return found

    @api.model
    def _render_comparison(self, compared):
        """Both sides as a small table, unequal rows marked."""
        rows = Markup().join(
            Markup(
                '<tr class="{}"><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>'
            ).format(
                "" if one.equal else "table-warning",
                one.label,
                one.odoo,
                one.exact,
                self.env._("equal") if one.equal else self.env._("differs"),
            )
            for one in compared
            # The amounts name it already.
            if one.name != "Currency" or not one.equal
        )
        return Markup(
            '<table class="table table-sm mb-0"><thead><tr><th></th><th>Odoo</th>'
            "<th>Exact</th><th></th></tr></thead><tbody>{}</tbody></table>"
        ).format(rows)


def _text(value):
    """A value as it stands in the noted payload: dates as text of ten characters."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()[:10]
    return value
