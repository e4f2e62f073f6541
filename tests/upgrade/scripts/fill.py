"""In the former release: a connected company with documents in every state, entries and invoices made in Exact."""
# ruff: noqa: F821

connection = connect()
connection.default_item_id = exact("item", "ALG")
connection.invoicing = True
journal = connection.invoice_odoo_journal_id


def tax(amount, code=None):
    return env["account.tax"].create(
        {
            "name": f"Upgrade {amount} %",
            "amount": amount,
            "type_tax_use": "sale",
            "exact_vat_code_id": exact("vat.code", code).id if code else False,
        }
    )


def product(name, **values):
    made = env["product.product"].create(
        {"name": name, "type": "service", "taxes_id": [(6, 0, good.ids)], **values}
    )
    made.product_tmpl_id.exact_item_id = exact("item", "UREN")
    return made


partner = env["res.partner"].create(
    {"name": "Bakkerij Upgrade B.V.", "is_company": True, "country_id": env.ref("base.nl").id}
)
good, bare = tax(21, "2"), tax(6)
now = fields.Datetime.now()
states = {}

# Sales entries
states["done"] = invoices("done", good, 2)
states["done"].action_exact_create_sales_entry()
states["failed"] = invoices("failed", bare, 2)
states["failed"].action_exact_create_sales_entry()
states["unclear"] = invoices("unclear", good)
fault("salesentry/SalesEntries")
states["unclear"].action_exact_create_sales_entry()
for name in ("pending", "waiting", "sending", "cancelled"):
    states[name] = invoices(name, good)
    exchange = env["exact.exchange"]._enqueue_moves(connection, states[name]).sudo()
    if name != "pending":
        exchange.state = name
states["waiting"].exact_exchange_ids.sudo().retry_at = now - timedelta(minutes=1)
# A worker that died before it called
states["sending"].exact_exchange_ids.sudo().write(
    {"started_on": now - timedelta(minutes=10), "attempts": 1, "attempt_key": "dead"}
)
states["cancelled"].exact_exchange_ids.sudo().left_out = True
states["not_sent"] = invoices("not_sent", good)

# Invoices that Exact makes: of hours, expenses and orders
hour = product(
    "Uur", uom_id=env.ref("uom.product_uom_hour").id, service_type="timesheet", list_price=80.0
)
project = env["project.project"].create(
    {
        "name": "Verhuizing",
        "allow_timesheets": True,
        "allow_billable": True,
        "partner_id": partner.id,
    }
)
project.billing_type = "manually"
anna = env["hr.employee"].create({"name": "Anna", "exact_product_id": hour.id})
hours = env["account.analytic.line"].create(
    {
        "name": "Werk",
        "unit_amount": 2.0,
        "employee_id": anna.id,
        "date": fields.Date.today(),
        "project_id": project.id,
    }
)
states["draft_hours"] = invoice_in_exact(hours)
hotel = product("Hotel", can_be_expensed=True, expense_policy="cost", invoice_policy="delivery")
expense = env["hr.expense"].create(
    {
        "name": "Hotel",
        "employee_id": anna.id,
        "product_id": hotel.id,
        "date": fields.Date.today(),
        "total_amount_currency": 121.0,
        "exact_partner_id": partner.id,
    }
)
expense.approval_state = "submitted"
expense._do_approve(check=False)
states["printed_expense"] = invoice_in_exact(expense, print="print")
order = env["sale.order"].create(
    {
        "partner_id": partner.id,
        "order_line": [(0, 0, {"product_id": product("Vast", invoice_policy="order").id})],
    }
)
order.action_confirm()
fault("salesinvoice/SalesInvoices")
states["unclear_order"] = invoice_in_exact(order)
# One that goes only when the add-on was taken out, after its answer was lost
states["unclear_for_long"] = invoices("unclear_for_long", good, journal_id=journal.id)
states["unclear_for_long"].invoice_line_ids.exact_item_id = exact("item", "UREN")
fault("salesinvoice/SalesInvoices")
states["unclear_for_long"].action_exact_invoice()

env["exact.exchange"]._enqueue_run(connection, "payment_sync")._drive()
env.cr.commit()
token = connection.authorization_id.sudo().token_ids
result = {
    "states": {name: state_of(moves) for name, moves in states.items()},
    "settings": connection.read(list(settings), load=None)[0],
    "token": [token.refresh_token, token.access_token],
    "exchanges": env["exact.exchange"].search_count([]),
    "references": {name: moves[0].exact_reference for name, moves in states.items()},
    "billable": [hours.id, expense.id, order.id],
}
