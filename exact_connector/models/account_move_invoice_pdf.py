import io

from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """The PDF of an invoice that Exact printed, in the place of Odoo's own."""

    _inherit = "account.move"

    def _exact_settle_printed(self, row):
        """What Exact has printed has a PDF, or will have: it comes by itself, later."""
        posted = super()._exact_settle_printed(row)
        if self._exact_has_own_pdf() and not self.sudo().invoice_pdf_report_id:
            connection = self.env["exact.connection"]._for_company(self.company_id)
            document = row.get("Document")
            self.env["exact.exchange"]._enqueue_step(
                connection,
                "invoice_pdf",
                self,
                payload={"document": document} if document else False,
            )
        return posted

    def _exact_pdf_label(self):
        self.ensure_one()
        return self.name or self.ref or self.display_name

    def _exact_take_pdf(self, name, content):
        """Make Exact's PDF the one that printing, portal and mail give; the name it got.

        One that Odoo had made of it before stays as an ordinary attachment: somebody may have sent it.
        """
        self.ensure_one()
        move_sudo = self.sudo()
        name = (name or "").replace("\\", "/").rsplit("/", 1)[-1].strip() or f"{self.name}.pdf"
        had_sudo = move_sudo.invoice_pdf_report_id
        if had_sudo and had_sudo.raw == content:
            return had_sudo.name
        had_sudo.res_field = False
        attachment_sudo = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": name,
                    "raw": content,
                    "mimetype": "application/pdf",
                    "res_model": self._name,
                    "res_id": self.id,
                    "res_field": "invoice_pdf_report_file",
                }
            )
        )
        move_sudo.invalidate_recordset(["invoice_pdf_report_id", "invoice_pdf_report_file"])
        move_sudo.with_context(skip_invoice_sync=True).message_main_attachment_id = attachment_sudo
        return name

    def _exact_has_own_pdf(self):
        """Whether the customer's PDF is made by Exact, so that Odoo must not make another."""
        self.ensure_one()
        if self.exact_route != "invoice" or not self.exact_entry_id:
            return False
        connection_sudo = self.env["exact.connection"].sudo()._for_company(self.company_id)
        return connection_sudo.invoice_pdf

    def action_exact_get_pdf(self):
        """Fetch the PDF of Exact now, again where it was lost."""
        self._exact_check_user()
        moves = self.filtered(lambda move: move.exact_invoice_id and move.exact_entry_id)
        if not moves:
            raise UserError(
                self.env._(
                    "Exact makes the PDF when it prints the invoice, and this is not printed yet."
                )
            )
        return moves._exact_run_steps("invoice_pdf", moves)


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    def _prepare_invoice_pdf_report(self, invoices_data):
        """Odoo's layout must not go to a customer who gets, or got, the invoice of Exact."""
        awaited = [move for move in invoices_data if move._exact_has_own_pdf()]
        if awaited:
            raise UserError(
                self.env._(
                    "Exact makes the PDF of %s, and it has not come to Odoo yet. Open the invoice and press "
                    "Get PDF from Exact.",
                    ", ".join(move.name for move in awaited),
                )
            )
        return super()._prepare_invoice_pdf_report(invoices_data)


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Printing an invoice that Exact made gives Exact's PDF, alone or among others."""
        report_sudo = self._get_report(report_ref)
        if report_sudo.model != "account.move" or not self._is_invoice_report(report_ref):
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        moves = self.env["account.move"].browse(res_ids or [])
        own = {
            move.id: move.invoice_pdf_report_id
            for move in moves
            if move.exact_route == "invoice" and move.exact_entry_id and move.invoice_pdf_report_id
        }
        if not own:
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        others = [move_id for move_id in res_ids if move_id not in own]
        made = (
            super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=others)
            if others
            else {}
        )
        streams = type(made)()
        for move_id in res_ids:
            streams[move_id] = (
                {"stream": io.BytesIO(own[move_id].raw), "attachment": own[move_id]}
                if move_id in own
                else made[move_id]
            )
        return streams
