"""The scheduled action takes what no job holds; without the add-on it takes everything again."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.exact_connector_queue import post_init_hook, uninstall_hook

from .common import QueueCase


@tagged("post_install", "-at_install")
class TestSafetyNet(QueueCase):
    def process(self):
        self.cron("ir_cron_process_exchanges")

    def assert_left_alone(self, exchange):
        self.process()
        self.assertEqual(exchange.state, "pending")
        self.assertFalse(self.calls())

    def assert_taken(self, exchange):
        self.process()
        self.assertEqual(exchange.state, "done", exchange.message)

    def test_scheduled_action_takes_what_no_job_holds(self):
        self.assert_taken(self.documents(1))

    def test_scheduled_action_leaves_what_a_job_holds(self):
        exchange = self.documents(1)
        exchange._schedule()
        self.assert_left_alone(exchange)
        self.jobs().state = "started"
        self.env["queue.job"].search([]).date_enqueued = fields.Datetime.now()
        self.assert_left_alone(exchange)

    def test_scheduled_action_leaves_what_a_job_is_about_to_take(self):
        exchange = self.documents(1)
        exchange._schedule(at=fields.Datetime.now() + timedelta(minutes=5))
        self.assert_left_alone(exchange)

    def test_job_of_tomorrow_holds_nothing_of_today(self):
        exchange = self.documents(1)
        exchange._schedule(at=fields.Datetime.now() + timedelta(days=1))
        self.assert_taken(exchange)

    def test_without_a_runner_the_scheduled_action_takes_over(self):
        exchange = self.documents(1)
        exchange._schedule()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE queue_job SET date_created = date_created - interval '16 minutes' WHERE id IN %s",
            [tuple(self.jobs().ids)],
        )
        self.env.invalidate_all()
        self.assert_taken(exchange)

    def test_job_that_failed_holds_nothing(self):
        exchange = self.documents(1)
        exchange._schedule()
        self.jobs().state = "failed"
        self.assert_taken(exchange)

    def test_without_the_addon_the_scheduled_action_goes_on_at_the_same_times(self):
        first, second = self.documents(2)
        at = fields.Datetime.now().replace(microsecond=0) + timedelta(minutes=7)
        second.write({"state": "unclear", "attempts": 1, "retry_at": at})
        (first | second)._schedule()
        second._schedule(at=at)
        cron = self.env.ref("exact_connector.ir_cron_process_exchanges")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        uninstall_hook(self.env)
        self.assertFalse(self.jobs(), "a job without its method would fail")
        new = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]) - triggers
        self.assertEqual(len(new), 2)
        self.assertIn(at, new.mapped("call_at"))

    def test_installed_later_it_takes_over_what_waits(self):
        exchange = self.documents(1)
        self.connection.queue_channel_ids.unlink()
        post_init_hook(self.env)
        self.assertTrue(self.connection.queue_channel_ids)
        self.run_job(self.jobs())
        self.assertEqual(exchange.state, "done", exchange.message)
