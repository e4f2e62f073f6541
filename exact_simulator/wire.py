"""The outermost layer: picks the country, plays the planned faults, writes the journal."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.test import run_wsgi_app

from .faults import Fault, Faults, cut
from .journal import Journal
from .state import Country

Environ = dict[str, Any]
WSGI = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

#: Which country answers under which prefix.
PREFIXES = {"": "nl", "/be": "be"}


class Answer:
    """An answer not sent yet."""

    def __init__(self, status: str, headers: Headers, body: bytes):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def code(self) -> int:
        """The HTTP status as a number."""
        return int(self.status.split(" ", 1)[0])

    def send(self, start_response: Callable[..., Any]) -> list[bytes]:
        """Hand the answer to the server."""
        if self.code not in (204, 304):
            self.headers["Content-Length"] = str(len(self.body))
        start_response(self.status, list(self.headers))
        return [self.body]


def _answer(status: int, headers: dict[str, str], body: str, kind: str) -> Answer:
    phrase = HTTP_STATUS_CODES.get(status, "Unknown")
    made = Headers({"Content-Type": kind})
    made.update(headers)
    return Answer(f"{status} {phrase}", made, body.encode())


class Wire:
    """WSGI application around the Flask application."""

    def __init__(self, app: WSGI, countries: dict[str, Country], faults: Faults, journal: Journal):
        self.app = app
        self.countries = countries
        self.faults = faults
        self.journal = journal
        #: Called after everything that may have changed the state.
        self.changed: Callable[[], None] = lambda: None

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        country = self._pick_country(environ)
        if _is_call(environ):
            return self._api(country, environ, start_response)
        return self._serve(country, environ).send(start_response)

    def _pick_country(self, environ: Environ) -> Country:
        path = environ["PATH_INFO"]
        prefix = "/be" if path == "/be" or path.startswith("/be/") else ""
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
        environ["PATH_INFO"] = path[len(prefix) :] or "/"
        country = self.countries[PREFIXES[prefix]]
        environ["exact_simulator.country"] = country
        return country

    def _serve(self, country: Country, environ: Environ) -> Answer:
        # The control plane and the API take the lock themselves: a reset needs both countries', and
        # a webhook subscription must not hold it while it calls out.
        itself = environ["PATH_INFO"].startswith(("/_sim/", "/api/v1/"))
        with nullcontext() if itself else country.lock:
            body, status, headers = run_wsgi_app(self.app, environ, buffered=True)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            self.changed()
        return Answer(status, headers, b"".join(body))

    # API calls --------------------------------------------------------------------------------

    def _api(
        self, country: Country, environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        sent = _read(environ)
        method = environ["REQUEST_METHOD"]
        query = environ.get("QUERY_STRING", "")
        readable = environ["PATH_INFO"] + (f"?{unquote(query.replace('+', ' '))}" if query else "")
        faults = self.faults.take(country.code, method, readable)
        kinds = {fault.kind: fault for fault in faults}
        record = {
            "method": method,
            "path": _raw_path(environ),
            "req": sent.decode("utf-8", "replace"),
            "status": None,
            "resp": "",
            "country": country.code,
            "user": None,
            "time": country.clock.now_utc().isoformat(),
        }
        # What the gate finds out about the call; the application works on a copy of environ.
        seen: dict[str, str] = {}
        environ["exact_simulator.seen"] = seen
        if kinds:
            record["fault"] = ",".join(kinds)
        if "delay" in kinds:
            time.sleep(kinds["delay"].seconds)
        if "drop_before" in kinds:
            self.journal.add(record)
            cut(environ.get("werkzeug.socket"))
        answer = self._planned(kinds, environ) or self._serve(country, environ)
        record["user"] = seen.get("user")
        if "drop_after" in kinds:
            self.journal.add(record)
            cut(environ.get("werkzeug.socket"))
        record["status"] = answer.code
        if "keep" in kinds:
            answer.body = _kept(answer.body, kinds["keep"].body.split())
        if "body" in kinds:
            answer = _other_body(answer, kinds["body"])
            record["status"] = answer.code
        elif "truncate" not in kinds and "status" not in kinds:
            text = answer.headers.get("Content-Type", "").startswith(("text/", "application/json"))
            if text or environ["PATH_INFO"].startswith("/api/"):
                record["resp"] = answer.body.decode("utf-8", "replace")
        self.journal.add(record)
        if "truncate" in kinds:
            return self._half(answer, environ, start_response)
        return answer.send(start_response)

    def _planned(self, kinds: dict[str, Fault], environ: Environ) -> Answer | None:
        """The answer of a fault that keeps the call from being served."""
        if fault := kinds.get("status"):
            kind = "application/json" if fault.body.lstrip().startswith("{") else "text/html"
            return _answer(fault.status or 503, fault.headers, fault.body, kind)
        if fault := kinds.get("say"):
            if environ["PATH_INFO"].startswith("/api/v1/"):
                environ["exact_simulator.say"] = fault  # refused behind the gate, as Exact would
            else:
                body = {"error": {"code": "", "message": {"lang": "", "value": fault.text}}}
                kind = "application/json"
                return _answer(fault.status or 500, fault.headers, json.dumps(body), kind)
        return None

    def _half(
        self, answer: Answer, environ: Environ, start_response: Callable[..., Any]
    ) -> Iterator[bytes]:
        answer.headers["Content-Length"] = str(max(1, len(answer.body)))
        start_response(answer.status, list(answer.headers))
        yield answer.body[: len(answer.body) // 2]
        cut(environ.get("werkzeug.socket"))


def _is_call(environ: Environ) -> bool:
    """An API call, or a program (it brings a token) that fetches a file of a document."""
    path = environ["PATH_INFO"]
    if path.startswith("/api/"):
        return True
    return path == "/docs/SysAttachment.aspx" and bool(environ.get("HTTP_AUTHORIZATION"))


def _read(environ: Environ) -> bytes:
    """The whole request body; the application reads it again from memory."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = stream.read()
    else:
        length = environ.get("CONTENT_LENGTH") or "0"
        body = stream.read(int(length)) if length.isdigit() and int(length) else b""
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _raw_path(environ: Environ) -> str:
    """Path and query as sent, without the country's prefix."""
    parts = urlsplit(environ.get("RAW_URI") or environ["PATH_INFO"])
    path = parts.path.removeprefix(environ["SCRIPT_NAME"]) or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _kept(body: bytes, names: list[str]) -> bytes:
    """The answer with only these properties of its entity; any other answer as it is."""
    try:
        entity = json.loads(body)["d"]
        return json.dumps({"d": {name: entity[name] for name in names if name in entity}}).encode()
    except (ValueError, TypeError, KeyError):
        return body


def _other_body(answer: Answer, fault: Fault) -> Answer:
    status = f"{fault.status} {HTTP_STATUS_CODES.get(fault.status, 'Unknown')}"
    changed = Answer(status if fault.status else answer.status, answer.headers, fault.body.encode())
    kind = "application/json" if fault.body.lstrip().startswith(("{", "[")) else "text/html"
    changed.headers["Content-Type"] = kind
    changed.headers.update(fault.headers)
    return changed
