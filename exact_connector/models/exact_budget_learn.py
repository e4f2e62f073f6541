"""What answers teach the budget, see ``exact_budget_gate.py``: limits, what is left, Exact's clock, refusals."""

import time
from dataclasses import dataclass
from datetime import timedelta, timezone
from email.utils import parsedate_to_datetime
from string import Template

from psycopg2.errors import SerializationFailure

from odoo import fields

from ..client.limits import windows_of

# What Exact counts towards its block (Exact Online API 2).
COUNTED_ERRORS = (400, 401, 403, 404)
# A refusal that names no limit is over in a minute; where it comes back, it is the block for an hour.
UNNAMED_WAIT = timedelta(minutes=1)
# A window of Exact has not ended, and ends no later than this: what says otherwise is not believed, or it would
# be asked again at once, or not for years.
LONGEST = {"minute": timedelta(minutes=2), "day": timedelta(hours=25)}
# A budget is held for milliseconds. Whoever waits longer stands in the way of himself: the transaction that
# calls has written the same budget.
LOCK_TIMEOUT = "10s"

# Take over what an answer says of a window, where no later one has been seen.
LEARN_WINDOW = Template("""
UPDATE exact_budget b SET
    ${window}_left = CASE
        WHEN b.${window}_end = %(end)s THEN LEAST(b.${window}_left + %(limit)s - b.${window}_limit, %(left)s)
        ELSE %(left)s END,
    ${window}_end = %(end)s, ${window}_limit = %(limit)s
WHERE b.id = %(id)s AND (b.${window}_end = %(known)s OR b.${window}_end <= %(end)s)
""")
LEARN = {window: LEARN_WINDOW.substitute(window=window) for window in LONGEST}


@dataclass
class Taken:
    """A call that may go: what the budget was when it was taken. ``at`` is a monotonic time."""

    row: dict
    at: float

    @property
    def now(self):
        """Exact's time at this moment, as far as it is known (naive UTC)."""
        return self.row["now"] + timedelta(seconds=time.monotonic() - self.at)


class BudgetLearner:
    """The budget of one connection on cursors of its own, and what the answers to its calls say of it.

    :param cursor: gives a cursor of its own
    :param now: gives the moment on the clock that ``retry_at`` is compared with, naive UTC
    """

    def __init__(self, cursor, now=None):
        self._cursor, self._now = cursor, now or fields.Datetime.now
        self._taken = None
        # Refusals alike in a row met by this client: (method, endpoint, status), number.
        self._series = (None, 0)

    # === AFTER === #

    def after(self, method, resource, status, headers):
        """See :meth:`..client.Gate.after`; writes only where there is something to learn."""
        taken, self._taken = self._taken, None
        if taken is None:
            return None
        self._count(taken, method, resource, status)
        if status is None:
            return None
        offset = self._learn_clock(taken, headers)
        told = windows_of(headers)
        end = self._learn_windows(taken, told, status, offset)
        if status != 429:
            return None
        if end is None:
            end = self._hold_unnamed(taken, method, resource, headers)
        now = taken.now + timedelta(seconds=offset)
        return own_moment(end - now, self._now())

    def _count(self, taken, method, resource, status):
        """Refusals in a row end a series; what was in doubt is so no more."""
        row, endpoint = taken.row, endpoint_of(resource)
        alike = (method, endpoint, status)
        if status in COUNTED_ERRORS:
            self._series = (alike, self._series[1] + 1 if self._series[0] == alike else 1)
            params = {**row, "endpoint": endpoint, "method": method, "status": status}
            if row["doubt"]:
                query = (
                    "UPDATE exact_budget_error SET status = %(status)s, method = %(method)s, "
                    "endpoint = %(endpoint)s WHERE id = %(doubt)s"
                )
            else:
                query = (
                    "INSERT INTO exact_budget_error (budget_id, endpoint, method, status, in_series, met_on) "
                    "VALUES (%(id)s, %(endpoint)s, %(method)s, %(status)s, TRUE, %(now)s)"
                )
            self._run(query, params)
            return
        if status is not None and status < 400:
            self._series = (None, 0)
        if row["doubt"]:
            self._run("DELETE FROM exact_budget_error WHERE id = %(doubt)s", row)
            if status is not None and status < 400:
                self._run(
                    "UPDATE exact_budget_error SET in_series = FALSE "
                    "WHERE budget_id = %(id)s AND endpoint = %(endpoint)s AND method = %(method)s AND in_series",
                    {**row, "endpoint": endpoint, "method": method},
                )

    def _learn_clock(self, taken, headers):
        """How far Exact's clock is from ours, by the Date of an answer, which is cut to seconds.

        We stay on the late side of it: a minute that begins too early for Exact provokes a refusal.
        :return: seconds by which what was known has changed.
        """
        try:
            said = parsedate_to_datetime(headers.get("Date") or "")
        except (TypeError, ValueError):
            return 0.0
        said = said.astimezone(timezone.utc).replace(tzinfo=None)
        ahead = (said - taken.now).total_seconds()
        spent = time.monotonic() - taken.at
        if -(2.0 + spent) < ahead < 0.2:
            return 0.0
        # From what it was when this call was taken: several answers of one moment mend it once.
        self._run(
            "UPDATE exact_budget SET clock_offset = %(clock_offset)s + %(ahead)s WHERE id = %(id)s",
            {**taken.row, "ahead": ahead},
        )
        return ahead

    def _learn_windows(self, taken, told, status, offset):
        """Take over limits, what is left and the ends; a call may have gone from another worker since.

        :param offset: seconds by which Exact's clock has just turned out to be ahead.
        :return: end of the window that a 429 is about; None where it names none.
        """
        ends = []
        for name, window in told.items():
            end = self._learn_window(taken, name, window, status == 429, offset)
            if end:
                ends.append(end)
        return max(ends, default=None)

    def _learn_window(self, taken, name, window, refused, offset):
        row = taken.row
        known_end, known_limit, known_left = (
            row[f"{name}_end"],
            row[f"{name}_limit"],
            row[f"{name}_left"] - 1,
        )
        end = known_end
        if window.reset:
            told = window.reset.astimezone(timezone.utc).replace(tzinfo=None)
            if timedelta() < told - taken.now - timedelta(seconds=offset) <= LONGEST[name]:
                end = told
        # A limit of nothing would never be asked again whether it still is.
        limit = window.limit or known_limit
        left = window.remaining
        if left is None:
            left = 0 if refused else known_left
        over = refused and left == 0
        if not over and (end, limit) == (known_end, known_limit) and left >= known_left:
            return None
        self._run(
            LEARN[name],
            {"id": row["id"], "end": end, "limit": limit, "left": left, "known": known_end},
        )
        return end if over else None

    def _hold_unnamed(self, taken, method, resource, headers):
        """A refusal that names no limit: a minute for all, and an hour for this endpoint should it come back."""
        params = {
            **taken.row,
            "endpoint": endpoint_of(resource),
            "method": method,
            "until": taken.now + _retry_after(headers),
        }
        self._run(
            "UPDATE exact_budget SET hold_until = GREATEST(hold_until, %(until)s) WHERE id = %(id)s",
            params,
        )
        self._run(
            "INSERT INTO exact_budget_error (budget_id, endpoint, method, status, in_series, met_on) "
            "VALUES (%(id)s, %(endpoint)s, %(method)s, 429, FALSE, %(now)s)",
            params,
        )
        return params["until"]

    # === SQL === #

    def _run(self, query, params, fetch=False):
        """One statement, one short transaction; again where another worker was at the same row."""
        while True:
            try:
                with self._cursor() as cr:
                    # What a crash of the database server may lose are the calls of half a second.
                    cr.execute(
                        f"SET LOCAL synchronous_commit TO off; SET LOCAL lock_timeout TO '{LOCK_TIMEOUT}'; {query}",
                        params,
                        log_exceptions=False,
                    )
                    return cr.dictfetchone() if fetch else None
            except SerializationFailure:
                continue


def endpoint_of(resource):
    return (resource or "").lower()


def own_moment(wait, now):
    """What is ``wait`` from ``now``, as an aware datetime: never too early."""
    seconds = max(int(wait.total_seconds()), 0) + 2
    return now.replace(tzinfo=timezone.utc) + timedelta(seconds=seconds)


def _retry_after(headers):
    try:
        seconds = int(headers.get("Retry-After") or 0)
    except ValueError:
        seconds = 0
    return timedelta(seconds=min(seconds, 86400)) if seconds > 0 else UNNAMED_WAIT
