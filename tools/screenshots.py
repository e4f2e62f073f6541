"""Take the pictures of the documentation: a real Odoo, the local Exact Online, a browser that walks the main way.

    python tools/screenshots.py                 all pictures, where the documentation wants them
    python tools/screenshots.py --all FOLDER    every screen at the widths of a desk and of a telephone, for looking at

The walk connects, maps, imports, sends and pays as a person would; it fails where a button or a page is missing.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from browser import browser, sign_in
from picture_parts import around, documents, setup
from picture_parts.hands import DESK, Hands

from harness import OdooServer, Postgres, Simulator


def walk(hands: Hands) -> None:
    """The main way and the screens beside it; the steps hang together."""
    setup.connect(hands)
    setup.division(hands)
    setup.mapping(hands)
    setup.import_customers(hands)
    setup.finish(hands)
    made = documents.make(hands)
    documents.send(hands, made)
    documents.sync(hands)
    made |= documents.match(hands)
    documents.mend(hands, made)
    documents.after(hands, made)
    documents.pay(hands, made)
    around.terms(hands)
    if hands.folder:
        around.look(hands, made)
        around.trouble(hands, made)


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
        simulator.post("/_sim/app", {"client_id": setup.CLIENT_ID, "redirect_uri": callback})
        sign_in(driver, odoo.login())
        hands = Hands(driver, odoo.login(), simulator.url, folder)
        try:
            walk(hands)
        except Exception:
            if folder:
                driver.save_screenshot(str(folder / "error.png"))
            raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
