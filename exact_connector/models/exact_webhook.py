import hashlib
import hmac
import re
from datetime import datetime, timedelta, timezone

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL

from .. import clock
from ..client import Guid
from ..client.values import clean, decode

WEBHOOK_PATH = "/exact_connector/webhook"
# A message of Exact has some 500 bytes.
LONGEST = 16 * 1024
# What is looked at when a topic has news (Exact API 6).
TOPICS = {
    "Accounts": "customer_import",
    "Contacts": "customer_import",
    "SalesEntries": "payment_sync",
    "SalesInvoices": "payment_sync",
    "BankEntries": "payment_sync",
    "CashEntries": "payment_sync",
    "FinancialTransactions": "payment_sync",
}
ACTIONS = ("Create", "Update", "Delete")
# Exact tries for 34 hours; its times are wall clock, up to 14 hours from UTC.
OLDEST = timedelta(days=3)
# Remembered for longer than it would be taken. One without a readable time is always young.
KEPT, KEPT_UNDATED = timedelta(days=5), timedelta(days=366)
# More news comes right behind the first: wait for it, and do not look more often than this.
GATHER, SPACING = timedelta(seconds=20), timedelta(minutes=5)
# Own numbers of PostgreSQL's advisory locks, one for each kind of run.
LOCKS = {"customer_import": 0x45584331, "payment_sync": 0x45584332}
# Cut out as sent: written anew, it would no longer be what was signed.
_ENVELOPE = re.compile(
    rb'\s*\{\s*"Content"\s*:\s*(\{.*\})\s*,\s*"HashCode"\s*:\s*"([0-9A-F]{64})"\s*\}\s*', re.DOTALL
)


class ExactWebhookEvent(models.Model):
    """One message of Exact that something changed, kept so that it counts once.

    Nothing of a message is believed but that there is news: what it is, is read by the same run that
    looks every hour or every night (architecture, the way of the data).
    """

    _name = "exact.webhook.event"
    _description = "Message from Exact"
    _order = "id desc"
    _rec_name = "topic"
    _log_access = False

    connection_id = fields.Many2one(
        "exact.connection", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="connection_id.company_id", store=True, index=True)
    topic = fields.Char(required=True, readonly=True)
    action = fields.Char(readonly=True)
    exact_id = fields.Char("Exact ID", readonly=True)
    received_on = fields.Datetime(required=True, readonly=True)
    expires_on = fields.Datetime(
        required=True,
        readonly=True,
        index=True,
        help="From then on it is forgotten; the message itself is too old by then to be taken again.",
    )
    digest = fields.Char(required=True, readonly=True, groups="base.group_system")

    _digest_uniq = models.Constraint(
        "UNIQUE(digest, connection_id)", "A message of Exact counts once."
    )

    # === RECEIVING === #

    @api.model
    def _receive(self, body):
        """Take a message: remembered and looked into where it is ours, signed and young.

        :param body: bytes as they came.
        :return: False where it is refused: wrong or no signature, no secret here, too old.
        """
        authorizations, content, digest = self._verified(body)
        if not authorizations:
            return False
        expires_on = self._get_expiry(content.get("EventCreatedOn"))
        if not expires_on:
            return False
        topic = content.get("Topic")
        kind = TOPICS.get(topic) if isinstance(topic, str) else None
        if kind:
            for connection in self._get_listeners(authorizations, content.get("Division")):
                if self._remember(connection, content, digest, expires_on):
                    self._look(connection, kind)
        return True

    @api.model
    def _verified(self, body):
        """Whose app has signed this.

        :return: (authorizations, content, digest), the first empty where nobody has.
        """
        nobody = self.env["exact.authorization"]
        found = _ENVELOPE.fullmatch(body)
        raw, code = found.groups() if found else (b"", b"")
        known = nobody.sudo().search([("webhook_secret", "!=", False)])
        # All are tried, so that the time taken does not tell which apps there are.
        signed = known.filtered(
            lambda each: hmac.compare_digest(_signature(each.webhook_secret, raw), code)
        )
        if not (found and signed):
            return nobody, {}, ""
        try:
            content = decode(raw)
        except ValueError:
            return nobody, {}, ""
        app = _plain(content.get("ClientId"))
        return signed.filtered(lambda each: _plain(each.client_id) == app), content, code.decode()

    @api.model
    def _get_expiry(self, created):
        """Until when a message is remembered; ``None`` where it is too old to be taken.

        How Exact writes the time is not known for sure (API 6): one that cannot be read is no reason
        to miss the news.
        """
        now = fields.Datetime.now()
        moment = _moment(created)
        if moment is None or moment > now + OLDEST:
            return now + KEPT_UNDATED
        return None if moment < now - OLDEST else now + KEPT

    @api.model
    def _get_listeners(self, authorizations, division):
        """The connections that asked for messages of this division; branches of a company share one."""
        try:
            code = int(division)
        except (TypeError, ValueError, OverflowError):
            code = 0
        if not 0 < code < 2**31:
            return self.env["exact.connection"]
        return (
            self.env["exact.connection"]
            .sudo()
            .search(
                [
                    ("look_at_once", "=", True),
                    ("division", "=", code),
                    ("authorization_id", "in", authorizations.ids),
                ]
            )
        )

    @api.model
    def _remember(self, connection, content, digest, expires_on):
        """:return: False where this very message was here before."""
        action, key = content.get("Action"), content.get("Key")
        try:
            key = str(Guid(key))
        except ValueError:
            key = None
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO exact_webhook_event
                    (connection_id, company_id, topic, action, exact_id, received_on, expires_on, digest)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
                ON CONFLICT DO NOTHING RETURNING id
                """,
                connection.id,
                connection.company_id.id,
                content["Topic"],
                action if isinstance(action, str) and action in ACTIONS else None,
                key,
                fields.Datetime.now(),
                expires_on,
                digest,
            )
        )
        return bool(self.env.cr.fetchall())

    @api.model
    def _look(self, connection, kind):
        """One run for many messages; where one is open already, it looks later than this."""
        if connection.state != "connected" or not connection._wants_to_look(kind):
            return
        # Another message that is being taken at this moment makes the run for both.
        self.env.cr.execute(
            SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", LOCKS[kind], connection.id)
        )
        if self.env.cr.fetchone()[0]:
            self.env["exact.exchange"].with_user(SUPERUSER_ID)._enqueue_look(connection, kind)

    # === LOOKING BACK === #

    @api.model
    def _last_news(self, connection, kind):
        """ID of the latest message for this kind of run, 0 where there is none."""
        topics = [topic for topic, looked_at in TOPICS.items() if looked_at == kind]
        domain = [("connection_id", "=", connection.id), ("topic", "in", topics)]
        return self.sudo().search(domain, order="id desc", limit=1).id or 0

    @api.autovacuum
    def _gc_expired(self):
        self.search([("expires_on", "<", fields.Datetime.now())], limit=100_000).unlink()


def _signature(secret, raw):
    """What Exact writes below a message: upper-case hex of the HMAC over its content as sent (API 6)."""
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest().upper().encode()


def _plain(key):
    return key.strip(" {}").lower() if isinstance(key, str) else ""


def _moment(value):
    """The naive moment of ``/Date(ms)/`` or ISO text, ``None`` for anything else."""
    value = clean(value) if isinstance(value, str) else None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return None
    if value is not None and value.tzinfo:
        try:
            value = value.astimezone(timezone.utc).replace(tzinfo=None)
        except OverflowError:
            return None
    return value


class ExactExchange(models.Model):
    """Runs that a message of Exact asks for: gathered for a moment, at most one at a time."""

    _inherit = "exact.exchange"

    @api.model
    def _enqueue_run(self, connection, kind):
        """Whoever asks for a run now does not wait for messages to be gathered."""
        run = super()._enqueue_run(connection, kind)
        if run.state == "waiting" and not run.cause_id:
            run.sudo().write({"state": "pending", "retry_at": False})
        return run

    @api.model
    def _enqueue_look(self, connection, kind):
        """A run in a moment, where none is still to begin: that one looks later than the message that led here.

        One at work does not count: it may be past what is new, or have ended while this was written.
        """
        runs_sudo = self.sudo()
        coming, at_work, last_done = (
            runs_sudo.search(
                [("connection_id", "=", connection.id), ("kind", "=", kind), ("state", *state)],
                order="id desc",
                limit=1,
            )
            for state in (
                ("in", ("pending", "waiting", "unclear")),
                ("=", "sending"),
                ("=", "done"),
            )
        )
        if coming:
            return
        now = clock.now(self.env)
        at = now + (SPACING if at_work else GATHER)
        if last_done.done_on:
            # A server whose clock is ahead may have written it.
            at = max(at, min(last_done.done_on, now) + SPACING)
        runs_sudo.create(
            {
                "connection_id": connection.id,
                "kind": kind,
                "user_id": self.env.uid,
                "state": "waiting",
                "retry_at": at,
            }
        )._schedule(at)

    def _wait_for_other_run(self):
        """Two that read the same at once would do it twice, and stand in each other's way.

        :return: whether another worker is at it, so that this one comes later.
        """
        self.ensure_one()
        others = self.search(
            [
                ("connection_id", "=", self.connection_id.id),
                ("kind", "=", self.kind),
                ("state", "=", "sending"),
                ("id", "!=", self.id),
            ]
        )
        # What can be locked is left by a worker that died.
        if not (others - others.try_lock_for_update()) or not self._lock_due():
            return False
        at = clock.now(self.env) + GATHER
        self.write({"state": "waiting", "cause_id": False, "retry_at": at})
        self._schedule(at)
        self._commit(0)
        return True

    def _drive_run(self, client):
        """News that came while it was read may be on a page that was past already."""
        if self._wait_for_other_run():
            return None
        connection, kind = self.connection_id, self.kind
        if not connection.look_at_once:
            return super()._drive_run(client)
        events = self.env["exact.webhook.event"]
        known = events._last_news(connection, kind)
        result = super()._drive_run(client)
        if self.state == "done" and events._last_news(connection, kind) > known:
            self.with_user(SUPERUSER_ID)._enqueue_look(connection, kind)
            self._commit(0)
        return result
