"""Odoo's copy of what Exact invoices: what people do there, what is refused here, and to whom (R49, R58)."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .invoice_sending import INVOICES, InvoiceSendCase

KEYS = {"keys": ["a,1"]}


@tagged("post_install", "-at_install")
class TestInvoiceCopy(InvoiceSendCase):
    def sync(self):
        self.clear_calls()
        self.cron("ir_cron_sync_payments")

    # === WHAT PEOPLE DO IN EXACT === #

    def test_r49_without_drafts_the_look_costs_no_call(self):
        self.printed()
        self.sync()
        self.assertFalse(self.calls(path="salesinvoice"))

    def test_r49_printed_deleted_and_changed_in_exact_are_found_with_the_paid_status(self):
        moves = self.draft() | self.draft() | self.draft() | self.draft()
        exchanges = self.send(moves, selection=KEYS)
        printed, deleted, changed, same = moves
        gone = exchanges.filtered(lambda e: e.move_id == deleted)
        self.accountant("print-invoice", invoice=printed.exact_reference)
        self.accountant("receive", entries=[{"entry": printed.exact_invoice_id}])
        self.accountant("delete-invoice", invoice=deleted.exact_reference)
        self.accountant(
            "change-invoice", invoice=changed.exact_reference, lines=[{"line": 1, "Quantity": 2}]
        )
        self.sync()
        # One page for all, and the one that is missing looked up by its own address.
        self.assertEqual(len(self.calls("GET", "salesinvoice")), 2)
        self.assertEqual((printed.state, printed.exact_state), ("posted", "done"))
        self.assertEqual(printed.payment_state, "paid")
        self.assertFalse(deleted.exists())
        self.assertEqual(gone.state, "cancelled")
        self.assertIn("deleted in Exact", gone.notes)
        self.assertEqual((changed.exact_state, same.exact_state), ("differs", "draft"))
        self.assertIn("242.00", changed.exact_message)

    def test_r49_draft_that_only_a_page_misses_is_not_given_up(self):
        move = self.draft()
        self.send(move, selection=KEYS)
        empty = '{"d": {"results": []}}'
        self.fault("body", method="GET", path=f"{INVOICES}\\?", body=empty)
        self.sync()
        self.assertEqual(move.exact_state, "draft")

    def test_r49_missing_right_on_invoices_does_not_hold_up_the_paid_status(self):
        entry = self.invoice()
        entry.action_exact_create_sales_entry()
        move = self.made()
        self.accountant("receive", entries=[{"entry": entry.exact_entry_id}])
        self.accountant("licence", invoicing=False)
        self.sync()
        self.assertEqual((entry.payment_state, move.exact_state), ("paid", "draft"))

    def test_r49_refresh_button_tells_what_was_found(self):
        move = self.made()
        answer = move.action_exact_refresh_invoice()
        self.assertEqual(answer["params"]["type"], "success")
        self.accountant("print-invoice", invoice=move.exact_reference)
        answer = move.action_exact_refresh_invoice()
        self.assertIn(move.exact_entry_number, answer["params"]["message"])

    def test_r49_what_odoo_cannot_post_is_kept_and_posted_later(self):
        move = self.made()
        account = move.invoice_line_ids.account_id
        account.active = False
        self.accountant("print-invoice", invoice=move.exact_reference)
        with mute_logger("odoo.addons.exact_connector.models.account_move_invoice_result"):
            self.sync()
        number = str(self.in_exact()[0]["InvoiceNumber"])
        self.assertEqual(
            (move.state, move.exact_state, move.exact_entry_number), ("draft", "differs", number)
        )
        self.assertIn("could not post", move.exact_message)
        move.action_exact_print_invoice()
        self.assertFalse(self.writes())
        account.active = True
        self.sync()
        self.assertEqual((move.state, move.name, move.exact_state), ("posted", number, "done"))
        self.assertFalse(move.exact_message)

    # === THE GUARD === #

    def refused(self, call, *words, with_button=True):
        with self.assertRaises(RedirectWarning if with_button else UserError) as refusal:
            call()
        for word in words:
            self.assertIn(word, str(refusal.exception.args[0]))

    def test_r58_copy_is_not_confirmed_by_hand(self):
        move = self.draft()
        self.refused(move.action_post, "Invoice in Exact")
        self.send(move)
        self.refused(move.action_post, "printed there")
        self.assertEqual(move.state, "draft")
        self.refused((move | self.draft()).action_post, with_button=False)

    def test_r58_draft_in_exact_is_not_changed_cancelled_or_deleted_here_only(self):
        move = self.made()
        self.refused(move.button_cancel, "Cancel it in Exact")
        self.refused(move.unlink, "Cancel it in Exact")
        for values in (
            {"invoice_line_ids": [(1, move.invoice_line_ids.id, {"price_unit": 1})]},
            {"invoice_line_ids": [(2, move.invoice_line_ids.id)]},
            {"invoice_line_ids": [(0, 0, {"name": "x", "price_unit": 1})]},
            {"partner_id": self.customer(known=False, name="Ander").id},
            {"journal_id": self.company_data["default_journal_sale"].id},
        ):
            self.refused(lambda v=values: move.write(v), "Cancel it in Exact", with_button=False)
        move.write({"narration": "Dank u"})
        self.assertFalse(self.paths())

    def test_r58_printed_invoice_is_taken_back_by_a_credit_note_only(self):
        move = self.printed()
        for call in (move.button_draft, move.button_cancel, move.action_exact_reset_to_draft):
            self.refused(call, "credit note")
        self.refused(lambda: move.write({"state": "draft"}), "credit note", with_button=False)
        self.refused(
            lambda: move.invoice_line_ids.write({"price_unit": 1}), "credit note", with_button=False
        )
        self.assertFalse(move.exact_changes)
        self.assertFalse(self.paths())

    def test_r58_copy_that_is_not_in_exact_may_go(self):
        move = self.draft()
        move.invoice_line_ids.price_unit = 50
        move.unlink()
        self.assertFalse(move.exists())

    # === WHO === #

    def test_r49_buttons_are_for_exact_users_of_the_company(self):
        move = self.made()
        calls = (
            "action_exact_invoice",
            "action_exact_print_invoice",
            "action_exact_cancel_invoice",
            "action_exact_refresh_invoice",
        )
        outsider = self.make_user("outsider", "base.group_user")
        other, _connection = self.other_company()
        elsewhere = self.make_user(
            "elsewhere",
            "account.group_account_invoice",
            "exact_connector.group_exact_user",
            company=other,
        )
        self.clear_calls()
        for user in (outsider, elsewhere):
            for name in calls:
                with self.subTest(user=user.login, button=name), self.assertRaises(AccessError):
                    getattr(move.with_user(user), name)()
        self.assertFalse(self.paths())

    def test_r49_exact_user_prints_and_cancels(self):
        user = self.make_user(
            "bookkeeper", "account.group_account_invoice", "exact_connector.group_exact_user"
        )
        first, second = self.draft(), self.draft()
        self.send(second, selection=KEYS)
        first.with_user(user).action_exact_invoice()
        first.with_user(user).action_exact_print_invoice()
        self.assertEqual((first.state, first.exact_sent_by_id), ("posted", user))
        second.with_user(user).action_exact_cancel_invoice()
        self.assertFalse(second.exists())

    def test_r49_draft_of_another_division_is_not_asked_for(self):
        move = self.made()
        self.connection.sudo().books_since = fields.Datetime.now() + timedelta(hours=1)
        self.sync()
        self.assertFalse(self.calls(path="salesinvoice"))
        answer = move.action_exact_refresh_invoice()
        self.assertIn("connected before", answer["params"]["message"])
        answer = move.action_exact_print_invoice()
        self.assertIn("connected before", answer["params"]["message"])
        self.assertFalse(self.steps(move, "invoice_print"))
        self.assertTrue(move.exists())

    def test_r49_draft_of_another_division_is_let_go_by_a_manager(self):
        """Else it could neither be cancelled nor deleted, and what it took stayed taken for good."""
        move = self.draft()
        exchange = self.send(move, selection=KEYS)
        self.connection.sudo().books_since = fields.Datetime.now() + timedelta(hours=1)
        self.clear_calls()
        groups = ("account.group_account_invoice", "exact_connector.group_exact_user")
        with self.assertRaises(AccessError):
            move.with_user(self.make_user("clerk", *groups)).action_exact_cancel_invoice()
        answer = move.action_exact_cancel_invoice()
        self.assertIn("Delete it there", answer["params"]["message"])
        self.assertFalse(move.exists())
        self.assertEqual(exchange.state, "cancelled")
        self.assertIn("Delete it there", exchange.notes)
        self.assertFalse(self.paths())

    def test_r49_draft_that_got_another_customer_in_exact_differs(self):
        move = self.made()
        other = "00000000-0000-0000-0000-0000000000ff"
        row = {"AmountFC": move.amount_total, "VATAmountFC": move.amount_tax, "Currency": "EUR"}
        account = move.commercial_partner_id.exact_account_id
        self.assertFalse(move._exact_invoice_difference({**row, "OrderedBy": account.upper()}))
        text = move._exact_invoice_difference({**row, "OrderedBy": other})
        self.assertIn("another customer", text)

    def test_r58_customer_of_what_may_be_in_exact_is_not_changed(self):
        move = self.draft()
        self.fault("drop_after", path=INVOICES)
        self.send(move, selection=KEYS)
        self.assertEqual(move.exact_state, "unclear")
        other = self.customer(known=False, name="Ander")
        self.refused(lambda: move.write({"partner_id": other.id}), "Perhaps", with_button=False)

    def test_r49_copy_put_into_an_ordinary_journal_is_not_deleted(self):
        move = self.draft()
        exchange = self.env["exact.exchange"]._enqueue_invoices(
            self.connection, move, selection=KEYS
        )
        move.journal_id = self.company_data["default_journal_sale"]
        exchange._drive()
        self.assertEqual((exchange.state, exchange.attempts), ("failed", 0))
        self.assertEqual((move.exists(), move.exact_route), (move, "entry"))
