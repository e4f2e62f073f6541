"""The pages of sales invoices made in Exact: look at one, change, print or delete a draft."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for
from werkzeug.exceptions import NotFound

from . import invoicing
from .accountant import decimal
from .pages import act, blueprint, division_of, listing_of, matching, papers_of, reader
from .rules import Context
from .rules.salesinvoice_lines import lines_of
from .state import Division, Row


def _invoice(division: Division, key: str) -> Row:
    row = division.table(invoicing.INVOICES).get(key.lower())
    if row is None:
        raise NotFound
    return row


@blueprint.get("/<int:code>/invoices")
def invoices(code: int) -> str:
    """Drafts first, then what is printed, each latest first."""
    division = division_of(code)
    names = ("InvoiceNumber", "YourRef", "Description", "InvoiceToName", "InvoiceID")
    rows = matching(division.table(invoicing.INVOICES), names)
    rows.sort(key=lambda row: (row["Status"] == 20, row["Timestamp"]), reverse=True)
    return render_template(
        "invoices.html", division=division, here="invoices", listing=listing_of(rows)
    )


@blueprint.get("/<int:code>/invoices/<key>")
def invoice(code: int, key: str) -> str:
    """One invoice; of a draft quantities and prices can be changed."""
    division = division_of(code)
    row = _invoice(division, key)
    return render_template(
        "invoice.html", division=division, here="invoices", invoice=row,
        lines=lines_of(Context(division), row), papers=papers_of(division, row["InvoiceID"]),
    )  # fmt: skip


@blueprint.post("/<int:code>/invoices/<key>/lines")
def change_lines(code: int, key: str) -> Response:
    """Save the quantities and prices of a draft that were typed over."""
    division, text = division_of(code), reader()
    draft = _invoice(division, key)

    def save() -> None:
        changed = []
        for line in lines_of(Context(division), draft):
            given: dict[str, Any] = {}
            for name in ("Quantity", "NetPrice"):
                typed = request.form.get(f"{name}-{line['LineNumber']}", "").strip()
                try:
                    value = decimal(typed) if typed else None
                except ValueError:
                    raise ValueError(text("bad_amount", value=typed)) from None
                if value is not None and value != line[name]:
                    given[name] = value
            if given:
                changed.append({"line": line["LineNumber"], **given})
        if changed:
            invoicing.change_invoice(division, {"invoice": key, "lines": changed})

    back = url_for("pages.invoice", code=code, key=key)
    return act(save, "done_change_invoice", back)


@blueprint.post("/<int:code>/invoices/<key>/print")
def print_draft(code: int, key: str) -> Response:
    """Print a draft, with or without a mail to the customer."""
    division = division_of(code)
    body = {"invoice": key, "InvoiceDate": request.form.get("date") or None}
    body["SendEmailToCustomer"] = request.form.get("mail") == "1"
    back = url_for("pages.invoice", code=code, key=key)
    return act(lambda: invoicing.print_invoice(division, body), "done_print", back)


@blueprint.post("/<int:code>/invoices/<key>/delete")
def delete_draft(code: int, key: str) -> Response:
    """Delete a draft."""
    division = division_of(code)
    back = url_for("pages.invoice", code=code, key=key)
    gone = url_for("pages.invoices", code=code)
    return act(
        lambda: invoicing.delete_invoice(division, {"invoice": key}),
        "done_delete_invoice", back, gone,
    )  # fmt: skip
