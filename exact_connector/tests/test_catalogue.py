"""Every cause of the catalogue: reached by the simulator's answer, explained, and open to change (part 7)."""

import ast
import re
from pathlib import Path
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import convert, mute_logger

from ..client import ExactError, oauth, odata
from ..masking import masked
from .catalogue import ENTRIES, INVOICES, SAID, Ruled
from .common import BOOKKEEPER, NL_APP, post
from .sending import ErrorCase

HERE = Path(__file__).parent
# What users of such links complain of most (1-30 of the project's study), where it shows as an error:
# the causes that explain it. The others are told otherwise: by a state, a screen or a setting.
COMPLAINTS = {
    1: ("token_replaced", "token_early", "code_refused"),
    2: ("token_expired", "access_lost", "blocked_user", "inactive_user", "reconnect"),
    3: ("entry_number", "unclear"),
    4: "the document is unlinked, adopted or sent again by itself",
    5: (
        "vat_not_allowed",
        "vat_mismatch",
        "vat_code_including",
        "tax_unmapped",
        "vat_code_blocked",
    ),
    6: ("ledger_missing", "ledger_type", "ledger_wrong", "item_account", "account_blocked"),
    7: ("forbidden", "scope", "wrong_division", "no_division_access", "licence_module"),
    8: ("totals",),
    9: "paid status is read by entry, to the cent",
    10: ("unknown",),
    11: ("customer_type", "customer_is_blocked", "already_exists", "account_role"),
    12: ("limit", "limit_day", "limit_errors", "token_limit", "too_broad"),
    13: ("condition_wrong", "no_payment_condition"),
    14: ("year_unknown", "year_closed", "period_closed", "year_fixed"),
    15: "every exchange has a state, an age and an owner",
    16: "the paid status can be read anew from the beginning",
    17: "the paid status has a button of its own",
    18: ("wrong_division", "gone"),
    19: ("token_replaced",),
    20: "each company has a connection of its own",
    21: ("journal_wrong", "vat_on_journal", "journal_vat", "journal_blocked"),
    22: ("currency_wrong", "rate_not_allowed", "journal_currency"),
    23: ("file_refused",),
    24: "a document that is in Exact is guarded against change",
    25: "each exchange stands by itself",
    26: "notices are chosen by each user",
    27: ("item_fraction", "item_wrong", "item_not_divisible", "customer_number_wrong"),
    28: ("dimension_wrong", "dimension_missing", "service_period"),
    29: "direct debit is a family of conditions of its own",
    30: "only what is in use has to be mapped",
}
# Found on the way to the link; each is brought about in TestTokenCauses.
TOKENS = {
    "token_replaced": "odoo_admin",
    "token_expired": "odoo_admin",
    "app_refused": "odoo_admin",
    "code_refused": "odoo_admin",
    "access_lost": "exact_admin",
    "token_limit": "nobody",
    "token_early": "nobody",
}


class CatalogueCase(ErrorCase):
    def setUp(self):
        super().setUp()
        # Nonsense is sent here on purpose: it does not belong in the record of what the add-on sends.
        journal = self.sim.journal
        self.addCleanup(setattr, journal, "path", journal.path)
        journal.path = None

    def sim_row(self, resource, code):
        rows = self.division.tables[resource].rows.values()
        return next(row for row in rows if row["Code"].strip() == code)

    def causes(self, call):
        """The causes of what Exact answers to a call, with its texts."""
        try:
            call()
        except ExactError as error:
            return self.env["exact.cause"]._classify(error), error
        return [], "not refused"

    def reaches(self, code, call):
        """``call`` is refused for this cause, which says who mends it and how."""
        found, error = self.causes(call)
        self.assertIn(code, [cause.code for cause, _text in found], str(error))
        cause = next(cause for cause, _text in found if cause.code == code)
        self.assertTrue(cause.advice and cause.owner and cause.action, code)
        return error

    def speak(self, language):
        self.administrate("language", login=BOOKKEEPER, language=language)


@tagged("post_install", "-at_install")
class TestCauses(CatalogueCase):
    join_once = True

    def test_r20_r50_r55_every_message_on_record_finds_its_own_cause(self):
        client, wrong = self.connection._get_client(), []
        for code, (resource, status, texts) in SAID.items():
            for text in texts:
                self.say(text, path=resource, status=status)
                self.forget_limits()
                found, _error = self.causes(lambda r=resource: client.create(r, {}))
                if [cause.code for cause, _text in found] != [code]:
                    wrong.append((code, text, found and found[0][0].code))
        self.assertFalse(wrong)

    def test_each_refusal_by_exacts_own_rules_is_recognised_in_four_languages(self):
        ruled, wrong = Ruled(self), []
        for language in ("nl", "en", "fr", "de"):
            self.speak(language)
            for code, call in ruled.business() + (ruled.protocol() if language == "en" else []):
                found, error = self.causes(call)
                if code not in [cause.code for cause, _text in found]:
                    wrong.append((code, language, str(error), found and found[0][0].code))
        self.assertFalse(wrong)

    def test_several_messages_in_one_answer_are_told_one_by_one_with_a_button_each(self):
        self.say("Geblokkeerd: Relatie\r\nVerplicht: Boekjaar\r\nOngeldig: Maanstand")
        move = self.invoice()
        exchange = self.refused(move, "customer_is_blocked", "accountant", "Verplicht: Boekjaar")
        problems = move.exact_problem_ids
        self.assertEqual(
            problems.mapped("cause_id.code"), ["customer_is_blocked", "year_unknown", "unknown"]
        )
        self.assertEqual(
            problems.mapped("button"),
            ["Read Exact Again and Retry", "Try Again", "Show What Was Sent"],
        )
        self.assertIn("Ongeldig: Maanstand", problems[2].message)
        self.assertEqual(problems[2].action_mend()["res_id"], exchange.id)
        self.mended(move)

    def test_button_of_a_problem_tries_again_and_says_what_came_of_it(self):
        self.say("Verplicht: Boekjaar")
        move = self.invoice()
        self.refused(move, "year_unknown", "accountant", "Verplicht: Boekjaar")
        answer = move.exact_problem_ids.action_mend()
        self.assertEqual(answer["params"]["type"], "success")
        self.assertEqual(move.exact_state, "done")

    def test_unknown_text_stands_as_it_came_beside_what_was_asked_and_sent(self):
        text = "De maan staat verkeerd voor deze boeking."
        self.say(text)
        move = self.invoice()
        exchange = self.refused(move, "unknown", "accountant", text)
        self.assertEqual(exchange.exact_message, text)
        self.assertEqual(exchange.exact_call, f"POST {ENTRIES}")
        self.assertIn(move.name, exchange.payload_text)

    def test_what_was_sent_is_shown_without_secrets_bank_numbers_and_files(self):
        shown = masked(
            {
                "Name": "Bakkerij",
                "client_secret": "hush",
                "BankAccounts": [{"IBAN": "NL91ABNA0417164300", "Note": "rent"}],
                "Attachment": "A" * 5000,
                "AmountFC": 12.5,
            }
        )
        self.assertEqual(shown["Name"], "Bakkerij")
        self.assertEqual(shown["AmountFC"], 12.5)
        self.assertEqual(shown["BankAccounts"], [{"IBAN": "***4300", "Note": "rent"}])
        self.assertNotIn("hush", str(shown))
        self.assertLess(len(str(shown)), 250)

    def test_r50_missing_invoicing_licence_points_to_the_sales_entry(self):
        self.administrate("right", login=BOOKKEEPER, resource=INVOICES, granted=False)
        client = self.connection._get_client()
        error = self.reaches(
            "invoicing_licence", lambda: client.first(INVOICES, select=["InvoiceID"], top=1)
        )
        self.assertEqual(error.status, 403)
        told = self.env["exact.cause"]._explain(error)
        self.assertIn("Invoicing module", told)
        self.assertIn("Create Exact Sales Entry", told)
        self.assertIn("Your Exact administrator", told)
        # The way that it points to is open.
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)

    def test_limits_are_told_apart_and_wait_by_themselves(self):
        client = self.connection._get_client()

        def read():
            client.rows("crm/Accounts", select=["ID"], filter=odata.eq("ID", odata.Guid(first)))

        first = self.account_row("1")["ID"]
        post(f"{self.sim.url}/_sim/limits", {"minute": 0})
        told = self.env["exact.cause"]._explain(self.reaches("limit", read))
        self.assertIn("Exact takes calls again from", told, "a dialog has no other place for it")
        self.forget_limits()
        post(f"{self.sim.url}/_sim/limits", {"minute": None, "day": 0})
        self.reaches("limit_day", read)
        self.forget_limits()
        post(f"{self.sim.url}/_sim/limits", {"minute": None, "day": 5000, "errors": 1})
        for _n in range(2):
            self.reaches("unknown_field", lambda: client.rows("crm/Accounts", select=["No"]))
        self.reaches("limit_errors", read)

    def test_outages_are_told_apart(self):
        client = self.connection._get_client()
        self.fault("status", method="GET", path="crm/Accounts", status=503)
        self.reaches("unreachable", lambda: client.rows("crm/Accounts", select=["ID"]))
        self.fault("status", method="GET", path="crm/Accounts", status=408)
        self.reaches("too_broad", lambda: client.rows("crm/Accounts", select=["ID"]))

    # === BUTTONS === #

    def test_every_button_leads_somewhere(self):
        cause = self.env["exact.cause"]._by_code("unknown")
        kinds = [value for value, _label in cause._fields["action"].selection]
        move = self.invoice()
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection, move)
        for action in kinds:
            exchange.sudo().write({"state": "failed", "cause_id": cause.id})
            cause.sudo().action = action
            with self.subTest(action):
                self.say("Nog niet")
                answer = exchange.action_mend()
                self.assertTrue(answer["type"].startswith("ir.actions."), answer)

    def test_user_who_may_not_connect_is_led_to_the_connection(self):
        biller = self.make_biller()
        move = self.invoice()
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection, move)
        reconnect = self.env["exact.cause"]._by_code("reconnect")
        exchange.sudo().write({"state": "waiting", "cause_id": reconnect.id})
        self.env.flush_all()
        answer = move.with_user(biller).action_exact_mend()
        self.assertEqual(answer["res_model"], "exact.connection")
        self.assertEqual(move.action_exact_mend()["type"], "ir.actions.act_url")

    def make_biller(self):
        return new_test_user(
            self.env,
            login="cause_biller",
            groups="account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )

    # === CAUSES OF ONE'S OWN === #

    def test_manager_adds_a_cause_that_wins_and_stays(self):
        causes = self.env["exact.cause"]
        own = causes.create(
            {
                "name": "Budget used up",
                "owner": "accountant",
                "advice": "Ask for more.",
                "pattern_nl": "Budget is op",
                "action": "retry",
            }
        )
        self.say("Verplicht: Boekjaar. Budget is op voor deze klant.")
        move = self.invoice()
        self.refused(move, own.code, "accountant", "Budget is op")
        with self.assertRaises(ValidationError):
            own.pattern_fr = "(budget"
        self.assertTrue(own.is_own)
        own.unlink()
        self.say("Budget is op voor deze klant.")
        self.refused(move, "unknown", "accountant")

    def test_what_a_person_changed_in_a_cause_survives_an_update_and_the_rest_is_renewed(self):
        changed = self.env.ref("exact_connector.cause_period_closed")
        untouched = self.env.ref("exact_connector.cause_year_closed")
        changed.advice = "Call Mieke."
        untouched.sudo().advice = "Old words."
        self.env.flush_all()
        convert.convert_file(
            self.env, "exact_connector", "data/exact_cause_answers.xml", {}, mode="update"
        )
        self.assertEqual(changed.advice, "Call Mieke.")
        self.assertIn("Have the year opened", untouched.advice)
        self.assertFalse(changed.is_own)
        with self.assertRaises(UserError):
            changed.unlink()


@tagged("post_install", "-at_install")
class TestTokenCauses(CatalogueCase):
    """The token endpoint's refusals (Exact API sheet 1.4), each brought about for real."""

    def setUp(self):
        super().setUp()
        self.addCleanup(post, f"{self.sim.url}/_sim/clock", {"release": True})
        self.uri = self.env["exact.authorization"]._get_redirect_uri()

    def fetch(self, secret=NL_APP[1], code=None):
        return oauth.fetch_token(self.sim.url, NL_APP[0], secret, self.uri, code or self.grant())

    def renew(self, tokens):
        return oauth.refresh(self.sim.url, *NL_APP, tokens.refresh_token)

    def advance(self, seconds):
        post(f"{self.sim.url}/_sim/clock", {"advance": seconds})

    def test_each_refusal_of_a_token_says_why_and_what_to_do(self):
        reached = set()

        def refused(code, call):
            self.reaches(code, call)
            cause = self.env["exact.cause"]._by_code(code)
            self.assertEqual(cause.owner, TOKENS[code])
            reached.add(code)

        tokens = self.fetch()
        refused("token_early", lambda: self.renew(tokens))
        self.advance(600)
        self.renew(tokens)
        refused("token_replaced", lambda: self.renew(tokens))
        refused("app_refused", lambda: self.fetch(secret="wrong"))
        code = self.grant()
        tokens = self.fetch(code=code)
        refused("code_refused", lambda: self.fetch(code=code))
        self.administrate("reason", login=BOOKKEEPER, reason="BlockedUser")
        self.reaches("blocked_user", lambda: self.renew(tokens))
        self.administrate("reason", login=BOOKKEEPER, reason=None)
        self.advance(31 * 86400)
        refused("token_expired", lambda: self.renew(tokens))
        post(f"{self.sim.url}/_sim/limits", {"token_calls": 0})
        refused("token_limit", self.fetch)
        post(f"{self.sim.url}/_sim/limits", {"token_calls": 200})
        body = '{"error": "access_denied", "error_description": "Forbidden"}'
        self.fault("status", path="oauth2/token", status=403, body=body)
        refused("access_lost", self.fetch)
        self.assertEqual(reached, set(TOKENS))

    def test_why_the_link_died_is_still_told_when_the_next_document_waits(self):
        authorization = self.connection.authorization_id
        token = authorization.sudo().token_ids
        token.dead_reason = "Old refresh token used."
        self.env.flush_all()
        _found, error = self.causes(lambda: authorization._get_access_token())
        self.assertEqual(self.env["exact.cause"]._find(error).code, "token_replaced")


@tagged("post_install", "-at_install")
class TestLocalCauses(CatalogueCase):
    """What no test of its own area brings about."""

    join_once = True

    def codes(self, move):
        mapper = self.env["exact.mapper.sales.entry"]
        problems = mapper._resolve(move, self.connection).problems
        return [problem.code for problem in problems]

    def test_what_is_wrong_with_the_document_itself_is_found_without_a_call(self):
        draft = self.invoice(post=False)
        self.assertEqual(self.codes(draft), ["not_posted"])
        self.assertEqual(self.codes(self.invoice(send=False)), ["not_sent"])
        nobody = self.invoice(post=False)
        nobody.partner_id = False
        self.assertIn("no_customer", self.codes(nobody))
        empty = self.invoice(post=False)
        empty.invoice_line_ids = [Command.clear()]
        self.assertIn("no_lines", self.codes(empty))
        rounded = self.invoice([(1, 10.02, self.tax_21)], post=False)
        rounded.invoice_cash_rounding_id = self.cash_rounding_a
        self.assertIn("special_line", self.codes(rounded))
        fixed = self.tax(2, amount_type="fixed")
        self.assertIn("tax_kind", self.codes(self.invoice([(1, 10.0, fixed)])))
        # As another add-on may leave it: a total that the lines do not explain.
        odd = self.invoice()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move SET amount_untaxed = amount_untaxed + 1 WHERE id = %s", [odd.id]
        )
        odd.invalidate_recordset(["amount_untaxed"])
        self.assertEqual(self.codes(odd), ["totals"])
        self.assertFalse(self.calls())

    def test_what_is_wrong_with_journal_or_division_is_found_without_a_call(self):
        move = self.invoice()
        self.connection.sale_journal_id.sudo().allow_vat = False
        self.connection.division_id.sudo().currency_code = "USD"
        self.assertIn("journal_vat", self.codes(move))
        self.assertIn("division_currency", self.codes(move))
        self.assertFalse(self.calls())

    def test_customer_that_a_fault_of_ours_stops_is_told_on_the_document(self):
        mapper = self.env.registry["exact.mapper.account"]
        move = self.invoice(partner=self.customer(known=False, name="Nieuw BV"))
        with (
            patch.object(mapper, "_exact_values", side_effect=ValueError("oops")),
            patch.object(self.env.registry["exact.exchange"], "_rollback"),
            mute_logger("odoo.addons.exact_connector.models.exact_exchange_settle"),
        ):
            self.refused(move, "customer_failed", "you", "Nieuw BV", "oops")
        self.mended(move)

    def test_what_odoo_refuses_of_an_import_or_payment_is_told_on_the_run(self):
        refuse = patch.object(
            self.env.registry["res.partner"], "create", side_effect=UserError("Not today")
        )
        self.connection.action_import_customers()
        with refuse:
            self.cron("ir_cron_process_exchanges")
        run = self.env["exact.exchange"].search([("kind", "=", "customer_import")])
        self.assertEqual(set(run.problem_ids.mapped("cause_id.code")), {"import_row"})
        move = self.invoice()
        self.mended(move)
        self.accountant("receive", entries=[{"entry": move.exact_entry_id}])
        refuse = patch.object(
            self.env.registry["account.move"], "_exact_settle_all", side_effect=UserError("Locked")
        )
        with refuse:
            self.cron("ir_cron_sync_payments")
        run = self.env["exact.exchange"].search([("kind", "=", "payment_sync")])
        self.assertEqual(run.problem_ids.mapped("cause_id.code"), ["not_settled"])


@tagged("post_install", "-at_install")
class TestCatalogueIsWhole(ErrorCase):
    """Read from the tests themselves: no cause without a test that brings it about."""

    def test_every_complaint_of_users_is_answered(self):
        self.assertEqual(list(COMPLAINTS), list(range(1, 31)))
        known = set(self.env["exact.cause"].search([]).mapped("code"))
        named = {
            code for answer in COMPLAINTS.values() if isinstance(answer, tuple) for code in answer
        }
        self.assertFalse(named - known)

    def test_every_cause_is_reached_by_a_test(self):
        codes = self.shipped()
        self.assertGreater(len(codes), 90)
        missing = sorted(codes - reached_by_tests())
        self.assertFalse(missing, "no test brings about these causes")

    def test_no_test_and_no_code_names_a_cause_that_is_not_there(self):
        codes = self.shipped()
        used = set()
        for path in (HERE.parent / "models").glob("*.py"):
            text = path.read_text()
            used |= set(re.findall(r'_by_code\("(\w+)"\)', text))
            used |= set(re.findall(r'(?<!_)\bProblem\(\s*"(\w+)"', text))
            used |= set(re.findall(r'\.problem\(\s*"(\w+)"', text))
        self.assertTrue(used)
        self.assertFalse(used - codes)

    def test_every_cause_is_complete_and_in_its_place(self):
        causes = self.env["exact.cause"].search([])
        for cause in causes:
            with self.subTest(cause.code):
                self.assertTrue(cause.advice)
                self.assertFalse(cause.name.endswith("."))
                self.assertTrue(cause.advice.endswith("."))
        exact = causes.filtered(lambda c: c.kind == "exact")
        early = exact.filtered(lambda c: c.sequence <= 100)
        self.assertFalse(early.mapped("code"), "own ones come first")

    def shipped(self):
        data = self.env["ir.model.data"].search(
            [("model", "=", "exact.cause"), ("module", "=", "exact_connector")]
        )
        return set(self.env["exact.cause"].browse(data.mapped("res_id")).mapped("code"))


def reached_by_tests():
    """Codes that some test of this folder brings about.

    Counted are the strings in tests, and in the tables that they read: constants in capitals, and
    the pairs of ``catalogue.py``. The tables of this file only where a test goes through them all.
    """
    found = set()
    for path in sorted(HERE.glob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if path.name == "catalogue.py" and isinstance(node, ast.Tuple) and len(node.elts) == 2:
                found |= strings(node.elts[0])
            elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found |= strings(node)
        for node in tree.body:
            if isinstance(node, ast.Assign) and "COMPLAINTS" not in ast.unparse(node.targets[0]):
                found |= strings(node.value)
    return found


def strings(node):
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }
