"""Webhooks: the check of a callback address and the signed delivery of events (sheet, part 6)."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

from .auth import LOOPBACK, redirect_allowed
from .clock import Clock
from .errors import ApiError
from .state import App, Division

ATTEMPTS = 10
TIMEOUT = 10  # seconds a callback may take
MAX_KEPT = 1000

#: Where the record of a topic is read (the path below the division).
ENDPOINTS = {
    "Accounts": "crm/Accounts",
    "Contacts": "crm/Contacts",
    "BankAccounts": "crm/BankAccounts",
    "Items": "logistics/Items",
    "GLAccounts": "financial/GLAccounts",
    "SalesEntries": "salesentry/SalesEntries",
    "SalesInvoices": "salesinvoice/SalesInvoices",
    "Documents": "documents/Documents",
    "DocumentAttachments": "documents/DocumentAttachments",
    "FinancialTransactions": "financialtransaction/TransactionLines",
    "BankEntries": "financialtransaction/BankEntries",
    "CashEntries": "financialtransaction/CashEntries",
}


def content_bytes(content: dict[str, Any]) -> bytes:
    """The Content object exactly as it is sent and signed."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def envelope(content: dict[str, Any], secret: str) -> bytes:
    """The body of a delivery: Content and its signature.

    ``HashCode`` is the upper-case hex HMAC-SHA256 over the raw bytes of Content, braces included.
    """
    raw = content_bytes(content)
    code = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest().upper()
    return b'{"Content":' + raw + b',"HashCode":"' + code.encode() + b'"}'


def _domain(url: str) -> str:
    host = (urlsplit(url).hostname or "").lower()
    if host in LOOPBACK:
        return "loopback"
    return ".".join(host.split(".")[-2:])


def _post(url: str, body: bytes) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False  # no proxy between this machine and itself
        headers = {"Content-Type": "application/json"} if body else {}
        return session.post(url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False)


def check_callback(app: App | None, url: str) -> None:
    """Refuse a callback address that Exact would refuse.

    It must be https (or this machine), on the domain of one of the app's redirect addresses, and
    answer an empty POST with 200 or 201.

    :raises ApiError: 500, as Exact answers a failed subscription.
    """
    if not redirect_allowed(url):
        raise ApiError(500, "invalid", field="CallbackURL")
    if app is not None and _domain(url) not in {_domain(uri) for uri in app.redirect_uris}:
        raise ApiError(500, "invalid", field="CallbackURL")
    try:
        answer = _post(url, b"")
        status = f"{answer.status_code} {answer.reason}"
        accepted = answer.status_code in (200, 201)
    except requests.RequestException:
        status, accepted = "no answer", False
    if not accepted:
        raise ApiError.many(500, [("callback_failed", {"status": status})])


@dataclass
class Delivery:
    """One event on its way to one address."""

    country: str
    url: str
    body: bytes
    topic: str
    due: datetime
    attempts: int = 0
    status: int | None = None
    state: str = "waiting"  # "waiting", "delivered", "given up"

    def shown(self) -> dict[str, Any]:
        """For the control plane."""
        return {
            "country": self.country,
            "url": self.url,
            "topic": self.topic,
            "attempts": self.attempts,
            "status": self.status,
            "state": self.state,
            "due": self.due.isoformat(),
            "body": self.body.decode(),
        }


class Sender:
    """Delivers events in a thread, ten times at most, waiting 2^n minutes between attempts.

    The waits are on the simulator's clock: a test that lets an hour pass sees the retries at once.
    """

    def __init__(self, clock: Clock, base_url: Callable[[], str]):
        self.clock = clock
        self._base_url = base_url
        self._deliveries: list[Delivery] = []
        self._lock = threading.Lock()
        self._running = False
        self._thread: threading.Thread | None = None

    def on_change(self, division: Division, topic: str, action: str, key: str) -> None:
        """Queue an event for every subscription to its topic; the country is locked meanwhile."""
        country = division.country
        prefix = "" if country.code == "nl" else f"/{country.code}"
        for row in list(division.webhooks):
            if row.get("Topic") != topic:
                continue
            app = country.apps.get(str(row.get("ClientID") or "").lower())
            endpoint = ENDPOINTS.get(topic, topic)
            base = f"{self._base_url()}{prefix}/api/v1/{division.code}"
            content = {
                "Topic": topic,
                "ClientId": row.get("ClientID"),
                "Division": division.code,
                "Action": action,
                "Key": str(key),
                "ExactOnlineEndpoint": f"{base}/{endpoint}(guid'{key}')",
                "EventCreatedOn": country.clock.wall().isoformat(timespec="milliseconds"),
            }
            body = envelope(content, app.webhook_secret if app else "")
            due = self.clock.now_utc()
            with self._lock:
                kept = [d for d in self._deliveries if d.state == "waiting"]
                done = [d for d in self._deliveries if d.state != "waiting"][-MAX_KEPT:]
                self._deliveries = [*done, *kept]
                self._deliveries.append(
                    Delivery(country.code, row["CallbackURL"], body, topic, due)
                )
        self.clock.wake()

    def deliveries(self, country: str | None = None) -> list[dict[str, Any]]:
        """All events of late, for the control plane."""
        with self._lock:
            return [d.shown() for d in self._deliveries if country in (None, d.country)]

    def clear(self) -> None:
        """Forget everything on its way."""
        with self._lock:
            self._deliveries.clear()

    def start(self) -> None:
        """Begin delivering."""
        self._running = True
        self._thread = threading.Thread(target=self._run, name="exact-webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._running = False
        self.clock.wake()
        if self._thread is not None:
            self._thread.join(TIMEOUT + 1)

    def _run(self) -> None:
        while self._running:
            due = self._next_due()
            if due is not None:
                self._deliver(due)
            else:
                self.clock.wait(0.5)

    def _next_due(self) -> Delivery | None:
        now = self.clock.now_utc()
        with self._lock:
            ready = [d for d in self._deliveries if d.state == "waiting" and d.due <= now]
        return min(ready, key=lambda d: d.due, default=None)

    def _deliver(self, delivery: Delivery) -> None:
        delivery.attempts += 1
        try:
            delivery.status = _post(delivery.url, delivery.body).status_code
        except requests.RequestException:
            delivery.status = None
        if delivery.status is not None and 200 <= delivery.status < 300:
            delivery.state = "delivered"
        elif delivery.attempts >= ATTEMPTS:
            delivery.state = "given up"
        else:
            wait = timedelta(minutes=2**delivery.attempts)
            delivery.due = self.clock.now_utc() + wait
