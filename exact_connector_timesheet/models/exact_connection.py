from odoo import fields, models


class ExactConnection(models.Model):
    _inherit = "exact.connection"

    hour_product_id = fields.Many2one(
        "product.product",
        "Product for Hours",
        domain="[('type', '=', 'service'), ('sale_ok', '=', True), ('company_id', 'in', (company_id, False))]",
        check_company=True,
        tracking=True,
        help="Hours without a sales order item are sold as this product, at its price for the customer, where "
        "neither the employee nor the project has a product for hours.",
    )
