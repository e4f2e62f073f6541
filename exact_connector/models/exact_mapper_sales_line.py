from decimal import Decimal

from odoo import api, models

from ..resolution import LineResolution, Sourced, decimal_amount
from .exact_mapper import MAX_LINE_DESCRIPTION

# Problems that already say why the lines cannot add up.
UNSPLITTABLE = ("special_line", "several_taxes", "tax_kind")


class ExactMapperSalesEntry(models.AbstractModel):
    """The lines of a sales entry and their sum: amounts, discount (R12), service period (R54).

    Item and ledger account stand in ``exact_mapper_sales_account.py``, the VAT code in
    ``exact_mapper_sales_vat.py``, cost centres and the like in ``exact_mapper_sales_dimension.py``.
    """

    _inherit = "exact.mapper.sales.entry"

    @api.model
    def _resolve_lines(self, move, connection, resolution):
        """One entry line or more for each document line; amounts as Odoo rounded and distributed them."""
        env = self.env
        base_lines, _tax_lines = move._get_rounded_base_and_tax_lines()
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
            found = self._resolve_line(base_line, connection, resolution)
            shares = self._resolve_shares(line, connection, resolution)
            for part in self._split_discount(base_line, connection, found, resolution):
                resolution.lines += self._split_shares(part, shares, resolution)
        if not resolution.lines:
            resolution.problem("no_lines", env._("The document has no lines to book."), move)

    @api.model
    def _resolve_line(self, base_line, connection, resolution):
        """A document line as one line: amounts after its discount, and all that is known of it."""
        line = base_line["record"]
        details = base_line["tax_details"]
        net = details["total_excluded_currency"] + details["delta_total_excluded_currency"]
        vat = sum(tax_data["tax_amount_currency"] for tax_data in details["taxes_data"])
        sign, places = self._sign(line.move_id), line.currency_id.decimal_places
        found = LineResolution(
            line=line,
            net=sign * decimal_amount(net, places),
            vat=sign * decimal_amount(vat, places),
            quantity=sign * Decimal(str(line.quantity)),
            description="",
        )
        self._resolve_item(line, connection, found, resolution)
        self._resolve_vat_code(line, connection, found, resolution)
        self._resolve_gl_account(line, connection, found, resolution)
        self._resolve_period(line, found, resolution)
        found.description = self._line_description(line, connection, found)
        return found

    @api.model
    def _sign(self, move):
        """Credit notes travel as negative amounts (API 5.11)."""
        return -1 if move.move_type == "out_refund" else 1

    @api.model
    def _document_date(self, move):
        """The day on which everything the document uses has to be in use in Exact."""
        return move.invoice_date

    # === DISCOUNT (R12) === #

    @api.model
    def _split_discount(self, base_line, connection, found, resolution):
        """With a discount account: the line before its discount, and the discount apart.

        Net and VAT of the two add up to those of the line: the discount takes what is left.
        """
        account, line = connection.discount_account_id, found.line
        if not account or not line.discount:
            return [found]
        net, vat = self._before_discount(base_line)
        if net == found.net:
            return [found]
        source = self.env._("discount account of the connection")
        self._check_account(account, source, connection, resolution)
        discount = LineResolution(
            line=line,
            net=found.net - net,
            vat=found.vat - vat,
            quantity=None,
            # Digits only: a text of its own would depend on the language of whoever sends.
            description=self._clip(
                f"-{line.discount:g} % {found.description}", MAX_LINE_DESCRIPTION
            ),
            item=found.item,
            item_level=found.item_level,
            gl_account=Sourced(account, source),
            vat_code=found.vat_code,
            period=found.period,
        )
        found.net, found.vat = net, vat
        return [found, discount]

    @api.model
    def _before_discount(self, base_line):
        """Net and VAT that the line would have without its discount, rounded to the currency."""
        line, taxes = base_line["record"], self.env["account.tax"]
        whole = {**base_line, "discount": 0.0, "manual_tax_amounts": None}
        taxes._add_tax_details_in_base_line(whole, line.company_id)
        details, currency = whole["tax_details"], line.currency_id
        vat = sum(tax_data["raw_tax_amount_currency"] for tax_data in details["taxes_data"])
        sign, places = self._sign(line.move_id), currency.decimal_places
        return tuple(
            sign * decimal_amount(currency.round(amount), places)
            for amount in (details["raw_total_excluded_currency"], vat)
        )

    # === SERVICE PERIOD (R54) === #

    @api.model
    def _resolve_period(self, line, found, resolution):
        """From and to: both or neither, in that order."""
        start, end = line.exact_service_from, line.exact_service_to
        if bool(start) != bool(end):
            resolution.problem(
                "period_incomplete",
                self.env._(
                    "Line %s has only one day of its service period: fill in both Service From and Service To, "
                    "or neither.",
                    self._label(line),
                ),
                line.move_id,
            )
        elif start and end < start:
            resolution.problem(
                "period_reversed",
                self.env._(
                    "The service period of line %(line)s ends on %(end)s, before it starts on %(start)s.",
                    line=self._label(line),
                    end=end,
                    start=start,
                ),
                line.move_id,
            )
        elif start:
            found.period = (start, end)

    # === SUM (R57) === #

    @api.model
    def _resolve_totals(self, move, resolution):
        """What is sent must equal Odoo's totals, net, VAT and VAT per tax, to the cent (R57)."""
        if any(problem.code in UNSPLITTABLE for problem in resolution.problems):
            return
        sign, places = self._sign(move), move.currency_id.decimal_places
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

    # === TEXT AND PAYLOAD === #

    @api.model
    def _label(self, line):
        return self._clip(line.name or line.product_id.display_name, 40) or self.env._("(no text)")

    @api.model
    def _line_description(self, line, connection, found):
        text = line.name or line.product_id.display_name or line.move_id.name
        if connection.item_code_on_line and found.item and found.item.value.code:
            text = f"{found.item.value.code} {text}"
        return self._clip(text, MAX_LINE_DESCRIPTION)

    @api.model
    def _exact_line_values(self, found):
        """One line in the body of the POST (API 5.11)."""
        values = {
            "AmountFC": found.net,
            "VATAmountFC": found.vat,
            "VATCode": found.vat_code.value.code,
            "GLAccount": found.gl_account.value.exact_id,
            "Description": found.description,
        }
        if found.quantity is not None:
            values["Quantity"] = found.quantity
        if found.period:
            values["From"], values["To"] = found.period
        dimensions = {name: sourced.value for name, sourced in found.dimensions.items()}
        if "cost_center" in dimensions:
            values["CostCenter"] = dimensions["cost_center"].code
        if "cost_unit" in dimensions:
            values["CostUnit"] = dimensions["cost_unit"].code
        if "project" in dimensions:
            values["Project"] = dimensions["project"].exact_id
        return values
