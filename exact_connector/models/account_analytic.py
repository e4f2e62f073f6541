from odoo import fields, models

# For each dimension: the field on the analytic account, and the model of Exact's records.
DIMENSIONS = {
    "cost_center": ("exact_cost_center_id", "exact.cost.center"),
    "cost_unit": ("exact_cost_unit_id", "exact.cost.unit"),
    "project": ("exact_project_id", "exact.project"),
}
OWN_COMPANY = "[('company_id', '=', allowed_company_ids[0])]"


class AccountAnalyticPlan(models.Model):
    _inherit = "account.analytic.plan"

    exact_dimension = fields.Selection(
        [("cost_center", "Cost Centre"), ("cost_unit", "Cost Unit"), ("project", "Project")],
        "In Exact",
        help="What the analytic accounts of this plan, and of the plans below it, are in Exact.",
    )


class AccountAnalyticAccount(models.Model):
    _inherit = "account.analytic.account"

    exact_cost_center_id = fields.Many2one(
        "exact.cost.center", "Exact Cost Centre", company_dependent=True, domain=OWN_COMPANY
    )
    exact_cost_unit_id = fields.Many2one(
        "exact.cost.unit", "Exact Cost Unit", company_dependent=True, domain=OWN_COMPANY
    )
    exact_project_id = fields.Many2one(
        "exact.project", "Exact Project", company_dependent=True, domain=OWN_COMPANY
    )
