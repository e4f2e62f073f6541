"""Never twice, never half: lost answers and dead workers at making, printing and cancelling (R49, R56)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import post
from .invoice_sending import INVOICES, PRINTED, InvoiceSendCase

KEYS = {"keys": ["a,1"]}


@tagged("post_install", "-at_install")
class TestInvoiceOnce(InvoiceSendCase):
    join_once = True

    def go_on(self, exchange):
        self.make_due(exchange)
        self.cron("ir_cron_process_exchanges")

    def lose(self, kind, made):
        """Send one while its answer gets lost; it stays taken, and is settled by a look-up."""
        before = len(self.in_exact())
        self.clear_calls()
        move = self.draft()
        self.fault(kind, path=INVOICES)
        exchange = self.send(move, selection=KEYS)
        self.assertEqual(exchange.state, "unclear")
        self.assertTrue(move.exists(), "nothing is freed while it may be there")
        self.assertEqual(len(self.in_exact()) - before, 1 if made else 0)
        with self.assertRaises(UserError):
            move.unlink()
        with self.assertRaises(UserError):
            move.invoice_line_ids.price_unit = 1
        move.action_exact_cancel_invoice()
        self.assertTrue(move.exists())
        self.go_on(exchange)
        self.assertEqual(move.exact_state, "draft", move.exact_message)
        self.assertEqual(len(self.in_exact()) - before, 1)
        self.assertEqual(len(self.paths("POST", INVOICES)), 1 if made else 2)
        self.assertEqual("adopted" in self.chatter(move), made)

    def test_r49_draft_whose_answer_was_lost_is_adopted_or_made_once(self):
        for kind, made in (("drop_after", True), ("drop_before", False), ("truncate", True)):
            with self.subTest(kind):
                self.lose(kind, made)

    def test_r49_worker_that_died_after_the_post_is_looked_up_and_goes_on_to_print(self):
        move = self.draft()
        exchange = self.send(move, print=True, selection=KEYS)
        # As it was when it died: made, not noted, not printed.
        other = self.draft()
        self.send(other)
        other.exact_exchange_ids.sudo().write(
            {
                "state": "sending",
                "exact_id": False,
                "print_invoice": True,
                "started_on": fields.Datetime.now() - timedelta(minutes=3),
            }
        )
        other.write({"exact_invoice_id": False, "exact_sent_on": False})
        self.clear_calls()
        self.cron("ir_cron_process_exchanges")
        # The PDF of the first one comes with it.
        paths = [call for call in self.paths() if "documents/" not in call[1]]
        self.assertEqual(paths, [("GET", INVOICES), ("POST", PRINTED), ("GET", INVOICES)])
        self.assertEqual((other.state, other.exact_state), ("posted", "done"))
        self.assertEqual((exchange.state, len(self.in_exact())), ("done", 2))

    def test_r49_while_the_look_up_is_refused_too_nothing_is_freed_or_sent(self):
        move = self.draft()
        self.fault("drop_after", path=INVOICES)
        exchange = self.send(move, selection=KEYS)
        self.clear_calls()
        for status in (500, 403, 503):
            self.fault("status", method="GET", path=INVOICES, status=status, body="")
            self.go_on(exchange)
            self.assertEqual(exchange.state, "unclear", status)
            self.assertTrue(exchange.retry_at)
        self.assertTrue(move.exists())
        self.assertFalse(self.writes())
        self.go_on(exchange)
        self.assertEqual((move.exact_state, len(self.in_exact())), ("draft", 1))

    def test_r49_second_click_makes_nothing(self):
        move = self.made()
        answer = move.action_exact_invoice()
        self.assertIn("already", answer["params"]["message"])
        self.send(move)
        move.exact_exchange_ids.action_retry()
        self.assertFalse(self.paths())

    def test_r49_taken_over_by_another_worker_it_is_not_sent(self):
        move = self.draft()
        exchange = self.env["exact.exchange"]._enqueue_invoices(self.connection, move)
        original = type(exchange)._keep_claim

        def stolen(record, key):
            record.sudo().attempt_key = "another worker"
            return original(record, key)

        with patch.object(type(exchange), "_keep_claim", stolen):
            exchange._drive()
        self.assertFalse(self.paths("POST"))

    def test_r49_read_back_that_is_lost_is_made_up_for(self):
        move = self.draft()
        self.fault("status", method="GET", path=INVOICES, status=503, body="")
        exchange = self.send(move)
        self.assertEqual((move.exact_state, exchange.to_read), ("draft", True))
        self.send(self.draft())
        self.assertFalse(exchange.to_read)

    # === PRINTING === #

    def lose_print(self, kind, printed):
        before, move = len(self.entries()), self.made()
        self.fault(kind, path=PRINTED)
        move.action_exact_print_invoice()
        step = self.steps(move, "invoice_print")
        self.assertEqual((step.state, move.state), ("unclear", "draft"))
        answer = move.action_exact_cancel_invoice()
        self.assertIn("printed", answer["params"]["message"])
        self.go_on(step)
        self.assertEqual((step.state, move.state, move.exact_state), ("done", "posted", "done"))
        self.assertEqual(len(self.paths("POST", PRINTED)), 1 if printed else 2)
        self.assertEqual(len(self.entries()) - before, 1)

    def test_r49_printing_whose_answer_was_lost_happens_once(self):
        for kind, printed in (("drop_after", True), ("drop_before", False)):
            with self.subTest(kind):
                self.lose_print(kind, printed)

    def test_r49_number_that_could_not_be_read_comes_a_minute_later(self):
        move = self.draft()
        self.fault("status", method="GET", path=INVOICES, status=503, body="")
        self.send(move, print=True)
        step = self.steps(move, "invoice_print")
        self.assertEqual((step.state, move.state), ("waiting", "draft"))
        self.clear_calls()
        self.go_on(step)
        self.assertEqual((move.state, move.exact_state), ("posted", "done"))
        self.assertFalse(self.writes())

    def test_r49_accepted_printing_is_never_asked_for_twice_by_itself(self):
        """Exact accepts it and still shows a draft: looked at again and again, until a person decides."""
        move = self.made()
        self.fault("status", path=PRINTED, status=201, body='{"d": {"InvoiceID": ""}}')
        move.action_exact_print_invoice()
        step = self.steps(move, "invoice_print")
        for _look in range(5):
            self.assertEqual(step.state, "waiting")
            self.assertTrue(step.retry_at)
            self.go_on(step)
        self.assertEqual((step.state, step.problem_ids.cause_id.code), ("failed", "print_pending"))
        self.assertEqual(len(self.paths("POST", PRINTED)), 1)
        step.action_retry()
        self.assertEqual((len(self.paths("POST", PRINTED)), move.state), (2, "posted"))

    def test_r56_taken_back_before_the_look_up_the_next_one_still_looks_for_the_first(self):
        """Refused with a fault of Exact's own, and made there all the same."""
        words = (
            '{"error": {"code": "", "message": {"lang": "", "value": "A problem has occurred."}}}'
        )
        self.fault("body", path=INVOICES, status=500, body=words)
        first = self.send(self.draft(), selection=KEYS)
        self.assertEqual((first.state, len(self.in_exact())), ("failed", 1))
        again = self.draft()
        self.fault("status", method="GET", path=INVOICES, status=503, body="")
        second = self.send(again, selection=KEYS)
        self.assertEqual(second.state, "waiting")
        again.action_exact_cancel_invoice()
        self.assertFalse(again.exists())
        third = self.draft()
        self.connection.limited_until = False
        self.send(third, selection=KEYS)
        self.assertEqual((third.exact_state, len(self.in_exact())), ("draft", 1))

    def test_r49_printed_by_a_person_just_before_is_taken_over(self):
        move = self.draft()
        original = type(self.env["exact.exchange"])._drive_invoice_print

        def late(step, client):
            self.accountant("print-invoice", invoice=move.exact_reference)
            return original(step, client)

        with patch.object(type(self.env["exact.exchange"]), "_drive_invoice_print", late):
            self.send(move, print=True)
        self.assertEqual((move.state, move.exact_state), ("posted", "done"))
        self.assertEqual(self.steps(move, "invoice_print").state, "done")

    def test_r49_refused_printing_stays_a_draft_and_says_why(self):
        move = self.made()
        post(
            f"{self.sim.url}/_sim/say",
            {"method": "POST", "path": PRINTED, "status": 500, "text": "Periode is afgesloten"},
        )
        move.action_exact_print_invoice()
        self.assertEqual((move.exact_state, move.state), ("draft", "draft"))
        self.assertIn("Periode is afgesloten", move.exact_step_message)
        move.action_exact_retry_steps()
        self.assertEqual((move.exact_state, move.state), ("done", "posted"))

    def test_r48_what_exact_could_not_deliver_is_told(self):
        move = self.made()
        self.connection.invoice_output = "mail"
        self.accountant("account", account="1", Email=None)
        move.action_exact_print_invoice()
        (body,) = self.bodies(PRINTED)
        self.assertTrue(body["SendEmailToCustomer"])
        self.assertEqual((move.exact_state, move.state), ("done", "posted"))
        self.assertIn("Printed, but", self.chatter(move))

    # === CANCELLING === #

    def cancelled(self, move, exchange):
        self.assertFalse(move.exists() or self.in_exact())
        self.assertEqual(exchange.state, "cancelled")
        self.assertIn("deleted in Exact", exchange.notes)
        self.assertIn("Bakkerij Jansen", exchange.display_name)

    def test_r49_cancelling_deletes_the_draft_and_frees(self):
        move = self.draft()
        exchange = self.send(move, selection=KEYS)
        self.clear_calls()
        freed = []
        with patch.object(type(move), "_exact_free_invoice", lambda moves: freed.extend(moves.ids)):
            answer = move.action_exact_cancel_invoice()
        self.assertEqual((freed, self.paths()), (move.ids, [("DELETE", INVOICES)]))
        self.cancelled(move, exchange)
        self.assertEqual(answer["params"]["next"]["type"], "ir.actions.act_window")

    def test_r49_draft_that_was_deleted_in_exact_is_not_printed_and_says_so(self):
        move = self.draft()
        self.send(move, selection=KEYS)
        self.accountant("delete-invoice", invoice=move.exact_reference)
        self.clear_calls()
        move.action_exact_print_invoice()
        self.assertFalse(self.paths("POST", PRINTED))
        step = self.steps(move, "invoice_print")
        self.assertEqual((step.state, step.cause_id.code), ("failed", "invoice_gone"))

    def lose_cancel(self, kind, gone):
        move = self.draft()
        exchange = self.send(move, selection=KEYS)
        self.clear_calls()
        self.fault(kind, method="DELETE", path=INVOICES)
        move.action_exact_cancel_invoice()
        step = self.steps(move, "invoice_delete")
        self.assertEqual(step.state, "unclear")
        self.assertTrue(move.exists())
        move.action_exact_print_invoice()
        self.assertFalse(self.paths("POST", PRINTED))
        self.go_on(step)
        self.assertEqual(len(self.paths("DELETE")), 1 if gone else 2)
        self.cancelled(move, exchange)

    def test_r49_cancelling_whose_answer_was_lost_happens_once(self):
        for kind, gone in (("drop_after", True), ("drop_before", False)):
            with self.subTest(kind):
                self.lose_cancel(kind, gone)

    def test_r49_printed_meanwhile_it_is_not_cancelled_but_taken_over(self):
        move = self.draft()
        self.send(move, selection=KEYS)
        self.accountant("print-invoice", invoice=move.exact_reference)
        move.action_exact_cancel_invoice()
        self.assertEqual((move.state, move.exact_state), ("posted", "done"))
        step = self.steps(move, "invoice_delete")
        self.assertEqual(step.cause_id.code, "invoice_processed")
        self.assertIn("credit note", step.advice)

    def test_r49_document_that_a_person_made_stays_when_cancelled_and_goes_again(self):
        move = self.made()
        reference = move.exact_reference
        move.action_exact_cancel_invoice()
        self.assertEqual((move.exact_state, move.exact_reference), ("not_sent", False))
        move.action_exact_invoice()
        self.assertEqual(move.exact_state, "draft")
        self.assertNotEqual(move.exact_reference, reference)
        self.assertEqual(len(self.in_exact()), 1)

    def test_r49_what_waits_is_taken_back_without_a_call(self):
        move = self.draft()
        exchange = self.env["exact.exchange"]._enqueue_invoices(
            self.connection, move, selection=KEYS
        )
        move.action_exact_cancel_invoice()
        self.assertFalse(move.exists() or self.paths())
        self.assertEqual(exchange.state, "cancelled")

    # === TAKEN OUT AND PUT IN AGAIN === #

    def take_out(self):
        """What becomes of documents and connection when the add-on is taken out and put in again."""
        self.env["exact.connection"]._keep_links()
        self.env["ir.config_parameter"].set_param(
            "exact_connector.taken_out_on",
            fields.Datetime.to_string(fields.Datetime.now() + timedelta(minutes=1)),
        )
        self.env.flush_all()
        self.env.cr.execute(
            """
            DELETE FROM exact_exchange WHERE company_id = %(company)s;
            UPDATE account_journal SET exact_invoices = FALSE WHERE company_id = %(company)s;
            UPDATE exact_connection SET invoicing = FALSE, invoice_odoo_journal_id = NULL
             WHERE company_id = %(company)s;
            UPDATE account_move
               SET exact_route = 'entry', exact_state = 'not_sent', exact_invoice_id = NULL,
                   exact_entry_id = NULL, exact_entry_number = NULL, exact_reference = NULL,
                   exact_sent_on = NULL, exact_differs = NULL
             WHERE company_id = %(company)s AND move_type IN ('out_invoice', 'out_refund')
            """,
            {"company": self.company.id},
        )
        self.env.invalidate_all()
        self.clear_calls()

    def put_in(self):
        """As when its division is chosen."""
        self.connection.division_id = self.connection.division_id
        self.connection.invoicing = True

    def test_r49_put_in_again_what_exact_made_is_known_without_a_call_and_never_made_again(self):
        draft, printed, unsure = self.made(), self.printed(), self.draft()
        self.fault("drop_after", path=INVOICES)
        self.send(unsure)
        self.assertEqual(unsure.exact_state, "unclear")
        number, journal = printed.exact_entry_number, self.journal
        self.take_out()
        self.put_in()
        self.assertFalse(self.paths())
        self.assertEqual((draft.exact_state, draft.exact_is_draft), ("draft", True))
        self.assertEqual((printed.exact_state, printed.exact_entry_number), ("done", number))
        self.assertEqual({move.exact_route for move in draft | printed | unsure}, {"invoice"})
        self.assertEqual(self.connection.invoice_odoo_journal_id, journal)
        for move in (draft, printed):
            move.action_exact_create_sales_entry()
        self.assertFalse(self.writes())
        # Where the answer was lost, our reference still leads to it.
        unsure.action_exact_invoice()
        self.assertEqual(unsure.exact_state, "draft", unsure.exact_message)
        self.assertFalse(self.writes())
        draft.action_exact_print_invoice()
        self.assertEqual((draft.state, draft.exact_state), ("posted", "done"))
        self.assertEqual(len(self.in_exact()), 3)

    def test_r49_numbered_in_odoo_while_out_its_entry_is_looked_up_by_our_reference(self):
        free, taken, gone = self.made(), self.made(), self.made()
        references = [move.exact_reference for move in (free, taken, gone)]
        self.take_out()
        (free | taken).action_post()
        (free | taken).is_move_sent = True
        gone.unlink()
        self.accountant("print-invoice", invoice=references[1])
        self.put_in()
        self.assertIn("delete the draft in Exact", self.chatter(free))
        self.assertIn(references[2], self.chatter(self.connection))
        before = len(self.entries())
        (free | taken).action_exact_create_sales_entry()
        self.assertEqual({free.exact_state, taken.exact_state}, {"done"}, taken.exact_message)
        self.assertEqual(self.writes(), [("POST", "salesentry/SalesEntries")])
        self.assertEqual(len(self.entries()) - before, 1)

    def test_r49_put_in_again_for_another_division_drafts_are_of_the_books_before(self):
        draft, printed = self.made(), self.printed()
        with patch.object(type(self.connection), "_get_books", lambda _connection: "nl/1001"):
            self.take_out()
        with self.later(60):
            self.put_in()
        self.assertTrue(draft._exact_in_former_books() and printed._exact_in_former_books())
        self.cron("ir_cron_sync_payments")
        (draft | printed).action_exact_create_sales_entry()
        draft.action_exact_print_invoice()
        self.assertFalse(self.writes())
        self.assertEqual((draft.exact_state, printed.exact_state), ("draft", "done"))

    def test_r49_put_in_again_for_real_books_what_was_made_for_practice_is_forgotten(self):
        draft = self.made()
        self.take_out()
        with patch.object(type(self.connection), "_get_books", lambda _connection: "nl/1001"):
            self.put_in()
        self.assertEqual((draft.exact_state, draft.exact_invoice_id), ("not_sent", False))
        self.assertFalse(self.connection.books_since)
