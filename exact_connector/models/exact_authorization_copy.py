from odoo import fields, models

from ..client import AuthError


class ExactToken(models.Model):
    _inherit = "exact.token"

    database_uuid = fields.Char(
        groups=fields.NO_ACCESS,
        copy=False,
        help="The database that was connected; a copy has another.",
    )
    # Not kept from everybody: what is, is cut out of every text of a support parcel.
    database_name = fields.Char(groups="base.group_system", readonly=True, copy=False)
    database_oid = fields.Char(
        groups="base.group_system",
        readonly=True,
        copy=False,
        help="PostgreSQL's own number of the database, which a renamed one keeps and a copy does not.",
    )

    def _get_database_values(self):
        """What tells this database from a copy."""
        self.env.cr.execute(
            "SELECT datname, oid::text FROM pg_database WHERE datname = current_database()"
        )
        name, oid = self.env.cr.fetchone()
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return {"database_uuid": uuid, "database_name": name, "database_oid": oid}

    def _is_copied(self):
        """Whether this database is a copy of the one that got these tokens.

        A copy that Odoo made has another ID. One that PostgreSQL made has the same: it is known by its
        name, where it stands beside the original. A database that was renamed, or that moved to
        another server, is no copy.
        """
        if not self.database_uuid:
            return False
        parameters = self.env["ir.config_parameter"].sudo()
        if self.database_uuid != parameters.get_param("database.uuid"):
            return True
        if self.database_name in (False, self.env.cr.dbname):
            return False
        self.env.cr.execute(
            """
            SELECT own.oid::text <> %s
              FROM pg_database own, pg_database original
             WHERE own.datname = current_database() AND original.datname = %s
            """,
            [self.database_oid, self.database_name],
        )
        found = self.env.cr.fetchone()
        return bool(found and found[0])


class ExactAuthorization(models.Model):
    """A copy of the database, made without neutralising it, neither books in the real division nor
    takes the tokens from the original: each refresh would make the other one's token worthless (API 1.5).

    Not noticed is what looks the same from within: a copy under the same name on another server, or
    one that has taken the name of the original (docs/security.md).
    """

    _inherit = "exact.authorization"

    def _get_access_token(self, rejected=None):
        """:raises AuthError: also in a copy of the database that was connected."""
        self.ensure_one()
        token_sudo = self.sudo().token_ids[:1]
        if token_sudo._is_copied():
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
        token_sudo = self.sudo().token_ids[:1]
        token_sudo.write(token_sudo._get_database_values())
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
