"""Due dates as Exact derives them, and the days on which a payment term is compared with a condition.

Plain values, no Odoo import.
"""

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache

# How one month end counts from 17 January: "whole" is 28 February, as Exact's own example has it
# (17/01, 2 month ends, 15 days: 15/04); "first" is 31 January.
DOCUMENTED = "whole"

# A leap year and a common one: "the 29th of next month" and "29 days after the end of the month" are
# the same date in a leap year only. Both have a year end.
INVOICE_DATES = tuple(date(2027, 1, 1) + timedelta(days=number) for number in range(365 + 366))


def due_date(invoice_date, month_ends, days, reading=DOCUMENTED):
    """Month ends are counted first, then days; without month ends days from the invoice date (R25, API 5.10)."""
    if month_ends > 0:
        months = month_ends if reading == DOCUMENTED else month_ends - 1
        number = invoice_date.year * 12 + invoice_date.month - 1 + months
        year, month = number // 12, number % 12 + 1
        invoice_date = date(year, month, monthrange(year, month)[1])
    return invoice_date + timedelta(days=days)


@lru_cache(maxsize=1024)
def due_dates(month_ends, days, reading=DOCUMENTED):
    """The due date for each of :data:`INVOICE_DATES`; a condition's own, to compare a term with."""
    return tuple(due_date(day, month_ends, days, reading) for day in INVOICE_DATES)
