"""Hands at a browser for the pictures of the documentation: find, click, fill in, keep a picture."""

import time
from collections.abc import Callable
from pathlib import Path

import requests
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from harness import OdooSession
from provisioning.common import ROOT

DESK, TELEPHONE = (1366, 768), (400, 800)
# Pictures that the documentation shows; the others are for looking at only.
SHOWN = {
    "setup_app", "consent", "setup_division", "setup_done", "mapping", "import_done", "match_desk",
    "invoice_list", "sync_done", "invoice_button", "invoice_sent", "invoice_failed", "invoice_paid",
    "invoice_reopened", "exchanges_to_mend", "meter", "ways_out", "adopt", "payment_term",
    "invoicing_connection", "invoicing_draft", "invoicing_printed",
    "uninvoiced", "invoice_wizard", "left_behind", "order_in_exact", "hours", "expense",
}  # fmt: skip
# Those of the add-ons beside exact_connector.
ADD_ONS = {
    **dict.fromkeys(
        ("uninvoiced", "invoice_wizard", "left_behind", "order_in_exact"), "exact_connector_sale"
    ),
    "hours": "exact_connector_timesheet",
    "expense": "exact_connector_expense",
}


class Hands:
    """A browser at one Odoo, with a picture at each stop.

    :param simulator_url: address of the local Exact Online
    :param folder: where every screen is kept for looking at; None keeps those of the documentation only
    """

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
                add_on = ROOT / ADD_ONS.get(name, "exact_connector")
                self._shoot(add_on / "static" / "description" / f"{name}.png", DESK)
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

    def select(self, field: str, text: str) -> None:
        """Choose in a selection, shown as a list of the browser or as one of Odoo's own."""
        box = self.find(f"div[name='{field}'] select, div[name='{field}'] input")
        if box.tag_name == "select":
            box.send_keys(text)
            return
        box.click()
        for option in self.driver.find_elements(By.CSS_SELECTOR, ".o_select_menu_item"):
            if option.text.strip().startswith(text):
                option.click()
                return
        raise TimeoutException(f"no {text} in {field}")

    def action(self, text: str) -> None:
        """Choose in the menu with the gear of a form."""
        self.click(".o_cp_action_menus .o-dropdown, .o_cp_action_menus button")
        self.wait(
            lambda: next(
                (
                    item
                    for item in self.driver.find_elements(By.CSS_SELECTOR, ".o-dropdown-item")
                    if item.text.strip() == text
                ),
                None,
            )
        ).click()

    def top(self) -> None:
        """Back to the top of the page, with nothing focused and no notice in the way."""
        self.driver.execute_script(
            "document.activeElement && document.activeElement.blur();"
            "for (const box of document.querySelectorAll('.o_content, .o_form_view_container'"
            " + ', .o_form_sheet_bg, .o_action_manager, .settings')) { box.scrollTop = 0; }"
        )

    def quiet_notices(self) -> None:
        """Close the notices in the corner."""
        for cross in self.driver.find_elements(By.CSS_SELECTOR, ".o_notification_close"):
            self.driver.execute_script("arguments[0].click()", cross)
        self.wait(lambda: not self.driver.find_elements(By.CSS_SELECTOR, ".o_notification"))

    def tell_exact(self, path: str, body: dict) -> None:
        """Something happens at Exact."""
        requests.post(f"{self.simulator_url}/_sim/{path}", json=body, timeout=30).raise_for_status()
