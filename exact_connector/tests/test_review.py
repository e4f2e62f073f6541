"""What must hold when something else goes wrong at the same time: faults, other books, other workers."""

from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..hooks import pre_init_hook
from .sending import SendCase

SETTLE = "odoo.addons.exact_connector.models.exact_exchange_settle"


@tagged("post_install", "-at_install")
class TestReview(SendCase):
    join_once = True

    def patched(self, model, name, replacement):
        return patch.object(self.env.registry[model], name, replacement)

    # === ONE BAD RECORD STOPS NO OTHER === #

    def test_document_that_cannot_be_worked_out_stops_no_other(self):
        bad, good = self.invoice(), self.invoice()
        original = self.env.registry["exact.mapper.sales.entry"]._resolve

        def resolve(mapper, move, connection):
            if move == bad:
                raise ZeroDivisionError("a tax of another add-on")
            return original(mapper, move, connection)

        with self.patched("exact.mapper.sales.entry", "_resolve", resolve), mute_logger(SETTLE):
            (bad | good).action_exact_create_sales_entry()
        self.assertEqual((bad.exact_state, good.exact_state), ("failed", "done"))
        self.assertIn("a tax of another add-on", bad.exact_exchange_ids.message)

    def test_r56_answer_that_odoo_cannot_keep_is_looked_up_and_never_sent_again(self):
        bad, good = self.invoice(), self.invoice()
        original = self.env.registry["exact.exchange"]._settle_sales_entry

        def settle(exchange, row, *rest):
            if exchange.move_id == bad:
                raise ValueError("refused by another add-on")
            return original(exchange, row, *rest)

        with (
            self.patched("exact.exchange", "_settle_sales_entry", settle),
            self.patched("exact.exchange", "_rollback", lambda exchange: None),
            mute_logger(SETTLE),
        ):
            (bad | good).action_exact_create_sales_entry()
        self.assertEqual((bad.exact_state, good.exact_state), ("unclear", "done"))
        self.make_due(self.exchange(bad))
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(bad.exact_state, "done")
        self.assertEqual(len(self.entries()), 2)

    def faulty(self, name):
        """A method of the exchange that always fails, in a test that cannot roll back."""

        def fail(_exchange, *_args):
            raise ValueError("refused by another add-on")

        return (
            self.patched("exact.exchange", name, fail),
            self.patched("exact.exchange", "_rollback", lambda exchange: None),
        )

    def test_r42_customer_that_odoo_cannot_link_stops_no_other_and_is_not_made_again(self):
        moves = self.invoice() | self.invoice(partner=self.customer(known=False, name="Rem BV"))
        fault, rollback = self.faulty("_adopt_account")
        with fault, rollback, mute_logger(SETTLE):
            moves.action_exact_create_sales_entry()
        self.assertEqual(moves.mapped("exact_state"), ["done", "waiting"])
        for exchange in moves[1].partner_id.exact_exchange_ids | self.exchange(moves[1]):
            self.make_due(exchange)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(moves.mapped("exact_state"), ["done", "done"])
        self.assertEqual(len(self.calls("POST", "crm/Accounts")), 1)

    def test_run_with_a_fault_fails_and_the_next_one_reads_on_from_the_same_place(self):
        fault, rollback = self.faulty("_import_page")
        run = self.env["exact.exchange"]._enqueue_run(self.connection, "customer_import")
        with fault, rollback, mute_logger(SETTLE):
            run._drive()
        self.assertEqual((run.state, self.connection.customer_cursor), ("failed", "1"))

    def test_run_that_met_another_writer_goes_on_at_once(self):
        """A manager saved the settings while a page was read."""
        run = self.env["exact.exchange"]._enqueue_run(self.connection, "payment_sync")
        with (
            self.patched("exact.exchange", "_work_payment_sync", self.meets_another),
            self.patched("exact.exchange", "_rollback", lambda _run: None),
        ):
            self.cron("ir_cron_process_exchanges")
        self.assertEqual(run.state, "pending")
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(run.state, "done")

    @staticmethod
    def meets_another(_run, _client):
        raise SerializationFailure

    def test_practice_server_switched_off_stops_no_other_connection(self):
        move = self.invoice()
        self.env["ir.config_parameter"].set_param("exact_connector.practice_url", False)
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "waiting")
        self.assertTrue(self.exchange(move).retry_at)

    def test_run_whose_time_is_up_leaves_the_rest_to_the_next_one(self):
        moves = self.invoice() | self.invoice()

        def commit(exchange, *_args, **_kwargs):
            exchange.env.flush_all()
            exchange.env.invalidate_all()
            return 0

        with self.patched("exact.exchange", "_commit", commit):
            moves.action_exact_create_sales_entry()
        self.assertEqual(sorted(moves.mapped("exact_state")), ["done", "pending"])
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(moves.mapped("exact_state"), ["done", "done"])

    def test_pattern_of_a_cause_that_cannot_be_read_is_refused(self):
        with self.assertRaises(ValidationError):
            self.env.ref("exact_connector.cause_period_closed").pattern = "Periode ("

    # === OTHER WORKERS === #

    def test_r42_customer_made_by_another_worker_since_the_look_up_is_not_made_again(self):
        partner = self.customer(known=False, name="Twee Werkers BV")
        exchange = self.env["exact.exchange"].sudo()._enqueue_partners(self.connection, partner)
        exchange = exchange.sudo()
        client = self.connection._get_client()
        for values in ({"state": "done"}, {"state": "pending", "attempts": 1}):
            exchange.write(values)
            exchange._drive_account(client, [], 0)
        self.assertFalse(self.calls("POST"))

    def test_document_changed_since_it_was_resolved_is_resolved_again(self):
        move = self.invoice()
        exchange = self.env["exact.exchange"].sudo()._enqueue_moves(self.connection, move).sudo()
        stale = self.env["exact.mapper.sales.entry"]._resolve(move, self.connection)
        stale.stamp = move.write_date - timedelta(seconds=1)
        stale.lines[0].net *= 2
        exchange._drive_sales_entry(self.connection._get_client(), stale)
        self.assertEqual(move.exact_state, "done")

    # === WAITING === #

    def test_first_outage_waits_a_minute_also_before_the_first_attempt(self):
        move = self.invoice(partner=self.customer(known=False, name="Storing BV"))
        self.fault("status", method="GET", path="crm/Accounts", status=503)
        move.action_exact_create_sales_entry()
        wait = self.exchange(move).retry_at - fields.Datetime.now()
        self.assertLess(wait, timedelta(minutes=2))

    def test_each_cause_of_waiting_stands_once_in_the_chatter(self):
        move = self.invoice()
        self.connection.sudo().budget_ids.hold_until = "2999-01-01"
        self.env.flush_all()
        for _again in range(3):
            move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "waiting")
        self.assertEqual(self.chatter(move).count("Waits to go to Exact"), 1)

    def test_r56_unclear_document_stays_unclear_while_not_connected_and_goes_on_after(self):
        move = self.invoice()
        self.fault("drop_after")
        move.action_exact_create_sales_entry()
        authorization = self.connection.authorization_id
        authorization.action_disconnect()
        self.make_due(self.exchange(move))
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(move.exact_state, "unclear", "it may be booked: not to be cancelled")
        self.connection._after_connect(authorization._connect(self.grant()))
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(move.exact_state, "done")
        self.assertEqual(len(self.entries()), 1)

    def test_what_waited_for_a_division_goes_on_when_it_is_chosen(self):
        division = self.connection.division_id
        self.connection.division_id = False
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "waiting")
        self.connection.division_id = division
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(move.exact_state, "done", move.exact_message)

    def test_message_of_a_scheduled_run_is_in_the_language_of_who_asked(self):
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection, self.invoice())
        self.env["res.lang"]._activate_lang("nl_NL")
        self.env.user.lang = "nl_NL"
        scheduled = exchange.with_context(lang=None)
        self.assertEqual(scheduled._get_lang(), "nl_NL")
        self.assertEqual(exchange.with_context(lang="en_US")._get_lang(), "en_US")

    # === OTHER BOOKS === #

    def test_links_of_customers_are_dropped_when_the_division_becomes_another_one(self):
        partner = self.customer()
        self.connection.division_id = False
        self.assertTrue(partner.exact_account_id, "no other books yet")
        divisions = self.connection.authorization_id.division_ids
        self.connection.division_id = divisions.filtered(lambda d: d.code == 1001)
        self.assertTrue(partner.exact_account_id, "the same books again")
        self.connection.division_id = divisions.filtered(lambda d: d.code == 1002)
        self.assertFalse(partner.exact_account_id)

    def test_links_of_customers_stay_when_another_user_connects_to_the_same_books(self):
        partner = self.customer()
        other = self.connection.authorization_id.copy({"client_id": "x"})
        twin = self.connection.division_id.copy({"authorization_id": other.id})
        self.connection.write({"authorization_id": other.id, "division_id": twin.id})
        self.assertTrue(partner.exact_account_id)

    def test_r42_customer_that_lost_its_link_is_looked_up_again(self):
        partner = self.customer(known=False, name="Los BV")
        self.invoice(partner=partner).action_exact_create_sales_entry()
        account = partner.exact_account_id
        self.assertTrue(account)
        partner.exact_account_id = False
        move = self.invoice(partner=partner)
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(partner.exact_account_id, account)

    # === MONEY === #

    def test_r33_paid_in_exact_is_paid_where_full_accounting_is_installed(self):
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.accountant("receive", entries=[{"entry": move.exact_entry_id}])
        with self.patched("account.move", "_get_invoice_in_payment_state", lambda m: "in_payment"):
            self.cron("ir_cron_sync_payments")
            self.assertEqual((move.payment_state, move.amount_residual), ("paid", 0))
            move.action_exact_refresh_payment()
        settled = self.env["account.move"].search([("exact_settled_move_id", "=", move.id)])
        self.assertEqual((len(settled), settled.state), (1, "posted"))

    def test_r33_entry_without_a_number_is_asked_for_by_its_reference(self):
        move = self.invoice()
        move.action_exact_create_sales_entry()
        move.exact_entry_number = False
        entry = {"entry": move.exact_entry_id, "amount": 21}
        self.accountant("receive", entries=[entry])
        self.cron("ir_cron_sync_payments")
        self.assertEqual(move.amount_residual, 100)

    def test_rate_of_a_small_currency_keeps_its_digits(self):
        currency = self.env.ref("base.IDR")
        currency.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "company_id": self.company.id, "rate": 17513.1}
        )
        self.connection.sale_journal_id = self.exact("journal", "72")
        move = self.invoice([(1, 1000000, self.tax_21)], currency_id=currency.id)
        mapper = self.env["exact.mapper.sales.entry"]
        resolution = mapper._resolve(move, self.connection)
        rate = mapper._exact_values(move, resolution, "x")["Rate"]
        self.assertAlmostEqual(float(rate) * 17513.1, 1, 6)

    # === INSTALLING === #

    def test_installing_fills_the_status_of_documents_that_are_there(self):
        move, entry = self.invoice(), self.env["account.move"].create({"move_type": "entry"})
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move SET exact_state = NULL")
        pre_init_hook(self.env)
        self.env.invalidate_all()
        self.assertEqual((move.exact_state, entry.exact_state), ("not_sent", False))
        self.assertTrue(move.exact_can_create)
