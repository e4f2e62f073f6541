from odoo import api, models
from odoo.tools import float_is_zero

from odoo.addons.exact_connector_sale.billable import LeftBehind

from .hr_expense import INVOICED_POLICIES, POSTED


class ExactBillableExpense(models.AbstractModel):
    """Why an expense is not taken (W15)."""

    _inherit = "exact.billable.expense"

    @api.model
    def _reason(self, billable):
        """Why an expense is not taken, None where it is; what holds for all sources is judged after this."""
        expense = billable.record
        return (
            self._not_passed_on(expense)
            or self._taken(expense)
            or self._not_ready(expense)
            or self._no_customer(billable)
            or self._no_rate(billable)
        )

    @api.model
    def _not_passed_on(self, expense):
        """By its category it is the company's own cost."""
        env, product = self.env, expense.product_id
        if expense.sale_order_line_id:
            return None
        if not product:
            return LeftBehind("non_billable", env._("It has no category yet."), expense)
        if product.expense_policy not in INVOICED_POLICIES:
            return LeftBehind(
                "non_billable",
                env._(
                    "Category %s is not invoiced to customers: choose At cost or Sales price under "
                    "Re-Invoice Costs if it should be.",
                    product.display_name,
                ),
                product,
            )
        return None

    @api.model
    def _taken(self, expense):
        """On an invoice already, in Exact or in Odoo: which, and by whom."""
        env, line = self.env, self._order_line(expense)
        if not line:
            move = expense._exact_document()
            return env["exact.billable"]._taken_by(move) if move else None
        digits = env["decimal.precision"].precision_get("Product Unit")
        if line.state == "sale" and not float_is_zero(line.qty_to_invoice, precision_digits=digits):
            return None
        moves = line.invoice_lines.move_id.filtered(lambda move: move.state != "cancel")
        if moves:
            return env["exact.billable"]._taken_by(moves.sorted("id")[-1:])
        if line.state != "sale":
            text = env._("Order %s is no confirmed order any more.", line.order_id.name)
        else:
            text = env._("Its line on order %s has quantity 0.", line.order_id.name)
        return LeftBehind("nothing", text, line.order_id)

    @api.model
    def _not_ready(self, expense):
        """Not approved yet; for an order: not posted yet, since Odoo adds the order line when it is."""
        env, order = self.env, expense.sale_order_id
        texts = {
            "draft": env._("It is not submitted yet."),
            "submitted": env._("It is not approved yet."),
            "refused": env._("It was refused."),
        }
        if expense.state in texts:
            return LeftBehind("not_approved", texts[expense.state], expense)
        if not order or expense.sale_order_line_id:
            return None
        if expense.state not in POSTED or expense.account_move_id.state == "draft":
            return LeftBehind(
                "not_approved",
                env._(
                    "It is approved but not posted: its line on order %s comes with posting.",
                    order.name,
                ),
                expense,
            )
        return LeftBehind(
            "nothing",
            env._(
                "It was posted before it was for order %s, which has no line of it: reset it and post "
                "it again.",
                order.name,
            ),
            expense,
        )

    @api.model
    def _no_customer(self, billable):
        env, expense = self.env, billable.record
        if billable.partner:
            return None
        partners = expense._exact_customers()
        if partners:
            text = env._(
                "It is divided over the work for several customers (%s): fill in Customer without "
                "Order, or split it.",
                ", ".join(partners.mapped("display_name")),
            )
        elif expense._exact_analytic_accounts():
            text = env._(
                "Neither its project nor its analytic account has a customer: set it there, or fill in "
                "Customer without Order on the expense."
            )
        else:
            text = env._(
                "It has no sales order: choose one, or fill in Customer without Order on the expense."
            )
        return LeftBehind("no_customer", text, billable.project or expense)

    @api.model
    def _no_rate(self, billable):
        """Nothing to charge; or a refund that Odoo put on the order as something to pay."""
        env, product, line = self.env, billable.product, billable.order_line
        if billable.currency.is_zero(billable.price_unit):
            if line:
                text = env._("Its line on order %s has price 0.", billable.order.name)
            else:
                text = env._("Category %s has no sales price.", product.display_name)
            return LeftBehind("no_rate", text, billable.order if line else product)
        if line and billable.record.total_amount < 0 < billable.net:
            return LeftBehind(
                "no_rate",
                env._(
                    "It is money back, but its line on order %s charges it: make the price there negative.",
                    billable.order.name,
                ),
                billable.order,
            )
        return None
