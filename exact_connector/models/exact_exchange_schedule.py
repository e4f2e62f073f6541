from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain

from .. import clock

# So many exchanges are brought across in one run of the background.
DUE_AT_ONCE = 1000
# A live attempt holds its row; one that can be locked after this time has died.
DEAD_AFTER = timedelta(minutes=2)


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

    @api.model
    def _due_domain(self):
        """What is pending or due again, and what a worker left behind.

        What waits at an archived connection stays there: it must not go beside its successor's.
        """
        now = clock.now(self.env)
        return Domain("connection_id.active", "=", True) & (
            Domain("state", "=", "pending")
            | Domain([("state", "in", ("waiting", "unclear")), ("retry_at", "<=", now)])
            | Domain([("state", "=", "sending"), ("started_on", "<=", now - DEAD_AFTER)])
            | Domain(
                [
                    ("state", "in", ("sending", "waiting", "unclear")),
                    ("write_date", ">", now + clock.FUTURE),
                ]
            )
        )

    @api.model
    def _search_due(self, connection=None):
        """The next batch of what is due, of one connection or of all."""
        domain = self._due_domain()
        if connection:
            domain &= Domain("connection_id", "=", connection.id)
        return self.search(domain, order="id", limit=DUE_AT_ONCE)

    def _drive_in_background(self):
        """What a scheduled action has queued: nobody waits for it on a screen."""
        self.with_context(exact_lane="document")._drive()
