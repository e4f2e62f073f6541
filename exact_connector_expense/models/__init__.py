from . import exact_billable_expense
