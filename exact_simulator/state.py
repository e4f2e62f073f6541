"""What the simulator remembers: countries, their apps and users, divisions and their tables.

Nothing here knows HTTP. A row is a plain ``dict`` of Python values (``str``, ``bool``, ``int``,
``Decimal``, naive ``datetime`` in Exact's wall clock, lower-case text for a GUID); a property that
is absent is null. Everything of a country is guarded by ``Country.lock``, held by whoever serves a
request or changes the books.
"""

from __future__ import annotations

import threading
import uuid
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clock import Clock
    from .ledger import Ledger

Row = dict[str, Any]
Listener = Callable[["Division", str, str, str], None]


@dataclass
class App:
    """An app registered in the App Centre of one country.

    ``scopes`` maps a scope name ("crm accounts") to "read" or "manage"; None grants everything.
    """

    client_id: str
    client_secret: str
    name: str
    redirect_uris: set[str] = field(default_factory=set)
    scopes: dict[str, str] | None = None
    webhook_secret: str = ""


@dataclass
class User:
    """A person with a login.

    ``divisions``: what the licence grants; ``rights``: names of resources that are *denied*.
    ``blocked_reason`` is the value of the ``Reason`` header with which every call is refused.
    """

    id: str
    login: str
    password: str
    full_name: str
    language: str = "en"
    divisions: set[int] = field(default_factory=set)
    rights: set[str] = field(default_factory=set)
    blocked_reason: str | None = None
    current_division: int | None = None


class Table:
    """The rows of one resource, by key, with equality indexes and an order by row version."""

    def __init__(self, key: str):
        self.key = key
        self.rows: dict[Any, Row] = {}
        self._indexes: dict[str, dict[Any, dict[Any, None]]] = {}
        self._versions: list[tuple[int, Any]] = []
        self._keys: list[Any] | None = None
        self._stale = 0
        #: Rises with every change; what is derived from the rows holds as long as it stays.
        self.changes = 0
        #: Kept by readers: sorted rows for a filter and an order, with ``changes`` at that time.
        self.sorted: dict[Any, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "sorted": {}}

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def __contains__(self, key: Any) -> bool:
        return key in self.rows

    def get(self, key: Any) -> Row | None:
        """The row with this key, or None."""
        return self.rows.get(key)

    def put(self, row: Row, version: int) -> Row:
        """Store a new or changed row under row version ``version``.

        A changed row must be a new dict (or its indexed values unchanged): the old one is needed
        to take it out of the indexes.
        """
        self.changes += 1
        key = row[self.key]
        old = self.rows.get(key)
        for prop, index in self._indexes.items():
            if old is not None:
                self._unindex(index, old.get(prop), key)
            index.setdefault(row.get(prop), {})[key] = None
        if old is None and self._keys is not None:
            insort(self._keys, key)
        if old is not None:
            self._stale += 1
        row["Timestamp"] = version
        self.rows[key] = row
        self._versions.append((version, key))
        if self._stale > 1000 and self._stale > len(self.rows):
            self._versions = [(ts, k) for ts, k in self._versions if self._current(ts, k)]
            self._stale = 0
        return row

    def remove(self, key: Any) -> Row | None:
        """Take a row out; None when it was not there."""
        row = self.rows.pop(key, None)
        if row is None:
            return None
        self.changes += 1
        for prop, index in self._indexes.items():
            self._unindex(index, row.get(prop), key)
        if self._keys is not None:
            del self._keys[bisect_left(self._keys, key)]
        self._stale += 1
        return row

    def find(self, prop: str, value: Any) -> list[Row]:
        """All rows whose ``prop`` equals ``value``; builds an index the first time."""
        return [self.rows[key] for key in self._index(prop).get(value, ())]

    def how_many(self, prop: str, value: Any) -> int:
        """How many rows :meth:`find` would return."""
        return len(self._index(prop).get(value, ()))

    def _index(self, prop: str) -> dict[Any, dict[Any, None]]:
        index = self._indexes.get(prop)
        if index is None:
            index = self._indexes[prop] = {}
            for key, row in self.rows.items():
                index.setdefault(row.get(prop), {})[key] = None
        return index

    def first(self, prop: str, value: Any) -> Row | None:
        """The first row whose ``prop`` equals ``value``, or None."""
        rows = self.find(prop, value)
        return rows[0] if rows else None

    def by_key(self, after: Any = None) -> Iterator[Row]:
        """Rows in key order, those behind ``after`` only."""
        if self._keys is None:
            self._keys = sorted(self.rows)
        keys = self._keys
        start = 0 if after is None else bisect_right(keys, after)
        for position in range(start, len(keys)):
            yield self.rows[keys[position]]

    def since(self, version: int) -> Iterator[Row]:
        """Rows with a row version above ``version``, oldest change first."""
        start = bisect_left(self._versions, version + 1, key=lambda pair: pair[0])
        for position in range(start, len(self._versions)):
            stamp, key = self._versions[position]
            if self._current(stamp, key):
                yield self.rows[key]

    def _current(self, version: int, key: Any) -> bool:
        row = self.rows.get(key)
        return row is not None and row["Timestamp"] == version

    @staticmethod
    def _unindex(index: dict[Any, dict[Any, None]], value: Any, key: Any) -> None:
        bucket = index.get(value)
        if bucket is not None:
            bucket.pop(key, None)
            if not bucket:
                del index[value]


class Division:
    """One administration: a number, a name, its tables and its books."""

    def __init__(self, country: Country, code: int, name: str, info: dict[str, Any] | None = None):
        self.country = country
        self.code = code
        self.name = name
        self.info: dict[str, Any] = dict(info or {})
        self.tables: dict[str, Table] = {}
        self.listeners: list[Listener] = []
        self.counters: dict[str, int] = {}
        self._version = 5_000_000
        self._ledger: Ledger | None = None

    @property
    def ledger(self) -> Ledger:
        """The books of this division (:class:`exact_simulator.ledger.Ledger`)."""
        if self._ledger is None:
            from .ledger import Ledger

            self._ledger = Ledger(self)
        return self._ledger

    @property
    def webhooks(self) -> Table:
        """The webhook subscriptions of this division."""
        return self.table("webhooks/WebhookSubscriptions")

    @property
    def currency(self) -> str:
        """The currency of the books."""
        return self.info.get("currency", "EUR")

    def table(self, resource: str) -> Table:
        """The table of a resource ("crm/Accounts"), made when it is not there yet."""
        found = self.tables.get(resource)
        if found is None:
            from . import schema

            found = self.tables[resource] = Table(schema.key_of(resource))
        return found

    def rowversion(self) -> int:
        """A number higher than every one before it in this division."""
        self._version += 1
        return self._version

    def next(self, counter: str, start: int = 1) -> int:
        """The next number of a named counter."""
        value = self.counters.get(counter, start - 1) + 1
        self.counters[counter] = value
        return value

    def save(self, resource: str, row: Row, by: User | None = None, quiet: bool = False) -> Row:
        """Store a new or changed row: who and when, its row version, and the news of it.

        ``quiet`` leaves the webhook listeners alone (seeding).
        """
        table = self.table(resource)
        now = self.now()
        new = row.get(table.key) not in table
        if new:
            row.setdefault("Created", now)
            row.setdefault("Creator", by.id if by else None)
            row.setdefault("CreatorFullName", by.full_name if by else None)
        row["Modified"] = now
        row["Modifier"] = by.id if by else row.get("Creator")
        row["ModifierFullName"] = by.full_name if by else row.get("CreatorFullName")
        row["Division"] = self.code
        table.put(row, self.rowversion())
        if not quiet and resource in TOPICS:
            self.notify(TOPICS[resource], "Create" if new else "Update", row[table.key])
        return row

    def delete(self, resource: str, key: Any, by: User | None = None) -> Row | None:
        """Take a row out, log it for ``sync/Deleted`` and tell the listeners."""
        row = self.table(resource).remove(key)
        if row is None:
            return None
        if resource in ENTITY_TYPES:
            self.table("sync/Deleted").put(
                {
                    "ID": str(uuid.uuid4()),
                    "DeletedBy": by.id if by else None,
                    "DeletedDate": self.now(),
                    "Division": self.code,
                    "EntityKey": key,
                    "EntityType": ENTITY_TYPES[resource],
                },
                self.rowversion(),
            )
        if resource in TOPICS:
            self.notify(TOPICS[resource], "Delete", key)
        return row

    def now(self) -> datetime:
        """Exact's wall clock in whole milliseconds, without a zone."""
        wall = self.country.clock.wall()
        return wall.replace(microsecond=wall.microsecond // 1000 * 1000)

    def today(self) -> datetime:
        """Midnight of the current day on Exact's wall clock."""
        return self.now().replace(hour=0, minute=0, second=0, microsecond=0)

    def notify(self, topic: str, action: str, key: str) -> None:
        """Tell whoever listens (webhooks) that a record changed: "Create", "Update" or "Delete"."""
        for listener in list(self.listeners):
            listener(self, topic, action, key)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "listeners": []}


class Country:
    """One country site: apps, users, divisions and tokens, shared with no other country."""

    def __init__(self, code: str, clock: Clock):
        self.code = code
        self.clock = clock
        self.lock = threading.RLock()
        self.apps: dict[str, App] = {}
        self.users: dict[str, User] = {}
        self.divisions: dict[int, Division] = {}
        self.options: dict[str, Any] = dict(DEFAULT_OPTIONS)

    def user_by_login(self, login: str) -> User | None:
        """The user with this login, in whatever case it was typed."""
        wanted = login.strip().lower()
        return next((u for u in self.users.values() if u.login.lower() == wanted), None)

    def add_division(self, code: int, name: str, info: dict[str, Any] | None = None) -> Division:
        """Open an administration."""
        self.divisions[code] = division = Division(self, code, name, info)
        return division

    def add_users(self, users: Iterable[User]) -> None:
        """Register people."""
        for user in users:
            self.users[user.id] = user

    def clear(self) -> None:
        """Forget everything but the country itself (before a new seed)."""
        self.apps.clear()
        self.users.clear()
        self.divisions.clear()
        self.options = dict(DEFAULT_OPTIONS)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in ("lock", "clock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.options = {**DEFAULT_OPTIONS, **self.options}  # a kept state may be older than some
        self.lock = threading.RLock()


#: Choices where the facts are unsure, each settable while running.
#: partial: what a part payment does to the Receivables row, "shrink" or "split".
#: type21: a credit note is told by its "sign" or by its "journal".
#: month_ends: how one month end counts from 17 January: "whole" is 28 February, "first" is
#: 31 January.
#: lengths: texts longer than the (unsure) column width are refused ("refuse") or kept ("ignore").
#: top_envelope: with $top within a page the answer is a bare "array" or keeps "results".
#: mandatory_filter: refuse a GET without one of the published filter fields.
#: max_attachment: bytes after decoding.
#: invoice_line_amounts: AmountFC and VATAmountFC of a sales invoice line are "computed" from
#: quantity, price and VAT code whatever is sent, or count when "given".
#: invoice_vat: computed VAT of a sales invoice is rounded by "line" or on the sum by VAT "code".
#: quantity_decimals: 2 or 3, to which a quantity on a sales invoice is rounded.
#: credit_quantity: "negative" or "positive" quantities of a credit invoice (8021) give money back.
#: line_unit: a line may be in the "item"'s own unit only, or in "any" that is known.
#: invoice_document: printing an invoice makes its document ("made"), or it is "failed".
#: licence_refusal: without invoicing a 403 has a "text", a "reason" (the text and the header
#: Reason: LicenseExpired) or is "bare" (Forbidden).
DEFAULT_OPTIONS: dict[str, Any] = {
    "partial": "shrink",
    "type21": "sign",
    "month_ends": "whole",
    "lengths": "refuse",
    "top_envelope": "array",
    "mandatory_filter": False,
    "max_attachment": 25 * 1024 * 1024,
    "invoice_line_amounts": "computed",
    "invoice_vat": "line",
    "quantity_decimals": 2,
    "credit_quantity": "negative",
    "line_unit": "item",
    "invoice_document": "made",
    "licence_refusal": "text",
}

#: The webhook topic under which changes of a resource are announced (Exact API sheet 6).
TOPICS = {
    "crm/Accounts": "Accounts",
    "crm/Contacts": "Contacts",
    "crm/BankAccounts": "BankAccounts",
    "logistics/Items": "Items",
    "financial/GLAccounts": "GLAccounts",
    "salesentry/SalesEntries": "SalesEntries",
    "salesinvoice/SalesInvoices": "SalesInvoices",
    "documents/Documents": "Documents",
    "documents/DocumentAttachments": "DocumentAttachments",
}

#: EntityType in sync/Deleted (Exact API sheet 5.16).
ENTITY_TYPES = {
    "financialtransaction/TransactionLines": 1,
    "crm/Accounts": 2,
    "crm/Addresses": 3,
    "documents/DocumentAttachments": 4,
    "crm/Contacts": 5,
    "documents/Documents": 6,
    "financial/GLAccounts": 7,
    "logistics/SalesItemPrices": 8,
    "logistics/Items": 9,
    "cashflow/Receivables": 10,
    "salesinvoice/SalesInvoices": 13,
    "crm/BankAccounts": 48,
}
