"""Put in again, and connected to the same division: everything is sent and invoiced that can be."""
# ruff: noqa: F821

moves = env["account.move"].search([("move_type", "=", "out_invoice")], order="id")
result = {"states": sorted({move.exact_state for move in moves})}
connection = connect()
connection.default_item_id = exact("item", "ALG")
for name, code in (("Upgrade 21 %", "2"), ("Upgrade 6 %", "1")):
    env["account.tax"].search([("name", "=", name)]).exact_vat_code_id = exact("vat.code", code)
env["product.product"].search([("name", "in", ("Uur", "Hotel", "Vast"))]).product_tmpl_id.write(
    {"exact_item_id": exact("item", "UREN").id}
)
connection.invoicing = True
hours = env["account.analytic.line"].browse(billable[0])
expense = env["hr.expense"].browse(billable[1])
order = env["sale.order"].browse(billable[2])
result["linked"] = state_of(moves)
result["free"] = [
    b.key
    for record in (hours, expense, order)
    for b in env["exact.billable"]._collect(env.company, record)
    if not b.left_behind
]
result["without_order"] = hours.exact_without_order
# All that can be pressed.
posted = moves.filtered(lambda m: m.state == "posted")
posted.action_exact_create_sales_entry()
drafts = moves.filtered(lambda m: m.state == "draft" and m.exact_route == "invoice")
drafts.invoice_line_ids.exact_item_id = exact("item", "UREN")
drafts.action_exact_invoice()
env["exact.exchange"].sudo()._search_due()._drive()
run = env["exact.exchange"]._enqueue_run(connection, "payment_sync")
run._drive()
result["run"] = [run.state, run.message]
result["after"] = state_of(moves)
result["messages"] = [m.exact_message for m in moves if m.exact_message]
