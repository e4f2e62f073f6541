"""What Exact says about calls left, read from the headers of every answer (API sheet 2).

Sixty calls a minute and 5,000 a day is usual, for each app and division. The reset times are
epoch milliseconds. On a 429 only the headers of the window that is used up are there.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

DAY, MINUTE = "day", "minute"
_HEADERS = {DAY: "X-RateLimit-", MINUTE: "X-RateLimit-Minutely-"}
_NO_HINT = timedelta(seconds=60)
# Seconds since 1970 pass this in the year 5138, milliseconds passed it in 1973.
_MILLISECONDS_FROM = 100_000_000_000


def utc_now() -> datetime:
    """Now, as an aware UTC datetime."""
    return datetime.now(timezone.utc)


def _count(text: str | None) -> int | None:
    try:
        return max(int(text.strip()), 0) if text is not None else None
    except ValueError:
        return None


def _moment(text: str | None) -> datetime | None:
    number = _count(text)
    if not number:
        return None
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    try:
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (OverflowError, OSError, ValueError):
        return None


@dataclass(frozen=True)
class Window:
    """One window as last seen; each part is ``None`` where Exact did not say it.

    ``limit`` and ``remaining`` are calls, ``reset`` (end of the window) and ``seen`` (when we were
    told) aware UTC datetimes.
    """

    limit: int | None = None
    remaining: int | None = None
    reset: datetime | None = None
    seen: datetime | None = None

    @property
    def known(self) -> bool:
        """Whether Exact said anything on this window."""
        return not (self.limit is None and self.remaining is None and self.reset is None)


def _read(headers: Mapping[str, str], prefix: str, now: datetime) -> Window:
    return Window(
        _count(headers.get(f"{prefix}Limit")),
        _count(headers.get(f"{prefix}Remaining")),
        _moment(headers.get(f"{prefix}Reset")),
        now,
    )


def windows_of(headers: Mapping[str, str]) -> dict[str, Window]:
    """What one answer says, for each of :data:`DAY` and :data:`MINUTE` that it names at all.

    :param headers: a case-insensitive mapping, as requests gives it
    """
    now = utc_now()
    read = {name: _read(headers, prefix, now) for name, prefix in _HEADERS.items()}
    return {name: window for name, window in read.items() if window.known}


def _end(name: str, window: Window) -> datetime:
    """End of a window, worked out where Exact did not say it: whole minute, or 00:00 UTC."""
    if window.reset:
        return window.reset
    if name == MINUTE:
        return window.seen.replace(second=0, microsecond=0) + timedelta(minutes=1)
    midnight = window.seen.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=1)


def limit_named(headers: Mapping[str, str]) -> str:
    """Which limit a 429 is about: ``MinuteLimit``, ``DayLimit``, or ``UnnamedLimit``.

    Exact sends the headers of the window that is used up, and none where an app is blocked for its
    errors (Exact API sheet 2).
    """
    named = windows_of(headers)
    if not named:
        return "UnnamedLimit"
    empty = [name for name, window in named.items() if not window.remaining]
    return "MinuteLimit" if MINUTE in (empty or named) else "DayLimit"


class Limits:
    """Calls left for one app and division. Safe to share between threads and clients.

    ``minute_limit``, ``minute_remaining``, ``minute_reset`` and the three ``day_...`` twins are
    ``None`` where never seen; ``minute`` and ``day`` are the :class:`Window` behind them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, Window] = {}
        self._refused_until: datetime | None = None

    @property
    def minute(self) -> Window:
        """The window of this minute."""
        return self._windows.get(MINUTE, Window())

    @property
    def day(self) -> Window:
        """The window of this day."""
        return self._windows.get(DAY, Window())

    minute_limit = property(lambda self: self.minute.limit)
    minute_remaining = property(lambda self: self.minute.remaining)
    minute_reset = property(lambda self: self.minute.reset)
    day_limit = property(lambda self: self.day.limit)
    day_remaining = property(lambda self: self.day.remaining)
    day_reset = property(lambda self: self.day.reset)

    def update(self, headers: Mapping[str, str], now: datetime | None = None) -> None:
        """Take over what an answer says. Missing headers leave what was known before.

        :param headers: a case-insensitive mapping, as requests gives it
        """
        now = now or utc_now()
        for name, prefix in _HEADERS.items():
            window = _read(headers, prefix, now)
            if window.known:
                with self._lock:
                    self._windows[name] = window

    def refused(self, headers: Mapping[str, str], now: datetime | None = None) -> datetime:
        """Take over a 429 and return when to try again: an aware UTC datetime after ``now``.

        The window that is used up decides; where the answer names none, ``Retry-After``, and
        where that is missing too, a minute.
        """
        now = now or utc_now()
        self.update(headers, now)
        seen = {name: _read(headers, prefix, now) for name, prefix in _HEADERS.items()}
        named = {name: window for name, window in seen.items() if window.known}
        empty = {name: w for name, w in named.items() if w.remaining == 0}
        # A window named without a count is the one that is used up: the other one is left out.
        chosen = empty or {name: w for name, w in named.items() if w.remaining is None}
        ends = [end for end in (_end(*pair) for pair in chosen.items()) if end > now]
        if ends:
            retry_at = max(ends)
        else:
            seconds = _count(headers.get("Retry-After"))
            retry_at = now + (timedelta(seconds=min(seconds, 86400)) if seconds else _NO_HINT)
        with self._lock:
            self._refused_until = retry_at
        return retry_at

    def blocked_until(self, now: datetime | None = None) -> datetime | None:
        """When calls are accepted again; ``None`` when nothing says that they are refused now.

        :param now: aware datetime
        """
        now = now or utc_now()
        ends = [_end(name, w) for name, w in list(self._windows.items()) if w.remaining == 0]
        if self._refused_until:
            ends.append(self._refused_until)
        return max((end for end in ends if end > now), default=None)
