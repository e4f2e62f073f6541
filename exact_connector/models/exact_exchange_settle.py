import logging
from datetime import timedelta, timezone

from odoo import fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .. import clock
from ..client import AuthError, LimitError, OutcomeUnknown, RightsError, UnreachableError
from .exact_exchange import RUN_KINDS, SEND_KINDS

_logger = logging.getLogger(__name__)

# Waits after an outage, by number of attempts, in minutes.
BACK_OFF = (1, 2, 5, 15, 60)
# A lost answer is asked for after this time, so that a slow booking has ended by then.
UNCLEAR_WAIT = timedelta(minutes=1)


class ExactExchange(models.Model):
    """What becomes of an attempt: done, failed, waiting or unclear, with its cause, its time and a chatter line."""

    _inherit = "exact.exchange"

    def _was_stopped(self):
        """Whether it stood still before: nothing is left of that where there is neither cause nor message."""
        self.ensure_one()
        return bool(self.cause_id or self.message)

    def _settle_done(self, exact_id, number, notes=()):
        self.ensure_one()
        if self._was_stopped():
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
        self._note_problems(problems)
        cause = self.env["exact.cause"]._by_code(problems[0].code)
        self._settle("failed", cause, "\n".join(p.message for p in problems))

    def _note_problems(self, problems):
        """These problems in the place of those before."""
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

    def _settle_error(self, error):
        """State, cause and next time from what Exact answered, or did not.

        :return: True where the rest of the batch would meet the same.
        """
        self.ensure_one()
        if self._is_read_of_lost(error):
            # What was sent is as unknown as before, or booked and not read back yet.
            self = self.with_context(exact_unknown=True)
        now = clock.now(self.env)
        classified = self.env["exact.cause"]._classify(error)
        cause = classified[0][0]
        state, retry_at, stop = "failed", False, False
        if isinstance(error, LimitError):
            state, stop = "waiting", True
            retry_at = _naive_utc(error.retry_at) if error.retry_at else now + timedelta(minutes=1)
        elif isinstance(error, AuthError):
            # No time is set: it goes on by itself after reconnecting. But an access that Exact still
            # renews, and only this call refused, needs nobody.
            state, stop = "waiting", True
            retry_at = now + timedelta(hours=1) if error.resource else False
        elif isinstance(error, RightsError):
            stop = True
        elif isinstance(error, OutcomeUnknown):
            state, retry_at = "unclear", now + UNCLEAR_WAIT
        elif isinstance(error, UnreachableError):
            state, stop = "waiting", True
            retry_at = now + timedelta(
                minutes=BACK_OFF[min(max(self.attempts, 1), len(BACK_OFF)) - 1]
            )
            if error.retry_at:
                retry_at = max(retry_at, _naive_utc(error.retry_at))
        if self.kind not in RUN_KINDS:
            self.problem_ids.unlink()
        if state == "failed":
            self._note_refusals(error, classified)
        message = "\n".join(dict.fromkeys(found.name for found, _text in classified))
        if self._is_series(error):
            cause, message = self._explain_series(error)
        self._settle(state, cause, message, error=error, retry_at=retry_at)
        if self.retry_at:
            self._schedule(at=self.retry_at)
        _logger.info("Exact exchange %s: %s (%s)", self.id, self.state, cause.code)
        return stop

    def _is_read_of_lost(self, error):
        """Whether this came of a read alone, and Exact may have what was sent before it."""
        self.ensure_one()
        if self.kind not in SEND_KINDS:
            return False
        # Without a method it was the access that was refused, before anything was asked. Whatever is sent makes it
        # ``sending``: a write that an unclear one may not make was looked up before, in vain.
        reads = ("GET", None) if self.state == "unclear" else ("GET",)
        return self._is_lost() and error.method in reads

    def _settle(self, state, cause, message, error=None, retry_at=False):
        if state == self.state == "unclear" and retry_at and self.retry_at:
            # A look-up that was put off brings nothing forward: Exact may be at work on it until then.
            soonest = min(self.retry_at, clock.now(self.env) + UNCLEAR_WAIT)
            retry_at = max(retry_at, soonest)
        # One line for each cause of waiting, not one for each minute of it.
        known = ("waiting",) if self.state == "sending" else ("waiting", "unclear")
        news = state not in known or cause != self.cause_id
        self.write(
            {
                "state": state,
                "cause_id": cause.id,
                "message": message,
                "exact_message": cause._exact_text(error) if error else False,
                "http_status": (error.status or 0) if error else 0,
                "retry_at": retry_at,
            }
        )
        if news:
            self._tell()

    def _settle_fault(self, error):
        """A fault of ours or of another add-on stops this exchange, no other.

        What may have reached Exact is looked up later, before anything is sent again.
        """
        self.ensure_one()
        now = clock.now(self.env)
        if isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
            # Somebody changed the same record: nothing is wrong, the next run goes on from here.
            self._schedule(at=now + timedelta(minutes=3))
            return
        _logger.error("Exact exchange %s could not be handled", self.id, exc_info=error)
        sent = self.kind in SEND_KINDS and self.state in ("sending", "unclear")
        state = "unclear" if sent else "failed"
        cause = self.env["exact.cause"]._by_code("unclear" if state == "unclear" else "unknown")
        retry_at = now + timedelta(hours=1) if state == "unclear" else False
        self._settle(state, cause, f"{cause.name}: {error}", retry_at=retry_at)

    def _wait_for_connection(self, connection):
        """Not connected: everything waits and goes on by itself after connecting."""
        self._wait("reconnect", False)

    def _wait(self, code, retry_at, message=None):
        """No call now. What may be booked stays ``unclear``: it can be neither cancelled nor deleted."""
        cause = self.env["exact.cause"]._by_code(code)
        for exchange in self:
            unclear = exchange.state in ("sending", "unclear") and exchange.kind in SEND_KINDS
            exchange._settle(
                "unclear" if unclear else "waiting",
                cause,
                message or cause.name,
                retry_at=retry_at,
            )
        self._commit(len(self))

    def _tell(self):
        """A line in the chatter of the document for a result other than success."""
        record = self.move_id or self.partner_id
        if record:
            record._exact_log_exchange(self)

    def _resume_after_connect(self, connection):
        """What waited for a person to reconnect goes on."""
        waiting_sudo = self.sudo().search(
            [
                ("connection_id", "=", connection.id),
                ("state", "in", ("waiting", "unclear")),
                ("retry_at", "=", False),
            ]
        )
        if waiting_sudo:
            waiting_sudo.filtered(lambda e: e.state == "waiting").state = "pending"
            waiting_sudo.filtered(lambda e: e.state == "unclear").retry_at = clock.now(self.env)
            waiting_sudo._schedule()


def _naive_utc(moment):
    """An aware moment as Odoo stores it."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None)
