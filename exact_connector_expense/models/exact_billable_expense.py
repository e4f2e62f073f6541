from odoo import api, models


class ExactBillable(models.AbstractModel):
    _inherit = "exact.billable"

    @api.model
    def _sources(self):
        return [*super()._sources(), "exact.billable.expense"]


class ExactBillableExpense(models.AbstractModel):
    """The expenses and trips that can be invoiced."""

    _name = "exact.billable.expense"
    _description = "Exact: Expenses and trips to Invoice"
    _inherit = ["exact.billable.source"]
