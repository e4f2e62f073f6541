"""Bodies of POST and PUT: JSON checked against the resource, turned into values of rows."""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from .. import schema
from ..errors import ApiError
from ..state import Row

_NET_DATE = re.compile(r"^/Date\((-?\d+)([+-]\d{4})?\)/$")
_ISO = re.compile(
    r"^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?)?(Z|[+-]\d\d:\d\d)?$"
)
_GUID = re.compile(r"^\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?$")
_INTEGERS = {
    "Byte": (0, 255), "Int16": (-(2**15), 2**15 - 1), "Int32": (-(2**31), 2**31 - 1),
    "Int64": (-(2**63), 2**63 - 1),
}  # fmt: skip
_TYPE_NAMES = {"Binary": "Byte[]"}


def read_body(data: bytes) -> dict[str, Any]:
    """The JSON object of a request; numbers with a point stay exact.

    :raises ApiError: 400 when it is no JSON or no single object.
    """
    try:
        body = json.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except ValueError:
        raise ApiError(400, "not_an_object") from None
    if not isinstance(body, dict):
        raise ApiError(400, "not_an_object")
    return body


def read_values(
    resource: schema.Resource, body: dict[str, Any], method: str, nested_only: bool = False
) -> tuple[Row, dict[str, list[Row]]]:
    """The writable values of ``body`` and its nested rows by navigation.

    Properties that are known but read-only are left out without a word (Exact API sheet 3.4).
    ``nested_only``: rows of this resource can be written nested in another and no other way.

    :raises ApiError: 400 for an unknown property, a value of the wrong type, nested rows that are
        no array or stand in a PUT.
    """
    values: Row = {}
    nested: dict[str, list[Row]] = {}
    for name, value in body.items():
        if name in ("__metadata",):
            continue
        nav = resource.navs.get(name)
        if nav is not None:
            rows = _nested(nav, value, method)
            if rows is not None:
                nested[name] = rows
            continue
        prop = resource.props.get(name)
        if prop is None:
            raise ApiError(
                400,
                "unknown_property",
                name=name,
                type=f"Exact.Web.Api.Models.{resource.model}",
            )
        read = convert(prop, value)
        if nested_only or (prop.post if method == "POST" else prop.put):
            values[name] = read
    return values, nested


def _nested(nav: schema.Nav, value: Any, method: str) -> list[Row] | None:
    if isinstance(value, dict) and ("__deferred" in value or "results" in value):
        value = value.get("results")
    if value is None:
        return None
    if method != "POST":
        raise ApiError(400, "binding", name=nav.name)
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ApiError(400, "not_an_object")
    if nav.target is None:
        return None
    target = schema.get(nav.target)
    rows: list[Row] = []
    for body in value:
        values, deeper = read_values(target, body, "POST", "POST" not in target.methods)
        if deeper:
            raise ApiError(400, "not_an_object")
        rows.append(values)
    return rows


def convert(prop: schema.Prop, value: Any) -> Any:
    """A JSON value as the Python value of a property.

    :raises ApiError: 400 when it does not fit the property's type.
    """
    if value is None:
        return None
    try:
        return _READERS[prop.type](value, prop.type)
    except (ValueError, InvalidOperation, binascii.Error):
        kind = _TYPE_NAMES.get(prop.type, prop.type)
        raise ApiError(400, "bad_value", name=prop.name, type=kind) from None


def _text(value: Any, _kind: str) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value.rstrip(" ")


def _boolean(value: Any, _kind: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _integer(value: Any, kind: str) -> int:
    if isinstance(value, str) and re.match(r"^-?\d+$", value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise ValueError(value)
    low, high = _INTEGERS[kind]
    if not low <= value <= high:
        raise ValueError(value)
    return int(value)


def _double(value: Any, _kind: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError(value)
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(value)
    return number


def _guid(value: Any, _kind: str) -> str:
    match = _GUID.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(value)
    return match[1].lower()


def _datetime(value: Any, _kind: str) -> datetime:
    if not isinstance(value, str):
        raise ValueError(value)
    net = _NET_DATE.match(value)
    if net:
        return datetime(1970, 1, 1) + timedelta(milliseconds=int(net[1]))
    match = _ISO.match(value)
    if match is None:
        raise ValueError(value)
    day, clock, second, fraction, zone = match.groups()
    micro = (fraction or "0").ljust(6, "0")[:6]
    found = datetime.fromisoformat(f"{day}T{clock or '00:00'}:{second or '00'}.{micro}")
    if zone and zone != "Z":
        # A time with a zone is moved to UTC and then taken for a wall clock: the shift that
        # clients have seen (Exact API sheet 3.3).
        moved = datetime.fromisoformat(f"{found.isoformat()}{zone}")
        found = moved.astimezone(timezone.utc).replace(tzinfo=None)
    return found


def _binary(value: Any, _kind: str) -> bytes:
    if not isinstance(value, str):
        raise ValueError(value)
    return base64.b64decode(value, validate=True)


_READERS = {
    "String": _text, "Boolean": _boolean, "Byte": _integer, "Int16": _integer, "Int32": _integer,
    "Int64": _integer, "Double": _double, "Guid": _guid, "DateTime": _datetime, "Binary": _binary,
}  # fmt: skip
