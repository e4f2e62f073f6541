"""Run by `odoo shell` of this release on the upgraded database: what is there, and sending goes on. No test."""
# ruff: noqa: F821

import json
import os
from datetime import timedelta
from unittest.mock import patch

import requests

from odoo import fields

SIM = os.environ["SIM_URL"]
env = env(user=env.ref("base.user_admin"))
before = json.loads(os.environ["BEFORE"])
moves = env["account.move"].browse([row[0] for rows in before.values() for row in rows])
connection = env["exact.connection"].search([])
seen = {
    "version": env.ref("base.module_exact_connector").latest_version,
    "states": {move.id: [move.exact_state, move.exact_entry_number] for move in moves},
    "routes": sorted(set(moves.mapped("exact_route"))),
    "bill_route": env["account.move"].search_count(
        [("move_type", "=", "entry"), ("exact_route", "!=", False)]
    ),
    "keep_months": connection.keep_months,
    "connection": connection.state,
    "crons": env.ref("exact_connector.ir_cron_look_again").active,
    "problems": env["exact.exchange.problem"].search_count([]),
    "groups": [[m.cause_id.code, m.stopped_count] for m in env["exact.mend"].search([])],
}
# A minute later, so that what is unclear is asked for.
requests.post(f"{SIM}/_sim/clock", json={"advance": 120}, timeout=20)
later = fields.Datetime.now() + timedelta(seconds=120)
with patch.object(fields.Datetime, "now", side_effect=lambda *_args: later):
    env["exact.exchange"].sudo()._search_due()._drive()
    tax = env["account.tax"].search([("name", "=", "Upgrade 6 %")])
    code = env["exact.vat.code"].search([("connection_id", "=", connection.id), ("code", "=", "1")])
    # Six percent is nine since 2019.
    tax.write({"amount": 9})
    tax.exact_vat_code_id = code
    env.cr.commit()
    env["exact.exchange"].sudo()._cron_look_again()
    env["exact.exchange"].sudo()._search_due()._drive()
    env.cr.commit()
env.invalidate_all()
seen["after"] = {move.id: [move.exact_state, move.exact_message or ""] for move in moves}
print("RESULT " + json.dumps(seen))
