from odoo import fields, models


class AccountMoveLine(models.Model):
    """The work behind a line whose item it has in Exact (R15)."""

    _inherit = "account.move.line"

    exact_task_id = fields.Many2one(
        "project.task", copy=True, index="btree_not_null", ondelete="set null"
    )
    exact_project_id = fields.Many2one(
        "project.project", copy=True, index="btree_not_null", ondelete="set null"
    )
