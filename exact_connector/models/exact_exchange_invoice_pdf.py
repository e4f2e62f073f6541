from datetime import timedelta

from odoo import api, models

from .. import clock
from ..client import AuthError, ExactError, Guid, odata
from ..client.client import FILE
from ..resolution import Problem
from .exact_connection_documents import MEGABYTE
from .exact_exchange_document import ATTACHMENTS, DOCUMENTS

# Exact makes the PDF in its own time: minutes until it is asked for again, one after each look in vain.
PDF_WAITS = (1, 5, 30, 120, 720)
PDF_START = b"%PDF"


class ExactExchange(models.Model):
    """Worker for the PDF of a printed invoice: from its document in Exact to Odoo's copy (API 5.14).

    Two calls where the document is known: the list of its files, and the file. Reading changes
    nothing in Exact, so it may be tried as often as is needed; it never runs while a person waits.
    ``payload``: ``document`` (its ID, where whoever asks knows it), ``asked`` (looks in vain).
    """

    _inherit = "exact.exchange"

    _invoice_pdf_uniq = models.UniqueIndex(
        "(connection_id, move_id) WHERE kind = 'invoice_pdf' "
        "AND state IN ('pending', 'sending', 'waiting', 'unclear')",
        "The PDF of this invoice is already on its way from Exact.",
    )

    @api.model
    def _enqueue_step(self, connection, kind, move, **values):
        step = super()._enqueue_step(connection, kind, move, **values)
        if kind == "invoice_pdf":
            step._schedule()
        return step

    def _drive_invoice_pdf(self, client):
        """One attempt: the file, or a later moment to ask for it again."""
        move = self._move_in_company()
        if not move or not move.exact_invoice_id or not move.exact_entry_id:
            # Deleted, or not printed after all: there is nothing to fetch.
            self.write({"state": "cancelled", "retry_at": False})
            self._commit(1)
            return
        payload = self.payload or {}
        try:
            self._hold_for_limit(client)
            if not self._start_attempt(payload):
                return
            document = payload.get("document") or self._find_invoice_document(client, move)
            file = document and self._find_invoice_pdf(client, document)
            if not file:
                self._wait_for_pdf(
                    move,
                    {**payload, "document": document},
                    self.env._("The PDF is not in Exact yet; Odoo asks again."),
                    "pdf_not_there",
                    self.env._("Exact has made no PDF of %s.", move._exact_pdf_label()),
                )
                return
            content = self._download_pdf(client, file)
        except ExactError as error:
            self._settle_pdf_error(move, error)
            return
        if not content.startswith(PDF_START):
            self._settle_no_pdf(move, {**payload, "document": document}, content)
            return
        name = move._exact_take_pdf(file.get("FileName"), content)
        note = self.env._("PDF %(file)s of Exact attached.", file=name)
        self._settle_done(file["ID"], None, [note])
        move._message_log(body=note)
        self._commit(1)

    # === IN EXACT === #

    def _find_invoice_document(self, client, move):
        """The ID of the document that Exact made when printing: its entry is the invoice (API 5.14)."""
        row = client.first(
            DOCUMENTS,
            select=["ID"],
            filter=odata.eq("FinancialTransactionEntryID", Guid(move.exact_invoice_id)),
        )
        return row["ID"] if row else None

    def _find_invoice_pdf(self, client, document):
        """The PDF among the files of a document, which may hold an electronic invoice too; None without one."""
        rows = client.rows(
            ATTACHMENTS,
            select=["ID", "FileName", "FileSize", "Url"],
            filter=odata.eq("Document", Guid(document)),
        )
        files = [row for row in rows if row.get("Url")]
        return next(
            (row for row in files if (row.get("FileName") or "").lower().endswith(".pdf")), None
        )

    def _download_pdf(self, client, file):
        """The original file, as it stands in Exact."""
        self._hold_for_limit(client)
        url = file["Url"]
        joint = "&" if "?" in url else "?"
        largest = self.connection_id._get_largest_file() * MEGABYTE
        return client.download(f"{url}{joint}Download=1", largest=largest)

    # === OUTCOME === #

    def _wait_for_pdf(self, move, payload, message, code, verdict):
        """Asked for again later, a few times, then a person is told.

        :param message: why Odoo waits; ``code``, ``verdict``: cause and message of the last look.
        """
        asked = payload.get("asked", 0)
        self.payload = {**payload, "asked": asked + 1}
        if asked >= len(PDF_WAITS):
            # Whoever tries again waits anew.
            self.payload = {**payload, "asked": 0}
            self._settle_pdf_problem(code, verdict, move)
            return
        retry_at = clock.now(self.env) + timedelta(minutes=PDF_WAITS[asked])
        self._wait("pdf_awaited", retry_at, message)
        self._schedule(at=retry_at)

    def _settle_no_pdf(self, move, payload, content):
        """A file of another kind is told at once; nothing at all, or a page, comes from the road: asked for again."""
        verdict = self.env._("What Exact gave as the PDF of %s is no PDF.", move._exact_pdf_label())
        if content.strip() and not content.lstrip().startswith(b"<"):
            self._settle_pdf_problem("pdf_unreadable", verdict, move)
            return
        self._wait_for_pdf(
            move,
            payload,
            self.env._("A page came in place of the PDF; Odoo asks again."),
            "pdf_unreadable",
            verdict,
        )

    def _settle_pdf_error(self, move, error):
        """A file that Exact does not hand out is told on this exchange; all else as for any call.

        :raises BatchStop: limit, outage or reconnect.
        """
        if error.reason == "TooLarge":
            self._settle_pdf_problem(
                "pdf_back_too_large",
                self.env._(
                    "The PDF of %(document)s is larger than %(largest)s MB.",
                    document=move._exact_pdf_label(),
                    largest=self.connection_id._get_largest_file(),
                ),
                move,
            )
        elif isinstance(error, AuthError) and error.resource == FILE:
            # The link itself works, the list of files came by it: it is the file that is refused.
            self._settle_pdf_problem("pdf_refused", str(error), move)
        else:
            self._settle_step_error(error)

    def _settle_pdf_problem(self, code, message, move):
        self._settle_problems([Problem(code, message, move)])
        self._commit(1)

    def _tell(self):
        """That it is not there yet is no news."""
        if self.kind == "invoice_pdf" and self.state == "waiting":
            return None
        return super()._tell()

    def _one_title(self):
        if self.kind == "invoice_pdf" and self.state == "done":
            return self.env._("PDF of Exact attached")
        return super()._one_title()
