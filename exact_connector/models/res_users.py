from odoo import SUPERUSER_ID, api, fields, models

OWN_FIELDS = ["exact_paid_notice", "exact_failure_notice"]


class ResUsers(models.Model):
    """How a person wants to hear of what comes from Exact (R34)."""

    _inherit = "res.users"

    exact_paid_notice = fields.Selection(
        [
            ("none", "No notice"),
            ("notice", "A notice for each document"),
            ("activity", "An activity on each document"),
            ("digest", "One mail a day"),
        ],
        "Paid in Exact",
        default="none",
        required=True,
        help="When a document becomes paid because Exact says so.",
    )
    exact_failure_notice = fields.Selection(
        [
            ("none", "No notice"),
            ("notice", "A notice for each document"),
            ("activity", "An activity on each document"),
            ("digest", "One mail a day"),
        ],
        "Failed in Exact",
        default="notice",
        required=True,
        help="When a document that you sent to Exact fails while you are not looking. "
        "Managers of Exact Online also get one mail a day on what failed for others, "
        "or by itself, unless this is No notice.",
    )
    exact_notice_ids = fields.One2many(
        "exact.notice", "user_id", readonly=True, groups="base.group_system"
    )

    @api.depends_context("exact_calls", "lang")
    def _compute_display_name(self):
        """In the lists of calls, whose calls are nobody's goes by the name that it has in the meter (W12)."""
        result = super()._compute_display_name()
        if self.env.context.get("exact_calls"):
            self.filtered(lambda user: user.id == SUPERUSER_ID).display_name = self.env._(
                "Scheduled"
            )
        return result

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + OWN_FIELDS

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return super().SELF_WRITEABLE_FIELDS + OWN_FIELDS
