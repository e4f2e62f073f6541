"""Who does the work: Odoo's scheduler, or a job queue. A button may start it under either."""


class Cron:
    """Odoo's own scheduler: what has a time that has come, and nothing else."""

    name = "cron"
    full = False

    def run_due(self, world):
        """Do what is due now."""
        from odoo.addons.base.models.ir_cron import IrCron

        IrCron._process_jobs(world.db)


DRIVERS = {driver.name: driver for driver in (Cron,)}
