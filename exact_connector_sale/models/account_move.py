from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _exact_free_invoice(self):
        """What stood on these documents can be invoiced again (R49)."""
        billable = self.env["exact.billable"]
        for name in billable._sources():
            self.env[name].sudo()._free(self)
        parent = getattr(super(), "_exact_free_invoice", None)
        return parent() if parent else None

    def _exact_settle_printed(self, row):
        """What an invoice took is free once it is credited in full, also where it was paid before.

        Odoo sees that by itself only of what was not paid; of a part that is credited nobody knows which
        hours it was for: those stay on their invoice.
        """
        posted = super()._exact_settle_printed(row)
        credited = self.sudo().reversed_entry_id
        if posted and self.move_type == "out_refund" and credited:
            refunds = credited.reversal_move_ids.filtered(lambda move: move.state == "posted")
            total = sum(refunds.mapped("amount_total"))
            if credited.currency_id.compare_amounts(total, credited.amount_total) >= 0:
                credited._exact_free_invoice()
        return posted
