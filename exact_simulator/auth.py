"""Who may do what for whom: codes, tokens and consents of one country (Exact API sheet 1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

from .limits import Limits
from .state import App, Country, User

CODE_LIFE = timedelta(minutes=3)
ACCESS_LIFE = timedelta(seconds=600)
REFRESH_LIFE = timedelta(days=30)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class TokenError(Exception):
    """A refusal of the token endpoint: HTTP status, OAuth error, description, headers."""

    def __init__(self, status: int, error: str, text: str, headers: dict[str, str] | None = None):
        super().__init__(status, error, text)
        self.status = status
        self.error = error
        self.text = text
        self.headers = headers or {}


@dataclass
class Code:
    """An authorisation code: for one app, user and redirect address, once, for three minutes."""

    client_id: str
    user_id: str
    redirect_uri: str
    divisions: frozenset[int]
    expires: datetime
    used: bool = False


@dataclass
class Grant:
    """What a user granted to an app, with the tokens now in force."""

    client_id: str
    user_id: str
    divisions: frozenset[int]
    access_token: str = ""
    refresh_token: str = ""
    issued: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    revoked: bool = False


@dataclass
class TokenSet:
    """The pair handed out."""

    access_token: str
    refresh_token: str


def redirect_allowed(uri: str) -> bool:
    """Whether an app may register this redirect address: https, or http on this machine."""
    parts = urlsplit(uri)
    if parts.fragment or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _us_date(moment: datetime) -> str:
    return f"{moment.month}/{moment.day}/{moment.year} {moment:%I:%M:%S %p}"


class Registry:
    """Sessions, codes, grants and tokens of one country."""

    def __init__(self, country: Country):
        self.country = country
        self._key = secrets.token_bytes(32)
        self._sessions: dict[str, str] = {}
        self._codes: dict[str, Code] = {}
        self._grants: dict[tuple[str, str], Grant] = {}
        self._access: dict[str, tuple[Grant, datetime]] = {}
        self._refresh: dict[str, tuple[Grant, datetime]] = {}

    @property
    def _limits(self) -> Limits:
        return self.country.limits

    def _jwt(self, kind: str, app: str, user: str) -> str:
        """A token that looks like Exact's: three dotted parts and more than 600 characters."""
        head = _part({"alg": "HS256", "typ": "JWT"})
        body = _part({"use": kind, "aud": app, "sub": user, "jti": secrets.token_hex(180)})
        text = f"{head}.{body}"
        sign = hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        return f"{text}.{base64.urlsafe_b64encode(sign).decode().rstrip('=')}"

    # browser sessions -------------------------------------------------------------------------

    def open_session(self, user: User) -> str:
        """Remember a browser after its user logged in; returns the cookie value."""
        cookie = secrets.token_urlsafe(32)
        self._sessions[cookie] = user.id
        return cookie

    def session_user(self, cookie: str | None) -> User | None:
        """Who is logged in in this browser."""
        return self.country.users.get(self._sessions.get(cookie or "", ""))

    def close_session(self, cookie: str | None) -> None:
        """Log a browser out."""
        self._sessions.pop(cookie or "", None)

    # codes ------------------------------------------------------------------------------------

    def grant_code(self, app: App, user: User, uri: str, divisions: Iterable[int]) -> str:
        """A code for what the user agreed to; only divisions the user has a right to count."""
        now = self.country.clock.now_utc()
        code = self._jwt("code", app.client_id, user.id)
        chosen = frozenset(divisions) & user.divisions
        self._codes = {c: v for c, v in self._codes.items() if v.expires > now - timedelta(days=1)}
        self._codes[code] = Code(app.client_id, user.id, uri, chosen, now + CODE_LIFE)
        return code

    # token endpoint ---------------------------------------------------------------------------

    def client(self, client_id: str, secret: str) -> App:
        """The app with these credentials.

        :raises TokenError: ``invalid_client``.
        """
        app = self.country.apps.get(client_id.strip().strip("{}").lower())
        if app is None or not hmac.compare_digest(app.client_secret.encode(), secret.encode()):
            raise TokenError(401, "invalid_client", "Client id or client secret is not valid.")
        return app

    def redeem(self, app: App, text: str, redirect_uri: str) -> TokenSet:
        """Tokens for a code; earlier tokens of the same app and user die (Exact API sheet 1.5).

        :raises TokenError: for a code that is unknown, used, too old or for another address.
        """
        now = self.country.clock.now_utc()
        code = self._codes.get(text)
        if code is None or code.client_id != app.client_id:
            raise TokenError(400, "invalid_grant", "The authorization code is not valid.")
        self._count_call(app, code.user_id, now)
        if code.used:
            raise TokenError(400, "invalid_grant", "The authorization code was already used.")
        if code.expires <= now:
            raise TokenError(400, "invalid_grant", "The authorization code expired.")
        if code.redirect_uri != redirect_uri:
            raise TokenError(
                400, "invalid_grant", "The redirect_uri differs from the one asked for."
            )
        code.used = True
        self.revoke(app.client_id, code.user_id)
        grant = Grant(app.client_id, code.user_id, code.divisions)
        self._grants[app.client_id, code.user_id] = grant
        return self._issue(grant, now)

    def renew(self, app: App, text: str) -> TokenSet:
        """New tokens for a refresh token, which dies with it (Exact API sheet 1.3, 1.4).

        :raises TokenError: for a token that is unknown, replaced, expired or used too early.
        """
        now = self.country.clock.now_utc()
        grant, issued = self._refresh.get(text, (None, now))
        if grant is None or grant.client_id != app.client_id:
            raise TokenError(400, "invalid_grant", "The refresh token is not valid.")
        self._count_call(app, grant.user_id, now)
        if grant.revoked or grant.refresh_token != text:
            raise TokenError(401, "unauthorized_client", "Old refresh token used.")
        expires = issued + REFRESH_LIFE
        if expires <= now:
            raise TokenError(
                400,
                "invalid_request",
                f"The refresh token expired at {_us_date(expires)} and it is now {_us_date(now)}.",
            )
        user = self.country.users.get(grant.user_id)
        if user is None or user.blocked_reason in ("BlockedUser", "InactiveUser"):
            reason = user.blocked_reason if user else "InactiveUser"
            raise TokenError(403, "access_denied", "Forbidden", {"Reason": reason or ""})
        wait = self._limits.settings.refresh_after
        if wait is not None and now < grant.issued + timedelta(seconds=wait):
            raise TokenError(
                400,
                "access_denied",
                "Rate limit exceeded: access_token not expired",
                {
                    "Reason": "TooEarlyToRefreshTokens: the access token can be renewed "
                    f"{wait} seconds after it was issued"
                },
            )
        return self._issue(grant, now)

    def _count_call(self, app: App, user_id: str, now: datetime) -> None:
        if not self._limits.take_token_call(app.client_id, user_id, now):
            raise TokenError(
                429, "access_denied", "Rate limit exceeded: too many token requests today"
            )

    def _issue(self, grant: Grant, now: datetime) -> TokenSet:
        # The access token before this one lives out its 600 seconds, as a signed token would.
        self._access = {t: pair for t, pair in self._access.items() if pair[1] > now}
        grant.access_token = self._jwt("access", grant.client_id, grant.user_id)
        grant.refresh_token = self._jwt("refresh", grant.client_id, grant.user_id)
        grant.issued = now
        self._access[grant.access_token] = (grant, now + ACCESS_LIFE)
        self._refresh[grant.refresh_token] = (grant, now)
        return TokenSet(grant.access_token, grant.refresh_token)

    # use --------------------------------------------------------------------------------------

    def caller(self, access_token: str) -> tuple[Grant | None, bool]:
        """The grant behind an access token and whether the token is still in force.

        A token of another country, or a made-up one, gives (None, False).
        """
        grant, expires = self._access.get(access_token, (None, None))
        if grant is None or expires is None:
            return None, False
        return grant, not grant.revoked and self.country.clock.now_utc() < expires

    def grant(self, client_id: str, user_id: str) -> Grant | None:
        """The latest grant of this user to this app."""
        return self._grants.get((client_id, user_id))

    def revoke(self, client_id: str, user_id: str) -> None:
        """Make the tokens of this app and user worthless."""
        grant = self._grants.pop((client_id, user_id), None)
        if grant is not None:
            grant.revoked = True
