"""Trouble on demand: what a network, a proxy or a busy server does to a call."""

from __future__ import annotations

import contextlib
import itertools
import re
import socket
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = ("drop_before", "drop_after", "status", "delay", "truncate", "body", "keep", "say")


@dataclass
class Fault:
    """One planned trouble.

    :param method: HTTP method it applies to, or None for any.
    :param path: regular expression searched in path and query, without the country's prefix.
    :param kind: ``drop_before`` cuts the connection before the call is served, ``drop_after`` once
        it has been served (the state has changed), ``status`` answers ``status`` with ``headers``
        and ``body`` instead of serving, ``delay`` waits ``seconds`` before serving, ``truncate``
        serves and sends half the answer, ``body`` serves and puts ``body`` in its place (with
        ``status`` and ``headers`` where given), ``keep`` serves and leaves of the entity in the answer
        only the properties that ``body`` names, as Exact does where it ignores ``Prefer``, ``say``
        refuses with the business text ``text``.
    :param nth: the matching call it starts with, the first being 1.
    :param times: how many calls it hits from there; 0 for all.
    """

    kind: str
    path: str = ""
    method: str | None = None
    nth: int = 1
    times: int = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    text: str = ""
    seconds: float = 0.0
    country: str | None = None
    id: int = 0
    seen: int = 0
    hit: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        if self.kind == "status" and self.status is None:
            raise ValueError("kind 'status' needs a status")
        try:
            self._pattern = re.compile(self.path)
        except re.error as error:
            raise ValueError(f"path is not a regular expression: {error}") from None

    def matches(self, country: str, method: str, path: str) -> bool:
        """Whether this call is one the fault is about."""
        if self.country not in (None, country):
            return False
        if self.method and self.method.upper() != method:
            return False
        return self._pattern.search(path) is not None

    def spent(self) -> bool:
        """Whether it will never hit again."""
        return self.times > 0 and self.hit >= self.times


class Faults:
    """The planned troubles of the simulator."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, **values: Any) -> Fault:
        """Plan a fault.

        :raises ValueError: for an unknown kind, field or pattern.
        """
        unknown = set(values) - (set(Fault.__dataclass_fields__) - {"id", "seen", "hit"})
        if unknown:
            raise ValueError(f"unknown field {sorted(unknown)[0]!r}")
        try:
            fault = Fault(**values)
        except TypeError as error:
            raise ValueError(str(error)) from None
        fault.id = next(self._ids)
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, country: str, method: str, path: str) -> list[Fault]:
        """The faults that hit this call, counting it for all that match."""
        hits = []
        with self._lock:
            for fault in self._faults:
                if not fault.matches(country, method, path) or fault.spent():
                    continue
                fault.seen += 1
                if fault.seen >= fault.nth:
                    fault.hit += 1
                    hits.append(fault)
            self._faults = [fault for fault in self._faults if not fault.spent()]
        return hits

    def list(self) -> list[dict[str, Any]]:
        """The faults still to come."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def clear(self, country: str | None = None) -> None:
        """Drop all planned faults (those of one country)."""
        with self._lock:
            self._faults = [f for f in self._faults if country not in (None, f.country)]


def cut(connection: socket.socket | None) -> None:
    """Cut the connection of a call so that its client gets no (further) byte.

    :raises ConnectionResetError: always, so that the server gives the call up as well.
    """
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("cut on request")
