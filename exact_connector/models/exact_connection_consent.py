from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class ExactConnection(models.Model):
    """What a consent changes at a connection: who it runs as and which division it may use (R1, R3, W13)."""

    _inherit = "exact.connection"

    pending_authorization_id = fields.Many2one(
        "exact.authorization",
        "Consent to Confirm",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="A consent of another Exact user, or without this division; nothing is sent or read "
        "until somebody has said what is right.",
    )
    # Who this connection ran as last; the authorization itself may be another one by then.
    known_user_id = fields.Char("Exact User ID Known", readonly=True, copy=False)
    known_user_name = fields.Char("Exact User Known", readonly=True, copy=False)
    known_country = fields.Char("Exact Country Known", readonly=True, copy=False)
    # What was sent before this moment is in the division before.
    books_since = fields.Datetime(readonly=True, copy=False)
    confirm_message = fields.Text(compute="_compute_confirm")
    confirm_can_stay = fields.Boolean(compute="_compute_confirm")
    confirm_user_name = fields.Char(
        "New Exact User", related="pending_authorization_id.exact_user_name"
    )
    confirm_lost_division = fields.Boolean(compute="_compute_confirm")

    # Passport (W13)
    connected_on = fields.Datetime(related="authorization_id.connected_on")
    connected_by_id = fields.Many2one(related="authorization_id.connected_by_id")
    renewed_on = fields.Datetime(related="authorization_id.renewed_on")
    risk_on = fields.Datetime(related="authorization_id.risk_on")

    @api.depends("pending_authorization_id", "authorization_id", "division_id")
    @api.depends_context("lang")
    def _compute_confirm(self):
        env = self.env
        for connection in self:
            pending = connection.pending_authorization_id
            same = pending == connection.authorization_id
            lost = bool(pending) and connection._loses_division(pending)
            lines = []
            if pending and connection._is_other_user(pending):
                lines.append(
                    env._(
                        "Connected as %(new)s; it was %(old)s.",
                        new=pending.exact_user_name,
                        old=connection.known_user_name or connection.exact_user_name,
                    )
                )
            if lost:
                lines.append(
                    env._(
                        "%(user)s was not given access to division %(division)s.",
                        user=pending.exact_user_name,
                        division=connection.division_id.display_name,
                    )
                )
            connection.confirm_message = "\n".join(lines)
            connection.confirm_lost_division = lost
            connection.confirm_can_stay = (
                bool(pending) and not same and connection.authorization_id.state == "connected"
            )

    @api.constrains("division_id", "company_id", "active")
    def _check_division(self):
        """A division has one company, or several branches of one; it is granted and in use (R3)."""
        env = self.env
        for connection in self.filtered(lambda c: c.active and c.division_id):
            division = connection.division_id
            if not division._is_open():
                raise ValidationError(
                    env._(
                        "Division %s cannot be used: it is archived in Exact, or was not ticked on "
                        "Exact's consent page.",
                        division.display_name,
                    )
                )
            other_sudo = connection._get_users_of(division)
            if other_sudo:
                raise ValidationError(
                    env._(
                        "Division %(division)s is used by company %(company)s already. "
                        "Two companies in one division would mix their books: choose another one.",
                        division=division.display_name,
                        company=other_sudo[0].company_id.name,
                    )
                )

    def _get_users_of(self, division):
        """Connections of other companies to the same books; branches of one company may share them."""
        self.ensure_one()
        others_sudo = self.sudo().search(
            [
                ("company_id", "!=", self.company_id.id),
                ("division", "=", division.code),
                ("division_id.authorization_id.country", "=", division.authorization_id.country),
            ]
        )
        root = self.company_id.sudo().root_id
        return others_sudo.filtered(lambda other: other.company_id.root_id != root)

    # === AFTER A CONSENT === #

    def _after_connect(self, authorization):
        """Bind the authorization that holds the tokens, or ask first where something else came back.

        Mappings stay as they are: they belong to the connection, not to the consent.
        """
        self.ensure_one()
        connection_sudo, authorization_sudo = self.sudo(), authorization.sudo()
        blank_sudo = connection_sudo.authorization_id
        if connection_sudo._is_other_user(authorization_sudo) or (
            connection_sudo._loses_division(authorization_sudo)
        ):
            connection_sudo._ask(authorization_sudo)
        else:
            connection_sudo._bind(authorization_sudo)
            (blank_sudo - authorization_sudo)._discard_unused()
        for other_sudo in authorization_sudo.connection_ids - connection_sudo:
            # The same user's new consent replaces the one of the other companies too.
            if other_sudo._loses_division(authorization_sudo):
                other_sudo._ask(authorization_sudo)
            elif other_sudo.pending_authorization_id == authorization_sudo:
                other_sudo.pending_authorization_id = False
        for each_sudo in authorization_sudo.connection_ids:
            if not each_sudo.pending_authorization_id:
                self.env["exact.exchange"]._resume_after_connect(each_sudo)

    def _is_other_user(self, authorization):
        """Whether another Exact user of the same country site came back than the one before."""
        self.ensure_one()
        before = self.known_user_id or self.authorization_id.exact_user_id
        country = self.known_country or self.authorization_id.country
        return bool(
            before and country == authorization.country and before != authorization.exact_user_id
        )

    def _loses_division(self, authorization):
        """Whether the division of this connection is not among those of the new consent."""
        self.ensure_one()
        country = self.known_country or self.authorization_id.country
        if not self.division_id or country != authorization.country:
            return False
        return self.division not in self._open_divisions(authorization).mapped("code")

    def _open_divisions(self, authorization):
        return authorization.sudo().division_ids.filtered(lambda division: division._is_open())

    def _ask(self, authorization):
        """Stop until somebody has answered; what was known stays."""
        self.ensure_one()
        self.pending_authorization_id = authorization.id
        self._message_log(body=self.confirm_message)

    def _bind(self, authorization, choose=True):
        """Run as this Exact user from now on; keep the division by its number.

        :param choose: take the only division of the consent where there was none before.
        """
        self.ensure_one()
        values = {
            "authorization_id": authorization.id,
            "pending_authorization_id": False,
            "known_user_id": authorization.exact_user_id,
            "known_user_name": authorization.exact_user_name,
            "known_country": authorization.country,
        }
        divisions = self._open_divisions(authorization)
        if self.division_id not in divisions:
            # Another country site has other books behind the same number.
            moved = self.known_country and self.known_country != authorization.country
            had = 0 if moved else self.division
            same = divisions.filtered(lambda division: division.code == had)
            alone = choose and not self.division and len(divisions) == 1
            only = divisions if alone else divisions.browse()
            # Another company's own division is no choice either.
            only = only.filtered(lambda division: not self._get_users_of(division))
            values["division_id"] = (same or only).id
        self.write(values)

    # === THE ANSWER === #

    def action_keep_user(self):
        """Go on as the Exact user that came back; mappings stay."""
        self.ensure_one()
        self.env["exact.authorization"]._check_system()
        self.check_access("write")
        pending_sudo = self.sudo().pending_authorization_id
        if not pending_sudo:
            return
        before_sudo = self.sudo().authorization_id
        lost = self._loses_division(pending_sudo)
        if lost:
            self.sudo().division_id = False
        self.sudo()._bind(pending_sudo, choose=not lost)
        (before_sudo - pending_sudo)._discard_unused()
        self._message_log(
            body=self.env._("Goes on as Exact user %s.", pending_sudo.exact_user_name)
        )
        self.env["exact.exchange"]._resume_after_connect(self)

    def action_stay_with_user(self):
        """Go on as the Exact user before; the other consent is forgotten."""
        self.ensure_one()
        self.env["exact.authorization"]._check_system()
        self.check_access("write")
        if not self.confirm_can_stay:
            raise UserError(
                self.env._("The connection before does not work any more: connect again.")
            )
        pending_sudo = self.sudo().pending_authorization_id
        self.sudo().pending_authorization_id = False
        pending_sudo._discard_unused()
        self._message_log(body=self.env._("Stays with Exact user %s.", self.exact_user_name))
        self.env["exact.exchange"]._resume_after_connect(self)

    def action_disconnect(self):
        """Forget the tokens; mappings stay (R1). An unanswered consent is forgotten with them."""
        result = super().action_disconnect()
        pending_sudo = self.sudo().pending_authorization_id - self.sudo().authorization_id
        self.sudo().pending_authorization_id = False
        pending_sudo._discard_unused()
        return result

    # === ANOTHER DIVISION === #

    def write(self, vals):
        self._check_consent(vals)
        moved = self.browse()
        if "division_id" in vals:
            books = self._books_of(self.env["exact.division"].browse(vals["division_id"] or []))
            moved = self.filtered(lambda c: c.division_id and c._get_books() != books)
        for connection in moved:
            # Kept while no division is chosen: the links of the contacts still belong to the old one.
            connection.linked_books = connection._get_books()
        result = super().write(vals)
        if vals.get("division_id"):
            self._drop_foreign_links()
        if vals.get("division_id") or vals.get("active"):
            for connection in self.filtered(
                lambda c: c.division_id and not c.pending_authorization_id
            ):
                self.env["exact.exchange"]._resume_after_connect(connection)
        if moved:
            # Row versions belong to a division: start reading from the beginning.
            super(ExactConnection, moved).write(
                {"customer_cursor": "1", "payment_cursor": "1", "refreshed_on": False}
            )
        return result

    def _check_consent(self, vals):
        """Whoever maps and sends may choose among the divisions of this connection's own consent (R3, W13).

        :raises AccessError: another consent is a system administrator's to give; UserError: another
            consent's division.
        """
        if self.env.su or self.env.user.has_group("base.group_system"):
            return
        if {"authorization_id", "pending_authorization_id"} & vals.keys():
            self.env["exact.authorization"]._check_system()
        division_sudo = self.env["exact.division"].sudo().browse(vals.get("division_id") or [])
        if division_sudo and any(
            division_sudo.authorization_id != connection.sudo().authorization_id
            for connection in self
        ):
            raise UserError(
                self.env._(
                    "Division %s cannot be used: it is archived in Exact, or was not ticked on "
                    "Exact's consent page.",
                    division_sudo.code,
                )
            )

    def _get_books(self):
        """The site and division that IDs belong to; the same for whoever connects to them."""
        self.ensure_one()
        return self._books_of(self.division_id)

    @api.model
    def _books_of(self, division):
        return f"{division.authorization_id.sudo().country}/{division.code}"

    def _drop_foreign_links(self):
        """Other books, such as the real ones after practice, know none of the contacts' account IDs."""
        for connection in self.filtered(lambda c: c.linked_books not in (False, c._get_books())):
            self.env["res.partner"].sudo().with_company(connection.company_id).with_context(
                active_test=False
            ).search([("exact_account_id", "!=", False)]).write(
                {
                    "exact_account_id": False,
                    "exact_account_code": False,
                    "exact_account_blocked": False,
                }
            )
            if connection.linked_books.startswith("practice/"):
                # What was sent for practice is not in the real books.
                self.env["account.move"].sudo().search(
                    [("company_id", "=", connection.company_id.id), ("exact_entry_id", "!=", False)]
                )._exact_forget_entry()
            connection.write({"linked_books": False, "books_since": fields.Datetime.now()})
