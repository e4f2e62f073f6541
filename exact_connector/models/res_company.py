from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    exact_connection_ids = fields.One2many("exact.connection", "company_id")
