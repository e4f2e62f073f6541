"""Answers that no service should give: one clear error, or a clean value; never a token elsewhere, never a crash."""

import contextlib
import gzip
import json
import os
import time
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire import Answer, refusal, rows

from exact_connector.client import ExactClient, ExactError, OutcomeUnknown, UnreachableError
from exact_connector.client.address import check_division
from exact_connector.client.kinds import KINDS, Fit
from exact_connector.client.values import clean, decode

# EXACT_FUZZ=100 for a long look, as in the add-on's own fuzz.
long = settings(max_examples=10 * int(os.environ.get("EXACT_FUZZ", 7)))

GUID = "3f2b8a14-5c6d-4e7f-8a9b-0c1d2e3f4a5b"
SELECT = ("ID", "Code", "Name", "Status", "EndDate", "Blocked", "Timestamp")
GOOD = {"ID": GUID, "Code": "  1", "Name": "Jansen", "Status": "C", "Timestamp": "7"}

odd_text = st.text(
    alphabet=st.characters() | st.sampled_from("\x00\x1f\u202e\u2066\ud800\udfff\ufffe🧾é"),
    max_size=40,
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -0.0, 2**31, 2**63, 10**300, 1e308, 5e-324, 0.1])
    | odd_text
    | st.sampled_from(
        [
            *("x" * 10_000, "/Date(9e9)/", "/Date(99999999999999999)/", "/Date(-99999999999999)/"),
            *("NaN", "Infinity", "-0", "1e999", "٣", GUID, GUID.upper(), "{" + GUID + "}", "true"),
        ]
    )
)
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text, inner, max_size=3),
    max_leaves=6,
)


def storable(value):
    """Whether a database takes it: no NUL, no half characters, no number beyond any column."""
    if isinstance(value, str):
        value.encode()
        return not any(ord(letter) < 32 and letter not in "\t\r\n" for letter in value)
    if isinstance(value, dict):
        return all(map(storable, value.values()))
    return all(map(storable, value)) if isinstance(value, list) else True


# === ONE VALUE ===


@given(junk)
@long
def test_what_is_read_can_be_stored(value):
    assert storable(clean(decode(json.dumps(value).encode())))


@given(st.fixed_dictionaries({name: junk for name in SELECT}))
@long
def test_row_that_passes_holds_what_it_should_and_any_other_is_named(row):
    row = clean(decode(json.dumps(row).encode()))
    odd = Fit("sync/CRM/Accounts", SELECT).odd(row)
    assert set(odd) <= set(SELECT)
    kinds = {"Blocked": bool, "EndDate": datetime, "Timestamp": int}
    for name in set(SELECT) - set(odd):
        assert isinstance(row[name], (kinds.get(name, str), type(None))), name
    if not odd:
        assert row["ID"]
        assert 0 <= row["Timestamp"] <= 10**15


@given(st.sampled_from(sorted(KINDS)), junk)
@long
def test_no_property_makes_the_check_itself_fail(name, value):
    row = clean(decode(json.dumps({name: value}).encode()))
    Fit("", [name]).odd(row)
    json.dumps(row, default=str)


@pytest.mark.parametrize(
    ("name", "given_", "kept"),
    [
        ("Code", 12, "12"),
        ("Code", Decimal("1.50"), "1.50"),
        ("EntryNumber", "70", 70),
        ("EntryNumber", Decimal("70.0"), 70),
        ("HID", "9223372036854775807", 2**63 - 1),
        ("Timestamp", "1000000000000000", 10**15),
        ("AmountFC", "-12.10", Decimal("-12.10")),
        ("Blocked", 1, True),
        ("Blocked", "false", False),
        ("EndDate", "2026-01-31T00:00:00", datetime(2026, 1, 31)),
        ("GLAccount", "", None),
        ("GLAccount", None, None),
    ],
)
def test_harmless_differences_are_taken(name, given_, kept):
    row = {name: given_}
    assert Fit("x/Y", [name]).odd(row) == []
    assert row[name] == kept
    assert type(row[name]) is type(kept)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Code", {"a": 1}),
        ("Name", ["x"]),
        ("Name", True),
        ("EntryNumber", 2**31),
        ("EntryNumber", "7.5"),
        ("HID", 2**63),
        ("Timestamp", str(2**63 - 1)),
        ("Timestamp", -1),
        ("AmountFC", "NaN"),
        ("AmountFC", "Infinity"),
        ("AmountFC", True),
        ("AmountFC", Decimal("1e19")),
        ("Blocked", 2),
        ("EndDate", "/Date(99999999999999999)/"),
        ("EndDate", "yesterday"),
        ("ID", "x"),
        ("ID", None),
    ],
)
def test_what_cannot_be_read_is_named(name, value):
    assert Fit("x/Y", [name]).odd({name: value}) == [name]


def test_the_same_name_means_something_else_elsewhere():
    assert Fit("crm/Accounts", ["Status"]).odd({"Status": "C"}) == []
    assert Fit("cashflow/Receivables", ["Status"]).odd({"Status": "C"}) == ["Status"]
    assert Fit("system/Divisions", ["Code"]).odd({"Code": 1001}) == []


def test_zero_has_no_sign():
    [zero] = clean(decode(b"[-0.0]"))
    assert str(zero) == "0.0"


@pytest.mark.parametrize(
    "number",
    [
        "1e999999999",
        "1e-999999999",
        "-1E401",
        "1" * 5000,
        "NaN",
        "-Infinity",
        "1e99999999999999999999",
    ],
)
def test_number_that_would_cost_the_memory_is_no_json(number):
    start = time.monotonic()
    with pytest.raises(ValueError, match=r"JSON|number"):
        decode(f'{{"d":{number}}}'.encode())
    assert time.monotonic() - start < 1


# === ONE PAGE ===


def test_bad_row_is_told_and_the_others_are_read(wire, client):
    bad = {**GOOD, "Name": {"nested": 1}, "ID": "no guid"}
    wire.will(rows(GOOD, bad, {**GOOD, "Code": "2"}))
    told = []
    found = next(client.pages("crm/Accounts", select=SELECT, on_odd=lambda *row: told.append(row)))
    assert [row["Code"] for row in found] == ["1", "2"]
    assert [names for _row, names in told] == [["ID", "Name"]]


def test_bad_row_that_nobody_is_told_of_ends_the_read(wire, client):
    """What was not read must not look as if it had been deleted in Exact."""
    wire.will(rows(GOOD, {**GOOD, "ID": None}))
    with pytest.raises(ExactError, match="cannot be read: ID of crm/Accounts 1") as caught:
        client.rows("crm/Accounts", select=SELECT)
    assert caught.value.reason == "Unreadable"


@given(junk)
@long
def test_any_json_is_rows_or_one_of_our_errors(value):
    class Once(ExactClient):
        def _call(self, method, resource, url, *args, **kwargs):
            return reply

    reply = _response(json.dumps(value).encode())
    client = Once("https://start.exactonline.nl", 1001, lambda **_: "t")
    for ask in (
        lambda: client.rows("crm/Accounts", select=SELECT),
        lambda: client.get("crm/Accounts", GUID, select=SELECT),
        lambda: client.me(),
        lambda: client.create("crm/Accounts", {"Name": "x"}),
        lambda: client.update("crm/Accounts", GUID, {"Name": "x"}),
    ):
        with contextlib.suppress(ExactError):
            ask()


def _response(content, status=200, **headers):
    import requests

    response = requests.Response()
    response.status_code = status
    response._content = content
    response.headers.update(headers)
    return response


@given(st.binary(max_size=200) | junk.map(lambda value: json.dumps({"d": value}).encode()))
@long
def test_any_bytes_are_rows_or_one_of_our_errors(content):
    from exact_connector.client.answers import error_of, page_of
    from exact_connector.client.limits import Limits

    page_of(_response(content))
    for status in (400, 403, 404, 429, 500, 503):
        error = error_of(_response(content, status), "GET", "x/Y", Limits())
        assert storable(error.texts)
        assert storable(str(error))


@given(odd_text)
@long
def test_what_exact_says_of_an_error_can_be_stored(text):
    from exact_connector.client.answers import error_of
    from exact_connector.client.limits import Limits

    body = {"error": {"code": "", "message": {"lang": "", "value": text * 300}}}
    error = error_of(_response(json.dumps(body).encode(), 500), "POST", "x/Y", Limits())
    assert storable(error.texts)
    assert sum(map(len, error.texts)) <= 8_000


@pytest.mark.parametrize("depth", [100, 900, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_no_answer(wire, client, depth, opening, closing):
    body = '{"d":{"results":[{"ID":' + opening * depth + "1" + closing * depth + "}]}}"
    wire.will(Answer(200, body), Answer(201, body))
    with pytest.raises(ExactError):
        client.rows("crm/Accounts", select=SELECT)
    with pytest.raises(OutcomeUnknown):
        client.create("crm/Accounts", {"Name": "x"})


def test_created_but_unreadable_is_in_doubt_not_refused(wire, client):
    wire.will(Answer(201, {"d": {"EntryID": "no guid", "EntryNumber": 7}}))
    with pytest.raises(OutcomeUnknown):
        client.create("salesentry/SalesEntries", {"YourRef": "x"})


@pytest.mark.parametrize("kind", ["text/html", "application/xml", "image/png", ""])
def test_wrong_content_type_changes_nothing(wire, client, kind):
    wire.will(Answer(200, {"d": [GOOD]}, {"Content-Type": kind}))
    assert len(client.rows("crm/Accounts", select=SELECT)) == 1


def test_duplicate_keys_count_once(wire, client):
    row = json.dumps(GOOD)[:-1] + ',"Code":"9","Code":"10"}'
    wire.will(Answer(200, f'{{"d":{{"results":[{row}],"results":[{row}]}}}}'))
    assert [each["Code"] for each in client.rows("crm/Accounts", select=SELECT)] == ["10"]


def test_packed_bomb_is_given_up(wire, client):
    # It would be an answer, were it read to its end.
    bomb = gzip.compress(b" " * (40 * 1024 * 1024) + b'{"d":{"results":[]}}')
    assert len(bomb) < 100_000
    wire.will(*[Answer(200, bomb, {"Content-Encoding": "gzip"})] * 2)
    with pytest.raises(UnreachableError):
        client.rows("crm/Accounts", select=SELECT)
    with pytest.raises(OutcomeUnknown):
        client.create("crm/Accounts", {"Name": "x"})


def test_answer_that_claims_to_be_huge_is_not_read(wire, client):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999999999999\r\n\r\n{"
    wire.will(head)
    with pytest.raises(UnreachableError):
        client.rows("crm/Accounts", select=SELECT)


# === FROM PAGE TO PAGE ===


@pytest.mark.parametrize(
    "elsewhere",
    [
        "{base}/api/v1/1002/crm/Accounts?$skiptoken=1",
        "{base}/api/v1/10011/crm/Accounts",
        "{base}/api/v1/beta/1002/crm/Accounts",
        "{base}/api/v1/%31002/crm/Accounts",
        "{base}/api/v1/1001/../1002/crm/Accounts",
        "{base}/api/v1/1001/%2e%2e/1002/crm/Accounts",
        "{base}/api/v1//1002/crm/Accounts",
        "{base}/api/v1/current/Me",
        "{base}/api/oauth2/token",
        "{base}/docs/SysAttachment.aspx",
        "{base}",
        "http://start.exactonline.nl/api/v1/1001/crm/Accounts",
        "https://start.exactonline.be/api/v1/1001/crm/Accounts",
        "http://user:pass@127.0.0.1/api/v1/1001/crm/Accounts",
        "http://127.0.0.1@evil.example/api/v1/1001/crm/Accounts",
        "http://127.0.0.1:1/api/v1/1001/crm/Accounts",
        "http://127.0.0.1.evil.example/api/v1/1001/crm/Accounts",
        "ftp://127.0.0.1/api/v1/1001/crm/Accounts",
        "javascript:alert(1)",
        {"uri": "x"},
        ["x"],
        7,
        True,
    ],
)
def test_next_page_of_another_division_or_site_gets_no_call(wire, client, elsewhere):
    if isinstance(elsewhere, str):
        elsewhere = elsewhere.replace("{base}", wire.url)
    wire.will(rows(GOOD, following=elsewhere))
    with pytest.raises(ExactError, match="outside the connected"):
        client.rows("crm/Accounts", select=SELECT)
    assert len(wire.seen) == 1


def test_next_page_of_an_expanded_collection_is_held_to_the_same(wire, client):
    lines = {"results": [{"ID": GUID}], "__next": f"{wire.url}/api/v1/1002/x/Lines"}
    wire.will(Answer(200, {"d": {"ID": GUID, "Lines": lines}}))
    with pytest.raises(ExactError, match="outside the connected division"):
        client.get("x/Y", GUID, select="ID", expand="Lines")
    assert len(wire.seen) == 1


@given(
    st.text(max_size=60), st.sampled_from(["", "https://", "https://start.exactonline.nl", "//"])
)
@long
def test_whatever_the_address_it_is_ours_or_refused(rest, beginning):
    url = beginning + rest
    try:
        check_division(url, "https://start.exactonline.nl", 1001)
    except ExactError:
        return
    assert url.startswith("https://start.exactonline.nl/api/v1/")


def test_circle_of_pages_ends_the_read(wire, client):
    base = f"{wire.url}/api/v1/1001/crm/Accounts?p="
    wire.will(*[rows(GOOD, following=base + page) for page in ("1", "2", "1")])
    with pytest.raises(ExactError, match="same page address twice"):
        client.rows("crm/Accounts", select=SELECT)
    assert len(wire.seen) == 3


def test_pages_without_rows_and_without_end_end_the_read(wire, client):
    base = f"{wire.url}/api/v1/1001/crm/Accounts?p="
    wire.will(*[rows(following=f"{base}{page}") for page in range(40)])
    with pytest.raises(ExactError, match="one empty page after the other"):
        client.rows("crm/Accounts", select=SELECT)
    assert len(wire.seen) < 30


@pytest.mark.parametrize("following", [None, "", 0, False])
def test_no_next_page_in_any_way_is_the_end(wire, client, following):
    wire.will(Answer(200, {"d": {"results": [GOOD], "__next": following}}))
    assert len(client.rows("crm/Accounts", select=SELECT)) == 1


def test_refusal_in_ten_thousand_lines_is_cut(wire, client):
    wire.will(refusal(500, "fout\r\n" * 10_000))
    with pytest.raises(ExactError) as caught:
        client.rows("crm/Accounts", select=SELECT)
    assert len(caught.value.texts) <= 100
