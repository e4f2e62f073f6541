from odoo import api, fields, models

from ..client import AuthError


class ExactToken(models.Model):
    _inherit = "exact.token"

    database_uuid = fields.Char(
        groups=fields.NO_ACCESS,
        copy=False,
        help="The database that was connected; a copy has another.",
    )


class ExactAuthorization(models.Model):
    """A copy of the database, made without neutralising it, neither books in the real division nor
    takes the tokens from the original: each refresh would make the other one's token worthless (API 1.5).

    Odoo gives a copy an ID of its own; a copy that PostgreSQL made keeps it and is not noticed.
    """

    _inherit = "exact.authorization"

    def _get_access_token(self, rejected=None):
        """:raises AuthError: also in a copy of the database that was connected."""
        self.ensure_one()
        token_sudo = self.sudo().token_ids[:1]
        if token_sudo.database_uuid and token_sudo.database_uuid != self._get_database_uuid():
            raise AuthError(self._mark_as_copy())
        return super()._get_access_token(rejected)

    def _mark_as_copy(self):
        """Say at the connection what is the matter, whatever becomes of the caller's transaction."""
        reason = self.env._(
            "This database is a copy of the one that was connected to Exact Online. Connect it only if "
            "this copy shall work with Exact from now on: the same Exact user can be connected in one "
            "database at a time."
        )
        with self.env.registry.cursor() as cr:
            token_sudo = self.with_env(self.env(cr=cr, su=True)).token_ids[:1]
            if token_sudo.dead_reason != reason:
                token_sudo.dead_reason = reason
        self.invalidate_recordset(["state", "last_error", "token_ids"])
        return reason

    def _store_tokens(self, tokens, asked_on=None):
        result = super()._store_tokens(tokens, asked_on)
        self.sudo().token_ids[:1].database_uuid = self._get_database_uuid()
        return result

    def write(self, vals):
        """Tokens belong to the site and the app that gave them: another one never gets to see them."""
        moved = self.filtered(
            lambda each: any(
                name in vals and vals[name] != each.sudo()[name]
                for name in ("country", "client_id")
            )
        )
        result = super().write(vals)
        moved.sudo().token_ids.unlink()
        return result

    @api.model
    def _get_database_uuid(self):
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")
