"""Fields that only screens need; no rule lives here."""

import json

from odoo import api, fields, models
from odoo.fields import Domain

from ..masking import masked
from .exact_mapper_sales_entry import DOCUMENT_TYPES

# What may still be sent: a failed one is offered again (R52).
SENDABLE_STATES = ("not_sent", "failed", False)


class ExactExchange(models.Model):
    _inherit = "exact.exchange"

    payload_text = fields.Text("Values Sent", compute="_compute_payload_text")

    @api.depends("payload")
    def _compute_payload_text(self):
        for exchange in self:
            payload = exchange.payload
            if isinstance(payload, str):
                payload = json.loads(payload)
            exchange.payload_text = (
                json.dumps(masked(payload), indent=2, ensure_ascii=False) if payload else False
            )


class AccountMove(models.Model):
    _inherit = "account.move"

    exact_to_send = fields.Boolean(
        "To Send to Exact",
        compute="_compute_exact_to_send",
        search="_search_exact_to_send",
        help="Sent to the customer, on or after the start date, and not in Exact yet.",
    )

    @api.depends("exact_can_create")
    def _compute_exact_to_send(self):
        for move in self:
            move.exact_to_send = move.exact_can_create and move.exact_state != "left_out"

    def _search_exact_to_send(self, operator, value):
        """Each connected company from its own start date on (R4)."""
        if operator != "in":
            return NotImplemented
        connections = self.env["exact.connection"].search([("division_id", "!=", False)])
        companies = Domain.OR(
            Domain("company_id", "=", connection.company_id.id)
            & (
                Domain("invoice_date", ">=", connection.start_date)
                if connection.start_date
                else Domain.TRUE
            )
            for connection in connections
        )
        due = Domain(
            [
                ("move_type", "in", DOCUMENT_TYPES),
                ("state", "=", "posted"),
                ("is_move_sent", "=", True),
                ("exact_state", "in", SENDABLE_STATES),
                ("exact_route", "!=", "invoice"),
            ]
        )
        domain = due & companies
        return domain if True in value else ~domain


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    exact_refreshed_on = fields.Datetime(related="exact_connection_id.refreshed_on")
    exact_customers_imported_on = fields.Datetime(
        related="exact_connection_id.customers_imported_on"
    )
    exact_connected_on = fields.Datetime(
        related="exact_connection_id.authorization_id.connected_on"
    )
    exact_connection_country = fields.Selection(
        related="exact_connection_id.country", string="Connected Country"
    )
