from . import exact_billable_timesheet
