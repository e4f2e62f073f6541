"""Literals of OData in URLs: ``guid'..'``, ``datetime'..'``, ``5L``, ``'it''s'``, ``7``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..errors import ApiError

GUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_DATETIME = re.compile(r"^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?)?$")
_TOKEN = re.compile(
    r"""\s*(?:(?P<guid>guid\s*'[^']*')|(?P<datetime>datetime\s*'[^']*')|(?P<text>'(?:[^']|'')*')
    |(?P<int64>-?\d+L)|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[dDmM]?)
    |(?P<word>true|false|null))\s*(?:,|$)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Literal:
    """A value with its Edm type ("Guid", "String", ...; "Null" for null)."""

    value: Any
    type: str


def read_guid(text: str) -> str:
    """The inside of ``guid'..'``; ValueError when it is no GUID."""
    if not GUID.match(text):
        raise ValueError(text)
    return text.lower()


def read_datetime(text: str) -> datetime:
    """The inside of ``datetime'..'``: a date or a time without a zone; ValueError otherwise."""
    match = _DATETIME.match(text)
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction = match.groups()
    micro = int((fraction or "0").ljust(6, "0")[:6])
    return datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro
    )


def read_text(text: str) -> str:
    """A quoted text without its quotes; a doubled quote is one."""
    return text[1:-1].replace("''", "'")


def read_number(text: str) -> Literal:
    """A plain number: Int32 when whole, Double otherwise."""
    if text[-1] in "dDmMfF" or "." in text or "e" in text.lower():
        return Literal(Decimal(text.rstrip("dDmMfF")), "Double")
    return Literal(int(text), "Int32")


def _inside(text: str) -> str:
    return text[text.index("'") + 1 : -1]


def read_list(text: str) -> list[Literal]:
    """Comma-separated literals: a key, or a ``$skiptoken``.

    :raises ApiError: 400 when one cannot be read.
    """
    found: list[Literal] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ApiError(400, "syntax")
        position = match.end()
        kind = str(match.lastgroup)
        found.append(_literal(kind, match[kind]))
    if not found or text.rstrip().endswith(","):
        raise ApiError(400, "syntax")
    return found


def _literal(kind: str, text: str) -> Literal:
    try:
        if kind == "guid":
            return Literal(read_guid(_inside(text)), "Guid")
        if kind == "datetime":
            return Literal(read_datetime(_inside(text)), "DateTime")
    except ValueError:
        raise ApiError(400, "syntax") from None
    if kind == "text":
        return Literal(read_text(text), "String")
    if kind == "int64":
        return Literal(int(text[:-1]), "Int64")
    if kind == "word":
        return {
            "true": Literal(True, "Boolean"),
            "false": Literal(False, "Boolean"),
            "null": Literal(None, "Null"),
        }[text]
    return read_number(text)


def write(value: Any, kind: str) -> str:
    """The literal for a value of an Edm type, as it stands in a ``$skiptoken`` or a URI."""
    if value is None:
        return "null"
    if kind == "Guid":
        return f"guid'{value}'"
    if kind == "DateTime":
        text = value.isoformat(timespec="seconds")
        if value.microsecond:
            text += f".{value.microsecond:06d}".rstrip("0")
        return f"datetime'{text}'"
    if kind == "String":
        return "'" + str(value).replace("'", "''") + "'"
    if kind == "Int64":
        return f"{value}L"
    if kind == "Boolean":
        return "true" if value else "false"
    return str(value)
