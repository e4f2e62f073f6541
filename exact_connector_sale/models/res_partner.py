from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_exact_invoice(self):
        """The wizard, with all that is uninvoiced of these customers (R47)."""
        self.env["exact.uninvoiced"]._check_user()
        return self.env["exact.invoice.wizard"]._open(self.commercial_partner_id)
