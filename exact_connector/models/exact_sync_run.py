from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime

from .account_move import AT_ONCE

# A run waits so long for what has a time of its own, such as the limit of calls in a minute.
PATIENCE = timedelta(hours=1)
# Whatever happens, a run has come to an end after this time.
LONGEST = timedelta(days=1)
# So many failures are named in a notice; the page of the run has them all.
NAMED = 5


class ExactSyncRun(models.Model):
    """One press of "Sync with Exact" for one connection: customers, documents, then paid status (R28).

    The exchanges do the work, driven by the button for a few and by the scheduler for many; a run
    groups them, counts, and tells whoever started it how it ended. Its counts follow the exchanges:
    a failure that is mended later counts as sent.
    """

    _name = "exact.sync.run"
    _description = "Exact Synchronisation"
    _order = "id desc"
    _check_company_auto = True

    connection_id = fields.Many2one(
        "exact.connection", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="connection_id.company_id", store=True, index=True)
    user_id = fields.Many2one("res.users", "Started by", required=True, readonly=True)
    state = fields.Selection(
        [("documents", "Documents"), ("payments", "Paid Status"), ("done", "Done")],
        "Status",
        required=True,
        readonly=True,
        default="documents",
    )
    in_background = fields.Boolean(readonly=True)
    started_on = fields.Datetime(
        "Started on", required=True, readonly=True, default=fields.Datetime.now
    )
    done_on = fields.Datetime("Ended on", readonly=True)
    exchange_ids = fields.Many2many("exact.exchange", readonly=True)
    failed_exchange_ids = fields.Many2many(
        "exact.exchange", compute="_compute_failed_exchange_ids", string="To Mend"
    )
    payment_exchange_id = fields.Many2one("exact.exchange", "Paid Status Run", readonly=True)
    beyond_count = fields.Integer(readonly=True, help="Due documents that the next batch takes.")
    total_count = fields.Integer("Documents", compute="_compute_counts")
    sent_count = fields.Integer("Sent", compute="_compute_counts")
    failed_count = fields.Integer("Failed", compute="_compute_counts")
    later_count = fields.Integer("To Follow", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts", help="In percent.")
    skipped_count = fields.Integer(
        "Skipped", readonly=True, help="Not sent to the customer yet when this run started."
    )
    early_count = fields.Integer("Before the Start Date", readonly=True)
    paid_count = fields.Integer("Paid", compute="_compute_paid_count")
    summary = fields.Char("Result", readonly=True)

    _connection_uniq = models.UniqueIndex(
        "(connection_id) WHERE state != 'done'", "A synchronisation is at work already."
    )

    @api.depends("started_on", "connection_id")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for run in self:
            run.display_name = self.env._(
                "Synchronisation of %(company)s, %(moment)s",
                company=run.company_id.name,
                moment=format_datetime(self.env, run.started_on, dt_format="short"),
            )

    @api.depends("exchange_ids.state", "beyond_count", "state")
    def _compute_counts(self):
        counts = self._count_by_state()
        for run in self:
            count = counts.get(run.id, {})
            beyond = run.beyond_count
            run.sent_count = count.get("done", 0)
            run.failed_count = count.get("failed", 0)
            run.total_count = sum(count.values()) + beyond
            run.later_count = beyond + sum(
                count.get(state, 0) for state in ("pending", "sending", "waiting", "unclear")
            )
            settled = run.total_count - run.later_count
            run.progress = 100 * settled / run.total_count if run.total_count else 100

    def _count_by_state(self):
        """Counted where the exchanges are: a run has thousands, and a list has many runs.

        :return: dict of run id -> dict of state -> number of exchanges.
        """
        counts = {}
        groups = self.env["exact.exchange"]._read_group(
            [("sync_run_ids", "in", self.ids)], ["sync_run_ids", "state"], ["__count"]
        )
        for run, state, number in groups:
            counts.setdefault(run.id, {})[state] = number
        return counts

    @api.depends("exchange_ids.state")
    def _compute_failed_exchange_ids(self):
        for run in self:
            run.failed_exchange_ids = run.exchange_ids.search(
                [("sync_run_ids", "in", run.ids), ("state", "=", "failed")], order="id"
            )

    @api.depends("payment_exchange_id.updated_count")
    def _compute_paid_count(self):
        for run in self:
            run.paid_count = run.payment_exchange_id.updated_count

    # === STARTING === #

    @api.model
    def _start(self, connection):
        """The run of this connection: the one that is at work, else a new one with all that is due queued."""
        runs = self.sudo()
        at_work = runs.search(
            [("connection_id", "=", connection.id), ("state", "!=", "done")], limit=1
        )
        if at_work:
            return self.browse(at_work.id)
        documents = self.env["account.move"].sudo()
        run = runs.create(
            {
                "connection_id": connection.id,
                "user_id": self.env.uid,
                "skipped_count": documents.search_count(documents._exact_unsent_domain(connection)),
                "early_count": documents.search_count(documents._exact_early_domain(connection)),
            }
        )
        run._take_due()
        if not connection.first_sync_on:
            connection.sudo().first_sync_on = fields.Datetime.now()
        return self.browse(run.id)

    def _due_domain(self):
        """What is due and not in this run yet: a failure of this run is not tried again by it."""
        documents = self.env["account.move"]
        return documents._exact_due_domain(self.connection_id, by_hand=True) & Domain(
            "exact_exchange_ids", "not any", [("sync_run_ids", "in", self.ids)]
        )

    def _take_due(self):
        """Queue the next batch of what is due, and count what is beyond it.

        :return: True where there was something to take.
        """
        self.ensure_one()
        documents = self.env["account.move"].sudo()
        domain = self._due_domain()
        moves = documents.search(
            domain, order="invoice_date, id", limit=documents._exact_batch_size()
        )
        self.beyond_count = documents.search_count(domain) - len(moves)
        exchanges = self.env["exact.exchange"].with_user(self.user_id)
        exchanges = exchanges._enqueue_moves(self.connection_id, moves).sudo()
        # What waits is tried now; the time of an unclear one stands: Exact may still be booking it.
        exchanges.filtered(lambda e: e.state == "waiting").write(
            {"state": "pending", "retry_at": False}
        )
        self.exchange_ids |= exchanges
        return bool(moves)

    def _few(self):
        """Whether so little is due that a person can wait for it."""
        return sum(self.mapped("total_count")) <= AT_ONCE

    # === GOING ON === #

    @api.model
    def _advance_all(self, connection=None):
        """After each round of the background: whatever has come to the end of a stage goes on.

        :param connection: the one that the round was for; all by default.
        """
        domain = Domain("state", "!=", "done")
        if connection:
            domain &= Domain("connection_id", "=", connection.id)
        for run in self.sudo().search(domain):
            if run.try_lock_for_update():
                run._advance()
                self.env["exact.exchange"]._commit(0)

    def _advance(self):
        """To the next stage, as far as the work is done."""
        self.ensure_one()
        self.invalidate_recordset()
        if self.state == "documents" and not self._is_busy(self.exchange_ids):
            if self.beyond_count and self._take_due():
                self.exchange_ids._schedule()
                return
            self._start_payments()
        if self.state == "payments" and not (
            self.in_background and self._is_busy(self.payment_exchange_id)
        ):
            self._finish()

    def _is_busy(self, exchanges):
        """Whether one of these will still come to an end soon by itself."""
        now = fields.Datetime.now()
        if self.started_on < now - LONGEST:
            return False
        return any(
            exchange.state in ("pending", "sending")
            or (
                exchange.state in ("waiting", "unclear")
                and exchange.retry_at
                and exchange.retry_at <= now + PATIENCE
            )
            for exchange in exchanges
        )

    def _start_payments(self):
        """The paid status comes last: what was sent just now may be paid already (R28)."""
        exchanges = self.env["exact.exchange"].with_user(self.user_id)
        self.payment_exchange_id = exchanges._enqueue_run(self.connection_id, "payment_sync").sudo()
        self.state = "payments"
        if not self.in_background and self.connection_id.payments_synced_on:
            self.payment_exchange_id._drive()
            self.invalidate_recordset()
        else:
            # The first time all that was ever booked is read: that is not waited for.
            self.payment_exchange_id._schedule()

    def _finish(self):
        self.write({"state": "done", "done_on": fields.Datetime.now()})
        self.summary = self.with_context(lang=self.user_id.lang)._title()
        if self.in_background:
            self._tell_user()

    # === RESULT === #

    def _title(self):
        """ "12 sent, 1 skipped, 1 failed": the same words everywhere."""
        env = self.env
        sent, skipped, failed, later = (
            sum(self.mapped(name))
            for name in ("sent_count", "skipped_count", "failed_count", "later_count")
        )
        parts = []
        if sent:
            parts.append(env._("%s sent", sent))
        if skipped:
            parts.append(env._("%s skipped", skipped))
        if failed:
            parts.append(env._("%s failed", failed))
        if later:
            parts.append(env._("%s to follow", later))
        return ", ".join(parts) or env._("Nothing to send")

    def _kind(self):
        """Colour of the notice."""
        if any(self.mapped("failed_count")):
            return "danger"
        if any(self.mapped("later_count")) or any(self.mapped("skipped_count")):
            return "warning"
        return "success"

    def _details(self):
        """What a notice says below its title: list of (text with %s for the link, label, url)."""
        env, lines = self.env, []
        for run in self:
            url = f"/odoo/exact-synchronisations/{run.id}"
            for exchange in run.failed_exchange_ids[:NAMED]:
                document = exchange.move_id
                reason = (exchange.message or "").splitlines()[:1]
                text = ": ".join(["%s", *(line.replace("%s", "% s") for line in reason)])
                lines.append((text, document.name, f"/odoo/account.move/{document.id}"))
            more = run.failed_count - NAMED
            if more > 0:
                lines.append(("%s", env._("%s more failed", more), url))
            if run.skipped_count:
                label = env._("%s not sent to the customer yet", run.skipped_count)
                lines.append(("%s", label, url))
            if run.paid_count and run.state == "done":
                lines.append(("%s", env._("%s paid in Exact", run.paid_count), url))
        return lines

    def _report(self, left_out=()):
        """The notice on the screen of whoever pressed the button; what failed opens behind it.

        :param left_out: list of texts on companies that could not take part.
        """
        self.invalidate_recordset()
        details = self._details()
        lines = [text for text, _label, _url in details]
        lines += [text.replace("%", "%%") if details else text for text in left_out]
        next_action = {"type": "ir.actions.client", "tag": "soft_reload"}
        if any(self.mapped("failed_count")):
            next_action = self._open()
        kind = self._kind() if not left_out else "warning"
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self._title(),
                "message": "\n".join(lines),
                "links": [{"label": label, "url": url} for _text, label, url in details],
                "type": kind,
                "sticky": kind != "success",
                "next": next_action,
            },
        }

    def _tell_user(self):
        """At the end of a run in the background: on the screen of whoever started it, and as a notice that stays."""
        user = self.user_id
        run = self.with_context(lang=user.lang)
        title = run.env._("Synchronisation with Exact: %s", run._title())
        user._bus_send(
            "simple_notification",
            {"title": title, "message": run.company_id.name, "type": run._kind(), "sticky": True},
        )
        body = Markup("<br/>").join(
            Markup("%s%s%s") % (before, Markup('<a href="%s">%s</a>') % (url, label), after)
            for text, label, url in run._details()
            for before, _link, after in [text.partition("%s")]
        )
        self.env["exact.notice"]._notify_user(user, title, body or run.display_name, run)

    def _open(self):
        """The page of this run, or the list where there are several."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_sync_run"
        )
        if len(self) == 1:
            action.update(res_id=self.id, views=[(False, "form")], view_mode="form")
        else:
            action["domain"] = [("id", "in", self.ids)]
        return action

    # === BUTTONS === #

    def action_open_sent(self):
        self.ensure_one()
        done = self.exchange_ids.filtered(lambda exchange: exchange.state == "done")
        return self._open_documents(self.env._("Sent"), [("id", "in", done.move_id.ids)])

    def action_open_skipped(self):
        """Not sent to the customer yet, as it is now."""
        self.ensure_one()
        domain = self.env["account.move"]._exact_unsent_domain(self.connection_id)
        return self._open_documents(self.env._("Not sent to the customer yet"), list(domain))

    def action_open_early(self):
        self.ensure_one()
        domain = self.env["account.move"]._exact_early_domain(self.connection_id)
        return self._open_documents(self.env._("Before the start date"), list(domain))

    def action_open_failed(self):
        self.ensure_one()
        return self._open_exchanges(self.failed_exchange_ids, "exact_exchange_to_mend")

    def action_open_later(self):
        self.ensure_one()
        later = self.exchange_ids.filtered(
            lambda e: e.state in ("pending", "sending", "waiting", "unclear")
        )
        return self._open_exchanges(later, "exact_exchange")

    def action_open_paid(self):
        self.ensure_one()
        return self.payment_exchange_id._get_form_action()

    def action_retry_failed(self):
        """Try what failed again, after mending."""
        self.ensure_one()
        return self.failed_exchange_ids.action_retry()

    def _open_documents(self, name, domain):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_documents"
        )
        return {
            **action,
            "name": name,
            "display_name": name,
            "domain": domain,
            "context": {"default_move_type": "out_invoice", "create": False},
            "path": False,
        }

    def _open_exchanges(self, exchanges, action):
        action = self.env["ir.actions.act_window"]._for_xml_id(f"exact_connector.action_{action}")
        action.update(domain=[("id", "in", exchanges.ids)], context={}, path=False)
        return action


class ExactExchange(models.Model):
    _inherit = "exact.exchange"

    sync_run_ids = fields.Many2many("exact.sync.run", readonly=True)

    @api.model
    def _cron_process(self):
        result = super()._cron_process()
        self.env["exact.sync.run"]._advance_all()
        return result

    def _is_watched(self):
        """Whoever pressed Sync gets the result of the whole run."""
        runs = self.sync_run_ids.filtered(lambda run: run.state != "done")
        return any(run.user_id == self.user_id for run in runs)
