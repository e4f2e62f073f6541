"""What is put in the queue: one job for a division and a moment, in the division's own channel."""

from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, fields
from odoo.tests import tagged

from odoo.addons.queue_job.tests.common import trap_jobs

from .common import METHOD, QueueCase

AT_ONCE = "odoo.addons.exact_connector.models.account_move.AT_ONCE"


@tagged("post_install", "-at_install")
class TestQueue(QueueCase):
    def test_many_documents_are_one_job_in_the_channel_of_their_division(self):
        moves = self.documents(3).move_id
        with trap_jobs() as trap, patch(AT_ONCE, 2):
            answer = moves.action_exact_create_sales_entry()
        self.assertFalse(self.calls())
        self.assertIn("3 to follow", answer["params"]["title"])
        trap.assert_jobs_count(1)
        [job] = trap.enqueued_jobs
        self.assertEqual((job.recordset, job.method_name), (self.connection, METHOD))
        self.assertEqual(job.channel, f"root.exact.connection_{self.connection.id}")
        self.assertFalse(job.eta)
        self.assertTrue(job.identity_key.startswith(f"exact_connector-{self.connection.id}-"))
        self.assertEqual(job.user_id, SUPERUSER_ID)
        self.assertEqual(job.company_id, self.company.id)
        self.assertIn(self.company.name, job.description)

    def test_few_documents_go_at_once_while_the_person_waits(self):
        moves = self.documents(2).move_id
        with trap_jobs() as trap, patch(AT_ONCE, 2):
            moves.action_exact_create_sales_entry()
        self.assertEqual(set(moves.mapped("exact_state")), {"done"})
        trap.assert_jobs_count(0)

    def test_an_exchange_is_not_queued_twice(self):
        first, second = self.documents(2)
        with trap_jobs() as trap:
            first._schedule()
            second._schedule()
            (first | second)._schedule()
            self.env["exact.exchange"]._schedule()
            trap.assert_jobs_count(1)
        for _n in range(3):
            (first | second)._schedule()
            self.env["exact.exchange"]._schedule()
        self.assertEqual(len(self.jobs()), 1)

    def test_each_division_has_a_job_in_a_channel_of_its_own(self):
        """It comes and goes with the connection, and its jobs hold nothing of another division."""
        _company, other = self.other_company()
        own = self.documents(1)
        other._schedule_job()
        job, channel = self.jobs(other), other.queue_channel_ids
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(own.state, "done", own.message)
        exchanges = self.documents(1)
        exchanges |= exchanges._enqueue_run(other, "payment_sync")
        with trap_jobs() as trap:
            exchanges._schedule()
            trap.assert_jobs_count(2)
            channels = {job.channel for job in trap.enqueued_jobs}
        self.assertEqual(
            channels, {f"root.exact.connection_{c.id}" for c in self.connection | other}
        )
        other.exchange_ids.sudo().unlink()
        other.unlink()
        self.assertFalse(channel.exists())
        self.run_job(job)
        self.assertEqual(job.state, "done")
        self.assertIn("deleted", job.result)

    def test_work_of_a_later_moment_has_a_job_of_that_moment(self):
        exchange = self.documents(1)
        at = fields.Datetime.now() + timedelta(minutes=5)
        with trap_jobs() as trap:
            exchange._schedule(at=at)
            exchange._schedule(at=at)
            trap.assert_jobs_count(1)
            trap.assert_enqueued_job(self.connection._job_process, properties={"eta": at})

    def test_moments_close_together_share_the_later_job(self):
        exchange = self.documents(1)
        at = fields.Datetime.now() + timedelta(minutes=5)
        for seconds in (50, 0, 20, 49):
            exchange._schedule(at=at + timedelta(seconds=seconds))
        self.assertEqual(self.jobs().mapped("eta"), [at + timedelta(seconds=50)])
        exchange._schedule(at=at + timedelta(seconds=51))
        self.assertEqual(len(self.jobs()), 2, "none is done before its time")

    def test_a_job_about_to_start_is_not_relied_on(self):
        """It may have looked before this transaction is committed."""
        exchange = self.documents(1)
        at = fields.Datetime.now() + timedelta(seconds=20)
        exchange._schedule(at=at + timedelta(seconds=5))
        exchange._schedule(at=at)
        self.assertEqual(len(self.jobs()), 2)

    def test_a_moment_that_is_over_is_now(self):
        with trap_jobs() as trap:
            self.documents(1)._schedule(at=fields.Datetime.now() - timedelta(minutes=1))
            self.assertFalse(trap.enqueued_jobs[0].eta)

    def test_w12_limit_is_waited_for_by_a_job_at_its_time(self):
        self.fault("status", status=429, body="")
        move = self.documents(1).move_id
        with trap_jobs() as trap:
            move.action_exact_create_sales_entry()
            trap.assert_enqueued_job(
                self.connection._job_process,
                properties={"eta": self.exchange(move).retry_at},
            )

    def test_scheduled_actions_queue_a_job_and_call_nothing(self):
        moves = self.documents(2).move_id
        moves.exact_exchange_ids.unlink()
        self.connection.auto_send = True
        with trap_jobs() as trap:
            self.env["exact.connection"]._cron_send_documents()
            self.env["exact.connection"]._cron_sync_payments()
            trap.assert_jobs_count(1)
        self.assertFalse(self.calls())
        self.assertEqual(moves.exact_exchange_ids.mapped("state"), ["pending"] * 2)

    def test_without_queueing_the_scheduled_action_is_woken(self):
        """As with QUEUE_JOB__NO_DELAY: a job at once would not wait for its time."""
        triggers = self.env["ir.cron.trigger"]
        before = triggers.search_count([])
        self.documents(1).with_context(queue_job__no_delay=True)._schedule()
        self.assertEqual(triggers.search_count([]), before + 1)
        self.assertFalse(self.jobs())

    def test_channel_that_is_gone_is_made_again(self):
        self.connection.queue_channel_ids.unlink()
        self.documents(1)._schedule()
        self.assertEqual(self.jobs().channel, self.connection.queue_channel_ids.complete_name)

    def test_job_may_commit_and_a_runner_of_another_size_makes_no_difference(self):
        function = self.env["queue.job.function"].job_config(f"<exact.connection>.{METHOD}")
        self.assertTrue(function.allow_commit)
        self.assertEqual(function.channel, "root.exact")

    def test_user_of_exact_without_rights_on_the_queue_sends_and_opens_the_exchange(self):
        user = self.make_user(
            "sender", "account.group_account_invoice", "exact_connector.group_exact_user"
        )
        self.assertFalse(user.has_group("queue_job.group_queue_job_manager"))
        moves = self.documents(2).move_id
        with patch(AT_ONCE, 1):
            moves.with_user(user).action_exact_create_sales_entry()
        self.assertEqual(len(self.jobs()), 1)
        exchange = moves.exact_exchange_ids[0].with_user(user)
        self.assertNotIn("job_id", exchange.get_view(view_type="form")["arch"])
        self.assertIn(
            "job_id", exchange.with_user(self.env.user).get_view(view_type="form")["arch"]
        )

    def test_exchange_shows_its_job_and_the_job_its_exchanges(self):
        exchanges = self.documents(2)
        self.assertFalse(exchanges.job_id)
        exchanges._schedule()
        job = self.jobs()
        exchanges.invalidate_recordset()
        self.assertEqual(exchanges.job_id, job)
        action = job.open_related_action()
        shown = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(shown, exchanges.sorted("id", reverse=True))
        self.run_job(job)
        self.assertEqual(exchanges.mapped("job_id"), job)
        self.documents(1)._schedule()
        self.assertEqual(
            self.env[action["res_model"]].search(job.open_related_action()["domain"]), shown
        )
