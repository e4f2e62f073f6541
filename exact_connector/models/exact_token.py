from datetime import timedelta

from odoo import api, fields, models


class ExactToken(models.Model):
    """The tokens of one authorization, in a table of their own: only a separate cursor writes it.

    The tokens themselves are for the code alone: no user reads, exports or filters by them, whatever
    the groups (docs/security.md).
    """

    _name = "exact.token"
    _description = "Exact Online Token"
    _rec_name = "authorization_id"
    _log_access = False

    authorization_id = fields.Many2one(
        "exact.authorization", required=True, ondelete="cascade", groups="base.group_system"
    )
    access_token = fields.Char(groups=fields.NO_ACCESS, copy=False)
    refresh_token = fields.Char(groups=fields.NO_ACCESS, copy=False)
    fetched_on = fields.Datetime(
        groups="base.group_system", help="UTC; Exact refuses a new one for 570 s."
    )
    expires_on = fields.Datetime(groups="base.group_system", help="UTC; end of the access token.")
    refresh_expires_on = fields.Datetime(
        groups="base.group_system", help="UTC; an unused refresh token dies after 30 days."
    )
    dead_reason = fields.Char(
        groups="base.group_system",
        help="Why Exact no longer accepts it; a person must connect again.",
    )
    told_on = fields.Datetime(
        groups="base.group_system", help="UTC; the people in charge know that it is dead."
    )
    retry_on = fields.Datetime(
        groups="base.group_system", help="UTC; after a failure no token is asked for before."
    )
    retry_reason = fields.Char(groups="base.group_system")
    failures = fields.Integer(groups="base.group_system", help="Token calls that failed in a row.")

    _authorization_uniq = models.Constraint(
        "UNIQUE(authorization_id)", "An authorization has one pair of tokens."
    )


class ExactTokenUse(models.Model):
    """Token calls of one authorization on one day (UTC): Exact allows 200 an app, user and day (API 1.3).

    Written on a cursor of its own before each call, so that a worker that dies on the way has been
    counted.
    """

    _name = "exact.token.use"
    _description = "Exact Online Token Calls"
    _rec_name = "day"
    _order = "day desc"
    _log_access = False

    authorization_id = fields.Many2one(
        "exact.authorization", required=True, readonly=True, ondelete="cascade"
    )
    day = fields.Date(required=True, readonly=True, help="UTC")
    calls = fields.Integer(required=True, readonly=True, default=0)

    _day_uniq = models.Constraint(
        "UNIQUE(authorization_id, day)", "The calls of a day are counted once."
    )

    @api.autovacuum
    def _gc_old(self):
        """Of interest for a month."""
        self.search([("day", "<", fields.Date.today() - timedelta(days=31))]).unlink()
