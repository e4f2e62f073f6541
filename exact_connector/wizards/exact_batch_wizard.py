from datetime import timedelta

from odoo import api, fields, models

# What is ready within this time is not asked about.
SOON = timedelta(minutes=5)


class ExactBatchWizard(models.TransientModel):
    """Before many documents are sent that Exact's limits spread over some time: when it will be done (W12)."""

    _name = "exact.batch.wizard"
    _description = "Send Many Documents to Exact"

    move_ids = fields.Many2many("account.move", readonly=True)
    document_count = fields.Integer("Documents", readonly=True)
    call_count = fields.Integer("Calls to Exact", readonly=True)
    finish_on = fields.Datetime("Ready at About", readonly=True)

    @api.model
    def _ask(self, moves):
        """The question before sending ``moves``; None where they are gone soon."""
        finish, calls = False, 0
        for company, own in moves.grouped("company_id").items():
            connection = self.env["exact.connection"]._for_company(company).sudo()
            number = connection._count_calls(own)
            calls += number
            waiting = connection._count_queued_calls()
            finish = max(
                filter(None, [finish, connection._get_finish(number + waiting)]), default=False
            )
        if not finish or finish <= fields.Datetime.now() + SOON:
            return None
        wizard = self.create(
            {
                "move_ids": [(6, 0, moves.ids)],
                "document_count": len(moves),
                "call_count": calls,
                "finish_on": finish,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send to Exact"),
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_send(self):
        self.ensure_one()
        moves = self.move_ids.with_context(exact_confirmed=True)
        notice = moves.action_exact_create_sales_entry()
        notice["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return notice
