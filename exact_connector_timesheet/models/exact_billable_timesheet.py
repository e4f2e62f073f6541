from odoo import api, models


class ExactBillable(models.AbstractModel):
    _inherit = "exact.billable"

    @api.model
    def _sources(self):
        return [*super()._sources(), "exact.billable.timesheet"]


class ExactBillableTimesheet(models.AbstractModel):
    """The hours that can be invoiced."""

    _name = "exact.billable.timesheet"
    _description = "Exact: Hours to Invoice"
    _inherit = ["exact.billable.source"]
