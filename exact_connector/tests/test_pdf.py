"""The invoice's PDF as a document in Exact: a step of its own, never twice, never in the way (R58, R56)."""

import base64
from unittest.mock import patch

import requests

from odoo.exceptions import UserError
from odoo.tests import tagged

from .sending import ENTRIES, SendCase

DOCUMENTS, FILES = "documents/Documents", "documents/DocumentAttachments"


@tagged("post_install", "-at_install")
class TestPdf(SendCase):
    def setUp(self):
        super().setUp()
        self.connection.attach_pdf = True

    def printed(self, content=b"%PDF-1.4 one", **values):
        """A sent invoice that Odoo has a PDF of."""
        move = self.invoice(**values)
        self.print(move, content)
        return move

    def print(self, move, content):
        move.invoice_pdf_report_id.unlink()
        self.env["ir.attachment"].create(
            {
                "name": f"{move.name.replace('/', '_')}.pdf",
                "raw": content,
                "mimetype": "application/pdf",
                "res_model": "account.move",
                "res_id": move.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        move.invalidate_recordset(["invoice_pdf_report_id", "invoice_pdf_report_file"])

    def files(self):
        return list(self.division.table(FILES).rows.values())

    def test_r58_pdf_follows_the_entry_with_two_calls_and_can_be_fetched(self):
        move = self.printed()
        self.clear_calls()
        move.action_exact_create_sales_entry()
        self.assertEqual(self.paths(), [("POST", ENTRIES), ("POST", DOCUMENTS), ("POST", FILES)])
        body = self.bodies(DOCUMENTS)[0]
        self.assertEqual((body["Type"], body["AmountFC"]), (10, 121.0))
        self.assertEqual(body["FinancialTransactionEntryID"], move.exact_entry_id)
        self.assertEqual(body["Account"], self.account_row("1")["ID"])
        self.assertIn(move.name, body["Subject"])
        self.assertEqual(move.exact_pdf_state, "done")
        client = self.connection._get_client()
        file = client.first(FILES, select=["Url", "FileName"])
        self.assertEqual(file["FileName"], f"{move.name.replace('/', '_')}.pdf")
        answer = requests.get(f"{file['Url']}&Download=1", timeout=10)
        self.assertEqual(answer.content, b"%PDF-1.4 one")
        self.assertIn("attached in Exact", self.chatter(move))

    def test_r58_with_the_setting_off_nothing_is_attached_but_the_button_still_does(self):
        self.connection.attach_pdf = False
        move = self.printed()
        move.action_exact_create_sales_entry()
        self.assertFalse(move.exact_step_ids or self.files())
        other = self.printed()
        (move | other).action_exact_attach_pdf()
        self.assertEqual(len(self.files()), 1, "what is not in Exact is left out")
        self.assertEqual(self.step(move).state, "done")

    def test_r56_attached_again_only_where_the_pdf_changed_or_is_gone_in_exact(self):
        move = self.printed()
        move.action_exact_create_sales_entry()
        answer = move.action_exact_attach_pdf()
        self.assertIn("already", answer["params"]["message"])
        self.assertEqual(len(self.files()), 1)
        self.print(move, b"%PDF-1.4 two")
        move.action_exact_attach_pdf()
        names = sorted(file["FileName"] for file in self.files())
        self.assertEqual(len(set(names)), 2, names)
        self.assertEqual(len(self.sim_rows(DOCUMENTS)), 1, "in the same document")
        for file in self.files():
            self.connection._get_client().delete(FILES, file["ID"])
        move.action_exact_attach_pdf()
        self.assertEqual((len(self.sim_rows(DOCUMENTS)), len(self.files())), (1, 1))

    def lose(self, path, kind, posts):
        move = self.printed()
        self.fault(kind, path=path)
        self.clear_calls()
        move.action_exact_create_sales_entry()
        step = self.step(move)
        self.assertEqual((move.exact_state, step.state), ("done", "unclear"))
        self.make_due(step)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(step.state, "done", step.message)
        self.assertEqual((len(self.sim_rows(DOCUMENTS)), len(self.files())), (1, 1))
        self.assertEqual(
            (len(self.paths("POST", DOCUMENTS)), len(self.paths("POST", FILES))), posts
        )

    def test_r56_document_whose_answer_was_lost_is_found_again(self):
        self.lose(f"{DOCUMENTS}$", "drop_after", (1, 1))

    def test_r56_attachment_whose_answer_was_lost_is_found_again(self):
        self.lose(FILES, "drop_after", (1, 1))

    def test_r56_attachment_that_never_arrived_goes_again_into_the_same_document(self):
        self.lose(FILES, "drop_before", (1, 2))

    def test_r58_missing_right_on_documents_stops_only_the_pdfs(self):
        self.administrate(
            "right", login="bookkeeper@practice.example", resource=DOCUMENTS, granted=False
        )
        moves = self.printed() | self.printed() | self.printed()
        self.clear_calls()
        moves.action_exact_create_sales_entry()
        self.assertEqual(set(moves.mapped("exact_state")), {"done"})
        self.assertEqual(len(self.paths("POST", DOCUMENTS)), 1, "refused once, told on each")
        for move in moves:
            self.assertEqual(self.step(move).state, "failed")
            self.assertEqual(self.step(move).cause_id.code, "forbidden")
        self.administrate(
            "right", login="bookkeeper@practice.example", resource=DOCUMENTS, granted=True
        )
        self.step(moves[0]).action_retry()
        self.assertEqual(self.step(moves[0]).state, "done", self.step(moves[0]).exact_message)

    def test_r58_pdf_that_is_too_large_or_cannot_be_made_costs_no_call(self):
        large, unprinted = self.printed(b"%PDF" + b"x" * 30), self.invoice()
        with (
            patch("odoo.addons.exact_connector.models.exact_exchange_document.MEGABYTE", 1),
            patch.object(
                self.env.registry["account.move.send"],
                "_prepare_invoice_pdf_report",
                side_effect=UserError("Unable to find Wkhtmltopdf on this system."),
            ),
        ):
            self.clear_calls()
            (large | unprinted).action_exact_create_sales_entry()
        self.assertFalse(self.calls(path="documents/"))
        for move, cause, words in (
            (large, "pdf_too_large", "25"),
            (unprinted, "pdf_missing", "Wkhtmltopdf"),
        ):
            self.assertEqual(move.exact_state, "done")
            self.assertEqual(self.step(move).problem_ids.cause_id.code, cause)
            self.assertIn(words, move.exact_step_message)
        large.action_exact_retry_steps()
        self.assertEqual(self.step(large).state, "done")
        self.assertFalse(large.exact_step_message)

    def test_r58_file_that_exact_refuses_leaves_the_entry_alone_and_goes_again_later(self):
        move = self.printed()
        country = self.sim.countries["nl"]
        kept = country.options["max_attachment"]
        country.options["max_attachment"] = 4
        try:
            move.action_exact_create_sales_entry()
        finally:
            country.options["max_attachment"] = kept
        step = self.step(move)
        self.assertEqual((move.exact_state, step.state), ("done", "failed"))
        self.assertEqual(step.cause_id.code, "file_refused")
        self.assertIn("groter dan toegestaan", move.exact_step_message)
        move.action_exact_attach_pdf()
        self.assertEqual(step.state, "done", step.exact_message)
        self.assertEqual((len(self.sim_rows(DOCUMENTS)), len(self.files())), (1, 1))

    def test_r58_pdf_that_waits_is_left_when_the_entry_is_gone(self):
        move = self.printed()
        self.fault("drop_after", path=FILES)
        move.action_exact_create_sales_entry()
        self.accountant("delete-entry", entry=move.exact_entry_id)
        move.button_draft()
        step = self.step(move)
        self.make_due(step)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(step.state, "cancelled")
        self.assertFalse(move.exact_step_message)
        self.print(move, b"%PDF-1.4 new")
        move.action_post()
        move.is_move_sent = True
        move.action_exact_create_sales_entry()
        self.assertEqual((step.state, len(self.sim_rows(DOCUMENTS))), ("done", 2))

    def test_r58_limit_of_a_file_is_that_of_the_country(self):
        self.assertEqual(self.connection._get_largest_file(), 25)
        self.connection.division_id.sudo().country_code = "FR"
        self.assertEqual(self.connection._get_largest_file(), 7)

    def test_r58_credit_note_sends_its_pdf_with_its_own_sign(self):
        move = self.printed(move_type="out_refund")
        move.action_exact_create_sales_entry()
        self.assertEqual(self.bodies(DOCUMENTS)[0]["AmountFC"], -121.0)
        content = base64.b64decode(self.bodies(FILES)[0]["Attachment"])
        self.assertEqual(content, b"%PDF-1.4 one")
