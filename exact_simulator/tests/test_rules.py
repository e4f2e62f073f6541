"""Writing: what Exact refuses, with its words, and what it fills in."""

from __future__ import annotations

import base64

import pytest

from .books import Books, message, unlimited
from .service import OFFICE, running

NOWHERE = "00000000-0000-0000-0000-00000000000f"


@pytest.fixture(scope="module")
def books():
    with running(accounts=20) as sim:
        yield Books(unlimited(sim))


@pytest.fixture(scope="module")
def office(books):
    return Books(books.sim, OFFICE)


# the protocol ---------------------------------------------------------------------------------


def test_an_unknown_property_is_named(books):
    answer = books.post("crm/Accounts", {"Name": "X", "Nmae": "Y"})
    assert answer.status_code == 400
    assert message(answer).startswith("Error processing request stream. The property name 'Nmae'")


@pytest.mark.parametrize(
    ("path", "body", "prop", "kind"),
    [
        ("crm/Accounts", {"Name": "X", "GLAccountSales": "8000"}, "GLAccountSales", "Guid"),
        ("crm/Accounts", {"Name": 5}, "Name", "String"),
        ("crm/Accounts", {"Name": "X", "Blocked": "false"}, "Blocked", "Boolean"),
        ("crm/Accounts", {"Name": "X", "StartDate": "01-02-2026"}, "StartDate", "DateTime"),
        ("crm/Accounts", {"Name": "X", "InvoicingMethod": 1.5}, "InvoicingMethod", "Int32"),
        ("crm/Accounts", {"Name": "X", "DiscountSales": "veel"}, "DiscountSales", "Double"),
        ("logistics/Items", {"Code": "A", "IsTaxableItem": 300}, "IsTaxableItem", "Byte"),
        ("salesentry/SalesEntries", {"InvoiceNumber": "INV/1"}, "InvoiceNumber", "Int32"),
        ("documents/DocumentAttachments", {"Attachment": "%%%"}, "Attachment", "Byte[]"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_its_type(books, path, body, prop, kind):
    answer = books.post(path, body)
    assert answer.status_code == 400
    assert f"for property '{prop}' to type '{kind}'" in message(answer)


def test_a_body_that_is_no_object_is_refused(books):
    assert books.post("crm/Accounts", [{"Name": "X"}]).status_code == 400
    answer = books.session.post(books.url("crm/Accounts"), data="{", timeout=5)
    assert answer.status_code == 400


def test_nested_lines_are_an_array_and_only_on_post(books):
    body = books.body()
    body["SalesEntryLines"] = body["SalesEntryLines"][0]
    answer = books.post("salesentry/SalesEntries", body)
    assert answer.status_code == 400
    assert "should be a valid top-level resource object" in message(answer)
    made = books.entry()
    answer = books.put(
        f"salesentry/SalesEntries(guid'{made['EntryID']}')", {"SalesEntryLines": [books.line()]}
    )
    assert answer.status_code == 400
    assert "Binding to new entities" in message(answer)


def test_read_only_properties_are_ignored(books):
    made = books.made(
        "crm/Accounts", {"Name": "Lezer", "IsSales": True, "CountryName": "Atlantis", "Source": 9}
    )
    assert made["IsSales"] is False
    assert made["CountryName"] == "Nederland"


@pytest.mark.parametrize("path", ["crm/Accounts", "crm/Contacts", "logistics/Items"])
def test_without_prefer_only_the_key_comes_back(books, path):
    bodies = {
        "crm/Accounts": {"Name": "Kaal"},
        "crm/Contacts": {"Account": books.account(1), "LastName": "Kaal"},
        "logistics/Items": {"Code": "KAAL", "Description": "Kaal"},
    }
    answer = books.post(path, bodies[path], Prefer="")
    assert answer.status_code == 201
    entity = answer.json()["d"]
    assert [name for name, value in entity.items() if value is not None] == ["__metadata", "ID"]
    full = books.get(f"{path}(guid'{entity['ID']}')").json()["d"]
    assert full["Created"]


def test_dates_and_decimals_may_come_in_several_forms(books):
    for date in ("2026-08-12", "2026-08-12T00:00:00", "2026-08-12T00:00:00Z"):
        assert books.entry(EntryDate=date)["EntryDate"] == "/Date(1786492800000)/"
    assert books.entry(books.line("12.50"))["AmountFC"] == 15.13


def test_put_changes_a_part_and_answers_nothing(books):
    made = books.made("crm/Accounts", {"Name": "Voor", "City": "Assen"})
    answer = books.put(f"crm/Accounts(guid'{made['ID']}')", {"Name": "Na"})
    assert (answer.status_code, answer.content) == (204, b"")
    after = books.get(f"crm/Accounts(guid'{made['ID']}')").json()["d"]
    assert (after["Name"], after["City"]) == ("Na", "Assen")


def test_methods_that_are_not_offered_are_refused(books):
    assert books.post("financialtransaction/TransactionLines", {}).status_code == 405
    condition = books.division.table("cashflow/PaymentConditions").first("Code", "14")["ID"]
    assert books.delete(f"cashflow/PaymentConditions(guid'{condition}')").status_code == 405
    assert books.put("crm/Accounts", {"Name": "X"}).status_code == 405


@pytest.mark.parametrize(
    ("values", "right"),
    [
        ({"PaymentDays": 37, "PaymentMethod": "I"}, True),
        ({"PaymentEndOfMonths": 2, "PaymentDays": 15, "Percentage": 0.5}, True),
        ({"PaymentMethod": "X"}, False),
        ({"PaymentDays": -1}, False),
        ({"PaymentEndOfMonths": -1}, False),
        ({"Percentage": 50}, False),
        ({"Percentage": 0}, False),
        ({"DiscountPercentage": 2}, False),
    ],
)
def test_payment_conditions_are_made_only_where_they_can_be_kept(books, values, right):
    table = books.division.table("cashflow/PaymentConditions")
    before = len(table)
    values = {"Code": f"N{before}", "Description": "Nieuw", **values}
    answer = books.post("cashflow/PaymentConditions", values)
    assert answer.status_code == (201 if right else 500)
    assert len(table) == before + right


# accounts -------------------------------------------------------------------------------------


def test_texts_are_in_the_language_of_the_user(books, office):
    assert message(books.post("crm/Accounts", {})) == "Verplicht: Naam"
    assert message(office.post("crm/Accounts", {})) == "Mandatory: Name"
    office.practice.control("accountant/language", {"login": OFFICE, "language": "fr"})
    assert message(office.post("crm/Accounts", {})) == "Obligatoire : Nom"
    office.practice.control("accountant/language", {"login": OFFICE, "language": "en"})


def test_all_problems_of_an_account_come_in_one_answer(office):
    answer = office.post(
        "crm/Accounts",
        {
            "Name": "X", "Country": "XX", "Email": "piet", "SalesVATCode": "77",
            "PaymentConditionSales": "ZZ", "Code": "K12", "Status": "Q",
        },
    )  # fmt: skip
    assert answer.status_code == 500
    assert set(message(answer).split("\r\n")) == {
        "Invalid reference: Country", "Invalid: Email [piet]", "Invalid reference: VAT code",
        "Invalid reference: Payment condition", "Invalid: Code [K12]", "Invalid: Status",
    }  # fmt: skip


def test_an_account_without_a_code_gets_the_next_number(books):
    highest = max(int(row["Code"]) for row in books.division.table("crm/Accounts"))
    made = books.made("crm/Accounts", {"Name": "Volgende", "Status": "C"})
    assert made["Code"] == str(highest + 1).rjust(18)
    assert made["IsSales"] is True
    far = books.made("crm/Accounts", {"Name": "Ver", "Code": "900"})
    assert far["Code"] == "900".rjust(18)
    assert books.made("crm/Accounts", {"Name": "Na ver"})["Code"] == "901".rjust(18)


def test_a_code_can_be_had_once(books):
    books.made("crm/Accounts", {"Name": "Eerste", "Code": "777"})
    answer = books.post("crm/Accounts", {"Name": "Tweede", "Code": "   777"})
    assert (answer.status_code, message(answer)) == (500, "Gegeven bestaat reeds.")


def test_an_account_that_is_used_cannot_be_deleted(books):
    made = books.made("crm/Accounts", {"Name": "Klant", "Status": "C"})
    books.entry(Customer=made["ID"])
    answer = books.delete(f"crm/Accounts(guid'{made['ID']}')")
    assert answer.status_code == 500
    assert message(answer) == "Kan niet verwijderen: Relatie - Gebruikt in: Boekingen"
    free = books.made("crm/Accounts", {"Name": "Vrij"})
    assert books.delete(f"crm/Accounts(guid'{free['ID']}')").status_code == 204
    assert (2, free["ID"]) in {
        (row["EntityType"], row["EntityKey"]) for row in books.all("sync/Deleted")
    }


def test_names_longer_than_the_column_are_an_option(books):
    long = {"Name": "x" * 51}
    assert "Maximale lengte" in message(books.post("crm/Accounts", long))
    books.practice.country.options["lengths"] = "ignore"
    try:
        assert books.made("crm/Accounts", long)["Name"] == "x" * 51
    finally:
        books.practice.country.options["lengths"] = "refuse"


def test_contacts_addresses_and_bank_accounts_belong_to_an_account(books):
    account = books.made("crm/Accounts", {"Name": "Met alles"})["ID"]
    assert message(books.post("crm/Contacts", {"Account": account})) == "Verplicht: Naam"
    contact = books.made("crm/Contacts", {"Account": account, "FirstName": "A", "LastName": "B"})
    assert (contact["FullName"], contact["IsMainContact"]) == ("A B", True)
    shown = books.get(f"crm/Accounts(guid'{account}')").json()["d"]
    assert shown["MainContact"] == contact["ID"]
    assert books.post("crm/Contacts", {"Account": NOWHERE, "LastName": "B"}).status_code == 500
    assert books.post("crm/Addresses", {"Account": account, "Type": 9}).status_code == 500
    address = books.made("crm/Addresses", {"Account": account, "Type": 3, "Country": "BE"})
    assert (address["Main"], address["Country"]) == (True, "BE ")
    bank = {"Account": account, "BankAccount": "NL91 ABNA 0417 1643 00"}
    made = books.made("crm/BankAccounts", bank)
    assert (made["IBAN"], made["Type"], made["Main"]) == ("NL91ABNA0417164300", "A", True)
    wrong = {"Account": account, "BankAccount": "NL91ABNA0417164301"}
    assert books.post("crm/BankAccounts", wrong).status_code == 500
    assert len(books.rows(f"crm/Accounts(guid'{account}')/BankAccounts")) == 1


# sales entries --------------------------------------------------------------------------------


def test_what_an_entry_cannot_do_without(office):
    answer = office.post("salesentry/SalesEntries", {})
    assert message(answer).split("\r\n") == [
        "Mandatory: Relationship", "Mandatory: Journal", "Mandatory: Lines",
    ]  # fmt: skip


REFUSED = {
    "unknown customer": ({"Customer": NOWHERE}, "Invalid reference: Relationship"),
    "journal by guid": ({"Journal": NOWHERE}, "Invalid reference: Journals"),
    "purchase journal": ({"Journal": "60"}, "Invalid: Journal (type)"),
    "blocked journal": ({"Journal": "80"}, "Blocked: Journal"),
    "currency": ({"Journal": "74", "Currency": "USD"}, "Not allowed: Currency"),
    "unknown currency": ({"Currency": "XXX"}, "Invalid reference: Currency"),
    "rate": ({"Rate": 2}, "Invalid: Exchange rate"),
    "condition": ({"PaymentCondition": "ZZ"}, "Invalid reference: Payment condition"),
    "document": ({"Document": NOWHERE}, "Invalid reference: Document"),
    "VAT total": (
        {"VATAmountFC": 20},
        "The amount of the VAT line does not match the VAT percentage: 20 instead of 21.00",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_entries_are_refused_for_their_header(office, case):
    values, text = REFUSED[case]
    assert office.refused(**values) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (7, "Blocked: Relationship"),
        (8, "Not active: Relationship"),
        (9, "Invalid: Customer (Type)"),
        (10, "Invalid: Customer (Type)"),
    ],
)
def test_only_living_customers_can_be_sold_to(office, number, text):
    assert office.refused(Customer=office.account(number)) == text


def test_a_contact_is_no_customer(office):
    contact = next(iter(office.division.table("crm/Contacts")))["ID"]
    assert office.refused(Customer=contact) == "Invalid reference: Relationship"


def test_lines_are_refused_for_their_ledger_and_vat_code(office):
    line = office.line
    assert office.refused({"AmountFC": 1}) == "G/L account is mandatory"
    assert office.refused(line(gl="1300")) == "Invalid: G/L account type"
    assert office.refused(line(gl="1500")) == "Invalid: G/L account type"
    assert office.refused(line(gl="9990")) == "Blocked: G/L account"
    assert office.refused({**line(), "GLAccount": NOWHERE}) == "Invalid reference: G/L account"
    assert office.refused(line(code="77")) == "Invalid reference: VAT code"
    assert office.refused(line(code="9")) == "Blocked: VAT code"
    assert office.refused(line(None)) == "Mandatory: Amount"
    assert office.refused(line(VATPercentage=0)) == "Invalid: VAT percentage []"
    assert office.refused(line(From="2026-01-01")) == "Mandatory: To"
    assert office.refused(line(CostUnit="X")) == "Invalid reference: Cost unit"
    both = office.refused(line(gl="1300"), line(code="77"))
    assert both == "Invalid: G/L account type\r\nInvalid reference: VAT code"


def test_a_journal_without_vat_takes_no_vat_code(office):
    journal = office.division.table("financial/Journals").first("Code", "72")["ID"]
    address = f"financial/Journals(guid'{journal}')"
    assert office.put(address, {"AllowVAT": False}).status_code == 204
    assert office.refused(Journal="72") == "Not allowed: VAT-code"
    office.put(address, {"AllowVAT": True})


def test_the_amount_is_without_vat_and_vat_follows_from_the_code(books):
    made = books.entry(books.line(33.33), books.line(33.33), books.line(33.33))
    assert (made["AmountFC"], made["VATAmountFC"]) == (120.99, 21)
    given = books.entry(books.line(99.99, VATAmountFC=21.01))
    assert (given["AmountFC"], given["VATAmountFC"]) == (121, 21.01)


def test_without_a_vat_code_the_ledger_gives_it(books):
    assert books.entry(books.line(100, None, "8010"))["VATAmountFC"] == 9
    assert books.entry(books.line(100, None, "4500"))["VATAmountFC"] == 0


def test_codes_without_a_rate_take_no_vat_amount(office):
    for code in ("0", "3", "6", "7"):
        assert office.entry(office.line(100, code))["VATAmountFC"] == 0
        text = office.refused(office.line(100, code, VATAmountFC=21))
        assert text.startswith("The amount of the VAT line does not match")


def test_an_including_code_takes_the_amount_as_inclusive_and_refuses_vat_on_top(books):
    made = books.entry(books.line(121, "5"))
    assert (made["AmountFC"], made["VATAmountFC"]) == (121, 21)
    text = books.refused(books.line(100, "5", VATAmountFC=21))
    assert text.startswith("Het bedrag van de BTW regel komt niet overeen")


def test_a_document_is_tied_to_its_entry_from_both_sides(books):
    document = books.made("documents/Documents", {"Subject": "INV/1", "Type": 10})
    made = books.entry(Document=document["ID"])
    assert (made["DocumentNumber"], made["DocumentSubject"]) == (document["HID"], "INV/1")
    other = books.made(
        "documents/Documents",
        {"Subject": "Later", "Type": 10, "FinancialTransactionEntryID": made["EntryID"]},
    )
    shown = books.get(f"salesentry/SalesEntries(guid'{made['EntryID']}')").json()["d"]
    assert shown["Document"] == other["ID"]


def test_files_need_a_document_a_known_type_and_a_size(books):
    document = books.made("documents/Documents", {"Subject": "Bon", "Type": 55})["ID"]
    content = base64.b64encode(b"%PDF-1.4").decode()
    body = {"Document": document, "FileName": "bon.pdf", "Attachment": content}
    made = books.made("documents/DocumentAttachments", body)
    assert (made["Attachment"], made["FileSize"]) == (None, 8)
    assert made["Url"]
    wrong = {**body, "FileName": "bon.exe"}
    assert books.post("documents/DocumentAttachments", wrong).status_code == 500
    assert (
        books.post("documents/DocumentAttachments", {**body, "Document": NOWHERE}).status_code
        == 500
    )
    books.practice.country.options["max_attachment"] = 4
    try:
        assert "groter dan" in message(books.post("documents/DocumentAttachments", body))
    finally:
        books.practice.country.options["max_attachment"] = 25 * 1024 * 1024


# sales invoices -------------------------------------------------------------------------------


def _invoice(books: Books, item: str = "UREN", **line):
    key = books.division.table("logistics/Items").first("Code", item)["ID"]
    return {
        "OrderedBy": books.account(1), "Journal": "70", "YourRef": "INV/7",
        "SalesInvoiceLines": [{"Item": key, "Quantity": 1.5, "NetPrice": 100, **line}],
    }  # fmt: skip


def test_an_invoice_is_a_draft_until_it_is_printed_and_then_booked(books):
    made = books.made("salesinvoice/SalesInvoices", _invoice(books, VATCode="2"))
    assert (made["Status"], made["InvoiceNumber"], made["AmountFC"]) == (20, None, 181.5)
    line = books.rows(f"salesinvoice/SalesInvoices(guid'{made['InvoiceID']}')/SalesInvoiceLines")[0]
    assert line["GLAccountDescription"] == "Omzet diensten"
    printed = books.made("salesinvoice/PrintedSalesInvoices", {"InvoiceID": made["InvoiceID"]})
    assert printed["Document"]
    after = books.get(f"salesinvoice/SalesInvoices(guid'{made['InvoiceID']}')").json()["d"]
    assert (after["Status"], after["Document"]) == (50, printed["Document"])
    entry = books.rows(f"salesentry/SalesEntries?$filter=EntryNumber eq {after['InvoiceNumber']}")[
        0
    ]
    assert (entry["EntryID"], entry["AmountFC"]) == (made["InvoiceID"], 181.5)
    assert books.open_amount(after["InvoiceNumber"]) == 181.5
    again = books.put(f"salesinvoice/SalesInvoices(guid'{made['InvoiceID']}')", {"YourRef": "x"})
    assert (again.status_code, message(again)) == (500, "Reeds verwerkt")
    twins = books.all("sync/SalesInvoice/SalesInvoices?$select=ID,InvoiceID,LineNumber")
    mine = [row["LineNumber"] for row in twins if row["InvoiceID"] == made["InvoiceID"]]
    assert sorted(mine) == [0, 1]


def test_invoices_are_refused_for_their_items(office):
    post = office.post
    path = "salesinvoice/SalesInvoices"
    assert message(post(path, _invoice(office, "STUK"))) == "Invalid: Quantity [1.5]"
    assert message(post(path, _invoice(office, "LEEG"))) == "G/L account is mandatory"
    assert message(post(path, _invoice(office, "OUD"))) == "Not active: Item"
    assert "Invalid: Item (Type)" in message(post(path, _invoice(office, "INKOOP", Quantity=1)))
    body = _invoice(office)
    body["OrderedBy"] = NOWHERE
    assert "Invalid reference: Ordered by" in message(post(path, body))
    assert "Mandatory: Ordered by" in message(post(path, {"Journal": "70"}))


# the rest -------------------------------------------------------------------------------------


def test_items_codes_and_references(books):
    assert message(books.post("logistics/Items", {"Code": "UREN", "Description": "X"})) == (
        "Gegeven bestaat reeds."
    )
    revenue = books.ledger("8010")
    made = books.made(
        "logistics/Items", {"Code": "NIEUW", "Description": "Nieuw", "GLRevenue": revenue}
    )
    assert (made["GLRevenueCode"], made["GLRevenueDescription"]) == ("8010", "Omzet laag")
    assert made["ItemGroupCode"]
    wrong = {"Code": "FOUT", "Description": "x" * 61, "ItemGroup": NOWHERE, "Unit": "ton"}
    assert len(message(books.post("logistics/Items", wrong)).split("\r\n")) == 3
    price = books.made("logistics/SalesItemPrices", {"Item": made["ID"], "Price": 12.5})
    assert price["ItemCode"] == "NIEUW"
    item = books.get(f"logistics/Items(guid'{made['ID']}')").json()["d"]
    assert item["StandardSalesPrice"] == 12.5


def test_a_vat_code_comes_with_its_percentages(books):
    made = books.made("vat/VATCodes", {
        "Code": "X6", "Description": "Zes", "Type": "E",
        "VATPercentages": [{"Percentage": 0.06, "StartDate": "2020-01-01"}],
    })  # fmt: skip
    assert (made["Code"], made["Percentage"], made["Type"]) == ("X6 ", 0.06, "E")
    below = books.rows(f"vat/VATCodes(guid'{made['ID']}')/VATPercentages")
    assert [row["Percentage"] for row in below] == [0.06]
    assert books.entry(books.line(100, "X6"))["VATAmountFC"] == 6
    assert books.delete(f"vat/VATCodes(guid'{made['ID']}')").status_code == 500


def test_a_used_journal_stays_and_an_unused_one_goes(books):
    journals = books.division.table("financial/Journals")
    books.entry()
    used = journals.first("Code", "70")["ID"]
    assert books.delete(f"financial/Journals(guid'{used}')").status_code == 500
    made = books.made("financial/Journals", {"Code": "79", "Description": "Los", "Type": 20})
    assert books.delete(f"financial/Journals(guid'{made['ID']}')").status_code == 204


def test_open_items_let_three_texts_be_changed(books):
    made = books.entry()
    row = books.receivables(made["EntryID"])[0]
    answer = books.put(
        f"cashflow/Receivables(guid'{row['ID']}')", {"PaymentReference": "RF18", "AmountFC": 0}
    )
    assert answer.status_code == 204
    after = books.receivables(made["EntryID"])[0]
    assert (after["PaymentReference"], after["AmountFC"]) == ("RF18", -121)
