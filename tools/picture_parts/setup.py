"""Pictures of the set-up: the page in steps, the mapping, the import."""

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from picture_parts.hands import Hands

CLIENT_ID = "11111111-1111-4111-8111-111111111111"
CLIENT_SECRET = "practice-secret-nl"  # nosec B105  # of the simulator, known to all
DIVISION = "Praktijk Noord BV"
KINDS = ("vat", "item", "account", "journal", "term", "analytic")


def connect(hands: Hands) -> None:
    """The app, the consent and back."""
    hands.open("exact-settings", "#exact_setup")
    hands.picture("settings_empty")
    hands.open("exact-setup", ".o_exact_setup")
    hands.select("setup_country", "Practice")
    hands.fill("div[name='setup_client_id'] input", CLIENT_ID)
    hands.fill("div[name='setup_client_secret'] input", CLIENT_SECRET).send_keys(Keys.TAB)
    hands.top()
    hands.picture("setup_app")
    hands.click("#exact_setup_next_register")
    hands.find("#exact_setup_connect")
    hands.picture("setup_connect")
    hands.click("#exact_setup_connect")
    hands.fill("#login-name", "bookkeeper@practice.example")
    hands.fill("#password", "practice")
    hands.click("#login")
    hands.find("#approve")
    hands.picture("consent")
    hands.click("#approve")
    hands.find("#exact_step_division")


def division(hands: Hands) -> None:
    """The division with its rights, the start date, the journals and the default item."""
    hands.choose("division_id", DIVISION)
    hands.click("#exact_setup_read_division")
    hands.find("#exact_setup_next_start")
    hands.picture("setup_start")
    hands.click("#exact_setup_go_division")
    hands.find("#exact_setup_next_division")
    hands.top()
    hands.picture("setup_division")
    hands.click("#exact_setup_go_start")
    hands.click("#exact_setup_next_start")
    hands.find("#exact_setup_next_journals")
    hands.picture("setup_journals")
    hands.click("#exact_setup_next_journals")
    hands.choose("default_item_id", "ALG")
    hands.picture("setup_mapping")


def mapping(hands: Hands) -> None:
    """Proposals, confirmed."""
    hands.click("#exact_setup_mapping, #exact_setup_mapping_again")
    hands.find(".o_exact_mapping_bar")
    for kind in KINDS:
        hands.click(f".o_exact_mapping_bar [data-kind='{kind}']")
        hands.find(f".o_exact_mapping_bar .active[data-kind='{kind}']")
        hands.quiet_notices()
        hands.picture("mapping" if kind == "vat" else f"mapping_{kind}")
        if hands.driver.find_elements(By.CSS_SELECTOR, ".o_exact_confirm_sure"):
            hands.click(".o_exact_confirm_sure")
            hands.wait(
                lambda: not hands.driver.find_elements(By.CSS_SELECTOR, ".o_exact_confirm_sure")
            )
    hands.picture("mapping_confirmed")


def import_customers(hands: Hands) -> None:
    """The import with its progress."""
    hands.open("exact-setup", ".o_exact_setup")
    if not hands.driver.find_elements(By.CSS_SELECTOR, "#exact_setup_import_yes"):
        hands.click("#exact_setup_next_mapping, #exact_setup_next_mapping_open")
    hands.find("#exact_setup_import_yes")
    hands.picture("setup_import")
    hands.click("#exact_setup_import_yes")
    hands.find(".o_exact_exchange")
    hands.picture("import_running")
    hands.find(".o_exact_exchange #exact_alert_done", 120)
    hands.picture("import_done")


def finish(hands: Hands) -> None:
    """The finished page, and the settings as they are then."""
    hands.open("exact-setup", ".o_exact_setup")
    hands.picture("setup_first_sending", again=True)
    hands.click("#exact_setup_next_sync, #exact_setup_next_sync_later")
    hands.find("#exact_setup_complete")
    hands.top()
    hands.picture("setup_done", again=True)
    hands.open("exact-settings", "#exact_journals")
    hands.picture("settings", again=True)
