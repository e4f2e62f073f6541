"""Invoice in Exact, step by step: from work that nobody has invoiced yet to the invoice that Exact numbers."""

from typing import Any

from demo_parts import books, show
from demo_parts.web import WebClient, WebError
from demo_parts.work import Work
from harness import Simulator
from provisioning.common import say

AMOUNTS = ("hours", "expense", "trip", "milestone")
NAMED = {"fields": {"display_name": {}}}


class Invoicing:
    """What a manager switches on once, and a bookkeeper does each month.

    :param admin: may switch it on, and makes the work that is to be invoiced
    :param web: the bookkeeper
    :param customers: ids of two customers that Exact knows
    """

    def __init__(self, admin: WebClient, web: WebClient, customers: list[int]):
        self.admin, self.web = admin, web
        self.customers = customers
        self.copies: list[int] = []

    def switch_on(self) -> None:
        """On the connection; the Odoo journal for Odoo's copies is made by itself."""
        connection = self.admin.search("exact.connection", [], ["id"])[0]["id"]
        self.admin.save("exact.connection", connection, {"invoicing": True})

    def make_work(self) -> None:
        """Hours, expenses, trips, a milestone."""
        Work(self.admin.call, self.customers).make()

    def choose(self) -> int:
        """Uninvoiced: all rows; the wizard that comes of it."""
        self.web.call("exact.uninvoiced", "action_open")
        rows = self.web.search(
            "exact.uninvoiced",
            [],
            {
                "partner_id": NAMED,
                "project_id": NAMED,
                "hours": {},
                **{f"amount_{kind}": {} for kind in AMOUNTS},
                "amount_total": {},
                "left_count": {},
            },
        )
        if not rows:
            raise WebError("nothing is uninvoiced")
        show.table(
            ["customer", "project", "hours", *AMOUNTS, "to invoice", "left behind"],
            [
                [
                    row["partner_id"]["display_name"],
                    row["project_id"] and row["project_id"]["display_name"],
                    row["hours"],
                    *(books.cents(row[f"amount_{kind}"]) for kind in AMOUNTS),
                    books.cents(row["amount_total"]),
                    row["left_count"],
                ]
                for row in rows
            ],
        )
        action = self.web.press("exact.uninvoiced", [row["id"] for row in rows], "action_invoice")
        return action["res_id"]

    def look(self, wizard: int) -> None:
        """One invoice a project, printed at once; what will go, and what stays behind and why."""
        self.web.save(
            "exact.invoice.wizard",
            wizard,
            {"grouping": "project", "line_mode": "task", "print_invoice": "print"},
        )
        lines = {
            "invoice_number": {}, "name": {}, "quantity": {}, "unit": {}, "net_price": {}, "net": {},
            "vat_code": {}, "item_id": NAMED,
        }  # fmt: skip
        left = {"name": {}, "reason": {}}
        found = self.web.read(
            "exact.invoice.wizard",
            [wizard],
            {"invoice_line_ids": {"fields": lines}, "left_ids": {"fields": left}},
        )[0]
        say("")
        show.table(
            ["invoice", "line", "item", "quantity", "", "price", "net", "VAT"],
            [
                [
                    row["invoice_number"],
                    row["name"],
                    row["item_id"] and row["item_id"]["display_name"],
                    row["quantity"],
                    row["unit"],
                    row["net_price"],
                    books.cents(row["net"]),
                    row["vat_code"],
                ]
                for row in found["invoice_line_ids"]
            ],
        )
        for row in found["left_ids"]:
            say(f"   left behind: {row['name']}: {row['reason']}")

    def send(self, wizard: int) -> dict[str, Any]:
        """Send to Exact; the notice on the screen."""
        notice = self.web.press("exact.invoice.wizard", wizard, "action_send")
        rows = self.web.search(
            "account.move", [("exact_route", "=", "invoice")], ["id"], order="id"
        )
        self.copies = [row["id"] for row in rows]
        return notice

    def wait_for_pdf(self) -> None:
        """Exact's PDF comes by itself, in the background."""
        domain = [
            ("res_model", "=", "account.move"),
            ("res_id", "in", self.copies),
            ("res_field", "in", (False, "invoice_pdf_report_file")),
            ("mimetype", "=", "application/pdf"),
        ]

        def names() -> list[str]:
            rows = self.web.search("ir.attachment", domain, ["name", "res_id"])
            complete = {row["res_id"] for row in rows} == set(self.copies)
            return sorted(row["name"] for row in rows) if complete else []

        found = self.web.wait(names, "Exact's PDFs")
        say(f"   PDF of Exact: {', '.join(found)}")

    def pay(self, simulator: Simulator, division: int) -> None:
        """The customers pay, as the accountant sees in Exact; Odoo hears of it."""
        entries = [{"entry": row["exact_entry_id"]} for row in self.read()]
        simulator.post(f"/_sim/accountant/{division}/receive", {"entries": entries})
        self.web.run_action(
            "exact_connector.action_refresh_exact_payment", "account.move", self.copies
        )

    def read(self) -> list[dict]:
        """Odoo's copies."""
        return self.web.read("account.move", self.copies, books.MOVE_SPEC)

    def show(self) -> None:
        """Number, reference, amounts, paid."""
        show.table(
            [
                "Exact",
                "customer",
                "reference",
                "net",
                "VAT",
                "total",
                "open",
                "payment",
                "in Exact",
            ],
            [
                [
                    row["name"],
                    row["partner_id"]["display_name"],
                    row["ref"],
                    *(
                        books.cents(row[name])
                        for name in (
                            "amount_untaxed",
                            "amount_tax",
                            "amount_total",
                            "amount_residual",
                        )
                    ),
                    row["payment_state"],
                    row["exact_state"],
                ]
                for row in self.read()
            ],
        )

    def wrong(self) -> list[str]:
        """What is not as a bookkeeper would expect, a sentence each."""
        return [
            f"invoice {row['name']} is {row['exact_state']} and {row['payment_state']}, not done and paid"
            for row in self.read()
            if row["exact_state"] != "done" or row["payment_state"] not in ("paid", "in_payment")
        ]
