"""What is cleared away after some time, and what never is."""

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .account_move import SENT_KINDS
from .exact_exchange import RUN_KINDS, SEND_KINDS

# So many records are cleared away in one go; the next go comes at once where there are more.
BATCH = 1000
# Logs of what is over: nothing asks for them again. A customer carries its link itself; before one is created
# anew, Exact is asked for it.
LOG_KINDS = (*RUN_KINDS, "account", "account_update")
# What nothing needs of the values sent once a document is paid; its reference, customer, journal, dates and
# condition stay for looking it up, for the comparison and for its story.
LINE_PROPERTIES = ("SalesEntryLines", "SalesInvoiceLines")


class ExactExchange(models.Model):
    """Clearing away by rule: only what went well, is older than the connection keeps it, and is not asked for again.

    Never what is pending, sending, waiting, unclear, failed or cancelled; never the exchange of a
    document or of its steps: they know the references under which Exact has it. The invoice and the
    entry, which the law wants kept, are in Odoo and in Exact, not here.
    """

    _inherit = "exact.exchange"

    lines_cleared = fields.Boolean(readonly=True, help="The lines sent were cleared away.")

    @api.model
    def _enqueue(self, connection, kind, field, records):
        """What was there when the add-on was taken out may be in Exact, though nothing here knows: looked up first."""
        exchanges = super()._enqueue(connection, kind, field, records)
        parameters = self.env["ir.config_parameter"].sudo()
        taken_out = fields.Datetime.to_datetime(
            parameters.get_param("exact_connector.taken_out_on")
        )
        if taken_out and kind in SENT_KINDS:
            exchanges.sudo().filtered(
                lambda e: (
                    not e.attempts
                    and e.move_id.create_date <= taken_out
                    # An invoice that Exact makes was on its way where it has its reference already.
                    and (kind == "sales_entry" or e.move_id.exact_reference)
                )
            ).attempts = 1
        return exchanges

    @api.autovacuum
    def _gc_log(self):
        """Delete old logs, in batches.

        :return: (number of records cleared away, whether there are more).
        """
        done, more = 0, False
        for connection, before in self._get_horizons():
            old = self.search(
                [
                    ("connection_id", "=", connection.id),
                    ("kind", "in", LOG_KINDS),
                    ("state", "=", "done"),
                    ("done_on", "<", before),
                    # The last of each run tells when it was and what came of it.
                    ("id", "not in", self._get_last_runs(connection).ids),
                ],
                order="id",
                limit=BATCH,
            )
            runs = self.env["exact.sync.run"].search(
                [
                    ("connection_id", "=", connection.id),
                    ("state", "=", "done"),
                    ("done_on", "<", before),
                    ("exchange_ids", "not any", [("state", "not in", ("done", "cancelled"))]),
                ],
                order="id",
                limit=BATCH,
            )
            done += len(old) + len(runs)
            more |= len(old) == BATCH or len(runs) == BATCH
            runs.unlink()
            old.unlink()
        return done, more

    @api.autovacuum
    def _gc_sent_lines(self):
        """Take the lines out of the values sent of documents that are paid, in batches.

        :return: (number of exchanges, whether there are more).
        """
        done, more = 0, False
        for connection, before in self._get_horizons():
            old = self.search(
                [
                    ("connection_id", "=", connection.id),
                    ("kind", "in", SENT_KINDS),
                    ("state", "=", "done"),
                    ("done_on", "<", before),
                    ("lines_cleared", "=", False),
                    ("move_id.payment_state", "in", ("paid", "reversed")),
                ],
                order="id",
                limit=BATCH,
            )
            for exchange in old:
                payload = exchange.payload
                if isinstance(payload, dict):
                    # The names stay: they tell that this was sent by us.
                    exchange.payload = {
                        name: [] if name in LINE_PROPERTIES else value
                        for name, value in payload.items()
                    }
            old.lines_cleared = True
            done += len(old)
            more |= len(old) == BATCH
        return done, more

    @api.model
    def _get_horizons(self):
        """Connections that clear away, each with the moment before which."""
        connections = self.env["exact.connection"].with_context(active_test=False)
        now = fields.Datetime.now()
        return [
            (connection, now - relativedelta(months=connection.keep_months))
            for connection in connections.search([("keep_months", ">", 0)])
        ]

    @api.model
    def _get_last_runs(self, connection):
        """The last run of each kind."""
        domain = [("connection_id", "=", connection.id), ("state", "=", "done")]
        return self.browse().union(
            *(
                self.search([*domain, ("kind", "=", kind)], order="id desc", limit=1)
                for kind in RUN_KINDS
            )
        )


class ExactConnection(models.Model):
    _inherit = "exact.connection"

    keep_months = fields.Integer(
        "Keep the Log for (Months)",
        default=24,
        tracking=True,
        help="What went well longer ago is cleared away: runs, customers sent, and the lines sent of paid documents. "
        "What is not settled always stays. 0: for ever.",
    )

    @api.constrains("keep_months")
    def _check_keep_months(self):
        if any(connection.keep_months < 0 for connection in self):
            raise ValidationError(self.env._("The log is kept for 0 (for ever) or more months."))

    @api.ondelete(at_uninstall=False)
    def _unlink_with_exchanges(self):
        """Its exchanges go first, unless one of them may have reached Exact and is not settled."""
        exchanges = self.env["exact.exchange"].sudo().search([("connection_id", "in", self.ids)])
        for connection, own in exchanges.grouped("connection_id").items():
            open_ones = own.filtered(
                lambda e: (
                    e.state in ("sending", "unclear")
                    or (e.kind in SEND_KINDS and e.attempts and e.state != "done")
                )
            )
            if open_ones:
                raise UserError(
                    self.env._(
                        "%(connection)s cannot be deleted: whether %(subject)s is in Exact is not settled (%(count)s "
                        "in all), and without the connection it could be booked twice. Settle them under Exchanges "
                        "first, or archive the connection instead.",
                        connection=connection.name,
                        subject=open_ones[0].display_name,
                        count=len(open_ones),
                    )
                )
        exchanges.unlink()


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    exact_keep_months = fields.Integer("Keep the Exact Log for (Months)")
