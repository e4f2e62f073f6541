"""Exact's PDF comes to Odoo's copy of the invoice, in the background, and takes the place of Odoo's own."""

from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..client import AuthError, ExactClient
from ..client.client import FILE
from ..models.exact_exchange_invoice_pdf import PDF_WAITS
from .common import NL_APP, post
from .invoicing import InvoicingCase

INVOICES, PRINTED = "salesinvoice/SalesInvoices", "salesinvoice/PrintedSalesInvoices"
FILES, DOCUMENTS = "documents/DocumentAttachments", "documents/Documents"


@tagged("post_install", "-at_install")
class TestInvoicePdf(InvoicingCase):
    join_once = True

    def setUp(self):
        super().setUp()
        self.client = self.connection._get_client()

    def printed(self, **values):
        """Odoo's copy of an invoice that Exact has printed, and the answer to printing it."""
        move = self.draft(**values)
        row = self.client.create(INVOICES, self.body(move))
        answer = self.client.create(PRINTED, {"InvoiceID": row["InvoiceID"]})
        number = self.client.get(INVOICES, row["InvoiceID"], select=["InvoiceNumber"])
        number = str(number["InvoiceNumber"])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move SET state = 'posted', name = %s, exact_invoice_id = %s, "
            "exact_entry_id = %s, exact_entry_number = %s WHERE id = %s",
            [number, row["InvoiceID"], row["InvoiceID"], number, move.id],
        )
        self.env.invalidate_all()
        self.clear_calls()
        return move, answer

    def enqueue(self, move, **values):
        return self.env["exact.exchange"]._enqueue_step(
            self.connection, "invoice_pdf", move, **values
        )

    def drive(self, step):
        step._drive()
        self.env.invalidate_all()
        return step

    def again(self, step):
        step.sudo().retry_at = fields.Datetime.now()
        return self.drive(step)

    def file(self):
        rows = list(self.division.tables[FILES].rows.values())
        self.assertEqual(len(rows), 1)
        return rows[0]

    def paths(self):
        return [call["path"].split("?")[0].split("(")[0] for call in self.calls()]

    def calls(self, method=None, path=None):
        """Files are outside the API, and count as calls all the same."""
        return [
            record
            for record in self.sim.journal.records()
            if record["path"].startswith(("/api/v1", "/docs"))
            and (not method or record["method"] == method)
            and (not path or path in record["path"])
        ]

    # === THE FILE === #

    def test_pdf_comes_with_two_calls_where_the_document_is_known(self):
        move, answer = self.printed()
        step = self.enqueue(move, payload={"document": answer["Document"]})
        self.assertFalse(self.paths(), "not while the user waits")
        self.assertEqual(step.state, "pending")
        self.drive(step)
        self.assertEqual(step.state, "done", step.message)
        self.assertEqual(self.paths(), [f"/api/v1/1001/{FILES}", "/docs/SysAttachment.aspx"])
        self.assertIn("Download=1", self.calls()[1]["path"])
        content = self.file()["_content"]
        self.assertEqual(move.invoice_pdf_report_id.raw, content)
        self.assertTrue(content.startswith(b"%PDF"))
        self.assertEqual(move.invoice_pdf_report_id.name, self.file()["FileName"])
        self.assertEqual(move.message_main_attachment_id, move.invoice_pdf_report_id)
        self.assertIn("PDF of Exact", step._one_title())

    def test_document_is_found_by_the_entry_where_nobody_told_it(self):
        move, _answer = self.printed()
        step = self.drive(self.enqueue(move))
        self.assertEqual(step.state, "done")
        self.assertEqual(len(self.calls()), 3)

    def test_after_printing_the_scheduled_action_brings_it_without_anybody(self):
        move = self.draft()
        exchange = self.env["exact.exchange"]._enqueue_invoices(self.connection, move, print=True)
        self.drive(exchange)
        self.assertTrue(move.exact_entry_id, exchange.message)
        self.assertEqual(len(self.calls(path="docs")), 0, "not while the user waits")
        self.clear_calls()
        self.env.ref("exact_connector.ir_cron_process_exchanges").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(move.invoice_pdf_report_id.raw, self.file()["_content"])
        self.assertEqual(len(self.calls()), 2, "printing told the document")

    def test_pdf_is_left_in_exact_where_nobody_wants_it(self):
        self.connection.invoice_pdf = False
        move = self.draft()
        self.drive(self.env["exact.exchange"]._enqueue_invoices(self.connection, move, print=True))
        self.assertEqual(move.state, "posted")
        self.assertFalse(move.exact_step_ids.filtered(lambda step: step.kind == "invoice_pdf"))

    def test_print_portal_and_mail_give_exacts_pdf(self):
        move, _answer = self.printed()
        self.drive(self.enqueue(move))
        content = self.file()["_content"]
        self.assertEqual(move._get_invoice_legal_documents("pdf")["content"], content)
        report = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        printed, kind = report._render_qweb_pdf("account.account_invoices", res_ids=move.ids)
        self.assertEqual((printed, kind), (content, "pdf"))
        attachments = self.env["account.move.send"]._get_invoice_extra_attachments(move)
        self.assertEqual(attachments.raw, content)

    def test_odoos_layout_is_never_sent_in_the_place_of_exacts(self):
        move, _answer = self.printed()
        send = self.env["account.move.send"]
        data = {move: {"pdf_report": send._get_default_pdf_report_id(move)}}
        with self.assertRaisesRegex(UserError, "Get PDF from Exact"):
            send._prepare_invoice_pdf_report(data)

    def test_pdf_that_odoo_made_before_stays_as_an_ordinary_attachment(self):
        move, _answer = self.printed()
        own = self.env["ir.attachment"].create(
            {
                "name": "own.pdf", "raw": b"%PDF own", "mimetype": "application/pdf",
                "res_model": "account.move", "res_id": move.id,
                "res_field": "invoice_pdf_report_file",
            }
        )  # fmt: skip
        self.env.invalidate_all()
        self.drive(self.enqueue(move))
        self.assertEqual(move.invoice_pdf_report_id.raw, self.file()["_content"])
        self.assertTrue(own.exists())
        self.assertFalse(own.res_field)
        count = self.env["ir.attachment"].search_count([("res_id", "=", move.id)])
        self.drive(self.enqueue(move))
        self.assertEqual(
            self.env["ir.attachment"].search_count([("res_id", "=", move.id)]), count,
            "the same file again is not attached again",
        )  # fmt: skip

    def test_button_fetches_it_at_once_and_only_after_printing(self):
        move, _answer = self.printed()
        answer = move.action_exact_get_pdf()
        self.assertEqual(answer["params"]["type"], "success")
        self.assertTrue(move.invoice_pdf_report_id)
        with self.assertRaisesRegex(UserError, "not printed yet"):
            self.draft().action_exact_get_pdf()

    # === NOT YET, NEVER, OR SOMETHING ELSE === #

    def test_pdf_that_is_not_there_yet_is_asked_for_again_a_few_times_then_told(self):
        move, _answer = self.printed()
        kept, files = dict(self.file()), self.division.table(FILES)
        files.remove(kept["ID"])
        step = self.drive(self.enqueue(move))
        waits = []
        for _time in PDF_WAITS:
            self.assertEqual((step.state, step.cause_id.code), ("waiting", "pdf_awaited"))
            waits.append(round((step.retry_at - fields.Datetime.now()).total_seconds() / 60))
            self.assertFalse(move.exact_step_message, "Odoo asks by itself: nobody need know")
            self.again(step)
        self.assertEqual(waits, list(PDF_WAITS))
        self.assertEqual((step.state, step.cause_id.code), ("failed", "pdf_not_there"))
        self.assertIn(move.name, move.exact_step_message)
        files.put(kept, self.division.rowversion())
        step.action_retry()
        self.env.invalidate_all()
        self.assertEqual(step.state, "done")
        self.assertTrue(move.invoice_pdf_report_id)

    def test_electronic_invoice_in_the_document_is_not_taken_for_the_pdf(self):
        move, _answer = self.printed()
        self.file()["FileName"] = "26700001.xml"
        step = self.drive(self.enqueue(move))
        self.assertEqual(step.cause_id.code, "pdf_awaited")

    def test_file_that_is_no_pdf_is_not_attached(self):
        move, _answer = self.printed()
        self.file()["_content"] = b"PK\x03\x04"
        step = self.drive(self.enqueue(move))
        self.assertEqual((step.state, step.cause_id.code), ("failed", "pdf_unreadable"))
        self.assertFalse(move.invoice_pdf_report_id)

    def test_page_or_nothing_in_place_of_the_pdf_is_asked_for_again(self):
        move, _answer = self.printed()
        file = self.file()
        pdf, file["_content"] = file["_content"], b""
        step = self.drive(self.enqueue(move))
        self.assertEqual((step.state, step.cause_id.code), ("waiting", "pdf_awaited"))
        file["_content"] = b" \n<html>Sign in</html>"
        self.again(step)
        self.assertEqual((step.state, step.cause_id.code), ("waiting", "pdf_awaited"))
        self.assertFalse(move.invoice_pdf_report_id)
        file["_content"] = pdf
        self.again(step)
        self.assertEqual(step.state, "done")
        self.assertTrue(move.invoice_pdf_report_id)

    def test_page_in_place_of_the_pdf_is_told_in_the_end(self):
        move, _answer = self.printed()
        self.file()["_content"] = b"<html>Sign in</html>"
        step = self.drive(self.enqueue(move))
        for _time in PDF_WAITS:
            self.again(step)
        self.assertEqual((step.state, step.cause_id.code), ("failed", "pdf_unreadable"))

    def test_file_that_is_too_large_is_not_taken_in(self):
        move, _answer = self.printed()
        self.connection.division_id.sudo().country_code = "FR"
        self.file()["_content"] = b"%PDF" + b"x" * (7 * 1024 * 1024)
        step = self.drive(self.enqueue(move))
        self.assertEqual((step.state, step.cause_id.code), ("failed", "pdf_back_too_large"))

    def test_file_elsewhere_is_never_asked_for(self):
        move, _answer = self.printed()
        self.file()["Url"] = "https://files.example/x.pdf?ID=1"
        with mute_logger("odoo.addons.exact_connector.models.exact_exchange_settle"):
            step = self.drive(self.enqueue(move))
        self.assertEqual(step.state, "failed")
        self.assertEqual(len(self.calls()), 2)

    def test_file_that_exact_does_not_hand_out_is_told_and_stops_nothing_else(self):
        for status in (403, 404):
            move, _answer = self.printed(ref=f"no. {status}")
            self.fault("status", status=status, path="SysAttachment", method="GET")
            step = self.drive(self.enqueue(move))
            with self.subTest(status):
                self.assertEqual(step.state, "failed")
                self.assertEqual(step.problem_ids.cause_id.code, "pdf_refused")

    def test_token_that_files_do_not_take_does_not_end_the_connection(self):
        move, _answer = self.printed()
        refused = AuthError("No", status=401, method="GET", resource=FILE)
        with patch.object(ExactClient, "download", side_effect=refused):
            step = self.drive(self.enqueue(move))
        self.assertEqual((step.state, step.problem_ids.cause_id.code), ("failed", "pdf_refused"))
        self.assertEqual(self.connection.state, "connected")

    def test_outage_and_limit_wait_and_go_on_by_themselves(self):
        move, _answer = self.printed()
        self.fault("status", status=503, path=FILES, method="GET")
        step = self.drive(self.enqueue(move))
        self.assertEqual(step.state, "waiting")
        self.assertTrue(step.retry_at)
        self.again(step)
        self.assertEqual(step.state, "done")

    def test_missing_scope_for_documents_is_told_by_name(self):
        move, _answer = self.printed()
        post(
            f"{self.sim.url}/_sim/accountant/scope",
            {"client_id": NL_APP[0], "scope": "organization documents", "granted": False},
        )
        step = self.drive(self.enqueue(move))
        self.assertEqual((step.state, step.cause_id.code), ("failed", "scope"))
        self.assertTrue(move.exact_entry_id, "the invoice itself stands")

    def test_copy_that_is_gone_or_was_not_printed_after_all_is_left(self):
        move = self.draft()
        self.clear_calls()
        step = self.drive(self.enqueue(move))
        self.assertEqual(step.state, "cancelled")
        self.assertFalse(self.paths())

    def test_asked_for_twice_is_one_step(self):
        move, _answer = self.printed()
        self.assertEqual(self.enqueue(move), self.enqueue(move))

    def fault(self, kind, **values):
        post(f"{self.sim.url}/_sim/faults", {"kind": kind, **values})
