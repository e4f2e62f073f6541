"""Puts the simulator together and serves it: in a thread of a test, or from the command line."""

from __future__ import annotations

import pickle  # nosec B403  # for its own snapshot
import socket
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, g, request
from werkzeug.serving import WSGIRequestHandler, make_server

from . import control, files, invoice_pages, oauth, pages
from .api import blueprint as api
from .auth import Registry
from .clock import Clock
from .faults import Faults
from .journal import Journal
from .limits import Limits
from .seed import seed as seed_country
from .state import Country
from .webhooks import Sender
from .wire import Wire

EVERYWHERE = "0.0.0.0"  # nosec B104  # compared with, as no browser can open it
SNAPSHOT = "simulator.pickle"
SNAPSHOT_VERSION = 1
SAVE_AFTER = 1.0  # seconds between a change and its saving


class _Handler(WSGIRequestHandler):
    """One request a connection, no line on the console for each."""

    disable_nagle_algorithm = True

    def log_request(self, *args: Any) -> None:
        """Say nothing: the journal has it."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The ``Date`` of an answer: the simulator's clock, by which clients may set theirs."""
        clock = getattr(self.server, "clock", None)
        if timestamp is None and clock is not None:
            timestamp = clock.epoch()
        return super().date_time_string(timestamp)


class Simulator:
    """The whole simulator: two countries on one clock, and the server in front of them.

    ``countries["nl"]`` answers at the root of ``url``, ``countries["be"]`` under ``url + "/be"``.
    """

    def __init__(
        self,
        seed: str = "demo",
        accounts: int | None = None,
        journal: str | Path | None = None,
        data: str | Path | None = None,
    ):
        self.clock = Clock()
        self.faults = Faults()
        self.journal = Journal(journal)
        self.countries: dict[str, Country] = {c: Country(c, self.clock) for c in ("nl", "be")}
        self.webhooks = Sender(self.clock, lambda: self.url)
        self.data = Path(data) if data else None
        self.url = ""
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self._timer: threading.Timer | None = None
        self._timer_lock = threading.Lock()
        self.restored = self._load()
        if not self.restored:
            self.reset(seed, accounts)
        self.app = create_app(self)
        self.wire = Wire(self.app.wsgi_app, self.countries, self.faults, self.journal)
        self.wire.changed = self._changed

    def reset(self, seed: str = "demo", accounts: int | None = None) -> None:
        """Back to a fresh seed: books, tokens, limits, faults, journal in memory and clock.

        :raises ValueError: for an unknown seed or a negative number of accounts.
        """
        if seed not in ("demo", "empty"):
            raise ValueError("seed must be 'demo' or 'empty'")
        if accounts is not None and accounts < 0:
            raise ValueError("accounts must not be negative")
        number = accounts if accounts is not None else (40 if seed == "demo" else 0)
        nl, be = self.countries["nl"], self.countries["be"]
        with nl.lock, be.lock:
            self.clock.release()
            self.faults.clear()
            self.journal.clear()
            self.webhooks.clear()
            for country in (nl, be):
                country.clear()
                country.auth = Registry(country)
                country.limits = Limits()
                seed_country(country, seed, number)
                self._listen(country)
        self._changed()

    def keep(self) -> bytes:
        """What is in both countries now, for :meth:`restore`."""
        nl, be = self.countries["nl"], self.countries["be"]
        with nl.lock, be.lock:
            return pickle.dumps(self.countries)

    def restore(self, kept: bytes) -> None:
        """Back to what was kept, as :meth:`reset` goes back to a seed: without faults, on time."""
        nl, be = self.countries["nl"], self.countries["be"]
        with nl.lock, be.lock:
            self.clock.release()
            self.faults.clear()
            self.journal.clear()
            self.webhooks.clear()
            for code, country in pickle.loads(kept).items():  # nosec B301  # kept by itself
                country.clock = self.clock
                self.countries[code] = country
                self._listen(country)
        self._changed()

    def _listen(self, country: Country) -> None:
        for division in country.divisions.values():
            division.listeners.append(self.webhooks.on_change)

    # state on disk ----------------------------------------------------------------------------

    def _load(self) -> bool:
        file = self.data / SNAPSHOT if self.data else None
        if file is None or not file.exists():
            return False
        try:
            kept = pickle.loads(file.read_bytes())  # nosec B301  # its own snapshot
            if kept["version"] != SNAPSHOT_VERSION:
                raise ValueError("another version")
        except Exception as error:
            raise RuntimeError(
                f"{file} cannot be read ({error}); remove it to start anew"
            ) from None
        self.clock = kept["clock"]
        self.webhooks.clock = self.clock
        for code, country in kept["countries"].items():
            country.clock = self.clock
            self.countries[code] = country
            self._listen(country)
        return True

    def save(self) -> None:
        """Write the state to the data directory (nothing without one)."""
        if self.data is None:
            return
        nl, be = self.countries["nl"], self.countries["be"]
        with nl.lock, be.lock:
            kept = {"version": SNAPSHOT_VERSION, "clock": self.clock, "countries": self.countries}
            content = pickle.dumps(kept)
        self.data.mkdir(parents=True, exist_ok=True)
        fresh = self.data / f"{SNAPSHOT}.new"
        fresh.write_bytes(content)
        fresh.replace(self.data / SNAPSHOT)

    def _changed(self) -> None:
        if self.data is None:
            return
        with self._timer_lock:
            if self._timer is None:
                self._timer = threading.Timer(SAVE_AFTER, self._save_now)
                self._timer.daemon = True
                self._timer.start()

    def _save_now(self) -> None:
        with self._timer_lock:
            self._timer = None
        self.save()

    # serving ----------------------------------------------------------------------------------

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Start answering in a thread; port 0 takes a free one.

        :raises OSError: when the port is taken or the address is not ours.
        """
        with socket.create_server((host, port), backlog=128) as listening:
            self._server = make_server(
                host, port, self.wire, threaded=True, request_handler=_Handler,
                fd=listening.fileno(),
            )  # fmt: skip
        self._server.clock = self.clock
        shown = "127.0.0.1" if host in (EVERYWHERE, "") else host
        self.url = f"http://{shown}:{self._server.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="exact-simulator", daemon=True
        )
        self._thread.start()
        self.webhooks.start()

    def stop(self) -> None:
        """Stop answering and save; may be called twice."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            self._thread.join(5)
            self.webhooks.stop()
            with self._timer_lock:
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            self.save()

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


def create_app(simulator: Simulator) -> Flask:
    """The Flask application; ``g.country`` is the country asked, ``g.simulator`` the whole."""
    app = Flask(__package__, static_url_path="/_static")
    app.json.sort_keys = False
    app.permanent_session_lifetime = timedelta(days=1)
    app.url_map.strict_slashes = False

    @app.before_request
    def pick_country() -> None:
        g.simulator = simulator
        g.country = request.environ["exact_simulator.country"]

    app.register_blueprint(api)
    app.register_blueprint(oauth.blueprint)
    app.register_blueprint(control.blueprint)
    assert files.blueprint is invoice_pages.blueprint is pages.blueprint  # they add to it
    app.register_blueprint(pages.blueprint)
    return app


def start(
    port: int = 0,
    seed: str = "demo",
    accounts: int | None = None,
    journal: str | Path | None = None,
    host: str = "127.0.0.1",
    data: str | Path | None = None,
) -> Simulator:
    """Start a simulator in this process and return it; end it with ``stop()``.

    :raises OSError: when the port is taken.
    """
    simulator = Simulator(seed=seed, accounts=accounts, journal=journal, data=data)
    simulator.serve(host, port)
    return simulator
