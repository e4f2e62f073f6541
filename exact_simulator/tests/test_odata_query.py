"""Reading: envelopes, pages, filters, selection, padding, dates."""

from __future__ import annotations

import re

import pytest

from exact_simulator import schema

from .books import Books, message, unlimited
from .service import running


@pytest.fixture(scope="module")
def books():
    with running(accounts=130) as sim:
        yield Books(unlimited(sim))


def test_a_collection_is_results_with_next_of_sixty(books):
    data = books.get("crm/Accounts?$select=ID").json()["d"]
    assert len(data["results"]) == 60
    assert data["__next"].startswith(books.url("crm/Accounts?"))
    assert re.search(r"\$skiptoken=guid'[0-9a-f-]{36}'$", data["__next"])
    assert "$select=ID" in data["__next"]


def test_all_pages_show_every_account_once(books):
    found = [row["ID"] for row in books.all("crm/Accounts?$select=ID")]
    assert len(found) == len(set(found)) == 130


def test_top_within_a_page_is_a_bare_array(books):
    data = books.get("crm/Accounts?$select=ID&$top=60").json()["d"]
    assert isinstance(data, list)
    assert len(data) == 60


def test_top_above_a_page_is_carried_on(books):
    data = books.get("crm/Accounts?$select=ID&$top=100").json()["d"]
    assert len(data["results"]) == 60
    assert "$top=40" in data["__next"]
    rest = books.get(data["__next"]).json()["d"]
    assert len(rest) == 40
    assert isinstance(rest, list)


def test_one_entity_by_key_is_an_object(books):
    key = books.account(3)
    entity = books.get(f"crm/Accounts(guid'{key}')").json()["d"]
    assert entity["ID"] == key
    assert entity["__metadata"] == {
        "uri": books.url(f"crm/Accounts(guid'{key}')"),
        "type": "Exact.Web.Api.Models.Account",
    }
    assert entity["BankAccounts"] == {
        "__deferred": {"uri": books.url(f"crm/Accounts(guid'{key}')/BankAccounts")}
    }


def test_me_is_a_result_of_one(books):
    rows = books.get("/current/Me?$select=CurrentDivision").json()["d"]["results"]
    assert [row["CurrentDivision"] for row in rows] == [1001]
    assert set(rows[0]) == {"__metadata", "CurrentDivision"}


def test_divisions_have_whole_number_keys_and_only_granted_ones_show(books):
    assert {row["Code"] for row in books.rows("system/Divisions")} == {1001, 1002}
    assert books.get("system/Divisions(1002)").json()["d"]["Description"] == "Praktijk Zuid BV"
    assert books.rows("system/Divisions?$filter=Code eq 1002&$select=Hid")[0]["Hid"] == "2"
    assert books.get("system/Divisions(guid'0')").status_code == 400


def test_ordered_pages_carry_value_and_key(books):
    address = "crm/Accounts?$select=Code,Modified&$orderby=Modified desc"
    first = books.get(address).json()["d"]
    assert re.search(r"\$skiptoken=datetime'[0-9T:.-]+',guid'[0-9a-f-]{36}'", first["__next"])
    found = books.all(address)
    assert len({row["Code"] for row in found}) == 130
    stamps = [int(row["Modified"][6:-2]) for row in found]
    assert stamps == sorted(stamps, reverse=True)


def test_order_with_nulls_and_ties_loses_nothing(books):
    found = books.all("crm/Accounts?$select=Code,EndDate,Status&$orderby=EndDate,Status desc")
    assert len({row["Code"] for row in found}) == 130
    assert found[-1]["EndDate"] is not None  # nulls come first


def test_skip_leaves_rows_out_and_the_next_page_does_not_skip_again(books):
    everything = [row["ID"] for row in books.all("crm/Accounts?$select=ID")]
    assert [row["ID"] for row in books.all("crm/Accounts?$select=ID&$skip=7")] == everything[7:]


def test_fixed_width_columns_are_padded(books):
    row = books.rows("crm/Accounts?$filter=trim(Code) eq '1'")[0]
    assert row["Code"] == "                 1"
    assert row["SalesVATCode"] == row["SalesVATCode"].strip().ljust(3)
    assert row["Country"] == row["Country"].strip().ljust(3)
    assert row["Language"] == row["Language"].strip().ljust(10)
    assert books.rows("vat/VATCodes?$filter=Code eq '2'")[0]["Code"] == "2  "
    assert books.rows("logistics/Items?$filter=Code eq 'UREN'")[0]["Unit"] == "uur     "
    assert books.rows("financial/Journals?$filter=Code eq '70'")[0]["Code"] == "70"
    assert books.rows("cashflow/PaymentConditions?$filter=Code eq '08'")[0]["Code"] == "08"


def test_filter_on_the_account_code_needs_the_blanks(books):
    assert books.rows("crm/Accounts?$filter=Code eq '1'&$select=ID") == []
    padded = "1".rjust(18)
    assert len(books.rows(f"crm/Accounts?$filter=Code eq '{padded}'&$select=ID")) == 1


def test_dates_are_the_wall_clock_as_if_utc(books):
    books.practice.control("clock", {"freeze": "2026-07-01T12:00:00+00:00"})
    try:
        made = books.made("crm/Contacts", {"Account": books.account(2), "LastName": "Klok"})
        # 12:00 UTC is 14:00 on Exact's wall clock in summer
        assert made["Created"] == "/Date(1782914400000)/"
        me = books.rows("/current/Me")[0]
        assert me["ServerTime"].startswith("2026-07-01T14:00:00")
        assert me["ServerUtcOffset"] == 7200
        found = books.rows(
            "crm/Contacts?$filter=Modified ge datetime'2026-07-01T14:00:00'&$select=LastName"
        )
        assert "Klok" in [row["LastName"] for row in found]
    finally:
        books.practice.control("clock", {"release": True})


def test_numbers_flags_and_long_numbers(books):
    item = books.rows("logistics/Items?$filter=Code eq 'UREN'")[0]
    assert item["IsFractionAllowedItem"] is True
    assert item["IsTaxableItem"] == 1
    assert item["StandardSalesPrice"] == 95
    twin = books.rows("sync/Logistics/Items?$select=Timestamp&$filter=Timestamp gt 1L")[0]
    assert isinstance(twin["Timestamp"], str)


FILTERS = {
    "Status eq 'C'": 128,
    "Status ne 'C'": 2,
    "IsSales eq true and Blocked eq false": 127,
    "not (Status eq 'C')": 2,
    "Status eq 'P' or (Status eq 'A' and IsSupplier eq true)": 2,
    "startswith(Name,'Caf')": 1,
    "substringof('''t Hoekje',Name)": 1,
    "substringof('hoekje',tolower(Name)) eq true": 1,
    "SalesVATCode eq null": 1,
    "EndDate ne null": 1,
    "EndDate lt datetime'2100-01-01T00:00:00'": 1,
    "InvoicingMethod ge 2 and DiscountSales le 0.5": 130,
    "toupper(Status) eq 'C' and length(Name) gt 200": 0,
}


@pytest.mark.parametrize("text", FILTERS)
def test_filters_find_what_they_say(books, text):
    found = books.all(f"crm/Accounts?$select=ID&$filter={text}")
    assert len(found) == FILTERS[text]


def test_many_alternatives_in_one_filter(books):
    text = " or ".join(f"ID eq guid'{books.account(n)}'" for n in range(1, 41))
    assert len(books.rows(f"crm/Accounts?$select=ID&$filter={text}")) == 40


WRONG = [
    "crm/Accounts?$filter=Bogus eq 'x'",
    "crm/Accounts?$filter=Name eq",
    "crm/Accounts?$filter=Name eq 'it's'",
    'crm/Accounts?$filter=Name eq "x"',
    "crm/Accounts?$filter=ID eq '00000000-0000-0000-0000-000000000000'",
    "crm/Accounts?$filter=Created gt '2024-01-01'",
    "crm/Accounts?$filter=Created gt datetime'2024-01-01T00:00:00Z'",
    "crm/Accounts?$filter=contains(Name,'x')",
    "crm/Accounts?$filter=Name in ('x')",
    "crm/Accounts?$filter=Blocked eq 1",
    "crm/Accounts?$select=Main",
    "crm/Accounts?$orderby=Bogus",
    "crm/Accounts?$orderby=Name down",
    "crm/Accounts?$expand=Bogus",
    "crm/Accounts?$top=x",
    "crm/Accounts?$skip=-1",
    "crm/Accounts?$bogus=1",
    "crm/Accounts?$skiptoken=nonsense",
    "crm/Accounts('x')",
    "sync/CRM/Accounts?$filter=Timestamp gt 1",
    "sync/CRM/Accounts?$filter=Name eq 'x'",
    "financialtransaction/TransactionLines?$filter=OffsetID eq null",
    "bulk/Cashflow/Receivables",
    "bulk/Cashflow/Receivables?$select=ID&$skip=1",
    "bulk/Cashflow/Receivables?$select=ID&$filter=EntryNumber eq 1",
    "cashflow/Receivables",
    "read/financial/ReceivablesListByAccount",
]


@pytest.mark.parametrize("path", WRONG)
def test_what_is_malformed_is_a_400_in_exacts_form(books, path):
    answer = books.get(path)
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"code", "message"}
    assert message(answer)


def test_a_projection_or_top_one_opens_receivables(books):
    assert message(books.get("cashflow/Receivables")) == (
        "Please add a $select or a $top=1 statement to the query string."
    )
    assert books.get("cashflow/Receivables?$top=1").status_code == 200
    assert books.get("bulk/Cashflow/Receivables?$select=ID").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "crm/Nothing",
        "crm/accounts",
        "crm/Accounts(guid'00000000-0000-0000-0000-000000000000')",
        "webhooks/WebhookTopics",
        "/beta/1001/crm/Accounts",
        "$batch",
    ],
)
def test_what_is_not_there_is_a_404(books, path):
    assert books.get(path).status_code == 404


def test_sync_pages_hold_a_thousand_and_rise(books):
    found = books.all("sync/CRM/Accounts?$select=ID,Timestamp&$filter=Timestamp gt 1L")
    stamps = [int(row["Timestamp"]) for row in found]
    assert len(found) == 130
    assert stamps == sorted(stamps)
    last = stamps[-1]
    assert books.rows(f"sync/CRM/Accounts?$select=ID&$filter=Timestamp gt {last}L") == []
    changed = books.account(4)
    assert books.put(f"crm/Accounts(guid'{changed}')", {"City": "Zwolle"}).status_code == 204
    again = books.rows(f"sync/CRM/Accounts?$select=ID,City&$filter=Timestamp gt {last}L")
    assert [(row["ID"], row["City"]) for row in again] == [(changed, "Zwolle")]


def test_expanded_lines_come_as_results_and_below_the_key(books):
    made = books.entry(books.line(100), books.line(50, "1", "8010"))
    key = made["EntryID"]
    assert "__deferred" in made["SalesEntryLines"]
    one = books.get(
        f"salesentry/SalesEntries(guid'{key}')?$expand=SalesEntryLines"
        "&$select=EntryID,SalesEntryLines/AmountFC"
    ).json()["d"]
    assert [line["AmountFC"] for line in one["SalesEntryLines"]["results"]] == [100, 50]
    assert set(one) == {"__metadata", "EntryID", "SalesEntryLines"}
    below = books.rows(f"salesentry/SalesEntries(guid'{key}')/SalesEntryLines?$select=VATCode")
    assert sorted(row["VATCode"] for row in below) == ["1  ", "2  "]


def test_without_json_the_answer_is_xml_and_nothing_is_done(books):
    before = len(books.division.table("crm/Accounts"))
    answer = books.post("crm/Accounts", {"Name": "X"}, Accept="*/*")
    assert answer.status_code == 406
    assert answer.headers["Content-Type"].startswith("application/xml")
    assert len(books.division.table("crm/Accounts")) == before


def test_count_is_a_plain_number(books):
    answer = books.get("crm/Accounts/$count", Accept="*/*")
    assert answer.text == str(len(books.division.table("crm/Accounts")))
    some = books.get("crm/Accounts?$inlinecount=allpages&$select=ID&$filter=Status eq 'C'")
    assert some.json()["d"]["__count"] == "128"


def test_mandatory_filter_is_a_switch(books):
    books.practice.country.options["mandatory_filter"] = True
    try:
        answer = books.get("crm/Accounts?$select=ID")
        assert answer.status_code == 400
        assert message(answer).startswith(
            "A GET request for this endpoint must have a $filter parameter with one of"
        )
        assert books.get("crm/Accounts?$filter=Status eq 'C'").status_code == 200
        assert books.get(f"crm/Accounts(guid'{books.account(1)}')").status_code == 200
        assert books.get("financial/Journals").status_code == 200
    finally:
        books.practice.country.options["mandatory_filter"] = False


def test_the_second_country_has_its_prefix_in_every_address():
    with running(accounts=12) as sim:
        be = Books(unlimited(sim), country="be")
        data = be.get("vat/VATCodes").json()["d"]
        assert data["results"][0]["__metadata"]["uri"].startswith(f"{sim.url}/be/api/v1/2001/")
        assert "4  " in [row["Code"] for row in data["results"]]


def _values(books: Books, resource: schema.Resource) -> list[dict]:
    address = resource.path
    if resource.path.startswith("current/"):
        address = f"/{resource.path}"
    elif resource.name == "ReceivablesListByAccount":
        address += f"?accountId=guid'{books.account(1)}'"
    elif resource.name == "SyncTimestamp":
        address += "?modified=datetime'2020-01-01'&endPoint='Accounts'"
    elif resource.path in ("cashflow/Receivables", "bulk/Cashflow/Receivables"):
        address += "?$select=*"
    if "GET" not in resource.methods:
        return []
    return books.rows(address)


TYPES = {
    "Guid": re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$").match,
    "DateTime": re.compile(r"^/Date\(-?\d+\)/$").match,
    "Int64": re.compile(r"^-?\d+$").match,
}
CLASSES = {"Boolean": bool, "Double": (int, float), "String": str, "Binary": str}


@pytest.mark.parametrize("path", sorted(schema.all_resources()))
def test_every_property_is_answered_in_its_type(books, path):
    resource = schema.get(path)
    made = books.entry(books.line(10))
    books.practice.accountant("receive", entries=[{"entry": made["EntryID"], "amount": "1"}])
    for row in _values(books, resource):
        assert set(row) == {"__metadata", *resource.props, *resource.navs}
        for name, prop in resource.props.items():
            value = row[name]
            if value is None:
                continue
            if prop.type in TYPES:
                assert TYPES[prop.type](value), (name, value)
            else:
                kind = CLASSES.get(prop.type, int)
                assert isinstance(value, kind), (name, value)
                assert isinstance(value, bool) == (prop.type == "Boolean"), (name, value)
