from datetime import timedelta

from odoo import fields, models
from odoo.tools import format_datetime

from .. import clock
from ..client import LimitError

# However many people press, and however often: Exact is asked about one exchange once in this time.
LOOK_AGAIN = timedelta(seconds=10)


class ExactExchange(models.Model):
    """When Exact was last asked what became of an attempt whose answer was lost.

    A look-up is a call, and calls are limited (W12): a person who presses again a moment later is told
    what is known. The time stands in the database, by the clock that all workers share.
    """

    _inherit = "exact.exchange"

    looked_on = fields.Datetime("Last Asked about on", readonly=True, copy=False)

    def _asked_just_now(self):
        """Those of these that a person need not have asked about again: it was done, and comes by itself.

        What is due is not among them, nor what the background does: that keeps to its own times.
        """
        if self.env["exact.connection"]._get_lane() != "click":
            return self.browse()
        now = clock.now(self.env)
        return self.filtered(
            lambda exchange: (
                exchange.state == "unclear"
                and exchange.looked_on
                and now - LOOK_AGAIN < exchange.looked_on <= now
                and exchange.retry_at
                and exchange.retry_at > now
            )
        )

    def _note_look(self):
        """Exact has been asked just now; written with what came of it."""
        self.looked_on = clock.now(self.env)

    def _settle_error(self, error):
        # Before anything is sent it is claimed: what is unclear still was only asked about.
        if self.state == "unclear" and not isinstance(error, LimitError):
            self._note_look()
        return super()._settle_error(error)

    # === TELLING === #

    def _tell_look(self):
        """When Exact was asked and when it will be, for a person who waits for it."""
        self.ensure_one()
        if self.state != "unclear" or not self.retry_at:
            return ""
        env = self.env
        again = format_datetime(env, self.retry_at, dt_format="short")
        if not self.looked_on:
            return env._("Exact is asked about it by itself at %s.", again)
        return env._(
            "Exact was asked about it at %(asked)s, and is asked again by itself at %(again)s.",
            asked=format_datetime(env, self.looked_on, dt_format="short"),
            again=again,
        )

    def _one_line(self):
        return " ".join(filter(None, [super()._one_line(), self._tell_look()]))
