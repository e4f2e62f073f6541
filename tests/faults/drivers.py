"""Who does the work in the background: Odoo's scheduler, or OCA's job queue. A button may start it under either."""


class Cron:
    """Odoo's own scheduler: what has a time that has come, and nothing else.

    ``layer`` names the template database, and so the add-ons that are there.
    """

    name = "cron"
    layer = "template"

    def run_due(self, world):
        """Do what is due now."""
        from odoo.addons.base.models.ir_cron import IrCron

        IrCron._process_jobs(world.db)


class Queue(Cron):
    """``exact_connector_queue``: jobs as OCA's runner takes them, the scheduler as safety net beside them."""

    name = "queue"
    layer = "queue"

    def run_due(self, world):
        from odoo.addons.queue_job.controllers.main import RunJobController
        from odoo.addons.queue_job.jobrunner.runner import Database

        # Jobs whose worker is dead start again, as the runner sees to every few seconds.
        world.sql(Database._query_requeue_dead_jobs(None))
        for _round in range(6):
            due = world.sql(
                "UPDATE queue_job SET state = 'enqueued', date_enqueued = now() AT TIME ZONE 'utc'"
                " WHERE id = (SELECT id FROM queue_job WHERE state = 'pending'"
                " AND (eta IS NULL OR eta <= now() AT TIME ZONE 'utc') ORDER BY id LIMIT 1)"
                " RETURNING uuid"
            )
            if not due:
                break
            with world.env(1) as env:
                job = RunJobController._acquire_job(env, due[0][0])
                if job:
                    RunJobController._runjob(env, job)
        super().run_due(world)


DRIVERS = {driver.name: driver for driver in (Cron, Queue)}
