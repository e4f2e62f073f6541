"""Values, literals, keys and filters: what goes out is what Exact reads, and comes back."""

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qsl, unquote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_connector.client import (
    F,
    Guid,
    Int64,
    account_code,
    all_of,
    any_of,
    clean,
    contains,
    encode,
    eq,
    ge,
    gt,
    key_text,
    le,
    literal,
    lt,
    ne,
    odata,
    one_of,
    startswith,
)
from exact_connector.client.values import decode, iso, net_date

KEY = "11111111-1111-4111-8111-11111111111a"
finite = st.decimals(allow_nan=False, allow_infinity=False)
naive = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31))


# -- out ---------------------------------------------------------------------------------------


@given(finite)
def test_decimal_goes_out_as_a_number_with_the_same_value(value):
    text = encode({"AmountFC": value})
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal)["AmountFC"] == value
    assert "e" not in text.partition(":")[2].lower()


def test_decimal_keeps_its_digits_and_zero_has_no_sign():
    assert encode([Decimal("100.10"), Decimal("-0.00"), Decimal("1E+3")]) == "[100.10,0.00,1000]"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_number_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="finite"):
        encode(Decimal(value))
    with pytest.raises(ValueError, match="finite"):
        literal(Decimal(value))


@pytest.mark.parametrize("value", [0.1, 1.0, b"x", {1, 2}, object(), {1: "x"}])
def test_float_and_unknown_types_are_refused_before_sending(value):
    with pytest.raises(TypeError):
        encode({"x": value})


@pytest.mark.parametrize("value", [0.5, b"x", [1], {}])
def test_float_and_unknown_types_are_refused_in_filters(value):
    with pytest.raises(TypeError):
        literal(value)


@given(st.text())
def test_text_goes_out_as_it_is(value):
    assert json.loads(encode({value: value})) == {value: value}


def test_other_values_go_out_in_the_form_exact_takes():
    values = {
        "a": None,
        "b": True,
        "c": 7,
        "d": date(2026, 1, 31),
        "e": datetime(2026, 1, 31, 14, 5, 6),
        "f": datetime(2026, 1, 31, 14, 5, 6, 78000),
        "g": UUID(KEY),
        "h": Guid(KEY.upper()),
        "i": Int64(2**40),
        "j": [{"k": Decimal("0.10")}],
        "l": ("x",),
    }
    assert encode(values) == (
        '{"a":null,"b":true,"c":7,"d":"2026-01-31","e":"2026-01-31T14:05:06",'
        '"f":"2026-01-31T14:05:06.078",'
        f'"g":"{KEY}","h":"{KEY}","i":"1099511627776",'
        '"j":[{"k":0.10}],"l":["x"]}'
    )


def test_time_with_a_zone_is_refused():
    aware = datetime(2026, 1, 31, tzinfo=timezone.utc)
    for use in (encode, literal, iso):
        with pytest.raises(ValueError, match="zone"):
            use(aware)


# -- in ----------------------------------------------------------------------------------------


@given(naive)
def test_net_date_round_trip(value):
    value = value.replace(microsecond=value.microsecond // 1000 * 1000)
    milliseconds = (value - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    assert clean(f"/Date({milliseconds})/") == value
    assert net_date(milliseconds) == value
    assert datetime.fromisoformat(iso(value)) == value


def test_net_date_is_wall_clock_and_naive():
    assert clean("/Date(1725891400000)/") == datetime(2024, 9, 9, 14, 16, 40)
    assert clean("/Date(-86400000)/") == datetime(1969, 12, 31)
    assert clean("/Date(0+0200)/") == datetime(1970, 1, 1)


def test_net_date_outside_the_calendar_stays_text():
    assert clean("/Date(99999999999999999)/") == "/Date(99999999999999999)/"


def test_text_that_only_mentions_a_date_stays_text():
    assert clean("see /Date(0)/") == "see /Date(0)/"


@given(
    st.text(alphabet=st.characters(exclude_characters=" ", exclude_categories=["Cc", "Cs", "Cn"])),
    st.integers(0, 18),
)
def test_padding_is_stripped_on_both_sides(value, width):
    assert clean(" " * width + value + " " * width) == value


def test_entity_is_cleaned():
    raw = {
        "__metadata": {"uri": "x", "type": "y"},
        "Code": "                 7",
        "SalesVATCode": "2  ",
        "Country": "NL ",
        "Created": "/Date(1725891400000)/",
        "Hid": "1",
        "Blocked": False,
        "Remarks": None,
        "BankAccounts": {"__deferred": {"uri": "x"}},
        "SalesEntryLines": {"results": [{"__metadata": {}, "VATCode": "1  "}]},
        "Empty": {"results": []},
        "Documents": [{"Code": " 1"}],
    }
    assert clean(raw) == {
        "Code": "7",
        "SalesVATCode": "2",
        "Country": "NL",
        "Created": datetime(2024, 9, 9, 14, 16, 40),
        "Hid": "1",
        "Blocked": False,
        "Remarks": None,
        "SalesEntryLines": [{"VATCode": "1"}],
        "Empty": [],
        "Documents": [{"Code": "1"}],
    }


@given(finite.filter(lambda d: d == 0 or -300 < d.adjusted() < 300))
def test_numbers_come_in_without_loss(value):
    got = decode(encode({"x": value}).encode())["x"]
    assert got == value
    assert isinstance(got, (Decimal, int))
    assert not isinstance(got, float)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"<html>", b"\xff\xfe", b'{"d":NaN}', b"[" * 200_000, b"1" * 5000]
)
def test_what_is_not_json_is_a_value_error(content):
    with pytest.raises(ValueError, match=r".+"):
        decode(content)


def test_byte_order_mark_is_no_obstacle():
    assert decode(b'\xef\xbb\xbf{"d":1.50}') == {"d": Decimal("1.50")}


# -- literals, keys, filters -------------------------------------------------------------------


@given(st.text())
def test_text_literal_cannot_break_out_of_its_quotes(value):
    text = literal(value)
    assert text[0] == text[-1] == "'"
    inside = text[1:-1]
    assert "'" not in inside.replace("''", "")
    assert inside.replace("''", "'") == value


def test_literals():
    assert literal(Guid(KEY)) == literal(UUID(KEY)) == f"guid'{KEY}'"
    assert literal(KEY) == f"'{KEY}'"
    assert literal(Int64("5")) == "5L"
    assert literal(5) == "5"
    assert literal(True) == "true"
    assert literal(False) == "false"
    assert literal(None) == "null"
    assert literal(Decimal("-0.210")) == "-0.210"
    assert literal(date(2026, 2, 1)) == "datetime'2026-02-01'"
    assert literal(datetime(2026, 2, 1, 3, 4, 5)) == "datetime'2026-02-01T03:04:05'"


@pytest.mark.parametrize("value", ["", "x", "11111111-1111-4111-8111", f"{KEY}') or ('1"])
def test_what_is_no_guid_is_refused(value):
    with pytest.raises(ValueError, match="GUID"):
        Guid(value)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "x"])
def test_int64_fits_64_bits(value):
    with pytest.raises(ValueError, match=r"64 bits|invalid literal"):
        Int64(value)


def test_keys():
    assert key_text(KEY.upper()) == key_text(UUID(KEY)) == key_text(Guid(KEY)) == f"guid'{KEY}'"
    assert key_text(124132) == key_text(Int64(124132)) == "124132"


@pytest.mark.parametrize("value", [None, False, True, "", " ", "x", 1.0, b"x"])
def test_no_key_means_no_call_to_the_whole_collection(value):
    with pytest.raises(ValueError, match="GUID"):
        key_text(value)


def test_r37_account_code_is_18_wide():
    assert account_code("7") == "                 7"
    assert account_code(" 7 ") == account_code(7) == account_code("7")
    assert account_code("1" * 18) == "1" * 18
    for bad in ("", "  ", "1" * 19):
        with pytest.raises(ValueError, match="18 characters"):
            account_code(bad)


def test_comparisons():
    assert [f("A", 1) for f in (eq, ne, gt, ge, lt, le)] == [
        "A eq 1",
        "A ne 1",
        "A gt 1",
        "A ge 1",
        "A lt 1",
        "A le 1",
    ]
    assert startswith("Name", "O'Neil") == "startswith(Name,'O''Neil')"
    assert contains("Name", "x") == "substringof('x',Name)"
    assert F.eq("A", 1) == eq("A", 1)
    assert F.any_of(eq("A", 1)) == eq("A", 1)


@pytest.mark.parametrize("name", ["", "1A", "A eq 1 or B", "A)", "A/", None, "Ä"])
def test_property_name_cannot_carry_a_filter(name):
    with pytest.raises(ValueError, match="property name"):
        eq(name, 1)


def test_joining_keeps_the_meaning():
    a, b, c = eq("A", 1), eq("B", 2), eq("C", 3)
    assert all_of(a, any_of(b, c)) == "(A eq 1 and (B eq 2 or C eq 3))"
    assert any_of(all_of(a, b), c) == "((A eq 1 and B eq 2) or C eq 3)"
    assert a & (b | c) == all_of(a, any_of(b, c))
    assert all_of(a, "B eq 2 or C eq 3") == "(A eq 1 and (B eq 2 or C eq 3))"
    assert all_of([a, None, "", b]) == all_of(a, b)
    assert all_of() == all_of(None) == ""
    assert one_of("A", [1, 2]) == "(A eq 1 or A eq 2)"


def test_any_of_nothing_is_not_everything():
    for nothing in ((), ([],), (None,), ("",)):
        with pytest.raises(ValueError, match="at least one"):
            any_of(*nothing)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_query_text_survives_the_address(value):
    text = odata.query(select=["ID"], filter=eq("YourRef", value), top=1)
    assert "+" not in text
    assert " " not in text
    assert "#" not in text
    assert dict(parse_qsl(text))["$filter"] == eq("YourRef", value)


def test_query_options():
    text = odata.query(
        select=("ID", "Code"),
        filter=eq("Code", account_code("7")),
        orderby="Modified desc",
        expand=["Lines"],
        top=5,
        extra={"accountId": Guid(KEY)},
    )
    assert unquote(text) == (
        f"accountId=guid'{KEY}'&$select=ID,Code&$expand=Lines&$orderby=Modified desc"
        "&$filter=Code eq '                 7'&$top=5"
    )
    assert odata.query(select="ID", filter=all_of()) == "$select=ID"


@pytest.mark.parametrize("bad", [{"select": ""}, {"select": []}, {"select": "ID", "top": 0}])
def test_query_without_sense_is_refused(bad):
    with pytest.raises(ValueError, match=r"Name the properties|top counts"):
        odata.query(**bad)
