"""The query options of a GET, read and checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .. import schema
from ..errors import ApiError
from . import filters

KNOWN = {
    "$select", "$filter", "$orderby", "$top", "$skip", "$skiptoken", "$expand", "$inlinecount",
    "$format", "$count",
}  # fmt: skip
#: Resources besides bulk/ that want a projection (Exact API sheet 3.2).
NEED_SELECT = {"cashflow/Receivables"}
#: Resources without sync/ in front that have a twin there and may want a filter.
HAVE_TWIN = {
    "crm/Accounts", "crm/Contacts", "crm/Addresses", "logistics/Items",
    "logistics/SalesItemPrices", "financial/GLAccounts", "financialtransaction/TransactionLines",
    "documents/Documents", "documents/DocumentAttachments", "cashflow/Receivables",
    "bulk/Cashflow/Receivables", "salesinvoice/SalesInvoices",
}  # fmt: skip


@dataclass
class Query:
    """What is asked of a collection. ``select`` None stands for everything."""

    resource: schema.Resource
    select: list[str] | None = None
    condition: filters.Condition | None = None
    filter_text: str = ""
    orderby: list[tuple[str, bool]] = field(default_factory=list)  # property, descending
    top: int | None = None
    skip: int = 0
    skiptoken: str | None = None
    expand: list[str] = field(default_factory=list)
    inlinecount: bool = False
    #: Options other than the paging ones, as they came, for ``__next``.
    kept: list[tuple[str, str]] = field(default_factory=list)


def read(resource: schema.Resource, pairs: Iterable[tuple[str, str]], keyed: bool = False) -> Query:
    """Read the query string of a GET on ``resource``.

    :param keyed: one entity is asked by key; paging options make no sense then.
    :raises ApiError: 400 for anything Exact would refuse.
    """
    query = Query(resource)
    seen: set[str] = set()
    for name, value in pairs:
        if name.startswith("$"):
            if name not in KNOWN:
                raise ApiError(400, "unknown_option", option=name)
            if name in seen:
                raise ApiError(400, "bad_option", option=name, value=value)
            seen.add(name)
        if name == "$select":
            query.select = _select(resource, value)
        elif name == "$filter":
            query.filter_text = value.strip()
            query.condition = filters.parse(resource.path, query.filter_text)
        elif name == "$orderby":
            query.orderby = _orderby(resource, value)
        elif name == "$expand":
            query.expand = _expand(resource, value)
        elif name in ("$top", "$skip"):
            setattr(query, name[1:], _number(name, value))
        elif name == "$skiptoken":
            query.skiptoken = value
        elif name == "$inlinecount":
            if value not in ("allpages", "none"):
                raise ApiError(400, "bad_option", option=name, value=value)
            query.inlinecount = value == "allpages"
        if name not in ("$top", "$skip", "$skiptoken"):
            query.kept.append((name, value))
    _check(query, keyed, seen)
    return query


def _check(query: Query, keyed: bool, seen: set[str]) -> None:
    resource = query.resource
    if "$skip" in seen and resource.is_bulk:
        raise ApiError(400, "no_skip")
    if keyed:
        return
    needs = resource.is_bulk or resource.path in NEED_SELECT
    if needs and "$select" not in seen and query.top != 1:
        raise ApiError(400, "need_select")


def check_mandatory_filter(query: Query) -> None:
    """The rule of 2021 for resources that have a sync twin (Exact API sheet 2).

    :raises ApiError: 400 naming the fields of which one is wanted.
    """
    resource = query.resource
    if resource.path not in HAVE_TWIN:
        return
    fields = [p.name for p in resource.props.values() if p.filterable]
    fields = fields or sorted(resource.only_filters)
    used = query.condition.props if query.condition else frozenset()
    if fields and not used & set(fields):
        raise ApiError(400, "need_filter", fields=", ".join(fields))


def _names(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _select(resource: schema.Resource, value: str) -> list[str] | None:
    names = _names(value)
    if not names:
        raise ApiError(400, "bad_option", option="$select", value=value)
    for name in names:
        head = name.split("/", 1)[0]
        if name != "*" and head not in resource.props and head not in resource.navs:
            raise ApiError(
                400, "select_property", type=f"Exact.Web.Api.Models.{resource.model}", name=name
            )
    return None if "*" in names else names


def _expand(resource: schema.Resource, value: str) -> list[str]:
    names = [name.split("/", 1)[0] for name in _names(value)]
    for name in names:
        if name not in resource.navs:
            raise ApiError(
                400, "select_property", type=f"Exact.Web.Api.Models.{resource.model}", name=name
            )
    return names


def _orderby(resource: schema.Resource, value: str) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for part in _names(value):
        name, _, direction = part.partition(" ")
        direction = direction.strip()
        if name not in resource.props:
            raise ApiError(
                400,
                "no_property",
                name=name,
                type=f"Exact.Web.Api.Models.{resource.model}",
                position=0,
            )
        if direction not in ("", "asc", "desc") or resource.props[name].type == "Binary":
            raise ApiError(400, "bad_option", option="$orderby", value=value)
        found.append((name, direction == "desc"))
    if not found:
        raise ApiError(400, "bad_option", option="$orderby", value=value)
    return found


def _number(name: str, value: str) -> int:
    if not value.strip().isdigit():
        raise ApiError(400, "bad_option", option=name, value=value)
    return int(value)
