from odoo import fields, models

from odoo.addons.exact_connector.models.product import ITEM_DOMAIN


class ProjectTask(models.Model):
    _name = "project.task"
    _inherit = ["project.task", "exact.mapped", "exact.connected.view"]

    exact_item_id = fields.Many2one(
        "exact.item",
        company_dependent=True,
        domain=ITEM_DOMAIN,
        help="For hours on this task whose product has no item of its own.",
    )

    def action_exact_invoice(self):
        """The wizard, with the hours on these tasks and those below them."""
        self.env["exact.uninvoiced"]._check_user()
        self.check_access("read")
        return self.env["exact.invoice.wizard"]._open(self)
