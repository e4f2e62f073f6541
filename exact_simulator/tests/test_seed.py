"""What the simulator starts with, and how it copes with many customers."""

from __future__ import annotations

import time

import pytest

from exact_simulator import schema
from exact_simulator.clock import Clock
from exact_simulator.odata import paging, query, serialise
from exact_simulator.seed import seed
from exact_simulator.state import Country, Table


def _country(code: str = "nl", which: str = "demo", accounts: int = 40) -> Country:
    country = Country(code, Clock())
    seed(country, which, accounts)
    return country


def _rows(country: Country, division: int, resource: str) -> list[dict]:
    hide = {"Created", "Modified", "Timestamp", "StatusSince"}
    table = country.divisions[division].table(resource)
    return [{k: v for k, v in row.items() if k not in hide} for row in table]


def test_the_seed_is_the_same_every_time():
    one, two = _country(), _country()
    for resource in one.divisions[1001].tables:
        assert _rows(one, 1001, resource) == _rows(two, 1001, resource)


def test_countries_and_divisions_share_no_identifier():
    nl, be = _country(), _country("be")
    divisions = [*nl.divisions.values(), *be.divisions.values()]
    keys = [key for d in divisions for key in d.table("crm/Accounts").rows]
    assert len(keys) == len(set(keys)) == 120
    assert not set(nl.apps) & set(be.apps)
    assert not set(nl.users) & set(be.users)


def test_every_stored_property_is_one_of_the_resource():
    for code in ("nl", "be"):
        for division in _country(code).divisions.values():
            for resource, table in division.tables.items():
                known = set(schema.get(resource).props) | {"Timestamp"}
                for row in table:
                    assert {name for name in row if name[0] != "_"} <= known, resource


def test_the_empty_seed_has_books_but_nobody_to_sell_to():
    division = _country(which="empty").divisions[1001]
    assert len(division.table("crm/Accounts")) == 0
    assert len(division.table("logistics/Items")) == 0
    assert len(division.table("vat/VATCodes")) == 9
    assert len(division.table("financial/FinancialPeriods")) == 36


def test_the_odd_customers_are_where_tests_expect_them():
    table = _country().divisions[1001].table("crm/Accounts")
    row = {n: table.first("Code", str(n).rjust(18)) for n in range(1, 13)}
    assert "🚲" in row[5]["Name"]
    assert "SalesVATCode" not in row[6]
    assert row[7]["Blocked"] is True
    assert row[8]["EndDate"].year < Clock().wall().year
    assert (row[9]["Status"], row[9]["IsSales"]) == ("P", False)
    assert (row[10]["Status"], row[10]["IsSupplier"]) == ("A", True)
    assert row[11]["Country"] == "US"


def test_an_unknown_seed_is_refused():
    with pytest.raises(ValueError, match="unknown seed"):
        seed(Country("nl", Clock()), "other")


def test_a_table_keeps_its_indexes_and_orders_through_changes():
    table = Table("ID")
    for number in range(10):
        table.put({"ID": number, "Kind": number % 2}, 100 + number)
    assert [row["ID"] for row in table.find("Kind", 1)] == [1, 3, 5, 7, 9]
    table.put({"ID": 3, "Kind": 0}, 200)
    table.remove(5)
    assert [row["ID"] for row in table.find("Kind", 1)] == [1, 7, 9]
    assert [row["ID"] for row in table.since(107)] == [8, 9, 3]
    assert [row["ID"] for row in table.by_key(6)] == [7, 8, 9]
    for version in range(3000):
        table.put({"ID": 0, "Kind": 7}, 300 + version)
    assert [row["ID"] for row in table.since(200)] == [0]


def test_a_hundred_thousand_customers_are_paged_quickly():
    division = _country(accounts=100_000).divisions[1001]
    table = division.table("crm/Accounts")
    resource = schema.get("sync/CRM/Accounts")
    started, stamp, seen = time.process_time(), 1, 0
    while True:
        asked = query.read(
            resource,
            [("$filter", f"Timestamp gt {stamp}L"), ("$select", "ID,Timestamp,Code,Name,City")],
        )
        page = paging.run(asked, table)
        if not page.rows:
            break
        writer = serialise.Writer(resource, "http://x/api/v1/1001", asked.select)
        seen += len([writer.write(row) for row in page.rows])
        stamp = page.rows[-1]["Timestamp"]
    assert seen == 100_000
    assert time.process_time() - started < 5
    started = time.process_time()
    accounts = schema.get("crm/Accounts")
    for number in range(1, 200):
        text = f"Code eq '{str(number * 400).rjust(18)}'"
        assert len(paging.run(query.read(accounts, [("$filter", text)]), table).rows) == 1
    assert time.process_time() - started < 2
