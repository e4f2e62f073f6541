from odoo import api, models
from odoo.exceptions import RedirectWarning, UserError

from ..client import DataError, ExactError

# What of an invoice line decides what Exact has booked.
BOOKED_LINE_FIELDS = {
    "price_unit", "quantity", "discount", "tax_ids", "balance", "amount_currency", "debit", "credit",
}  # fmt: skip


class AccountMove(models.Model):
    """The guard: changed here only, the two books would part (R58). The ways out stand in the repair wizard."""

    _inherit = "account.move"

    def button_draft(self):
        self._exact_check_not_booked("draft")
        return super().button_draft()

    def button_cancel(self):
        self._exact_check_not_booked("cancel")
        return super().button_cancel()

    def write(self, vals):
        # Past the buttons: by another add-on or from outside.
        if vals.get("state") in ("draft", "cancel") and any(self.mapped("exact_entry_id")):
            self._exact_refuse(self.filtered("exact_entry_id"))
        return super().write(vals)

    def unlink(self):
        self._exact_keep_history()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_exact(self):
        self._exact_check_not_booked("draft")

    def _exact_check_not_booked(self, intent):
        """Stop what stands, or may stand, in Exact; forget what is gone there.

        :param intent: what was asked for, offered again with the ways out: "draft" or "cancel".
        :raises RedirectWarning: for one document of an Exact user: leads to the ways out.
        :raises UserError: otherwise.
        """
        booked = self.filtered(
            lambda move: (
                move.exact_entry_id
                or move.exact_state in ("sending", "unclear")
                or move._exact_deletion_open()
            )
        )
        booked -= booked.filtered("exact_entry_id")._exact_forget_deleted()
        if booked:
            self._exact_refuse(booked, intent)

    def _exact_refuse(self, booked, intent=None):
        env = self.env
        known = booked.filtered("exact_entry_id")
        if not known:
            raise UserError(
                env._(
                    "Perhaps in Exact: %s. The answer was lost; look it up in Exact first, with the button "
                    "on the document.",
                    ", ".join(booked.mapped("display_name")),
                )
            )
        text = env._(
            "In Exact already: %s. Changed in Odoo only, the two books would part. Make a credit note and "
            "send that too, or have the entry deleted in Exact.",
            ", ".join(f"{move.name} ({move.exact_entry_number})" for move in known),
        )
        single = len(booked) == 1 and intent and not env.su
        if single and env.user.has_group("exact_connector.group_exact_user"):
            raise RedirectWarning(
                text,
                env.ref("exact_connector.action_exact_way_out").id,
                env._("See What Can Be Done"),
                {
                    "active_model": "account.move",
                    "active_id": booked.id,
                    "active_ids": booked.ids,
                    "exact_intent": intent,
                },
            )
        raise UserError(text)

    def _exact_has_amounts(self):
        """Whether Exact has the amounts of this document, so that they are not changed here only."""
        self.ensure_one()
        return bool(self.exact_entry_id)

    def _exact_deletion_open(self):
        """Whether a deletion in Exact is under way, or its answer was lost."""
        self.ensure_one()
        return any(
            step.kind == "entry_delete" and step.state in ("sending", "unclear")
            for step in self.sudo().exact_step_ids
        )

    def _exact_forget_deleted(self):
        """Ask Exact for the entries of these documents, and forget those that are gone there.

        :return: the documents whose entry is gone; none where Exact cannot be asked now.
        """
        gone = self.browse()
        for company, moves in self.grouped("company_id").items():
            connection = self.env["exact.connection"].sudo()._for_company(company)
            if connection.state != "connected":
                continue
            client = connection._get_client()
            for move in moves.filtered(lambda m, c=connection: not m._exact_in_other_books(c)):
                try:
                    if client.get(
                        "salesentry/SalesEntries", move.exact_entry_id, select=["EntryID"]
                    ):
                        continue
                except DataError:
                    continue
                except ExactError:
                    # The others would meet the same, and ten refusals block the app (API 2).
                    break
                gone |= move
        for move in gone:
            move._message_log(
                body=self.env._("Entry %s was deleted in Exact.", move.exact_entry_number)
            )
        gone._exact_forget_entry()
        return gone

    def _exact_in_other_books(self, connection):
        """Whether this was sent to another division than the present one, which knows nothing of it."""
        self.ensure_one()
        since, sent = connection.sudo().books_since, self.exact_sent_on
        return bool(since and sent and sent < since)

    def _exact_forget_entry(self):
        """These documents are not in Exact (any more): they can be sent again."""
        self.sudo().exact_exchange_ids.write(
            {"state": "cancelled", "attempts": 0, "payload": False, "left_out": False}
        )
        self._exact_clear_link()

    def _exact_unlink_entry(self, reason):
        """Forget the link while the entry may stand: before anything is sent again, it is looked up (R56).

        :param reason: why, in the words of the manager; kept in the chatter.
        """
        for move in self:
            exchange = move.sudo().exact_exchange_ids[:1]
            if not exchange:
                # Deleted since, by a manager: without one the next sending would start with a POST.
                connection = self.env["exact.connection"]._for_company(move.company_id)
                exchange = exchange._enqueue_moves(connection, move).sudo()
            values = {
                "state": "cancelled",
                "left_out": True,
                "attempts": max(exchange.attempts, 1),
            }
            if "SalesEntryLines" not in (exchange.payload or {}):
                # Linked by its number, not sent by us: the reference of that entry is not this document's.
                values["payload"] = False
            # Tried before, as far as the next sending knows: that never starts with a POST.
            exchange.write(values)
            move._message_log(
                body=self.env._(
                    "Link to entry %(number)s in Exact forgotten; Exact itself was not changed. Reason: %(reason)s",
                    number=move.exact_entry_number,
                    reason=reason,
                )
            )
        self._exact_clear_link()

    def _exact_clear_link(self):
        # What still waited to be done to the entry has nothing to be done to.
        self.sudo().exact_step_ids.filtered(
            lambda step: step.state in ("pending", "waiting", "failed")
        ).state = "cancelled"
        self.sudo().with_context(skip_invoice_sync=True).write(
            {
                "exact_entry_id": False,
                "exact_entry_number": False,
                "exact_sent_on": False,
                "exact_sent_by_id": False,
                "exact_differs": False,
            }
        )

    def _exact_keep_history(self):
        """What went across, or was tried, stays readable after the document is deleted in Odoo."""
        exchanges_sudo = self.env["exact.exchange"].sudo().search([("move_id", "in", self.ids)])
        for move, exchanges in exchanges_sudo.grouped("move_id").items():
            exchanges.document_name = move._exact_invoice_label() or move.display_name
            exchanges.filtered(
                lambda e: (
                    e.state in ("pending", "waiting")
                    # What an invoice was made from can be opened again after it failed.
                    or (e.state == "failed" and not e.selection)
                )
            ).state = "cancelled"


class AccountMoveLine(models.Model):
    """Amounts of a document that stands in Exact are not changed past its form."""

    _inherit = "account.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._exact_check_amounts()
        return lines

    def write(self, vals):
        changed = BOOKED_LINE_FIELDS & vals.keys()
        if changed:
            self.filtered(
                lambda line: any(
                    self.env["account.move"]._field_will_change(line, vals, name)
                    for name in changed
                )
            )._exact_check_amounts()
        return super().write(vals)

    def _exact_check_amounts(self):
        """:raises UserError: for lines whose amounts Exact has booked."""
        booked = self.filtered(
            lambda line: line.display_type == "product" and line.move_id._exact_has_amounts()
        ).move_id
        if booked:
            booked._exact_refuse(booked)
