"""Jobs on real processes: two divisions at once, a runner and a server that die, and one entry for each document."""

import os
import signal
from datetime import date

import pytest
from waiting import wait

from harness import OdooServer, Postgres, Simulator

ENTRIES = "salesentry/SalesEntries"
DIVISIONS = (1001, 1002)
COUNT = 25
APP = {
    "client_id": "11111111-1111-4111-8111-111111111111",
    "client_secret": "practice-secret-nl",  # of the simulator, known to all
}
# Past Exact's pages, which are not what this is about
CONNECT = """
company = env["res.company"].browse({company})
if {new}:
    company = env["res.company"].create({{
        "name": "Zuid Advies B.V.",
        "country_id": env.ref("base.nl").id,
        "currency_id": env.ref("base.EUR").id,
    }})
    env["account.chart.template"].try_loading("nl", company=company, install_demo=False)
    env.user.write({{"company_ids": [(4, company.id)]}})
env = env(context=dict(env.context, allowed_company_ids=company.ids))
authorization = env["exact.authorization"].browse({authorization})
connection = env["exact.connection"].create({{
    "company_id": company.id, "authorization_id": authorization.id, "start_date": "2020-01-01",
}})
kept = authorization._connect("{code}")
connection._after_connect(kept)
connection.write({{
    "division_id": kept.division_ids.filtered(lambda division: division.code == {division}).id
}})
connection._refresh_reference_data()
own = [("connection_id", "=", connection.id)]
connection.write({{"default_item_id": env["exact.item"].search(own + [("code", "=", "ALG")]).id}})
tax = env["account.tax"].search([
    ("company_id", "=", company.id), ("type_tax_use", "=", "sale"), ("amount", "=", 21),
    ("price_include", "=", False),
], limit=1)
code = env["exact.vat.code"].search(own + [("code", "=", "2")])
tax.with_company(company).write({{"exact_vat_code_id": code.id}})
partner = env["res.partner"].create({{
    "name": "Klant van %s" % company.name, "is_company": True, "country_id": env.ref("base.nl").id,
}})
line = {{"name": "Touw", "quantity": 3, "price_unit": 33.33, "tax_ids": [(6, 0, tax.ids)]}}
moves = env["account.move"].create([{{
    "move_type": "out_invoice", "partner_id": partner.id, "invoice_date": "{day}",
    "invoice_line_ids": [(0, 0, line)],
}}] * {count})
moves.action_post()
moves.write({{"is_move_sent": True}})
"""


@pytest.fixture(scope="module")
def simulator():
    """The local Exact Online, without a limit of calls in a minute."""
    with Simulator(seed="demo", accounts=20) as running:
        running.post("/_sim/limits", {"minute": None, "errors": None})
        yield running


@pytest.fixture(scope="module")
def odoo(simulator):
    """Two companies joined to two divisions, documents in both, workers and a runner of jobs.

    It is killed at the end as well: to end in order, a runner takes longer than this test.
    """
    params = {"exact_connector.practice_url": simulator.url}
    with (
        Postgres() as server,
        OdooServer(server, queue=True, params=params, workers=3, cron=False) as running,
    ):
        redirect = f"{running.url}/exact_connector/oauth2/callback"
        client = {"client_id": APP["client_id"], "redirect_uri": redirect}
        simulator.post("/_sim/app", client)
        model = running.rpc("ir.model", "search", [("model", "=", "exact.connection")])[0]
        for number, division in enumerate(DIVISIONS):
            grant = simulator.post(
                "/_sim/grant", {**client, "login": "bookkeeper@practice.example"}
            )
            values = {"country": "practice", **APP}
            [authorization] = running.rpc("exact.authorization", "create", [values])
            code = CONNECT.format(
                authorization=authorization, company=1, new=bool(number), code=grant["code"], division=division,
                day=date.today().isoformat(), count=COUNT,
            )  # fmt: skip
            values = {"name": "Connect", "model_id": model, "state": "code", "code": code}
            action = running.rpc("ir.actions.server", "create", [values])
            running.rpc("ir.actions.server", "run", action)
        yield running
        running.kill()


def entries(simulator, division):
    """References of the entries in a division's ledger."""
    return [entry["YourRef"] for entry in simulator.get(f"/_sim/ledger/{division}")["entries"]]


def booked(simulator):
    """How many entries each division has."""
    return [len(entries(simulator, division)) for division in DIVISIONS]


def runner(odoo):
    """The process that hands out the jobs: it holds queue_job's lock."""
    rows = odoo.sql(
        "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND datname = %s",
        odoo.db,
    )
    return int(rows[0][0].rpartition("-")[2]) if rows else 0


def age(odoo):
    """What died with the server has been dead for minutes."""
    odoo.sql("UPDATE exact_exchange SET started_on = started_on - interval '5 minutes'")
    odoo.sql("UPDATE queue_job SET date_enqueued = date_enqueued - interval '1 minute'")


def test_r29_r56_two_divisions_by_jobs_with_a_killed_runner_and_a_killed_server(odoo, simulator):
    simulator.post(
        "/_sim/faults",
        {"kind": "delay", "method": "POST", "path": ENTRIES, "seconds": 0.3, "times": 0},
    )
    moves = odoo.rpc("account.move", "search", [("move_type", "=", "out_invoice")])
    assert len(moves) == 2 * COUNT
    odoo.rpc("account.move", "action_exact_create_sales_entry", moves)
    wait(lambda: min(booked(simulator)) > 4, "both divisions to be at work at once")
    odoo.kill()
    before = booked(simulator)
    assert max(before) < COUNT, "killed before the end"
    age(odoo)
    odoo.start_process()
    wait(lambda: booked(simulator) > before, "the dead jobs to be taken up")
    first = wait(lambda: runner(odoo), "the runner")
    os.kill(first, signal.SIGKILL)
    assert min(booked(simulator)) < COUNT, "killed before the end"
    simulator.delete("/_sim/faults")
    wait(lambda: runner(odoo) not in (0, first), "another runner")

    wait(
        lambda: not odoo.sql("SELECT 1 FROM exact_exchange WHERE state != 'done'"),
        "the rest",
    )
    names = {
        division: [
            name
            for (name,) in odoo.sql(
                "SELECT m.name FROM account_move m JOIN exact_connection c USING (company_id)"
                " WHERE c.division = %s AND m.move_type = 'out_invoice'",
                division,
            )
        ]
        for division in DIVISIONS
    }
    for division in DIVISIONS:
        assert sorted(entries(simulator, division)) == sorted(names[division]), division
    wait(
        lambda: not odoo.sql("SELECT 1 FROM queue_job WHERE state NOT IN ('done', 'cancelled')"),
        "the jobs to end",
    )
    rows = odoo.sql("SELECT DISTINCT channel FROM queue_job")
    assert len(rows) == 2, "a channel for each division"
    [(jobs,)] = odoo.sql("SELECT count(*) FROM queue_job")
    assert jobs < 20, "not one for each document"
