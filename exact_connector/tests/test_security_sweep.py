"""Another company's records, by every public method and by JSON-2; what a portal user gets to see."""

import json

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .sending import SendCase
from .sweep import Sweep

CANARY = "Kanarie en Zonen"


@tagged("post_install", "-at_install")
class TestSecuritySweep(Sweep, SendCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.partner = self.customer(known=False, name=CANARY, company_id=self.company.id)
        self.sent = self.invoice(partner=self.partner)
        self.sent.action_exact_create_sales_entry()
        self.assertEqual(self.sent.exact_state, "done", self.sent.exact_message)
        self.failed = self.invoice(partner=self.customer(known=False, country_id=False))
        self.failed.action_exact_create_sales_entry()
        self.assertEqual(self.failed.exact_state, "failed")
        self.connection._probe()
        self.make_more()
        # What this has mended is tried again with the commit: done before anybody calls.
        self.env.cr.flush()
        self.other = self.env["res.company"].create({"name": "Zuid Advies B.V."})
        self.env.flush_all()

    def make_more(self):
        """One of each kind that the steps above have not made."""
        env, connection = self.env(su=True), {"connection_id": self.connection.id}
        self.connection.action_open_mapping()
        match = env["exact.match"].create({**connection, "partner_id": self.partner.id})
        env["exact.match.candidate"].create(
            {"match_id": match.id, "exact_account_id": "x", "name": CANARY}
        )
        env["exact.sync.run"].create({**connection, "user_id": self.env.uid})
        self.sent.action_exact_way_out()
        self.env["exact.adopt.wizard"].create({**connection, "move_id": self.failed.id})
        self.env["exact.auto.send.wizard"].create(connection)
        self.env["exact.payment.wizard"].create(connection)
        self.env["res.config.settings"].create({})

    def canaries(self):
        return [
            CANARY,
            self.sent.name,
            self.sent.exact_entry_number,
            self.connection.division_id.name,
            self.connection.exact_user_name,
        ]

    def test_r03_no_public_method_does_or_tells_anything_of_another_company(self):
        calls = list(self.public_calls())
        self.assertGreater(len(calls), 100)
        for user in self.people_without_business(self.company, self.other):
            with self.subTest(user.login):
                found = self.sweep(user, self.company, self.canaries())
                self.assertFalse(found, "\n".join(found))
                self.assertGreater(self.refused, 50)

    # === JSON-2 === #

    def key_of(self, user):
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate("rpc", "sweep", False)

    def json2(self, key, model, method, **body):
        return self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(body),
            headers={"Authorization": f"bearer {key}", "Content-Type": "application/json"},
        )

    def test_r03_json_2_gives_and_does_nothing_of_another_company(self):
        stranger = self.make_user(
            "stranger",
            "exact_connector.group_exact_manager",
            "account.group_account_manager",
            company=self.other,
        )
        key = self.key_of(stranger)
        self.env.flush_all()
        before = self.rows_written()
        self.clear_calls()
        exchange = self.failed.exact_exchange_ids
        context = {"allowed_company_ids": [self.company.id, self.other.id]}
        for model, method, ids, values in (
            ("exact.exchange", "action_retry", exchange.ids, {}),
            ("exact.exchange", "read", exchange.ids, {"fields": ["message"]}),
            ("exact.exchange", "write", exchange.ids, {"vals": {"state": "done"}}),
            ("exact.connection", "action_import_customers", self.connection.ids, {}),
            ("exact.connection", "action_support_parcel", self.connection.ids, {}),
            ("exact.connection", "web_read", self.connection.ids, {"specification": {"name": {}}}),
            ("account.move", "action_exact_create_sales_entry", self.failed.ids, {}),
            ("exact.token", "search_read", [], {"domain": []}),
            # What is private to the code is no method for anybody.
            ("exact.connection", "_get_client", self.connection.ids, {}),
            ("exact.authorization", "_get_access_token", self.connection.authorization_id.ids, {}),
            ("exact.exchange", "_drive", exchange.ids, {}),
        ):
            for given in ({}, context):
                with self.subTest(f"{model}.{method}", context=bool(given)):
                    body = {**values, **({"ids": ids} if ids else {}), "context": given}
                    answer = self.json2(key, model, method, **body)
                    self.assertIn(answer.status_code, (401, 403, 404), answer.text)
        for model in ("exact.connection", "exact.exchange", "exact.item", "exact.match"):
            answer = self.json2(key, model, "search_read", domain=[], fields=["display_name"])
            self.assertEqual((answer.status_code, answer.json()), (200, []), model)
        for name, value in (("connection_id", self.connection.id), ("company_id", self.company.id)):
            answer = self.json2(key, "exact.exchange", "search_count", domain=[[name, "=", value]])
            self.assertEqual(answer.json(), 0)
        self.assertFalse(self.calls())
        after = self.rows_written()
        changed = {name: rows for name, rows in after.items() if rows != before.get(name)}
        self.assertFalse(changed)

    # === PORTAL === #

    def test_portal_user_sees_own_documents_and_nothing_of_how_they_went_to_exact(self):
        portal = self.make_user("portal", "base.group_portal")
        portal.partner_id.parent_id = self.partner
        self.env.flush_all()
        moves = self.env["account.move"].with_user(portal)
        own = moves.browse(self.sent.id)
        self.assertEqual(own.read(["name"])[0]["name"], self.sent.name)
        self.assertFalse(moves.search([("id", "=", self.failed.id)]), "another customer's")
        # That it went, and its numbers, is no secret to whom the document is for; errors and advice are.
        words = {"exact_message", "exact_problem_ids", "exact_step_message", "exact_due_note"}
        self.assertFalse(words & own.fields_get().keys())
        self.assertEqual(words & moves.sudo().fields_get().keys(), words)
        for name in words:
            with self.assertRaises(AccessError):
                own.read([name])
            with self.assertRaises(AccessError):
                own.web_read({"exact_exchange_ids": {"fields": {"exact_message": {}}}})
        self.authenticate("portal", "portal")
        page = self.url_open(f"/my/invoices/{self.sent.id}")
        self.assertIn(self.sent.name, page.text)
        refused = self.url_open(f"/my/invoices/{self.failed.id}", allow_redirects=False)
        self.assertEqual(refused.status_code, 303)
