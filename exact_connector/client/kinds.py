"""Of what kind the properties of Exact are, so that a value of another kind stops its row and no other.

Exact's answers are typed (API sheet, reference); what is not as it should be never reaches a record.
Harmless differences are taken: a number as text, 0 and 1 for no and yes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

TEXT, KEY, FLAG, NUMBER, WHOLE, LONG, VERSION, MOMENT = (
    "text", "key", "flag", "number", "whole", "long", "version", "moment",
)  # fmt: skip
_NAMES = {
    TEXT: """AddressLine1 AddressLine2 BusinessEmail BusinessMobile BusinessPhone CallbackURL
        ChamberOfCommerce City Code CostCenter CostUnit Country Currency CustomerName Description
        DocumentCreationError Email EmailCreationError FileName FirstName FullName
        ItemGroupDescription JobTitleDescription Journal JournalDescription Language LastName
        MiddleName Mobile Name Notes PaymentCondition PaymentConditionSales PaymentMethod
        PaymentReference PeppolCreationError Phone PostboxMessageCreationError Postcode SalesVATCode
        SalesVatCode SearchCode State Subject Topic Unit UnitCode Url UserName VATCode VATNumber
        VATTransactionType Website YourRef""",
    KEY: """Account AccountId ClientID Customer Document EntityKey EntryID
        FinancialTransactionEntryID GLAccount GLRevenue ID InvoiceID InvoiceTo
        InvoiceToContactPerson Item OrderedBy Project TransactionEntryID UserID""",
    FLAG: """Active AllowVAT AllowVariableCurrency AllowVariableExchangeRate Blocked Charged
        IsBlocked IsFractionAllowedItem IsFullyPaid IsSalesItem IsSupplier""",
    NUMBER: """Amount AmountFC Discount DiscountPercentage NetPrice Percentage Price Quantity Rate
        TransactionAmountFC VATAmountFC""",
    WHOLE: """CurrentDivision DiscountPaymentDays EntityType EntryNumber InvoiceNumber LineType
        PaymentDays PaymentEndOfMonths Status Type UseCostcenter UseCostunit""",
    LONG: "HID",
    VERSION: "Timestamp",
    MOMENT: """Created DocumentDate DueDate EndDate EntryDate From InvoiceDate LastPaymentDate
        OrderDate StartDate To""",
}
KINDS = {name: kind for kind, names in _NAMES.items() for name in names.split()}
# The same name for something else.
_OTHERWISE = {
    "crm/Accounts": {"Status": TEXT, "Type": TEXT},
    "sync/CRM/Accounts": {"Status": TEXT, "Type": TEXT},
    "system/Divisions": {"Code": WHOLE},
    "vat/VATCodes": {"Type": TEXT},
}
_ELSEWHERE = {name for names in _OTHERWISE.values() for name in names}
# Without these a row cannot be told from another.
NEEDED = {"ID", "Timestamp"}
# More than any amount of a ledger, and as much as every column holds.
LARGEST_NUMBER = Decimal(10) ** 18
# A row version counts the changes of a database: a thousand a second make this in thirty thousand years. Who read on
# from a higher one would never see a change again.
LARGEST_VERSION = 10**15
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_WHOLE = re.compile(r"-?\d{1,20}", re.ASCII)


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueError
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _key(value: Any) -> str | None:
    if not isinstance(value, str) or (value and not _GUID.fullmatch(value)):
        raise ValueError
    return value or None


def _flag(value: Any) -> bool:
    if isinstance(value, (bool, int)) and value in (0, 1):
        return bool(value)
    return {"true": True, "false": False, "1": True, "0": False}[value.lower()]


def _number(value: Any) -> int | Decimal:
    if isinstance(value, str):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ValueError
    if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise ValueError
    return value


def _whole(value: Any, bits: int = 32) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    value = _number(value) if not isinstance(value, int) else int(value)
    if value != int(value) or not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise ValueError
    return int(value)


def _long(value: Any) -> int:
    return _whole(value, 64)


def _version(value: Any) -> int:
    version = _long(value)
    if not 0 <= version <= LARGEST_VERSION:
        raise ValueError
    return version


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime) or value.tzinfo:
        raise ValueError
    return value


# Kind -> (types that need no second look, how any other value is taken).
_CHECKS: dict[str, tuple[frozenset, Callable[[Any], Any]]] = {
    TEXT: (frozenset({str}), _text),
    KEY: (frozenset(), _key),
    FLAG: (frozenset({bool}), _flag),
    NUMBER: (frozenset(), _number),
    WHOLE: (frozenset(), _whole),
    LONG: (frozenset(), _long),
    VERSION: (frozenset(), _version),
    MOMENT: (frozenset({datetime}), _moment),
}
_ODD = (ValueError, TypeError, KeyError, AttributeError, InvalidOperation, OverflowError)


class Fit:
    """Holds rows of one resource against the kinds of their properties.

    :param resource: as ``crm/Accounts``
    :param names: the properties that were asked for
    """

    def __init__(self, resource: str, names: Iterable[str]) -> None:
        otherwise = _OTHERWISE.get(resource, {})
        kinds = {name: otherwise.get(name) or KINDS.get(name) for name in names}
        self._checks = [(name, *_CHECKS[kind]) for name, kind in kinds.items() if kind]
        # Of what we know nothing, a plain value is taken.
        self._plain = [name for name, kind in kinds.items() if not kind]
        self._needed = sorted(NEEDED & set(kinds))

    def odd(self, row: dict) -> list[str]:
        """The names of what cannot be read in ``row``; what can is brought into its kind, in place."""
        found = []
        for name, at_once, take in self._checks:
            value = row.setdefault(name, None)
            if value is None or type(value) in at_once:
                continue
            try:
                row[name] = take(value)
            except _ODD:
                found.append(name)
        for name in self._plain:
            value = row.setdefault(name, None)
            if isinstance(value, list):
                found += [f"{name}/{each}" for part in value for each in _odd_below(part)]
            elif isinstance(value, dict):
                found.append(name)
        found += [name for name in self._needed if row[name] is None and name not in found]
        return found


def _odd_below(part: Any) -> list[str]:
    """The same for a row of an expanded collection, whose resource is not known here."""
    if not isinstance(part, dict):
        return ["?"]
    return Fit("", [name for name in part if name in KINDS and name not in _ELSEWHERE]).odd(part)


def odd_in(resource: str, entity: dict) -> list[str]:
    """The names of what cannot be read in one entity, which may hold more than was asked for."""
    known = [
        name for name, value in entity.items() if name in KINDS or isinstance(value, (list, dict))
    ]
    return [name for name in Fit(resource, known).odd(entity) if name in KINDS or "/" in name]
