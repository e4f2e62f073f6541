"""From an answer of Exact to its data or to the error that tells the caller what to do.

Status, headers and shape decide; texts come in the user's language and never do (API sheet 4).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import requests

from .errors import (
    DataError,
    ExactError,
    LimitError,
    OutcomeUnknown,
    RightsError,
    UnreachableError,
)
from .limits import Limits, limit_named, utc_now
from .values import decode, plain

WRITES = ("POST", "PUT", "DELETE")
# More than any refusal of Exact has; what is stored and shown must stay readable.
LONGEST_TEXT, MOST_TEXTS = 8_000, 100
_SCOPE = re.compile(r"Scope Violated(?:.*?'([^']+)')?", re.IGNORECASE | re.DOTALL)
_WRONG_DIVISION = re.compile(r"Wrong\s?Division", re.IGNORECASE)


def reason_of(response: requests.Response) -> str | None:
    """First word of Exact's ``Reason`` header: ``TooEarly`` of ``TooEarly: try later``."""
    words = re.split(r"[:\s]", (response.headers.get("Reason") or "").strip(), maxsplit=1)
    return words[0] or None


def error_texts(response: requests.Response) -> list[str] | None:
    """The validation texts of an error in Exact's own shape; ``None`` for any other body."""
    try:
        message = decode(response.content)["error"]["message"]
        value = message if isinstance(message, str) else message["value"]
        lines = plain(value or "")[:LONGEST_TEXT].splitlines()
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return [line.strip() for line in lines if line.strip()][:MOST_TEXTS]


def lost(method: str, resource: str, *, unsent: bool, status: int | None = None) -> ExactError:
    """The error for a call without an answer to rely on.

    :param unsent: it is certain that Exact did not see the call
    """
    details = {"status": status, "method": method, "resource": resource}
    if unsent:
        return UnreachableError("Exact Online could not be reached.", **details)
    if method in WRITES:
        return OutcomeUnknown(
            "Exact Online gave no usable answer; it is not known whether it did what was asked.",
            **details,
        )
    return UnreachableError("Exact Online gave no usable answer.", **details)


def error_of(
    response: requests.Response,
    method: str,
    resource: str,
    limits: Limits,
    retry_at: datetime | None = None,
) -> ExactError:
    """The error for an answer that is no success.

    :param retry_at: where it is known better than the headers say

    A read that Exact gave up on (408) is UnreachableError with reason ``TooBroad``; a write with
    that answer may have been carried out, hence OutcomeUnknown.
    """
    status = response.status_code
    texts = error_texts(response)
    details: dict[str, Any] = {
        "status": status,
        "method": method,
        "resource": resource,
        "texts": texts or [],
        "reason": reason_of(response),
    }
    said = "\n".join(texts or [])
    if status == 429:
        told = limits.refused(response.headers)
        details["reason"] = details["reason"] or limit_named(response.headers)
        return LimitError(
            said or "The calls that Exact Online allows are used up for now.",
            retry_at=retry_at or told,
            **details,
        )
    if status == 403:
        return _rights(response, said, details)
    if status == 503:
        return UnreachableError(said or "Exact Online is not available now.", **details)
    if status == 408:
        if method in WRITES:
            return lost(method, resource, unsent=False, status=status)
        details["reason"] = details["reason"] or "TooBroad"
        return UnreachableError(said or "Exact Online took too long over this.", **details)
    if 400 <= status < 500 or (status == 500 and texts is not None):
        return DataError(said or f"Exact Online refused this (HTTP {status}).", **details)
    return lost(method, resource, unsent=False, status=status)


def _rights(response: requests.Response, said: str, details: dict[str, Any]) -> RightsError:
    text = said or plain(response.text[:2000])
    scope = _SCOPE.search(text)
    if not details["reason"]:
        if scope:
            details["reason"] = "ApplicationScopeViolated"
        elif _WRONG_DIVISION.search(text):
            details["reason"] = "WrongDivision"
    return RightsError(
        said or "Exact Online does not allow this to the connected user.",
        scope=scope[1] if scope else None,
        **details,
    )


def page_of(response: requests.Response) -> tuple[list[dict], str | None] | None:
    """Rows and ``__next`` of a collection, in either envelope; ``None`` when it is none."""
    data = _data(response)
    if isinstance(data, dict) and isinstance(data.get("results"), list):
        rows, following = data["results"], data.get("__next") or None
    else:
        rows, following = data, None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    return rows, following


class Walk:
    """From page to page, never in circles: each address once, and empty pages only so many."""

    MOST_EMPTY = 20

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._empty = 0

    def step(self, url: str, resource: str) -> None:
        """:raises ExactError: it was there before, or there has been nothing for too long."""
        if url in self._seen or self._empty > self.MOST_EMPTY:
            raise ExactError(
                "Exact Online sent the same page address twice."
                if url in self._seen
                else "Exact Online sent one empty page after the other.",
                reason="Unreadable",
                method="GET",
                resource=resource,
            )
        self._seen.add(url)

    def got(self, rows: list) -> None:
        """What came at the last address."""
        self._empty = 0 if rows else self._empty + 1


def unreadable(method: str, resource: str, row: dict, names: list[str]) -> ExactError:
    """The error for a row that holds something else than Exact's own reference says."""
    which = row.get("Code") or row.get("ID") or ""
    shown = f" {which}" if isinstance(which, (str, int)) else ""
    return ExactError(
        f"Exact Online sent something that cannot be read: {', '.join(names[:10])} of {resource}{shown[:60]}",
        reason="Unreadable",
        method=method,
        resource=resource,
    )


def entity_of(response: requests.Response) -> dict | None:
    """The one entity of an answer; ``None`` when there is none in it."""
    data = _data(response)
    if isinstance(data, dict) and isinstance(data.get("results"), list):
        data = data["results"]
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    return data if isinstance(data, dict) and data else None


def _data(response: requests.Response) -> Any:
    try:
        envelope = decode(response.content)
    except ValueError:
        return None
    return envelope.get("d") if isinstance(envelope, dict) else None


def token_limit(message: str, **details) -> LimitError:
    """429 of the token endpoint; its headers, if any, are not those of a division."""
    return LimitError(message, retry_at=utc_now() + timedelta(seconds=60), **details)
