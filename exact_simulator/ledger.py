"""The books of one administration: periods, entry numbers, transaction lines, receivables.

A sales entry becomes a debtor line (number 0, plus its total), a revenue line for each of its
lines and one VAT line for each VAT code (number 9999); together they are zero, in the currency of
the entry and in that of the books (Exact API sheet 5.12).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from .errors import ApiError
from .geo import round_money
from .receivables import Receivables
from .state import Division, Row, User

LINES = "financialtransaction/TransactionLines"
ENTRIES = "salesentry/SalesEntries"
ENTRY_LINES = "salesentry/SalesEntryLines"
PERIODS = "financial/FinancialPeriods"
ZERO = Decimal(0)


class Ledger:
    """What may be done to the books; ``receivables`` holds what is open and what was paid."""

    def __init__(self, division: Division):
        self.division = division
        self.receivables = Receivables(division)

    # periods ----------------------------------------------------------------------------------

    def period(self, date: datetime) -> Row | None:
        """The period in which ``date`` falls, or None outside the period table."""
        for row in self.division.table(PERIODS).find("FinYear", date.year):
            if row["StartDate"] <= date.replace(hour=0, minute=0) <= row["EndDate"]:
                return row
        return None

    def find_period(self, year: int, period: int) -> Row | None:
        """A period by its numbers."""
        rows = self.division.table(PERIODS).find("FinYear", year)
        return next((row for row in rows if row["FinPeriod"] == period), None)

    def check_open(self, period: Row | None) -> None:
        """Refuse an unknown or closed period.

        :raises ApiError: 500 with the text Exact has for it.
        """
        if period is None:
            raise ApiError(500, "year_unknown")
        if not period.get("_closed"):
            return
        year = period["FinYear"]
        if all(row.get("_closed") for row in self.division.table(PERIODS).find("FinYear", year)):
            raise ApiError(500, "year_closed")
        raise ApiError(500, "period_closed", year=year, period=period["FinPeriod"])

    def close_period(self, year: int, period: int | None = None, closed: bool = True) -> None:
        """Close (or open again) a period, or with ``period`` None a whole year.

        :raises ApiError: 404 when it is not in the period table.
        """
        rows = self.division.table(PERIODS).find("FinYear", year)
        chosen = [row for row in rows if period in (None, row["FinPeriod"])]
        if not chosen:
            raise ApiError(404, "year_unknown")
        for row in chosen:
            row["_closed"] = closed

    # entry numbers ----------------------------------------------------------------------------

    def next_number(self, journal: str, date: datetime) -> int:
        """The next free number: two digits of the year, the journal, a sequence of four."""
        digits = "".join(c for c in journal if c.isdigit())[:2].zfill(2)
        while True:
            sequence = self.division.next(f"entry/{journal}/{date.year}")
            number = int(f"{date.year % 100:02d}{digits}{sequence:04d}")
            if not self.number_used(journal, date.year, number):
                return number

    def number_used(self, journal: str, year: int, number: int, but: str | None = None) -> bool:
        """Whether an entry of that journal and year has this number (``but``: another entry)."""
        return any(
            line["JournalCode"] == journal
            and line["FinancialYear"] == year
            and line["EntryID"] != but
            for line in self.division.table(LINES).find("EntryNumber", number)
        )

    # booking ----------------------------------------------------------------------------------

    def book(self, entry: Row, lines: list[Row], by: User | None = None) -> None:
        """Write (or write again) the transaction lines and receivables of a sales entry.

        Keeps the ids of lines that are there already. Fills in the AmountDC and VATAmountDC of
        ``entry`` and ``lines``, which the caller saves afterwards.
        """
        table = self.division.table(LINES)
        old = {self._place(row): row for row in table.find("EntryID", entry["EntryID"])}
        fresh = self._sales_lines(entry, lines)
        for row in fresh:
            before = old.pop(self._place(row), None)
            row["ID"] = before["ID"] if before else str(uuid.uuid4())
            if before:
                row |= {k: before.get(k) for k in ("Created", "Creator", "CreatorFullName")}
                row["OffsetID"] = before.get("OffsetID")
            self.division.save(LINES, row, by)
        for row in old.values():
            self.division.delete(LINES, row["ID"], by)
        self.receivables.open(entry, fresh[0], by)

    @staticmethod
    def _place(row: Row) -> tuple[int, str | None]:
        return row["LineNumber"], row.get("VATCode") if row["LineNumber"] == 9999 else None

    def _sales_lines(self, entry: Row, lines: list[Row]) -> list[Row]:
        division = self.division
        rate = entry["Rate"]

        def dc(amount: Decimal) -> Decimal:
            return round_money(amount * rate, division.currency)

        common = self._common(entry)
        revenue: list[Row] = []
        vat: dict[str, Row] = {}
        for line in lines:
            base = line["_net"]
            tax = line["VATAmountFC"]
            line["AmountDC"], line["VATAmountDC"] = dc(line["AmountFC"]), dc(tax)
            row = {
                **common, "LineNumber": line["LineNumber"], "AmountFC": -base,
                "AmountDC": -dc(base), "GLAccount": line["GLAccount"],
                "GLAccountCode": line["GLAccountCode"],
                "GLAccountDescription": line["GLAccountDescription"],
                "Description": line.get("Description") or entry.get("Description"),
                "Notes": line.get("Notes"), "Quantity": line.get("Quantity"),
                "VATCode": line.get("VATCode"), "VATPercentage": line.get("VATPercentage"),
                "VATCodeDescription": line.get("VATCodeDescription"),
                "VATType": line.get("_vat_type"), "AmountVATFC": -tax,
                "AmountVATBaseFC": -base, "CostCenter": line.get("CostCenter"),
                "CostUnit": line.get("CostUnit"), "Project": line.get("Project"),
                "Item": line.get("_item"), "ItemCode": line.get("_item_code"),
                "ItemDescription": line.get("_item_description"),
            }  # fmt: skip
            revenue.append(row)
            if tax:
                self._add_vat(vat, common, line, base, tax)
        for row in vat.values():
            row["AmountDC"] = dc(row["AmountFC"])
        rest = revenue + list(vat.values())
        debtor = self.debtor_account()
        total = {
            **common, **debtor, "LineNumber": 0,
            "AmountFC": -sum((row["AmountFC"] for row in rest), ZERO),
            "AmountDC": -sum((row["AmountDC"] for row in rest), ZERO),
            "Description": entry.get("Description"), "AmountVATFC": ZERO, "AmountVATBaseFC": ZERO,
            "PaymentReference": entry.get("PaymentReference"),
        }  # fmt: skip
        entry["AmountDC"] = total["AmountDC"]
        entry["VATAmountDC"] = -sum((row["AmountDC"] for row in vat.values()), ZERO)
        return [total, *revenue, *vat.values()]

    def _add_vat(
        self, vat: dict[str, Row], common: Row, line: Row, base: Decimal, tax: Decimal
    ) -> None:
        code = line["VATCode"]
        row = vat.get(code)
        if row is None:
            found = self.division.table("vat/VATCodes").first("Code", code) or {}
            row = vat[code] = {
                **common, "LineNumber": 9999, "AmountFC": ZERO,
                "AmountVATBaseFC": ZERO, "AmountVATFC": ZERO, "VATCode": code,
                "VATCodeDescription": line.get("VATCodeDescription"),
                "VATPercentage": line.get("VATPercentage"), "VATType": line.get("_vat_type"),
                "GLAccount": found.get("GLToPay"), "GLAccountCode": found.get("GLToPayCode"),
                "GLAccountDescription": found.get("GLToPayDescription"),
                "Description": line.get("VATCodeDescription"),
            }  # fmt: skip
        row["AmountFC"] -= tax
        row["AmountVATBaseFC"] -= base

    @staticmethod
    def _common(entry: Row) -> Row:
        return {
            "EntryID": entry["EntryID"], "EntryNumber": entry["EntryNumber"],
            "InvoiceNumber": entry["InvoiceNumber"], "JournalCode": entry["Journal"],
            "JournalDescription": entry["JournalDescription"], "Account": entry["Customer"],
            "AccountCode": entry["_customer_code"], "AccountName": entry["CustomerName"],
            "Currency": entry["Currency"], "ExchangeRate": entry["Rate"],
            "Date": entry["EntryDate"], "DueDate": entry["DueDate"],
            "FinancialYear": entry["ReportingYear"], "FinancialPeriod": entry["ReportingPeriod"],
            "Type": entry["Type"], "Status": entry["Status"], "YourRef": entry.get("YourRef"),
            "OrderNumber": entry.get("OrderNumber"), "Document": entry.get("Document"),
            "DocumentNumber": entry.get("DocumentNumber"),
            "DocumentSubject": entry.get("DocumentSubject"),
            "ExternalLinkReference": entry.get("ExternalLinkReference"),
        }  # fmt: skip

    def debtor_account(self) -> dict[str, Any]:
        """The debtors ledger, as properties of a transaction line."""
        ledger = self.division.table("financial/GLAccounts").first("Type", 20)
        if ledger is None:
            raise ApiError(500, "gl_mandatory")
        return {
            "GLAccount": ledger["ID"],
            "GLAccountCode": ledger["Code"],
            "GLAccountDescription": ledger["Description"],
        }

    # looking and undoing ----------------------------------------------------------------------

    def find_entry(self, reference: int | str) -> Row:
        """A sales entry by its id or its number.

        :raises ApiError: 404 when there is none.
        """
        table = self.division.table(ENTRIES)
        text = str(reference).strip().lower()
        found = table.get(text)
        if found is None and text.isdigit():
            found = table.first("EntryNumber", int(text))
        if found is None:
            raise ApiError(404, "not_found", name="SalesEntries")
        return found

    def delete_entry(self, reference: int | str, by: User | None = None) -> Row:
        """Take a sales entry out of the books with everything that came of it.

        The caller decides whether that is allowed; payments are unmatched first.
        """
        entry = self.find_entry(reference)
        key = entry["EntryID"]
        self.receivables.unmatch(key, by)
        for row in self.division.table(LINES).find("EntryID", key):
            self.division.delete(LINES, row["ID"], by)
        self.receivables.forget(key, by)
        for row in self.division.table(ENTRY_LINES).find("EntryID", key):
            self.division.table(ENTRY_LINES).remove(row["ID"])
        self.division.delete(ENTRIES, key, by)
        return entry

    def balance(self) -> Decimal:
        """The sum of all transaction lines in the currency of the books: zero, always."""
        return sum((row["AmountDC"] for row in self.division.table(LINES)), ZERO)

    def entries(self) -> list[dict[str, Any]]:
        """Every sales entry with its lines and what is still open, oldest number first."""
        rows: Iterable[Row] = self.division.table(ENTRIES)
        return [self.shown(row) for row in sorted(rows, key=lambda r: (r["EntryNumber"],))]

    def shown(self, entry: Row) -> dict[str, Any]:
        """One sales entry for the control plane and the page; amounts as text, dates as ISO."""
        names = (
            "EntryID", "EntryNumber", "InvoiceNumber", "Journal", "Type", "YourRef", "Description",
            "Customer", "Currency", "EntryDate", "DueDate", "PaymentCondition", "AmountFC",
            "AmountDC", "VATAmountFC", "Document", "ReportingYear", "ReportingPeriod",
        )  # fmt: skip
        result = {name: _plain(entry.get(name)) for name in names}
        result["CustomerCode"] = (entry.get("_customer_code") or "").strip()
        result["CustomerName"] = entry.get("CustomerName")
        result["open"] = str(self.receivables.remaining(entry["EntryID"]))
        line_names = (
            "LineNumber", "GLAccountCode", "VATCode", "AmountFC", "VATAmountFC", "Description",
            "Quantity",
        )  # fmt: skip
        lines = self.division.table(ENTRY_LINES).find("EntryID", entry["EntryID"])
        result["lines"] = [
            {name: _plain(line.get(name)) for name in line_names}
            for line in sorted(lines, key=lambda r: r["LineNumber"])
        ]
        return result


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value) if isinstance(value, Decimal) else value
