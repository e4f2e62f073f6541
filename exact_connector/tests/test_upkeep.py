"""Cleared away by rule, guarded where something is not settled, and quick with thousands of exchanges."""

import runpy
from datetime import timedelta
from pathlib import Path

from odoo import fields
from odoo.exceptions import UserError
from odoo.modules.module import get_module_path
from odoo.tests import TransactionCase, tagged

from ..models import exact_upkeep
from .sending import SendCase

LONG_AGO = timedelta(days=3 * 365)


@tagged("post_install", "-at_install")
class TestClearing(SendCase):
    join_once = True

    def setUp(self):
        super().setUp()
        self.long_ago = fields.Datetime.now() - LONG_AGO
        self.partner = self.customer()

    def exchanges(self, count, kind="payment_sync", **values):
        values = {"state": "done", "done_on": self.long_ago, "kind": kind, **values}
        return (
            self.env["exact.exchange"]
            .sudo()
            .create([{"connection_id": self.connection.id, **values} for _number in range(count)])
        )

    def clear(self):
        exchanges = self.env["exact.exchange"].sudo()
        return exchanges._gc_log(), exchanges._gc_sent_lines()

    def test_old_runs_and_customers_are_cleared_away_the_last_run_stays(self):
        runs = self.exchanges(3) | self.exchanges(2, "customer_import")
        account = self.exchanges(1, "account", partner_id=self.partner.id)
        young = self.exchanges(1, done_on=fields.Datetime.now())
        sync = (
            self.env["exact.sync.run"]
            .sudo()
            .create(
                {
                    "connection_id": self.connection.id,
                    "user_id": self.env.uid,
                    "state": "done",
                    "done_on": self.long_ago,
                    "payment_exchange_id": runs[0].id,
                }
            )
        )
        (done, more), _lines = self.clear()
        self.assertEqual((done, more), (3 + 1 + 1 + 1, False))
        self.assertEqual((runs | young).exists(), runs[4] | young)
        self.assertFalse(account.exists() or sync.exists())

    def test_what_is_not_settled_is_never_cleared_away(self):
        states = ("pending", "sending", "waiting", "unclear", "failed", "cancelled")
        kept = self.env["exact.exchange"].union(
            *(self.exchanges(1, "account_update", state=state) for state in states)
        )
        self.clear()
        self.assertEqual(kept.exists(), kept)

    def test_lines_of_a_paid_document_go_its_references_stay_and_it_can_still_be_compared(self):
        paid, unpaid = self.sent(partner=self.partner), self.sent(partner=self.partner)
        both = (self.exchange(paid) | self.exchange(unpaid)).sudo()
        both.done_on = self.long_ago
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.ids
        ).create({})._create_payments()
        self.assertIn(paid.payment_state, ("paid", "in_payment"))
        if paid.payment_state != "paid":
            paid.payment_state = "paid"
        before = {**self.exchange(paid).payload}
        self.assertEqual(self.clear()[1], (1, False))
        after = self.exchange(paid).payload
        self.assertEqual(after["SalesEntryLines"], [])
        self.assertEqual({**after, "SalesEntryLines": 0}, {**before, "SalesEntryLines": 0})
        self.assertTrue(self.exchange(unpaid).payload["SalesEntryLines"])
        self.assertEqual(self.clear()[1], (0, False), "once only")
        # Lost in Odoo, it is found again by what was kept.
        paid.sudo().write({"exact_entry_id": False, "exact_entry_number": False})
        self.exchange(paid).sudo().state = "failed"
        self.clear_calls()
        self.exchange(paid).action_retry()
        self.assertEqual(paid.exact_state, "done", paid.exact_message)
        self.assertFalse(self.calls("POST"))

    def test_zero_months_keep_all_and_below_zero_is_refused(self):
        self.connection.keep_months = 0
        runs = self.exchanges(3)
        self.assertEqual(self.clear(), ((0, False), (0, False)))
        self.assertEqual(runs.exists(), runs)
        with self.assertRaises(UserError):
            self.connection.keep_months = -1

    def test_settings_show_and_keep_the_months(self):
        settings = self.env["res.config.settings"].sudo().create({})
        self.assertEqual(settings.exact_keep_months, 24)
        settings.exact_keep_months = 0
        settings.execute()
        self.assertEqual(self.connection.keep_months, 0)

    def test_it_goes_in_batches(self):
        self.patch(exact_upkeep, "BATCH", 2)
        runs = self.exchanges(4)
        self.assertEqual(self.env["exact.exchange"].sudo()._gc_log(), (2, True))
        self.assertEqual(self.env["exact.exchange"].sudo()._gc_log(), (1, False))
        self.assertEqual(runs.exists(), runs[3])

    # === CONNECTION === #

    def test_connection_with_something_unsettled_is_not_deleted(self):
        move = self.invoice(partner=self.partner)
        self.fault("drop_after")
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "unclear")
        with self.assertRaisesRegex(UserError, "archive the connection"):
            self.connection.unlink()
        self.assertTrue(self.exchange(move))
        # Settled, it can go, and the document keeps its number.
        with self.later(120):
            self.exchange(move).action_retry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        number = move.exact_entry_number
        self.connection.unlink()
        self.assertFalse(self.exchange(move))
        self.assertEqual((move.exact_entry_number, move.state), (number, "posted"))

    def test_what_was_sent_before_the_add_on_was_taken_out_is_found_not_booked_again(self):
        partner = self.customer(known=False, name="Herstel B.V.", vat="NL123456782B90")
        move = self.sent(partner=partner)
        number = move.exact_entry_number
        # As it is after taking out and putting in again
        exchanges = self.exchange(move) | self.env["exact.exchange"].search(
            [("partner_id", "=", partner.id)]
        )
        exchanges.sudo().unlink()
        move.sudo().write({"exact_entry_id": False, "exact_entry_number": False})
        partner.with_company(self.company).sudo().write(
            {"exact_account_id": False, "exact_account_code": False}
        )
        self.env["ir.config_parameter"].set_param(
            "exact_connector.taken_out_on",
            fields.Datetime.to_string(fields.Datetime.now() + timedelta(minutes=1)),
        )
        move.action_exact_create_sales_entry()
        self.assertEqual((move.exact_state, move.exact_entry_number), ("done", number))
        self.assertFalse(self.calls("POST"))

    # === FIVE THOUSAND === #

    def many(self, count, run=None):
        """So many failed exchanges of documents of their own with a problem each, cheap to make."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            WITH made AS (
                INSERT INTO exact_exchange
                       (connection_id, company_id, kind, state, user_id, cause_id, message, create_date)
                SELECT %(connection)s, %(company)s, 'payment_sync', 'failed', %(user)s, %(cause)s, 'x', now()
                  FROM generate_series(1, %(count)s)
                RETURNING id
            ), problems AS (
                INSERT INTO exact_exchange_problem
                       (exchange_id, company_id, cause_id, message, res_model, res_id)
                SELECT id, %(company)s, %(cause)s, 'x', 'account.tax', %(tax)s - id %% 2 FROM made
            )
            SELECT array_agg(id) FROM made
            """,
            {
                "connection": self.connection.id,
                "company": self.company.id,
                "user": self.env.uid,
                "cause": self.env.ref("exact_connector.cause_tax_unmapped").id,
                "count": count,
                "tax": self.tax_21.id,
            },
        )
        ids = self.env.cr.fetchone()[0]
        if run:
            self.env.cr.execute(
                "INSERT INTO exact_exchange_exact_sync_run_rel (exact_exchange_id, exact_sync_run_id) "
                "SELECT unnest(%s), %s",
                [ids, run.id],
            )
        self.env.invalidate_all()
        return ids

    def queries(self, model, view_type="list", limit=80, **kwargs):
        """Queries that a list takes, and what it shows."""
        view = self.env[model].get_view(view_type=view_type)
        specification = {
            name: {} for name in view["models"][model] if name in self.env[model]._fields
        }
        for name in specification:
            if self.env[model]._fields[name].type == "many2one":
                specification[name] = {"fields": {"display_name": {}}}
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        found = self.env[model].web_search_read([], specification, limit=limit, **kwargs)
        return self.env.cr.sql_log_count - before, found

    def test_lists_take_as_many_queries_for_five_thousand_as_for_a_few(self):
        run = (
            self.env["exact.sync.run"]
            .sudo()
            .create({"connection_id": self.connection.id, "user_id": self.env.uid, "state": "done"})
        )
        self.many(2, run)
        models = (
            "exact.exchange",
            "exact.exchange.problem",
            "exact.mend",
            "exact.sync.run",
            "exact.connection",
        )
        for model in models:
            self.queries(model)  # what is cached once for all
        few = {model: self.queries(model)[0] for model in models}
        self.many(5000, run)
        many = {model: self.queries(model)[0] for model in models}
        for model in models:
            with self.subTest(model=model):
                self.assertLessEqual(many[model], few[model] + 2)
        run.invalidate_recordset()
        with self.assertQueryCount(8):
            self.assertEqual((run.failed_count, run.total_count), (5002, 5002))
        self.assertLessEqual(many["exact.sync.run"], 30)

    def test_what_is_to_mend_is_grouped_in_one_query(self):
        self.many(5000)
        groups = self.env["exact.mend"]
        groups.search([])
        with self.assertQueryCount(3):
            rows = groups.search([])
            self.assertEqual(sum(rows.mapped("stopped_count")), 5000)
        self.assertEqual(len(rows), 2)


@tagged("post_install", "-at_install")
class TestMigration(TransactionCase):
    def test_release_without_invoices_made_in_exact_gets_its_routes_in_one_statement(self):
        """The first installations had neither route nor months to keep; the way of a release is in tests/upgrade."""
        script = Path(get_module_path("exact_connector"), "migrations/19.0.1.1.0/pre-migrate.py")
        moves = self.env["account.move"].create(
            [{"move_type": kind} for kind in ("out_invoice", "out_refund", "entry")]
        )
        self.env.flush_all()
        cr = self.env.cr
        cr.execute("ALTER TABLE account_move DROP COLUMN exact_route")
        cr.execute("ALTER TABLE exact_connection DROP COLUMN keep_months")
        migrate = runpy.run_path(str(script))["migrate"]
        for version in ("", "19.0.1.0.0", "19.0.1.0.0"):
            migrate(cr, version)
        cr.execute(
            "SELECT exact_route FROM account_move WHERE id IN %s ORDER BY id", [tuple(moves.ids)]
        )
        self.assertEqual(cr.fetchall(), [("entry",), ("entry",), (None,)])
        cr.execute(
            "SELECT column_default FROM information_schema.columns "
            "WHERE table_name = 'exact_connection' AND column_name = 'keep_months'"
        )
        self.assertEqual(cr.fetchone(), (None,), "whoever connects anew has the usual months")
