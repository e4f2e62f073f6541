"""Only exact_connector is left: entries go, and so does what the other add-ons had begun."""
# ruff: noqa: F821

entry = invoices("alone", good)
entry.action_exact_create_sales_entry()
draft = invoices("alone in Exact", good, journal_id=connection.invoice_odoo_journal_id.id)
draft.invoice_line_ids.exact_item_id = exact("item", "UREN")
draft.action_exact_invoice()
hours = env["account.move"].browse(drafts)
hours.action_exact_refresh_invoice()
result = {
    "models": [name for name in ("exact.exchange", "exact.billable") if name in env],
    "entry": state_of(entry),
    "draft": state_of(draft),
    "drafts": state_of(hours),
}
