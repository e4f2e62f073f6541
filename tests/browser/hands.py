"""Hands and eyes of a person at the browser: find, click, fill in, wait, take a picture."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import browser as browsers
import pytest
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    StaleElementReferenceException,
    TimeoutException,
    WebDriverException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from provisioning.common import CACHE, in_ci

PICTURES = CACHE / "screenshots"
SECONDS = 30.0  # two busy cores make a page slow
GONE = "does not belong to the document"
# Elements that stick out of the window to the right, of those that a selector names and that are shown.
CUT_OFF = """
const out = [];
for (const box of document.querySelectorAll(arguments[0])) {
    const place = box.getBoundingClientRect();
    if (place.width && (place.right > window.innerWidth + 1 || place.left < -1)) {
        out.push((box.innerText || box.name || box.id).trim() + ' ' + place.left + '-' + place.right);
    }
}
return out;
"""


def need_browser() -> None:
    """Skip where there is none; in CI that is a failure."""
    if not browsers.available():
        line = "no Chromium with chromedriver on the PATH: the browser tests are not run"
        if in_ci():
            pytest.fail(line)
        pytest.skip(line)


class Hands:
    """A browser on one Odoo.

    :param url: address of Odoo
    """

    def __init__(self, driver: WebDriver, url: str):
        self.driver, self.url = driver, url

    # --- eyes ---

    def wait(self, condition: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
        """Wait for a true value; what went stale meanwhile is looked for again.

        :raises AssertionError: it did not come; names what and where
        """

        def look(_driver):
            try:
                return condition()
            except WebDriverException as error:
                # Chromium has two ways to say that an element went away while it was looked at.
                if isinstance(error, StaleElementReferenceException) or GONE in str(error.msg):
                    return None
                raise

        try:
            return WebDriverWait(self.driver, seconds, 0.1).until(look)
        except TimeoutException:
            self.picture("failure")
            raise AssertionError(
                f"waited {seconds:.0f} s for {what} at {self.driver.current_url}"
            ) from None

    def all(self, selector: str) -> list[WebElement]:
        """What a CSS selector names and a person can see."""
        found = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return [element for element in found if element.is_displayed()]

    def find(self, selector: str, text: str = "", seconds: float = SECONDS) -> WebElement:
        """The first visible element of a selector, with this text in it."""

        def look():
            return next((e for e in self.all(selector) if text in e.text), None)

        return self.wait(look, f"{selector} {text}".strip(), seconds)

    def gone(self, selector: str) -> None:
        """Wait until nothing of it is seen any more."""
        self.wait(lambda: not self.all(selector), f"{selector} to go")

    def quiet(self) -> None:
        """Wait until the client has nothing under way."""
        self.gone(".o_blockUI, .o_loading_indicator")

    def picture(self, name: str) -> None:
        """Keep what is on the screen."""
        (PICTURES / name).parent.mkdir(parents=True, exist_ok=True)
        time.sleep(0.3)  # moving things come to rest
        self.driver.save_screenshot(str(PICTURES / f"{name}.png"))

    def cut_off(self, selector: str) -> list[str]:
        """Shown elements that stick out of the window sideways."""
        return self.driver.execute_script(CUT_OFF, selector)

    def errors(self) -> list[str]:
        """Errors of the scripts since the last look."""
        harmless = re.compile(r"favicon|selfie_segmentation|websocket|Failed to load resource")
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] == "SEVERE" and not harmless.search(json.dumps(entry))
        ]

    # --- hands ---

    def open(self, path: str, selector: str) -> None:
        """Open a page of Odoo and wait until it shows `selector`."""
        self.driver.get(f"{self.url}{path}")
        self.find(selector)
        self.quiet()

    def click(self, selector: str, text: str = "") -> None:
        """Click, as soon as nothing lies over it."""

        def press():
            element = next((e for e in self.all(selector) if text in e.text), None)
            if not element:
                return False
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            try:
                element.click()
            except ElementClickInterceptedException:
                return False
            return True

        self.wait(press, f"{selector} {text} to click")

    def fill(self, selector: str, text: str, leave: bool = False) -> None:
        """Type into a field in place of what stands there."""
        keys = [Keys.CONTROL + "a" + Keys.NULL, text, *([Keys.TAB] if leave else [])]

        def write():
            self.find(selector).send_keys(*keys)
            return True

        self.wait(write, f"{selector} to write in")

    def choose(self, field: str, text: str) -> None:
        """Type into a many2one and take the first proposal."""
        self.fill(f"div[name='{field}'] input", text)
        self.click(".o-autocomplete--dropdown-item:not(.o_m2o_dropdown_option) a", text)
        self.gone(".o-autocomplete--dropdown-menu")

    def select(self, field: str, text: str) -> None:
        """Choose in a selection, in whichever way it is shown."""
        box = self.find(f"div[name='{field}'] select, div[name='{field}'] input")
        box.click()
        if box.tag_name == "select":
            self.click(f"div[name='{field}'] option", text)
        else:
            self.click(".o_select_menu_item", text)

    def width(self, width: int, height: int = 800) -> None:
        """Make the window as wide as that."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )
