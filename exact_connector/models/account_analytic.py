from odoo import api, fields, models
from odoo.exceptions import UserError

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

    def _exact_get_dimension(self):
        """The dimension of this plan, else of the nearest plan above it; False where there is none."""
        plan = self
        while plan and not plan.exact_dimension:
            plan = plan.parent_id
        return plan.exact_dimension

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create(vals_list)
        plans._exact_use_dimensions()
        return plans

    def write(self, vals):
        result = super().write(vals)
        if vals.get("exact_dimension"):
            self._exact_use_dimensions()
        return result

    def _exact_use_dimensions(self):
        """Whoever maps a plan wants it sent: the connections of this user's companies read on."""
        if self.filtered("exact_dimension"):
            self.env["exact.connection"].sudo().search(
                [("company_id", "in", self.env.companies.ids), ("use_dimensions", "=", False)]
            ).use_dimensions = True

    def action_exact_match(self):
        """Give the analytic accounts of this plan their counterpart in Exact, by equal code or name.

        Only those without one; what a person chose stays.
        """
        self.ensure_one()
        connection = self.env["exact.connection"]._for_company(self.env.company)
        if not connection:
            raise UserError(
                self.env._("Company %s is not connected to Exact Online.", self.env.company.name)
            )
        connection._check_manager()
        accounts = self.env["account.analytic.account"].search([("plan_id", "child_of", self.id)])
        proposals = accounts._exact_propose(connection)
        for account, (record, _reason) in proposals.items():
            account[DIMENSIONS[account.plan_id._exact_get_dimension()][0]] = record
        left = len(accounts._exact_unmapped()) if accounts else 0
        return connection._notify(
            self.env._("%s analytic accounts matched", len(proposals)),
            self.env._("%s without a counterpart in Exact.", left) if left else "",
            "warning" if left else "success",
        )


class AccountAnalyticAccount(models.Model):
    _inherit = "account.analytic.account"

    exact_cost_center_id = fields.Many2one(
        "exact.cost.center", "Exact Cost Centre", company_dependent=True, domain=OWN_COMPANY
    )
    exact_cost_unit_id = fields.Many2one(
        "exact.cost.unit", company_dependent=True, domain=OWN_COMPANY
    )
    exact_project_id = fields.Many2one("exact.project", company_dependent=True, domain=OWN_COMPANY)
    exact_dimension = fields.Selection(
        selection=lambda self: (
            self.env["account.analytic.plan"]._fields["exact_dimension"].selection
        ),
        compute="_compute_exact_dimension",
    )

    @api.depends("plan_id.exact_dimension", "plan_id.parent_path")
    def _compute_exact_dimension(self):
        for account in self:
            account.exact_dimension = account.plan_id._exact_get_dimension()

    def _exact_unmapped(self):
        """Accounts of a plan that has a dimension, without a counterpart in Exact yet."""
        return self.filtered(
            lambda account: (
                account.exact_dimension and not account[DIMENSIONS[account.exact_dimension][0]]
            )
        )

    def _exact_propose(self, connection):
        """Counterparts for those without one, by equal code or else equal name; pure.

        :return: dict of analytic account -> (record of Exact, "code" or "name")
        """
        found = {}
        for account in self.with_company(connection.company_id)._exact_unmapped():
            model = self.env[DIMENSIONS[account.exact_dimension][1]]
            records = model.search([("connection_id", "=", connection.id)])
            record, reason = records._match(records, account)
            if record:
                found[account] = (record, reason)
        return found
