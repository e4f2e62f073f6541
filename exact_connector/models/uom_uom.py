from odoo import fields, models

from ..units import plain, split_codes


class UomUom(models.Model):
    """A unit of measure and what it is called in Exact."""

    _inherit = "uom.uom"

    exact_unit_codes = fields.Char(
        "Codes in Exact",
        help="Codes of this unit on items in Exact, with commas between them. The usual ones for hours, days, "
        "minutes, kilometres and pieces are known already.",
    )

    def _exact_is_called(self, code):
        """Whether a person wrote this code of Exact on the unit."""
        self.ensure_one()
        return plain(code) in split_codes(self.exact_unit_codes)
