"""Sales invoices that are refused, for what they hold and for who asks (5.13, 4.1)."""

from __future__ import annotations

import pytest

from exact_simulator.server import start

from .books import message
from .invoices import INVOICES, LINES, PRINTED, SYNC, Office, running


@pytest.fixture(scope="module")
def simulator():
    with running("sales_invoices_refused") as sim:
        yield sim


@pytest.fixture
def office(simulator):
    simulator.reset(accounts=12)
    return Office(simulator)


@pytest.fixture(scope="module")
def aside():
    """Without a record of the traffic: nonsense is sent here on purpose."""
    with start(accounts=12) as sim:
        yield sim


@pytest.fixture
def english(aside):
    aside.reset(accounts=12)
    return Office(aside, login="office@practice.example")


def test_new_lines_in_a_put_of_the_invoice_are_refused(english):
    made = english.draft()
    path, lines = f"{INVOICES}(guid'{made['InvoiceID']}')", [english.invoice_line()]
    answer = english.put(path, {"SalesInvoiceLines": lines})
    assert answer.status_code == 400
    assert "Binding to new entities" in message(answer)
    body = {**english.invoice_body(), "SalesInvoiceLines": {"Quantity": 1}}
    answer = english.post(INVOICES, body)
    assert answer.status_code == 400


# refusals ---------------------------------------------------------------------------------------


def test_what_a_draft_is_refused_for(english):
    line, refused = english.invoice_line, english.not_made
    nobody = "00000000-0000-4000-8000-000000000001"
    assert refused(OrderedBy=None) == "Mandatory: Invoice to\r\nMandatory: Ordered by"
    assert refused(OrderedBy=nobody) == (
        "Invalid reference: Deliver to\r\nInvalid reference: Ordered by\r\n"
        "Invalid reference: Invoice to"
    )
    assert "Blocked: Relationship" in refused(OrderedBy=english.account(7))
    assert "Not active: Relationship" in refused(OrderedBy=english.account(8))
    assert "Invalid: Ordered by (Type)" in refused(OrderedBy=english.account(9))
    assert refused(Journal="20") == "Invalid: Journal (type)"
    assert refused(Type=8022) == "Invalid: Type"
    assert refused(Type=8023) == "Mandatory: Warehouse"
    assert refused(Warehouse=nobody) == "Not allowed: Warehouse"
    assert refused(Discount=0.1) == "Not allowed: Discount"
    assert refused(PaymentCondition="XX") == "Invalid reference: Payment condition"
    assert refused(YourRef="x" * 51).startswith("Maximum length exceeded: YourRef")
    assert refused(line(1.5, item="STUK")) == "Invalid: Quantity [1.5]"
    assert refused(line(item="LEEG")) == "G/L account is mandatory"
    assert refused(line(item="OUD")) == "Not active: Item"
    assert "Invalid: Item (Type)" in refused(line(1, item="INKOOP"))
    assert refused(line(Item=nobody)) == "Invalid reference: Item"
    assert refused(line(Item=None)) == "Mandatory: Item"
    assert refused(line(UnitCode="doos")) == "Invalid reference: Unit"
    assert refused(line(UnitCode="stuk")) == "Invalid reference: Unit"
    assert refused(line(VATCode="9")) == "Blocked: VAT code"
    assert refused(line(GLAccount=english.ledger("1300"))) == "Invalid: G/L account type"
    assert refused(line(CostCenter="OUD")) == "Not active: Cost centre"
    assert refused(line(Description="x" * 61)).startswith("Maximum length exceeded: Description")
    answer = english.post(INVOICES, english.invoice_body(SalesInvoiceLines=[]))
    assert message(answer) == "Mandatory: Lines"


def test_whole_after_rounding_is_whole(english):
    made = english.draft(english.invoice_line(2.001, item="STUK"))
    assert english.lines(made)[0]["Quantity"] == 2
    english.choose(quantity_decimals=3)
    assert english.not_made(english.invoice_line(2.001, item="STUK")) == "Invalid: Quantity [2.001]"


def test_another_unit_is_taken_where_that_is_chosen(english):
    english.choose(line_unit="any")
    made = english.draft(english.invoice_line(UnitCode="km"))
    assert english.lines(made)[0]["UnitDescription"] == "Kilometer"
    assert english.not_made(english.invoice_line(UnitCode="doos")) == "Invalid reference: Unit"


def test_an_invoice_copied_to_credit_it_is_refused_as_seen_there(english):
    made = english.draft()
    body = english.invoice_body(Type=8021, InvoiceID=made["InvoiceID"])
    assert message(english.post(INVOICES, body)) == "Data already exists"
    english.print(made)
    assert message(english.post(INVOICES, body)) == "Already processed"
    line = english.invoice_line(InvoiceID=made["InvoiceID"])
    assert english.not_made(line, Type=8021) == "Invoice number is mandatory"


def test_a_processed_invoice_and_its_lines_and_entry_are_left_alone(office):
    made = office.draft()
    office.print(made)
    path, line = f"{INVOICES}(guid'{made['InvoiceID']}')", office.lines(made)[0]["ID"]
    entry = f"salesentry/SalesEntries(guid'{made['InvoiceID']}')"
    before = office.read(made)
    for answer in (
        office.put(path, {"YourRef": "x"}),
        office.delete(path),
        office.put(f"{LINES}(guid'{line}')", {"Quantity": 9}),
        office.delete(f"{LINES}(guid'{line}')"),
        office.post(LINES, {**office.invoice_line(), "InvoiceID": made["InvoiceID"]}),
        office.post(PRINTED, {"InvoiceID": made["InvoiceID"]}),
        office.put(entry, {"YourRef": "x"}),
        office.delete(entry),
    ):
        assert (answer.status_code, message(answer)) == (500, "Reeds verwerkt")
    assert office.read(made) == before


# module and scope -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "text", "reason"),
    [
        ("text", "De module Facturatie hoort niet bij de licentie", None),
        ("reason", "De module Facturatie hoort niet bij de licentie", "LicenseExpired"),
        ("bare", "Forbidden", None),
    ],
)
def test_without_the_module_every_call_on_invoices_is_refused(office, style, text, reason):
    made = office.draft()
    office.practice.accountant("licence", invoicing=False)
    office.choose(licence_refusal=style)
    line = office.division.table(LINES).first("InvoiceID", made["InvoiceID"])["ID"]
    for answer in (
        office.get(INVOICES),
        office.get(f"{LINES}(guid'{line}')"),
        office.get(f"{SYNC}?$select=ID"),
        office.post(INVOICES, office.invoice_body()),
        office.put(f"{LINES}(guid'{line}')", {"Quantity": 1}),
        office.delete(f"{INVOICES}(guid'{made['InvoiceID']}')"),
        office.post(PRINTED, {"InvoiceID": made["InvoiceID"]}),
    ):
        assert answer.status_code == 403
        assert text in message(answer)
        assert answer.headers.get("Reason") == reason
    assert office.entry(), "sales entries need no invoicing"
    office.practice.accountant("licence", invoicing=True)
    assert office.read(made)["Status"] == 20


def test_without_the_scope_it_is_another_refusal(office):
    app = office.practice.app.client_id
    change = {"client_id": app, "scope": "sales invoices", "granted": "read"}
    office.practice.control("accountant/scope", change)
    assert office.get(INVOICES).status_code == 200
    answer = office.post(INVOICES, office.invoice_body())
    assert answer.status_code == 403
    assert "Application Scope Violated. Cannot manage 'sales.invoices' scope" in message(answer)
    office.practice.control("accountant/scope", {**change, "granted": False})
    assert "Cannot read 'sales.invoices' scope" in message(office.get(INVOICES))
    office.practice.accountant("licence", invoicing=False)
    assert "Scope Violated" in message(office.get(INVOICES)), "the scope is looked at first"


def test_absurd_numbers_are_no_fault(english):
    made = english.draft(english.invoice_line("12345678901234567890123456789012", 1))
    assert made["Status"] == 20
    assert english.draft(english.invoice_line(0, 5))["AmountFC"] == 0
