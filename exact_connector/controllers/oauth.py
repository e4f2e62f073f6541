import logging

from odoo import http
from odoo.http import request

from ..client import ExactError
from ..client.values import plain
from ..models.exact_authorization import CALLBACK_PATH

_logger = logging.getLogger(__name__)

SETTINGS = "/odoo/action-exact_connector.action_exact_settings"
SETUP = "/odoo/action-exact_connector.action_exact_setup"
LONGEST_REASON = 300
PAGES = {"settings": SETTINGS, "setup": SETUP}


class ExactOauth(http.Controller):
    """The return from Exact's consent page (R1)."""

    @http.route(CALLBACK_PATH, type="http", auth="user", methods=["GET"], sitemap=False)
    def callback(self, state=None, code=None, error=None, error_description=None, **_other):
        """Trade the code for tokens and go back to where Connect was pressed, with a message where it failed.

        The state must be the one that this user was sent out with, unused and recent.
        """
        env = request.env
        if not env.user.has_group("base.group_system"):
            raise request.not_found()
        authorization, connection, page = env["exact.oauth.state"]._redeem(state)
        if not authorization:
            return self._back(
                env._(
                    "The answer from Exact Online does not belong to a connection that you started "
                    "just now. Press Connect again."
                )
            )
        if error or not code:
            authorization._discard_unused()
            text = env._("Exact Online was not connected: you, or Exact, cancelled the consent.")
            # Whoever made the address wrote this; Exact's own are a line.
            said = plain(error_description or "")[:LONGEST_REASON]
            return self._back(" ".join(filter(None, [text, said])), page)
        try:
            kept = authorization._connect(code)
        except ExactError as failure:
            _logger.warning("Connecting to Exact Online failed: %s", failure)
            authorization._discard_unused()
            return self._back(env["exact.cause"]._explain(failure), page)
        connection._after_connect(kept)
        (authorization - kept)._discard_unused()
        connection._probe_quietly()
        # A change that waits for an answer is shown where it can be given.
        return request.redirect(SETUP if connection.pending_authorization_id else PAGES[page])

    def _back(self, message, page="settings"):
        """A page with the reason and the way back; nothing was stored."""
        answer = request.render(
            "exact_connector.oauth_failed",
            {"message": message, "settings_url": PAGES[page], "page": page},
        )
        # The address of this page holds the code of the consent.
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer
