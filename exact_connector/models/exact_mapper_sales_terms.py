from odoo import api, models


class ExactMapperSalesEntry(models.AbstractModel):
    """The payment condition of a sales entry."""

    _inherit = "exact.mapper.sales.entry"

    @api.model
    def _resolve_payment_condition(self, move, connection, resolution):
        """The condition of the payment term, else the default; Odoo's due date goes along anyway (R21-R27)."""
        choice = self.env["exact.mapper.payment.condition"]._choose_for_move(move, connection)
        if choice.chosen:
            resolution.values["payment_condition"] = choice.chosen
        if choice.problem:
            problem = choice.problem
            resolution.problem(problem.code, problem.message, problem.record)
        for note in choice.notes:
            resolution.note(note)
