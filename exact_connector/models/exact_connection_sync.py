from markupsafe import Markup

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
        client = self._get_client()
        # Read everything before the first write: half a refresh would archive what was not read yet.
        answers = [(name, self.env[name].sudo()._read_rows(client)) for name in REFERENCE_MODELS]
        answers += self._read_dimensions(client)
        counts = {name: self.env[name].sudo()._sync(self, rows) for name, rows in answers}
        self.sudo().refreshed_on = fields.Datetime.now()
        self._propose_defaults()
        self._warn_of_changes()
        self._keep_limits(client)
        return counts

    def _warn_of_changes(self):
        """Tell in the chatter which mappings no longer hold, before the next document fails (R10, R17)."""
        env = self.env
        warnings = []
        taxes = env["account.tax"].search([("exact_vat_code_id.connection_id", "=", self.id)])
        for tax in taxes:
            code = tax.exact_vat_code_id
            if code.type == "I":
                warnings.append(
                    env._(
                        "VAT code %(code)s of tax %(tax)s is of type Including now.",
                        code=code.display_name,
                        tax=tax.display_name,
                    )
                )
            elif not code.active:
                warnings.append(
                    env._(
                        "VAT code %(code)s of tax %(tax)s is blocked or gone in Exact.",
                        code=code.display_name,
                        tax=tax.display_name,
                    )
                )
        items = (
            env["exact.item"]
            .with_context(active_test=False)
            .search([("connection_id", "=", self.id)])
        )
        in_use = (
            env["product.template"]
            .with_company(self.company_id)
            .search([("exact_item_id", "in", items.ids)])
            .mapped("exact_item_id")
            | env["product.category"]
            .with_company(self.company_id)
            .search([("exact_item_id", "in", items.ids)])
            .mapped("exact_item_id")
            | self.default_item_id
        )
        for item in in_use:
            if not item.active:
                warnings.append(env._("Item %s is gone in Exact.", item.display_name))
            elif self.only_divisible_items and not item.is_divisible:
                warnings.append(env._("Item %s is not divisible in Exact.", item.display_name))
            elif not item.gl_account_id:
                warnings.append(
                    env._("Item %s has no revenue account in Exact.", item.display_name)
                )
        settings = (
            self.sale_journal_id,
            self.refund_journal_id,
            self.default_payment_condition_id,
            self.default_vat_code_id,
        )
        warnings += [
            env._("%s is blocked or gone in Exact.", record.display_name)
            for record in settings
            if record and not record.active
        ]
        if warnings:
            self._message_log(body=Markup("<br/>").join(dict.fromkeys(warnings)))
        return warnings

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

    def _propose_defaults(self):
        """Fill empty settings with what is right for most offices; never overwrite (R5, requirements 1)."""
        self.ensure_one()
        values = {}
        journals = self.env["exact.journal"].search(
            [("connection_id", "=", self.id), ("type", "in", ("20", "21"))], order="type, code"
        )
        sales = journals.filtered(lambda journal: journal.type == "20")
        if not self.sale_journal_id and sales:
            values["sale_journal_id"] = sales[0].id
        if not self.refund_journal_id and sales:
            credit = sales.filtered(lambda journal: "credit" in (journal.name or "").lower())
            values["refund_journal_id"] = (credit or sales)[0].id
        codes = self.env["exact.vat.code"].search([("connection_id", "=", self.id)], order="code")
        if not self.default_vat_code_id:
            values["default_vat_code_id"] = codes._standard_rate(self.division_id.country_code).id
        if not self.no_tax_vat_code_id:
            values["no_tax_vat_code_id"] = codes.filtered(lambda code: code.type == "N")[:1].id
        if not self.default_payment_condition_id:
            conditions = self.env["exact.payment.condition"].search(
                [("connection_id", "=", self.id)]
            )
            values["default_payment_condition_id"] = conditions._usual().id
        values = {name: value for name, value in values.items() if value}
        if values:
            self.sudo().write(values)

    def action_open_mapping(self):
        """Proposals for what is in use and not mapped yet."""
        self.ensure_one()
        self._check_manager()
        return self.env["exact.mapping.wizard"]._open(self)

    # === CUSTOMERS AND PAID STATUS === #

    def action_import_customers(self):
        """Import now, in the background, on a page that shows how far it is (R36)."""
        self.ensure_one()
        self._check_manager()
        exchange = self.env["exact.exchange"]._enqueue_run(self, "customer_import")
        self.env.ref("exact_connector.ir_cron_process_exchanges").sudo()._trigger()
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
        exchanges._drive()

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
