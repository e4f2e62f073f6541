"""OAuth2 grants of Exact Online, on requests-oauthlib (API sheet 1.2 to 1.5).

Access tokens live 600 s and may be renewed 570 s after the last one. A refresh token works once:
the caller holds a lock, keeps the new pair before using it, and keeps the old pair on every error.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import requests
from requests_oauthlib import OAuth2Session

from . import transport
from .address import check_base_url
from .answers import LONGEST_TEXT, error_texts, reason_of, token_limit
from .errors import AuthError, ExactError, OutcomeUnknown, TokenTooEarly, UnreachableError
from .values import decode, plain

AUTH_PATH, TOKEN_PATH = "/api/oauth2/auth", "/api/oauth2/token"
ACCESS_TOKEN_SECONDS = 600
# Longer than any life of a token: no number to count with.
LONGEST_LIFE = 24 * 60 * 60
# The words by which OAuth refuses for good (RFC 6749, 4.1.2.1 and 5.2); anybody else's answer is none.
REFUSALS = frozenset(
    (
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "access_denied",
    )
)
_TOO_EARLY = re.compile(r"access_token not expired", re.IGNORECASE)
_RATE_LIMIT = re.compile(r"rate limit exceeded", re.IGNORECASE)
_NO_ANSWER = "Exact Online gave no usable answer to the request for a token."
_TURNED_AWAY = (
    "The request for a token was turned away (HTTP {status}), not by a word of Exact Online itself."
)
_quiet: contextvars.ContextVar[bool] = contextvars.ContextVar("exact_oauth_quiet", default=False)


@dataclass(frozen=True, repr=False)
class TokenSet:
    """A pair of tokens; ``expires_in`` is the life of the access token in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int = ACCESS_TOKEN_SECONDS

    def __repr__(self) -> str:
        return f"TokenSet(access_token=***, refresh_token=***, expires_in={self.expires_in})"


def authorization_url(
    base_url: str, client_id: str, redirect_uri: str, state: str, force_login: bool = False
) -> str:
    """The address where a person gives consent; Exact comes back with ``code`` and ``state``.

    :param force_login: ask for the login even where the browser is logged in already
    :raises AddressError: ``base_url`` is not usable
    """
    query = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "state": state,
    }
    if force_login:
        query["force_login"] = "1"
    return f"{check_base_url(base_url)}{AUTH_PATH}?{urlencode(query)}"


def fetch_token(
    base_url: str,
    client_id: str,
    client_secret: str,
    redirect_uri: str,
    code: str,
    *,
    timeout: float = 30.0,
) -> TokenSet:
    """Exchange the single-use code of the consent page for a pair of tokens.

    :raises AuthError: code, id, secret or redirect address refused
    :raises LimitError: too many token calls
    :raises UnreachableError: no usable answer; the person has to start again
    """
    with _TokenSession(base_url, client_id, [client_secret, code], redirect_uri) as session:
        return session.tokens(
            OAuth2Session.fetch_token,
            code=code,
            client_secret=client_secret,
            include_client_id=True,
            timeout=timeout,
        )


def refresh(
    base_url: str,
    client_id: str,
    client_secret: str,
    refresh_token: str,
    *,
    timeout: float = 30.0,
) -> TokenSet:
    """Exchange a refresh token, which dies by it, for a new pair.

    :raises TokenTooEarly: within 570 s of the last one; the old pair still works
    :raises AuthError: the refresh token is old or expired, the app or the user is refused
    :raises LimitError: too many token calls
    :raises UnreachableError: it did not get there, or Exact turned it away; keep the old pair
    :raises OutcomeUnknown: sent, no usable answer: the old refresh token may be dead. Keep it all
        the same; the next call shows
    """
    secrets = [client_secret, refresh_token]
    with _TokenSession(base_url, client_id, secrets, rotates=True) as session:
        return session.tokens(
            OAuth2Session.refresh_token,
            refresh_token=refresh_token,
            client_id=client_id,
            client_secret=client_secret,
            timeout=timeout,
        )


class _TokenSession(OAuth2Session):
    """A session for one token call, which maps the answer before oauthlib reads it."""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        secrets: Iterable[str],
        redirect_uri: str | None = None,
        *,
        rotates: bool = False,
    ) -> None:
        super().__init__(client_id, redirect_uri=redirect_uri)
        self._endpoint = f"{check_base_url(base_url)}{TOKEN_PATH}"
        self._secrets = [secret for secret in secrets if secret]
        self._rotates = rotates
        transport.prepare(self, base_url)

    def tokens(self, grant, **arguments) -> TokenSet:
        # oauthlib refuses http even to this machine unless an environment variable allows it to
        # everybody. The address has passed our own check, so oauthlib is shown an https one and
        # request() below calls the real one.
        shown = "https" + self._endpoint[self._endpoint.index(":") :]
        error = None
        with _no_secrets_logged():
            try:
                token = grant(self, shown, **arguments)
                return TokenSet(
                    _text(token, "access_token"),
                    _text(token, "refresh_token"),
                    _life(token.get("expires_in")),
                )
            except ExactError as known:
                error = known
            except Exception as unknown:
                # oauthlib has many classes for an answer it does not understand, and their texts
                # may quote that answer.
                _log(unknown)
                error = self._lost(200)
        raise error

    def request(self, method, url, withhold_token=False, **arguments):
        """One plain call to the token endpoint, redirects not followed."""
        response, unsent = None, False
        arguments.update(allow_redirects=False, stream=True)
        try:
            response = requests.Session.request(self, method, self._endpoint, **arguments)
            transport.take_body(response)
        except transport.FAILURES as failure:
            response = None
            _log(failure)
            unsent = transport.surely_unsent(failure)
        if response is None:
            raise UnreachableError("Exact Online could not be reached.") if unsent else self._lost()
        if not 200 <= response.status_code < 300:
            raise self._refused(response)
        return response

    def _lost(self, status: int | None = None) -> ExactError:
        error = OutcomeUnknown if self._rotates else UnreachableError
        return error(_NO_ANSWER, status=status)

    def _refused(self, response: requests.Response) -> ExactError:
        """The error for an answer that gives no token.

        Only Exact itself ends an access: by a word of OAuth, its ``Reason`` header or an error in its
        own shape. A page of something on the way (a proxy, a login page) has refused one call.
        """
        status = response.status_code
        try:
            body = decode(response.content)
        except ValueError:
            body = None
        body = body if isinstance(body, dict) else {}
        code = body["error"] if isinstance(body.get("error"), str) else None
        said = body.get("error_description")
        texts = [said] if isinstance(said, str) else error_texts(response) or []
        text = self._mask(plain("\n".join(texts))[:LONGEST_TEXT])
        reason = reason_of(response)
        details = {"status": status, "reason": reason or code, "texts": [text] if text else []}
        if status == 429:
            return token_limit(text or "Too many token calls to Exact Online.", **details)
        if (reason or "").startswith("TooEarly") or (status == 400 and _TOO_EARLY.search(text)):
            return TokenTooEarly(text or "Too early.", tokens=self._handed_out(body), **details)
        if status < 500 and _RATE_LIMIT.search(text):
            return token_limit(text, **details)
        own = reason or error_texts(response) is not None
        if (status < 500 and code in REFUSALS) or (status in (400, 401, 403) and own):
            return AuthError(
                text or "Exact Online does not accept this connection any more.",
                tokens=self._handed_out(body),
                **details,
            )
        if status in (400, 401, 403):
            return UnreachableError(text or _TURNED_AWAY.format(status=status), **details)
        if 400 <= status < 500 or status == 503 or code:
            return UnreachableError(text or "Exact Online is not available now.", **details)
        return self._lost(status)

    def _mask(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _handed_out(self, body: dict) -> TokenSet | None:
        if not self._rotates or not transport.is_token(body.get("refresh_token")):
            return None
        access = body.get("access_token")
        return TokenSet(access if isinstance(access, str) else "", body["refresh_token"])


def _text(token: dict, name: str) -> str:
    if not transport.is_token(token.get(name)):
        raise ValueError(f"no {name}")
    return token[name]


def _life(given: object) -> int:
    """Seconds that an access token lives, given as number or text (API sheet 1.3)."""
    seconds = int(given or ACCESS_TOKEN_SECONDS)
    return seconds if 0 < seconds <= LONGEST_LIFE else ACCESS_TOKEN_SECONDS


def _log(error: Exception) -> None:
    logging.getLogger(__name__).info("Token call: %s", type(error).__name__)


def _silencer(record: logging.LogRecord) -> bool:
    return not _quiet.get()


@contextlib.contextmanager
def _no_secrets_logged() -> Iterator[None]:
    """Both libraries write requests and answers, secrets included, to their debug log."""
    for name in ("requests_oauthlib.oauth2_session", "oauthlib.oauth2.rfc6749.clients.base"):
        logging.getLogger(name).addFilter(_silencer)  # a second time changes nothing
    mark = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(mark)
