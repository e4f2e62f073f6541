"""What the scripts share; each runs after this, with ``env`` and ``sim``, the address of the local Exact Online."""
# ruff: noqa: F821

from datetime import timedelta
from unittest.mock import patch

import requests

from odoo import fields

APP = ("11111111-1111-4111-8111-111111111111", "practice-secret-nl")
CREATE, PRINT = "action_exact_create_sales_entry", "action_exact_print_invoice"


def post(path, values):
    answer = requests.post(f"{sim}{path}", json=values, timeout=20)
    answer.raise_for_status()
    return answer.json() if answer.content else {}


def fault(path):
    """The next one is made in Exact, and its answer is lost."""
    post("/_sim/faults", {"kind": "drop_after", "method": "POST", "path": path})


def exact(model, code):
    domain = [("connection_id", "=", connection.id), ("code", "=", code)]
    return env[f"exact.{model}"].search(domain)


def connect():
    """The company joined to its division, as by hand; with what has to be chosen."""
    env["ir.config_parameter"].set_param("exact_connector.practice_url", sim)
    redirect = env["exact.authorization"]._get_redirect_uri()
    authorization = env["exact.authorization"].create(
        {"country": "practice", "client_id": APP[0], "client_secret": APP[1]}
    )
    made = env["exact.connection"].create(
        {
            "company_id": env.company.id,
            "authorization_id": authorization.id,
            "start_date": fields.Date.to_date("2020-01-01"),
        }
    )
    env.cr.commit()
    post("/_sim/app", {"client_id": APP[0], "redirect_uri": redirect})
    login = {"login": "bookkeeper@practice.example", "redirect_uri": redirect}
    code = post("/_sim/grant", {"client_id": APP[0], **login})["code"]
    kept = authorization._connect(code)
    made._after_connect(kept)
    made.division_id = kept.division_ids.filtered(lambda d: d.code == 1001)
    env.cr.commit()
    made._refresh_reference_data()
    env.cr.commit()
    return made


def invoices(name, of, number=1, **values):
    """Posted invoices that the customer has."""
    partner = env["res.partner"].search([("name", "=", "Bakkerij Upgrade B.V.")])
    line = {"name": "Advies", "price_unit": 100.0, "tax_ids": [(6, 0, of.ids)]}
    made = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "ref": name,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [(0, 0, line)],
                **values,
            }
            for _number in range(number)
        ]
    )
    if not values:
        made.action_post()
        made.is_move_sent = True
    return made


def invoice_in_exact(records, print="draft"):
    """What the wizard makes of a selection."""
    before = env["account.move"].search([("exact_route", "=", "invoice")])
    action = env["exact.invoice.wizard"]._open(records)
    wizard = env[action["res_model"]].browse(action["res_id"])
    wizard.print_invoice = print
    wizard.action_send()
    assert not wizard.message, wizard.message
    made = env["account.move"].search([("exact_route", "=", "invoice")]) - before
    assert made, [row.reason for row in wizard.left_ids]
    return made


def state_of(moves):
    env.invalidate_all()
    return [[move.id, move.exact_state, move.exact_entry_number] for move in moves]


def later(seconds):
    """Both sides so much further on: what is unclear is asked for."""
    post("/_sim/clock", {"advance": seconds})
    moment = fields.Datetime.now() + timedelta(seconds=seconds)
    return patch.object(fields.Datetime, "now", side_effect=lambda *_args: moment)


connection = env["exact.connection"].search([]) if "exact.connection" in env else None
good = env["account.tax"].search([("name", "=", "Upgrade 21 %")])
