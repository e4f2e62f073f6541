from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_duration

from odoo.addons.exact_connector.models.product import ITEM_DOMAIN


class ProjectProject(models.Model):
    _name = "project.project"
    _inherit = ["project.project", "exact.mapped", "exact.connected.view"]

    exact_item_id = fields.Many2one(
        "exact.item",
        company_dependent=True,
        domain=ITEM_DOMAIN,
        help="For work on this project where neither product nor task has an item of its own.",
    )
    exact_uninvoiced_hours = fields.Float(
        "Uninvoiced Hours",
        compute="_compute_exact_uninvoiced_hours",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
        help="Hours that a customer is to pay for and that stand on no invoice yet, in hours.",
    )

    @api.depends("timesheet_ids.timesheet_invoice_id", "timesheet_ids.unit_amount")
    @api.depends_context("company")
    def _compute_exact_uninvoiced_hours(self):
        company = self.env.company
        domain = self.env["exact.billable.timesheet"]._payable_domain(company)
        domain &= Domain("project_id", "in", self.ids) & Domain("company_id", "=", company.id)
        domain &= Domain("timesheet_invoice_id", "=", False)
        sums = dict(
            self.env["account.analytic.line"]._read_group(
                domain, ["project_id"], ["unit_amount:sum"]
            )
        )
        for project in self:
            project.exact_uninvoiced_hours = sums.get(project._origin, 0.0)

    def action_exact_invoice(self):
        """The wizard, with all that is uninvoiced on these projects."""
        self.env["exact.uninvoiced"]._check_user()
        self.check_access("read")
        return self.env["exact.invoice.wizard"]._open(self)

    def _get_stat_buttons(self):
        """Among the buttons of the project's dashboard."""
        buttons = super()._get_stat_buttons()
        if self.env.user.has_group("exact_connector.group_exact_user"):
            buttons.append(
                {
                    "icon": "share-square-o",
                    "text": self.env._("Invoice in Exact"),
                    "number": self._exact_uninvoiced_text(),
                    "action_type": "object",
                    "action": "action_exact_invoice",
                    "show": self.allow_billable and bool(self.env["exact.uninvoiced"]._companies()),
                    "sequence": 29,
                }
            )
        return buttons

    def _exact_uninvoiced_text(self):
        hours = self.exact_uninvoiced_hours
        return self.env._("%s h", format_duration(hours)) if hours else False
