"""Trouble on demand: dropped connections, strange answers, delays."""

from __future__ import annotations

import json
import time

import pytest
import requests

from exact_simulator.faults import Faults
from exact_simulator.tests.service import Practice, rows

ACCOUNTS = "crm/Accounts?$select=ID,Name"


def count(nl, token):
    return len(rows(nl.call(token, ACCOUNTS)))


def test_drop_before_cuts_the_connection_and_nothing_was_done(nl, token):
    before = count(nl, token)
    nl.control("faults", {"method": "POST", "path": "crm/Accounts", "kind": "drop_before"})
    with pytest.raises(requests.ConnectionError):
        nl.call(token, "crm/Accounts", "POST", {"Name": "Lost"})
    assert count(nl, token) == before
    assert nl.call(token, "crm/Accounts", "POST", {"Name": "Kept"}).status_code == 201


def test_drop_after_cuts_the_connection_and_it_was_done(nl, token):
    before = count(nl, token)
    nl.control("faults", {"method": "POST", "path": "crm/Accounts", "kind": "drop_after"})
    with pytest.raises(requests.ConnectionError):
        nl.call(token, "crm/Accounts", "POST", {"Name": "Done"})
    assert count(nl, token) == before + 1


def test_status_is_answered_without_serving(nl, token):
    before = count(nl, token)
    fault = {"path": "crm/Accounts", "method": "POST", "kind": "status", "status": 503}
    nl.control("faults", {**fault, "headers": {"Retry-After": "7"}, "body": "<h1>Busy</h1>"})
    answer = nl.call(token, "crm/Accounts", "POST", {"Name": "X"})
    assert (answer.status_code, answer.text) == (503, "<h1>Busy</h1>")
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["Content-Type"].startswith("text/html")
    assert count(nl, token) == before


def test_truncate_sends_half_and_cuts(nl, token):
    nl.control("faults", {"path": "crm/Accounts", "kind": "truncate"})
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        _ = nl.call(token, ACCOUNTS).content
    assert nl.call(token, ACCOUNTS).status_code == 200


def test_another_body_takes_the_place_of_the_answer(nl, token):
    nl.control("faults", {"path": "crm/Accounts", "kind": "body", "body": "<html>proxy</html>"})
    answer = nl.call(token, ACCOUNTS)
    assert (answer.status_code, answer.text) == (200, "<html>proxy</html>")


def test_delay_makes_a_client_give_up_while_the_call_is_served(nl, token):
    before = count(nl, token)
    nl.control("faults", {"method": "POST", "path": "", "kind": "delay", "seconds": 0.6})
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{nl.url}/api/v1/{nl.division}/crm/Accounts",
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            json={"Name": "Slow"},
            timeout=0.2,
        )
    time.sleep(0.7)
    assert count(nl, token) == before + 1


def test_nth_and_times_choose_the_calls(nl, token):
    nl.control("faults", {"path": "Me", "kind": "status", "status": 408, "nth": 2, "times": 2})
    got = [nl.call(token, "/current/Me").status_code for _count in range(5)]
    assert got == [200, 408, 408, 200, 200]
    assert requests.get(f"{nl.url}/_sim/faults", timeout=10).json() == {"faults": []}


def test_times_zero_lasts_until_it_is_cleared(nl, token):
    nl.control("faults", {"path": "Me", "kind": "status", "status": 503, "times": 0})
    got = {nl.call(token, "/current/Me").status_code for _count in range(4)}
    assert got == {503}
    requests.delete(f"{nl.url}/_sim/faults", timeout=10)
    assert nl.call(token, "/current/Me").status_code == 200


def test_the_token_endpoint_can_fail_too(nl):
    code = nl.code()
    nl.control("faults", {"path": "oauth2/token", "kind": "drop_after"})
    with pytest.raises(requests.ConnectionError):
        nl.redeem(code)
    assert nl.redeem(code).status_code == 400  # the code was used up


def test_a_fault_is_for_its_own_country(nl, token):
    be = Practice(nl.sim, "be")
    be.control("faults", {"path": "Me", "kind": "status", "status": 503})
    assert nl.call(token, "/current/Me").status_code == 200
    assert be.call(be.connect()["access_token"], "/current/Me").status_code == 503


def test_say_refuses_the_next_matching_call_as_exact_would(nl, token):
    text = "Dit bericht kent niemand."
    nl.control("say", {"method": "POST", "path": "crm/Accounts", "text": text})
    refused = nl.call(token, "crm/Accounts", "POST", {"Name": "X"})
    assert refused.status_code == 500
    assert refused.json()["error"]["message"]["value"] == text
    assert "X-RateLimit-Remaining" in refused.headers
    assert nl.call(token, "crm/Accounts", "POST", {"Name": "X"}).status_code == 201


def test_a_senseless_fault_is_refused_with_a_reason(nl):
    for body in (
        {"kind": "explode"},
        {"kind": "status"},
        {"kind": "drop_before", "path": "("},
        {"kind": "drop_before", "colour": "red"},
    ):
        answer = requests.post(f"{nl.url}/_sim/faults", json=body, timeout=10)
        assert answer.status_code == 400
        assert answer.json()["error"]


def test_the_path_is_matched_decoded_with_its_query():
    faults = Faults()
    faults.add(kind="status", status=500, path=r"Items\?\$filter=Code eq 'A'")
    assert faults.take("nl", "GET", "/api/v1/1/logistics/Items?$filter=Code eq 'A'")


def test_faulted_calls_are_in_the_journal_with_what_hit_them(nl, token):
    nl.control("faults", {"path": "Me", "kind": "drop_before"})
    with pytest.raises(requests.ConnectionError):
        nl.call(token, "/current/Me")
    journal = requests.get(f"{nl.url}/_sim/journal", timeout=10).text.splitlines()
    last = json.loads(journal[-1])
    assert (last["fault"], last["status"], last["path"]) == (
        "drop_before",
        None,
        "/api/v1/current/Me",
    )


def test_keep_leaves_only_the_named_properties_of_what_was_made(nl, token):
    before = count(nl, token)
    nl.control("faults", {"path": "crm/Accounts", "method": "POST", "kind": "keep", "body": "ID"})
    answer = nl.call(token, "crm/Accounts", "POST", {"Name": "Made"})
    assert answer.status_code == 201
    assert list(answer.json()["d"]) == ["ID"]
    assert count(nl, token) == before + 1
