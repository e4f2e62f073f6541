"""Sales invoices that Exact makes itself: drafts and their lines (Exact API sheet 5.13)."""

from __future__ import annotations

import uuid
from decimal import Decimal

from ..errors import ApiError
from ..geo import RATES, round_money
from ..state import Row
from .base import Context, Nested, Problems, Ref, Rule, check_lengths, resolve
from .booking import check_customer, check_journal
from .salesinvoice_lines import (
    LINES,
    amounts,
    changed_line,
    lines_of,
    new_line,
    spread_vat,
)

INVOICES = "salesinvoice/SalesInvoices"
SYNC = "sync/SalesInvoice/SalesInvoices"
ZERO = Decimal(0)
TYPES = {8020: "Factuur", 8021: "Creditnota", 8023: "Directe factuur", 8024: "Directe creditnota"}
_LENGTHS = {"Description": 60, "YourRef": 50, "PaymentReference": 50}
_DAYS = ("OrderDate", "DueDate")

_REFS = {
    "PaymentCondition": Ref(
        "cashflow/PaymentConditions", "PaymentCondition", "Code",
        {"PaymentConditionDescription": "Description"},
    ),
    "Document": Ref(
        "documents/Documents", "Document", None,
        {"DocumentNumber": "HID", "DocumentSubject": "Subject"},
    ),
    **{
        f"{whose}ContactPerson": Ref(
            "crm/Contacts", "Contacts", None, {f"{whose}ContactPersonFullName": "FullName"}
        )
        for whose in ("OrderedBy", "InvoiceTo", "DeliverTo")
    },
    "DeliverToAddress": Ref("crm/Addresses", "Addresses"),
}  # fmt: skip


class SalesInvoices(Rule):
    """Drafts; they get a number and are booked when printed."""

    resource = INVOICES
    key = "InvoiceID"
    term = "PrintedInvoice"

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        values = {name: value for name, value in values.items() if value is not None}
        lines = nested.get("SalesInvoiceLines") or []
        _check_own(ctx, values, lines)
        invoice: Row = {
            "Type": 8020, "Discount": ZERO, "AmountDiscount": ZERO, "AmountDiscountExclVat": ZERO,
            "DiscountType": 0, "IsExtraDuty": False, **values, "InvoiceID": str(uuid.uuid4()),
            "Status": 20, "StatusDescription": "Open", "StarterSalesInvoiceStatus": 0,
        }  # fmt: skip
        problems = Problems()
        self._header(ctx, invoice, values, problems)
        if not lines:
            problems.add("mandatory", field="Lines")
        made = [new_line(ctx, invoice, line, n, problems) for n, line in enumerate(lines, 1)]
        problems.check()
        return store(ctx, invoice, made)

    def update(self, ctx: Context, old: Row, values: Row) -> Row:
        check_draft(old)
        values.pop("InvoiceID", None)
        invoice = {**old, **values}
        if values.get("InvoiceTo") not in (None, old["InvoiceTo"]):
            invoice["PaymentCondition"] = values.get("PaymentCondition")
        problems = Problems()
        self._header(ctx, invoice, values, problems)
        lines = lines_of(ctx, old)
        for line in lines:
            amounts(ctx, invoice, line, problems)
        problems.check()
        return store(ctx, invoice, lines)

    def delete(self, ctx: Context, row: Row) -> None:
        check_draft(row)
        for line in lines_of(ctx, row):
            ctx.table(LINES).remove(line["ID"])
            ctx.table(SYNC).remove(line["ID"])
        ctx.table(SYNC).remove(row["InvoiceID"])
        ctx.division.delete(INVOICES, row["InvoiceID"], ctx.user)

    def _header(self, ctx: Context, invoice: Row, given: Row, problems: Problems) -> None:
        if invoice.get("OrderedBy"):
            for prop in ("InvoiceTo", "DeliverTo"):
                invoice[prop] = invoice.get(prop) or invoice["OrderedBy"]
        for prop in ("InvoiceTo", "OrderedBy", "Journal"):
            if not invoice.get(prop):
                problems.add("mandatory", field=prop)
        for prop in ("DeliverTo", "OrderedBy", "InvoiceTo"):
            if invoice.get(prop):
                self._party(ctx, invoice, prop, problems)
        self._type(invoice, problems)
        journal = (
            check_journal(ctx, invoice["Journal"], problems) if invoice.get("Journal") else None
        )
        if journal is not None:
            invoice["Journal"] = journal["Code"]
            invoice["JournalDescription"] = journal["Description"]
        self._currency(ctx, invoice, journal, problems)
        for prop in ("Discount", "AmountDiscount", "AmountDiscountExclVat"):
            if given.get(prop):
                # A discount on the whole invoice is not simulated: better refused than ignored.
                problems.add("not_allowed", field=prop)
        invoice["OrderDate"] = invoice.get("OrderDate") or ctx.division.today()
        for prop in _DAYS:
            if invoice.get(prop):
                invoice[prop] = invoice[prop].replace(hour=0, minute=0, second=0, microsecond=0)
        check_lengths(ctx, given, _LENGTHS, problems)
        resolve(ctx, invoice, [*_REFS], _REFS, problems)

    @staticmethod
    def _type(invoice: Row, problems: Problems) -> None:
        if invoice["Type"] not in TYPES:
            problems.add("invalid", field="Type")
        direct = invoice["Type"] in (8023, 8024)
        if direct and not invoice.get("Warehouse"):
            problems.add("mandatory", field="Warehouse")
        elif not direct and invoice.get("Warehouse"):
            problems.add("not_allowed", field="Warehouse")
        invoice["TypeDescription"] = TYPES.get(invoice["Type"])

    @staticmethod
    def _currency(ctx: Context, invoice: Row, journal: Row | None, problems: Problems) -> None:
        journal = journal or {}
        currency = (invoice.get("Currency") or "").strip().upper()
        invoice["Currency"] = currency or journal.get("Currency") or ctx.division.currency
        if invoice["Currency"] not in RATES:
            problems.add("invalid_reference", field="Currency")
        elif (
            journal
            and invoice["Currency"] != journal.get("Currency")
            and not journal.get("AllowVariableCurrency")
        ):
            problems.add("not_allowed", field="Currency")

    @staticmethod
    def _party(ctx: Context, invoice: Row, prop: str, problems: Problems) -> None:
        account: Row | None
        if prop == "DeliverTo":
            account = ctx.table("crm/Accounts").get(invoice[prop])
            if account is None:
                problems.add("invalid_reference", field=prop)
        else:
            account = check_customer(
                ctx, {"Customer": invoice[prop]}, ctx.division.today(), problems, prop
            )
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
        invoice = self._invoice(ctx, values)
        lines = lines_of(ctx, invoice)
        problems = Problems()
        number = max((line["LineNumber"] for line in lines), default=0) + 1
        line = new_line(ctx, invoice, values, number, problems)
        problems.check()
        store(ctx, invoice, [*lines, line])
        return line

    def update(self, ctx: Context, old: Row, values: Row) -> Row:
        invoice = self._invoice(ctx, old)
        problems = Problems()
        line = changed_line(ctx, invoice, old, values, problems)
        problems.check()
        rest = [row for row in lines_of(ctx, invoice) if row["ID"] != old["ID"]]
        store(ctx, invoice, sorted([*rest, line], key=lambda row: row["LineNumber"]))
        return line

    def delete(self, ctx: Context, row: Row) -> None:
        invoice = self._invoice(ctx, row)
        rest = [line for line in lines_of(ctx, invoice) if line["ID"] != row["ID"]]
        if not rest:
            SalesInvoices().delete(ctx, invoice)
            return
        ctx.table(LINES).remove(row["ID"])
        ctx.table(SYNC).remove(row["ID"])
        store(ctx, invoice, rest)

    @staticmethod
    def _invoice(ctx: Context, values: Row) -> Row:
        if values.get("InvoiceID") is None:
            raise ApiError(500, "mandatory", field="PrintedInvoice")
        invoice = ctx.table(INVOICES).get(values["InvoiceID"])
        if invoice is None:
            raise ApiError(500, "invalid_reference", field="PrintedInvoice")
        check_draft(invoice)
        return invoice


# shared ---------------------------------------------------------------------------------------


def check_draft(invoice: Row) -> None:
    """Refuse an invoice that is processed.

    :raises ApiError: 500.
    """
    if invoice["Status"] == 50:
        raise ApiError(500, "processed")


def _check_own(ctx: Context, values: Row, lines: list[Row]) -> None:
    """A new invoice that carries the id of another: seen where one was copied to credit it."""
    other = ctx.table(INVOICES).get(values.get("InvoiceID"))
    if other is not None:
        check_draft(other)
        raise ApiError(500, "data_exists")
    if any(line.get("InvoiceID") in ctx.table(INVOICES) for line in lines):
        raise ApiError(500, "invoice_number")


def store(ctx: Context, invoice: Row, lines: list[Row]) -> Row:
    """Total an invoice and store it with its lines; header and lines get a new row version."""
    division = ctx.division
    invoice = dict(invoice)
    rate = RATES[invoice["Currency"]] / RATES[division.currency]
    spread_vat(ctx, invoice, lines)
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
