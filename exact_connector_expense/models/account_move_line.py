from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _sale_can_be_reinvoice(self):
        """An expense that Exact invoices without an order gets no order line any more: it would be paid twice."""
        expense = self.expense_id.sudo()
        if expense.exact_move_id and not expense.sale_order_line_id and expense._exact_document():
            return False
        return super()._sale_can_be_reinvoice()
