from odoo import api, fields, models

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
        company_dependent=True,
        domain="[('company_id', '=', allowed_company_ids[0]), ('type', 'in', ('20', '21'))]",
        help="Documents with this product go to this journal in Exact, before the journal of the "
        "customer, of the Odoo journal and of the connection.",
    )
    exact_journal_per_product = fields.Boolean(compute="_compute_exact_journal_per_product")
    exact_is_sold = fields.Boolean(compute="_compute_exact_is_sold")

    @api.depends_context("company")
    def _compute_exact_journal_per_product(self):
        connection = self.env["exact.connection"].sudo()._for_company(self.env.company)
        self.exact_journal_per_product = connection.journal_per_product

    @api.depends(lambda self: ("sale_ok", "type", *self._exact_expense_fields()))
    def _compute_exact_is_sold(self):
        """Sold, or an expense category: what is spent for a customer is invoiced on (R16)."""
        for product in self:
            product.exact_is_sold = product.type != "combo" and any(
                product[name] for name in ("sale_ok", *self._exact_expense_fields())
            )

    @api.model
    def _exact_expense_fields(self):
        """The mark of an expense category, where an app that knows expenses is installed."""
        return [name for name in ("can_be_expensed",) if name in self._fields]


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
