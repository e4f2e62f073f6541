"""The gate of :class:`..client.ExactClient`: takes each call from the budget, and learns from answers.

One statement takes a call, on a cursor of its own that lives no longer than that; the transaction of
whoever calls sees nothing of it.
"""

import time
from datetime import timedelta

from psycopg2.errors import LockNotAvailable

from ..client import LimitError
from .exact_budget_learn import UNNAMED_WAIT, BudgetLearner, Taken, endpoint_of, own_moment

LANES = ("click", "document", "bulk")
# Of the refusals an hour allows, scheduled work leaves these to people.
ERRORS_FOR_PEOPLE = 2
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


class BudgetGate(BudgetLearner):
    """Serves one client, so one thread; see :class:`..client.Gate`.

    :param cursor: gives a cursor of its own
    :param lane: one of :data:`LANES`
    :param purpose: what the calls are counted under; without one, by resource
    :param user_id: who the calls are made for
    :param now: gives the moment on the clock that ``retry_at`` is compared with, naive UTC
    """

    def __init__(self, cursor, connection_id, lane, user_id, purpose=None, texts=None, now=None):
        super().__init__(cursor, now)
        self.lane, self.user_id, self.purpose = lane, user_id, purpose
        self._connection_id = connection_id
        self._texts = texts or {}
        self._ahead = None
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
        wanted = (ahead.row["method"], ahead.row["endpoint"]) == (method, endpoint_of(resource))
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
        endpoint = endpoint_of(resource)
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
                retry_at=own_moment(UNNAMED_WAIT, self._now()),
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
            retry_at=own_moment(ends[reason] - taken.now, self._now()),
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


def _purpose_of(resource, lane):
    """What a call is for, where nobody said it."""
    resource = endpoint_of(resource)
    if resource.startswith(("sync/crm", "crm/")):
        return "import" if lane == "bulk" else "customer"
    if resource.startswith(("salesentry/", "salesinvoice/", "documents/", "docs/")):
        return "document"
    if resource.startswith(("sync/cashflow", "cashflow/receivables", "read/financial")):
        return "payment"
    if resource.startswith(("financial/", "vat/", "logistics/", "cashflow/", "hrm/", "project/")):
        return "reference"
    return "other"
