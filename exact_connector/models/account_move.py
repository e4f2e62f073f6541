from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..client import ExactError
from ..resolution import decimal_amount
from .exact_mapper_sales_entry import DOCUMENT_TYPES

# Up to this many documents are sent while the user waits; more go in the background.
AT_ONCE = 20
# Automatic sending takes so many in one run; the rest follows with the next.
DUE_AT_ONCE = 1000


class AccountMove(models.Model):
    """Invoices and credit notes: what is due for Exact and how it stands there."""

    _inherit = "account.move"

    exact_entry_id = fields.Char(
        "Exact Entry ID", readonly=True, copy=False, index="btree_not_null"
    )
    exact_entry_number = fields.Char(readonly=True, copy=False)
    exact_sent_on = fields.Datetime("Sent to Exact on", readonly=True, copy=False)
    exact_sent_by_id = fields.Many2one("res.users", "Sent to Exact by", readonly=True, copy=False)
    exact_differs = fields.Boolean("Differs in Exact", readonly=True, copy=False)
    # The entry only; what follows on it stands in account_move_after.py.
    exact_exchange_ids = fields.One2many(
        "exact.exchange", "move_id", domain=[("kind", "=", "sales_entry")], readonly=True
    )
    exact_state = fields.Selection(
        [
            ("not_sent", "Not in Exact"),
            ("pending", "Pending"),
            ("sending", "Sending"),
            ("waiting", "Waiting"),
            ("unclear", "Unclear"),
            ("failed", "Failed"),
            ("done", "In Exact"),
            ("differs", "In Exact, differs"),
        ],
        "Exact Status",
        compute="_compute_exact_state",
        store=True,
        copy=False,
    )
    exact_message = fields.Text(
        compute="_compute_exact_message",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
    )
    exact_problem_ids = fields.One2many(
        "exact.exchange.problem",
        compute="_compute_exact_message",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
    )
    exact_can_create = fields.Boolean(compute="_compute_exact_can_create", compute_sudo=True)
    exact_settled_move_id = fields.Many2one(
        "account.move", "Settles in Exact", readonly=True, copy=False, index="btree_not_null"
    )

    @api.depends("exact_exchange_ids.state", "exact_entry_id", "exact_differs")
    def _compute_exact_state(self):
        for move in self:
            if move.move_type not in DOCUMENT_TYPES:
                move.exact_state = False
            elif move.exact_entry_id:
                move.exact_state = "differs" if move.exact_differs else "done"
            else:
                state = move.exact_exchange_ids[:1].state
                move.exact_state = "not_sent" if state in (False, "cancelled") else state

    @api.depends("exact_exchange_ids.message", "exact_state")
    @api.depends_context("lang")
    def _compute_exact_message(self):
        for move in self:
            exchange = move.exact_exchange_ids[:1]
            open_ = move.exact_state in ("waiting", "unclear", "failed", "differs")
            lines = []
            if open_:
                lines = [exchange.message, exchange.exact_message, exchange.notes]
                if not exchange.problem_ids and exchange.cause_id and move.exact_state != "differs":
                    lines[0] = exchange.cause_id.name
                    lines.append(exchange.cause_id._get_advice())
            move.exact_message = "\n".join(filter(None, lines)) or False
            move.exact_problem_ids = exchange.problem_ids if move.exact_state == "failed" else False

    @api.depends("state", "is_move_sent", "move_type", "exact_state", "company_id", "invoice_date")
    def _compute_exact_can_create(self):
        """Whether "Create Exact Sales Entry" is offered: sent, not yet in Exact, on or after the start (R52)."""
        for move in self:
            connection = self.env["exact.connection"]._for_company(move.company_id)
            move.exact_can_create = (
                move._exact_is_document()
                and move.state == "posted"
                and move.is_move_sent
                and move.exact_state in ("not_sent", "failed")
                and bool(connection.division_id)
                and not (connection.start_date and move.invoice_date < connection.start_date)
            )

    def _exact_is_document(self):
        self.ensure_one()
        return self.move_type in DOCUMENT_TYPES

    @api.model
    def _exact_search_due(self, connection):
        """What automatic sending takes: sent, since the start date, not yet in Exact and not failed (R4, R30)."""
        if not connection.start_date:
            return self.browse()
        return self.search(
            [
                ("company_id", "=", connection.company_id.id),
                ("move_type", "in", DOCUMENT_TYPES),
                ("state", "=", "posted"),
                ("is_move_sent", "=", True),
                ("invoice_date", ">=", connection.start_date),
                ("exact_state", "in", ("not_sent", False)),
            ],
            order="invoice_date, id",
            limit=DUE_AT_ONCE,
        )

    # === BUTTONS === #

    def action_exact_create_sales_entry(self):
        """Create a sales entry in Exact for each of these documents and say what came of it (R51-R53).

        What cannot go is reported with its reason; the others go on. Many go in the background.
        """
        self._exact_check_user()
        taken, skipped = self.browse(), []
        for move in self:
            reason = move._exact_skip_reason()
            if reason:
                skipped.append((move, reason))
                move._exact_log_skip(reason)
            else:
                taken |= move
        exchanges = self.env["exact.exchange"]
        for company, moves in taken.grouped("company_id").items():
            connection = self.env["exact.connection"]._for_company(company)
            exchanges |= exchanges._enqueue_moves(connection, moves)
        if len(exchanges) > AT_ONCE:
            self.env.ref("exact_connector.ir_cron_process_exchanges").sudo()._trigger()
            return exchanges._report(skipped)
        exchanges._drive()
        return exchanges._report(skipped)

    def action_exact_refresh_and_retry(self):
        """Read the reference data again, after something was mended in Exact, and try again (R20)."""
        self._exact_check_user()
        return self.exact_exchange_ids.action_refresh_and_retry()

    def _exact_skip_reason(self):
        """Why this document is not taken at all; False where it is."""
        self.ensure_one()
        env = self.env
        if not self._exact_is_document():
            return env._("only customer invoices and credit notes go to Exact")
        if self.state != "posted":
            return env._("not posted")
        if self.exact_entry_id:
            return env._("already in Exact with number %s", self.exact_entry_number)
        if not self.is_move_sent:
            return env._("not sent to the customer yet: send or print it first")
        connection = env["exact.connection"]._for_company(self.company_id)
        if not connection:
            return env._("company %s is not connected to Exact Online", self.company_id.name)
        return False

    def _exact_log_skip(self, reason):
        """A person looking at the document later sees why it was left out."""
        if self.state == "posted" and not self.exact_entry_id and self._exact_is_document():
            self._message_log(body=self.env._("Not sent to Exact: %s.", reason))

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

    def action_exact_open_exchange(self):
        """The exchange of this document."""
        self.ensure_one()
        return self.exact_exchange_ids[:1]._get_form_action()

    def _exact_check_user(self):
        """:raises AccessError: for a user outside the group, or another company's document."""
        if not self.env.su and not self.env.user.has_group("exact_connector.group_exact_user"):
            raise AccessError(self.env._("Only an Exact Online user can do this."))
        self.check_access("write")

    # === RESULTS === #

    def _exact_log_exchange(self, exchange):
        """A line in the chatter: what came of it, in Exact's own words too."""
        self.ensure_one()
        env = self.env
        if exchange.state == "done":
            text = env._("In Exact as entry %s.", exchange.exact_number)
        else:
            text = "\n".join(filter(None, [exchange.message, exchange.exact_message]))
            text = env._("Not in Exact: %s", text)
        lines = [text, *(exchange.notes or "").splitlines()]
        body = Markup("<br/>").join(part for line in lines for part in line.splitlines())
        self._message_log(body=body)

    def _exact_settle(self, connection, remaining, date):
        """Book what Exact reports as paid, and reconcile it with this document (R33).

        Amount in the document's currency; the settlement is what Odoo still has open above
        ``remaining``, so that a second run, or a payment already registered in Odoo, books nothing.

        :param remaining: Decimal, what is still open in Exact.
        :param date: day of the payment in Exact.
        :return: True where something was settled.
        """
        self.ensure_one()
        places = self.currency_id.decimal_places
        amount = decimal_amount(self.amount_residual, places) - remaining
        if amount <= 0:
            return False
        journal = connection._get_settlement_journal()
        lines = self.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        )
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
        self._message_log(
            body=self.env._(
                "Exact: %(amount)s %(currency)s paid on %(date)s, %(rest)s left.",
                amount=amount,
                currency=self.currency_id.name,
                date=fields.Date.to_string(date),
                rest=remaining,
            )
        )
        return True

    def _exact_open_date(self, journal, date):
        """The payment's day, or the first day that Odoo's lock dates leave open."""
        locks = self.company_id._get_lock_date_violations(
            date, fiscalyear=True, sale=False, purchase=False, tax=False, hard=True
        )
        if not locks:
            return date
        return max(lock[0] for lock in locks) + timedelta(days=1)
