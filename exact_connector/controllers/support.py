from odoo import http
from odoo.http import content_disposition, request


class ExactSupport(http.Controller):
    """The support parcel as a download (W16)."""

    @http.route(
        "/exact_connector/support/<model('exact.connection'):connection>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
        sitemap=False,
    )
    def parcel(self, connection):
        """The file, for a manager of the connection's company."""
        name, content = connection._get_support_parcel()
        headers = [
            ("Content-Type", "application/zip"),
            ("Content-Disposition", content_disposition(name)),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(content, headers)
