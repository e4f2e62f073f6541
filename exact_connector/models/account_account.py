from odoo import fields, models

from .exact_gl_account import USABLE_ACCOUNT


class AccountAccount(models.Model):
    _inherit = "account.account"

    exact_gl_account_id = fields.Many2one(
        "exact.gl.account",
        "Exact Ledger Account",
        company_dependent=True,
        domain=f"[('company_id', '=', allowed_company_ids[0]), {USABLE_ACCOUNT}]",
        help="Invoice lines on this account are booked on it in Exact, unless the line or an item of "
        "its product or category says otherwise.",
    )
