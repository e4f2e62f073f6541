import json
import logging
from decimal import Decimal

from psycopg2 import Error as DatabaseError

from odoo import fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..client import ExactError, Guid, RightsError, encode, odata
from ..resolution import decimal_amount
from .exact_exchange_drive import CLAIM_LOOK, BatchStop, TimeUp
from .exact_mapper import MAX_REFERENCE

_logger = logging.getLogger(__name__)

# What is looked at of a document before its POST; each commit has emptied the cache.
LAST_LOOK = (
    "write_date",
    "commercial_partner_id",
    "move_type",
    "exact_entry_id",
    "exact_invoice_id",
    "exact_differs",
)
# What Odoo wants to know of a document while the result is written on it; all that there is of one costs far more.
RESULT_LOOK = (
    *LAST_LOOK,
    "name",
    "state",
    "checked",
    "posted_before",
    "inalterable_hash",
    "sequence_number",
    "journal_id",
    "company_id",
    "exact_route",
    "statement_line_id",
    "origin_payment_id",
)
MAPPERS = {
    "sales_entry": "exact.mapper.sales.entry",
    "sales_invoice": "exact.mapper.sales.invoice",
}

ENTRY_SELECT = (
    "EntryID",
    "EntryNumber",
    "Customer",
    "CustomerName",
    "Journal",
    "YourRef",
    "AmountFC",
    "VATAmountFC",
    "EntryDate",
    "DueDate",
    "Currency",
)


class ExactExchange(models.Model):
    """Worker for sales entries: resolve, customers first, then one POST for each document (R29, R51-R57)."""

    _inherit = "exact.exchange"

    def _drive_sales_entries(self, client):
        """Send these documents, all of one kind. One that cannot go costs no call.

        Serves sales invoices made in Exact too: they differ in their mapper, their POST and what
        becomes of the answer (``_drive_<kind>``, ``_recover_<kind>``).

        :raises BatchStop: limit, outage or reconnect; the rest stays pending.
        """
        exchanges = self._lock_due()
        ready = []
        for exchange in exchanges:
            if exchange._settle_if_known():
                continue
            move = exchange._move_in_company()
            if exchange._may_be_booked():
                ready.append((exchange, None))
                continue
            try:
                resolution = exchange._mapper()._resolve(move, exchange.connection_id)
                exchange._make_body(move, resolution)
            except DatabaseError:
                raise
            except Exception as error:
                exchange._settle_fault(error)
                continue
            resolution.stamp = move.write_date
            if resolution.problems:
                exchange._settle_problems(resolution.problems)
            else:
                ready.append((exchange, resolution))
        drive = f"_drive_{exchanges[:1].kind}"
        batch = {
            "exact_author": self.env["mail.thread"]._message_compute_author(),
            "exact_pdf": self.connection_id.attach_pdf,
        }
        self._commit(len(exchanges) - len(ready))
        exchanges._look_at_customers()
        settled = self._ensure_customers(client, ready)
        for exchange, resolution in ready:
            if exchange in settled:
                continue
            # Each commit empties the cache: what is read again is this document, not the whole chunk.
            exchange = exchange.with_context(**batch).with_prefetch()
            try:
                getattr(exchange, drive)(client, resolution)
            except BatchStop:
                raise
            except Exception as error:
                self._rollback()
                exchange._settle_fault(error)
            if not self._commit(0):
                raise TimeUp

    def _look_at_customers(self):
        """Read the customers of these documents, and no more, after a commit has emptied the cache."""
        self.fetch(CLAIM_LOOK)
        moves = self.move_id.with_company(self.company_id)
        moves.fetch(["commercial_partner_id"])
        moves.commercial_partner_id.fetch(["exact_account_id"])

    def _mapper(self):
        """What maps the document of this exchange."""
        return self.env[MAPPERS[self.kind]]

    def _make_body(self, move, resolution):
        """What will be sent and what it has to come to, made while all it is made of has been read.

        Not where the customer is new.
        """
        account_id = move.commercial_partner_id.exact_account_id
        if self.kind != "sales_entry" or not account_id or resolution.problems:
            return
        if not resolution.body or resolution.body["Customer"] != account_id:
            resolution.body = self._mapper()._exact_values(move, resolution, account_id)
            resolution.expected = self._expected_amounts(move)

    def _settle_if_known(self):
        """A document that already carries its entry is done, whoever brought it there."""
        self.ensure_one()
        if self.move_id.exact_entry_id:
            self._settle_done(self.move_id.exact_entry_id, self.move_id.exact_entry_number)
            return True
        return False

    def _ensure_customers(self, client, ready):
        """Create what customers are missing, before any document goes.

        :return: the exchanges whose customer could not be created: they are settled.
        """
        partners = self.env["res.partner"]
        for exchange, resolution in ready:
            partner = exchange._move_in_company().commercial_partner_id
            if resolution and not partner.exact_account_id:
                partners |= partner
        if not partners:
            return self.browse()
        accounts = self.sudo()._enqueue_partners(ready[0][0].connection_id, partners).sudo()
        self._commit(0)
        try:
            (accounts - accounts._asked_just_now())._drive_accounts(client)
        except BatchStop as stop:
            accounts._settle_rest(stop.__cause__)
            settled = self._copy_outcome(accounts, ready)
            if not isinstance(stop.__cause__, RightsError) and not self._is_series(stop.__cause__):
                raise
            # Documents of customers that are there already may still go.
            return settled
        return self._copy_outcome(accounts, ready)

    def _copy_outcome(self, accounts, ready):
        """A document whose customer could not be created says so, and goes on when the customer does."""
        outcome = {account.partner_id: account for account in accounts}
        settled = self.browse()
        for exchange, _resolution in ready:
            partner = exchange._move_in_company().commercial_partner_id
            account = outcome.get(partner)
            if not account or partner.exact_account_id:
                continue
            settled |= exchange
            if account.state == "failed":
                exchange._settle_problems(account._problems_of_customer())
            elif account.state in ("waiting", "unclear"):
                exchange._settle(
                    "waiting", account.cause_id, account.message, retry_at=account.retry_at
                )
        self._commit(0)
        return settled

    def _prepare_sending(self, client, resolution):
        """The last looks before a POST: may it be there already, was it changed, is its customer there.

        :return: the resolution to send; None where it is settled, or another worker has it.
        """
        self.ensure_one()
        if not self._lock_due():
            return None
        lost = self._is_lost()
        if self._may_be_booked() and not getattr(self, f"_recover_{self.kind}")(client):
            return None
        move = self._move_in_company()
        move.fetch(LAST_LOOK)
        move.commercial_partner_id.fetch(["exact_account_id"])
        if resolution is None or resolution.stamp != move.write_date:
            # Each document before this one was a commit: it may have been changed since.
            resolution = self._mapper()._resolve(move, self.connection_id)
        if resolution.problems:
            self._settle_problems(resolution.problems)
            self._commit(1)
            return None
        unasked = self._may_be_booked() and not move.commercial_partner_id.exact_account_id
        if self._ensure_customers(client, [(self, resolution)]):
            return None
        # Without a customer there was nothing to ask for: now that it was found in Exact, there is.
        if unasked and not getattr(self, f"_recover_{self.kind}")(client):
            return None
        if lost:
            resolution.note(self._note_sent_again())
        return resolution

    def _drive_sales_entry(self, client, resolution=None):
        """One document: look up where it may be booked already, else POST; then compare and settle."""
        resolution = self._prepare_sending(client, resolution)
        if resolution is None:
            return
        self._make_body(self._move_in_company(), resolution)
        values = resolution.body
        try:
            self._hold_for_limit(client, "POST", "salesentry/SalesEntries")
            if not self._start_attempt(json.loads(encode(values))):
                return
            row = client.create("salesentry/SalesEntries", values)
            if row.get("AmountFC") is None:
                row = (
                    client.get("salesentry/SalesEntries", row["EntryID"], select=list(ENTRY_SELECT))
                    or row
                )
        except ExactError as error:
            self._settle_step_error(error)
            return
        self._settle_sales_entry(row, resolution.notes, resolution)
        self._commit(1)

    # === RECOVER === #

    def _recover_sales_entry(self, client):
        """Ask Exact for our reference; adopt what is there.

        :return: True where nothing was found and the document may be sent (again).
        """
        self.ensure_one()
        move = self._move_in_company()
        payload = self.payload or {}
        customer = payload.get("Customer") or move.commercial_partner_id.exact_account_id
        if not customer:
            return True
        # As it was sent, and as it is now: an update whose answer was lost may have brought the new number.
        own = self.env["exact.mapper"]._clip(move.name, MAX_REFERENCE)
        # It may have been a draft of Exact's before Odoo numbered it: printed there, its entry has that reference.
        references = dict.fromkeys(
            filter(None, [payload.get("YourRef"), own, move.exact_reference])
        )
        try:
            self._hold_for_limit(client)
            rows = client.rows(
                "salesentry/SalesEntries",
                select=list(ENTRY_SELECT),
                filter=odata.all_of(
                    odata.any_of([odata.eq("YourRef", text) for text in references]),
                    odata.eq("Customer", Guid(customer)),
                ),
            )
        except ExactError as error:
            if self._is_lost():
                # Still not known: only the time of the next question has changed.
                self._settle_unknown(error)
            else:
                self._settle_step_error(error)
            return False
        rows = self._without_others(rows)
        if not rows:
            return not self._wait_out_booking()
        # Should a person have booked the same reference too, the one with our total is ours.
        total = self._expected_amounts(move)[0]
        row = min(rows, key=lambda found: Decimal(str(found.get("AmountFC") or 0)) != total)
        notes = [self._note_adopted()]
        if len(rows) > 1:
            notes.append(
                self.env._(
                    "Exact has %s entries with this reference: compare them with your accountant.",
                    len(rows),
                )
            )
        self._settle_sales_entry(row, notes)
        self._catch_up_paid_status(client, move)
        self._commit(1)
        return False

    def _without_others(self, rows):
        """The entries that no other document has: another journal, or a branch in the same books, may number alike."""
        if not rows:
            return rows
        others_sudo = self.env["account.move"].sudo()
        taken = others_sudo.search(
            [
                ("exact_entry_id", "in", [row["EntryID"] for row in rows]),
                ("id", "!=", self.move_id.id),
            ]
        ).mapped("exact_entry_id")
        return [row for row in rows if row["EntryID"] not in taken]

    def _catch_up_paid_status(self, client, move):
        """An adopted entry may have been paid before we knew it: the cursor has passed that change.

        The entry stands first, whatever becomes of this: else the next run on the paid status asks.
        """
        self.to_read = True
        self._commit(0)
        try:
            self._refresh_paid_status(client, self.connection_id, move)
            self.to_read = False
        except ExactError as error:
            _logger.info("Paid status of %s could not be asked for: %s", move.name, error)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # Somebody saved the same document while Exact was asked.
            self._rollback()
        except Exception:
            self._rollback()
            _logger.exception("Paid status of exchange %s could not be taken over", self.id)

    # === SETTLE === #

    def _expected_amounts(self, move):
        """Total and VAT that the entry must have, in the document's currency, negative for a credit note."""
        places = move.currency_id.decimal_places
        sign = -1 if move.move_type == "out_refund" else 1
        return (
            sign * decimal_amount(move.amount_total, places),
            sign * decimal_amount(move.amount_tax, places),
        )

    def _settle_sales_entry(self, row, notes, sent=None):
        """Keep ID and number on the document, and compare Exact's totals with Odoo's to the cent.

        :param sent: the resolution that was sent just now, so that nothing is read again to compare with.
        """
        self.ensure_one()
        move = self._move_in_company()
        expected = sent.expected if sent else self._expected_amounts(move)
        booked = tuple(
            Decimal(str(row.get(name) or 0)).quantize(own)
            for name, own in zip(("AmountFC", "VATAmountFC"), expected, strict=True)
        )
        notes = list(notes)
        if booked != expected:
            notes.append(
                self.env._(
                    "Booked, but the amounts differ: Exact has %(booked)s with %(booked_vat)s VAT, "
                    "Odoo %(total)s with %(tax)s VAT. Ask your accountant to correct the entry.",
                    booked=booked[0],
                    booked_vat=booked[1],
                    total=expected[0],
                    tax=expected[1],
                )
            )
        others = self._notes_on_header(move, row, sent)
        differs = booked != expected or bool(others)
        notes += others
        self._settle_done(row["EntryID"], row.get("EntryNumber"), notes)
        move.fetch(RESULT_LOOK)
        # Odoo's own look at each write, and at each line of a chatter.
        move.journal_id.fetch(["sequence_override_regex"])
        move.company_id.fetch(["name", "alias_domain_id"])
        # None of these fields concerns the lines: the invoice need not be worked out and checked again.
        quiet = {"skip_invoice_sync": True, "check_move_validity": False}
        move.sudo().with_context(**quiet).write(
            {
                "exact_entry_id": row["EntryID"],
                "exact_entry_number": str(row.get("EntryNumber") or ""),
                "exact_sent_on": fields.Datetime.now(),
                "exact_sent_by_id": self.user_id.id,
                "exact_differs": differs,
            }
        )
        move._exact_log_exchange(self)
        wanted = self.env.context.get("exact_pdf")
        if self.connection_id.attach_pdf if wanted is None else wanted:
            self._enqueue_documents(self.connection_id, move)

    def _notes_on_header(self, move, row, sent=None):
        """Customer and date of an entry that is adopted may be others than the document's by now."""
        mapper = self.env["exact.mapper.sales.entry"]
        if sent:
            header = sent.body["Customer"], sent.body["EntryDate"]
        else:
            move.commercial_partner_id.fetch(["exact_account_id"])
            header = move.commercial_partner_id.exact_account_id, move.invoice_date
        if mapper._has_header(row, *header):
            return []
        compared = mapper._compare(move, row)
        return [
            self.env._(
                "%(what)s differs: %(exact)s in Exact, %(odoo)s in Odoo.",
                what=one.label,
                exact=one.exact,
                odoo=one.odoo,
            )
            for one in compared
            if one.name in ("Customer", "EntryDate") and not one.equal
        ]

    def _move_in_company(self):
        return self.move_id.with_company(self.company_id)
