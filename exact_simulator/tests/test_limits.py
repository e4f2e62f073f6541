"""Call limits and the block after too many errors: Exact API sheet 2."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
import requests

from exact_simulator.limits import LimitReached, Limits, LimitSettings
from exact_simulator.tests.service import OFFICE, Practice

NOON = datetime(2026, 3, 4, 12, 0, 20, tzinfo=timezone.utc)
ME = "/current/Me"
DAY = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
MINUTE = {
    "X-RateLimit-Minutely-Limit",
    "X-RateLimit-Minutely-Remaining",
    "X-RateLimit-Minutely-Reset",
}


@pytest.fixture
def nl(simulator):
    simulator.reset(accounts=5)
    simulator.clock.freeze(NOON)
    return Practice(simulator)


def limit_headers(answer: requests.Response) -> set[str]:
    return {name for name in DAY | MINUTE if name in answer.headers}


def test_headers_count_down_and_reset_in_epoch_milliseconds(nl):
    token = nl.connect()["access_token"]
    nl.call(token, "crm/Accounts?$select=ID")
    answer = nl.call(token, "crm/Accounts?$select=ID")
    assert limit_headers(answer) == DAY | MINUTE
    assert answer.headers["X-RateLimit-Limit"] == "5000"
    assert answer.headers["X-RateLimit-Remaining"] == "4998"
    assert answer.headers["X-RateLimit-Minutely-Limit"] == "60"
    assert answer.headers["X-RateLimit-Minutely-Remaining"] == "58"
    minute = datetime(2026, 3, 4, 12, 1, tzinfo=timezone.utc)
    day = datetime(2026, 3, 5, tzinfo=timezone.utc)
    assert int(answer.headers["X-RateLimit-Minutely-Reset"]) == minute.timestamp() * 1000
    assert int(answer.headers["X-RateLimit-Reset"]) == day.timestamp() * 1000


def test_the_61st_call_of_a_minute_is_429_with_minutely_headers_only(nl):
    token = nl.connect()["access_token"]
    for _count in range(60):
        assert nl.call(token, "crm/Accounts?$select=ID&$top=1").status_code == 200
    over = nl.call(token, "crm/Accounts?$select=ID&$top=1")
    assert (over.status_code, over.content) == (429, b"")
    assert limit_headers(over) == MINUTE
    assert over.headers["X-RateLimit-Minutely-Remaining"] == "0"
    nl.sim.clock.advance(40)
    assert nl.call(token, "crm/Accounts?$select=ID&$top=1").status_code == 200


def test_a_used_up_day_is_429_with_daily_headers_only(nl):
    token = nl.connect()["access_token"]
    nl.control("limits", {"day": 2})
    for _count in range(2):
        nl.call(token, "crm/Accounts?$select=ID&$top=1")
    over = nl.call(token, "crm/Accounts?$select=ID&$top=1")
    assert (over.status_code, over.content) == (429, b"")
    assert limit_headers(over) == DAY
    nl.sim.clock.advance(12 * 3600)
    renewed = nl.connect()["access_token"]
    assert nl.call(renewed, "crm/Accounts?$select=ID&$top=1").status_code == 200


def test_each_division_is_counted_for_itself(nl):
    token = nl.connect()["access_token"]
    nl.control("limits", {"minute": 1})
    assert nl.call(token, "/1001/crm/Accounts?$select=ID").status_code == 200
    assert nl.call(token, "/1001/crm/Accounts?$select=ID").status_code == 429
    assert nl.call(token, "/1002/crm/Accounts?$select=ID").status_code == 200


def test_limits_can_be_lifted_and_wrong_ones_are_refused(nl):
    token = nl.connect()["access_token"]
    nl.control("limits", {"minute": None, "day": None})
    for _count in range(70):
        answer = nl.call(token, ME)
    assert answer.status_code == 200
    assert limit_headers(answer) == DAY | MINUTE  # real clients expect all six or none
    assert int(answer.headers["X-RateLimit-Minutely-Remaining"]) > 100_000
    for wrong in ({"minutes": 3}, {"minute": "many"}, {"day": -1}):
        assert requests.post(f"{nl.url}/_sim/limits", json=wrong, timeout=10).status_code == 400


def test_the_two_countries_count_apart(nl):
    be = Practice(nl.sim, "be")
    nl.control("limits", {"minute": 1})
    token = be.connect()["access_token"]
    for _count in range(3):
        assert be.call(token, ME).status_code == 200


def test_more_than_ten_errors_in_an_hour_block_that_endpoint_for_an_hour(nl):
    token = nl.connect()["access_token"]
    nl.control("limits", {"minute": None})
    for _count in range(11):
        assert nl.call(token, "crm/Accounts?$select=Nope").status_code == 400
    blocked = nl.call(token, "crm/Accounts?$select=ID")
    assert (blocked.status_code, blocked.content) == (429, b"")
    assert not limit_headers(blocked)
    assert nl.call(token, "crm/Contacts?$select=ID").status_code == 200
    assert nl.call(token, "/1002/crm/Accounts?$select=ID").status_code == 200
    other = nl.connect(OFFICE)["access_token"]
    assert nl.call(other, "crm/Accounts?$select=ID").status_code == 200
    nl.sim.clock.advance(3600)
    token = nl.connect()["access_token"]
    assert nl.call(token, "crm/Accounts?$select=ID").status_code == 200


def test_business_errors_do_not_count_towards_the_block(nl):
    token = nl.connect()["access_token"]
    nl.control("limits", {"minute": None})
    for _count in range(12):
        assert nl.call(token, "crm/Accounts", "POST", {"Status": "C"}).status_code == 500
    assert nl.call(token, "crm/Accounts?$select=ID").status_code == 200


def test_a_repeated_block_lasts_longer():
    limits, key = Limits(), ("app", "user", 1, "crm/accounts")
    moment = NOON
    for hours in (1, 2, 4):
        for _count in range(11):
            limits.note_error(key, 404, moment)
        end = moment + timedelta(hours=hours)
        assert limits.is_blocked(key, end - timedelta(seconds=1))
        assert not limits.is_blocked(key, end)
        moment = end


def test_ten_errors_do_not_block():
    limits, key = Limits(), ("app", "user", 1, "crm/accounts")
    for _count in range(10):
        limits.note_error(key, 400, NOON)
    assert not limits.is_blocked(key, NOON)


def test_a_refused_call_is_not_counted():
    limits = Limits()
    limits.settings = LimitSettings(minute=1, day=10)
    limits.take(("app", 1), NOON)
    for _count in range(5):
        with pytest.raises(LimitReached):
            limits.take(("app", 1), NOON)
    assert limits.used(("app", 1), NOON) == (1, 1)
