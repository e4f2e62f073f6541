import secrets
import string

from odoo import api, fields, models
from odoo.exceptions import UserError

# What our reference in Exact starts with, and how many random characters follow.
REFERENCE_MARK, REFERENCE_LENGTH = "OD-", 8
# No characters that a person confuses when reading one aloud.
REFERENCE_LETTERS = "".join(c for c in string.ascii_uppercase + string.digits if c not in "0O1IL")


class ExactExchange(models.Model):
    """The exchange of a sales invoice that Exact makes (R44-R49): what asks for it, and what it was made from.

    The worker stands in ``exact_exchange_invoice_drive.py``, the steps after it in
    ``exact_exchange_invoice_steps.py``.
    """

    _inherit = "exact.exchange"

    kind = fields.Selection(
        selection_add=[("sales_invoice", "Sales Invoice"), ("account",)],
        ondelete={"sales_invoice": "cascade"},
    )
    selection = fields.Json(
        readonly=True, help="What the invoice was made from, to open the same selection again."
    )
    former_references = fields.Char(
        readonly=True, help="References of failed invoices of the same selection; looked up too."
    )
    print_invoice = fields.Boolean(
        "Print at Once",
        readonly=True,
        help="Exact numbers and prints the invoice as soon as its totals agree.",
    )

    _invoice_uniq = models.UniqueIndex(
        "(connection_id, move_id) WHERE kind = 'sales_invoice'",
        "This invoice is already on its way to Exact.",
    )

    # === ENQUEUE === #

    @api.model
    def _enqueue_invoices(self, connection, moves, print=None, selection=None):
        """The exchanges that make sales invoices in Exact of ``moves``, pending; they get their reference here.

        :param moves: draft documents of a journal that is invoiced in Exact.
        :param print: whether Exact numbers and prints them at once; None: as the connection says.
        :param selection: what they were made from (Json): one value for all, or a dict of document
            -> value. Where it is given, the documents are deleted again when nothing comes of them (R49).
        """
        exchanges = self._enqueue(connection, "sales_invoice", "move_id", moves)
        if print is None:
            print = connection.invoice_print == "print"
        each = isinstance(selection, dict) and all(
            isinstance(key, models.Model) for key in selection
        )
        for exchange in exchanges.sudo():
            move = exchange.move_id
            if not move.exact_reference:
                move.with_context(skip_invoice_sync=True).exact_reference = self._new_reference()
            values = {
                "print_invoice": print,
                "document_name": move._exact_invoice_label(),
                # Whose it was, when the document is gone again.
                "partner_id": move.commercial_partner_id.id,
            }
            found = selection.get(move) if each else selection
            if found is not None:
                values["selection"] = found
            exchange.write(values)
        exchanges.sudo()._supersede()
        return exchanges

    def _supersede(self):
        """What failed before and is sent again now is no longer to be mended."""
        taken = {key for exchange in self for key in _keys(exchange.selection)}
        if not taken:
            return
        olds = self.search(
            [
                ("connection_id", "in", self.connection_id.ids),
                ("kind", "=", "sales_invoice"),
                ("state", "in", ("failed", "cancelled")),
                ("move_id", "=", False),
                ("id", "not in", self.ids),
            ]
        ).filtered(
            lambda exchange: (
                # Taken back before it was looked up: what it was to look for is still not known.
                (exchange.state == "failed" or exchange.former_references)
                and taken.intersection(_keys(exchange.selection))
            )
        )
        for old in olds:
            # With a fault of Exact's own nobody knows what it did: its reference is looked up first (R56).
            unsure = old.state == "failed" and old.attempts and old.http_status >= 500
            reference = unsure and (old.payload or {}).get("YourRef")
            former = [one for one in (old.former_references, reference) if one]
            if former:
                keys = set(_keys(old.selection))
                heir = next(e for e in self if keys.intersection(_keys(e.selection)))
                heir.former_references = " ".join(filter(None, [heir.former_references, *former]))
                heir.attempts = max(heir.attempts, 1)
        olds.write(
            {
                "state": "cancelled",
                "former_references": False,
                "notes": self.env._("Sent again in another invoice."),
            }
        )

    @api.model
    def _new_reference(self):
        """What stands in Exact as Your Reference: unique, so that a lost answer is found by it."""
        letters = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(REFERENCE_LENGTH))
        return f"{REFERENCE_MARK}{letters}"

    def _is_linked(self):
        if self.kind == "sales_invoice":
            return bool(self.move_id.exact_invoice_id or self.move_id.exact_entry_id)
        return super()._is_linked()

    # === NOTHING CAME OF IT === #

    def action_retry(self):
        """Where nothing came of it and its copy is gone, the same selection is opened again."""
        gone = self.filtered(lambda e: e.kind == "sales_invoice" and e.selection and not e.move_id)
        if not gone:
            return super().action_retry()
        self._check_user()
        if gone != self:
            return super(ExactExchange, self - gone).action_retry()
        action = gone._reopen_selection() if len(gone) == 1 else False
        if not action:
            raise UserError(
                self.env._(
                    "Nothing is left of this invoice, and what it was made from can be invoiced again: select it again."
                )
            )
        return action

    def action_cancel(self):
        """Out of the queue, what was selected for it is free again."""
        result = super().action_cancel()
        moves_sudo = (
            self.sudo().filtered(lambda e: e.kind == "sales_invoice" and e.selection).move_id
        )
        moves_sudo.filtered(
            lambda move: (
                move.exact_route == "invoice"
                and move.state == "draft"
                and not move.exact_invoice_id
            )
        )._exact_take_back()
        return result

    def _get_record_to_mend(self, action):
        if self.kind == "sales_invoice" and action in ("open_record", "open_document"):
            return self.move_id
        return super()._get_record_to_mend(action)

    def _mend(self, action, record=None):
        nothing_left = self.kind == "sales_invoice" and not self.move_id and not record
        if nothing_left and action in ("open_record", "open_document", "refresh_and_retry"):
            return self.action_retry()
        return super()._mend(action, record)

    def action_open_record(self):
        """Of an invoice of which nothing came, the selection that it was made from."""
        self.ensure_one()
        if self.kind == "sales_invoice" and not self.move_id and self.state == "failed":
            return self._reopen_selection() or super().action_open_record()
        return super().action_open_record()

    def _reopen_selection(self):
        """The action that opens the selection of this exchange again; False where no add-on knows one."""
        self.ensure_one()
        return False


def _keys(selection):
    """The keys of what was selected."""
    return selection.get("keys") or [] if isinstance(selection, dict) else []
