"""The gate of :class:`..client.ExactClient`: takes each call from the budget, and learns from answers.

One statement takes a call, on a cursor of its own that lives no longer than that; the transaction of
whoever calls sees nothing of it.
"""

import time
from dataclasses import dataclass
from datetime import timedelta, timezone
from email.utils import parsedate_to_datetime

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import fields

from ..client import LimitError
from ..client.limits import windows_of

LANES = ("click", "document", "bulk")
# What Exact counts towards its block (Exact Online API 2).
COUNTED_ERRORS = (400, 401, 403, 404)
# Of the refusals an hour allows, scheduled work leaves these to people.
ERRORS_FOR_PEOPLE = 2
# A refusal that names no limit is over in a minute; where it comes back, it is the block for an hour.
UNNAMED_WAIT = timedelta(minutes=1)
# A window of Exact has not ended, and ends no later than this: what says otherwise is not believed, or it would
# be asked again at once, or not for years.
LONGEST = {"minute": timedelta(minutes=2), "day": timedelta(hours=25)}
# A budget is held for milliseconds. Whoever waits longer stands in the way of himself: the transaction that
# calls has written the same budget.
LOCK_TIMEOUT = "10s"
# Seconds; only tests put the clock forward.
AHEAD = 0.0

TAKE = """
WITH seen AS (
    SELECT b.id, n.now, b.clock_offset, b.minute_limit, b.day_limit, b.error_limit, b.series_limit,
           CASE WHEN b.minute_end > n.now THEN b.minute_left ELSE b.minute_limit END AS minute_left,
           CASE WHEN b.minute_end > n.now THEN b.minute_end
                ELSE date_trunc('minute', n.now) + interval '1 minute' END AS minute_end,
           CASE WHEN b.day_end > n.now THEN b.day_left ELSE b.day_limit END AS day_left,
           CASE WHEN b.day_end > n.now THEN b.day_end
                ELSE date_trunc('day', n.now) + interval '1 day' END AS day_end,
           b.minute_limit * k.keep / 100 AS minute_keep, b.day_limit * k.keep / 100 AS day_keep,
           CASE WHEN b.hold_until > n.now THEN b.hold_until END AS hold_until,
           e.errors, e.series, e.unnamed,
           c.division, COALESCE(c.division = %(division)s, TRUE) AS same_books
    FROM exact_budget b
    JOIN exact_connection c ON c.id = b.connection_id
    CROSS JOIN LATERAL (
        SELECT timezone('utc', statement_timestamp())
               + (b.clock_offset + %(ahead)s) * interval '1 second' AS now
    ) n
    CROSS JOIN LATERAL (
        SELECT CASE %(lane)s WHEN 'click' THEN 0 WHEN 'document' THEN b.keep_for_people
               ELSE b.keep_for_people + b.keep_for_documents END AS keep
    ) k
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE status != 429) AS errors,
               count(*) FILTER (WHERE status != 429 AND in_series AND method = %(method)s) AS series,
               count(*) FILTER (WHERE status = 429) AS unnamed
        FROM exact_budget_error
        WHERE budget_id = b.id AND endpoint = %(endpoint)s AND met_on > n.now - interval '1 hour'
    ) e
    WHERE b.connection_id = %(connection)s
), taken AS (
    UPDATE exact_budget b
    SET minute_left = s.minute_left - 1, minute_end = s.minute_end,
        day_left = s.day_left - 1, day_end = s.day_end, seen_on = s.now
    FROM seen s
    WHERE b.id = s.id AND s.same_books AND s.hold_until IS NULL
      AND s.minute_left > s.minute_keep AND s.day_left > s.day_keep
      AND s.unnamed < 2 AND s.errors < s.error_limit - %(spare)s
      AND (%(lane)s = 'click' OR s.series < s.series_limit) AND %(alike)s < s.series_limit
    RETURNING b.id
), noted AS (
    INSERT INTO exact_budget_use (budget_id, hour, purpose, user_id, calls)
    SELECT s.id, date_trunc('hour', s.now), %(purpose)s, %(user)s, 1 FROM seen s JOIN taken USING (id)
    ON CONFLICT (budget_id, hour, purpose, user_id) DO UPDATE SET calls = exact_budget_use.calls + 1
), doubt AS (
    INSERT INTO exact_budget_error (budget_id, endpoint, method, status, in_series, met_on)
    SELECT s.id, %(endpoint)s, %(method)s, 0, TRUE, s.now
    FROM seen s JOIN taken USING (id) WHERE s.errors > 0
    RETURNING id
)
SELECT s.*, t.id IS NOT NULL AS taken, (SELECT id FROM doubt) AS doubt
FROM seen s LEFT JOIN taken t ON t.id = s.id
"""

# When enough of the refusals that stand in the way are an hour old.
ERRORS_OVER = """
SELECT met_on + interval '1 hour' FROM exact_budget_error
WHERE budget_id = %(budget)s AND endpoint = %(endpoint)s AND met_on > %(now)s - interval '1 hour'
  AND CASE %(what)s WHEN 'series' THEN status != 429 AND in_series AND method = %(method)s
                    WHEN 'unnamed' THEN status = 429 ELSE status != 429 END
ORDER BY met_on DESC OFFSET %(offset)s LIMIT 1
"""


@dataclass
class Taken:
    """A call that may go: what the budget was when it was taken. ``at`` is a monotonic time."""

    row: dict
    at: float

    @property
    def now(self):
        """Exact's time at this moment, as far as it is known (naive UTC)."""
        return self.row["now"] + timedelta(seconds=time.monotonic() - self.at)


class BudgetGate:
    """Serves one client, so one thread; see :class:`..client.Gate`.

    :param cursor: gives a cursor of its own
    :param lane: one of :data:`LANES`
    :param purpose: what the calls are counted under; without one, by resource
    :param user_id: who the calls are made for
    :param now: gives the moment on the clock that ``retry_at`` is compared with, naive UTC
    """

    def __init__(self, cursor, connection_id, lane, user_id, purpose=None, texts=None, now=None):
        self._now = now or fields.Datetime.now
        self.lane, self.user_id, self.purpose = lane, user_id, purpose
        self._cursor, self._connection_id = cursor, connection_id
        self._texts = texts or {}
        self._ahead = None
        self._taken = None
        # Refusals alike in a row met by this client: (method, endpoint, status), number.
        self._series = (None, 0)
        # What the connection had at the first call. Once it has another division nothing more goes out, or the
        # rest of a batch would stand in the former books and count as sent to the new ones.
        self._division = None

    # === BEFORE === #

    def hold(self, method, resource):
        """Take the next call now, before it is written down as sent.

        :raises LimitError: there is none; ``retry_at`` says when.
        """
        self._ahead = self._use_ahead(method, resource) or self._take(method, resource)

    def before(self, method, resource):
        """See :meth:`..client.Gate.before`."""
        self._taken = None
        self._taken = self._use_ahead(method, resource) or self._take(method, resource)

    def _use_ahead(self, method, resource):
        """What was taken ahead for this call; it counts in its own minute only."""
        ahead, self._ahead = self._ahead, None
        if not ahead:
            return None
        wanted = (ahead.row["method"], ahead.row["endpoint"]) == (method, _endpoint(resource))
        if not wanted or ahead.now >= ahead.row["minute_end"]:
            self._give_back(ahead)
            return None
        return ahead

    def release(self):
        """Give back a call that was taken ahead and did not come to be made."""
        ahead, self._ahead = self._ahead, None
        if ahead:
            self._give_back(ahead)

    def _take(self, method, resource):
        endpoint = _endpoint(resource)
        params = {
            "connection": self._connection_id,
            "ahead": AHEAD,
            "lane": self.lane,
            "endpoint": endpoint,
            "method": method,
            "spare": 0 if self.lane == "click" else ERRORS_FOR_PEOPLE,
            "purpose": self.purpose or _purpose_of(resource, self.lane),
            "user": self.user_id,
            "alike": self._alike(method, endpoint),
            "division": self._division,
        }
        try:
            row = self._run(TAKE, params, fetch=True)
        except LockNotAvailable:
            raise LimitError(
                "The count of calls to Exact Online is being changed.",
                retry_at=_own_moment(UNNAMED_WAIT, self._now()),
                reason="BudgetBusy",
                method=method or None,
                resource=resource or None,
            ) from None
        if row is None:
            # The connection is being made in this very transaction: nothing is shared yet.
            return None
        self._division = self._division or row["division"]
        taken = Taken({**row, "method": method, "endpoint": endpoint}, time.monotonic())
        if not row["taken"]:
            raise self._refusal(taken, method, resource, params["alike"])
        return taken

    def _alike(self, method, endpoint):
        """Refusals in a row that this client has met here."""
        kind, number = self._series
        return number if kind and kind[:2] == (method, endpoint) else 0

    def _refusal(self, taken, method, resource, alike):
        """Why a call may not go, and from when it may."""
        row, lane = taken.row, self.lane
        ends = {} if row["same_books"] else {"OtherBooks": taken.now + UNNAMED_WAIT}
        if row["hold_until"]:
            ends["UnnamedLimit"] = row["hold_until"]
        if row["minute_left"] <= row["minute_keep"]:
            ends["MinuteLimit"] = row["minute_end"]
        if row["day_left"] <= row["day_keep"]:
            ends["DayLimit"] = row["day_end"]
        spare = 0 if lane == "click" else ERRORS_FOR_PEOPLE
        if row["unnamed"] >= 2:
            ends["UnnamedLimit"] = self._errors_over(taken, method, "unnamed", 0)
        if row["errors"] >= row["error_limit"] - spare:
            offset = max(row["error_limit"] - spare - 1, 0)
            ends["TooManyErrors"] = self._errors_over(taken, method, "errors", offset)
        if max(alike, 0 if lane == "click" else row["series"]) >= row["series_limit"]:
            offset = max(min(row["series_limit"], row["series"]) - 1, 0)
            end = self._errors_over(taken, method, "series", offset)
            ends["TooManyErrors"] = max(end, ends.get("TooManyErrors", end))
        reason = max(ends, key=ends.get)
        return LimitError(
            self._texts.get(reason) or "The calls that Exact Online allows are used up for now.",
            retry_at=_own_moment(ends[reason] - taken.now, self._now()),
            reason=reason,
            method=method or None,
            resource=resource or None,
        )

    def _errors_over(self, taken, method, what, offset):
        row = self._run(
            ERRORS_OVER,
            {
                "budget": taken.row["id"],
                "endpoint": taken.row["endpoint"],
                "method": method,
                "now": taken.row["now"],
                "what": what,
                "offset": offset,
            },
            fetch=True,
        )
        return next(iter(row.values())) if row else taken.now + timedelta(hours=1)

    def _give_back(self, taken):
        """A call that was taken and will not be made."""
        self._run(
            "UPDATE exact_budget SET day_left = LEAST(day_left + 1, day_limit), minute_left = CASE "
            "WHEN minute_end = %(minute_end)s THEN LEAST(minute_left + 1, minute_limit) ELSE minute_left END "
            "WHERE id = %(id)s AND day_end = %(day_end)s",
            taken.row,
        )
        if taken.row["doubt"]:
            self._run("DELETE FROM exact_budget_error WHERE id = %(doubt)s", taken.row)

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
        return _own_moment(end - now, self._now())

    def _count(self, taken, method, resource, status):
        """Refusals in a row end a series; what was in doubt is so no more."""
        row, endpoint = taken.row, _endpoint(resource)
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
            f"""
            UPDATE exact_budget b SET
                {name}_left = CASE
                    WHEN b.{name}_end = %(end)s THEN LEAST(b.{name}_left + %(limit)s - b.{name}_limit, %(left)s)
                    ELSE %(left)s END,
                {name}_end = %(end)s, {name}_limit = %(limit)s
            WHERE b.id = %(id)s AND (b.{name}_end = %(known)s OR b.{name}_end <= %(end)s)
            """,  # nosec B608  # name is one of our two windows, minute and day
            {"id": row["id"], "end": end, "limit": limit, "left": left, "known": known_end},
        )
        return end if over else None

    def _hold_unnamed(self, taken, method, resource, headers):
        """A refusal that names no limit: a minute for all, and an hour for this endpoint should it come back."""
        params = {
            **taken.row,
            "endpoint": _endpoint(resource),
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


def _endpoint(resource):
    return (resource or "").lower()


def _own_moment(wait, now):
    """What is ``wait`` from ``now``, as an aware datetime: never too early."""
    seconds = max(int(wait.total_seconds()), 0) + 2
    return now.replace(tzinfo=timezone.utc) + timedelta(seconds=seconds)


def _retry_after(headers):
    try:
        seconds = int(headers.get("Retry-After") or 0)
    except ValueError:
        seconds = 0
    return timedelta(seconds=min(seconds, 86400)) if seconds > 0 else UNNAMED_WAIT


def _purpose_of(resource, lane):
    """What a call is for, where nobody said it."""
    resource = _endpoint(resource)
    if resource.startswith(("sync/crm", "crm/")):
        return "import" if lane == "bulk" else "customer"
    if resource.startswith(("salesentry/", "salesinvoice/", "documents/", "docs/")):
        return "document"
    if resource.startswith(("sync/cashflow", "cashflow/receivables", "read/financial")):
        return "payment"
    if resource.startswith(("financial/", "vat/", "logistics/", "cashflow/", "hrm/", "project/")):
        return "reference"
    return "other"
