"""Exact Online in plain Python: no Odoo in here, so that it is tested without a database.

The only part of the add-on that calls Exact Online. Start at :class:`ExactClient`.
"""

from . import odata
from .address import check_base_url, is_loopback
from .client import CallRecord, ExactClient
from .countries import COUNTRIES
from .errors import (
    AddressError,
    AuthError,
    DataError,
    ExactError,
    LimitError,
    OutcomeUnknown,
    RightsError,
    TokenTooEarly,
    UnreachableError,
)
from .gate import Gate
from .limits import Limits, Window
from .oauth import TokenSet, authorization_url, fetch_token, refresh
from .odata import (
    F,
    account_code,
    all_of,
    any_of,
    contains,
    eq,
    ge,
    gt,
    key_text,
    le,
    literal,
    lt,
    ne,
    one_of,
    startswith,
)
from .transport import VERSION
from .values import Guid, Int64, clean, encode

__all__ = [
    "COUNTRIES",
    "VERSION",
    "AddressError",
    "AuthError",
    "CallRecord",
    "DataError",
    "ExactClient",
    "ExactError",
    "F",
    "Gate",
    "Guid",
    "Int64",
    "LimitError",
    "Limits",
    "OutcomeUnknown",
    "RightsError",
    "TokenSet",
    "TokenTooEarly",
    "UnreachableError",
    "Window",
    "account_code",
    "all_of",
    "any_of",
    "authorization_url",
    "check_base_url",
    "clean",
    "contains",
    "encode",
    "eq",
    "fetch_token",
    "ge",
    "gt",
    "is_loopback",
    "key_text",
    "le",
    "literal",
    "lt",
    "ne",
    "odata",
    "one_of",
    "refresh",
    "startswith",
]
