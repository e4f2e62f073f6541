"""The pages and the token endpoint of Exact's OAuth (Exact API sheet 1.2 to 1.5)."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, g, jsonify, redirect, render_template, request

from .auth import TokenError, TokenSet
from .pages import reader
from .state import App, User

blueprint = Blueprint("oauth", __name__, url_prefix="/api/oauth2")
PARAMETERS = ("client_id", "redirect_uri", "response_type", "state", "force_login")


def cookie_name() -> str:
    """One cookie per country: a session in one is none in the other."""
    return f"exact_session_{g.country.code}"


def _back(uri: str, **values: str) -> Response:
    joint = "&" if urlsplit(uri).query else "?"
    return redirect(f"{uri}{joint}{urlencode(values)}")


def _error(title: str, text: str, status: int = 400) -> tuple[str, int]:
    return render_template("oauth_error.html", title=title, text=text), status


def _asked() -> dict[str, str]:
    return {name: request.values[name] for name in PARAMETERS if name in request.values}


@blueprint.route("/auth", methods=["GET", "POST"])
def authorise() -> Response | tuple[str, int] | str:
    """Log in, then consent, then back to the app with a code or with ``access_denied``."""
    asked = _asked()
    text = reader()
    client_id = asked.get("client_id", "").strip().strip("{}").lower()
    app: App | None = g.country.apps.get(client_id)
    if app is None:
        return _error(text("unknown_app"), text("unknown_app_help"))
    uri = asked.get("redirect_uri", "")
    if uri not in app.redirect_uris:
        return _error(text("bad_callback"), text("bad_callback_help"))
    state = {"state": asked["state"]} if "state" in asked else {}
    if asked.get("response_type") != "code":
        return _back(uri, error="unsupported_response_type", **state)
    if request.method == "POST" and request.form.get("action") == "deny":
        return _back(uri, error="access_denied", **state)
    if request.method == "POST" and request.form.get("action") == "login":
        return _login(asked)
    user = g.country.auth.session_user(request.cookies.get(cookie_name()))
    deciding = request.method == "POST" and request.form.get("action") == "approve"
    if user is None or (asked.get("force_login") == "1" and not deciding):
        return _login_page(asked)
    if deciding:
        divisions = {int(d) for d in request.form.getlist("division") if d.isdigit()}
        if divisions & user.divisions:
            code = g.country.auth.grant_code(app, user, uri, divisions)
            return _back(uri, code=code, **state)
        return _consent_page(asked, app, user, missing=True), 400
    return _consent_page(asked, app, user)


def _login(asked: dict[str, str]) -> Response | tuple[str, int]:
    user = g.country.user_by_login(request.form.get("login", ""))
    if user is None or user.password != request.form.get("password", ""):
        return _login_page(asked, wrong=True), 401
    # The login was forced and has now happened: what follows must not ask for it again.
    rest = {name: value for name, value in asked.items() if name != "force_login"}
    answer = redirect(f"{request.script_root}{request.path}?{urlencode(rest)}", 303)
    cookie = g.country.auth.open_session(user)
    path = f"{request.script_root}/"
    answer.set_cookie(cookie_name(), cookie, httponly=True, samesite="Lax", path=path)
    return answer


def _login_page(asked: dict[str, str], wrong: bool = False) -> str:
    typed = request.form.get("login", "") if wrong else ""
    return render_template("login.html", asked=asked, wrong=wrong, typed=typed)


def _consent_page(asked: dict[str, str], app: App, user: User, missing: bool = False) -> str:
    divisions = [d for d in g.country.divisions.values() if d.code in user.divisions]
    rest = {name: value for name, value in asked.items() if name != "force_login"}
    again = urlencode({**rest, "force_login": "1"})
    return render_template(
        "consent.html", asked=rest, app=app, user=user, divisions=divisions, again=again,
        missing=missing, host=urlsplit(asked["redirect_uri"]).netloc,
        t=reader(user.language),
    )  # fmt: skip


@blueprint.post("/token")
def token() -> Response | tuple[Response, int]:
    """Codes and refresh tokens against tokens; takes a form only."""
    try:
        pair = _pair()
    except TokenError as error:
        body = {"error": error.error, "error_description": error.text}
        answer = jsonify(body)
        answer.status_code = error.status
        answer.headers.update(error.headers)
        return answer
    # expires_in is text in Exact's answer (Exact API sheet 1.3).
    answer = jsonify(
        access_token=pair.access_token,
        token_type="bearer",  # nosec B106  # the kind of token, no secret
        expires_in="600",
        refresh_token=pair.refresh_token,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _pair() -> TokenSet:
    form = request.form
    if request.mimetype != "application/x-www-form-urlencoded":
        raise TokenError(400, "invalid_request", "The request must be a form.")
    # Clients of the real service send the pair in the form or as HTTP Basic; both work there.
    basic = request.authorization if request.authorization else None
    client_id = form.get("client_id") or (basic and basic.username) or ""
    secret = form.get("client_secret") or (basic and basic.password) or ""
    registry = g.country.auth
    app = registry.client(client_id, secret)
    grant_type = form.get("grant_type")
    if grant_type == "authorization_code":
        return registry.redeem(app, form.get("code", ""), form.get("redirect_uri", ""))
    if grant_type == "refresh_token":
        return registry.renew(app, form.get("refresh_token", ""))
    raise TokenError(400, "unsupported_grant_type", "The grant_type is not supported.")
