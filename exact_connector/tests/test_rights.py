"""Who may see and do what; companies and secrets kept apart (R3)."""

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import HttpCase, tagged

from .cases import UnlimitedCase
from .common import NL_APP

# Rights as read, write, create, unlink for: Exact user, Exact manager, system administrator.
R, RW, ALL, NONE = "r", "rw", "rwcu", ""
TABLE = {
    "exact.authorization": (R, R, ALL),
    "exact.token": (NONE, NONE, R),
    "exact.token.use": (NONE, NONE, R),
    "exact.oauth.state": (NONE, NONE, R),
    "exact.budget": (R, RW, RW),
    "exact.budget.use": (R, R, R),
    "exact.budget.error": (R, R, R),
    "exact.batch.wizard": (ALL, ALL, ALL),
    "exact.division": (R, R, ALL),
    "exact.connection": (R, RW, ALL),
    "exact.probe": (R, R, R),
    "exact.auto.send.wizard": (NONE, ALL, ALL),
    "exact.item": (R, R, R),
    "exact.journal": (R, R, R),
    "exact.gl.account": (R, R, R),
    # A manager chooses the revenue account of a code; the rest is refused (test_lines_account.py).
    "exact.vat.code": (R, RW, RW),
    "exact.cost.center": (R, R, R),
    "exact.cost.unit": (R, R, R),
    "exact.project": (R, R, R),
    "exact.payment.condition": (R, R, R),
    "exact.cause": (R, ALL, ALL),
    "exact.exchange": (R, "ru", "ru"),
    "exact.exchange.problem": (R, R, R),
    "exact.match": (R, R, R),
    "exact.match.candidate": (R, R, R),
    "exact.sync.run": (R, "ru", "ru"),
    "exact.mend": (R, R, R),
    "exact.notice": (R, R, R),
    "exact.webhook.event": (R, R, R),
    "exact.webhook.subscription": (R, R, R),
    "exact.payment.wizard": (ALL, ALL, ALL),
    "exact.repair.wizard": (ALL, ALL, ALL),
    "exact.adopt.wizard": (ALL, ALL, ALL),
    "exact.mapping.wizard": (NONE, R, R),
    "exact.mapping.wizard.line": (NONE, RW, RW),
}
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}


@tagged("post_install", "-at_install")
class TestRights(UnlimitedCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.zuid = cls._create_company(name="Zuid Advies B.V.")

    def seen_by(self, user, records):
        """``records`` as this user has them, in the user's own companies."""
        companies = user.sudo().company_ids.ids
        return records.with_user(user).with_context(allowed_company_ids=companies)

    def people(self):
        """One user for each column of the table, and those without any right."""
        return {
            "user": self.make_user("exact_user", "exact_connector.group_exact_user"),
            "manager": self.make_user("exact_manager", "exact_connector.group_exact_manager"),
            "system": self.make_user(
                "exact_system", "base.group_system", "exact_connector.group_exact_manager"
            ),
        }

    # === RIGHTS BY GROUP === #

    def test_every_model_gives_each_group_exactly_its_rights(self):
        people = self.people()
        models = {
            name
            for name, model in self.env.registry.items()
            if name.startswith("exact.") and not model._abstract
        }
        self.assertEqual(models, set(TABLE), "every model stands in the table")
        nobody = [
            self.make_user("plain", "base.group_user"),
            self.make_user("portal", "base.group_portal"),
            self.env.ref("base.public_user"),
        ]
        for name, rights in TABLE.items():
            for user, allowed in zip(people.values(), rights, strict=True):
                found = "".join(
                    letter
                    for letter, operation in OPERATIONS.items()
                    if self.seen_by(user, self.env[name]).has_access(operation)
                )
                self.assertEqual(found, allowed, f"{name} for {user.sudo().login}")
            for user in nobody:
                for operation in OPERATIONS.values():
                    allowed = self.seen_by(user, self.env[name]).has_access(operation)
                    self.assertFalse(allowed, f"{operation} {name} for {user.sudo().login}")

    def test_account_groups_imply_the_groups_of_exact(self):
        biller = self.make_user("biller", "account.group_account_invoice")
        self.assertTrue(biller.has_group("exact_connector.group_exact_user"))
        self.assertFalse(biller.has_group("exact_connector.group_exact_manager"))
        chief = self.make_user("chief", "account.group_account_manager")
        self.assertTrue(chief.has_group("exact_connector.group_exact_manager"))

    def test_buttons_of_the_connection_are_shown_by_group(self):
        people = self.people()
        expected = {
            "user": {"action_refresh_payments"},
            "manager": {"action_refresh_reference_data", "action_open_mapping"},
            "system": {"action_connect", "action_disconnect"},
        }
        seen = {}
        for name, user in people.items():
            view = self.seen_by(user, self.env["exact.connection"]).get_view(view_type="form")
            seen[name] = set(etree.fromstring(view["arch"]).xpath("//button/@name"))
        self.assertLessEqual(expected["user"], seen["user"])
        self.assertFalse(seen["user"] & (expected["manager"] | expected["system"]))
        self.assertLessEqual(expected["user"] | expected["manager"], seen["manager"])
        self.assertFalse(seen["manager"] & expected["system"])
        self.assertLessEqual(set().union(*expected.values()), seen["system"])

    def test_menus_are_hidden_from_who_has_no_right(self):
        menu = self.env.ref("exact_connector.menu_exact_root")
        plain = self.make_user("plain", "base.group_user")
        visible = self.env["ir.ui.menu"].with_user(plain)._visible_menu_ids()
        self.assertNotIn(menu.id, visible)
        visible = self.env["ir.ui.menu"].with_user(self.people()["user"])._visible_menu_ids()
        self.assertIn(menu.id, visible)

    def test_actions_are_refused_to_who_has_no_right_for_them(self):
        people = self.people()
        connection = self.connection
        move = self.invoice()
        exchange = self.env["exact.exchange"]._enqueue_moves(connection, move)
        plain = self.make_user("plain", "base.group_user")
        portal = self.make_user("portal", "base.group_portal")
        cases = [
            (people["manager"], connection, "action_connect"),
            (people["manager"], connection, "action_disconnect"),
            (people["manager"], connection.authorization_id, "action_disconnect"),
            (people["manager"], connection, "action_keep_user"),
            (people["manager"], connection, "action_stay_with_user"),
            (people["manager"], connection, "action_setup_share"),
            (people["user"], connection, "action_connect"),
            (people["user"], connection, "action_probe"),
            (people["user"], connection, "action_open_setup"),
            (people["user"], connection, "action_setup_division"),
            (people["user"], connection, "action_setup_next"),
            (people["user"], connection, "action_setup_import_yes"),
            (people["user"], connection, "action_setup_import_no"),
            (people["user"], connection, "action_setup_send"),
            (people["user"], connection, "action_auto_send_on"),
            (people["user"], connection, "action_disconnect"),
            (people["user"], connection, "action_refresh_reference_data"),
            (people["user"], connection, "action_open_mapping"),
            (people["user"], connection, "action_import_customers"),
            (people["user"], connection, "action_import_all_customers"),
        ]
        for nobody in (plain, portal):
            cases += [
                (nobody, connection, "action_refresh_payments"),
                (nobody, exchange, "action_retry"),
                (nobody, exchange, "action_cancel"),
                (nobody, move, "action_exact_create_sales_entry"),
                (nobody, move, "action_exact_refresh_payment"),
            ]
        self.clear_calls()
        for user, record, method in cases:
            with self.subTest(login=user.login, method=method), self.assertRaises(AccessError):
                getattr(self.seen_by(user, record), method)()
        self.assertFalse(self.calls())
        self.assertEqual(exchange.state, "pending")
        self.assertEqual(connection.state, "connected")

    def test_server_action_is_for_the_group_only(self):
        move = self.invoice()
        plain = self.make_user("plain", "base.group_user")
        action = self.env.ref("exact_connector.action_create_exact_sales_entry")
        with self.assertRaises(AccessError):
            action.with_user(plain).with_context(
                active_model="account.move", active_ids=move.ids, active_id=move.id
            ).run()
        self.assertFalse(move.exact_exchange_ids)

    def test_biller_may_send_and_retry(self):
        biller = self.make_user("biller", "account.group_account_invoice")
        move = self.invoice()
        self.env.flush_all()
        move.with_user(biller).action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(move.exact_sent_by_id, biller)

    def test_return_from_exact_is_for_system_administrators_only(self):
        path = "/exact_connector/oauth2/callback?code=x&state=1.x"
        answer = self.url_open(path, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertIn("/web/login", answer.headers["Location"])
        self.make_user("exact_manager", "exact_connector.group_exact_manager")
        self.authenticate("exact_manager", "exact_manager")
        self.assertEqual(self.url_open(path, allow_redirects=False).status_code, 404)
        answer = self.url_open(path.replace("?", "?x=1&"), data={"code": "x"})
        self.assertNotEqual(answer.status_code, 200, "GET only")

    # === COMPANIES === #

    def stranger(self):
        """A manager of another company, connected to a division of its own."""
        user = self.make_user(
            "stranger",
            "exact_connector.group_exact_manager",
            "account.group_account_manager",
            company=self.zuid,
        )
        self.env.user.company_ids += self.zuid
        companies = [self.company.id, self.zuid.id]
        self.env = self.env(context={**self.env.context, "allowed_company_ids": companies})
        self.connect(self.zuid, login="office@practice.example", division=1002)
        self.env.flush_all()
        return user

    def test_r03_records_of_another_company_cannot_be_read_by_id(self):
        move = self.invoice(partner=self.customer(known=False, country_id=False))
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "failed")
        self.connection._probe()
        theirs = {
            "exact.connection": self.connection,
            "exact.authorization": self.connection.authorization_id,
            "exact.division": self.connection.authorization_id.division_ids,
            "exact.item": self.exact("item", "UREN"),
            "exact.journal": self.exact("journal", "70"),
            "exact.gl.account": self.exact("gl.account", "8000"),
            "exact.vat.code": self.exact("vat.code", "2"),
            "exact.payment.condition": self.exact("payment.condition", "30"),
            "exact.probe": self.connection.probe_ids,
            "exact.exchange": move.exact_exchange_ids,
            "exact.exchange.problem": move.exact_exchange_ids.problem_ids,
            "exact.mend": self.env["exact.mend"].search([("company_id", "=", self.company.id)]),
            **self.made(move),
        }
        open_to_all = {"exact.cause"}
        system_only = {"exact.token", "exact.token.use", "exact.oauth.state"}
        transient = {name for name in TABLE if self.env[name].is_transient()}
        self.assertEqual(set(theirs) | open_to_all | system_only | transient, set(TABLE))
        user = self.stranger()
        for name, records in theirs.items():
            with self.subTest(model=name):
                self.assertTrue(records)
                found = self.seen_by(user, records)
                with self.assertRaises(AccessError):
                    found[:1].read(["display_name"])
                searched = (
                    self.seen_by(user, self.env[name]).with_context(active_test=False).search([])
                )
                self.assertFalse(searched & found)
        self.assertTrue(self.seen_by(user, self.env["exact.item"]).search_count([]), "their own")

    def test_r03_administrator_of_another_company_sees_no_token_and_moves_none(self):
        """Moved to a consent of one's own, a token would open the other company's books."""
        self.connection.action_connect()
        self.stranger()
        chief = self.make_user("zuid_chief", "base.group_system", company=self.zuid)
        authorization = self.connection.authorization_id
        own = self.env["exact.connection"].search([("company_id", "=", self.zuid.id)])
        consent = [("authorization_id", "=", authorization.id)]
        states = self.env["exact.oauth.state"].sudo()
        theirs = {
            "exact.token": self.env["exact.token"].sudo().search(consent),
            "exact.token.use": self.env["exact.token.use"].sudo().search(consent),
            "exact.oauth.state": states.search([("connection_id", "=", self.connection.id)]),
        }
        self.env.flush_all()
        for name, records in theirs.items():
            found = self.seen_by(chief, records.sudo(False))
            with self.subTest(name):
                self.assertTrue(records)
                self.assertFalse(found.search([]) & found)
                for attempt in (
                    lambda found=found: found.read(["authorization_id"]),
                    lambda found=found: found.write({"authorization_id": own.authorization_id.id}),
                    found.unlink,
                ):
                    with self.assertRaises(AccessError):
                        attempt()
        token = own.authorization_id.sudo().token_ids.sudo(False)
        self.assertTrue(self.seen_by(chief, token).read(["fetched_on"]), "their own")

    def made(self, move):
        """A record of each model that this connection has none of by itself."""
        env, connection = self.env(su=True), {"connection_id": self.connection.id}
        reference = {**connection, "exact_id": "x", "code": "X", "name": "X"}
        match = env["exact.match"].create({**connection, "partner_id": move.partner_id.id})
        now = fields.Datetime.now()
        told = {**connection, "topic": "Accounts"}
        budgets = env["exact.budget"]
        budget = budgets.search([("connection_id", "=", self.connection.id)]) or budgets.create(
            connection
        )
        values = {
            "exact.webhook.event": {**told, "digest": "x", "received_on": now, "expires_on": now},
            "exact.webhook.subscription": {**told, "exact_id": "x"},
            "exact.budget.use": {"budget_id": budget.id, "hour": now, "purpose": "import"},
            "exact.budget.error": {"budget_id": budget.id, "endpoint": "x", "met_on": now},
            "exact.cost.center": reference,
            "exact.cost.unit": reference,
            "exact.project": reference,
            "exact.match.candidate": {"match_id": match.id, "exact_account_id": "x", "name": "X"},
            "exact.sync.run": {**connection, "user_id": self.env.uid},
            "exact.notice": {
                "user_id": self.env.uid,
                "company_id": self.company.id,
                "kind": env["exact.notice"]._fields["kind"].selection[0][0],
                "text": "x",
                "move_id": move.id,
            },
        }
        made = {name: env[name].create(each) for name, each in values.items()}
        made |= {"exact.match": match, "exact.budget": budget}
        return {name: found.sudo(False) for name, found in made.items()}

    def test_r03_actions_on_another_company_are_refused_and_make_no_call(self):
        move = self.invoice()
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection, move)
        tax = self.tax(21)
        action = self.connection.action_open_mapping()
        wizard = self.env["exact.mapping.wizard"].browse(action["context"]["exact_mapping_wizard"])
        user = self.stranger()
        self.clear_calls()
        for record, method in (
            (self.connection, "action_refresh_reference_data"),
            (self.connection, "action_import_customers"),
            (self.connection, "action_import_all_customers"),
            (self.connection, "action_refresh_payments"),
            (self.connection, "action_open_mapping"),
            (exchange, "action_retry"),
            (exchange, "action_cancel"),
            (exchange, "action_open_record"),
            (move, "action_exact_create_sales_entry"),
            (move, "action_exact_refresh_payment"),
            (move, "action_exact_open_entry"),
            (wizard, "action_retry_waiting"),
            (wizard.line_ids[:1], "action_confirm"),
            (wizard.line_ids[:1], "action_clear"),
        ):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(self.seen_by(user, record), method)()
        with self.assertRaises(AccessError):
            self.seen_by(user, self.connection).write({"auto_send": True})
        with self.assertRaises(AccessError):
            self.seen_by(user, self.env["exact.mapping.wizard"])._open(
                self.seen_by(user, self.connection)
            )
        with self.assertRaises(AccessError):
            self.seen_by(user, wizard).action_confirm_sure("vat")
        self.assertFalse(self.calls())
        self.assertEqual((exchange.state, move.exact_state), ("pending", "pending"))
        self.assertFalse(tax.exact_vat_code_id)

    def test_r03_mappings_of_two_companies_do_not_mix(self):
        self.stranger()
        other = self.env["exact.connection"].search([("company_id", "=", self.zuid.id)])
        product = self.env["product.template"].create({"name": "Uur"})
        for company, connection, code in (
            (self.company, self.connection, "UREN"),
            (self.zuid, other, "REIS"),
        ):
            product.with_company(company).exact_item_id = self.exact("item", code, connection)
        self.assertEqual(product.with_company(self.company).exact_item_id.code, "UREN")
        self.assertEqual(product.with_company(self.zuid).exact_item_id.code, "REIS")
        partner = self.customer()
        self.assertTrue(partner.with_company(self.company).exact_account_id)
        self.assertFalse(partner.with_company(self.zuid).exact_account_id)

    # === SECRETS === #

    def test_secrets_cannot_be_read_by_who_is_no_system_administrator(self):
        export = self.env.ref("base.group_allow_export")
        people = self.people()
        for name in ("user", "manager"):
            people[name].group_ids += export
            self.assert_no_secret_for(people[name])

    def assert_no_secret_for(self, user):
        """Every way to a secret ends in a refusal, and plain reading leaves it out."""
        found = self.seen_by(user, self.connection.authorization_id)
        connection = self.seen_by(user, self.connection)
        token = self.seen_by(user, self.env["exact.token"])
        attempts = [
            lambda: found.read(["client_secret"]),
            lambda: found.read(["client_id"]),
            lambda: found.read(["token_ids"]),
            lambda: found.search([("client_secret", "like", "p")]),
            lambda: found.search([("token_ids.access_token", "like", "e")]),
            lambda: connection.search([("authorization_id.client_secret", "like", "p")]),
            lambda: found.export_data(["client_secret"]),
            lambda: found.export_data(["token_ids/access_token"]),
            lambda: connection.export_data(["authorization_id/client_secret"]),
            lambda: found.web_read({"client_secret": {}}),
            lambda: found.web_read({"token_ids": {"fields": {"access_token": {}}}}),
            lambda: connection.web_read({"authorization_id": {"fields": {"client_secret": {}}}}),
            lambda: found._read_group([], ["client_secret"], ["__count"]),
            lambda: found.search([], order="client_secret").ids,
            lambda: token.search([]).read(),
            lambda: token.search_read([], ["access_token"]),
            lambda: token.sudo().search([]).with_user(user).read(["refresh_token"]),
        ]
        for number, attempt in enumerate(attempts):
            with self.subTest(login=user.login, attempt=number), self.assertRaises(AccessError):
                attempt()
        plain = str(found.read()) + str(connection.read())
        for secret in self.secrets():
            self.assertNotIn(secret, plain)
        self.assertEqual(found.read(["state"])[0]["state"], "connected")

    def secrets(self):
        token = self.env["exact.token"].sudo().search([])
        return [NL_APP[1], token.access_token, token.refresh_token]

    def test_neutralized_copy_holds_no_secret_and_does_nothing_by_itself(self):
        self.env["res.config.settings"].create(
            {"exact_country": "nl", "exact_client_id": "x", "exact_client_secret": NL_APP[1]}
        )
        self.connection._get_client()
        self.connection.action_connect()
        automatic = ("auto_send", "import_customers", "update_customers")
        self.connection.write(dict.fromkeys(automatic, True))
        moves = self.invoice() | self.invoice()
        exchanges = self.env["exact.exchange"]._enqueue_moves(self.connection, moves)
        exchanges.sudo()[0].state = "unclear"
        secrets = self.secrets()
        self.env.flush_all()
        for query in get_neutralization_queries(["exact_connector"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.env.cr.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_name LIKE 'exact_%' OR table_name IN"
            " ('res_config_settings', 'ir_config_parameter', 'mail_message', 'mail_tracking_value')"
        )
        for (table,) in self.env.cr.fetchall():
            self.env.cr.execute(f"SELECT t::text FROM {table} t")  # pylint: disable=sql-injection
            content = "\n".join(row[0] for row in self.env.cr.fetchall())
            for secret in secrets:
                self.assertNotIn(secret, content, table)
        self.assertFalse(self.env["exact.oauth.state"].sudo().search([]))
        self.assertFalse(any(self.connection[name] for name in automatic))
        self.assertEqual(set(exchanges.mapped("state")), {"cancelled"})
        self.clear_calls()
        self.env["exact.exchange"]._cron_process()
        self.env["exact.connection"]._cron_sync_payments()
        self.assertFalse(self.calls())
