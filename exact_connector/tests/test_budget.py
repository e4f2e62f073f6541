"""What it costs: calls to Exact and queries in Odoo (architecture: budgets)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..models import exact_authorization
from .sending import ACCOUNTS, ENTRIES, SendCase


@tagged("post_install", "-at_install")
class TestBudget(SendCase):
    def test_known_customer_costs_one_call_for_one_entry(self):
        move = self.invoice()
        self.clear_calls()
        move.action_exact_create_sales_entry()
        self.assertEqual(self.paths(), [("POST", ENTRIES)])

    def test_document_that_cannot_go_costs_no_call(self):
        unmapped = self.invoice([(1, 10.0, self.tax(9))])
        new = self.invoice(partner=self.customer(known=False, name="Zonder land", country_id=False))
        unsent = self.invoice(send=False)
        self.clear_calls()
        (unmapped | new | unsent).action_exact_create_sales_entry()
        self.assertEqual((unmapped | new).mapped("exact_state"), ["failed", "failed"])
        self.assertFalse(self.calls())

    def test_document_that_cannot_go_costs_the_others_nothing(self):
        partner = self.customer()
        unmapped = self.invoice([(1, 10.0, self.tax(9))], partner=partner)
        good = self.invoice(partner=partner)
        self.clear_calls()
        (unmapped | good).action_exact_create_sales_entry()
        self.assertEqual(self.paths(), [("POST", ENTRIES)])

    def test_fourteen_documents_of_three_new_customers_cost_at_most_eighteen_calls(self):
        partners = [self.customer(known=False, name=f"Nieuw {n}") for n in range(3)]
        moves = self.env["account.move"].union(
            *(self.invoice(partner=partners[n % 3]) for n in range(14))
        )
        self.clear_calls()
        moves.action_exact_create_sales_entry()
        self.assertEqual(set(moves.mapped("exact_state")), {"done"})
        self.assertEqual(len(self.paths("GET", ACCOUNTS)), 1)
        self.assertEqual(len(self.paths("POST", ACCOUNTS)), 3)
        self.assertLessEqual(len(self.calls()), 18)

    def test_import_of_250_customers_costs_one_call_a_stream_and_unchanged_ones_no_more(self):
        """Relations, contact persons and, once there is something to lose, deletions: each a stream of its own."""
        self.reseed(250)
        self.connection.action_import_customers()
        self.cron("ir_cron_process_exchanges")
        run = self.connection.exchange_ids.filtered(lambda e: e.kind == "customer_import")
        self.assertEqual((run.state, run.created_count), ("done", 248), run.exact_message)
        streams = [("GET", "sync/CRM/Accounts"), ("GET", "sync/CRM/Contacts")]
        self.assertEqual(self.paths(), streams)
        self.clear_calls()
        self.connection.action_import_customers()
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(self.paths(), [*streams, ("GET", "sync/Deleted")])
        again = self.connection.exchange_ids.filtered(lambda e: e.kind == "customer_import") - run
        self.assertEqual((again.created_count, again.updated_count), (0, 0))
        self.clear_calls()
        self.connection.import_contacts = False
        self.connection.action_import_customers()
        self.cron("ir_cron_process_exchanges")
        self.assertNotIn(("GET", "sync/CRM/Contacts"), self.paths())

    def test_import_that_nobody_waits_for_costs_one_call_where_nothing_changed(self):
        """Contact persons and deletions are asked for once a day, and when Exact tells of one."""
        self.reseed(60)
        self.connection.import_customers = True

        def night():
            self.clear_calls()
            self.cron("ir_cron_import_customers")
            self.cron("ir_cron_process_exchanges")
            return self.paths()

        accounts = ("GET", "sync/CRM/Accounts")
        self.assertIn(("GET", "sync/CRM/Contacts"), night())
        self.assertEqual(night(), [accounts])
        # Exact told of a contact person since.
        event = (
            self.env["exact.webhook.event"]
            .sudo()
            .create(
                {
                    "connection_id": self.connection.id,
                    "topic": "Contacts",
                    "received_on": fields.Datetime.now() + timedelta(seconds=1),
                    "expires_on": fields.Datetime.now() + timedelta(days=1),
                    "digest": "1",
                }
            )
        )
        self.assertIn(("GET", "sync/CRM/Contacts"), night())
        event.unlink()
        self.assertEqual(night(), [accounts])
        # The next day
        with self.later(24 * 3600):
            self.assertIn(("GET", "sync/Deleted"), night())
        # A person who presses the button gets all.
        self.clear_calls()
        self.connection.action_import_customers()
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(len(self.paths()), 3)

    def test_paid_status_costs_by_what_changed_not_by_what_is_open(self):
        partner = self.customer()
        moves = self.env["account.move"].union(*(self.invoice(partner=partner) for _n in range(8)))
        moves.action_exact_create_sales_entry()
        self.cron("ir_cron_sync_payments")
        self.accountant("receive", entries=[{"entry": moves[0].exact_entry_id}])
        self.clear_calls()
        self.cron("ir_cron_sync_payments")
        self.assertEqual(
            moves[0].payment_state, self.env["account.move"]._get_invoice_in_payment_state()
        )
        self.assertLessEqual(len(self.calls()), 2)
        self.clear_calls()
        self.cron("ir_cron_sync_payments")
        self.assertEqual(len(self.calls()), 1)

    def queries(self, count, partner):
        """Queries that sending ``count`` documents takes, those of posting left out."""
        moves = self.env["account.move"].union(
            *(self.invoice(partner=partner) for _n in range(count))
        )
        exchanges = self.env["exact.exchange"]._enqueue_moves(self.connection, moves)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        exchanges._drive()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_queries_of_an_entry_do_not_grow_with_the_batch(self):
        partner = self.customer()
        self.queries(2, partner)
        small = self.queries(4, partner) / 4
        large = self.queries(16, partner) / 16
        self.assertLessEqual(large, small)

    def test_entry_of_a_known_customer_costs_at_most_23_queries(self):
        """Both commits empty the cache, so that each document is looked at twice: before its POST and after it.

        Before: lock and exchange, document, customer, Exact's limits, the claim with the document's state (9).
        After: lock and exchange, activities of an earlier failure, document, what Odoo wants of its journal and
        company, then exchange, document and the line in its chatter (9). The rest is the batch's.
        """
        partner = self.customer()
        self.queries(2, partner)
        self.assertLessEqual(self.queries(20, partner) / 20, 23)

    def test_burst_of_calls_looks_its_token_up_once(self):
        authorization = self.env.registry["exact.authorization"]
        get, asked = authorization._get_access_token, []

        def counted(this, rejected=None):
            asked.append(rejected)
            return get(this, rejected)

        with patch.object(authorization, "_get_access_token", counted):
            client = self.connection._get_client()
            for _n in range(3):
                client.me()
            self.assertEqual(asked, [None])
            # A while later, and after Exact has refused it, it is asked for again.
            with patch.object(exact_authorization, "TOKEN_HELD", -1.0):
                self.connection._get_client().me()
                self.connection._get_client().me()
        self.assertEqual(asked, [None] * 3)

    def test_document_is_read_alone_between_commits_and_not_with_its_batch(self):
        """Read along with every other one of the batch, it would cost the more the larger the batch is."""
        read = []
        fetch = self.env.registry["account.move"]._fetch_query

        def counted(this, query, fields):
            found = fetch(this, query, fields)
            if this._name == "account.move":
                read.append(len(found))
            return found

        partner = self.customer()
        with patch.object(self.env.registry["account.move"], "_fetch_query", counted):
            self.queries(8, partner)
        self.assertLessEqual(sum(size > 1 for size in read), 4, read)
