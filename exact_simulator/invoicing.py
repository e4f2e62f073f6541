"""What an accountant does with the sales invoices made in Exact: print, change, delete a draft.

Used by the control plane and by the pages. Every action keeps to the rules that the API keeps to,
so a processed invoice is refused here too. An invoice is named by its id, its number, its YourRef
or its Description.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .accountant import Body, need, shown, typed_values
from .errors import ApiError
from .rules import Context, rule_for
from .rules.salesinvoice import INVOICES
from .rules.salesinvoice_lines import LINES, lines_of
from .rules.salesinvoice_print import add_document
from .state import Division, Row

PRINTED = "salesinvoice/PrintedSalesInvoices"


def find_invoice(division: Division, reference: Any) -> Row:
    """A sales invoice by its id, number, reference or description.

    :raises ApiError: 404 when there is none.
    """
    table, text = division.table(INVOICES), str(reference).strip()
    found = table.get(text.lower())
    if found is None and text.isdigit():
        found = table.first("InvoiceNumber", int(text))
    found = found or table.first("YourRef", text) or table.first("Description", text)
    if found is None:
        raise ApiError(404, "not_found", name="SalesInvoices")
    return found


def find_line(division: Division, invoice: Row, number: int) -> Row:
    """A line of an invoice by its number.

    :raises ApiError: 404 when there is none.
    """
    for line in lines_of(Context(division), invoice):
        if line["LineNumber"] == number:
            return line
    raise ApiError(404, "not_found", name="SalesInvoiceLines")


def print_invoice(division: Division, body: Body) -> Body:
    """Print a draft, with any property of PrintedSalesInvoices such as ``InvoiceDate``."""
    invoice = find_invoice(division, need(body, "invoice"))
    asked = {name: value for name, value in body.items() if name != "invoice"}
    values = {**typed_values(PRINTED, asked), "InvoiceID": invoice["InvoiceID"]}
    printed = rule_for(PRINTED).create(Context(division), values, {})
    return {**shown(printed), **_numbers(find_invoice(division, invoice["InvoiceID"]))}


def _numbers(invoice: Row) -> Body:
    names = (
        "InvoiceID", "InvoiceNumber", "InvoiceDate", "Status", "AmountFC", "VATAmountFC",
        "AmountFCExclVat",
    )  # fmt: skip
    return shown({name: invoice.get(name) for name in names})


def delete_invoice(division: Division, body: Body) -> Body:
    """Delete a draft, or one of its lines with ``line``, its number."""
    invoice = find_invoice(division, need(body, "invoice"))
    if body.get("line"):
        line = find_line(division, invoice, int(body["line"]))
        rule_for(LINES).delete(Context(division), line)
    else:
        rule_for(INVOICES).delete(Context(division), invoice)
    return {"InvoiceID": invoice["InvoiceID"]}


def change_invoice(division: Division, body: Body) -> Body:
    """Change a draft: properties of the header, and of ``lines`` by number, or new ones without."""
    invoice = find_invoice(division, need(body, "invoice"))
    context = Context(division)
    head = {name: value for name, value in body.items() if name not in ("invoice", "lines")}
    if head or not body.get("lines"):
        rule_for(INVOICES).update(context, invoice, typed_values(INVOICES, head))
    for given in body.get("lines") or ():
        values = {name: value for name, value in given.items() if name != "line"}
        typed = typed_values(LINES, values)
        if given.get("line"):
            line = find_line(division, invoice, int(given["line"]))
            rule_for(LINES).update(context, line, typed)
        else:
            rule_for(LINES).create(context, {**typed, "InvoiceID": invoice["InvoiceID"]}, {})
    return _numbers(find_invoice(division, invoice["InvoiceID"]))


def make_document(division: Division, body: Body) -> Body:
    """Make the document of a printed invoice that has none (option ``invoice_document``)."""
    invoice = find_invoice(division, need(body, "invoice"))
    return {"Document": add_document(Context(division), invoice)["Document"]}


def licence(division: Division, body: Body) -> Body:
    """Take the invoicing module out of the licence of an administration, or put it back."""
    division.info["invoicing"] = bool(need(body, "invoicing"))
    return {"invoicing": division.info["invoicing"]}


def shown_invoices(division: Division) -> list[Body]:
    """Every sales invoice with its lines, oldest first; amounts as text."""
    return [
        {**shown(row), "lines": [shown(line) for line in lines_of(Context(division), row)]}
        for row in division.table(INVOICES)
    ]


ACTIONS: dict[str, Callable[[Division, Body], Body]] = {
    "print-invoice": print_invoice,
    "delete-invoice": delete_invoice,
    "change-invoice": change_invoice,
    "make-document": make_document,
    "licence": licence,
}
