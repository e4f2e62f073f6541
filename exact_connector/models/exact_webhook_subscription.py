import logging
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..client import DataError, ExactError, OutcomeUnknown, is_loopback
from .exact_webhook import TOPICS, WEBHOOK_PATH

_logger = logging.getLogger(__name__)

SUBSCRIPTIONS = "webhooks/WebhookSubscriptions"
# What changes the list of topics, or the division that they are of.
_BOOKS = {"authorization_id", "division_id"}
_DECISIVE = {"look_at_once", "import_customers", "import_contacts", "division_id", "active"}


class ExactWebhookSubscription(models.Model):
    """A topic that Exact tells this connection about; one for each topic, app and division (Exact API 6)."""

    _name = "exact.webhook.subscription"
    _description = "Exact Topic Told"
    _rec_name = "topic"

    connection_id = fields.Many2one(
        "exact.connection", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="connection_id.company_id", store=True, index=True)
    topic = fields.Char(required=True, readonly=True)
    exact_id = fields.Char("Exact ID", required=True, readonly=True)

    _topic_uniq = models.Constraint(
        "UNIQUE(connection_id, topic)", "A topic is asked for once by a connection."
    )


class ExactAuthorization(models.Model):
    _inherit = "exact.authorization"

    webhook_secret = fields.Char(
        groups="base.group_system",
        copy=False,
        help="Stands at the app in Exact's App Centre; Exact signs its messages with it.",
    )

    def _get_app_values(self):
        return {**super()._get_app_values(), "webhook_secret": self.sudo().webhook_secret}

    def action_disconnect(self):
        """Exact is told to stop while there is still a token to tell it with."""
        self._check_system()
        self.sudo().with_context(active_test=False).connection_ids._drop_webhooks()
        return super().action_disconnect()


class ExactConnection(models.Model):
    """The switch "look at once": Exact tells when something changed, and the next run does not wait.

    Everything works without it; what a message would have told comes with the next run then.
    """

    _inherit = "exact.connection"

    look_at_once = fields.Boolean(
        "Look at Once when Something Changes in Exact",
        tracking=True,
        copy=False,
        help="Exact tells Odoo when a customer, a receipt or an entry changes; Odoo looks within a few "
        "minutes instead of with the next run.",
    )
    webhook_subscription_ids = fields.One2many(
        "exact.webhook.subscription", "connection_id", readonly=True
    )
    webhook_heard_on = fields.Datetime("Last Told by Exact on", compute="_compute_webhook_heard_on")

    def _compute_webhook_heard_on(self):
        heard = dict(
            self.env["exact.webhook.event"]
            .sudo()
            ._read_group(
                [("connection_id", "in", self.ids)], ["connection_id"], ["received_on:max"]
            )
        )
        for connection in self:
            connection.webhook_heard_on = heard.get(connection.sudo())

    def _wants_to_look(self, kind):
        """Whether a run of this kind belongs to what this connection does by itself."""
        self.ensure_one()
        return kind == "payment_sync" or self.import_customers

    def _get_webhook_topics(self):
        """The topics that this connection wants to be told about."""
        self.ensure_one()
        if not (self.look_at_once and self.active):
            return []
        return [
            topic
            for topic, kind in TOPICS.items()
            if self._wants_to_look(kind) and (topic != "Contacts" or self.import_contacts)
        ]

    @api.model
    def _get_webhook_url(self):
        """The address that Exact tells; on the domain of the redirect address, as Exact demands."""
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url", "")
        return base.rstrip("/") + WEBHOOK_PATH

    # === THE SWITCH === #

    def write(self, vals):
        leaving = self.filtered(
            lambda c: (
                not vals.get("active", True)
                or not vals.get("look_at_once", True)
                or any(name in vals and vals[name] != c[name].id for name in _BOOKS)
            )
        )
        leaving._drop_webhooks()
        if _BOOKS & vals.keys():
            # Of other books, or of another app: what could not be ended there cannot be ended later either.
            leaving.sudo().webhook_subscription_ids.unlink()
        turned_on = self.filtered(lambda c: vals.get("look_at_once") and not c.look_at_once)
        result = super().write(vals)
        for connection in turned_on:
            connection._turn_on_webhooks()
        if _DECISIVE & vals.keys():
            (self - turned_on)._sync_webhooks_quietly()
        return result

    def unlink(self):
        self._drop_webhooks()
        return super().unlink()

    def _after_connect(self, authorization):
        result = super()._after_connect(authorization)
        authorization.sudo().connection_ids._sync_webhooks_quietly()
        return result

    @api.model
    def _cron_refresh_reference_data(self):
        """Nightly: what Exact lost is asked for again, what could not be ended is ended."""
        result = super()._cron_refresh_reference_data()
        for connection in self._search_connected():
            connection._sync_webhooks_quietly()
            if not self.env["ir.cron"]._commit_progress(1):
                break
        return result

    def _turn_on_webhooks(self):
        """:raises UserError: what stands in the way, and who mends it; the switch stays off then."""
        self.ensure_one()
        env = self.env
        if self.state != "connected":
            raise UserError(env._("%s is not connected to Exact Online.", self.company_id.name))
        if not self.authorization_id.sudo().webhook_secret:
            raise UserError(
                env._(
                    "The webhook secret is missing: without it Odoo cannot tell Exact's messages from a "
                    "stranger's. A system administrator copies it from the app in Exact's App Centre to "
                    "Settings, Exact Online."
                )
            )
        url = self._get_webhook_url()
        parts = urlsplit(url)
        practice = self.country == "practice" and is_loopback(parts.hostname)
        if parts.scheme != "https" and not practice:
            raise UserError(
                env._(
                    "Exact tells its news to https addresses only, and this Odoo is at %s. A system "
                    "administrator mends the address of this Odoo (system parameter web.base.url).",
                    url,
                )
            )
        try:
            self._sync_webhooks()
        except ExactError as error:
            raise UserError(env["exact.cause"]._explain(error)) from error

    # === AT EXACT === #

    def _sync_webhooks(self):
        """Ask Exact for the wanted topics and for no others.

        :raises ExactError: what Exact answered.
        :raises UserError: another system that uses this app has a topic already.
        """
        self.ensure_one()
        connection_sudo = self.sudo()
        client = connection_sudo._get_client()
        there = connection_sudo._read_webhooks(client)
        own = {each.topic: each for each in connection_sudo.webhook_subscription_ids}
        wanted = connection_sudo._get_webhook_topics()
        for topic in wanted:
            kept = own.get(topic)
            exact_id = connection_sudo._subscribe(client, topic, there.get(topic), kept)
            if kept:
                kept.exact_id = exact_id
            else:
                connection_sudo.webhook_subscription_ids.create(
                    {"connection_id": self.id, "topic": topic, "exact_id": exact_id}
                )
        connection_sudo._unsubscribe(
            client,
            connection_sudo.webhook_subscription_ids.filtered(lambda e: e.topic not in wanted),
        )

    def _read_webhooks(self, client):
        """What our app is told of this division: dict of topic -> row of Exact."""
        app = (self.authorization_id.client_id or "").strip().lower()
        rows = client.rows(SUBSCRIPTIONS, select=["ID", "Topic", "CallbackURL", "ClientID"])
        return {
            row.get("Topic"): row
            for row in rows
            # Whether Exact shows other apps' too is not known.
            if row.get("ID") and str(row.get("ClientID") or app).strip("{}").lower() == app
        }

    def _subscribe(self, client, topic, row, kept):
        """Have Exact tell about ``topic``: what is there already is taken over, an old address of ours replaced.

        :param row: what Exact has for this topic, if anything.
        :param kept: our record of it, if any.
        :return: ID of the subscription.
        """
        url = self._get_webhook_url()
        if row and row.get("CallbackURL") != url:
            if not kept or kept.exact_id != row["ID"]:
                raise UserError(
                    self.env._(
                        "Exact tells about %(topic)s to %(url)s already: another system uses the same app. "
                        "Give this Odoo an app of its own, or have the other system stop.",
                        topic=topic,
                        url=row.get("CallbackURL"),
                    )
                )
            # A subscription cannot be changed (API 6).
            client.delete(SUBSCRIPTIONS, row["ID"])
            row = None
        if not row:
            try:
                row = client.create(SUBSCRIPTIONS, {"Topic": topic, "CallbackURL": url})
            except (DataError, OutcomeUnknown):
                # "Data already exists", or the answer was lost: there is one for each topic and app.
                row = self._read_webhooks(client).get(topic)
                if not row or row.get("CallbackURL") != url:
                    raise
        return row["ID"]

    def _unsubscribe(self, client, subscriptions):
        """Have Exact stop, but where another company of the same books still wants to be told."""
        for subscription in subscriptions:
            if not self._is_shared(subscription.topic):
                try:
                    client.delete(SUBSCRIPTIONS, subscription.exact_id)
                except DataError as error:
                    if error.status != 404:
                        raise
            subscription.unlink()

    def _is_shared(self, topic):
        others_sudo = self.env["exact.webhook.subscription"].sudo()
        return any(
            other.connection_id.authorization_id.client_id == self.authorization_id.client_id
            for other in others_sudo.search(
                [
                    ("topic", "=", topic),
                    ("connection_id", "!=", self.id),
                    ("connection_id.division", "=", self.division),
                    ("connection_id.look_at_once", "=", True),
                    ("connection_id.country", "=", self.country),
                ]
            )
        )

    def _drop_webhooks(self):
        """Have Exact stop where that can be done; what it still tells is refused from now on anyway."""
        for connection_sudo in self.sudo().filtered("webhook_subscription_ids"):
            try:
                connection_sudo._unsubscribe(
                    connection_sudo._get_client(), connection_sudo.webhook_subscription_ids
                )
            except (ExactError, UserError) as error:
                _logger.warning(
                    "Exact was not told to stop its messages for connection %s: %s",
                    connection_sudo.id,
                    error,
                )

    def _sync_webhooks_quietly(self):
        """Where nobody waits for it: what does not go stands in the chatter, and is tried again at night."""
        for connection in self:
            told = connection.look_at_once or connection.sudo().webhook_subscription_ids
            if not told or connection.state != "connected":
                continue
            try:
                connection._sync_webhooks()
            except (ExactError, UserError) as error:
                known = isinstance(error, ExactError)
                text = self.env["exact.cause"]._explain(error) if known else str(error)
                connection._message_log(body=text)
