from markupsafe import Markup

from odoo import api, fields, models


class ResPartner(models.Model):
    """A contact linked to an account (relation) of Exact, per company."""

    _inherit = "res.partner"

    exact_account_id = fields.Char(
        "Exact Account ID", company_dependent=True, copy=False, readonly=True
    )
    exact_account_code = fields.Char(
        "Exact Customer Number", company_dependent=True, copy=False, readonly=True
    )
    exact_account_blocked = fields.Boolean(
        "Blocked in Exact", company_dependent=True, copy=False, readonly=True
    )
    exact_journal_id = fields.Many2one(
        "exact.journal",
        company_dependent=True,
        domain="[('company_id', '=', allowed_company_ids[0]), ('type', 'in', ('20', '21'))]",
        help="Instead of the connection's journal, for this customer.",
    )
    exact_vat_code_id = fields.Many2one(
        "exact.vat.code",
        "Exact VAT Code",
        company_dependent=True,
        domain="[('company_id', '=', allowed_company_ids[0])]",
        help="The customer's own VAT code in Exact; documents take the code of their taxes.",
    )
    exact_exchange_ids = fields.One2many("exact.exchange", "partner_id", readonly=True)

    @api.model
    def _exact_find(self, connection, rows):
        """The contacts that accounts of Exact belong to: by ID, else by customer number (R37).

        :return: dict of account ID -> contact of this company.
        """
        ids = [row["ID"] for row in rows]
        everyone = self.with_context(active_test=False)
        found = {
            partner.exact_account_id: partner
            for partner in everyone.search([("exact_account_id", "in", ids)])
        }
        codes = {
            row["Code"]: row["ID"] for row in rows if row["ID"] not in found and row.get("Code")
        }
        candidates = everyone.search(
            [
                ("ref", "in", list(codes)),
                ("parent_id", "=", False),
                ("company_id", "in", (False, connection.company_id.id)),
            ],
            order="active desc, id",
        )
        taken = candidates._exact_linked_elsewhere(connection)
        for partner in candidates:
            if not partner.exact_account_id and partner not in taken:
                found.setdefault(codes[partner.ref], partner)
        return found

    def _exact_linked_elsewhere(self, connection):
        """Those of these contacts that another company has linked: an equal number there says nothing (R3)."""
        companies = connection.sudo().search([("id", "!=", connection.id)]).company_id
        linked = self.browse()
        for company in companies:
            linked += self.with_company(company).filtered("exact_account_id")
        return linked

    def _exact_log_exchange(self, exchange):
        """A line in the contact's chatter on what came of creating or finding it in Exact."""
        self.ensure_one()
        if exchange.state == "done":
            lines = [self.env._("Customer %s in Exact.", exchange.exact_number)]
        else:
            lines = [
                self.env._("Not created in Exact: %s", exchange.message),
                exchange.exact_message,
            ]
        self._message_log(body=Markup("<br/>").join(line for line in lines if line))

    def action_exact_view_exchanges(self):
        """What went to Exact for this customer: itself and its documents."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_exchange"
        )
        action["domain"] = [
            "|",
            ("partner_id", "=", self.commercial_partner_id.id),
            ("move_id.commercial_partner_id", "=", self.commercial_partner_id.id),
        ]
        return action
