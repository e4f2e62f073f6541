"""What a company uses on its documents: the base of the mapping screens and of the gaps."""

from dataclasses import dataclass

from odoo import fields, models
from odoo.tools import SQL

from .exact_mapper_sales_entry import DOCUMENT_TYPES

# Before a start date has passed, what was used lately tells what will be used.
DAYS_BACK = 90
# What went to Exact longer ago than this says nothing about today's documents.
MONTHS_KEPT = 12


@dataclass(frozen=True)
class Use:
    """One combination that stands on document lines; empty recordsets where a line has none."""

    tax: object
    product: object
    item: object
    account: object
    gl_account: object


class ExactConnection(models.Model):
    _inherit = "exact.connection"

    def _use_since(self):
        """From the start date, and at least the last 90 days."""
        self.ensure_one()
        today = fields.Date.context_today(self)
        return min(self.start_date or today, fields.Date.subtract(today, days=DAYS_BACK))

    def _use_domain(self):
        """The documents that tell what is in use: drafts too; those sent to Exact only while recent."""
        self.ensure_one()
        today = fields.Date.context_today(self)
        return [
            ("company_id", "=", self.company_id.id),
            ("move_type", "in", DOCUMENT_TYPES),
            ("state", "!=", "cancel"),
            "|",
            ("invoice_date", "=", False),
            ("invoice_date", ">=", self._use_since()),
            "|",
            ("exact_state", "not in", ("done", "differs")),
            ("invoice_date", ">=", fields.Date.subtract(today, months=MONTHS_KEPT)),
        ]

    def _use_line_domain(self):
        moves = self.env["account.move"].sudo()._search(self._use_domain())
        return [("move_id", "in", moves), ("display_type", "=", "product")]

    def _use_counts(self, field, model="account.move.line"):
        """Records of ``field`` on those documents and the number of documents, most used first.

        :return: dict of record -> number of documents; the records are read as superuser.
        """
        self.ensure_one()
        on_lines = model == "account.move.line"
        count = "move_id:count_distinct" if on_lines else "__count"
        groups = (
            self.env[model]
            .sudo()
            .with_company(self.company_id)
            ._read_group(
                [
                    *(self._use_line_domain() if on_lines else self._use_domain()),
                    (field, "!=", False),
                ],
                [field],
                [count],
                order=f"{count} DESC",
            )
        )
        return dict(groups)

    def _use_combinations(self):
        """All combinations of tax, product, item and accounts on lines, in one grouped read.

        :return: list of :class:`Use`
        """
        self.ensure_one()
        lines = self.env["account.move.line"].sudo().with_company(self.company_id)
        names = ["tax_ids", "product_id", "exact_item_id", "account_id", "exact_gl_account_id"]
        known = [name for name in names if name in lines._fields]
        nothing = self.env["exact.gl.account"]
        groups = lines._read_group(self._use_line_domain(), known, [])
        return [Use(*row, *[nothing] * (len(names) - len(row))) for row in groups]

    def _use_fractions(self):
        """Products and items of lines whose quantity has decimals.

        :return: set of (product id or False, id of the item chosen on the line or False)
        """
        self.ensure_one()
        lines = self.env["account.move.line"].sudo()
        query = lines._search(self._use_line_domain())
        quantity = SQL.identifier(query.table, "quantity")
        query.add_where(SQL("%s <> trunc(%s)", quantity, quantity))
        rows = self.env.execute_query(
            query.select(
                SQL(
                    "DISTINCT %s, %s",
                    SQL.identifier(query.table, "product_id"),
                    SQL.identifier(query.table, "exact_item_id"),
                )
            )
        )
        return {(product or False, item or False) for product, item in rows}

    def _use_item(self, product, chosen=None):
        """The item of a line and where it comes from, by the order of R18.

        :return: (item, "line"|"product"|"category"|"default"|None)
        """
        if chosen:
            return chosen, "line"
        if product:
            if product.product_tmpl_id.exact_item_id:
                return product.product_tmpl_id.exact_item_id, "product"
            category = product.categ_id._exact_item_category()
            if category:
                return category.exact_item_id, "category"
        default = self.default_item_id
        return default, "default" if default else None
