from collections import Counter
from typing import NamedTuple

from odoo import api, fields, models, tools

from ..due_date import DOCUMENTED, due_date

# What may be chosen: one instalment, no early-payment discount (R24). For field domains.
PLAIN_CONDITION = "('discount_percentage', '=', 0), ('instalments', '<=', 1)"
CREDIT_CONDITION = f"('payment_method', '!=', 'I'), {PLAIN_CONDITION}"
DEBIT_CONDITION = f"('payment_method', '=', 'I'), {PLAIN_CONDITION}"


class Candidate(NamedTuple):
    """What is compared of a condition that may be matched."""

    id: int
    debit: bool
    month_ends: int
    days: int


class ExactPaymentCondition(models.Model):
    """A payment condition of the division (API 5.10)."""

    _name = "exact.payment.condition"
    _description = "Exact Payment Condition"
    _inherit = ["exact.reference"]

    _exact_resource = "cashflow/PaymentConditions"
    _exact_select = (
        "ID",
        "Code",
        "Description",
        "PaymentMethod",
        "PaymentDays",
        "PaymentEndOfMonths",
        "DiscountPercentage",
        "DiscountPaymentDays",
        "Percentage",
    )

    payment_method = fields.Selection(
        [("B", "On Credit"), ("I", "Collection"), ("K", "Cash"), ("Q", "Payment Service")],
        readonly=True,
    )
    payment_days = fields.Integer("Days", readonly=True)
    end_of_months = fields.Integer("Month Ends", readonly=True)
    discount_percentage = fields.Float(digits=(6, 4), readonly=True)
    percentage = fields.Float(
        "Share",
        digits=(6, 4),
        readonly=True,
        help="Fraction of the total; below 1 there are several instalments.",
    )
    instalments = fields.Integer(
        default=1, readonly=True, help="How many parts an entry with this condition is paid in."
    )
    exact_change = fields.Char(
        "Changed at the Last Refresh", readonly=True, help="What it was and what it is now."
    )

    _exact_id_uniq = models.Constraint(
        "UNIQUE(connection_id, exact_id)", "A payment condition stands once in a connection."
    )

    @api.model
    def _odoo_values(self, connection, row, links):
        method = row.get("PaymentMethod")
        share = float(row.get("Percentage") or 0)
        return {
            **super()._odoo_values(connection, row, links),
            "payment_method": method if method in ("B", "I", "K", "Q") else False,
            "payment_days": row.get("PaymentDays") or 0,
            "end_of_months": row.get("PaymentEndOfMonths") or 0,
            "discount_percentage": float(row.get("DiscountPercentage") or 0),
            "percentage": share,
            # A part of the total is one of several, even where the other rows cannot be seen.
            "instalments": max(row.get("_rows", 1), 1 if share in (0, 1) else 2),
        }

    # === REFRESH === #

    @api.model
    def _sync(self, connection, rows):
        """Count the rows of each code, its instalments; what was told of the last refresh is old now."""
        counts = Counter(row.get("Code") for row in rows)
        self.with_context(active_test=False).search(
            [("connection_id", "=", connection.id), ("exact_change", "!=", False)]
        ).write({"exact_change": False})
        return super()._sync(
            connection, [{**row, "_rows": counts[row.get("Code")]} for row in rows]
        )

    def _write_changed(self, values):
        before = self._describe()
        result = super()._write_changed(values)
        after = self._describe()
        if before != after:
            self.exact_change = f"{before} → {after}"
        return result

    def _label(self):
        """Code and description in a sentence: "30 – 30 dagen"."""
        self.ensure_one()
        return f"{self.code} – {self.name}" if self.name else self.code

    def _describe(self):
        """When and how it is to be paid, in a few words: "1 month end, 30 days, On Credit"."""
        self.ensure_one()
        env = self.env
        parts = []
        if self.end_of_months:
            parts.append(env._("%s month ends", self.end_of_months))
        parts.append(env._("%s days", self.payment_days))
        if self.payment_method:
            methods = dict(self._fields["payment_method"]._description_selection(env))
            parts.append(methods[self.payment_method])
        if self.discount_percentage:
            parts.append(env._("%s %% discount", f"{100 * self.discount_percentage:g}"))
        if self.instalments > 1:
            parts.append(env._("%s instalments", self.instalments))
        return ", ".join(parts)

    # === DUE DATE === #

    def _get_due_date(self, invoice_date, reading=None):
        """The due date Exact derives: month ends first, then days; 0 month ends = from the invoice date (R25).

        Exact's own example: 17/01 with 2 month ends and 15 days falls due on 15/04.

        :param reading: how month ends count, see ``exact.connection.month_end_reading``; the
            connection's where none is given.
        """
        self.ensure_one()
        reading = reading or self.connection_id._get_month_end_reading()
        return due_date(invoice_date, self.end_of_months, self.payment_days, reading)

    def _get_other_due_date(self, invoice_date):
        """The due date under the other reading of month ends; False where there is no doubt."""
        self.ensure_one()
        if not self.end_of_months or self.connection_id.month_end_reading:
            return False
        return self._get_due_date(invoice_date, "first" if DOCUMENTED == "whole" else "whole")

    # === WHAT MAY BE MATCHED === #

    def _is_plain(self):
        """One instalment without discount: the only kind that is ever matched (R24)."""
        self.ensure_one()
        return not self.discount_percentage and self.instalments <= 1

    def _is_debit(self):
        """Collected by direct debit: a family apart from credit transfer and cash (R26)."""
        self.ensure_one()
        return self.payment_method == "I"

    def _why_refused(self):
        """Why this condition cannot be used at all (R24): (code of the cause, text), or False."""
        self.ensure_one()
        env = self.env
        if self.discount_percentage:
            return "condition_discount", env._(
                "Payment condition %s has an early-payment discount, which Odoo and Exact "
                "do not share: choose one without.",
                self._label(),
            )
        if self.instalments > 1:
            return "condition_instalments", env._(
                "Payment condition %s has several instalments in Exact: choose one with a single "
                "due date.",
                self._label(),
            )
        return False

    @api.model
    @tools.ormcache("connection_id")
    def _candidates(self, connection_id):
        """The conditions of a connection that may be matched, lowest code first.

        Kept in memory: a thousand documents ask for them. A payment service is only ever chosen by hand.
        :return: tuple of :class:`Candidate`
        """
        found = self.sudo().search(
            [("connection_id", "=", connection_id), ("active", "=", True)], order="code, id"
        )
        return tuple(
            Candidate(c.id, c._is_debit(), c.end_of_months, c.payment_days)
            for c in found
            if c._is_plain() and c.payment_method != "Q"
        )

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env.registry.clear_cache()
        return records

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def _usual(self, debit=False):
        """The condition proposed as default: 30 days on credit, else the plain one nearest to it.

        :param debit: of the direct-debit family instead.
        """
        plain = self.filtered(
            lambda c: (
                c._is_plain()
                and c.payment_method == ("I" if debit else "B")
                and not c.end_of_months
            )
        )
        return plain.sorted(lambda c: (abs(c.payment_days - 30), c.code))[:1]
