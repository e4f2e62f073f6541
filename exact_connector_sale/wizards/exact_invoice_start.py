from markupsafe import Markup

from odoo import api, fields, models


class ExactInvoiceStart(models.TransientModel):
    """Asked once: shall Exact make invoices for this company? Then goes on with what was pressed."""

    _name = "exact.invoice.start"
    _description = "Switch on Invoice in Exact"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    connection_id = fields.Many2one("exact.connection", readonly=True)
    is_connected = fields.Boolean(compute="_compute_rights")
    is_manager = fields.Boolean(compute="_compute_rights")
    is_system = fields.Boolean(compute="_compute_rights")
    invoice_print = fields.Selection(
        selection=lambda self: self.env["exact.connection"]._fields["invoice_print"].selection,
        string="When Sent to Exact",
        default="draft",
        required=True,
    )
    res_model = fields.Char(readonly=True)
    selection = fields.Json(readonly=True)

    @api.depends("connection_id")
    @api.depends_context("uid")
    def _compute_rights(self):
        user = self.env.user
        for start in self:
            start.is_connected = bool(start.connection_id.sudo().division_id)
            start.is_manager = user.has_group("exact_connector.group_exact_manager")
            start.is_system = user.has_group("base.group_system")

    @api.model
    def _ask(self, company, records=None, keys=None):
        """The question, or False where ``company`` invoices in Exact already, or is known not to be able to.

        :param records: what is to be invoiced once it is switched on; or ``keys`` of billables.
        """
        connection = self.env["exact.connection"].sudo()._for_company(company)
        if connection.division_id and (
            connection.invoicing or connection.invoice_licence == "missing"
        ):
            # Without the licence the window itself offers the other way (R50).
            return False
        start = self.create(
            {
                "company_id": company.id,
                "connection_id": connection.id,
                "invoice_print": connection.invoice_print or "draft",
                "res_model": records._name if records is not None else False,
                "selection": records.ids if records is not None else list(keys or []),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Invoice in Exact"),
            "res_model": self._name,
            "res_id": start.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_start(self):
        """Switch it on and go on with what was pressed."""
        self.ensure_one()
        self.connection_id._check_manager()
        self.connection_id.write({"invoicing": True, "invoice_print": self.invoice_print})
        wizard = self.env["exact.invoice.wizard"]
        if self.res_model:
            return wizard._open(self.env[self.res_model].browse(self.selection).exists())
        return wizard._open_keys(self.company_id, self.selection)

    def action_open_settings(self):
        """All that can be set about it, on the connection."""
        self.ensure_one()
        return self.connection_id.get_formview_action()

    def action_set_up(self):
        """To the page that connects the company."""
        return self.env["ir.actions.actions"]._for_xml_id("exact_connector.action_exact_setup")

    @api.model
    def _help_not_connected(self):
        """What an empty overview says where no company is connected."""
        return Markup('<p class="o_view_nocontent_smiling_face">%s</p><p>%s</p>') % (
            self.env._("Not connected to Exact Online yet"),
            self.env._(
                "Once this company is connected, all that its customers are still to be invoiced stands here."
            ),
        )
