from odoo import fields, models

from .exact_connection import USABLE_ITEM

ITEM_DOMAIN = f"[('company_id', '=', allowed_company_ids[0]), {USABLE_ITEM}]"


class ProductTemplate(models.Model):
    _inherit = "product.template"

    exact_item_id = fields.Many2one(
        "exact.item",
        company_dependent=True,
        domain=ITEM_DOMAIN,
        help="Its revenue account in Exact becomes the ledger account of lines with this product.",
    )
    exact_journal_id = fields.Many2one(
        "exact.journal",
        "Exact Journal",
        company_dependent=True,
        domain="[('company_id', '=', allowed_company_ids[0]), ('type', 'in', ('20', '21'))]",
        help="Documents with this product go to this journal in Exact, before the journal of the "
        "customer, of the Odoo journal and of the connection.",
    )


class ProductCategory(models.Model):
    _inherit = "product.category"

    exact_item_id = fields.Many2one(
        "exact.item",
        company_dependent=True,
        domain=ITEM_DOMAIN,
        help="For products of this category, and of those below it, without an item of their own.",
    )

    def _exact_item_category(self):
        """This category or the nearest above it that has an item; empty where none has."""
        category = self
        while category and not category.exact_item_id:
            category = category.parent_id
        return category
