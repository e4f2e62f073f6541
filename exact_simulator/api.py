"""The REST API under ``/api/v1``: HTTP in and out around the rules, the ledger and OData."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from . import gate, rules, schema, views
from .errors import ApiError
from .odata import inbound, paging, path, query, serialise
from .state import Division, Row, Table
from .webhooks import check_callback

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

JSON = "application/json; charset=utf-8"
#: Answer a POST with nothing but the key unless ``Prefer`` asks for more (Exact API sheet 3.4).
BARE_ANSWERS = {"crm/Accounts", "crm/Contacts", "logistics/Items"}
#: Keep the ``results`` envelope even with $top within a page (Exact API sheet 3.1).
ALWAYS_RESULTS = {"current/Me", "salesinvoice/SalesInvoices"}


@blueprint.before_request
def _admit() -> None:
    with g.country.lock:
        g.caller = gate.admit(g.country, request)


@blueprint.after_request
def _after(response: Response) -> Response:
    with g.country.lock:
        return gate.after(response)


def _language() -> str:
    caller = g.get("caller")
    return caller.user.language if caller else "en"


def _wants_json() -> bool:
    accepted = request.headers.get("Accept", "")
    return "application/json" in accepted.lower() or request.args.get("$format") == "json"


@blueprint.errorhandler(ApiError)
def _refused(error: ApiError) -> Response:
    language = _language()
    if _wants_json():
        body, kind = json.dumps(error.body(language), ensure_ascii=False), JSON
    else:
        body, kind = error.xml(language), "application/xml; charset=utf-8"
    return Response(body, error.status, error.headers, content_type=kind)


@blueprint.errorhandler(Exception)
def _broken(error: Exception) -> Any:
    if isinstance(error, HTTPException):
        return error
    current_app.logger.exception("a fault in the simulator")
    return _refused(ApiError(500, "fault"))


@blueprint.route("/<path:rest>", methods=["GET", "POST", "PUT", "DELETE", "PATCH", "MERGE"])
def serve(rest: str) -> Response:
    """One call on a resource."""
    target = path.read(rest)
    resource = target.resource
    if request.method in ("PATCH", "MERGE"):
        raise ApiError(405, "method")
    if request.method not in (*resource.methods, "HEAD"):
        raise ApiError(405, "method", {"Allow": ", ".join(resource.methods)})
    if target.count and request.method == "GET":
        with g.country.lock:
            return _count(target)
    if not _wants_json():
        raise ApiError(406, "not_acceptable")
    if request.method in ("GET", "HEAD"):
        with g.country.lock:
            return _read(target)
    if request.method == "DELETE":
        with g.country.lock:
            return _delete(target)
    if request.mimetype != "application/json":
        raise ApiError(400, "not_an_object")
    body = inbound.read_body(request.get_data())
    values, nested = inbound.read_values(resource, body, request.method)
    if request.method == "PUT":
        with g.country.lock:
            return _update(target, values)
    if resource.path == "webhooks/WebhookSubscriptions" and values.get("CallbackURL"):
        # Outside the lock: whoever is called back may call us.
        check_callback(g.caller.app, values["CallbackURL"])
    with g.country.lock:
        return _create(target, values, nested)


# what is asked --------------------------------------------------------------------------------


def _division(target: path.Target) -> Division | None:
    if target.division is None:
        return None
    division = g.country.divisions.get(target.division)
    if division is None:
        raise ApiError(403, "Forbidden - WrongDivision")
    return division


def _context(target: path.Target) -> rules.Context:
    division = _division(target)
    assert division is not None
    return rules.Context(division, g.caller.user, g.caller.app)


def _table(target: path.Target, resource: schema.Resource) -> Table:
    arguments = {name: value for name, value in request.args.items() if name[:1] != "$"}
    caller = g.caller
    return views.table_for(
        resource, g.country, _division(target), caller.user, caller.granted_divisions, arguments
    )


def _row(target: path.Target, table: Table) -> Row:
    row = table.get(target.key)
    if row is None:
        raise ApiError(404, "not_found", name=target.resource.name)
    return row


def _base(target: path.Target) -> str:
    base = f"{request.root_url}api/v1"
    return base if target.division is None else f"{base}/{target.division}"


def _pairs() -> list[tuple[str, str]]:
    return list(request.args.items(multi=True))


# GET ------------------------------------------------------------------------------------------


def _read(target: path.Target) -> Response:
    resource = target.resource
    if target.nav is not None:
        return _read_below(target)
    asked = query.read(resource, _pairs(), keyed=target.keyed)
    table = _table(target, resource)
    writer = _writer(target, resource, asked)
    if target.keyed:
        return _answer({"d": writer.write(_row(target, table))})
    if g.country.options["mandatory_filter"]:
        query.check_mandatory_filter(asked)
    return _collection(asked, table, writer)


def _read_below(target: path.Target) -> Response:
    nav = target.nav
    assert nav is not None
    row = _row(target, _table(target, target.resource))
    if nav.target is None:
        return _answer({"d": {"results": []}})
    below = schema.get(nav.target)
    asked = query.read(below, _pairs())
    table = Table(schema.key_of(below.path))
    for child in _children(target, nav, row):
        table.put(dict(child), child["Timestamp"])
    return _collection(asked, table, _writer(target, below, asked))


def _children(target: path.Target, nav: schema.Nav, row: Row) -> list[Row]:
    division = _division(target)
    if nav.target is None or nav.foreign_key is None or division is None:
        return []
    key = row.get(schema.key_of(target.resource.table))
    rows = division.table(nav.target).find(nav.foreign_key, key)
    return sorted(rows, key=lambda child: child.get("LineNumber") or 0)


def _writer(target: path.Target, resource: schema.Resource, asked: query.Query) -> serialise.Writer:
    base = _base(target)

    def expanded(nav: schema.Nav, row: Row) -> list[dict[str, Any]]:
        if nav.target is None:
            return []
        select = [s.split("/", 1)[1] for s in asked.select or () if s.startswith(f"{nav.name}/")]
        inner = serialise.Writer(schema.get(nav.target), base, select or None)
        return [inner.write(child) for child in _children(target, nav, row)]

    return serialise.Writer(resource, base, asked.select, asked.expand, expanded)


def _collection(asked: query.Query, table: Table, writer: serialise.Writer) -> Response:
    page = paging.run(asked, table)
    rows = [writer.write(row) for row in page.rows]
    bare = (
        asked.top is not None
        and asked.top <= asked.resource.page_size
        and page.token is None
        and asked.resource.path not in ALWAYS_RESULTS
        and g.country.options["top_envelope"] == "array"
    )
    if bare:
        return _answer({"d": rows})
    answer: dict[str, Any] = {"results": rows}
    if page.count is not None:
        answer["__count"] = str(page.count)
    if page.token is not None:
        kept = [*asked.kept, ("$skiptoken", page.token)]
        if page.top is not None:
            kept.append(("$top", str(page.top)))
        text = urlencode(kept, quote_via=quote, safe="$,'()*/:@")
        answer["__next"] = f"{request.base_url}?{text}"
    return _answer({"d": answer})


def _count(target: path.Target) -> Response:
    """``/$count``: a plain number; a filter is honoured."""
    resource = target.resource
    asked = query.read(resource, [*_pairs(), ("$top", "1")])
    table = _table(target, resource)
    return Response(str(paging.count(asked, table)), content_type="text/plain")


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, content_type=JSON)


# POST, PUT, DELETE ----------------------------------------------------------------------------


def _create(target: path.Target, values: Row, nested: dict[str, list[Row]]) -> Response:
    resource = target.resource
    if target.keyed:
        raise ApiError(405, "method")
    row = rules.rule_for(resource.path).create(_context(target), values, nested)
    writer = serialise.Writer(resource, _base(target))
    full = "return=representation" in request.headers.get("Prefer", "").replace(" ", "").lower()
    bare = resource.path in BARE_ANSWERS and not full
    entity = writer.only_key(row) if bare else writer.write(row)
    response = _answer({"d": entity}, 201)
    response.headers["Location"] = entity["__metadata"]["uri"]
    return response


def _update(target: path.Target, values: Row) -> Response:
    rule = rules.rule_for(target.resource.path)
    row = _written(target)
    rule.update(_context(target), row, values)
    return _no_content()


def _delete(target: path.Target) -> Response:
    rule = rules.rule_for(target.resource.path)
    row = _written(target)
    rule.delete(_context(target), row)
    return _no_content()


def _written(target: path.Target) -> Row:
    if not target.keyed or target.nav is not None:
        raise ApiError(405, "method")
    context = _context(target)
    return _row(target, context.table(target.resource.table))


def _no_content() -> Response:
    response = Response(status=204)
    response.headers.pop("Content-Type", None)
    return response
