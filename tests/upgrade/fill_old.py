"""Run by `odoo shell` of the former release: a connected company with documents in every state. No test."""
# ruff: noqa: F821

import json
import os
from datetime import timedelta

import requests

from odoo import fields

SIM = os.environ["SIM_URL"]
APP = ("11111111-1111-4111-8111-111111111111", "practice-secret-nl")


def post(path, values):
    answer = requests.post(f"{SIM}{path}", json=values, timeout=20)
    answer.raise_for_status()
    return answer.json() if answer.content else {}


def exact(model, code):
    return env[f"exact.{model}"].search(
        [("connection_id", "=", connection.id), ("code", "=", code)]
    )


def tax(amount, code=None):
    return env["account.tax"].create(
        {
            "name": f"Upgrade {amount} %",
            "amount": amount,
            "type_tax_use": "sale",
            "exact_vat_code_id": exact("vat.code", code).id if code else False,
        }
    )


def invoice(name, of, number=1):
    moves = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "ref": name,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    (0, 0, {"name": "Advies", "price_unit": 100.0, "tax_ids": [(6, 0, of.ids)]})
                ],
            }
            for _number in range(number)
        ]
    )
    moves.action_post()
    moves.is_move_sent = True
    return moves


env = env(user=env.ref("base.user_admin"))
env["ir.config_parameter"].set_param("exact_connector.practice_url", SIM)
redirect = env["exact.authorization"]._get_redirect_uri()
authorization = env["exact.authorization"].create(
    {"country": "practice", "client_id": APP[0], "client_secret": APP[1]}
)
connection = env["exact.connection"].create(
    {
        "company_id": env.company.id,
        "authorization_id": authorization.id,
        "start_date": fields.Date.to_date("2020-01-01"),
    }
)
env.cr.commit()
post("/_sim/app", {"client_id": APP[0], "redirect_uri": redirect})
code = post(
    "/_sim/grant",
    {"client_id": APP[0], "login": "bookkeeper@practice.example", "redirect_uri": redirect},
)["code"]
kept = authorization._connect(code)
connection._after_connect(kept)
connection.division_id = kept.division_ids.filtered(lambda d: d.code == 1001)
env.cr.commit()
connection._refresh_reference_data()
connection.default_item_id = exact("item", "ALG")
env.cr.commit()

partner = env["res.partner"].create(
    {"name": "Bakkerij Upgrade B.V.", "is_company": True, "country_id": env.ref("base.nl").id}
)
good, bare = tax(21, "2"), tax(6)
now = fields.Datetime.now()
states = {}

states["done"] = invoice("done", good, 2)
states["done"].action_exact_create_sales_entry()
states["failed"] = invoice("failed", bare, 2)
states["failed"].action_exact_create_sales_entry()
# Booked, and the answer lost
states["unclear"] = invoice("unclear", good)
post("/_sim/faults", {"kind": "drop_after", "method": "POST", "path": "salesentry/SalesEntries"})
states["unclear"].action_exact_create_sales_entry()
for name in ("pending", "waiting", "sending", "cancelled"):
    states[name] = invoice(name, good)
    exchange = env["exact.exchange"]._enqueue_moves(connection, states[name]).sudo()
    if name != "pending":
        exchange.state = name
states["waiting"].exact_exchange_ids.sudo().retry_at = now - timedelta(minutes=1)
# A worker that died before it called
states["sending"].exact_exchange_ids.sudo().write(
    {"started_on": now - timedelta(minutes=10), "attempts": 1, "attempt_key": "dead"}
)
states["cancelled"].exact_exchange_ids.sudo().left_out = True
states["not_sent"] = invoice("not_sent", good)
env["exact.exchange"]._enqueue_run(connection, "payment_sync")._drive()
env.cr.commit()
print(
    "RESULT "
    + json.dumps(
        {
            name: [[move.id, move.exact_state, move.exact_entry_number] for move in moves]
            for name, moves in states.items()
        }
    )
)
