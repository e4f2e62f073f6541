"""Open items: what customers still owe, what they paid and how it was matched.

Signs (Exact API sheet 5.15): an unpaid invoice has a negative AmountFC and a positive
TransactionAmountFC in Receivables and a positive Amount in ReceivablesList; credit notes and
receipts that are not matched yet have the opposite. Inside, a row keeps ``_total`` (what the
instalment was, positive for an invoice) and ``_paid``, its matches.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from . import terms
from .errors import ApiError
from .geo import round_money
from .state import Division, Row, User

TABLE = "cashflow/Receivables"
LIST = "read/financial/ReceivablesList"
LINES = "financialtransaction/TransactionLines"
ENTRIES = "salesentry/SalesEntries"
ZERO = Decimal(0)


@dataclass
class Match:
    """One settlement: how much of an open item, with which line, on which day."""

    id: str
    amount: Decimal
    amount_dc: Decimal
    date: datetime
    line: str | None  # transaction line on the other side


class Receivables:
    """The open items of one administration."""

    def __init__(self, division: Division):
        self.division = division

    # from an entry to open items --------------------------------------------------------------

    def open(self, entry: Row, debtor_line: Row, by: User | None = None) -> None:
        """Write the open items of an entry; called again after each change of the entry.

        Another customer makes new rows: new ID, EntryID and HID (Exact API sheet 5.11).
        """
        old = self.items(entry["EntryID"])
        if any(row["_paid"] for row in old):
            same = sum((row["_total"] for row in old), ZERO) == debtor_line["AmountFC"]
            if not same or old[0]["Account"] != entry["Customer"]:
                raise ApiError(500, "processed")
        if old and old[0]["Account"] != entry["Customer"]:
            self.forget(entry["EntryID"], by)
            old = []
        parts = terms.split(
            self.division, entry.get("PaymentCondition"), entry["EntryDate"],
            debtor_line["AmountFC"], entry["Currency"],
        )  # fmt: skip
        if len(parts) == 1:
            parts = [terms.Term(parts[0].amount, entry["DueDate"], parts[0].condition)]
        left_dc = debtor_line["AmountDC"]
        group = old[0]["EntryID"] if old else str(uuid.uuid4())
        for position, part in enumerate(parts):
            last = part is parts[-1]
            dc = left_dc if last else round_money(part.amount * entry["Rate"], self._currency)
            left_dc -= dc
            row = dict(old[position]) if position < len(old) else {}
            row.setdefault("ID", str(uuid.uuid4()))
            row.setdefault("EntryID", group if position == 0 else str(uuid.uuid4()))
            row.setdefault("_hid", self.division.next("receivable"))
            row.setdefault("_paid", [])
            row |= self._of_entry(entry, debtor_line)
            row |= self._of_condition(entry, part)
            row |= {"_total": part.amount, "_total_dc": dc, "DueDate": part.due}
            row |= {"TransactionDueDate": part.due}
            self._write(row, by)
        for row in old[len(parts) :]:
            self._remove(row, by)

    @property
    def _currency(self) -> str:
        return self.division.currency

    def _of_entry(self, entry: Row, debtor_line: Row) -> Row:
        account = self.division.table("crm/Accounts").get(entry["Customer"]) or {}
        reference = f"{entry['_customer_code'].strip()}/{entry['EntryNumber']}"
        return {
            "Account": entry["Customer"], "AccountCode": entry["_customer_code"],
            "AccountName": entry["CustomerName"], "AccountCountry": account.get("Country"),
            "Currency": entry["Currency"], "RateFC": entry["Rate"],
            "Description": entry.get("Description"), "Document": entry.get("Document"),
            "DocumentNumber": entry.get("DocumentNumber"),
            "DocumentSubject": entry.get("DocumentSubject"),
            "EntryDate": entry["EntryDate"], "EntryNumber": entry["EntryNumber"],
            "GLAccount": debtor_line["GLAccount"], "GLAccountCode": debtor_line["GLAccountCode"],
            "GLAccountDescription": debtor_line["GLAccountDescription"],
            "InvoiceDate": entry["EntryDate"], "InvoiceNumber": entry["InvoiceNumber"],
            "IsBatchBooking": 0, "Journal": entry["Journal"], "LineType": 20,
            "JournalDescription": entry["JournalDescription"],
            "OrderNumber": entry.get("OrderNumber"),
            "PaymentReference": entry.get("PaymentReference") or reference,
            "TransactionAmountDC": entry["AmountDC"], "TransactionAmountFC": entry["AmountFC"],
            "TransactionEntryID": entry["EntryID"], "TransactionID": debtor_line["ID"],
            "TransactionIsReversal": bool(entry.get("Reversal")),
            "TransactionReportingPeriod": entry["ReportingPeriod"],
            "TransactionReportingYear": entry["ReportingYear"],
            "TransactionStatus": entry["Status"], "TransactionType": entry["Type"],
            "YourRef": entry.get("YourRef"),
        }  # fmt: skip

    @staticmethod
    def _of_condition(entry: Row, part: terms.Term) -> Row:
        condition = part.condition or {}
        discount = condition.get("DiscountPercentage") or ZERO
        days = condition.get("DiscountPaymentDays") or 0
        return {
            "PaymentCondition": entry.get("PaymentCondition"),
            "PaymentConditionDescription": condition.get("Description"),
            "PaymentDays": (part.due - entry["EntryDate"]).days, "PaymentDaysDiscount": days,
            "PaymentDiscountPercentage": discount,
            "PaymentMethod": condition.get("PaymentMethod") or "B",
            "AmountDiscountDC": ZERO, "AmountDiscountFC": ZERO,
        }  # fmt: skip

    # reading ----------------------------------------------------------------------------------

    def items(self, entry_id: str) -> list[Row]:
        """The open items (paid ones too) of an entry, one for each instalment, oldest due first.

        Parts split off by a part payment are not among them.
        """
        rows = self.division.table(TABLE).find("TransactionEntryID", entry_id)
        mine = [row for row in rows if "_part_of" not in row]
        return sorted(mine, key=lambda row: row["DueDate"])

    @staticmethod
    def _left(row: Row) -> Decimal:
        return row["_total"] - sum((match.amount for match in row["_paid"]), ZERO)

    def remaining(self, entry_id: str) -> Decimal:
        """What is still open of an entry in its currency; negative for a credit note."""
        return sum((self._left(row) for row in self.items(entry_id)), ZERO)

    # settling ---------------------------------------------------------------------------------

    def receive(
        self,
        parts: list[tuple[Row, Decimal | None]],
        date: datetime | None = None,
        bank: str = "20",
        by: User | None = None,
    ) -> dict[str, Any]:
        """One receipt on the bank for one or more entries, matched at once.

        :param parts: sales entries with an amount in the currency of the entry, None for all that
            is open; for a credit note the amount is negative (money that goes back).
        :param bank: code of a bank or cash journal.
        :return: EntryID, EntryNumber, AmountDC and Date of the bank entry.
        :raises ApiError: 500 when more is paid than is open, or the journal is no bank.
        """
        date = (date or self.division.today()).replace(hour=0, minute=0, second=0, microsecond=0)
        journal = self.division.table("financial/Journals").first("Code", bank)
        if journal is None or journal["Type"] not in (10, 12, 16):
            raise ApiError(500, "invalid_type", field="Journal")
        ledger = self.division.ledger
        period = ledger.period(date)
        ledger.check_open(period)
        plan = [(entry, self._amount(entry, amount)) for entry, amount in parts]
        if not plan:
            raise ApiError(400, "mandatory", field="SalesEntries")
        assert period is not None
        head = {
            "EntryID": str(uuid.uuid4()), "EntryNumber": ledger.next_number(bank, date),
            "JournalCode": bank, "JournalDescription": journal["Description"], "Date": date,
            "FinancialYear": period["FinYear"], "FinancialPeriod": period["FinPeriod"],
            "Type": 40, "Status": 20,
        }  # fmt: skip
        bank_id = str(uuid.uuid4())
        total = ZERO
        for number, (entry, amount) in enumerate(plan, 1):
            dc = round_money(amount * entry["Rate"], self._currency)
            if amount == self.remaining(entry["EntryID"]):
                dc = sum((self._left_dc(row) for row in self.items(entry["EntryID"])), ZERO)
            total += dc
            line = self._receipt_line(head, entry, number, amount, dc, by)
            self._settle(entry, amount, dc, date, line, by)
        currencies = {entry["Currency"] for entry, _amount in plan}
        single = len(plan) == 1 and len(currencies) == 1
        self.division.save(LINES, {
            **head, "ID": bank_id, "LineNumber": 0, "AmountDC": total,
            "AmountFC": plan[0][1] if single else total,
            "Currency": plan[0][0]["Currency"] if single else self._currency,
            "ExchangeRate": plan[0][0]["Rate"] if single else Decimal(1),
            "GLAccount": journal["GLAccount"], "GLAccountCode": journal["GLAccountCode"],
            "GLAccountDescription": journal["GLAccountDescription"],
            "Description": journal["Description"],
        }, by)  # fmt: skip
        self.division.notify("BankEntries", "Create", head["EntryID"])
        self.division.notify("FinancialTransactions", "Create", head["EntryID"])
        return {
            "EntryID": head["EntryID"], "EntryNumber": head["EntryNumber"],
            "AmountDC": total, "Date": date,
        }  # fmt: skip

    def _amount(self, entry: Row, amount: Decimal | None) -> Decimal:
        left = self.remaining(entry["EntryID"])
        amount = left if amount is None else round_money(amount, entry["Currency"])
        if amount == 0 or amount * left <= 0 or abs(amount) > abs(left):
            raise ApiError(500, "more_than_open", open=left)
        return amount

    @staticmethod
    def _left_dc(row: Row) -> Decimal:
        return row["_total_dc"] - sum((match.amount_dc for match in row["_paid"]), ZERO)

    def _receipt_line(
        self, head: Row, entry: Row, number: int, amount: Decimal, dc: Decimal, by: User | None
    ) -> str:
        line = {
            **head, **self.division.ledger.debtor_account(), "ID": str(uuid.uuid4()),
            "LineNumber": number, "AmountFC": -amount, "AmountDC": -dc,
            "Currency": entry["Currency"], "ExchangeRate": entry["Rate"],
            "Account": entry["Customer"], "AccountCode": entry["_customer_code"],
            "AccountName": entry["CustomerName"], "InvoiceNumber": entry["InvoiceNumber"],
            "YourRef": entry.get("YourRef"), "Description": entry.get("Description"),
        }  # fmt: skip
        self.division.save(LINES, line, by)
        return line["ID"]

    def _settle(
        self, entry: Row, amount: Decimal, dc: Decimal, date: datetime, line: str, by: User | None
    ) -> None:
        """Spread a payment over the instalments, oldest first; both lines point at each other."""
        for row in self.items(entry["EntryID"]):
            left = self._left(row)
            if not left or not amount:
                continue
            part = left if abs(left) <= abs(amount) else amount
            part_dc = dc if part == amount else round_money(part * entry["Rate"], self._currency)
            amount -= part
            dc -= part_dc
            match = Match(str(uuid.uuid4()), part, part_dc, date, line)
            self._write({**row, "_paid": [*row["_paid"], match]}, by)
            self._offset(row["TransactionID"], line, by)

    def match(self, one: Row, other: Row, by: User | None = None) -> Decimal:
        """Match an invoice with a credit note without money; returns what was matched.

        :raises ApiError: 500 when the two do not lie opposite each other in one currency.
        """
        left, right = self.remaining(one["EntryID"]), self.remaining(other["EntryID"])
        if left * right >= 0 or one["Currency"] != other["Currency"]:
            raise ApiError(500, "not_allowed", field="Matching")
        amount = min(abs(left), abs(right)).copy_sign(left)
        today = self.division.today()
        for entry, part, peer in ((one, amount, other), (other, -amount, one)):
            line = self.items(peer["EntryID"])[0]["TransactionID"]
            dc = round_money(part * entry["Rate"], self._currency)
            if part == self.remaining(entry["EntryID"]):
                dc = sum((self._left_dc(row) for row in self.items(entry["EntryID"])), ZERO)
            self._settle(entry, part, dc, today, line, by)
        return abs(amount)

    def unmatch(self, entry_id: str, by: User | None = None) -> int:
        """Undo every matching of an entry; returns how many there were.

        The receipts stay on the bank and show in ReceivablesList as money not matched yet.
        """
        undone = 0
        for row in self.items(entry_id):
            for match in row["_paid"]:
                undone += 1
                self._undo(row, match, by)
            if row["_paid"]:
                self._write({**row, "_paid": []}, by)
                self._offset(row["TransactionID"], None, by)
        return undone

    def _undo(self, row: Row, match: Match, by: User | None) -> None:
        peer = self.division.table(LINES).get(match.line)
        if peer is None:
            return
        if peer["Type"] == 40:
            self._loose_receipt(row, peer, match, by)
            first = self.division.table(LINES).find("EntryID", peer["EntryID"])
            bank = next((line["ID"] for line in first if line["LineNumber"] == 0), None)
            self._offset(peer["ID"], bank, by, both=False)
            return
        for other in self.items(peer["EntryID"]):
            kept = [m for m in other["_paid"] if m.line != row["TransactionID"]]
            if len(kept) != len(other["_paid"]):
                self._write({**other, "_paid": kept}, by)
                self._offset(other["TransactionID"], None, by, both=False)

    def _loose_receipt(self, row: Row, line: Row, match: Match, by: User | None) -> None:
        """A receipt that is matched with nothing any more is an open item of its own."""
        known = self.division.table(TABLE).first("TransactionID", line["ID"])
        self._write({
            "ID": known["ID"] if known else str(uuid.uuid4()), "EntryID": str(uuid.uuid4()),
            "_hid": self.division.next("receivable"), "_paid": [], "LineType": 20,
            "_total": (known["_total"] if known else ZERO) - match.amount,
            "_total_dc": (known["_total_dc"] if known else ZERO) - match.amount_dc,
            **{name: row.get(name) for name in (
                "Account", "AccountCode", "AccountName", "AccountCountry", "Currency", "RateFC",
                "GLAccount", "GLAccountCode", "GLAccountDescription", "PaymentMethod",
            )},
            "Description": line.get("Description"), "EntryDate": line["Date"],
            "InvoiceDate": line["Date"], "DueDate": line["Date"], "IsBatchBooking": 0,
            "EntryNumber": line["EntryNumber"], "Journal": line["JournalCode"],
            "JournalDescription": line["JournalDescription"],
            "TransactionAmountFC": line["AmountFC"], "TransactionAmountDC": line["AmountDC"],
            "TransactionEntryID": line["EntryID"], "TransactionID": line["ID"],
            "TransactionType": 40, "TransactionStatus": 20, "TransactionIsReversal": False,
            "TransactionReportingYear": line["FinancialYear"],
            "TransactionReportingPeriod": line["FinancialPeriod"],
        }, by)  # fmt: skip

    def _offset(self, line: str, other: str | None, by: User | None, both: bool = True) -> None:
        table = self.division.table(LINES)
        for key, value in ((line, other), (other, line) if both else (None, None)):
            row = table.get(key) if key else None
            if row is not None:
                self.division.save(LINES, {**row, "OffsetID": value}, by)

    # rows -------------------------------------------------------------------------------------

    def _write(self, row: Row, by: User | None) -> None:
        """Derive what is shown of an open item from its total and matches, and save it."""
        left = self._left(row)
        paid = bool(row["_paid"]) and left == 0
        last = max((match.date for match in row["_paid"]), default=None)
        split = self.division.country.options["partial"] == "split"
        shown, shown_dc = left, self._left_dc(row)
        if split and paid:
            # The row that is left is as large as its last match; the earlier ones are rows too.
            shown, shown_dc = row["_paid"][-1].amount, row["_paid"][-1].amount_dc
        period = self.division.ledger.period(last) if last and paid else None
        row |= {
            "AmountFC": -shown, "AmountDC": -shown_dc, "IsFullyPaid": paid,
            "Status": 50 if paid else 20, "LastPaymentDate": last,
            "EndDate": last if paid else None,
            "EndYear": period["FinYear"] if period else None,
            "EndPeriod": period["FinPeriod"] if period else None,
        }  # fmt: skip
        self.division.save(TABLE, row, by)
        self._write_parts(row, row["_paid"][:-1] if paid else row["_paid"], split, by)
        self._list(row, left)

    def _write_parts(self, row: Row, matches: list[Match], split: bool, by: User | None) -> None:
        table = self.division.table(TABLE)
        known = {part["_match"]: part for part in table.find("_part_of", row["ID"])}
        for match in matches if split else ():
            if known.pop(match.id, None) is not None:
                continue
            period = self.division.ledger.period(match.date)
            part = {
                **row, "ID": str(uuid.uuid4()), "EntryID": str(uuid.uuid4()),
                "_part_of": row["ID"], "_match": match.id, "AmountFC": -match.amount,
                "AmountDC": -match.amount_dc, "Status": 50, "IsFullyPaid": True,
                "LastPaymentDate": match.date, "EndDate": match.date,
                "EndYear": period["FinYear"] if period else None,
                "EndPeriod": period["FinPeriod"] if period else None, "_paid": [],
            }  # fmt: skip
            self.division.save(TABLE, part, by)
        for part in known.values():
            self.division.delete(TABLE, part["ID"], by)

    def _list(self, row: Row, left: Decimal) -> None:
        table = self.division.table(LIST)
        if not left:
            table.remove(row["_hid"])
            return
        table.put({
            "HID": row["_hid"], "Id": row["ID"], "AccountId": row["Account"],
            "AccountCode": row["AccountCode"], "AccountName": row["AccountName"], "Amount": left,
            "AmountInTransit": ZERO, "CurrencyCode": row["Currency"],
            "Description": row.get("Description"), "DueDate": row["DueDate"],
            "EntryNumber": row["EntryNumber"], "InvoiceDate": row["InvoiceDate"],
            "InvoiceNumber": row.get("InvoiceNumber"), "JournalCode": row["Journal"],
            "JournalDescription": row["JournalDescription"], "YourRef": row.get("YourRef"),
        }, self.division.rowversion())  # fmt: skip

    def _remove(self, row: Row, by: User | None) -> None:
        for part in self.division.table(TABLE).find("_part_of", row["ID"]):
            self.division.delete(TABLE, part["ID"], by)
        self.division.table(LIST).remove(row["_hid"])
        self.division.delete(TABLE, row["ID"], by)

    def forget(self, entry_id: str, by: User | None = None) -> None:
        """Take the open items of an entry away (it is deleted, or gets another customer)."""
        for row in self.items(entry_id):
            self._remove(row, by)
