"""Admission of an API request: token, limits, division, scope and rights, in that order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flask import Request, Response, abort, g

from . import schema
from .errors import ApiError
from .limits import ErrorKey, LimitReached
from .state import App, Country, User

_PATH = re.compile(
    r"^/api/v1/(?:beta/)?(?P<division>\d+|current)/(?P<rest>[^(]*)(?:\([^)]*\)(?P<sub>/.*)?)?"
)
READ_METHODS = {"GET", "HEAD", "OPTIONS"}


@dataclass
class Caller:
    """Who calls: the user, the app and the divisions both may touch."""

    user: User
    app: App
    granted_divisions: frozenset[int]
    division: int | None
    resource: str

    @property
    def language(self) -> str:
        """The language of the texts this user reads."""
        return self.user.language


@dataclass
class _Passage:
    """What is remembered of a request until its answer leaves."""

    country: Country
    key: ErrorKey | None = None
    headers: dict[str, str] = field(default_factory=dict)


def _resource(path: str) -> tuple[int | None, str]:
    """Division and resource ("crm/Accounts") of a request path, without any key."""
    match = _PATH.match(path)
    if match is None:
        return None, path
    rest, sub = match["rest"].strip("/"), (match["sub"] or "").strip("/")
    if sub and not sub.startswith("$"):
        rest = f"{rest.rpartition('/')[0]}/{sub.partition('(')[0].strip('/')}"
    rest = rest.removesuffix("/$count").strip("/")
    if match["division"] == "current":
        return None, f"current/{rest}"
    return int(match["division"]), rest


def _empty(status: int, headers: dict[str, str] | None = None) -> Response:
    response = Response(status=status, headers=headers or {})
    del response.headers["Content-Type"]
    return response


def admit(country: Country, request: Request) -> Caller:
    """Let a request in.

    A refusal with a text is an :class:`ApiError`; 401 and 429 have an empty body and leave as an
    HTTP exception. :func:`after` must be called with every answer.
    """
    passage = g.passage = _Passage(country)
    division, resource = _resource(request.path)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    grant, valid = country.auth.caller(token.strip() if scheme.lower() == "bearer" else "")
    user = country.users.get(grant.user_id) if grant else None
    app = country.apps.get(grant.client_id) if grant else None
    if grant is None or user is None or app is None:
        abort(_empty(401, {"WWW-Authenticate": "Bearer"}))
    g.caller = Caller(user, app, grant.divisions & user.divisions, division, resource)
    request.environ["exact_simulator.seen"]["user"] = user.login
    company = division if division is not None else user.current_division or 0
    passage.key = (app.client_id, user.id, company, resource.lower())
    now = country.clock.now_utc()
    if country.limits.is_blocked(passage.key, now):
        passage.key = None
        abort(_empty(country.limits.settings.blocked_status))
    if not valid:
        abort(_empty(401, {"WWW-Authenticate": "Bearer"}))
    try:
        passage.headers = country.limits.take((app.client_id, company), now)
    except LimitReached as reached:
        abort(_empty(429, reached.headers))
    if user.blocked_reason:
        raise ApiError(403, "Forbidden", headers={"Reason": user.blocked_reason})
    if division is not None and division not in g.caller.granted_divisions:
        raise ApiError(403, "Forbidden - WrongDivision")
    _check_scope(app, request.method, resource)
    _check_licence(country, division, resource)
    known = schema.find(resource)
    path = known.path if known else resource
    if {path, path.rpartition("/")[2]} & user.rights:
        raise ApiError(403, "Forbidden")
    said = request.environ.get("exact_simulator.say")
    if said is not None:
        raise ApiError(said.status or 500, said.text, headers=said.headers)
    return g.caller


def admit_download(country: Country, request: Request, division: int) -> dict[str, str]:
    """Let a program fetch a file outside the API: token, limits and administration.

    :return: the limit headers of the answer.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    grant, valid = country.auth.caller(token.strip() if scheme.lower() == "bearer" else "")
    user = country.users.get(grant.user_id) if grant else None
    if grant is None or user is None or not valid:
        abort(_empty(401, {"WWW-Authenticate": "Bearer"}))
    request.environ["exact_simulator.seen"]["user"] = user.login
    try:
        headers = country.limits.take((grant.client_id, division), country.clock.now_utc())
    except LimitReached as reached:
        abort(_empty(429, reached.headers))
    if division not in grant.divisions & user.divisions:
        abort(_empty(403, headers))
    return headers


def _check_scope(app: App, method: str, resource: str) -> None:
    """Missing scope (Exact API sheet 1.6): the text for reading is known, that for writing ours."""
    known = schema.find(resource)
    if app.scopes is None or known is None or not known.scope:
        return
    granted = app.scopes.get(known.scope)
    reading = method in READ_METHODS
    if granted == "manage" or (reading and granted == "read"):
        return
    verb = "read" if reading else "manage"
    name = known.scope.replace(" ", ".")
    raise ApiError(403, f"Forbidden - Application Scope Violated. Cannot {verb} '{name}' scope.")


def _check_licence(country: Country, division: int | None, resource: str) -> None:
    """Sales invoices need the invoicing module (Exact API sheet 5.13); how it says so is unsure."""
    books = country.divisions.get(division or 0)
    if books is None or books.info.get("invoicing", True):
        return
    if not resource.lower().startswith(("salesinvoice/", "sync/salesinvoice/")):
        return
    style = country.options["licence_refusal"]
    headers = {"Reason": "LicenseExpired"} if style == "reason" else None
    raise ApiError(403, "Forbidden" if style == "bare" else "licence", headers)


def after(response: Response) -> Response:
    """Put the limit headers on an answer and count it when it is an error."""
    passage: _Passage | None = g.get("passage")
    if passage is not None:
        for name, value in passage.headers.items():
            response.headers.setdefault(name, value)
        if passage.key is not None:
            country = passage.country
            country.limits.note_error(passage.key, response.status_code, country.clock.now_utc())
    return response
