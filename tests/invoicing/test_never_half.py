"""Invoiced in Exact once or not at all, whatever dies or happens at the same time: real processes and commits (R49)."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from demo_parts.job import DIVISION, Job
from demo_parts.work import Work
from waiting import wait

from harness import OdooServer, OdooSession, Postgres, ServerError, Simulator

INVOICES = "salesinvoice/SalesInvoices"


@pytest.fixture(scope="module")
def simulator():
    """The local Exact Online."""
    with Simulator(seed="demo", accounts=25) as running:
        yield running


@pytest.fixture(scope="module")
def odoo(simulator):
    """Two customers, hours of two projects, worker processes; scheduled actions run when a test says so."""
    params = {"exact_connector.practice_url": simulator.url}
    with (
        Postgres() as server,
        OdooServer(server, full=True, params=params, workers=3, cron=False) as running,
    ):
        job = Job(running, simulator)
        job.prepare()
        job.connect()
        job.map()
        country = running.rpc("res.country", "search", [("code", "=", "NL")])[0]
        customers = running.rpc(
            "res.partner",
            "create",
            [
                {"name": name, "is_company": True, "country_id": country}
                for name in ("Touwslagerij Vast", "Zeilmakerij Los")
            ],
        )
        connection = running.rpc("exact.connection", "search", [])
        running.rpc("exact.connection", "write", connection, {"invoicing": True})
        running.work = Work(running.rpc, customers).make()
        yield running
        assert not [line for line in running.log_errors() if "bad query" not in line]


@pytest.fixture
def hours(odoo, simulator):
    """Two hours of a project without an order, of which nobody knows yet."""
    simulator.delete("/_sim/faults")
    old = odoo.rpc("account.analytic.line", "read", [odoo.work.hours[-1]])[0]
    names = ("project_id", "task_id", "employee_id")
    values = {name: old[name][0] for name in names} | {"name": "Nazorg", "date": old["date"]}
    return odoo.rpc(
        "account.analytic.line", "create", [{**values, "unit_amount": n} for n in (1.5, 2.0)]
    )


def open_wizard(session, hours):
    """Press "Invoice in Exact" on hours; the screen that comes of it."""
    action = session.call("account.analytic.line", "action_exact_invoice", hours)
    assert action["res_model"] == "exact.invoice.wizard"
    return action["res_id"]


def send(session, wizard):
    """Press "Send to Exact": what is told, None where the server died meanwhile."""
    try:
        return session.call("exact.invoice.wizard", "action_send", [wizard])
    except requests.RequestException:
        return None
    except ServerError as error:
        return str(error)


def exchanges(odoo, hours):
    """State and document of the exchanges whose selection holds these hours."""
    key = f'%"account.analytic.line,{hours[0]}"%'
    query = (
        "SELECT state, move_id, id FROM exact_exchange WHERE selection::text LIKE %s ORDER BY id"
    )
    return odoo.sql(query, key)


def invoices_of(simulator):
    """The invoices in Exact."""
    found = simulator.get(f"/_sim/invoices/{DIVISION}")
    return found["invoices"] if isinstance(found, dict) else found


def copies(odoo, hours):
    """Odoo's copies that these hours are in."""
    rows = odoo.rpc("account.analytic.line", "read", hours, ["timesheet_invoice_id"])
    return {row["timesheet_invoice_id"] and row["timesheet_invoice_id"][0] for row in rows}


def settle(odoo):
    """The time of the next look-up has come, and the scheduled action runs."""
    odoo.sql(
        "UPDATE exact_exchange SET retry_at = now() AT TIME ZONE 'utc' - interval '1 second',"
        " started_on = now() AT TIME ZONE 'utc' - interval '5 minutes'"
        " WHERE state IN ('sending', 'unclear', 'waiting')"
    )
    cron = odoo.login().ref("exact_connector.ir_cron_process_exchanges")
    odoo.rpc("ir.cron", "method_direct_trigger", [cron])


def test_r49_two_people_same_hours_at_once_one_wins_other_is_told(odoo, simulator, hours):
    people = [odoo.login(), OdooSession(odoo.url, odoo.db, "admin", "admin")]
    wizards = [open_wizard(person, hours) for person in people]
    before = len(invoices_of(simulator))
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(send, people, wizards))
    [(state, move, _id)] = exchanges(odoo, hours)
    assert (state, copies(odoo, hours)) == ("done", {move})
    assert len(invoices_of(simulator)) == before + 1
    won = [notice for notice in told if notice["type"] == "ir.actions.client"]
    [lost] = [notice for notice in told if notice not in won]
    assert len(won) == 1, told
    # The other one sees the same screen again, with the reason at each hour.
    [screen] = odoo.rpc("exact.invoice.wizard", "read", [lost["res_id"]], ["left_ids"])
    reasons = odoo.rpc("exact.invoice.wizard.line", "read", screen["left_ids"], ["reason"])
    assert len(reasons) == 2
    assert all("Exact" in row["reason"] for row in reasons), reasons


def kill_while_exact_works(odoo, simulator, hours, seconds):
    """Send, kill the server while Exact is at work, and start it again."""
    simulator.post(
        "/_sim/faults", {"kind": "delay", "method": "POST", "path": INVOICES, "seconds": seconds}
    )
    session = OdooSession(odoo.url, odoo.db, "admin", "admin")
    wizard = open_wizard(session, hours)
    pressing = threading.Thread(target=send, args=(session, wizard))
    pressing.start()
    wait(lambda: [row for row in exchanges(odoo, hours) if row[0] == "sending"], "the claim")
    time.sleep(0.5)  # the request is on its way
    odoo.kill()
    pressing.join()
    odoo.start_process()


def test_r49_server_killed_while_exact_makes_the_invoice_adopts_it_and_keeps_the_hours(
    odoo, simulator, hours
):
    before = len(invoices_of(simulator))
    kill_while_exact_works(odoo, simulator, hours, 1.5)
    [(state, move, _id)] = exchanges(odoo, hours)
    assert state == "sending", "committed before the first byte left"
    assert copies(odoo, hours) == {move}, "the hours were marked in the commit before the call"
    wait(lambda: len(invoices_of(simulator)) == before + 1, "Exact to have made it")
    settle(odoo)
    [(state, same, _id)] = exchanges(odoo, hours)
    assert (state, same) == ("done", move)
    row = odoo.rpc("account.move", "read", [move], ["exact_reference", "exact_state"])[0]
    assert row["exact_state"] == "draft"
    reference = row["exact_reference"]
    own = [row for row in invoices_of(simulator) if row["YourRef"] == reference]
    assert len(own) == 1


def test_r49_refused_by_exact_nothing_is_marked_and_nothing_is_made(odoo, simulator, hours):
    before = len(invoices_of(simulator))
    text = "Ongeldig: Klant (Type)"
    simulator.post("/_sim/say", {"method": "POST", "path": INVOICES, "status": 500, "text": text})
    session = odoo.login()
    send(session, open_wizard(session, hours))
    [(state, move, _id)] = exchanges(odoo, hours)
    assert (state, move) == ("failed", None)
    assert copies(odoo, hours) == {False}
    assert len(invoices_of(simulator)) == before
    # Selected again, it goes.
    send(session, open_wizard(session, hours))
    assert copies(odoo, hours) != {False}
    assert len(invoices_of(simulator)) == before + 1
