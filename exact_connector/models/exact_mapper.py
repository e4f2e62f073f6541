from odoo import api, models

# Lengths that integrators use; Exact publishes no table (Exact Online API 5.3, 5.11).
MAX_LINE_DESCRIPTION = 60
MAX_DESCRIPTION = 60
MAX_REFERENCE = 50


class ExactMapper(models.AbstractModel):
    """Base of the mappers: pure methods from Odoo records to values of Exact and back.

    A mapper neither writes nor calls; what it cannot find becomes a problem that names the record.
    """

    _name = "exact.mapper"
    _description = "Exact Mapper"

    @api.model
    def _clip(self, text, length):
        """One line of text, at most ``length`` characters, cut with an ellipsis."""
        text = " ".join((text or "").split())
        return text if len(text) <= length else text[: length - 1].rstrip() + "…"
