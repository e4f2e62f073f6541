"""What the client puts on the wire and what it makes of good answers."""

import logging
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from wire import RESET, Answer, refusal, rows

from exact_connector.client import (
    VERSION,
    AuthError,
    ExactClient,
    ExactError,
    OutcomeUnknown,
    UnreachableError,
    eq,
)
from exact_connector.client import client as client_module

KEY = "11111111-1111-4111-8111-111111111111"


def test_read_sends_what_exact_asks_for_and_nothing_more(wire, client):
    wire.will(rows({"ID": KEY, "Code": "                 7"}))
    got = client.rows("crm/Accounts", select=["ID", "Code"], filter=eq("Name", "A&B + c"))
    assert got == [{"ID": KEY, "Code": "7"}]
    (call,) = wire.seen
    assert call.method == "GET"
    assert call.path == "/api/v1/1001/crm/Accounts"
    assert call.query == {"$select": "ID,Code", "$filter": "Name eq 'A&B + c'"}
    assert call.headers["Authorization"] == "Bearer token-1"
    assert call.headers["Accept"] == "application/json"
    assert call.headers["User-Agent"] == f"exact_connector/{VERSION}"
    assert "Prefer" not in call.headers
    assert "Content-Type" not in call.headers


def test_both_envelopes_are_read(wire, client):
    wire.will(rows({"A": 1}), Answer(200, {"d": [{"A": 2}]}), Answer(200, {"d": []}))
    assert [client.rows("x/Y", select="A") for _ in range(3)] == [[{"A": 1}], [{"A": 2}], []]


def test_pages_are_fetched_one_at_a_time_at_the_address_given(wire, client):
    following = f"{wire.url}/api/v1/1001/x/Y?$select=A&$skiptoken=guid'{KEY}'"
    wire.will(rows({"A": 1}, following=following), rows({"A": 2}))
    pages = client.pages("x/Y", select="A")
    assert wire.seen == []
    assert next(pages) == [{"A": 1}]
    assert len(wire.seen) == 1
    assert list(pages) == [[{"A": 2}]]
    assert wire.seen[1].target == following.removeprefix(wire.url)


def test_wrong_arguments_are_told_at_once_and_make_no_call(wire, client):
    for call in (
        lambda: client.pages("x/Y", select=""),
        lambda: client.pages("crm/Accounts?x", select="ID"),
        lambda: client.pages("../x", select="ID"),
        lambda: client.get("x/Y", "", select="ID"),
        lambda: client.delete("x/Y", False),
        lambda: client.create("x/Y", {"A": datetime.now(timezone.utc)}),
        lambda: ExactClient(wire.url, None, lambda: "t").rows("x/Y", select="ID"),
    ):
        with pytest.raises(ValueError, match=r"Name the|resource|GUID|zone|division"):
            call()
    with pytest.raises(TypeError):
        client.create("x/Y", {"A": 0.1})
    assert wire.seen == []
    assert client.calls == 0


def test_top_counts_over_all_pages(wire, client):
    following = f"{wire.url}/api/v1/1001/x/Y?$skiptoken=1"
    wire.will(rows({"A": 1}, {"A": 2}, following=following), rows({"A": 3}, {"A": 4}))
    assert client.rows("x/Y", select="A", top=3) == [{"A": 1}, {"A": 2}, {"A": 3}]
    wire.will(rows({"A": 1}, following=following))
    assert client.first("x/Y", select="A") == {"A": 1}
    assert wire.seen[-1].query["$top"] == "1"
    assert len(wire.seen) == 3


def test_first_of_nothing_is_none(wire, client):
    wire.will(rows())
    assert client.first("x/Y", select="A") is None


def test_same_page_twice_ends_the_read(wire, client):
    again = f"{wire.url}/api/v1/1001/x/Y?$skiptoken=1"
    wire.will(*[rows({"A": 1}, following=again)] * 5)
    with pytest.raises(ExactError, match="twice"):
        client.rows("x/Y", select="A")
    assert len(wire.seen) == 2


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://127.0.0.1:{port}/api/v1/1001/x/Y",
        "http://127.0.0.1:1/api/v1/1001/x/Y",
        "http://localhost:{port}/api/v1/1001/x/Y",
        "http://127.0.0.1:{port}@evil.example/api/v1/1001/x/Y",
        "http://user:pass@127.0.0.1:{port}/be/api/v1/1001/x/Y",
        "http://127.0.0.1:{port}/api/v1/1001/x/Y",
        "http://127.0.0.1:{port}/bee/api/v1/1001/x/Y",
        "http://127.0.0.1:{port}/be/../api/v1/1001/x/Y",
        "http://127.0.0.1:{port}/be/%2e%2e/api/v1/1001/x/Y",
        "http://127.0.0.1:{port}/be\\..\\x",
        "http://127.0.0.1:{port}\\@evil.example/be/x",
        "//evil.example/be/x",
        "/be/api/v1/1001/x/Y",
        "http://127.0.0.1:{port}/be/ x",
        "http://127.0.0.1:99999/be/x",
        "http://[/be/x",
        7,
    ],
)
def test_next_page_elsewhere_gets_no_token(wire, elsewhere):
    client = ExactClient(f"{wire.url}/be", 1001, lambda rejected=None: "token-1", timeout=5)
    if isinstance(elsewhere, str):
        elsewhere = elsewhere.replace("{port}", str(wire.port))
    wire.will(rows({"A": 1}, following=elsewhere))
    with pytest.raises(ExactError) as caught:
        client.rows("x/Y", select="A")
    assert type(caught.value) is ExactError
    assert len(wire.seen) == 1
    assert client.calls == 1


def test_base_path_is_kept(wire):
    client = ExactClient(f"{wire.url}/be/", 2001, lambda rejected=None: "token-1", timeout=5)
    wire.will(rows(following=f"{wire.url}/be/api/v1/2001/x/Y?$skiptoken=1"), rows())
    assert client.rows("x/Y", select="A") == []
    assert [call.path for call in wire.seen] == ["/be/api/v1/2001/x/Y"] * 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_never_followed(wire, client, status):
    wire.will(*[Answer(status, b"", {"Location": f"{wire.url}/elsewhere"})] * 2)
    with pytest.raises(UnreachableError):
        client.rows("x/Y", select="A")
    with pytest.raises(OutcomeUnknown):
        client.create("x/Y", {})
    assert len(wire.seen) == 2


def test_get_by_key(wire, client):
    wire.will(
        Answer(200, {"d": {"ID": KEY, "AmountFC": 12.5}}),
        refusal(404, "Not found"),
        Answer(200, {"d": {"Code": 1001}}),
    )
    assert client.get("x/Y", KEY, select="ID") == {"ID": KEY, "AmountFC": Decimal("12.5")}
    assert client.get("x/Y", KEY, select="ID") is None
    assert client.get("system/Divisions", 1001, select="Code") == {"Code": 1001}
    assert wire.seen[0].path == f"/api/v1/1001/x/Y(guid'{KEY}')"
    assert wire.seen[2].path == "/api/v1/1001/system/Divisions(1001)"


def test_expanded_lines_are_read_to_the_end(wire, client):
    more = f"{wire.url}/api/v1/1001/x/Y(guid'{KEY}')/Lines?$skiptoken=1"
    entity = {"ID": KEY, "Lines": {"results": [{"N": 1}], "__next": more}}
    wire.will(Answer(200, {"d": entity}), rows({"N": 2}))
    got = client.get("x/Y", KEY, select="ID,Lines", expand="Lines")
    assert got == {"ID": KEY, "Lines": [{"N": 1}, {"N": 2}]}
    wire.will(rows(entity), rows({"N": 2}))
    assert client.rows("x/Y", select="ID,Lines", expand="Lines") == [got]


def test_me_needs_no_division(wire):
    client = ExactClient(wire.url, None, lambda rejected=None: "token-1", timeout=5)
    wire.will(rows({"UserID": KEY, "CurrentDivision": 1001, "FullName": "Bo  "}))
    assert client.me() == {"UserID": KEY, "CurrentDivision": 1001, "FullName": "Bo"}
    assert wire.seen[0].path == "/api/v1/current/Me"


def test_beta_resource_has_the_division_behind_beta(wire, client):
    wire.will(rows())
    client.rows("beta/x/Y", select="A")
    assert wire.seen[0].path == "/api/v1/beta/1001/x/Y"


@pytest.mark.parametrize("status", [200, 201, 202])
def test_create_asks_for_the_full_entity_and_returns_it(wire, client, status):
    wire.will(Answer(status, {"d": {"ID": KEY, "Created": "/Date(0)/"}}))
    values = {"AmountFC": Decimal("100.10"), "EntryDate": date(2026, 1, 31), "Lines": [{"A": 1}]}
    assert client.create("x/Y", values) == {"ID": KEY, "Created": datetime(1970, 1, 1)}
    (call,) = wire.seen
    assert call.method == "POST"
    assert call.path == "/api/v1/1001/x/Y"
    assert call.body == b'{"AmountFC":100.10,"EntryDate":"2026-01-31","Lines":[{"A":1}]}'
    assert call.headers["Prefer"] == "return=representation"
    assert call.headers["Content-Type"] == "application/json"


def test_update_and_delete_by_key(wire, client):
    wire.will(Answer(204), Answer(200), Answer(204))
    assert client.update("x/Y", KEY, {"Name": "é"}) is None
    assert client.update("x/Y", KEY, {"Name": None}) is None
    assert client.delete("x/Y", KEY) is None
    assert [call.method for call in wire.seen] == ["PUT", "PUT", "DELETE"]
    assert {call.path for call in wire.seen} == {f"/api/v1/1001/x/Y(guid'{KEY}')"}
    assert wire.seen[0].json == {"Name": "é"}
    assert "Prefer" not in wire.seen[0].headers
    assert wire.seen[2].body == b""


# -- tokens ------------------------------------------------------------------------------------


class Tokens:
    def __init__(self, *tokens):
        self.tokens = list(tokens)
        self.asked = []

    def __call__(self, rejected=None):
        self.asked.append(rejected)
        token = self.tokens.pop(0)
        if isinstance(token, Exception):
            raise token
        return token


def test_401_is_answered_once_with_a_new_token_even_for_a_write(wire):
    tokens = Tokens("old", "new")
    client = ExactClient(wire.url, 1001, tokens, timeout=5)
    wire.will(Answer(401), Answer(201, {"d": {"ID": KEY}}))
    assert client.create("x/Y", {"A": 1}) == {"ID": KEY}
    assert tokens.asked == [None, "old"]
    assert client.calls == 2
    assert [c.headers["Authorization"] for c in wire.seen] == ["Bearer old", "Bearer new"]
    assert wire.seen[0].body == wire.seen[1].body


def test_401_twice_needs_a_person(wire):
    client = ExactClient(wire.url, 1001, Tokens("old", "new"), timeout=5)
    wire.will(Answer(401), Answer(401))
    with pytest.raises(AuthError) as caught:
        client.rows("x/Y", select="A")
    assert caught.value.status == 401
    assert len(wire.seen) == 2


def test_401_with_no_other_token_is_not_repeated(wire, client):
    wire.will(Answer(401))
    with pytest.raises(AuthError):
        client.rows("x/Y", select="A")
    assert len(wire.seen) == 1


@pytest.mark.parametrize("token", [None, "", False, "a b", "a\nb", "é"])
def test_what_is_no_token_is_not_sent_nor_shown(wire, token):
    client = ExactClient(wire.url, 1001, Tokens(token), timeout=5)
    with pytest.raises(AuthError) as caught:
        client.rows("x/Y", select="A")
    assert wire.seen == []
    assert "a" not in str(caught.value).split()


def test_lost_token_call_is_not_a_lost_write(wire):
    client = ExactClient(wire.url, 1001, Tokens(OutcomeUnknown("lost")), timeout=5)
    with pytest.raises(UnreachableError):
        client.create("x/Y", {})
    assert wire.seen == []


def test_netrc_and_proxies_do_not_reach_the_practice_service(wire, client, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    wire.will(rows())
    client.rows("x/Y", select="A")
    assert wire.seen[0].headers["Authorization"] == "Bearer token-1"


# -- records, connections ----------------------------------------------------------------------


def test_each_call_is_recorded_without_secrets(wire):
    records = []
    client = ExactClient(
        wire.url, 1001, Tokens("s3cret", "s3cret-2"), timeout=5, on_call=records.append
    )
    before = datetime.now(timezone.utc)
    wire.will(Answer(401), Answer(204))
    client.update("crm/Accounts", KEY, {"Name": "private"})
    assert [(r.method, r.resource, r.status, r.calls) for r in records] == [
        ("PUT", "crm/Accounts", 401, 1),
        ("PUT", "crm/Accounts", 204, 2),
    ]
    assert all(0 <= r.duration < 5 for r in records)
    assert before <= records[0].at <= records[1].at <= datetime.now(timezone.utc)
    assert records[0].at.utcoffset() == timedelta(0)
    for secret in ("s3cret", KEY, "private"):
        assert secret not in repr(records) + repr(client)


def test_call_without_answer_is_recorded(wire):
    records = []
    client = ExactClient(wire.url, 1001, lambda rejected=None: "t", on_call=records.append)
    wire.will(RESET)
    with pytest.raises(UnreachableError):
        client.rows("x/Y", select="A")
    assert [(r.status, r.calls) for r in records] == [(None, 1)]


def test_failing_record_keeper_does_not_lose_the_answer(wire, caplog):
    def fail(record):
        raise RuntimeError("disk full")

    client = ExactClient(wire.url, 1001, lambda rejected=None: "t", timeout=5, on_call=fail)
    wire.will(Answer(201, {"d": {"ID": KEY}}))
    with caplog.at_level(logging.ERROR):
        assert client.create("x/Y", {}) == {"ID": KEY}
    assert "could not be kept" in caplog.text


def test_write_after_a_pause_takes_a_new_connection(wire, client, monkeypatch):
    closed = []
    monkeypatch.setattr(client._session, "close", lambda: closed.append(1))
    wire.will(rows(), Answer(204), Answer(204), rows())
    client.rows("x/Y", select="A")
    client.update("x/Y", KEY, {})
    assert closed == []
    later = client_module.time.monotonic() + 60
    monkeypatch.setattr(client_module.time, "monotonic", lambda: later)
    client.update("x/Y", KEY, {})
    client.rows("x/Y", select="A")
    assert closed == [1]


def test_connection_is_kept_between_calls_and_survives_being_closed_by_the_server(wire, client):
    wire.will(rows(), Answer(204, close=True), Answer(201, {"d": {"ID": KEY}}))
    client.rows("x/Y", select="A")
    client.update("x/Y", KEY, {})
    assert len(wire._connections) == 1
    wire.wait_closed()
    assert client.create("x/Y", {}) == {"ID": KEY}
    assert len(wire._connections) == 2
