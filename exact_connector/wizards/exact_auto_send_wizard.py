from odoo import api, fields, models


class ExactAutoSendWizard(models.TransientModel):
    """Automatic sending is wanted while something is open: mend it first, or take it on (R31)."""

    _name = "exact.auto.send.wizard"
    _description = "Automatic Sending with Open Points"

    connection_id = fields.Many2one("exact.connection", required=True, ondelete="cascade")
    gaps = fields.Json(compute="_compute_gaps")
    gap_count = fields.Integer(compute="_compute_gaps")

    @api.depends("connection_id")
    def _compute_gaps(self):
        for wizard in self:
            gaps = wizard.connection_id._get_blocking_gaps() if wizard.connection_id else []
            wizard.gaps = wizard.connection_id._describe_gaps(gaps)
            wizard.gap_count = len(gaps)

    def action_switch_on(self):
        """On, with or without gaps; with gaps it is logged who took them on."""
        self.ensure_one()
        self.connection_id._check_manager()
        self.connection_id.with_context(exact_override_gaps=True).auto_send = True
        return {
            "type": "ir.actions.client",
            "tag": "soft_reload",
        }

    def action_mend(self):
        """To the set-up page, at the first open step."""
        self.ensure_one()
        return self.connection_id._open_setup()
