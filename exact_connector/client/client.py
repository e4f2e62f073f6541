"""The door to Exact Online's REST API: paging, keys, writes, limits and errors.

It knows no business record, never sleeps, never commits, and repeats a call only after a 401,
which says that the call was not served.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from . import odata, transport
from .address import check_base_url, check_division, check_same_site
from .answers import WRITES, Walk, entity_of, error_of, lost, page_of, reason_of, unreadable
from .errors import AuthError, DataError, ExactError, OutcomeUnknown, UnreachableError
from .gate import Gate
from .kinds import Fit, odd_in
from .limits import Limits, utc_now
from .values import clean, encode

_logger = logging.getLogger(__name__)
_RESOURCE = re.compile(r"[A-Za-z]+(?:/[A-Za-z]+)*")
# An idle connection may have been dropped on the way without a word; a write on it would end as
# "outcome unknown" for nothing.
_IDLE_SECONDS = 20.0
# What a file is called in the record of calls: it has an address, no resource.
FILE = "docs/file"
ME = (
    "UserID,UserName,FullName,Email,LanguageCode,CurrentDivision,AccountingDivision,"
    "DivisionCustomerName,Legislation,ServerTime,ServerUtcOffset"
)
Names = str | Iterable[str]


@dataclass(frozen=True)
class CallRecord:
    """One HTTP call, for a log or a meter; holds no secret and no business data.

    ``resource`` is without division and key; ``status`` is ``None`` where no answer came;
    ``duration`` is in seconds; ``at`` (start) an aware UTC datetime; ``calls`` what
    :attr:`ExactClient.calls` stood at after it.
    """

    method: str
    resource: str
    status: int | None
    duration: float
    at: datetime
    calls: int


class ExactClient:
    """Calls one division of Exact Online. For use by one thread at a time.

    Every call may raise the classes of :mod:`.errors`; reads never raise OutcomeUnknown.

    :param base_url: ``https://start.exactonline.nl``; may carry a path prefix
    :param division: number of the division; ``None`` is enough for :meth:`me`
    :param get_token: gives the access token; called once more as ``get_token(rejected=token)``
        after a 401. What it raises comes through, but OutcomeUnknown as UnreachableError: there
        it was the token call that got lost, not ours
    :param timeout: seconds to wait for a connection, and for each part of an answer
    :param on_call: told of each call with a :class:`CallRecord`; must not raise
    :param limits: to share what is known of the limits between clients of a division
    :param gate: asked before each call whether it may go, and told each answer; see :class:`.Gate`
    :raises AddressError: ``base_url`` is not https (or http to this machine)
    """

    def __init__(
        self,
        base_url: str,
        division: int | None,
        get_token: Callable[..., str],
        *,
        timeout: float = 30.0,
        on_call: Callable[[CallRecord], None] | None = None,
        limits: Limits | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.base_url = check_base_url(base_url)
        self.division = int(division) if division else None
        self.timeout = float(timeout)
        self.limits = Limits() if limits is None else limits
        self.gate = gate
        self.calls = 0
        self._get_token = get_token
        self._on_call = on_call
        self._retry_at: datetime | None = None
        self._session = requests.Session()
        self._last_use = 0.0
        transport.prepare(self._session, self.base_url)

    def __repr__(self) -> str:
        return f"<ExactClient {self.base_url} division {self.division}>"

    def __enter__(self) -> ExactClient:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open. The client can still be used."""
        self._session.close()

    # -- reads ---------------------------------------------------------------------------------

    def me(self) -> dict:
        """The connected user, with ``CurrentDivision`` and the site's clock."""
        url = f"{self.base_url}/api/v1/current/Me?{odata.query(select=ME)}"
        response = self._call("GET", "current/Me", url)
        return self._entity("GET", "current/Me", response)

    def pages(
        self,
        resource: str,
        *,
        select: Names,
        filter: str | None = None,
        orderby: Names | None = None,
        expand: Names | None = None,
        top: int | None = None,
        extra: Mapping[str, Any] | None = None,
        on_odd: Callable[[dict, list[str]], None] | None = None,
    ) -> Iterator[list[dict]]:
        """Read a collection page by page: 60 rows each, 1,000 from ``bulk/`` and ``sync/``.

        The next page is fetched when it is asked for, at the address Exact gave.

        :param resource: as ``crm/Accounts`` or ``sync/CRM/Accounts``
        :param top: most rows wanted, over all pages
        :param extra: parameters of a function resource, such as ``accountId``
        :param on_odd: told of each row that holds something unreadable, with the names of that; the
            row is left out then. Without it such a row ends the read: what is not read must not look
            as if it were not there
        :raises ExactError: Exact sent the same page address twice, one outside its site or division,
            or a row that cannot be read
        """
        query = odata.query(
            select=select, filter=filter, orderby=orderby, expand=expand, top=top, extra=extra
        )
        names = select.split(",") if isinstance(select, str) else select
        fit = Fit(resource, names)
        return self._pages(resource, f"{self._url(resource)}?{query}", top, fit, on_odd)

    def rows(self, resource: str, **options: Any) -> list[dict]:
        """All rows of :meth:`pages`, which takes the same options."""
        return [row for page in self.pages(resource, **options) for row in page]

    def first(self, resource: str, **options: Any) -> dict | None:
        """The first row of :meth:`pages`, or ``None``."""
        for page in self.pages(resource, **{**options, "top": 1}):
            if page:
                return page[0]
        return None

    def get(
        self, resource: str, key: Any, *, select: Names, expand: Names | None = None
    ) -> dict | None:
        """One entity by key (GUID as text, or int); ``None`` when Exact has none (404)."""
        query = odata.query(select=select, expand=expand)
        try:
            response = self._call("GET", resource, f"{self._url(resource, key)}?{query}")
        except DataError as error:
            if error.status == 404:
                return None
            raise
        return self._entity("GET", resource, response)

    def download(self, url: str, *, largest: int) -> bytes:
        """The file at an address that Exact gave, such as ``Url`` of a document attachment.

        Only from the connected site, and never past a redirection: the token goes nowhere else.

        :param url: as Exact gave it; ``Download=1`` for the original file is for the caller to add
        :param largest: most bytes to take
        :raises ExactError: the address lies elsewhere (nothing was sent), Exact sent on to another
            one, or the file is larger than ``largest``
        """
        response = self._call("GET", FILE, url, stream=True)
        try:
            return transport.read_file(response, largest)
        except transport.TooLarge:
            raise ExactError(
                "The file at Exact Online is larger than can be taken.",
                reason="TooLarge",
                status=response.status_code,
                method="GET",
                resource=FILE,
            ) from None
        except transport.FAILURES as error:
            _logger.info("GET %s: %s", FILE, type(error).__name__)
        finally:
            response.close()
        raise self._lost("GET", FILE, response)

    # -- writes --------------------------------------------------------------------------------

    def create(self, resource: str, values: Mapping[str, Any]) -> dict:
        """Create an entity and return it as Exact wrote it; asks for the full entity.

        :param values: see :func:`.values.encode`; lines as a list of dicts
        :raises ValueError, TypeError: a value that cannot be sent; nothing was sent
        """
        body = encode(dict(values)).encode()
        response = self._call("POST", resource, self._url(resource), body)
        return self._entity("POST", resource, response)

    def update(self, resource: str, key: Any, values: Mapping[str, Any]) -> None:
        """Change the given properties of an entity and no others."""
        body = encode(dict(values)).encode()
        self._silent(self._call("PUT", resource, self._url(resource, key), body), "PUT", resource)

    def delete(self, resource: str, key: Any) -> None:
        """Delete an entity.

        :raises DataError: also when it is not there (404)
        """
        self._silent(self._call("DELETE", resource, self._url(resource, key)), "DELETE", resource)

    # -- inside --------------------------------------------------------------------------------

    def _url(self, resource: str, key: Any = None) -> str:
        if not isinstance(resource, str) or not _RESOURCE.fullmatch(resource):
            raise ValueError("Not a resource of Exact Online.")
        if self.division is None:
            raise ValueError("This call needs a division.")
        beta = resource.startswith("beta/")
        path = f"beta/{self.division}/{resource[5:]}" if beta else f"{self.division}/{resource}"
        brackets = "" if key is None else f"({odata.key_text(key)})"
        return f"{self.base_url}/api/v1/{path}{brackets}"

    def _pages(
        self,
        resource: str,
        url: str | None,
        top: int | None,
        fit: Fit,
        on_odd: Callable[[dict, list[str]], None] | None,
    ) -> Iterator[list[dict]]:
        left = top
        walk = Walk()
        while url:
            response, raw, url = self._page(resource, url, walk)
            rows = self._clean("GET", resource, response, raw)
            if left is not None:
                rows = rows[:left]
                left -= len(rows)
            yield self._fitting(resource, rows, fit, on_odd)
            if left == 0:
                return

    def _fitting(self, resource, rows, fit, on_odd) -> list[dict]:
        """The rows that can be read."""
        taken = []
        for row in rows:
            names = fit.odd(row)
            if not names:
                taken.append(row)
            elif on_odd:
                on_odd(row, names)
            else:
                raise unreadable("GET", resource, row, names)
        return taken

    def _entity(self, method: str, resource: str, response: requests.Response) -> dict:
        """The one entity of an answer; a write whose answer cannot be read may have been carried out."""
        raw = entity_of(response)
        if raw is None:
            raise self._lost(method, resource, response)
        entity = self._clean(method, resource, response, raw)
        names = odd_in(resource, entity)
        if names:
            error = unreadable(method, resource, entity, names)
            raise self._lost(method, resource, response) if method in WRITES else error
        return entity

    def _clean(self, method: str, resource: str, response: requests.Response, raw: Any) -> Any:
        try:
            return clean(raw, self._rest_of(resource))
        except ValueError as error:
            if isinstance(error, ExactError):
                raise
            _logger.info("%s %s: %s", method, resource, error)
        raise self._lost(method, resource, response)

    def _page(
        self, resource: str, url: str, walk: Walk
    ) -> tuple[requests.Response, list[dict], str | None]:
        check_division(url, self.base_url, self.division)
        walk.step(url, resource)
        response = self._call("GET", resource, url)
        page = page_of(response)
        if page is None:
            raise self._lost("GET", resource, response)
        walk.got(page[0])
        return response, *page

    def _rest_of(self, resource: str) -> Callable[[str], list[dict]]:
        """Reads on where an expanded collection goes over more than one page."""

        def follow(url: str | None) -> list[dict]:
            rows: list[dict] = []
            walk = Walk()
            while url:
                _response, page, url = self._page(resource, url, walk)
                rows += page
            return rows

        return follow

    def _lost(self, method: str, resource: str, response: requests.Response) -> ExactError:
        return lost(method, resource, unsent=False, status=response.status_code)

    def _silent(self, response: requests.Response, method: str, resource: str) -> None:
        """204 is what Exact says; a page of some proxy in between is no answer of Exact."""
        if response.status_code == 204:
            return
        if response.content.strip():
            understood = entity_of(response) is not None
        else:
            # Without either header, "empty" may as well be a connection that broke.
            understood = bool(
                {"Content-Length", "Transfer-Encoding"} & set(map(str.title, response.headers))
            )
        if not understood:
            raise self._lost(method, resource, response)

    def _token(self, method: str, resource: str, **rejected: str) -> str:
        details = {"method": method, "resource": resource}
        try:
            token = self._get_token(**rejected)
        except OutcomeUnknown as error:
            raise UnreachableError(error.message, status=error.status, **details) from None
        if not transport.is_token(token):
            raise AuthError("There is no access token for Exact Online.", **details)
        return token

    def _call(
        self,
        method: str,
        resource: str,
        url: str,
        body: bytes | None = None,
        stream: bool = False,
    ) -> requests.Response:
        check_same_site(url, self.base_url)
        token = self._token(method, resource)
        response = self._exchange(method, resource, url, body, token, stream)
        if response.status_code == 401:
            fresh = self._token(method, resource, rejected=token)
            if fresh != token:
                response = self._exchange(method, resource, url, body, fresh, stream)
        if response.status_code == 401:
            raise AuthError(
                "Exact Online does not accept the access token.",
                status=401,
                reason=reason_of(response),
                method=method,
                resource=resource,
            )
        if not 200 <= response.status_code < 300:
            raise error_of(response, method, resource, self.limits, self._retry_at)
        return response

    def _exchange(
        self,
        method: str,
        resource: str,
        url: str,
        body: bytes | None,
        token: str,
        stream: bool = False,
    ) -> requests.Response:
        headers = {} if body is None else {"Content-Type": "application/json"}
        if stream:
            headers["Accept"] = "*/*"
        if method == "POST":
            headers["Prefer"] = "return=representation"
        if self.gate is not None:
            # Here nothing has left us: what it raises says that for sure.
            self.gate.before(method, resource)
        at, start = utc_now(), time.monotonic()
        if method in WRITES and start - self._last_use > _IDLE_SECONDS:
            self._session.close()
        response, unsent = None, False
        try:
            response = self._session.request(
                method,
                url,
                data=body,
                headers=headers,
                auth=transport.Bearer(token),
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            )
            if not (stream and response.status_code == 200):
                # Read here, where a break in it is caught; a file is read by who asked for it.
                transport.take_body(response)
        except transport.FAILURES as error:
            response = None
            _logger.info("%s %s: %s", method, resource, type(error).__name__)
            unsent = transport.surely_unsent(error)
        self._last_use = time.monotonic()
        self.calls += 1
        self._tell(method, resource, response, self._last_use - start, at)
        self._learn(method, resource, response)
        # Raised out here, so that the failed request, which holds the token, is not its context.
        if response is None:
            raise lost(method, resource, unsent=unsent)
        self.limits.update(response.headers)
        return response

    def _learn(self, method: str, resource: str, response: requests.Response | None) -> None:
        """Tell the gate what was answered; what Exact answered must not get lost over it."""
        self._retry_at = None
        if self.gate is None:
            return
        status = None if response is None else response.status_code
        headers = {} if response is None else response.headers
        try:
            self._retry_at = self.gate.after(method, resource, status, headers)
        except Exception:
            _logger.exception("What an answer says of Exact Online's limits could not be kept.")

    def _tell(
        self,
        method: str,
        resource: str,
        response: requests.Response | None,
        duration: float,
        at: datetime,
    ) -> None:
        if self._on_call is None:
            return
        status = None if response is None else response.status_code
        try:
            self._on_call(CallRecord(method, resource, status, duration, at, self.calls))
        except Exception:
            # What Exact answered must not get lost over the bookkeeping of calls.
            _logger.exception("The record of a call to Exact Online could not be kept.")
