"""Limits, outages and dead tokens: what was sent waits, is told, and goes on by itself."""

from datetime import timedelta, timezone

from odoo import fields
from odoo.tests import tagged

from .common import post
from .sending import ErrorCase


@tagged("post_install", "-at_install")
class TestWaits(ErrorCase):
    """Limits and outages: nobody mends them, it goes on by itself."""

    def goes_on(self, moves):
        """The time has come: the scheduler brings the rest across, each once."""
        for exchange in moves.exact_exchange_ids:
            self.make_due(exchange)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(set(moves.mapped("exact_state")), {"done"}, moves.mapped("exact_message"))
        self.assertEqual(len(self.entries()), len(moves))

    def trigger_at(self, moment):
        return self.env["ir.cron.trigger"].search_count(
            [
                ("cron_id", "=", self.env.ref("exact_connector.ir_cron_process_exchanges").id),
                ("call_at", ">=", moment - timedelta(seconds=1)),
                ("call_at", "<=", moment + timedelta(seconds=1)),
            ]
        )

    def test_minute_used_up_is_heeded_before_exact_refuses(self):
        minute = fields.Datetime.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
        # At Exact a minute begins, which does not end while this goes on.
        self.sim.clock.freeze(minute.replace(tzinfo=timezone.utc))
        post(f"{self.sim.url}/_sim/limits", {"minute": 3, "clear": True})
        partner = self.customer()
        moves = self.env["account.move"].union(*(self.invoice(partner=partner) for _n in range(5)))
        self.clear_calls()
        answer = moves.action_exact_create_sales_entry()
        self.assertEqual(len(self.calls()), 3)
        self.assertEqual({call["status"] for call in self.calls()}, {201})
        self.assertEqual(moves.mapped("exact_state").count("done"), 3)
        self.assertIn("2 to follow", answer["params"]["title"])
        waiting = moves.exact_exchange_ids.filtered(lambda e: e.state == "waiting")
        self.assertEqual(waiting[0].cause_id.code, "limit")
        self.assertEqual(waiting[0].owner, "nobody")
        # Exact's minute has just begun: on our own clock, whatever it shows, it ends in a minute.
        away = waiting[0].retry_at - fields.Datetime.now()
        self.assertAlmostEqual(away.total_seconds(), 60, delta=15)
        self.assertTrue(self.trigger_at(waiting[0].retry_at), "it goes on by itself")
        self.clear_calls()
        self.invoice(partner=partner).action_exact_create_sales_entry()
        self.assertFalse(self.calls(), "until then nothing is asked")
        post(f"{self.sim.url}/_sim/limits", {"minute": None, "clear": True})
        self.goes_on(self.env["account.move"].search([("exact_exchange_ids", "!=", False)]))

    def test_limit_without_headers_waits_a_minute(self):
        self.fault("status", status=429, body="")
        move = self.invoice()
        exchange = self.refused(move, "limit_errors", "nobody", state="waiting")
        self.assertAlmostEqual(
            exchange.retry_at,
            fields.Datetime.now() + timedelta(minutes=1),
            delta=timedelta(seconds=30),
        )
        self.assertTrue(self.trigger_at(exchange.retry_at))
        self.goes_on(move)

    def test_outage_waits_and_goes_on(self):
        for kind, values in (("status", {"status": 503}),):
            self.fault(kind, **values)
            move = self.invoice()
            exchange = self.refused(move, "unreachable", "nobody", state="waiting")
            self.assertTrue(exchange.retry_at)
            self.assertTrue(self.trigger_at(exchange.retry_at))
            self.goes_on(move)

    def test_outage_stops_the_batch_after_one_call(self):
        self.fault("status", status=503, times=0)
        partner = self.customer()
        moves = self.invoice(partner=partner) | self.invoice(partner=partner)
        self.clear_calls()
        moves.action_exact_create_sales_entry()
        self.assertEqual(len(self.calls()), 1)
        self.sim.faults.clear()
        self.goes_on(moves)

    def test_server_that_is_gone_is_told_as_unreachable(self):
        move = self.invoice()
        url = "exact_connector.practice_url"
        self.env["ir.config_parameter"].set_param(url, "http://127.0.0.1:9")
        self.refused(move, "unreachable", "nobody", state="waiting")
        self.env["ir.config_parameter"].set_param(url, self.sim.url)
        self.goes_on(move)

    def age_tokens(self, seconds):
        """Time passes on both sides."""
        self.sim.clock.advance(seconds)
        token = self.connection.authorization_id.sudo().token_ids
        token.write(
            {
                "fetched_on": token.fetched_on - timedelta(seconds=seconds),
                "expires_on": token.expires_on - timedelta(seconds=seconds),
            }
        )

    def test_token_refused_once_is_renewed_and_the_document_goes(self):
        self.age_tokens(572)
        self.fault("status", status=401, body="")
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(len(self.entries()), 1)

    def test_fresh_token_refused_waits_until_a_new_one_may_be_had(self):
        self.fault("status", status=401, body="")
        move = self.invoice()
        exchange = self.refused(move, "token_early", "nobody", state="waiting")
        self.assertTrue(exchange.retry_at)
        self.assertIn("Waits to go to Exact", self.chatter(move), "it is no refusal")
        self.goes_on(move)

    def test_dead_refresh_token_asks_for_connecting_and_goes_on_after_it(self):
        token = self.connection.authorization_id.sudo().token_ids
        token.refresh_token = "stampNL001.gone"
        self.age_tokens(600)
        move = self.invoice()
        exchange = self.refused(move, "reconnect", "odoo_admin", state="waiting")
        self.assertFalse(exchange.retry_at, "no time helps, a person does")
        self.assertEqual(self.connection.state, "expired")
        self.clear_calls()
        self.cron("ir_cron_process_exchanges")
        self.assertFalse(self.calls())
        kept = self.connection.authorization_id._connect(self.grant())
        self.connection._after_connect(kept)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(len(self.entries()), 1)
