from odoo import models

from ..client import DataError, ExactError, RightsError
from .exact_exchange_invoice_drive import INVOICE_SELECT, INVOICES, PAGE


class ExactExchange(models.Model):
    """What people in Exact do with our drafts: print, change or delete them. Asked for with the paid status."""

    _inherit = "exact.exchange"

    def _sync_invoices(self, client, connection):
        """Generator: one page of 60 drafts a time; no call where there are none.

        A missing right on invoices does not hold up the paid status.
        """
        drafts = self.env["account.move"]._exact_search_drafts(connection)
        for start in range(0, len(drafts), PAGE):
            chunk = drafts[start : start + PAGE].exists()
            try:
                printed = self._sync_drafts(client, chunk)
                self._refresh_paid_status(client, connection, printed)
            except (RightsError, DataError) as error:
                self._note_unread(error)
                return
            self.page_count += 1
            yield

    def _sync_drafts(self, client, drafts):
        """Take over what Exact has of these drafts; what is gone there is looked up once more.

        :return: those that are posted under a number now.
        """
        rows = self._read_invoices(client, drafts.mapped("exact_invoice_id")) if drafts else {}
        missing = drafts.filtered(lambda move: move.exact_invoice_id.lower() not in rows)
        for move in missing:
            # Gone is gone for good: what it took is freed. So nothing but its own address is believed.
            self._hold_for_limit(client)
            row = client.get(INVOICES, move.exact_invoice_id, select=list(INVOICE_SELECT))
            if row:
                rows[move.exact_invoice_id.lower()] = row
        present = drafts.filtered(lambda move: move.exact_invoice_id.lower() in rows)
        printed = present._exact_take_invoices(rows)
        (missing - present)._exact_drop_invoice(
            self.env._("The draft was deleted in Exact; nothing was invoiced.")
        )
        return printed

    def _note_unread(self, error):
        """On the run: the drafts could not be asked for."""
        cause = self.env["exact.cause"]._classify(error)[0][0]
        self.env["exact.exchange.problem"].create(
            {
                "exchange_id": self.id,
                "cause_id": cause.id,
                "message": self.env._("Invoices made in Exact could not be read: %s", cause.name),
            }
        )

    def _refresh_invoices(self, client, moves):
        """Ask for these drafts now.

        :return: those that are posted under a number now.
        """
        printed = moves.browse()
        for start in range(0, len(moves), PAGE):
            printed |= self._sync_drafts(client, moves[start : start + PAGE])
        try:
            for connection, found in printed.grouped(
                lambda m: self.env["exact.connection"].sudo()._for_company(m.company_id)
            ).items():
                self._refresh_paid_status(client, connection, found)
        except ExactError:
            # The number is what was asked for; the paid status comes by itself.
            return printed
        return printed
