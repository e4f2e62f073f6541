from odoo import models

from ..client import RightsError

SALES_INVOICES = "salesinvoice/"


class ExactExchange(models.Model):
    """What sending tells about the right to invoice in Exact (R50)."""

    _inherit = "exact.exchange"

    def _settle_error(self, error):
        if isinstance(error, RightsError) and (error.resource or "").startswith(SALES_INVOICES):
            self.connection_id._keep_invoicing_refusal(error)
        return super()._settle_error(error)

    def _settle_done(self, exact_id, number, notes=()):
        if self.kind == "sales_invoice":
            self.connection_id._keep_invoicing_grant()
        return super()._settle_done(exact_id, number, notes)
