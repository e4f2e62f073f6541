"""In this release on the upgraded database: what is there, and sending goes on."""
# ruff: noqa: F821

states = before["states"]
moves = env["account.move"].browse([row[0] for rows in states.values() for row in rows])
token = connection.authorization_id.sudo().token_ids
jobs = connection._search_jobs()
result = {
    "versions": env["ir.module.module"]
    .search([("name", "like", "exact_connector%")])
    .mapped("latest_version"),
    "states": {
        name: state_of(env["account.move"].browse([r[0] for r in rows]))
        for name, rows in states.items()
    },
    "settings": connection.read(list(settings), load=None)[0],
    "token": [token.refresh_token, token.access_token],
    "exchanges": env["exact.exchange"].search_count([]),
    "keep_months": connection.keep_months,
    "connection": connection.state,
    "cron": env.ref("exact_connector.ir_cron_look_again").active,
    "groups": [[m.cause_id.code, m.stopped_count] for m in env["exact.mend"].search([])],
    "other_routes": env["account.move"].search_count(
        [("move_type", "=", "entry"), ("exact_route", "!=", False)]
    ),
    "jobs": len(jobs),
}
# That one's answer stays away until the add-on was taken out.
long = env["account.move"].browse(states["unclear_for_long"][0][0]).exact_exchange_ids.sudo()
with later(120):
    (env["exact.exchange"].sudo()._search_due() - long)._drive()
    tax = env["account.tax"].search([("name", "=", "Upgrade 6 %")])
    # Six percent is nine since 2019.
    tax.write({"amount": 9})
    tax.exact_vat_code_id = exact("vat.code", "1")
    env.cr.commit()
    env["exact.exchange"].sudo()._cron_look_again()
    (env["exact.exchange"].sudo()._search_due() - long)._drive()
    env.cr.commit()
result["after"] = {
    name: [[row[1], m.exact_message or ""] for row, m in zip(state_of(ms), ms, strict=True)]
    for name, ms in (
        (n, env["account.move"].browse([r[0] for r in rows])) for n, rows in states.items()
    )
}
# What the queue is about to do when it is taken out: one due now, one in an hour.
soon, late = (env["exact.exchange"]._enqueue_moves(connection, invoices("q", good)) for _n in "ab")
soon._schedule()
at = fields.Datetime.now() + timedelta(hours=1)
late.sudo().write({"state": "waiting", "retry_at": at})
late._schedule(at=at)
result["queued"] = [
    soon.move_id.id,
    late.move_id.id,
    fields.Datetime.to_string(at),
    len(connection._search_jobs()),
]
