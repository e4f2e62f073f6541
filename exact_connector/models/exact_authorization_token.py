import logging
from datetime import timedelta, timezone

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import models

from .. import clock
from ..client import AuthError, ExactError, LimitError, TokenTooEarly, UnreachableError, oauth
from ..client.limits import utc_now
from ..durable import COMMIT_TO_DISK

_logger = logging.getLogger(__name__)

# Exact refuses a refresh within 570 s of the last one; an access token lives 600 s (Exact Online API 1.3).
REFRESH_AFTER = timedelta(seconds=570)
ACCESS_TOKEN_LIFE = timedelta(seconds=600)
# From here on one worker renews; the others go on with the token that still counts, and only at the
# very end wait for the new one.
RENEW_BEFORE_EXPIRY = timedelta(seconds=20)
WAIT_BEFORE_EXPIRY = timedelta(seconds=5)
REFRESH_TOKEN_LIFE = timedelta(days=30)
# Seconds for Exact's answer to a token call, and for another worker that waits for that answer.
TOKEN_TIMEOUT = 25
LOCK_TIMEOUT = 15
# Minutes until the next token call after failures in a row: below Exact's ten minutes on average only
# at first, so that an outage of a whole day stays under the budget of a day.
TOKEN_BACK_OFF = (1, 2, 5, 15, 15, 30)
# After so many in a row, some hours, those in charge are told where something turns them away: it may
# be a proxy, or an Exact user who was blocked.
TOLD_FAILURES = 10
# However long Exact says, or a clock that was set back makes it look, it is tried again after this.
LONGEST_WAIT = timedelta(hours=1)
LOCK = "SELECT id FROM exact_token WHERE authorization_id = %s FOR NO KEY UPDATE"
LOCK_IF_FREE = (
    "SELECT id FROM exact_token WHERE authorization_id = %s FOR NO KEY UPDATE SKIP LOCKED"
)
# Rounds of looking again after another worker has renewed.
MOST_ROUNDS = 5
# Refusals in a row that hand out another refresh token each time (API 1.5).
MOST_REFUSALS = 3


class ExactAuthorization(models.Model):
    """The tokens: renewed by one worker at a time, never early, never in a loop, never over the budget.

    All servers of a database go by one clock, the database's: a server whose clock is wrong by hours
    neither renews early nor keeps a token that has ended.
    """

    _inherit = "exact.authorization"

    def _get_access_token(self, rejected=None):
        """A valid access token, renewed where needed by one worker at a time.

        The token row is read and written on a cursor of its own: the new refresh token must survive
        whatever becomes of the caller's transaction, since the old one is dead (API 1.3, 1.5).

        :param rejected: a token Exact has just answered with 401; never handed out again.
        :raises AuthError: a person must connect again.
        :raises LimitError: a new token may not be asked for yet.
        :raises UnreachableError: Exact gave no token; ``retry_at`` says when it is asked again.
        """
        self.ensure_one()
        for _round in range(MOST_ROUNDS):
            try:
                with self.env.registry.cursor() as cr:
                    return self.with_env(self.env(cr=cr, su=True))._find_access_token(rejected)
            except SerializationFailure:
                # Another worker wrote it while we waited for the lock: read what it stored.
                continue
            except LockNotAvailable:
                break
        raise UnreachableError(
            self.env._("Exact Online is slow to give out a new access token."),
            retry_at=utc_now() + timedelta(minutes=1),
        )

    def _find_access_token(self, rejected):
        """The stored token where it will do, else a new one (own cursor).

        Most calls end with the one SELECT: no lock, nothing written.
        """
        token = self.env["exact.token"].search([("authorization_id", "=", self.id)])
        if not token or token.dead_reason:
            raise AuthError(token.dead_reason or self.env._("Not connected to Exact Online."))
        now = clock.now(self.env)
        good = token.access_token != rejected and now < token.expires_on
        if good and now < token.expires_on - RENEW_BEFORE_EXPIRY:
            return token.access_token
        if not self._lock_token(wait=not good or now >= token.expires_on - WAIT_BEFORE_EXPIRY):
            return token.access_token
        now = clock.now(self.env)  # time has passed at the lock
        good = good and now < token.expires_on
        try:
            return self._renew_token(token, now, rejected)
        except (LimitError, UnreachableError) as error:
            if good:
                _logger.info("Exact authorization %s keeps its token: %s", self.id, error)
                return token.access_token
            raise

    def _lock_token(self, wait):
        """Lock the token row; without ``wait`` only where no other worker has it.

        :return: whether it is ours; always where waited for.
        :raises SerializationFailure: another worker has written it since it was read.
        :raises LockNotAvailable: another worker has it for longer than we wait.
        """
        self.env.cr.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_TIMEOUT}s"])
        self.env.cr.execute(
            LOCK if wait else LOCK_IF_FREE,
            [self.id],
            log_exceptions=False,
        )
        return bool(self.env.cr.fetchone())

    # === RENEW === #

    def _renew_token(self, token, now, rejected):
        """Ask Exact for a new pair, store and commit it, or what became of it; the row is locked.

        :return: the access token to use.
        """
        if token.retry_on and now < token.retry_on <= now + LONGEST_WAIT:
            raise UnreachableError(
                token.retry_reason or "", retry_at=token.retry_on.replace(tzinfo=timezone.utc)
            )
        # A moment in the future: the clock was set back since, so the age of the token is not known.
        early = token.fetched_on + REFRESH_AFTER
        if token.fetched_on <= now < early:
            raise LimitError(
                self.env._("Exact Online gives out a new access token only every ten minutes."),
                retry_at=early.replace(tzinfo=timezone.utc),
                reason="token_early",
            )
        self._count_token_call(now)
        try:
            tokens = oauth.refresh(
                self._get_base_url(),
                self.client_id,
                self.client_secret,
                token.refresh_token,
                timeout=TOKEN_TIMEOUT,
            )
        except TokenTooEarly as error:
            return self._keep_early_token(token, now, rejected, error)
        except AuthError as error:
            self._note_refusal(token, now, error)
            raise
        except ExactError as error:
            # No answer, or not now. The old refresh token may be dead, which the next call shows; it
            # is the only one we have.
            retry_at = self._put_off(token, now, error)
            if isinstance(error, LimitError):
                error.retry_at = retry_at
                raise
            raise UnreachableError(str(error), status=error.status, retry_at=retry_at) from error
        self._store_tokens(tokens, now)
        self._commit_token()
        return tokens.access_token

    def _keep_early_token(self, token, now, rejected, error):
        """Exact says that the access token has not ended yet: then it is used until Exact refuses it (API 1.5)."""
        self._keep_refused_token(token, error)
        if token.access_token == rejected:
            raise LimitError(str(error), retry_at=self._put_off(token, now, error)) from error
        token.write(
            {
                "expires_on": now + ACCESS_TOKEN_LIFE,
                "retry_on": now + timedelta(minutes=1),
                "retry_reason": str(error),
            }
        )
        self._commit_token()
        return token.access_token

    def _note_refusal(self, token, now, error):
        """Exact refused for good; unless it handed out another refresh token, which is tried later.

        :raises UnreachableError: it is tried later.
        """
        if self._keep_refused_token(token, error) and token.failures + 1 < MOST_REFUSALS:
            retry_at = self._put_off(token, now, error)
            raise UnreachableError(str(error), status=error.status, retry_at=retry_at) from error
        token.write({"dead_reason": str(error), "retry_on": False, "failures": 0})
        self._tell_dead()
        self._commit_token()
        _logger.warning("Exact authorization %s must be connected again: %s", self.id, error)

    def _put_off(self, token, now, error):
        """No token call before the time returned, by any worker: an outage must not use up the day's budget.

        :return: aware UTC datetime.
        """
        wait = timedelta(minutes=TOKEN_BACK_OFF[min(token.failures, len(TOKEN_BACK_OFF) - 1)])
        retry_on = now + wait
        if isinstance(error, LimitError):
            asked = max(now + timedelta(minutes=5), _naive(error.retry_at) or now)
            retry_on = min(max(retry_on, asked), now + LONGEST_WAIT)
        token.write(
            {
                "failures": token.failures + 1,
                "retry_on": retry_on,
                "retry_reason": str(error),
            }
        )
        if token.failures == TOLD_FAILURES and error.status in (400, 401, 403):
            self._tell_turned_away(error)
        self._commit_token()
        return retry_on.replace(tzinfo=timezone.utc)

    def _keep_refused_token(self, token, error):
        """Even a refused refresh may hand out a new refresh token; the old one is dead then (API 1.5).

        :return: whether one was handed out.
        """
        if not (error.tokens and error.tokens.refresh_token):
            return False
        token.refresh_token = (
            error.tokens.refresh_token
        )  # committed with what becomes of the refusal
        return True

    def _commit_token(self):
        """What Exact gave out or refused stands, whatever becomes of the caller's transaction."""
        self.env.cr.execute(COMMIT_TO_DISK)
        self.env.cr.commit()  # pylint: disable=invalid-commit  # own cursor

    # === STORE === #

    def _keep_tokens(self, tokens):
        """Store and commit a fresh pair at once, whatever becomes of the caller's transaction."""
        with self.env.registry.cursor() as cr:
            authorization = self.with_env(self.env(cr=cr, su=True))
            authorization._store_tokens(tokens)
            authorization._add_token_call(clock.now(authorization.env))
        self.invalidate_recordset(["state", "last_error", "token_ids"])

    def _store_tokens(self, tokens, asked_on=None):
        """Write a fresh pair, on the cursor of this environment.

        :param asked_on: when it was asked for: Exact counts its life from no earlier than that, and
            the next refresh from no later than now.
        """
        now = clock.now(self.env)
        values = {
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "fetched_on": now,
            "expires_on": (asked_on or now) + timedelta(seconds=tokens.expires_in),
            "refresh_expires_on": now + REFRESH_TOKEN_LIFE,
            "dead_reason": False,
            "told_on": False,
            "retry_on": False,
            "retry_reason": False,
            "failures": 0,
        }
        token_sudo = self.sudo().token_ids[:1]
        if token_sudo:
            token_sudo.write(values)
        else:
            token_sudo.create({"authorization_id": self.id, **values})


def _naive(moment):
    return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment else None
