"""What the tests of sending, importing and paying share."""

import json
import re
from datetime import timedelta

from odoo import Command, fields

from .cases import UnlimitedCase
from .common import post

ENTRIES = "salesentry/SalesEntries"
ACCOUNTS = "crm/Accounts"


class SendCase(UnlimitedCase):
    """One mapped tax, no calls counted yet; helpers to break things and look at both sides."""

    def setUp(self):
        super().setUp()
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
        self.lift_limits()
        self.connection.authorization_id._connect(self.grant())
        self.clear_calls()

    # === DRIVING === #

    def sent(self, *lines, **values):
        """An invoice that is in Exact, its calls forgotten."""
        move = self.invoice(*lines, **values)
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.clear_calls()
        return move

    def wizard(self, action):
        """The record that an action opens."""
        return self.env[action["res_model"]].browse(action["res_id"])

    def step(self, move, kind="document"):
        """What follows on a document's entry."""
        return move.exact_step_ids.filtered(lambda step: step.kind == kind)[:1]

    def cron(self, name):
        """Run a scheduled action as the scheduler would."""
        self.env.ref(f"exact_connector.{name}").method_direct_trigger()
        self.env.invalidate_all()

    def make_due(self, exchange):
        """The time of the next attempt has come."""
        exchange.sudo().retry_at = fields.Datetime.now() - timedelta(seconds=1)
        self.forget_limits(exchange.connection_id)

    def forget_limits(self, connection=None):
        """Calls are there again: the windows have ended, and so have refusals."""
        self.env.invalidate_all()
        budget = (connection or self.connection).sudo().budget_ids
        budget.write({"minute_end": False, "day_end": False, "hold_until": False})
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM exact_budget_error WHERE budget_id IN %s", [budget._ids])
        self.env.invalidate_all()

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


class ErrorCase(SendCase):
    def refused(self, move, cause, owner, *words, state="failed", calls=None):
        """Send ``move`` and look at everything a person sees of its refusal; the exchange."""
        entries, accounts = len(self.entries()), len(self.account_rows())
        self.clear_calls()
        answer = move.action_exact_create_sales_entry()
        exchange = self.exchange(move)
        self.assertEqual(move.exact_state, state)
        # On the record: cause, owner, advice and the words
        told = exchange.problem_ids or exchange
        self.assertEqual(told.mapped("cause_id.code")[:1], [cause], exchange.exact_message)
        self.assertEqual(told[0].owner, owner)
        self.assertTrue(told[0].advice)
        self.assertNotEqual(answer["params"]["type"], "success")
        self.assertIn(move.name, answer["params"]["message"])
        shown = f"{move.exact_message}\n{told[0].message}"
        for word in (told[0].message.splitlines()[0], *words):
            self.assertIn(word, shown)
        text = re.sub(r"<[^>]+>", "\n", self.chatter(move))
        self.assertIn(told[0].message.splitlines()[0][:40].split("'")[0], text)
        # The way to mend it opens
        target = exchange.action_open_cause()
        self.assertIn(target["type"], ("ir.actions.act_window", "ir.actions.client"))
        # Nothing half made
        self.assertFalse(move.exact_entry_id or move.exact_entry_number)
        self.assertEqual(len(self.entries()), entries)
        self.assertEqual(len(self.account_rows()), accounts)
        if calls is not None:
            self.assertEqual(len(self.calls()), calls)
        return exchange

    def mended(self, move):
        """Try again: now it goes, once."""
        before = len(self.entries())
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(len(self.entries()), before + 1)
        self.assertFalse(move.exact_message or move.exact_problem_ids)
        self.assertFalse(self.exchange(move).cause_id)

    def mended_in_exact(self, move):
        """Read again what was mended in Exact, and try again, in one press."""
        self.exchange(move).action_refresh_and_retry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(len(self.entries()), 1)

    def opens(self, exchange, record):
        """The first problem opens exactly the record that mends it."""
        action = exchange.problem_ids[:1].action_open_record()
        self.assertEqual((action["res_model"], action["res_id"]), (record._name, record.id))

    def say(self, text, path=ENTRIES, method="POST", status=500):
        post(
            f"{self.sim.url}/_sim/say",
            {"method": method, "path": path, "status": status, "text": text},
        )

    def invoice_of_item(self, code):
        product = self.env["product.template"].create(
            {"name": f"Product {code}", "exact_item_id": self.exact("item", code).id}
        )
        return self.invoice(
            [
                {
                    "name": "Regel",
                    "product_id": product.product_variant_id.id,
                    "quantity": 1,
                    "price_unit": 100.0,
                    "tax_ids": [Command.set(self.tax_21.ids)],
                }
            ]
        )
