from . import (
    account_analytic_line,
    account_move_line,
    exact_billable_timesheet,
    exact_billable_timesheet_hour,
    exact_billable_timesheet_rate,
    exact_connection,
    exact_mapper_sales_activity,
    hr_employee,
    project_project,
    project_task,
    sale_order_line,
)
