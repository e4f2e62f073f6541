"""The control plane: reset, clock, journal, and what an accountant does."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from decimal import Decimal

import pytest
import requests

from exact_simulator.server import start
from exact_simulator.tests.service import BOOKKEEPER, CALLBACK, Practice, rows, running

ACCOUNTS_SEEDED = 10


@pytest.fixture
def token(nl):
    nl.control("limits", {"minute": None})
    return nl.connect()["access_token"]


def ledger(nl):
    return requests.get(f"{nl.url}/_sim/ledger/{nl.division}", timeout=10).json()


def open_of(nl, number):
    entries = {entry["EntryNumber"]: entry for entry in ledger(nl)["entries"]}
    return Decimal(entries[number]["open"])


# the simulator as a whole -------------------------------------------------------------------------


def test_info_tells_all_that_is_needed_to_connect(nl):
    info = requests.get(f"{nl.url}/_sim/info", timeout=10).json()
    assert info["apps"][0]["client_secret"] == "practice-secret-nl"
    assert CALLBACK in info["apps"][0]["redirect_uris"]
    assert {"login": BOOKKEEPER, "password": "practice"}.items() <= info["users"][0].items()
    assert [d["code"] for d in info["divisions"]] == [1001, 1002]
    be = requests.get(f"{nl.url}/be/_sim/info", timeout=10).json()
    assert [d["code"] for d in be["divisions"]] == [2001]


def test_reset_brings_both_countries_back_and_the_clock_with_them(nl, token):
    nl.entry(token)
    nl.control("clock", {"advance": 1e6})
    be = Practice(nl.sim, "be")
    nl.control("reset", {"seed": "empty"})
    assert ledger(nl)["entries"] == []
    assert nl.call(token, "/current/Me").status_code == 401
    assert not be.sim.clock.frozen
    assert requests.get(f"{nl.url}/_sim/info", timeout=10).json()["divisions"][0]["accounts"] == 0
    wrong = requests.post(f"{nl.url}/_sim/reset", json={"seed": "other"}, timeout=10)
    assert wrong.status_code == 400


def test_the_clock_freezes_advances_and_runs_again(nl):
    now = nl.control("clock", {"freeze": "2026-07-01T10:00:00Z"})
    assert now["now"] == "2026-07-01T10:00:00+00:00"
    assert now["wall"] == "2026-07-01T12:00:00"
    assert nl.control("clock", {"advance": 90})["wall"] == "2026-07-01T12:01:30"
    assert nl.control("clock", {"release": True})["frozen"] is False


def test_the_journal_has_the_form_the_contract_check_reads_and_no_secret(nl, tmp_path):
    file = tmp_path / "traffic.jsonl"
    with running(journal=file) as sim:
        be = Practice(sim, "be")
        tokens = be.connect()
        be.call(tokens["access_token"], "crm/Accounts", "POST", {"Name": "Geheim & Co"})
        be.call(tokens["access_token"], "crm/Accounts?$select=ID,Name&$filter=Name eq 'a b'")
        listed = requests.get(f"{sim.url}/be/_sim/journal", timeout=10)
        assert listed.headers["Content-Type"].startswith("application/x-ndjson")
        assert requests.get(f"{sim.url}/_sim/journal?country=nl", timeout=10).text == ""
    text = file.read_text()
    assert listed.text == text
    for secret in (*tokens.values(), be.app.client_secret):
        assert secret in ("600", "bearer") or secret not in text
    records = [json.loads(line) for line in text.splitlines()]
    post, get = records[-2], records[-1]
    assert (post["method"], post["path"], post["status"]) == (
        "POST",
        "/api/v1/2001/crm/Accounts",
        201,
    )
    assert json.loads(post["req"]) == {"Name": "Geheim & Co"}
    assert json.loads(post["resp"])["d"]["Name"] == "Geheim & Co"
    assert post["country"] == "be"
    assert post["user"] == BOOKKEEPER
    assert get["path"].startswith("/api/v1/2001/crm/Accounts?")
    assert "%20" in get["path"]


def test_the_journal_can_be_emptied(nl, token):
    nl.call(token, "/current/Me")
    requests.delete(f"{nl.url}/_sim/journal", timeout=10)
    assert requests.get(f"{nl.url}/_sim/journal", timeout=10).text == ""


def test_the_journal_can_be_counted_without_its_bodies(nl, token):
    nl.call(token, "/current/Me")
    lines = requests.get(f"{nl.url}/_sim/journal?bodies=0", timeout=10).text.splitlines()
    record = json.loads(lines[-1])
    assert record["path"].startswith("/api/v1/current/Me")
    assert (record["status"], record["req"], record["resp"]) == (200, "", "")
    whole = requests.get(f"{nl.url}/_sim/journal", timeout=10).text.splitlines()
    assert json.loads(whole[-1])["resp"]


def test_a_body_that_is_no_object_or_misses_something_is_refused(nl):
    for path, body in (
        ("clock", {}),
        ("clock", {"freeze": "yesterday"}),
        ("grant", {"client_id": "x"}),
        ("options", {"partial": "maybe"}),
        ("options", {"nope": 1}),
        ("accountant/language", {"login": BOOKKEEPER, "language": "xx"}),
        ("accountant/1001/receive", {}),
        ("accountant/1001/dance", {}),
        ("accountant/7/receive", {"entries": []}),
        ("accountant/1001/item", {"code": "UREN", "Nope": 1}),
    ):
        answer = requests.post(f"{nl.url}/_sim/{path}", json=body, timeout=10)
        assert answer.status_code == 400, path
        assert answer.json()["error"]
    answer = requests.post(f"{nl.url}/_sim/clock", data="[1]", timeout=10)
    assert answer.status_code == 400


# users and apps -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reason",
    [
        "BlockedUser",
        "InactiveUser",
        "BlockedCustomer",
        "LicenseExpired",
        "DivisionBlocked",
        "NoDivisionAccess",
    ],
)
def test_a_reason_comes_as_header_on_403(nl, token, reason):
    nl.control("accountant/reason", {"login": BOOKKEEPER, "reason": reason})
    refused = nl.call(token, "crm/Accounts?$select=ID")
    assert (refused.status_code, refused.headers["Reason"]) == (403, reason)
    nl.control("accountant/reason", {"login": BOOKKEEPER, "reason": None})
    assert nl.call(token, "crm/Accounts?$select=ID").status_code == 200


def test_a_right_taken_away_is_403_without_reason(nl, token):
    right = {"login": BOOKKEEPER, "resource": "salesentry/SalesEntries"}
    nl.control("accountant/right", {**right, "granted": False})
    refused = nl.call(token, "salesentry/SalesEntries?$select=EntryID")
    assert refused.status_code == 403
    assert "Reason" not in refused.headers
    assert refused.json()["error"]["message"]["value"] == "Forbidden"
    nl.control("accountant/right", {**right, "granted": True})
    assert nl.call(token, "salesentry/SalesEntries?$select=EntryID").status_code == 200


def test_texts_follow_the_language_of_the_user(nl, token):
    seen = set()
    for language in ("en", "nl", "fr"):
        nl.control("accountant/language", {"login": BOOKKEEPER, "language": language})
        refused = nl.call(token, "crm/Accounts", "POST", {"Status": "C"})
        assert refused.status_code == 500
        seen.add(refused.json()["error"]["message"]["value"])
    assert "Verplicht: Naam" in seen
    assert len(seen) == 3


def test_a_division_taken_from_the_user_is_wrong_division(nl, token):
    grant = {"login": BOOKKEEPER, "division": 1001}
    nl.control("accountant/division-grant", {**grant, "granted": False})
    assert nl.call(token, "crm/Accounts?$select=ID").status_code == 403
    nl.control("accountant/division-grant", {**grant, "granted": True})
    assert nl.call(token, "crm/Accounts?$select=ID").status_code == 200


# the accountant -----------------------------------------------------------------------------------


def test_the_ledger_shows_entries_with_lines_and_balances(nl, token):
    made = nl.entry(token, 100)
    shown = ledger(nl)
    entry = shown["entries"][0]
    assert entry["EntryID"] == made["EntryID"]
    assert entry["YourRef"] == "INV/1"
    assert Decimal(entry["AmountFC"]) == 121
    assert Decimal(entry["open"]) == 121
    assert Decimal(entry["lines"][0]["AmountFC"]) == 100
    assert entry["lines"][0]["VATCode"].strip() == "2"
    assert Decimal(shown["balance"]) == 0


def test_money_received_in_full_part_and_for_several_entries_at_once(nl, token):
    one, two, three = (nl.entry(token, net)["EntryNumber"] for net in (100, 200, 300))
    nl.accountant("receive", entries=[{"entry": one}])
    assert open_of(nl, one) == 0
    nl.accountant("receive", entries=[{"entry": two, "amount": 42}])
    assert open_of(nl, two) == 200
    booked = nl.accountant("receive", entries=[{"entry": two}, {"entry": three, "amount": 63}])
    assert Decimal(booked["AmountDC"]) == 263
    assert (open_of(nl, two), open_of(nl, three)) == (0, 300)
    assert Decimal(ledger(nl)["balance"]) == 0


def test_more_than_is_open_cannot_be_received(nl, token):
    number = nl.entry(token, 100)["EntryNumber"]
    answer = requests.post(
        f"{nl.url}/_sim/accountant/1001/receive",
        json={"entries": [{"entry": number, "amount": 500}]},
        timeout=10,
    )
    assert answer.status_code == 409
    assert answer.json()["error"]
    assert open_of(nl, number) == 121


def test_unmatching_opens_the_entry_again(nl, token):
    number = nl.entry(token, 100)["EntryNumber"]
    nl.accountant("receive", entries=[number])
    assert nl.accountant("unmatch", entry=number)["undone"] == 1
    assert open_of(nl, number) == 121


def test_a_closed_period_refuses_entries_until_it_is_opened(nl, token):
    today = nl.sim.clock.wall()
    period = {"year": today.year, "period": today.month}
    nl.accountant("close-period", **period)
    with pytest.raises(AssertionError, match="afgesloten"):
        nl.entry(token)
    nl.accountant("close-period", **period, open=True)
    assert nl.entry(token)["EntryID"]


def test_an_entry_deleted_by_the_accountant_is_gone_with_its_bookings(nl, token):
    made = nl.entry(token)
    nl.accountant("delete-entry", entry=made["EntryNumber"])
    assert ledger(nl)["entries"] == []
    key = made["EntryID"]
    assert nl.call(token, f"salesentry/SalesEntries(guid'{key}')").status_code == 404
    answer = requests.post(
        f"{nl.url}/_sim/accountant/1001/delete-entry", json={"entry": key}, timeout=10
    )
    assert answer.status_code == 404


def test_master_data_can_be_changed_by_code_and_moves_in_sync(nl, token):
    items = (
        "sync/Logistics/Items?$select=Code,IsFractionAllowedItem,Timestamp&$filter=Timestamp gt "
    )
    last = max(int(row["Timestamp"]) for row in rows(nl.call(token, f"{items}1L")))
    nl.accountant("item", code="UREN", IsFractionAllowedItem=False)
    changed = rows(nl.call(token, f"{items}{last}L"))
    assert [(row["Code"], row["IsFractionAllowedItem"]) for row in changed] == [("UREN", False)]
    nl.accountant("vat-type", code="2", type="I")
    nl.accountant("gl", code="8000", IsBlocked=True)
    nl.accountant("journal", code="70", IsBlocked=True)
    vat = rows(nl.call(token, "vat/VATCodes?$select=Code,Type&$filter=trim(Code) eq '2'"))
    assert vat[0]["Type"] == "I"


def test_an_account_is_blocked_by_its_unpadded_code(nl, token):
    assert nl.accountant("block-account", account="1")["Blocked"] is True
    nl.accountant("account", account="1", Email="nieuw@example.com")
    query = f"crm/Accounts?$select=Blocked,Email&$filter=Code eq '{'1'.rjust(18)}'"
    found = rows(nl.call(token, query))
    assert (found[0]["Blocked"], found[0]["Email"]) == (True, "nieuw@example.com")


def test_master_data_can_be_copied_and_removed(nl, token):
    items = {"resource": "logistics/Items"}
    nl.accountant("copy", **items, code="UREN", new={"Code": "UREN2", "Description": "Nieuw"})
    listed = "logistics/Items?$select=Code,Description&$filter=startswith(Code,'UREN')"
    assert {row["Code"] for row in rows(nl.call(token, listed))} == {"UREN", "UREN2"}
    nl.accountant("remove", **items, code="UREN2")
    assert {row["Code"] for row in rows(nl.call(token, listed))} == {"UREN"}


# starting and stopping ----------------------------------------------------------------------------


def test_state_kept_in_a_directory_survives_a_restart(tmp_path):
    with running(data=tmp_path) as sim:
        nl = Practice(sim)
        nl.control("clock", {"freeze": "2026-05-05T08:00:00"})
        tokens = nl.connect()
        number = nl.entry(tokens["access_token"])["EntryNumber"]
    with start(data=tmp_path, seed="empty") as sim:
        again = Practice(sim)
        assert sim.restored
        assert sim.clock.wall().isoformat() == "2026-05-05T08:00:00"
        assert again.call(tokens["access_token"], "/current/Me").status_code == 200
        again.accountant("receive", entries=[number])
        assert again.entry(tokens["access_token"])["EntryNumber"] == number + 1


def test_state_is_written_soon_after_a_change_so_that_a_crash_loses_nothing(tmp_path):
    with running(data=tmp_path / "new") as sim:
        nl = Practice(sim)
        number = nl.entry(nl.connect()["access_token"])["EntryNumber"]
        copied = tmp_path / "copy"
        copied.mkdir()
        until = time.monotonic() + 10
        while time.monotonic() < until:
            time.sleep(0.3)
            kept = tmp_path / "new" / "simulator.pickle"
            if kept.exists() and not sim._timer:
                break
        (copied / "simulator.pickle").write_bytes(kept.read_bytes())
    with start(data=copied) as again:
        entries = again.countries["nl"].divisions[1001].ledger.entries()
        assert [entry["EntryNumber"] for entry in entries] == [number]


def test_a_state_that_cannot_be_read_stops_the_start_with_one_line(tmp_path):
    (tmp_path / "simulator.pickle").write_bytes(b"nonsense")
    command = [sys.executable, "-m", "exact_simulator", "--port", "0", "--data", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "simulator.pickle" in ended.stderr


def test_a_taken_port_gives_one_clear_line_and_exit_code_1(simulator):
    port = simulator.url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "exact_simulator", "--port", port]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert port in ended.stderr
    assert ended.stdout == ""


def test_the_command_prints_address_client_ids_and_logins_and_ends_on_a_signal():
    command = [sys.executable, "-m", "exact_simulator", "--port", "0", "--accounts", "3"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        lines = [process.stdout.readline() for _line in range(8)]
        text = "".join(lines)
        assert "http://127.0.0.1:" in lines[0]
        assert "11111111-1111-4111-8111-111111111111" in text
        assert "/be/" in text
        assert BOOKKEEPER in text
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()
