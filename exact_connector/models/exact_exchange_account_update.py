from odoo import api, fields, models

from ..client import ExactError, OutcomeUnknown
from ..resolution import Problem
from .exact_exchange_drive import BatchStop


class ExactExchange(models.Model):
    """Worker for customers changed in Odoo: read the account, settle what both sides changed, send the rest."""

    _inherit = "exact.exchange"

    kind = fields.Selection(
        selection_add=[("account_update", "Customer Update")],
        ondelete={"account_update": "cascade"},
    )

    @api.model
    def _enqueue_updates(self, connection, partners):
        """The exchanges that bring changes of these contacts to Exact; a contact has one, used again each time."""
        known_sudo = self.sudo().search(
            [
                ("connection_id", "=", connection.id),
                ("kind", "=", "account_update"),
                ("partner_id", "in", partners.ids),
            ]
        )
        known_sudo.filtered(lambda e: e.state != "sending").write(
            {"state": "pending", "user_id": self.env.uid, "retry_at": False}
        )
        made_sudo = known_sudo.create(
            [
                {
                    "connection_id": connection.id,
                    "kind": "account_update",
                    "partner_id": partner.id,
                    "user_id": self.env.uid,
                }
                for partner in partners - known_sudo.partner_id
            ]
        )
        return self.browse((known_sudo | made_sudo).ids)

    def _drive_account_update(self, client):
        """One read, and one PUT where something is left to send. A PUT says the same twice: it may be repeated."""
        self.ensure_one()
        mapper = self.env["exact.mapper.account"]
        connection, partner = self.connection_id, self._partner_in_company()
        account = partner.exact_account_id
        if not account:
            self._settle_done(False, False)
            self._commit(1)
            return
        try:
            self._hold_for_limit(client)
            row = client.get("crm/Accounts", account, select=list(mapper._select))
            if row is None:
                partner._exact_unlink_gone()
                self._settle_problems(
                    [
                        Problem(
                            "customer_deleted",
                            self.env._(
                                "The relation of %s is gone in Exact.", partner.display_name
                            ),
                            partner,
                        )
                    ]
                )
                self._commit(1)
                return
            partner._exact_take_over(connection, row)
            values = mapper._exact_changes(partner, connection)
            if values:
                if not self._start_attempt(values):
                    return
                client.update("crm/Accounts", account, values)
        except ExactError as error:
            stop = self._settle_error(error)
            if isinstance(error, OutcomeUnknown):
                # Nothing to look up: sending it again says the same.
                self.state = "waiting"
            self._commit(1)
            if stop:
                raise BatchStop from error
            return
        if values:
            partner.exact_account_seen = mapper._seen_after_update(partner, values)
        self._settle_done(account, partner.exact_account_code)
        self.payload = values or False
        if values:
            partner._exact_log_exchange(self)
        self._commit(1)
