from odoo import models


class ExactExchange(models.Model):
    """When the background looks: the one place that wakes it, so that another driver can take its place."""

    _inherit = "exact.exchange"

    def _schedule(self, at=None):
        """Have these exchanges brought across in the background.

        Without exchanges it means "look at what is due". Whatever else is due at that moment goes along;
        what is not, is left alone, so that asking once too often costs nothing.

        :param at: moment (naive UTC) from which; at once by default.
        """
        self.env.ref("exact_connector.ir_cron_process_exchanges").sudo()._trigger(at=at)

    def _drive_in_background(self):
        """What a scheduled action has queued: nobody waits for it on a screen."""
        self._drive()
