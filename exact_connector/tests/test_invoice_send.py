"""Invoice in Exact: drafts, printing, numbers; what is counted, what differs, what fails (R48, R49)."""

from datetime import date
from unittest.mock import patch

from odoo.tests import tagged

from .common import post
from .invoice_sending import INVOICES, PRINTED, InvoiceSendCase


@tagged("post_install", "-at_install")
class TestInvoiceSend(InvoiceSendCase):
    # === DRAFTS AND PRINTS === #

    join_once = True

    def test_r48_draft_is_made_with_our_reference_and_equal_totals(self):
        move = self.draft([("UREN", self.hour, 7.5, 95.0)], ref="Project Noord")
        (exchange,) = self.send(move)
        (invoice,) = self.in_exact()
        self.assertEqual((exchange.state, move.exact_state), ("done", "draft"))
        self.assertEqual(move.exact_invoice_id, invoice["InvoiceID"])
        self.assertEqual(invoice["YourRef"], move.exact_reference)
        self.assertRegex(move.exact_reference, r"^OD-[A-Z2-9]{8}$")
        self.assertEqual(invoice["Description"], "Project Noord")
        self.assertEqual(float(invoice["AmountFC"]), move.amount_total)
        self.assertEqual((move.state, move.exact_entry_id), ("draft", False))
        self.assertIn("draft", self.chatter(move))

    def test_r48_printed_invoice_is_posted_under_exacts_number_and_dates(self):
        move = self.draft()
        (exchange,) = self.send(move, print=True)
        (invoice,) = self.in_exact()
        number = str(invoice["InvoiceNumber"])
        self.assertEqual((move.state, move.name, move.exact_state), ("posted", number, "done"))
        self.assertEqual(
            (move.exact_entry_id, move.exact_entry_number), (invoice["InvoiceID"], number)
        )
        self.assertEqual(str(move.invoice_date_due), invoice["DueDate"][:10])
        self.assertEqual(str(move.invoice_date), invoice["InvoiceDate"][:10])
        self.assertTrue(move.is_move_sent)
        self.assertEqual(exchange.exact_number, number)
        self.assertEqual(self.steps(move, "invoice_print").state, "done")
        self.assertIn(number, self.chatter(move))
        self.assertEqual(move.payment_state, "not_paid")

    def test_r48_dates_that_exact_prints_win(self):
        move = self.made()
        self.accountant("change-invoice", invoice=move.exact_reference, DueDate="2027-03-31")
        self.accountant("print-invoice", invoice=move.exact_reference, InvoiceDate="2026-11-20")
        move.action_exact_refresh_invoice()
        self.assertEqual(
            (move.invoice_date, move.invoice_date_due), (date(2026, 11, 20), date(2027, 3, 31))
        )
        due = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual(due.date_maturity, date(2027, 3, 31))

    def test_r48_number_taken_in_the_journal_gets_exacts_journal_in_front(self):
        first, second = self.printed(), self.made()
        self.accountant("print-invoice", invoice=second.exact_reference)
        number = str(self.in_exact()[1]["InvoiceNumber"])
        first.with_context(skip_invoice_sync=True).name = number
        second.action_exact_refresh_invoice()
        self.assertEqual(second.name, f"{self.connection.sale_journal_id.code}-{number}")
        self.assertEqual((second.state, second.exact_entry_number), ("posted", number))

    # === CALLS === #

    def test_r48_n_drafts_are_n_calls_and_n_printed_2n_with_one_page(self):
        drafts, printed = self.draft() | self.draft(), self.draft() | self.draft()
        self.send(drafts)
        self.assertEqual(self.paths(), [("POST", INVOICES)] * 2 + [("GET", INVOICES)])
        self.clear_calls()
        self.send(printed, print=True)
        self.assertEqual(
            self.paths(),
            [("POST", INVOICES)] * 2 + [("POST", PRINTED)] * 2 + [("GET", INVOICES)],
        )
        self.assertEqual(set(printed.mapped("state")), {"posted"})

    def test_r48_drafts_beyond_sixty_take_a_second_page(self):
        moves = self.draft() | self.draft() | self.draft()
        with patch("odoo.addons.exact_connector.models.exact_exchange_invoice_drive.PAGE", 2):
            self.send(moves)
        self.assertEqual(self.paths().count(("GET", INVOICES)), 2)
        self.assertFalse(moves.exact_exchange_ids.filtered("to_read"))

    def test_r49_document_that_cannot_go_costs_no_call_and_another_goes(self):
        bad, good = self.draft([("STUK", None, 1.5, 10.0)]), self.draft()
        self.send(bad | good)
        self.assertEqual((bad.exact_state, good.exact_state), ("failed", "draft"))
        self.assertTrue(bad.exact_problem_ids)
        self.assertEqual(self.paths(), [("POST", INVOICES), ("GET", INVOICES)])

    def test_r29_customer_goes_first(self):
        partner = self.customer(known=False, name="Nieuwe Klant BV")
        move = self.draft(partner=partner)
        self.send(move)
        self.assertEqual(move.exact_state, "draft", move.exact_message)
        self.assertEqual(
            [path for path in self.paths() if path[0] == "POST"],
            [("POST", "crm/Accounts"), ("POST", INVOICES)],
        )

    # === TOTALS === #

    def change(self, move, **line):
        self.accountant("change-invoice", invoice=move.exact_reference, lines=[{"line": 1, **line}])

    def test_r57_other_total_in_exact_shows_and_is_never_printed(self):
        move = self.draft()
        original = type(self.env["exact.exchange"])._settle_draft

        def other(exchange, row, notes=()):
            return original(exchange, {**row, "AmountFC": 120.99}, notes)

        with (
            patch.object(type(self.env["exact.exchange"]), "_settle_draft", other),
            patch.object(type(self.env["exact.exchange"]), "_read_back_invoices", lambda *a: None),
        ):
            self.send(move, print=True)
        self.assertEqual(move.exact_state, "differs")
        self.assertIn("120.99", move.exact_message)
        self.assertIn("121.00", move.exact_message)
        self.assertFalse(self.paths("POST", PRINTED))

    def test_r57_draft_changed_in_exact_is_not_printed_from_here(self):
        move = self.made()
        self.change(move, Quantity=2)
        move.action_exact_print_invoice()
        self.assertFalse(self.paths("POST", PRINTED))
        self.assertEqual(move.exact_state, "differs")
        self.assertEqual(
            self.steps(move, "invoice_print").problem_ids.cause_id.code, "invoice_differs"
        )
        self.assertIn("242.00", move.exact_message)
        self.change(move, Quantity=1)
        move.action_exact_print_invoice()
        self.assertEqual((move.state, move.exact_state), ("posted", "done"))

    def test_r57_read_back_finds_what_differs(self):
        move = self.draft()
        original = type(self.env["exact.exchange"])._read_back_invoices

        def changed(exchanges, client, connection):
            self.change(move, Quantity=3)
            return original(exchanges, client, connection)

        with patch.object(type(self.env["exact.exchange"]), "_read_back_invoices", changed):
            self.send(move)
        self.assertEqual(move.exact_state, "differs")
        self.assertIn("363.00", self.chatter(move))

    # === CREDIT (8021) === #

    def credit_note(self, move):
        """Odoo's own reversal of a printed invoice."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "reason": "Te veel uren"})
        )
        return self.env["account.move"].browse(wizard.reverse_moves()["res_id"])

    def test_r49_credit_note_of_a_printed_invoice_becomes_a_credit_invoice(self):
        move = self.printed()
        refund = self.credit_note(move)
        self.assertTrue(refund.exact_can_invoice)
        refund.action_exact_invoice()
        invoice = self.in_exact()[-1]
        self.assertEqual((invoice["Type"], float(invoice["AmountFC"])), (8021, -121.0))
        self.assertEqual(refund.exact_state, "draft", refund.exact_message)
        refund.action_exact_print_invoice()
        self.assertEqual((refund.state, refund.exact_state), ("posted", "done"))
        self.assertEqual(refund.name, str(self.in_exact()[-1]["InvoiceNumber"]))

    def test_r49_other_reading_of_credit_quantities_is_found_out_once(self):
        self.option(credit_quantity="positive")
        refund, second = self.draft(refund=True), self.draft(refund=True)
        self.send(refund)
        self.assertEqual(
            self.writes(), [("POST", INVOICES), ("DELETE", INVOICES), ("POST", INVOICES)]
        )
        self.assertEqual(self.connection.credit_quantity, "positive")
        self.assertEqual(refund.exact_state, "draft", refund.exact_message)
        self.assertIn("second time", refund.exact_exchange_ids.notes)
        self.clear_calls()
        self.send(second)
        self.assertEqual(self.writes(), [("POST", INVOICES)])
        self.assertEqual([float(row["AmountFC"]) for row in self.in_exact()], [-121.0, -121.0])

    def test_r49_where_neither_reading_gives_our_total_it_stops(self):
        refund = self.draft(refund=True)
        exchange = type(self.env["exact.exchange"])
        with patch.object(exchange, "_totals", lambda self, move, row: (121, 21)):
            self.send(refund, print=True)
        self.assertEqual(self.paths("POST", INVOICES), [("POST", INVOICES)] * 2)
        self.assertFalse(self.paths("POST", PRINTED))
        self.assertEqual(len(self.in_exact()), 1)

    # === PAID, AND NEVER AN ENTRY === #

    def test_r48_paid_in_exact_is_paid_here(self):
        move = self.printed()
        self.accountant("receive", entries=[{"entry": move.exact_entry_number}])
        self.cron("ir_cron_sync_payments")
        self.assertEqual(move.payment_state, "paid")

    def test_r33_paid_in_part_asks_by_our_reference(self):
        move = self.printed()
        self.accountant("receive", entries=[{"entry": move.exact_entry_number, "amount": 21}])
        self.cron("ir_cron_sync_payments")
        self.assertEqual((move.payment_state, move.amount_residual), ("partial", 100.0))

    def test_r48_never_a_sales_entry(self):
        printed, draft = self.printed(), self.draft()
        documents = self.env["account.move"]
        self.assertFalse(documents._exact_search_due(self.connection, by_hand=True))
        self.assertFalse(
            printed.exact_can_create or printed.exact_to_send or printed.exact_can_adopt
        )
        self.assertNotIn(printed, documents.search([("exact_to_send", "=", True)]))
        printed.action_exact_create_sales_entry()
        self.assertFalse(self.paths())
        draft.action_exact_create_sales_entry()
        self.assertFalse(self.bodies("salesentry/SalesEntries"))
        self.assertEqual(draft.exact_state, "draft")
        run = self.env["exact.sync.run"]._start(self.connection)
        self.assertEqual((run.total_count, run.skipped_count), (0, 0))

    # === FAILURES FREE, WAITING KEEPS (R49) === #

    def test_r49_refused_invoice_frees_what_it_took(self):
        move = self.draft()
        post(
            f"{self.sim.url}/_sim/say",
            {"method": "POST", "path": INVOICES, "status": 500, "text": "Verplicht: Kostenplaats"},
        )
        freed = []
        with patch.object(type(move), "_exact_free_invoice", lambda moves: freed.extend(moves.ids)):
            exchange = self.send(move, selection={"keys": ["sale.order,1"]})
        self.assertEqual(freed, move.ids)
        self.assertFalse(move.exists())
        self.assertEqual(exchange.state, "failed")
        self.assertIn("Bakkerij", exchange.display_name)
        self.assertTrue(exchange.partner_id and exchange.problem_ids and exchange.message)
        self.assertEqual(exchange.selection, {"keys": ["sale.order,1"]})
        with patch.object(
            type(exchange), "_reopen_selection", lambda self: {"type": "again", "id": self.id}
        ):
            self.assertEqual(exchange.action_retry(), {"type": "again", "id": exchange.id})
            self.assertEqual(exchange.action_open_record()["type"], "again")
        # Sent again, the failure is history; what it may have left in Exact is looked up first (R56).
        self.clear_calls()
        self.send(self.draft(), selection={"keys": ["sale.order,1", "sale.order,2"]})
        self.assertEqual(exchange.state, "cancelled")
        self.assertEqual(self.paths()[:2], [("GET", INVOICES), ("POST", INVOICES)])

    def test_r49_problem_found_before_any_call_frees_too(self):
        move = self.draft([("STUK", None, 1.5, 10.0)])
        exchange = self.send(move, selection={"keys": ["a,1"]})
        self.assertFalse(move.exists() or self.paths())
        self.assertEqual(exchange.state, "failed")
        self.assertTrue(exchange.problem_ids)

    def test_r50_missing_licence_frees_all_after_one_call(self):
        self.accountant("licence", invoicing=False)
        moves = self.draft() | self.draft()
        entry = self.invoice()
        exchanges = self.send(moves, selection={"keys": ["a,1"]})
        self.assertEqual(len(self.paths()), 1)
        self.assertEqual(exchanges.mapped("state"), ["failed", "failed"])
        self.assertFalse(moves.exists())
        entry.action_exact_create_sales_entry()
        self.assertEqual(entry.exact_state, "done")

    def test_r49_customer_blocked_in_the_meantime_frees(self):
        move = self.draft()
        self.accountant("block-account", account="1")
        exchange = self.send(move, selection={"keys": ["a,1"]})
        self.assertEqual(exchange.state, "failed", exchange.message)
        self.assertFalse(move.exists())

    def test_r49_document_that_a_person_made_stays(self):
        move = self.draft([("STUK", None, 1.5, 10.0)])
        move.action_exact_invoice()
        self.assertTrue(move.exists())
        self.assertEqual((move.state, move.exact_state), ("draft", "failed"))
        self.assertTrue(move.exact_can_invoice)

    def test_r49_outage_keeps_what_it_took_and_goes_on_by_itself(self):
        move = self.draft()
        self.fault("status", path=INVOICES, status=503, body="")
        exchange = self.send(move, selection={"keys": ["a,1"]})
        self.assertIn(exchange.state, ("waiting", "unclear"))
        self.assertTrue(move.exists())
        self.make_due(exchange)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(move.exact_state, "draft")
        self.assertEqual(len(self.in_exact()), 1)
