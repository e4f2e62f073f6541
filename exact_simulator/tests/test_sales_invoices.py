"""Sales invoices that Exact numbers and books itself: drafts, amounts, refusals (sheet 5.13)."""

from __future__ import annotations

import pytest

from .invoices import INVOICES, LINES, SYNC, Office, running


@pytest.fixture(scope="module")
def simulator():
    with running("sales_invoices") as sim:
        yield sim


@pytest.fixture
def office(simulator):
    simulator.reset(accounts=12)
    return Office(simulator)


# drafts -----------------------------------------------------------------------------------------


def test_a_draft_is_answered_in_full_and_has_no_number(office):
    made = office.draft(office.invoice_line(2, 95.5), YourRef="Z1", Description="Uren mei")
    expected = {
        "Status": 20, "InvoiceNumber": None, "InvoiceDate": None, "Document": None, "Type": 8020,
        "AmountFC": 231.11, "VATAmountFC": 40.11, "AmountFCExclVat": 191, "YourRef": "Z1",
        "Description": "Uren mei", "InvoiceTo": office.account(1), "DeliverTo": office.account(1),
        "Currency": "EUR", "Journal": "70", "PaymentCondition": made["PaymentCondition"],
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    assert made["PaymentCondition"]
    [line] = office.lines(made)
    expected = {
        "Quantity": 2, "NetPrice": 95.5, "UnitPrice": 95.5, "AmountFC": 191, "VATAmountFC": 40.11,
        "VATPercentage": 0.21, "LineNumber": 1, "ItemCode": "UREN", "UnitCode": "uur     ",
        "UnitDescription": "Uur", "Description": "Advies per uur", "Discount": 0,
        "GLAccount": office.ledger("8100"),
    }  # fmt: skip
    assert {name: line[name] for name in expected} == expected
    assert not office.rows("salesentry/SalesEntries"), "a draft is not booked"


def test_lines_come_along_when_asked_for(office):
    made = office.draft(office.invoice_line(1), office.invoice_line(2))
    expanded = office.read(made, "?$expand=SalesInvoiceLines")["SalesInvoiceLines"]["results"]
    assert [(line["LineNumber"], line["Quantity"]) for line in expanded] == [(1, 1), (2, 2)]
    assert "__deferred" in office.read(made)["SalesInvoiceLines"]
    listed = office.rows(
        f"{INVOICES}?$filter=InvoiceID eq guid'{made['InvoiceID']}'&$expand=SalesInvoiceLines"
    )
    assert listed[0]["SalesInvoiceLines"]["results"] == expanded


def test_a_draft_can_be_changed_line_by_line(office):
    made = office.draft(office.invoice_line(1, 100), office.invoice_line(1, 50))
    path = f"{INVOICES}(guid'{made['InvoiceID']}')"
    assert office.put(path, {"YourRef": "Z2", "Description": "x"}).status_code == 204
    first, second = office.lines(made)
    assert office.put(f"{LINES}(guid'{first['ID']}')", {"Quantity": 3}).status_code == 204
    after = office.read(made)
    assert (after["YourRef"], after["AmountFCExclVat"]) == ("Z2", 350)
    assert office.lines(made)[0]["NetPrice"] == 100, "another quantity leaves the price alone"
    office.put(f"{LINES}(guid'{first['ID']}')", {"NetPrice": 10})
    assert office.lines(made)[0]["UnitPrice"] == 10
    office.put(f"{LINES}(guid'{first['ID']}')", {"Discount": 0.5})
    assert office.lines(made)[0]["NetPrice"] == 5
    office.put(f"{LINES}(guid'{first['ID']}')", {"VATCode": "1"})
    assert office.lines(made)[0]["VATPercentage"] == 0.09
    added = office.made(LINES, {**office.invoice_line(1, 7), "InvoiceID": made["InvoiceID"]})
    assert (added["LineNumber"], added["AmountFC"]) == (3, 7)
    assert office.delete(f"{LINES}(guid'{second['ID']}')").status_code == 204
    assert office.read(made)["AmountFCExclVat"] == 3 * 5 + 7
    assert [line["LineNumber"] for line in office.lines(made)] == [1, 3]


def test_another_item_on_a_line_brings_its_own_price_unit_and_ledger(office):
    made = office.draft(office.invoice_line(1, 100))
    [line] = office.lines(made)
    office.put(f"{LINES}(guid'{line['ID']}')", {"Item": office.item("KM")})
    [line] = office.lines(made)
    assert (line["ItemCode"], line["NetPrice"], line["UnitCode"].strip()) == ("KM", 0.35, "km")
    assert line["Description"] == "Kilometers"


def test_a_deleted_draft_is_gone_and_told_of(office):
    made, other = office.draft(), office.draft()
    path = f"{INVOICES}(guid'{made['InvoiceID']}')"
    assert office.delete(path).status_code == 204
    assert office.get(path).status_code == 404
    assert office.delete(path).status_code == 404
    told = office.rows("sync/Deleted?$filter=Timestamp gt 1L")
    assert (13, made["InvoiceID"]) in [(row["EntityType"], row["EntityKey"]) for row in told]
    left = {row["InvoiceID"] for row in office.all(f"{SYNC}?$select=InvoiceID,ID,LineNumber")}
    assert left == {other["InvoiceID"]}
    assert not [r for r in office.rows(LINES) if r["InvoiceID"] == made["InvoiceID"]]


def test_without_its_last_line_a_draft_is_gone(office):
    made = office.draft()
    office.delete(f"{LINES}(guid'{office.lines(made)[0]['ID']}')")
    assert office.get(f"{INVOICES}(guid'{made['InvoiceID']}')").status_code == 404


def test_sixty_are_read_at_once_and_pages_hold_sixty(office):
    table = office.division.table(INVOICES)
    keys = [office.draft(YourRef=f"Z{n}")["InvoiceID"] for n in range(62)]
    assert len(table) == 62
    terms = " or ".join(f"InvoiceID eq guid'{key}'" for key in keys[:60])
    found = office.rows(f"{INVOICES}?$filter={terms}&$select=InvoiceID,AmountFC,Status")
    assert {row["InvoiceID"] for row in found} == set(keys[:60])
    page = office.get(INVOICES).json()["d"]
    assert len(page["results"]) == 60
    assert "guid'" in page["__next"]
    assert {row["InvoiceID"] for row in office.all(INVOICES)} == set(keys)
    [one] = office.rows(f"{INVOICES}?$filter=YourRef eq 'Z7'")
    assert one["InvoiceID"] == keys[7]


@pytest.mark.parametrize(
    "text",
    [
        "Status eq 20", "Type eq 8020", "Journal eq '70'", "InvoiceNumber eq null",
        "OrderedBy eq guid'{account}'", "InvoiceTo eq guid'{account}' and Status eq 20",
        "Description eq 'Uren'", "Modified ge datetime'2020-01-01T00:00:00'",
        "Created gt datetime'2020-01-01'", "PaymentReference eq 'P1'", "OrderNumber eq 7",
        "startswith(Description,'Ur')",
    ],
)  # fmt: skip
def test_drafts_are_found_by(office, text):
    made = office.draft(Description="Uren", PaymentReference="P1", OrderNumber=7)
    found = office.rows(f"{INVOICES}?$filter={text.format(account=office.account(1))}")
    assert [row["InvoiceID"] for row in found] == [made["InvoiceID"]]


def test_a_line_is_found_by_its_invoice(office):
    made = office.draft(office.invoice_line(1), office.invoice_line(2))
    office.draft()
    found = office.rows(f"{LINES}?$filter=InvoiceID eq guid'{made['InvoiceID']}'")
    assert sorted(line["Quantity"] for line in found) == [1, 2]


def test_a_changed_line_gives_the_header_a_new_row_version_too(office):
    made = office.draft(office.invoice_line(1), office.invoice_line(2))
    last = max(int(row["Timestamp"]) for row in office.all(f"{SYNC}?$select=Timestamp"))
    office.put(f"{LINES}(guid'{office.lines(made)[0]['ID']}')", {"Quantity": 5})
    changed = office.rows(f"{SYNC}?$filter=Timestamp gt {last}L")
    assert sorted(row["LineNumber"] for row in changed) == [0, 1, 2]


# amounts ----------------------------------------------------------------------------------------


def _totals(invoice):
    return invoice["AmountFCExclVat"], invoice["VATAmountFC"], invoice["AmountFC"]


def test_quantity_times_price_is_rounded_by_line(office):
    made = office.draft(office.invoice_line(3, 0.335), office.invoice_line(1.5, 33.33))
    assert [line["AmountFC"] for line in office.lines(made)] == [1.01, 50]
    assert _totals(made) == (51.01, 10.71, 61.72)


def test_amounts_that_are_sent_count_only_where_that_is_chosen(office):
    line = office.invoice_line(2, 100, AmountFC=190, VATAmountFC=39)
    assert _totals(office.draft(line)) == (200, 42, 242)
    office.choose(invoice_line_amounts="given")
    made = office.draft(line)
    assert _totals(made) == (190, 39, 229)
    path = f"{LINES}(guid'{office.lines(made)[0]['ID']}')"
    office.put(path, {"Description": "other words"})
    assert _totals(office.read(made)) == (190, 39, 229)
    office.put(path, {"Quantity": 3})
    assert _totals(office.read(made)) == (300, 63, 363)
    without = {n: v for n, v in line.items() if n != "NetPrice"}
    [line] = office.lines(office.draft(without))
    assert (line["NetPrice"], line["UnitPrice"]) == (95, 95)


def test_vat_is_rounded_by_line_or_by_code(office):
    lines = [office.invoice_line(1, 0.1) for _ in range(5)] + [office.invoice_line(1, 9, "BOEK")]
    lines[-1]["VATCode"] = "1"
    assert office.draft(*lines)["VATAmountFC"] == 5 * 0.02 + 0.81
    office.choose(invoice_vat="code")
    made = office.draft(*lines)
    assert made["VATAmountFC"] == 0.11 + 0.81
    by_line = [line["VATAmountFC"] for line in office.lines(made)]
    assert by_line == [0.02, 0.02, 0.02, 0.02, 0.03, 0.81]
    office.print(made)
    assert office.division.ledger.balance() == 0
    assert office.read(made)["VATAmountFC"] == 0.92


def test_quantities_are_kept_to_two_decimals_or_three(office):
    made = office.draft(office.invoice_line(1.255, 100))
    assert (office.lines(made)[0]["Quantity"], made["AmountFCExclVat"]) == (1.26, 126)
    office.choose(quantity_decimals=3)
    made = office.draft(office.invoice_line(1.2555, 100))
    assert (office.lines(made)[0]["Quantity"], made["AmountFCExclVat"]) == (1.256, 125.6)


def test_a_credit_takes_negative_quantities_or_positive_ones(office):
    made = office.draft(office.invoice_line(-2, 50), Type=8021)
    assert (made["Type"], *_totals(made)) == (8021, -100, -21, -121)
    wrong = office.draft(office.invoice_line(2, 50), Type=8021)
    assert wrong["AmountFC"] == 121, "the other sign makes the customer owe more"
    office.choose(credit_quantity="positive")
    right = office.draft(office.invoice_line(2, 50), Type=8021)
    assert (office.lines(right)[0]["Quantity"], *_totals(right)) == (2, -100, -21, -121)
    assert office.draft(office.invoice_line(-2, 50), Type=8021)["AmountFC"] == 121
    assert office.draft(office.invoice_line(2, 50))["AmountFC"] == 121, "an invoice is as ever"
    office.put(f"{INVOICES}(guid'{right['InvoiceID']}')", {"Type": 8020})
    assert office.read(right)["AmountFC"] == 121
    office.put(f"{INVOICES}(guid'{right['InvoiceID']}')", {"Type": 8021})
    office.print(right)
    number = office.read(right)["InvoiceNumber"]
    [entry] = office.rows(f"salesentry/SalesEntries?$filter=EntryNumber eq {number}")
    assert (entry["Type"], entry["AmountFC"]) == (21, -121)
    assert office.open_amount(number) == -121


def test_amounts_sent_with_a_credit_have_the_sign_of_its_quantities(office):
    office.choose(invoice_line_amounts="given")
    line = office.invoice_line(-2, 50, AmountFC=-99, VATAmountFC=-20.8)
    assert _totals(office.draft(line, Type=8021)) == (-99, -20.8, -119.8)
    office.choose(credit_quantity="positive")
    line = office.invoice_line(2, 50, AmountFC=99, VATAmountFC=20.8)
    assert _totals(office.draft(line, Type=8021)) == (-99, -20.8, -119.8)
    without = {n: v for n, v in line.items() if n != "NetPrice"}
    assert office.lines(office.draft(without, Type=8021))[0]["NetPrice"] == 49.5


def test_price_follows_from_the_item_the_discount_and_may_be_nothing(office):
    line = {"Item": office.item("UREN"), "Quantity": 2}
    made = office.draft(line)
    assert office.lines(made)[0]["NetPrice"] == 95
    made = office.draft({**line, "UnitPrice": 80, "Discount": 0.25})
    assert (office.lines(made)[0]["NetPrice"], made["AmountFCExclVat"]) == (60, 120)
    made = office.draft(office.invoice_line(4, 0))
    assert _totals(made) == (0, 0, 0)
    assert office.lines(made)[0]["UnitPrice"] == 0
    made = office.draft(office.invoice_line(1, 10), office.invoice_line(-1, 10))
    assert made["AmountFC"] == 0


def test_vat_code_comes_from_the_customer_then_from_the_item(office):
    line = {"Item": office.item("BOEK"), "Quantity": 1, "NetPrice": 10}
    code = office.division.table("crm/Accounts").get(office.account(1))["SalesVATCode"]
    assert office.lines(office.draft(line))[0]["VATCode"].strip() == code
    without = office.draft(line, OrderedBy=office.account(6))
    assert office.lines(without)[0]["VATCode"].strip() == "1", "customer 6 has none"


def test_currency_is_that_of_the_invoice(office):
    made = office.draft(office.invoice_line(1, 100), Currency="USD")
    assert (made["AmountFC"], made["AmountDC"]) == (121, 111.32)
    assert office.not_made(Journal="74", Currency="USD") == "Niet toegestaan: Valuta"


def test_a_day_is_a_day(office):
    made = office.draft(OrderDate="2026-02-03T14:15:16", DueDate="2026-03-01T10:00:00")
    assert (made["OrderDate"], made["DueDate"]) == (
        "/Date(1770076800000)/",
        "/Date(1772323200000)/",
    )
