from odoo import fields, models


class HrEmployee(models.Model):
    _inherit = "hr.employee"

    exact_product_id = fields.Many2one(
        "product.product",
        "Exact: Product for Hours",
        company_dependent=True,
        domain="[('type', '=', 'service'), ('sale_ok', '=', True)]",
        groups="hr.group_hr_user,exact_connector.group_exact_user",
        help="Hours of this employee without a sales order item are sold as this product, at its price for the "
        "customer. Empty: the product for hours of the project.",
    )
