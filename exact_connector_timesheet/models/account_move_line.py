from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _exact_pdf(self):
        """Exact's PDF of this document, where it has come back."""
        self.ensure_one()
        main = self.message_main_attachment_id
        return main if main.mimetype == "application/pdf" else main.browse()


class AccountMoveLine(models.Model):
    """The work behind a line whose item it has in Exact (R15)."""

    _inherit = "account.move.line"

    exact_task_id = fields.Many2one(
        "project.task", copy=True, index="btree_not_null", ondelete="set null"
    )
    exact_project_id = fields.Many2one(
        "project.project", copy=True, index="btree_not_null", ondelete="set null"
    )
