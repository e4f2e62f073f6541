"""Booking, matching, periods: what comes of a sales entry."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exact_simulator.geo import round_money
from exact_simulator.rules import Context, rule_for
from exact_simulator.terms import due_date

from .books import Books, unlimited
from .service import running


@pytest.fixture(scope="module")
def books():
    with running(accounts=20) as sim:
        yield Books(unlimited(sim))


@pytest.fixture
def split(books):
    books.practice.country.options["partial"] = "split"
    yield
    books.practice.country.options["partial"] = "shrink"


def test_an_entry_books_debtor_revenue_and_vat_that_are_zero_together(books):
    made = books.entry(books.line(100), books.line(50, "1", "8010"), books.line(-20))
    lines = books.transactions(made["EntryID"])
    assert [line["LineNumber"] for line in lines] == [0, 1, 2, 3, 9999, 9999]
    assert [line["AmountFC"] for line in lines[:4]] == [151.3, -100, -50, 20]
    assert sorted(line["AmountFC"] for line in lines[4:]) == [-16.8, -4.5]
    assert [line["GLAccountCode"] for line in lines[:4]] == ["1300", "8000", "8010", "8000"]
    assert round(sum(line["AmountFC"] for line in lines), 2) == 0
    assert {line["Type"] for line in lines} == {20}
    assert made["AmountFC"] == 151.3
    assert made["VATAmountFC"] == 21.3


def test_entry_numbers_are_year_journal_and_sequence(books):
    one = books.entry(EntryDate="2026-03-01", Journal="71")
    two = books.entry(EntryDate="2026-04-01", Journal="71")
    old = books.entry(EntryDate="2025-04-01", Journal="71")
    assert [one["EntryNumber"], two["EntryNumber"]] == [26710001, 26710002]
    assert old["EntryNumber"] == 25710001
    assert one["InvoiceNumber"] == one["EntryNumber"]


def test_an_own_number_is_kept_and_must_be_unique_in_journal_and_year(books):
    assert books.entry(EntryNumber=26729999, Journal="72")["EntryNumber"] == 26729999
    text = books.refused(EntryNumber=26729999, Journal="72")
    assert text == "In gebruik: Boekstuknummer"
    assert books.entry(EntryNumber=26729999, Journal="71")["EntryNumber"] == 26729999


def test_a_credit_note_is_type_21_with_a_negative_total(books):
    made = books.entry(books.line(-100))
    assert (made["Type"], made["AmountFC"]) == (21, -121)
    row = books.receivables(made["EntryID"])[0]
    assert row["AmountFC"] == 121
    assert row["TransactionAmountFC"] == -121
    assert books.open_amount(made["EntryNumber"]) == -121


def test_what_decides_type_21_is_an_option(books):
    books.practice.country.options["type21"] = "journal"
    try:
        assert books.entry(books.line(-100))["Type"] == 20
        assert books.entry(books.line(100), Journal="73")["Type"] == 21
    finally:
        books.practice.country.options["type21"] = "sign"


def test_an_open_item_has_the_signs_and_links_of_the_real_thing(books):
    made = books.entry(YourRef="INV/9", EntryDate="2026-05-04")
    row = books.receivables(made["EntryID"])[0]
    debtor = books.transactions(made["EntryID"])[0]
    assert row["AmountFC"] == row["AmountDC"] == -121
    assert row["TransactionAmountFC"] == 121
    assert row["TransactionID"] == debtor["ID"]
    assert row["EntryID"] != made["EntryID"]
    assert (row["Status"], row["IsFullyPaid"], row["LastPaymentDate"]) == (20, False, None)
    assert row["PaymentReference"] == f"1/{made['EntryNumber']}"
    shown = books.rows(
        f"read/financial/ReceivablesList?$filter=EntryNumber eq {made['EntryNumber']}"
    )[0]
    assert (shown["Amount"], shown["AmountInTransit"], shown["YourRef"]) == (121, 0, "INV/9")
    assert shown["AccountCode"] == "1".rjust(18)
    key = books.account(1)
    by_account = books.rows(
        f"read/financial/ReceivablesListByAccount?accountId=guid'{key}'&$top=60"
    )
    assert made["EntryNumber"] in [row["EntryNumber"] for row in by_account]


def test_full_payment_closes_the_item_and_books_the_bank(books):
    made = books.entry()
    paid = books.practice.accountant(
        "receive", entries=[{"entry": made["EntryNumber"]}], date="2026-06-03"
    )
    row = books.receivables(made["EntryID"])[0]
    assert (row["Status"], row["IsFullyPaid"], row["AmountFC"]) == (50, True, 0)
    assert row["LastPaymentDate"] == row["EndDate"] == "/Date(1780444800000)/"
    assert (row["EndYear"], row["EndPeriod"]) == (2026, 6)
    assert books.open_amount(made["EntryNumber"]) == 0
    bank = books.transactions(paid["EntryID"])
    assert [line["AmountFC"] for line in bank] == [121, -121]
    assert [line["GLAccountCode"] for line in bank] == ["1100", "1300"]
    debtor = books.transactions(made["EntryID"])[0]
    assert debtor["OffsetID"] == bank[1]["ID"]
    assert bank[1]["OffsetID"] == debtor["ID"]


def test_part_payment_shrinks_the_row(books):
    made = books.entry()
    books.practice.accountant("receive", entries=[{"entry": made["EntryID"], "amount": "21.50"}])
    rows = books.receivables(made["EntryID"])
    assert [(r["AmountFC"], r["Status"], r["IsFullyPaid"]) for r in rows] == [(-99.5, 20, False)]
    assert rows[0]["LastPaymentDate"]
    assert books.open_amount(made["EntryNumber"]) == Decimal("99.5")


def test_part_payment_splits_the_row_where_that_is_chosen(books, split):
    made = books.entry()
    for amount in ("21.50", "9.50"):
        books.practice.accountant("receive", entries=[{"entry": made["EntryID"], "amount": amount}])
    rows = books.receivables(made["EntryID"])
    assert sorted((r["AmountFC"], r["Status"]) for r in rows) == [
        (-90, 20),
        (-21.5, 50),
        (-9.5, 50),
    ]
    assert len({row["EntryID"] for row in rows}) == 3
    books.practice.accountant("receive", entries=[{"entry": made["EntryID"]}])
    rows = books.receivables(made["EntryID"])
    assert sum(row["AmountFC"] for row in rows) == -121
    assert {row["Status"] for row in rows} == {50}
    books.practice.accountant("unmatch", entry=made["EntryID"])
    rows = books.receivables(made["EntryID"])
    assert [(row["AmountFC"], row["Status"]) for row in rows] == [(-121, 20)]


def test_one_receipt_for_several_entries_and_a_credit_note(books):
    one, two = books.entry(), books.entry(books.line(10))
    credit = books.entry(books.line(-50))
    numbers = [made["EntryNumber"] for made in (one, two, credit)]
    paid = books.practice.accountant("receive", entries=[{"entry": n} for n in numbers])
    assert Decimal(paid["AmountDC"]) == Decimal("72.60")
    assert [books.open_amount(number) for number in numbers] == [0, 0, 0]
    assert sum(line["AmountDC"] for line in books.transactions(paid["EntryID"])) == pytest.approx(0)


def test_an_invoice_and_a_credit_note_are_matched_without_money(books):
    invoice, credit = books.entry(), books.entry(books.line(-40))
    books.practice.accountant("match", entries=[invoice["EntryID"], credit["EntryID"]])
    assert books.open_amount(invoice["EntryNumber"]) == Decimal("72.6")
    assert books.open_amount(credit["EntryNumber"]) == 0
    books.practice.accountant("unmatch", entry=credit["EntryID"])
    assert books.open_amount(invoice["EntryNumber"]) == 121
    assert books.open_amount(credit["EntryNumber"]) == Decimal("-48.4")


def test_undoing_a_matching_opens_the_item_and_leaves_a_loose_receipt(books):
    made = books.entry()
    paid = books.practice.accountant("receive", entries=[{"entry": made["EntryID"]}])
    stamp = max(int(r["Timestamp"]) for r in books.all("sync/Cashflow/PaymentTerms"))
    books.practice.accountant("unmatch", entry=made["EntryID"])
    row = books.receivables(made["EntryID"])[0]
    assert (row["Status"], row["IsFullyPaid"], row["AmountFC"]) == (20, False, -121)
    assert (row["LastPaymentDate"], row["EndDate"]) == (None, None)
    assert books.open_amount(made["EntryNumber"]) == 121
    loose = books.rows(
        f"read/financial/ReceivablesList?$filter=EntryNumber eq {paid['EntryNumber']}"
    )
    assert [(r["Amount"], r["JournalCode"]) for r in loose] == [(-121, "20")]
    news = books.all(f"sync/Cashflow/PaymentTerms?$filter=Timestamp gt {stamp}L")
    assert {r["TransactionType"] for r in news} == {20, 40}
    assert {r["LineType"] for r in news} == {20}


def test_more_than_is_open_is_not_received(books):
    made = books.entry()
    answer = books.session.post(
        f"{books.practice.url}/_sim/accountant/1001/receive",
        json={"entries": [{"entry": made["EntryID"], "amount": "121.01"}]},
        timeout=10,
    )
    assert answer.status_code == 409
    assert books.open_amount(made["EntryNumber"]) == 121


def test_instalments_become_rows_of_their_own_and_are_paid_in_order(books):
    made = books.entry(PaymentCondition="2T", EntryDate="2026-01-10")
    rows = sorted(books.receivables(made["EntryID"]), key=lambda r: r["DueDate"])
    assert sorted(row["AmountFC"] for row in rows) == [-60.5, -60.5]
    assert len({row["EntryID"] for row in rows}) == 2
    assert made["DueDate"] == rows[1]["DueDate"]
    books.practice.accountant("receive", entries=[{"entry": made["EntryID"], "amount": "70"}])
    rows = sorted(books.receivables(made["EntryID"]), key=lambda r: r["DueDate"])
    assert [(r["AmountFC"], r["Status"]) for r in rows] == [(0, 50), (-51, 20)]


@pytest.mark.parametrize(
    ("date", "months", "days", "style", "due"),
    [
        ("2026-01-17", 2, 15, "whole", "2026-04-15"),
        ("2026-01-17", 1, 0, "whole", "2026-02-28"),
        ("2026-01-17", 1, 0, "first", "2026-01-31"),
        ("2026-01-17", 0, 30, "whole", "2026-02-16"),
        ("2026-12-31", 1, 0, "whole", "2027-01-31"),
        ("2024-01-31", 1, 0, "whole", "2024-02-29"),
        ("2026-11-05", 1, 8, "whole", "2027-01-08"),
    ],
)
def test_month_ends_come_first_then_days(date, months, days, style, due):
    found = due_date(datetime.fromisoformat(date), months, days, style)
    assert found == datetime.fromisoformat(due)


def test_due_date_follows_from_the_condition_given_or_of_the_account(books):
    made = books.entry(PaymentCondition="14", EntryDate="2026-02-20")
    assert made["DueDate"] == "/Date(1772755200000)/"  # 6 March
    assert books.entry(DueDate="2026-12-24")["DueDate"] == "/Date(1798070400000)/"
    own = books.division.table("crm/Accounts").get(books.account(1))["PaymentConditionSales"]
    assert books.entry()["PaymentCondition"] == own


def test_a_foreign_currency_is_booked_in_both_and_balances_in_both(books):
    lines = [books.line("33.33", "2"), books.line("0.07", "1"), books.line("10.01", "2")]
    made = books.entry(*lines, Currency="USD", Rate=0.913)
    found = books.transactions(made["EntryID"])
    assert sum(Decimal(str(line["AmountFC"])) for line in found) == 0
    assert sum(Decimal(str(line["AmountDC"])) for line in found) == 0
    assert made["AmountDC"] == found[0]["AmountDC"] != made["AmountFC"]
    yen = books.entry(books.line("100.4", "2"), Currency="JPY")
    assert yen["AmountFC"] == 121  # no decimals: 100 and 21


def test_closed_periods_refuse_entries_and_changes(books):
    made = books.entry(EntryDate="2025-02-10")
    books.practice.accountant("close-period", year=2025, period=2)
    try:
        assert books.refused(EntryDate="2025-02-11") == "Periode is afgesloten: 2025 - 2"
        key = f"salesentry/SalesEntries(guid'{made['EntryID']}')"
        assert books.put(key, {"Description": "x"}).status_code == 500
        assert books.delete(key).status_code == 500
    finally:
        books.practice.accountant("close-period", year=2025, period=2, open=True)
    assert books.entry(EntryDate="2025-02-11")["ReportingPeriod"] == 2
    assert books.refused(EntryDate="2015-02-11") == "Verplicht: Boekjaar"
    assert books.refused(EntryDate="2025-02-11", ReportingYear=2026)


def test_a_deleted_entry_is_gone_everywhere_and_in_sync_deleted(books):
    made = books.entry()
    paid = books.entry()
    books.practice.accountant("receive", entries=[{"entry": paid["EntryID"]}])
    refused = books.delete(f"salesentry/SalesEntries(guid'{paid['EntryID']}')")
    assert refused.status_code == 500
    ids = [line["ID"] for line in books.transactions(made["EntryID"])]
    item = books.receivables(made["EntryID"])[0]["ID"]
    answer = books.delete(f"salesentry/SalesEntries(guid'{made['EntryID']}')")
    assert answer.status_code == 204
    assert books.transactions(made["EntryID"]) == []
    assert books.receivables(made["EntryID"]) == []
    assert books.open_amount(made["EntryNumber"]) == 0
    gone = {(r["EntityType"], r["EntityKey"]) for r in books.all("sync/Deleted")}
    assert {(1, key) for key in ids} | {(10, item)} <= gone
    books.practice.accountant("delete-entry", entry=paid["EntryID"])
    assert books.get(f"salesentry/SalesEntries(guid'{paid['EntryID']}')").status_code == 404
    assert books.division.ledger.balance() == 0


def test_another_customer_makes_a_new_open_item_and_keeps_the_lines(books):
    made = books.entry(PaymentCondition="60")
    before = books.receivables(made["EntryID"])[0]
    lines = [line["ID"] for line in books.transactions(made["EntryID"])]
    key = f"salesentry/SalesEntries(guid'{made['EntryID']}')"
    assert books.put(key, {"Customer": books.account(2)}).status_code == 204
    after = books.receivables(made["EntryID"])[0]
    assert after["ID"] != before["ID"]
    assert after["EntryID"] != before["EntryID"]
    assert after["TransactionID"] == before["TransactionID"]
    assert after["AmountFC"] == before["AmountFC"]
    assert after["PaymentReference"] == f"2/{made['EntryNumber']}"
    assert [line["ID"] for line in books.transactions(made["EntryID"])] == lines


def test_a_line_added_changed_or_deleted_rebooks_the_entry(books):
    made = books.entry(books.line(100))
    key = made["EntryID"]
    line = books.made("salesentry/SalesEntryLines", {"EntryID": key, **books.line(50)})
    assert line["LineNumber"] == 2
    assert books.receivables(key)[0]["AmountFC"] == -181.5
    address = f"salesentry/SalesEntryLines(guid'{line['ID']}')"
    assert books.put(address, {"AmountFC": 10}).status_code == 204
    assert books.receivables(key)[0]["AmountFC"] == -133.1
    assert books.delete(address).status_code == 204
    assert books.receivables(key)[0]["AmountFC"] == -121
    first = books.rows(f"salesentry/SalesEntries(guid'{key}')/SalesEntryLines")[0]["ID"]
    assert books.delete(f"salesentry/SalesEntryLines(guid'{first}')").status_code == 204
    assert books.get(f"salesentry/SalesEntries(guid'{key}')").status_code == 404
    assert books.division.ledger.balance() == 0


AMOUNTS = st.decimals("-9999.99", "9999.99", places=2)
LINES = st.lists(
    st.tuples(AMOUNTS, st.sampled_from(["0", "1", "2", "3", "5", "7", "8"])), min_size=1, max_size=8
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=LINES, currency=st.sampled_from(["EUR", "USD", "JPY"]), share=st.integers(1, 100))
def test_whatever_is_booked_and_paid_the_books_balance(books, lines, currency, share):
    division = books.division
    user = next(iter(division.country.users.values()))
    ledger = division.table("financial/GLAccounts").first("Code", "8000")["ID"]
    body = {"Customer": books.account(1), "Journal": "70", "Currency": currency}
    nested = [{"AmountFC": a, "GLAccount": ledger, "VATCode": code} for a, code in lines]
    entry = rule_for("salesentry/SalesEntries").create(
        Context(division, user), dict(body), {"SalesEntryLines": nested}
    )
    open_items = division.ledger.receivables
    found = division.table("financialtransaction/TransactionLines").find(
        "EntryID", entry["EntryID"]
    )
    assert sum(row["AmountFC"] for row in found) == 0
    assert sum(row["AmountDC"] for row in found) == 0
    assert open_items.remaining(entry["EntryID"]) == entry["AmountFC"]
    part = round_money(entry["AmountFC"] * share / 100, currency)
    if part:
        open_items.receive([(entry, part)])
        assert open_items.remaining(entry["EntryID"]) == entry["AmountFC"] - part
        if part != entry["AmountFC"]:
            open_items.receive([(entry, None)])
        assert open_items.remaining(entry["EntryID"]) == 0
        rows = open_items.items(entry["EntryID"])
        assert all(open_items._left_dc(row) == 0 for row in rows)
    assert division.ledger.balance() == 0
