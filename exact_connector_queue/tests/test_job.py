"""What a job does: a round of the driver, and the next job for what is left."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.queue_job.exception import RetryableJobError

from .common import QueueCase


@tagged("post_install", "-at_install")
class TestJob(QueueCase):
    def test_job_brings_all_across_with_one_look_up_of_new_customers(self):
        exchanges = self.env["exact.exchange"]
        for number in range(4):
            exchanges |= self.documents(
                1, partner=self.customer(known=False, name=f"Klant {number}")
            )
        exchanges._schedule()
        self.clear_calls()
        job = self.run_job(self.jobs())
        self.assertEqual(set(exchanges.mapped("state")), {"done"}, exchanges.mapped("message"))
        self.assertEqual(len(self.entries()), 4)
        self.assertEqual(job.result, "4 Done")
        self.assertFalse(self.jobs(), "nothing is left to queue")
        calls = self.paths()
        self.assertEqual(len([call for call in calls if call[0] == "GET"]), 1, calls)

    def test_job_without_work_makes_no_call(self):
        self.connection._schedule_job()
        self.run_job(self.jobs())
        self.assertFalse(self.calls())
        self.assertFalse(self.jobs())

    def test_lost_answer_ends_the_job_and_the_next_one_settles_it_once(self):
        exchange = self.documents(1)
        self.fault("drop_after")
        exchange._schedule()
        self.run_job(self.jobs())
        self.assertEqual(exchange.state, "unclear")
        following = self.jobs()
        self.assertEqual(following.eta, exchange.retry_at)
        with self.later(90):
            self.run_job(following)
        self.assertEqual(exchange.state, "done", exchange.message)
        self.assertEqual(len(self.entries()), 1)
        self.assertEqual(exchange.job_uuid, following.uuid)

    def test_outage_ends_the_job_after_one_call_and_all_go_with_the_next(self):
        exchanges = self.documents(3)
        self.fault("status", status=503)
        exchanges._schedule()
        self.run_job(self.jobs())
        self.assertEqual(len(self.calls("POST")), 1)
        self.assertEqual(sorted(exchanges.mapped("state")), ["pending", "pending", "waiting"])
        waiting = exchanges.filtered(lambda e: e.state == "waiting")
        self.assertEqual(self.jobs().eta, waiting.retry_at)
        with self.later(61):
            self.run_job(self.jobs())
        self.assertEqual(set(exchanges.mapped("state")), {"done"})
        self.assertEqual(len(self.entries()), 3)

    def test_outage_is_not_asked_for_again_by_the_next_batch(self):
        exchanges = self.documents(4)
        self.fault("status", status=503, times=0)
        with patch("odoo.addons.exact_connector.models.exact_exchange_limits.DUE_AT_ONCE", 2):
            exchanges._schedule()
            self.run_job(self.jobs())
        self.assertEqual(len(self.calls("POST")), 1)
        [following] = self.jobs()
        self.assertTrue(following.eta)

    def test_more_than_a_job_takes_at_once_is_taken_by_the_next(self):
        exchanges = self.documents(3)
        with patch("odoo.addons.exact_connector.models.exact_exchange_limits.DUE_AT_ONCE", 2):
            exchanges._schedule()
            self.run_job(self.jobs())
            self.assertEqual(exchanges.mapped("state").count("done"), 2)
            [following] = self.jobs()
            self.assertFalse(following.eta)
            self.run_job(following)
        self.assertEqual(set(exchanges.mapped("state")), {"done"})

    def test_w12_scheduled_documents_keep_their_place_until_there_is_room_again(self):
        exchanges = self.documents(2)
        exchanges._schedule()
        until = fields.Datetime.now().replace(microsecond=0) + timedelta(minutes=20)
        with patch.object(
            self.env.registry["exact.connection"], "_get_room_at", lambda *_args: until
        ):
            self.run_job(self.jobs())
        self.assertFalse(self.calls())
        self.assertEqual(set(exchanges.mapped("state")), {"pending"})
        self.assertEqual(self.jobs().mapped("eta"), [until])
        self.run_job(self.jobs())
        self.assertEqual(set(exchanges.mapped("state")), {"done"})

    def test_refused_document_is_not_queued_again(self):
        exchange = self.documents(1)
        self.fault("status", status=400, body="")
        exchange._schedule()
        job = self.run_job(self.jobs())
        self.assertEqual(exchange.state, "failed")
        self.assertEqual(job.result, "1 Failed")
        self.assertFalse(self.jobs())

    def test_without_connection_nothing_is_queued_until_it_is_back(self):
        exchanges = self.documents(2)
        self.connection.authorization_id.sudo().token_ids.dead_reason = "Gone"
        exchanges._schedule()
        self.run_job(self.jobs())
        self.assertEqual(set(exchanges.mapped("state")), {"waiting"})
        self.assertFalse(self.jobs())
        kept = self.connection.authorization_id._connect(self.grant())
        self.connection._after_connect(kept)
        self.run_job(self.jobs())
        self.assertEqual(set(exchanges.mapped("state")), {"done"}, exchanges.mapped("message"))

    def test_time_is_up_and_another_job_takes_the_rest_at_once(self):
        exchanges = self.documents(3)
        exchanges._schedule()
        exchange_class = self.env.registry["exact.exchange"]
        # what this class of tests has put out of action
        commit = next(
            vars(c)["_commit"] for c in exchange_class.__mro__[1:] if "_commit" in vars(c)
        )
        with (
            patch.object(exchange_class, "_commit", commit),
            patch.object(
                self.env.registry["ir.cron"],
                "_commit_progress",
                lambda this, *_args, **_kwargs: self._flush(this),
            ),
            patch("odoo.addons.exact_connector_queue.models.exact_connection.JOB_SECONDS", -1),
        ):
            self.run_job(self.jobs())
        self.assertEqual(exchanges.mapped("state").count("done"), 1)
        [following] = self.jobs()
        self.assertFalse(following.eta)
        self.run_job(following)
        self.assertEqual(set(exchanges.mapped("state")), {"done"})
        self.assertEqual(len(self.entries()), 3)

    def test_job_that_sees_others_waiting_does_their_work_and_ends_them(self):
        exchanges = self.documents(2)
        for number, exchange in enumerate(exchanges):
            with patch.object(
                self.env.registry["exact.connection"], "_transaction_id", return_value=str(number)
            ):
                exchange._schedule()
        later = fields.Datetime.now() + timedelta(minutes=10)
        exchanges._schedule(at=later)
        first, second, third = self.jobs().sorted("id")
        self.run_job(first)
        self.assertEqual(set(exchanges.mapped("state")), {"done"})
        self.assertEqual((second.state, third.state), ("done", "pending"))
        self.assertIn(first.uuid, second.result)

    def test_second_job_of_a_division_comes_after_the_one_at_work(self):
        exchange = self.documents(1)
        exchange._schedule()
        job = self.jobs()
        job.state = "started"
        self.assertFalse(self.jobs())
        with self.assertRaises(RetryableJobError) as caught:
            self.connection.with_context(job_uuid="another")._job_process()
        self.assertTrue(caught.exception.ignore_retry)
        self.assertEqual(exchange.state, "pending")
        self.assertFalse(self.calls())

    def test_dead_worker_is_looked_at_when_its_claim_can_be_taken(self):
        """Requeued by the runner, the job finds the claim of the dead one and comes back for it."""
        exchange = self.documents(1)
        started = fields.Datetime.now() - timedelta(seconds=30)
        exchange.write({"state": "sending", "attempts": 1, "started_on": started})
        self.connection._schedule_job()
        self.run_job(self.jobs())
        self.assertFalse(self.calls())
        self.assertEqual(self.jobs().eta, started + timedelta(minutes=2))
        with self.later(120):
            self.run_job(self.jobs())
        self.assertEqual(exchange.state, "done", exchange.message)
        self.assertEqual(len(self.entries()), 1)

    def test_exchange_held_by_a_click_is_looked_at_again(self):
        exchange = self.documents(1)
        self.connection._schedule_job()
        with patch.object(
            self.env.registry["exact.exchange"], "_lock_due", lambda this: this.browse()
        ):
            self.run_job(self.jobs())
        self.assertEqual(exchange.state, "pending")
        [following] = self.jobs()
        self.assertAlmostEqual(
            following.eta,
            fields.Datetime.now() + timedelta(minutes=1),
            delta=timedelta(seconds=20),
        )

    def test_sync_goes_on_from_documents_to_paid_status(self):
        self.documents(2).unlink()
        with patch("odoo.addons.exact_connector.models.exact_sync_run.AT_ONCE", 1):
            self.connection.action_sync()
        run = self.env["exact.sync.run"].search([("connection_id", "=", self.connection.id)])
        self.assertTrue(run.in_background)
        rounds = 0
        while self.jobs() and rounds < 5:
            self.run_job(self.jobs()[0])
            rounds += 1
        self.assertEqual(run.state, "done")
        self.assertEqual((run.sent_count, run.later_count), (2, 0))
