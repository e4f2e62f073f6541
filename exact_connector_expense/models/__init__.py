from . import (
    account_move_line,
    exact_billable_expense,
    exact_billable_expense_reason,
    hr_expense,
    hr_expense_guard,
)
