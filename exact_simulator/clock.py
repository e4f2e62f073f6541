"""The clock of the simulator: it runs, stands still or jumps ahead when told to."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

EXACT_ZONE = ZoneInfo("Europe/Amsterdam")


class Clock:
    """One clock for the whole simulator, shared by its countries.

    Everything that depends on time asks it: token life, limits, ``Created``/``Modified``, webhook
    retries. So a test can let thirty days pass in no time.
    """

    def __init__(self) -> None:
        self._offset = timedelta(0)
        self._frozen: datetime | None = None
        self._changed = threading.Condition()

    def now_utc(self) -> datetime:
        """The present moment, aware, in UTC."""
        with self._changed:
            if self._frozen is not None:
                return self._frozen
            return datetime.now(timezone.utc) + self._offset

    def wall(self) -> datetime:
        """Exact's wall clock: naive, Europe/Amsterdam (Exact API sheet 3.3)."""
        return self.now_utc().astimezone(EXACT_ZONE).replace(tzinfo=None)

    def epoch(self) -> float:
        """The present moment in seconds since 1970 (UTC)."""
        return self.now_utc().timestamp()

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen is not None

    def freeze(self, moment: datetime | None = None) -> None:
        """Stand still at ``moment`` (aware; naive is read as Exact's wall clock), or right now."""
        moment = self.now_utc() if moment is None else moment
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=EXACT_ZONE)
        with self._changed:
            self._frozen = moment.astimezone(timezone.utc)
            self._changed.notify_all()

    def advance(self, seconds: float) -> None:
        """Jump ahead (or back) by ``seconds``, standing still or running."""
        with self._changed:
            if self._frozen is not None:
                self._frozen += timedelta(seconds=seconds)
            else:
                self._offset += timedelta(seconds=seconds)
            self._changed.notify_all()

    def release(self) -> None:
        """Run along with real time again."""
        with self._changed:
            self._frozen = None
            self._offset = timedelta(0)
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Sleep up to ``seconds`` of real time, woken early when the clock is set."""
        with self._changed:
            self._changed.wait(seconds)

    def wake(self) -> None:
        """Wake whoever is in :meth:`wait`."""
        with self._changed:
            self._changed.notify_all()

    def __getstate__(self) -> dict[str, object]:
        return {"_offset": self._offset, "_frozen": self._frozen}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._changed = threading.Condition()
