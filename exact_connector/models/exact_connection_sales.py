from odoo import fields, models


class ExactConnection(models.Model):
    """How the lines of a document are booked."""

    _inherit = "exact.connection"

    discount_account_id = fields.Many2one(
        "exact.gl.account",
        domain="[('connection_id', '=', id), ('is_revenue', '=', True)]",
        tracking=True,
        help="Discounts on invoice lines are booked here, and the line itself before its discount. "
        "Empty: lines go after their discount.",
    )
    journal_per_product = fields.Boolean(
        tracking=True, help="Products can name the journal in Exact that their documents go to."
    )
    use_dimensions = fields.Boolean(
        "Cost Centres, Cost Units and Projects",
        tracking=True,
        help="Read them from Exact with the reference data, and send what the analytic accounts of "
        "invoice lines are mapped to.",
    )
