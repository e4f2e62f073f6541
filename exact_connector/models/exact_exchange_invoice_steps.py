import json
from datetime import timedelta

from odoo import api, fields, models

from .. import clock
from ..client import DataError, ExactError, encode
from ..resolution import Problem
from .exact_exchange_invoice_drive import INVOICE_SELECT, INVOICES, _is_processed
from .exact_exchange_settle import UNCLEAR_WAIT

PRINTED = "salesinvoice/PrintedSalesInvoices"
# What Exact says of each way to the customer, and of the PDF (API 5.13).
OUTPUT_ERRORS = (
    "DocumentCreationError",
    "EmailCreationError",
    "PeppolCreationError",
    "PostboxMessageCreationError",
)
# Minutes between the looks at a draft whose printing Exact has accepted: it is never asked for twice by itself.
PRINT_WAITS = (1, 5, 30, 120)
# Totals that were read so short a time ago need no new look before printing.
FRESH = timedelta(minutes=5)


class ExactExchange(models.Model):
    """Steps on a draft in Exact: printing it, and deleting it (R49).

    Both happen once only, whatever becomes of the answer: a lost one is settled by reading the
    invoice. An invoice whose totals are not those of the document is never printed.
    """

    _inherit = "exact.exchange"

    _invoice_step_uniq = models.UniqueIndex(
        "(connection_id, move_id, kind) WHERE kind IN ('invoice_print', 'invoice_delete') "
        "AND state IN ('pending', 'sending', 'waiting', 'unclear')",
        "This invoice is being printed or cancelled already.",
    )

    # === ENQUEUE === #

    @api.model
    def _enqueue_print(self, move, row=None):
        """The step that has Exact number, print and deliver the draft of a document.

        :param row: the invoice as it was read just now, where it was; saves the look before printing.
        """
        seen = {}
        if row:
            total, vat = self._totals(move, row)
            seen = {"seen": fields.Datetime.to_string(clock.now(self.env))}
            seen |= {"AmountFC": str(total), "VATAmountFC": str(vat)}
        return self._enqueue_invoice_step("invoice_print", move, payload=seen or False)

    @api.model
    def _enqueue_invoice_step(self, kind, move, **values):
        connection = self.env["exact.connection"]._for_company(move.company_id)
        return self._enqueue_step(
            connection,
            kind,
            move,
            exact_id=move.exact_invoice_id,
            document_name=move._exact_invoice_label(),
            **values,
        )

    def _new_documents(self):
        """Printing too follows by itself on what was made just now."""
        found = super()._new_documents()
        made = self.filtered(lambda e: e.kind == "sales_invoice" and e.print_invoice)
        if made:
            found |= self.search(
                [
                    ("kind", "=", "invoice_print"),
                    ("state", "=", "pending"),
                    ("connection_id", "=", self.connection_id.id),
                    ("move_id", "in", made.move_id.ids),
                ],
                order="id",
            )
        return found

    # === PRINT === #

    def _drive_invoice_print(self, client):
        """One call right after the draft was made; a later one, or a repeated one, looks first."""
        move = self._move_in_company()
        if not self._is_draft_there(move):
            return
        lost, accepted = self._is_lost(), (self.payload or {}).get("accepted")
        try:
            if not self._seen_just_now():
                self._hold_for_limit(client)
                row = client.get(INVOICES, self.exact_id, select=list(INVOICE_SELECT))
                if lost and row and _is_processed(row):
                    self._add_note(
                        self.env._("Found printed in Exact: it was not printed a second time.")
                    )
                if self._settle_if_not_printable(move, row):
                    return
                if accepted is not None:
                    self._wait_for_printing(move, accepted)
                    return
                if self._may_be_booked() and self._wait_out_booking():
                    return
            self._hold_for_limit(client, "POST", PRINTED)
            values = self._print_values(move)
            if not self._start_attempt(json.loads(encode(values))):
                return
            answer = client.create(PRINTED, values)
        except ExactError as error:
            self._settle_print_error(client, move, error)
            return
        self._settle_accepted(answer)
        if lost:
            self._add_note(
                self.env._(
                    "The answer to an earlier attempt was lost. It was not printed in Exact: that was asked again."
                )
            )
        self._commit(1)

    def _seen_just_now(self):
        """Whether its totals were compared a moment ago, by whoever asked for it to be printed."""
        seen = (self.payload or {}).get("seen")
        if self._may_be_booked() or not seen:
            return False
        return fields.Datetime.to_datetime(seen) > clock.now(self.env) - FRESH

    def _is_draft_there(self, move):
        """Whether there is still a draft to do something with; settles the step where there is not."""
        if move and move.exact_entry_id and self.kind == "invoice_print":
            self._settle_printed_step(move)
        elif not move or not move.exact_invoice_id or move.exact_invoice_id != self.exact_id:
            self.write({"state": "cancelled", "retry_at": False})
        elif move._exact_in_other_books(self.connection_id):
            # Not found there means nothing: it stands in the division it was sent to.
            self._settle_invoice_gone(move)
        else:
            return True
        self._commit(1)
        return False

    def _settle_if_not_printable(self, move, row):
        """:return: True where the invoice was printed meanwhile, is gone, or differs: settled then."""
        if row is None:
            self._settle_invoice_gone(move)
        elif _is_processed(row):
            # By us, with the answer lost, or by a person in Exact.
            move._exact_settle_printed(row)
        elif move._exact_take_difference(row):
            self._settle_problems(
                [Problem("invoice_differs", move._exact_invoice_difference(row), move)]
            )
        else:
            return False
        self._commit(1)
        return True

    def _print_values(self, move):
        """What is asked of Exact: the day on the invoice, and whom it goes to."""
        values = {"InvoiceID": self.exact_id}
        if move.invoice_date:
            values["InvoiceDate"] = move.invoice_date
        output = self.connection_id.invoice_output
        if output == "account":
            values["SendOutputBasedOnAccount"] = True
        elif output == "mail":
            values["SendEmailToCustomer"] = True
        return values

    def _settle_accepted(self, answer):
        """Printed: its number comes with the page that is read after the batch, or at the latest in a minute."""
        retry_at = clock.now(self.env) + UNCLEAR_WAIT
        self.problem_ids.unlink()
        self.write(
            {
                "state": "waiting",
                "retry_at": retry_at,
                "to_read": True,
                "payload": {**(self.payload or {}), "accepted": 0},
                "cause_id": False,
                "exact_message": False,
                "message": self.env._("Printed in Exact; its number is being fetched."),
                "notes": "\n".join(self._output_notes(answer)) or False,
            }
        )
        self._schedule(at=retry_at)

    def _wait_for_printing(self, move, looks):
        """Accepted, and still a draft: looked at again a few times, then a person decides.

        To ask once more could bring the customer a second mail.
        """
        if looks >= len(PRINT_WAITS):
            # Whoever tries again asks for it anew.
            self.payload = {key: self.payload[key] for key in self.payload if key != "accepted"}
            self._settle_problems(
                [
                    Problem(
                        "print_pending",
                        self.env._(
                            "Exact accepted the printing of %s, and it is still a draft there.",
                            move._exact_invoice_label(),
                        ),
                        move,
                    )
                ]
            )
        else:
            retry_at = clock.now(self.env) + timedelta(minutes=PRINT_WAITS[looks])
            self.payload = {**self.payload, "accepted": looks + 1}
            self.write({"state": "waiting", "retry_at": retry_at})
            self._schedule(at=retry_at)
        self._commit(1)

    def _output_notes(self, answer):
        """What Exact could not do beside numbering it: make the PDF, mail it, bring it to Peppol."""
        return [
            self.env._("Printed, but: %s", answer[name])
            for name in OUTPUT_ERRORS
            if answer.get(name)
        ]

    def _settle_print_error(self, client, move, error):
        """Refused: perhaps because it is printed already. In which words Exact says so is not known."""
        row = self._read_after_refusal(client, error)
        if row is None or (row and _is_processed(row)):
            self._settle_if_not_printable(move, row)
            return
        self._settle_step_error(error)

    def _read_after_refusal(self, client, error):
        """How the invoice stands after Exact refused something on it: None where it is gone, False where not known."""
        if not isinstance(error, DataError):
            return False
        try:
            return client.get(INVOICES, self.exact_id, select=list(INVOICE_SELECT))
        except ExactError:
            return False

    def _settle_printed_step(self, move):
        """The invoice has its number: what was to be printed is done."""
        notes = (self.notes or "").splitlines()
        self.to_read = False
        self._settle_done(self.exact_id, move.exact_entry_number, notes)

    # === DELETION === #

    def _drive_invoice_delete(self, client):
        """One DELETE; one whose answer was lost looks first."""
        move = self._move_in_company()
        if move and move.exact_entry_id:
            self._settle_processed(move)
            return
        if not self._is_draft_there(move):
            return
        try:
            if self._may_be_booked():
                self._hold_for_limit(client)
                row = client.get(INVOICES, self.exact_id, select=list(INVOICE_SELECT))
                if row is None or _is_processed(row):
                    self._settle_deletion_read(move, row)
                    return
                if self._wait_out_booking():
                    return
            self._hold_for_limit(client, "DELETE", INVOICES)
            if not self._start_attempt({"InvoiceID": self.exact_id}):
                return
            client.delete(INVOICES, self.exact_id)
        except ExactError as error:
            self._settle_deletion_error(client, move, error)
            return
        self._settle_invoice_deleted(move)

    def _settle_deletion_error(self, client, move, error):
        """Refused: gone already, or printed meanwhile; else as Exact says."""
        row = self._read_after_refusal(client, error)
        if row is None or (row and _is_processed(row)):
            self._settle_deletion_read(move, row)
            return
        self._settle_step_error(error)

    def _settle_deletion_read(self, move, row):
        if row is None:
            self._settle_invoice_deleted(move)
            return
        move._exact_settle_printed(row)
        self._settle_processed(move)

    def _settle_processed(self, move):
        """It was printed meanwhile: it stands, and only a credit note takes it back."""
        self._settle_problems(
            [
                Problem(
                    "invoice_processed",
                    self.env._("Printed in Exact as %s meanwhile.", move.exact_entry_number),
                    move,
                )
            ]
        )
        self._commit(1)

    def _settle_invoice_deleted(self, move):
        note = self.env._("Cancelled: the draft was deleted in Exact.")
        label = move._exact_invoice_label()
        self._settle_done(self.exact_id, None, [note])
        self.document_name = label
        move._exact_drop_invoice(note)
        self._commit(1)

    def _settle_invoice_gone(self, move):
        self._settle_problems(
            [
                Problem(
                    "invoice_gone",
                    self.env._(
                        "The draft of %s is no longer in Exact.", move._exact_invoice_label()
                    ),
                    move,
                )
            ]
        )
