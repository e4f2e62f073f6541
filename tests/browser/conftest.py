"""One Odoo, one local Exact Online and one browser for all tests of this folder."""

import browser as browsers
import pdf_printer
import pytest
from demo_parts.job import CLIENT_ID, Job

from harness import OdooServer, Postgres, Simulator
from tests.browser.hands import Hands, need_browser


@pytest.fixture(scope="session")
def simulator():
    """The local Exact Online, with more customers than a page of 60 holds."""
    with Simulator(seed="demo", accounts=130) as running:
        yield running


@pytest.fixture(scope="module")
def exact():
    """An Exact Online with some customers that one module has for itself; nobody has registered our Odoo there."""
    with Simulator(seed="demo", accounts=25) as running:
        yield running


@pytest.fixture(scope="session")
def odoo(simulator):
    """A real Odoo whose scheduled actions run, known to the app in Exact."""
    pdf_printer.provide()
    with Postgres() as server:
        params = {"exact_connector.practice_url": simulator.url}
        with OdooServer(server, params=params) as running:
            redirect = f"{running.url}/exact_connector/oauth2/callback"
            simulator.post("/_sim/app", {"client_id": CLIENT_ID, "redirect_uri": redirect})
            yield running


@pytest.fixture(scope="session")
def window():
    """The browser."""
    need_browser()
    with browsers.browser(1400, 900) as driver:
        yield driver


@pytest.fixture
def hands(window, odoo):
    """The browser at a desk, whose user is signed in as the administrator (once)."""
    hands = Hands(window, odoo.url)
    hands.width(1400, 900)
    hands.driver.get(f"{odoo.url}/web/login?redirect=/odoo/exact-settings")
    if "login" in hands.find("#login, .o_main_navbar").get_attribute("id"):
        hands.fill("#login", "admin")
        hands.fill("#password", "admin")
        hands.click(".oe_login_buttons button[type='submit']")
    hands.find(".o_main_navbar")
    hands.errors()
    yield hands
    assert not hands.errors()


@pytest.fixture
def set_up(odoo, simulator):
    """Connected and set up; over HTTP where the test before did not do it in the browser."""
    job = Job(odoo, simulator)
    found = odoo.rpc("exact.connection", "search_read", [], ["state", "missing_settings"])
    if not found or found[0]["state"] != "connected" or found[0]["missing_settings"]:
        job.connect()
    return job


@pytest.fixture
def connected(odoo, set_up):
    """Connected, set up and mapped, in the same way."""
    mapped = [("exact_vat_code_id", "!=", False), ("name", "=", "21% ST")]
    if not odoo.rpc("account.tax", "search_count", mapped):
        set_up.map()
    return set_up
