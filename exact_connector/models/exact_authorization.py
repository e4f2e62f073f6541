import time

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..client import COUNTRIES, ExactClient

CALLBACK_PATH = "/exact_connector/oauth2/callback"
PRACTICE_PARAMETER = "exact_connector.practice_url"
# Seconds that a client goes on with a token without asking again; less than the life that is left of one
# that is handed out (WAIT_BEFORE_EXPIRY).
TOKEN_HELD = 4.0


class HeldToken:
    """Gives one client its token; a burst of calls asks the database for it once, not once a call.

    One that Exact refused is never given again.
    """

    def __init__(self, get_token):
        self._get_token = get_token
        self._token, self._until = None, 0.0

    def __call__(self, rejected=None):
        if rejected or not self._token or time.monotonic() >= self._until:
            self._token = None
            self._token = self._get_token(rejected)
            self._until = time.monotonic() + TOKEN_HELD
        return self._token


class ExactAuthorization(models.Model):
    """The consent of one Exact user for one app in one country; its tokens serve every division granted.

    Connections of several companies may share one, since a second consent of the same user and app
    kills the first (requirements, section 1).
    """

    _name = "exact.authorization"
    _description = "Exact Online Authorization"
    _order = "id desc"

    name = fields.Char(compute="_compute_name")
    active = fields.Boolean(default=True)
    country = fields.Selection(selection="_selection_country", required=True, default="nl")
    client_id = fields.Char("Client ID", groups="base.group_system", copy=False)
    client_secret = fields.Char(groups="base.group_system", copy=False)
    state = fields.Selection(
        [("draft", "Not connected"), ("connected", "Connected"), ("expired", "Reconnect needed")],
        compute="_compute_state",
        compute_sudo=True,
    )
    last_error = fields.Char(compute="_compute_state", compute_sudo=True)
    exact_user_id = fields.Char("Exact User ID", readonly=True, copy=False)
    exact_user_name = fields.Char("Exact User", readonly=True, copy=False)
    connected_on = fields.Datetime(readonly=True, copy=False)
    connected_by_id = fields.Many2one("res.users", "Connected by", readonly=True, copy=False)
    renewed_on = fields.Datetime("Access Renewed on", compute="_compute_state", compute_sudo=True)
    risk_on = fields.Datetime(
        "Ends if Not Used until",
        compute="_compute_state",
        compute_sudo=True,
        help="Exact ends an access that was not renewed for 30 days; each renewal moves this date.",
    )
    token_ids = fields.One2many("exact.token", "authorization_id", groups="base.group_system")
    division_ids = fields.One2many("exact.division", "authorization_id", readonly=True)
    connection_ids = fields.One2many("exact.connection", "authorization_id", readonly=True)
    asking_connection_ids = fields.One2many(
        "exact.connection", "pending_authorization_id", readonly=True
    )
    company_ids = fields.Many2many(
        "res.company",
        compute="_compute_company_ids",
        store=True,
        compute_sudo=True,
        help="The companies whose connection uses this authorization.",
    )

    @api.model
    def _selection_country(self):
        """The country sites of Exact; "Practice" only where the system parameter names a practice server."""
        countries = [
            ("nl", self.env._("Netherlands")),
            ("be", self.env._("Belgium")),
            ("de", self.env._("Germany")),
            ("fr", self.env._("France")),
            ("es", self.env._("Spain")),
            ("uk", self.env._("United Kingdom")),
            ("us", self.env._("United States")),
        ]
        if self.env["ir.config_parameter"].sudo().get_param(PRACTICE_PARAMETER):
            countries.append(("practice", self.env._("Practice")))
        return countries

    @api.depends("country", "exact_user_name")
    def _compute_name(self):
        for authorization in self:
            country = dict(self._selection_country()).get(
                authorization.country, authorization.country or ""
            )
            authorization.name = (
                f"{authorization.exact_user_name} ({country})"
                if authorization.exact_user_name
                else self.env._("Exact Online %s", country)
            )

    @api.depends("token_ids.dead_reason", "token_ids.fetched_on", "token_ids.refresh_expires_on")
    def _compute_state(self):
        for authorization in self:
            token = authorization.sudo().token_ids[:1]
            authorization.state = (
                "draft" if not token else "expired" if token.dead_reason else "connected"
            )
            authorization.last_error = token.dead_reason
            authorization.renewed_on = token.fetched_on
            authorization.risk_on = token.refresh_expires_on

    @api.depends(
        "connection_ids.company_id",
        "connection_ids.active",
        "asking_connection_ids.company_id",
        "asking_connection_ids.active",
    )
    def _compute_company_ids(self):
        for authorization in self:
            connections = authorization.connection_ids | authorization.asking_connection_ids
            authorization.company_ids = connections.company_id

    @api.constrains("country")
    def _check_country(self):
        """The practice server is for who has named one; nobody comes to it by a crafted call."""
        known = dict(self._selection_country())
        for authorization in self:
            if authorization.country not in known:
                raise ValidationError(
                    self.env._("%s is not a country site of Exact Online.", authorization.country)
                )

    # === ADDRESSES === #

    def _get_base_url(self):
        """Address of the country site; of the practice server for "practice".

        :raises UserError: where the practice address was taken away.
        """
        self.ensure_one()
        if self.country != "practice":
            return COUNTRIES[self.country][1]
        url = self.env["ir.config_parameter"].sudo().get_param(PRACTICE_PARAMETER)
        if not url:
            raise UserError(
                self.env._(
                    "The practice server is switched off: the system parameter %s is empty.",
                    PRACTICE_PARAMETER,
                )
            )
        return url.rstrip("/")

    @api.model
    def _get_redirect_uri(self):
        """The address Exact returns to; it must be registered at the app to the letter (API 1.2)."""
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url", "")
        return base.rstrip("/") + CALLBACK_PATH

    def action_disconnect(self):
        """Forget the tokens; mappings, divisions and history stay, so that reconnecting finds them again."""
        self._check_system()
        self.sudo().token_ids.unlink()
        self.invalidate_recordset(["state", "last_error"])

    def _check_system(self):
        if not self.env.su and not self.env.user.has_group("base.group_system"):
            raise AccessError(
                self.env._(
                    "Only a system administrator can connect to or disconnect from Exact Online."
                )
            )
        # One of another company knows the group, not the records.
        self.check_access("write")

    # === CLIENT === #

    def _make_client(self, division_code, on_call=None, gate=None):
        """A client for one division of this authorization: the one door to Exact."""
        self.ensure_one()
        return ExactClient(
            self._get_base_url(),
            division_code,
            HeldToken(self._get_access_token),
            on_call=on_call,
            gate=gate,
        )
