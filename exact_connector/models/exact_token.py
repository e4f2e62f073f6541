from odoo import fields, models


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

    _authorization_uniq = models.Constraint(
        "UNIQUE(authorization_id)", "An authorization has one pair of tokens."
    )
