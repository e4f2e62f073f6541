"""Whatever stands in the way is told on the record, with a way to mend it, and leaves nothing half made."""

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import BOOKKEEPER, NL_APP, post
from .sending import ACCOUNTS, ENTRIES, ErrorCase

REASONS = {
    "BlockedUser": "blocked_user",
    "InactiveUser": "inactive_user",
    "BlockedCustomer": "blocked_licence",
    "LicenseExpired": "license_expired",
    "DivisionBlocked": "division_blocked",
    "NoDivisionAccess": "no_division_access",
}


@tagged("post_install", "-at_install")
class TestFoundBeforeSending(ErrorCase):
    """Seen in Odoo: no call at all."""

    join_once = True

    def test_r09_unmapped_tax_stops_only_its_own_document(self):
        tax = self.tax(9)
        bad, good = self.invoice([(1, 10.0, tax)]), self.invoice()
        (bad | good).action_exact_create_sales_entry()
        self.assertEqual((bad | good).mapped("exact_state"), ["failed", "done"])
        exchange = self.refused(bad, "tax_unmapped", "odoo_admin", tax.name, calls=0)
        self.opens(exchange, tax)
        tax.exact_vat_code_id = self.exact("vat.code", "1")
        self.mended(bad)

    def test_r10_vat_code_including_cannot_be_mapped(self):
        with self.assertRaises(ValidationError):
            self.tax_21.exact_vat_code_id = self.exact("vat.code", "5")

    def test_r10_vat_code_that_became_including_is_caught_after_a_refresh(self):
        move = self.invoice()
        self.accountant("vat-type", code="2", type="I")
        self.connection._refresh_reference_data()
        self.assertIn("Including", self.chatter(self.connection))
        exchange = self.refused(move, "vat_code_including", "odoo_admin", calls=0)
        self.opens(exchange, self.tax_21)
        self.accountant("vat-type", code="2", type="E")
        self.mended_in_exact(move)

    def test_r10_codes_of_type_b_and_n_carry_no_tax_but_zero(self):
        for code in ("6", "0"):
            self.refused(
                self.invoice([(1, 10.0, self.tax(21, code))]),
                "vat_code_rate",
                "odoo_admin",
                calls=0,
            )
            zero = self.invoice([(1, 10.0, self.tax(0, code))])
            zero.action_exact_create_sales_entry()
            self.assertEqual(zero.exact_state, "done", zero.exact_message)

    def test_r20_item_without_revenue_account_is_named_and_mended_in_exact(self):
        move = self.invoice_of_item("LEEG")
        item = self.exact("item", "LEEG")
        exchange = self.refused(move, "item_account", "accountant", "LEEG", calls=0)
        self.assertIn("general ledger account", exchange.cause_id.name)
        self.opens(exchange, item)
        account = next(r for r in self.sim_rows("financial/GLAccounts") if r["Code"] == "8000")
        self.accountant("item", code="LEEG", GLRevenue=account["ID"])
        self.mended_in_exact(move)

    def test_blocked_ledger_account_is_caught_after_a_refresh(self):
        move = self.invoice()
        self.accountant("gl", code="8000", IsBlocked=True)
        self.connection._refresh_reference_data()
        self.refused(move, "account_blocked", "accountant", "8000", calls=0)
        self.accountant("gl", code="8000", IsBlocked=False)
        self.mended_in_exact(move)

    def test_r39_customer_known_as_blocked_is_not_tried(self):
        self.connection.action_import_customers()
        self.cron("ir_cron_process_exchanges")
        partner = self.env["res.partner"].search([("exact_account_code", "=", "7")])
        move = self.invoice(partner=partner)
        exchange = self.refused(move, "customer_blocked", "accountant", partner.name, calls=0)
        self.opens(exchange, partner)
        self.accountant("block-account", account="7", blocked=False)
        self.mended_in_exact(move)

    def test_customer_without_country_is_not_made(self):
        partner = self.customer(known=False, name="Ergens BV", country_id=False)
        move = self.invoice(partner=partner)
        exchange = self.refused(move, "customer_country", "you", "Ergens BV", calls=0)
        self.opens(exchange, partner)
        partner.country_id = self.env.ref("base.be")
        self.mended(move)

    def test_customer_without_name_is_not_made(self):
        partner = self.env["res.partner"].create(
            {"type": "invoice", "street": "Kade 1", "country_id": self.env.ref("base.nl").id}
        )
        move = self.invoice(partner=partner)
        exchange = self.refused(move, "customer_name", "you", calls=0)
        self.opens(exchange, partner)
        partner.name = "Nu met naam"
        self.mended(move)

    def test_r37_customer_number_with_letters_is_explained(self):
        partner = self.customer(known=False, ref="K-12")
        move = self.invoice(partner=partner)
        self.refused(move, "customer_number", "you", "K-12", calls=0)
        partner.ref = False
        self.mended(move)

    def test_all_problems_are_told_at_once(self):
        partner = self.customer(known=False, ref="K-12", country_id=False)
        move = self.invoice([(1, 10.0, self.tax(9)), (1, 10.0, self.tax_21)], partner=partner)
        self.accountant("vat-type", code="2", type="I")
        self.connection._refresh_reference_data()
        self.connection.sale_journal_id = False
        move.action_exact_create_sales_entry()
        self.assertEqual(
            set(move.exact_problem_ids.mapped("cause_id.code")),
            {
                "customer_country",
                "customer_number",
                "no_journal",
                "tax_unmapped",
                "vat_code_including",
            },
        )
        for problem in move.exact_problem_ids:
            self.assertTrue(problem.action_open_record()["type"])
            self.assertTrue(problem.advice)

    def test_r52_document_that_was_not_sent_is_left_out_with_a_reason(self):
        move = self.invoice(send=False)
        self.clear_calls()
        answer = move.action_exact_create_sales_entry()
        self.assertIn("not sent to the customer yet", answer["params"]["message"])
        self.assertIn("not sent to the customer yet", self.chatter(move))
        self.assertFalse(self.calls() or move.exact_exchange_ids)
        move.is_move_sent = True
        self.mended(move)

    def test_r03_invoice_of_a_company_without_connection_is_left_out(self):
        other = self.setup_other_company()["company"]
        move = self.init_invoice(
            "out_invoice", partner=self.customer(), amounts=[10.0], company=other, post=True
        )
        move.is_move_sent = True
        self.clear_calls()
        answer = move.action_exact_create_sales_entry()
        self.assertIn("is not connected", answer["params"]["message"])
        self.assertFalse(self.calls())
        # Handed to our connection all the same, it is refused before any call.
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection, move)
        exchange._drive()
        self.assertIn("other_company", exchange.problem_ids.mapped("cause_id.code"))
        self.assertFalse(self.calls())
        self.assertFalse(self.entries())

    def test_without_connection_nothing_goes_and_it_waits_for_connecting(self):
        move = self.invoice()
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection, move)
        self.connection.authorization_id.action_disconnect()
        self.clear_calls()
        exchange._drive()
        self.assertEqual((exchange.state, exchange.cause_id.code), ("waiting", "reconnect"))
        self.assertFalse(self.calls())
        kept = self.connection.authorization_id._connect(self.grant())
        self.connection._after_connect(kept)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(move.exact_state, "done", move.exact_message)


@tagged("post_install", "-at_install")
class TestRefusedByExact(ErrorCase):
    """Seen by Exact only: its own words, in the language of its user, and who mends it."""

    join_once = True

    def test_closed_period_in_every_language(self):
        today = fields.Date.today()
        self.accountant("close-period", year=today.year, period=today.month)
        for language, words in (
            ("nl", "Periode is afgesloten"),
            ("en", "Period is closed"),
            ("fr", "est clôturée"),
        ):
            self.administrate("language", login=BOOKKEEPER, language=language)
            move = self.invoice()
            exchange = self.refused(move, "period_closed", "accountant", words)
            self.assertEqual(exchange.http_status, 500)
            self.assertIn(words, exchange.exact_message)
        self.accountant("close-period", year=today.year, period=today.month, open=True)
        self.mended(move)

    def test_customer_blocked_behind_our_back_in_every_language(self):
        for language, words in (
            ("nl", "Geblokkeerd: Relatie"),
            ("en", "Blocked: Relationship"),
            ("fr", "Bloqué : Relation"),
        ):
            self.administrate("language", login=BOOKKEEPER, language=language)
            self.accountant("block-account", account="1")
            move = self.invoice()
            self.refused(move, "customer_is_blocked", "accountant", words)
            self.accountant("block-account", account="1", blocked=False)
            self.mended(move)

    def test_ledger_account_blocked_behind_our_back_in_every_language(self):
        self.accountant("gl", code="8000", IsBlocked=True)
        for language, words in (
            ("nl", "Geblokkeerd: Grootboekrekening"),
            ("en", "Blocked: G/L account"),
            ("fr", "Bloqué : Compte général"),
        ):
            self.administrate("language", login=BOOKKEEPER, language=language)
            move = self.invoice()
            self.refused(move, "ledger_wrong", "accountant", words)
        self.accountant("gl", code="8000", IsBlocked=False)
        self.mended(move)

    def test_customer_that_ended_in_every_language(self):
        self.accountant("account", account="1", EndDate="2020-01-01")
        for language, words in (("nl", "Niet actief"), ("en", "Not active"), ("fr", "Inactif")):
            self.administrate("language", login=BOOKKEEPER, language=language)
            self.refused(self.invoice(), "customer_is_blocked", "accountant", words)

    def test_vat_code_that_became_including_behind_our_back(self):
        self.accountant("vat-type", code="2", type="I")
        move = self.invoice()
        self.refused(move, "vat_mismatch", "odoo_admin", "BTW-percentage")
        self.accountant("vat-type", code="2", type="E")
        self.mended(move)

    def test_country_that_exact_does_not_know(self):
        country = self.env["res.country"].create({"name": "Atlantis", "code": "QX"})
        partner = self.customer(known=False, name="Diep BV", country_id=country.id)
        move = self.invoice(partner=partner)
        exchange = self.refused(move, "country_wrong", "you", "Land", "Diep BV")
        self.opens(exchange, partner)
        partner.country_id = self.env.ref("base.nl")
        self.mended(move)
        self.assertTrue(partner.exact_account_id)

    def test_unknown_text_is_shown_as_exact_wrote_it(self):
        self.say("De maan staat verkeerd voor deze boeking.")
        move = self.invoice()
        exchange = self.refused(
            move, "unknown", "accountant", "De maan staat verkeerd voor deze boeking."
        )
        self.assertEqual(exchange.http_status, 500)
        self.assertTrue(exchange.payload, "the values sent can be looked at")
        self.mended(move)

    def test_r55_each_reason_of_403_has_its_own_text_owner_and_advice(self):
        names = set()
        for reason, cause in REASONS.items():
            with self.subTest(reason):
                self.administrate("reason", login=BOOKKEEPER, reason=reason)
                move = self.invoice()
                exchange = self.refused(move, cause, "exact_admin")
                self.assertEqual(exchange.http_status, 403)
                names.add((exchange.cause_id.name, exchange.advice))
                self.administrate("reason", login=BOOKKEEPER, reason=None)
                self.mended(move)
        self.assertEqual(len(names), len(REASONS))

    def test_r55_missing_scope_is_named(self):
        self.administrate(
            "scope", client_id=NL_APP[0], scope="financial accounting", granted="read"
        )
        move = self.invoice()
        self.refused(move, "scope", "exact_admin", "financial.accounting")
        self.administrate("scope", client_id=NL_APP[0], scope="financial accounting", granted=True)
        self.mended(move)

    def test_r55_missing_right_is_explained(self):
        self.administrate("right", login=BOOKKEEPER, resource=ENTRIES, granted=False)
        move = self.invoice()
        self.refused(move, "forbidden", "exact_admin", "Forbidden")
        self.administrate("right", login=BOOKKEEPER, resource=ENTRIES, granted=True)
        self.mended(move)

    def test_r55_missing_right_on_customers_is_told_on_the_document(self):
        self.administrate("right", login=BOOKKEEPER, resource=ACCOUNTS, granted=False)
        partner = self.customer(known=False, name="Nieuw BV")
        move = self.invoice(partner=partner)
        self.refused(move, "forbidden", "exact_admin", "Forbidden", "Nieuw BV")
        self.administrate("right", login=BOOKKEEPER, resource=ACCOUNTS, granted=True)
        self.mended(move)

    def test_r55_what_refuses_all_alike_is_asked_once_and_told_on_each(self):
        """Ten errors block an app at Exact: a right that is missing must not be tried for each document."""
        post(f"{self.sim.url}/_sim/limits", {"errors": 10})
        self.administrate("reason", login=BOOKKEEPER, reason="BlockedUser")
        partner = self.customer()
        moves = self.env["account.move"].union(*(self.invoice(partner=partner) for _n in range(12)))
        self.clear_calls()
        moves.action_exact_create_sales_entry()
        self.assertEqual(len(self.calls()), 1)
        self.assertEqual(set(moves.mapped("exact_state")), {"failed"})
        self.assertEqual(moves.exact_exchange_ids.cause_id.code, "blocked_user")
        self.administrate("reason", login=BOOKKEEPER, reason=None)
        moves.exact_exchange_ids.action_retry()
        self.assertEqual(set(moves.mapped("exact_state")), {"done"})
        self.assertEqual(len(self.entries()), 12)

    # === ANOTHER RELATION IN THE WAY (R43) === #

    def test_r43_prospect_and_supplier_with_the_same_number_are_not_taken_nor_overwritten(self):
        for code in ("9", "10"):
            before = dict(self.account_row(code))
            partner = self.customer(known=False, name=before["Name"], ref=code)
            move = self.invoice(partner=partner)
            exchange = self.refused(move, "account_role", "accountant", code, before["Name"])
            self.opens(exchange, self.env["exact.match"].search([("partner_id", "=", partner.id)]))
            self.assertEqual(self.account_row(code), before)
            self.assertFalse(partner.exact_account_id)
            self.accountant("account", account=code, Status="C")
            self.mended(move)
            self.assertEqual(partner.exact_account_id, before["ID"])

    def test_r43_same_vat_number_is_asked_about_not_doubled(self):
        self.accountant("account", account="2", VATNumber="NL000099998B57")
        partner = self.customer(known=False, name="Zelfde BV", vat="NL000099998B57")
        move = self.invoice(partner=partner)
        exchange = self.refused(move, "customer_same_vat", "you", "NL000099998B57", "2")
        self.opens(exchange, self.env["exact.match"].search([("partner_id", "=", partner.id)]))
        partner.ref = "2"
        self.mended(move)
        self.assertEqual(partner.exact_account_id, self.account_row("2")["ID"])
