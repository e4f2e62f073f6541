from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError

from .exact_mapper_sales_entry import DOCUMENT_TYPES

# How a document goes: as a sales entry, or as a sales invoice that Exact makes.
SENT_KINDS = ("sales_entry", "sales_invoice")
# Up to this many documents are sent while the user waits; more go in the background.
AT_ONCE = 20


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
        "exact.exchange", "move_id", domain=[("kind", "in", SENT_KINDS)], readonly=True
    )
    exact_state = fields.Selection(
        [
            ("not_sent", "Not in Exact"),
            ("pending", "Pending"),
            ("sending", "Sending"),
            ("waiting", "Waiting"),
            ("unclear", "Unclear"),
            ("failed", "Failed"),
            ("left_out", "Left Out"),
            ("draft", "Draft in Exact"),
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

    _exact_entry_uniq = models.UniqueIndex(
        "(company_id, exact_entry_id) WHERE exact_entry_id IS NOT NULL",
        "An entry in Exact belongs to one document only.",
    )

    @api.depends(
        "exact_exchange_ids.state",
        "exact_exchange_ids.left_out",
        "exact_entry_id",
        "exact_invoice_id",
        "exact_differs",
    )
    def _compute_exact_state(self):
        for move in self:
            if move.move_type not in DOCUMENT_TYPES:
                move.exact_state = False
            elif move.exact_entry_id:
                move.exact_state = "differs" if move.exact_differs else "done"
            elif move.exact_invoice_id:
                move.exact_state = "differs" if move.exact_differs else "draft"
            else:
                exchange = move.exact_exchange_ids[:1]
                state = exchange.state
                if state in (False, "cancelled"):
                    # What a person took out, no synchronisation takes up again by itself.
                    state = "left_out" if exchange.left_out else "not_sent"
                move.exact_state = state

    @api.depends("exact_exchange_ids.message", "exact_state")
    @api.depends_context("lang", "tz")
    def _compute_exact_message(self):
        for move in self:
            exchange = move.exact_exchange_ids[:1]
            open_ = move.exact_state in ("waiting", "unclear", "failed", "differs")
            lines = []
            if open_:
                lines = [exchange.message, exchange.exact_message, exchange.notes]
                if not exchange.problem_ids and exchange.cause_id and move.exact_state != "differs":
                    if exchange.cause_id.code != "error_series":
                        lines[0] = exchange.cause_id.name
                    lines.append(exchange.cause_id._get_advice())
                lines.append(exchange._get_turn())
            elif move.exact_state == "pending":
                lines = [exchange._get_turn()]
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
                and move.exact_state in ("not_sent", "failed", "left_out")
                and bool(connection.division_id)
                and not (connection.start_date and move.invoice_date < connection.start_date)
            )

    def _exact_is_document(self):
        self.ensure_one()
        return self.move_type in DOCUMENT_TYPES

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
        if len(taken) > AT_ONCE and not self.env.context.get("exact_confirmed"):
            question = self.env["exact.batch.wizard"]._ask(taken)
            if question:
                return question
        exchanges = self.env["exact.exchange"]
        for company, moves in taken.grouped("company_id").items():
            connection = self.env["exact.connection"]._for_company(company)
            exchanges |= exchanges._enqueue_moves(connection, moves)
        if len(exchanges) > AT_ONCE:
            exchanges._schedule()
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
            # Only of what failed is it known that it is not there.
            title = exchange._one_title()
            text = "\n".join(filter(None, [exchange.message, exchange.exact_message]))
            text = f"{title}: {text}"
        lines = [text, *(exchange.notes or "").splitlines()]
        body = Markup("<br/>").join(part for line in lines for part in line.splitlines())
        # In a batch whoever runs it is looked up once.
        author_id, email_from = env.context.get("exact_author") or (None, None)
        self._message_log(body=body, author_id=author_id, email_from=email_from)
