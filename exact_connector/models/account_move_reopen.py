from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError

from ..resolution import decimal_amount

REOPENED = "exact_connector.activity_type_reopened"


class AccountMove(models.Model):
    """Paid stays paid: a reopening in Exact is told once, and a person chooses (R35)."""

    _inherit = "account.move"

    exact_reopened_amount = fields.Monetary(
        "Reopened in Exact",
        readonly=True,
        copy=False,
        help="What is paid in Odoo because Exact reported it, and open again in Exact.",
    )
    exact_kept_amount = fields.Monetary(
        "Kept as Paid",
        readonly=True,
        copy=False,
        help="What is open again in Exact and was kept as paid in Odoo by a person.",
    )

    # === DETECTING === #

    def _exact_note_reopened(self, connection, remaining):
        """Compare what we settled with what Exact has as paid now; tell a difference once.

        Odoo's own payments do not count: Exact may simply not know of them yet. A settlement that a
        person took loose does not count either: the document is open in both then.

        :param remaining: Decimal, what is open in Exact, in the document's currency.
        """
        self.ensure_one()
        if not self.exact_settlement_ids:
            return
        places = self.currency_id.decimal_places
        paid_there = decimal_amount(self.amount_total, places) - remaining
        amount = max(self._exact_settled_amount() - paid_there, Decimal(0))
        told = decimal_amount(self.exact_reopened_amount, places)
        kept = decimal_amount(self.exact_kept_amount, places)
        if not amount:
            if told or kept:
                self._exact_clear_reopened(self.env._("Paid in Exact again."))
        elif kept and amount <= kept:
            self.exact_kept_amount = float(amount)
        elif amount != told:
            self.write({"exact_reopened_amount": float(amount), "exact_kept_amount": 0})
            self._exact_tell_reopened(connection)

    def _exact_tell_reopened(self, connection):
        """One activity, whatever the number of looks; a changed amount is written into it."""
        summary = self.env._(
            "Reopened in Exact: %(amount)s open again there",
            amount=self.currency_id.format(self.exact_reopened_amount),
        )
        note = self.env._(
            "The payment of this document was undone in Exact. Odoo keeps it as paid until you choose, "
            "above the document: keep it as paid, or reverse the settlement so that it is open here too."
        )
        self._message_log(body=f"{summary}.")
        activity = self.activity_search([REOPENED])[:1]
        if activity:
            activity.write({"summary": summary, "note": note})
        else:
            user = self._exact_responsible(connection)
            self.activity_schedule(REOPENED, summary=summary, note=note, user_id=user.id)
        self.env["exact.notice"]._tell_reopened(connection, self, summary)

    def _exact_responsible(self, connection):
        """Whoever sent it to Exact, where still around; else a manager of Exact Online for the company."""
        notice = self.env["exact.notice"]
        sender = self.exact_sent_by_id
        if notice._reaches(sender, connection.company_id):
            return sender
        return notice._managers(connection.company_id)[:1] or self.env.ref("base.user_admin")

    def _exact_clear_reopened(self, feedback):
        """It is settled, one way or the other: the activity is done."""
        self.write({"exact_reopened_amount": 0, "exact_kept_amount": 0})
        self.sudo().activity_feedback([REOPENED], feedback=feedback)

    # === CHOOSING === #

    def action_exact_keep_paid(self):
        """Keep these as paid in Odoo though they are open again in Exact (R35)."""
        self._exact_check_user()
        for move in self.filtered("exact_reopened_amount"):
            amount = move.exact_reopened_amount
            move._exact_clear_reopened(self.env._("Kept as paid in Odoo."))
            move.sudo().exact_kept_amount = amount

    def action_exact_reverse_settlement(self):
        """Take back our settlements, newest first, as far as Exact has them open again (R35)."""
        self._exact_check_user()
        for move in self.filtered("exact_reopened_amount").sudo():
            connection = self.env["exact.connection"].sudo()._for_company(move.company_id)
            places = move.currency_id.decimal_places
            amount = decimal_amount(move.exact_reopened_amount, places)
            undone, date = Decimal(0), fields.Date.context_today(self)
            for settlement in move.exact_settlement_ids.sorted("id", reverse=True):
                if undone >= amount:
                    break
                part = move._exact_settled_amount(settlement)
                if part:
                    date = settlement.date
                    settlement._exact_undo_settlement()
                    undone += part
            if undone > amount:
                # The last one paid for more than what was reopened.
                move._exact_settle(connection, move._exact_residual() - (undone - amount), date)
            move._exact_clear_reopened(self.env._("Open in Odoo again as well."))

    def _exact_undo_settlement(self):
        """Cancel this settlement; where the books are closed for that, reverse it on the first open day."""
        self.ensure_one()
        payment = self.origin_payment_id
        try:
            with self.env.cr.savepoint():
                payment.action_draft()
                payment.action_cancel()
        except UserError:
            self._reverse_moves(
                [{"date": self._exact_open_date(self.journal_id, self.date), "ref": self.ref}],
                cancel=True,
            )
