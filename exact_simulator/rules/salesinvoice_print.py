"""Printing a sales invoice: number, paper, mail and sales entry (Exact API sheet 5.13).

Everything is checked before anything is done: a refusal leaves a draft, and no number is lost.
What is sent to the customer is not: where that fails the answer says so, and the invoice is printed.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from .. import invoice_pdf, messages, terms
from ..errors import ApiError
from ..geo import RATES
from ..state import Row
from .base import Context, Nested, Problems, Rule
from .booking import check_customer, check_journal
from .documents import DocumentAttachments, Documents
from .salesentry import post
from .salesinvoice import INVOICES, check_draft, store
from .salesinvoice_lines import lines_of

ZERO = Decimal(0)
#: Bits of InvoicingMethod of an account (Exact API sheet 5.3).
MAIL, MAILBOX = 2, 4
_REPORTS = [
    f"{what}Creation{how}"
    for what in ("Document", "Email", "PostboxMessage", "Peppol")
    for how in ("Success", "Error")
]
#: What an entry line takes over from an invoice line.
_COPIED = (
    "AmountFC", "VATCode", "VATCodeDescription", "VATPercentage", "VATAmountFC", "Quantity",
    "Description", "Notes", "GLAccount", "GLAccountDescription", "CostCenter",
    "CostCenterDescription", "CostUnit", "CostUnitDescription", "Project", "ProjectDescription",
    "LineNumber", "_net", "_vat_type",
)  # fmt: skip


class PrintedSalesInvoices(Rule):
    """After it the invoice has a number and a document, is booked, and cannot be changed."""

    resource = "salesinvoice/PrintedSalesInvoices"
    key = "InvoiceID"

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        values = {name: value for name, value in values.items() if value is not None}
        if values.get("InvoiceID") is None:
            raise ApiError(500, "mandatory", field="PrintedInvoice")
        invoice = ctx.table(INVOICES).get(values["InvoiceID"])
        if invoice is None:
            raise ApiError(500, "invalid_reference", field="PrintedInvoice")
        check_draft(invoice)
        lines = lines_of(ctx, invoice)
        date = values.get("InvoiceDate") or ctx.division.today()
        date = date.replace(hour=0, minute=0, second=0, microsecond=0)
        period = _period(ctx, values, date)
        _check(ctx, invoice, lines, date)
        entry = _entry(ctx, invoice, date, period)
        printed = {
            **invoice, "Status": 50, "StatusDescription": "Verwerkt", "InvoiceDate": date,
            "InvoiceNumber": entry["EntryNumber"], "DueDate": entry["DueDate"],
            "StarterSalesInvoiceStatus": 1,
        }  # fmt: skip
        failed = ctx.option("invoice_document") == "failed"
        paper = {} if failed else _document(ctx, printed, lines)
        post(ctx, {**entry, **paper}, [_entry_line(ctx, line) for line in lines])
        store(ctx, {**printed, **paper}, lines)
        row = {
            **values, **dict.fromkeys(_REPORTS), "Division": ctx.division.code,
            "Document": paper.get("Document"), "InvoiceDate": date,
            "ReportingPeriod": period["FinPeriod"], "ReportingYear": period["FinYear"],
        }  # fmt: skip
        outcome = "Error" if failed else "Success"
        row[f"DocumentCreation{outcome}"] = _words(
            ctx, "no_document" if failed else "document_made"
        )
        _send(ctx, invoice, row)
        ctx.table(self.resource).put(row, ctx.division.rowversion())
        return row


def add_document(ctx: Context, invoice: Row) -> Row:
    """Make the document of a printed invoice that has none yet.

    :raises ApiError: 500 for a draft or where there is one.
    """
    if invoice["Status"] != 50 or invoice.get("Document"):
        raise ApiError(500, "not_allowed", field="Document")
    lines = lines_of(ctx, invoice)
    paper = _document(ctx, invoice, lines)
    entry = ctx.table("salesentry/SalesEntries").get(invoice["InvoiceID"])
    if entry is not None:
        ctx.division.save("salesentry/SalesEntries", {**entry, **paper}, ctx.user)
    return store(ctx, {**invoice, **paper}, lines)


def _period(ctx: Context, values: Row, date: datetime) -> Row:
    """The period it is booked in: that of the date, or another one of the same year.

    :raises ApiError: 500 where it is closed or there is none.
    """
    ledger = ctx.division.ledger
    period = ledger.period(date)
    year, number = values.get("ReportingYear"), values.get("ReportingPeriod")
    if period is not None and year is not None and year != period["FinYear"]:
        raise ApiError(500, "year_fixed")
    if period is not None and number is not None:
        period = ledger.find_period(period["FinYear"], number)
    ledger.check_open(period)
    assert period is not None
    return period


def _check(ctx: Context, invoice: Row, lines: list[Row], date: datetime) -> None:
    """What may have changed since the draft was made: customer, journal, ledgers.

    Items are not looked at again: they were checked when the line was made.
    """
    problems = Problems()
    for prop in ("OrderedBy", "InvoiceTo"):
        check_customer(ctx, {"Customer": invoice[prop]}, date, problems, prop)
    check_journal(ctx, invoice["Journal"], problems)
    for line in lines:
        ledger = ctx.table("financial/GLAccounts").get(line["GLAccount"])
        if ledger is None:
            problems.add("invalid_reference", field="GLAccount")
        elif ledger.get("IsBlocked"):
            problems.add("blocked", field="GLAccount")
    problems.check()


def _entry(ctx: Context, invoice: Row, date: datetime, period: Row) -> Row:
    """The sales entry to be booked, under the id of the invoice."""
    customer = ctx.table("crm/Accounts").get(invoice["InvoiceTo"])
    assert customer is not None
    due = invoice.get("DueDate")
    if due is None:
        parts = terms.split(ctx.division, invoice["PaymentCondition"], date, ZERO, "EUR")
        due = max(part.due for part in parts)
    number = ctx.division.ledger.next_number(invoice["Journal"], date)
    return {
        **{name: invoice.get(name) for name in (
            "Journal", "JournalDescription", "Currency", "Description", "YourRef", "OrderNumber",
            "PaymentCondition", "PaymentConditionDescription", "PaymentReference",
        )},
        "EntryID": invoice["InvoiceID"], "Status": 20, "EntryDate": date, "DueDate": due,
        "Customer": customer["ID"], "CustomerName": customer["Name"],
        "_customer_code": customer["Code"], "EntryNumber": number,
        "Rate": RATES[invoice["Currency"]] / RATES[ctx.division.currency],
        "ReportingYear": period["FinYear"], "ReportingPeriod": period["FinPeriod"],
    }  # fmt: skip


def _entry_line(ctx: Context, line: Row) -> Row:
    ledger = ctx.table("financial/GLAccounts").get(line["GLAccount"]) or {}
    return {
        **{name: line.get(name) for name in _COPIED},
        "ID": str(uuid.uuid4()), "EntryID": line["InvoiceID"],
        "GLAccountCode": ledger.get("Code"), "_item": line["Item"],
        "_item_code": line["ItemCode"], "_item_description": line["ItemDescription"],
    }  # fmt: skip


def _document(ctx: Context, invoice: Row, lines: list[Row]) -> Row:
    """Make the document with the PDF, for the entry that is about to be booked.

    :return: what invoice and entry show of it.
    """
    number = invoice["InvoiceNumber"]
    document = Documents().create(ctx, {
        "Subject": f"{invoice['TypeDescription']} {number}", "Type": 10,
        "Account": invoice["InvoiceTo"], "DocumentDate": invoice["InvoiceDate"],
        "SalesInvoiceNumber": number, "Currency": invoice["Currency"],
        "AmountFC": invoice["AmountFC"],
    }, {})  # fmt: skip
    document = ctx.division.save("documents/Documents", {
        **document, "FinancialTransactionEntryID": invoice["InvoiceID"],
    }, ctx.user)  # fmt: skip
    DocumentAttachments().create(ctx, {
        "Document": document["ID"], "FileName": f"{number}.pdf",
        "Attachment": invoice_pdf.draw(ctx.division, invoice, lines),
    }, {})  # fmt: skip
    return {
        "Document": document["ID"], "DocumentNumber": document["HID"],
        "DocumentSubject": document["Subject"],
    }  # fmt: skip


# to the customer ------------------------------------------------------------------------------


def _words(ctx: Context, key: str, **values: object) -> str:
    return messages.text(key, ctx.user.language if ctx.user else "nl", **values)


def _send(ctx: Context, invoice: Row, row: Row) -> None:
    """Mail, mailbox and Peppol as asked; a failure is told in the answer and undoes nothing."""
    account = ctx.table("crm/Accounts").get(invoice["InvoiceTo"]) or {}
    contact = ctx.table("crm/Contacts").get(invoice.get("InvoiceToContactPerson")) or {}
    method = account.get("InvoicingMethod") or 0
    own = bool(row.get("SendOutputBasedOnAccount"))
    name = account.get("Name")
    if row.get("SendEmailToCustomer") or (own and method & MAIL):
        to = contact.get("BusinessEmail") or contact.get("Email") or account.get("Email")
        row["EmailCreationSuccess"] = _words(ctx, "mail_sent", to=to) if to else None
        row["EmailCreationError"] = None if to else _words(ctx, "no_address", name=name)
    if row.get("SendInvoiceToCustomerPostbox") or (own and method & MAILBOX):
        has = bool(method & MAILBOX)
        row["PostboxMessageCreationSuccess"] = (
            _words(ctx, "postbox_sent", name=name) if has else None
        )
        row["PostboxMessageCreationError"] = None if has else _words(ctx, "no_postbox", name=name)
    if row.get("SendInvoiceViaPeppol"):
        to = account.get("PeppolIdentifier")
        row["PeppolCreationSuccess"] = _words(ctx, "peppol_sent", to=to) if to else None
        row["PeppolCreationError"] = None if to else _words(ctx, "no_peppol", name=name)
