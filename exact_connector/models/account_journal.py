from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .exact_mapper_sales_entry import DOCUMENT_TYPES


class AccountJournal(models.Model):
    _inherit = "account.journal"

    exact_journal_id = fields.Many2one(
        "exact.journal",
        "Exact Journal for Invoices",
        check_company=True,
        ondelete="set null",
        domain="[('company_id', '=', company_id), ('type', 'in', ('20', '21'))]",
        help="Instead of the connection's journal, for invoices of this Odoo journal.",
    )
    exact_refund_journal_id = fields.Many2one(
        "exact.journal",
        "Exact Journal for Credit Notes",
        check_company=True,
        ondelete="set null",
        domain="[('company_id', '=', company_id), ('type', 'in', ('20', '21'))]",
        help="Instead of the connection's journal, for credit notes of this Odoo journal.",
    )
    exact_invoices = fields.Boolean(
        "Invoiced in Exact",
        help="Documents of this journal are numbered, printed and mailed by Exact; Odoo keeps a copy.",
    )

    @api.constrains("exact_invoices", "type")
    def _check_exact_invoices(self):
        for journal in self:
            if journal.exact_invoices and journal.type != "sale":
                raise ValidationError(
                    self.env._(
                        "%s is no sales journal: invoices made in Exact stand in a sales journal.",
                        journal.display_name,
                    )
                )

    def write(self, vals):
        if "exact_invoices" in vals:
            changed = self.filtered(lambda j: j.exact_invoices != bool(vals["exact_invoices"]))
            if vals["exact_invoices"]:
                changed._check_no_own_documents()
            else:
                changed._check_no_exact_documents()
        return super().write(vals)

    def _check_no_own_documents(self):
        """Documents that Odoo has numbered must not pass for documents of Exact.

        :raises UserError: with the way out.
        """
        for journal in self:
            domain = [("journal_id", "=", journal.id), ("move_type", "in", DOCUMENT_TYPES)]
            if (
                self.env["account.move"]
                .sudo()
                .search_count(
                    [*domain, ("state", "=", "posted"), ("exact_invoice_id", "=", False)], limit=1
                )
            ):
                raise UserError(
                    self.env._(
                        "Invoices that Odoo numbered stand in journal %s already. Leave the Odoo journal for invoices "
                        "made in Exact empty: a journal of its own is made then.",
                        journal.display_name,
                    )
                )

    def _check_no_exact_documents(self):
        """What Exact makes, or is about to make, must not become an invoice of Odoo.

        :raises UserError: with the way out.
        """
        moves_sudo = self.env["account.move"].sudo()
        for journal in self:
            domain = [("journal_id", "=", journal.id), ("move_type", "in", DOCUMENT_TYPES)]
            open_count = moves_sudo.search_count([*domain, ("state", "=", "draft")])
            if open_count:
                raise UserError(
                    self.env._(
                        "%(count)s drafts of journal %(journal)s are still to be invoiced in Exact: print or cancel "
                        "them in Exact first, or delete them.",
                        count=open_count,
                        journal=journal.display_name,
                    )
                )
            if moves_sudo.search_count([*domain, ("exact_invoice_id", "!=", False)], limit=1):
                raise UserError(
                    self.env._(
                        "Invoices that Exact made stand in journal %s: it stays their journal. To stop, switch "
                        "Invoice in Exact off at the connection.",
                        journal.display_name,
                    )
                )
