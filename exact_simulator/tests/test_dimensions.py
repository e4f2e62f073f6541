"""Cost centres, cost units, projects and periods on the lines of an entry (Exact API sheet 5.8, 5.11)."""

from __future__ import annotations

import pytest

from .books import Books, message, unlimited
from .service import OFFICE, running

NOWHERE = "00000000-0000-0000-0000-00000000000f"
LISTS = ("hrm/Costcenters", "hrm/Costunits", "project/Projects")


@pytest.fixture(scope="module")
def books():
    with running(accounts=5) as sim:
        yield Books(unlimited(sim))


@pytest.fixture(scope="module")
def office(books):
    return Books(books.sim, OFFICE)


def _lines(books, entry):
    return books.rows(f"salesentry/SalesEntries(guid'{entry['EntryID']}')/SalesEntryLines")


@pytest.mark.parametrize("resource", LISTS)
def test_each_division_has_a_few_to_read(books, resource):
    found = books.rows(f"{resource}?$select=ID,Code,Description")
    assert len(found) >= 2
    assert all(row["Code"] and row["Description"] for row in found)


def test_they_need_a_scope_of_their_own(books):
    app = next(iter(books.practice.country.apps.values()))
    app.scopes = {"financial accounting": "manage"}
    try:
        for resource in LISTS:
            answer = books.get(f"{resource}?$select=ID,Code")
            assert answer.status_code == 403
            assert "Scope Violated" in message(answer)
    finally:
        app.scopes = None


def test_a_line_keeps_them_and_the_booking_too(books):
    project = books.division.table("project/Projects").first("Code", "P100")["ID"]
    line = books.line(CostCenter="NOORD", CostUnit="ADVIES", Project=project)
    entry = books.entry(line)
    (kept,) = _lines(books, entry)
    assert (kept["CostCenter"], kept["CostCenterDescription"]) == ("NOORD", "Vestiging Noord")
    assert (kept["CostUnit"], kept["Project"]) == ("ADVIES", project)
    booked = books.transactions(entry["EntryID"])[1]
    assert (booked["CostCenter"], booked["CostUnit"]) == ("NOORD", "ADVIES")


def test_unknown_and_closed_ones_are_refused_in_exacts_words(books, office):
    assert office.refused(office.line(CostCenter="WEST")) == "Invalid reference: Cost centre"
    assert office.refused(office.line(CostUnit="WEST")) == "Invalid reference: Cost unit"
    assert office.refused(office.line(Project=NOWHERE)) == "Invalid reference: Project"
    assert office.refused(office.line(CostCenter="OUD")) == "Not active: Cost centre"
    assert books.refused(books.line(CostCenter="WEST")) == "Ongeldige referentie: Kostenplaats"


@pytest.mark.parametrize(
    ("use", "prop", "value", "term"),
    [
        ("UseCostcenter", "CostCenter", "NOORD", "Cost centre"),
        ("UseCostunit", "CostUnit", "ADVIES", "Cost unit"),
    ],
)
def test_a_ledger_can_demand_or_refuse_them(office, use, prop, value, term):
    table = office.division.table("financial/GLAccounts")
    ledger = table.first("Code", "8010")
    office.division.save("financial/GLAccounts", {**ledger, use: 1})
    assert office.refused(office.line(gl="8010")) == f"Mandatory: {term}"
    office.entry(office.line(gl="8010", **{prop: value}))
    office.division.save("financial/GLAccounts", {**ledger, use: 2})
    refused = office.refused(office.line(gl="8010", **{prop: value}))
    assert refused == f"Not allowed: {term}"
    office.division.save("financial/GLAccounts", {**ledger, use: 0})


def test_r54_a_period_is_kept_whole_or_refused(office):
    days = {"From": "2026-01-01", "To": "2026-12-31"}
    (kept,) = _lines(office, office.entry(office.line(**days)))
    assert kept["To"] > kept["From"]
    assert office.refused(office.line(From=days["From"])) == "Mandatory: To"
    assert office.refused(office.line(To=days["To"])) == "Mandatory: From"
    assert office.refused(office.line(From=days["To"], To=days["From"])) == "Invalid: To"
