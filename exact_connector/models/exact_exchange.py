from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tools import format_datetime

from ..client import ExactError

SEND_KINDS = (
    "sales_entry", "sales_invoice", "account", "document", "entry_update", "entry_delete",
    "invoice_print", "invoice_delete",
)  # fmt: skip
RUN_KINDS = ("customer_import", "payment_sync")
OPEN_STATES = ("pending", "sending", "waiting", "unclear")
RETRY_STATES = ("failed", "waiting", "unclear", "cancelled")


class ExactExchange(models.Model):
    """One thing to bring across: the queue, the log and the retry handle in one.

    ::

        pending -> sending -> done
                      |-----> failed    someone must mend data or rights
                      |-----> waiting   limit, outage or reconnect; ``retry_at`` says when
                      |-----> unclear   sent, answer lost: settled by asking Exact for our reference

    People read; only code writes (sudo). The driver (``_drive``) is the only one that commits.
    """

    _name = "exact.exchange"
    _description = "Exact Exchange"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    kind = fields.Selection(
        [
            ("sales_entry", "Sales Entry"),
            ("account", "Customer to Exact"),
            ("customer_import", "Customer Import"),
            ("payment_sync", "Paid Status"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("pending", "Pending"),
            ("sending", "Sending"),
            ("waiting", "Waiting"),
            ("unclear", "Unclear"),
            ("failed", "Failed"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        "Status",
        required=True,
        readonly=True,
        default="pending",
        index=True,
    )
    connection_id = fields.Many2one(
        # Not even the database takes an exchange away with its connection: see exact_upkeep.py.
        "exact.connection",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one(related="connection_id.company_id", store=True, index=True)
    move_id = fields.Many2one(
        "account.move", "Document", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    partner_id = fields.Many2one(
        "res.partner", "Customer", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    user_id = fields.Many2one(
        "res.users", "Asked by", readonly=True, default=lambda self: self.env.user
    )
    left_out = fields.Boolean(
        readonly=True, help="A person took it out: only a person brings it in again."
    )
    attempts = fields.Integer(readonly=True)
    attempt_key = fields.Char(readonly=True, help="Marks whose attempt a sending exchange is.")
    started_on = fields.Datetime("Last Attempt on", readonly=True)
    done_on = fields.Datetime(readonly=True)
    retry_at = fields.Datetime("Tried Again at", readonly=True)
    cause_id = fields.Many2one("exact.cause", readonly=True, ondelete="set null")
    owner = fields.Selection(related="cause_id.owner")
    advice = fields.Text(related="cause_id.advice")
    message = fields.Text("What Happened", readonly=True)
    exact_message = fields.Text("Exact's Own Words", readonly=True)
    http_status = fields.Integer("HTTP Status", readonly=True)
    problem_ids = fields.One2many("exact.exchange.problem", "exchange_id", readonly=True)
    notes = fields.Text(readonly=True)
    payload = fields.Json("Sent Values", readonly=True)
    exact_id = fields.Char("Exact ID", readonly=True)
    exact_number = fields.Char(readonly=True)

    # What a run (import, paid status) has done so far
    created_count = fields.Integer("Created", readonly=True)
    updated_count = fields.Integer("Updated", readonly=True)
    unchanged_count = fields.Integer("Unchanged", readonly=True)
    failed_count = fields.Integer("Failed", readonly=True)
    page_count = fields.Integer("Pages Read", readonly=True)

    # What the background and the screens ask for at every turn; all but a few are done.
    _open_idx = models.Index("(state, retry_at, id) WHERE state NOT IN ('done', 'cancelled')")
    _stopped_idx = models.Index("(connection_id, state) WHERE state NOT IN ('done', 'cancelled')")
    _done_on_idx = models.Index("(kind, done_on) WHERE state = 'done'")
    _move_uniq = models.UniqueIndex(
        "(connection_id, move_id) WHERE kind = 'sales_entry'",
        "This document is already on its way to Exact.",
    )
    _partner_uniq = models.UniqueIndex(
        "(connection_id, partner_id) WHERE kind = 'account'",
        "This customer is already on its way to Exact.",
    )

    @api.depends("kind", "move_id.name", "partner_id.name", "connection_id.name")
    def _compute_name(self):
        labels = dict(self._fields["kind"].selection)
        for exchange in self:
            subject = (
                exchange.move_id.name or exchange.partner_id.name or exchange.connection_id.name
            )
            exchange.name = f"{labels.get(exchange.kind, '')} {subject or ''}".strip()

    @api.depends("kind", "move_id", "partner_id", "connection_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for exchange in self:
            subject = (
                exchange.move_id.name or exchange.partner_id.name or exchange.connection_id.name
            )
            exchange.display_name = f"{labels.get(exchange.kind, '')} {subject or ''}".strip()

    # === ENQUEUE === #

    @api.model
    def _enqueue_moves(self, connection, moves):
        """The exchanges of ``moves``, pending; made where there are none yet, done ones left alone."""
        return self._enqueue(connection, "sales_entry", "move_id", moves)

    @api.model
    def _enqueue_partners(self, connection, partners):
        """The exchanges that create ``partners`` in Exact."""
        return self._enqueue(connection, "account", "partner_id", partners)

    @api.model
    def _enqueue(self, connection, kind, field, records):
        exchanges_sudo = self.sudo().search(
            [
                ("connection_id", "=", connection.id),
                ("kind", "=", kind),
                (field, "in", records.ids),
            ]
        )
        missing = records - exchanges_sudo[field]
        tried = records.browse()
        if missing and kind in ("sales_entry", "sales_invoice"):
            # By a connection of this company that was archived since: looked up before any POST.
            tried = self.sudo().search(
                [(field, "in", missing.ids), ("kind", "=", kind), ("attempts", ">", 0)]
            )[field]
        try:
            exchanges_sudo |= exchanges_sudo.create(
                [
                    {
                        "connection_id": connection.id,
                        "kind": kind,
                        field: record.id,
                        "user_id": self.env.uid,
                        "attempts": int(record in tried),
                    }
                    for record in missing
                ]
            )
        except UniqueViolation as error:
            # Someone else asked for the same at this moment: Odoo runs the request again, which sees theirs.
            raise ConcurrencyError(str(error)) from error
        again = exchanges_sudo.filtered(
            lambda exchange: (
                exchange.state in ("failed", "cancelled")
                # Made in Exact once, but its link was taken away: it is looked up again.
                or (exchange.state == "done" and not exchange._is_linked())
            )
        )
        again.write({"state": "pending", "left_out": False, "user_id": self.env.uid})
        by_record = {exchange[field]: exchange for exchange in exchanges_sudo}
        return self.browse([by_record[record].id for record in records])

    def _is_linked(self):
        """Whether the record of this exchange carries its ID in Exact."""
        self.ensure_one()
        if self.kind == "account":
            return bool(self.partner_id.with_company(self.company_id).exact_account_id)
        return bool(self.move_id.exact_entry_id)

    @api.model
    def _enqueue_run(self, connection, kind):
        """The one open run of this kind for the connection, made where there is none."""
        run_sudo = self.sudo().search(
            [
                ("connection_id", "=", connection.id),
                ("kind", "=", kind),
                ("state", "in", OPEN_STATES),
            ],
            limit=1,
        )
        if not run_sudo:
            run_sudo = run_sudo.create(
                {"connection_id": connection.id, "kind": kind, "user_id": self.env.uid}
            )
        return self.browse(run_sudo.id)

    # === BUTTONS === #

    def action_retry(self):
        """Try again now; what may already have been booked is looked up first."""
        self._check_user()
        due = self.filtered(lambda exchange: exchange.state in (*RETRY_STATES, "pending"))
        # An unclear one keeps its time: until then Exact may still be booking it.
        due.sudo().filtered(lambda e: e.state != "unclear").write(
            {"state": "pending", "left_out": False, "retry_at": False}
        )
        return due._run_and_report()

    def action_refresh_and_retry(self):
        """What was mended in Exact is read again, then tried again (R20)."""
        self._check_user()
        self._refresh_from_exact()
        return self.action_retry()

    def _refresh_from_exact(self):
        """Read what may have been mended in Exact: reference data and the customers of these exchanges.

        :raises UserError: what Exact answered, explained.
        """
        for connection, exchanges in self.grouped("connection_id").items():
            try:
                connection.sudo()._refresh_reference_data()
                exchanges.sudo()._reread_customers(connection.sudo())
            except ExactError as error:
                raise UserError(self.env["exact.cause"]._explain(error)) from error

    def action_cancel(self):
        """Take it out of the queue; a document whose answer was lost cannot be taken out."""
        self._check_user()
        if self.filtered(lambda exchange: exchange.state in ("sending", "unclear")):
            raise UserError(
                self.env._(
                    "Whether this was booked in Exact is not known yet; it can be cancelled once that is clear."
                )
            )
        self.filtered(lambda exchange: exchange.state != "done").sudo().write(
            {"state": "cancelled", "left_out": True}
        )

    def action_open_record(self):
        """The document or customer that this is about."""
        self.ensure_one()
        record = self.move_id or self.partner_id or self.connection_id
        return record.get_formview_action()

    def action_open_cause(self):
        """Where the first problem can be mended."""
        self.ensure_one()
        problem = self.problem_ids.filtered("record_name")[:1]
        return problem.action_open_record() if problem else self.action_open_record()

    def _check_user(self):
        """:raises AccessError: for a user outside the group or the company."""
        if not self.env.su and not self.env.user.has_group("exact_connector.group_exact_user"):
            raise AccessError(self.env._("Only an Exact Online user can do this."))
        self.check_access("read")

    def _get_form_action(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "name": self.display_name,
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_unsettled(self):
        # A new exchange would not know that something left already, and start with a POST.
        if any(
            exchange.state in ("sending", "unclear")
            or (exchange.kind in SEND_KINDS and exchange.attempts and exchange.state != "done")
            for exchange in self
        ):
            raise UserError(
                self.env._("An exchange that was tried and is not done cannot be deleted.")
            )

    # === REPORT === #

    def _run_and_report(self):
        """Drive these exchanges now and tell what came of them, each failure linked."""
        self._drive()
        return self._report()

    def _report(self, skipped=()):
        """A notice with counts, and links to what did not go.

        :param skipped: list of (record, reason) that were not taken.
        """
        self.invalidate_recordset()
        groups = self.grouped("state")
        done = groups.get("done", self.browse())
        failed = groups.get("failed", self.browse())
        later = self - done - failed
        env = self.env
        parts = []
        if done:
            documents = all(exchange.kind in ("sales_entry", "sales_invoice") for exchange in self)
            parts.append(env._("%s sent", len(done)) if documents else env._("%s done", len(done)))
        if skipped:
            parts.append(env._("%s skipped", len(skipped)))
        if failed:
            parts.append(env._("%s failed", len(failed)))
        if later:
            parts.append(env._("%s to follow", len(later)))
        if len(self) == 1 and not skipped:
            parts = [self._one_title()]
        # Of many, those that only wait for their turn have nothing of their own to tell.
        telling = (failed | later).filtered(lambda e: len(self) == 1 or e.state != "pending")
        details = [exchange._one_line() for exchange in telling[:5]]
        details += [f"{record.display_name}: {reason}" for record, reason in list(skipped)[:5]]
        more = len(telling) + len(skipped) - len(details)
        if more:
            details.append(env._("and %s more", more))
        if len(self) == 1 and done and not skipped:
            details = [done._one_line()]
        expected = max(filter(None, later.sudo().mapped("expected_on")), default=None)
        if expected and len(self) > 1:
            moment = format_datetime(env, expected, dt_format="short")
            details.insert(
                0, env._("By Exact's limits of calls this is ready at about %s.", moment)
            )
        kind = (
            "success" if not (failed or later or skipped) else "warning" if not failed else "danger"
        )
        problem_ids = (failed | later).ids
        next_action = {"type": "ir.actions.client", "tag": "soft_reload"}
        if problem_ids and len(self) > 1:
            next_action = env["ir.actions.act_window"]._for_xml_id(
                "exact_connector.action_exact_exchange"
            )
            next_action["domain"] = [("id", "in", problem_ids)]
            next_action["context"] = {}
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": ", ".join(parts) or env._("Nothing to do"),
                "message": "\n".join(details),
                "type": kind,
                "className": "o_exact_notice",
                "sticky": kind != "success",
                "next": next_action,
            },
        }

    def _one_title(self):
        """What became of a single exchange, as the title of a notice."""
        self.ensure_one()
        env = self.env
        if self.kind in RUN_KINDS:
            return dict(self._fields["kind"]._description_selection(env))[self.kind]
        return {
            "done": env._("In Exact"),
            "failed": env._("Not in Exact"),
            "unclear": env._("Perhaps in Exact"),
        }.get(self.state, env._("Waits to go to Exact"))

    def _one_line(self):
        """What became of this exchange, in one line."""
        self.ensure_one()
        # Whoever may send need not see the document: its number is no secret.
        exchange_sudo = self.sudo()
        subject = exchange_sudo.move_id.name or exchange_sudo.partner_id.display_name
        subject = subject or self.connection_id.name
        if self.state == "done":
            if self.kind in RUN_KINDS:
                return self.message or subject
            return self.env._(
                "%(subject)s: Exact number %(number)s", subject=subject, number=self.exact_number
            )
        if self.state == "pending":
            return self.env._("%s: in the queue", subject)
        return f"{subject}: {self.message or ''}".strip()
