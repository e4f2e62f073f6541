import hashlib
import hmac
import secrets
from datetime import timedelta

from odoo import api, fields, models

LIFE = timedelta(minutes=15)


class ExactOauthState(models.Model):
    """A consent that is under way: used once, by the user who asked, within a quarter of an hour (R1)."""

    _name = "exact.oauth.state"
    _description = "Exact Online Consent Under Way"
    _rec_name = "user_id"

    authorization_id = fields.Many2one("exact.authorization", required=True, ondelete="cascade")
    connection_id = fields.Many2one("exact.connection", required=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    back = fields.Selection(
        [("settings", "Settings"), ("setup", "Set-up")], required=True, default="settings"
    )
    digest = fields.Char(required=True, groups=fields.NO_ACCESS, copy=False)
    expires_on = fields.Datetime(required=True)

    @api.model
    def _issue(self, authorization, connection, back="settings"):
        """A new state value for Exact's consent page; only its digest is kept."""
        secret = secrets.token_urlsafe(32)
        state = self.sudo().create(
            {
                "authorization_id": authorization.id,
                "connection_id": connection.id,
                "back": back,
                "user_id": self.env.uid,
                "digest": self._digest(secret),
                "expires_on": fields.Datetime.now() + LIFE,
            }
        )
        return f"{state.id}.{secret}"

    @api.model
    def _redeem(self, value):
        """The state record that ``value`` stands for, deleted from the table; empty where it is not valid.

        :return: tuple (authorization, connection, page to go back to), the first two empty where
            the state is wrong, used, too old or another user's.
        """
        nothing = self.env["exact.authorization"], self.env["exact.connection"], "settings"
        number, _dot, secret = (value or "").partition(".")
        if not number.isascii() or not number.isdigit() or len(number) > 10:
            return nothing
        state_sudo = self.sudo().browse(int(number)).exists()
        # Compared even where the record is gone, so that the time taken tells nothing.
        valid = hmac.compare_digest(state_sudo.digest or self._digest(""), self._digest(secret))
        if not (state_sudo and valid and state_sudo.user_id == self.env.user):
            return nothing
        found = state_sudo.authorization_id, state_sudo.connection_id, state_sudo.back
        fresh = state_sudo.expires_on >= fields.Datetime.now()
        state_sudo.unlink()
        return found if fresh else nothing

    @api.model
    def _digest(self, secret):
        return hashlib.sha256(secret.encode()).hexdigest()

    @api.autovacuum
    def _gc_expired(self):
        self.search([("expires_on", "<", fields.Datetime.now())]).unlink()
