"""Every way a call can end badly, and what the caller is told: read and write differ."""

import logging
import pickle
import socket
import traceback
from datetime import datetime, timedelta, timezone

import pytest
from wire import BAD_ANSWERS, RESET, Answer, refusal

from exact_connector.client import (
    AuthError,
    DataError,
    ExactClient,
    ExactError,
    LimitError,
    OutcomeUnknown,
    RightsError,
    TokenTooEarly,
    UnreachableError,
)

KEY = "11111111-1111-4111-8111-111111111111"
READS = {
    "rows": lambda c: c.rows("x/Y", select="A"),
    "get": lambda c: c.get("x/Y", KEY, select="A"),
    "me": lambda c: c.me(),
}
WRITES = {
    "create": lambda c: c.create("x/Y", {"A": 1}),
    "update": lambda c: c.update("x/Y", KEY, {"A": 1}),
    "delete": lambda c: c.delete("x/Y", KEY),
}
CALLS = {**READS, **WRITES}


@pytest.mark.parametrize("call", READS.values(), ids=READS)
@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_read_without_a_usable_answer_changed_nothing(wire, client, call, answer):
    if call is READS["rows"] and isinstance(answer, Answer) and answer.cut:
        answer = Answer(200, {"d": {"results": []}}, cut=4)
    wire.will(answer)
    with pytest.raises(UnreachableError):
        call(client)
    assert len(wire.seen) == client.calls == 1


@pytest.mark.parametrize("call", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_w03_write_without_a_usable_answer_is_in_doubt(wire, client, call, answer):
    wire.will(answer)
    with pytest.raises(OutcomeUnknown):
        call(client)
    assert len(wire.seen) == client.calls == 1


@pytest.mark.parametrize("answer", [Answer(200), Answer(201), Answer(204), Answer(201, {"d": {}})])
def test_w03_create_without_the_entity_is_in_doubt(wire, client, answer):
    wire.will(answer)
    with pytest.raises(OutcomeUnknown):
        WRITES["create"](client)


@pytest.mark.parametrize("call", READS.values(), ids=READS)
def test_empty_answer_to_a_read_is_no_answer(wire, client, call):
    wire.will(Answer(200))
    with pytest.raises(UnreachableError):
        call(client)


@pytest.mark.parametrize(
    ("calls", "error"), [(READS, UnreachableError), (WRITES, OutcomeUnknown)], ids=["read", "write"]
)
def test_answer_that_comes_too_late(wire, calls, error):
    for call in calls.values():
        client = ExactClient(wire.url, 1001, lambda rejected=None: "t", timeout=0.3)
        wire.will(Answer(200, {"d": {"ID": KEY}}, wait=1.0))
        with pytest.raises(error):
            call(client)
        assert client.calls == 1


def _closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_refused_connection_sent_nothing(call):
    url = f"http://127.0.0.1:{_closed_port()}"
    with pytest.raises(UnreachableError):
        call(ExactClient(url, 1001, lambda rejected=None: "t", timeout=5))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_unknown_host_sent_nothing(call, monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    client = ExactClient("https://exact.invalid", 1001, lambda rejected=None: "t", timeout=5)
    client._session.trust_env = False
    with pytest.raises(UnreachableError):
        call(client)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_connection_that_takes_too_long_sent_nothing(call, monkeypatch):
    def slow(self, *args, **kwargs):
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", slow)
    with pytest.raises(UnreachableError):
        call(ExactClient("http://127.0.0.1:9", 1001, lambda rejected=None: "t", timeout=5))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_unreachable_proxy_sent_nothing(call, monkeypatch):
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{_closed_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    client = ExactClient("https://exact.invalid", 1001, lambda rejected=None: "t", timeout=5)
    with pytest.raises(UnreachableError):
        call(client)


@pytest.mark.parametrize("call", WRITES.values(), ids=WRITES)
def test_w03_failed_tls_in_general_is_in_doubt(wire, call):
    wire.will(b"no TLS here")
    url = wire.url.replace("http:", "https:")
    with pytest.raises(OutcomeUnknown):
        call(ExactClient(url, 1001, lambda rejected=None: "t", timeout=0.5))


# -- Exact said no -----------------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_business_500_is_a_data_error_with_its_texts(wire, client, call):
    wire.will(refusal(500, "Verplicht: Factuur voor\r\n\r\n Verplicht: Besteld door "))
    with pytest.raises(DataError) as caught:
        call(client)
    error = caught.value
    assert error.texts == ["Verplicht: Factuur voor", "Verplicht: Besteld door"]
    assert str(error) == "Verplicht: Factuur voor\nVerplicht: Besteld door"
    assert error.status == 500
    assert error.method in ("GET", "POST", "PUT", "DELETE")
    assert error.resource in ("x/Y", "current/Me")
    assert error.kind == "data"


@pytest.mark.parametrize("body", ["", "<html>", {"error": {"message": {"value": None}}}])
@pytest.mark.parametrize("status", [400, 405, 409, 413, 415])
def test_other_refusals_are_data_errors_whatever_the_body(wire, client, status, body):
    for call in CALLS.values():
        wire.will(Answer(status, body))
        with pytest.raises(DataError) as caught:
            call(client)
        assert caught.value.status == status
        assert caught.value.texts == []
        assert str(status) in str(caught.value)


def test_404_is_a_data_error_but_for_one_entity(wire, client):
    wire.will(*[refusal(404, "Not found")] * 5)
    for name in ("rows", "update", "delete", "create"):
        with pytest.raises(DataError) as caught:
            CALLS[name](client)
        assert caught.value.status == 404
    assert READS["get"](client) is None


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
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_r55_403_carries_the_reason_exact_gives(wire, client, call, reason):
    wire.will(refusal(403, "Forbidden", Reason=f"{reason}: more words"))
    with pytest.raises(RightsError) as caught:
        call(client)
    assert caught.value.reason == reason
    assert caught.value.status == 403
    assert str(caught.value) == "Forbidden"
    assert caught.value.scope is None


def test_r55_403_names_the_missing_scope(wire, client):
    text = (
        "Forbidden - Application Scope Violated. Cannot read 'organization.administration' scope."
    )
    wire.will(refusal(403, text), Answer(403, text), Answer(403, "Application Scope Violated"))
    for scope in ("organization.administration", "organization.administration", None):
        with pytest.raises(RightsError) as caught:
            READS["rows"](client)
        assert caught.value.scope == scope
        assert caught.value.reason == "ApplicationScopeViolated"


def test_r55_403_wrong_division_and_plain(wire, client):
    wire.will(Answer(403, "Forbidden - WrongDivision"), Answer(403))
    reasons = []
    for _ in range(2):
        with pytest.raises(RightsError) as caught:
            READS["rows"](client)
        reasons.append(caught.value.reason)
    assert reasons == ["WrongDivision", None]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_503_was_not_served(wire, client, call):
    wire.will(Answer(503, "<html>Maintenance</html>"))
    with pytest.raises(UnreachableError) as caught:
        call(client)
    assert caught.value.status == 503


def test_408_on_a_read_is_too_broad_and_on_a_write_in_doubt(wire, client):
    for call in READS.values():
        wire.will(Answer(408))
        with pytest.raises(UnreachableError) as caught:
            call(client)
        assert caught.value.reason == "TooBroad"
    for call in WRITES.values():
        wire.will(Answer(408))
        with pytest.raises(OutcomeUnknown):
            call(client)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_429_says_when_to_try_again(wire, client, call):
    reset = (datetime.now(timezone.utc) + timedelta(seconds=37)).replace(microsecond=0)
    headers = {
        "X-RateLimit-Minutely-Limit": "60",
        "X-RateLimit-Minutely-Remaining": "0",
        "X-RateLimit-Minutely-Reset": str(int(reset.timestamp() * 1000)),
    }
    wire.will(Answer(429, b"", headers))
    with pytest.raises(LimitError) as caught:
        call(client)
    assert caught.value.retry_at == reset
    assert client.limits.blocked_until(datetime.now(timezone.utc)) == reset


def test_429_without_headers_waits_a_minute(wire, client):
    wire.will(Answer(429))
    with pytest.raises(LimitError) as caught:
        READS["rows"](client)
    seconds = (caught.value.retry_at - datetime.now(timezone.utc)).total_seconds()
    assert 55 < seconds <= 60


def test_limits_are_read_from_good_answers(wire, client):
    wire.will(Answer(204, b"", {"X-RateLimit-Remaining": "4999", "X-RateLimit-Limit": "5000"}))
    WRITES["update"](client)
    assert (client.limits.day_remaining, client.limits.day_limit) == (4999, 5000)
    assert client.limits.minute_remaining is None


# -- secrets -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer", [RESET, Answer(401), Answer(500), refusal(403, "x"), Answer(200, "{"), Answer(429)]
)
def test_no_token_in_errors_or_logs(wire, answer, caplog):
    token = "t0p-s3cret"
    client = ExactClient(wire.url, 1001, lambda rejected=None: token, timeout=5)
    wire.will(answer)
    with caplog.at_level(logging.DEBUG), pytest.raises(ExactError) as caught:
        WRITES["create"](client)
    error = caught.value
    text = "".join(
        traceback.TracebackException.from_exception(error, capture_locals=False).format()
    )
    assert token not in text + repr(error) + repr(vars(error)) + caplog.text
    assert error.__context__ is None
    assert error.__cause__ is None


@pytest.mark.parametrize(
    "error",
    [
        DataError("x", status=500, texts=["x"], method="POST", resource="x/Y"),
        RightsError("x", scope="s", reason="r"),
        LimitError("x", retry_at=datetime(2026, 1, 1, tzinfo=timezone.utc)),
        AuthError("x", reason="r"),
        TokenTooEarly("x"),
        OutcomeUnknown("x"),
    ],
)
def test_errors_survive_pickling(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == "x"
