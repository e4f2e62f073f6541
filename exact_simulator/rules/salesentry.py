"""Sales entries and their lines (Exact API sheet 5.11): checked in full, then booked."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from .. import terms
from ..errors import ApiError
from ..geo import RATES, round_money
from ..state import Row
from .base import Context, Nested, Problems, Ref, Rule, check_lengths, resolve
from .booking import check_customer, check_journal, prepare_line, vat_of

ENTRIES = "salesentry/SalesEntries"
LINES = "salesentry/SalesEntryLines"
ZERO = Decimal(0)

_ENTRY_LENGTHS = {"Description": 60, "YourRef": 50, "PaymentReference": 50}
_ENTRY_REFS = {
    "Document": Ref(
        "documents/Documents", "Document", None,
        {"DocumentNumber": "HID", "DocumentSubject": "Subject"},
    ),
    "PaymentCondition": Ref(
        "cashflow/PaymentConditions", "PaymentCondition", "Code",
        {"PaymentConditionDescription": "Description",
         "PaymentConditionPaymentMethod": "PaymentMethod"},
    ),
}  # fmt: skip


class SalesEntries(Rule):
    """The header: customer, journal, dates, currency, numbers and totals."""

    resource = ENTRIES
    key = "EntryID"
    term = "SalesEntry"

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        values = {name: value for name, value in values.items() if value is not None}
        entry: Row = {**values, "EntryID": str(uuid.uuid4()), "Status": 20}
        lines = nested.get("SalesEntryLines") or []
        problems = Problems()
        for prop, term in (("Customer", "Relationship"), ("Journal", "Journal")):
            if not entry.get(prop):
                problems.add("mandatory", field=term)
        if not lines:
            problems.add("mandatory", field="Lines")
        problems.check()
        self._header(ctx, entry, None, values, problems)
        made = [
            prepare_line(ctx, entry, {**line}, number, problems)
            for number, line in enumerate(lines, 1)
        ]
        problems.check()
        return post(ctx, entry, made)

    def update(self, ctx: Context, old: Row, values: Row) -> Row:
        check_changeable(ctx, old)
        values.pop("EntryID", None)
        for prop in ("VATAmountFC", "EntryNumber", "InvoiceNumber"):
            if values.get(prop) is None:
                values.pop(prop, None)
        entry = {**old, **values}
        problems = Problems()
        self._header(ctx, entry, old, values, problems)
        lines = lines_of(ctx, old)
        if entry["Currency"] != old["Currency"]:
            for line in lines:
                code = ctx.table("vat/VATCodes").first("Code", line.get("VATCode"))
                vat_of(line, code, entry["Currency"], problems)
        problems.check()
        return post(ctx, entry, lines)

    def delete(self, ctx: Context, row: Row) -> None:
        check_changeable(ctx, row)
        if any(item["_paid"] for item in ctx.division.ledger.receivables.items(row["EntryID"])):
            raise ApiError(500, "cannot_delete", field="SalesEntry", code=row["EntryNumber"],
                           where="Matching")  # fmt: skip
        ctx.division.ledger.delete_entry(row["EntryID"], ctx.user)

    # the header -------------------------------------------------------------------------------

    def _header(
        self, ctx: Context, entry: Row, old: Row | None, given: Row, problems: Problems
    ) -> None:
        division = ctx.division
        entry["EntryDate"] = _day(entry.get("EntryDate") or division.today())
        date = entry["EntryDate"]
        customer = check_customer(ctx, entry, date, problems)
        journal = check_journal(ctx, entry.get("Journal"), problems)
        check_lengths(ctx, given, _ENTRY_LENGTHS, problems)
        if customer is not None:
            entry["CustomerName"], entry["_customer_code"] = customer["Name"], customer["Code"]
            if old is not None and old["Customer"] != entry["Customer"]:
                # Exact rebuilds the condition and the reference (Exact API sheet 5.11).
                for prop in ("PaymentCondition", "PaymentReference"):
                    if prop not in given:
                        entry[prop] = None
            if not entry.get("PaymentCondition"):
                entry["PaymentCondition"] = customer.get("PaymentConditionSales") or "30"
        resolve(ctx, entry, [*_ENTRY_REFS], _ENTRY_REFS, problems)
        if journal is not None:
            entry["Journal"] = journal["Code"]
            entry["JournalDescription"] = journal["Description"]
            self._currency(ctx, entry, journal, customer, old, given, problems)
        self._period(ctx, entry, old, given, problems)
        self._numbers(ctx, entry, old, given, problems)
        self._due(ctx, entry, old, given)

    def _currency(
        self,
        ctx: Context,
        entry: Row,
        journal: Row,
        customer: Row | None,
        old: Row | None,
        given: Row,
        problems: Problems,
    ) -> None:
        own = ctx.division.currency
        currency = (entry.get("Currency") or "").strip().upper()
        if not currency:
            currency = journal.get("Currency") or own
        entry["Currency"] = currency
        if currency not in RATES:
            problems.add("invalid_reference", field="Currency")
            return
        if currency != journal.get("Currency") and not journal.get("AllowVariableCurrency"):
            problems.add("not_allowed", field="Currency")
        standard = RATES[currency] / RATES[own]
        if given.get("Rate") is None:
            keep = old is not None and old["Currency"] == currency
            entry["Rate"] = old["Rate"] if old and keep else standard
            return
        rate = given["Rate"]
        if rate <= 0 or (currency == own and rate != 1):
            problems.add("invalid", field="Rate")
        elif rate != standard and not journal.get("AllowVariableExchangeRate"):
            problems.add("not_allowed", field="Rate")

    def _period(
        self, ctx: Context, entry: Row, old: Row | None, given: Row, problems: Problems
    ) -> None:
        ledger, date = ctx.division.ledger, entry["EntryDate"]
        period = ledger.period(date)
        year = given.get("ReportingYear")
        if period is not None and year is not None and year != period["FinYear"]:
            problems.add("year_fixed")
            return
        number = given.get("ReportingPeriod")
        if period is not None and number is not None:
            period = ledger.find_period(period["FinYear"], number)
        elif old is not None and old["EntryDate"] == date:
            period = ledger.find_period(old["ReportingYear"], old["ReportingPeriod"])
        try:
            ledger.check_open(period)
        except ApiError as error:
            problems.parts += [part for part in error.parts if part not in problems.parts]
            return
        assert period is not None
        entry["ReportingYear"], entry["ReportingPeriod"] = period["FinYear"], period["FinPeriod"]

    def _numbers(
        self, ctx: Context, entry: Row, old: Row | None, given: Row, problems: Problems
    ) -> None:
        number, ledger = given.get("EntryNumber"), ctx.division.ledger
        if number is None:
            return
        if number <= 0:
            problems.add("invalid", field="EntryNumber")
        elif ledger.number_used(entry["Journal"], entry["EntryDate"].year, number,
                                entry["EntryID"]):  # fmt: skip
            problems.add("entry_number_used", number=number, journal=entry["Journal"])

    def _due(self, ctx: Context, entry: Row, old: Row | None, given: Row) -> None:
        if given.get("DueDate"):
            entry["DueDate"] = _day(given["DueDate"])
            return
        same = ("EntryDate", "PaymentCondition")
        if old is not None and all(old.get(p) == entry.get(p) for p in same):
            entry["DueDate"] = old["DueDate"]
            return
        parts = terms.split(
            ctx.division, entry.get("PaymentCondition"), entry["EntryDate"], ZERO, "EUR"
        )
        entry["DueDate"] = max(part.due for part in parts)


class SalesEntryLines(Rule):
    """Lines on their own: added to, changed in or taken out of an entry that is booked already."""

    resource = LINES
    term = "Lines"

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        values = {name: value for name, value in values.items() if value is not None}
        entry = self._entry(ctx, values)
        lines = lines_of(ctx, entry)
        problems = Problems()
        number = max((line["LineNumber"] for line in lines), default=0) + 1
        line = prepare_line(ctx, entry, values, number, problems)
        problems.check()
        post(ctx, {**entry}, [*lines, line])
        return line

    def update(self, ctx: Context, old: Row, values: Row) -> Row:
        entry = self._entry(ctx, old)
        for name in ("ID", "EntryID"):
            values.pop(name, None)
        problems = Problems()
        line = {**old, **values}
        if {"AmountFC", "VATCode", "VATPercentage"} & set(values):
            if values.get("VATAmountFC") is None:
                line.pop("VATAmountFC", None)
            if values.get("VATPercentage") is None:
                line.pop("VATPercentage", None)
        line = prepare_line(ctx, entry, line, old["LineNumber"], problems)
        problems.check()
        rest = [row for row in lines_of(ctx, entry) if row["ID"] != old["ID"]]
        post(ctx, {**entry}, sorted([*rest, line], key=lambda row: row["LineNumber"]))
        return line

    def delete(self, ctx: Context, row: Row) -> None:
        entry = self._entry(ctx, row)
        rest = [line for line in lines_of(ctx, entry) if line["ID"] != row["ID"]]
        if not rest:
            SalesEntries().delete(ctx, entry)
            return
        ctx.table(LINES).remove(row["ID"])
        post(ctx, {**entry}, rest)

    @staticmethod
    def _entry(ctx: Context, values: Row) -> Row:
        if values.get("EntryID") is None:
            raise ApiError(500, "mandatory", field="SalesEntry")
        entry = ctx.table(ENTRIES).get(values["EntryID"])
        if entry is None:
            raise ApiError(500, "invalid_reference", field="SalesEntry")
        check_changeable(ctx, entry)
        return entry


# shared ---------------------------------------------------------------------------------------


def _day(date: datetime) -> datetime:
    return date.replace(hour=0, minute=0, second=0, microsecond=0)


def lines_of(ctx: Context, entry: Row) -> list[Row]:
    """Copies of the lines of an entry in order."""
    rows = ctx.table(LINES).find("EntryID", entry["EntryID"])
    return sorted((dict(row) for row in rows), key=lambda row: row["LineNumber"])


def check_changeable(ctx: Context, entry: Row) -> None:
    """Refuse a processed entry, that of an invoice printed here, and one in a closed period.

    :raises ApiError: 500.
    """
    if entry["Status"] == 50 or entry["EntryID"] in ctx.table("salesinvoice/SalesInvoices"):
        raise ApiError(500, "processed")
    ledger = ctx.division.ledger
    ledger.check_open(ledger.find_period(entry["ReportingYear"], entry["ReportingPeriod"]))


def post(ctx: Context, entry: Row, lines: list[Row], entry_id: str | None = None) -> Row:
    """Total an entry whose lines are right, give it its numbers, book it and store everything.

    :raises ApiError: 500 when a VAT total was given that is not the sum of the lines.
    """
    division = ctx.division
    entry = dict(entry)
    new = ctx.table(ENTRIES).get(entry["EntryID"]) is None
    tax = sum((line["VATAmountFC"] for line in lines), ZERO)
    if new and entry.get("VATAmountFC") is not None and entry["VATAmountFC"] != tax:
        raise ApiError(500, "vat_mismatch", given=entry["VATAmountFC"], expected=tax)
    entry["VATAmountFC"] = tax
    entry["AmountFC"] = sum((line["_net"] for line in lines), ZERO) + tax
    if entry.get("EntryNumber") is None:
        entry["EntryNumber"] = division.ledger.next_number(entry["Journal"], entry["EntryDate"])
    if entry.get("InvoiceNumber") is None:
        entry["InvoiceNumber"] = entry["EntryNumber"]
    entry["Type"] = _type(ctx, entry)
    entry["TypeDescription"] = "Verkoopcreditnota" if entry["Type"] == 21 else "Verkoopboeking"
    entry["StatusDescription"] = "Open"
    entry.setdefault("Reversal", False)
    entry.setdefault("IsExtraDuty", False)
    for line in lines:
        line["Type"] = entry["Type"]
        line["VATBaseAmountDC"] = round_money(line["_net"] * entry["Rate"], division.currency)
    division.ledger.book(entry, lines, ctx.user)
    for line in lines:
        line["Division"] = division.code
        ctx.table(LINES).put(dict(line), division.rowversion())
    return division.save(ENTRIES, entry, ctx.user)


def _type(ctx: Context, entry: Row) -> int:
    """20 or 21; what decides is unsure, so it is an option."""
    if ctx.option("type21") == "journal":
        journal: Any = ctx.table("financial/Journals").first("Code", entry["Journal"])
        return 21 if journal and journal["Type"] == 21 else 20
    return 21 if entry["AmountFC"] < 0 else 20
