"""Printing a sales invoice: number, paper, booking, mail; and what an accountant does (5.13)."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

import pytest
import requests

from .books import message
from .invoices import FILES, PRINTED, SYNC, Office, running


@pytest.fixture(scope="module")
def simulator():
    with running("sales_invoices_print") as sim:
        yield sim


@pytest.fixture
def office(simulator):
    simulator.reset(accounts=12)
    return Office(simulator)


def _pdf_text(content):
    return [
        part.decode("cp1252").replace("\\(", "(").replace("\\)", ")")
        for part in re.findall(rb"Tm \((.*)\) Tj", content)
    ]


def test_printing_numbers_books_and_documents_it(office):
    today = office.division.today()
    made = office.draft(YourRef="Z1", Description="Uren", PaymentCondition="14")
    last = max(int(row["Timestamp"]) for row in office.all(f"{SYNC}?$select=Timestamp"))
    printed = office.print(made)
    invoice = office.read(made)
    assert (invoice["Status"], invoice["AmountFC"]) == (50, 181.5)
    assert invoice["InvoiceNumber"] == int(f"{today:%y}700001")
    assert invoice["Document"] == printed["Document"]
    assert (printed["ReportingYear"], printed["ReportingPeriod"]) == (today.year, today.month)
    assert printed["DocumentCreationSuccess"]
    for silent in ("DocumentCreationError", "EmailCreationError", "EmailCreationSuccess"):
        assert printed[silent] is None
    [entry] = office.rows(f"salesentry/SalesEntries?$filter=EntryID eq guid'{made['InvoiceID']}'")
    for name in ("InvoiceNumber", "AmountFC", "YourRef", "Description", "DueDate", "Document"):
        assert entry[name] == invoice[name], name
    assert entry["EntryDate"] == invoice["InvoiceDate"]
    ours = office.transactions(made["InvoiceID"])
    assert [(row["LineNumber"], row["AmountFC"]) for row in ours] == [
        (0, 181.5), (1, -150), (9999, -31.5),
    ]  # fmt: skip
    assert ours[1]["ItemCode"] == "UREN"
    [open_item] = office.receivables(made["InvoiceID"])
    assert (open_item["AmountFC"], open_item["InvoiceNumber"]) == (-181.5, invoice["InvoiceNumber"])
    again = office.rows(f"{SYNC}?$filter=Timestamp gt {last}L")
    assert sorted((row["LineNumber"], row["Status"]) for row in again) == [(0, 50), (1, 50)]
    assert again[0]["InvoiceNumber"] == invoice["InvoiceNumber"]


def test_dimensions_and_texts_of_the_lines_are_booked(office):
    line = office.invoice_line(CostCenter="NOORD", CostUnit="ADVIES", Notes="wk 3", Description="d")
    made = office.draft(line)
    assert office.lines(made)[0]["CostCenterDescription"] == "Vestiging Noord"
    office.print(made)
    row = office.transactions(made["InvoiceID"])[1]
    assert (row["CostCenter"], row["CostUnit"], row["Notes"]) == ("NOORD", "ADVIES", "wk 3")


def test_the_paper_can_be_read_and_fetched(office):
    made = office.draft(
        office.invoice_line(40, 95.5, Description="Advies (wk 21)"),
        office.invoice_line(2, 24.95, "BOEK", VATCode="1"),
        YourRef="Z/1", OrderedBy=office.account(5),
    )  # fmt: skip
    printed = office.print(made)
    invoice = office.read(made)
    [document] = office.rows(f"documents/Documents?$filter=ID eq guid'{printed['Document']}'")
    assert (document["Type"], document["FinancialTransactionEntryID"]) == (10, made["InvoiceID"])
    assert document["SalesInvoiceNumber"] == invoice["InvoiceNumber"]
    [file] = office.rows(f"{FILES}?$filter=Document eq guid'{printed['Document']}'")
    assert file["Attachment"] is None
    assert file["FileName"] == f"{invoice['InvoiceNumber']}.pdf"
    answer = office.get(f"{file['Url']}&Download=1")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert (answer.content[:8], len(answer.content)) == (b"%PDF-1.4", file["FileSize"])
    text = _pdf_text(answer.content)
    for expected in (
        f"Factuur {invoice['InvoiceNumber']}", "Advies (wk 21)", "3.820,00", "49,90", "3.869,90",
        "802,20", "4,49", "4.676,59", "Z/1", "40 uur", 'Café "\'t Hoekje" & Zn. ? <Ünïcode> SA/NV',
    ):  # fmt: skip
        assert expected in text, (expected, text)


def test_the_file_is_a_pdf_that_others_read(office):
    reader = pytest.importorskip("PyPDF2")
    lines = [office.invoice_line(1, n, Description=f"line {n}") for n in range(1, 61)]
    printed = office.print(office.draft(*lines, OrderedBy=office.account(11)))
    [file] = office.rows(f"{FILES}?$filter=Document eq guid'{printed['Document']}'")
    pages = reader.PdfReader(io.BytesIO(office.get(f"{file['Url']}&Download=1").content)).pages
    text = "".join(page.extract_text() for page in pages)
    assert "Invoice date" in text, "customer 11 reads English"
    assert "line 60" in text
    assert len(pages) == 2


def test_fetching_a_file_takes_a_token_and_counts_as_a_call(office):
    office.print(office.draft())
    [file] = office.rows(FILES)
    address = f"{file['Url']}&Download=1"
    before = int(office.get("financial/Journals?$top=1").headers["X-RateLimit-Remaining"])
    office.practice.country.limits.settings.day = 5000
    first, second = office.get(address), office.get(address)
    left = [int(answer.headers["X-RateLimit-Remaining"]) for answer in (first, second)]
    assert left[0] - left[1] == 1
    assert before >= left[0]
    office.practice.country.limits.settings.day = 1
    assert office.get(address).status_code == 429
    wrong = requests.get(address, headers={"Authorization": "Bearer x"}, timeout=10)
    assert (wrong.status_code, wrong.content) == (401, b"")
    called = [json.loads(line) for line in requests.get(
        f"{office.practice.url}/_sim/journal", timeout=10).text.splitlines()]  # fmt: skip
    fetched = [record for record in called if record["path"].startswith("/docs/")]
    assert [record["status"] for record in fetched] == [200, 200, 429, 401]
    assert "PDF" not in fetched[0]["resp"]
    other = Office(office.sim, login="office@practice.example")
    assert other.get(address).status_code == 200
    elsewhere = address.replace("_Division_=1001", "_Division_=1002")
    assert other.get(elsewhere).status_code == 403, "this user may see the first one only"


def test_due_date_is_that_of_the_draft_or_follows_from_the_condition(office):
    date = office.division.today().replace(day=1)
    with_own = office.draft(DueDate=f"{date + timedelta(days=5):%Y-%m-%d}")
    office.print(with_own, InvoiceDate=f"{date:%Y-%m-%d}")
    without = office.draft(PaymentCondition="14")
    office.print(without, InvoiceDate=f"{date:%Y-%m-%dT13:14:15}")

    def due(draft):
        invoice = office.read(draft)
        ms = [int(re.search(r"\d+", invoice[n])[0]) for n in ("DueDate", "InvoiceDate")]
        return (ms[0] - ms[1]) / 86400000

    assert (due(with_own), due(without)) == (5, 14)


def test_what_printing_is_refused_for_leaves_a_draft(office):
    made = office.draft()
    today = office.division.today()
    office.practice.accountant("close-period", year=today.year, period=today.month)
    assert office.not_printed(made).startswith("Periode is afgesloten")
    office.practice.accountant("close-period", year=today.year, period=today.month, open=True)
    assert office.not_printed(made, InvoiceDate="2001-01-01") == "Verplicht: Boekjaar"
    assert office.not_printed(made, ReportingYear=2001).startswith("Het boekjaar kan niet")
    for change, back, text in (
        ({"Blocked": True}, {"Blocked": False}, "Geblokkeerd: Relatie"),
        ({"EndDate": "2001-01-01"}, {"EndDate": None}, "Niet actief: Relatie"),
        ({"Status": "P"}, {"Status": "C"}, "Ongeldig: Besteld door (Type)"),
    ):
        office.practice.accountant("account", account="1", **change)
        assert text in office.not_printed(made)
        office.practice.accountant("account", account="1", **back)
    office.practice.accountant("journal", code="70", IsBlocked=True)
    assert office.not_printed(made) == "Geblokkeerd: Dagboek"
    office.practice.accountant("journal", code="70", IsBlocked=False)
    office.practice.accountant("gl", code="8100", IsBlocked=True)
    assert office.not_printed(made) == "Geblokkeerd: Grootboekrekening"
    office.practice.accountant("gl", code="8100", IsBlocked=False)
    assert office.read(made)["Status"] == 20
    unknown = {"InvoiceID": office.account(1)}
    assert message(office.post(PRINTED, unknown)) == "Ongeldige referentie: Factuur"
    assert message(office.post(PRINTED, {})) == "Verplicht: Factuur"
    office.print(made)
    assert office.not_printed(made) == "Reeds verwerkt"
    assert office.read(made)["InvoiceNumber"] % 10000 == 1, "no number was lost on the way"


def test_another_period_of_the_year_may_be_named(office):
    made = office.draft()
    today = office.division.today()
    printed = office.print(made, ReportingYear=today.year, ReportingPeriod=12)
    assert printed["ReportingPeriod"] == 12
    assert office.transactions(made["InvoiceID"])[0]["FinancialPeriod"] == 12


def test_mail_that_cannot_go_is_told_and_the_invoice_is_printed(office):
    made = office.draft()
    sent = office.print(made, SendEmailToCustomer=True)
    assert "info1@customer1.example" in sent["EmailCreationSuccess"]
    assert sent["EmailCreationError"] is None
    office.practice.accountant("account", account="1", Email=None)
    made = office.draft()
    failed = office.print(made, SendEmailToCustomer=True)
    assert (failed["EmailCreationSuccess"], failed["EmailCreationError"][:16]) == (
        None, "Geen e-mailadres",
    )  # fmt: skip
    assert office.read(made)["Status"] == 50


def test_a_document_that_fails_is_told_and_may_come_later(office):
    office.choose(invoice_document="failed")
    made = office.draft()
    printed = office.print(made)
    assert printed["DocumentCreationError"]
    assert (printed["DocumentCreationSuccess"], printed["Document"]) == (None, None)
    after = office.read(made)
    assert (after["Status"], after["Document"], office.rows(FILES)) == (50, None, [])
    last = max(int(row["Timestamp"]) for row in office.all(f"{SYNC}?$select=Timestamp"))
    document = office.practice.accountant("make-document", invoice=made["InvoiceID"])["Document"]
    told = office.rows(f"{SYNC}?$filter=Timestamp gt {last}L")
    assert {row["Document"] for row in told} == {document, office.read(made)["Document"]}
    [file] = office.rows(f"{FILES}?$filter=Document eq guid'{document}'")
    assert office.get(f"{file['Url']}&Download=1").content[:5] == b"%PDF-"


def test_output_goes_the_way_the_customer_wants_it(office):
    for method, filled in ((1, []), (2, ["Email"]), (4, ["PostboxMessage"]), (6, None)):
        office.practice.accountant("account", account="1", InvoicingMethod=method)
        sent = office.print(office.draft(), SendOutputBasedOnAccount=True)
        got = [n for n in ("Email", "PostboxMessage", "Peppol") if sent[f"{n}CreationSuccess"]]
        assert got == (["Email", "PostboxMessage"] if filled is None else filled)
    office.practice.accountant("account", account="1", InvoicingMethod=2)
    sent = office.print(
        office.draft(), SendInvoiceToCustomerPostbox=True, SendInvoiceViaPeppol=True
    )
    assert sent["PostboxMessageCreationError"]
    assert sent["PeppolCreationError"]
    office.practice.accountant("account", account="1", PeppolIdentifier="0106:12345678")
    assert (
        "0106:12345678"
        in office.print(office.draft(), SendInvoiceViaPeppol=True)["PeppolCreationSuccess"]
    )


def test_a_total_of_nothing_is_printed_and_leaves_nothing_open(office):
    made = office.draft(office.invoice_line(4, 0))
    office.print(made)
    invoice = office.read(made)
    assert (invoice["Status"], invoice["AmountFC"]) == (50, 0)
    assert office.open_amount(invoice["InvoiceNumber"]) == 0
    assert office.division.ledger.balance() == 0


def test_a_printed_invoice_is_paid_in_full_in_part_and_is_open_again(office):
    made = office.draft()
    office.print(made)
    number = office.read(made)["InvoiceNumber"]
    part = office.practice.accountant("receive", entries=[{"entry": number, "amount": 100}])
    assert part["open"] == {str(number): "81.50"}
    office.practice.accountant("receive", entries=[made["InvoiceID"]])
    [item] = office.receivables(made["InvoiceID"])
    assert (item["IsFullyPaid"], office.open_amount(number)) == (True, 0)
    office.practice.accountant("unmatch", entry=number)
    assert office.open_amount(number) != 0


def test_two_journals_number_apart(office):
    numbers = []
    for journal in ("70", "71", "70"):
        made = office.draft(Journal=journal)
        office.print(made)
        numbers.append(office.read(made)["InvoiceNumber"] % 10**6)
    assert numbers == [700001, 710001, 700002]
