"""The path of a request below ``/api/v1/``: division, resource, key and what hangs below it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .. import schema
from ..errors import ApiError
from . import literals

_SEGMENT = re.compile(r"^(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:\((?P<key>.*)\))?$")


@dataclass
class Target:
    """What a path points at."""

    division: int | None
    resource: schema.Resource
    key: Any = None
    keyed: bool = False
    nav: schema.Nav | None = None
    count: bool = False


def read(path: str) -> Target:
    """Read ``1001/crm/Accounts(guid'..')/BankAccounts`` or ``current/Me``.

    :raises ApiError: 404 for what is not there, 400 for a key that cannot be read.
    """
    head, _, rest = path.strip("/").partition("/")
    beta = head == "beta"
    if beta:
        head, _, rest = rest.partition("/")
    division = int(head) if head.isdigit() else None
    if division is None:
        if head != "current":
            raise ApiError(404, "no_resource", name=head)
        rest = f"current/{rest}"
    count = rest.endswith("/$count")
    if count:
        rest = rest[: -len("/$count")]
    service, name, key, below = _parts(rest)
    resource = None if beta else schema.find(f"{service}/{name}")
    if resource is None or (division is None) != resource.path.startswith("current/"):
        raise ApiError(404, "no_resource", name=name or rest)
    target = Target(division, resource, count=count)
    if key is not None:
        target.keyed = True
        target.key = _key(resource, key)
    if below:
        target.nav = resource.navs.get(below)
        if target.nav is None or not target.keyed:
            raise ApiError(404, "no_resource", name=below)
    return target


def _parts(rest: str) -> tuple[str, str, str | None, str]:
    """Service, resource name, key text and navigation of ``sync/CRM/Accounts(..)/Nav``."""
    opening = rest.find("(")
    if opening < 0:
        service, _, name = rest.rpartition("/")
        return service, name, None, ""
    closing = rest.rfind(")")
    if closing < opening:
        raise ApiError(400, "syntax")
    service, _, name = rest[:opening].rpartition("/")
    if not _SEGMENT.match(name):
        raise ApiError(404, "no_resource", name=name)
    below = rest[closing + 1 :]
    if below and not below.startswith("/"):
        raise ApiError(400, "syntax")
    return service, name, rest[opening + 1 : closing], below.strip("/")


def _key(resource: schema.Resource, text: str) -> Any:
    if resource.key is None:
        raise ApiError(400, "syntax")
    name, sign, value = text.partition("=")
    if sign and name.strip() == resource.key:
        text = value
    found = literals.read_list(text)
    kind = resource.props[resource.key].type
    expected = {"Int32": {"Int32"}, "Int64": {"Int64"}}.get(kind, {kind})
    if len(found) != 1 or found[0].type not in expected:
        raise ApiError(400, "syntax")
    return found[0].value
