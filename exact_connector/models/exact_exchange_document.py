import base64
import hashlib

from odoo import api, models
from odoo.exceptions import UserError

from ..client import ExactError, Guid, odata
from ..resolution import Problem
from .exact_connection_documents import MEGABYTE

DOCUMENTS = "documents/Documents"
ATTACHMENTS = "documents/DocumentAttachments"
# Number of the type "sales invoice" (API 5.14), and how long a subject may be.
SALES_INVOICE = 10
MAX_SUBJECT = 60


class ExactExchange(models.Model):
    """Worker for the PDF: a document tied to the entry, and the file in it (API 5.14).

    Its own reference is the entry, the subject and the file name, all noted on the exchange before
    the first byte leaves: a lost answer is looked up by them, and nothing is attached twice.
    ``payload``: ``entry``, ``Subject``, ``files`` (checksum of a PDF -> its file name in Exact).
    """

    _inherit = "exact.exchange"

    @api.model
    def _enqueue_documents(self, connection, moves):
        """The exchanges that bring the PDFs of ``moves`` to Exact, pending."""
        steps = self.browse()
        for move in moves:
            steps |= self._enqueue_step(connection, "document", move)
        return steps

    def _drive_document(self, client):
        """Two calls for a document that goes the first time; a repeated one is looked up first."""
        move = self._move_in_company()
        pdf = self._get_pdf(move)
        if not pdf:
            self._commit(1)
            return
        plan, file_name = self._plan_document(move, *pdf)
        known = self._may_be_booked()
        document, there = None, False
        try:
            self._hold_for_limit(client)
            if known:
                document, there = self._find_document(client, plan, file_name)
            if there:
                self._settle_document(document, file_name, plan, sent=False)
                return
            if known and self._wait_out_booking():
                return
            if not document:
                self._hold_for_limit(client, "POST", DOCUMENTS)
            if not self._start_attempt(plan):
                return
            if not document:
                document = client.create(DOCUMENTS, self._document_values(move, plan))
            content = base64.b64encode(pdf[1]).decode()
            client.create(
                ATTACHMENTS,
                {"Document": document["ID"], "FileName": file_name, "Attachment": content},
            )
        except ExactError as error:
            self._settle_step_error(error)
            return
        self._settle_document(document, file_name, plan, sent=True)

    # === THE FILE === #

    def _get_pdf(self, move):
        """File name and content of the PDF; None where it is settled why there is none."""
        if not move.exact_entry_id:
            # Deleted or unlinked since: it comes again with the next entry.
            self.write({"state": "cancelled", "retry_at": False})
            return None
        try:
            name, content = move._exact_get_pdf()
        except UserError as error:
            problem = Problem(
                "pdf_missing", self.env._("The PDF could not be made: %s", error), move
            )
        else:
            problem = self._check_size(move, content)
        if problem:
            self._settle_problems([problem])
            return None
        return name, content

    def _check_size(self, move, content):
        largest = self.connection_id._get_largest_file()
        if len(content) <= largest * MEGABYTE:
            return None
        return Problem(
            "pdf_too_large",
            self.env._(
                "The PDF of %(document)s measures %(size)s MB; Exact takes at most %(largest)s MB.",
                document=move.name,
                size=f"{len(content) / MEGABYTE:.1f}",
                largest=largest,
            ),
            move,
        )

    def _plan_document(self, move, name, content):
        """What will be noted before sending, and the file's name in Exact: another PDF, another name."""
        had = self.payload or {}
        if had.get("entry") != move.exact_entry_id:
            had = {}
        mapper = self.env["exact.mapper"]
        subject = mapper._clip(
            f"{move.name} {move.commercial_partner_id.name or ''}".strip(), MAX_SUBJECT
        )
        checksum = hashlib.sha256(content).hexdigest()
        files = dict(had.get("files") or {})
        if checksum not in files:
            stem = name.removesuffix(".pdf")
            number = len(files) + 1
            files[checksum] = f"{stem}.pdf" if number == 1 else f"{stem} ({number}).pdf"
        plan = {
            "entry": move.exact_entry_id,
            "Subject": had.get("Subject") or subject,
            "files": files,
        }
        return plan, files[checksum]

    def _document_values(self, move, plan):
        return {
            "Subject": plan["Subject"],
            "Type": SALES_INVOICE,
            "Account": move.commercial_partner_id.exact_account_id,
            "DocumentDate": move.invoice_date,
            "FinancialTransactionEntryID": move.exact_entry_id,
            "AmountFC": self._expected_amounts(move)[0],
            "Currency": move.currency_id.name,
        }

    # === LOOKING UP === #

    def _find_document(self, client, plan, file_name):
        """Our document in Exact or None, and whether this very file is in it already."""
        rows = client.rows(
            DOCUMENTS,
            select=["ID", "HID", "Subject"],
            filter=odata.all_of(
                odata.eq("FinancialTransactionEntryID", Guid(plan["entry"])),
                odata.eq("Subject", plan["Subject"]),
            ),
        )
        for row in rows:
            files = client.rows(
                ATTACHMENTS,
                select=["ID", "FileName"],
                filter=odata.eq("Document", Guid(row["ID"])),
            )
            if any(file.get("FileName") == file_name for file in files):
                return row, True
        return (rows[0] if rows else None), False

    def _settle_document(self, document, file_name, plan, sent):
        number = document.get("HID")
        note = (
            self.env._(
                "PDF %(file)s attached in Exact, document %(number)s.",
                file=file_name,
                number=number,
            )
            if sent
            else self.env._(
                "PDF %(file)s is in Exact already, document %(number)s.",
                file=file_name,
                number=number,
            )
        )
        self.payload = plan
        self._settle_done(document["ID"], number, [note])
        self.move_id._message_log(body=note)
        self._commit(1)
