from odoo import api, fields, models
from odoo.exceptions import UserError

from ..client import ExactError
from .exact_connection import USABLE_ITEM

SECRET_DOTS = "••••••••"


class ResConfigSettings(models.TransientModel):
    """Settings > Exact Online: connect, choose the division, fill in what sending needs."""

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
    exact_last_error = fields.Char(related="exact_connection_id.last_error")
    exact_missing_settings = fields.Text(related="exact_connection_id.missing_settings")
    exact_authorization_id = fields.Many2one(related="exact_connection_id.authorization_id")
    exact_division_id = fields.Many2one(
        related="exact_connection_id.division_id",
        readonly=False,
        domain="[('authorization_id', '=', exact_authorization_id)]",
    )
    exact_start_date = fields.Date(related="exact_connection_id.start_date", readonly=False)
    exact_sale_journal_id = fields.Many2one(
        related="exact_connection_id.sale_journal_id",
        readonly=False,
        domain="[('connection_id', '=', exact_connection_id), ('type', 'in', ('20', '21'))]",
    )
    exact_refund_journal_id = fields.Many2one(
        related="exact_connection_id.refund_journal_id",
        readonly=False,
        domain="[('connection_id', '=', exact_connection_id), ('type', 'in', ('20', '21'))]",
    )
    exact_default_item_id = fields.Many2one(
        related="exact_connection_id.default_item_id",
        readonly=False,
        domain=f"[('connection_id', '=', exact_connection_id), {USABLE_ITEM}]",
    )
    exact_default_vat_code_id = fields.Many2one(
        related="exact_connection_id.default_vat_code_id",
        readonly=False,
        domain="[('connection_id', '=', exact_connection_id), ('type', '=', 'E')]",
    )
    exact_no_tax_vat_code_id = fields.Many2one(
        related="exact_connection_id.no_tax_vat_code_id",
        readonly=False,
        domain="[('connection_id', '=', exact_connection_id), ('type', 'in', ('B', 'N', 'E')), "
        "('percentage', '=', 0)]",
    )
    exact_default_payment_condition_id = fields.Many2one(
        related="exact_connection_id.default_payment_condition_id",
        readonly=False,
        domain="[('connection_id', '=', exact_connection_id), ('discount_percentage', '=', 0)]",
    )
    exact_import_customers = fields.Boolean(
        related="exact_connection_id.import_customers", readonly=False
    )
    exact_auto_send = fields.Boolean(related="exact_connection_id.auto_send", readonly=False)

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
        values.update(
            exact_country=authorization_sudo.country or self._exact_default_country(),
            exact_client_id=authorization_sudo.client_id,
            # Never sent to the browser: dots stand for a secret that is there.
            exact_client_secret=SECRET_DOTS if authorization_sudo.client_secret else False,
        )
        return values

    @api.model
    def _exact_default_country(self):
        """The country of the company where Exact has a site, else the Netherlands."""
        code = (self.env.company.country_id.code or "NL").lower()
        code = {"gb": "uk"}.get(code, code)
        known = dict(self.env["exact.authorization"]._selection_country())
        return code if code in known else "nl"

    def set_values(self):
        result = super().set_values()
        self._exact_save_app()
        connection = self.env["exact.connection"]._for_company(self.company_id)
        if connection.state == "connected" and not connection.refreshed_on:
            # A division was chosen: read what it offers, so that the rest can be filled in.
            try:
                connection._refresh_reference_data()
            except ExactError as error:
                raise UserError(self.env["exact.cause"]._explain(error)) from error
        return result

    def _exact_save_app(self):
        """Keep country and app; the connection of the company is made where there is none yet."""
        self.ensure_one()
        if not (self.exact_client_id and self.exact_country):
            return
        connection = self.env["exact.connection"]._for_company(self.company_id)
        authorization_sudo = connection.authorization_id.sudo()
        values = {"country": self.exact_country, "client_id": self.exact_client_id}
        if self.exact_client_secret and self.exact_client_secret != SECRET_DOTS:
            values["client_secret"] = self.exact_client_secret
            # Kept at the authorization only, not in the settings' own row.
            self.exact_client_secret = SECRET_DOTS
        other_app = authorization_sudo and (
            authorization_sudo.country != self.exact_country
            or authorization_sudo.client_id != self.exact_client_id
        )
        if not authorization_sudo or (other_app and authorization_sudo.state != "draft"):
            # Another app or country is another consent; the old one may serve other companies.
            authorization_sudo = authorization_sudo.create(values)
        elif any(authorization_sudo[name] != value for name, value in values.items()):
            authorization_sudo.write(values)
        if not connection:
            self.env["exact.connection"].create(
                {
                    "company_id": self.company_id.id,
                    "authorization_id": authorization_sudo.id,
                    "start_date": fields.Date.context_today(self).replace(day=1),
                }
            )
        elif connection.authorization_id.id != authorization_sudo.id:
            connection.authorization_id = authorization_sudo.id

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
