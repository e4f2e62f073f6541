"""Rows that are not kept in a table but follow from others: Me, divisions, function resources."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from . import schema
from .errors import ApiError
from .geo import COUNTRIES
from .odata import literals
from .state import Country as Site
from .state import Division, Row, Table, User

_LANGUAGES = {
    "en": ("en-GB", "EN"),
    "nl": ("nl-NL", "NL"),
    "fr": ("fr-FR", "FR"),
    "de": ("de-DE", "DE"),
}


def table_for(
    resource: schema.Resource,
    country: Site,
    division: Division | None,
    user: User,
    granted: frozenset[int] | set[int],
    arguments: Mapping[str, str],
) -> Table:
    """The rows of a resource as this user may see them.

    :param arguments: the query string without the options that begin with ``$``.
    :raises ApiError: 400 when a function resource misses its parameters.
    """
    if resource.path == "current/Me":
        return _table("UserID", [me(country, user)])
    if resource.path in ("system/Divisions", "hrm/Divisions"):
        current = user.current_division
        rows = [division_row(d, current) for d in country.divisions.values() if d.code in granted]
        return _table("Code", rows)
    assert division is not None
    if resource.path == "read/financial/ReceivablesListByAccount":
        account = _argument(arguments, "accountid")
        rows = division.table(resource.table).find("AccountId", _guid(account))
        return _table("HID", [dict(row) for row in rows])
    if resource.path == "read/sync/Sync/SyncTimestamp":
        return _table("API", [sync_timestamp(division, arguments)])
    if resource.path == "sync/Deleted":
        _forget_deletions(division)
    return division.table(resource.table)


def _forget_deletions(division: Division) -> None:
    """Deletions are kept two months (Exact API sheet 5.16)."""
    table = division.table("sync/Deleted")
    oldest = division.now() - timedelta(days=61)
    for row in [row for row in table if row["DeletedDate"] < oldest]:
        table.remove(row["ID"])


def _table(key: str, rows: list[Row]) -> Table:
    table = Table(key)
    for number, row in enumerate(rows):
        table.put(row, row.get("Timestamp", number))
    return table


def _argument(arguments: Mapping[str, str], name: str) -> str:
    for key, value in arguments.items():
        if key.lower() == name:
            return value
    raise ApiError(400, "syntax")


def _guid(text: str) -> str:
    found = literals.read_list(text)
    if len(found) != 1 or found[0].type != "Guid":
        raise ApiError(400, "syntax")
    return str(found[0].value)


def me(country: Site, user: User) -> Row:
    """The connected user (Exact API sheet 5.1)."""
    clock = country.clock
    wall = clock.wall().replace(microsecond=clock.wall().microsecond // 1000 * 1000)
    offset = (clock.wall() - clock.now_utc().replace(tzinfo=None)).total_seconds()
    code, language = _LANGUAGES.get(user.language, _LANGUAGES["en"])
    first, _, last = user.full_name.partition(" ")
    division = country.divisions.get(user.current_division or 0)
    info: dict[str, Any] = division.info if division else {}
    return {
        "UserID": user.id, "UserName": user.login, "FullName": user.full_name, "FirstName": first,
        "LastName": last, "Email": user.login, "CurrentDivision": user.current_division,
        "AccountingDivision": user.current_division, "Language": language, "LanguageCode": code,
        "DivisionCustomer": info.get("customer"), "DivisionCustomerCode": "1".rjust(18),
        "DivisionCustomerName": division.name if division else None,
        "DivisionCustomerVatNumber": info.get("vat"), "Legislation": info.get("legislation"),
        "ServerTime": wall.isoformat(timespec="milliseconds"),
        "ServerUtcOffset": round(offset / 60) * 60, "Gender": "O", "PackageCode": "EOL",
        "IsClientUser": False, "IsEmployeeSelfServiceUser": False, "IsMyFirmLiteUser": False,
        "IsMyFirmPortalUser": False, "IsOEIMigrationMandatory": False, "IsStarterUser": False,
    }  # fmt: skip


def division_row(division: Division, current: int | None) -> Row:
    """One administration, for both resources that list them (Exact API sheet 5.2)."""
    info = division.info
    return {
        "Code": division.code, "Description": division.name, "Customer": info.get("customer"),
        "CustomerCode": "1".rjust(18), "CustomerName": division.name,
        "AddressLine1": info.get("address"), "Postcode": info.get("postcode"),
        "City": info.get("city"), "Country": info["country"],
        "CountryDescription": COUNTRIES[info["country"]], "Phone": info.get("phone"),
        "Email": info.get("email"), "VATNumber": info.get("vat"),
        "ChamberOfCommerceNumber": info.get("kvk"), "Currency": division.currency,
        "CurrencyDescription": division.currency, "Current": division.code == current,
        "Hid": info.get("hid"), "HID": info.get("hid"), "IsMainDivision": info.get("hid") == 1,
        "Main": info.get("hid") == 1, "Legislation": str(info.get("legislation")),
        "Status": info.get("status", 1), "BlockingStatus": info.get("blocking", 0),
        "DivisionMoveDate": info.get("move_date"), "IsDossierDivision": False,
        "IsHRDivision": False, "IsPracticeDivision": False,
    }  # fmt: skip


def sync_timestamp(division: Division, arguments: Mapping[str, str]) -> Row:
    """The row version to start from for what changed since a moment; the spelling is unsure.

    Read as ``?modified=datetime'..'&endPoint='Accounts'``.
    """
    since = literals.read_list(_argument(arguments, "modified"))[0].value
    name = literals.read_list(_argument(arguments, "endpoint"))[0].value
    found = next(
        (r for p, r in schema.all_resources().items() if p.startswith("sync/") and r.name == name),
        None,
    )
    if found is None or not hasattr(since, "year"):
        raise ApiError(400, "syntax")
    stamps = [
        row["Timestamp"]
        for row in division.table(found.table)
        if row.get("Modified") and row["Modified"] >= since
    ]
    stamp = min(stamps, default=None)
    return {"API": name, "Modified": since, "TimeStampAsBigInt": stamp}
