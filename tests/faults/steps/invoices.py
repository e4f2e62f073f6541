"""Invoices made in Exact, their printing and their PDF."""

from tests.faults.steps.base import (
    DOCUMENTS,
    ENTRIES,
    FILES,
    INVOICES,
    PRINTED,
    Step,
    Subject,
    due,
    keep,
    lose,
)


class InvoicePost(Step):
    name, method, path, writes = "invoice POST", "POST", f"{INVOICES}$", True
    printed = False
    drive = False

    def prepare(self, world):
        with world.env() as env:
            partner = world.customer(env)
            move = world.draft(env, partner)
            exchange = env["exact.exchange"]._enqueue_invoices(
                world.of(env), move, print=self.printed
            )
            due(env)
            return Subject(exchange.ids, move.id, 0, move.exact_reference)

    def count(self, world, subject):
        return sum(row["YourRef"] == subject.key for row in world.rows(INVOICES))

    def check(self, env, subject):
        move = subject.document(env)
        wanted = ("done", "posted") if self.printed else ("draft", "draft")
        found = (move.exact_state, move.state)
        return [] if found == wanted else [f"{found} in Odoo"]


class InvoiceReadBack(InvoicePost):
    name, method, path, writes = "invoice read back", "GET", rf"{INVOICES}\?", False


class InvoiceReadOne(InvoicePost):
    """Exact answers with no more than the ID."""

    name, method, path, writes = "invoice read by ID", "GET", rf"{INVOICES}\(", False

    def prepare(self, world):
        keep(world, INVOICES, "InvoiceID")
        return super().prepare(world)


class InvoiceLookUp(InvoicePost):
    name, method, path, writes = "invoice look-up", "GET", rf"{INVOICES}\?", False

    def prepare(self, world):
        subject = super().prepare(world)
        lose(world, "POST", f"{INVOICES}$")
        return subject


class AfterInvoice(InvoicePost):
    """Something on a draft that is in Exact."""

    def prepare(self, world):
        subject = super().prepare(world)
        with world.env() as env:
            subject.of(env)._drive()
            exchange = self.enqueue(world, env, subject.document(env))
            due(env)
            subject.exchanges = exchange.ids
        return subject

    def enqueue(self, world, env, move):
        return env["exact.exchange"]._enqueue_print(move)

    def count(self, world, subject):
        printed = [
            row["InvoiceID"]
            for row in world.rows(INVOICES)
            if row["YourRef"] == subject.key and row["Status"] == 50
        ]
        return sum(row["EntryID"] in printed for row in world.rows(ENTRIES))

    def check(self, env, subject):
        move = subject.document(env)
        found = (move.exact_state, move.state)
        return [] if found == ("done", "posted") else [f"{found} in Odoo"]


class PrintRead(AfterInvoice):
    name, method, path, writes = "invoice read before printing", "GET", rf"{INVOICES}\(", False


class PrintPost(AfterInvoice):
    name, path = "invoice print", f"{PRINTED}$"


class InvoiceDelete(AfterInvoice):
    name, method, path = "invoice DELETE", "DELETE", rf"{INVOICES}\("
    want = 0

    def enqueue(self, world, env, move):
        return env["exact.exchange"]._enqueue_invoice_step("invoice_delete", move)

    def count(self, world, subject):
        return sum(row["YourRef"] == subject.key for row in world.rows(INVOICES))

    def check(self, env, subject):
        move = subject.document(env).exists()
        return ["still linked"] if move and move.exact_invoice_id else []


class InvoicePdf(InvoicePost):
    """The PDF of a printed invoice, from Exact to Odoo."""

    name, method, path, writes = "PDF: its document", "GET", rf"{DOCUMENTS}\?", False
    printed = True

    def prepare(self, world):
        subject = super().prepare(world)
        with world.env() as env:
            steps = subject.of(env)
            steps._drive()
            move = subject.document(env)
            pdf = move.exact_step_ids.filtered(lambda step: step.kind == "invoice_pdf")
            if pdf.state != "pending":
                raise AssertionError(f"the PDF is not on its way: {pdf.state}")
            # Whoever printed it may know its document; here it is asked for.
            pdf.sudo().payload = False
            subject.exchanges = pdf.ids
        return subject

    def count(self, world, subject):
        [(number,)] = world.sql(
            "SELECT count(*) FROM ir_attachment WHERE res_model = 'account.move' AND res_id = %s"
            " AND mimetype = 'application/pdf'",
            subject.move,
        )
        return number


class PdfFiles(InvoicePdf):
    name, path = "PDF: its files", rf"{FILES}\?"


class PdfDownload(InvoicePdf):
    name, path = "PDF: download", "SysAttachment"
