import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.exact_connector import clock
from odoo.addons.exact_connector.models.exact_exchange import OPEN_STATES
from odoo.addons.queue_job.utils import must_run_without_delay

# A job that has not started so long after its time is not relied on any more: no runner is at work.
OVERDUE = timedelta(minutes=15)
# A job at work ends long before this.
STUCK = timedelta(hours=1)


class ExactExchange(models.Model):
    """The background is a job of the connection; the scheduled action takes what no job holds."""

    _inherit = "exact.exchange"

    job_uuid = fields.Char(readonly=True, help="The job that last handled it.")
    job_id = fields.Many2one(
        "queue.job",
        compute="_compute_job_id",
        compute_sudo=True,
        groups="queue_job.group_queue_job_manager",
        help="The job that last handled it, or that takes it next.",
    )

    @api.depends("job_uuid", "state")
    def _compute_job_id(self):
        jobs = self.env["queue.job"].search([("uuid", "in", self.mapped("job_uuid"))])
        made = {job.uuid: job for job in jobs}
        coming = {}
        for exchange in self:
            job = made.get(exchange.job_uuid, jobs.browse())
            if exchange.state in OPEN_STATES and job.state != "started":
                connection = exchange.connection_id
                if connection not in coming:
                    coming[connection] = connection._search_jobs()[:1]
                job = coming[connection] or job
            exchange.job_id = job

    def action_open_job(self):
        """The job that brings it across, or did."""
        self.ensure_one()
        return self.job_id.get_formview_action()

    # === SCHEDULE === #

    def _schedule(self, at=None):
        if must_run_without_delay(self.env):
            return super()._schedule(at=at)
        connections = self.sudo().connection_id or self._connections_waiting()
        if not at or at <= clock.now(self.env):
            # At its end it looks for itself what is left.
            connections -= self._connection_at_work()
        for connection in connections:
            connection._schedule_job(at)

    def _connection_at_work(self):
        """The connection whose job this is."""
        number = (self.env.context.get("exact_job") or [False])[0]
        return self.env["exact.connection"].sudo().browse(number or ())

    @api.model
    def _connections_waiting(self):
        """Connections where something is due."""
        runs_sudo = self.env["exact.sync.run"].sudo().search([("state", "!=", "done")])
        due = self.sudo()._read_group(self._due_domain(), ["connection_id"])
        return runs_sudo.connection_id.union(*(connection for (connection,) in due))

    def _drive_in_background(self):
        self._schedule()

    # === SAFETY NET === #

    @api.model
    def _cron_process(self):
        held = self._connections_held()
        return super(ExactExchange, self.with_context(exact_held=held.ids))._cron_process()

    @api.model
    def _connections_held(self):
        """Connections with a job that is at work or sure to come soon: their work is not the scheduled action's."""
        now = fields.Datetime.now()
        soon, late, stuck = now + OVERDUE, now - OVERDUE, now - STUCK
        due = Domain("eta", "=", False) & Domain("date_created", ">=", late)
        due |= Domain("eta", ">=", late) & Domain("eta", "<=", soon)
        live = Domain("state", "=", "pending") & due
        live |= Domain("state", "in", ("enqueued", "started")) & Domain(
            "date_enqueued", ">=", stuck
        )
        connections = self.env["exact.connection"].sudo()
        names = connections._search_jobs(live).mapped("channel")
        channels = self.env["queue.job.channel"].sudo().search([("complete_name", "in", names)])
        return channels.exact_connection_id

    @api.model
    def _due_domain(self):
        domain = super()._due_domain()
        if held := self.env.context.get("exact_held"):
            domain &= Domain("connection_id", "not in", held)
        return domain

    # === DRIVER === #

    def _commit(self, processed, remaining=None):
        left = super()._commit(processed, remaining=remaining)
        _number, _uuid, ends = self.env.context.get("exact_job") or (0, "", None)
        return left if ends is None else max(ends - time.monotonic(), 0)

    def _start_attempt(self, payload=None):
        self._note_job()
        return super()._start_attempt(payload)

    def _settle(self, *args, **kwargs):
        self._note_job()
        return super()._settle(*args, **kwargs)

    def _settle_done(self, *args, **kwargs):
        self._note_job()
        return super()._settle_done(*args, **kwargs)

    def _note_job(self):
        """Which job this is, none for a person's click; written together with what follows."""
        _number, uuid, _ends = self.env.context.get("exact_job") or (0, False, None)
        self.job_uuid = uuid
