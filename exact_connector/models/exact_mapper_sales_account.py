from odoo import api, models

from ..resolution import Sourced
from .exact_gl_account import REFUSED_TYPES

# Where the item of a line can be chosen, most specific first (R15, R18). "activity" is for what
# other apps know of the work behind a line: its task, its project.
ITEM_LEVELS = ("line", "product", "activity", "category")


class ExactMapperSalesEntry(models.AbstractModel):
    """Item and ledger account of a line (R13-R20)."""

    _inherit = "exact.mapper.sales.entry"

    # === ITEM === #

    @api.model
    def _exact_item_candidates(self, line):
        """Where somebody may have chosen the Exact item of a line, most specific first (R18).

        For work the product is the service product of the order line; add-ons that know its task or
        project add those as level "activity" (R15). Categories count upwards.

        :return: list of (level, item or empty, text saying where, record to change it on)
        """
        env, product = self.env, line.product_id
        candidates = [("line", line.exact_item_id, env._("item on the line"), line.move_id)]
        if product:
            template = product.product_tmpl_id
            text = env._("item on product %s", product.display_name)
            candidates.append(("product", template.exact_item_id, text, template))
            category = product.categ_id
            while category:
                text = env._("item on category %s", category.display_name)
                candidates.append(("category", category.exact_item_id, text, category))
                category = category.parent_id
        return candidates

    @api.model
    def _resolve_item(self, line, connection, found, resolution):
        """Item: on the line, on the product, of the activity, on the category, default (R14-R18)."""
        candidates = sorted(
            self._exact_item_candidates(line),
            key=lambda candidate: ITEM_LEVELS.index(candidate[0]),
        )
        default = ("default", connection.default_item_id, self.env._("default item"), connection)
        for level, item, source, where in [*candidates, default]:
            if item:
                found.item, found.item_level = Sourced(item, source), level
                self._check_item(line, found, where, connection, resolution)
                return

    @api.model
    def _check_item(self, line, found, where, connection, resolution):
        """Sold, in use on the day, and divisible where the quantity asks for it (R17)."""
        env, item, source = self.env, found.item.value, found.item.source
        date = self._document_date(line.move_id)
        if not item.active or not item.is_sales_item or (date and not item._is_valid_on(date)):
            resolution.problem(
                "item_unusable",
                env._(
                    "Item %(item)s (%(origin)s) is not a sales item in use in Exact on %(date)s.",
                    item=item.display_name,
                    origin=source,
                    date=date or "",
                ),
                where,
            )
        if connection.only_divisible_items and not item.is_divisible:
            if found.quantity % 1:
                resolution.problem(
                    "item_not_divisible",
                    env._(
                        "Item %(item)s (%(origin)s) is not divisible in Exact, and the quantity is %(quantity)s.",
                        item=item.display_name,
                        origin=source,
                        quantity=f"{self._sign(line.move_id) * found.quantity:f}",
                    ),
                    where,
                )
            else:
                resolution.note(env._("Item %s is not divisible in Exact.", item.display_name))

    # === LEDGER ACCOUNT (R13) === #

    @api.model
    def _resolve_gl_account(self, line, connection, found, resolution):
        """Ledger account of a line, each level before the next (R13).

        By hand on the line; of the item chosen for line, product or category (R19); of the Odoo
        account; proposed for the VAT code; of the default item. An item without a revenue account
        is a stop before any call (R20), also where a lower level would have one: whoever chose the
        item wanted its account.
        """
        env, item = self.env, found.item
        if line.exact_gl_account_id:
            account, source, where = (
                line.exact_gl_account_id,
                env._("account on the line"),
                line.move_id,
            )
        elif item and found.item_level != "default":
            account, source, where = self._item_account(line, found, resolution)
        elif line.account_id.exact_gl_account_id:
            account, source, where = (
                line.account_id.exact_gl_account_id,
                env._("account on Odoo account %s", line.account_id.display_name),
                line.account_id,
            )
        elif found.vat_code and found.vat_code.value.sale_gl_account_id:
            code = found.vat_code.value
            account, source, where = (
                code.sale_gl_account_id,
                env._("account for VAT code %s", code.code),
                code,
            )
        elif item:
            account, source, where = self._item_account(line, found, resolution)
        else:
            resolution.problem(
                "no_item",
                env._(
                    "Line %s has no ledger account: it has no Exact item, no default item is set, and "
                    "neither its Odoo account nor its VAT code names an account.",
                    self._label(line),
                ),
                line.product_id.product_tmpl_id or connection,
            )
            return
        if account:
            found.gl_account = Sourced(account, source)
            self._check_account(account, source, where, resolution)

    @api.model
    def _item_account(self, line, found, resolution):
        """Revenue account of the item of a line; a problem naming the item where it has none (R20)."""
        env, item = self.env, found.item.value
        if not item.gl_account_id:
            resolution.problem(
                "item_account",
                env._(
                    "Item %(item)s (%(origin)s) has no revenue account in Exact: line %(line)s has no ledger account.",
                    item=item.display_name,
                    origin=found.item.source,
                    line=self._label(line),
                ),
                item,
            )
        return item.gl_account_id, env._("revenue account of item %s", item.code), item

    @api.model
    def _check_account(self, account, source, where, resolution):
        """In use in Exact, and of a type that a sales line may have (API 5.8)."""
        env = self.env
        if not account.active:
            resolution.problem(
                "account_blocked",
                env._(
                    "Ledger account %(account)s (%(origin)s) is blocked or gone in Exact.",
                    account=account.display_name,
                    origin=source,
                ),
                where,
            )
        if account.type in REFUSED_TYPES:
            resolution.problem(
                "account_type",
                env._(
                    "Ledger account %(account)s (%(origin)s) is a debtor, creditor or VAT account.",
                    account=account.display_name,
                    origin=source,
                ),
                where,
            )
