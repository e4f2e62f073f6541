"""Pictures of "Invoice in Exact": from the switch at the connection to the paid invoice that Exact numbered."""

import contextlib
import io
from datetime import date

from demo_parts.job import DIVISION, Job
from demo_parts.work import Work
from selenium.webdriver.common.by import By

from harness import OdooServer, Simulator
from picture_parts.hands import DESK, TELEPHONE, Hands

UNINVOICED = "action-exact_connector_sale.action_exact_uninvoiced_open"
ORDERS = "action-sale.action_orders"
EXPENSES = "action-hr_expense.hr_expense_actions_all"
TIMESHEETS = "action-hr_timesheet.timesheet_action_all"
LATE_HOURS = (("Chris Bos", "Overzetten", 4.0), ("Bram de Wit", "Overzetten", 2.5))
HOUR_COLUMNS = ("exact_invoice_number", "exact_invoice_state")


def prepare(odoo: OdooServer, simulator: Simulator) -> list[int]:
    """Connected, mapped and with the customers of Exact, past the screens; ids of two customers."""
    job = Job(odoo, simulator)
    with contextlib.redirect_stdout(io.StringIO()):
        job.connect()
        job.map()
        job.import_customers()
    return list(job.customers.values())[:2]


def walk(hands: Hands, customers: list[int]) -> None:
    """The whole way; the steps hang together."""
    work = Work(hands.session.call, customers).make()
    start(hands, work)
    switch_on(hands, work)
    uninvoiced(hands)
    plan(hands)
    copy = send(hands, work)
    order(hands, work)
    hours(hands, work)
    expense(hands, work)
    pay(hands, copy)


def start(hands: Hands, work: Work) -> None:
    """What somebody is asked who presses the button before it is switched on; for looking at only."""
    if not hands.folder:
        return
    hands.open(f"{ORDERS}/{work.order}", ".o_form_view")
    hands.click("#exact_invoice_secondary")
    hands.find(".modal button[name='action_start']")
    hands.picture("invoicing_start")


def switch_on(hands: Hands, work: Work) -> None:
    """The choices at the connection."""
    connection = hands.session.call("exact.connection", "search", [])[0]
    hands.open(f"exact-connections/{connection}", ".o_form_view")
    hands.click("div[name='invoicing'] input")
    hands.find("div[name='hour_product_id']")
    hands.click(".o_form_button_save")
    hands.find("div[name='invoice_odoo_journal_id'] input, div[name='invoice_odoo_journal_id'] a")
    hands.wait(
        lambda: not hands.driver.find_elements(By.CSS_SELECTOR, ".o_form_status_indicator_buttons:not(.invisible)")
    )  # fmt: skip
    hands.quiet_notices()
    hands.top()
    hands._resize(DESK)  # the window of the browser is smaller at first
    _scroll_to(hands, "div[name='credit_quantity']", "end")
    hands.driver.execute_script("document.querySelector('.o_content').scrollTop += 26")
    hands.picture("invoicing_connection")
    if hands.folder:
        hands._resize(TELEPHONE)
        _scroll_to(hands, "div[name='invoice_output']", "center")
        hands._shoot(hands.folder / "invoicing_connection_400.png", TELEPHONE)
        hands._resize(DESK)


def uninvoiced(hands: Hands) -> None:
    """What customers are still to pay for, and what it is made of."""
    hands.open(UNINVOICED, ".o_exact_uninvoiced .o_data_row")
    if hands.folder:
        hands.click(".o_data_row .o_exact_uninvoiced_name")
        hands.find(".o_list_view th[data-name='left_message'], .o_list_view th[data-name='net']")
        hands.picture("uninvoiced_lines", again=True)
        hands.open(UNINVOICED, ".o_exact_uninvoiced .o_data_row")
    hands.click("th.o_list_record_selector input")
    hands.find("button[name='action_invoice'].btn-primary")
    hands.picture("uninvoiced")


def plan(hands: Hands) -> None:
    """The invoices that will come, and what is left behind."""
    hands.click("button[name='action_invoice'].btn-primary")
    hands.find(".o_exact_invoice_wizard button[name='action_send']")
    hands.top()
    hands.picture("invoice_wizard")
    hands.click(".nav-link[name='left']")
    hands.top()
    hands.picture("left_behind")
    if hands.folder:
        hands.click(".nav-link[name='selected']")
        hands.picture("wizard_selected")


def send(hands: Hands, work: Work) -> int:
    """Drafts in Exact; the one of the order is printed. The id of that copy."""
    hands.click("button[name='action_send']")
    hands.wait(lambda: _copies(hands, ("exact_state", "=", "draft")), 90)
    hands.find(".o_notification")
    hands.picture("invoicing_notice")
    copy = _copies(hands, ("partner_id", "=", work.customers[0]))[0]
    hands.open("exact-invoices", ".o_list_view .o_data_row")
    hands.picture("invoiced_in_exact", again=True)
    hands.open(f"exact-invoices/{copy}", "#exact_print_invoice")
    hands.picture("invoicing_draft", again=True)
    hands.open(f"exact-invoices/{copy}", "#exact_print_invoice")
    hands.click("#exact_print_invoice")
    hands.wait(lambda: _copies(hands, ("id", "=", copy), ("state", "=", "posted")), 60)
    hands.wait(lambda: _pdf(hands, copy), 120)
    return copy


def order(hands: Hands, work: Work) -> None:
    """The order with the number, the state and the PDF."""
    hands.open(f"{ORDERS}/{work.order}", ".o_form_view")
    hands.picture("order_in_exact", again=True)


def hours(hands: Hands, work: Work) -> None:
    """Hours on invoices in Exact, and those written since, ticked for the next one."""
    project = hands.session.call("project.task", "search", [("project_id", "=", work.migration)])
    names = {
        row["name"]: row["id"]
        for row in hands.session.call("project.task", "read", project, ["name"])
    }
    hands.session.call(
        "account.analytic.line",
        "create",
        [
            {
                "name": task,
                "project_id": work.migration,
                "task_id": names[task],
                "employee_id": work.people[who],
                "unit_amount": amount,
                "date": date.today().isoformat(),
            }
            for who, task, amount in LATE_HOURS
        ],
    )
    own = hands.session.call(
        "account.analytic.line", "search", [("project_id", "!=", False), ("unit_amount", "=", 0)]
    )
    hands.session.call("account.analytic.line", "unlink", own)
    hands.open(TIMESHEETS, ".o_data_row")
    hands.click(".o_optional_columns_dropdown button")
    for column in HOUR_COLUMNS:
        hands.click(f".o-dropdown--menu input[name='{column}']")
        hands.find(f"th[data-name='{column}']")
    hands.click(".o_optional_columns_dropdown button")
    for row in hands.driver.find_elements(By.CSS_SELECTOR, ".o_data_row")[: len(LATE_HOURS)]:
        row.find_element(By.CSS_SELECTOR, ".o_list_record_selector input").click()
    hands.find("button[name='action_exact_invoice']")
    hands.picture("hours")


def expense(hands: Hands, work: Work) -> None:
    """An expense of the printed invoice."""
    mine = hands.session.call(
        "hr.expense", "search", [("id", "in", work.expenses), ("sale_order_id", "=", work.order)]
    )
    hands.open(f"{EXPENSES}/{mine[-1]}", "button[name='action_exact_open_invoice']")
    hands.picture("expense", again=True)


def pay(hands: Hands, copy: int) -> None:
    """The customer pays, as the accountant sees in Exact; Odoo's copy is paid."""
    entry = hands.session.call("account.move", "read", [copy], ["exact_entry_id"])[0]
    hands.tell_exact(
        f"accountant/{DIVISION}/receive", {"entries": [{"entry": entry["exact_entry_id"]}]}
    )
    hands.open(f"exact-invoices/{copy}", "#exact_refresh_payment")
    hands.click("#exact_refresh_payment")
    hands.find(".o_notification")
    hands.open(f"exact-invoices/{copy}", "#exact_open_entry")
    hands.picture("invoicing_printed", again=True)


def _copies(hands: Hands, *domain: tuple) -> list[int]:
    """Odoo's copies, a recordset's ids."""
    return hands.session.call(
        "account.move", "search", [("exact_route", "=", "invoice"), *domain], order="id"
    )


def _pdf(hands: Hands, copy: int) -> list[int]:
    """Exact's PDF of a copy; it comes in the background."""
    return hands.session.call(
        "ir.attachment",
        "search",
        [
            ("res_model", "=", "account.move"),
            ("res_id", "=", copy),
            ("res_field", "in", (False, "invoice_pdf_report_file")),
            ("mimetype", "=", "application/pdf"),
        ],
    )


def _scroll_to(hands: Hands, selector: str, block: str) -> None:
    hands.driver.execute_script(
        "arguments[0].scrollIntoView({block: arguments[1]})", hands.find(selector), block
    )
