import logging

from odoo import http
from odoo.http import request

from ..client import ExactError
from ..models.exact_authorization import CALLBACK_PATH

_logger = logging.getLogger(__name__)

SETTINGS = "/odoo/action-exact_connector.action_exact_settings"


class ExactOauth(http.Controller):
    """The return from Exact's consent page (R1)."""

    @http.route(CALLBACK_PATH, type="http", auth="user", methods=["GET"], sitemap=False)
    def callback(self, state=None, code=None, error=None, error_description=None, **_other):
        """Trade the code for tokens and go back to the settings, with a message where it failed.

        The state must be the one that this user was sent out with, unused and recent.
        """
        env = request.env
        if not env.user.has_group("base.group_system"):
            raise request.not_found()
        authorization, connection = env["exact.oauth.state"]._redeem(state)
        if not authorization:
            return self._back(
                env._(
                    "The answer from Exact Online does not belong to a connection that you started "
                    "just now. Press Connect again."
                )
            )
        if error or not code:
            text = env._("Exact Online was not connected: you, or Exact, cancelled the consent.")
            return self._back(" ".join(filter(None, [text, error_description])))
        try:
            kept = authorization._connect(code)
        except ExactError as failure:
            _logger.warning("Connecting to Exact Online failed: %s", failure)
            return self._back(env["exact.cause"]._explain(failure))
        connection._after_connect(kept)
        return request.redirect(SETTINGS)

    def _back(self, message):
        """A page with the reason and the way back; nothing was stored."""
        return request.render(
            "exact_connector.oauth_failed", {"message": message, "settings_url": SETTINGS}
        )
