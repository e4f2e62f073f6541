from odoo import api, models


class ExactInvoiceWizard(models.TransientModel):
    """Where Exact does not make invoices yet, that is asked first; the press then goes on by itself."""

    _inherit = "exact.invoice.wizard"

    @api.model
    def _open(self, records):
        self._check_user()
        records.check_access("read")
        start = self.env["exact.invoice.start"]
        return start._ask(self.env.company, records=records) or super()._open(records)

    @api.model
    def _open_keys(self, company, keys, options=None):
        self._check_user()
        ask = company in self.env.companies and self.env["exact.invoice.start"]._ask(
            company, keys=keys
        )
        return ask or super()._open_keys(company, keys, options)
