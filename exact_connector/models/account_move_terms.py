import json

from odoo import api, fields, models

from .exact_mapper_sales_entry import DOCUMENT_TYPES


class AccountMove(models.Model):
    """The due date that Exact derives, beside Odoo's (W9)."""

    _inherit = "account.move"

    exact_due_note = fields.Text(
        "Due Date in Exact",
        compute="_compute_exact_due_note",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
        help="Only where the payment condition in Exact would fall due on another day.",
    )

    @api.depends(
        "move_type",
        "state",
        "company_id",
        "invoice_date",
        "invoice_date_due",
        "invoice_payment_term_id",
        "preferred_payment_method_line_id",
        "exact_entry_id",
    )
    @api.depends_context("lang")
    def _compute_exact_due_note(self):
        """Before sending what will be chosen, afterwards what was sent; no call."""
        env = self.env
        mapper = env["exact.mapper.payment.condition"]
        for move in self:
            move.exact_due_note = False
            if move.move_type not in DOCUMENT_TYPES or move.state == "cancel":
                continue
            connection = env["exact.connection"]._for_company(move.company_id)
            if not connection.division_id or not move.invoice_date:
                continue
            if connection.start_date and move.invoice_date < connection.start_date:
                continue
            if not move.exact_entry_id:
                notes = mapper._choose_for_move(move, connection).notes
            else:
                notes = []
                condition, due = move._exact_sent_condition(connection)
                if condition:
                    notes = mapper._due_notes(connection, condition, move.invoice_date, due)
            move.exact_due_note = "\n".join(notes) or False

    def _exact_sent_condition(self, connection):
        """(condition, due date) that went to Exact with this document; empty where that is not kept."""
        self.ensure_one()
        conditions = self.env["exact.payment.condition"]
        payload = self.exact_exchange_ids[:1].payload or {}
        if isinstance(payload, str):
            payload = json.loads(payload)
        code, due = payload.get("PaymentCondition"), payload.get("DueDate")
        if not code or not due:
            return conditions, False
        condition = conditions.with_context(active_test=False).search(
            [("connection_id", "=", connection.id), ("code", "=", code)], limit=1
        )
        return condition, fields.Date.to_date(due[:10])
