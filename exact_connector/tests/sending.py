"""What the tests of sending, importing and paying share."""

import json
from datetime import timedelta

from odoo import fields

from .common import ExactCase, post

ENTRIES = "salesentry/SalesEntries"
ACCOUNTS = "crm/Accounts"


class SendCase(ExactCase):
    """Limits lifted, one mapped tax, no calls counted yet; helpers to break things and look at both sides."""

    def setUp(self):
        super().setUp()
        post(f"{self.sim.url}/_sim/limits", {"minute": None, "errors": None})
        self.tax_21 = self.tax(21, "2")
        self.clear_calls()

    # === BREAKING === #

    def fault(self, kind, method="POST", path=ENTRIES, **values):
        """Plan a fault for the next matching call."""
        post(
            f"{self.sim.url}/_sim/faults",
            {"kind": kind, "method": method, "path": path, **values},
        )

    def administrate(self, what, **values):
        """Do what an administrator of Exact does."""
        return post(f"{self.sim.url}/_sim/accountant/{what}", values)

    def option(self, **values):
        post(f"{self.sim.url}/_sim/options", values)

    def reseed(self, accounts):
        """Other books in Exact, the connection going on as before."""
        self.sim.reset(seed="demo", accounts=accounts)
        post(f"{self.sim.url}/_sim/limits", {"minute": None, "errors": None})
        self.connection.authorization_id._connect(self.grant())
        self.clear_calls()

    # === DRIVING === #

    def cron(self, name):
        """Run a scheduled action as the scheduler would."""
        self.env.ref(f"exact_connector.{name}").method_direct_trigger()
        self.env.invalidate_all()

    def make_due(self, exchange):
        """The time of the next attempt has come."""
        exchange.sudo().retry_at = fields.Datetime.now() - timedelta(seconds=1)
        exchange.connection_id.sudo().limited_until = False

    def exchange(self, move):
        return move.exact_exchange_ids

    # === THE OTHER SIDE === #

    def entries(self, division=1001):
        return self.ledger(division)["entries"]

    def entry(self, move, division=1001):
        """The one entry of a document in the ledger."""
        found = [e for e in self.entries(division) if e["EntryID"] == move.exact_entry_id]
        self.assertEqual(len(found), 1, move.exact_message)
        return found[0]

    def paths(self, method=None, path=None):
        """Method and resource of the calls so far."""
        return [
            (call["method"], call["path"].split("?")[0].split("/", 4)[-1].split("(")[0])
            for call in self.calls(method, path)
        ]

    def bodies(self, path, method="POST"):
        """Bodies of the calls that wrote to ``path``."""
        return [json.loads(call["req"]) for call in self.calls(method, path)]

    def account_rows(self):
        return self.sim_rows(ACCOUNTS)

    def chatter(self, record):
        """All that the chatter of a record says."""
        return "\n".join(str(message.body) for message in record.message_ids)
