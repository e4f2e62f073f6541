"""A document is booked once, whatever dies or happens at the same time: real processes, real commits, real cuts."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import requests
from demo_parts.job import DIVISION
from waiting import wait

from harness import OdooSession, ServerError

ENTRIES = "salesentry/SalesEntries"
TOKEN = "/api/oauth2/token"


@pytest.fixture(scope="session")
def customer(odoo):
    """A customer that Exact knows already."""
    country = odoo.rpc("res.country", "search", [("code", "=", "NL")])[0]
    values = {"name": "Touwslagerij Vast", "is_company": True, "country_id": country}
    number = odoo.rpc("res.partner", "create", [values])[0]
    return number


@pytest.fixture
def invoice(odoo, customer):
    """Makes posted invoices that count as sent to the customer."""

    def make(count=1):
        call = odoo.rpc
        tax = call("account.tax", "search", [("name", "=", "21% ST")])
        line = {"name": "Rope", "quantity": 3, "price_unit": 33.33, "tax_ids": [(6, 0, tax)]}
        values = {
            "move_type": "out_invoice",
            "partner_id": customer,
            "invoice_date": date.today().isoformat(),
            "invoice_line_ids": [(0, 0, line)],
        }
        numbers = call("account.move", "create", [values] * count)
        call("account.move", "action_post", numbers)
        call("account.move", "write", numbers, {"is_move_sent": True})
        return numbers

    return make


@pytest.fixture(autouse=True)
def known_customer(odoo, invoice, customer):
    """The customer is in Exact before the first test, so that a document is one POST."""
    if not odoo.rpc("res.partner", "read", [customer], ["exact_account_id"])[0]["exact_account_id"]:
        press(odoo.login(), invoice())


def press(session, numbers):
    """Press the button; None where the server died meanwhile."""
    try:
        return session.call("account.move", "action_exact_create_sales_entry", numbers)
    except requests.RequestException:
        return None


def process(odoo):
    """Let the scheduled action run now."""
    cron = odoo.login().ref("exact_connector.ir_cron_process_exchanges")
    odoo.rpc("ir.cron", "method_direct_trigger", [cron])


def read(odoo, number):
    """What the document shows of Exact."""
    fields = ["name", "exact_state", "exact_entry_number"]
    return odoo.rpc("account.move", "read", [number], fields)[0]


def entries(simulator, odoo, number):
    """The entries in Exact's ledger that carry the document's number."""
    name = read(odoo, number)["name"]
    ledger = simulator.get(f"/_sim/ledger/{DIVISION}")
    return [entry for entry in ledger["entries"] if entry["YourRef"] == name]


def make_due(odoo, number):
    """The time of the next look-up has come."""
    odoo.sql(
        "UPDATE exact_exchange SET retry_at = now() AT TIME ZONE 'utc' - interval '1 second',"
        " started_on = now() AT TIME ZONE 'utc' - interval '5 minutes' WHERE move_id = %s",
        number,
    )


def exchange_state(odoo, number):
    found = odoo.sql("SELECT state FROM exact_exchange WHERE move_id = %s", number)
    return found[0][0] if found else None


def kill_while_exact_books(odoo, simulator, number, seconds):
    """Press the button, kill the server while Exact is at work, and start it again."""
    simulator.post(
        "/_sim/faults", {"kind": "delay", "method": "POST", "path": ENTRIES, "seconds": seconds}
    )
    session = OdooSession(odoo.url, odoo.db, "admin", "admin")
    pressing = threading.Thread(target=press, args=(session, [number]))
    pressing.start()
    wait(lambda: exchange_state(odoo, number) == "sending", "the claim to be committed")
    time.sleep(0.5)  # the request is on its way
    odoo.kill()
    pressing.join()
    odoo.start_process()


def test_r56_server_killed_between_booking_and_commit_adopts_the_entry_after_restart(
    odoo, simulator, invoice
):
    [number] = invoice()
    kill_while_exact_books(odoo, simulator, number, 1.5)
    assert exchange_state(odoo, number) == "sending", "committed before the first byte left"
    wait(lambda: entries(simulator, odoo, number), "Exact to have booked it")
    make_due(odoo, number)
    process(odoo)
    [entry] = entries(simulator, odoo, number)
    assert read(odoo, number)["exact_state"] == "done"
    assert read(odoo, number)["exact_entry_number"] == str(entry["EntryNumber"])


def test_r56_retry_while_exact_is_still_at_work_does_not_send_again(odoo, simulator, invoice):
    [number] = invoice()
    kill_while_exact_books(odoo, simulator, number, 14)
    assert not entries(simulator, odoo, number), "Exact has not booked it yet"
    press(odoo.login(), [number])
    assert exchange_state(odoo, number) == "unclear"
    wait(lambda: entries(simulator, odoo, number), "Exact to have booked it")
    make_due(odoo, number)
    process(odoo)
    assert len(entries(simulator, odoo, number)) == 1
    assert read(odoo, number)["exact_state"] == "done"


def test_r56_two_users_press_at_once_and_one_entry_is_booked(odoo, simulator, invoice):
    groups = [
        odoo.login().ref(name)
        for name in ("account.group_account_invoice", "exact_connector.group_exact_user")
    ]
    values = {"name": "Second", "login": "second", "password": "second"}
    if not odoo.rpc("res.users", "search_count", [("login", "=", "second")]):
        odoo.rpc("res.users", "create", [{**values, "group_ids": [(4, g) for g in groups]}])
    [number] = invoice()
    simulator.post(
        "/_sim/faults",
        {"kind": "delay", "method": "POST", "path": ENTRIES, "seconds": 1, "times": 0},
    )
    users = [odoo.login(), odoo.login("second"), OdooSession(odoo.url, odoo.db, "admin", "admin")]
    with ThreadPoolExecutor(len(users)) as pool:
        notices = list(pool.map(lambda user: press(user, [number]), users))
    assert all(notice["type"] == "ir.actions.client" for notice in notices)
    assert len(entries(simulator, odoo, number)) == 1
    assert read(odoo, number)["exact_state"] == "done"


def test_r56_lost_answer_is_unclear_and_settled_by_the_scheduled_action(odoo, simulator, invoice):
    [number] = invoice()
    simulator.post("/_sim/faults", {"kind": "drop_after", "method": "POST", "path": ENTRIES})
    press(odoo.login(), [number])
    assert read(odoo, number)["exact_state"] == "unclear"
    assert not read(odoo, number)["exact_entry_number"]
    make_due(odoo, number)
    process(odoo)
    [entry] = entries(simulator, odoo, number)
    assert read(odoo, number)["exact_entry_number"] == str(entry["EntryNumber"])


def test_four_workers_at_the_expiry_of_the_token_refresh_it_once(odoo, simulator, invoice):
    numbers = invoice(4)
    simulator.post("/_sim/clock", {"advance": 601})
    odoo.sql(
        "UPDATE exact_token SET fetched_on = fetched_on - interval '601 seconds',"
        " expires_on = expires_on - interval '601 seconds'"
    )
    simulator.delete("/_sim/journal")
    sessions = [OdooSession(odoo.url, odoo.db, "admin", "admin") for _number in numbers]
    with ThreadPoolExecutor(len(numbers)) as pool:
        list(pool.map(lambda pair: press(pair[0], [pair[1]]), zip(sessions, numbers, strict=True)))
    journal = simulator.get("/_sim/journal")
    assert journal.count(TOKEN) == 1
    assert [read(odoo, number)["exact_state"] for number in numbers] == ["done"] * 4


def test_r56_r58_document_in_exact_is_not_taken_again_nor_reset_to_draft(odoo, simulator, invoice):
    [number] = invoice()
    press(odoo.login(), [number])
    simulator.delete("/_sim/journal")
    notice = press(odoo.login(), [number])
    assert "already in Exact" in notice["params"]["message"]
    assert ENTRIES not in simulator.get("/_sim/journal")
    for button in ("button_draft", "button_cancel"):
        with pytest.raises(ServerError, match="In Exact already"):
            odoo.rpc("account.move", button, [number])
