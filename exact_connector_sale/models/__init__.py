from . import exact_billable
