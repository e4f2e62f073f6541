import logging

from markupsafe import Markup
from psycopg2 import Error as DatabaseError

from odoo import fields, models
from odoo.exceptions import RedirectWarning, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .exact_exchange_invoice_drive import _is_processed

_logger = logging.getLogger(__name__)


class AccountMove(models.Model):
    """What Exact has of an invoice, taken over on Odoo's copy: totals, number, dates; or that it is gone."""

    _inherit = "account.move"

    # === TOTALS === #

    def _exact_invoice_difference(self, row):
        """What differs between the totals in Exact and here, to the cent; False where nothing does."""
        self.ensure_one()
        exchange = self.env["exact.exchange"]
        expected = self.env["exact.mapper.sales.invoice"]._expected(self)
        made = exchange._totals(self, row)
        currency = row.get("Currency") or self.currency_id.name
        if made == expected and currency == self.currency_id.name:
            return self._exact_customer_difference(row)
        return self.env._(
            "Exact has %(made)s %(currency)s with %(made_vat)s VAT, Odoo %(total)s %(own)s with %(tax)s VAT. "
            "It is not printed from here. Cancel it in Exact and make it again, or put it right in Exact and refresh.",
            made=made[0],
            currency=currency,
            made_vat=made[1],
            total=expected[0],
            own=self.currency_id.name,
            tax=expected[1],
        )

    def _exact_customer_difference(self, row):
        """That somebody gave the invoice in Exact to another customer, who would owe it there; else False."""
        customer = self.with_company(self.company_id).commercial_partner_id
        theirs, ours = row.get("OrderedBy") or "", customer.exact_account_id or ""
        if not theirs or not ours or theirs.lower() == ours.lower():
            return False
        return self.env._(
            "In Exact it is for another customer than %s. It is not printed from here. Cancel it in Exact and "
            "make it again, or put it right in Exact and refresh.",
            customer.display_name,
        )

    def _exact_take_difference(self, row):
        """Remember whether the draft differs, and tell it once.

        :return: True where it differs.
        """
        self.ensure_one()
        difference = self._exact_invoice_difference(row)
        exchange = self.sudo().exact_exchange_ids[:1]
        known = difference in (exchange.notes or "") if difference else not self.exact_differs
        if not known:
            self._exact_write({"exact_differs": bool(difference)})
            exchange.notes = difference
            self._message_log(
                body=difference or self.env._("The totals in Exact are Odoo's again.")
            )
        return bool(difference)

    def _exact_write(self, values):
        """Fields that do not concern the lines: the invoice need not be worked out again."""
        self.sudo().with_context(skip_invoice_sync=True).write(values)

    def _exact_take_invoices(self, rows):
        """Take over what Exact has of these drafts.

        :param rows: dict of invoice ID in small letters -> invoice as read.
        :return: those that are posted under a number now.
        """
        posted = self.browse()
        for move in self:
            row = rows.get(move.exact_invoice_id.lower())
            if not row:
                # Just made, and not found yet: the next look decides.
                continue
            if _is_processed(row):
                if move._exact_settle_printed(row):
                    posted |= move
            else:
                move._exact_take_difference(row)
        return posted

    # === PRINTED === #

    def _exact_settle_printed(self, row):
        """Exact has numbered it: under that number, with its dates, the copy is posted.

        Where Odoo cannot post it - a closed period, say - nothing is lost: number and entry stand on
        the document, it says why, and the next look tries again.

        :param row: the invoice as read; ``InvoiceNumber`` and dates of Exact.
        :return: True where it is posted.
        """
        self.ensure_one()
        move = self.sudo().with_company(self.company_id).with_context(exact_invoice_settling=True)
        number = str(row.get("InvoiceNumber") or "")
        difference = move._exact_invoice_difference(row)
        news = move.exact_entry_number != number or not move.exact_entry_id
        move._exact_write(
            {
                "exact_entry_id": row["InvoiceID"],
                "exact_entry_number": number,
                "exact_differs": bool(difference),
                # Somebody may have put the customer's own reference there before printing.
                "exact_reference": row.get("YourRef") or False,
                "exact_sent_on": move.exact_sent_on or fields.Datetime.now(),
            }
        )
        problem = move._exact_post_printed(row, number)
        notes = [problem, difference]
        steps = move.exact_step_ids.filtered(lambda step: step.kind == "invoice_print")
        for step in steps._lock_due() | steps.filtered(lambda step: step.state == "failed"):
            notes += (step.notes or "").splitlines()
            step._settle_printed_step(move)
        notes = list(filter(None, notes))
        move.exact_exchange_ids[:1].write(
            {
                "exact_id": row["InvoiceID"],
                "exact_number": number or False,
                "document_name": move._exact_invoice_label(),
                "notes": "\n".join(notes) or False,
                "to_read": False,
            }
        )
        if news or not problem:
            body = move.env._("Printed in Exact as %s.", number)
            move._message_log(body=Markup("<br/>").join([body, *notes]))
        return not problem

    def _exact_post_printed(self, row, number):
        """Name, dates and posting; all or nothing.

        :return: what Odoo has against it, False where it is posted.
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._exact_take_dates(row)
                self.name = self._exact_free_name(number)
                self._post(soft=False)
                self.is_move_sent = True
                self.env.flush_all()
        except (UserError, RedirectWarning, DatabaseError) as error:
            if isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                raise
            self.invalidate_recordset()
            text = error.args[0] if isinstance(error, RedirectWarning) else str(error)
            _logger.warning("Invoice %s of Exact could not be posted: %s", number, text)
            self._exact_write({"exact_differs": True})
            return self.env._(
                "Printed in Exact as %(number)s, but Odoo could not post its copy: %(reason)s "
                "Once that is mended, press Refresh from Exact; it is tried again by itself as well.",
                number=number,
                reason=text,
            )
        return False

    def _exact_take_dates(self, row):
        """Invoice date and due date as Exact printed them (Exact's own days, no time)."""
        date, due = _day(row.get("InvoiceDate")), _day(row.get("DueDate"))
        if date and date != self.invoice_date:
            self.invoice_date = date
        if due and due != self.invoice_date_due:
            # The term would work out its own day again.
            self.invoice_payment_term_id = False
            self.invoice_date_due = due

    def _exact_free_name(self, number):
        """Exact's number; with Exact's journal in front where that name is taken in this Odoo journal."""
        taken = self.search_count(
            [
                ("journal_id", "=", self.journal_id.id),
                ("name", "=", number),
                ("id", "!=", self.id),
            ],
            limit=1,
        )
        if not taken:
            return number
        sent = self.exact_exchange_ids[:1].payload
        journal = sent.get("Journal") if isinstance(sent, dict) else None
        return f"{journal or self.exact_entry_id[:8]}-{number}"

    # === GONE === #

    def _exact_drop_invoice(self, note):
        """The draft is gone in Exact: a copy that was made for it goes too, and what it took is free (R49).

        A document that a person made stays, as never sent.
        :param note: why; kept on the exchange, and in the chatter of what stays.
        """
        for move in self:
            exchange = move.sudo().exact_exchange_ids[:1]
            label = move._exact_invoice_label()
            exchange.write(
                {
                    "state": "cancelled",
                    "attempts": 0,
                    "document_name": label,
                    "notes": note,
                    "to_read": False,
                    "retry_at": False,
                }
            )
            move._exact_clear_link()
            if exchange.selection:
                move.sudo().with_context(exact_invoice_gone=True).unlink()
            else:
                move._message_log(body=note)

    def _exact_take_back(self):
        """What waits to go to Exact does not go any more; nothing was made there."""
        for move in self:
            exchange = move.sudo().exact_exchange_ids[:1]
            move._exact_drop_invoice(self.env._("Taken back before it went to Exact."))
            exchange.left_out = True

    def _exact_clear_link(self):
        result = super()._exact_clear_link()
        mirrors = self.filtered(lambda move: move.exact_route == "invoice")
        mirrors._exact_write({"exact_invoice_id": False, "exact_reference": False})
        return result

    def _exact_log_exchange(self, exchange):
        if exchange.kind != "sales_invoice" or exchange.state != "done":
            return super()._exact_log_exchange(exchange)
        text = self.env._("Made in Exact as a draft.")
        lines = [text, *(exchange.notes or "").splitlines()]
        return self._message_log(body=Markup("<br/>").join(lines))


def _day(moment):
    return moment.date() if hasattr(moment, "date") else moment
