"""What is in Exact is guarded in Odoo, and there is a way out of every guard (R58)."""

from odoo.exceptions import RedirectWarning, UserError
from odoo.tests import tagged

from .common import post
from .sending import SendCase


@tagged("post_install", "-at_install")
class TestWayOut(SendCase):
    def test_r58_document_in_exact_cannot_be_reset_cancelled_or_deleted(self):
        move = self.invoice()
        move.action_exact_create_sales_entry()
        delete = move.with_context(force_delete=True).unlink
        for action in (delete, move.button_cancel, move.button_draft):
            with self.assertRaisesRegex(RedirectWarning, "credit note") as caught:
                action()
        self.assertEqual(move.exact_state, "done")
        # The warning leads to the ways out, which remember what was asked for.
        _text, action, _button, context = caught.exception.args
        answer = self.env["ir.actions.server"].browse(action).with_context(**context).run()
        wizard = self.env[answer["res_model"]].browse(answer["res_id"])
        self.assertEqual((wizard.move_id, wizard.intent), (move, "draft"))
        reversal = wizard.action_credit_note()
        self.assertEqual(reversal["res_model"], "account.move.reversal")
        self.assertEqual(reversal["context"]["active_ids"], move.ids)

    def test_r58_several_documents_in_exact_are_refused_together(self):
        moves = self.invoice() | self.invoice()
        moves.action_exact_create_sales_entry()
        with self.assertRaisesRegex(UserError, moves[1].exact_entry_number):
            moves.button_draft()

    def test_r58_document_whose_entry_was_deleted_in_exact_can_be_reset_and_sent_again(self):
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.accountant("delete-entry", entry=move.exact_entry_number)
        move.button_draft()
        self.assertEqual((move.state, move.exact_state), ("draft", "not_sent"))
        self.assertFalse(move.exact_entry_id)
        self.assertIn("deleted", self.chatter(move))
        move.action_post()
        move.is_move_sent = True
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(len(self.entries()), 1)

    def test_r58_while_exact_cannot_be_asked_the_guard_stays(self):
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.accountant("delete-entry", entry=move.exact_entry_number)
        post(
            f"{self.sim.url}/_sim/faults",
            {"method": "GET", "path": "SalesEntries", "kind": "status", "status": 503},
        )
        with self.assertRaises(RedirectWarning):
            move.button_draft()

    def test_r58_document_whose_answer_was_lost_is_guarded_too(self):
        move = self.invoice()
        self.fault("drop_after")
        move.action_exact_create_sales_entry()
        with self.assertRaisesRegex(UserError, "Perhaps"):
            move.button_draft()

    def test_r56_exchange_that_was_tried_and_is_not_done_cannot_be_deleted(self):
        move = self.invoice()
        post(
            f"{self.sim.url}/_sim/say",
            {"method": "POST", "path": "SalesEntries", "status": 500, "text": "Even niet"},
        )
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "failed")
        with self.assertRaises(UserError):
            move.exact_exchange_ids.unlink()
        untried = self.invoice([(1, 10.0, self.tax(9))])
        untried.action_exact_create_sales_entry()
        self.assertEqual(untried.exact_exchange_ids.attempts, 0)
        untried.exact_exchange_ids.unlink()

    def test_division_that_keeps_books_in_another_currency_stops_before_any_call(self):
        self.connection.division_id.sudo().currency_code = "USD"
        move = self.invoice()
        self.clear_calls()
        move.action_exact_create_sales_entry()
        self.assertFalse(self.calls())
        self.assertIn("USD", move.exact_problem_ids.mapped("message")[0])

    def test_settlement_journal_of_an_earlier_connection_is_taken_up_again(self):
        journal = self.connection._get_settlement_journal()
        self.connection.settlement_journal_id = False
        journal.active = False
        self.assertEqual(self.connection._get_settlement_journal(), journal)
        self.assertTrue(journal.active)

    def test_w06_what_was_sent_for_practice_can_be_sent_to_the_real_books(self):
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.connection.division_id = False
        real = self.env["exact.authorization"].create(
            {"country": "nl", "client_id": "x", "client_secret": "y"}
        )
        division = self.env["exact.division"].create(
            {"authorization_id": real.id, "code": 1001, "name": "Echt"}
        )
        self.connection.write({"authorization_id": real.id, "division_id": division.id})
        self.assertFalse(move.exact_entry_id)
        self.assertEqual(move.exact_state, "not_sent")

    def test_r56_of_two_entries_with_our_reference_the_one_with_our_total_is_adopted(self):
        move = self.invoice()
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection, move).sudo()
        client = self.connection._get_client()
        values = self.env["exact.mapper.sales.entry"]._exact_values(
            move,
            self.env["exact.mapper.sales.entry"]._resolve(move, self.connection),
            move.commercial_partner_id.with_company(self.company).exact_account_id,
        )
        line = values["SalesEntryLines"][0]
        client.create(
            "salesentry/SalesEntries",
            {**values, "SalesEntryLines": [{**line, "AmountFC": 1, "VATAmountFC": 0}]},
        )
        ours = client.create("salesentry/SalesEntries", values)
        exchange.attempts = 1
        exchange._drive()
        self.assertEqual(move.exact_entry_id, ours["EntryID"])
        self.assertEqual(move.exact_state, "done")
        self.assertIn("2", exchange.notes)
