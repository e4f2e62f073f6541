"""Two servers on one database, one of them with four workers: whoever sends, each document is booked once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
import requests
from demo_parts.job import DIVISION

from harness import OdooServer, OdooSession, ServerError

ENTRIES = "salesentry/SalesEntries"
USER = "colleague"
MANY = 12


@pytest.fixture(scope="module")
def other(odoo):
    """A second server on the same database, whose scheduled actions run by themselves."""
    params = {"web.base.url": odoo.url}
    with OdooServer(odoo.server, database=odoo.db, params=params, cron=True) as running:
        yield running
        assert not [line for line in running.log_errors() if "bad query" not in line]


@pytest.fixture(scope="module")
def colleague(odoo):
    """A second user, who may invoice and send."""
    names = ("account.group_account_invoice", "exact_connector.group_exact_user")
    groups = [(4, odoo.login().ref(name)) for name in names]
    values = {"name": USER, "login": USER, "password": USER, "group_ids": groups}
    odoo.rpc("res.users", "create", [values])
    return USER


@pytest.fixture(scope="module")
def customer(odoo):
    country = odoo.rpc("res.country", "search", [("code", "=", "NL")])[0]
    values = {"name": "Zeilmakerij Twee", "is_company": True, "country_id": country}
    return odoo.rpc("res.partner", "create", [values])[0]


def invoices(odoo, customer, count):
    """Posted invoices, each of its own amount, that count as sent to the customer."""
    tax = odoo.rpc("account.tax", "search", [("name", "=", "21% ST")])
    values = [
        {
            "move_type": "out_invoice",
            "partner_id": customer,
            "invoice_date": date.today().isoformat(),
            "invoice_line_ids": [
                (0, 0, {"name": "Sail", "quantity": 3, "price_unit": 10.37 + number,
                        "tax_ids": [(6, 0, tax)]})
            ],
        }
        for number in range(count)
    ]  # fmt: skip
    numbers = odoo.rpc("account.move", "create", values)
    odoo.rpc("account.move", "action_post", numbers)
    odoo.rpc("account.move", "write", numbers, {"is_move_sent": True})
    return numbers


def slow_exact(simulator, seconds=0.15):
    """Time for everybody to be at work at once."""
    fault = {"kind": "delay", "method": "POST", "path": ENTRIES, "seconds": seconds, "times": 0}
    simulator.post("/_sim/faults", fault)


def press(server, login, numbers):
    """One browser tab that presses the button; what it is told is its own matter."""
    tab = OdooSession(server.url, server.db, login, login)
    try:
        return tab.call("account.move", "action_exact_create_sales_entry", numbers)
    except (requests.RequestException, ServerError) as error:
        return error


def run_cron(server):
    """Somebody starts the scheduled action by hand; where it runs already, Odoo says so."""
    tab = OdooSession(server.url, server.db, "admin", "admin")
    cron = tab.ref("exact_connector.ir_cron_process_exchanges")
    try:
        tab.call("ir.cron", "method_direct_trigger", [cron])
    except ServerError as error:
        return error


def finish(odoo):
    """What waits for its time goes on now."""
    for _round in range(4):
        odoo.sql(
            "UPDATE exact_exchange SET retry_at = now() AT TIME ZONE 'utc' - interval '1 second',"
            " started_on = now() AT TIME ZONE 'utc' - interval '5 minutes'"
            " WHERE state IN ('sending', 'waiting', 'unclear')"
        )
        run_cron(odoo)
        left = odoo.sql(
            "SELECT count(*) FROM exact_exchange WHERE state IN ('pending', 'sending', 'waiting', 'unclear')"
        )
        if left == [(0,)]:
            return


def assert_booked_once(odoo, simulator, numbers):
    """Each is in the ledger once, with the total that Odoo has."""
    fields = ["name", "amount_total", "exact_state"]
    moves = odoo.rpc("account.move", "read", numbers, fields)
    ledger = simulator.get(f"/_sim/ledger/{DIVISION}")["entries"]
    for move in moves:
        found = [entry for entry in ledger if entry["YourRef"] == move["name"]]
        assert len(found) == 1, (move["name"], len(found))
        assert Decimal(str(found[0]["AmountFC"])) == Decimal(str(move["amount_total"]))
        assert move["exact_state"] == "done"


def test_one_document_by_two_servers_two_users_two_tabs_and_the_scheduled_action_is_booked_once(
    odoo, other, colleague, customer, simulator
):
    numbers = invoices(odoo, customer, 1)
    slow_exact(simulator, 0.5)
    with ThreadPoolExecutor(6) as pool:
        at_work = [
            pool.submit(press, server, login, numbers)
            for server in (odoo, other)
            for login in ("admin", colleague)
        ]
        at_work += [pool.submit(run_cron, server) for server in (odoo, other)]
    assert all(work.exception() is None for work in at_work)
    finish(odoo)
    assert_booked_once(odoo, simulator, numbers)


def test_many_documents_by_two_servers_with_everybody_at_work_are_booked_once_each(
    odoo, other, colleague, customer, simulator
):
    numbers = invoices(odoo, customer, MANY)
    slow_exact(simulator)
    backwards = numbers[::-1]
    with ThreadPoolExecutor(8) as pool:
        at_work = [
            pool.submit(press, odoo, "admin", numbers),
            pool.submit(press, other, "admin", backwards),
            pool.submit(press, odoo, colleague, backwards),
            pool.submit(press, other, colleague, numbers),
            *(pool.submit(press, odoo, "admin", [number]) for number in numbers[::4]),
            *(pool.submit(run_cron, server) for server in (odoo, other)),
        ]
    assert all(work.exception() is None for work in at_work)
    finish(odoo)
    assert_booked_once(odoo, simulator, numbers)


def test_server_killed_in_the_middle_of_many_is_taken_over_by_the_other(
    odoo, other, colleague, customer, simulator
):
    numbers = invoices(odoo, customer, MANY)
    slow_exact(simulator, 0.3)
    with ThreadPoolExecutor(2) as pool:
        pool.submit(press, other, colleague, numbers)
        for _try in range(100):
            done = odoo.sql(
                "SELECT count(*) FROM exact_exchange WHERE state = 'done' AND move_id = ANY(%s)",
                numbers,
            )
            if done[0][0] >= 2:
                break
        other.kill()
    simulator.delete("/_sim/faults")
    other.start_process()
    press(odoo, "admin", numbers)
    finish(odoo)
    assert_booked_once(odoo, simulator, numbers)
