"""The main way through the product in a real browser: connect, map, import, send, be paid, and what goes wrong."""

from datetime import date

import pytest
from demo_parts.job import CLIENT_ID, CLIENT_SECRET, DIVISION, DIVISION_NAME, EXACT_LOGIN

pytestmark = pytest.mark.browser

SETTINGS = "/odoo/exact-settings"


def fill_in_app(hands):
    """Country and app on the settings page."""
    hands.open(SETTINGS, "#exact_connect")
    hands.select("exact_country", "Practice")
    hands.fill("div[name='exact_client_id'] input", CLIENT_ID)
    hands.fill("div[name='exact_client_secret'] input", CLIENT_SECRET, leave=True)


def log_in_at_exact(hands):
    """Exact's own login page."""
    hands.fill("#login-name", EXACT_LOGIN)
    hands.fill("#password", "practice")
    hands.click("#login")


def make_invoice(odoo, customer, tax="21% ST", price=100, post=False, sent=False):
    """A customer invoice of today with one line; its id."""
    call = odoo.rpc
    partner = call("res.partner", "search", [("name", "=", customer)], limit=1)
    if not partner:
        country = call("res.country", "search", [("code", "=", "NL")])[0]
        values = {"name": customer, "is_company": True, "city": "Utrecht", "country_id": country}
        partner = call("res.partner", "create", [values])
    taxes = call("account.tax", "search", [("name", "=", tax), ("type_tax_use", "=", "sale")])
    line = {"name": "Advice", "quantity": 1, "price_unit": price, "tax_ids": [(6, 0, taxes)]}
    values = {
        "move_type": "out_invoice",
        "partner_id": partner[0],
        "invoice_date": date.today().isoformat(),
        "invoice_line_ids": [(0, 0, line)],
    }
    number = call("account.move", "create", [values])[0]
    if post:
        call("account.move", "action_post", [number])
    if sent:
        call("account.move", "write", [number], {"is_move_sent": True})
    return number


def open_invoice(hands, number):
    hands.open(f"/odoo/exact-documents/{number}", ".o_form_view .o_form_statusbar")


def entries(simulator):
    """The sales entries in Exact's ledger, by our reference."""
    return {
        entry["YourRef"]: entry for entry in simulator.get(f"/_sim/ledger/{DIVISION}")["entries"]
    }


def test_r1_cancel_at_consent_shows_a_message_and_stores_nothing(hands, odoo):
    fill_in_app(hands)
    hands.picture("01_settings_app")
    hands.click("#exact_connect")
    log_in_at_exact(hands)
    hands.find("#approve")
    hands.picture("02_consent")
    hands.click("#deny")
    hands.find("#exact_oauth_failed", "cancelled")
    hands.picture("03_cancelled")
    assert odoo.sql("SELECT count(*) FROM exact_token") == [(0,)]
    hands.click("#exact_back_to_settings")
    hands.find("#exact_connect")


def test_r1_r2_r8_connect_in_the_same_tab_choose_the_division_and_see_what_is_missing(hands, odoo):
    fill_in_app(hands)
    hands.click("#exact_connect")
    hands.find("#login-name, #approve")
    if hands.all("#login-name"):
        log_in_at_exact(hands)
    hands.click("#approve")
    hands.find("#exact_division")
    assert hands.driver.current_url.startswith(hands.url)
    assert len(hands.driver.window_handles) == 1
    hands.find("#exact_alert_division")
    hands.picture("04_choose_division")
    hands.choose("exact_division_id", DIVISION_NAME)
    hands.click(".o_form_button_save")
    hands.wait(
        lambda: hands.find("#exact_alert_missing").text.splitlines()[1:] == ["Default Item"],
        "only the default item to be missing",
    )
    hands.quiet()
    hands.picture("05_missing")
    hands.choose("exact_default_item_id", "ALG")
    hands.click(".o_form_button_save")
    hands.wait(
        lambda: (
            hands.all("#exact_journals") and not hands.all("#exact_alert_missing, .o_form_dirty")
        ),
        "nothing to be missing any more",
    )
    hands.quiet()
    hands.picture("06_settings_complete")
    assert odoo.rpc("exact.connection", "search_read", [], ["state"])[0]["state"] == "connected"


def test_r9_the_mapping_screen_maps_the_taxes_that_are_sure(hands, odoo, set_up):
    hands.open(SETTINGS, "#exact_mapping")
    hands.click("#exact_mapping")
    hands.find(".o_exact_mapping_bar")
    hands.click(".o_exact_mapping_bar [data-kind='vat']")
    hands.find(".o_exact_mapping .o_data_row", "21% ST")
    hands.picture("07_mapping")
    hands.click(".o_exact_confirm_sure")
    hands.gone(".o_exact_confirm_sure")
    hands.find(".o_exact_mapping .o_data_row", "Confirmed")
    taxes = odoo.rpc(
        "account.tax",
        "search_read",
        [("name", "in", ("21% ST", "0% EX EU G"))],
        ["name", "exact_vat_code_id"],
    )
    codes = {tax["name"]: tax["exact_vat_code_id"] for tax in taxes}
    assert codes["21% ST"][1].startswith("2 ")
    assert not codes["0% EX EU G"], "a 0 % tax is not mapped without a person's choice"


def test_r36_import_customers_shows_its_progress_and_result(hands, odoo, connected):
    hands.open(SETTINGS, "#exact_import")
    hands.click("#exact_import")
    hands.find(".o_exact_exchange")
    hands.picture("08_import_running")
    hands.find(".o_exact_exchange #exact_alert_done")
    hands.picture("09_import_done")
    assert odoo.rpc("res.partner", "search_count", [("exact_account_id", "!=", False)]) > 100


def test_main_way_invoice_is_sent_booked_once_and_turns_paid(hands, odoo, simulator, connected):
    number = make_invoice(odoo, "Bakkerij De Korenaar", price=250)
    open_invoice(hands, number)
    assert not hands.all("#exact_create_sales_entry"), "R52: hidden on a draft"
    hands.click("button[name='action_post']")
    hands.find(".o_arrow_button_current", "Posted")
    assert not hands.all("#exact_create_sales_entry"), "R52: hidden before it is sent"
    hands.picture("10_posted")

    hands.click("button[name='action_invoice_sent']")
    hands.find(".modal")
    if hands.all(".modal button[name='document_layout_save']"):
        hands.click(".modal button[name='document_layout_save']")
    hands.find(".modal div[name='sending_method_checkboxes'] input")
    for box in hands.all(".modal div[name='sending_method_checkboxes'] input:checked"):
        box.click()
    hands.picture("11_send")
    hands.click(".modal button[name='action_send_and_print']")
    hands.gone(".modal")

    hands.find("#exact_create_sales_entry")
    hands.picture("12_button")
    hands.click("#exact_create_sales_entry")
    hands.find("#exact_open_entry")
    assert not hands.all("#exact_create_sales_entry"), "gone once it is in Exact"
    name = odoo.rpc("account.move", "read", [number], ["name"])[0]["name"]
    entry = entries(simulator)[name]
    assert str(entry["EntryNumber"]) in hands.find("#exact_open_entry").text
    assert entry["AmountFC"] == "302.50"
    hands.picture("13_in_exact")

    hands.driver.get(f"{simulator.url}/{DIVISION}/entries/{entry['EntryID']}")
    hands.picture("14_exact_entry")
    hands.click("#receive")
    hands.wait(lambda: hands.find("#open").text.startswith("0"), "nothing left open in Exact")
    hands.picture("15_exact_paid")

    open_invoice(hands, number)
    hands.click("#exact_refresh_payment")
    hands.find(".ribbon", "PAID")
    hands.picture("16_paid")
    assert (
        odoo.rpc("account.move", "read", [number], ["amount_residual"])[0]["amount_residual"] == 0
    )


def test_r9_failed_document_shows_its_problem_with_a_button_to_the_record_that_mends_it(
    hands, odoo, simulator, connected
):
    number = make_invoice(odoo, "Fietsenmakerij Van Dam", "0% EX EU G", post=True, sent=True)
    open_invoice(hands, number)
    hands.click("#exact_create_sales_entry")
    hands.find("#exact_alert_failed .o_exact_problem", "0% EX EU G")
    hands.picture("17_failed")
    hands.click("#exact_alert_failed .o_exact_mend")
    hands.find("div[name='exact_vat_code_id']")
    hands.picture("18_mend")
    hands.choose("exact_vat_code_id", "6 ")
    hands.click(".o_form_button_save")
    hands.gone(".o_form_button_save")
    # What is mended goes again by itself (W5).
    booked = [("id", "=", number), ("exact_state", "=", "done")]
    hands.wait(lambda: odoo.rpc("account.move", "search_count", booked), "the entry")
    open_invoice(hands, number)
    hands.find("#exact_open_entry")
    assert not hands.all("#exact_alert_failed")
    hands.picture("19_mended")


def test_r28_r51_list_action_on_a_selection_sends_what_can_go_and_reports_what_was_skipped(
    hands, odoo, simulator, connected
):
    good = make_invoice(odoo, "Kwekerij Het Groene Hart", price=10, post=True, sent=True)
    unsent = make_invoice(odoo, "Kwekerij Het Groene Hart", price=20, post=True)
    names = [row["name"] for row in odoo.rpc("account.move", "read", [good, unsent], ["name"])]
    hands.open("/odoo/action-account.action_move_out_invoice_type", ".o_list_view")
    for name in names:
        row = hands.find(".o_data_row", name)
        row.find_element("css selector", ".o_list_record_selector input").click()
    hands.click(".o_cp_action_menus button", "Actions")
    hands.click(".o-dropdown-item, .o_menu_item", "Create Exact Sales Entry")
    hands.find(".o_notification", "1 sent, 1 skipped")
    hands.find(".o_notification", names[1])
    hands.picture("20_list_report")
    assert names[0] in entries(simulator)
    assert names[1] not in entries(simulator)


def test_phone_width_cuts_nothing_off_on_the_settings_and_the_invoice(hands, odoo, connected):
    number = make_invoice(odoo, "Fietsenmakerij Van Dam", post=True, sent=True)
    hands.width(400)
    hands.open(SETTINGS, "#exact_division")
    hands.picture("21_phone_settings")
    assert not hands.cut_off(".app_settings_block button, .app_settings_block input, .alert")
    open_invoice(hands, number)
    hands.picture("22_phone_invoice")
    assert not hands.cut_off(".o_form_view .alert, .o_form_view .o_field_widget input")
    if not hands.all("#exact_create_sales_entry"):
        hands.click(".o_form_statusbar .o_statusbar_buttons .o-dropdown")
    hands.find("#exact_create_sales_entry")
    assert not hands.cut_off("#exact_create_sales_entry")
    hands.picture("23_phone_button")
