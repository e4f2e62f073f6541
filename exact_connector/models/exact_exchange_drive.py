import logging
import time
import uuid
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .. import clock
from ..client import ExactError, RightsError
from ..durable import COMMIT_TO_DISK
from .exact_exchange import RUN_KINDS
from .exact_exchange_settle import UNCLEAR_WAIT

_logger = logging.getLogger(__name__)

# Documents resolved at once: one look-up of new customers for each chunk.
CHUNK = 50
# What is looked at of an exchange once it is locked; with all that there is of it, each look would cost as
# much as the writing.
CLAIM_LOOK = (
    "kind",
    "state",
    "attempts",
    "attempt_key",
    "started_on",
    "retry_at",
    "connection_id",
    "company_id",
    "move_id",
    "partner_id",
    "user_id",
    "cause_id",
    "message",
    "http_status",
)


class BatchStop(Exception):
    """The rest of the batch cannot go now either: limit, outage or reconnect."""


class TimeUp(BatchStop):
    """The time of this run is over; the scheduler starts the next one at once."""


class ExactExchange(models.Model):
    """The driver: claims, sends and commits.

    What becomes of an attempt stands in ``exact_exchange_settle.py``, the worker of each kind in a
    file of its own.
    """

    _inherit = "exact.exchange"

    # === DRIVER === #

    @api.model
    def _cron_process(self):
        """What is due; should more wait than one run takes, the next one comes at once."""
        due = self._search_due()
        halted = due.with_context(exact_lane="document")._drive()
        if halted is not None:
            self._schedule_beyond(due, halted)

    def _drive(self):
        """Bring these exchanges across, as far as Exact lets us. Commits after each step.

        Serves the button, the cron and a job queue alike: documents first, then what reads many pages
        (W12). No exception of Exact leaves it: what happened stands on the exchanges.

        :return: the connections that can do no more now; None where the time of this run is over.
        """
        self._commit(0, remaining=len(self))
        self -= self._asked_just_now()
        halted = self.env["exact.connection"].sudo()
        fault = None
        runs = self.filtered(lambda exchange: exchange.kind in RUN_KINDS)
        for part, drive in ((self - runs, "_drive_connection"), (runs, "_drive_runs")):
            groups = part.sudo().grouped(
                lambda exchange: (exchange.connection_id, exchange._get_lang())
            )
            for (connection, lang), exchanges in groups.items():
                if connection in halted:
                    continue
                try:
                    getattr(exchanges.with_context(lang=lang), drive)(connection)
                except TimeUp:
                    self._schedule()
                    return None
                except BatchStop as stop:
                    halted |= connection
                    exchanges._settle_rest(stop.__cause__)
                except Exception as error:
                    # What was not foreseen at one connection is told, once the others had their turn.
                    self._rollback()
                    halted |= connection
                    if self._is_held_elsewhere(error):
                        self._schedule(fields.Datetime.now() + timedelta(minutes=1))
                        self._commit(0)
                    elif fault is None:
                        fault = error
                    else:
                        _logger.error("Exact connection %s: fault", connection.id, exc_info=error)
        if fault is not None:
            raise fault
        if halted:
            # Not at once again: what waits has a time, the rest comes with it.
            self._commit(0, remaining=0)
        return halted

    def _is_held_elsewhere(self, error):
        """Another worker changed the same records: no fault, and in the background nobody waits for it.

        A request is run again by Odoo at once, which a person who pressed a button does wait for.
        """
        background = self.env.context.get("exact_lane") == "document"
        return background and isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY)

    def _get_lang(self):
        """Whoever runs this reads its messages; a scheduler has no language, so then whoever asked."""
        self.ensure_one()
        asked = self.company_id.partner_id if self.user_id._is_superuser() else self.user_id
        return self.env.lang or asked.lang

    def _open_client(self, connection, lane=None):
        """The client of a connection, None where no call can be made now: then all of these wait."""
        if not connection.active:
            # Its successor may be sending the same documents.
            self._lock_due()._wait(
                "reconnect", False, self.env._("The connection with Exact is archived.")
            )
            return None
        if connection.state != "connected":
            self._lock_due()._wait_for_connection(connection)
            return None
        until = connection._get_room_at(lane)
        if until:
            self._wait_for_limit(connection, until)
            return None
        try:
            return connection._get_client(lane)
        except (UserError, ExactError) as error:
            # No address to call, as after practice was switched off: no reason to stop other connections.
            self._lock_due()._wait(
                "unreachable", clock.now(self.env) + timedelta(hours=1), str(error)
            )
            return None

    def _drive_connection(self, connection):
        """One connection: documents in chunks, their customers before them (R29).

        :raises BatchStop: limit, outage or reconnect; a series of refusals stops one kind only.
        """
        client = self._open_client(connection)
        if client is None:
            return
        try:
            for drive in (
                "_drive_customers",
                "_drive_updates",
                "_drive_documents",
                "_drive_invoices",
                "_drive_steps",
            ):
                try:
                    getattr(self, drive)(client)
                except BatchStop as stop:
                    if not self._is_series(stop.__cause__):
                        raise
                    self._settle_rest(stop.__cause__)
            self._read_back_invoices(client, connection)
            self._commit(0)
        finally:
            if client.gate is not None:
                client.gate.release()

    def _drive_customers(self, client):
        self.filtered(lambda e: e.kind == "account")._drive_accounts(client)

    def _drive_updates(self, client):
        updates = self.filtered(lambda e: e.kind == "account_update")
        updates._drive_each("_drive_account_update", client)

    def _drive_documents(self, client):
        documents = self.filtered(lambda e: e.kind == "sales_entry")
        for start in range(0, len(documents), CHUNK):
            documents[start : start + CHUNK]._drive_sales_entries(client)

    def _drive_runs(self, connection):
        """Imports and paid status of one connection: they leave calls to documents and to people."""
        client = self._open_client(connection, "bulk")
        if client is not None:
            for exchange in self:
                exchange._drive_run(client)

    def _drive_each(self, drive, client):
        """Bring these of one kind across one by one; a fault of ours stops one of them and no other.

        A missing right meets all alike: it is told on each without asking again, since ten refusals
        block the app (API 2).

        :param drive: name of the worker for one exchange.
        :raises BatchStop: limit, outage or reconnect, or the time of this run is over.
        """
        for number, exchange in enumerate(self):
            processed = 0
            try:
                if exchange._lock_due():
                    getattr(exchange, drive)(client)
            except BatchStop as stop:
                if not isinstance(stop.__cause__, RightsError):
                    raise
                for other in self[number + 1 :]._lock_due():
                    other._settle_error(stop.__cause__)
                self._commit(0)
                return
            except Exception as error:
                self._rollback()
                exchange._settle_fault(error)
                processed = 1
            if not self._commit(processed):
                raise TimeUp

    def _drive_run(self, client):
        """A run page by page; a page and its cursor are one commit.

        It may take several attempts: what it counted and what it could not take over stay told, as
        those pages are not read again. What stopped it is told until it goes on.
        """
        if not self._lock_due() or not self._start_attempt():
            return
        self.problem_ids.filtered(lambda problem: problem.cause_id == self.cause_id).unlink()
        key = self.attempt_key
        client.gate.purpose = {"customer_import": "import", "payment_sync": "payment"}[self.kind]
        client.gate.user_id = self.user_id.id
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
                    raise TimeUp
                if not self._keep_claim(key):
                    return
            self._finish_run()
        except ExactError as error:
            # Nothing is half done: a page is written only after it was read.
            stop = self._settle_error(error)
            self._commit(1)
            if stop:
                raise BatchStop from error
            return
        except TimeUp:
            raise
        except Exception as error:
            # Pages before this one stand; the next run reads it again.
            self._rollback()
            if isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY) and self._keep_claim(key):
                # Somebody changed the same record: nothing is wrong, and nobody needs to wait.
                self.state = "pending"
                self._schedule()
            else:
                self._settle_fault(error)
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
        locked.fetch(CLAIM_LOOK)
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
            "started_on": clock.now(self.env),
        }
        if payload is not None:
            values["payload"] = payload
        self.write(values)
        self.env.cr.execute(COMMIT_TO_DISK)
        self._commit(0)
        return self._keep_claim(key)

    def _keep_claim(self, key):
        """Hold the row again after a commit; False where another worker has taken it over."""
        self.ensure_one()
        locked = self.try_lock_for_update()
        locked.invalidate_recordset(["attempt_key"])
        locked.fetch(CLAIM_LOOK)
        return bool(locked) and self.attempt_key == key

    def _may_be_booked(self):
        """Whether an earlier attempt may have reached Exact: then it is looked up before any POST."""
        self.ensure_one()
        return self.attempts > 0

    def _is_lost(self):
        """Whether an attempt was made of which nobody knows what became."""
        self.ensure_one()
        return self.state in ("sending", "unclear")

    def _note_adopted(self):
        return self.env._("Found in Exact by its reference and adopted: it was not sent again.")

    def _note_sent_again(self):
        return self.env._(
            "The answer to an earlier attempt was lost. Exact did not have it: it was sent again."
        )

    def _add_note(self, note):
        self.notes = "\n".join(filter(None, [self.notes, note]))

    def _is_of_the_future(self, now):
        """Written by a clock that was ahead and has been set right: its times say nothing."""
        self.ensure_one()
        return bool(self.write_date) and self.write_date > now + clock.FUTURE

    def _wait_out_booking(self):
        """Stay ``unclear`` where Exact may still be at work on the last attempt: finding nothing proves nothing yet.

        :return: True where the answer to a later look-up has to be waited for.
        """
        self.ensure_one()
        until = self.retry_at if self.state == "unclear" else None
        if self.state == "sending" and self.started_on:
            until = self.started_on + UNCLEAR_WAIT
        now = clock.now(self.env)
        if not until or until <= now:
            return False
        if self._is_of_the_future(now):
            until = now + UNCLEAR_WAIT
        # Not before the question above: whatever is written is of this moment.
        self._note_look()
        cause = self.env["exact.cause"]._by_code("unclear")
        self._settle("unclear", cause, cause.name, retry_at=until)
        self._schedule(at=until)
        self._commit(1)
        return True

    # === COMMIT === #

    def _commit(self, processed, remaining=None):
        """Commit, tell a cron how far it is where that has changed; the one place for both.

        :return: seconds left for this run, 0 to stop.
        """
        cron = self.env["ir.cron"]
        if processed or remaining is not None:
            return cron._commit_progress(processed, remaining=remaining)
        cron.with_context(ir_cron_progress_id=False)._commit_progress()
        end = self.env.context.get("cron_end_time", float("inf"))
        return max(end - time.monotonic(), 0)

    def _rollback(self):
        """Back to the last commit of the driver."""
        self.env.cr.rollback()  # pylint: disable=invalid-commit
