"""The request journal: what was asked and answered, one JSON object a line, without secrets."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

MAX_KEPT = 20_000
MAX_BODY = 2_000_000
_SECRET_FIELDS = (
    "access_token",
    "refresh_token",
    "client_secret",
    "code",
    "password",
    "webhook_secret",
)
_FORM = re.compile(rf"\b({'|'.join(_SECRET_FIELDS)})=[^&\s]*")
_JSON = re.compile(rf'"({"|".join(_SECRET_FIELDS)})"\s*:\s*"[^"]*"')


def masked(path: str, text: str) -> str:
    """``text`` of an OAuth call with its secrets blanked out; other calls carry none."""
    if not path.startswith("/api/oauth2/"):
        return text
    return _JSON.sub(r'"\1":"***"', _FORM.sub(r"\1=***", text))


class Journal:
    """Keeps the latest records in memory and, when given a file, appends all of them there.

    A record has ``method``, ``path`` (with its query, without the country's prefix), ``req``,
    ``status`` and ``resp`` as text, ``country``, ``user`` (login or null) and ``time`` (ISO, UTC).
    ``status`` is null where no answer left the simulator. Headers are not kept, so no
    Authorization either.
    """

    def __init__(self, path: str | Path | None = None):
        self.path = Path(path) if path else None
        self._records: deque[dict[str, Any]] = deque(maxlen=MAX_KEPT)
        self._lock = threading.Lock()
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()

    def add(self, record: dict[str, Any]) -> None:
        """Keep a record; bodies are masked and cut at two million characters."""
        path = record["path"]
        record = {**record, "path": masked(path, path)}
        for name in ("req", "resp"):
            record[name] = masked(path, record.get(name) or "")[:MAX_BODY]
        with self._lock:
            self._records.append(record)
            if self.path:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def records(self, country: str | None = None) -> list[dict[str, Any]]:
        """The kept records, oldest first."""
        with self._lock:
            return [r for r in self._records if country in (None, r["country"])]

    def lines(self, records: Iterable[dict[str, Any]]) -> Iterator[str]:
        """Records as JSON lines."""
        return (json.dumps(record, ensure_ascii=False) + "\n" for record in records)

    def clear(self, country: str | None = None) -> None:
        """Forget the kept records (those of one country); the file keeps what it has."""
        with self._lock:
            left = [r for r in self._records if country not in (None, r["country"])]
            self._records = deque(left, maxlen=MAX_KEPT)
