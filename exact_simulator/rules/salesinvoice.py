"""Sales invoices that Exact makes itself, and their printing (Exact API sheet 5.13)."""

from __future__ import annotations

import base64
import uuid
from decimal import Decimal
from typing import Any

from .. import terms
from ..errors import ApiError
from ..geo import RATES, round_money
from ..state import Row
from .base import Context, Nested, Problems, Ref, Rule, check_lengths, resolve
from .booking import check_customer, check_journal, vat_of
from .crm import gl, vat
from .salesentry import post

INVOICES = "salesinvoice/SalesInvoices"
LINES = "salesinvoice/SalesInvoiceLines"
SYNC = "sync/SalesInvoice/SalesInvoices"
ZERO = Decimal(0)
TYPES = {8020: "Factuur", 8021: "Creditnota", 8023: "Directe factuur", 8024: "Directe creditnota"}

_REFS = {
    "PaymentCondition": Ref(
        "cashflow/PaymentConditions", "PaymentCondition", "Code",
        {"PaymentConditionDescription": "Description"},
    ),
    "Document": Ref(
        "documents/Documents", "Document", None,
        {"DocumentNumber": "HID", "DocumentSubject": "Subject"},
    ),
}  # fmt: skip
_LINE_REFS = {
    "Item": Ref(
        "logistics/Items", "Item", None, {"ItemCode": "Code", "ItemDescription": "Description"}
    ),
    "GLAccount": gl(None, "GLAccountDescription"),
    "VATCode": vat("VATCodeDescription"),
}


class SalesInvoices(Rule):
    """Drafts; they get a number and are booked when printed."""

    resource = INVOICES
    key = "InvoiceID"
    term = "PrintedInvoice"

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        values = {name: value for name, value in values.items() if value is not None}
        invoice: Row = {
            "Type": 8020, "Discount": ZERO, "AmountDiscount": ZERO, "AmountDiscountExclVat": ZERO,
            "DiscountType": 0, "IsExtraDuty": False, **values, "InvoiceID": str(uuid.uuid4()),
            "Status": 20, "StatusDescription": "Open", "StarterSalesInvoiceStatus": 0,
        }  # fmt: skip
        problems = Problems()
        self._header(ctx, invoice, values, problems)
        lines = nested.get("SalesInvoiceLines") or []
        if not lines:
            problems.add("mandatory", field="Lines")
        made = [_line(ctx, invoice, dict(line), n, problems) for n, line in enumerate(lines, 1)]
        problems.check()
        return store(ctx, invoice, made)

    def update(self, ctx: Context, old: Row, values: Row) -> Row:
        _check_draft(old)
        values.pop("InvoiceID", None)
        invoice = {**old, **values}
        problems = Problems()
        self._header(ctx, invoice, values, problems)
        problems.check()
        return store(ctx, invoice, lines_of(ctx, old))

    def delete(self, ctx: Context, row: Row) -> None:
        _check_draft(row)
        for line in lines_of(ctx, row):
            ctx.table(LINES).remove(line["ID"])
            ctx.table(SYNC).remove(line["ID"])
        ctx.table(SYNC).remove(row["InvoiceID"])
        ctx.division.delete(INVOICES, row["InvoiceID"], ctx.user)

    def _header(self, ctx: Context, invoice: Row, given: Row, problems: Problems) -> None:
        today = ctx.division.today()
        for prop in ("OrderedBy", "Journal"):
            if not invoice.get(prop):
                problems.add("mandatory", field=prop)
        if invoice.get("OrderedBy"):
            for prop in ("InvoiceTo", "DeliverTo"):
                invoice[prop] = invoice.get(prop) or invoice["OrderedBy"]
        for prop in ("OrderedBy", "InvoiceTo", "DeliverTo"):
            if invoice.get(prop):
                self._party(ctx, invoice, prop, problems)
        if invoice.get("Journal"):
            journal = check_journal(ctx, invoice["Journal"], problems)
            if journal is not None:
                invoice["Journal"] = journal["Code"]
                invoice["JournalDescription"] = journal["Description"]
        if invoice["Type"] not in TYPES:
            problems.add("invalid", field="Type")
        direct = invoice["Type"] in (8023, 8024)
        if direct and not invoice.get("Warehouse"):
            problems.add("mandatory", field="Warehouse")
        elif not direct and invoice.get("Warehouse"):
            problems.add("not_allowed", field="Warehouse")
        invoice["TypeDescription"] = TYPES.get(invoice["Type"])
        invoice["Currency"] = invoice.get("Currency") or ctx.division.currency
        if invoice["Currency"] not in RATES:
            problems.add("invalid_reference", field="Currency")
        invoice.setdefault("OrderDate", today)
        check_lengths(ctx, given, {"Description": 60, "YourRef": 50}, problems)
        resolve(ctx, invoice, [*_REFS], _REFS, problems)

    @staticmethod
    def _party(ctx: Context, invoice: Row, prop: str, problems: Problems) -> None:
        today = ctx.division.today()
        account: Row | None
        if prop == "DeliverTo":
            account = ctx.table("crm/Accounts").get(invoice[prop])
            if account is None:
                problems.add("invalid_reference", field=prop)
        else:
            account = check_customer(ctx, {"Customer": invoice[prop]}, today, problems, prop)
        if account is None:
            return
        invoice[f"{prop}Name"] = account["Name"]
        if prop == "InvoiceTo" and not invoice.get("PaymentCondition"):
            invoice["PaymentCondition"] = account.get("PaymentConditionSales") or "30"


class SalesInvoiceLines(Rule):
    """Lines of a draft on their own."""

    resource = LINES
    term = "Lines"

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        values = {name: value for name, value in values.items() if value is not None}
        invoice = self._invoice(ctx, values)
        lines = lines_of(ctx, invoice)
        problems = Problems()
        number = max((line["LineNumber"] for line in lines), default=0) + 1
        line = _line(ctx, invoice, values, number, problems)
        problems.check()
        store(ctx, {**invoice}, [*lines, line])
        return line

    def update(self, ctx: Context, old: Row, values: Row) -> Row:
        invoice = self._invoice(ctx, old)
        problems = Problems()
        line = {**old, **values, "ID": old["ID"], "InvoiceID": old["InvoiceID"]}
        for prop in ("AmountFC", "VATAmountFC", "VATPercentage", "NetPrice"):
            if prop not in values:
                line.pop(prop, None)
        line = _line(ctx, invoice, line, old["LineNumber"], problems)
        problems.check()
        rest = [row for row in lines_of(ctx, invoice) if row["ID"] != old["ID"]]
        store(ctx, {**invoice}, sorted([*rest, line], key=lambda row: row["LineNumber"]))
        return line

    def delete(self, ctx: Context, row: Row) -> None:
        invoice = self._invoice(ctx, row)
        rest = [line for line in lines_of(ctx, invoice) if line["ID"] != row["ID"]]
        if not rest:
            SalesInvoices().delete(ctx, invoice)
            return
        ctx.table(LINES).remove(row["ID"])
        ctx.table(SYNC).remove(row["ID"])
        store(ctx, {**invoice}, rest)

    @staticmethod
    def _invoice(ctx: Context, values: Row) -> Row:
        if values.get("InvoiceID") is None:
            raise ApiError(500, "mandatory", field="PrintedInvoice")
        invoice = ctx.table(INVOICES).get(values["InvoiceID"])
        if invoice is None:
            raise ApiError(500, "invalid_reference", field="PrintedInvoice")
        _check_draft(invoice)
        return invoice


class PrintedSalesInvoices(Rule):
    """Printing: number, document, sales entry; the invoice cannot be changed any more."""

    resource = "salesinvoice/PrintedSalesInvoices"
    key = "InvoiceID"

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        values = {name: value for name, value in values.items() if value is not None}
        key = values.get("InvoiceID")
        if key is None:
            raise ApiError(500, "mandatory", field="PrintedInvoice")
        invoice = ctx.table(INVOICES).get(key)
        if invoice is None:
            raise ApiError(500, "invalid_reference", field="PrintedInvoice")
        _check_draft(invoice)
        date = values.get("InvoiceDate") or ctx.division.today()
        entry, lines = self._entry(ctx, invoice, date)
        document = self._document(ctx, invoice, entry)
        entry["Document"] = document["ID"]
        entry["DocumentNumber"], entry["DocumentSubject"] = document["HID"], document["Subject"]
        entry = post(ctx, entry, lines)
        store(ctx, {
            **invoice, "Status": 50, "StatusDescription": "Verwerkt",
            "InvoiceNumber": entry["InvoiceNumber"], "InvoiceDate": date,
            "DueDate": entry["DueDate"], "Document": document["ID"],
            "DocumentNumber": document["HID"], "DocumentSubject": document["Subject"],
        }, lines_of(ctx, invoice))  # fmt: skip
        mailed = bool(values.get("SendEmailToCustomer"))
        row = {
            **values, "Division": ctx.division.code, "Document": document["ID"],
            "InvoiceDate": date, "DocumentCreationSuccess": "Document is aangemaakt",
            "EmailCreationSuccess": "E-mail is verzonden" if mailed else None,
            "ReportingPeriod": entry["ReportingPeriod"], "ReportingYear": entry["ReportingYear"],
        }  # fmt: skip
        ctx.table(self.resource).put(row, ctx.division.rowversion())
        return row

    @staticmethod
    def _entry(ctx: Context, invoice: Row, date: Any) -> tuple[Row, list[Row]]:
        ledger = ctx.division.ledger
        period = ledger.period(date)
        ledger.check_open(period)
        assert period is not None
        customer = ctx.table("crm/Accounts").get(invoice["InvoiceTo"])
        assert customer is not None
        due = invoice.get("DueDate")
        if due is None:
            parts = terms.split(ctx.division, invoice["PaymentCondition"], date, ZERO, "EUR")
            due = max(part.due for part in parts)
        number = ledger.next_number(invoice["Journal"], date)
        entry = {
            "EntryID": invoice["InvoiceID"], "Status": 20, "EntryDate": date, "DueDate": due,
            "Customer": customer["ID"], "CustomerName": customer["Name"],
            "_customer_code": customer["Code"], "Journal": invoice["Journal"],
            "JournalDescription": invoice["JournalDescription"], "Currency": invoice["Currency"],
            "Rate": RATES[invoice["Currency"]] / RATES[ctx.division.currency],
            "ReportingYear": period["FinYear"], "ReportingPeriod": period["FinPeriod"],
            "EntryNumber": number, "Description": invoice.get("Description"),
            "YourRef": invoice.get("YourRef"), "PaymentCondition": invoice["PaymentCondition"],
            "PaymentConditionDescription": invoice.get("PaymentConditionDescription"),
            "PaymentReference": invoice.get("PaymentReference"),
        }  # fmt: skip
        lines: list[Row] = []
        for line in lines_of(ctx, invoice):
            ledger_row = ctx.table("financial/GLAccounts").get(line["GLAccount"]) or {}
            lines.append({
                **{name: line.get(name) for name in (
                    "AmountFC", "VATCode", "VATCodeDescription", "VATPercentage", "VATAmountFC",
                    "Quantity", "Description", "Notes", "GLAccount", "GLAccountDescription",
                    "LineNumber", "_net", "_vat_type",
                )},
                "ID": str(uuid.uuid4()), "EntryID": invoice["InvoiceID"],
                "GLAccountCode": ledger_row.get("Code"), "_item": line["Item"],
                "_item_code": line["ItemCode"], "_item_description": line["ItemDescription"],
            })  # fmt: skip
        return entry, lines

    @staticmethod
    def _document(ctx: Context, invoice: Row, entry: Row) -> Row:
        from .documents import DocumentAttachments, Documents

        document = Documents().create(ctx, {
            "Subject": f"Factuur {entry['EntryNumber']}", "Type": 10,
            "Account": invoice["InvoiceTo"], "DocumentDate": entry["EntryDate"],
            "SalesInvoiceNumber": entry["EntryNumber"], "Currency": invoice["Currency"],
            "AmountFC": invoice["AmountFC"],
        }, {})  # fmt: skip
        document = ctx.division.save("documents/Documents", {
            **document, "FinancialTransactionEntryID": invoice["InvoiceID"],
        }, ctx.user)  # fmt: skip
        DocumentAttachments().create(ctx, {
            "Document": document["ID"], "FileName": f"{entry['EntryNumber']}.pdf",
            "Attachment": base64.b64decode(b"JVBERi0xLjQKJSVFT0YK"),
        }, {})  # fmt: skip
        return document


# shared ---------------------------------------------------------------------------------------


def _check_draft(invoice: Row) -> None:
    if invoice["Status"] == 50:
        raise ApiError(500, "processed")


def lines_of(ctx: Context, invoice: Row) -> list[Row]:
    """Copies of the lines of an invoice in order."""
    rows = ctx.table(LINES).find("InvoiceID", invoice["InvoiceID"])
    return sorted((dict(row) for row in rows), key=lambda row: row["LineNumber"])


def _line(ctx: Context, invoice: Row, line: Row, number: int, problems: Problems) -> Row:
    line.setdefault("ID", str(uuid.uuid4()))
    line |= {"InvoiceID": invoice["InvoiceID"], "LineNumber": number}
    item = ctx.table("logistics/Items").get(line["Item"]) if line.get("Item") else None
    if not line.get("Item"):
        problems.add("mandatory", field="Item")
    if item is not None:
        _from_item(ctx, invoice, line, item, problems)
    if item is not None and not line.get("GLAccount"):
        problems.add("gl_mandatory")
    resolve(ctx, line, [*_LINE_REFS], _LINE_REFS, problems)
    currency = invoice["Currency"] if invoice["Currency"] in RATES else "EUR"
    for prop, usual in (("Quantity", Decimal(1)), ("Discount", ZERO)):
        if line.get(prop) is None:
            line[prop] = usual
    price = line.get("NetPrice")
    if price is None:
        price = (line.get("UnitPrice") or ZERO) * (1 - line["Discount"])
        line["NetPrice"] = price
    if line.get("UnitPrice") is None:
        line["UnitPrice"] = price
    if line.get("AmountFC") is None:
        line["AmountFC"] = line["Quantity"] * price
    line["AmountFC"] = round_money(line["AmountFC"], currency)
    code = ctx.table("vat/VATCodes").first("Code", line.get("VATCode"))
    vat_of(line, code, currency, problems)
    line["_net"] = line.get("_net", line["AmountFC"])
    return line


def _from_item(ctx: Context, invoice: Row, line: Row, item: Row, problems: Problems) -> None:
    today = ctx.division.today()
    if not item.get("IsSalesItem"):
        problems.add("invalid_type", field="Item")
    if item.get("EndDate") and item["EndDate"] < today:
        problems.add("inactive", field="Item")
    quantity = line.get("Quantity")
    if quantity is not None and quantity != int(quantity) and not item["IsFractionAllowedItem"]:
        problems.add("invalid_value", field="Quantity", value=quantity)
    line["GLAccount"] = line.get("GLAccount") or item.get("GLRevenue")
    if not line.get("VATCode"):
        account = ctx.table("crm/Accounts").get(invoice.get("OrderedBy")) or {}
        line["VATCode"] = account.get("SalesVATCode") or item.get("SalesVatCode")
    line.setdefault("Description", item["Description"])
    line.setdefault("UnitCode", item.get("Unit"))
    line.setdefault("UnitDescription", item.get("UnitDescription"))
    if line.get("UnitPrice") is None and line.get("NetPrice") is None:
        line["UnitPrice"] = item.get("StandardSalesPrice") or ZERO


def store(ctx: Context, invoice: Row, lines: list[Row]) -> Row:
    """Total an invoice and store it with its lines; header and lines get a new row version."""
    division = ctx.division
    invoice = dict(invoice)
    rate = RATES[invoice["Currency"]] / RATES[division.currency]
    tax = sum((line["VATAmountFC"] for line in lines), ZERO)
    net = sum((line["_net"] for line in lines), ZERO)
    invoice |= {
        "VATAmountFC": tax, "AmountFCExclVat": net, "AmountFC": net + tax,
        "AmountDC": round_money((net + tax) * rate, division.currency),
        "VATAmountDC": round_money(tax * rate, division.currency),
    }  # fmt: skip
    saved = division.save(INVOICES, invoice, ctx.user)
    sync = ctx.table(SYNC)
    sync.put({**invoice, "ID": invoice["InvoiceID"], "LineNumber": 0}, division.rowversion())
    for line in lines:
        line["Division"] = division.code
        line["AmountDC"] = round_money(line["AmountFC"] * rate, division.currency)
        line["VATAmountDC"] = round_money(line["VATAmountFC"] * rate, division.currency)
        ctx.table(LINES).put(dict(line), division.rowversion())
        sync.put({**invoice, **line}, division.rowversion())
    return saved
