"""Invoice in Exact, in Dutch: a bookkeeper's invoice run from hours, expenses, trips and a milestone to the money.

The steps hang together: each goes on where the one before it stopped. The pictures lie in
`.cache/screenshots/invoice_in_exact`, those of a phone's width beside them with "-phone".
"""

import re
import shutil
import threading
from decimal import ROUND_HALF_UP, Decimal

import browser as browsers
import pdf_printer
import pytest
from demo_parts.job import BOOKKEEPER, DIVISION, Job
from demo_parts.work import Work
from selenium.common.exceptions import TimeoutException

from harness import OdooServer, Postgres
from tests.browser.hands import PICTURES, Hands, need_browser

pytestmark = pytest.mark.browser

LANGUAGE = "nl_NL"
WIDE, PHONE = (1366, 768), (400, 800)
FOLDER = "invoice_in_exact"
CENT = Decimal("0.01")
# What a bookkeeper of such an office has beside the rights on invoices.
GROUPS = (
    "exact_connector.group_exact_manager",
    "sales_team.group_sale_salesman_all_leads",
    "hr_timesheet.group_hr_timesheet_approver",
)


class Bookkeeper(Hands):
    """Hands that keep a numbered picture of each step, and look whether anything sticks out."""

    step = 0

    def shot(self, name: str, phone: bool = False) -> None:
        """Keep the screen, on a phone too where that is asked; nothing may be cut off."""
        self.quiet()
        self.step += 1
        name = f"{FOLDER}/{self.step:02}-{name}"
        self.picture(name)
        assert not self.cut_off(".o_form_view .alert, .o_form_view button, .modal-content")
        if phone:
            page = self.driver.current_url
            self.width(*PHONE)
            # Not a narrow desk: a phone has views of its own.
            self.driver.refresh()
            self.find(".o_main_navbar")
            self.find(".o_action_manager .o_action")
            self.quiet()
            self.picture(f"{name}-phone")
            cut = self.cut_off(".o_form_sheet .alert, .o_form_sheet button, .modal-content")
            self.width(*WIDE)
            # The menu of a phone stays until the page is loaded anew, its view in the address.
            self.driver.get(page)
            self.find(".o_main_navbar")
            self.quiet()
            assert not cut

    def menu(self, parent: str, xmlid: str, then: str) -> None:
        """Choose an entry below one of the bar at the top."""
        self.click(f".o_main_navbar [data-menu-xmlid='{parent}']")
        self.click(f".dropdown-menu [data-menu-xmlid='{xmlid}']")
        self.find(then)
        self.quiet()

    def select_all(self) -> None:
        """Tick all rows of the list."""
        self.click("thead .o_list_record_selector input")
        self.find(".o_list_selection_box, .o_selection_box")


@pytest.fixture(scope="module")
def desk(exact):
    """An office that is connected, mapped and has its customers from Exact, with work to invoice."""
    need_browser()
    shutil.rmtree(PICTURES / FOLDER, ignore_errors=True)
    pdf_printer.provide()
    params = {"exact_connector.practice_url": exact.url}
    with Postgres() as server, OdooServer(server, full=True, params=params) as odoo:
        assets = threading.Thread(target=make_assets, args=(odoo,))
        assets.start()
        job = Job(odoo, exact)
        job.prepare()
        job.connect()
        job.map()
        job.import_customers()
        customers = list(job.customers.values())[:2]
        admin = odoo.login()
        user = odoo.rpc("res.users", "search", [("login", "=", BOOKKEEPER)])
        groups = [[4, admin.ref(name)] for name in GROUPS]
        odoo.rpc(
            "res.users",
            "write",
            user,
            {"lang": LANGUAGE, "tz": "Europe/Amsterdam", "group_ids": groups},
        )
        odoo.rpc("res.partner", "write", customers, {"lang": LANGUAGE})
        with browsers.browser(*WIDE, "nl-NL") as driver:
            hands = Bookkeeper(driver, odoo.url)
            hands.width(*WIDE)
            hands.odoo, hands.exact = odoo, exact
            hands.work = Work(odoo.rpc, customers).make()
            assets.join()
            sign_in(hands)
            hands.errors()
            yield hands
        # Of two requests that write one record at once, Odoo runs the second again.
        assert not [line for line in odoo.log_errors() if "bad query" not in line]


def sign_in(hands) -> None:
    """As the bookkeeper; the first page of an Odoo with everything may take its time."""
    session = hands.odoo.login(BOOKKEEPER, BOOKKEEPER)
    try:
        browsers.sign_in(hands.driver, session)
    except TimeoutException:
        hands.driver.refresh()
        hands.find(".o_main_navbar", seconds=120)


def make_assets(odoo) -> None:
    """Have the scripts and styles made that the first page otherwise waits for."""
    session = odoo.login()
    page = session.http.get(f"{odoo.url}/odoo", timeout=180).text
    for path in sorted(set(re.findall(r"/web/assets/[^\"']+", page))):
        session.http.get(odoo.url + path, timeout=180)


def mirrors(hands) -> list[dict]:
    """Odoo's copies, with their customers, in the order of their customers."""
    fields = [
        "partner_id", "name", "ref", "state", "payment_state", "amount_tax", "amount_total",
        "exact_state", "exact_message", "exact_entry_number", "exact_invoice_id", "exact_entry_id",
    ]  # fmt: skip
    rows = hands.odoo.rpc("account.move", "search_read", [("exact_route", "=", "invoice")], fields)
    return sorted(rows, key=lambda row: hands.work.customers.index(row["partner_id"][0]))


def in_exact(hands) -> dict[str, dict]:
    """The sales invoices in Exact."""
    rows = hands.exact.get(f"/_sim/invoices/{DIVISION}")["invoices"]
    return {row["InvoiceID"]: row for row in rows}


def cents(value) -> Decimal:
    return Decimal(str(value)).quantize(CENT)


def test_r50_bookkeeper_switches_on_invoice_in_exact(desk):
    hands = desk
    connection = hands.odoo.rpc("exact.connection", "search", [])[0]
    hands.open(f"/odoo/exact-connections/{connection}", "div[name='invoicing'] input")
    hands.click("div[name='invoicing'] input")
    hands.find("div[name='invoice_print'] input, div[name='invoice_print'] select")
    hands.shot("connection")
    hands.click(".o_form_button_save")
    hands.find(".o_form_saved, .o_form_status_indicator_buttons.invisible")
    hands.wait(
        lambda: hands.odoo.rpc("account.journal", "search", [("exact_invoices", "=", True)]),
        "an Odoo journal for invoices made in Exact",
    )
    hands.shot("connection-saved", phone=True)


def test_r47_bookkeeper_sees_what_is_uninvoiced(desk):
    hands = desk
    hands.driver.get(f"{hands.url}/odoo")
    hands.click(".o_navbar_apps_menu button, .o_menu_toggle")
    hands.click("[data-menu-xmlid='exact_connector.menu_exact_root']")
    hands.menu(
        "exact_connector.menu_exact_invoicing",
        "exact_connector_sale.menu_exact_uninvoiced",
        ".o_exact_uninvoiced .o_data_row",
    )
    hands.shot("uninvoiced", phone=True)
    rows = hands.odoo.login(BOOKKEEPER, BOOKKEEPER).call("exact.uninvoiced", "search_read", [], [])
    found = {row["partner_id"][0]: cents(row["amount_total"]) for row in rows}
    assert found == hands.work.net()
    assert sum(row["hours"] for row in rows) == 40
    assert [row["amount_milestone"] for row in rows].count(1500.0) == 1
    assert all(row["amount_expense"] and row["amount_trip"] for row in rows)
    assert sorted(row["left_count"] for row in rows) == [0, 1]


def test_r44_r45_r46_r48_wizard_shows_the_invoices_to_come(desk):
    hands = desk
    hands.select_all()
    hands.shot("uninvoiced-selected")
    hands.click(".o_control_panel button[name='action_invoice']")
    hands.find(".o_exact_invoice_wizard .o_data_row")
    hands.shot("wizard")
    hands.select("grouping", "project")
    hands.quiet()
    hands.select("print_invoice", print_label(hands))
    hands.quiet()
    hands.wait(
        lambda: hands.odoo.login(BOOKKEEPER, BOOKKEEPER).call(
            "exact.invoice.wizard",
            "search_count",
            [("grouping", "=", "project"), ("print_invoice", "=", "print")],
        ),
        "the choices to be saved",
    )
    hands.shot("wizard-per-project", phone=True)
    hands.click(".o_notebook .nav-link[name='left']")
    row = hands.find(".o_notebook .tab-pane.active .o_data_row, .o_notebook_content .o_data_row")
    assert "Lunch" in row.text
    hands.shot("wizard-left-behind")
    hands.click(".o_notebook .nav-link[name='selected']")
    hands.shot("wizard-selected")
    hands.click(".o_notebook .nav-link[name='invoices']")
    hands.quiet()


def print_label(hands) -> str:
    """How the choice to print is called in the language of the bookkeeper."""
    user = hands.odoo.login(BOOKKEEPER, BOOKKEEPER)
    field = user.call("exact.invoice.wizard", "fields_get", ["print_invoice"], ["selection"])
    return dict(field["print_invoice"]["selection"])["print"]


def test_r44_r45_r46_r47_r48_bookkeeper_gets_the_invoices_that_were_shown(desk):
    hands = desk
    hands.click("button[name='action_send']")
    hands.wait(lambda: len(mirrors(hands)) == 2, "two invoices")
    hands.find(".o_list_view .o_data_row, .o_notification")
    hands.shot("sent")
    first, second = mirrors(hands)
    found = in_exact(hands)
    assert len(found) == 2
    for move in (first, second):
        assert (move["state"], move["exact_state"]) == ("posted", "done"), move["exact_message"]
        invoice = found[move["exact_invoice_id"]]
        net = hands.work.net()[move["partner_id"][0]]
        lines = [Decimal(str(line["AmountFC"])) for line in invoice["lines"]]
        vat = sum((line * Decimal("0.21")).quantize(CENT, ROUND_HALF_UP) for line in lines)
        assert cents(invoice["AmountFC"]) == cents(move["amount_total"]) == net + vat
        assert cents(invoice["VATAmountFC"]) == cents(move["amount_tax"]) == vat
        assert invoice["Status"] == 50
        assert str(invoice["InvoiceNumber"]) == move["exact_entry_number"] == move["name"]
        assert invoice["Description"] == move["ref"]
        assert {line["VATCode"].strip() for line in invoice["lines"]} == {"2"}
    assert "PO-4711" in first["ref"]
    assert "Website" in first["ref"]
    assert "Migratie" in second["ref"]
    assert lines_of(found[first["exact_invoice_id"]]) == [
        ("ALG", "1.00", "1500.00"),
        ("REIS", "1.00", "33.40"),
        ("REIS", "1.00", "129.95"),
        ("KM", "120.00", "42.00"),
        ("UREN", "9.75", "926.25"),
        ("UREN", "14.25", "1353.75"),
    ]
    assert lines_of(found[second["exact_invoice_id"]]) == [
        ("REIS", "1.00", "12.00"),
        ("REIS", "1.00", "49.50"),
        ("KM", "90.00", "31.50"),
        ("UREN", "5.00", "475.00"),
        ("UREN", "11.00", "1045.00"),
    ]


def lines_of(invoice: dict) -> list[tuple[str, str, str]]:
    """Item, quantity and amount of the lines, those of an item by amount."""
    order = {"ALG": 0, "REIS": 1, "KM": 2, "UREN": 3}
    rows = [
        (line["ItemCode"].strip(), str(cents(line["Quantity"])), str(cents(line["AmountFC"])))
        for line in invoice["lines"]
    ]
    return sorted(rows, key=lambda row: (order[row[0]], Decimal(row[2])))


def test_r48_number_and_pdf_come_back_to_copy_order_and_hours(desk):
    hands, (first, second) = desk, mirrors(desk)
    hands.open(f"/odoo/customer-invoices/{first['id']}", ".o_form_view")
    hands.shot("copy")
    hands.odoo.rpc("ir.cron", "method_direct_trigger", [cron(hands, "ir_cron_process_exchanges")])
    for move in (first, second):
        hands.wait(lambda move=move: pdfs(hands, move), "the PDF of Exact")
        content = hands.odoo.rpc("ir.attachment", "read", pdfs(hands, move), ["name", "file_size"])[
            0
        ]
        assert move["exact_entry_number"] in content["name"]
        assert content["file_size"] > 500
    hands.driver.refresh()
    hands.find(".o_form_view .o-mail-Chatter")
    hands.shot("copy-with-pdf", phone=True)
    hands.open(f"/odoo/sales/{hands.work.order}", "#exact_view_invoices")
    assert first["exact_entry_number"] in hands.find("#exact_view_invoices").text
    hands.find("#exact_invoice_pdf")
    hands.shot("order", phone=True)
    rows = hands.odoo.rpc(
        "account.analytic.line",
        "read",
        hands.work.hours,
        [
            "exact_invoice_number",
            "exact_invoice_state",
            "exact_invoice_has_pdf",
            "timesheet_invoice_id",
        ],
    )
    numbers = {first["id"]: first["exact_entry_number"], second["id"]: second["exact_entry_number"]}
    for row in rows:
        assert row["exact_invoice_number"] == numbers[row["timesheet_invoice_id"][0]]
        assert (row["exact_invoice_state"], row["exact_invoice_has_pdf"]) == ("printed", True)
    lines = hands.odoo.rpc(
        "sale.order.line",
        "search_read",
        [("order_id", "=", hands.work.order)],
        ["qty_delivered", "qty_invoiced", "qty_to_invoice"],
    )
    assert all(line["qty_invoiced"] == line["qty_delivered"] != 0 for line in lines)
    assert not any(line["qty_to_invoice"] for line in lines)
    hands.open("/odoo/all-timesheets", ".o_data_row, .o_kanban_record")
    hands.shot("hours")


def pdfs(hands, move: dict) -> list[int]:
    """Attachments of a copy that are a PDF."""
    domain = [
        ("res_model", "=", "account.move"),
        ("res_id", "=", move["id"]),
        ("res_field", "in", (False, "invoice_pdf_report_file")),
        ("mimetype", "=", "application/pdf"),
    ]
    return hands.odoo.rpc("ir.attachment", "search", domain)


def cron(hands, name: str) -> int:
    return hands.odoo.login().ref(f"exact_connector.{name}")


def test_r33_paid_in_exact_is_paid_in_odoo_after_the_run(desk):
    hands, (first, second) = desk, mirrors(desk)
    for move in (first, second):
        hands.driver.get(f"{hands.exact.url}/{DIVISION}/entries/{move['exact_entry_id']}")
        hands.click("#receive")
        hands.wait(lambda: hands.find("#open").text.startswith("0"), "nothing left open in Exact")
    hands.shot("money-at-exact")
    hands.odoo.rpc("ir.cron", "method_direct_trigger", [cron(hands, "ir_cron_sync_payments")])
    paid = ("paid", "in_payment")
    hands.wait(lambda: all(move["payment_state"] in paid for move in mirrors(hands)), "paid copies")
    hands.open(f"/odoo/customer-invoices/{second['id']}", ".ribbon")
    hands.shot("paid", phone=True)


def test_w15_r49_same_selection_again_gives_nothing_and_says_why(desk):
    hands = desk
    hands.open("/odoo/all-timesheets", ".o_data_row")
    hands.select_all()
    hands.click(".o_control_panel button[name='action_exact_invoice']")
    hands.find(".o_exact_invoice_wizard")
    hands.quiet()
    hands.shot("again", phone=True)
    wizard = hands.odoo.login(BOOKKEEPER, BOOKKEEPER).call(
        "exact.invoice.wizard",
        "search_read",
        [],
        ["invoice_count", "left_count", "left_ids"],
        order="id desc",
        limit=1,
    )[0]
    assert (wizard["invoice_count"], wizard["left_count"]) == (0, len(wizard["left_ids"]))
    rows = hands.odoo.login(BOOKKEEPER, BOOKKEEPER).call(
        "exact.invoice.wizard.line", "read", wizard["left_ids"], ["key", "left_code", "reason"]
    )
    # Odoo has hours of its own, of nothing and for nobody.
    keys = {f"account.analytic.line,{hour}" for hour in hands.work.hours}
    rows = [row for row in rows if row["key"] in keys]
    assert len(rows) == len(keys)
    numbers = {move["exact_entry_number"] for move in mirrors(hands)}
    assert {row["left_code"] for row in rows} == {"in_exact"}
    assert all(any(number in row["reason"] for number in numbers) for row in rows)
    assert any(
        number in hands.find(".o_exact_invoice_wizard .o_notebook").text for number in numbers
    )
    assert not [button for button in hands.all("button[name='action_send']")]
    hands.open("/odoo/exact-uninvoiced", ".o_exact_uninvoiced, .o_view_nocontent")
    hands.shot("uninvoiced-after")
    assert len(in_exact(hands)) == 2
    assert not hands.errors()
