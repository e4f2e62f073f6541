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

    def _exact_ask_again(self):
        """The next run asks whether these are paid, one by one: this one could not settle them."""
        exchanges_sudo = self.sudo().exact_exchange_ids
        exchanges_sudo.filtered(
            lambda e: e.kind == "sales_entry" and e.state == "done"
        ).to_read = True

    # === SETTLING === #

    def _exact_settle(self, connection, remaining, date):
        """Settle one document, see :meth:`_exact_settle_all`; True where something was settled."""
        self.ensure_one()
        return bool(self._exact_settle_all(connection, {self: (remaining, date)}))

    @api.model
    def _exact_settle_all(self, connection, due):
        """Book what Exact reports as paid, and reconcile it with the documents, all in one go (R33).

        Amounts in each document's currency; a settlement is what Odoo still has open above what
        Exact has, so that a second run, or a payment already registered in Odoo, books nothing.
        A settlement of ours that a person took loose is used again before a new one is booked.

        :param due: dict of document -> (Decimal still open in Exact, day of the payment in Exact)
        :return: the documents of which something was settled.
        """
        needed, to_book = {}, {}
        for move, (remaining, date) in due.items():
            amount = move._exact_residual() - remaining
            if amount <= 0:
                continue
            needed[move] = amount
            if move.exact_settlement_ids:
                move._exact_use_loose(amount)
                amount = move._exact_residual() - remaining
            if amount > 0:
                to_book[move] = (amount, date)
        if to_book:
            self._exact_book_settlements(connection, to_book)
        settled = self.browse().union(*needed)
        settled._message_log_batch(
            bodies={
                move.id: self.env._(
                    "Exact: %(amount)s %(currency)s paid on %(date)s, %(rest)s left.",
                    amount=amount,
                    currency=move.currency_id.name,
                    date=fields.Date.to_string(due[move][1]),
                    rest=due[move][0],
                )
                for move, amount in needed.items()
            }
        )
        return settled

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

    @api.model
    def _exact_book_settlements(self, connection, due):
        """A payment for each document on the settlement journal, posted and reconciled with it.

        :param due: dict of document -> (Decimal, day of the payment in Exact); one company's.
        """
        journal = connection._get_settlement_journal()
        lines = {move: move._exact_receivable_lines() for move in due}
        accounts = {move: found[:1].account_id for move, found in lines.items()}
        methods = {
            direction: journal._get_available_payment_method_lines(direction)[:1]
            for direction in ("inbound", "outbound")
        }
        dates = {date: self._exact_open_date(journal, date) for _amount, date in due.values()}
        values_list = []
        for move, (amount, date) in due.items():
            direction = "outbound" if move.move_type == "out_refund" else "inbound"
            values_list.append(
                {
                    "payment_type": direction,
                    "partner_type": "customer",
                    "partner_id": move.commercial_partner_id.id,
                    "destination_account_id": accounts[move].id,
                    "amount": float(amount),
                    "currency_id": move.currency_id.id,
                    "date": dates[date],
                    "journal_id": journal.id,
                    "payment_method_line_id": methods[direction].id,
                    "memo": self.env._(
                        "%(name)s, paid in Exact (entry %(number)s)",
                        name=move.name,
                        number=move.exact_entry_number,
                    ),
                }
            )
        payments = (
            self.env["account.payment"]
            .sudo()
            .with_company(connection.company_id)
            .create(values_list)
        )
        # Without it a payment has no entry where Odoo's full accounting is installed; with the journal's own
        # account it counts as matched, so the document is paid on both editions. Creating works it out anew.
        payments.write({"outstanding_account_id": journal.default_account_id.id})
        settles = {payment.id: move.id for payment, move in zip(payments, due, strict=True)}
        payments.with_context(exact_settles=settles).action_post()
        plan = []
        for payment, move in zip(payments, due, strict=True):
            both = lines[move] | payment.move_id.line_ids
            plan.append(
                both.filtered(
                    lambda line, own=accounts[move]: line.account_id == own and not line.reconciled
                )
            )
        self.env["account.move.line"].sudo()._reconcile_plan(plan)

    @api.model
    def _exact_open_date(self, journal, date):
        """The payment's day, or the first day that Odoo's lock dates leave open."""
        locks = journal.company_id._get_lock_date_violations(
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


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def _generate_move_vals(self, write_off_line_vals=None, force_balance=None, line_ids=None):
        """The entry of a settlement is born with the document it settles."""
        values = super()._generate_move_vals(write_off_line_vals, force_balance, line_ids)
        settled = self.env.context.get("exact_settles", {}).get(self.id)
        return {**values, "exact_settled_move_id": settled} if settled else values
