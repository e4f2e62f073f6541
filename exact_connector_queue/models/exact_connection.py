import contextlib
import time
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain

from odoo.addons.exact_connector import clock
from odoo.addons.exact_connector.models.exact_exchange import OPEN_STATES
from odoo.addons.exact_connector.models.exact_exchange_schedule import DEAD_AFTER
from odoo.addons.queue_job.exception import RetryableJobError

METHOD = "_job_process"
# A job ends after this time and another goes on: below Odoo's own limit for a request (120 s by default).
JOB_SECONDS = 60
# A later job takes what is asked for up to so much before it, and is relied on only so long before it starts.
SAME_MOMENT = timedelta(minutes=1)
SURE_TO_COME = timedelta(seconds=30)
# What is due and could not be taken, for no reason that has a time, is looked at again after this time.
LOOK_AGAIN = timedelta(minutes=1)


class ExactConnection(models.Model):
    """A job for a connection brings across whatever is due there, as a round of the scheduled action does.

    Not one for each exchange: documents go together, so that their customers are looked up by one call
    and what Exact made of them is read back by another.
    """

    _inherit = "exact.connection"

    queue_channel_ids = fields.One2many(
        "queue.job.channel",
        "exact_connection_id",
        "Job Channel",
        readonly=True,
        groups="queue_job.group_queue_job_manager",
    )

    # === CHANNEL === #

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        connections._create_queue_channel()
        return connections

    def _create_queue_channel(self):
        """A channel for each division, so that they wait for none but themselves; it goes with the connection."""
        root = self.env.ref("exact_connector_queue.channel_exact")
        self.env["queue.job.channel"].sudo().create(
            [
                {
                    "name": f"connection_{connection.id}",
                    "parent_id": root.id,
                    "exact_connection_id": connection.id,
                }
                for connection in self
                if not connection.sudo().queue_channel_ids
            ]
        )

    def _queue_channel(self):
        """Full name of this connection's channel."""
        self.ensure_one()
        if not self.sudo().queue_channel_ids:
            self._create_queue_channel()
        return self.sudo().queue_channel_ids[:1].complete_name

    # === JOBS === #

    @api.model
    def _jobs_domain(self):
        return Domain(
            [
                ("model_name", "=", self._name),
                ("method_name", "=", METHOD),
                ("state", "in", ("wait_dependencies", "pending", "enqueued", "started")),
            ]
        )

    def _search_jobs(self, domain=()):
        """Jobs of these connections that are not over, of all where there are none."""
        domain = self._jobs_domain() & Domain(domain)
        if self:
            domain &= Domain("channel", "in", [each._queue_channel() for each in self])
        return self.env["queue.job"].sudo().search(domain, order="eta, id")

    def _schedule_job(self, at=None):
        """A job that brings across what is due from ``at`` on; the one that is there already is enough.

        The job and the work that it is for are one commit. So a job to start at once is shared within
        a transaction only: one that another transaction made may have looked before this one is
        committed. The first of them to run ends the others (:meth:`_end_other_jobs`).
        """
        self.ensure_one()
        now = clock.now(self.env)
        if at and at > now:
            # The runner goes by its server's clock, exchanges by the one that all servers share.
            at -= clock.skew(self.env)
            since = max(at, fields.Datetime.now() + SURE_TO_COME)
            if self._search_jobs(
                [("state", "=", "pending"), ("eta", ">=", since), ("eta", "<=", at + SAME_MOMENT)]
            ):
                return
            moment = fields.Datetime.to_string(at)
        else:
            at = None
            moment = self._transaction_id()
        connection = self.with_user(SUPERUSER_ID).with_context(company_id=self.company_id.id)
        connection.with_delay(
            eta=at,
            channel=self._queue_channel(),
            identity_key=f"exact_connector-{self.id}-{moment}",
            description=self.env._("Exact Online: %s", self.company_id.name),
        )._job_process()

    def _transaction_id(self):
        """What tells this transaction from every other one of the database."""
        self.env.cr.execute("SELECT pg_current_xact_id()::text")
        return self.env.cr.fetchone()[0]

    def _job_process(self):
        """Bring across what is due, once Exact has a moment for this division.

        Commits after each step, as every driver does. What is left has its time on the exchange: a new
        job is queued for it.
        """
        self = self.exists()
        if not self:
            return self.env._("The connection was deleted.")
        uuid = self.env.context.get("job_uuid")
        if self._search_jobs([("state", "=", "started"), ("uuid", "!=", uuid)]):
            # Two at once would do no harm, but wait for each other's exchanges all the time.
            raise RetryableJobError(
                self.env._("Another job of this division is at work."), seconds=5, ignore_retry=True
            )
        ends = time.monotonic() + JOB_SECONDS
        # Nobody waits for it on a screen: people go first at Exact's limits.
        self = self.with_context(exact_job=(self.id, uuid, ends), exact_lane="document")
        self._end_other_jobs(uuid)
        exchanges = self.env["exact.exchange"]
        due = exchanges._search_due(self)
        due._drive()
        self.env["exact.sync.run"]._advance_all(self)
        left = exchanges._search_due(self)
        # Some of these are left: Exact takes no more now, or somebody else is at work on them.
        stopped = left & due
        self._schedule_rest(at_once=time.monotonic() > ends or (left and not stopped))
        exchanges._commit(0)
        return self._describe(due)

    def _end_other_jobs(self, uuid):
        """Jobs that this one sees waiting are done by it: their work was committed with them."""
        now = fields.Datetime.now()
        others = self._search_jobs(
            [
                ("state", "=", "pending"),
                ("uuid", "!=", uuid),
                "|",
                ("eta", "=", False),
                ("eta", "<=", now),
            ]
        )
        # One that the runner takes at this moment finds nothing to do.
        with contextlib.suppress(OperationalError), self.env.cr.savepoint():
            others = others.try_lock_for_update()
            others._change_job_state("done", self.env._("Done by job %s.", uuid))

    def _schedule_rest(self, at_once):
        """The next job: now, or when the first of what is left is due.

        :param at_once: there is more that can be done now.
        """
        now = clock.now(self.env)
        left = self.env["exact.exchange"].search(
            [("connection_id", "=", self.id), ("state", "in", OPEN_STATES)]
        )
        moments = [
            exchange.retry_at for exchange in left if exchange.state in ("waiting", "unclear")
        ]
        moments += [
            exchange.started_on + DEAD_AFTER for exchange in left if exchange.state == "sending"
        ]
        moments = [moment for moment in moments if moment and moment > now]
        # Whoever holds an exchange at this moment, or what stopped the others, has told its time.
        if not moments and self.env["exact.exchange"]._search_due(self):
            moments = [now + LOOK_AGAIN]
        connection = self.with_context(exact_job=None)
        if at_once:
            connection._schedule_job()
        elif moments:
            connection._schedule_job(min(moments))

    def _describe(self, exchanges):
        """What a job did, for its list: "48 Done, 2 Failed"."""
        exchanges.invalidate_recordset(["state"])
        labels = dict(exchanges._fields["state"]._description_selection(self.env))
        counts = {state: len(group) for state, group in exchanges.exists().grouped("state").items()}
        return ", ".join(f"{counts[state]} {labels[state]}" for state in labels if state in counts)
