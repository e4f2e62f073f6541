from odoo import api, fields, models

from .exact_connection_app import SECRET_DOTS


class ResConfigSettings(models.TransientModel):
    """Settings > Exact Online: the switch "look at once" and the secret that belongs to it."""

    _inherit = "res.config.settings"

    exact_look_at_once = fields.Boolean("Look at Once when Something Changes in Exact")
    exact_webhook_secret = fields.Char()
    exact_webhook_heard_on = fields.Datetime(related="exact_connection_id.webhook_heard_on")

    @api.model
    def get_values(self):
        values = super().get_values()
        connection = self.env["exact.connection"]._for_company(self.env.company)
        # Never sent to the browser: dots stand for a secret that is there.
        kept = connection.authorization_id.sudo().webhook_secret
        return {**values, "exact_webhook_secret": SECRET_DOTS if kept else False}

    def _exact_save_settings(self, connection):
        """The secret first: the switch needs it."""
        secret = (self.exact_webhook_secret or "").strip()
        if secret != SECRET_DOTS:
            authorization = connection.authorization_id
            if authorization and (secret or False) != authorization.sudo().webhook_secret:
                authorization._check_system()
                authorization.sudo().webhook_secret = secret or False
            # Kept at the authorization only, not in the settings' own row.
            self.exact_webhook_secret = SECRET_DOTS if secret else False
        return super()._exact_save_settings(connection)
