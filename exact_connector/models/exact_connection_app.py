from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

SECRET_DOTS = "••••••••"  # nosec B105  # stands for a secret on screens, is none


class ExactConnection(models.Model):
    """The first steps of the set-up page: the app, sharing a consent, the division of this company (R1, R3)."""

    _inherit = "exact.connection"

    setup_country = fields.Selection(
        selection=lambda self: self.env["exact.authorization"]._selection_country(),
        string="Country Site",
        compute="_compute_setup_app",
        inverse="_inverse_setup_app",
        groups="base.group_system",
    )
    setup_client_id = fields.Char(
        "Client ID",
        compute="_compute_setup_app",
        inverse="_inverse_setup_app",
        groups="base.group_system",
    )
    setup_client_secret = fields.Char(
        "Client Secret",
        compute="_compute_setup_app",
        inverse="_inverse_setup_app",
        groups="base.group_system",
    )
    setup_redirect_uri = fields.Char("Redirect Address", compute="_compute_setup_redirect_uri")
    setup_scopes = fields.Html(compute="_compute_setup_scopes", sanitize=False)
    setup_candidate_ids = fields.Many2many(
        "exact.authorization", compute="_compute_setup_candidates"
    )
    setup_candidate_count = fields.Integer(compute="_compute_setup_candidates")
    setup_candidate_message = fields.Char(compute="_compute_setup_candidates")
    share_authorization_id = fields.Many2one(
        "exact.authorization",
        "Existing Connection",
        domain="[('id', 'in', setup_candidate_ids)]",
        copy=False,
    )
    setup_same_app_message = fields.Text(
        compute="_compute_setup_candidates", groups="base.group_system"
    )
    setup_division_message = fields.Text(compute="_compute_setup_division")
    setup_division_proposal_id = fields.Many2one(
        "exact.division", compute="_compute_setup_division"
    )
    setup_branch_message = fields.Char(compute="_compute_setup_company")
    setup_other_company_ids = fields.Many2many("res.company", compute="_compute_setup_company")

    # === APP === #

    @api.depends("authorization_id", "company_id")
    def _compute_setup_app(self):
        for connection in self:
            authorization_sudo = connection.authorization_id.sudo()
            connection.setup_country = (
                authorization_sudo.country or connection.company_id._exact_default_country()
            )
            connection.setup_client_id = authorization_sudo.client_id
            # Never sent to the browser: dots stand for a secret that is there.
            connection.setup_client_secret = (
                SECRET_DOTS if authorization_sudo.client_secret else False
            )

    def _inverse_setup_app(self):
        """The three fields are written together; each has the values of the form by then."""
        for connection in self:
            country = connection.setup_country
            client_id = connection.setup_client_id
            secret = connection.setup_client_secret
            connection._keep_app(country, client_id, secret)

    def _keep_app(self, country, client_id, client_secret):
        """Keep country and app at the authorization; another app or country is another consent.

        The old authorization stays: it may serve other companies.

        :param client_secret: dots or empty where it stays what it was.
        """
        self.ensure_one()
        self.env["exact.authorization"]._check_system()
        self.check_access("write")
        if not (country and client_id):
            return
        authorization_sudo = self.authorization_id.sudo()
        values = {"country": country, "client_id": client_id.strip()}
        if client_secret and client_secret != SECRET_DOTS:
            values["client_secret"] = client_secret.strip()
        other_app = authorization_sudo and (
            authorization_sudo.country != values["country"]
            or authorization_sudo.client_id != values["client_id"]
        )
        if not authorization_sudo or (other_app and authorization_sudo.state != "draft"):
            self.authorization_id = authorization_sudo.create(values).id
        elif any(authorization_sudo[name] != value for name, value in values.items()):
            authorization_sudo.write(values)

    def _compute_setup_redirect_uri(self):
        for connection in self:
            connection.setup_redirect_uri = self.env["exact.authorization"]._get_redirect_uri()

    @api.depends_context("lang")
    def _compute_setup_scopes(self):
        """What to tick at the app, as a table to read beside Exact's page."""
        env = self.env
        rows = Markup().join(
            Markup("<tr><td>%s</td><td>%s</td><td class='text-muted'>%s</td></tr>")
            % (
                scope,
                env._("Manage") if manage else env._("Read"),
                ", ".join([env._("optional"), *purposes] if optional else purposes),
            )
            for scope, manage, optional, purposes in self._get_scope_lines()
        )
        table = Markup(
            "<table class='table table-sm mb-0'><thead><tr><th>%s</th><th>%s</th><th>%s</th></tr>"
            "</thead><tbody>%s</tbody></table>"
        ) % (env._("Scope"), env._("Tick"), env._("What for"), rows)
        for connection in self:
            connection.setup_scopes = table

    # === ONE CONSENT FOR SEVERAL COMPANIES === #

    @api.depends("authorization_id", "company_id")
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_setup_candidates(self):
        """Consents of other companies that this one may share, and a warning before a second one (R3)."""
        env = self.env
        known = env["exact.authorization"].search(
            [("exact_user_id", "!=", False), ("company_ids", "!=", False)]
        )
        live = known.filtered(lambda authorization: authorization.state == "connected")
        for connection in self:
            own = connection.authorization_id
            found = live - own if own.state != "connected" else live.browse()
            connection.setup_candidate_ids = found
            connection.setup_candidate_count = len(found)
            names = (f"{each.name}: {', '.join(each.company_ids.mapped('name'))}" for each in found)
            connection.setup_candidate_message = "; ".join(names) or False
            connection.setup_same_app_message = connection._warn_of_same_app()

    def _warn_of_same_app(self):
        """A second consent of one Exact user for one app ends the first, and may grant fewer divisions."""
        self.ensure_one()
        own_sudo = self.authorization_id.sudo()
        if not own_sudo.client_id:
            return False
        # Also those of companies this person has not switched on.
        others_sudo = (
            self.env["exact.connection"]
            .sudo()
            .search(
                [("id", "!=", self.id or 0), ("authorization_id.country", "=", own_sudo.country)]
            )
            .filtered(
                lambda other: (
                    other.authorization_id.client_id == own_sudo.client_id
                    and other.authorization_id.state == "connected"
                )
            )
        )
        if not others_sudo:
            return False
        names = ", ".join(
            f"{other.company_id.name} ({other.division_id.name or other.exact_user_name})"
            for other in others_sudo
        )
        return self.env._(
            "This app is connected for %s too. The consent you give now replaces the one that the same "
            "Exact user gave before: tick every division that any of these companies uses.",
            names,
        )

    def action_setup_share(self):
        """Use the consent that another company has; nothing is asked at Exact (R3)."""
        self.ensure_one()
        self.env["exact.authorization"]._check_system()
        self.check_access("write")
        shared = self.share_authorization_id or self.setup_candidate_ids[:1]
        if shared not in self.setup_candidate_ids:
            raise UserError(self.env._("This connection cannot be shared any more."))
        blank_sudo = self.authorization_id.sudo()
        self.share_authorization_id = False
        self.sudo()._bind(shared.sudo())
        if not blank_sudo.exact_user_id:
            blank_sudo._discard_unused()
        self._show_next_step()
        return False

    def action_setup_connect(self):
        """To Exact's consent page and back to this page, in the same tab (R8)."""
        self.ensure_one()
        return self.with_context(exact_back="setup").action_connect()

    # === DIVISION === #

    @api.depends(
        "division_id.currency_code", "division_id.country_code", "company_id", "authorization_id"
    )
    @api.depends_context("lang")
    def _compute_setup_division(self):
        """A warning where the division looks like another company's, and the one that looks like ours."""
        env = self.env
        for connection in self:
            division, company = connection.division_id, connection.company_id
            lines = []
            if division and division.currency_code != company.currency_id.name:
                lines.append(
                    env._(
                        "This division keeps its books in %(theirs)s, %(company)s in %(ours)s: "
                        "its documents cannot be sent.",
                        theirs=division.currency_code,
                        company=company.name,
                        ours=company.currency_id.name,
                    )
                )
            code = (division.country_code or "").strip()
            if division and company.country_id and code and code != company.country_id.code:
                lines.append(
                    env._(
                        "This division is in %(theirs)s, %(company)s in %(ours)s. "
                        "Is it the right one?",
                        theirs=division.country_name,
                        company=company.name,
                        ours=company.country_id.name,
                    )
                )
            connection.setup_division_message = "\n".join(lines)
            connection.setup_division_proposal_id = (
                False if division else connection._propose_division()
            )

    def _propose_division(self):
        """The free division with the VAT number of this company, else its name; empty where unsure."""
        self.ensure_one()
        free = self._open_divisions(self.authorization_id).filtered(
            lambda division: not self._get_users_of(division)
        )
        free = free.with_env(self.env)
        vat, name = _plain(self.company_id.vat), _plain(self.company_id.name)
        for match in (
            free.filtered(lambda division: vat and _plain(division.vat) == vat),
            free.filtered(lambda division: name and _plain(division.name) == name),
        ):
            if len(match) == 1:
                return match
        return free if len(free) == 1 else free.browse()

    # === COMPANIES === #

    @api.depends("company_id")
    @api.depends_context("lang", "uid")
    def _compute_setup_company(self):
        """The other companies of this person; what holds for a branch."""
        for connection in self:
            company = connection.company_id
            connection.setup_other_company_ids = self.env.user.company_ids - company
            connection.setup_branch_message = False
            if company.parent_id:
                connection.setup_branch_message = self.env._(
                    "%(branch)s is a branch of %(parent)s. A connection serves one company only: "
                    "documents of the branch go with this one, and may go to the same division as "
                    "those of %(parent)s.",
                    branch=company.name,
                    parent=company.parent_id.sudo().name,
                )


def _plain(text):
    """Letters and digits only, for comparing what people have typed."""
    return "".join(letter for letter in (text or "").lower() if letter.isalnum())
