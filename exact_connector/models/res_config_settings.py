from odoo import api, fields, models
from odoo.exceptions import UserError

from ..client import ExactError
from .exact_connection import USABLE_ITEM
from .exact_connection_app import SECRET_DOTS

# Fields of the page that are kept at the connection.
KEPT = {
    "exact_division_id": "division_id",
    "exact_start_date": "start_date",
    "exact_sale_journal_id": "sale_journal_id",
    "exact_refund_journal_id": "refund_journal_id",
    "exact_default_item_id": "default_item_id",
    "exact_default_vat_code_id": "default_vat_code_id",
    "exact_no_tax_vat_code_id": "no_tax_vat_code_id",
    "exact_default_payment_condition_id": "default_payment_condition_id",
    "exact_import_customers": "import_customers",
    "exact_auto_send": "auto_send",
    "exact_look_at_once": "look_at_once",
    "exact_keep_months": "keep_months",
}


class ResConfigSettings(models.TransientModel):
    """Settings > Exact Online: connect, choose the division, fill in what sending needs.

    Only what the user changed is written: a page that was open for a while must not undo what was
    proposed or chosen elsewhere since.
    """

    _inherit = "res.config.settings"

    exact_connection_id = fields.Many2one(
        "exact.connection", compute="_compute_exact_connection_id"
    )
    exact_state = fields.Selection(related="exact_connection_id.state", string="Exact Status")
    exact_country = fields.Selection(
        selection=lambda self: self.env["exact.authorization"]._selection_country(),
    )
    exact_client_id = fields.Char("Exact Client ID")
    exact_client_secret = fields.Char()
    exact_redirect_uri = fields.Char("Redirect URI", compute="_compute_exact_redirect_uri")
    exact_user_name = fields.Char(related="exact_connection_id.exact_user_name")
    exact_dead_text = fields.Text(related="exact_connection_id.dead_text")
    exact_calls_left = fields.Char(related="exact_connection_id.calls_left")
    exact_missing_settings = fields.Text(related="exact_connection_id.missing_settings")
    exact_authorization_id = fields.Many2one(related="exact_connection_id.authorization_id")
    exact_confirm_message = fields.Text(related="exact_connection_id.confirm_message")
    exact_probe_message = fields.Text(related="exact_connection_id.probe_message")
    exact_opened = fields.Json(help="What the page showed when it was opened.")
    exact_division_id = fields.Many2one(
        "exact.division",
        domain="[('authorization_id', '=', exact_authorization_id), ('granted', '=', True)]",
        context={"active_test": False},
    )
    exact_start_date = fields.Date()
    exact_sale_journal_id = fields.Many2one(
        "exact.journal",
        "Journal for Invoices",
        domain="[('connection_id', '=', exact_connection_id), ('type', 'in', ('20', '21'))]",
    )
    exact_refund_journal_id = fields.Many2one(
        "exact.journal",
        "Journal for Credit Notes",
        domain="[('connection_id', '=', exact_connection_id), ('type', 'in', ('20', '21'))]",
    )
    exact_default_item_id = fields.Many2one(
        "exact.item",
        "Default Item",
        domain=f"[('connection_id', '=', exact_connection_id), {USABLE_ITEM}]",
    )
    exact_default_vat_code_id = fields.Many2one(
        "exact.vat.code",
        "Default VAT Code",
        domain="[('connection_id', '=', exact_connection_id), ('type', '=', 'E')]",
    )
    exact_no_tax_vat_code_id = fields.Many2one(
        "exact.vat.code",
        "VAT Code for Lines without Tax",
        domain="[('connection_id', '=', exact_connection_id), ('type', 'in', ('B', 'N', 'E')), "
        "('percentage', '=', 0)]",
    )
    exact_default_payment_condition_id = fields.Many2one(
        "exact.payment.condition",
        "Default Payment Condition",
        domain="[('connection_id', '=', exact_connection_id), ('discount_percentage', '=', 0)]",
    )
    exact_import_customers = fields.Boolean("Import Customers Every Night")
    exact_auto_send = fields.Boolean("Send Documents Automatically")

    @api.depends("company_id")
    def _compute_exact_connection_id(self):
        for settings in self:
            settings.exact_connection_id = self.env["exact.connection"]._for_company(
                settings.company_id
            )

    @api.depends("company_id")
    def _compute_exact_redirect_uri(self):
        for settings in self:
            settings.exact_redirect_uri = self.env["exact.authorization"]._get_redirect_uri()

    @api.model
    def get_values(self):
        values = super().get_values()
        connection = self.env["exact.connection"]._for_company(self.env.company)
        authorization_sudo = connection.authorization_id.sudo()
        kept = self._exact_kept_values(connection)
        values.update(
            **kept,
            exact_opened=kept,
            exact_country=authorization_sudo.country or self._exact_default_country(),
            exact_client_id=authorization_sudo.client_id,
            # Never sent to the browser: dots stand for a secret that is there.
            exact_client_secret=SECRET_DOTS if authorization_sudo.client_secret else False,
        )
        return values

    @api.model
    def _exact_default_country(self):
        return self.env.company._exact_default_country()

    @api.model
    def _exact_kept_values(self, record):
        """The settings of a connection, or those on a page, as JSON holds them."""
        values = {}
        for name, kept in KEPT.items():
            value = record[kept if record._name == "exact.connection" else name]
            if isinstance(value, models.BaseModel):
                value = value.id
            elif name == "exact_start_date":
                value = fields.Date.to_string(value)
            values[name] = value or False
        return values

    def set_values(self):
        result = super().set_values()
        self._exact_save_app()
        connection = self.env["exact.connection"]._for_company(self.company_id)
        if connection:
            self._exact_save_settings(connection)
        if connection.state == "connected" and not connection.refreshed_on:
            # A division was chosen: read what it offers, so that the rest can be filled in.
            try:
                if not connection._probe():
                    connection._refresh_reference_data()
            except ExactError as error:
                raise UserError(self.env["exact.cause"]._explain(error)) from error
        return result

    def _exact_save_settings(self, connection):
        """Write what differs from what the page showed when it was opened."""
        opened = self.exact_opened or {}
        changed = {
            KEPT[name]: value
            for name, value in self._exact_kept_values(self).items()
            if value != (opened.get(name) or False)
        }
        shown = bool(connection.refreshed_on)
        if changed:
            connection.write(changed)
        if shown:
            # The proposals stood on the page that was saved.
            connection._confirm_steps("start", "journals", "mapping")

    def _exact_save_app(self):
        """Keep country and app; the connection of the company is made where there is none yet."""
        self.ensure_one()
        if not (self.exact_client_id and self.exact_country):
            return
        connection = self.env["exact.connection"]._for_company(self.company_id)
        if not connection:
            connection = connection.create({"company_id": self.company_id.id})
        connection._keep_app(self.exact_country, self.exact_client_id, self.exact_client_secret)
        if self.exact_client_secret:
            # Kept at the authorization only, not in the settings' own row.
            self.exact_client_secret = SECRET_DOTS

    def action_exact_connect(self):
        """Save the app and go to Exact's consent page in the same tab (R1, R8)."""
        self.env["exact.authorization"]._check_system()
        self._exact_save_app()
        connection = self.env["exact.connection"]._for_company(self.company_id)
        if not connection:
            raise UserError(
                self.env._(
                    "Fill in the client ID and the client secret of your app in Exact's App Centre first."
                )
            )
        return connection.action_connect()

    def action_exact_disconnect(self):
        self.exact_connection_id.action_disconnect()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_exact_refresh(self):
        return self.exact_connection_id.action_refresh_reference_data()

    def action_exact_import_customers(self):
        return self.exact_connection_id.action_import_customers()

    def action_exact_mapping(self):
        return self.exact_connection_id.action_open_mapping()

    def action_exact_calls(self):
        return self.env["exact.connection"].action_open_meter()

    def action_exact_setup(self):
        """The same, step by step."""
        return self.env["exact.connection"].action_open_setup()
