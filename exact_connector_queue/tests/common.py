from odoo.addons.exact_connector.tests.sending import SendCase
from odoo.addons.queue_job.job import Job

METHOD = "_job_process"


class QueueCase(SendCase):
    """Documents that the background brings across; jobs as a runner takes them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("queue_job.group_queue_job_manager")

    def documents(self, count, **values):
        """Invoices with their exchanges, pending; nothing is scheduled for them yet."""
        moves = self.env["account.move"].union(*(self.invoice(**values) for _n in range(count)))
        return self.env["exact.exchange"]._enqueue_moves(self.connection, moves).sudo()

    def jobs(self, connection=None, state="pending"):
        """Jobs of a connection in one state, the next first."""
        self.env.flush_all()
        return (connection or self.connection)._search_jobs([("state", "=", state)])

    def run_job(self, record):
        """Do what the runner has a worker do; the record, with its result."""
        job = Job.load(self.env, record.uuid)
        job.set_started()
        job.store()
        self.env.flush_all()
        job.perform()
        job.set_done()
        job.store()
        self.env.invalidate_all()
        return record
