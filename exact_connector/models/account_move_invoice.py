from odoo import api, fields, models


class AccountMove(models.Model):
    """Documents that Exact numbers and prints: Odoo's copy of a sales invoice in Exact (API 5.13)."""

    _inherit = "account.move"

    exact_route = fields.Selection(
        [("entry", "Invoiced in Odoo"), ("invoice", "Invoiced in Exact")],
        compute="_compute_exact_route",
        store=True,
        help="Who numbers and prints the document: Odoo, then it goes to Exact as a sales entry, or Exact itself.",
    )
    exact_invoice_id = fields.Char(
        "Exact Invoice ID", readonly=True, copy=False, index="btree_not_null"
    )
    exact_reference = fields.Char(
        "Reference in Exact",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Stands in Exact as Your Reference: what the invoice is found by before it has a number.",
    )

    @api.depends("journal_id.exact_invoices", "move_type")
    def _compute_exact_route(self):
        for move in self:
            if not move._exact_is_document():
                move.exact_route = False
            else:
                move.exact_route = "invoice" if move.journal_id.exact_invoices else "entry"

    def _exact_invoice_label(self):
        """What this document is called before it has a number: its customer and reference."""
        self.ensure_one()
        if self.name and self.name != "/":
            return self.name
        customer = self.commercial_partner_id.name or self.partner_id.name
        return " ".join(filter(None, [customer, self.ref or self.exact_reference])).strip()

    def _exact_free_invoice(self):
        """Nothing came of these documents, they are about to be deleted: what they took is free again (R49).

        Add-ons that know what was taken extend this.
        """
