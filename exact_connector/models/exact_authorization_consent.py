from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import clock
from ..client import ExactClient, RightsError, oauth

# Divisions tried to learn which ones a consent covers.
MOST_TRIES = 5


class ExactAuthorization(models.Model):
    """Connecting: the way to Exact's consent page, and what comes back from it (R1, W13)."""

    _inherit = "exact.authorization"

    def _get_consent_url(self, connection, back="settings"):
        """Exact's consent page, with a one-time state bound to user and connection (R1).

        :param back: where the browser goes afterwards, see ``exact.oauth.state``.
        """
        self.ensure_one()
        authorization_sudo = self.sudo()
        if not (authorization_sudo.client_id and authorization_sudo.client_secret):
            raise UserError(
                self.env._(
                    "Fill in the client ID and the client secret of your app in Exact's App Centre first."
                )
            )
        return oauth.authorization_url(
            self._get_base_url(),
            authorization_sudo.client_id,
            self._get_redirect_uri(),
            self.env["exact.oauth.state"]._issue(self._for_consent(), connection, back),
        )

    def _for_consent(self):
        """The record that a consent lands on: a blank one beside this where somebody is connected already.

        Who comes back is known only afterwards: another Exact user's tokens must not replace these (W13).
        """
        if not self.sudo().exact_user_id:
            return self
        return self.sudo().create(self._get_app_values()).sudo(False)

    def _get_app_values(self):
        authorization_sudo = self.sudo()
        return {
            "country": self.country,
            "client_id": authorization_sudo.client_id,
            "client_secret": authorization_sudo.client_secret,
        }

    def _connect(self, code):
        """Trade the consent's code for tokens and learn who connected. Called by the OAuth return only.

        :return: the authorization that holds the tokens: this one, the one that the same Exact
            user, app and country already had, or a new one where this is another user's.
        :raises ExactError: what Exact refused; nothing is stored then.
        """
        self.ensure_one()
        authorization_sudo = self.sudo()
        tokens = oauth.fetch_token(
            self._get_base_url(),
            authorization_sudo.client_id,
            authorization_sudo.client_secret,
            self._get_redirect_uri(),
            code,
        )

        def client(division):
            return ExactClient(
                self._get_base_url(), division, lambda rejected=None: tokens.access_token
            )

        me = client(None).me()
        same_app_sudo = authorization_sudo.search(
            [
                ("country", "=", self.country),
                ("client_id", "=", authorization_sudo.client_id),
                ("exact_user_id", "!=", False),
            ]
        )
        twin_sudo = same_app_sudo.filtered(lambda other: other.exact_user_id == me.get("UserID"))
        divisions = self._read_divisions(
            client, [me.get("CurrentDivision"), *(twin_sudo | same_app_sudo)._get_codes()]
        )
        if twin_sudo or not authorization_sudo.exact_user_id:
            # Same app, user and country: this consent has killed the twin's tokens, so share the record.
            kept_sudo = twin_sudo[:1] or authorization_sudo
            kept_sudo._keep_tokens(tokens)
        else:
            # Not visible to another cursor yet, so stored with this transaction.
            kept_sudo = authorization_sudo.create(self._get_app_values())
            kept_sudo._store_tokens(tokens)
            kept_sudo._add_token_call(clock.now(self.env))
        kept_sudo.write(
            {
                "client_secret": authorization_sudo.client_secret,
                "exact_user_id": me.get("UserID"),
                "exact_user_name": me.get("FullName") or me.get("UserName"),
                "connected_on": fields.Datetime.now(),
                "connected_by_id": self.env.uid,
            }
        )
        self.env["exact.division"].sudo()._sync(kept_sudo, divisions)
        return kept_sudo.sudo(False)

    def _discard_unused(self):
        """Drop what no connection uses: blanks of a cancelled consent, users that were replaced."""
        for authorization_sudo in self.sudo().with_context(active_test=False):
            used = authorization_sudo.connection_ids | authorization_sudo.asking_connection_ids
            if not used:
                authorization_sudo.unlink()

    @api.autovacuum
    def _gc_blank(self):
        """Blanks of consents that never came back."""
        yesterday = fields.Datetime.now() - timedelta(days=1)
        self.search(
            [("exact_user_id", "=", False), ("create_date", "<", yesterday)]
        )._discard_unused()

    def _get_codes(self):
        """Numbers of the divisions known here, archived ones too."""
        return self.with_context(active_test=False).division_ids.mapped("code")

    @api.model
    def _read_divisions(self, client, codes):
        """The divisions this consent may use; any one of them in the address lists them all (API 5.2).

        The user's current division may not be among them (API 1.6): those known before are tried then.

        :param client: function of a division code.
        :param codes: what to try, likeliest first.
        """
        select = [
            "Code",
            "Description",
            "CustomerName",
            "VATNumber",
            "Country",
            "Currency",
            "Status",
        ]
        # Ten refusals within an hour would shut the app out (API 2).
        codes = list(dict.fromkeys(codes))[:MOST_TRIES]
        for code in codes:
            try:
                return client(code).rows("system/Divisions", select=select)
            except RightsError:
                if code == codes[-1]:
                    raise
        return []
