from decimal import Decimal

from odoo import api, models

from ..resolution import LineResolution, Sourced, decimal_amount
from .exact_gl_account import REFUSED_TYPES
from .exact_mapper import MAX_LINE_DESCRIPTION

# Problems that already say why the lines cannot add up.
UNSPLITTABLE = ("special_line", "several_taxes", "tax_kind")


class ExactMapperSalesEntry(models.AbstractModel):
    """The lines of a sales entry: item, ledger account, VAT code and amounts of each, and their sum."""

    _inherit = "exact.mapper.sales.entry"

    @api.model
    def _resolve_lines(self, move, connection, resolution):
        """One entry line for each document line; amounts as Odoo rounded and distributed them."""
        env = self.env
        base_lines, _tax_lines = move._get_rounded_base_and_tax_lines()
        sign = -1 if move.move_type == "out_refund" else 1
        places = move.currency_id.decimal_places
        for base_line in base_lines:
            line = base_line["record"]
            if base_line["special_type"] or line.display_type != "product":
                resolution.problem(
                    "special_line",
                    env._(
                        "Line %s (cash rounding or early-payment discount) has no counterpart in a sales entry.",
                        self._clip(line.name, MAX_LINE_DESCRIPTION) or line.display_type,
                    ),
                    move,
                )
                continue
            details = base_line["tax_details"]
            net = details["total_excluded_currency"] + details["delta_total_excluded_currency"]
            vat = sum(tax_data["tax_amount_currency"] for tax_data in details["taxes_data"])
            found = LineResolution(
                line=line,
                net=sign * decimal_amount(net, places),
                vat=sign * decimal_amount(vat, places),
                quantity=sign * Decimal(str(line.quantity)),
                description="",
            )
            self._resolve_item(line, connection, found, resolution)
            self._resolve_gl_account(line, connection, found, resolution)
            self._resolve_vat_code(line, connection, found, resolution)
            found.description = self._line_description(line, connection, found)
            resolution.lines.append(found)
        if not resolution.lines:
            resolution.problem("no_lines", env._("The document has no lines to book."), move)

    @api.model
    def _resolve_item(self, line, connection, found, resolution):
        """Item: on the line, on the product, on its category, default (R14, R15, R18)."""
        env = self.env
        product = line.product_id
        candidates = [(line.exact_item_id, env._("item on the line"))]
        if product:
            template = product.product_tmpl_id
            candidates.append(
                (template.exact_item_id, env._("item on product %s", product.display_name))
            )
            category = product.categ_id
            while category:
                candidates.append(
                    (category.exact_item_id, env._("item on category %s", category.display_name))
                )
                category = category.parent_id
        candidates.append((connection.default_item_id, env._("default item")))
        item, source = next(((record, text) for record, text in candidates if record), (None, None))
        if not item:
            resolution.problem(
                "no_item",
                env._("Line %s has no Exact item and no default item is set.", self._label(line)),
                product.product_tmpl_id or connection,
            )
            return
        found.item = Sourced(item, source)
        date = line.move_id.invoice_date
        if not item.active or not item.is_sales_item or (date and not item._is_valid_on(date)):
            resolution.problem(
                "item_unusable",
                env._(
                    "Item %(item)s (%(origin)s) is not a sales item in use in Exact on %(date)s.",
                    item=item.display_name,
                    origin=source,
                    date=date or "",
                ),
                self._mend_item(line, item, connection),
            )
        if connection.only_divisible_items and not item.is_divisible:
            if found.quantity % 1:
                resolution.problem(
                    "item_not_divisible",
                    env._(
                        "Item %(item)s (%(origin)s) is not divisible in Exact, and the quantity is %(quantity)s.",
                        item=item.display_name,
                        origin=source,
                        quantity=line.quantity,
                    ),
                    self._mend_item(line, item, connection),
                )
            else:
                resolution.note(env._("Item %s is not divisible in Exact.", item.display_name))

    @api.model
    def _mend_item(self, line, item, connection):
        """The record on which another item can be chosen."""
        if line.exact_item_id == item:
            return line.move_id
        if line.product_id and item != connection.default_item_id:
            return line.product_id.product_tmpl_id
        return connection

    @api.model
    def _resolve_gl_account(self, line, connection, found, resolution):
        """Ledger account: the revenue account of the item (R19); none is a stop before any call (R20)."""
        env = self.env
        if not found.item:
            return
        item = found.item.value
        account = item.gl_account_id
        if not account:
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
            return
        found.gl_account = Sourced(account, env._("revenue account of item %s", item.code))
        if not account.active:
            resolution.problem(
                "account_blocked",
                env._(
                    "Ledger account %(account)s (of item %(item)s) is blocked in Exact.",
                    account=account.display_name,
                    item=item.display_name,
                ),
                item,
            )
        if account.type in REFUSED_TYPES:
            resolution.problem(
                "account_type",
                env._(
                    "Ledger account %(account)s (of item %(item)s) is a debtor, creditor or VAT account.",
                    account=account.display_name,
                    item=item.display_name,
                ),
                item,
            )

    @api.model
    def _resolve_vat_code(self, line, connection, found, resolution):
        """VAT code: mapped on the tax; else the item's where it fits the rate (R9, R10, R19)."""
        env = self.env
        taxes = line.tax_ids
        if not taxes:
            code = connection.no_tax_vat_code_id
            if code:
                found.vat_code = Sourced(code, env._("VAT code for lines without tax"))
                self._check_vat_code(code, found.vat_code.source, 0, connection, resolution)
            else:
                resolution.problem(
                    "no_tax",
                    env._(
                        "Line %s has no tax, and no VAT code for lines without tax is set.",
                        self._label(line),
                    ),
                    connection,
                )
            return
        if len(taxes) > 1:
            resolution.problem(
                "several_taxes",
                env._(
                    "Line %(line)s has several taxes (%(taxes)s); an entry line in Exact has one VAT code.",
                    line=self._label(line),
                    taxes=", ".join(taxes.mapped("name")),
                ),
                line.move_id,
            )
            return
        tax = taxes
        if tax.amount_type not in ("percent", "division"):
            resolution.problem(
                "tax_kind",
                env._(
                    "Tax %s is not a percentage; Exact books VAT by percentage only.",
                    tax.display_name,
                ),
                tax,
            )
            return
        # A division tax of 21 % takes 21 % of the gross: its rate on the net is another one.
        rate = tax.amount if tax.amount_type == "percent" else 100 * tax.amount / (100 - tax.amount)
        if tax.exact_vat_code_id:
            code, source = tax.exact_vat_code_id, env._("VAT code on tax %s", tax.name)
        else:
            item_code = found.item.value.vat_code_id if found.item else None
            if not (item_code and item_code.type == "E" and rate and item_code._fits_rate(rate)):
                resolution.problem(
                    "tax_unmapped",
                    env._("Tax %s is not mapped to an Exact VAT code.", tax.display_name),
                    tax,
                )
                return
            code, source = item_code, env._("VAT code of item %s", found.item.value.code)
        found.vat_code = Sourced(code, source)
        self._check_vat_code(code, source, rate, tax, resolution)

    @api.model
    def _check_vat_code(self, code, source, rate, record, resolution):
        """Type and rate of a VAT code against the tax it stands for (R10)."""
        env = self.env
        if not code.active:
            resolution.problem(
                "vat_code_blocked",
                env._(
                    "VAT code %(code)s (%(origin)s) is blocked or gone in Exact.",
                    code=code.display_name,
                    origin=source,
                ),
                record,
            )
        elif code.type == "I":
            resolution.problem(
                "vat_code_including",
                env._(
                    "VAT code %(code)s (%(origin)s) is of type Including; amounts travel excluding VAT, "
                    "so a code of type Excluding is needed.",
                    code=code.display_name,
                    origin=source,
                ),
                record,
            )
        elif not code._fits_rate(rate):
            resolution.problem(
                "vat_code_rate",
                env._(
                    "VAT code %(code)s (%(origin)s) does not fit a tax of %(rate)s %%.",
                    code=code.display_name,
                    origin=source,
                    rate=f"{rate:g}",
                ),
                record,
            )

    @api.model
    def _resolve_totals(self, move, resolution):
        """What is sent must equal Odoo's totals, net, VAT and VAT per tax, to the cent (R57)."""
        if any(problem.code in UNSPLITTABLE for problem in resolution.problems):
            return
        sign = -1 if move.move_type == "out_refund" else 1
        places = move.currency_id.decimal_places
        expected = (
            sign * decimal_amount(move.amount_untaxed, places),
            sign * decimal_amount(move.amount_tax, places),
        )
        per_tax = {}
        for found in resolution.lines:
            tax = found.line.tax_ids[:1]
            per_tax[tax] = per_tax.get(tax, Decimal(0)) + found.vat
        booked = {}
        for line in move.line_ids.filtered("tax_line_id"):
            tax = line.group_tax_id or line.tax_line_id
            booked[tax] = booked.get(tax, Decimal(0)) - decimal_amount(line.amount_currency, places)
        same = (resolution.total_net, resolution.total_vat) == expected and all(
            per_tax.get(tax, Decimal(0)) == booked.get(tax, Decimal(0))
            for tax in {*per_tax, *booked}
        )
        if not same:
            resolution.problem(
                "totals",
                self.env._(
                    "The lines add up to %(net)s net and %(vat)s VAT, the document to %(untaxed)s and %(tax)s: "
                    "its taxes were changed by hand or are of a kind that cannot be split over lines.",
                    net=resolution.total_net,
                    vat=resolution.total_vat,
                    untaxed=expected[0],
                    tax=expected[1],
                ),
                move,
            )

    @api.model
    def _label(self, line):
        return self._clip(line.name or line.product_id.display_name, 40) or self.env._("(no text)")

    @api.model
    def _line_description(self, line, connection, found):
        text = line.name or line.product_id.display_name or line.move_id.name
        if connection.item_code_on_line and found.item and found.item.value.code:
            text = f"{found.item.value.code} {text}"
        return self._clip(text, MAX_LINE_DESCRIPTION)
