"""Rows as the JSON that Exact answers (Exact API sheet 3.1 and 3.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from .. import schema
from ..state import Row
from . import literals

_Plan = list[tuple[str, Callable[[Any], Any] | None]]
_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)

#: Columns of a fixed width: the width, negative where the blanks come in front.
_PADDED: dict[str, dict[str, int]] = {
    "crm/Accounts": {
        "Code": -18, "Country": 3, "Language": 10, "SalesVATCode": 3, "PurchaseVATCode": 3,
    },
    "crm/Contacts": {"Country": 3, "Language": 10},
    "crm/Addresses": {"Country": 3},
    "logistics/Items": {"SalesVatCode": 3, "Unit": 8},
    "logistics/SalesItemPrices": {"Unit": 8, "DefaultItemUnit": 8},
    "financial/GLAccounts": {"VATCode": 3},
    "vat/VATCodes": {"Code": 3, "Country": 3, "OssCountry": 3},
    "salesentry/SalesEntryLines": {"VATCode": 3},
    "salesinvoice/SalesInvoiceLines": {"VATCode": 3, "UnitCode": 8},
    "sync/SalesInvoice/SalesInvoices": {"VATCode": 3, "UnitCode": 8},
    "financialtransaction/TransactionLines": {"VATCode": 3},
    "cashflow/Receivables": {"AccountCountry": 3},
    "system/Divisions": {"Country": 3, "Legislation": 3},
    "hrm/Divisions": {"Country": 3},
}  # fmt: skip


def date_text(value: datetime) -> str:
    """``/Date(ms)/``: the wall clock counted as if it were UTC."""
    return f"/Date({(value - _EPOCH) // _MILLISECOND})/"


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        whole = int(value)
        return whole if whole == value else float(value)
    return value


def _writer(width: int, kind: str) -> Callable[[Any], Any] | None:
    if kind == "DateTime":
        return date_text
    if kind == "Double":
        return _number
    if kind in ("Int64",):
        return str
    if width > 0:
        return lambda value: value.ljust(width)
    if width < 0:
        return lambda value: value.rjust(-width)
    return None


@lru_cache(maxsize=500)
def _plan(path: str, select: tuple[str, ...] | None) -> _Plan:
    resource = schema.get(path)
    padded = _PADDED.get(resource.table, {})
    names = resource.props if select is None else [n for n in resource.props if n in select]
    return [(name, _writer(padded.get(name, 0), resource.props[name].type)) for name in names]


def key_text(resource: schema.Resource, row: Row) -> str:
    """The key of a row between brackets: ``guid'..'``, ``1001`` or ``5L``."""
    if resource.key is None:
        return ""
    return literals.write(row.get(resource.key), resource.props[resource.key].type)


class Writer:
    """Writes the rows of one resource for one query."""

    def __init__(
        self,
        resource: schema.Resource,
        base: str,
        select: list[str] | None = None,
        expand: list[str] | None = None,
        expanded: Callable[[schema.Nav, Row], list[dict[str, Any]]] | None = None,
    ):
        """``base`` is the absolute address that the resource's path is put behind."""
        self.resource = resource
        self.address = f"{base}/{resource.path}"
        self.expand = expand or []
        self.expanded = expanded
        heads = None if select is None else tuple(sorted({s.split("/", 1)[0] for s in select}))
        self.plan = _plan(resource.path, heads)
        self.navs = [
            nav for nav in resource.navs.values()
            if heads is None or nav.name in heads or nav.name in self.expand
        ]  # fmt: skip
        self.type = f"Exact.Web.Api.Models.{resource.model}"

    def write(self, row: Row) -> dict[str, Any]:
        """One entity."""
        uri = f"{self.address}({key_text(self.resource, row)})"
        entity: dict[str, Any] = {"__metadata": {"uri": uri, "type": self.type}}
        get = row.get
        for name, write in self.plan:
            value = get(name)
            entity[name] = value if value is None or write is None else write(value)
        for nav in self.navs:
            if nav.name in self.expand and self.expanded is not None:
                entity[nav.name] = {"results": self.expanded(nav, row)}
            else:
                entity[nav.name] = {"__deferred": {"uri": f"{uri}/{nav.name}"}}
        return entity

    def only_key(self, row: Row) -> dict[str, Any]:
        """The answer to a POST without ``Prefer``: every property null but the key."""
        entity = self.write({str(self.resource.key): row[str(self.resource.key)]})
        for nav in self.navs:
            entity[nav.name] = None
        return entity
