"""Quantities of planned lines, rounded so that nothing is charged twice or lost. Pure: no Odoo import.

A billable knows its quantity exactly (ten minutes in days: 0.0208333); a line of an invoice has two
decimals. Rounding each line by itself would charge eight single hours as 8 x 0.13 = 1.04 day. So the lines
that make up one order line are rounded together: their sum is the rounded sum, as Odoo counts it.
"""

from decimal import ROUND_HALF_UP, Decimal


def round_quantities(invoices, decimals=2):
    """Round the quantities of all lines of ``invoices`` in place; returns the invoices.

    Lines of one order line share their rounding, also over several invoices; without an order line those
    of one invoice, product and unit do.
    """
    step = Decimal(1).scaleb(-decimals)
    exact, given = {}, {}
    for invoice in invoices:
        for line in invoice.lines:
            first = line.first
            if first.order_line:
                key = ("order", first.order_line.id)
            else:
                key = (invoice.key, getattr(first.product, "id", 0), getattr(first.uom, "id", 0))
            exact[key] = exact.get(key, Decimal(0)) + line.quantity
            total = exact[key].quantize(step, ROUND_HALF_UP)
            line.quantity = total - given.get(key, Decimal(0))
            given[key] = total
    return invoices
