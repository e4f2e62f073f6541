"""Secrets stay where they are: whoever asks, whatever is logged, wherever the database is copied to."""

import logging
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..client import AuthError
from ..models.exact_authorization import CALLBACK_PATH
from ..quiet_logs import HIDDEN, NoCodes
from .cases import UnlimitedCase
from .common import NL_APP


@tagged("post_install", "-at_install")
class TestSecuritySecrets(UnlimitedCase):
    def setUp(self):
        super().setUp()
        self.authorization = self.connection.authorization_id
        self.token = self.env["exact.token"].sudo().search([])
        self.secrets = [NL_APP[1], self.token.access_token, self.token.refresh_token]

    # === READING === #

    def test_not_even_a_system_administrator_reads_a_token(self):
        """Neither as a value nor by the answer to a question."""
        self.make_user("chief", "base.group_system", "exact_connector.group_exact_manager")
        chief = self.env["res.users"].search([("login", "=", "chief")])
        token = self.token.with_user(chief)
        found = self.authorization.with_user(chief)
        states = self.env["exact.oauth.state"].with_user(chief)
        self.connection.action_connect()
        for number, attempt in enumerate(
            (
                lambda: token.read(["access_token"]),
                lambda: token.search_read([], ["refresh_token"]),
                lambda: token.web_read({"access_token": {}}),
                lambda: token.search([("access_token", "like", "e")]),
                lambda: token.search([], order="refresh_token").ids,
                lambda: token._read_group([], ["access_token"], ["__count"]),
                lambda: token.export_data(["access_token"]),
                lambda: found.export_data(["token_ids/refresh_token"]),
                lambda: found.search([("token_ids.access_token", "like", "e")]),
                lambda: found.web_read({"token_ids": {"fields": {"access_token": {}}}}),
                lambda: token.write({"access_token": "x"}),
                lambda: states.search([]).read(["digest"]),
            )
        ):
            with self.subTest(attempt=number), self.assertRaises(AccessError):
                attempt()
        self.assertFalse({"access_token", "refresh_token"} & token.fields_get().keys())
        shown = f"{token.read()}{token.get_metadata()}{found.read(['token_ids', 'state'])}"
        for secret in self.secrets[1:]:
            self.assertNotIn(secret, shown)

    def test_a_copy_of_a_record_and_its_chatter_hold_no_secret(self):
        copied = self.authorization.copy()
        self.assertFalse(copied.sudo().client_secret or copied.sudo().client_id)
        self.assertFalse(copied.sudo().token_ids)
        self.authorization.write({"client_secret": "n3w-secret"})
        said = "".join(self.connection.message_ids.mapped("body"))
        tracked = self.connection.message_ids.sudo().tracking_value_ids
        said += str(tracked.read(["old_value_char", "new_value_char"]))
        for secret in [*self.secrets, "n3w-secret"]:
            self.assertNotIn(secret, said)

    # === LOGS === #

    def watched(self, logger, *levels):
        return self.assertLogs(logger, level=levels[0] if levels else "DEBUG")

    def test_sql_in_the_log_shows_no_secret(self):
        with self.watched("odoo.sql_db") as log:
            self.token.write({"access_token": "t0ken-in-sql", "refresh_token": "refr3sh-in-sql"})
            self.authorization.write({"client_secret": "s3cret-in-sql"})
            self.env.flush_all()
        text = "\n".join(log.output)
        self.assertIn(HIDDEN, text)
        for secret in ("t0ken-in-sql", "refr3sh-in-sql", "s3cret-in-sql"):
            self.assertNotIn(secret, text)

    def test_statement_that_fails_shows_no_secret(self):
        with (
            self.watched("odoo.sql_db", "ERROR") as log,
            self.assertRaises(UniqueViolation) as caught,
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "INSERT INTO exact_token (authorization_id, access_token) VALUES (%s, %s)",
                [self.authorization.id, "t0ken-twice"],
            )
        self.assertNotIn("t0ken-twice", "\n".join(log.output))
        self.assertIn("UniqueViolation", "\n".join(log.output), "what happened is told")
        self.assertNotIn("t0ken-twice", str(caught.exception))

    def test_call_in_the_log_shows_no_secret(self):
        values = {"setup_client_secret": "s3cret-in-call", "setup_client_id": NL_APP[0]}
        with self.watched("odoo.service.model") as log:
            call_kw(self.connection.browse(), "web_save", [self.connection.ids, values, {}], {})
            call_kw(self.connection.browse(), "read", [self.connection.ids, ["name"]], {})
        self.assertNotIn("s3cret-in-call", "\n".join(log.output))
        self.assertIn("'name'", log.output[-1], "other calls are logged as ever")

    def test_address_of_the_return_is_logged_without_code_and_state(self):
        line = f'"GET {CALLBACK_PATH}?code=c0de%2F1&state=12.st4te HTTP/1.1" 303 -'
        record = logging.makeLogRecord({"msg": "%s - %s\n", "args": ("127.0.0.1", line)})
        for each in logging.getLogger("werkzeug").filters:
            if isinstance(each, NoCodes):
                each.filter(record)
        self.assertEqual(record.getMessage(), f'127.0.0.1 - "GET {CALLBACK_PATH} HTTP/1.1" 303 -\n')

    # === COPIES OF THE DATABASE === #

    def test_copy_of_the_database_uses_no_token_and_says_so(self):
        """Odoo gives a copy its own ID; without this, both would spend each other's refresh token."""
        self.invoice()
        self.clear_calls()
        self.env["ir.config_parameter"].set_param("database.uuid", "another-database")
        self.env.flush_all()
        with self.assertRaisesRegex(AuthError, "copy of the one that was connected"):
            self.authorization._get_access_token()
        self.env.invalidate_all()
        self.assertEqual(self.connection.state, "expired")
        self.assertIn("copy", self.connection.last_error)
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "waiting")
        self.assertFalse(self.calls())
        self.assertEqual(self.token.sudo().refresh_token, self.secrets[2], "not spent")
        # Whoever connects here has decided so.
        self.authorization._connect(self.grant())
        self.env.invalidate_all()
        self.assertEqual(self.connection.state, "connected")
        self.assertTrue(self.authorization._get_access_token())

    def test_copy_by_postgresql_beside_the_original_uses_no_token(self):
        """``createdb -T`` keeps the ID: the copy has another name and number, and the original is still there."""
        self.env.cr.execute("SELECT datname, oid::text FROM pg_database ORDER BY oid")
        numbers = dict(self.env.cr.fetchall())
        own = self.env.cr.dbname
        other = next(name for name in numbers if name != own)
        self.assertEqual((self.token.database_name, self.token.database_oid), (own, numbers[own]))
        for name, oid, copied in (
            (other, numbers[other], True),
            ("renamed-before", numbers[own], False),
            # Its old name has been given to another database.
            (other, numbers[own], False),
            ("of-another-server", "1", False),
            (own, "1", False),
            # Of a version that did not keep it.
            (False, False, False),
        ):
            self.token.write({"database_name": name, "database_oid": oid, "dead_reason": False})
            self.env.flush_all()
            with self.subTest(name=name, oid=oid):
                if not copied:
                    self.assertEqual(self.authorization._get_access_token(), self.secrets[1])
                    continue
                with self.assertRaisesRegex(AuthError, "copy of the one that was connected"):
                    self.authorization._get_access_token()
                self.env.invalidate_all()
                self.assertEqual(self.connection.state, "expired")
        self.assertEqual(self.token.refresh_token, self.secrets[2], "not spent")

    def test_tokens_never_go_to_another_site_or_app(self):
        for values in ({"country": "be"}, {"client_id": "another-app"}):
            with self.subTest(**values), self.env.cr.savepoint() as point:
                self.authorization.write(values)
                self.assertFalse(self.authorization.sudo().token_ids)
                with self.assertRaises(AuthError), mute_logger("odoo.sql_db"):
                    self.authorization._get_access_token()
                point.rollback()
                self.env.invalidate_all()
        self.authorization.write({"country": "practice", "client_id": NL_APP[0]})
        self.assertTrue(self.authorization.sudo().token_ids, "nothing changed")

    # === COMPARING === #

    def test_state_is_compared_in_constant_time_also_where_there_is_none(self):
        states = self.env["exact.oauth.state"]
        value = states._issue(self.authorization, self.connection)
        number, _dot, secret = value.partition(".")
        place = "odoo.addons.exact_connector.models.exact_oauth_state.hmac.compare_digest"
        for tried in (f"{number}.wrong", f"999999.{secret}"):
            with patch(place, return_value=False) as compare:
                self.assertFalse(states._redeem(tried)[0])
            self.assertEqual(compare.call_count, 1)
        self.assertNotIn(secret, str(states.sudo().search([]).read()))
        self.assertTrue(states._redeem(value)[0])
