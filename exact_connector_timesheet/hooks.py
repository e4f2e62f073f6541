"""What happens once, at installing."""


def post_init_hook(env):
    """Hours on an invoice without an order, as this add-on made them before it was taken out, stay theirs."""
    env.cr.execute(
        """
        UPDATE account_analytic_line SET exact_without_order = TRUE
         WHERE timesheet_invoice_id IS NOT NULL AND so_line IS NULL
        """
    )
    env["account.analytic.line"].invalidate_model(["exact_without_order"])
