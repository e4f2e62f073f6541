from odoo import models
from odoo.exceptions import UserError

# What of an expense decides what its customer pays.
INVOICED_FIELDS = {
    "product_id", "quantity", "product_uom_id", "total_amount", "total_amount_currency", "currency_id",
    "exact_partner_id", "company_id",
}  # fmt: skip


class HrExpense(models.Model):
    """The guard: an expense that stands on an invoice in Exact is not changed behind its back."""

    _inherit = "hr.expense"

    def write(self, vals):
        # Also of a split: it divides the amount of the expense it starts from.
        changed = INVOICED_FIELDS.intersection(vals)
        if changed:
            self.filtered(
                lambda expense: any(expense._exact_differs(name, vals[name]) for name in changed)
            )._exact_check_not_invoiced()
        return super().write(vals)

    def _exact_differs(self, name, value):
        field = self._fields[name]
        return field.convert_to_cache(value, self) != field.convert_to_cache(self[name], self)

    def action_reset(self):
        self._exact_check_not_invoiced()
        return super().action_reset()

    def _do_reset_approval(self):
        self._exact_check_not_invoiced()
        return super()._do_reset_approval()

    def _do_refuse(self, reason):
        self._exact_check_not_invoiced()
        return super()._do_refuse(reason)

    def action_split_wizard(self):
        self._exact_check_not_invoiced()
        return super().action_split_wizard()

    def _sale_expense_reset_sol_quantities(self):
        """Odoo does this when the journal entry of an expense is reset, reversed or deleted: its order line
        would fall to 0 and the next invoice would take back what Exact has invoiced."""
        self.filtered("sale_order_line_id")._exact_check_not_invoiced()
        return super()._sale_expense_reset_sol_quantities()

    def _exact_check_not_invoiced(self):
        """:raises UserError: naming the invoice and the way out."""
        env = self.env
        for expense in self.sudo():
            move = expense._exact_document()
            if not move:
                continue
            if move.exact_route != "invoice":
                text = env._(
                    "Expense %(expense)s stands on invoice %(invoice)s: credit that invoice first, or delete "
                    "it while it is a draft.",
                    expense=expense.name,
                    invoice=move.display_name,
                )
            elif move.exact_entry_number:
                text = env._(
                    "Expense %(expense)s stands on invoice %(number)s in Exact. Credit that invoice "
                    "first: open it with the button at the top of the expense, press Credit Note, then "
                    "Invoice in Exact.",
                    expense=expense.name,
                    number=move.exact_entry_number,
                )
            elif move.exact_invoice_id:
                text = env._(
                    "Expense %(expense)s stands on a draft invoice in Exact (%(invoice)s). Open it with the "
                    "button at the top of the expense and press Cancel in Exact first.",
                    expense=expense.name,
                    invoice=move.ref or move.display_name,
                )
            else:
                text = env._(
                    "Expense %(expense)s is on its way to Exact (%(invoice)s). Wait until it is there, or "
                    "settle what keeps it under Exact Online, To Mend.",
                    expense=expense.name,
                    invoice=move.ref or move.display_name,
                )
            raise UserError(text)
