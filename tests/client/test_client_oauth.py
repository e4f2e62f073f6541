"""Token calls: what is sent, what each answer means, and that no secret gets out."""

import json
import logging
import os
import socket
import traceback
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import pytest
from wire import BAD_ANSWERS, RESET, Answer, refusal

from exact_connector.client import (
    AddressError,
    AuthError,
    ExactError,
    LimitError,
    OutcomeUnknown,
    TokenSet,
    TokenTooEarly,
    UnreachableError,
    authorization_url,
    fetch_token,
    refresh,
    transport,
)

ID, SECRET, CODE, OLD = "app-id", "s3cr&t +é", "c0de.%2F=", "0ld-refresh"
BACK = "https://odoo.example/exact_connector/oauth2/callback"
PAIR = {
    "access_token": "acc3ss",
    "token_type": "bearer",
    "expires_in": "600",
    "refresh_token": "n3w-refresh",
}
SECRETS = (SECRET, CODE, OLD, "acc3ss", "n3w-refresh")
TOO_EARLY = {
    "error": "access_denied",
    "error_description": "Rate limit exceeded: access_token not expired",
}


def grant(wire, **options):
    return fetch_token(wire.url, ID, SECRET, BACK, CODE, timeout=5, **options)


def renew(wire):
    return refresh(wire.url, ID, SECRET, OLD, timeout=5)


BOTH = pytest.mark.parametrize("call", [grant, renew])


def refused(status, error, text, headers=None):
    return Answer(status, {"error": error, "error_description": text}, headers or {})


def form(call):
    return {name: value for name, [value] in parse_qs(call.body.decode(), True).items()}


def test_r1_authorization_url():
    url = urlsplit(authorization_url("https://start.exactonline.be/", ID, BACK, "st&te"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == (
        "https://start.exactonline.be/api/oauth2/auth"
    )
    asked = {
        "client_id": [ID],
        "redirect_uri": [BACK],
        "response_type": ["code"],
        "state": ["st&te"],
    }
    assert parse_qs(url.query) == asked
    again = urlsplit(authorization_url("http://127.0.0.1:1/be", ID, BACK, "st&te", True))
    assert parse_qs(again.query) == {**asked, "force_login": ["1"]}
    assert again.path == "/be/api/oauth2/auth"


@pytest.mark.parametrize("url", ["http://start.exactonline.nl", "x", None])
def test_secrets_go_to_https_or_this_machine_only(url):
    for call in (
        lambda: authorization_url(url, ID, BACK, "s"),
        lambda: fetch_token(url, ID, SECRET, BACK, CODE),
        lambda: refresh(url, ID, SECRET, OLD),
    ):
        with pytest.raises(AddressError):
            call()


def test_r1_code_is_exchanged(wire):
    wire.will(Answer(200, PAIR))
    assert grant(wire) == TokenSet("acc3ss", "n3w-refresh", 600)
    (call,) = wire.seen
    assert call.method == "POST"
    assert call.path == "/api/oauth2/token"
    assert form(call) == {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": BACK,
        "client_id": ID,
        "client_secret": SECRET,
    }
    assert "Authorization" not in call.headers
    assert call.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert call.headers["User-Agent"].startswith("exact_connector/")


def test_refresh_token_is_exchanged(wire):
    wire.will(Answer(200, PAIR))
    assert renew(wire) == TokenSet("acc3ss", "n3w-refresh", 600)
    (call,) = wire.seen
    assert call.path == "/api/oauth2/token"
    assert "Authorization" not in call.headers
    assert form(call) == {
        "grant_type": "refresh_token",
        "refresh_token": OLD,
        "client_id": ID,
        "client_secret": SECRET,
    }


def test_path_prefix_of_the_site_is_kept(wire):
    wire.will(Answer(200, PAIR), Answer(200, PAIR))
    fetch_token(f"{wire.url}/be/", ID, SECRET, BACK, CODE)
    refresh(f"{wire.url}/be", ID, SECRET, OLD)
    assert [call.path for call in wire.seen] == ["/be/api/oauth2/token"] * 2


@BOTH
@pytest.mark.parametrize(
    ("given", "seconds"),
    [(600, 600), ("599", 599), (None, 600), ("", 600), (10**12, 600), (-5, 600)],
)
def test_life_of_the_token_is_text_or_number_or_missing(wire, call, given, seconds):
    answer = {**PAIR, "expires_in": given}
    if given in (None, ""):
        del answer["expires_in"]
    wire.will(Answer(200, answer))
    assert call(wire).expires_in == seconds


def test_refresh_that_returns_no_new_refresh_token_keeps_the_old_one(wire):
    wire.will(Answer(200, {k: v for k, v in PAIR.items() if k != "refresh_token"}))
    assert renew(wire) == TokenSet("acc3ss", OLD, 600)


# -- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        refused(401, "unauthorized_client", "Old refresh token used."),
        refused(400, "unauthorized_client", "Old refresh token used."),
        refused(400, "invalid_request", "The refresh token expired at 1/2/2026 and it is now ..."),
        refused(400, "invalid_grant", "x"),
        refused(401, "invalid_client", "x"),
        refused(400, "invalid_client", ""),
        refused(403, "access_denied", "x"),
        Answer(403, "<html>Forbidden</html>", {"Reason": "BlockedUser: ask your manager"}),
        refusal(403, "Forbidden - the user is blocked"),
    ],
)
@BOTH
def test_refusal_needs_a_person(wire, call, answer):
    wire.will(answer)
    with pytest.raises(AuthError) as caught:
        call(wire)
    assert caught.value.status == answer.status
    assert str(caught.value)
    assert caught.value.tokens is None
    assert len(wire.seen) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, "<html>Forbidden</html>", {"Content-Type": "text/html"}),
        Answer(401),
        Answer(400, "[]"),
        Answer(403, {"error": "blocked by policy"}),
        refused(400, "temporarily_unavailable", "x"),
    ],
)
@BOTH
def test_refusal_that_is_not_exacts_own_ends_no_access(wire, call, answer):
    """A proxy, a login page: it refused one call, and knows nothing of the consent."""
    wire.will(answer)
    with pytest.raises(UnreachableError) as caught:
        call(wire)
    assert caught.value.status == answer.status
    assert str(caught.value)


def test_rate_limit_in_other_words_is_no_end_of_the_access(wire):
    wire.will(refused(400, "access_denied", "Rate limit exceeded: too many requests"))
    with pytest.raises(LimitError):
        renew(wire)


@BOTH
def test_words_of_a_refusal_can_be_stored_and_shown(wire, call):
    """What a database does not take would undo the note that the access has ended, call after call."""
    told = "a\x00b\ud800" + "y" * 100_000
    wire.will(Answer(400, json.dumps({"error": "invalid_grant", "error_description": told})))
    with pytest.raises(AuthError) as caught:
        call(wire)
    assert str(caught.value).startswith("abyyy")
    assert len(str(caught.value)) < 10_000


def test_token_that_cannot_be_kept_is_not_handed_on(wire):
    body = {"error": "unauthorized_client", "refresh_token": "a\x00b"}
    wire.will(Answer(401, body))
    with pytest.raises(AuthError) as caught:
        renew(wire)
    assert caught.value.tokens is None


@BOTH
def test_redirect_of_a_token_call_is_never_followed(wire, call):
    for status in (301, 302, 303, 307, 308):
        wire.seen.clear()
        wire.will(Answer(status, b"", {"Location": f"{wire.url}/elsewhere"}), Answer(200, PAIR))
        with pytest.raises(UnreachableError if call is grant else OutcomeUnknown):
            call(wire)
        assert [seen.path for seen in wire.seen] == ["/api/oauth2/token"]
        wire.answers.clear()


@BOTH
def test_answer_without_end_is_not_read_to_the_end(wire, call, monkeypatch):
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1000)
    wire.will(Answer(200, {**PAIR, "x": "y" * 2000}))
    with pytest.raises(UnreachableError if call is grant else OutcomeUnknown):
        call(wire)


@BOTH
def test_refusal_keeps_what_exact_said(wire, call):
    said = "Old refresh token used."
    wire.will(
        refused(401, "unauthorized_client", said),
        refused(403, "access_denied", "x", {"Reason": "BlockedUser: ask your manager"}),
    )
    got = []
    for _ in range(2):
        with pytest.raises(AuthError) as caught:
            call(wire)
        got.append((caught.value.reason, str(caught.value), caught.value.texts))
    assert got == [("unauthorized_client", said, [said]), ("BlockedUser", "x", ["x"])]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(400, TOO_EARLY),
        Answer(400, TOO_EARLY, {"Reason": "TooEarlyToRefreshTokens: wait"}),
        Answer(400, {"error": "access_denied"}, {"Reason": "TooEarlyToRefreshTokens: wait"}),
    ],
)
def test_too_early_is_not_a_failure_of_the_connection(wire, answer):
    wire.will(answer)
    with pytest.raises(TokenTooEarly) as caught:
        renew(wire)
    assert caught.value.tokens is None
    assert not isinstance(caught.value, AuthError)


def test_refused_refresh_may_hand_out_a_token_that_has_to_be_kept(wire):
    wire.will(
        Answer(400, {**TOO_EARLY, "refresh_token": "n3w-refresh"}),
        Answer(401, {"error": "unauthorized_client", **PAIR}),
        Answer(401, {"error": "unauthorized_client", **PAIR}),
    )
    with pytest.raises(TokenTooEarly) as caught:
        renew(wire)
    assert caught.value.tokens == TokenSet("", "n3w-refresh")
    with pytest.raises(AuthError) as caught:
        renew(wire)
    assert caught.value.tokens == TokenSet("acc3ss", "n3w-refresh")
    assert "n3w" not in repr(caught.value) + str(vars(caught.value))
    with pytest.raises(AuthError) as caught:
        grant(wire)
    assert caught.value.tokens is None


@BOTH
def test_too_many_token_calls(wire, call):
    wire.will(Answer(429))
    with pytest.raises(LimitError) as caught:
        call(wire)
    wait = caught.value.retry_at - datetime.now(timezone.utc)
    assert timedelta(0) < wait <= timedelta(days=1)


@BOTH
@pytest.mark.parametrize("answer", [Answer(503), Answer(404), Answer(408), Answer(407, "<html>")])
def test_turned_away_keeps_the_pair(wire, call, answer):
    wire.will(answer)
    with pytest.raises(UnreachableError):
        call(wire)


@BOTH
def test_server_error_in_oauth_shape_is_a_refusal_for_now(wire, call):
    wire.will(refused(500, "server_error", "x"))
    with pytest.raises(UnreachableError):
        call(wire)


LOST = {
    **{k: v for k, v in BAD_ANSWERS.items() if k != "500 other JSON"},
    "empty": Answer(200),
    "no access token": Answer(200, {"refresh_token": "n3w-refresh"}),
    "token is no text": Answer(200, {**PAIR, "access_token": 7}),
    "token breaks the header": Answer(200, {**PAIR, "access_token": "a\r\nX: b"}),
    "expires_in is no number": Answer(200, {**PAIR, "expires_in": "soon"}),
    "error with 200": Answer(200, {"error": "invalid_grant"}),
}


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
def test_lost_answer_to_a_refresh_is_in_doubt(wire, answer):
    wire.will(answer)
    with pytest.raises(OutcomeUnknown):
        renew(wire)
    assert len(wire.seen) == 1


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
def test_lost_answer_to_a_code_means_starting_again(wire, answer):
    wire.will(answer)
    with pytest.raises(UnreachableError):
        grant(wire)
    assert len(wire.seen) == 1


def test_code_without_a_refresh_token_is_no_connection(wire):
    wire.will(Answer(200, {k: v for k, v in PAIR.items() if k != "refresh_token"}))
    with pytest.raises(UnreachableError):
        grant(wire)


@BOTH
def test_refused_connection_sent_no_token(call):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    closed = type("Closed", (), {"url": f"http://127.0.0.1:{port}"})
    with pytest.raises(UnreachableError):
        call(closed)


def test_refresh_that_takes_too_long_is_in_doubt(wire):
    wire.will(Answer(200, PAIR, wait=1.0))
    with pytest.raises(OutcomeUnknown):
        refresh(wire.url, ID, SECRET, OLD, timeout=0.3)


# -- keeping to ourselves ----------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, PAIR),
        RESET,
        Answer(200, {**PAIR, "access_token": ""}),
        Answer(200, "{"),
        refused(400, "invalid_grant", f"{SECRET} {{sent}} is wrong"),
        Answer(302, b"", {"Location": "https://evil.example/"}),
        Answer(500, f"<html>{OLD}</html>"),
    ],
)
def test_no_secret_in_errors_or_logs(wire, call, answer, caplog):
    if isinstance(answer, Answer) and isinstance(answer.body, dict):
        sent = CODE if call is grant else OLD
        body = {k: str(v).replace("{sent}", sent) for k, v in answer.body.items()}
        answer = Answer(answer.status, body)
    wire.will(answer)
    caught = None
    with caplog.at_level(logging.DEBUG):
        try:
            shown = repr(call(wire))
        except ExactError as error:
            caught = error
    if caught:
        lines = traceback.TracebackException.from_exception(caught).format()
        shown = "".join(lines) + repr(caught) + repr(vars(caught))
        assert caught.__context__ is None
        assert caught.__cause__ is None
    for secret in SECRETS:
        assert secret not in shown + caplog.text


def test_other_users_of_the_library_keep_their_debug_log(wire, caplog):
    wire.will(Answer(200, PAIR))
    renew(wire)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("requests_oauthlib.oauth2_session").debug("somebody else's")
    assert "somebody else's" in caplog.text


@BOTH
def test_plain_http_is_not_opened_up_for_others(wire, call, monkeypatch):
    monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT", raising=False)
    before = dict(os.environ)
    wire.will(Answer(200, PAIR))
    call(wire)
    assert dict(os.environ) == before


@BOTH
def test_netrc_and_proxies_do_not_mix_in(wire, call, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    wire.will(Answer(200, PAIR))
    call(wire)
    assert "Authorization" not in wire.seen[0].headers
