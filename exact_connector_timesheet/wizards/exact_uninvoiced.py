from odoo import api, fields, models


class ExactUninvoiced(models.TransientModel):
    """Each project of a customer has a row of its own."""

    _inherit = "exact.uninvoiced"
    _order = "name, project_id, id"

    project_id = fields.Many2one("project.project", readonly=True)

    @api.model
    def _row_key(self, billable):
        return (*super()._row_key(billable), billable.project.id if billable.project else 0)

    @api.model
    def _row_values(self, billable):
        project = billable.project.id if billable.project else False
        return {**super()._row_values(billable), "project_id": project}


class ExactUninvoicedLine(models.TransientModel):
    _inherit = "exact.uninvoiced.line"

    project_id = fields.Many2one("project.project", readonly=True)
    task_id = fields.Many2one("project.task", readonly=True)
    employee_name = fields.Char("Employee", readonly=True)

    @api.model
    def _values(self, billable):
        # The name only: whoever invoices need not have the rights to read employees.
        return {
            **super()._values(billable),
            "project_id": billable.project.id if billable.project else False,
            "task_id": billable.task.id if billable.task else False,
            "employee_name": billable.employee.sudo().name if billable.employee else False,
        }
