"""A newcomer's run in Dutch: from an empty database to the first paid invoice, with a picture of each step.

The steps hang together: each goes on where the one before it stopped. The pictures lie in
`.cache/screenshots/newcomer`, those of a phone's width beside them with "-phone".
"""

import shutil
from datetime import date

import browser as browsers
import pdf_printer
import pytest
from demo_parts.job import DIVISION, DIVISION_NAME, EXACT_LOGIN

from harness import OdooServer, Postgres
from tests.browser.hands import PICTURES, Hands, need_browser

pytestmark = pytest.mark.browser

LANGUAGE = "nl_NL"
WIDE, PHONE = (1366, 768), (400, 800)


class Newcomer(Hands):
    """Hands that keep a numbered picture of each step, and look whether anything sticks out."""

    step = 0

    def shot(self, name: str, phone: bool = False) -> None:
        """Keep the screen, on a phone too where that is asked; nothing may be cut off."""
        self.quiet()
        type(self).step += 1
        name = f"newcomer/{self.step:02}-{name}"
        self.picture(name)
        assert not self.cut_off(".o_form_view .alert, .o_form_view button, .modal-content")
        if phone:
            self.width(*PHONE)
            self.picture(f"{name}-phone")
            cut = self.cut_off(".o_form_sheet .alert, .o_form_sheet button, .modal-content")
            self.width(*WIDE)
            # The menu of a phone stays until the page is loaded anew.
            self.driver.refresh()
            self.find(".o_main_navbar")
            self.quiet()
            assert not cut

    def pressed(self, button: str, then: str) -> None:
        """Press a button and wait for what it leads to."""
        self.click(button)
        self.find(then)
        self.quiet()


@pytest.fixture(scope="module")
def desk(exact):
    """An Odoo in which nothing of ours is set up, its administrator Dutch."""
    need_browser()
    shutil.rmtree(PICTURES / "newcomer", ignore_errors=True)
    pdf_printer.provide()
    params = {"exact_connector.practice_url": exact.url}
    with Postgres() as server, OdooServer(server, params=params) as odoo:
        odoo.rpc("res.users", "write", [2], {"lang": LANGUAGE, "tz": "Europe/Amsterdam"})
        with browsers.browser(*WIDE, "nl-NL") as driver:
            hands = Newcomer(driver, odoo.url)
            hands.width(*WIDE)
            hands.odoo, hands.exact = odoo, exact
            yield hands


def entries(hands):
    """The sales entries in Exact's ledger."""
    return hands.exact.get(f"/_sim/ledger/{DIVISION}")["entries"]


def register_app(hands, redirect):
    """What is done in Exact's App Centre, in a tab of its own: an app with the address that Odoo shows.

    :return: its client ID and secret
    """
    odoo = hands.driver.current_window_handle
    hands.driver.switch_to.new_window("tab")
    hands.width(*WIDE)
    hands.driver.get(hands.exact.url)
    hands.fill("#app-name", "Odoo")
    hands.fill("#app-uri", redirect)
    hands.shot("app-centre")
    hands.click("form:has(#app-name) button")
    hands.find("section.card", "Odoo")
    hands.driver.close()
    hands.driver.switch_to.window(odoo)
    apps = hands.exact.get("/_sim/info")["apps"]
    return next(
        (app["client_id"], app["client_secret"]) for app in apps if redirect in app["redirect_uris"]
    )


def test_r1_newcomer_registers_the_app_with_the_address_that_is_shown_and_connects(desk):
    hands = desk
    hands.driver.get(f"{hands.url}/web/login?redirect=/odoo")
    hands.fill("#login", "admin")
    hands.fill("#password", "admin")
    hands.click(".oe_login_buttons button[type='submit']")
    hands.find(".o_main_navbar")
    hands.click(".o_navbar_apps_menu button, .o_menu_toggle")
    hands.find("[data-menu-xmlid='exact_connector.menu_exact_root']")
    hands.shot("apps")
    hands.pressed("[data-menu-xmlid='exact_connector.menu_exact_root']", ".o_exact_setup")
    redirect = hands.find("#exact_step_register .o_field_CopyClipboardChar").text.split()[0]
    assert redirect.startswith(hands.url)
    hands.shot("setup")
    client_id, secret = register_app(hands, redirect)
    hands.select("setup_country", "O")
    hands.fill("div[name='setup_client_id'] input", client_id)
    hands.fill("div[name='setup_client_secret'] input", secret, leave=True)
    hands.shot("app")
    hands.pressed("#exact_setup_next_register", "#exact_setup_connect")
    hands.shot("connect", phone=True)
    hands.click("#exact_setup_connect")
    hands.fill("#login-name", EXACT_LOGIN)
    hands.fill("#password", "practice")
    hands.shot("exact-login")
    hands.pressed("#login", "#approve")
    hands.shot("exact-consent")
    hands.pressed("#approve", "#exact_step_division")
    assert hands.driver.current_url.startswith(hands.url)


def test_r3_r4_r5_newcomer_chooses_division_start_date_and_journals(desk):
    hands = desk
    hands.find("div[name='division_id'] input")
    hands.shot("division", phone=True)
    hands.choose("division_id", DIVISION_NAME)
    hands.click("#exact_setup_read_division")
    hands.find("#exact_setup_next_start")
    hands.shot("start-date")
    # A date is shown as a text until it is pressed.
    hands.click("div[name='start_date'] button, div[name='start_date'] input")
    hands.fill("div[name='start_date'] input", f"01-01-{date.today().year}", leave=True)
    hands.pressed("#exact_setup_next_start", "div[name='sale_journal_id'] input")
    hands.shot("journals")
    hands.pressed("#exact_setup_next_journals", "div[name='default_item_id'] input")


def test_r9_r14_newcomer_maps_what_is_in_use_with_one_button(desk):
    hands = desk
    hands.shot("defaults", phone=True)
    hands.choose("default_item_id", "ALG")
    hands.shot("default-item")
    hands.click("#exact_setup_mapping, #exact_setup_mapping_again")
    confirm_mapping(hands)
    codes = hands.odoo.rpc(
        "account.tax",
        "search_read",
        [("type_tax_use", "=", "sale"), ("exact_vat_code_id", "!=", False)],
        ["name", "amount"],
    )
    assert 21 in [tax["amount"] for tax in codes]


def confirm_mapping(hands):
    """Take over what is proposed for VAT and is sure."""
    hands.find(".o_exact_mapping_bar")
    hands.click(".o_exact_mapping_bar [data-kind='vat']")
    hands.find(".o_exact_mapping_bar .active[data-kind='vat']")
    hands.find(".o_exact_mapping .o_data_row")
    hands.shot("mapping")
    hands.click(".o_exact_confirm_sure")
    hands.gone(".o_exact_confirm_sure")


def test_r6_r36_newcomer_imports_the_customers(desk):
    hands = desk
    hands.open("/odoo/exact-setup", ".o_exact_setup")
    if not hands.all("#exact_setup_import_yes"):
        hands.click("#exact_setup_next_mapping, #exact_setup_next_mapping_open")
    hands.find("#exact_setup_import_yes")
    hands.shot("import-question")
    hands.click("#exact_setup_import_yes")
    hands.wait(
        lambda: hands.odoo.rpc("res.partner", "search_count", [("exact_account_id", "!=", False)]),
        "customers",
    )
    hands.open("/odoo/exact-setup", ".o_exact_setup")
    hands.shot("setup-almost-done", phone=True)


def test_r51_r52_r33_newcomer_writes_sends_books_and_sees_the_first_invoice_paid(desk):
    hands = desk
    hands.open("/odoo/action-account.action_move_out_invoice_type/new", ".o_form_view")
    partner = hands.odoo.rpc(
        "res.partner",
        "search_read",
        [("exact_account_status", "=", "C"), ("country_id.code", "=", "NL")],
        ["name"],
        limit=1,
        order="name",
    )[0]
    hands.choose("partner_id", partner["name"])
    hands.click(".o_field_x2many_list_row_add a, .o_field_x2many_list_row_add button")
    hands.fill(
        ".o_selected_row div[name='name'] textarea, .o_selected_row div[name='name'] input",
        "Advies",
    )
    hands.fill(".o_selected_row div[name='price_unit'] input", "95", leave=True)
    hands.choose("tax_ids", "21% ST")
    hands.quiet()
    hands.shot("invoice-draft")
    hands.click("button[name='action_post']")
    hands.find("button[name='action_invoice_sent']")
    hands.shot("invoice-posted")
    hands.click("button[name='action_invoice_sent']")
    hands.find(".modal")
    if hands.all(".modal button[name='document_layout_save']"):
        hands.click(".modal button[name='document_layout_save']")
    hands.find(".modal div[name='sending_method_checkboxes'] input")
    for box in hands.all(".modal div[name='sending_method_checkboxes'] input:checked"):
        box.click()
    hands.shot("send-to-customer")
    hands.click(".modal button[name='action_send_and_print']")
    hands.gone(".modal")
    hands.find("#exact_create_sales_entry")
    hands.shot("ready-for-exact", phone=True)
    hands.click("#exact_create_sales_entry")
    hands.find("#exact_open_entry")
    hands.shot("in-exact", phone=True)
    entry = entries(hands)[0]
    assert entry["AmountFC"] == "114.95"
    page = hands.driver.current_url
    hands.driver.get(f"{hands.exact.url}/{DIVISION}/entries/{entry['EntryID']}")
    hands.shot("entry-at-exact")
    hands.click("#receive")
    hands.wait(lambda: hands.find("#open").text.startswith("0"), "nothing left open in Exact")
    hands.shot("money-at-exact")
    hands.driver.get(page)
    hands.click("#exact_refresh_payment")
    hands.find(".ribbon")
    hands.shot("paid", phone=True)
    state = hands.odoo.rpc("account.move", "search_read", [], ["payment_state", "exact_state"])
    paid = [move for move in state if move["exact_state"] == "done"]
    assert [move["payment_state"] for move in paid] == ["paid"]


def test_newcomer_finds_the_way_to_every_screen_of_the_menu(desk):
    """No menu of ours leads to an error, and none shows what does not fit."""
    hands = desk
    menus = hands.odoo.rpc(
        "ir.ui.menu",
        "search_read",
        [("id", "child_of", hands.odoo.login().ref("exact_connector.menu_exact_root"))],
        ["complete_name", "action"],
    )
    hands.errors()
    for menu in menus:
        if not menu["action"]:
            continue
        _model, number = menu["action"].split(",")
        hands.driver.get(f"{hands.url}/odoo/action-{number}")
        hands.find(".o_action_manager .o_action, .o_view_controller, .o_form_view")
        hands.shot(f"menu-{number}")
        assert not hands.all(".o_error_dialog"), menu["complete_name"]
    assert not hands.errors()
