"""Paid in Exact becomes settled in Odoo's books, once, in full or in part (R32-R35)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models import exact_exchange_payment
from .sending import SendCase


@tagged("post_install", "-at_install")
class TestPayment(SendCase):
    join_once = True

    def setUp(self):
        super().setUp()
        self.partner = self.customer()
        self.paid = self.env["account.move"]._get_invoice_in_payment_state()

    def sent(self, amount=100.0, **values):
        """A document that is in Exact."""
        return super().sent([(1, amount, self.tax_21)], partner=self.partner, **values)

    def receive(self, *parts, **values):
        """Money comes in at Exact: (document, amount or None) each."""
        entries = []
        for move, amount in parts:
            entry = {"entry": move.exact_entry_id}
            entries.append({**entry, "amount": amount} if amount else entry)
        return self.accountant("receive", entries=entries, **values)

    def sync(self):
        self.cron("ir_cron_sync_payments")

    def settlements(self, move=None):
        domain = [("exact_settled_move_id", "=", move.id if move else False)]
        if not move:
            domain = [("exact_settled_move_id", "!=", False)]
        return self.env["account.move"].search(domain)

    # === FULL AND PARTIAL (R33) === #

    def test_r33_paid_in_exact_is_paid_in_odoo_with_amount_and_date(self):
        for option in ("shrink", "split"):
            with self.subTest(option):
                self.option(partial=option)
                move, other = self.sent(), self.sent()
                day = fields.Date.today() - timedelta(days=0)
                self.receive((move, None), date=str(day))
                self.sync()
                self.assertEqual((move.payment_state, move.amount_residual), (self.paid, 0))
                self.assertEqual(other.payment_state, "not_paid")
                settlement = self.settlements(move)
                self.assertEqual((len(settlement), settlement.date), (1, day))
                self.assertEqual(settlement.amount_total, 121.0)
                self.assertEqual(settlement.journal_id, self.connection.settlement_journal_id)
                self.assertIn("121.0", self.chatter(move))

    def test_r33_date_is_the_day_of_payment_in_exact_not_of_reading(self):
        move = self.sent(invoice_date=fields.Date.today() - timedelta(days=20))
        day = fields.Date.today() - timedelta(days=10)
        self.receive((move, None), date=str(day))
        self.sync()
        self.assertEqual(self.settlements(move).date, day)

    def partly(self, option):
        self.option(partial=option)
        move = self.sent()
        self.receive((move, 40))
        self.sync()
        self.assertEqual((move.payment_state, move.amount_residual), ("partial", 81.0))
        self.sync()
        self.assertEqual(move.amount_residual, 81.0)
        self.receive((move, 31))
        self.sync()
        self.assertEqual((move.payment_state, move.amount_residual), ("partial", 50.0))
        self.receive((move, None))
        self.sync()
        self.assertEqual((move.payment_state, move.amount_residual), (self.paid, 0))
        self.assertEqual(sorted(self.settlements(move).mapped("amount_total")), [31, 40, 50])

    def test_r33_paid_in_parts_where_the_row_shrinks(self):
        self.partly("shrink")

    def test_r33_paid_in_parts_where_the_row_is_split(self):
        self.partly("split")

    def test_r33_paid_in_parts_between_two_looks_is_settled_whole(self):
        for option in ("shrink", "split"):
            with self.subTest(option):
                self.option(partial=option)
                move = self.sent()
                self.receive((move, 40))
                self.receive((move, 81))
                self.sync()
                self.assertEqual(move.payment_state, self.paid)

    def test_r33_one_receipt_for_several_documents_settles_each(self):
        one, two, three = self.sent(100.0), self.sent(200.0), self.sent(300.0)
        self.receive((one, None), (two, None), (three, 63))
        self.sync()
        self.assertEqual((one | two).mapped("payment_state"), [self.paid, self.paid])
        self.assertEqual((three.payment_state, three.amount_residual), ("partial", 300.0))
        self.assertEqual(
            [self.settlements(move).amount_total for move in (one, two, three)], [121, 242, 63]
        )

    def test_r33_two_instalments_are_paid_one_by_one(self):
        move = self.sent()
        # Sent with one due date (R24); the accountant agrees on two instalments afterwards.
        self.connection._get_client().update(
            "salesentry/SalesEntries", move.exact_entry_id, {"PaymentCondition": "2T"}
        )
        self.receive((move, 60.5))
        self.sync()
        self.assertEqual(move.amount_residual, 60.5)
        self.receive((move, None))
        self.sync()
        self.assertEqual(move.payment_state, self.paid)

    def test_r33_credit_note_becomes_paid(self):
        refund = self.sent(move_type="out_refund")
        self.receive((refund, None))
        self.sync()
        self.assertEqual((refund.payment_state, refund.amount_residual), (self.paid, 0))
        payment = self.settlements(refund).origin_payment_id
        self.assertEqual((payment.payment_type, payment.amount), ("outbound", 121.0))

    def test_r33_invoice_matched_with_a_credit_note_becomes_paid(self):
        move, refund = self.sent(), self.sent(move_type="out_refund")
        self.accountant("match", entries=[move.exact_entry_id, refund.exact_entry_id])
        self.sync()
        self.assertEqual((move | refund).mapped("amount_residual"), [0, 0])

    def test_r33_foreign_currency_is_settled_in_its_own(self):
        usd = self.env.ref("base.USD")
        usd.active = True
        self.env["res.currency.rate"].create(
            {
                "name": "2020-01-01",
                "rate": 1.25,
                "currency_id": usd.id,
                "company_id": self.company.id,
            }
        )
        move = self.sent(currency_id=usd.id)
        self.receive((move, 21))
        self.sync()
        self.assertEqual((move.payment_state, move.amount_residual), ("partial", 100.0))
        self.receive((move, None))
        self.sync()
        self.assertEqual((move.payment_state, move.amount_residual), (self.paid, 0))
        self.assertEqual(self.settlements(move).currency_id, usd)

    def test_r33_equal_entry_numbers_in_two_journals_do_not_mix(self):
        """Entry numbers are unique within a journal only; a partly paid invoice must not see its namesake."""
        one = self.sent(100.0)
        other = self.sent(300.0, move_type="out_refund")
        rows = self.division.tables["read/financial/ReceivablesList"].rows
        row = next(r for r in rows.values() if str(r["EntryNumber"]) == other.exact_entry_number)
        row["EntryNumber"] = int(one.exact_entry_number)
        self.receive((one, 21))
        self.sync()
        self.assertEqual((one.payment_state, one.amount_residual), ("partial", 100.0))

    def test_r33_partly_paid_is_not_settled_whole_where_exact_shows_another_reference(self):
        """Somebody changed Your Reference in Exact, or moved the entry to another relation: it is still open there."""
        for name, value in (("YourRef", "PO 4711"), ("AccountId", self.account_row("2")["ID"])):
            with self.subTest(name):
                move = self.sent(100.0)
                self.receive((move, 21))
                rows = self.division.tables["read/financial/ReceivablesList"].rows
                row = next(
                    r for r in rows.values() if str(r["EntryNumber"]) == move.exact_entry_number
                )
                row[name] = value
                self.sync()
                self.assertEqual((move.payment_state, move.amount_residual), ("partial", 100.0))

    # === ONCE (R32, R35) === #

    def test_r32_run_twice_nothing_is_booked_twice(self):
        move = self.sent()
        self.receive((move, None))
        self.sync()
        self.sync()
        self.connection.payment_cursor = "1"
        self.sync()
        self.assertEqual(len(self.settlements()), 1)

    def test_r32_paid_status_comes_without_automatic_sending(self):
        self.assertFalse(self.connection.auto_send)
        self.assertTrue(self.env.ref("exact_connector.ir_cron_sync_payments").active)
        move = self.sent()
        self.receive((move, None))
        self.sync()
        self.assertEqual(move.payment_state, self.paid)

    def test_r32_payment_of_a_document_that_somebody_held_comes_with_the_next_run(self):
        held, other = self.sent(), self.sent()
        self.receive((held, None))
        self.receive((other, None))
        moves = type(held)
        original = moves.try_lock_for_update

        def lock(records, **options):
            return original(records - held, **options)

        with patch.object(moves, "try_lock_for_update", lock):
            self.sync()
        self.assertEqual((held.payment_state, other.payment_state), ("not_paid", self.paid))
        self.sync()
        self.assertEqual(held.payment_state, self.paid)
        self.assertEqual((len(self.settlements(held)), len(self.settlements(other))), (1, 1))

    def test_r32_payment_since_a_day_of_a_document_that_somebody_held_comes_with_the_next_run(self):
        held = self.sent()
        self.receive((held, None))
        self.connection.payment_cursor = "999999999999"  # it has passed that payment
        moves = type(held)
        with patch.object(moves, "try_lock_for_update", lambda records, **_options: records[:0]):
            self.connection._refresh_payments_since(held.invoice_date)
            self.cron("ir_cron_process_exchanges")
        self.assertEqual(held.payment_state, "not_paid")
        self.sync()
        self.assertEqual(held.payment_state, self.paid)

    def test_r32_nothing_changed_books_nothing(self):
        move = self.sent()
        self.sync()
        self.assertEqual(move.payment_state, "not_paid")
        self.assertFalse(self.settlements())
        self.assertFalse(self.connection.settlement_journal_id)

    def test_r35_paid_stays_paid_when_exact_undoes_the_matching(self):
        move = self.sent()
        self.receive((move, None))
        self.sync()
        self.accountant("unmatch", entry=move.exact_entry_id)
        self.sync()
        self.assertEqual(move.payment_state, self.paid)
        move.action_exact_refresh_payment()
        self.assertEqual(move.payment_state, self.paid)
        self.assertEqual(len(self.settlements()), 1)

    def test_r35_reopened_by_hand_it_stays_open_while_exact_says_open_too(self):
        move = self.sent()
        self.receive((move, None))
        self.sync()
        self.accountant("unmatch", entry=move.exact_entry_id)
        move.line_ids.remove_move_reconcile()
        self.sync()
        self.assertEqual(move.payment_state, "not_paid")

    def register(self, move, amount):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"amount": amount, "payment_difference_handling": "open"}).action_create_payments()

    def test_payment_registered_in_odoo_already_is_not_booked_again(self):
        move, part = self.sent(), self.sent()
        self.register(move, 121.0)
        self.register(part, 21.0)
        residual = part.amount_residual
        self.receive((move, None))
        self.receive((part, 21))
        self.sync()
        self.assertFalse(self.settlements(move))
        self.assertFalse(self.settlements(part))
        self.assertEqual(part.amount_residual, residual)
        self.receive((part, None))
        self.sync()
        self.assertEqual(self.settlements(part).amount_total, 100.0)

    def test_lock_date_moves_the_settlement_to_the_first_open_day(self):
        move = self.sent(invoice_date=fields.Date.today() - timedelta(days=20))
        self.receive((move, None), date=str(fields.Date.today() - timedelta(days=10)))
        self.company.fiscalyear_lock_date = fields.Date.today() - timedelta(days=5)
        self.sync()
        self.assertEqual(move.payment_state, self.paid)
        self.assertEqual(self.settlements(move).date, fields.Date.today() - timedelta(days=4))

    def test_document_that_cannot_be_settled_holds_up_no_other(self):
        original = type(self.sent())._exact_settle_all
        for fault in (UserError("Locked by the office."), ValueError("A fault of another add-on.")):
            bad, good = self.sent(), self.sent()
            self.receive((bad, None))
            self.receive((good, None))

            def refuse(moves, connection, due, bad=bad, fault=fault):
                if bad in due:
                    raise fault
                return original(moves, connection, due)

            with (
                patch.object(type(bad), "_exact_settle_all", refuse),
                patch.object(exact_exchange_payment, "_logger"),
            ):
                self.sync()
            self.assertEqual(good.payment_state, self.paid)
            run = self.connection.exchange_ids.filtered(lambda e: e.kind == "payment_sync")[:1]
            self.assertEqual(run.state, "done")
            self.assertIn(str(fault), f"{run.message}{run.problem_ids.mapped('message')}")

    # === OTHERS AT WORK === #

    def ask_then(self, *then):
        """As Exact is asked what is open: ``then`` happens after each answer in turn."""
        model = self.env.registry["exact.exchange"]
        ask, rest = model._ask_remaining, list(then)

        def asked(exchanges, client, moves):
            answer = ask(exchanges, client, moves)
            if moves and rest:
                rest.pop(0)()
            return answer

        return patch.object(model, "_ask_remaining", asked)

    def test_r32_no_document_is_held_while_exact_is_asked(self):
        move, order = self.sent(), []
        self.receive((move, 21))
        lock = type(move).try_lock_for_update

        def locked(records, **options):
            order.append("lock")
            return lock(records, **options)

        with (
            self.ask_then(lambda: order.append("asked")),
            patch.object(type(move), "try_lock_for_update", locked),
        ):
            self.sync()
        self.assertEqual(order, ["asked", "lock"])
        self.assertEqual(move.amount_residual, 100)

    def test_r35_answer_older_than_a_payment_read_since_reopens_nothing(self):
        """Two workers: what the first was told is not true any more when the second has settled the rest."""
        move = self.sent()
        self.receive((move, 21))

        def other_worker():
            self.receive((move, None))
            move.action_exact_refresh_payment()
            self.assertEqual(move.payment_state, self.paid)

        with self.ask_then(other_worker):
            self.sync()
        self.assertFalse(move.exact_reopened_amount)
        self.sync()
        self.assertFalse(move.exact_reopened_amount)
        self.assertEqual((move.payment_state, move.amount_residual), (self.paid, 0))

    def test_r32_paid_status_since_a_day_that_is_asked_for_during_a_run_is_not_forgotten(self):
        before, during = self.sent(), self.sent()
        self.receive((before, None))
        self.connection.payment_cursor = "999999999999"
        self.receive((during, None))
        model = self.env.registry["exact.exchange"]
        settle = model._settle_answers

        def meanwhile(exchange, *args):
            # Somebody asks while the pages are read: there is a run already, and it is the one at work.
            exchange.filtered(lambda e: not e.updated_count).paid_since = before.invoice_date
            return settle(exchange, *args)

        self.connection.payment_cursor = "1"
        with patch.object(model, "_settle_answers", meanwhile):
            self.sync()
        run = self.connection.exchange_ids.filtered(lambda e: e.kind == "payment_sync")[:1]
        self.assertEqual((run.state, run.paid_since), ("done", False))

    # === NOW, AND WHERE === #

    def test_r32_refresh_now_on_the_document(self):
        move, other = self.sent(), self.sent()
        self.receive((move, None))
        self.receive((other, None))
        cursor = self.connection.payment_cursor
        answer = move.action_exact_refresh_payment()
        self.assertEqual(move.payment_state, self.paid)
        self.assertEqual(other.payment_state, "not_paid", "only what was asked for")
        self.assertEqual(self.connection.payment_cursor, cursor)
        self.assertIn(move.name, answer["params"]["message"])
        self.sync()
        self.assertEqual(other.payment_state, self.paid)
        self.assertEqual(len(self.settlements(move)), 1)

    def test_r32_refresh_now_on_the_connection(self):
        move = self.sent()
        self.receive((move, None))
        self.connection.action_refresh_payments()
        self.assertEqual(move.payment_state, self.paid)

    def test_refresh_now_of_what_is_not_paid_says_so(self):
        move = self.sent()
        answer = move.action_exact_refresh_payment()
        self.assertEqual(move.payment_state, "not_paid")
        self.assertIn("Nothing was paid", answer["params"]["message"])

    def test_settlement_journal_is_made_once(self):
        one, two = self.sent(), self.sent()
        self.receive((one, None))
        self.sync()
        journal = self.connection.settlement_journal_id
        self.assertEqual((journal.type, journal.company_id), ("bank", self.company))
        self.receive((two, None))
        self.sync()
        self.assertEqual(self.connection.settlement_journal_id, journal)
        self.assertEqual(
            self.env["account.journal"].search_count(
                [("code", "=like", "EXACT%"), ("company_id", "=", self.company.id)]
            ),
            1,
        )

    def test_failing_page_moves_no_cursor(self):
        move = self.sent()
        self.receive((move, None))
        cursor = self.connection.payment_cursor
        self.fault("status", method="GET", path="sync/Cashflow/PaymentTerms", status=503)
        self.sync()
        self.assertEqual(self.connection.payment_cursor, cursor)
        self.assertEqual(move.payment_state, "not_paid")
        run = self.connection.exchange_ids.filtered(lambda e: e.kind == "payment_sync")
        self.assertEqual(run.state, "waiting")
        self.make_due(run)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(move.payment_state, self.paid)
