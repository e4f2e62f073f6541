import logging
import uuid
from datetime import timedelta, timezone

from odoo import api, fields, models

from ..client import (
    AuthError,
    ExactError,
    LimitError,
    OutcomeUnknown,
    UnreachableError,
)

_logger = logging.getLogger(__name__)

# Waits after an outage, by number of attempts, in minutes.
BACK_OFF = (1, 2, 5, 15, 60)
# A lost answer is asked for after this time, so that a slow booking has ended by then.
UNCLEAR_WAIT = timedelta(minutes=1)
# Documents resolved at once: one look-up of new customers for each chunk.
CHUNK = 50


class BatchStop(Exception):
    """The rest of the batch cannot go now either: limit, outage or reconnect."""


class ExactExchange(models.Model):
    """The driver: claims, sends, settles and commits. The workers of each kind stand in files of their own."""

    _inherit = "exact.exchange"

    # === DRIVER === #

    @api.model
    def _cron_process(self):
        """What is pending or due again, and what a worker left behind."""
        now = fields.Datetime.now()
        due = self.search(
            [
                "|",
                "|",
                ("state", "=", "pending"),
                "&",
                ("state", "in", ("waiting", "unclear")),
                ("retry_at", "<=", now),
                # A live attempt holds its row; one that can be locked after this time has died.
                "&",
                ("state", "=", "sending"),
                ("started_on", "<=", now - timedelta(minutes=2)),
            ],
            order="id",
            limit=1000,
        )
        due._drive()

    def _drive(self):
        """Bring these exchanges across, as far as Exact lets us. Commits after each step.

        Serves the button, the cron and a job queue alike. No exception of Exact leaves it: what
        happened stands on the exchanges.
        """
        self._commit(0, remaining=len(self))
        for connection, exchanges in self.sudo().grouped("connection_id").items():
            try:
                exchanges._drive_connection(connection)
            except BatchStop:
                continue

    def _drive_connection(self, connection):
        """One connection: runs first, then documents in chunks, their customers before them (R29)."""
        if connection.state != "connected":
            self._lock_due()._wait_for_connection(connection)
            return
        if connection.limited_until and connection.limited_until > fields.Datetime.now():
            self._lock_due()._wait_for_limit(connection)
            return
        # Whoever asked acts with the rights of the exchange, in the language of its user.
        client = connection._get_client()
        for exchange in self.filtered(lambda e: e.kind in ("customer_import", "payment_sync")):
            exchange._drive_run(client)
        self.filtered(lambda e: e.kind == "account")._drive_accounts(client)
        documents = self.filtered(lambda e: e.kind == "sales_entry")
        for start in range(0, len(documents), CHUNK):
            documents[start : start + CHUNK]._drive_sales_entries(client)
        connection._keep_limits(client)
        self._commit(0)

    def _drive_run(self, client):
        """A run page by page; a page and its cursor are one commit."""
        if not self._lock_due() or not self._start_attempt():
            return
        key = self.attempt_key
        worker = {
            "customer_import": self._work_customer_import,
            "payment_sync": self._work_payment_sync,
        }[self.kind]
        try:
            for _page in worker(client):
                if not self._commit(0):
                    # Time is up: the cursor stands, the rest comes with the next run.
                    self.state = "pending"
                    self._commit(0)
                    return
                if not self._keep_claim(key):
                    return
                self._hold_for_limit(client)
            self._finish_run()
        except ExactError as error:
            # Nothing is half done: a page is written only after it was read.
            stop = self._settle_error(error)
            self._commit(1)
            if stop:
                raise BatchStop from error
            return
        self._commit(1)

    def _finish_run(self):
        self.write(
            {
                "state": "done",
                "done_on": fields.Datetime.now(),
                "cause_id": False,
                "exact_message": False,
                "http_status": 0,
                "retry_at": False,
            }
        )

    # === CLAIM === #

    def _lock_due(self):
        """Those of these exchanges that are ours to handle now: locked, and still open."""
        locked = self.try_lock_for_update()
        locked.invalidate_recordset(["state", "retry_at", "attempt_key"])
        return locked.filtered(
            lambda exchange: exchange.state in ("pending", "sending", "waiting", "unclear")
        )

    def _start_attempt(self, payload=None):
        """Commit ``sending`` before the first byte leaves, and hold the row from then on.

        :return: False where another worker has taken it over between the commit and the lock.
        """
        self.ensure_one()
        key = uuid.uuid4().hex
        values = {
            "state": "sending",
            "attempts": self.attempts + 1,
            "attempt_key": key,
            "started_on": fields.Datetime.now(),
        }
        if payload is not None:
            values["payload"] = payload
        self.write(values)
        self._commit(0)
        return self._keep_claim(key)

    def _keep_claim(self, key):
        """Hold the row again after a commit; False where another worker has taken it over."""
        self.ensure_one()
        locked = self.try_lock_for_update()
        locked.invalidate_recordset(["attempt_key"])
        return bool(locked) and self.attempt_key == key

    def _hold_for_limit(self, client):
        """Stop before a call that Exact has already said it will refuse.

        :raises LimitError: with the time from which calls are accepted again.
        """
        until = client.limits.blocked_until()
        if until:
            raise LimitError(self.env._("Exact's limit of calls is used up."), retry_at=until)

    def _may_be_booked(self):
        """Whether an earlier attempt may have reached Exact: then it is looked up before any POST."""
        self.ensure_one()
        return self.attempts > 0

    def _wait_out_booking(self):
        """Stay ``unclear`` where Exact may still be at work on the last attempt: finding nothing proves nothing yet.

        :return: True where the answer to a later look-up has to be waited for.
        """
        self.ensure_one()
        until = self.retry_at if self.state == "unclear" else None
        if self.state == "sending" and self.started_on:
            until = self.started_on + UNCLEAR_WAIT
        if not until or until <= fields.Datetime.now():
            return False
        cause = self.env["exact.cause"]._by_code("unclear")
        self._settle("unclear", cause, cause.name, retry_at=until)
        self.env.ref("exact_connector.ir_cron_process_exchanges").sudo()._trigger(at=until)
        self._commit(1)
        return True

    # === SETTLE === #

    def _settle_done(self, exact_id, number, notes=()):
        self.ensure_one()
        self.problem_ids.unlink()
        self.write(
            {
                "state": "done",
                "done_on": fields.Datetime.now(),
                "exact_id": exact_id,
                "exact_number": str(number) if number else False,
                "cause_id": False,
                "message": False,
                "exact_message": False,
                "http_status": 0,
                "retry_at": False,
                "notes": "\n".join(notes) or False,
            }
        )

    def _settle_problems(self, problems):
        """Stopped before any call: every problem at once, each with the record that mends it."""
        self.ensure_one()
        cause = self.env["exact.cause"]
        self.problem_ids.unlink()
        self.env["exact.exchange.problem"].create(
            [
                {
                    "exchange_id": self.id,
                    "cause_id": cause._by_code(problem.code).id,
                    "message": problem.message,
                    "res_model": problem.record._name if problem.record else False,
                    "res_id": problem.record.id if problem.record else False,
                }
                for problem in problems
            ]
        )
        self._settle(
            "failed", cause._by_code(problems[0].code), "\n".join(p.message for p in problems)
        )

    def _settle_error(self, error):
        """State, cause and next time from what Exact answered, or did not.

        :return: True where the rest of the batch would meet the same.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        cause = self.env["exact.cause"]._find(error)
        state, retry_at, stop = "failed", False, False
        if isinstance(error, LimitError):
            state, stop = "waiting", True
            retry_at = _naive_utc(error.retry_at) if error.retry_at else now + timedelta(minutes=1)
            self.connection_id.limited_until = retry_at
        elif isinstance(error, AuthError):
            # No time is set: it goes on by itself after reconnecting.
            state, stop = "waiting", True
        elif isinstance(error, OutcomeUnknown):
            state, retry_at = "unclear", now + UNCLEAR_WAIT
        elif isinstance(error, UnreachableError):
            state, stop = "waiting", True
            retry_at = now + timedelta(minutes=BACK_OFF[min(self.attempts, len(BACK_OFF)) - 1])
        self.problem_ids.unlink()
        self._settle(state, cause, cause.name, error=error, retry_at=retry_at)
        if retry_at:
            self.env.ref("exact_connector.ir_cron_process_exchanges").sudo()._trigger(at=retry_at)
        _logger.info("Exact exchange %s: %s (%s)", self.id, state, cause.code)
        return stop

    def _settle(self, state, cause, message, error=None, retry_at=False):
        self.write(
            {
                "state": state,
                "cause_id": cause.id,
                "message": message,
                "exact_message": str(error) if error else False,
                "http_status": (error.status or 0) if error else 0,
                "retry_at": retry_at,
            }
        )
        self._tell()

    def _wait_for_connection(self, connection):
        """Not connected: everything waits and goes on by itself after connecting."""
        cause = self.env["exact.cause"]._by_code("reconnect")
        for exchange in self:
            exchange._settle("waiting", cause, cause.name)
        self._commit(len(self))

    def _wait_for_limit(self, connection):
        """Exact's limit is not over yet: no call, everything waits for that moment."""
        cause = self.env["exact.cause"]._by_code("limit")
        for exchange in self:
            exchange._settle("waiting", cause, cause.name, retry_at=connection.limited_until)
        self.env.ref("exact_connector.ir_cron_process_exchanges").sudo()._trigger(
            at=connection.limited_until
        )
        self._commit(len(self))

    def _tell(self):
        """A line in the chatter of the document for a result other than success."""
        record = self.move_id or (self.partner_id if self.kind == "account" else None)
        if record:
            record._exact_log_exchange(self)

    def _resume_after_connect(self, connection):
        """What waited for a person to reconnect goes on."""
        waiting_sudo = self.sudo().search(
            [
                ("connection_id", "=", connection.id),
                ("state", "=", "waiting"),
                ("retry_at", "=", False),
            ]
        )
        if waiting_sudo:
            waiting_sudo.state = "pending"
            self.env.ref("exact_connector.ir_cron_process_exchanges").sudo()._trigger()

    # === COMMIT === #

    def _commit(self, processed, remaining=None):
        """Commit, tell a cron how far it is; the one place for both.

        :return: seconds left for this run, 0 to stop.
        """
        return self.env["ir.cron"]._commit_progress(processed, remaining=remaining)


def _naive_utc(moment):
    """An aware moment as Odoo stores it."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None)
