"""What the tests of sales invoices share: an administration with short cuts to an invoice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from exact_simulator.server import Simulator, start

from .books import Books, message, unlimited

INVOICES, LINES = "salesinvoice/SalesInvoices", "salesinvoice/SalesInvoiceLines"
PRINTED, SYNC = "salesinvoice/PrintedSalesInvoices", "sync/SalesInvoice/SalesInvoices"
FILES = "documents/DocumentAttachments"


def running(name: str) -> Simulator:
    """A simulator whose traffic is kept where ``EXACT_TRAFFIC_DIR`` says so."""
    folder = os.environ.get("EXACT_TRAFFIC_DIR")
    return start(accounts=12, journal=Path(folder) / f"{name}.jsonl" if folder else None)


class Office(Books):
    """Calls about sales invoices for customer 1 in journal 70."""

    def __init__(self, sim: Simulator, **options: Any):
        super().__init__(unlimited(sim), **options)

    def item(self, code: str) -> str:
        """The id of an item."""
        return self.division.table("logistics/Items").first("Code", code)["ID"]

    def invoice_line(self, quantity: Any = 1.5, price: Any = 100, item: str = "UREN", **more: Any):
        """A line at the high rate."""
        line = {"Item": self.item(item), "Quantity": quantity, "NetPrice": price, "VATCode": "2"}
        return {**line, **more}

    def invoice_body(self, *lines: dict[str, Any], **values: Any) -> dict[str, Any]:
        """What is posted for a draft."""
        return {
            "OrderedBy": self.account(1), "Journal": "70",
            "SalesInvoiceLines": list(lines) or [self.invoice_line()], **values,
        }  # fmt: skip

    def draft(self, *lines: dict[str, Any], **values: Any) -> dict[str, Any]:
        """A draft."""
        return self.made(INVOICES, self.invoice_body(*lines, **values))

    def read(self, invoice: dict[str, Any], query: str = "") -> dict[str, Any]:
        """An invoice as it is now."""
        return self.get(f"{INVOICES}(guid'{invoice['InvoiceID']}'){query}").json()["d"]

    def lines(self, invoice: dict[str, Any]) -> list[dict[str, Any]]:
        """The lines of an invoice in order; without $orderby they come by id."""
        found = self.rows(f"{INVOICES}(guid'{invoice['InvoiceID']}')/SalesInvoiceLines")
        return sorted(found, key=lambda line: line["LineNumber"])

    def print(self, invoice: dict[str, Any], **values: Any) -> dict[str, Any]:
        """Print a draft; the answer."""
        return self.made(PRINTED, {"InvoiceID": invoice["InvoiceID"], **values})

    def not_made(self, *lines: dict[str, Any], **values: Any) -> str:
        """The text with which a draft is refused, and that nothing came of it."""
        before = self.state()
        answer = self.post(INVOICES, self.invoice_body(*lines, **values))
        assert answer.status_code == 500, answer.text
        assert self.state() == before
        return message(answer)

    def not_printed(self, invoice: dict[str, Any], **values: Any) -> str:
        """The text with which printing is refused, and that nothing came of it."""
        before = self.state()
        answer = self.post(PRINTED, {"InvoiceID": invoice["InvoiceID"], **values})
        assert answer.status_code == 500, answer.text
        assert self.state() == before
        return message(answer)

    def state(self) -> dict[str, Any]:
        """How much there is, and the counters."""
        tables = (INVOICES, LINES, SYNC, "salesentry/SalesEntries", "documents/Documents", FILES,
                  "cashflow/Receivables", "financialtransaction/TransactionLines")  # fmt: skip
        return {**{t: len(self.division.table(t)) for t in tables}, **self.division.counters}

    def choose(self, **options: Any) -> None:
        """Take another reading of an unsure fact."""
        self.practice.control("options", options)
