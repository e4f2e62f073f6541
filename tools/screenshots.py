"""Take the pictures of the documentation: a real Odoo, the local Exact Online, a browser that walks the main way.

    python tools/screenshots.py                 all pictures, where the documentation wants them
    python tools/screenshots.py --all FOLDER    every screen at the widths of a desk and of a telephone, for looking at
    python tools/screenshots.py --walk entries  one of the two walks only

The walk "entries" connects, maps, imports, sends and pays as a person would; "invoicing" has Exact make the invoices,
with all add-ons. They fail where a button or a page is missing.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from browser import browser, sign_in
from picture_parts import around, documents, invoicing, setup
from picture_parts.hands import DESK, Hands

from harness import OdooServer, Postgres, Simulator

WALKS = ("entries", "invoicing")


def entries(hands: Hands) -> None:
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


def take(walk: str, server: Postgres, folder: Path | None) -> None:
    """Start Odoo, the local Exact and a browser, walk, stop them."""
    full = walk == "invoicing"
    with (
        Simulator(seed="demo", accounts=250) as simulator,
        OdooServer(
            server, full=full, params={"exact_connector.practice_url": simulator.url}
        ) as odoo,
        browser(*DESK) as driver,
    ):
        callback = f"{odoo.url}/exact_connector/oauth2/callback"
        simulator.post("/_sim/app", {"client_id": setup.CLIENT_ID, "redirect_uri": callback})
        customers = invoicing.prepare(odoo, simulator) if full else []
        sign_in(driver, odoo.login())
        hands = Hands(driver, odoo.login(), simulator.url, folder)
        try:
            invoicing.walk(hands, customers) if full else entries(hands)
        except Exception:
            if folder:
                driver.save_screenshot(str(folder / "error.png"))
            raise


def main() -> int:
    """One walk after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", metavar="FOLDER", type=Path, help="every screen, into this folder")
    parser.add_argument("--walk", choices=WALKS, help="only this one")
    chosen = parser.parse_args()
    with Postgres() as server:
        for walk in WALKS:
            if chosen.walk in (None, walk):
                take(walk, server, chosen.all)
    return 0


if __name__ == "__main__":
    sys.exit(main())
