"""Log in, consent, tokens: Exact API sheet 1."""

from __future__ import annotations

import html

import pytest
import requests

from exact_simulator.tests.service import (
    BOOKKEEPER,
    CALLBACK,
    OFFICE,
    Practice,
    decide,
    log_in,
    query_of,
)

ACCOUNTS_SEEDED = 12


@pytest.fixture
def be(simulator, nl):
    return Practice(simulator, "be")


# pages --------------------------------------------------------------------------------------------


def test_login_then_consent_then_code_with_the_state_unchanged(nl):
    browser = requests.Session()
    consent = log_in(browser, nl, nl.authorisation())
    assert 'id="approve"' in consent.text
    assert "Praktijk Noord BV" in consent.text
    back = decide(browser, nl, consent.text, "approve", 1001)
    assert back.headers["Location"].startswith(f"{CALLBACK}?")
    assert query_of(back)["state"] == "s 1&2"
    tokens = nl.redeem(query_of(back)["code"]).json()
    assert nl.call(tokens["access_token"], "/current/Me").status_code == 200


def test_wrong_password_stays_on_the_login_page(nl):
    form = {"client_id": nl.app.client_id, "redirect_uri": CALLBACK, "response_type": "code"}
    form |= {"login": BOOKKEEPER, "password": "wrong", "action": "login"}
    answer = requests.post(f"{nl.url}/api/oauth2/auth", data=form, timeout=10)
    assert answer.status_code == 401
    assert 'id="login-error"' in answer.text
    assert BOOKKEEPER in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("logged_in", [False, True])
def test_cancel_goes_back_with_access_denied_and_state(nl, logged_in):
    browser = requests.Session()
    page = browser.get(nl.authorisation(), timeout=10)
    if logged_in:
        page = log_in(browser, nl, nl.authorisation())
    back = decide(browser, nl, page.text, "deny")
    assert query_of(back) == {"error": "access_denied", "state": "s 1&2"}


def test_redirect_uri_must_be_the_registered_one_to_the_letter(nl):
    for uri in (CALLBACK + "/", CALLBACK.upper(), "https://evil.example/", None):
        answer = requests.get(nl.authorisation(redirect_uri=uri), timeout=10, allow_redirects=False)
        assert answer.status_code == 400
        assert "Location" not in answer.headers
        assert "callback URI is not valid" in answer.text


def test_unknown_client_id_gets_a_page_and_no_redirect(nl):
    answer = requests.get(nl.authorisation(client_id="x"), timeout=10, allow_redirects=False)
    assert answer.status_code == 400
    assert "client id is not known" in answer.text


def test_response_type_must_be_code(nl):
    answer = requests.get(
        nl.authorisation(response_type="token"), timeout=10, allow_redirects=False
    )
    assert query_of(answer)["error"] == "unsupported_response_type"


def test_a_second_visit_skips_the_login_unless_it_is_forced(nl):
    browser = requests.Session()
    log_in(browser, nl, nl.authorisation())
    assert 'id="approve"' in browser.get(nl.authorisation(), timeout=10).text
    assert 'id="approve"' in browser.get(nl.authorisation(force_login="0"), timeout=10).text
    forced = nl.authorisation(force_login="1")
    assert 'id="login"' in browser.get(forced, timeout=10).text
    consent = log_in(browser, nl, forced, OFFICE)
    assert "Olly Office" in consent.text


def test_consent_needs_a_division_and_grants_only_those_of_the_user(nl):
    browser = requests.Session()
    consent = log_in(browser, nl, nl.authorisation(), OFFICE)
    assert "1002" not in consent.text
    nothing = decide(browser, nl, consent.text, "approve")
    assert nothing.status_code == 400
    assert 'id="consent-error"' in nothing.text
    back = decide(browser, nl, consent.text, "approve", 1001, 1002)
    token = nl.redeem(query_of(back)["code"]).json()["access_token"]
    codes = [
        d["Code"] for d in nl.call(token, "system/Divisions?$select=Code").json()["d"]["results"]
    ]
    assert codes == [1001]


def test_the_pages_speak_the_language_of_the_browser_and_then_of_the_user(nl):
    page = requests.get(nl.authorisation(), headers={"Accept-Language": "nl-NL"}, timeout=10)
    assert "Gebruikersnaam" in page.text
    assert "User name" in requests.get(nl.authorisation(), timeout=10).text
    consent = log_in(requests.Session(), nl, nl.authorisation())
    assert "Ja, toegang verlenen" in consent.text


def test_values_of_the_request_are_escaped_in_the_pages(nl):
    page = requests.get(nl.authorisation(state='"><script>x</script>'), timeout=10).text
    assert "<script>" not in page
    assert html.escape('"><script>x</script>', quote=True).replace("&quot;", "&#34;") in page


def test_an_unregistered_address_can_be_added_by_control(nl):
    uri = "http://localhost:9999/back"
    nl.control("app", {"client_id": nl.app.client_id, "redirect_uri": uri})
    assert 'id="login"' in requests.get(nl.authorisation(redirect_uri=uri), timeout=10).text
    refused = requests.post(
        f"{nl.url}/_sim/app",
        json={"client_id": nl.app.client_id, "redirect_uri": "http://example.com/x"},
        timeout=10,
    )
    assert refused.status_code == 400


# codes --------------------------------------------------------------------------------------------


def test_a_code_is_long_looks_like_a_jwt_and_works_once(nl):
    code = nl.code()
    assert len(code) > 600
    assert code.count(".") == 2
    assert nl.redeem(code).status_code == 200
    again = nl.redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_a_code_lives_three_minutes(nl):
    nl.sim.clock.freeze()
    young, old = nl.code(), nl.code()
    nl.sim.clock.advance(179)
    assert nl.redeem(young).status_code == 200
    nl.sim.clock.advance(1)
    assert nl.redeem(old).status_code == 400


def test_a_code_is_bound_to_its_redirect_uri(nl):
    other = CALLBACK.replace("127.0.0.1", "localhost")
    answer = nl.token(grant_type="authorization_code", code=nl.code(), redirect_uri=other)
    assert answer.status_code == 400


# tokens -------------------------------------------------------------------------------------------


def test_the_token_answer_has_exacts_form_with_expires_in_as_text(nl):
    tokens = nl.connect()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == "600"


def test_the_token_endpoint_takes_a_posted_form_only(nl):
    url = f"{nl.url}/api/oauth2/token"
    values = {"grant_type": "refresh_token", "client_id": nl.app.client_id}
    assert requests.get(url, params=values, timeout=10).status_code == 405
    answer = requests.post(url, json=values, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert nl.token(grant_type="password").json()["error"] == "unsupported_grant_type"


def test_client_credentials_may_come_as_basic_too(nl):
    answer = requests.post(
        f"{nl.url}/api/oauth2/token",
        data={"grant_type": "authorization_code", "code": nl.code(), "redirect_uri": CALLBACK},
        auth=(nl.app.client_id, nl.app.client_secret),
        timeout=10,
    )
    assert answer.status_code == 200


def test_wrong_secret_is_invalid_client(nl):
    answer = nl.token(grant_type="authorization_code", code=nl.code(), client_secret="no")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_access_token_lives_600_seconds(nl):
    nl.sim.clock.freeze()
    token = nl.connect()["access_token"]
    nl.sim.clock.advance(599)
    assert nl.call(token, "/current/Me").status_code == 200
    nl.sim.clock.advance(1)
    expired = nl.call(token, "/current/Me")
    assert expired.status_code == 401
    assert expired.headers["WWW-Authenticate"] == "Bearer"


def test_no_token_or_a_made_up_one_is_401(nl):
    assert nl.call("", "/current/Me").status_code == 401
    assert nl.call("x.y.z", "crm/Accounts").status_code == 401


def test_refresh_before_570_seconds_is_refused_with_its_reason(nl):
    nl.sim.clock.freeze()
    tokens = nl.connect()
    nl.sim.clock.advance(569)
    early = nl.refresh(tokens["refresh_token"])
    assert early.status_code == 400
    assert early.json() == {
        "error": "access_denied",
        "error_description": "Rate limit exceeded: access_token not expired",
    }
    assert early.headers["Reason"].startswith("TooEarlyToRefreshTokens")
    nl.sim.clock.advance(1)
    assert nl.refresh(tokens["refresh_token"]).status_code == 200


def test_a_refresh_token_rotates_and_the_old_one_is_refused(nl):
    first = nl.connect()
    nl.sim.clock.advance(600)
    second = nl.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    old = nl.refresh(first["refresh_token"])
    assert old.status_code == 401
    assert old.json() == {
        "error": "unauthorized_client",
        "error_description": "Old refresh token used.",
    }
    assert nl.call(second["access_token"], "/current/Me").status_code == 200
    nl.sim.clock.advance(600)
    assert nl.refresh(second["refresh_token"]).status_code == 200


def test_a_refresh_token_dies_after_thirty_days(nl):
    nl.sim.clock.freeze()
    tokens = nl.connect()
    nl.sim.clock.advance(30 * 86400)
    dead = nl.refresh(tokens["refresh_token"])
    assert (dead.status_code, dead.json()["error"]) == (400, "invalid_request")
    assert dead.json()["error_description"].startswith("The refresh token expired at ")


def test_a_second_consent_of_the_same_user_kills_the_first_tokens(nl):
    first, other = nl.connect(), nl.connect(OFFICE)
    second = nl.connect()
    assert nl.call(first["access_token"], "/current/Me").status_code == 401
    assert nl.refresh(first["refresh_token"]).status_code == 401
    assert nl.call(second["access_token"], "/current/Me").status_code == 200
    assert nl.call(other["access_token"], "/current/Me").status_code == 200


def test_200_token_calls_a_day_for_an_app_and_user(nl):
    nl.sim.clock.freeze()
    nl.control("limits", {"refresh_after": 0})
    tokens = nl.connect()
    for _count in range(199):
        answer = nl.refresh(tokens["refresh_token"])
        assert answer.status_code == 200
        tokens = answer.json()
    assert nl.refresh(tokens["refresh_token"]).status_code == 429
    assert nl.connect(OFFICE)["access_token"]
    nl.sim.clock.advance(86400)
    assert nl.refresh(tokens["refresh_token"]).status_code == 200


def test_a_blocked_user_cannot_refresh(nl):
    tokens = nl.connect()
    nl.sim.clock.advance(600)
    nl.control("accountant/reason", {"login": BOOKKEEPER, "reason": "BlockedUser"})
    answer = nl.refresh(tokens["refresh_token"])
    assert answer.status_code == 403
    assert answer.headers["Reason"] == "BlockedUser"


# countries, divisions, scopes ---------------------------------------------------------------------


def test_the_two_countries_share_no_app_session_code_or_token(nl, be):
    nl_tokens, be_tokens = nl.connect(), be.connect()
    assert be.call(nl_tokens["access_token"], "/current/Me").status_code == 401
    assert nl.call(be_tokens["access_token"], "/current/Me").status_code == 401
    assert be.redeem(nl.code()).status_code == 400
    browser = requests.Session()
    log_in(browser, nl, nl.authorisation())
    assert 'id="login"' in browser.get(be.authorisation(), timeout=10).text
    wrong = requests.get(be.authorisation(client_id=nl.app.client_id), timeout=10)
    assert wrong.status_code == 400


def test_a_division_not_ticked_is_wrong_division(nl):
    token = nl.connect(divisions=[1002])["access_token"]
    refused = nl.call(token, "/1001/crm/Accounts?$select=ID")
    assert refused.status_code == 403
    assert refused.json()["error"]["message"]["value"] == "Forbidden - WrongDivision"
    assert nl.call(token, "/1002/crm/Accounts?$select=ID").status_code == 200
    assert nl.call(token, "/9999/crm/Accounts?$select=ID").status_code == 403


def test_a_missing_scope_is_named_in_the_403(nl):
    token = nl.connect()["access_token"]
    scope = {"client_id": nl.app.client_id, "scope": "organization administration"}
    nl.control("accountant/scope", {**scope, "granted": False})
    refused = nl.call(token, "system/Divisions")
    assert refused.status_code == 403
    assert refused.json()["error"]["message"]["value"] == (
        "Forbidden - Application Scope Violated. Cannot read 'organization.administration' scope."
    )
    assert nl.call(token, "crm/Accounts?$select=ID").status_code == 200
    assert nl.call(token, "/current/Me").status_code == 200
    nl.control("accountant/scope", {**scope, "granted": True})
    assert nl.call(token, "system/Divisions").status_code == 200


def test_a_scope_for_reading_does_not_write(nl):
    token = nl.connect()["access_token"]
    scope = {"client_id": nl.app.client_id, "scope": "crm accounts", "granted": "read"}
    nl.control("accountant/scope", scope)
    assert nl.call(token, "crm/Accounts?$select=ID").status_code == 200
    refused = nl.call(token, "crm/Accounts", "POST", {"Name": "X"})
    assert refused.status_code == 403
    assert "Cannot manage 'crm.accounts' scope" in refused.text
