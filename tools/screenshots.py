"""Take the pictures of the documentation: a real Odoo, the local Exact Online, a browser that walks the main way.

    python tools/screenshots.py                 all pictures, where the documentation wants them
    python tools/screenshots.py --all FOLDER    every screen at the widths of a desk and of a telephone, for looking at

The walk connects, maps, imports, sends and pays as a person would; it fails where a button or a page is missing.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import requests
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

sys.path.insert(0, str(Path(__file__).resolve().parent))

from browser import browser, sign_in

from harness import OdooServer, OdooSession, Postgres, Simulator
from provisioning.common import ROOT

DESCRIPTION = ROOT / "exact_connector" / "static" / "description"
DESK, TELEPHONE = (1366, 768), (400, 800)
CLIENT_ID = "11111111-1111-4111-8111-111111111111"
CLIENT_SECRET = "practice-secret-nl"
DIVISION = "Praktijk Noord BV"
# Pictures that the documentation shows; the others are for looking at only.
SHOWN = {
    "settings_connect", "consent", "settings", "mapping", "import_done", "invoice_button",
    "invoice_sent", "invoice_failed", "exchanges_to_mend", "invoice_list", "invoice_paid",
}  # fmt: skip


LISTS = (
    "exact-items", "exact-vat-codes", "exact-journals", "exact-ledger-accounts", "exact-payment-conditions",
    "exact-connections", "exact-authorizations", "exact-causes",
)  # fmt: skip


class Walk:
    """The main way through the product in a browser, with a picture at each stop."""

    def __init__(
        self, driver: WebDriver, session: OdooSession, simulator_url: str, folder: Path | None
    ):
        self.driver, self.session, self.simulator_url, self.folder = (
            driver,
            session,
            simulator_url,
            folder,
        )

    # --- pictures ---

    def picture(self, name: str, again: bool = False) -> None:
        """Keep what is on the screen: for the documentation, or at both widths for looking at.

        :param again: load the page again at the telephone's width, as a telephone would
        """
        if self.folder is None:
            if name in SHOWN:
                self._shoot(DESCRIPTION / f"{name}.png", DESK)
            return
        self._shoot(self.folder / f"{name}.png", DESK)
        if again:
            self._resize(TELEPHONE)
            self.driver.refresh()
            self.find(".o_view_controller")
        self._shoot(self.folder / f"{name}_400.png", TELEPHONE)
        self._resize(DESK)

    def _shoot(self, path: Path, size: tuple[int, int]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._resize(size)
        self._quiet()
        self.driver.save_screenshot(str(path))

    def _resize(self, size: tuple[int, int]) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False},
        )
        time.sleep(0.4)

    def _quiet(self) -> None:
        """Wait until nothing loads any more."""
        self.wait(
            lambda: (
                not self.driver.find_elements(By.CSS_SELECTOR, ".o_blockUI, .o_loading_indicator")
            )
        )
        time.sleep(0.4)

    # --- hands ---

    def wait(self, condition: Callable, seconds: float = 30):
        """Wait for a true value; elements that go stale meanwhile are looked for again."""

        def look(_driver):
            try:
                return condition()
            except StaleElementReferenceException:
                return None

        return WebDriverWait(self.driver, seconds, 0.2).until(look)

    def find(self, selector: str, seconds: float = 30):
        """The first visible element of a CSS selector."""
        try:
            return self.wait(
                lambda: next(
                    (
                        e
                        for e in self.driver.find_elements(By.CSS_SELECTOR, selector)
                        if e.is_displayed()
                    ),
                    None,
                ),
                seconds,
            )
        except TimeoutException:
            raise TimeoutException(f"no {selector} at {self.driver.current_url}") from None

    def click(self, selector: str) -> None:
        element = self.find(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def open(self, path: str, selector: str = ".o_view_controller, .o_action") -> None:
        """Open a page of Odoo and wait until `selector` is there."""
        self.driver.get(f"{self.session.url}/odoo/{path}")
        self.find(selector)
        self._quiet()

    def record(self, model: str, number: int) -> None:
        """Open the form of a record."""
        self.open(f"{model}/{number}", ".o_form_view")

    def fill(self, selector: str, text: str):
        field = self.find(selector)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text)
        return field

    def choose(self, field: str, text: str) -> None:
        """Choose in a many2one by typing."""
        self.fill(f"div[name='{field}'] input", text)
        self.click(".o-autocomplete--dropdown-item:not(.o_m2o_dropdown_option) a")
        self._quiet()

    def save_settings(self) -> None:
        """Save and wait for the page that Odoo loads afresh; leaving earlier would show old values."""
        old = self.find(".app_settings_block")
        self.click(".o_form_button_save")
        WebDriverWait(self.driver, 60, 0.2).until(staleness_of(old))
        self.find(".app_settings_block")
        self._quiet()

    # --- stops ---

    def connect(self) -> None:
        """Settings, consent and back."""
        self.open("exact-settings", "#exact_connect")
        select = self.find(
            "#exact_app div[name='exact_country'] select, #exact_app div[name='exact_country'] input"
        )
        if select.tag_name == "select":
            select.send_keys("Practice")
        else:
            select.click()
            self.click(
                ".o_select_menu_item[data-choice-index]:last-child, .o_select_menu_item:last-child"
            )
        self.fill("#exact_app div[name='exact_client_id'] input", CLIENT_ID)
        self.fill("#exact_app div[name='exact_client_secret'] input", CLIENT_SECRET).send_keys(
            Keys.TAB
        )
        self.picture("settings_connect")
        self.click("#exact_connect")
        self.fill("#login-name", "bookkeeper@practice.example")
        self.fill("#password", "practice")
        self.click("#login")
        self.find("#approve")
        self.picture("consent")
        self.click("#approve")
        self.find("#exact_division")
        self.picture("settings_division")

    def settings(self) -> None:
        """The division and what sending needs."""
        self.choose("exact_division_id", DIVISION)
        self.save_settings()
        self.open("exact-settings", "#exact_journals")
        self.picture("settings_missing")
        self.choose("exact_default_item_id", "ALG")
        self.save_settings()
        self.open("exact-settings", "#exact_journals")
        self.picture("settings")

    def mapping(self) -> None:
        """Proposals, confirmed."""
        self.open("exact-settings", "#exact_journals")
        self.click("#exact_mapping")
        self.find(".o_exact_mapping_bar")
        self.find(".o_exact_mapping .o_data_row")
        self.picture("mapping")
        for kind in ("vat", "item", "account", "journal", "term", "analytic"):
            self.click(f".o_exact_mapping_bar [data-kind='{kind}']")
            self.find(f".o_exact_mapping_bar .active[data-kind='{kind}']")
            self.picture(f"mapping_{kind}")
            if self.driver.find_elements(By.CSS_SELECTOR, ".o_exact_confirm_sure"):
                self.click(".o_exact_confirm_sure")
                self.wait(
                    lambda: not self.driver.find_elements(By.CSS_SELECTOR, ".o_exact_confirm_sure")
                )
        self.picture("mapping_confirmed")

    def import_customers(self) -> None:
        """The import with its progress."""
        self.open("exact-settings", "#exact_import_setting")
        self.click("#exact_import")
        self.find(".o_exact_exchange")
        self.picture("import_running")
        self.find(".o_exact_exchange #exact_alert_done", 120)
        self.picture("import_done")

    # --- documents ---

    def make_documents(self) -> dict[str, int]:
        """Invoices for every state that a screen shows, posted and sent to the customer; ids by name."""
        call = self.session.call
        country = call("res.country", "search", [("code", "=", "NL")])[0]
        addresses = [
            ("Bakkerij De Korenaar B.V.", "Molenstraat 12", "3512 AB", "Utrecht"),
            ("Fietsenmakerij Van Dam", "Oude Gracht 201", "1811 CE", "Alkmaar"),
        ]
        customers = call(
            "res.partner",
            "create",
            [
                {
                    "name": name,
                    "is_company": True,
                    "street": street,
                    "zip": code,
                    "city": city,
                    "country_id": country,
                }
                for name, street, code, city in addresses
            ],
        )
        taxes = call(
            "account.tax",
            "search_read",
            [("type_tax_use", "=", "sale"), ("amount_type", "=", "percent")],
            ["amount", "exact_vat_code_id"],
        )
        mapped = next(
            tax["id"] for tax in taxes if tax["amount"] == 21 and tax["exact_vat_code_id"]
        )
        unmapped = next(tax["id"] for tax in taxes if not tax["exact_vat_code_id"])
        terms = call(
            "account.payment.term", "search", [("exact_payment_condition_id.code", "=", "30")]
        )
        advice = call(
            "product.product",
            "create",
            {"name": "Advice", "default_code": "UREN", "type": "service"},
        )
        documents = {
            "good": (
                0,
                [
                    ("Advice on the annual accounts", 6.5, 95.0, mapped),
                    ("Kilometres", 48, 0.23, mapped),
                ],
            ),
            "failed": (0, [("Advice abroad", 4, 110.0, unmapped)]),
            "credit": (1, [("Advice, credited", 1, 95.0, mapped)]),
            "second": (0, [("Workshop", 1, 480.0, mapped)]),
            "due": (0, [("Advice in November", 3, 95.0, mapped)]),
        }
        made = {}
        for name, (customer, rows) in documents.items():
            values = {
                "move_type": "out_refund" if name == "credit" else "out_invoice",
                "partner_id": customers[customer],
                "invoice_date": date.today().isoformat(),
                "invoice_payment_term_id": terms[0] if terms else False,
                "invoice_line_ids": [
                    (0, 0, {"product_id": advice, "name": text, "quantity": quantity,
                            "price_unit": price, "tax_ids": [(6, 0, [tax])]})
                    for text, quantity, price, tax in rows
                ],
            }  # fmt: skip
            made[name] = call("account.move", "create", values)
        call("account.move", "action_post", list(made.values()))
        call("account.move", "write", list(made.values()), {"is_move_sent": True})
        return made

    def send(self, documents: dict[str, int]) -> None:
        """The button on the invoice: with success, and with a problem."""
        self.open(f"exact-documents/{documents['good']}", "#exact_create_sales_entry")
        self.picture("invoice_button")
        self.click("#exact_create_sales_entry")
        self.find("#exact_open_entry")
        self.picture("invoice_sent")
        self.click(".nav-link[name='other_info']")
        self.picture("invoice_other_info")
        self.open(f"exact-documents/{documents['failed']}", "#exact_create_sales_entry")
        self.click("#exact_create_sales_entry")
        self.find("#exact_alert_failed .o_exact_mend")
        self.picture("invoice_failed")
        for name in ("credit", "second"):
            self.open(f"exact-documents/{documents[name]}", "#exact_create_sales_entry")
            self.click("#exact_create_sales_entry")
            self.find("#exact_open_entry")

    def follow(self, documents: dict[str, int]) -> None:
        """Where it is seen how everything stands."""
        self.open("exact-documents", ".o_list_view")
        self.picture("documents", again=True)
        self.open("exact-documents", ".o_list_view")
        self.click(".o_facet_remove")
        self._quiet()
        self.picture("invoice_list")
        self.open("exact-to-mend", ".o_list_view")
        for group in self.driver.find_elements(By.CSS_SELECTOR, ".o_group_header"):
            group.click()
        self._quiet()
        self.picture("exchanges_to_mend")
        self.open("exact-all-exchanges", ".o_list_view")
        self.picture("exchanges", again=True)
        for name in ("failed", "good"):
            found = self.session.call(
                "exact.exchange", "search", [("move_id", "=", documents[name])]
            )
            self.open(f"exact-all-exchanges/{found[0]}", ".o_exact_exchange")
            if name == "good":
                self.click(".nav-link[name='payload']")
            self.picture(f"exchange_{name}")

    def pay(self, documents: dict[str, int], division: int = 1001) -> None:
        """The accountant receives the money; Odoo hears of it."""
        call = self.session.call
        for name, amount in (("good", None), ("second", 100)):
            number = call("account.move", "read", [documents[name]], ["exact_entry_number"])[0][
                "exact_entry_number"
            ]
            entry = {"entry": int(number), **({"amount": amount} if amount else {})}
            requests.post(
                f"{self.simulator_url}/_sim/accountant/{division}/receive",
                json={"entries": [entry]},
                timeout=30,
            ).raise_for_status()
            self.open(f"exact-documents/{documents[name]}", "#exact_refresh_payment")
            self.click("#exact_refresh_payment")
            self.find(".o_notification")
            self.open(f"exact-documents/{documents[name]}", "#exact_open_entry")
            self.picture("invoice_paid" if name == "good" else "invoice_partial", again=True)

    def look_around(self, documents: dict[str, int]) -> None:
        """The screens of the configuration, for looking at only."""
        if self.folder is None:
            return
        call = self.session.call
        for path in LISTS:
            self.open(path, ".o_list_view, .o_kanban_view, .o_view_nocontent")
            self.picture(path.replace("-", "_"), again=True)
            self.open(path, ".o_list_view, .o_kanban_view, .o_view_nocontent")
            rows = self.driver.find_elements(
                By.CSS_SELECTOR, ".o_data_row .o_data_cell:not(.o_handle_cell)"
            )
            if rows:
                rows[1].click()
                self.find(".o_form_view")
                self.picture(path.replace("-", "_") + "_form")
        tax = call("account.tax", "search", [("exact_vat_code_id", "!=", False)], limit=1)[0]
        journal = call("account.journal", "search", [("type", "=", "sale")], limit=1)[0]
        term = call("account.payment.term", "search", [], limit=1)[0]
        product = call("product.template", "search", [("default_code", "=", "UREN")], limit=1)[0]
        category = call("product.category", "search", [], limit=1)[0]
        partner = call("account.move", "read", [documents["good"]], ["partner_id"])[0][
            "partner_id"
        ][0]
        for model, number, page in (
            ("account.tax", tax, None),
            ("account.journal", journal, None),
            ("account.payment.term", term, None),
            ("product.template", product, None),
            ("product.category", category, None),
            ("res.partner", partner, "accounting"),
        ):
            self.record(model, number)
            if page:
                self.click(f".nav-link[name='{page}']")
            self.picture(f"form_{model}")
        self.trouble(documents)

    def trouble(self, documents: dict[str, int]) -> None:
        """A lost answer, an outage and a connection that Exact refuses."""
        for kind, state in (("status", "waiting"), ("drop_after", "unclear")):
            fault = {
                "method": "POST",
                "path": "SalesEntries",
                "kind": kind,
                **({"status": 503} if kind == "status" else {}),
            }
            requests.post(
                f"{self.simulator_url}/_sim/faults", json=fault, timeout=30
            ).raise_for_status()
            self.open(f"exact-documents/{documents['due']}", ".o_form_view")
            self.click("#exact_create_sales_entry" if state == "waiting" else "#exact_retry_now")
            self.find(f"#exact_alert_{state}")
            self.picture(f"invoice_{state}")
            self.click("#exact_open_exchange")
            self.find(f".o_exact_exchange #exact_alert_{state}")
            self.picture(f"exchange_{state}")
        self.open(f"exact-documents/{documents['due']}", "#exact_look_up")
        self.click("#exact_look_up")
        self.find("#exact_open_entry")
        tokens = self.session.call("exact.token", "search", [])
        self.session.call(
            "exact.token", "write", tokens, {"dead_reason": "Old refresh token used."}
        )
        self.open("exact-settings", "#exact_reconnect")
        self.picture("settings_expired")
        connection = self.session.call("exact.connection", "search", [])[0]
        self.open(f"exact-connections/{connection}", "#exact_alert_expired")
        self.picture("connection_expired")
        self.session.call("exact.token", "write", tokens, {"dead_reason": False})
        self.open("exact-settings", "#exact_disconnect")
        self.click("#exact_disconnect")
        self.find(".modal .btn-primary").click()
        self.find("#exact_connect")
        self.picture("settings_disconnected")


def main() -> int:
    """Start the servers, walk, stop them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", metavar="FOLDER", type=Path, help="every screen, into this folder")
    folder = parser.parse_args().all
    with (
        Postgres() as server,
        Simulator(seed="demo", accounts=250) as simulator,
        OdooServer(server, params={"exact_connector.practice_url": simulator.url}) as odoo,
        browser(*DESK) as driver,
    ):
        callback = f"{odoo.url}/exact_connector/oauth2/callback"
        simulator.post("/_sim/app", {"client_id": CLIENT_ID, "redirect_uri": callback})
        sign_in(driver, odoo.login())
        walk = Walk(driver, odoo.login(), simulator.url, folder)
        try:
            walk.connect()
            walk.settings()
            walk.mapping()
            walk.import_customers()
            documents = walk.make_documents()
            walk.send(documents)
            walk.follow(documents)
            walk.pay(documents)
            walk.look_around(documents)
        except Exception:
            if folder:
                driver.save_screenshot(str(folder / "error.png"))
            raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
