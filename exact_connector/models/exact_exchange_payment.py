import logging
from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..client import Guid, Int64, odata
from ..resolution import decimal_amount

_logger = logging.getLogger(__name__)

RECEIVABLE_SELECT = (
    "ID",
    "TransactionEntryID",
    "EntryNumber",
    "AmountFC",
    "TransactionAmountFC",
    "Currency",
    "IsFullyPaid",
    "Status",
    "LastPaymentDate",
    "EndDate",
)
# Line type of a receipt in sync/Cashflow/PaymentTerms (API 5.16); status of a matched row (API 5.15).
RECEIPT, MATCHED = 20, 50
# Entries asked for at once; batches of this size are known to be taken (API 3.2).
LOOK_UP = 40


class ExactExchange(models.Model):
    """Worker for the paid status: what changed since the cursor becomes a settlement in Odoo's books (R32, R33)."""

    _inherit = "exact.exchange"

    paid_since = fields.Date(
        "Documents Since",
        readonly=True,
        help="This run also asks for every document since this day, one by one.",
    )

    def _work_payment_sync(self, client):
        """Generator: settles one page of changed receivables, moves the cursor, yields for the commit."""
        connection = self.connection_id
        yield from self._sync_invoices(client, connection)
        yield from self._ask_adopted(client, connection)
        yield from self._fill_paid_status(client, connection)
        pages = client.pages(
            "sync/Cashflow/PaymentTerms",
            select=[*RECEIVABLE_SELECT, "LineType", "Timestamp"],
            filter=odata.gt("Timestamp", Int64(connection.payment_cursor or 1)),
            on_odd=self._note_odd,
        )
        held = set()
        for rows in pages:
            if rows:
                receipts = [row for row in rows if row.get("LineType") == RECEIPT]
                known = set(held)
                answers = self._ask_receivables(client, connection, receipts)
                if answers:
                    # What was written by others while Exact was asked is seen from here on.
                    yield
                settled = self._settle_answers(connection, answers, held)
                self.updated_count += len(settled)
                if not known:
                    connection.payment_cursor = str(_cursor_after(rows, held))
            self.page_count += 1
            yield
        # Asked for while the pages were read.
        yield from self._fill_paid_status(client, connection)
        connection.payments_synced_on = fields.Datetime.now()
        self.message = self.env._(
            "%(settled)s documents settled, %(failed)s failed",
            settled=self.updated_count,
            failed=self.failed_count,
        )

    def _ask_adopted(self, client, connection):
        """Generator: entries that were adopted at a moment when Exact could not be asked whether they are paid.

        The cursor may have passed their payment long before Odoo knew them.
        """
        waiting_sudo = self.sudo().search(
            [
                ("connection_id", "=", connection.id),
                ("kind", "=", "sales_entry"),
                ("to_read", "=", True),
            ]
        )
        for start in range(0, len(waiting_sudo), LOOK_UP):
            chunk_sudo = waiting_sudo[start : start + LOOK_UP]
            moves = chunk_sudo.move_id.filtered("exact_entry_id")
            held = set()
            self.updated_count += len(self._refresh_paid_status(client, connection, moves, held))
            chunk_sudo.filtered(lambda e, h=held: e.move_id.exact_entry_id not in h).to_read = False
            self.page_count += 1
            yield

    def _fill_paid_status(self, client, connection):
        """Generator: ask for every document since a day, whatever the cursor has passed already.

        For what was paid before the connection was switched on. Safe to repeat: what is settled
        stays as it is.
        """
        documents = self.env["account.move"]
        while since := self.paid_since:
            moves = documents.search(
                documents._exact_paid_domain(connection, since), order="invoice_date, id"
            )
            for start in range(0, len(moves), LOOK_UP):
                chunk = moves[start : start + LOOK_UP]
                held = set()
                settled = self._refresh_paid_status(client, connection, chunk, held)
                self.updated_count += len(settled)
                chunk.filtered(lambda m, h=held: m.exact_entry_id in h)._exact_ask_again()
                self.page_count += 1
                # Where the time of this run ends here, the next one goes on from here.
                since = self.paid_since = chunk[-1].invoice_date
                yield
                if self.paid_since != since:
                    # Another day was asked for meanwhile.
                    break
            else:
                self.paid_since = False

    @api.model
    def _refresh_paid_status(self, client, connection, moves, held=None):
        """Ask for the receivables of these documents and settle what is paid; no cursor is moved.

        :param held: see :meth:`_settle_answers`
        """
        answers = {}
        for start in range(0, len(moves), LOOK_UP):
            rows = client.rows(
                "cashflow/Receivables",
                select=list(RECEIVABLE_SELECT),
                filter=odata.one_of(
                    "TransactionEntryID",
                    [Guid(move.exact_entry_id) for move in moves[start : start + LOOK_UP]],
                ),
            )
            answers |= self._ask_receivables(client, connection, rows)
        return self._settle_answers(connection, answers, held)

    @api.model
    def _ask_receivables(self, client, connection, rows):
        """What is open in Exact of the documents that ``rows`` are about; holds none of them meanwhile.

        :return: dict of entry ID -> (what is open, day of the payment, how it stood in Odoo).
        """
        by_entry = defaultdict(list)
        for row in rows:
            if row.get("TransactionEntryID"):
                by_entry[row["TransactionEntryID"].lower()].append(row)
        certain, to_ask = {}, self.env["account.move"]
        for move in self._search_receivable(connection, by_entry):
            found = by_entry[move.exact_entry_id]
            if self._is_whole_and_paid(move, found):
                certain[move] = Decimal(0)
            elif move.exact_settlement_ids or any(
                row.get("IsFullyPaid") or row.get("Status") == MATCHED or row.get("LastPaymentDate")
                for row in found
            ):
                to_ask |= move
        remaining = {**certain, **self._ask_remaining(client, to_ask)}
        return {
            move.exact_entry_id: (
                rest,
                self._payment_date(by_entry[move.exact_entry_id]),
                self._standing_of(move),
            )
            for move, rest in remaining.items()
        }

    @api.model
    def _search_receivable(self, connection, entry_ids):
        """The documents of these entries of which the paid status may change."""
        documents = self.env["account.move"].with_company(connection.company_id)
        return documents.search(
            [
                ("exact_entry_id", "in", list(entry_ids)),
                ("company_id", "=", connection.company_id.id),
                ("state", "=", "posted"),
                "|",
                ("payment_state", "in", ("not_paid", "partial")),
                # Paid because of us: looked at for a reopening (R35).
                ("exact_settlement_ids", "!=", False),
            ]
        )

    @api.model
    def _standing_of(self, move):
        """What is open in Odoo and what we have settled: changed since, an answer of Exact may be too old."""
        return move._exact_residual(), tuple(sorted(move.exact_settlement_ids.ids))

    @api.model
    def _settle_answers(self, connection, answers, held=None):
        """Settle what Exact answered as paid, wholly or in part.

        :param answers: see :meth:`_ask_receivables`.
        :param held: set that takes the entry IDs of documents that somebody else is at work on, or was
            since Exact was asked.
        :return: the documents settled.
        """
        if not answers:
            return self.env["account.move"]
        moves = self._search_receivable(connection, answers)
        # Two workers must not settle the same document: the second one skips it.
        locked = moves.try_lock_for_update(allow_referencing=True)
        own = locked.filtered(
            lambda move: self._standing_of(move) == answers[move.exact_entry_id][2]
        )
        if held is not None:
            held.update((moves - own).mapped("exact_entry_id"))
        due = {move: answers[move.exact_entry_id][:2] for move in own}
        settled = self._settle_due(connection, due)
        paid = settled.filtered(lambda move: not move._exact_residual())
        self.env["exact.notice"]._tell_paid(connection, paid)
        return settled

    @api.model
    def _settle_due(self, connection, due):
        """Settle these documents in one go; where that fails one by one, so that one holds up no other.

        :param due: dict of document -> (what is open in Exact, day of the payment)
        :return: the documents of which something was settled.
        """
        documents = self.env["account.move"].with_company(connection.company_id)
        # Settled by us before: only these can have been opened again in Exact.
        known = {move for move in due if move.exact_settlement_ids}
        try:
            with self.env.cr.savepoint():
                settled = documents._exact_settle_all(connection, due)
                for move in known:
                    move._exact_note_reopened(connection, due[move][0])
            return settled
        except Exception as error:
            if not self or isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                raise
            _logger.info("Settling %s documents one by one", len(due))
        settled = documents.browse()
        for move, (rest, date) in due.items():
            try:
                with self.env.cr.savepoint():
                    if documents._exact_settle_all(connection, {move: (rest, date)}):
                        settled |= move
                    if move in known:
                        move._exact_note_reopened(connection, rest)
            except Exception as error:
                if isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                    raise
                if not isinstance(error, UserError):
                    _logger.exception("Document %s could not be settled", move.id)
                self._note_unsettled(move, error)
        return settled

    def _note_unsettled(self, move, error):
        """One document that Odoo refuses to settle holds up no other: it is told on it and on the run."""
        if any((p.res_model, p.res_id) == (move._name, move.id) for p in self.problem_ids):
            # Its page was read again after a pause of this run.
            return
        self.failed_count += 1
        message = self.env._(
            "%(document)s is paid in Exact but could not be settled in Odoo: %(reason)s",
            document=move.name,
            reason=str(error),
        )
        self.env["exact.exchange.problem"].create(
            {
                "exchange_id": self.id,
                "cause_id": self.env["exact.cause"]._by_code("not_settled").id,
                "message": message,
                "res_model": move._name,
                "res_id": move.id,
            }
        )
        move._message_log(body=message)
        self.env["exact.notice"]._tell_failed(self, message, move)

    @api.model
    def _is_whole_and_paid(self, move, rows):
        """One row over the whole amount, fully paid: nothing can be left open (API 5.15)."""
        if len(rows) != 1 or not rows[0].get("IsFullyPaid"):
            return False
        places = move.currency_id.decimal_places
        amount = round(abs(Decimal(str(rows[0].get("AmountFC") or 0))), places)
        return amount == decimal_amount(move.amount_total, places)

    @api.model
    def _ask_remaining(self, client, moves):
        """What is still open of each document, from the list of outstanding items.

        How one receivable row shows a partial payment is not documented; the remaining amount in
        the list is (API 5.15). Positive for an open invoice, negative for an open credit note.
        :return: dict of move -> Decimal in the document's currency, always 0 or more.
        """
        remaining = {}
        for start in range(0, len(moves), LOOK_UP):
            chunk = moves[start : start + LOOK_UP]
            rows = client.rows(
                "read/financial/ReceivablesList",
                select=["HID", "EntryNumber", "InvoiceNumber", "YourRef", "AccountId", "Amount"],
                filter=odata.any_of(
                    odata.eq("EntryNumber", int(move.exact_entry_number))
                    if move.exact_entry_number and not move.exact_reference
                    else odata.eq("YourRef", move.exact_reference or move.name)
                    for move in chunk
                ),
            )
            for move in chunk:
                sign = -1 if move.move_type == "out_refund" else 1
                # In Exact a reference can be changed, and an entry moved to another relation: what may be
                # this document is open, or money that nobody paid would be booked.
                items = [(row, *self._is_open_item(move, row)) for row in rows]
                found = [row for row, surely, _perhaps in items if surely]
                found = found or [row for row, _surely, perhaps in items if perhaps]
                own = [Decimal(str(row.get("Amount") or 0)) for row in found]
                remaining[move] = max(sign * sum(own, Decimal(0)), Decimal(0))
        return remaining

    @api.model
    def _is_open_item(self, move, row):
        """Whether an outstanding item is of this document: its number, its reference and its customer.

        :return: whether it surely is, and whether it may be: one of the last two was changed in Exact.
        """
        reference, number = move.exact_reference or move.name, move.exact_entry_number
        partner = move.commercial_partner_id
        accounts = {
            partner.exact_account_id,
            move.exact_invoice_id and move.partner_id.exact_account_id,
        }
        customer = (row.get("AccountId") or "").lower() in {(key or "").lower() for key in accounts}
        named = row.get("YourRef") == reference
        if not number:
            return customer and named, False
        # A number is unique within its journal only; an invoice made in Exact may have another entry number.
        numbers = [row.get("EntryNumber")]
        if move.exact_invoice_id:
            numbers.append(row.get("InvoiceNumber"))
        if number not in map(str, numbers):
            return False, False
        return customer and (named or row.get("YourRef") is None), customer or named

    @api.model
    def _payment_date(self, rows):
        """Day of the last payment in Exact; today where Exact names none."""
        dates = [
            row.get("LastPaymentDate") or row.get("EndDate")
            for row in rows
            if row.get("LastPaymentDate") or row.get("EndDate")
        ]
        return max(dates).date() if dates else fields.Date.context_today(self)


def _cursor_after(rows, held):
    """Up to where a page is settled: documents that somebody held meanwhile come again with the next run.

    :param held: entry IDs of such documents.
    """
    left = [
        int(row["Timestamp"])
        for row in rows
        if (row.get("TransactionEntryID") or "").lower() in held
    ]
    return min(left) - 1 if left else max(int(row["Timestamp"]) for row in rows)
