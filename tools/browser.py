"""A headless Chromium for tests and screenshots, driven with Selenium."""

import contextlib
import os
import tempfile
from collections.abc import Iterator

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from harness import OdooSession
from provisioning import chromium


def available() -> bool:
    """Whether there is a browser with its driver."""
    return chromium.found() is not None


@contextlib.contextmanager
def browser(
    width: int = 1400, height: int = 900, language: str = "en-US"
) -> Iterator[webdriver.Chrome]:
    """A fresh browser without history; its own profile is deleted afterwards."""
    paths = chromium.found()
    if not paths:
        raise RuntimeError("no Chromium with chromedriver on the PATH")
    binary, driver_path = paths
    options = Options()
    options.binary_location = binary
    with tempfile.TemporaryDirectory(prefix="exact-browser-") as profile:
        for argument in (
            "--headless=new",
            f"--window-size={width},{height}",
            f"--user-data-dir={profile}",
            f"--lang={language}",
            "--disable-dev-shm-usage",  # small in containers
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--password-store=basic",
            "--force-device-scale-factor=1",
        ):
            options.add_argument(argument)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")  # Chromium's sandbox does not work for root
        options.add_experimental_option("prefs", {"intl.accept_languages": language})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(executable_path=driver_path))
        driver.set_page_load_timeout(60)
        try:
            yield driver
        finally:
            driver.quit()


def sign_in(driver: webdriver.Chrome, session: OdooSession, path: str = "/odoo") -> None:
    """Open a page of Odoo as the user of a session, without typing a password.

    :param session: from `OdooServer.login()`
    :param path: the page to open, such as `/odoo/customers`
    """
    # Set before any page of Odoo is open: what such a page still asks for without a session (an icon)
    # would be answered with a fresh session, in place of this one.
    driver.get("about:blank")
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    cookie = {"name": "session_id", "value": session.http.cookies["session_id"], "path": "/"}
    driver.execute_cdp_cmd("Network.setCookie", {"url": session.url, "httpOnly": True, **cookie})
    driver.get(session.url + path)
    WebDriverWait(driver, 60).until(
        lambda page: page.find_elements(
            By.CSS_SELECTOR, ".o_main_navbar .o_menu_brand, .o_main_navbar a"
        )
    )
