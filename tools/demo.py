"""The main job of the product with nobody at the keyboard, on a real Odoo and the local Exact Online.

    make demo                  runs the job, prints what happens, and stays up for you to look around
    DEMO_EXIT=1 make demo      ends instead, with exit code 0 only if Odoo and the ledger agree to the cent
    ODOO_PORT= SIM_PORT=       ports to listen on; free ones by default

It goes through the same pages and buttons as a person (see `demo_parts/web.py`). Its database is dropped at the end.
"""

import os
import signal
import sys
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pdf_printer
from demo_parts.job import BOOKKEEPER, DIVISION_NAME, EXACT_LOGIN, EXACT_PASSWORD, Job
from demo_parts.web import WebError

from harness import OdooServer, Postgres, ServerError, Simulator
from provisioning.common import ProvisionError, say

AGREED, DISAGREED, BROKEN, INTERRUPTED = 0, 1, 2, 130


def port(name: str) -> int:
    """A port from the environment; 0 for any.

    :raises ProvisionError: no number of a port
    """
    text = os.environ.get(name, "").strip() or "0"
    if not text.isdigit() or int(text) > 65535:
        raise ProvisionError(f"{name} must be a port number, not {text!r}")
    return int(text)


def stay(odoo: OdooServer, simulator: Simulator) -> None:
    """Tell where everything is and wait until the person has seen enough.

    :raises ServerError: one of the servers has ended
    """
    say(f"""
Everything stays up until you press Ctrl-C.

   Odoo           {odoo.url}/odoo
                  admin / admin, and {BOOKKEEPER} / {BOOKKEEPER}
   Exact Online   {simulator.url}   (the local one; play the accountant there)
                  {EXACT_LOGIN} / {EXACT_PASSWORD}, administration {DIVISION_NAME}

Six things to try:
   1. Exact Online > Exchanges > To Mend: one invoice failed for want of a VAT code. Press Mend (as admin), choose
      code 6 on the tax, and try again.
   2. Exact Online > Documents: print the invoice that was not sent to its customer yet, and see the button
      "Create Exact Sales Entry" appear.
   3. At the local Exact, open an entry, receive the rest of the money; back in Odoo press "Refresh Paid Status".
   4. At the local Exact, block a customer; in Odoo press Settings > Exact Online > Import Customers Now: only what
      changed is read, and an invoice to that customer is refused with the reason before Exact is asked.
   5. Timesheets (as admin): write hours on a task of project Website, then Exact Online > Uninvoiced > Invoice: look at
      the invoice that Exact will make, leave it as a draft, change or print it at the local Exact, and press
      "Refresh from Exact" on Odoo's copy.
   6. Settings > Exact Online > Disconnect, then Connect again: every mapping is still there.
""")
    while odoo.running and simulator.running:
        time.sleep(0.5)
    raise ServerError("a server has ended by itself")


def run() -> int:
    """Start the servers, do the job, compare; the exit code."""
    ports = port("ODOO_PORT"), port("SIM_PORT")
    ends = os.environ.get("DEMO_EXIT", "").lower() in ("1", "true", "yes")
    pdf_printer.provide()
    with Postgres() as server, Simulator(accounts=250, port=ports[1]) as simulator:
        params = {"exact_connector.practice_url": simulator.url}
        with OdooServer(server, full=True, port=ports[0], params=params) as odoo:
            say(f"Odoo on {odoo.url}, the local Exact Online on {simulator.url}")
            wrong = Job(odoo, simulator).run()
            for sentence in wrong:
                say(f"   NOT EQUAL: {sentence}")
            if not wrong:
                say("\nOdoo and Exact agree to the cent.")
            if not ends:
                try:
                    stay(odoo, simulator)
                except KeyboardInterrupt:
                    say("\nStopping the servers and dropping the database of the demo.")
            return DISAGREED if wrong else AGREED


def _interrupt(_signal, _frame) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run it; whatever stands in the way is one line."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return run()
    except KeyboardInterrupt:
        say("\nStopped half-way; the servers are down and the database of the demo is gone.")
        return INTERRUPTED
    except (ProvisionError, ServerError, WebError, requests.RequestException) as error:
        print(f"error: {error}", file=sys.stderr)
        return BROKEN


if __name__ == "__main__":
    sys.exit(main())
