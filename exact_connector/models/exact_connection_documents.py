from odoo import fields, models

MEGABYTE = 1024 * 1024
# Largest file that Exact takes with a document, in megabytes (API 3.4): more on the Dutch and Belgian sites.
LARGEST_FILE = {"NL": 25, "BE": 25}
LARGEST_FILE_ELSEWHERE = 7


class ExactConnection(models.Model):
    """Whether the invoice itself goes along, and how large it may be."""

    _inherit = "exact.connection"

    attach_pdf = fields.Boolean(
        "Attach the PDF",
        tracking=True,
        help="After an entry was booked, the PDF of the invoice follows as a document in Exact, "
        "tied to that entry. It costs two more calls for each document.",
    )

    def _get_largest_file(self):
        """What a file may measure at most, in megabytes."""
        self.ensure_one()
        country = (self.division_id.country_code or "").upper()
        return LARGEST_FILE.get(country, LARGEST_FILE_ELSEWHERE)
