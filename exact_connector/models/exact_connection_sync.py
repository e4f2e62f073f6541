from odoo import api, fields, models
from odoo.exceptions import UserError

from ..client import ExactError

REFERENCE_MODELS = (
    "exact.gl.account",
    "exact.vat.code",
    "exact.journal",
    "exact.payment.condition",
    "exact.item",
)


class ExactConnection(models.Model):
    """What a connection reads by itself or at a press of a button: reference data, customers, paid status."""

    _inherit = "exact.connection"

    # === REFERENCE DATA === #

    def _refresh_reference_data(self):
        """Read all pages of the division's reference data; blocked and vanished ones are archived.

        :return: dict of model name -> number of records in use.
        :raises ExactError: what Exact answered; nothing is changed then.
        """
        self.ensure_one()
        # A person who presses the button waits for it; by night it leaves calls to others.
        lane = "click" if self._get_lane() == "click" else "bulk"
        client = self._get_client(lane, "reference")
        # Read everything before the first write: half a refresh would archive what was not read yet.
        answers = [(name, self.env[name].sudo()._read_rows(client)) for name in REFERENCE_MODELS]
        answers += self._read_dimensions(client)
        counts = {name: self.env[name].sudo()._sync(self, rows) for name, rows in answers}
        self.sudo().refreshed_on = fields.Datetime.now()
        self._propose_defaults()
        self._warn_of_changes()
        return counts

    def action_refresh_reference_data(self):
        """Refresh now and say what came."""
        self.ensure_one()
        self._check_manager()
        try:
            counts = self._refresh_reference_data()
        except ExactError as error:
            raise UserError(self.env["exact.cause"]._explain(error)) from error
        lines = [f"{self.env[name]._description}: {count}" for name, count in counts.items()]
        return self._notify(self.env._("Reference data refreshed"), ", ".join(lines), "success")

    @api.model
    def _cron_refresh_reference_data(self):
        """Nightly: catches a VAT code that became "including", an item that is no longer divisible (R10, R17)."""
        for connection in self._search_connected():
            try:
                connection._refresh_reference_data()
            except (ExactError, UserError) as error:
                self.env.cr.rollback()  # pylint: disable=invalid-commit
                text = (
                    self.env["exact.cause"]._explain(error)
                    if isinstance(error, ExactError)
                    else str(error)
                )
                connection._message_log(body=text)
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def action_open_mapping(self):
        """The mapping screens, at the first kind that still has something open."""
        self.ensure_one()
        return self.env["exact.mapping.wizard"]._open(self)

    # === CUSTOMERS AND PAID STATUS === #

    def action_import_customers(self):
        """Import now, in the background, on a page that shows how far it is (R36)."""
        self.ensure_one()
        self._check_manager()
        exchange = self.env["exact.exchange"]._enqueue_run(self, "customer_import")
        exchange._schedule()
        return exchange._get_form_action()

    def action_import_all_customers(self):
        """Read every customer again, not only what changed since the last time."""
        self._check_manager()
        self.sudo().customer_cursor = "1"
        return self.action_import_customers()

    def action_refresh_payments(self):
        """Fetch the paid status now (R32)."""
        self.ensure_one()
        self.check_access("read")
        exchange = self.env["exact.exchange"]._enqueue_run(self, "payment_sync")
        return exchange._run_and_report()

    @api.model
    def _cron_import_customers(self):
        """Nightly import for the connections that want it; only what changed (R38)."""
        self._cron_run("customer_import", lambda connection: connection.import_customers)

    @api.model
    def _cron_sync_payments(self):
        """Paid status of every connection, independent of automatic sending (R32)."""
        self._cron_run("payment_sync", lambda connection: True)

    @api.model
    def _cron_run(self, kind, wanted):
        connections = self._search_connected().filtered(wanted)
        exchanges = self.env["exact.exchange"]
        for connection in connections:
            exchanges |= exchanges._enqueue_run(connection, kind)
        exchanges._drive_in_background()

    def _notify(self, title, message, kind):
        """A notice on the user's screen that also reloads what is behind it."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": title,
                "message": message,
                "type": kind,
                "sticky": kind != "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
