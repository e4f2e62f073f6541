"""Messages of Exact: a hint to look now, believed only with its signature, counted once (Exact API 6)."""

import hashlib
import hmac
import json
import time
import uuid
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import HttpCase, tagged

from exact_simulator import webhooks

from ..hooks import uninstall_hook
from ..models.exact_connection_app import SECRET_DOTS
from ..models.exact_webhook import LONGEST, WEBHOOK_PATH
from .common import NL_APP, post
from .sending import SendCase

SECRET = "practice-webhook-nl"
SUBSCRIPTIONS = "webhooks/WebhookSubscriptions"
PAID = ["SalesEntries", "SalesInvoices", "BankEntries", "CashEntries", "FinancialTransactions"]


class HookCase(SendCase):
    def setUp(self):
        super().setUp()
        self.connection.authorization_id.webhook_secret = SECRET
        # Exact tries the address when it is asked to tell something there.
        self.answer = SimpleNamespace(status_code=200, reason="OK")
        trying = patch.object(webhooks, "_post", lambda url, body: self.answer)
        trying.start()
        self.addCleanup(trying.stop)

    def switch_on(self, **values):
        self.connection.write({"look_at_once": True, **values})
        self.clear_calls()

    def subscribed(self, division=1001):
        return sorted(row["Topic"] for row in self.sim_rows(SUBSCRIPTIONS, division))

    def runs(self, kind="payment_sync"):
        return self.env["exact.exchange"].search(
            [("connection_id", "=", self.connection.id), ("kind", "=", kind)]
        )

    def events(self):
        return self.env["exact.webhook.event"].search([])


@tagged("post_install", "-at_install")
class TestWebhookMessage(HookCase, HttpCase):
    """What comes in at the address."""

    def setUp(self):
        super().setUp()
        self.switch_on(import_customers=True)

    def content(self, topic="BankEntries", **values):
        return {
            "Topic": topic,
            "ClientId": NL_APP[0],
            "Division": 1001,
            "Action": "Create",
            "Key": str(uuid.uuid4()),
            "ExactOnlineEndpoint": "https://elsewhere.example/api/v1/1001/x",
            "EventCreatedOn": fields.Datetime.now().isoformat(timespec="milliseconds"),
            **values,
        }

    def tell(self, body=None, status=200, secret=SECRET, **values):
        """Send a message as Exact does, and look at the answer: never a word in it."""
        if body is None:
            body = webhooks.envelope(self.content(**values), secret)
        answer = self.url_open(
            WEBHOOK_PATH, data=body, headers={"Content-Type": "application/json"}, method="POST"
        )
        self.env.invalidate_all()
        self.assertEqual(answer.status_code, status)
        self.assertEqual(answer.content, b"")
        self.assertNotIn("session_id", answer.cookies, "a machine gets no session")
        return body

    def test_message_leads_to_one_run_in_a_moment(self):
        before = fields.Datetime.now()
        self.tell()
        [run] = self.runs()
        self.assertEqual(run.state, "waiting")
        self.assertFalse(run.cause_id)
        self.assertTrue(before < run.retry_at <= before + timedelta(minutes=1))
        self.assertFalse(self.runs("customer_import"))
        self.assertFalse(self.calls(), "nothing is asked of Exact while it waits for our answer")
        self.assertTrue(self.connection.webhook_heard_on)
        trigger = self.env["ir.cron.trigger"].search([], order="id desc", limit=1)
        self.assertEqual(trigger.call_at, run.retry_at, "the scheduler comes for it")

    def test_flood_leads_to_one_run(self):
        for _number in range(8):
            self.tell()
            self.tell(topic="Accounts")
        self.assertEqual(len(self.events()), 16)
        self.assertEqual(len(self.runs()), 1)
        self.assertEqual(len(self.runs("customer_import")), 1)

    def test_replay_is_taken_without_effect(self):
        body = self.tell()
        self.runs().unlink()
        for _again in range(3):
            self.tell(body)
        self.assertEqual(len(self.events()), 1)
        self.assertFalse(self.runs())

    def test_forged_messages_are_refused_without_a_trace(self):
        good = webhooks.envelope(self.content(), SECRET)
        head, tail = good[: good.index(b',"HashCode"')], good[good.index(b',"HashCode"') :]
        forged = {
            "other secret": webhooks.envelope(self.content(), "other"),
            "empty secret": webhooks.envelope(self.content(), ""),
            "changed content": good.replace(b"BankEntries", b"CashEntries"),
            "lower case": head + tail.lower().replace(b"hashcode", b"HashCode"),
            "no signature": head + b"}",
            "empty signature": head + b',"HashCode":""}',
            "signature of other type": head + b',"HashCode":null}',
            "content twice": good.replace(
                b'{"Content":', b'{"Content":{"Topic":"Accounts"},"Content":'
            ),
            "hash twice": good[:-1] + b"," + tail[1:],
            "another app signed": webhooks.envelope(
                self.content(ClientId=str(uuid.uuid4())), SECRET
            ),
            "no json": b"Content",
            "list": b"[]",
            "bytes": bytes(range(256)),
            "white space": b" ",
        }
        for name, body in forged.items():
            with self.subTest(name):
                self.tell(body, status=403)
        self.assertFalse(self.events() or self.runs())

    def test_without_a_secret_everything_is_refused(self):
        body = webhooks.envelope(self.content(), "")
        for secret in (False, ""):
            self.connection.authorization_id.webhook_secret = secret
            self.tell(body, status=403)
            self.tell(webhooks.envelope(self.content(), "False"), status=403)
        self.assertFalse(self.events() or self.runs())

    def test_signature_is_over_the_bytes_as_sent(self):
        content = self.content(Key="é", Action='x","HashCode":"y')
        raw = json.dumps(content, indent=2, ensure_ascii=False).encode()
        code = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest().upper().encode()
        self.tell(b'\r\n{ "Content" : ' + raw + b' ,\n "HashCode" : "' + code + b'" }\n')
        self.assertEqual(len(self.runs()), 1)

    def test_empty_body_is_answered_with_200_and_does_nothing(self):
        self.tell(b"")
        self.assertFalse(self.events() or self.runs())

    def test_too_large_a_body_is_refused_unread(self):
        answer = self.url_open(
            WEBHOOK_PATH,
            data=b"x" * (LONGEST + 1),
            headers={"Content-Type": "application/json"},
        )
        self.assertEqual(answer.status_code, 413)
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            answer = self.url_open(
                WEBHOOK_PATH, data=b"a=" + b"x" * LONGEST, headers={"Content-Type": kind}
            )
            self.assertIn(answer.status_code, (400, 403, 413))

    def test_form_and_other_methods_are_refused(self):
        answer = self.url_open(WEBHOOK_PATH, data={"Content": "x"})
        self.assertEqual((answer.status_code, answer.content), (403, b""))
        self.assertEqual(self.url_open(WEBHOOK_PATH).status_code, 405)

    def test_old_message_is_refused_and_what_is_forgotten_is_too_old(self):
        now = fields.Datetime.now()
        for created in (now - timedelta(days=4), now - timedelta(days=4000)):
            milliseconds = (
                int((created - fields.Datetime.to_datetime("1970-01-01")).total_seconds()) * 1000
            )
            self.tell(EventCreatedOn=created.isoformat(), status=403)
            self.tell(EventCreatedOn=f"/Date({milliseconds})/", status=403)
        body = self.tell(EventCreatedOn=(now - timedelta(hours=47)).isoformat())
        with self.later(6 * 24 * 3600):
            self.env["exact.webhook.event"].sudo()._gc_expired()
            self.assertFalse(self.events(), "kept for days, not for ever")
            self.tell(body, status=403)

    def test_time_that_cannot_be_read_is_no_reason_to_miss_the_news(self):
        for value in (
            "6/18/2026 10:00 AM",
            None,
            5,
            "",
            "9999-12-31",
            "/Date(999999999999999)/",
            "0001-01-01T00:00:00+14:00",
        ):
            self.tell(EventCreatedOn=value)
        self.assertEqual(len(self.events()), 7)
        with self.later(30 * 24 * 3600):
            self.env["exact.webhook.event"].sudo()._gc_expired()
            self.assertEqual(
                len(self.events()), 7, "remembered as long as it could be played again"
            )

    def test_what_nobody_asked_for_is_taken_without_effect(self):
        self.tell(topic="Items")
        self.tell(Division=1002)
        for division in (None, "x", 2**40, -1, [], {}):
            self.tell(Division=division)
        self.connection.write({"look_at_once": False})
        self.tell()
        self.assertFalse(self.runs())

    def test_customers_are_looked_at_only_where_they_are_imported(self):
        self.connection.import_customers = False
        self.tell(topic="Accounts")
        self.assertFalse(self.runs("customer_import"))

    def test_not_connected_means_no_run(self):
        self.connection.authorization_id.sudo().token_ids.dead_reason = "over"
        self.tell()
        self.assertFalse(self.runs())

    def test_paid_status_comes_with_the_run(self):
        move = self.sent()
        self.accountant("receive", entries=[{"entry": int(move.exact_entry_number)}])
        self.tell()
        with self.later(60):
            self.cron("ir_cron_process_exchanges")
            self.assertEqual(self.runs().mapped("state"), ["done"])
            self.assertEqual(move.payment_state, "paid")

    def test_news_during_a_run_leads_to_another_one_and_not_too_soon(self):
        self.tell()
        payments = type(self.env["exact.exchange"])._work_payment_sync

        def meanwhile(exchange, client):
            yield from payments(exchange, client)
            self.env["exact.webhook.event"]._receive(webhooks.envelope(self.content(), SECRET))

        with self.later(60) as now:
            with patch.object(self.env.registry["exact.exchange"], "_work_payment_sync", meanwhile):
                self.cron("ir_cron_process_exchanges")
            second, first = self.runs()
            self.assertEqual((first.state, second.state), ("done", "waiting"))
            self.assertGreaterEqual(second.retry_at, now + timedelta(minutes=5))
            self.cron("ir_cron_process_exchanges")
            self.assertEqual(second.state, "waiting")
        with self.later(600):
            self.cron("ir_cron_process_exchanges")
            self.assertEqual(second.state, "done")
        self.assertEqual(len(self.runs()), 2)

    def test_news_while_a_run_is_at_work_does_not_rely_on_that_one(self):
        """It may end at this moment, without having seen the message."""
        at_work = self.env["exact.exchange"]._enqueue_run(self.connection, "payment_sync").sudo()
        at_work.state = "sending"
        self.tell()
        self.tell(Key=str(uuid.uuid4()))
        coming = self.runs() - at_work
        self.assertEqual(coming.mapped("state"), ["waiting"])
        with self.later(600):
            lock = type(at_work).try_lock_for_update

            def held(records, **options):
                return lock(records - at_work, **options)

            with patch.object(type(at_work), "try_lock_for_update", held):
                self.cron("ir_cron_process_exchanges")
            self.assertEqual(coming.state, "waiting", "one reads at a time")
            at_work.state = "done"
        with self.later(700):
            self.cron("ir_cron_process_exchanges")
            self.assertEqual(coming.state, "done")

    def test_w12_click_does_not_wait_for_messages_to_gather(self):
        self.tell()
        self.connection.action_refresh_payments()
        self.assertEqual(self.runs().mapped("state"), ["done"])


@tagged("post_install", "-at_install")
class TestWebhookSubscription(HookCase):
    """Asking Exact to tell, and to stop."""

    def test_switch_asks_for_the_topics_that_are_needed_and_off_ends_them(self):
        self.assertFalse(self.connection.look_at_once, "off by default")
        self.connection.import_customers = False
        self.connection.look_at_once = True
        self.assertEqual(self.subscribed(), sorted(PAID))
        self.connection.import_customers = True
        self.assertEqual(self.subscribed(), sorted([*PAID, "Accounts", "Contacts"]))
        self.connection.import_contacts = False
        self.assertEqual(self.subscribed(), sorted([*PAID, "Accounts"]))
        urls = {row["CallbackURL"] for row in self.sim_rows(SUBSCRIPTIONS)}
        self.assertEqual(urls, {self.env["exact.connection"]._get_webhook_url()})
        self.connection.look_at_once = False
        self.assertFalse(self.subscribed() or self.connection.webhook_subscription_ids)

    def test_disconnecting_archiving_and_uninstalling_end_them(self):
        ways = {
            "archived": lambda: self.connection.write({"active": False}),
            "disconnected": self.connection.action_disconnect,
            "disconnected there": self.connection.authorization_id.action_disconnect,
            "uninstalled": lambda: uninstall_hook(self.env),
        }
        for name, leave in ways.items():
            with self.subTest(name):
                self.switch_on(active=True)
                self.assertTrue(self.subscribed())
                leave()
                self.assertFalse(self.subscribed())
                self.connection.authorization_id._connect(self.grant())
                self.connection.write({"look_at_once": False, "active": True})

    def test_reconnecting_asks_again(self):
        self.switch_on()
        self.connection.action_disconnect()
        self.assertFalse(self.subscribed())
        kept = self.connection.authorization_id._connect(self.grant())
        self.connection._after_connect(kept)
        self.assertEqual(len(self.subscribed()), 5)

    def test_what_is_there_already_is_taken_over(self):
        self.switch_on()
        self.connection.sudo().webhook_subscription_ids.unlink()
        self.connection._sync_webhooks()
        self.assertEqual(len(self.connection.webhook_subscription_ids), 5)
        self.assertFalse(self.calls("POST"))
        # Seen only when Exact refuses: "Data already exists".
        self.connection.sudo().webhook_subscription_ids.unlink()
        read, answers = type(self.connection)._read_webhooks, [{}]
        with patch.object(
            self.env.registry["exact.connection"],
            "_read_webhooks",
            lambda c, client: answers.pop() if answers else read(c, client),
        ):
            self.connection._sync_webhooks()
        self.assertEqual(len(self.connection.webhook_subscription_ids), 5)
        self.assertEqual(len(self.subscribed()), 5)

    def test_lost_answer_is_looked_up_not_repeated(self):
        self.fault("drop_after", path=SUBSCRIPTIONS)
        self.connection.look_at_once = True
        self.assertEqual(self.subscribed(), sorted(PAID))
        self.assertEqual(len(self.calls("POST", SUBSCRIPTIONS)), 5)

    def test_topic_of_another_system_is_not_taken_from_it(self):
        self.switch_on()
        self.connection.sudo().webhook_subscription_ids.unlink()
        theirs = self.sim_rows(SUBSCRIPTIONS)[0]
        theirs["CallbackURL"] = "https://other.example/hook"
        self.connection.with_context(tracking_disable=True)._write({"look_at_once": False})
        with self.assertRaisesRegex(UserError, "other.example.*another system"):
            self.connection.look_at_once = True
        self.assertIn(
            "https://other.example/hook", [r["CallbackURL"] for r in self.sim_rows(SUBSCRIPTIONS)]
        )

    def test_new_address_of_this_odoo_replaces_the_old_one_at_night(self):
        self.switch_on()
        base = self.sim.url.replace("127.0.0.1", "localhost")
        self.env["ir.config_parameter"].set_param("web.base.url", base)
        post(
            f"{self.sim.url}/_sim/app",
            {
                "client_id": NL_APP[0],
                "redirect_uri": self.env["exact.authorization"]._get_redirect_uri(),
            },
        )
        self.cron("ir_cron_refresh_reference_data")
        urls = {row["CallbackURL"] for row in self.sim_rows(SUBSCRIPTIONS)}
        self.assertEqual(urls, {base + WEBHOOK_PATH})
        self.assertEqual(len(self.subscribed()), 5)

    def test_lost_subscription_comes_back_at_night(self):
        self.switch_on()
        for row in self.sim_rows(SUBSCRIPTIONS):
            self.connection._get_client().delete(SUBSCRIPTIONS, row["ID"])
        self.cron("ir_cron_refresh_reference_data")
        self.assertEqual(len(self.subscribed()), 5)
        self.assertEqual(len(self.connection.webhook_subscription_ids), 5)

    def test_refusals_are_explained_and_leave_the_switch_off(self):
        def scope(granted):
            self.administrate(
                "scope",
                client_id=NL_APP[0],
                scope="organization administration",
                granted=granted,
            )

        self.answer.status_code = 404
        with self.assertRaisesRegex(UserError, "cannot reach this Odoo"), self.cr.savepoint():
            self.connection.look_at_once = True
        self.answer.status_code = 200
        scope(False)
        with self.assertRaisesRegex(UserError, "(?i)scope"), self.cr.savepoint():
            self.connection.look_at_once = True
        scope(True)
        self.clear_calls()
        self.connection.authorization_id.webhook_secret = False
        with self.assertRaisesRegex(UserError, "webhook secret is missing"), self.cr.savepoint():
            self.connection.look_at_once = True
        self.connection.authorization_id.webhook_secret = SECRET
        for url in ("http://odoo.example.com", "http://192.168.1.5:8069"):
            self.env["ir.config_parameter"].set_param("web.base.url", url)
            with self.assertRaisesRegex(UserError, "https addresses only"), self.cr.savepoint():
                self.connection.look_at_once = True
        self.env.invalidate_all()
        self.assertFalse(self.connection.look_at_once)
        self.assertFalse(self.calls() or self.subscribed())

    def test_exact_that_cannot_be_reached_does_not_stop_anybody_from_switching_off(self):
        self.switch_on()
        self.fault("status", method="DELETE", path=SUBSCRIPTIONS, status=503, times=0)
        self.connection.look_at_once = False
        self.assertFalse(self.connection.look_at_once)
        self.assertEqual(len(self.subscribed()), 5)

    def test_books_that_branches_share_are_told_until_the_last_one_leaves(self):
        branch = self.env["res.company"].create(
            {
                "name": "Filiaal",
                "parent_id": self.company.id,
                "currency_id": self.company.currency_id.id,
            }
        )
        self.env.user.company_ids += branch
        second = self.connection.create(
            {
                "company_id": branch.id,
                "authorization_id": self.connection.authorization_id.id,
                "division_id": self.connection.division_id.id,
            }
        )
        (self.connection | second).write({"look_at_once": True})
        self.assertEqual(len(self.subscribed()), 5)
        second.look_at_once = False
        self.assertEqual(len(self.subscribed()), 5)
        self.connection.look_at_once = False
        self.assertFalse(self.subscribed())

    # === SETTINGS AND RIGHTS === #

    def test_settings_keep_the_secret_and_never_show_it(self):
        self.connection.authorization_id.webhook_secret = False
        settings = self.env["res.config.settings"]

        def save(**values):
            page = settings.create({**settings.default_get(list(settings._fields)), **values})
            page.execute()
            self.env.flush_all()
            self.cr.execute(
                "SELECT exact_webhook_secret FROM res_config_settings WHERE id = %s", [page.id]
            )
            return self.cr.fetchone()[0]

        self.assertEqual(
            save(exact_look_at_once=True, exact_webhook_secret=f" {SECRET} "), SECRET_DOTS
        )
        self.assertEqual(self.connection.authorization_id.webhook_secret, SECRET)
        self.assertTrue(self.connection.look_at_once)
        shown = settings.default_get(["exact_webhook_secret"])
        self.assertEqual(shown["exact_webhook_secret"], SECRET_DOTS)
        save(exact_auto_send=False)
        self.assertEqual(
            self.connection.authorization_id.webhook_secret, SECRET, "dots change nothing"
        )

    def test_secret_is_for_the_system_administrator_and_goes_with_no_copy(self):
        manager = self.make_user("chief", "exact_connector.group_exact_manager")
        authorization = self.connection.authorization_id
        with self.assertRaises(AccessError):
            authorization.with_user(manager).read(["webhook_secret"])
        self.assertFalse(authorization.copy().webhook_secret)
        self.assertEqual(authorization._get_app_values()["webhook_secret"], SECRET)
        self.connection.with_user(manager).look_at_once = True
        self.assertEqual(len(self.subscribed()), 5)

    def test_neutralized_copy_is_told_nothing(self):
        self.switch_on()
        self.env.flush_all()
        for query in get_neutralization_queries(["exact_connector"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertFalse(self.connection.look_at_once)
        self.assertFalse(self.connection.authorization_id.webhook_secret)
        self.assertFalse(self.connection.webhook_subscription_ids)
        self.clear_calls()
        self.env["exact.connection"].search([])._sync_webhooks_quietly()
        self.assertFalse(self.calls())


@tagged("post_install", "-at_install")
class TestWebhookDelivery(SendCase, HttpCase):
    """From a change in Exact over the network to the run."""

    def test_receipt_in_exact_reaches_odoo_signed_and_is_looked_at(self):
        self.connection.authorization_id.webhook_secret = SECRET
        move = self.sent()
        with self.allow_requests(all_requests=True):
            self.connection.look_at_once = True
        self.env.flush_all()
        self.accountant("receive", entries=[{"entry": int(move.exact_entry_number)}])
        with self.allow_requests(all_requests=True):
            self.delivered()
        self.env.invalidate_all()
        [run] = self.env["exact.exchange"].search([("kind", "=", "payment_sync")])
        with self.later(60):
            self.cron("ir_cron_process_exchanges")
            self.assertEqual((run.state, move.payment_state), ("done", "paid"))

    def delivered(self):
        """Wait until Exact has told all it had to tell."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            states = {each["state"] for each in self.sim.webhooks.deliveries("nl")}
            if states == {"delivered"}:
                return
            time.sleep(0.05)
        self.fail(self.sim.webhooks.deliveries("nl"))
