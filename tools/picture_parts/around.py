"""The screens of the configuration, and trouble on the way: for looking at only, but for the payment term."""

from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.by import By

from picture_parts.hands import DESK, Hands

LISTS = (
    "exact-items", "exact-vat-codes", "exact-journals", "exact-ledger-accounts", "exact-payment-conditions",
    "exact-connections", "exact-authorizations", "exact-causes",
    "exact-cost-centres", "exact-cost-units", "exact-projects",
)  # fmt: skip


def terms(hands: Hands) -> None:
    """A payment term with the condition that it gets, and one without a condition of its own."""
    call = hands.session.call
    matched = call("account.payment.term", "search", [("name", "ilike", "30")], limit=1)[0]
    hands.record("account.payment.term", matched)
    hands.picture("payment_term", again=True)
    if hands.folder:
        for number in call("account.payment.term", "search", [("id", "!=", matched)]):
            hands.record("account.payment.term", number)
            hands.picture(f"payment_term_{number}")


def look(hands: Hands, documents: dict[str, int]) -> None:
    """The screens of the configuration, for looking at only."""
    call = hands.session.call
    for path in LISTS:
        hands.open(path, ".o_list_view, .o_kanban_view, .o_view_nocontent")
        hands.picture(path.replace("-", "_"), again=True)
        hands.open(path, ".o_list_view, .o_kanban_view, .o_view_nocontent")
        rows = hands.driver.find_elements(
            By.CSS_SELECTOR, ".o_data_row .o_data_cell:not(.o_handle_cell)"
        )
        if rows:
            rows[1].click()
            try:
                hands.find(".o_form_view", 5)
            except TimeoutException:
                continue  # a list that is edited in place
            hands.picture(path.replace("-", "_") + "_form")
    hands.record("exact.connection", call("exact.connection", "search", [])[0])
    sheet = hands.find(".o_form_sheet")
    for place in range(0, int(sheet.size["height"]), 600):
        hands.driver.execute_script(
            "for (const box of document.querySelectorAll('.o_content, .o_form_sheet_bg'))"
            " { box.scrollTop = arguments[0]; }", place,
        )  # fmt: skip
        hands._shoot(hands.folder / f"connection_{place}.png", DESK)
    tax = call("account.tax", "search", [("exact_vat_code_id", "!=", False)], limit=1)[0]
    journal = call("account.journal", "search", [("type", "=", "sale")], limit=1)[0]
    product = call("product.template", "search", [("default_code", "=", "UREN")], limit=1)[0]
    category = call("product.category", "search", [], limit=1)[0]
    partner = call("account.move", "read", [documents["good"]], ["partner_id"])[0]["partner_id"][0]
    for model, number, page in (
        ("account.tax", tax, None),
        ("account.journal", journal, None),
        ("product.template", product, None),
        ("product.category", category, None),
        ("res.partner", partner, "accounting"),
    ):
        hands.record(model, number)
        if page:
            hands.click(f".nav-link[name='{page}']")
        hands.picture(f"form_{model}")


def trouble(hands: Hands, documents: dict[str, int]) -> None:
    """A lost answer, an outage and a connection that Exact refuses."""
    hands.session.call("account.move", "write", [documents["due"]], {"is_move_sent": True})
    for kind, state in (("status", "waiting"), ("drop_after", "unclear")):
        fault = {
            "method": "POST",
            "path": "SalesEntries",
            "kind": kind,
            **({"status": 503} if kind == "status" else {}),
        }
        hands.tell_exact("faults", fault)
        hands.open(f"exact-documents/{documents['due']}", ".o_form_view")
        hands.click("#exact_create_sales_entry" if state == "waiting" else "#exact_retry_now")
        hands.find(f"#exact_alert_{state}")
        hands.picture(f"invoice_{state}")
        hands.click("#exact_open_exchange")
        hands.find(f".o_exact_exchange #exact_alert_{state}")
        hands.picture(f"exchange_{state}")
    hands.open(f"exact-documents/{documents['due']}", "#exact_look_up")
    hands.click("#exact_look_up")
    hands.find("#exact_open_entry")
    tokens = hands.session.call("exact.token", "search", [])
    hands.session.call("exact.token", "write", tokens, {"dead_reason": "Old refresh token used."})
    hands.open("exact-settings", "#exact_reconnect")
    hands.picture("settings_expired")
    connection = hands.session.call("exact.connection", "search", [])[0]
    hands.open(f"exact-connections/{connection}", "#exact_alert_expired")
    hands.picture("connection_expired")
    hands.session.call("exact.token", "write", tokens, {"dead_reason": False})
    hands.open("exact-settings", "#exact_disconnect")
    hands.click("#exact_disconnect")
    hands.find(".modal .btn-primary").click()
    hands.find("#exact_connect")
    hands.picture("settings_disconnected")
