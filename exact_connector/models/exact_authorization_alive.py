import logging
from datetime import datetime, time, timedelta, timezone

from odoo import api, fields, models

from .. import clock
from ..client import AuthError, ExactError, LimitError
from .exact_authorization_token import REFRESH_TOKEN_LIFE
from .exact_notice import _lines

_logger = logging.getLogger(__name__)

# Token calls that Exact allows for an app, user and day (API 1.3); more than this part is told.
TOKEN_CALLS = 200
TOLD_FROM = 0.8
# Exact ends an access that was not renewed for 30 days (API 1.3).
IDLE = timedelta(days=25)
ACTIVITY_RECONNECT = "exact_connector.activity_type_reconnect"


class ExactAuthorization(models.Model):
    """The budget of token calls, keeping an unused access alive, and telling that one has died."""

    _inherit = "exact.authorization"

    token_call_limit = fields.Integer(
        "Token Calls Allowed a Day",
        default=TOKEN_CALLS,
        groups="base.group_system",
        help="What Exact allows for this app and user on one day (UTC). Odoo asks for no more than this.",
    )
    access_until = fields.Datetime(
        "Access Token Valid until", related="token_ids.expires_on", groups="base.group_system"
    )
    asked_again_on = fields.Datetime(
        "Asked Again at", related="token_ids.retry_on", groups="base.group_system"
    )
    dead_text = fields.Text(
        "Why It Has Ended",
        compute="_compute_dead_text",
        compute_sudo=True,
        help="What Exact said, what it means, who mends it and how.",
    )
    token_calls = fields.Integer(
        "Token Calls Today", compute="_compute_token_calls", groups="base.group_system"
    )

    @api.depends("last_error")
    @api.depends_context("lang")
    def _compute_dead_text(self):
        causes = self.env["exact.cause"]
        for authorization in self:
            reason = authorization.last_error
            authorization.dead_text = reason and causes._explain(AuthError(reason))

    def _compute_token_calls(self):
        calls = dict(
            self.env["exact.token.use"]._read_group(
                [("authorization_id", "in", self.ids), ("day", "=", fields.Date.today())],
                ["authorization_id"],
                ["calls:sum"],
            )
        )
        for authorization in self:
            authorization.token_calls = calls.get(authorization, 0)

    # === BUDGET === #

    def _count_token_call(self, now):
        """Take one call from the budget of the day, for good, whatever becomes of it.

        :raises LimitError: it is used up, until midnight UTC.
        """
        with self.env.registry.cursor() as cr:
            authorization = self.with_env(self.env(cr=cr, su=True))
            limit = authorization.token_call_limit
            calls = authorization._add_token_call(now, limit)
            if calls and calls == max(1, int(limit * TOLD_FROM)):
                authorization._tell_budget(calls, limit)
        if not calls:
            midnight = datetime.combine(now.date() + timedelta(days=1), time(), timezone.utc)
            raise LimitError(
                self.env._("The %s access tokens that Exact allows a day are used up.", limit),
                retry_at=midnight,
                status=429,
                reason="access_denied",
            )

    def _add_token_call(self, now, limit=None):
        """One call more on this day, unless that passes ``limit``.

        :return: calls of this day with this one; 0 where it may not be made.
        """
        if limit is not None and limit < 1:
            return 0
        self.env.cr.execute(
            """
            INSERT INTO exact_token_use (authorization_id, day, calls) VALUES (%(id)s, %(day)s, 1)
                ON CONFLICT (authorization_id, day) DO UPDATE SET calls = exact_token_use.calls + 1
                WHERE exact_token_use.calls < %(limit)s OR %(limit)s IS NULL
            RETURNING calls
            """,
            {"id": self.id, "day": now.date(), "limit": limit},
        )
        found = self.env.cr.fetchone()
        return found[0] if found else 0

    def _tell_budget(self, calls, limit):
        _logger.warning(
            "Exact authorization %s: %s of %s token calls of today made", self.id, calls, limit
        )

        def write(env):
            return (
                env._("Exact Online: many access tokens today"),
                env._(
                    "Odoo has asked Exact for %(calls)s access tokens today; Exact allows %(limit)s a day, and a day "
                    "of steady work takes 150. At %(limit)s everything waits until midnight UTC. Look whether Odoo is "
                    "restarted again and again, or a copy of this database is at work.",
                    calls=calls,
                    limit=limit,
                ),
            )

        self._tell_owners(write)

    # === ALIVE === #

    @api.model
    def _cron_keep_alive(self):
        """Renew what nobody has used for 25 days; tell of a dead access where that did not work at once."""
        idle_since = clock.now(self.env) - IDLE
        tokens = self.env["exact.token"].search(
            [
                ("authorization_id.connection_ids", "!=", False),
                "|",
                "&",
                ("dead_reason", "=", False),
                ("fetched_on", "<=", idle_since),
                "&",
                ("dead_reason", "!=", False),
                ("told_on", "=", False),
            ]
        )
        for authorization in tokens.authorization_id:
            token = authorization.token_ids
            if not token.dead_reason:
                authorization._keep_alive(token.fetched_on)
            else:
                with self.env.registry.cursor() as cr:
                    own = authorization.with_env(self.env(cr=cr, su=True))
                    if own._lock_token(wait=False) and not own.token_ids.told_on:
                        own._tell_dead()
            if not self.env["exact.exchange"]._commit(1):
                break

    def _keep_alive(self, used_on):
        """Renew the access, and say so; it is told as well where that does not work, while there is time."""
        ends_on = used_on + REFRESH_TOKEN_LIFE
        try:
            self._get_access_token()
        except AuthError:
            return  # told where it was found out
        except ExactError as error:
            _logger.warning("Exact authorization %s is not kept alive: %s", self.id, error)

            def write(env):
                return (
                    env._("Exact Online: the access ends soon"),
                    env._(
                        "The access to Exact Online was not used since %(used)s and ends on %(ends)s. Odoo could not "
                        "renew it today and tries again tomorrow. If this comes back, connect again.",
                        used=fields.Date.to_string(used_on),
                        ends=fields.Date.to_string(ends_on),
                    ),
                )

        else:

            def write(env):
                return (
                    env._("Exact Online: not used for 25 days"),
                    env._(
                        "Nothing was exchanged with Exact Online since %(used)s; Exact would have ended the access on "
                        "%(ends)s. Odoo has renewed it. Are the scheduled actions of Exact Online switched on?",
                        used=fields.Date.to_string(used_on),
                        ends=fields.Date.to_string(ends_on),
                    ),
                )

        self._tell_owners(write)

    # === TELL === #

    def _tell_dead(self):
        """One activity and one mail, in the transaction that notes the death: exactly one, whoever finds it out.

        A fault on the way must not undo that note; the daily scheduled action then tells.
        """
        token = self.token_ids

        def write(env):
            return (
                env._("Exact Online must be connected again"),
                "\n\n".join(
                    [
                        self.with_env(env(su=True)).dead_text,
                        env._(
                            "A system administrator presses Connect Again in Settings > Exact Online. Nothing is lost: "
                            "what waits goes on by itself after that."
                        ),
                    ]
                ),
            )

        try:
            with self.env.cr.savepoint():
                self._tell_owners(write, activity=True)
                token.told_on = clock.now(self.env)
        except Exception:
            _logger.exception("Exact authorization %s: its end could not be told", self.id)

    def _tell_turned_away(self, error):
        """Something has refused new tokens for hours, without Exact's own word on it: it may be for good."""

        def write(env):
            return (
                env._("Exact Online: no new access for some hours"),
                env._(
                    "Every request for a new access token has been turned away for some hours (HTTP %(status)s), "
                    "without a word of Exact Online on why. Odoo goes on trying, and what waits goes on by itself. Let "
                    "the administrator of the network look whether a proxy or firewall is in the way, and your Exact "
                    "administrator whether the Exact user %(user)s is blocked.",
                    status=error.status,
                    user=self.exact_user_name or "",
                ),
            )

        try:
            with self.env.cr.savepoint():
                self._tell_owners(write)
        except Exception:
            _logger.exception("Exact authorization %s: a refusal could not be told", self.id)

    def _tell_owners(self, write, activity=False):
        """Tell each person in charge once, however many companies share this access.

        :param write: function of an environment in the language of the reader: subject and text.
        :param activity: an activity as well, for the one who can connect again.
        """
        notice = self.env["exact.notice"]
        reached = self.env["res.users"]
        scheduled = self.env["res.users"]
        for connection in self.connection_ids:
            company = connection.company_id
            owner = self._get_owner(company)
            for user in (owner | notice._managers(company)) - reached:
                subject, text = write(self.with_context(lang=user.lang).env)
                notice.with_context(mail_notify_force_send=False)._notify_user(
                    user, subject, text, connection
                )
                reached |= user
            if activity and owner and owner not in scheduled:
                connection._schedule_reconnect(
                    owner, *write(self.with_context(lang=owner.lang).env)
                )
                scheduled |= owner

    def _get_owner(self, company):
        """Who can connect again: whoever did it last, else an administrator among the people in charge."""
        notice = self.env["exact.notice"]
        if notice._reaches(self.connected_by_id, company, "base.group_system"):
            return self.connected_by_id
        managers = notice._managers(company)
        system = notice._users(company, "base.group_system")
        return ((managers & system) or system or managers)[:1]


class ExactConnection(models.Model):
    """Carries the activity of whoever has to connect again."""

    _name = "exact.connection"
    _inherit = ["exact.connection", "mail.activity.mixin"]

    dead_text = fields.Text(related="authorization_id.dead_text", related_sudo=True)

    def _schedule_reconnect(self, user, summary, text):
        """One activity, and no mail of its own: the notice is one."""
        connection = self.with_context(mail_activity_quick_update=True, lang=user.lang)
        if not connection.activity_search([ACTIVITY_RECONNECT]):
            connection.activity_schedule(
                ACTIVITY_RECONNECT,
                user_id=user.id,
                summary=summary,
                note=_lines(text),
            )

    def _after_connect(self, authorization):
        result = super()._after_connect(authorization)
        again = self | authorization.sudo().connection_ids
        again.sudo().activity_unlink([ACTIVITY_RECONNECT])
        return result
