"""One HTTP exchange: a session that sends nothing of its own, and whether a failed call left us."""

from __future__ import annotations

import http.client
import re
import ssl
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.auth import AuthBase

from .address import is_loopback

VERSION = "1.0.0"
USER_AGENT = f"exact_connector/{VERSION}"
# Everything that can go wrong between the call and a complete answer.
FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
)
# A page of a thousand rows with every property stays far below; unpacked, should it be packed.
LARGEST_ANSWER = 32 * 1024 * 1024
_CHUNK = 64 * 1024
_TOKEN = re.compile(r"[\x21-\x7e]+")


class Bearer(AuthBase):
    """Puts the access token on a request; being an auth object it keeps netrc files out."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def __repr__(self) -> str:
        return "<Bearer>"


def is_token(token: object) -> bool:
    """Whether this can be a token; requests would quote any other in the text of its error."""
    return isinstance(token, str) and bool(_TOKEN.fullmatch(token))


def prepare(session: requests.Session, base_url: str) -> None:
    """Set the headers of every call; a proxy for the internet is no way to this machine."""
    session.headers["User-Agent"] = USER_AGENT
    session.headers["Accept"] = "application/json"
    if is_loopback(urlsplit(base_url).hostname):
        session.trust_env = False


class TooLarge(requests.RequestException):
    """A file has more bytes than were asked for, or an answer more than any of Exact's."""


def read_file(response: requests.Response, largest: int) -> bytes:
    """The body of a streamed answer; what it claims to measure is not relied on.

    :raises TooLarge: as soon as it is known
    """
    said = response.headers.get("Content-Length", "")
    if said.isdigit() and int(said) > largest:
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(_CHUNK):
        size += len(part)
        if size > largest:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)


def take_body(response: requests.Response) -> None:
    """Read an answer to its end, up to a size; afterwards ``response.content`` has it.

    :raises TooLarge: as soon as it is known; nothing more is read then
    """
    try:
        # As requests itself keeps it; it knows no upper bound of its own.
        response._content = read_file(response, LARGEST_ANSWER)
        response._content_consumed = True
    except BaseException:
        response.close()
        raise


def surely_unsent(error: BaseException) -> bool:
    """Whether no connection was made at all, so that the service cannot have seen the call.

    Anything else, a reset above all, leaves open how far the call got.
    """
    seen: set[int] = set()
    todo: list[object] = [error]
    while todo:
        item = todo.pop()
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        # ConnectTimeoutError is the base of those for a refused connection and an unknown host.
        if isinstance(
            item,
            (
                requests.ConnectTimeout,
                requests.exceptions.InvalidURL,
                urllib3.exceptions.ConnectTimeoutError,
                ssl.SSLCertVerificationError,
            ),
        ):
            return True
        todo += [item.__cause__, getattr(item, "reason", None)]
        todo += [getattr(item, "original_error", None), *item.args]
    return False
