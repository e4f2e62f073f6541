"""Filters, literals and keys of Exact's OData dialect (API sheet 3.1 and 3.2).

>>> all_of(eq("YourRef", "INV/2026/7"), gt("Modified", datetime(2026, 1, 31, 14)))
"(YourRef eq 'INV/2026/7' and Modified gt datetime'2026-01-31T14:00:00')"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from .values import Guid, Int64, iso, number

ACCOUNT_CODE_WIDTH = 18
_PROPERTY = re.compile(r"[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*", re.ASCII)


def literal(value: Any) -> str:
    """A value as Exact wants it in a filter.

    A guid has to be :class:`Guid` or ``uuid.UUID`` and a row version :class:`Int64`: plain text
    and plain numbers are written as such, and Exact refuses them there.

    :raises ValueError: a datetime with a zone, a number that is not finite
    :raises TypeError: a float or anything unknown
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Guid, UUID)):
        return f"guid'{value}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, Int64):
        return f"{int(value)}L"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, (date, datetime)):
        return f"datetime'{iso(value)}'"
    raise TypeError(f"A {type(value).__name__} cannot stand in a filter.")


def key_text(key: Any) -> str:
    """A key as it stands between the brackets: ``guid'...'``, or a bare whole number.

    :param key: guid as text, Guid or UUID; or int
    :raises ValueError: neither, so that a call never goes to the whole collection by mistake
    """
    if isinstance(key, int) and not isinstance(key, bool):
        return str(int(key))
    if isinstance(key, (str, UUID)):
        return literal(Guid(key))
    raise ValueError("A key of Exact Online is a GUID or a whole number.")


def account_code(code: str) -> str:
    """An account code as filters need it: 18 wide, blanks in front (API sheet 3.3).

    Without the blanks Exact silently finds nothing.

    :raises ValueError: empty, or longer than 18
    """
    text = str(code).strip()
    if not text or len(text) > ACCOUNT_CODE_WIDTH:
        raise ValueError("A customer number of Exact Online has 1 to 18 characters.")
    return text.rjust(ACCOUNT_CODE_WIDTH)


class F(str):
    """A filter: text, so that it can go wherever a filter can; joins with ``&`` and ``|``.

    The functions below are also there as ``F.eq``, ``F.any_of`` and so on; ``startswith`` is not,
    since that name is text's own.
    """

    __slots__ = ()

    def __and__(self, other: str) -> F:
        return all_of(self, other)

    def __or__(self, other: str) -> F:
        return any_of(self, other)


def _name(name: str) -> str:
    if not isinstance(name, str) or not _PROPERTY.fullmatch(name):
        raise ValueError("Not a property name of Exact Online.")
    return name


def _compare(name: str, operator: str, value: Any) -> F:
    return F(f"{_name(name)} {operator} {literal(value)}")


def eq(name: str, value: Any) -> F:
    """``name`` equals ``value``."""
    return _compare(name, "eq", value)


def ne(name: str, value: Any) -> F:
    """``name`` differs from ``value``."""
    return _compare(name, "ne", value)


def gt(name: str, value: Any) -> F:
    """``name`` is greater than ``value``."""
    return _compare(name, "gt", value)


def ge(name: str, value: Any) -> F:
    """``name`` is greater than or equals ``value``."""
    return _compare(name, "ge", value)


def lt(name: str, value: Any) -> F:
    """``name`` is less than ``value``."""
    return _compare(name, "lt", value)


def le(name: str, value: Any) -> F:
    """``name`` is less than or equals ``value``."""
    return _compare(name, "le", value)


def startswith(name: str, text: str) -> F:
    """``name`` begins with ``text``."""
    return F(f"startswith({_name(name)},{literal(text)})")


def contains(name: str, text: str) -> F:
    """``name`` has ``text`` in it."""
    return F(f"substringof({literal(text)},{_name(name)})")


def _terms(parts: tuple) -> list[str]:
    if len(parts) == 1 and isinstance(parts[0], Iterable) and not isinstance(parts[0], str):
        parts = tuple(parts[0])
    # Plain text may hold an "or" of its own; what F holds is bracketed where needed.
    return [part if isinstance(part, F) else F(f"({part})") for part in parts if part]


def all_of(*parts: str | Iterable[str]) -> F:
    """Every one of the filters; empty ones are left out, none at all is the empty filter."""
    terms = _terms(parts)
    return F(terms[0]) if len(terms) == 1 else F(f"({' and '.join(terms)})" if terms else "")


def any_of(*parts: str | Iterable[str]) -> F:
    """At least one of the filters. Forty in one call is a safe number (API sheet 3.2).

    :raises ValueError: there is none: leaving it out would mean everything
    """
    terms = _terms(parts)
    if not terms:
        raise ValueError("any_of needs at least one filter.")
    return F(terms[0]) if len(terms) == 1 else F(f"({' or '.join(terms)})")


def one_of(name: str, values: Iterable[Any]) -> F:
    """``name`` equals one of ``values``; see :func:`any_of`."""
    return any_of([eq(name, value) for value in values])


for _function in (eq, ne, gt, ge, lt, le, contains, all_of, any_of, one_of):
    setattr(F, _function.__name__, staticmethod(_function))


def query(
    *,
    select: str | Iterable[str],
    filter: str | None = None,
    orderby: str | Iterable[str] | None = None,
    expand: str | Iterable[str] | None = None,
    top: int | None = None,
    extra: Mapping[str, Any] | None = None,
) -> str:
    """The query text of a read, ready for the address; blanks as ``%20``.

    :param select: property names; always asked for, since a few resources refuse reads without
    :param extra: parameters of a function resource, by name
    :raises ValueError: nothing selected, or ``top`` below 1
    """
    pairs = {name: literal(value) for name, value in (extra or {}).items()}
    for option, value in (("$select", select), ("$expand", expand), ("$orderby", orderby)):
        text = value if isinstance(value, str) else ",".join(value or ())
        if text:
            pairs[option] = text
    if "$select" not in pairs:
        raise ValueError("Name the properties to read.")
    if filter:
        pairs["$filter"] = str(filter)
    if top is not None:
        if top < 1:
            raise ValueError("top counts from 1.")
        pairs["$top"] = str(int(top))
    return urlencode(pairs, quote_via=quote, safe="$,()'*/")
