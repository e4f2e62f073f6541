from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError

from .exact_exchange import OPEN_STATES
from .exact_exchange_drive import BatchStop

# What may follow on a booked entry, or on a draft in Exact, each with a state and a retry of its own.
STEP_KINDS = (
    "document",
    "entry_update",
    "entry_delete",
    "invoice_print",
    "invoice_delete",
    "invoice_pdf",
)


class ExactExchange(models.Model):
    """The steps after booking: none of them can hold up, or fail, the entry itself.

    Each kind has a worker in a file of its own, ``_drive_<kind>``.
    """

    _inherit = "exact.exchange"

    kind = fields.Selection(
        selection_add=[
            ("document", "PDF to Exact"),
            ("entry_update", "Update in Exact"),
            ("entry_delete", "Deletion in Exact"),
            ("invoice_print", "Printing in Exact"),
            ("invoice_delete", "Cancellation in Exact"),
            ("invoice_pdf", "PDF from Exact"),
        ],
        ondelete={kind: "cascade" for kind in STEP_KINDS},
    )
    # What went across stays as history when the document is gone.
    move_id = fields.Many2one(ondelete="set null")
    document_name = fields.Char(
        readonly=True, help="Name of a document that was deleted in Odoo, or has no number yet."
    )
    follow_up = fields.Selection(
        [("draft", "Reset to Draft"), ("cancel", "Cancel")],
        "Then in Odoo",
        readonly=True,
        help="What becomes of the document once its entry is gone in Exact.",
    )

    _document_uniq = models.UniqueIndex(
        "(connection_id, move_id) WHERE kind = 'document'",
        "The PDF of this document is already on its way to Exact.",
    )
    _correction_uniq = models.UniqueIndex(
        "(connection_id, move_id, kind) WHERE kind IN ('entry_update', 'entry_delete') "
        "AND state IN ('pending', 'sending', 'waiting', 'unclear')",
        "The same correction of this document is already on its way to Exact.",
    )

    @api.depends("document_name")
    def _compute_name(self):
        result = super()._compute_name()
        labels = dict(self._fields["kind"].selection)
        for exchange in self.filtered("document_name"):
            exchange.name = f"{labels.get(exchange.kind, '')} {exchange.document_name}"
        return result

    @api.depends("document_name")
    def _compute_display_name(self):
        result = super()._compute_display_name()
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for exchange in self.filtered("document_name"):
            exchange.display_name = f"{labels.get(exchange.kind, '')} {exchange.document_name}"
        return result

    # === ENQUEUE === #

    @api.model
    def _enqueue_step(self, connection, kind, move, **values):
        """The open or failed step of this kind for ``move``, pending; made where there is none.

        Done ones are history: the next correction is a new one. A PDF has one exchange for good,
        since what was attached is remembered on it.
        """
        states = (*OPEN_STATES, "failed")
        domain = [
            ("connection_id", "=", connection.id),
            ("kind", "=", kind),
            ("move_id", "=", move.id),
        ]
        if kind != "document":
            domain.append(("state", "in", states))
        step_sudo = self.sudo().search(domain, limit=1)
        if step_sudo:
            if step_sudo.state in ("failed", "done", "cancelled"):
                step_sudo.state = "pending"
            step_sudo.write({**values, "user_id": self.env.uid})
            return self.browse(step_sudo.id)
        try:
            step_sudo = step_sudo.create(
                {
                    "connection_id": connection.id,
                    "kind": kind,
                    "move_id": move.id,
                    "user_id": self.env.uid,
                    **values,
                }
            )
        except UniqueViolation as error:
            raise ConcurrencyError(str(error)) from error
        return self.browse(step_sudo.id)

    def action_retry(self):
        """A document that was deleted in Odoo has nothing left to send."""
        gone = self.filtered(lambda e: e.document_name and not e.move_id)
        if gone and gone == self:
            raise UserError(
                self.env._("The document was deleted in Odoo: this is kept as history only.")
            )
        return super(ExactExchange, self - gone).action_retry()

    # === DRIVER === #

    def _drive_steps(self, client):
        """The steps among these exchanges, and the PDFs that their entries have just asked for.

        :raises BatchStop: limit, outage or reconnect, or the time of this run is over.
        """
        steps = self | self._new_documents()
        for kind in STEP_KINDS:
            exchanges = steps.filtered(lambda step, kind=kind: step.kind == kind)
            exchanges._drive_each(f"_drive_{kind}", client)

    def _new_documents(self):
        """The PDFs that wait for no other reason than that their entry came first."""
        if not self.connection_id.attach_pdf:
            return self.browse()
        moves = self.filtered(lambda exchange: exchange.kind == "sales_entry").move_id
        return self.search(
            [
                ("kind", "=", "document"),
                ("state", "=", "pending"),
                ("connection_id", "=", self.connection_id.id),
                ("move_id", "in", moves.ids),
            ],
            order="id",
        )

    def _settle_step_error(self, error):
        """What Exact answered; stops the batch where all would meet the same.

        :raises BatchStop: see :meth:`_settle_error`.
        """
        stop = self._settle_error(error)
        self._commit(1)
        if stop:
            raise BatchStop from error

    # === TELLING === #

    def _tell(self):
        if self.kind not in STEP_KINDS:
            return super()._tell()
        label = dict(self._fields["kind"]._description_selection(self.env))[self.kind]
        text = "\n".join(filter(None, [self.message, self.exact_message]))
        return self.move_id._message_log(body=f"{label}: {text}")

    def _one_title(self):
        if self.kind not in STEP_KINDS:
            return super()._one_title()
        env = self.env
        done = {
            "document": env._("PDF in Exact"),
            "entry_update": env._("Updated in Exact"),
            "entry_delete": env._("Deleted in Exact"),
            "invoice_print": env._("Printed in Exact"),
            "invoice_delete": env._("Cancelled in Exact"),
        }
        if self.state == "done":
            return done[self.kind]
        return {
            "failed": env._("Not done in Exact"),
            "unclear": env._("Perhaps done in Exact"),
        }.get(self.state, env._("Waits to go to Exact"))

    def _one_line(self):
        if self.kind not in STEP_KINDS or self.state == "pending":
            return super()._one_line()
        text = (self.notes if self.state == "done" else self.message) or ""
        return f"{self.move_id.name or self.document_name or ''}: {text}".strip(": ")
