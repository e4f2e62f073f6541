from odoo import api, fields, models


class ExactExchange(models.Model):
    """What an invoice in Exact was made from, to look at and to choose again."""

    _inherit = "exact.exchange"

    selection_count = fields.Integer("Made From", compute="_compute_selection_count")

    @api.depends("selection")
    def _compute_selection_count(self):
        for exchange in self:
            exchange.selection_count = len((exchange.selection or {}).get("keys") or ())

    def action_open_selection(self):
        """Its hours, expenses and order lines, each with what has become of it."""
        self.ensure_one()
        self.env["exact.uninvoiced"]._check_user()
        self.check_access("read")
        keys = (self.sudo().selection or {}).get("keys") or []
        lines = self.env["exact.uninvoiced.line"]
        return lines._open(self.company_id, keys, self.display_name)
