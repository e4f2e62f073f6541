from odoo import models
from odoo.fields import Domain


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _timesheet_compute_delivered_quantity_domain(self):
        """Hours invoiced in Exact without an order stay out of every order, also one set on them later."""
        domain = super()._timesheet_compute_delivered_quantity_domain()
        if self.env.context.get("exact_all_hours"):
            return domain
        return Domain(domain) & Domain("exact_without_order", "=", False)
