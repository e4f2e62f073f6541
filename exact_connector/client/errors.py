"""Errors of the Exact Online client, one class for each way a caller has to react.

=================  ==========================================================================
Class              What the caller does
=================  ==========================================================================
DataError          show it: somebody mends the record, then send again
RightsError        show it: somebody mends rights, scopes or the licence
LimitError         wait until ``retry_at``, then send again
UnreachableError   nothing was changed at Exact: try again later
OutcomeUnknown     the write may have been carried out: look it up before sending again
AuthError          a person has to connect again
TokenTooEarly      keep the access token that is there
=================  ==========================================================================

No text of these errors, and no ``repr``, holds a token, a code or a client secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


class ExactError(Exception):
    """Base of everything the client raises on purpose.

    :param message: text for a person; Exact's own words where it gave any
    :param status: HTTP status, ``None`` where no answer came
    :param reason: short machine-readable word: the first word of Exact's ``Reason`` header, an
        OAuth error code, or one of ours (see the class)
    :param method: HTTP method of the call
    :param resource: resource without division and key, as ``crm/Accounts``
    :param texts: Exact's validation texts one by one, in the language of the connected user
        (Exact API sheet 4.1: never decide on these)
    """

    kind = "error"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        reason: str | None = None,
        method: str | None = None,
        resource: str | None = None,
        texts: Iterable[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.reason = reason
        self.method = method
        self.resource = resource
        self.texts = list(texts)


class AddressError(ExactError, ValueError):
    """The address of the service cannot be used: not https, or not a plain base address."""

    kind = "address"


class DataError(ExactError):
    """Exact answered and refused: business validation (500 in Exact's own shape), 400, 404."""

    kind = "data"


class RightsError(ExactError):
    """403: a scope, a licence, a right of the Exact user or the division is missing.

    ``reason`` is the word of the ``Reason`` header (``BlockedUser``, ``LicenseExpired`` ...);
    where Exact sent none, ``ApplicationScopeViolated`` or ``WrongDivision`` when its text says so.
    ``scope`` is the name of the missing scope, when Exact named it. (Exact API sheet 1.6, 4.1)
    """

    kind = "rights"

    def __init__(self, message: str, *, scope: str | None = None, **details) -> None:
        super().__init__(message, **details)
        self.scope = scope


class LimitError(ExactError):
    """429: the calls of this minute or day are used up.

    ``retry_at`` is an aware UTC datetime, never in the past when the error is raised. ``reason`` is
    ``MinuteLimit``, ``DayLimit`` or ``UnnamedLimit`` by the headers of the answer.
    """

    kind = "limit"

    def __init__(self, message: str, *, retry_at: datetime | None = None, **details) -> None:
        super().__init__(message, **details)
        self.retry_at = retry_at


class UnreachableError(ExactError):
    """Nothing was changed at Exact: the call never left, was turned away (503), or was a read.

    ``reason`` is ``TooBroad`` for a read that Exact gave up on (408): narrow it, do not repeat it.
    ``retry_at`` is an aware UTC datetime where it is known that nothing will go before, else ``None``.
    """

    kind = "unreachable"

    def __init__(self, message: str, *, retry_at: datetime | None = None, **details) -> None:
        super().__init__(message, **details)
        self.retry_at = retry_at


class OutcomeUnknown(ExactError):
    """A write was sent and no answer came that can be trusted: it may have been carried out.

    Never repeat it before looking at Exact for our own reference.
    """

    kind = "unknown"


class AuthError(ExactError):
    """Exact no longer accepts this connection: a person has to connect again.

    ``tokens``: a refused refresh may still hand out a new refresh token that has to be kept
    (Exact API sheet 1.5); it is here then, else ``None``.
    """

    kind = "auth"

    def __init__(self, message: str, *, tokens=None, **details) -> None:
        super().__init__(message, **details)
        self.tokens = tokens


class TokenTooEarly(ExactError):
    """A new access token was asked for within 570 s of the last one: keep what is there.

    ``tokens``: as with :class:`AuthError`.
    """

    kind = "early"

    def __init__(self, message: str, *, tokens=None, **details) -> None:
        super().__init__(message, **details)
        self.tokens = tokens
