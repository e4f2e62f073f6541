from odoo import http
from odoo.http import request

from ..models.exact_webhook import LONGEST, WEBHOOK_PATH


class ExactWebhook(http.Controller):
    """Where Exact tells that something changed: a hint to look now, never data (Exact API 6)."""

    @http.route(
        WEBHOOK_PATH,
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        sitemap=False,
        max_content_length=LONGEST,
    )
    def webhook(self, **_parameters):
        """Check the signature, remember, wake the background, answer without a word.

        An empty body is how Exact tries the address before it subscribes; it wants a 200.
        """
        body = request.httprequest.get_data()
        if not body and not request.httprequest.content_length:
            return self._answer(200)
        taken = request.env["exact.webhook.event"].sudo()._receive(body)
        return self._answer(200 if taken else 403)

    def _answer(self, status):
        """The same few bytes for everybody: a stranger learns neither what is set up nor what was wrong."""
        return request.make_response("", status=status)
