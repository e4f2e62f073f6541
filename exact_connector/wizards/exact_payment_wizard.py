from odoo import api, fields, models


class ExactPaymentWizard(models.TransientModel):
    """Since when the paid status is asked for again: for what was paid before the connection was there (R32)."""

    _name = "exact.payment.wizard"
    _description = "Exact Paid Status since a Day"

    connection_id = fields.Many2one(
        "exact.connection", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="connection_id.company_id", store=True)
    since = fields.Date(
        "Documents Since",
        compute="_compute_since",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="Invoices and credit notes dated on or after this day that are in Exact.",
    )
    document_count = fields.Integer(compute="_compute_document_count")

    @api.depends("connection_id")
    def _compute_since(self):
        for wizard in self:
            wizard.since = wizard.connection_id.start_date or fields.Date.context_today(wizard)

    @api.depends("connection_id", "since")
    def _compute_document_count(self):
        documents = self.env["account.move"]
        for wizard in self:
            wizard.document_count = (
                documents.search_count(
                    documents._exact_paid_domain(wizard.connection_id, wizard.since)
                )
                if wizard.since
                else 0
            )

    def action_fetch(self):
        self.ensure_one()
        return self.connection_id._refresh_payments_since(self.since)
