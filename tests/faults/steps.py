"""The calls that the product makes, each with what has to come before it and what must be true in the end."""

from dataclasses import dataclass, field

ACCOUNTS, ENTRIES = "crm/Accounts", "salesentry/SalesEntries"
INVOICES, PRINTED = "salesinvoice/SalesInvoices", "salesinvoice/PrintedSalesInvoices"
DOCUMENTS, FILES = "documents/Documents", "documents/DocumentAttachments"


@dataclass
class Subject:
    """What a cell is about.

    :param exchanges: IDs of the exchanges that bring it across
    :param key: what is looked for in Exact
    """

    exchanges: list[int] = field(default_factory=list)
    move: int = 0
    partner: int = 0
    key: str = ""
    seen: int = 0

    def of(self, env):
        """The exchanges."""
        return env["exact.exchange"].sudo().browse(self.exchanges).exists()

    def document(self, env):
        """The document."""
        return env["account.move"].browse(self.move)

    def all(self, env):
        """Every exchange of the document and its customer."""
        mine = env["exact.exchange"].sudo()
        if self.move:
            mine |= mine.search([("move_id", "=", self.move)])
        if self.partner:
            mine |= mine.search([("partner_id", "=", self.partner)])
        return self.of(env) | mine


class Step:
    """One call.

    ``writes``: it changes something at Exact. ``want``: how many there must be in Exact in the end.
    """

    name = path = ""
    method = "GET"
    writes = False
    want = 1

    def prepare(self, world) -> Subject:
        """Everything before the call, committed; the next run makes the call."""
        raise NotImplementedError

    def count(self, world, subject) -> int:
        """How many of it are in Exact."""
        raise NotImplementedError

    def check(self, env, subject) -> list[str]:
        """What does not agree on Odoo's side."""
        raise NotImplementedError

    def afterwards(self, world):
        """What comes by itself later, such as the hourly run on the paid status."""

    def press(self, env, subject):
        """The button for it."""
        return subject.of(env).action_retry()


# === ENTRIES AND CUSTOMERS === #


class EntryPost(Step):
    name, method, path, writes = "entry POST", "POST", f"{ENTRIES}$", True
    known = True

    def prepare(self, world):
        with world.env() as env:
            partner = world.customer(env, known=self.known)
            move = world.invoice(env, partner)
            exchange = env["exact.exchange"]._enqueue_moves(world.of(env), move)
            due(env)
            return Subject(exchange.ids, move.id, partner.id, move.name)

    def count(self, world, subject):
        return sum(row["YourRef"] == subject.key for row in world.rows(ENTRIES))

    def check(self, env, subject):
        move = subject.document(env)
        return [] if move.exact_state == "done" and move.exact_entry_number else ["not linked"]

    def press(self, env, subject):
        return subject.document(env).action_exact_create_sales_entry()


class EntryLookUp(EntryPost):
    """The first answer was lost; a minute later Exact is asked."""

    name, method, path, writes = "entry look-up", "GET", rf"{ENTRIES}\?", False

    def prepare(self, world):
        subject = super().prepare(world)
        lose(world, "POST", f"{ENTRIES}$")
        return subject

    def press(self, env, subject):
        return subject.of(env).action_retry()


class EntryReadBack(EntryPost):
    """Exact answers with no more than the ID."""

    name, method, path, writes = "entry read back", "GET", rf"{ENTRIES}\(", False

    def prepare(self, world):
        keep(world, ENTRIES, "EntryID")
        return super().prepare(world)


class EntryPaidBefore(EntryLookUp):
    """Paid in Exact before Odoo knew the entry: asked for once it is adopted."""

    name, path = "paid status of an adopted entry", r"cashflow/Receivables\?"

    def prepare(self, world):
        subject = super().prepare(world)
        entry = next(row for row in world.rows(ENTRIES) if row["YourRef"] == subject.key)
        world.post(
            "accountant/1001/receive", {"entries": [{"entry": entry["EntryID"]}], "amount": None}
        )
        with world.env() as env:
            env["exact.exchange"]._enqueue_run(world.of(env), "payment_sync")._drive()
        return subject

    def afterwards(self, world):
        # The next run, after whatever Exact's limit held up.
        world.pass_time(61)
        with world.env() as env:
            env["exact.exchange"]._enqueue_run(world.of(env), "payment_sync")._drive()

    def check(self, env, subject):
        found = super().check(env, subject)
        move = subject.document(env)
        if move.payment_state not in ("paid", "in_payment"):
            found.append(f"paid in Exact, {move.payment_state} in Odoo")
        return found


class AccountLookUp(EntryPost):
    name, method, path, writes = "customer look-up", "GET", rf"{ACCOUNTS}\?", False
    known = False

    def count(self, world, subject):
        name = self._mark(subject)
        accounts = sum((row["SearchCode"] or "").endswith(name) for row in world.rows(ACCOUNTS))
        return max(accounts, super().count(world, subject), key=lambda number: abs(number - 1))

    def _mark(self, subject):
        return f"-{subject.partner}"

    def check(self, env, subject):
        partner = env["res.partner"].browse(subject.partner)
        return super().check(env, subject) + ([] if partner.exact_account_id else ["no customer"])


class AccountPost(AccountLookUp):
    name, method, path, writes = "customer POST", "POST", f"{ACCOUNTS}$", True

    def count(self, world, subject):
        return sum(
            (row["SearchCode"] or "").endswith(self._mark(subject)) for row in world.rows(ACCOUNTS)
        )


class AccountReadBack(AccountLookUp):
    name, path = "customer read back", rf"{ACCOUNTS}\("

    def prepare(self, world):
        keep(world, ACCOUNTS, "ID")
        return super().prepare(world)


class AccountUpdateRead(Step):
    """A customer changed in Odoo: the account is read before it is changed."""

    name, method, path = "customer read", "GET", rf"{ACCOUNTS}\("

    def prepare(self, world):
        with world.env() as env:
            partner = world.customer(env, known=False)
            env["exact.exchange"]._enqueue_partners(world.of(env), partner).sudo()._drive()
            partner.street = f"Kade {world.number}"
            exchange = env["exact.exchange"]._enqueue_updates(world.of(env), partner)
            due(env)
            return Subject(exchange.ids, 0, partner.id, partner.street)

    def count(self, world, subject):
        return sum(row.get("AddressLine1") == subject.key for row in world.rows(ACCOUNTS))

    def check(self, env, subject):
        partner = env["res.partner"].browse(subject.partner)
        return [] if partner.street == subject.key else ["the new street is gone in Odoo"]


class AccountUpdatePut(AccountUpdateRead):
    name, method, writes = "customer PUT", "PUT", True


# === AFTER AN ENTRY === #


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


# === RUNS === #


class PaidPage(AfterEntry):
    name, method, path, writes = "paid-status page", "GET", r"sync/Cashflow/PaymentTerms\?", False
    amount = None

    def change(self, world, env, move):
        entry = {"entry": move.exact_entry_id}
        if self.amount:
            entry["amount"] = self.amount
        world.post("accountant/1001/receive", {"entries": [entry]})

    def enqueue(self, world, env, move):
        return env["exact.exchange"]._enqueue_run(world.of(env), "payment_sync")

    def count(self, world, subject):
        [(number,)] = world.sql(
            "SELECT count(*) FROM account_move WHERE exact_settled_move_id = %s", subject.move
        )
        return number

    def check(self, env, subject):
        move = subject.document(env)
        left = 121 - self.amount if self.amount else 0
        return [] if move.amount_residual == left else [f"{move.amount_residual} open in Odoo"]


class PaidRest(PaidPage):
    name, path, amount = "open-items list", r"read/financial/ReceivablesList\?", 21.0


class ImportPage(Step):
    name, path = "customer import page", r"sync/CRM/Accounts\?"

    def prepare(self, world):
        world.number += 1
        name = f"Nieuw in Exact {world.number}"
        with world.env() as env:
            client = world.of(env)._get_client()
            row = client.create(ACCOUNTS, {"Name": name, "Status": "C"})
            client.create(
                "crm/Contacts", {"Account": row["ID"], "FirstName": "A", "LastName": name}
            )
            gone = self.vanish(world, env, client)
            exchange = env["exact.exchange"]._enqueue_run(world.of(env), "customer_import")
            due(env)
            return Subject(exchange.ids, partner=gone, key=name)

    def vanish(self, world, env, client):
        return 0

    def count(self, world, subject):
        [(number,)] = world.sql(
            "SELECT count(*) FROM res_partner WHERE name = %s AND is_company", subject.key
        )
        return number

    def check(self, env, subject):
        people = env["res.partner"].search(
            [("parent_id.name", "=", subject.key), ("exact_contact_id", "!=", False)]
        )
        return [] if len(people) == 1 else [f"{len(people)} contact persons"]


class ImportContacts(ImportPage):
    name, path = "contact import page", r"sync/CRM/Contacts\?"


class ImportDeleted(ImportPage):
    name, path = "deleted page", r"sync/Deleted\?"

    def vanish(self, world, env, client):
        partner = world.customer(env, known=False)
        env["exact.exchange"]._enqueue_partners(world.of(env), partner).sudo()._drive()
        client.delete(ACCOUNTS, partner.exact_account_id)
        return partner.id

    def check(self, env, subject):
        linked = env["res.partner"].browse(subject.partner).exact_account_id
        return super().check(env, subject) + (["still linked"] if linked else [])


# === INVOICE IN EXACT === #


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


# === TOKEN === #


class TokenRefresh(EntryPost):
    """The access token has expired: the next call needs a new one first."""

    name, path = "token refresh", "/api/oauth2/token"

    def prepare(self, world):
        subject = super().prepare(world)
        world.post("clock", {"advance": 601})
        world.sql(
            "UPDATE exact_token SET fetched_on = fetched_on - interval '601 seconds',"
            " expires_on = expires_on - interval '601 seconds'"
        )
        return subject


def due(env):
    """The scheduler, or the queue, is told."""
    env["exact.exchange"]._schedule()


def keep(world, resource, names):
    """The next answer to a POST holds only these properties."""
    world.sim.faults.add(kind="keep", method="POST", path=f"{resource}$", body=names)


def lose(world, method, path):
    """Let the driver run once while Exact does what it is asked and the answer is lost; a minute passes."""
    world.sim.faults.add(kind="drop_after", method=method, path=path)
    world.driver.run_due(world)
    world.quiet()
    if world.sim.faults.list():
        raise AssertionError(f"{method} {path} was not called")
    world.pass_time(61)


STEPS = {
    step.name: step
    for step in (
        step()
        for step in (
            AccountLookUp, AccountPost, AccountReadBack, AccountUpdateRead, AccountUpdatePut,
            EntryPost, EntryReadBack, EntryLookUp, EntryPaidBefore,
            DocumentPost, FilePost, DocumentLookUp, FileLookUp,
            EntryPut, EntryPutLookUp, EntryDeleteRead, EntryDeleteMatched, EntryDelete,
            PaidPage, PaidRest, ImportPage, ImportContacts, ImportDeleted,
            InvoicePost, InvoiceReadBack, InvoiceReadOne, InvoiceLookUp,
            PrintRead, PrintPost, InvoiceDelete, InvoicePdf, PdfFiles, PdfDownload,
            TokenRefresh,
        )
    )
}  # fmt: skip
