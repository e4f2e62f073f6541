"""What an accountant does in Exact behind the back of an integration.

Used by the control plane and by the pages. Every function takes the division and a dict as it
comes in as JSON, works through :mod:`ledger`, and returns something JSON can carry.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import uuid4

from . import schema
from .state import Division, Row

Body = dict[str, Any]

ACCOUNTS = "crm/Accounts"
ITEMS = "logistics/Items"
LEDGERS = "financial/GLAccounts"
VAT_CODES = "vat/VATCodes"
JOURNALS = "financial/Journals"
CONDITIONS = "cashflow/PaymentConditions"
ENTRIES = "salesentry/SalesEntries"


def all_scopes() -> list[str]:
    """Every scope an app can have."""
    return sorted({r.scope for r in schema.all_resources().values() if r.scope})


def decimal(value: Any) -> Decimal:
    """An amount from JSON or from a form; a comma may stand for the point.

    :raises ValueError: when it is no number.
    """
    text = str(value).strip().replace(" ", "").replace("\N{MINUS SIGN}", "-")
    if "," in text:
        text = text.replace(".", "").replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"not an amount: {value!r}") from None
    if not number.is_finite():
        raise ValueError(f"not an amount: {value!r}")
    return number


def _date(value: Any) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None


def need(body: Body, name: str) -> Any:
    if body.get(name) in (None, ""):
        raise ValueError(f"{name} is missing")
    return body[name]


def find_row(division: Division, resource: str, reference: Any) -> Row:
    """A record by its code (padded or not) or by its id."""
    text = str(reference).strip()
    table = division.table(resource)
    row = table.get(text.lower())
    if row is None:
        same = (r for r in table if str(r.get("Code") or "").strip().lower() == text.lower())
        row = next(same, None)
    if row is None:
        raise ValueError(f"no {resource} {text!r}")
    return row


_CASTS: dict[str, Callable[[Any], Any]] = {
    "Double": decimal,
    "DateTime": _date,
    "Guid": lambda value: str(value).lower(),
    "Byte": int,
    "Int16": int,
    "Int32": int,
    "Int64": int,
    "Boolean": bool,
}


def typed_values(resource: str, values: Body) -> Row:
    """Properties of a record as the tables keep them."""
    props = schema.get(resource).props
    typed: Row = {}
    for name, value in values.items():
        if name not in props:
            raise ValueError(f"{resource} has no property {name}")
        if value is not None:
            value = _CASTS.get(props[name].type, str)(value)
        typed[name] = value
    if resource == ACCOUNTS and typed.get("Code"):
        typed["Code"] = typed["Code"].strip().rjust(18)
    return typed


def change(division: Division, resource: str, reference: Any, values: Body) -> Row:
    """Set properties of a record, as somebody does on the screens of Exact.

    :raises ValueError: for an unknown record, property or value.
    """
    row = find_row(division, resource, reference)
    return division.save(resource, {**row, **typed_values(resource, values)})


def shown(row: Row) -> Body:
    result: Body = {}
    for name, value in row.items():
        if name.startswith("_"):
            continue
        if isinstance(value, datetime):
            value = value.isoformat()
        result[name] = str(value) if isinstance(value, Decimal) else value
    return result


def receive(division: Division, body: Body) -> Body:
    """One receipt for one or more entries; without an amount all that is open of it."""
    parts = []
    for part in need(body, "entries"):
        part = part if isinstance(part, dict) else {"entry": part}
        amount = part.get("amount")
        entry = division.ledger.find_entry(need(part, "entry"))
        parts.append((entry, None if amount in (None, "") else decimal(amount)))
    bank = str(body.get("bank") or "20")
    booked = division.ledger.receivables.receive(parts, _date(body.get("date")), bank)
    return {
        **shown(booked),
        "open": {
            str(entry["EntryNumber"]): str(division.ledger.receivables.remaining(entry["EntryID"]))
            for entry, _amount in parts
        },
    }


def match(division: Division, body: Body) -> Body:
    """Settle an invoice with a credit note."""
    one, other = (division.ledger.find_entry(e) for e in need(body, "entries"))
    return {"matched": str(division.ledger.receivables.match(one, other))}


def unmatch(division: Division, body: Body) -> Body:
    """Undo every matching of an entry: it is open again."""
    entry = division.ledger.find_entry(need(body, "entry"))
    undone = division.ledger.receivables.unmatch(entry["EntryID"])
    open_again = division.ledger.receivables.remaining(entry["EntryID"])
    return {"undone": undone, "open": str(open_again)}


def close_period(division: Division, body: Body) -> Body:
    """Close a period, or open it again with ``"open": true``; without period the whole year."""
    year, period = int(need(body, "year")), body.get("period")
    closed = not body.get("open", False)
    division.ledger.close_period(year, None if period is None else int(period), closed)
    return {"year": year, "period": period, "closed": closed}


def delete_entry(division: Division, body: Body) -> Body:
    """Delete a sales entry with its lines, bookings and open items."""
    entry = division.ledger.delete_entry(need(body, "entry"))
    return {"EntryID": entry["EntryID"], "EntryNumber": entry["EntryNumber"]}


def process_entry(division: Division, body: Body) -> Body:
    """Make a sales entry processed (status 50): from then on it can be neither changed nor deleted.

    With ``"processed": false`` it is open again.
    """
    entry = division.ledger.find_entry(need(body, "entry"))
    done = bool(body.get("processed", True))
    values = {"Status": 50 if done else 20, "StatusDescription": "Verwerkt" if done else "Open"}
    division.save(ENTRIES, {**entry, **values})
    return {"EntryID": entry["EntryID"], **values}


def block_account(division: Division, body: Body) -> Body:
    """Block an account, or with ``"blocked": false`` lift that."""
    blocked = bool(body.get("blocked", True))
    return shown(change(division, ACCOUNTS, need(body, "account"), {"Blocked": blocked}))


def block_item(division: Division, body: Body) -> Body:
    """End an item on the first of this year; with ``"blocked": false`` it may be sold again."""
    day = division.today().replace(month=1, day=1) if body.get("blocked", True) else None
    values = {"EndDate": day.date().isoformat() if day else None}
    return shown(change(division, ITEMS, need(body, "code"), values))


def vat_type(division: Division, body: Body) -> Body:
    """Change a VAT code's type: B, E, I or N."""
    kind = need(body, "type")
    if kind not in ("B", "E", "I", "N"):
        raise ValueError("type must be B, E, I or N")
    return shown(change(division, VAT_CODES, need(body, "code"), {"Type": kind}))


def _setter(resource: str, name: str) -> Callable[[Division, Body], Body]:
    def act(division: Division, body: Body) -> Body:
        values = {key: value for key, value in body.items() if key != name}
        return shown(change(division, resource, need(body, name), values))

    return act


def copy(division: Division, body: Body) -> Body:
    """A new master record like another: ``{"resource", "code", "new": {"Code": ..., ...}}``."""
    resource, values = need(body, "resource"), need(body, "new")
    if resource not in schema.all_resources():
        raise ValueError(f"no resource {resource!r}")
    row = find_row(division, resource, need(body, "code"))
    fresh = {k: v for k, v in row.items() if k not in ("Created", "Modified", "Timestamp")}
    key = division.table(resource).key
    fresh |= {**typed_values(resource, values), key: str(uuid4())}
    return shown(division.save(resource, fresh))


def remove(division: Division, body: Body) -> Body:
    """Delete a master record: ``{"resource", "code"}``."""
    resource = need(body, "resource")
    if resource not in schema.all_resources():
        raise ValueError(f"no resource {resource!r}")
    row = find_row(division, resource, need(body, "code"))
    division.delete(resource, row[division.table(resource).key])
    return shown(row)


ACTIONS: dict[str, Callable[[Division, Body], Body]] = {
    "receive": receive,
    "match": match,
    "unmatch": unmatch,
    "close-period": close_period,
    "delete-entry": delete_entry,
    "process-entry": process_entry,
    "block-account": block_account,
    "account": _setter(ACCOUNTS, "account"),
    "item": _setter(ITEMS, "code"),
    "block-item": block_item,
    "gl": _setter(LEDGERS, "code"),
    "vat": _setter(VAT_CODES, "code"),
    "vat-type": vat_type,
    "journal": _setter(JOURNALS, "code"),
    "condition": _setter(CONDITIONS, "code"),
    "cost-center": _setter("hrm/Costcenters", "code"),
    "cost-unit": _setter("hrm/Costunits", "code"),
    "project": _setter("project/Projects", "code"),
    "copy": copy,
    "remove": remove,
}


def ledger(division: Division) -> Body:
    """All sales entries with their lines and what is open; amounts as text."""
    return {
        "entries": division.ledger.entries(),
        "balance": str(division.ledger.balance()),
        "accounts": len(division.table(ACCOUNTS)),
    }
