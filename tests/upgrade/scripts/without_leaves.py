"""Queue, hours and expenses are taken out: the scheduled action has the queue's work, orders are invoiced as before."""
# ruff: noqa: F821

cron = env.ref("exact_connector.ir_cron_process_exchanges")
soon, late, at, _jobs = queued
result = {
    "models": [name for name in ("exact.exchange", "exact.billable") if name in env],
    "triggers": [
        env["ir.cron.trigger"].search_count(
            [("cron_id", "=", cron.id), ("call_at", "<=", fields.Datetime.now())]
        ),
        env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id), ("call_at", "=", at)]),
    ],
    "before": env["account.move"].browse([soon, late]).mapped("exact_state"),
}
long = env["account.move"].browse(unclear).exact_exchange_ids.sudo()
long.retry_at = fields.Datetime.now() + timedelta(days=1)
# An hour later
env["account.move"].browse(late).exact_exchange_ids.sudo().retry_at = fields.Datetime.now()
env.cr.commit()
cron.method_direct_trigger()
# It has a transaction of its own.
env.cr.commit()
result["after"] = [row[1] for row in state_of(env["account.move"].browse([soon, late]))]
order = env["sale.order"].search([])[:1].copy()
order.action_confirm()
result["order"] = [row[1] for row in state_of(invoice_in_exact(order))]
