"""Exact's limits, from both sides of each: the budget that all workers share, its lanes, and what waits (W12)."""

import threading
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from requests.structures import CaseInsensitiveDict

from odoo import SUPERUSER_ID, fields
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged

from ..client import ExactError, LimitError
from ..models import exact_exchange_limits
from ..models.exact_budget_gate import BudgetGate
from .common import post
from .sending import ACCOUNTS, ENTRIES, ErrorCase

MINUTE = "X-RateLimit-Minutely-"
DAY = "X-RateLimit-"
CRON = "ir_cron_process_exchanges"


class LimitCase(ErrorCase):
    """With Exact's limits and our guard as they are in real life."""

    def lift_limits(self):
        """A minute that begins now, so that it does not end under way."""
        self.sim.clock.release()
        self.sim.clock.advance(61 - fields.Datetime.now().second)
        post(
            f"{self.sim.url}/_sim/limits", {"minute": 60, "day": 5000, "errors": 10, "clear": True}
        )
        self.forget_limits()

    def lift_guard(self, connection):
        pass

    def tearDown(self):
        self.sim.clock.release()
        super().tearDown()

    def limits(self, **values):
        post(f"{self.sim.url}/_sim/limits", {**values, "clear": True})
        self.forget_limits()
        self.clear_calls()

    @property
    def budget(self):
        self.env.invalidate_all()
        return self.connection.sudo().budget_ids

    def read_accounts(self, lane="click", times=1, **options):
        """So many reads with a client of its own; how many went before one was refused here."""
        client = self.connection._get_client(lane)
        for done in range(times):
            try:
                client.first(ACCOUNTS, select=["ID"], **options)
            except LimitError:
                return done
        return times

    def statuses(self):
        return [call["status"] for call in self.calls()]

    def gate(self, lane="click", connection=None):
        return BudgetGate(
            self.env.registry.cursor, (connection or self.connection).id, lane, self.env.uid
        )

    def answer(self, status=200, headers=(), lane="click", resource=ACCOUNTS, method="GET"):
        """As if a call had been answered so: what the gate says of trying again."""
        gate = self.gate(lane)
        gate.before(method, resource)
        return gate.after(method, resource, status, CaseInsensitiveDict(headers))

    def away(self, moment):
        """Seconds from now to ``moment``, on our own clock."""
        return (moment - fields.Datetime.now()).total_seconds()

    def triggered(self, moment):
        return self.env["ir.cron.trigger"].search_count(
            [("cron_id", "=", self.env.ref(f"exact_connector.{CRON}").id), ("call_at", "=", moment)]
        )


@tagged("post_install", "-at_install")
class TestLimits(LimitCase):
    join_once = True

    # === WINDOWS === #

    def test_limits_minute_lets_its_calls_go_and_not_one_more(self):
        self.limits(minute=4)
        self.assertEqual(self.read_accounts(times=6), 4)
        self.assertEqual(self.statuses(), [200] * 4, "no refusal was provoked")
        self.assertLess(self.away(self.connection.limited_until), 65)
        with self.later(61):
            self.assertEqual(self.read_accounts(times=1), 1)

    def test_limits_day_lets_its_calls_go_and_not_one_more(self):
        self.limits(day=3)
        self.assertEqual(self.read_accounts(times=6), 3)
        self.assertEqual(self.statuses(), [200] * 3)
        self.assertGreater(self.away(self.connection.limited_until), 0)
        with self.later(61):
            self.assertEqual(self.read_accounts(), 0, "another minute, the same day")
        with self.later(86400):
            self.age_token()
            self.assertEqual(self.read_accounts(), 1)

    def age_token(self):
        """A day on, Exact wants a new access token."""
        token = self.connection.authorization_id.sudo().token_ids
        token.write({"fetched_on": token.fetched_on - timedelta(days=1)})
        self.env.flush_all()

    def test_limits_nothing_told_counts_by_the_usual_limits(self):
        """An answer without any header: sixty a minute, five thousand a day."""
        for _n in range(60):
            self.answer()
        with self.assertRaises(LimitError) as caught:
            self.answer()
        self.assertEqual(caught.exception.reason, "MinuteLimit")
        self.assertEqual((self.budget.minute_left, self.budget.day_left), (0, 4940))

    def test_limits_are_learnt_from_headers_and_exact_knows_of_others(self):
        self.answer(headers={f"{DAY}Limit": "8000", f"{DAY}Remaining": "77"})
        self.assertEqual((self.budget.day_limit, self.budget.day_left), (8000, 77))
        self.answer(headers={f"{DAY}Remaining": "90"})
        self.assertEqual(self.budget.day_left, 76, "an older answer gives nothing back")

    def test_w12_429_with_headers_of_the_minute_only(self):
        end = datetime.now(timezone.utc).replace(second=0, microsecond=0) + timedelta(minutes=1)
        told = {f"{MINUTE}Limit": "60", f"{MINUTE}Remaining": "0"}
        told[f"{MINUTE}Reset"] = str(int(end.timestamp() * 1000))
        retry_at = self.answer(429, told)
        self.assertLessEqual((retry_at - end).total_seconds(), 3)
        self.assertEqual(self.read_accounts(), 0)
        self.assertEqual(self.budget.day_left, 4999, "nothing was said of the day")

    def test_w12_429_with_headers_of_the_day_only(self):
        retry_at = self.answer(429, {f"{DAY}Limit": "5000", f"{DAY}Remaining": "0"})
        midnight = fields.Datetime.now().replace(hour=0, minute=0, second=0) + timedelta(days=1)
        self.assertAlmostEqual(
            retry_at.replace(tzinfo=None), midnight, delta=timedelta(seconds=130)
        )
        with self.later(120):
            self.assertEqual(self.read_accounts(), 0)

    def test_w12_429_without_headers_waits_a_minute_and_an_hour_where_it_comes_back(self):
        self.answer(429)
        self.assertEqual(self.read_accounts(), 0)
        with self.later(62):
            self.answer(429)
        with self.later(124):
            self.assertEqual(self.read_accounts(), 0, "the block for errors lasts an hour")
            self.answer(resource=ENTRIES)  # and is of that endpoint alone
        with self.later(62 + 3601):
            self.answer()

    def test_limits_clock_that_is_hours_off_makes_nobody_wait_for_hours(self):
        for hours in (3, -5):
            self.sim.clock.advance(hours * 3600)
            self.limits(minute=9)
            self.age_token()
            self.answer_of_exact()
            self.limits(minute=2)
            self.assertEqual(self.read_accounts(times=3), 2)
            self.assertLess(self.away(self.connection.limited_until), 65)
        self.assertEqual(set(self.statuses()), {200})

    def answer_of_exact(self):
        """One call tells what time it is there."""
        self.assertEqual(self.read_accounts(), 1)

    # === LANES === #

    def test_w12_lower_lanes_leave_calls_of_the_minute(self):
        self.limits(minute=20)
        self.assertEqual(self.read_accounts("bulk", times=30), 14)
        self.assertEqual(self.read_accounts("document", times=30), 4)
        self.assertEqual(self.read_accounts("click", times=30), 2)
        self.assertEqual(self.statuses(), [200] * 20)

    def test_w12_lower_lanes_leave_calls_of_the_day(self):
        self.limits(day=20)
        self.assertEqual(self.read_accounts("bulk", times=30), 14)
        self.assertEqual(self.read_accounts("document", times=30), 4)
        self.assertEqual(self.read_accounts("click", times=30), 2)

    def test_w12_click_overtakes_nightly_import(self):
        """The import waits for the next minute without holding a worker; the invoice goes now."""
        self.limits(minute=60)
        self.budget.write({"minute_left": 18, "minute_end": "2999-01-01", "day_end": "2999-01-01"})
        self.env.flush_all()
        self.connection.import_customers = True
        self.cron("ir_cron_import_customers")
        run = self.connection.exchange_ids.filtered(lambda e: e.kind == "customer_import")
        self.assertEqual((run.state, run.cause_id.code), ("waiting", "limit"))
        self.assertTrue(self.triggered(run.retry_at))
        self.assertFalse(self.calls())
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done")
        self.budget.minute_end = False
        self.make_due(run)
        self.cron(CRON)
        self.assertEqual(run.state, "done")

    def test_w12_people_then_documents_then_imports(self):
        partner = self.customer()
        self.connection.action_import_customers()
        exchanges = self.env["exact.exchange"]
        scheduled, pressed = self.invoice(partner=partner), self.invoice(partner=partner)
        exchanges.with_user(SUPERUSER_ID)._enqueue_moves(self.connection, scheduled)
        exchanges._enqueue_moves(self.connection, pressed)
        self.clear_calls()
        self.cron(CRON)
        asked = [body["YourRef"] for body in self.bodies(ENTRIES)]
        self.assertEqual(asked, [pressed.name, scheduled.name])
        paths = [path for _method, path in self.paths()]
        self.assertGreater(paths.index("sync/CRM/Accounts"), paths.index(ENTRIES) + 1)

    def test_limits_more_than_one_run_takes_go_on_at_once(self):
        moves = self.env["account.move"].union(*(self.invoice() for _n in range(3)))
        exchanges = self.env["exact.exchange"]._enqueue_moves(self.connection, moves)
        for number, times in ((2, 1), (9, 0)):
            with ExitStack() as stack:
                stack.enter_context(patch.object(exact_exchange_limits, "DUE_AT_ONCE", number))
                schedule = stack.enter_context(
                    patch.object(self.env.registry["exact.exchange"], "_schedule")
                )
                exchanges._cron_process()
            self.assertEqual(schedule.call_count, times, number)
        self.assertEqual(set(moves.mapped("exact_state")), {"done"})

    def test_limits_one_connection_at_its_limit_holds_up_no_other(self):
        _company, other = self.other_company()
        self.limits(minute=60)
        self.budget.write({"day_left": 0, "day_end": "2999-01-01"})
        moves = self.env["account.move"].union(*(self.invoice() for _n in range(3)))
        self.env["exact.exchange"]._enqueue_moves(self.connection, moves)
        run = self.env["exact.exchange"]._enqueue_run(other, "payment_sync")
        self.env.flush_all()
        with patch.object(exact_exchange_limits, "DUE_AT_ONCE", 2):
            self.cron(CRON)
        self.assertEqual(run.state, "done")
        self.assertEqual(set(moves.mapped("exact_state")), {"pending"}, "they keep their place")

    def test_limits_one_connection_that_cannot_be_reached_holds_up_no_other(self):
        """More waits there than one run takes; the other one has its turn all the same."""
        _company, other = self.other_company()
        moves = self.env["account.move"].union(*(self.invoice() for _n in range(4)))
        self.env["exact.exchange"]._enqueue_moves(self.connection, moves)
        partner = self.customer(known=False, name="Zuid BV")
        account = self.env["exact.exchange"]._enqueue_partners(other, partner)
        self.fault("status", status=503, body="", times=0)
        self.env.flush_all()
        with patch.object(exact_exchange_limits, "DUE_AT_ONCE", 2):
            self.cron(CRON)
        self.assertNotEqual(account.state, "pending")
        self.assertEqual(sorted(moves.mapped("exact_state")), ["pending"] * 3 + ["waiting"])

    # === WHAT WAITS === #

    def test_limits_nothing_is_written_down_as_sent_that_may_not_go(self):
        self.limits(minute=1)
        partner = self.customer()
        first, second = self.invoice(partner=partner), self.invoice(partner=partner)
        (first | second).action_exact_create_sales_entry()
        waiting = second.exact_exchange_ids
        self.assertEqual((waiting.state, waiting.attempts), ("waiting", 0))
        self.assertEqual(self.statuses(), [201])
        self.limits(minute=60)
        self.make_due(waiting)
        self.cron(CRON)
        self.assertEqual(self.paths(), [("POST", ENTRIES)], "no look-up for what never left")

    # === REFUSALS === #

    def refuse(self, times=0):
        self.fault("status", status=400, body="", times=times)

    def moves(self, number):
        partner = self.customer()
        return self.env["account.move"].union(
            *(self.invoice(partner=partner) for _n in range(number))
        )

    def test_limits_bad_series_stops_after_five_and_the_rest_is_told(self):
        moves = self.moves(8)
        self.refuse()
        self.clear_calls()
        moves.action_exact_create_sales_entry()
        self.assertEqual(len(self.calls()), 5)
        states = moves.mapped("exact_state")
        self.assertEqual((states.count("failed"), states.count("waiting")), (5, 3))
        rest = moves.exact_exchange_ids.filtered(lambda e: e.state == "waiting")
        refused = moves.exact_exchange_ids.filtered(lambda e: e.state == "failed")
        self.assertEqual(rest.cause_id.code, "error_series")
        for exchange in rest:
            self.assertIn(refused[0].cause_id.name, exchange.message)
            self.assertIn(refused[0].cause_id._get_advice(), exchange.message)
            self.assertAlmostEqual(self.away(exchange.retry_at), 3600, delta=90)
            self.assertTrue(self.triggered(exchange.retry_at))
        # An hour on, what refused them was mended.
        self.sim.faults.clear()
        with self.later(3700):
            self.age_token()
            self.cron(CRON)
        self.assertEqual(set(rest.mapped("state")), {"done"})

    def test_limits_four_alike_are_no_series(self):
        moves = self.moves(6)
        self.refuse(times=4)
        moves.action_exact_create_sales_entry()
        self.assertEqual(moves.mapped("exact_state").count("done"), 2)

    def test_limits_single_click_still_goes_until_the_tenth_and_the_eleventh_is_never_sent(self):
        moves = self.moves(12)
        post(
            f"{self.sim.url}/_sim/say",
            {"method": "POST", "path": ENTRIES, "status": 400, "text": "x", "times": 0},
        )
        self.clear_calls()
        for move in moves:
            move.action_exact_create_sales_entry()
        self.assertEqual(self.statuses(), [400] * 10, "Exact never came to blocking us")
        self.assertEqual(moves[-1].exact_state, "waiting")
        self.assertEqual(self.read_accounts(), 1, "another endpoint goes on")

    def test_limits_scheduled_work_leaves_refusals_to_people(self):
        for number in range(8):
            self.answer(404, lane="bulk", method=("GET", "PUT")[number % 2])
        for lane in ("bulk", "document"):
            with self.assertRaises(LimitError) as caught:
                self.answer(lane=lane)
            self.assertEqual(caught.exception.reason, "TooManyErrors")
        self.answer(404)
        self.answer(404)
        with self.assertRaises(LimitError):
            self.answer()

    def test_limits_success_ends_a_series(self):
        for _n in range(4):
            self.answer(400, lane="document", method="POST")
        self.answer(201, lane="document", method="POST")
        self.answer(400, lane="document", method="POST")
        self.answer(201, lane="document", method="POST")

    def test_limits_two_calls_on_their_way_do_not_make_the_eleventh_refusal(self):
        for _n in range(9):
            self.answer(404)
        one, two = self.gate(), self.gate()
        one.before("GET", ACCOUNTS)
        with self.assertRaises(LimitError):
            two.before("GET", ACCOUNTS)
        one.after("GET", ACCOUNTS, 200, {})
        two.before("GET", ACCOUNTS)

    def test_limits_business_refusals_are_no_errors_to_exact(self):
        for _n in range(12):
            self.answer(500, method="POST")
        self.assertFalse(self.budget.env["exact.budget.error"].search([]))

    # === METER === #

    def test_w12_meter_tells_who_used_the_calls(self):
        self.env.cr.execute("DELETE FROM exact_budget_use")
        user = self.make_user(
            "piet", "exact_connector.group_exact_user", "account.group_account_invoice"
        )
        self.invoice(partner=self.customer(known=False, name="Nieuw")).with_user(
            user
        ).action_exact_create_sales_entry()
        self.connection.action_refresh_payments()
        uses = self.env["exact.budget.use"].search([("connection_id", "=", self.connection.id)])
        calls = Counter()  # an hour may end in between
        for use in uses:
            calls[use.purpose, use.user_id] += use.calls
        self.assertEqual(calls["document", user], 1)
        self.assertEqual(calls["customer", user], 2)
        self.assertEqual(calls["payment", self.env.user], 1)
        meter = self.connection.call_meter
        self.assertEqual(meter["day"]["limit"], 5000)
        self.assertEqual(sum(row["calls"] for row in meter["purposes"]), sum(uses.mapped("calls")))

    def test_w12_meter_is_two_clicks_away_for_a_user_and_calls_nobodys_calls_alike(self):
        user = self.make_user("eva", "exact_connector.group_exact_user")
        self.read_accounts()
        connections = self.env["exact.connection"].with_user(user)
        action = connections.action_open_meter()
        self.assertEqual(action["res_id"], self.connection.id)
        self.assertIn("left today", connections.browse(action["res_id"]).calls_left)
        context = connections.browse(action["res_id"]).action_view_calls()["context"]
        self.assertIn("exact_calls", context)
        root = self.env.ref("base.user_root")
        self.env["exact.budget.use"].sudo().search([]).user_id = root
        self.env.flush_all()
        labels = [row["label"] for row in self.connection.call_meter["users"]]
        self.assertEqual(labels, ["Scheduled"])
        grouped = (
            self.env["exact.budget.use"]
            .with_context(exact_calls=True)
            .formatted_read_group([], ["user_id"], ["calls:sum"])
        )
        self.assertEqual([row["user_id"][1] for row in grouped], labels)
        self.assertEqual(root.display_name, "OdooBot", "elsewhere it keeps its name")

    def test_w12_other_companies_calls_are_not_shown(self):
        company, _other = self.other_company()
        user = self.make_user("eva", "exact_connector.group_exact_user", company=company)
        self.read_accounts()
        env = self.env(user=user, context={"allowed_company_ids": company.ids})
        self.assertLessEqual(env["exact.budget.use"].search([]).company_id, company)
        self.assertFalse(env["exact.budget.error"].search([]))
        self.assertEqual(env["exact.budget"].search([]).connection_id.company_id, company)

    # === HOW LONG === #

    def test_w12_batch_that_fits_has_no_time_and_one_that_does_not_says_when(self):
        self.limits(minute=60)
        finish = self.connection._get_finish
        self.assertFalse(finish(54))
        for calls, minutes in ((55, 1), (108, 1), (109, 2), (540, 9)):
            self.assertAlmostEqual(self.away(finish(calls)), 60 * minutes, delta=62, msg=calls)

    def test_w12_batch_beyond_today_goes_on_after_midnight(self):
        self.limits(minute=60)
        self.budget.write({"day_left": 600, "day_end": fields.Datetime.now() + timedelta(hours=4)})
        self.env.flush_all()
        finish = self.connection._get_finish
        self.assertLess(self.away(finish(100)), 600)
        self.assertAlmostEqual(self.away(finish(101)), 4 * 3600, delta=130)
        self.assertAlmostEqual(self.away(finish(101 + 4500)), 28 * 3600, delta=130)


@tagged("post_install", "-at_install")
class TestLimitsRace(TransactionCase):
    def test_limits_last_call_goes_to_one_of_two_workers(self):
        """Real cursors, real threads: of sixteen that want the last five calls, five get one."""
        connect = db_connect(self.env.cr.dbname)
        with connect.cursor() as cr:
            env = self.env(cr=cr, su=True)
            made = env["exact.connection"].create(
                {"company_id": self.env.company.id, "active": False}
            )
            made.budget_ids.write({"minute_left": 5, "minute_end": "2999-01-01"})
            connection = made.id
        self.addCleanup(self._forget, connect, connection)
        start, went = threading.Barrier(16), []

        def take():
            gate = BudgetGate(connect.cursor, connection, "click", SUPERUSER_ID)
            start.wait()
            try:
                gate.before("GET", ACCOUNTS)
                went.append(True)
            except ExactError:
                went.append(False)

        threads = [threading.Thread(target=take) for _n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.assertEqual((len(went), went.count(True)), (16, 5))

    @staticmethod
    def _forget(connect, connection):
        with connect.cursor() as cr:
            cr.execute("DELETE FROM exact_connection WHERE id = %s", [connection])
