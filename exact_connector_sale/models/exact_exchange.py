from odoo import models


class ExactExchange(models.Model):
    _inherit = "exact.exchange"

    def _reopen_selection(self):
        """The wizard with what this invoice was made from, the same choices made; False where that is not known."""
        self.ensure_one()
        selection = self.sudo().selection if "selection" in self._fields else None
        if not selection or not selection.get("keys"):
            return super()._reopen_selection() if hasattr(super(), "_reopen_selection") else False
        return self.env["exact.invoice.wizard"]._open_keys(
            self.company_id, selection["keys"], selection.get("options")
        )
