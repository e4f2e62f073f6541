"""Tokens: asked for once, by one clock, within a day's budget; an access that died is told once."""

import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from .. import clock
from ..client import AuthError, LimitError, UnreachableError, oauth
from ..models import exact_authorization_token
from .cases import UnlimitedCase
from .common import post

TOKEN = "oauth2/token"


@tagged("post_install", "-at_install")
class TestTokens(UnlimitedCase):
    def setUp(self):
        super().setUp()
        self.authorization = self.connection.authorization_id
        self.clear_calls()

    def token(self):
        self.env.invalidate_all()
        return self.authorization.sudo().token_ids

    def get(self, rejected=None):
        return self.authorization._get_access_token(rejected)

    def try_get(self, rejected=None):
        """What comes of it; unlike ``assertRaises`` this keeps what was stored on the way."""
        try:
            return self.get(rejected)
        except (AuthError, LimitError, UnreachableError) as error:
            return error

    def asked(self):
        """How often Exact was asked for a token."""
        return sum(TOKEN in record["path"] for record in self.sim.journal.records())

    def age(self, seconds, exact=None):
        """As if the pair had been fetched so long ago, at Exact as well."""
        token = self.token()
        for name in ("fetched_on", "expires_on", "refresh_expires_on"):
            token[name] -= timedelta(seconds=seconds)
        self.env.flush_all()
        post(f"{self.sim.url}/_sim/clock", {"advance": seconds if exact is None else exact})

    def let_pass(self):
        """The time of the next try has come."""
        self.token().retry_on = fields.Datetime.now() - timedelta(seconds=1)
        self.env.flush_all()

    def fault(self, kind, **values):
        post(f"{self.sim.url}/_sim/faults", {"kind": kind, **values})

    # === LOST AND LATE ANSWERS === #

    def test_lost_answer_of_the_token_call_ends_in_one_reconnect_and_never_in_a_loop(self):
        self.age(600)
        self.fault("drop_after", path=TOKEN)
        for _call in range(5):
            error = self.try_get()
            self.assertIsInstance(error, UnreachableError)
            self.assertTrue(error.retry_at)
        self.assertEqual(self.asked(), 1, "no worker repeats it before its time")
        self.let_pass()
        for _call in range(5):
            self.assertIsInstance(self.try_get(), AuthError)
        self.assertEqual(self.asked(), 2)
        self.assertEqual(self.token().dead_reason, "Old refresh token used.")

    def test_outage_of_the_token_endpoint_puts_calls_off_longer_each_time(self):
        self.age(600)
        self.fault("status", path=TOKEN, status=502, times=0)
        waits = []
        for _call in range(7):
            self.try_get()
            token = self.token()
            waits.append(round((token.retry_on - fields.Datetime.now()).total_seconds() / 60))
            self.let_pass()
        self.assertEqual(waits, [1, 2, 5, 15, 15, 30, 30])
        self.assertFalse(self.token().dead_reason)
        self.sim.faults.clear()
        self.assertIsInstance(self.get(), str)
        self.assertFalse(self.token().failures)

    def test_token_that_still_counts_is_used_while_exact_gives_no_other(self):
        self.age(585)
        first = self.token().access_token
        self.fault("status", path=TOKEN, status=503, times=0)
        self.assertEqual([self.get(), self.get()], [first, first])
        self.assertEqual(self.asked(), 1)

    def test_too_many_token_calls_are_not_answered_with_more_of_them(self):
        self.age(600)
        post(f"{self.sim.url}/_sim/limits", {"token_calls": 0})
        for _call in range(3):
            error = self.try_get()
        self.assertIsInstance(error, UnreachableError)
        self.assertEqual(self.asked(), 1)
        wait = self.token().retry_on - fields.Datetime.now()
        self.assertGreaterEqual(wait, timedelta(minutes=4, seconds=58))

    def test_refusal_that_hands_out_a_new_refresh_token_is_tried_with_it(self):
        self.age(600)
        right = self.token().refresh_token
        self.token().refresh_token = "stampNL001.gone"
        self.env.flush_all()
        body = json.dumps({"error": "unauthorized_client", "refresh_token": right})
        self.fault("status", path=TOKEN, status=401, body=body)
        self.assertIsInstance(self.try_get(), UnreachableError)
        self.assertFalse(self.token().dead_reason)
        self.let_pass()
        self.assertIsInstance(self.get(), str)

    def test_refusals_that_hand_out_tokens_for_ever_end_in_a_reconnect(self):
        self.age(600)
        body = '{"error": "unauthorized_client", "refresh_token": "stampNL001.next"}'
        self.fault("status", path=TOKEN, status=401, body=body, times=0)
        for _call in range(6):
            self.try_get()
            self.let_pass()
        self.assertTrue(self.token().dead_reason)
        self.assertEqual(self.asked(), 3)

    def test_page_of_a_proxy_ends_no_access_and_is_told_after_some_hours(self):
        """Only Exact's own word is the end; what a blocked user gets may be a page as well."""
        owner = self.manager("owner", "base.group_system")
        self.age(600)
        page = {"path": TOKEN, "status": 403, "body": "<html>Forbidden</html>", "times": 0}
        self.fault("status", **page)
        waits = []
        for _call in range(12):
            self.assertIsInstance(self.try_get(), UnreachableError)
            self.assertIsInstance(self.try_get(), UnreachableError)
            waits.append(
                round((self.token().retry_on - fields.Datetime.now()).total_seconds() / 60)
            )
            self.let_pass()
        self.assertEqual(waits[:7], [1, 2, 5, 15, 15, 30, 30], "no faster than after an outage")
        self.assertEqual(self.asked(), 12)
        self.assertFalse(self.token().dead_reason)
        self.assertEqual(self.told_times("no new access for some hours", owner), 1)
        self.sim.faults.clear()
        self.assertIsInstance(self.get(), str)

    def test_end_of_the_access_is_noted_whatever_words_it_is_told_in(self):
        """Else each worker would ask again, until the day's budget is gone."""
        self.age(600)
        said = {"error": "invalid_grant", "error_description": "gone\x00\ud800 for good"}
        self.fault("status", path=TOKEN, status=400, body=json.dumps(said), times=0)
        for _call in range(3):
            self.assertIsInstance(self.try_get(), AuthError)
        self.assertEqual(self.asked(), 1)
        self.assertEqual(self.token().dead_reason, "gone for good")

    # === CLOCKS === #

    def test_too_early_by_exacts_clock_keeps_the_token_in_use(self):
        first = self.token().access_token
        self.age(700, exact=100)
        self.assertEqual([self.get(), self.get()], [first, first])
        self.assertEqual(self.asked(), 1)

    def test_clock_that_was_set_back_by_hours_does_not_stop_the_renewal(self):
        token = self.token()
        token.write(
            {
                "fetched_on": token.fetched_on + timedelta(hours=3),
                "expires_on": token.expires_on + timedelta(hours=3),
            }
        )
        self.env.flush_all()
        post(f"{self.sim.url}/_sim/clock", {"advance": 700})
        self.assertEqual(
            self.connection._get_client().me()["UserName"], "bookkeeper@practice.example"
        )
        self.assertEqual(self.asked(), 1)

    def test_server_with_a_clock_off_by_hours_renews_neither_early_nor_late(self):
        first = self.get()
        real = fields.Datetime.now
        machine = clock.system_time
        for hours in (-5, 5):
            off, seconds = timedelta(hours=hours), hours * 3600.0
            with (
                patch.object(fields.Datetime, "now", lambda *_a, off=off: real() + off),
                patch.object(clock, "system_time", lambda off=seconds: machine() + off),
            ):
                self.assertEqual(self.get(), first)
        self.assertEqual(self.asked(), 0)

    # === BUDGET === #

    def use(self, calls):
        """As if so many token calls had been made today."""
        self.env.cr.execute("UPDATE exact_token_use SET calls = %s", [calls])

    def test_two_hundred_token_calls_a_day_are_data_told_before_and_never_passed(self):
        self.assertEqual(self.authorization.token_call_limit, 200)
        self.assertEqual(self.authorization.token_calls, 1, "the consent was one")
        owner = self.manager("owner", "base.group_system")
        self.use(159)
        self.age(600)
        self.get()
        self.assertEqual(self.told_times("many access tokens", owner), 1)
        self.use(199)
        self.age(600)
        self.get()
        self.assertEqual(self.told_times("many access tokens", owner), 1)
        self.age(600)
        self.clear_calls()
        error = self.try_get()
        self.assertIsInstance(error, LimitError)
        self.assertEqual(self.env["exact.cause"]._find(error).code, "token_limit")
        midnight = error.retry_at.replace(tzinfo=None) - fields.Datetime.now()
        self.assertLessEqual(midnight, timedelta(days=1))
        self.assertEqual(error.retry_at.hour, 0)
        self.assertEqual(self.asked(), 0)
        self.authorization.sudo().token_call_limit = 300
        self.env.flush_all()
        self.assertIsInstance(self.get(), str)

    # === DEAD AND IDLE === #

    def told(self, subject):
        """The notices whose subject has this in it."""
        self.env.flush_all()
        return (
            self.env["mail.message"]
            .sudo()
            .search([("model", "=", "exact.connection"), ("subject", "ilike", subject)])
        )

    def told_times(self, subject, user):
        """How often this person was told."""
        notices = self.told(subject)
        return len(notices.filtered(lambda m: user.partner_id in m.notified_partner_ids))

    def manager(self, login, *groups):
        return self.make_user(
            login, "base.group_user", "exact_connector.group_exact_manager", *groups
        )

    def test_dead_access_is_one_activity_and_one_mail_and_work_goes_on_after_reconnecting(self):
        owner = self.manager("owner", "base.group_system")
        other = self.manager("controller")
        self.authorization.sudo().connected_by_id = owner
        self.age(600)
        self.token().refresh_token = "stampNL001.gone"
        self.env.flush_all()
        move, second = self.invoice(), self.invoice()
        move.action_exact_create_sales_entry()
        second.action_exact_create_sales_entry()
        run = self.env["exact.exchange"]._enqueue_run(self.connection, "payment_sync")
        run.sudo()._drive()
        self.env["exact.authorization"]._cron_keep_alive()
        for user in (owner, other):
            self.assertEqual(self.told_times("must be connected again", user), 1, user.login)
        kind = self.env.ref("exact_connector.activity_type_reconnect")
        activity = self.env["mail.activity"].search([("activity_type_id", "=", kind.id)])
        self.assertEqual((activity.user_id, activity.res_id), (owner, self.connection.id))
        self.assertFalse(
            self.env["exact.notice"].search([("exchange_id", "=", run.id)]), "told once is enough"
        )
        self.assertEqual(move.exact_state, "waiting")
        self.check_all_say_so(move, owner)
        kept = self.authorization._connect(self.grant())
        self.connection._after_connect(kept)
        self.env["exact.exchange"]._cron_process()
        self.assertEqual((move | second).mapped("exact_state"), ["done", "done"])
        self.assertFalse(activity.exists())

    def check_all_say_so(self, move, owner):
        """What waits behind a dead access promises no time, is counted, and leads to where it is mended."""
        exchanges = self.env["exact.exchange"]
        queued = exchanges._enqueue_moves(self.connection, self.invoice() | self.invoice())
        self.assertFalse(queued.filtered("expected_on"), "nobody knows when")
        self.assertFalse(self.connection._get_finish(10_000))
        for waiting in queued.move_id:
            self.assertIn("connected again", waiting.exact_message)
            self.assertEqual(waiting.exact_action, "reconnect")
        row = self.env["exact.mend"].search([("cause_id.action", "=", "reconnect")])
        self.assertIn("2 in the queue", row.stopped)
        explained = self.connection.with_user(owner).dead_text
        self.assertIn("The link", explained)
        self.assertEqual(explained, self.authorization.with_user(owner).dead_text)
        queued.sudo().action_cancel()

    def test_dead_access_that_could_not_be_told_is_told_by_the_next_scheduled_action(self):
        owner = self.manager("owner", "base.group_system")
        self.age(600)
        self.token().refresh_token = "stampNL001.gone"
        self.env.flush_all()
        notices = type(self.env["exact.notice"])
        broken = patch.object(notices, "_notify_user", side_effect=ValueError("no mail"))
        with broken, self.assertLogs("odoo.addons.exact_connector", "ERROR"):
            self.assertIsInstance(self.try_get(), AuthError)
        self.assertTrue(self.token().dead_reason, "noted all the same")
        for _run in range(2):
            self.env["exact.authorization"]._cron_keep_alive()
        self.assertEqual(self.told_times("must be connected again", owner), 1)

    def test_w13_access_idle_for_25_days_is_renewed_and_somebody_is_warned(self):
        owner = self.manager("owner", "base.group_system")
        cron = self.env["exact.authorization"]._cron_keep_alive
        self.age(24 * 86400)
        cron()
        self.assertEqual(self.asked(), 0)
        self.age(86400)
        risk = self.authorization.risk_on
        cron()
        self.assertEqual(self.asked(), 1)
        self.env.invalidate_all()
        self.assertGreater(self.authorization.risk_on, risk + timedelta(days=24))
        self.assertIn(owner.partner_id, self.told("not used for 25 days").notified_partner_ids)
        cron()
        self.assertEqual(self.asked(), 1)

    def test_w13_idle_access_that_cannot_be_renewed_is_told_while_there_is_time(self):
        self.manager("owner", "base.group_system")
        self.age(26 * 86400)
        self.fault("status", path=TOKEN, status=503, times=0)
        self.env["exact.authorization"]._cron_keep_alive()
        self.assertTrue(self.told("ends soon"))
        self.assertFalse(self.token().dead_reason)

    def test_call_refused_with_a_fresh_token_is_tried_later_without_a_person(self):
        self.age(600)
        self.fault("status", path="/api/v1/", status=401, times=2)
        move = self.invoice()
        pairs = [oauth.TokenSet("one", "a"), oauth.TokenSet("two", "b")]
        with (
            patch.object(exact_authorization_token, "REFRESH_AFTER", timedelta(0)),
            patch.object(oauth, "refresh", side_effect=pairs),
        ):
            move.action_exact_create_sales_entry()
        exchange = move.exact_exchange_ids
        self.assertEqual(exchange.state, "waiting")
        self.assertTrue(exchange.retry_at)
