import json
import logging
from datetime import timedelta
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import RedirectWarning, UserError

from .. import clock
from ..client import AuthError, DataError, ExactError, Guid, RightsError, encode, odata
from .exact_exchange_drive import CHUNK, BatchStop
from .exact_exchange_settle import UNCLEAR_WAIT

_logger = logging.getLogger(__name__)

INVOICES = "salesinvoice/SalesInvoices"
INVOICE_SELECT = (
    "InvoiceID",
    "InvoiceNumber",
    "InvoiceDate",
    "DueDate",
    "Status",
    "AmountFC",
    "VATAmountFC",
    "Currency",
    "OrderedBy",
    "YourRef",
    "Document",
)
# Rows of one page (API 3.2).
PAGE = 60
# Processed: numbered and booked, not to be changed any more (API 5.13).
PROCESSED = 50
# The two readings of how a credit invoice wants its quantities (API 5.13, unsure).
OTHER_SIGN = {"negative": "positive", "positive": "negative"}


class ExactExchange(models.Model):
    """Worker for sales invoices: one POST makes the draft, its totals are compared to the cent (R48, R49).

    What it has in common with sales entries - resolving, customers, claim - stands in
    ``exact_exchange_sales_entry.py``.
    """

    _inherit = "exact.exchange"

    quantity_signs = fields.Char(
        readonly=True, help="How the quantities of a credit invoice were sent so far."
    )
    to_read = fields.Boolean(
        readonly=True, help="Made or printed in Exact, and not read back from there yet."
    )

    _to_read_idx = models.Index("(connection_id) WHERE to_read")

    def _drive_invoices(self, client):
        """The invoices among these exchanges. A missing right stops them, nothing else.

        :raises BatchStop: limit, outage or reconnect; the rest stays pending.
        """
        invoices = self.filtered(lambda exchange: exchange.kind == "sales_invoice")
        try:
            for start in range(0, len(invoices), CHUNK):
                invoices[start : start + CHUNK]._drive_sales_entries(client)
        except BatchStop as stop:
            if not isinstance(stop.__cause__, RightsError):
                raise
            invoices._settle_rest(stop.__cause__)

    def _settle_if_known(self):
        if self.kind != "sales_invoice":
            return super()._settle_if_known()
        move = self.move_id
        if not move:
            # Deleted in Odoo since: there is nothing to make.
            self.write({"state": "cancelled", "retry_at": False})
            return True
        if move.exact_invoice_id or move.exact_entry_id:
            self._settle_done(move.exact_invoice_id or move.exact_entry_id, move.exact_entry_number)
            return True
        return False

    def _drive_sales_invoice(self, client, resolution=None):
        """One document: look up where it may be in Exact already, else POST; then compare and settle."""
        resolution = self._prepare_sending(client, resolution)
        if resolution is not None:
            self._post_invoice(client, resolution)

    def _post_invoice(self, client, resolution):
        move = self._move_in_company()
        values = self._mapper()._exact_values(
            move, resolution, move.commercial_partner_id.exact_account_id
        )
        if move.move_type == "out_refund":
            signs = (self.quantity_signs or "").split()
            self.quantity_signs = " ".join([*signs, self.connection_id.credit_quantity])
        try:
            self._hold_for_limit(client, "POST", INVOICES)
            if not self._start_attempt(json.loads(encode(values))):
                return
            row = client.create(INVOICES, values)
        except ExactError as error:
            self._settle_step_error(error)
            return
        if row.get("AmountFC") is None:
            try:
                row = client.get(INVOICES, row["InvoiceID"], select=list(INVOICE_SELECT)) or row
            except ExactError as error:
                self._settle_unknown(error)
                return
        self._settle_made(client, row, resolution.notes)

    def _settle_unknown(self, error):
        """It is, or may be, in Exact: whatever was answered, it stays to be looked up."""
        stop = self.with_context(exact_unknown=True)._settle_error(error)
        self._commit(1)
        if stop:
            raise BatchStop from error

    def _settle_made(self, client, row, notes):
        """A draft is there: turn its sign where Exact reads credit quantities the other way, else keep it.

        :raises BatchStop: see :meth:`_settle_error`.
        """
        move = self._move_in_company()
        if not _is_processed(row) and self._is_opposite(move, row):
            other = OTHER_SIGN[self._sent_sign()]
            if other not in (self.quantity_signs or "").split():
                self._turn_sign(client, row, other)
                return
        self._settle_draft(row, notes)
        self._commit(1)

    # === SIGN OF A CREDIT INVOICE (API 5.13) === #

    def _sent_sign(self):
        return ((self.quantity_signs or "").split() or [self.connection_id.credit_quantity])[-1]

    def _is_opposite(self, move, row):
        """Whether Exact made a debt of a credit: the same net amount with the other sign."""
        if move.move_type != "out_refund":
            return False
        total, vat = self._mapper()._expected(move)
        made, made_vat = self._totals(move, row)
        return total != vat and made - made_vat == vat - total

    def _turn_sign(self, client, row, other):
        """Delete the draft, remember how Exact wants it, and send once more."""
        try:
            self._hold_for_limit(client)
            client.delete(INVOICES, row["InvoiceID"])
        except ExactError as error:
            if not (isinstance(error, DataError) and error.status == 404):
                self._settle_unknown(error)
                return
        connection = self.connection_id.sudo()
        connection.credit_quantity = other
        connection._message_log(
            body=self.env._(
                "Exact reads the quantities of credit invoices the other way round: the setting was changed."
            )
        )
        move = self._move_in_company()
        resolution = self._mapper()._resolve(move, self.connection_id)
        resolution.note(
            self.env._(
                "Sent a second time: Exact reads the quantities of credit invoices the other way round, "
                "and the setting of the connection was changed."
            )
        )
        self._post_invoice(client, resolution)

    # === RECOVER === #

    def _recover_sales_invoice(self, client):
        """Ask Exact for our reference; adopt what is there.

        :return: True where nothing was found and the invoice may be sent (again).
        """
        self.ensure_one()
        move, payload = self._move_in_company(), self.payload or {}
        customer = payload.get("OrderedBy") or move.commercial_partner_id.exact_account_id
        former = (self.former_references or "").split()
        references = dict.fromkeys(
            filter(None, [payload.get("YourRef"), move.exact_reference, *former])
        )
        if not customer or not references:
            return True
        try:
            self._hold_for_limit(client)
            rows = client.rows(
                INVOICES,
                select=list(INVOICE_SELECT),
                filter=odata.all_of(
                    odata.any_of([odata.eq("YourRef", text) for text in references]),
                    odata.eq("OrderedBy", Guid(customer)),
                ),
            )
        except ExactError as error:
            if self.state in ("sending", "unclear"):
                self._settle_unknown(error)
            else:
                self._settle_step_error(error)
            return False
        if not rows:
            return not self._wait_out_booking()
        expected = self._mapper()._expected(move)
        row = min(rows, key=lambda found: self._totals(move, found) != expected)
        notes = [self._note_adopted()]
        if len(rows) > 1:
            notes.append(
                self.env._(
                    "Exact has %s invoices with this reference: delete those that are too many there.",
                    len(rows),
                )
            )
        self._settle_made(client, row, notes)
        return False

    # === SETTLE === #

    def _totals(self, move, row):
        """Total and VAT of an invoice as read, in the document's currency, to its decimals."""
        places = move.currency_id.decimal_places
        return tuple(
            round(Decimal(str(row.get(name) or 0)), places) for name in ("AmountFC", "VATAmountFC")
        )

    def _settle_draft(self, row, notes=()):
        """Keep the ID on the document, compare the totals to the cent, and have it printed where asked."""
        self.ensure_one()
        move = self._move_in_company()
        difference = move._exact_invoice_difference(row)
        notes = [*notes, difference] if difference else list(notes)
        self._settle_done(row["InvoiceID"], None, notes)
        self.to_read = True
        move.sudo().with_context(skip_invoice_sync=True).write(
            {
                "exact_invoice_id": row["InvoiceID"],
                "exact_sent_on": fields.Datetime.now(),
                "exact_sent_by_id": self.user_id.id,
                "exact_differs": bool(difference),
            }
        )
        move._exact_log_exchange(self)
        if _is_processed(row):
            move._exact_settle_printed(row)
        elif self.print_invoice and not difference:
            self.with_user(self.user_id).sudo()._enqueue_print(move, row)

    def _settle(self, state, cause, message, error=None, retry_at=False):
        if self.env.context.get("exact_unknown"):
            # In Exact already, or perhaps: never given up, and nothing that it took is freed.
            state = "unclear"
            if not retry_at and not isinstance(error, AuthError):
                # After reconnecting it goes on by itself. What was made just now may be there in a moment; what
                # is refused again and again would use up the refusals that Exact allows all documents.
                soon = isinstance(error, DataError) and self.state == "sending"
                retry_at = clock.now(self.env) + (UNCLEAR_WAIT if soon else timedelta(hours=1))
                self._schedule(at=retry_at)
        result = super()._settle(state, cause, message, error=error, retry_at=retry_at)
        if self.state == "failed" and self.kind == "sales_invoice":
            self._free_invoice()
        return result

    def _free_invoice(self):
        """Failed for good: the copy that was made for it goes again, and what it took is free (R49).

        The exchange stays as history, with what it was made from. A document that a person made stays.
        """
        self.ensure_one()
        move = self.move_id
        if not self.selection or not move:
            return
        if move.state != "draft" or move.exact_invoice_id or move.exact_entry_id:
            return
        if move.exact_route != "invoice":
            # Somebody put it into a journal of Odoo's own numbers: it is an ordinary invoice now.
            return
        try:
            with self.env.cr.savepoint():
                move.sudo().with_context(exact_invoice_gone=True).unlink()
        except (UserError, RedirectWarning) as error:
            _logger.warning("Exact exchange %s: its document stays: %s", self.id, error)
            self.notes = self.env._("Odoo's copy could not be deleted: %s", error)

    # === READING BACK === #

    def _read_invoices(self, client, invoice_ids):
        """Invoices by their ID: dict of ID in small letters -> row; one page."""
        rows = client.rows(
            INVOICES,
            select=list(INVOICE_SELECT),
            filter=odata.one_of("InvoiceID", [Guid(key) for key in invoice_ids]),
        )
        return {row["InvoiceID"].lower(): row for row in rows}

    def _read_back_invoices(self, client, connection):
        """What was made or printed just now, as Exact has it: totals, numbers, dates; 60 a call.

        Whatever an earlier run could not read any more comes along.
        """
        if not any(exchange.kind in ("sales_invoice", "invoice_print") for exchange in self):
            return
        waiting = self.sudo().search(
            [
                ("connection_id", "=", connection.id),
                ("to_read", "=", True),
                ("kind", "in", ("sales_invoice", "invoice_print")),
            ],
            order="id",
        )
        for start in range(0, len(waiting), PAGE):
            chunk = waiting[start : start + PAGE].try_lock_for_update()
            chunk.invalidate_recordset(["to_read"])
            chunk = chunk.filtered("to_read")
            moves = chunk.move_id.filtered(lambda m: m.exact_invoice_id and not m.exact_entry_id)
            try:
                if moves:
                    self._hold_for_limit(client)
                    rows = self._read_invoices(client, moves.mapped("exact_invoice_id"))
                    moves._exact_take_invoices(rows)
            except ExactError as error:
                # The drafts stand, and printed ones have a time at which they are asked for.
                _logger.info("Invoices could not be read back: %s", error)
                return
            chunk.to_read = False
            self._commit(0)


def _is_processed(row):
    return row.get("Status") == PROCESSED or bool(row.get("InvoiceNumber"))
