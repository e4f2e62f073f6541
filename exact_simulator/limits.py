"""Call limits of one country: per minute and per day, and the block after too many errors.

Exact API sheet 2. Counted per app and company, on the simulator's clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

Key = tuple[str, int]
ErrorKey = tuple[str, str, int, str]

#: The answers that count towards the block (Exact API sheet 2).
COUNTED_ERRORS = frozenset({400, 401, 403, 404})
#: What the headers say of a limit that was lifted.
LIFTED = 1_000_000


@dataclass
class LimitSettings:
    """What is allowed; None lifts a limit (its headers then name one that nobody reaches).

    ``minute``, ``day``: calls per app and company. ``errors``: errors per app, user, company,
    endpoint and hour. ``token_calls``: token calls per app, user and day. ``refresh_after``:
    seconds before an access token may be renewed. ``blocked_status``: the answer while blocked
    after too many errors (an unsure fact).
    """

    minute: int | None = 60
    day: int | None = 5000
    errors: int | None = 10
    token_calls: int | None = 200
    refresh_after: int | None = 570
    blocked_status: int = 429


@dataclass
class _Use:
    minute: datetime
    day: datetime
    in_minute: int = 0
    in_day: int = 0


@dataclass
class _Errors:
    times: deque[datetime] = field(default_factory=deque)
    blocked_until: datetime | None = None
    blocks: int = 0


class LimitReached(Exception):
    """A call over the minute or day limit; ``headers`` go on the 429."""

    def __init__(self, headers: dict[str, str]):
        super().__init__("call limit reached")
        self.headers = headers


def _millis(moment: datetime) -> str:
    return str(int(moment.timestamp()) * 1000)


class Limits:
    """The counters of one country."""

    def __init__(self) -> None:
        self.settings = LimitSettings()
        self._uses: dict[Key, _Use] = {}
        self._errors: dict[ErrorKey, _Errors] = {}
        self._tokens: dict[tuple[str, str], tuple[datetime, int]] = {}

    def clear(self) -> None:
        """Start counting afresh; settings stay."""
        self._uses.clear()
        self._errors.clear()
        self._tokens.clear()

    def adjust(self, changes: dict[str, int | None]) -> None:
        """Change settings by name.

        :raises ValueError: for a name that is no setting or a value that is no count.
        """
        for name, value in changes.items():
            if name not in LimitSettings.__dataclass_fields__:
                raise ValueError(f"unknown limit {name!r}")
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and (not whole or value < 0):
                raise ValueError(f"{name} must be a whole number or null")
            if value is None and name == "blocked_status":
                raise ValueError("blocked_status must be an HTTP status")
        for name, value in changes.items():
            setattr(self.settings, name, value)

    # calls ------------------------------------------------------------------------------------

    def take(self, key: Key, now: datetime) -> dict[str, str]:
        """Count one call of (client id, division); returns the headers of the answer.

        :raises LimitReached: when the minute or the day is used up; such a call is not counted.
        """
        use = self._current(key, now)
        limit = self.settings
        if limit.day is not None and use.in_day >= limit.day:
            raise LimitReached(self._day_headers(use))
        if limit.minute is not None and use.in_minute >= limit.minute:
            raise LimitReached(self._minute_headers(use))
        use.in_minute += 1
        use.in_day += 1
        return {**self._day_headers(use), **self._minute_headers(use)}

    def used(self, key: Key, now: datetime) -> tuple[int, int]:
        """Calls made in this minute and on this day."""
        use = self._current(key, now)
        return use.in_minute, use.in_day

    def _current(self, key: Key, now: datetime) -> _Use:
        now = now.astimezone(timezone.utc)
        minute = now.replace(second=0, microsecond=0)
        day = minute.replace(hour=0, minute=0)
        use = self._uses.get(key)
        if use is None:
            use = self._uses[key] = _Use(minute, day)
        if use.minute != minute:
            use.minute, use.in_minute = minute, 0
        if use.day != day:
            use.day, use.in_day = day, 0
        return use

    @staticmethod
    def _left(limit: int | None, used: int) -> tuple[int, int]:
        if limit is None:
            return LIFTED, LIFTED
        return limit, max(0, limit - used)

    def _day_headers(self, use: _Use) -> dict[str, str]:
        limit, left = self._left(self.settings.day, use.in_day)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": _millis(use.day + timedelta(days=1)),
        }

    def _minute_headers(self, use: _Use) -> dict[str, str]:
        limit, left = self._left(self.settings.minute, use.in_minute)
        return {
            "X-RateLimit-Minutely-Limit": str(limit),
            "X-RateLimit-Minutely-Remaining": str(left),
            "X-RateLimit-Minutely-Reset": _millis(use.minute + timedelta(minutes=1)),
        }

    # errors -----------------------------------------------------------------------------------

    def note_error(self, key: ErrorKey, status: int, now: datetime) -> None:
        """Count an error answer; more than the allowed number in an hour blocks the key.

        The first block lasts an hour, each further one twice as long as the one before.
        """
        if status not in COUNTED_ERRORS or self.settings.errors is None:
            return
        state = self._errors.setdefault(key, _Errors())
        state.times.append(now)
        while state.times and state.times[0] <= now - timedelta(hours=1):
            state.times.popleft()
        if len(state.times) > self.settings.errors:
            state.blocked_until = now + timedelta(hours=2**state.blocks)
            state.blocks += 1
            state.times.clear()

    def is_blocked(self, key: ErrorKey, now: datetime) -> bool:
        """Whether this app, user, company and endpoint is blocked for its errors."""
        state = self._errors.get(key)
        if self.settings.errors is None or state is None or state.blocked_until is None:
            return False
        return now < state.blocked_until

    # tokens -----------------------------------------------------------------------------------

    def take_token_call(self, client_id: str, user_id: str, now: datetime) -> bool:
        """Count one token call; False when the day's number is used up."""
        day = now.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
        since, count = self._tokens.get((client_id, user_id), (day, 0))
        if since != day:
            since, count = day, 0
        allowed = self.settings.token_calls
        if allowed is not None and count >= allowed:
            return False
        self._tokens[client_id, user_id] = (since, count + 1)
        return True
