from odoo import fields, models

from .exact_connection import USABLE_ITEM


class AccountMoveLine(models.Model):
    """An Exact item chosen for one line goes before every other source (R18)."""

    _inherit = "account.move.line"

    exact_item_id = fields.Many2one(
        "exact.item",
        check_company=True,
        copy=True,
        ondelete="set null",
        domain=f"[('company_id', '=', company_id), {USABLE_ITEM}]",
        help="Overrides the item of the product and its category for this line.",
    )
