from odoo import fields, models


class AccountPaymentTerm(models.Model):
    _inherit = "account.payment.term"

    exact_payment_condition_id = fields.Many2one(
        "exact.payment.condition",
        company_dependent=True,
        domain="[('company_id', '=', allowed_company_ids[0])]",
        help="The payment condition of entries and customers with this term.",
    )
