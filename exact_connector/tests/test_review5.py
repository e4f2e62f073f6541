"""What was found on reading: the count of calls, what waits, what was mended, and what Exact reports as paid."""

from datetime import timedelta, timezone
from email.utils import format_datetime
from unittest.mock import patch

from requests.structures import CaseInsensitiveDict

from odoo import SUPERUSER_ID, fields
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged

from ..client import LimitError
from ..models import exact_budget_gate as budget_gate
from ..models import exact_budget_learn as budget_learn
from .sending import ACCOUNTS, ENTRIES
from .test_limits import MINUTE, LimitCase
from .test_mended import MendCase


@tagged("post_install", "-at_install")
class TestReviewBudget(LimitCase):
    def epoch(self, **away):
        return str(int((fields.Datetime.now() + timedelta(**away)).timestamp() * 1000))

    def test_limits_answers_of_one_moment_mend_the_clock_once(self):
        gates = [self.gate() for _n in range(4)]
        for gate in gates:
            gate.before("GET", ACCOUNTS)
        before = self.budget.clock_offset
        ahead = gates[0]._taken.now + timedelta(seconds=300)
        date = format_datetime(ahead.replace(tzinfo=timezone.utc), usegmt=True)
        for gate in gates:
            gate.after("GET", ACCOUNTS, 200, CaseInsensitiveDict({"Date": date}))
        self.assertAlmostEqual(self.budget.clock_offset - before, 300, delta=3)

    def test_limits_minute_that_would_end_in_centuries_or_has_ended_is_not_believed(self):
        for away in ({"days": 365 * 900}, {"days": -1}):
            self.forget_limits()
            self.sim.clock.release()
            retry_at = self.answer(
                429, {f"{MINUTE}Remaining": "0", f"{MINUTE}Reset": self.epoch(**away)}
            )
            self.assertLess(self.away(retry_at.replace(tzinfo=None)), 125)
            self.assertEqual(self.read_accounts(), 0, "not at once again")

    def test_limits_call_taken_ahead_and_not_made_is_given_back(self):
        self.answer(400, method="POST", resource=ENTRIES)
        left = self.budget.day_left
        gate = self.gate()
        for end in ("released", "minute over"):
            gate.hold("POST", ENTRIES)
            self.assertEqual(self.doubts(), 1)
            if end == "released":
                gate.release()
            else:
                gate._ahead.row["minute_end"] = gate._ahead.now
                self.assertFalse(gate._use_ahead("POST", ENTRIES))
            self.assertEqual((self.budget.day_left, self.doubts()), (left, 0), end)

    def doubts(self):
        return self.env["exact.budget.error"].search_count(
            [("budget_id", "=", self.budget.id), ("status", "=", 0)]
        )

    def test_r03_document_of_a_batch_under_way_does_not_go_to_the_former_division(self):
        """Its connection was given another one: in the books before, it would count as sent to the new ones."""
        client = self.connection._get_client()
        client.rows(ACCOUNTS, select=["ID"])
        self.connection.division_id = self.connection.authorization_id.division_ids.filtered(
            lambda division: division.code == 1002
        )
        self.env.flush_all()
        with self.assertRaisesRegex(LimitError, "Another division"):
            client.rows(ACCOUNTS, select=["ID"])
        self.assertTrue(self.connection._get_client().rows(ACCOUNTS, select=["ID"]))

    def test_limits_driver_leaves_no_call_taken_ahead(self):
        move = self.invoice()
        with patch.object(type(self.env["exact.exchange"]), "_start_attempt", return_value=False):
            move.action_exact_create_sales_entry()
        self.assertEqual(self.budget.minute_left, self.budget.minute_limit)


@tagged("post_install", "-at_install")
class TestReviewLock(TransactionCase):
    def test_limits_own_transaction_holding_the_budget_is_told_instead_of_waited_for(self):
        """Real cursors: settings saved and Exact called in one transaction."""
        connect = db_connect(self.env.cr.dbname)
        with connect.cursor() as cr:
            made = self.env(cr=cr, su=True)["exact.connection"].create(
                {"company_id": self.env.company.id, "active": False}
            )
            connection = made.id
        self.addCleanup(self._forget, connect, connection)
        gate = budget_gate.BudgetGate(connect.cursor, connection, "click", SUPERUSER_ID)
        with connect.cursor() as cr, patch.object(budget_learn, "LOCK_TIMEOUT", "100ms"):
            cr.execute(
                "UPDATE exact_budget SET keep_for_people = 11 WHERE connection_id = %s",
                [connection],
            )
            with self.assertRaises(LimitError):
                gate.before("GET", ACCOUNTS)

    @staticmethod
    def _forget(connect, connection):
        with connect.cursor() as cr:
            cr.execute("DELETE FROM exact_connection WHERE id = %s", [connection])


@tagged("post_install", "-at_install")
class TestReviewWaiting(MendCase):
    def lost(self, **values):
        """A document whose answer was lost so long ago that it may be looked up."""
        move = self.invoice(partner=self.partner)
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection, move)
        moment = fields.Datetime.now() - timedelta(minutes=3)
        exchange.sudo().write({"attempts": 1, "started_on": moment, **values})
        return move, exchange

    def test_r56_lost_document_that_may_not_be_looked_up_stays_unclear_and_is_asked_for_again(self):
        for status in (403, 400):
            for state in ("unclear", "sending"):
                move, exchange = self.lost(state=state, retry_at=fields.Datetime.now())
                self.fault("status", method="GET", status=status)
                self.cron("ir_cron_process_exchanges")
                self.assertEqual((exchange.state, move.exact_state), ("unclear", "unclear"))
                self.assertTrue(exchange.retry_at, "it is asked for again by itself")
                self.make_due(exchange)
                self.cron("ir_cron_process_exchanges")
                self.assertEqual(exchange.state, "done", exchange.message)

    def test_r56_look_up_that_is_refused_again_leaves_the_refusals_of_an_hour_to_others(self):
        _move, exchange = self.lost(state="sending")
        self.fault("status", method="GET", status=400, times=2)
        waits = []
        for _n in range(2):
            self.cron("ir_cron_process_exchanges")
            self.assertEqual(exchange.state, "unclear")
            waits.append(exchange.retry_at - fields.Datetime.now())
            self.make_due(exchange)
        self.assertLess(waits[0], timedelta(minutes=2))
        self.assertGreater(waits[1], timedelta(minutes=50))

    def test_r56_document_of_a_dead_worker_stays_unclear_while_exact_takes_no_call(self):
        """Else it could be cancelled, or set back to draft, though Exact may have booked it."""
        move, exchange = self.lost(state="sending")
        self.fault("status", method="GET", status=429)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual((exchange.state, move.exact_state), ("unclear", "unclear"))
        self.assertTrue(exchange.retry_at)

    def test_lost_document_writes_one_line_however_often_it_is_asked_for(self):
        move, exchange = self.lost(state="unclear", retry_at=fields.Datetime.now())
        self.fault("status", method="GET", status=503, times=3)
        lines = []
        for _n in range(3):
            self.make_due(exchange)
            self.cron("ir_cron_process_exchanges")
            lines.append(len(move.message_ids))
        self.assertEqual(exchange.state, "unclear")
        self.assertEqual(len(set(lines)), 1, lines)

    def test_w05_one_that_cannot_be_looked_at_again_holds_up_no_other(self):
        moves = self.failing(2, self.unmapped)
        mapper = type(self.env["exact.mapper.sales.entry"])
        original = mapper._resolve

        def resolve(mapper, move, connection):
            if move == moves[0]:
                raise ValueError("of another add-on")
            return original(mapper, move, connection)

        self.unmapped.exact_vat_code_id = self.exact("vat.code", "1")
        self.save()
        with (
            patch.object(mapper, "_resolve", resolve),
            self.assertLogs("odoo.addons.exact_connector", "ERROR"),
        ):
            self.background()
        self.assertEqual(moves.mapped("exact_state"), ["failed", "done"])

    def test_w05_document_of_a_customer_whose_right_was_missing_goes_when_the_customer_does(self):
        partner = self.customer(known=False, name="Zonder recht")
        move = self.invoice(partner=partner)
        self.fault("status", path=ACCOUNTS, status=403)
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "failed")
        partner.exact_exchange_ids.filtered(lambda e: e.kind == "account").action_retry()
        self.assertTrue(partner.exact_account_id)
        self.save()
        self.background()
        self.assertEqual(move.exact_state, "done", move.exact_message)

    def test_customer_that_cannot_be_worked_out_holds_up_no_other(self):
        partners = self.customer(known=False, name="Een") | self.customer(known=False, name="Twee")
        mapper = type(self.env["exact.mapper.account"])
        original = mapper._resolve

        def resolve(mapper, partner, resolution):
            if partner == partners[0]:
                raise ValueError("of another add-on")
            return original(mapper, partner, resolution)

        exchanges = self.env["exact.exchange"]._enqueue_partners(self.connection, partners)
        with (
            patch.object(mapper, "_resolve", resolve),
            self.assertLogs("odoo.addons.exact_connector", "ERROR"),
        ):
            self.cron("ir_cron_process_exchanges")
        self.assertEqual(exchanges.mapped("state"), ["failed", "done"])

    def test_fault_at_one_connection_holds_up_no_other(self):
        _company, other = self.other_company()
        exchanges = self.env["exact.exchange"]
        for connection in (self.connection, other):
            exchanges |= exchanges._enqueue_run(connection, "payment_sync")
        model = type(exchanges)
        original = model._drive_runs

        def drive(runs, connection):
            if connection == self.connection:
                raise ValueError("not foreseen")
            return original(runs, connection)

        with (
            patch.object(model, "_drive_runs", drive),
            patch.object(model, "_rollback", lambda _runs: None),
            self.assertRaisesRegex(ValueError, "not foreseen"),
        ):
            exchanges._drive()
        self.assertEqual(exchanges.mapped("state"), ["pending", "done"])
