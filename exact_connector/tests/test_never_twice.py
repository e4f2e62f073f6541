"""Never twice (R56): a second click, a second worker, an answer that was lost; and never unequal (R57)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..client import ExactClient, LimitError
from ..client.limits import utc_now
from .common import post
from .sending import ACCOUNTS, ENTRIES, SendCase


@tagged("post_install", "-at_install")
class TestNeverTwice(SendCase):
    join_once = True

    def test_r56_second_click_sends_nothing(self):
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.clear_calls()
        answer = move.action_exact_create_sales_entry()
        self.assertFalse(self.calls())
        self.assertIn(move.exact_entry_number, answer["params"]["message"])
        self.exchange(move).action_retry()
        self.assertFalse(self.calls())
        self.assertEqual(len(self.entries()), 1)

    def test_r56_a_document_has_one_exchange_however_often_it_is_queued(self):
        move = self.invoice()
        first = self.env["exact.exchange"]._enqueue_moves(self.connection, move)
        second = self.env["exact.exchange"]._enqueue_moves(self.connection, move)
        self.assertEqual(first, second)
        (first | second)._drive()
        second._drive()
        self.assertEqual(len(self.entries()), 1)

    def test_r56_exchange_of_a_dead_worker_is_looked_up_and_adopted(self):
        """Booked by a worker that died before it could note the answer."""
        move = self.invoice()
        move.action_exact_create_sales_entry()
        number = move.exact_entry_number
        exchange = self.exchange(move)
        move.write({"exact_entry_id": False, "exact_entry_number": False, "exact_sent_on": False})
        exchange.sudo().write(
            {
                "state": "sending",
                "exact_id": False,
                "started_on": fields.Datetime.now() - timedelta(minutes=3),
            }
        )
        self.clear_calls()
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(self.paths(path=ENTRIES), [("GET", ENTRIES)])
        self.assertEqual((exchange.state, move.exact_entry_number), ("done", number))
        self.assertEqual(len(self.entries()), 1)
        self.assertIn("adopted", self.chatter(move))

    def test_r56_exchange_of_a_worker_that_died_before_booking_is_sent_once(self):
        move = self.invoice()
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection, move)
        exchange.sudo().write(
            {
                "state": "sending",
                "attempts": 1,
                "started_on": fields.Datetime.now() - timedelta(minutes=3),
            }
        )
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(self.paths(), [("GET", ENTRIES), ("POST", ENTRIES)])
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(len(self.entries()), 1)

    def test_r56_exchange_of_a_living_worker_is_left_alone(self):
        move = self.invoice()
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection, move)
        exchange.sudo().write(
            {"state": "sending", "attempts": 1, "started_on": fields.Datetime.now()}
        )
        self.clear_calls()
        self.cron("ir_cron_process_exchanges")
        self.assertFalse(self.calls())
        self.assertEqual(exchange.state, "sending")

    def lose_answer(self, kind, booked, **values):
        """Send one document while its answer gets lost; what the next run makes of it."""
        move = self.invoice()
        self.fault(kind, **values)
        self.clear_calls()
        move.action_exact_create_sales_entry()
        exchange = self.exchange(move)
        self.assertEqual(exchange.state, "unclear")
        self.assertEqual(exchange.cause_id.code, "unclear")
        self.assertTrue(exchange.retry_at)
        self.assertFalse(move.exact_entry_id)
        self.assertFalse(move.exact_can_create, "not offered while it may be there already")
        self.assertIn("answer was lost", move.exact_message)
        self.assertIn("Perhaps in Exact", self.chatter(move), "nobody knows that it is not")
        self.assertNotIn("Not in Exact", self.chatter(move))
        self.assertEqual(len(self.entries()), 1 if booked else 0)
        self.make_due(exchange)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(len(self.entries()), 1)
        self.assertEqual(self.entry(move)["YourRef"], move.name)
        posts = self.paths("POST", ENTRIES)
        self.assertEqual(len(posts), 1 if booked else 2)
        return move

    def test_r56_answer_dropped_after_booking_is_adopted(self):
        self.lose_answer("drop_after", booked=True)

    def test_r56_connection_dropped_before_booking_is_sent_again_once(self):
        self.lose_answer("drop_before", booked=False)

    def test_r56_truncated_answer_is_adopted(self):
        self.lose_answer("truncate", booked=True)

    def test_r56_page_of_a_proxy_in_place_of_the_answer_is_adopted(self):
        self.lose_answer("body", booked=True, body="<html>Bad gateway</html>")

    def test_r56_gateway_error_is_looked_up_first(self):
        self.lose_answer("status", booked=False, status=502, body="")

    def test_r56_while_the_look_up_fails_too_nothing_is_sent(self):
        move = self.invoice()
        self.fault("drop_after")
        move.action_exact_create_sales_entry()
        exchange = self.exchange(move)
        self.clear_calls()
        for kind, values in (("drop_before", {}), ("status", {"status": 503})):
            self.fault(kind, method="GET", **values)
            self.make_due(exchange)
            self.cron("ir_cron_process_exchanges")
            self.assertEqual(exchange.state, "unclear", kind)
            self.assertFalse(self.paths("POST"))
        self.make_due(exchange)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(exchange.state, "done")
        self.assertEqual(len(self.entries()), 1)

    def test_r56_unclear_document_can_be_looked_up_by_its_button(self):
        move = self.invoice()
        self.fault("drop_after")
        move.action_exact_create_sales_entry()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(len(self.entries()), 1)

    def test_w12_pressing_again_at_an_unclear_document_asks_exact_once_in_ten_seconds(self):
        """Four people who press all the time would else use up the calls of a minute."""
        move = self.invoice()
        self.fault("drop_before")
        move.action_exact_create_sales_entry()
        exchange = self.exchange(move)
        self.clear_calls()
        # The last that was heard of it was no look: the first press asks.
        exchange.action_retry()
        look = [("GET", ENTRIES)]
        self.assertEqual(self.paths(), look)
        self.assertEqual(exchange.state, "unclear")
        with self.later(20) as now:
            exchange.sudo().looked_on = now - timedelta(seconds=9)
            before = exchange.read(["state", "message", "retry_at", "looked_on"])
            answer = exchange.action_retry()
            move.action_exact_create_sales_entry()
            self.assertEqual(self.paths(), look)
            self.assertEqual(exchange.read(["state", "message", "retry_at", "looked_on"]), before)
            self.assertIn("asked again by itself at", answer["params"]["message"])
            self.assertIn("asked again by itself at", move.exact_message)
            # Neither the background nor what is due by now is held up.
            background = exchange.with_context(exact_lane="document")
            self.assertFalse(background._asked_just_now())
            with self.later(60):
                self.assertFalse(exchange._asked_just_now())
            # On the other side of the limit it is asked again.
            exchange.sudo().looked_on = now - timedelta(seconds=10)
            exchange.action_retry()
            self.assertEqual(self.paths(), look * 2)
            self.assertEqual(exchange.looked_on, now)
        # A clock that was ahead holds nobody up.
        exchange.sudo().looked_on = fields.Datetime.now() + timedelta(hours=1)
        self.assertFalse(exchange._asked_just_now())

    def test_r56_time_of_a_clock_that_was_ahead_is_not_waited_for(self):
        move = self.invoice()
        self.fault("drop_before")
        move.action_exact_create_sales_entry()
        exchange = self.exchange(move)
        ahead = fields.Datetime.now() + timedelta(hours=5)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE exact_exchange SET retry_at = %s, started_on = %s, write_date = %s WHERE id = %s",
            [ahead, ahead, ahead, exchange.id],
        )
        self.env.invalidate_all()
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(exchange.state, "unclear")
        self.assertLessEqual(exchange.retry_at, fields.Datetime.now() + timedelta(seconds=61))

    def test_w12_look_that_exact_did_not_answer_is_a_look(self):
        move = self.invoice()
        self.fault("drop_before")
        move.action_exact_create_sales_entry()
        exchange = self.exchange(move)
        self.clear_calls()
        self.fault("status", method="GET", status=503, times=9)
        exchange.action_retry()
        asked = self.paths()
        self.assertEqual((exchange.state, bool(exchange.looked_on)), ("unclear", True))
        exchange.action_retry()
        self.assertEqual(self.paths(), asked)

    def test_r56_unclear_exchange_cannot_be_cancelled_or_deleted(self):
        move = self.invoice()
        self.fault("drop_after")
        move.action_exact_create_sales_entry()
        exchange = self.exchange(move)
        with self.assertRaises(UserError):
            exchange.action_cancel()
        with self.assertRaises(UserError):
            exchange.sudo().unlink()

    def test_r56_refused_document_is_looked_up_before_it_is_sent_again(self):
        """Refused once, mended and sent again: a retry never starts with a POST."""
        move = self.invoice()
        post(
            f"{self.sim.url}/_sim/say",
            {"method": "POST", "path": ENTRIES, "status": 500, "text": "Even niet"},
        )
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "failed")
        self.clear_calls()
        move.action_exact_create_sales_entry()
        self.assertEqual(self.paths(), [("GET", ENTRIES), ("POST", ENTRIES)])

    def test_r56_taken_over_by_another_worker_it_is_not_sent(self):
        """Between the commit of "sending" and the lock after it, another worker took the row."""
        move = self.invoice()
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection, move)
        original = type(exchange)._keep_claim

        def stolen(record, key):
            record.sudo().attempt_key = "another worker"
            return original(record, key)

        self.clear_calls()
        with patch.object(type(exchange), "_keep_claim", stolen):
            exchange._drive()
        self.assertFalse(self.paths("POST"))

    def no_look_up(self):
        """The limit of a minute that ends in five seconds stands in the way of every read."""
        moment = utc_now() + timedelta(seconds=5)
        error = LimitError("Used up", retry_at=moment, method="GET", resource=ENTRIES)
        return patch.object(ExactClient, "rows", side_effect=error)

    def test_r56_look_up_that_could_not_be_made_lets_nothing_be_sent_sooner(self):
        """Exact may still be booking what was lost when the limit of a few seconds has ended."""
        partner = self.customer(known=False, name="Traag BV")
        customer = self.env["exact.exchange"]._enqueue_partners(self.connection, partner)
        document = self.env["exact.exchange"]._enqueue_moves(self.connection, self.invoice())
        self.fault("drop_before")
        self.fault("drop_before", path=ACCOUNTS)
        (customer | document)._drive()
        for exchange in customer | document:
            self.assertEqual(exchange.state, "unclear")
            until = exchange.retry_at
            with self.no_look_up():
                exchange.action_retry()
            self.assertEqual(exchange.state, "unclear", exchange.kind)
            self.assertGreaterEqual(exchange.retry_at, until, exchange.kind)

    def test_r56_booked_and_not_read_back_stays_unclear_and_is_adopted(self):
        """Exact answers with the bare ID and takes no more call: what is booked cannot be taken out here."""
        for status in (403, 503):
            self.fault("keep", body="EntryID")
            self.fault("status", method="GET", status=status, body="")
            move = self.invoice()
            move.action_exact_create_sales_entry()
            exchange = self.exchange(move)
            self.assertEqual(exchange.state, "unclear", status)
            self.make_due(exchange)
            self.cron("ir_cron_process_exchanges")
            self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(len(self.entries()), 2)

    def test_r56_entry_of_another_document_with_the_same_reference_is_not_adopted(self):
        """Two journals of Odoo may give the same number to the same customer."""
        partner = self.customer()
        first = self.sent(partner=partner)
        journal = first.journal_id.copy({"code": "INV2", "name": "Invoices 2"})
        second = self.invoice(partner=partner, post=False, journal_id=journal.id)
        second.name = first.name
        second.action_post()
        second.is_move_sent = True
        self.assertEqual(second.name, first.name)
        self.fault("drop_before")
        second.action_exact_create_sales_entry()
        self.make_due(self.exchange(second))
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(second.exact_state, "done", second.exact_message)
        self.assertNotEqual(second.exact_entry_id, first.exact_entry_id)
        self.assertEqual(len(self.entries()), 2)

    def test_r56_adopted_entry_stands_whatever_becomes_of_its_paid_status(self):
        move = self.invoice()
        self.fault("drop_after")
        move.action_exact_create_sales_entry()
        exchange = self.exchange(move)
        model, held = self.env.registry["exact.exchange"], []

        def fail(_exchange, *_args):
            held.append(exchange.state)
            raise ValueError("not foreseen")

        self.make_due(exchange)
        with (
            patch.object(model, "_refresh_paid_status", fail),
            patch.object(model, "_rollback", lambda _exchange: None),
            mute_logger("odoo.addons.exact_connector.models.exact_exchange_sales_entry"),
        ):
            self.cron("ir_cron_process_exchanges")
        self.assertEqual((exchange.state, held, exchange.to_read), ("done", ["done"], True))
        self.cron("ir_cron_sync_payments")
        self.assertFalse(exchange.to_read)

    def test_r57_other_totals_in_exact_show_as_difference_not_as_success(self):
        """Exact answers with another total than was sent: booked, but never shown as equal."""
        move = self.invoice()
        original = type(self.env["exact.exchange"])._settle_sales_entry

        def other_total(record, row, *rest):
            return original(record, {**row, "AmountFC": 120.99}, *rest)

        with patch.object(type(self.env["exact.exchange"]), "_settle_sales_entry", other_total):
            move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "differs")
        self.assertIn("120.99", move.exact_message)
        self.assertIn("120.99", self.chatter(move))
