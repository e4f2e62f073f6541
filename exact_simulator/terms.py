"""Payment conditions: when an invoice falls due, and in how many parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from .geo import round_money
from .state import Division, Row


@dataclass(frozen=True)
class Term:
    """One instalment: what is due and when."""

    amount: Decimal
    due: datetime
    condition: Row | None


def due_date(date: datetime, months: int, days: int, month_ends: str = "whole") -> datetime:
    """Month ends are counted first, then days (Exact API sheet 5.10).

    "whole": 17 January, 2 month ends and 15 days is 15 April. "first": the end of January is the
    first month end. No month ends: days from the date itself.
    """
    if months > 0:
        if month_ends == "first":
            months -= 1
        number = date.year * 12 + date.month + months  # the month after the one that counts
        date = datetime(number // 12, number % 12 + 1, 1) - timedelta(days=1)
    return date + timedelta(days=days)


def conditions(division: Division, code: str | None) -> list[Row]:
    """All rows of a payment condition, earliest term first; empty when it is unknown."""
    rows = division.table("cashflow/PaymentConditions").find("Code", code) if code else []
    return sorted(rows, key=lambda r: (r.get("PaymentEndOfMonths") or 0, r.get("PaymentDays") or 0))


def split(
    division: Division, code: str | None, date: datetime, total: Decimal, currency: str
) -> list[Term]:
    """The instalments of ``total``; the last one takes what rounding leaves."""
    rows = conditions(division, code)
    if not rows:
        return [Term(total, date, None)]
    style = division.country.options["month_ends"]
    found: list[Term] = []
    left = total
    for row in rows:
        share = total * (row.get("Percentage") or Decimal(1))
        part = left if row is rows[-1] else round_money(share, currency)
        left -= part
        due = due_date(date, row.get("PaymentEndOfMonths") or 0, row.get("PaymentDays") or 0, style)
        found.append(Term(part, due, row))
    return found
