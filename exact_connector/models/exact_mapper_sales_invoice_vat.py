from collections import defaultdict
from decimal import Decimal

from odoo import api, models

from ..unit_price import rounded


class ExactMapperSalesInvoice(models.AbstractModel):
    """VAT as Exact works it out by itself: how it rounds is not published (API 5.13)."""

    _inherit = "exact.mapper.sales.invoice"

    @api.model
    def _vat_readings(self, resolution):
        """VAT of an invoice by tax, signed as in Exact: rounded by line, and on the sum of each VAT code.

        Worked out from the net amounts that are sent. Two taxes may share a code: what rounding leaves is
        with the last of them.

        :return: list of dicts of tax -> Decimal; empty where a line has several taxes
        """
        by_line, sums, codes = defaultdict(Decimal), defaultdict(Decimal), defaultdict(dict)
        places = 2
        for found in resolution.lines:
            tax = found.line.tax_ids.flatten_taxes_hierarchy()
            if len(tax) > 1:
                return []
            if not tax:
                continue
            places = found.line.currency_id.decimal_places
            exact = found.net * Decimal(str(tax._exact_rate())) / 100
            by_line[tax] += rounded(exact, places)
            sums[tax] += exact
            codes[tax.exact_vat_code_id, tax._exact_rate()][tax] = True
        by_code = {}
        for taxes in codes.values():
            *others, last = taxes
            by_code |= {tax: rounded(sums[tax], places) for tax in others}
            whole = rounded(sum((sums[tax] for tax in taxes), Decimal(0)), places)
            by_code[last] = whole - sum((by_code[tax] for tax in others), Decimal(0))
        return [dict(by_line), by_code]
