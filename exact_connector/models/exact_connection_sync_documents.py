from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ExactConnection(models.Model):
    """Bringing documents across: by hand with the Sync button, or by itself (R28, R31)."""

    _inherit = "exact.connection"

    first_sync_on = fields.Datetime(
        "First Synchronisation on",
        readonly=True,
        copy=False,
        help="When somebody first pressed Sync with Exact.",
    )

    def action_sync(self):
        """All that is due now: customers, documents, paid status. A few at once, many in the background (R28)."""
        self._check_exact_user()
        ready = self.filtered(lambda c: c.state == "connected" and c.start_date)
        left_out = [connection._why_no_sync() for connection in self - ready]
        if not ready:
            raise UserError("\n".join(left_out))
        runs = self.env["exact.sync.run"]
        for connection in ready:
            runs |= runs._start(connection)
        runs_sudo = runs.sudo()
        if any(run.in_background for run in runs_sudo) or not runs_sudo._few():
            runs_sudo.in_background = True
            runs_sudo.exchange_ids._schedule()
            return runs._open()
        runs.exchange_ids._drive()
        for run in runs_sudo:
            if run.try_lock_for_update():
                run._advance()
            # What has to wait a minute, as for Exact's limit, is told when it has come to its end.
            run.in_background = run.state != "done"
        return runs._report(left_out)

    def _why_no_sync(self):
        """Why nothing can go for this company, and who mends it."""
        self.ensure_one()
        if self.state != "connected":
            return self.env._(
                "%s: not connected to Exact Online any more. A system administrator must reconnect it.",
                self.company_id.name,
            )
        return self.env._(
            "%s: no start date yet. A manager of Exact Online fills it in on the connection.",
            self.company_id.name,
        )

    def _check_exact_user(self):
        """:raises AccessError: for a user outside the group, or another company's connection."""
        if not self.env.su and not self.env.user.has_group("exact_connector.group_exact_user"):
            raise AccessError(self.env._("Only an Exact Online user can do this."))
        self.check_access("read")

    def action_open_sync_runs(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_sync_run"
        )
        action["domain"] = [("connection_id", "=", self.id)]
        return action

    # === BY ITSELF === #

    @api.model
    def _cron_send_documents(self):
        """Send what is due for the connections that send automatically (R31, R57).

        What is more than one run takes is not forgotten: the next run starts at once.
        """
        exchanges, documents = self.env["exact.exchange"], self.env["account.move"]
        beyond = False
        for connection in self._search_connected([("auto_send", "=", True)]):
            due = documents._exact_search_due(connection)
            beyond = beyond or len(due) == documents._exact_batch_size()
            exchanges |= exchanges._enqueue_moves(connection, due)
        exchanges._drive_in_background()
        if beyond:
            self.env.ref("exact_connector.ir_cron_send_documents").sudo()._trigger()

    # === PAID STATUS === #

    def _refresh_payments_since(self, day):
        """Ask for the paid status of every document since ``day``, in the background (R32)."""
        self._check_exact_user()
        exchange = self.env["exact.exchange"]._enqueue_run(self, "payment_sync")
        exchange.sudo().paid_since = day
        exchange._schedule()
        return exchange._get_form_action()
