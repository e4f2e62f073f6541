from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..client import ExactError
from ..resolution import decimal_amount


class AccountMove(models.Model):
    """What Exact reports as paid, booked in Odoo and reconciled with the document (R32, R33)."""

    _inherit = "account.move"

    exact_settled_move_id = fields.Many2one(
        "account.move", "Settles in Exact", readonly=True, copy=False, index="btree_not_null"
    )
    exact_settlement_ids = fields.One2many(
        "account.move", "exact_settled_move_id", "Settlements from Exact", readonly=True
    )

    # === BUTTON === #

    def action_exact_refresh_payment(self):
        """Ask Exact now whether these documents are paid."""
        self._exact_check_user()
        settled = self.browse()
        for company, moves in self.filtered("exact_entry_id").grouped("company_id").items():
            connection = self.env["exact.connection"]._for_company(company)
            try:
                client = connection._get_client()
                settled |= (
                    self.env["exact.exchange"]
                    .sudo()
                    ._refresh_paid_status(client, connection.sudo(), moves.sudo())
                )
            except ExactError as error:
                raise UserError(self.env["exact.cause"]._explain(error)) from error
        title = self.env._("Paid status refreshed")
        text = ", ".join(settled.mapped("name")) or self.env._("Nothing was paid in Exact since.")
        return self.env["exact.connection"]._notify(title, text, "success" if settled else "info")

    @api.model
    def _exact_paid_domain(self, connection, since):
        """Documents in Exact dated on or after ``since`` whose paid status may differ between the two."""
        return [
            ("company_id", "=", connection.company_id.id),
            ("exact_entry_id", "!=", False),
            ("state", "=", "posted"),
            ("invoice_date", ">=", since),
            "|",
            ("payment_state", "in", ("not_paid", "partial")),
            ("exact_settlement_ids", "!=", False),
        ]

    # === SETTLING === #

    def _exact_settle(self, connection, remaining, date):
        """Book what Exact reports as paid, and reconcile it with this document (R33).

        Amount in the document's currency; the settlement is what Odoo still has open above
        ``remaining``, so that a second run, or a payment already registered in Odoo, books nothing.
        A settlement of ours that a person took loose is used again before a new one is booked.

        :param remaining: Decimal, what is still open in Exact.
        :param date: day of the payment in Exact.
        :return: True where something was settled.
        """
        self.ensure_one()
        needed = self._exact_residual() - remaining
        if needed <= 0:
            return False
        self._exact_use_loose(needed)
        amount = self._exact_residual() - remaining
        if amount > 0:
            self._exact_book_settlement(connection, amount, date)
        self._message_log(
            body=self.env._(
                "Exact: %(amount)s %(currency)s paid on %(date)s, %(rest)s left.",
                amount=needed,
                currency=self.currency_id.name,
                date=fields.Date.to_string(date),
                rest=remaining,
            )
        )
        return True

    def _exact_residual(self):
        """What Odoo still has open of this document, in its currency, as a Decimal."""
        return decimal_amount(self.amount_residual, self.currency_id.decimal_places)

    def _exact_receivable_lines(self):
        return self.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        )

    def _exact_use_loose(self, needed):
        """Reconcile settlements of ours that somebody took loose from this document, up to ``needed``."""
        places = self.currency_id.decimal_places
        for settlement in self.exact_settlement_ids.filtered(lambda move: move.state == "posted"):
            lines = self._exact_receivable_lines()
            loose = settlement.line_ids.filtered(
                lambda line, own=lines: line.account_id in own.account_id and not line.reconciled
            )
            amount = abs(decimal_amount(sum(loose.mapped("amount_residual_currency")), places))
            if loose and amount <= needed:
                (
                    lines.filtered(lambda line, o=loose: line.account_id in o.account_id) | loose
                ).reconcile()
                needed -= amount

    def _exact_book_settlement(self, connection, amount, date):
        """A payment of ``amount`` on the settlement journal, posted and reconciled with this document."""
        journal = connection._get_settlement_journal()
        lines = self._exact_receivable_lines()
        refund = self.move_type == "out_refund"
        payment = (
            self.env["account.payment"]
            .sudo()
            .with_company(self.company_id)
            .create(
                {
                    "payment_type": "outbound" if refund else "inbound",
                    "partner_type": "customer",
                    "partner_id": self.commercial_partner_id.id,
                    "destination_account_id": lines[:1].account_id.id,
                    "amount": float(amount),
                    "currency_id": self.currency_id.id,
                    "date": self._exact_open_date(journal, date),
                    "journal_id": journal.id,
                    "payment_method_line_id": journal._get_available_payment_method_lines(
                        "outbound" if refund else "inbound"
                    )[:1].id,
                    "memo": self.env._(
                        "%(name)s, paid in Exact (entry %(number)s)",
                        name=self.name,
                        number=self.exact_entry_number,
                    ),
                }
            )
        )
        # Without it a payment has no entry where Odoo's full accounting is installed; with the
        # journal's own account it counts as matched, so the document is paid on both editions.
        payment.outstanding_account_id = journal.default_account_id
        payment.action_post()
        payment.move_id.exact_settled_move_id = self
        counterpart = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == lines[:1].account_id and not line.reconciled
        )
        (
            lines.filtered(lambda line: line.account_id == lines[:1].account_id) | counterpart
        ).reconcile()

    def _exact_open_date(self, journal, date):
        """The payment's day, or the first day that Odoo's lock dates leave open."""
        locks = self.company_id._get_lock_date_violations(
            date, fiscalyear=True, sale=False, purchase=False, tax=False, hard=True
        )
        if not locks:
            return date
        return max(lock[0] for lock in locks) + timedelta(days=1)

    # === WHAT WE SETTLED === #

    def _exact_settled_amount(self, settlements=None):
        """What our settlements pay of this document now, in its currency, as a Decimal."""
        self.ensure_one()
        refund = self.move_type == "out_refund"
        settlements = self.exact_settlement_ids if settlements is None else settlements
        lines = settlements.filtered(lambda move: move.state == "posted").line_ids
        if refund:
            amounts = lines.matched_credit_ids.filtered(
                lambda partial: partial.credit_move_id.move_id == self
            ).mapped("credit_amount_currency")
        else:
            amounts = lines.matched_debit_ids.filtered(
                lambda partial: partial.debit_move_id.move_id == self
            ).mapped("debit_amount_currency")
        places = self.currency_id.decimal_places
        return sum((decimal_amount(amount, places) for amount in amounts), Decimal(0))
