"""Switching on "Invoice in Exact", its Odoo journal, and the right to it at Exact (R50)."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..client import ExactError
from ..models.exact_connection_probe import INVOICING, MOST_REFUSALS
from .common import NL_APP, post
from .invoicing import InvoicingCase


class LicenceCase(InvoicingCase):
    def administrate(self, what, **values):
        return post(f"{self.sim.url}/_sim/accountant/{what}", values)

    def licence(self, granted, how="text"):
        post(f"{self.sim.url}/_sim/options", {"licence_refusal": how})
        self.accountant("licence", invoicing=granted)

    def probes(self):
        return self.calls("GET", INVOICING)

    def switch_on_again(self):
        """As for the first time: nothing known of the right."""
        self.connection.invoicing = False
        self.connection.probe_ids.sudo().unlink()
        self.clear_calls()
        self.connection.invoicing = True


@tagged("post_install", "-at_install")
class TestInvoiceLicence(LicenceCase):
    def test_r50_licence_is_asked_for_with_one_call_when_switched_on(self):
        self.assertEqual(self.connection.invoice_licence, "granted")
        self.switch_on_again()
        self.assertEqual(len(self.calls()), 1)
        self.assertEqual(self.connection.invoice_licence, "granted")
        self.assertFalse(self.connection.invoice_licence_message)
        self.clear_calls()
        self.connection.write({"invoicing": True, "invoice_print": "print"})
        self.assertFalse(self.calls(), "it was on already")

    def test_r50_missing_licence_is_recognised_however_exact_says_it(self):
        for how, code in (
            ("text", "invoicing_licence"),
            ("bare", "invoicing_licence"),
            ("reason", "invoicing_expired"),
        ):
            self.licence(False, how)
            self.switch_on_again()
            with self.subTest(how):
                self.assertTrue(self.connection.invoicing, "it may be switched on beforehand")
                self.assertEqual(self.connection.invoice_licence, "missing")
                self.assertEqual(self.connection.probe_ids.filtered("cause_id").cause_id.code, code)
                self.assertIn("not in the licence", self.connection.invoice_licence_message)
        self.assertFalse(self.connection.probe_missing_count, "nothing else is held up by it")

    def test_r50_missing_licence_is_recognised_at_connecting_without_the_switch(self):
        self.connection.invoicing = False
        self.connection.probe_ids.sudo().unlink()
        self.licence(False)
        self.clear_calls()
        self.connection._probe_quietly()
        self.assertEqual(len(self.probes()), 1)
        self.assertEqual(self.connection.invoice_licence, "missing")
        self.clear_calls()
        self.connection._probe()
        self.assertFalse(self.probes(), "not asked for again while nobody wants it")

    def test_r50_missing_scope_names_the_scope_and_the_owner_of_the_app(self):
        self.administrate("scope", client_id=NL_APP[0], scope="sales invoices", granted=False)
        self.switch_on_again()
        self.assertEqual(self.connection.invoice_licence, "missing")
        self.assertEqual(self.connection.probe_ids.filtered("cause_id").cause_id.code, "scope")
        self.assertIn("Sales invoices (Manage)", self.connection.invoice_licence_message)
        self.assertIn("App Centre", self.connection.invoice_licence_message)

    def test_r50_refusal_at_sending_is_remembered_and_success_forgotten(self):
        self.licence(False)
        self.connection.probe_ids.sudo().unlink()
        exchange = (
            self.env["exact.exchange"]
            .sudo()
            .create(
                {
                    "connection_id": self.connection.id,
                    "kind": "sales_invoice",
                    "move_id": self.draft().id,
                }
            )
        )
        with self.assertRaises(ExactError) as caught:
            self.connection._get_client().first(INVOICING, select=["InvoiceID"], top=1)
        exchange._settle_error(caught.exception)
        self.assertEqual(exchange.cause_id.code, "invoicing_licence")
        self.assertEqual(self.connection.invoice_licence, "missing")
        exchange._settle_done("x", "1")
        self.assertEqual(self.connection.invoice_licence, "granted")

    def test_r50_checked_again_by_the_button_but_never_so_often_that_exact_shuts_us_out(self):
        self.licence(False)
        self.switch_on_again()
        self.licence(True)
        answer = self.connection.action_probe_invoicing()
        self.assertEqual(answer["params"]["type"], "success")
        self.assertEqual(self.connection.invoice_licence, "granted")
        self.licence(False)
        self.clear_calls()
        with self.assertRaises(UserError):
            for _press in range(MOST_REFUSALS + 1):
                answer = self.connection.action_probe_invoicing()
                self.assertEqual(answer["params"]["type"], "warning")
        self.assertEqual(len(self.probes()), MOST_REFUSALS)

    @mute_logger("odoo.addons.exact_connector.models.exact_connection_invoicing")
    def test_r50_no_answer_is_no_refusal(self):
        self.connection.probe_ids.sudo().unlink()
        self.connection.invoicing = False
        post(
            f"{self.sim.url}/_sim/faults",
            {"kind": "status", "method": "GET", "path": INVOICING, "status": 503},
        )
        self.connection.invoicing = True
        self.assertEqual(self.connection.invoice_licence, "unknown")

    def test_only_a_manager_switches_it_on(self):
        biller = self.make_user("inv_biller", "account.group_account_invoice")
        connection = self.connection.with_user(biller)
        with self.assertRaises(AccessError):
            connection.invoicing = False
        with self.assertRaises(AccessError):
            connection.action_probe_invoicing()
        self.connection.invoicing = False
        self.connection.invoice_odoo_journal_id = False
        manager = self.make_user("inv_manager", "exact_connector.group_exact_manager")
        self.connection.with_user(manager).invoicing = True
        self.assertTrue(self.connection.invoice_odoo_journal_id, "without rights on journals")


@tagged("post_install", "-at_install")
class TestInvoiceJournal(LicenceCase):
    def test_switching_on_makes_the_journal_once_and_in_every_language(self):
        self.assertTrue(self.journal.exact_invoices)
        self.assertEqual((self.journal.code, self.journal.type), ("EXINV", "sale"))
        self.assertEqual(self.journal.company_id, self.company)
        self.assertEqual(
            self.journal.default_account_id,
            self.company_data["default_journal_sale"].default_account_id,
        )
        self.connection.invoice_odoo_journal_id = False
        self.assertEqual(self.connection.invoice_odoo_journal_id, self.journal, "the same again")
        self.journal.active = False
        self.connection.invoice_odoo_journal_id = False
        self.assertTrue(self.journal.active)

    def test_code_that_is_taken_makes_no_trouble(self):
        self.connection.invoice_odoo_journal_id.unlink()
        self.journal.create(
            {"name": "x", "code": "EXINV", "type": "general", "company_id": self.company.id}
        )
        self.assertEqual(self.connection._get_invoice_journal().code, "EXIN2")

    def test_r3_each_company_has_a_journal_of_its_own(self):
        company, other = self.other_company(login="office@practice.example")
        self.assertFalse(other.invoicing)
        other.invoicing = True
        self.assertEqual(other.invoice_odoo_journal_id.company_id, company)
        with self.assertRaises(UserError):
            other.invoice_odoo_journal_id = self.journal

    def test_journal_keeps_its_mark_while_drafts_are_open_or_exact_made_invoices(self):
        move = self.draft()
        with self.assertRaisesRegex(UserError, "1 drafts"):
            self.journal.exact_invoices = False
        move.exact_invoice_id = "11111111-1111-4111-8111-000000000001"
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move SET state = 'posted' WHERE id = %s", [move.id])
        move.invalidate_recordset(["state"])
        with self.assertRaisesRegex(UserError, "it stays their journal"):
            self.journal.exact_invoices = False
        empty = self.journal.copy({"code": "LEEG", "exact_invoices": True})
        empty.exact_invoices = False
        self.assertFalse(empty.exact_invoices)

    def test_journal_with_invoices_of_odoo_cannot_be_taken(self):
        self.invoice()
        usual = self.company_data["default_journal_sale"]
        with self.assertRaisesRegex(UserError, "Invoices that Odoo numbered"):
            self.connection.invoice_odoo_journal_id = usual
        with self.assertRaises(ValidationError):
            self.company_data["default_journal_misc"].exact_invoices = True

    def test_journal_that_is_chosen_is_marked(self):
        own = self.journal.copy(
            {
                "code": "EIGEN",
                "exact_invoices": False,
                "default_account_id": self.journal.default_account_id.id,
            }
        )
        self.connection.invoice_odoo_journal_id = own
        self.assertTrue(own.exact_invoices)
        draft = self.draft(journal_id=own.id)
        self.assertEqual(draft.exact_route, "invoice")
        self.assertEqual(self.invoice(post=False).exact_route, "entry")


@tagged("post_install", "-at_install")
class TestUnitOfMeasure(LicenceCase):
    def test_codes_of_exact_are_written_on_a_unit_by_whoever_manages_units(self):
        self.hour.exact_unit_codes = "Uur, U.;hrs"
        for code in ("UUR", "u", " hrs ", "HRS."):
            self.assertTrue(self.hour._exact_is_called(code), code)
        self.assertFalse(self.hour._exact_is_called("dag"))
        self.assertFalse(self.day._exact_is_called(""))
