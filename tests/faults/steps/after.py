"""What follows an entry: documents, attachments, changes, deletion."""

from tests.faults.steps.base import DOCUMENTS, ENTRIES, FILES, Step, due, lose
from tests.faults.steps.entries import EntryPost


class AfterEntry(EntryPost):
    """Something on an entry that is there."""

    def prepare(self, world):
        subject = super().prepare(world)
        with world.env() as env:
            subject.of(env)._drive()
            move = subject.document(env)
            subject.key = move.exact_entry_id
            self.change(world, env, move)
            exchange = self.enqueue(world, env, move)
            due(env)
            subject.exchanges = exchange.ids
        return subject

    def change(self, world, env, move):
        """What makes it due."""

    def enqueue(self, world, env, move):
        """The exchange."""
        raise NotImplementedError

    def press(self, env, subject):
        return Step.press(self, env, subject)


class DocumentPost(AfterEntry):
    name, path = "document POST", f"{DOCUMENTS}$"

    def change(self, world, env, move):
        env["ir.attachment"].create(
            {
                "name": f"{move.name.replace('/', '_')}.pdf",
                "raw": b"%PDF-1.4 one",
                "mimetype": "application/pdf",
                "res_model": "account.move",
                "res_id": move.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        move.invalidate_recordset()

    def enqueue(self, world, env, move):
        return env["exact.exchange"]._enqueue_documents(world.of(env), move)

    def count(self, world, subject):
        documents = [
            row["ID"]
            for row in world.rows(DOCUMENTS)
            if row["FinancialTransactionEntryID"] == subject.key
        ]
        files = sum(row["Document"] in documents for row in world.rows(FILES))
        return files if len(documents) < 2 else len(documents)

    def check(self, env, subject):
        return [] if subject.document(env).exact_pdf_state == "done" else ["PDF not done"]


class FilePost(DocumentPost):
    name, path = "attachment POST", f"{FILES}$"


class DocumentLookUp(DocumentPost):
    name, method, path, writes = "document look-up", "GET", rf"{DOCUMENTS}\?", False

    def prepare(self, world):
        subject = super().prepare(world)
        lose(world, "POST", f"{FILES}$")
        return subject


class FileLookUp(DocumentLookUp):
    name, path = "attachment look-up", rf"{FILES}\?"


class EntryPut(AfterEntry):
    name, method, path = "entry PUT", "PUT", rf"{ENTRIES}\("

    def change(self, world, env, move):
        move.payment_reference = f"R{world.number}"

    def enqueue(self, world, env, move):
        return move._exact_enqueue_step("entry_update")

    def count(self, world, subject):
        return sum(
            row["EntryID"] == subject.key and (row.get("PaymentReference") or "").startswith("R")
            for row in world.rows(ENTRIES)
        )

    def check(self, env, subject):
        changes = subject.document(env).exact_changes
        return [f"still to send: {changes}"] if changes else []


class EntryPutLookUp(EntryPut):
    name, method, writes = "entry read after a lost PUT", "GET", False

    def prepare(self, world):
        subject = super().prepare(world)
        lose(world, "PUT", self.path)
        return subject


class EntryDelete(AfterEntry):
    name, method, path = "entry DELETE", "DELETE", rf"{ENTRIES}\("
    want = 0

    def enqueue(self, world, env, move):
        return move._exact_enqueue_step("entry_delete", follow_up="draft")

    def count(self, world, subject):
        return sum(row["EntryID"] == subject.key for row in world.rows(ENTRIES))

    def check(self, env, subject):
        move = subject.document(env)
        return [] if move.state == "draft" and not move.exact_entry_id else ["not reset"]


class EntryDeleteRead(EntryDelete):
    name, method, writes = "entry read before DELETE", "GET", False


class EntryDeleteMatched(EntryDelete):
    name, method, path, writes = "receivables read", "GET", r"cashflow/Receivables\?", False
