"""What happens once, at installing and at uninstalling."""

from odoo.addons.exact_connector.kept import keep, kept

ADDON = "exact_connector_expense"


def post_init_hook(env):
    """What stood on an invoice when the add-on was taken out stands on it still, and is not invoiced again."""
    rows = kept(env, ADDON)
    expenses = env["hr.expense"].sudo().browse(int(key) for key in rows).exists()
    moves = env["account.move"].sudo().browse(rows.values()).exists()
    for expense in expenses:
        expense.exact_move_id = moves.filtered(lambda m, e=expense: m.id == rows[str(e.id)])
    keep(env, ADDON, {})


def uninstall_hook(env):
    """Keep which invoice an expense without an order stands on: nothing of Odoo's own tells."""
    expenses = env["hr.expense"].sudo().search([("exact_move_id", "!=", False)])
    keep(env, ADDON, {str(expense.id): expense.exact_move_id.id for expense in expenses})
