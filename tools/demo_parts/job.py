"""The main job, step by step: what a bookkeeper does from the first connection to the paid invoice."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from demo_parts import books, show
from demo_parts.invoicing import Invoicing
from demo_parts.web import WebClient, WebError
from harness import OdooServer, Simulator
from provisioning.common import say

CLIENT_ID = "11111111-1111-4111-8111-111111111111"
CLIENT_SECRET = "practice-secret-nl"  # nosec B105  # of the simulator, known to all
EXACT_LOGIN, EXACT_PASSWORD = "bookkeeper@practice.example", "practice"
DIVISION, DIVISION_NAME = 1001, "Praktijk Noord BV"
BOOKKEEPER = "bookkeeper"  # login and password in Odoo
SETTINGS = ["exact_country", "exact_client_id", "exact_client_secret", "exact_division_id"]
RUNNING = ("pending", "sending")
MAPPING_LINE = "exact.mapping.wizard.line"
MAPPED_TO = ["exact_vat_code_id", "exact_item_id", "exact_gl_account_id", "exact_journal_id",
             "exact_payment_condition_id"]  # fmt: skip


@dataclass
class Document:
    """An invoice or credit note that the demo writes."""

    about: str
    customer: str
    lines: list[tuple]  # text, quantity, price, discount in %, name of a tax
    currency: str = "EUR"
    credit: bool = False
    id: int = 0


class Job:
    """The job on a running Odoo and simulator.

    :param odoo: with the parameter `exact_connector.practice_url` set
    """

    def __init__(self, odoo: OdooServer, simulator: Simulator):
        self.odoo, self.simulator = odoo, simulator
        self.admin = WebClient(odoo.url, "admin", "admin")
        self.web = self.admin
        self.taxes: dict[str, int] = {}
        self.customers: dict[str, int] = {}
        self.documents: list[Document] = []

    def run(self) -> list[str]:
        """All steps; the sentences of the last one on what does not agree."""
        self.prepare()
        self.connect()
        self.map()
        self.import_customers()
        self.invoice()
        self.send_to_customer()
        self.send_to_exact()
        self.pay()
        self.invoice_in_exact()
        return self.compare()

    # --- set-up ---

    def prepare(self) -> None:
        """What a company would have already: a bookkeeper, dollars, a tax within the price."""
        show.step(
            1, "An office with a bookkeeper, invoices in dollars, and prices that include VAT"
        )
        admin = self.admin
        wanted = {"Accounting": "Invoicing", "Contact": "Creation", "Exact Online": "User"}
        groups = [
            admin.pick("res.groups", name, [("privilege_id.name", "=", privilege)])
            for privilege, name in wanted.items()
        ]
        user = admin.save(
            "res.users",
            None,
            {
                "name": "Kim Bookkeeper",
                "login": BOOKKEEPER,
                "email": "kim@noord.example",
                "group_ids": [[4, group] for group in groups],
            },
        )
        wizard = admin.save(
            "change.password.wizard",
            None,
            {
                "user_ids": [
                    [
                        0,
                        "new",
                        {"user_id": user, "user_login": BOOKKEEPER, "new_passwd": BOOKKEEPER},
                    ]
                ]
            },
        )
        admin.press("change.password.wizard", wizard, "change_password_button")
        dollar = admin.search(
            "res.currency", [("name", "=", "USD"), ("active", "in", (True, False))], ["id"]
        )[0]["id"]
        admin.save(
            "res.currency",
            dollar,
            {
                "active": True,
                "rate_ids": [[0, "rate", {"name": date.today().isoformat(), "rate": 1.0837}]],
            },
        )
        high = self._tax("21% ST")
        self.taxes["21% incl."] = admin.save(
            "account.tax",
            None,
            {
                "name": "21% incl.",
                "amount": 21,
                "amount_type": "percent",
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
                "invoice_label": "21%",
                "tax_group_id": high["tax_group_id"],
                "invoice_repartition_line_ids": self._repartition(high["id"], "invoice"),
                "refund_repartition_line_ids": self._repartition(high["id"], "refund"),
            },
        )  # fmt: skip
        self._layout()
        say(f"   user {BOOKKEEPER}, currency USD, tax 21% incl.")

    def _tax(self, text: str) -> dict:
        """The sales tax of this name."""
        found = self.admin.search(
            "account.tax",
            [("type_tax_use", "=", "sale"), ("name", "=", text)],
            {"name": {}, "tax_group_id": {}},
            limit=1,
        )
        if not found:
            raise WebError(f"no sales tax {text}")
        return found[0]

    def _repartition(self, tax: int, kind: str) -> list:
        """The booking lines of another tax, to be copied."""
        lines = self.admin.search(
            "account.tax.repartition.line",
            [("tax_id", "=", tax), ("document_type", "=", kind)],
            {"factor_percent": {}, "repartition_type": {}, "account_id": {}, "tag_ids": {}},
        )
        return [
            [
                0,
                f"{kind}{line['id']}",
                {
                    "factor_percent": line["factor_percent"],
                    "repartition_type": line["repartition_type"],
                    "account_id": line["account_id"],
                    "tag_ids": [[6, 0, line["tag_ids"]]],
                },
            ]
            for line in lines
        ]

    def _layout(self) -> None:
        """The look of printed documents, which Odoo asks for before the first one."""
        layout = self.admin.save("base.document.layout", None, {})
        self.admin.press("base.document.layout", layout, "document_layout_save")

    def connect(self) -> None:
        """Settings > Exact Online: the app, Connect, Exact's pages, the division by name, Save."""
        show.step(
            2, "Settings > Exact Online: Connect, consent at Exact, choose the division, Save"
        )
        admin, odoo = self.admin, self.odoo
        self.simulator.post(
            "/_sim/app",
            {
                "client_id": CLIENT_ID,
                "redirect_uri": f"{odoo.url}/exact_connector/oauth2/callback",
            },
        )
        settings = self._save_settings(
            exact_country="practice", exact_client_id=CLIENT_ID, exact_client_secret=CLIENT_SECRET
        )
        action = admin.press("res.config.settings", settings, "action_exact_connect")
        page = admin.consent(action["url"], EXACT_LOGIN, EXACT_PASSWORD)
        say(f"   back on {page.removeprefix(odoo.url)}")
        settings = self._save_settings(
            exact_division_id=lambda: admin.pick("exact.division", DIVISION_NAME)
        )
        admin.press("res.config.settings", settings, "execute")
        settings = self._save_settings(
            exact_default_item_id=lambda: admin.pick("exact.item", "ALG"),
            exact_start_date=date.today().replace(day=1).isoformat(),
        )
        admin.press("res.config.settings", settings, "execute")
        shown = admin.search(
            "exact.connection",
            [],
            {
                "state": {},
                "exact_user_name": {},
                "start_date": {},
                "missing_settings": {},
                **{
                    name: {"fields": {"display_name": {}}}
                    for name in ("company_id", "division_id", "sale_journal_id", "refund_journal_id",
                                 "default_item_id", "default_vat_code_id", "default_payment_condition_id")
                },
            },
        )[0]  # fmt: skip
        labels = admin.call("exact.connection", "fields_get", list(shown), ["string"])
        show.table(
            ["setting", "value"],
            [
                [
                    labels[name]["string"],
                    value["display_name"] if isinstance(value, dict) else value,
                ]
                for name, value in shown.items()
                if name != "id" and value
            ],
        )
        if shown["state"] != "connected" or shown["missing_settings"]:
            raise WebError(f"not set up: {shown['state']}, {shown['missing_settings']}")

    def _save_settings(self, **values) -> int:
        """Open the settings, fill in, and let the client save its form, as it does before each button."""
        context = {"module": "exact_connector"}
        start = self.admin.fresh("res.config.settings", SETTINGS, **context)
        start = {key: value for key, value in start.items() if key in SETTINGS}
        values = {key: value() if callable(value) else value for key, value in values.items()}
        return self.admin.save("res.config.settings", None, {**start, **values}, **context)

    def map(self) -> None:
        """The mapping screens: confirm what is sure, choose what is not; one tax is left out on purpose."""
        show.step(3, "Mapping: confirm the proposals")
        admin = self.admin
        settings = self._save_settings()
        action = admin.press("res.config.settings", settings, "action_exact_mapping")
        look = action["context"]["exact_mapping_wizard"]
        for line in self._mapping_lines(look):
            code = self._choice(line)
            if code:
                number = admin.pick("exact.vat.code", code, [("code", "=", code)])
                admin.save(MAPPING_LINE, line["id"], {"exact_vat_code_id": number})
        for kind in ("vat", "item", "account", "journal", "term"):
            admin.call("exact.mapping.wizard", "action_confirm_sure", [look], kind)
        rows = [
            [line["kind"], line["record_name"], chosen["display_name"], line["reason"] or ""]
            for line in self._mapping_lines(look)
            for chosen in [next((line[field] for field in MAPPED_TO if line[field]), None)]
            if chosen and line["confidence"] == "confirmed"
        ]
        show.table(["what", "in Odoo", "in Exact", "why"], rows)

    def _mapping_lines(self, look: int) -> list[dict]:
        """All lines of the mapping screens."""
        fields = ("kind", "target", "record_name", "confidence", "reason")
        spec = {name: {} for name in fields}
        spec |= {field: {"fields": {"display_name": {}}} for field in MAPPED_TO}
        return self.admin.search(MAPPING_LINE, [("wizard_id", "=", look)], spec, limit=1000)

    @staticmethod
    def _choice(line: dict) -> str | None:
        """What a person chooses where no proposal is sure; the tax of exports is forgotten."""
        if line["target"] != "tax" or line["confidence"] in ("high", "confirmed"):
            return None
        wanted = {"21% incl.": "2", "0% EU": "7"}
        name = line["record_name"]
        return next((code for text, code in wanted.items() if name.startswith(text)), None)

    def import_customers(self) -> None:
        """Import now, in the background, and watch the progress."""
        show.step(4, "Import the customers from Exact")
        admin = self.admin
        action = admin.press(
            "res.config.settings", self._save_settings(), "action_exact_import_customers"
        )
        fields = ["state", "page_count", "created_count", "updated_count", "unchanged_count",
                  "failed_count", "message"]  # fmt: skip
        run = admin.wait(
            lambda: next(
                (
                    row
                    for row in admin.read("exact.exchange", [action["res_id"]], fields)
                    if row["state"] not in RUNNING
                ),
                None,
            ),
            "the import",
        )
        show.table(
            ["state", "pages", "created", "updated", "unchanged", "failed"],
            [[run[name] for name in fields[:-1]]],
        )
        if run["state"] != "done":
            raise WebError(f"the import ended as {run['state']}: {run['message']}")
        rows = admin.search(
            "res.partner",
            [("exact_account_id", "!=", False)],
            {
                "name": {}, "ref": {}, "city": {}, "vat": {},
                "country_id": {"fields": {"display_name": {}}},
                "exact_account_blocked": {},
            },
            limit=500,
            order="id",
        )  # fmt: skip
        self.customers = {
            row["name"]: row["id"]
            for row in rows
            if not row["exact_account_blocked"]
            and (row["country_id"] or {}).get("display_name") == "Netherlands"
        }
        say("")
        show.table(
            ["number", "customer", "city", "country", "VAT number"],
            [
                [
                    row["ref"],
                    row["name"],
                    row["city"],
                    (row["country_id"] or {}).get("display_name"),
                    row["vat"],
                ]
                for row in rows[:6]
            ],
        )
        say(f"   ... and {len(rows) - 6} more")

    # --- daily work ---

    def invoice(self) -> None:
        """The bookkeeper writes and confirms invoices and a credit note."""
        show.step(5, "The bookkeeper writes and confirms invoices and a credit note")
        self.web = WebClient(self.odoo.url, BOOKKEEPER, BOOKKEEPER)
        first, second, third = list(self.customers)[:3]
        new = "Bakkerij De Korenaar B.V."
        self.customers[new] = self.web.save(
            "res.partner",
            None,
            {
                "name": new,
                "is_company": True,
                "street": "Molenstraat 12",
                "zip": "3512 AB",
                "city": "Utrecht",
                "country_id": self.web.pick("res.country", "Netherlands"),
                "email": "administratie@korenaar.example",
            },
        )
        self.documents = [
            Document("two rates", first, [
                ("Advice on the annual accounts", 6.5, 95, 0, "21% ST"),
                ("Handbook", 3, 24.95, 0, "9% ST"),
            ]),
            Document("price includes VAT", second, [("Workshop", 3, 33.33, 0, "21% incl.")]),
            Document("discount", second, [
                ("Licence", 7, 19.99, 12.5, "21% ST"),
                ("Returned licence", -1, 19.99, 0, "21% ST"),
            ]),
            Document("dollars", third, [
                ("Support, 100 tickets", 100, 0.07, 0, "21% ST"),
                ("Set-up", 1, 310, 0, "21% ST"),
            ], currency="USD"),
            Document("new customer", new, [("Bread course", 1, 480, 0, "21% ST"), ("Flour", 12.5, 1.85, 0, "9% ST")]),
            Document("credit note", first, [("Advice, credited", 1, 95, 0, "21% ST")], credit=True),
            Document("unmapped tax", first, [("Training in Oslo", 1, 750, 0, "0% EX EU G")]),
            Document("not sent yet", first, [("Advice in preparation", 1, 95, 0, "21% ST")]),
        ]  # fmt: skip
        for document in self.documents:
            document.id = self._write(document)
            self.web.press("account.move", document.id, "action_post")
        self._show_documents()

    def _write(self, document: Document) -> int:
        lines = []
        for number, (text, quantity, price, discount, tax) in enumerate(document.lines):
            if tax not in self.taxes:
                self.taxes[tax] = self._tax(tax)["id"]
            values = {
                "name": text, "quantity": quantity, "price_unit": price, "discount": discount,
                "tax_ids": [[6, 0, [self.taxes[tax]]]],
            }  # fmt: skip
            lines.append([0, f"line{number}", values])
        kind = "out_refund" if document.credit else "out_invoice"
        values = {
            "move_type": kind,
            "partner_id": self.customers[document.customer],
            "invoice_date": date.today().isoformat(),
            "currency_id": self.web.pick("res.currency", document.currency),
            "invoice_line_ids": lines,
        }
        return self.web.save("account.move", None, values, default_move_type=kind)

    def send_to_customer(self) -> None:
        """Send, with the e-mail unticked, makes the PDF; from then on a document counts as sent."""
        show.step(6, "Send them to the customers (all but the last one)")
        for document in self.documents[:-1]:
            action = self.web.press("account.move", document.id, "action_invoice_sent")
            context = action["context"]
            name = "sending_method_checkboxes"
            boxes = self.web.fresh("account.move.send.wizard", ["move_id", name], **context)
            methods = {key: {**box, "checked": False} for key, box in boxes[name].items()}
            wizard = self.web.save("account.move.send.wizard", None, {name: methods}, **context)
            self.web.press("account.move.send.wizard", wizard, "action_send_and_print", **context)
        sent = self.web.read("account.move", self._ids(), ["name", "is_move_sent"])
        say(f"   printed: {', '.join(row['name'] for row in sent if row['is_move_sent'])}")

    def send_to_exact(self) -> None:
        """Actions > Create Exact Sales Entry on the whole selection."""
        show.step(7, "Select all in the list: Actions > Create Exact Sales Entry")
        notice = self.web.run_action(
            "exact_connector.action_create_exact_sales_entry", "account.move", self._ids()
        )
        self._show_notice(notice)
        self._show_documents()

    def pay(self) -> None:
        """The accountant receives money in Exact; Odoo hears of it."""
        show.step(8, "The accountant receives money in Exact; Odoo refreshes the paid status")
        full, first, second, part = (self.documents[place] for place in (0, 1, 2, 4))
        numbers = {row["id"]: row["exact_entry_number"] for row in self._read()}

        def receive(*documents: Document, amount: Decimal | None = None) -> None:
            entries = [
                {"entry": int(numbers[document.id]), **({"amount": str(amount)} if amount else {})}
                for document in documents
            ]
            self.simulator.post(f"/_sim/accountant/{DIVISION}/receive", {"entries": entries})

        receive(full)
        receive(part, amount=Decimal("150.00"))
        receive(first, second)
        say(f"   in full {numbers[full.id]}; 150.00 of {numbers[part.id]}; "
            f"one receipt for {numbers[first.id]} and {numbers[second.id]}")  # fmt: skip
        notice = self.web.run_action(
            "exact_connector.action_refresh_exact_payment", "account.move", self._ids()
        )
        self._show_notice(notice)
        self._show_documents(paid=True)

    def invoice_in_exact(self) -> None:
        """The other way: work that Exact itself invoices; Odoo keeps a copy."""
        show.step(9, "Uninvoiced > Invoice in Exact: hours, expenses, trips and a milestone")
        self.invoicing = Invoicing(self.admin, self.web, list(self.customers.values())[:2])
        self.invoicing.switch_on()
        self.invoicing.make_work()
        wizard = self.invoicing.choose()
        self.invoicing.look(wizard)
        self._show_notice(self.invoicing.send(wizard))
        self.invoicing.wait_for_pdf()
        self.invoicing.pay(self.simulator, DIVISION)
        self.invoicing.show()

    def compare(self) -> list[str]:
        """Both books side by side."""
        show.step(10, "Compare Odoo with the ledger, to the cent")
        ledger = self.simulator.get(f"/_sim/ledger/{DIVISION}")
        moves = self._read() + self.invoicing.read()
        rows, wrong = books.compare(self.admin, moves, ledger)
        wrong += self.invoicing.wrong()
        show.table(["document", "what", "Odoo", "Exact", ""], rows)
        states = [row["exact_state"] for row in self._read()]
        wanted = ["done"] * (len(states) - 2) + ["failed", "not_sent"]
        if states != wanted:
            wrong.append(f"the documents stand as {states}, expected were {wanted}")
        paid = [row["payment_state"] for row in self._read()]
        wanted = {0: "paid", 1: "paid", 2: "paid", 4: "partial"}
        wrong += [
            f"document {self.documents[place].about} is {paid[place]}, expected was {state}"
            for place, state in wanted.items()
            if paid[place] != state and not (state == "paid" and paid[place] == "in_payment")
        ]
        return wrong

    # --- looking ---

    def _ids(self) -> list[int]:
        return [document.id for document in self.documents]

    def _read(self) -> list[dict]:
        return self.web.read("account.move", self._ids(), books.MOVE_SPEC)

    def _show_notice(self, notice: dict) -> None:
        """The notice on the user's screen."""
        say(f"   [{notice['params']['title']}]")
        for line in (notice["params"]["message"] or "").splitlines():
            say(f"      {line}")

    def _show_documents(self, paid: bool = False) -> None:
        """All documents; with what is paid, or with what they are about."""
        rows = []
        for document, move in zip(self.documents, self._read(), strict=True):
            total, rest = books.cents(move["amount_total"]), books.cents(move["amount_residual"])
            row = [move["name"], move["exact_entry_number"]]
            row += [] if paid else [document.about]
            row += [move["currency_id"]["name"], books.cents(move["amount_untaxed"]),
                    books.cents(move["amount_tax"]), total]  # fmt: skip
            row += [total - rest, rest, move["payment_state"]] if paid else [move["exact_state"]]
            rows.append(row)
        last = ["paid", "open", "payment"] if paid else ["in Exact"]
        about = [] if paid else ["about"]
        show.table(["Odoo", "Exact", *about, "", "net", "VAT", "total", *last], rows)
