from dataclasses import replace
from decimal import Decimal

from odoo import api, models

from ..shares import divide
from ..unit_price import MOST_DECIMALS, price_line, rounded
from ..units import usual_unit
from .exact_mapper import MAX_LINE_DESCRIPTION

# Text under a line; Exact publishes no length.
MAX_NOTES = 2000
# How much of a share of a quantity rounding may take or add before the amount is divided instead.
MOST_ROUNDING = Decimal("0.01")


class ExactMapperSalesInvoice(models.AbstractModel):
    """The lines of a sales invoice: an item on each, its unit, and quantity times price = Odoo's amount.

    A discount goes into the net price: Exact prints the line, and the customer sees what he pays.
    """

    _inherit = "exact.mapper.sales.invoice"

    @api.model
    def _resolve_line(self, base_line, connection, resolution):
        line = base_line["record"]
        found = super()._resolve_line(base_line, connection, resolution)
        if not found.item:
            found.quantity = rounded(found.quantity, int(connection.quantity_decimals))
        text = " ".join((line.name or "").split())
        found.notes = text[:MAX_NOTES] if len(text) > MAX_LINE_DESCRIPTION else ""
        found.net_price = self._wanted_price(base_line, found)
        return found

    @api.model
    def _split_discount(self, base_line, connection, found, resolution):
        """In the net price, whether or not entries book discounts apart (R12 is for entries)."""
        return [found]

    @api.model
    def _line_description(self, line, connection, found):
        """Without the item's code: Exact prints that itself."""
        text = line.name or line.product_id.display_name or (found.item and found.item.value.name)
        return self._clip(text or line.move_id.ref, MAX_LINE_DESCRIPTION)

    # === ITEM === #

    @api.model
    def _resolve_item(self, line, connection, found, resolution):
        """As on a sales entry (R18), but a line of a sales invoice has to have one (API 5.13)."""
        result = super()._resolve_item(line, connection, found, resolution)
        if not found.item:
            resolution.problem(
                "no_item",
                self.env._(
                    "Line %s has no Exact item, and no default item is set; every line of a sales invoice "
                    "in Exact is of an item.",
                    self._label(line),
                ),
                line.product_id.product_tmpl_id or connection,
            )
        return result

    @api.model
    def _resolve_gl_account(self, line, connection, found, resolution):
        if not found.item:
            return None
        return super()._resolve_gl_account(line, connection, found, resolution)

    @api.model
    def _check_item(self, line, found, where, connection, resolution):
        """Whether the item takes fractions is asked of the quantity as Exact gets it (R17)."""
        self._convert_quantity(line, found, connection, resolution)
        return super()._check_item(line, found, where, connection, resolution)

    # === UNIT === #

    @api.model
    def _convert_quantity(self, line, found, connection, resolution):
        """The quantity in the item's unit, at the decimals that the division keeps."""
        env, item, own = self.env, found.item.value, line.product_uom_id
        quantity = found.quantity
        if item.unit and own:
            unit = self._get_unit(item.unit, own)
            if unit and unit._has_common_reference(own):
                found.unit_code = item.unit
                if unit != own:
                    amount = own._compute_quantity(float(quantity), unit, round=False)
                    quantity = rounded(Decimal(str(amount)), 8)
            elif unit:
                resolution.note(
                    env._(
                        "Item %(item)s is counted in %(unit)s in Exact: quantities in %(own)s go as they are.",
                        item=item.display_name,
                        unit=unit.name,
                        own=own.name,
                    )
                )
            else:
                resolution.note(
                    env._(
                        "Unit %(code)s of item %(item)s is not known in Odoo: quantities go as they are, in %(own)s. "
                        "A unit of measure can be told which codes of Exact it stands for.",
                        code=item.unit,
                        item=item.display_name,
                        own=own.name,
                    )
                )
        found.quantity = rounded(quantity, int(connection.quantity_decimals))
        if found.quantity != quantity:
            resolution.note(
                env._(
                    "Line %(line)s: the quantity %(odoo)s becomes %(exact)s, since Exact keeps %(digits)s decimals; "
                    "its price is set so that the amount stays the same.",
                    line=self._label(line),
                    odoo=f"{rounded(abs(quantity), 6).normalize():f}",
                    exact=f"{abs(found.quantity):f}",
                    digits=connection.quantity_decimals,
                )
            )

    @api.model
    def _get_unit(self, code, own):
        """The unit of Odoo that a code of Exact means; ``own``, the line's, before others of that code.

        What a person wrote on a unit counts before what codes usually mean.
        """
        units_sudo = self.env["uom.uom"].sudo()
        for units in (
            own.sudo().filtered(lambda unit: unit._exact_is_called(code)),
            units_sudo.with_context(active_test=False)
            .search([("exact_unit_codes", "!=", False)])
            .filtered(lambda unit: unit._exact_is_called(code)),
        ):
            near = units.filtered(lambda unit: unit._has_common_reference(own)) or units
            if near:
                return near[:1].sudo(False)
        name = usual_unit(code)
        return self.env.ref(name, raise_if_not_found=False) if name else None

    # === PRICE === #

    @api.model
    def _wanted_price(self, base_line, found):
        """Odoo's own price of one unit of the item, without VAT and after discount; None without a quantity.

        More digits than the currency has: 100.00 including 21 % is 82.644628.
        """
        line = base_line["record"]
        if not line.quantity:
            return None
        # Whatever the amounts are rounded by, the price is the one agreed.
        whole = dict(base_line)
        self.env["account.tax"]._add_tax_details_in_base_line(
            whole, line.company_id, rounding_method="round_globally"
        )
        net = whole["tax_details"]["raw_total_excluded_currency"]
        price = Decimal(str(net)) / Decimal(str(line.quantity))
        unit = found.unit_code and self._get_unit(found.unit_code, line.product_uom_id)
        if unit and unit != line.product_uom_id:
            price *= Decimal(str(unit.factor)) / Decimal(str(line.product_uom_id.factor))
        return price

    @api.model
    def _split_shares(self, found, shares, resolution):
        """The line over its cost centres, each part with a quantity and a price that give its amount."""
        places = found.line.currency_id.decimal_places
        parts = self._divide_line(found, shares) if len(shares) > 1 else [found]
        if len(shares) == 1:
            found.dimensions = shares[0][1]
        for part in parts:
            self._price(part, places, resolution)
            self._check_uses(part, resolution)
        return parts

    @api.model
    def _divide_line(self, found, shares):
        """Parts of a line: by quantity at one price where quantities can be divided well, else by amount.

        Ten hours over three cost centres are 3.34, 3.33 and 3.33 hours at the price the customer knows;
        one fixed price over three is three amounts.
        """
        weights = [weight for weight, _dimensions in shares]
        quantities = divide(found.quantity, weights)
        fair = [found.quantity * weight / sum(weights) for weight in weights]
        whole = not any(quantity % 1 for quantity in quantities)
        by_quantity = ((found.item and found.item.value.is_divisible) or whole) and all(
            quantity and abs(quantity - part) <= MOST_ROUNDING * abs(part)
            for quantity, part in zip(quantities, fair, strict=True)
        )
        nets = divide(found.net, [abs(q) for q in quantities] if by_quantity else weights)
        vats = divide(found.vat, [abs(net) for net in nets] if found.net else weights)
        parts = []
        for place, (weight, dimensions) in enumerate(shares):
            part = replace(found, net=nets[place], vat=vats[place], dimensions=dimensions)
            if by_quantity:
                part.quantity = quantities[place]
            else:
                part.quantity = Decimal(-1 if found.quantity < 0 else 1)
                part.net_price = None
                share = f"{rounded(100 * weight / sum(weights), 2).normalize():f} %"
                self._tell_quantity(part, found.quantity, share)
            if part.net or part.vat:
                parts.append(part)
        return parts or [replace(found, dimensions=shares[0][1])]

    @api.model
    def _price(self, found, places, resolution):
        """Quantity and net price of a line, or 1 times its amount where no price gives it."""
        priced = price_line(found.net, found.quantity, places, found.net_price)
        if priced.whole:
            self._tell_quantity(found, found.quantity)
            resolution.note(
                self.env._(
                    "Line %(line)s goes as 1 times its amount: no price of %(digits)s decimals times %(quantity)s "
                    "gives %(net)s. The quantity stands in its notes.",
                    line=self._label(found.line),
                    digits=MOST_DECIMALS,
                    quantity=f"{abs(found.quantity):f}",
                    net=f"{abs(found.net):f}",
                )
            )
        found.quantity, found.net_price = priced.quantity, priced.price

    @api.model
    def _tell_quantity(self, found, quantity, share=None):
        """The real quantity under the line, in figures and the customer's word for the unit."""
        line = found.line
        unit = line.product_uom_id.with_context(lang=line.move_id.partner_id.lang)
        text = f"{abs(quantity):f} {unit.name if not found.unit_code else found.unit_code}".strip()
        found.notes = "\n".join(filter(None, [found.notes, f"{share} × {text}" if share else text]))

    # === PAYLOAD === #

    @api.model
    def _exact_line_values(self, found):
        """One line in the body of the POST (API 5.13).

        Quantity, price, amount and VAT all go along: they agree, so whichever Exact counts from, the
        total is Odoo's.
        """
        values = super()._exact_line_values(found)
        period = (values.pop("From", None), values.pop("To", None))
        values["Item"] = found.item.value.exact_id
        values["NetPrice"] = found.net_price
        if found.unit_code:
            values["UnitCode"] = found.unit_code
        if found.notes:
            values["Notes"] = found.notes
        if any(period):
            values["StartTime"], values["EndTime"] = period
        return values
