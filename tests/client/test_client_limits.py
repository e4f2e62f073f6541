"""Limits as Exact's headers tell them, with parts missing and parts wrong."""

import threading
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from exact_connector.client import Limits

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone.utc)
SOON = NOW + timedelta(seconds=53)
MIDNIGHT = datetime(2026, 3, 5, tzinfo=timezone.utc)
DAY, MINUTE = "X-RateLimit-", "X-RateLimit-Minutely-"


def headers(prefix, limit=None, remaining=None, reset=None):
    values = {"Limit": limit, "Remaining": remaining, "Reset": reset}
    return CaseInsensitiveDict(
        {prefix + name: str(value) for name, value in values.items() if value is not None}
    )


def epoch_ms(moment):
    return int(moment.timestamp() * 1000)


def test_nothing_is_known_at_first():
    limits = Limits()
    assert limits.day_limit is limits.day_remaining is limits.day_reset is None
    assert limits.minute_limit is limits.minute_remaining is limits.minute_reset is None
    assert limits.blocked_until(NOW) is None
    assert not limits.minute.known


@pytest.mark.parametrize("unit", [1, 1000])
def test_reset_is_milliseconds_and_seconds_do_no_harm(unit):
    limits = Limits()
    limits.update(headers(MINUTE, 60, 59, int(SOON.timestamp()) * unit), NOW)
    assert (limits.minute_limit, limits.minute_remaining, limits.minute_reset) == (60, 59, SOON)
    assert limits.day_limit is None
    assert limits.blocked_until(NOW) is None


def test_headers_are_read_whatever_their_case():
    limits = Limits()
    limits.update(CaseInsensitiveDict({"x-ratelimit-remaining": "7"}), NOW)
    assert limits.day_remaining == 7


def test_answer_without_headers_keeps_what_was_known():
    limits = Limits()
    limits.update(headers(DAY, 5000, 12, epoch_ms(MIDNIGHT)), NOW)
    limits.update(CaseInsensitiveDict(), NOW)
    assert limits.day_remaining == 12


def test_empty_window_blocks_until_its_end():
    limits = Limits()
    limits.update(headers(MINUTE, 60, 0, epoch_ms(SOON)), NOW)
    assert limits.blocked_until(NOW) == SOON
    assert limits.blocked_until(SOON) is None
    limits.update(headers(DAY, 5000, 0, epoch_ms(MIDNIGHT)), NOW)
    assert limits.blocked_until(NOW) == MIDNIGHT


def test_end_is_worked_out_where_exact_does_not_say_it():
    limits = Limits()
    limits.update(headers(MINUTE, 60, 0), NOW)
    assert limits.blocked_until(NOW) == NOW.replace(minute=7, second=0)
    limits.update(headers(DAY, 5000, 0, "soon"), NOW)
    assert limits.blocked_until(NOW) == MIDNIGHT


@pytest.mark.parametrize("prefix", [MINUTE, DAY])
def test_w12_429_with_one_window_only(prefix):
    limits = Limits()
    other = DAY if prefix == MINUTE else MINUTE
    limits.update(headers(other, 100, 50, epoch_ms(NOW + timedelta(hours=1))), NOW)
    assert limits.refused(headers(prefix, 60, 0, epoch_ms(SOON)), NOW) == SOON
    assert limits.blocked_until(NOW) == SOON
    assert Limits().refused(headers(prefix, reset=epoch_ms(SOON)), NOW) == SOON


def test_429_with_both_windows_goes_by_the_empty_one():
    both = {
        **headers(DAY, 5000, 4000, epoch_ms(MIDNIGHT)),
        **headers(MINUTE, 60, 0, epoch_ms(SOON)),
    }
    assert Limits().refused(CaseInsensitiveDict(both), NOW) == SOON


def test_w12_429_without_headers_waits_a_minute():
    limits = Limits()
    assert limits.refused(CaseInsensitiveDict(), NOW) == NOW + timedelta(seconds=60)
    assert limits.blocked_until(NOW) == NOW + timedelta(seconds=60)


def test_429_without_windows_goes_by_retry_after():
    given_headers = CaseInsensitiveDict({"Retry-After": "120"})
    assert Limits().refused(given_headers, NOW) == NOW + timedelta(seconds=120)


def test_429_with_calls_left_in_every_window_waits_a_minute():
    # The block for too many errors is such a case: the windows say nothing on it.
    full = headers(MINUTE, 60, 30, epoch_ms(SOON))
    assert Limits().refused(full, NOW) == NOW + timedelta(seconds=60)


def test_429_whose_end_is_past_waits_a_minute():
    past = headers(MINUTE, 60, 0, epoch_ms(NOW - timedelta(hours=1)))
    assert Limits().refused(past, NOW) == NOW + timedelta(seconds=60)


@given(st.dictionaries(st.sampled_from(["Limit", "Remaining", "Reset"]), st.text()), st.booleans())
def test_junk_in_headers_never_breaks_a_call(junk, daily):
    prefix = DAY if daily else MINUTE
    bag = CaseInsensitiveDict({prefix + name: value for name, value in junk.items()})
    bag["Retry-After"] = next(iter(junk.values()), "x")
    limits = Limits()
    limits.update(bag, NOW)
    assert limits.refused(bag, NOW) > NOW
    assert limits.blocked_until(NOW) > NOW


def test_limits_can_be_shared_by_threads():
    limits = Limits()

    def work(number):
        for _ in range(200):
            limits.update(headers(DAY, 5000, number, epoch_ms(MIDNIGHT)), NOW)
            limits.refused(headers(MINUTE, 60, 0, epoch_ms(SOON)), NOW)
            assert limits.blocked_until(NOW) == SOON

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert limits.day_remaining in (1, 2, 3)
