"""Values as Exact writes and reads them: JSON numbers, ``/Date(ms)/``, padding (API sheet 3.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

# The optional zone only repeats what the site's zone is; the number counts already.
_NET_DATE = re.compile(r"/Date\((-?\d{1,17})(?:[+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1)
_LARGEST_EXPONENT = 400
# Deeper than any answer of Exact.
_DEEPEST = 30
# What no text of a ledger holds and a database does not take: control characters but tab and line
# breaks, and halves of characters.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_HIDDEN = ("__metadata", "__deferred")


class Guid(str):
    """A key of Exact: lower-case text with dashes, written ``guid'...'`` in filters and keys.

    :raises ValueError: the text is no guid
    """

    __slots__ = ()

    def __new__(cls, value: str | UUID) -> Guid:
        try:
            return super().__new__(cls, value if isinstance(value, UUID) else UUID(str(value)))
        except ValueError:
            raise ValueError("Not a GUID of Exact Online.") from None


class Int64(int):
    """A 64-bit number such as a row version: text in JSON, ``5L`` in a filter."""

    __slots__ = ()

    def __new__(cls, value: int | str) -> Int64:
        number = super().__new__(cls, value)
        if not -(2**63) <= number < 2**63:
            raise ValueError("Does not fit 64 bits.")
        return number


# -- out ---------------------------------------------------------------------------------------


def iso(value: date) -> str:
    """A date or naive datetime as Exact takes it: ``2026-01-31`` or ``2026-01-31T14:00:00``.

    :raises ValueError: the datetime has a zone; Exact counts in the wall clock of its site
    """
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is not None:
        raise ValueError("Exact Online takes wall-clock times without a zone.")
    # Milliseconds are what Exact keeps of a second.
    return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")


def number(value: Decimal) -> str:
    """A Decimal digit by digit, without an exponent.

    :raises ValueError: not a finite number
    """
    if not value.is_finite():
        raise ValueError("Exact Online takes finite numbers only.")
    return format(abs(value) if value.is_zero() else value, "f")


def encode(value: Any) -> str:
    """The JSON text of a value: what :meth:`ExactClient.create` and ``update`` send.

    Decimal becomes a number with the same digits, Int64 text, dates ISO text without a zone.

    :raises ValueError: a datetime with a zone, a number that is not finite
    :raises TypeError: a float (it would send 0.30000000000000004) or anything unknown
    """
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return json.dumps(str(value))
    if isinstance(value, Int64):
        return f'"{int(value)}"'
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, date):
        return f'"{iso(value)}"'
    if isinstance(value, UUID):
        return f'"{value}"'
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_name(k)}:{encode(item)}" for k, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(encode, value)) + "]"
    if isinstance(value, float):
        raise TypeError("Numbers go to Exact Online as Decimal, not as float.")
    raise TypeError(f"A {type(value).__name__} cannot be sent to Exact Online.")


def _name(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError("Property names are text.")
    return json.dumps(str(key))


# -- in ----------------------------------------------------------------------------------------


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON.")


def _decimal(text: str) -> Decimal:
    """A number with a point or an exponent; beyond what a Double holds it would only cost memory."""
    try:
        value = Decimal(text)
    except ArithmeticError:
        raise ValueError("Not a number.") from None
    if not value.is_zero() and abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError("Not a number that Exact Online has.")
    return value


def _whole(text: str) -> int:
    """
    :raises ValueError: longer than any number of Exact; reading it takes time by the square of its length
    """
    if len(text) > _LARGEST_EXPONENT:
        raise ValueError("Not a number that Exact Online has.")
    return int(text)


def decode(content: bytes) -> Any:
    """The JSON value of an answer: whole numbers as int, others as Decimal.

    :raises ValueError: not JSON, not UTF-8, nested too deep
    """
    try:
        return json.loads(
            content.decode("utf-8-sig"),
            parse_float=_decimal,
            parse_int=_whole,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise ValueError("Nested too deep.") from None


def net_date(milliseconds: int) -> datetime:
    """The naive datetime, in the wall clock of Exact's site, of a ``/Date(ms)/`` number.

    :raises OverflowError: outside the years 1 to 9999
    """
    return _EPOCH + timedelta(milliseconds=milliseconds)


def plain(text: str) -> str:
    """``text`` without what a database does not take."""
    return _UNFIT.sub("", text)


def _text(value: str) -> str | datetime:
    if value.startswith("/Date("):
        match = _NET_DATE.fullmatch(value)
        if match:
            try:
                return net_date(int(match[1]))
            except OverflowError:
                return value
    return plain(value).strip(" ")


def clean(value: Any, follow: Callable[[str], list] | None = None, depth: int = 0) -> Any:
    """A decoded value in Python terms.

    Text without padding, dates as naive datetimes, ``__metadata`` and unexpanded navigation left
    out, expanded collections as lists.

    :param follow: fetches the raw rest of an expanded collection from its ``__next``; without it
        only the first page of such a collection is kept
    :raises ValueError: nested deeper than Exact does
    """
    if isinstance(value, str):
        return _text(value)
    if depth > _DEEPEST:
        raise ValueError("Nested too deep.")
    depth += 1
    if isinstance(value, list):
        return [clean(item, follow, depth) for item in value]
    if not isinstance(value, dict):
        # Zero has no sign in a ledger.
        return value if value or not isinstance(value, Decimal) else abs(value)
    if isinstance(value.get("results"), list):
        items = value["results"]
        if follow and value.get("__next"):
            items = items + follow(value["__next"])
        return [clean(item, follow, depth) for item in items]
    return {
        name: clean(item, follow, depth)
        for name, item in value.items()
        if name not in _HIDDEN and not (isinstance(item, dict) and "__deferred" in item)
    }
