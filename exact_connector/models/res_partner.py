from markupsafe import Markup

from odoo import api, fields, models

from ..identity import vat_number
from ..matching import postcode_spellings


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
    exact_account_status = fields.Selection(
        [("C", "Customer"), ("P", "Prospect"), ("S", "Suspect"), ("A", "None of these")],
        "Status in Exact",
        company_dependent=True,
        copy=False,
        readonly=True,
    )
    exact_account_ended_on = fields.Date(
        "Ended in Exact on", company_dependent=True, copy=False, readonly=True
    )
    # What both sides had when they were last compared, see exact_mapper_account_merge.py.
    exact_account_seen = fields.Text(company_dependent=True, copy=False, readonly=True)
    exact_contact_id = fields.Char(
        "Exact Contact ID", company_dependent=True, copy=False, readonly=True
    )
    exact_contacts_due = fields.Boolean(
        company_dependent=True,
        copy=False,
        readonly=True,
        help="Linked after its contact persons had passed: the next import asks for them.",
    )
    exact_exchange_ids = fields.One2many("exact.exchange", "partner_id", readonly=True)

    @api.model
    def _exact_find_linked(self, rows):
        """dict of account ID -> contact that carries it in this company, archived ones too."""
        return {
            partner.exact_account_id: partner
            for partner in self.with_context(active_test=False).search(
                [("exact_account_id", "in", [row["ID"] for row in rows])]
            )
        }

    @api.model
    def _exact_find_by_number(self, connection, rows):
        """dict of account ID -> contact with an equal customer number that is not linked yet (R37)."""
        codes = {row["Code"]: row["ID"] for row in rows if row.get("Code")}
        candidates = self.with_context(active_test=False).search(
            [
                ("ref", "in", list(codes)),
                ("parent_id", "=", False),
                ("company_id", "in", (False, connection.company_id.id)),
            ],
            order="active desc, id",
        )
        taken = candidates._exact_linked_elsewhere(connection)
        found = {}
        for partner in candidates:
            if not partner.exact_account_id and partner not in taken:
                found.setdefault(codes[partner.ref], partner)
        return found

    @api.model
    def _exact_find_alike(self, connection, rows):
        """Contacts not linked yet that share a VAT number or a postcode with one of ``rows``, in two searches."""
        vats, postcodes = set(), set()
        for row in rows:
            country = (row.get("Country") or "").upper()
            vats |= {row.get("VATNumber"), vat_number(row.get("VATNumber"), country)}
            postcodes |= postcode_spellings(row.get("Postcode"), country)
        found = self.browse()
        for name, values in (("vat", vats), ("zip", postcodes)):
            values = sorted(values - {None, "", "/"})
            if values:
                found |= self.search(
                    [
                        (name, "in", values),
                        ("parent_id", "=", False),
                        ("exact_account_id", "=", False),
                        ("company_id", "in", (False, connection.company_id.id)),
                        ("user_ids", "=", False),
                    ]
                )
        return found - connection.company_id.partner_id

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
        if exchange.kind == "account_update":
            lines = [
                self.env._("Updated in Exact: %s", self._exact_name_properties(exchange.payload))
            ]
            if exchange.state != "done":
                lines = [
                    self.env._("Not updated in Exact: %s", exchange.message),
                    exchange.exact_message,
                ]
        elif exchange.state == "done":
            lines = [
                self.env._("Customer %s in Exact.", exchange.exact_number),
                *(exchange.notes or "").splitlines(),
            ]
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
