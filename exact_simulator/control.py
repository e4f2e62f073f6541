"""The control plane under ``/_sim``: JSON in, JSON out. For practice and tests, unguarded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from . import accountant, invoicing
from .auth import redirect_allowed
from .errors import ApiError
from .state import DEFAULT_OPTIONS, App, Division, User

blueprint = Blueprint("control", __name__, url_prefix="/_sim")
OPTION_VALUES = {
    "partial": {"shrink", "split"},
    "type21": {"sign", "journal"},
    "top_envelope": {"array", "results"},
    "month_ends": {"whole", "first"},
    "lengths": {"refuse", "ignore"},
    "invoice_line_amounts": {"computed", "given"},
    "invoice_vat": {"line", "code"},
    "quantity_decimals": {2, 3},
    "credit_quantity": {"negative", "positive"},
    "line_unit": {"item", "any"},
    "invoice_document": {"made", "failed"},
    "licence_refusal": {"text", "reason", "bare"},
}
ACTIONS = {**accountant.ACTIONS, **invoicing.ACTIONS}
LANGUAGES = ("en", "nl", "fr", "de")


class Wrong(Exception):
    """A control request that makes no sense; answered with 400 and its text."""


@blueprint.errorhandler(Wrong)
@blueprint.errorhandler(ValueError)
def _wrong(error: Exception) -> tuple[Response, int]:
    return jsonify(error=str(error)), 400


@blueprint.errorhandler(ApiError)
def _refused(error: ApiError) -> tuple[Response, int]:
    return jsonify(error=error.text("en")), 404 if error.status == 404 else 409


def _body() -> dict[str, Any]:
    value = request.get_json(silent=True, force=True) if request.data else {}
    if not isinstance(value, dict):
        raise Wrong("the body must be a JSON object")
    return value


def _need(body: dict[str, Any], name: str) -> Any:
    if body.get(name) in (None, ""):
        raise Wrong(f"{name} is missing")
    return body[name]


def _user(body: dict[str, Any]) -> User:
    user = g.country.user_by_login(str(_need(body, "login")))
    if user is None:
        raise Wrong(f"no user {body['login']!r}")
    return user


def _app(body: dict[str, Any]) -> App:
    client_id = str(_need(body, "client_id")).strip("{} ").lower()
    if client_id not in g.country.apps:
        raise Wrong(f"no app {body['client_id']!r}")
    return g.country.apps[client_id]


def find_division(code: int) -> Division:
    """The division with this number in the country asked."""
    if code not in g.country.divisions:
        raise Wrong(f"no division {code}")
    return g.country.divisions[code]


def _asked_country() -> str | None:
    """The country of a list: the one under the prefix, all at the root, or the one named."""
    return request.args.get("country") or (g.country.code if request.script_root else None)


# the whole simulator ----------------------------------------------------------------------------


@blueprint.post("/reset")
def reset() -> Response:
    """Both countries back to a fresh seed."""
    body = _body()
    g.simulator.reset(body.get("seed", "demo"), body.get("accounts"))
    return jsonify(ok=True)


@blueprint.get("/info")
def info() -> Response:
    """Apps, users with their passwords, divisions, options and limits of a country."""
    with g.country.lock:
        return jsonify(
            country=g.country.code,
            url=g.simulator.url + request.script_root,
            apps=[
                {**asdict(app), "redirect_uris": sorted(app.redirect_uris)}
                for app in g.country.apps.values()
            ],
            users=[
                {**asdict(user), "divisions": sorted(user.divisions), "rights": sorted(user.rights)}
                for user in g.country.users.values()
            ],
            divisions=[
                {
                    "code": division.code,
                    "name": division.name,
                    "accounts": len(division.table("crm/Accounts")),
                }
                for division in g.country.divisions.values()
            ],
            options=g.country.options,
            limits=asdict(g.country.limits.settings),
        )


@blueprint.get("/clock")
def clock() -> Response:
    """What time it is."""
    moment = g.simulator.clock
    return jsonify(
        now=moment.now_utc().isoformat(), wall=moment.wall().isoformat(), frozen=moment.frozen
    )


@blueprint.post("/clock")
def set_clock() -> Response:
    """Freeze, advance or release the clock of both countries."""
    body = _body()
    moment = g.simulator.clock
    if not set(body) & {"freeze", "advance", "release"}:
        raise Wrong("give freeze, advance or release")
    if body.get("release"):
        moment.release()
    if "freeze" in body:
        value = body["freeze"]
        text = str(value).replace("Z", "+00:00")
        moment.freeze(None if value in (None, True) else datetime.fromisoformat(text))
    if "advance" in body:
        moment.advance(float(body["advance"]))
    return clock()


@blueprint.get("/faults")
def faults() -> Response:
    """The faults still to come."""
    return jsonify(faults=g.simulator.faults.list())


@blueprint.post("/faults")
def add_fault() -> Response:
    """Plan a fault for this country."""
    fault = g.simulator.faults.add(**{"country": g.country.code, **_body()})
    return jsonify(asdict(fault))


@blueprint.delete("/faults")
def clear_faults() -> Response:
    """Drop the planned faults."""
    g.simulator.faults.clear(_asked_country())
    return jsonify(ok=True)


@blueprint.post("/say")
def say() -> Response:
    """The next matching call is refused with this business text."""
    values = {"country": g.country.code, "kind": "say", "status": 500, **_body()}
    if not values.get("text"):
        raise Wrong("text is missing")
    return jsonify(asdict(g.simulator.faults.add(**values)))


@blueprint.get("/journal")
def journal() -> Response:
    """The calls so far as JSON lines; with ``bodies=0`` without what was sent and answered."""
    log = g.simulator.journal
    records = log.records(_asked_country())
    if request.args.get("bodies") == "0":
        records = [{**record, "req": "", "resp": ""} for record in records]
    lines = log.lines(records)
    return Response("".join(lines), mimetype="application/x-ndjson")


@blueprint.delete("/journal")
def clear_journal() -> Response:
    """Forget the calls so far."""
    g.simulator.journal.clear(_asked_country())
    return jsonify(ok=True)


@blueprint.get("/webhooks")
def deliveries() -> Response:
    """Events sent and to be sent."""
    return jsonify(deliveries=g.simulator.webhooks.deliveries(_asked_country()))


# one country ------------------------------------------------------------------------------------


@blueprint.post("/app")
def app() -> Response:
    """Change an app: add a redirect address, set its scopes (null: all), its name, its secrets."""
    body = _body()
    with g.country.lock:
        found = _app(body)
        if uri := body.get("redirect_uri"):
            if not redirect_allowed(uri):
                raise Wrong("redirect_uri must be https, or http on this machine")
            found.redirect_uris.add(uri)
        if "scopes" in body:
            found.scopes = None if body["scopes"] is None else dict(body["scopes"])
        for name in ("name", "client_secret", "webhook_secret"):
            if name in body:
                setattr(found, name, str(body[name]))
    return jsonify({**asdict(found), "redirect_uris": sorted(found.redirect_uris)})


@blueprint.post("/grant")
def grant() -> Response:
    """A code without the pages, as if the user had logged in and agreed."""
    body = _body()
    with g.country.lock:
        found, user = _app(body), _user(body)
        uri = _need(body, "redirect_uri")
        if uri not in found.redirect_uris:
            raise Wrong("redirect_uri is not registered")
        divisions = body.get("divisions")
        chosen = user.divisions if divisions is None else {int(d) for d in divisions}
        return jsonify(code=g.country.auth.grant_code(found, user, uri, chosen))


@blueprint.get("/limits")
def limits() -> Response:
    """The limits in force."""
    return jsonify(asdict(g.country.limits.settings))


@blueprint.post("/limits")
def set_limits() -> Response:
    """Change limits (null lifts one); ``"clear": true`` starts counting afresh."""
    body = _body()
    with g.country.lock:
        if body.pop("clear", False):
            g.country.limits.clear()
        g.country.limits.adjust(body)
    return limits()


@blueprint.post("/options")
def options() -> Response:
    """Choose another reading of an unsure fact (see the README)."""
    body = _body()
    for name, value in body.items():
        if name not in DEFAULT_OPTIONS:
            raise Wrong(f"no option {name!r}")
        if value not in OPTION_VALUES.get(name, {value}):
            raise Wrong(f"{name} must be one of {', '.join(sorted(map(str, OPTION_VALUES[name])))}")
    with g.country.lock:
        g.country.options.update(body)
    return jsonify(g.country.options)


# what an administrator does -----------------------------------------------------------------------


@blueprint.post("/accountant/<any(right, scope, reason, language, 'division-grant'):what>")
def administrate(what: str) -> Response:
    """Rights, scopes, blocking, language and divisions of users and apps."""
    body = _body()
    with g.country.lock:
        result = _ADMINISTRATION[what](body)
    return jsonify(result)


def _right(body: dict[str, Any]) -> dict[str, Any]:
    user, resource = _user(body), str(_need(body, "resource"))
    (user.rights.discard if body.get("granted", False) else user.rights.add)(resource)
    return {"denied": sorted(user.rights)}


def _scope(body: dict[str, Any]) -> dict[str, Any]:
    """Take or give a scope; ``granted`` may be true (manage), false, "read" or "manage"."""
    found, name = _app(body), str(_need(body, "scope")).replace(".", " ")
    if found.scopes is None:
        found.scopes = {scope: "manage" for scope in accountant.all_scopes()}
    granted = body.get("granted", False)
    if granted not in (True, False, "read", "manage"):
        raise Wrong("granted must be true, false, 'read' or 'manage'")
    if granted:
        found.scopes[name] = "manage" if granted is True else granted
    else:
        found.scopes.pop(name, None)
    return {"scopes": found.scopes}


def _reason(body: dict[str, Any]) -> dict[str, Any]:
    user = _user(body)
    user.blocked_reason = body.get("reason") or None
    return {"reason": user.blocked_reason}


def _language(body: dict[str, Any]) -> dict[str, Any]:
    user = _user(body)
    if body.get("language") not in LANGUAGES:
        raise Wrong(f"language must be one of {', '.join(LANGUAGES)}")
    user.language = body["language"]
    return {"language": user.language}


def _division_grant(body: dict[str, Any]) -> dict[str, Any]:
    user, code = _user(body), int(_need(body, "division"))
    find_division(code)
    (user.divisions.add if body.get("granted", True) else user.divisions.discard)(code)
    return {"divisions": sorted(user.divisions)}


_ADMINISTRATION: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "right": _right,
    "scope": _scope,
    "reason": _reason,
    "language": _language,
    "division-grant": _division_grant,
}


# what an accountant does --------------------------------------------------------------------------


@blueprint.post("/accountant/<int:division>/<action>")
def act(division: int, action: str) -> Response:
    """Receive money, undo a matching, close a period, block an account ..."""
    if action not in ACTIONS:
        raise Wrong(f"no action {action!r}; there are {', '.join(ACTIONS)}")
    body = _body()
    with g.country.lock:
        return jsonify(ACTIONS[action](find_division(division), body) or {"ok": True})


@blueprint.get("/ledger/<int:division>")
def ledger(division: int) -> Response:
    """The sales entries with their lines and what is open, and the balance of all bookings."""
    with g.country.lock:
        return jsonify(accountant.ledger(find_division(division)))


@blueprint.get("/invoices/<int:division>")
def invoices(division: int) -> Response:
    """The sales invoices made in Exact, drafts too, with their lines."""
    with g.country.lock:
        return jsonify(invoices=invoicing.shown_invoices(find_division(division)))
