"""Connecting, disconnecting and staying connected (R1, R3, R7, R8)."""

from datetime import timedelta
from unittest.mock import patch
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from lxml import html

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from ..client import AuthError, LimitError
from ..controllers.oauth import SETTINGS, SETUP
from .cases import REFERENCE, UnlimitedCase
from .common import BOOKKEEPER, NL_APP, OFFICE, post

APP = {"exact_country": "practice", "exact_client_id": NL_APP[0]}


@tagged("post_install", "-at_install")
class TestConnectPages(UnlimitedCase, HttpCase):
    """The whole way: Odoo's settings, Exact's login and consent pages, and back."""

    def setUp(self):
        super().setUp()
        authorization = self.connection.authorization_id
        self.connection.unlink()
        authorization.sudo().unlink()
        self.sign_in("accountman")
        redirect_uri = self.env["exact.authorization"]._get_redirect_uri()
        post(f"{self.sim.url}/_sim/app", {"client_id": NL_APP[0], "redirect_uri": redirect_uri})

    def sign_in(self, login):
        self.authenticate(login, login)

    def rpc(self, model, method, *args, route="call_kw", **kwargs):
        params = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        return self.make_jsonrpc_request(f"/web/dataset/{route}/{model}/{method}", params)

    def press_connect(self, **values):
        """What the settings page does at Connect: save the form, call the button.

        :return: the address the browser is sent to.
        """
        typed = {**APP, "exact_client_secret": NL_APP[1], **values}
        [saved] = self.rpc("res.config.settings", "web_save", [], typed, specification={})
        action = self.rpc(
            "res.config.settings", "action_exact_connect", [saved["id"]], route="call_button"
        )
        self.assertEqual((action["type"], action["target"]), ("ir.actions.act_url", "self"), "R8")
        return action["url"]

    def consent(self, url, login=BOOKKEEPER, divisions=None, press="approve"):
        """Walk through Exact's pages as a person; the address that Exact sends the browser back to."""
        browser = requests.Session()
        page = browser.get(url, timeout=20)
        self.assertEqual(page.status_code, 200, page.text)
        page = self.submit(
            browser, page, "login-form", login=login, password="practice", action="login"
        )
        fields_ = {"action": press}
        if divisions is not None:
            fields_["division"] = [str(division) for division in divisions]
        answer = self.submit(browser, page, "consent-form", follow=False, **fields_)
        self.assertEqual(answer.status_code, 302, answer.text)
        return answer.headers["Location"]

    def submit(self, browser, page, form_id, follow=True, **values):
        form = html.fromstring(page.text).get_element_by_id(form_id)
        data = {name: [value] for name, value in form.form_values() if name != "division"}
        data["division"] = [box.get("value") for box in form.xpath(".//input[@name='division']")]
        data.update(values)
        return browser.post(
            urljoin(page.url, form.action), data=data, allow_redirects=follow, timeout=20
        )

    def back(self, location):
        """Follow the address back to Odoo, as the browser does."""
        answer = self.url_open(location, allow_redirects=False)
        self.env.invalidate_all()
        return answer

    def connected(self):
        return self.env["exact.connection"].search([("company_id", "=", self.company.id)])

    def tokens(self):
        return self.env["exact.token"].sudo().search([])

    def assert_nothing_stored(self, answer, text):
        """A page that says why and leads back; no token, no user, no division."""
        self.assertEqual(answer.status_code, 200, answer.text)
        page = html.fromstring(answer.text).get_element_by_id("exact_oauth_failed")
        self.assertIn(text, page.text_content())
        self.assertIn("exact_back_to_settings", answer.text)
        self.assertFalse(self.tokens())
        connection = self.connected()
        self.assertEqual(connection.state, "draft")
        self.assertFalse(connection.exact_user_name)
        self.assertFalse(connection.authorization_id.division_ids)

    # === THE WAY THERE AND BACK === #

    def test_r01_full_round_trip_stores_tokens_and_returns_to_the_settings(self):
        url = self.press_connect()
        self.assertTrue(url.startswith(f"{self.sim.url}/api/oauth2/auth?"))
        self.assertNotIn(NL_APP[1], url, "the secret never goes through the browser")
        self.assertEqual(self.connected().state, "draft")
        answer = self.back(self.consent(url))
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(urlsplit(answer.headers["Location"]).path, SETTINGS)
        connection = self.connected()
        self.assertEqual(connection.state, "division", "two divisions: a person chooses")
        self.assertEqual(connection.exact_user_name, "Bo de Boer")
        self.assertEqual(connection.authorization_id.division_ids.mapped("code"), [1001, 1002])
        token = self.tokens()
        self.assertTrue(token.access_token and token.refresh_token)
        self.assertFalse(self.env["exact.oauth.state"].sudo().search([]))

    def test_r08_connect_on_the_setup_page_comes_back_to_it_in_the_same_tab(self):
        typed = {
            "company_id": self.company.id,
            "setup_country": "practice",
            "setup_client_id": NL_APP[0],
            "setup_client_secret": NL_APP[1],
        }
        [saved] = self.rpc("exact.connection", "web_save", [], typed, specification={})
        action = self.rpc(
            "exact.connection", "action_setup_connect", [saved["id"]], route="call_button"
        )
        self.assertEqual((action["type"], action["target"]), ("ir.actions.act_url", "self"))
        answer = self.back(self.consent(action["url"], divisions=[1001]))
        self.assertEqual(urlsplit(answer.headers["Location"]).path, SETUP)
        connection = self.connected()
        self.assertEqual((connection.state, connection.division), ("connected", 1001))
        self.assertTrue(connection.probed_on, "rights are checked right after connecting")
        self.assertFalse(connection.probe_missing_count)
        # Another Exact user comes back: the page that asks about it opens.
        answer = self.back(self.consent(self.press_connect(), login=OFFICE))
        self.assertEqual(urlsplit(answer.headers["Location"]).path, SETUP)
        self.env.invalidate_all()
        self.assertEqual(connection.state, "confirm")

    def test_r01_only_division_granted_is_chosen_at_once(self):
        self.back(self.consent(self.press_connect(), divisions=[1001]))
        self.assertEqual(self.connected().division, 1001)
        self.assertEqual(self.connected().state, "connected")

    def test_r01_current_division_that_was_not_ticked_stores_nothing_and_says_what_to_do(self):
        location = self.consent(self.press_connect(), divisions=[1002])
        self.assert_nothing_stored(self.back(location), "tick this division")

    def test_r01_reconnect_works_where_only_a_division_known_before_is_ticked(self):
        self.back(self.consent(self.press_connect()))
        connection = self.connected()
        connection.division_id = connection.authorization_id.division_ids[1]
        self.assertEqual(connection.division, 1002)
        connection.action_disconnect()
        location = self.consent(self.press_connect(), divisions=[1002])
        self.assertEqual(self.back(location).status_code, 303)
        self.assertEqual((connection.state, connection.division), ("connected", 1002))

    def test_r02_r07_saving_the_division_reads_reference_data_and_proposes_settings(self):
        self.back(self.consent(self.press_connect()))
        connection = self.connected()
        self.assertIn("Journal for Invoices", connection.missing_settings)
        self.clear_calls()
        division = connection.authorization_id.division_ids.filtered(lambda d: d.code == 1001)
        self.rpc(
            "res.config.settings",
            "onchange",
            [],
            {**APP, "exact_division_id": division.id},
            ["exact_division_id"],
            {"exact_division_id": {}, "exact_sale_journal_id": {}},
        )
        self.assertFalse(self.calls(), "chosen in the form and not saved: no call")
        [saved] = self.rpc(
            "res.config.settings",
            "web_save",
            [],
            {**APP, "exact_division_id": division.id},
            specification={},
        )
        self.rpc("res.config.settings", "execute", [saved["id"]], route="call_button")
        self.env.invalidate_all()
        self.assertTrue(self.calls())
        for name in REFERENCE:
            self.assertTrue(self.env[f"exact.{name}"].search_count([]), name)
        self.assertEqual(connection.sale_journal_id.code, "70")
        self.assertNotIn("Journal for Invoices", connection.missing_settings)

    # === THE STATE OF THE CONSENT === #

    def test_r01_state_that_was_changed_is_refused_and_the_right_one_still_works(self):
        location = self.consent(self.press_connect())
        state = parse_qs(urlsplit(location).query)["state"][0]
        number, _dot, secret = state.partition(".")
        wrong = [f"{number}.x{secret}", f"{number}.", f"0.{secret}", secret, "", "²." + secret]
        for value in wrong:
            with self.subTest(state=value):
                answer = self.back(location.replace(state, value))
                self.assert_nothing_stored(answer, "does not belong to a connection")
        answer = self.url_open(location.partition("?")[0] + "?code=x", allow_redirects=False)
        self.assert_nothing_stored(answer, "does not belong to a connection")
        self.assertEqual(self.back(location).status_code, 303)
        self.assertEqual(self.connected().state, "division")

    def test_r01_state_works_once(self):
        location = self.consent(self.press_connect())
        self.assertEqual(self.back(location).status_code, 303)
        before = self.tokens().access_token
        answer = self.back(location)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("does not belong to a connection", answer.text)
        self.assertEqual(self.tokens().access_token, before, "what was connected stays")

    def test_r01_state_older_than_a_quarter_of_an_hour_is_refused(self):
        location = self.consent(self.press_connect())
        state = self.env["exact.oauth.state"].sudo().search([])
        life = state.expires_on - fields.Datetime.now()
        self.assertLessEqual(life, timedelta(minutes=15))
        self.assertGreater(life, timedelta(minutes=14))
        state.expires_on = fields.Datetime.now() - timedelta(seconds=1)
        self.env.flush_all()
        self.assert_nothing_stored(self.back(location), "does not belong to a connection")
        self.assertFalse(state.exists(), "spent")

    def test_r01_state_of_another_user_is_refused(self):
        other = self.make_user("other_admin", "base.group_system", "account.group_account_manager")
        self.assertTrue(other)
        location = self.consent(self.press_connect())
        self.sign_in("other_admin")
        self.assert_nothing_stored(self.back(location), "does not belong to a connection")
        self.sign_in("accountman")
        self.assertEqual(self.back(location).status_code, 303)

    # === NO CONSENT === #

    def test_r01_user_who_cancels_gets_a_message_and_nothing_is_stored(self):
        location = self.consent(self.press_connect(), press="deny")
        self.assertIn("error=access_denied", location)
        self.assert_nothing_stored(self.back(location), "cancelled the consent")
        again = self.back(self.consent(self.press_connect()))
        self.assertEqual(again.status_code, 303, "and may try again")

    def test_r01_code_that_exact_refuses_stores_nothing(self):
        location = self.consent(self.press_connect())
        post(f"{self.sim.url}/_sim/clock", {"advance": 181})
        self.assert_nothing_stored(self.back(location), "The authorization code expired")

    def test_r01_wrong_client_secret_stores_nothing(self):
        location = self.consent(self.press_connect(exact_client_secret="wrong"))
        self.assert_nothing_stored(self.back(location), "secret")

    def test_r01_exact_failing_right_after_the_tokens_stores_nothing(self):
        location = self.consent(self.press_connect())
        post(
            f"{self.sim.url}/_sim/faults",
            {"method": "GET", "path": "current/Me", "kind": "status", "status": 503, "times": 5},
        )
        self.assert_nothing_stored(self.back(location), "Exact")

    # === SECRETS === #

    def test_secret_is_never_sent_to_the_browser_again(self):
        self.press_connect()
        spec = {name: {} for name in ("exact_client_id", "exact_client_secret")}
        fresh = self.rpc("res.config.settings", "onchange", [], {}, [], spec)
        self.assertEqual(fresh["value"]["exact_client_id"], NL_APP[0])
        self.assertEqual(fresh["value"]["exact_client_secret"], "••••••••")
        ids = self.env["res.config.settings"].search([]).ids
        rows = self.rpc("res.config.settings", "web_read", ids, spec)
        self.assertNotIn(NL_APP[1], str(rows), "nor kept in the row of the form")
        # Saved with the dots: the secret stays what it was.
        [saved] = self.rpc("res.config.settings", "web_save", [], fresh["value"], specification={})
        self.rpc("res.config.settings", "execute", [saved["id"]], route="call_button")
        self.env.invalidate_all()
        self.assertEqual(self.connected().authorization_id.sudo().client_secret, NL_APP[1])

    # === DISCONNECT AND RECONNECT === #

    def test_r01_reconnect_keeps_division_mappings_and_settings(self):
        self.back(self.consent(self.press_connect()))
        connection = self.connection = self.connected()
        connection.division_id = connection.authorization_id.division_ids[0]
        connection._refresh_reference_data()
        connection.default_item_id = self.exact("item", "ALG")
        tax = self.tax(21, "2")
        authorization = connection.authorization_id
        connection.action_disconnect()
        self.assertFalse(self.tokens())
        self.assertEqual(connection.state, "draft")
        self.back(self.consent(self.press_connect(exact_client_secret="••••••••")))
        self.assertEqual(self.connected(), connection)
        self.assertEqual(connection.authorization_id, authorization)
        self.assertEqual((connection.state, connection.division), ("connected", 1001))
        self.assertEqual(connection.default_item_id.code, "ALG")
        self.assertEqual(connection.sale_journal_id.code, "70")
        self.assertEqual(tax.exact_vat_code_id.code, "2")


@tagged("post_install", "-at_install")
class TestConnection(UnlimitedCase):
    """What a connection does once it is there."""

    def token(self, connection=None):
        self.env.invalidate_all()
        return (connection or self.connection).authorization_id.sudo().token_ids

    def me(self):
        return self.connection._get_client().me()["UserName"]

    def test_r01_disconnect_forgets_tokens_and_keeps_the_rest(self):
        tax = self.tax(21, "2")
        self.connection.action_disconnect()
        self.assertFalse(self.token())
        self.assertEqual(self.connection.state, "draft")
        self.assertEqual(self.connection.division, 1001)
        self.assertEqual(tax.exact_vat_code_id.code, "2")
        self.clear_calls()
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.assertFalse(self.calls())
        self.assertEqual(move.exact_state, "waiting")

    def test_r01_same_user_and_app_in_two_companies_share_one_authorization(self):
        first = self.connection.authorization_id
        _company, other = self.other_company()
        self.assertEqual(other.authorization_id, first)
        self.assertEqual(self.env["exact.token"].sudo().search([]).authorization_id, first)
        self.assertFalse(self.env["exact.authorization"].search([]) - first)
        # The second consent killed the first tokens: both go on with the new ones.
        for connection, name in ((self.connection, "Noord"), (other, "Zuid")):
            connection._refresh_reference_data()
            self.assertIn(name, connection.division_id.name)

    def test_r03_two_companies_with_two_users_share_no_tokens_and_no_mappings(self):
        _company, other = self.other_company(login=OFFICE)
        self.assertNotEqual(other.authorization_id, self.connection.authorization_id)
        self.assertNotEqual(self.token().access_token, self.token(other).access_token)
        self.assertFalse(self.connection.default_item_id & other.default_item_id)
        self.accountant("item", division=1002, code="UREN", Description="Anders")
        other._refresh_reference_data()
        self.assertEqual(self.exact("item", "UREN", other).name, "Anders")
        self.assertEqual(self.exact("item", "UREN").name, "Advies per uur")
        other.action_disconnect()
        self.assertEqual(self.me(), BOOKKEEPER, "the other one stays connected")

    def test_reconnecting_as_a_user_without_the_division_never_changes_it_silently(self):
        self.connection.division_id = self.connection.authorization_id.division_ids.filtered(
            lambda division: division.code == 1002
        )
        kept = self.connection.authorization_id._connect(self.grant(OFFICE))
        self.connection._after_connect(kept)
        self.assertEqual(kept.division_ids.mapped("code"), [1001])
        self.assertEqual((self.connection.state, self.connection.division), ("confirm", 1002))
        self.connection.action_keep_user()
        self.assertFalse(self.connection.division_id)
        self.assertEqual(self.connection.state, "division")

    def test_another_division_starts_its_row_versions_from_the_beginning(self):
        self.connection.sudo().write({"customer_cursor": "99", "payment_cursor": "98"})
        self.connection.division_id = self.connection.authorization_id.division_ids.filtered(
            lambda division: division.code == 1002
        )
        self.assertEqual(
            (self.connection.customer_cursor, self.connection.payment_cursor), ("1", "1")
        )
        self.assertFalse(self.connection.refreshed_on)

    def test_practice_country_only_where_the_system_parameter_is_set(self):
        authorization = self.connection.authorization_id
        offered = self.env["exact.authorization"].fields_get(["country"])["country"]["selection"]
        self.assertIn("practice", dict(offered))
        self.env["ir.config_parameter"].set_param("exact_connector.practice_url", False)
        for model, name in (
            ("exact.authorization", "country"),
            ("res.config.settings", "exact_country"),
        ):
            offered = dict(self.env[model].fields_get([name])[name]["selection"])
            self.assertNotIn("practice", offered)
            self.assertIn("nl", offered)
        with self.assertRaisesRegex(UserError, "practice server is switched off"):
            authorization._get_base_url()

    # === TOKENS === #

    def test_token_is_used_until_just_before_it_expires_and_then_renewed_once(self):
        first = self.token().access_token
        with self.later(575):
            self.assertEqual(self.me(), BOOKKEEPER)
            self.assertEqual(self.token().access_token, first, "not needed yet")
        with self.later(10), self.shifted(585):
            self.assertEqual(self.me(), BOOKKEEPER)
            second = self.token().access_token
            self.assertNotEqual(second, first)
            self.assertEqual(self.me(), BOOKKEEPER)
            self.assertEqual(self.token().access_token, second, "renewed once")

    def shifted(self, seconds):
        """Odoo's clock alone ``seconds`` further on."""
        moment = fields.Datetime.now() + timedelta(seconds=seconds)
        return patch.object(fields.Datetime, "now", side_effect=lambda *_args: moment)

    def test_token_is_not_asked_for_within_570_seconds(self):
        token = self.token()
        fetched, refresh = token.fetched_on, token.refresh_token
        country = self.sim.countries["nl"]
        for grant, _expires in country.auth._access.values():
            grant.revoked = True  # Exact answers 401 from now on
        with self.later(300), self.assertRaises(LimitError) as caught:
            self.me()
        self.assertEqual(
            caught.exception.retry_at.replace(tzinfo=None), fetched + timedelta(seconds=570)
        )
        token = self.token()
        self.assertEqual(token.refresh_token, refresh)
        self.assertFalse(token.dead_reason, "no refresh was tried")

    def assert_refused(self):
        """A person must reconnect; unlike ``assertRaises`` this keeps what was stored on the way."""
        try:
            self.me()
        except AuthError:
            return
        self.fail("a dead refresh token was accepted")

    def break_refresh_token(self):
        """Somebody else's refresh has made ours old."""
        with self.later(590):
            old = self.token().refresh_token
            self.me()
            self.token().refresh_token = old
            self.env.flush_all()

    def test_old_refresh_token_asks_for_a_person_and_says_so(self):
        self.break_refresh_token()
        with self.later(600), self.shifted(1200):
            self.assert_refused()
            self.assertEqual(self.token().dead_reason, "Old refresh token used.")
            self.assertEqual(self.connection.authorization_id.state, "expired")
            self.assertEqual(self.connection.state, "expired")
            self.assertEqual(self.connection.last_error, "Old refresh token used.")
            with self.assertRaisesRegex(UserError, "(?s)Old refresh token used.*Connect again"):
                self.connection.action_refresh_reference_data()

    def test_documents_wait_for_the_reconnect_and_then_go_on_by_themselves(self):
        move = self.invoice()
        self.break_refresh_token()
        with self.later(600), self.shifted(1200):
            move.action_exact_create_sales_entry()
            exchange = move.exact_exchange_ids
            self.assertEqual(
                (move.exact_state, exchange.cause_id.code), ("waiting", "token_replaced")
            )
            self.assertFalse(exchange.retry_at, "time alone does not mend it")
            self.assertIn(exchange.cause_id.name, move.exact_message)
            # A second one does not even try.
            self.clear_calls()
            second = self.invoice()
            second.action_exact_create_sales_entry()
            self.assertEqual(second.exact_state, "waiting")
            self.assertFalse(self.sim.journal.records())
            kept = self.connection.authorization_id._connect(self.grant())
            self.connection._after_connect(kept)
            self.assertEqual(self.connection.state, "connected")
            self.assertEqual((move | second).mapped("exact_state"), ["pending", "pending"])
            self.env["exact.exchange"]._cron_process()
            self.assertEqual((move | second).mapped("exact_state"), ["done", "done"])
        self.assertEqual(len(self.ledger()["entries"]), 2)
