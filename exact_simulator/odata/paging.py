"""Rows in order, a page at a time, with the token that leads to the next page."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any

from ..errors import ApiError
from ..state import Row, Table
from . import literals
from .query import Query

#: Up to so many rows an index is quicker than walking through the table.
_FEW = 2000
#: Sorted lists kept for the next page, for each table.
_KEPT = 8
_first = itemgetter(0)


@dataclass
class Page:
    """The rows of a page; ``token`` is None on the last one, ``count`` only when asked for."""

    rows: list[Row]
    token: str | None = None
    top: int | None = None  # what is left of $top for the next page
    count: int | None = None


def run(query: Query, table: Table) -> Page:
    """The page of ``table`` that ``query`` asks for."""
    limit = query.resource.page_size
    if query.top is not None:
        limit = min(limit, query.top)
    if query.orderby == [(_order_key(query, table), False)]:
        query.orderby = []  # what comes by itself
    rows = _ordered(query, table) if query.orderby else _plain(query, table)
    if query.skip:
        rows = islice(rows, query.skip, None)
    taken = list(islice(rows, limit + 1))
    page = Page(taken[:limit])
    left = None if query.top is None else query.top - len(page.rows)
    if len(taken) > limit and left != 0:
        page.token = _token(query, table, page.rows[-1])
        page.top = left
    if query.inlinecount:
        page.count = count(query, table)
    return page


def count(query: Query, table: Table) -> int:
    """How many rows the filter leaves, regardless of paging."""
    return len(table) if query.condition is None else sum(1 for _row in _matching(query, table))


def _order_key(query: Query, table: Table) -> str:
    return "Timestamp" if query.resource.is_sync else table.key


def _candidates(query: Query, table: Table) -> list[Row] | None:
    """Rows found through an index, or None when all must be read."""
    choices = query.condition.choices if query.condition else {}
    if not choices:
        return None
    if table.key in choices:
        found = [table.get(value) for value in choices[table.key]]
        return [row for row in found if row is not None]
    sizes = {
        prop: sum(table.how_many(prop, value) for value in values)
        for prop, values in choices.items()
    }
    prop = min(sizes, key=sizes.__getitem__)
    if sizes[prop] > _FEW:
        return None
    return [row for value in choices[prop] for row in table.find(prop, value)]


def _matching(query: Query, table: Table) -> Iterator[Row]:
    rows: Iterable[Row] | None = _candidates(query, table)
    if rows is None:
        rows = table
    test = query.condition.test if query.condition else None
    return (row for row in rows if test is None or test(row))


def _plain(query: Query, table: Table) -> Iterator[Row]:
    """In the order of the key, or of the row version for sync/."""
    key = _order_key(query, table)
    after = _after(query, key)
    condition = query.condition
    test = condition.test if condition else None
    found = _candidates(query, table)
    if found is not None:
        found.sort(key=lambda row: row[key])
        rows: Iterator[Row] = (row for row in found if after is None or row[key] > after)
    elif query.resource.is_sync:
        since = condition.after if condition else None
        rows = table.since(max(x for x in (since, after, -1) if x is not None))
    else:
        rows = table.by_key(after)
    return rows if test is None else (row for row in rows if test(row))


def _after(query: Query, key: str) -> Any:
    if query.skiptoken is None:
        return None
    found = literals.read_list(query.skiptoken)
    if len(found) != 1 or found[0].type == "Null":
        raise ApiError(400, "syntax")
    value = found[0].value
    known = query.resource.props.get(key)
    if known is None or isinstance(value, str) != (known.type in ("Guid", "String")):
        raise ApiError(400, "syntax")
    return value


class _Down:
    """Turns the order of a value around."""

    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value

    def __lt__(self, other: _Down) -> bool:
        return other.value < self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Down) and self.value == other.value


def _ordered(query: Query, table: Table) -> Iterator[Row]:
    """In the order asked for, then by key; nulls come first, as in the database behind Exact."""
    key = _order_key(query, table)
    props = query.orderby

    def place(values: list[Any]) -> tuple[Any, ...]:
        parts: list[Any] = []
        for value, (_name, down) in zip(values, props, strict=False):
            part = (value is not None, _sortable(value))
            parts.append(_Down(part) if down else part)
        return (*parts, values[-1])

    def place_of(row: Row) -> tuple[Any, ...]:
        return place([*(row.get(name) for name, _down in props), row[key]])

    name = (query.filter_text, tuple(props))
    changes, places, rows = table.sorted.get(name, (-1, [], []))
    if changes != table.changes:
        found = sorted(((place_of(row), row) for row in _matching(query, table)), key=_first)
        places, rows = [place for place, _row in found], [row for _place, row in found]
        if len(table.sorted) >= _KEPT:
            table.sorted.clear()
        table.sorted[name] = (table.changes, places, rows)
    if query.skiptoken is None:
        return iter(rows)
    token = [literal.value for literal in literals.read_list(query.skiptoken)]
    if len(token) != len(props) + 1:
        raise ApiError(400, "syntax")
    try:
        start = bisect_right(places, place(token))
    except TypeError:
        raise ApiError(400, "syntax") from None
    return islice(rows, start, None)


def _sortable(value: Any) -> Any:
    if value is None:
        return 0
    return value.lower() if isinstance(value, str) else value


def _token(query: Query, table: Table, row: Row) -> str:
    key = _order_key(query, table)
    names = [*(name for name, _down in query.orderby), key]
    props = query.resource.props
    return ",".join(literals.write(row.get(name), props[name].type) for name in names)
