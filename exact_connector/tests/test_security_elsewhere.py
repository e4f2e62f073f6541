"""Odoo calls the connected site and nothing else, whoever names an address; code is written by administrators only."""

import uuid
from unittest.mock import patch
from urllib.parse import urlsplit

import requests

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from exact_simulator import webhooks

from ..client import AddressError, ExactError
from .common import NL_APP
from .test_webhook import SECRET, HookCase


@tagged("post_install", "-at_install")
class TestSecurityElsewhere(HookCase):
    def setUp(self):
        super().setUp()
        self.hosts = set()
        send = requests.Session.send

        def told(session, request, **options):
            self.hosts.add(urlsplit(request.url).netloc)
            return send(session, request, **options)

        listening = patch.object(requests.Session, "send", told)
        listening.start()
        self.addCleanup(listening.stop)
        self.own = urlsplit(self.sim.url).netloc

    def test_address_in_a_webhook_message_is_never_called_nor_kept(self):
        self.switch_on()
        elsewhere = "http://169.254.169.254/latest/meta-data"
        content = {
            "Topic": "BankEntries",
            "ClientId": NL_APP[0],
            "Division": 1001,
            "Action": "Create",
            "Key": str(uuid.uuid4()),
            "ExactOnlineEndpoint": elsewhere,
            "EventCreatedOn": fields.Datetime.now().isoformat(timespec="milliseconds"),
        }
        events = self.env["exact.webhook.event"].sudo()
        self.hosts.clear()
        self.assertTrue(events._receive(webhooks.envelope(content, SECRET)))
        self.assertFalse(self.hosts, "nothing is called while Exact waits for the answer")
        run = self.runs()
        self.make_due(run)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(run.state, "done", run.exact_message)
        self.assertLessEqual(self.hosts, {self.own})
        kept = str(events.search([]).read()) + str(run.sudo().read())
        self.assertNotIn("169.254", kept)

    def test_practice_address_is_an_administrators_and_leads_inside_by_https_only(self):
        people = [
            self.make_user("manager", "exact_connector.group_exact_manager"),
            self.make_user("accountant", "account.group_account_manager"),
        ]
        for user in people:
            parameters = self.env["ir.config_parameter"].with_user(user)
            with self.subTest(user.login), self.assertRaises(AccessError):
                parameters.set_param("exact_connector.practice_url", "http://localhost:1")
            consent = self.connection.authorization_id.with_user(user)
            with self.subTest(user.login, by="country"), self.assertRaises(AccessError):
                consent.write({"country": "practice"})
        parameters = self.env["ir.config_parameter"].sudo()
        for url in (
            "http://10.0.0.8:8069",
            "http://169.254.169.254/latest",
            "http://localhost.evil.example",
            "file:///etc/passwd",
            "ftp://localhost",
        ):
            with self.subTest(url):
                parameters.set_param("exact_connector.practice_url", url)
                self.hosts.clear()
                with self.assertRaises(AddressError):
                    self.connection._get_client()
                with self.assertRaises(ExactError):
                    self.connection.authorization_id._connect("code")
                self.assertFalse(self.hosts)

    def test_real_sites_are_a_fixed_list(self):
        authorization = self.connection.authorization_id
        with self.assertRaises(ValidationError):
            authorization.write({"country": "https://evil.example"})
        self.env["ir.config_parameter"].sudo().set_param("exact_connector.practice_url", "x")
        authorization.country = "nl"
        self.assertEqual(authorization._get_base_url(), "https://start.exactonline.nl")

    def test_code_of_server_actions_is_written_by_administrators_only(self):
        """Whoever writes code reads everything: so nobody of Exact's groups can."""
        action = self.env.ref("exact_connector.action_create_exact_sales_entry")
        cron = self.env.ref("exact_connector.ir_cron_process_exchanges")
        code = "raise UserError(record.sudo().authorization_id.client_secret)"
        values = {
            "name": "x",
            "model_id": self.env["ir.model"]._get_id("exact.connection"),
            "state": "code",
            "code": code,
        }
        for number, group in enumerate(
            (
                "exact_connector.group_exact_user",
                "exact_connector.group_exact_manager",
                "account.group_account_manager",
            )
        ):
            user = self.make_user(f"coder_{number}", group)
            with self.subTest(group), self.assertRaises(AccessError):
                self.env["ir.actions.server"].with_user(user).create(values)
            for record in (action, cron):
                with self.subTest(group, record=record), self.assertRaises(AccessError):
                    record.with_user(user).write({"code": code})
