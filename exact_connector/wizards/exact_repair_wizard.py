from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.exact_exchange_correction import PROCESSED


class ExactRepairWizard(models.TransientModel):
    """A document and its entry side by side, and what can be done about it (R58).

    What it shows was read from Exact when it was opened; every button asks anew.
    """

    _name = "exact.repair.wizard"
    _description = "Exact: Ways Out"

    move_id = fields.Many2one("account.move", "Document", required=True, readonly=True)
    move_type = fields.Selection(related="move_id.move_type")
    entry_number = fields.Char(related="move_id.exact_entry_number")
    changes = fields.Char(related="move_id.exact_changes")
    intent = fields.Selection([("draft", "Reset to Draft"), ("cancel", "Cancel")], readonly=True)
    finding = fields.Selection(
        [
            ("equal", "Exact has the same"),
            ("differs", "Exact has something else"),
            ("gone", "No longer in Exact"),
            ("unknown", "Exact cannot be asked now"),
        ],
        readonly=True,
    )
    comparison = fields.Html(readonly=True)
    explanation = fields.Text(readonly=True)
    processed = fields.Boolean(readonly=True)
    reason = fields.Char(help="Kept in the chatter of the document.")

    @api.model
    def _open(self, move, intent=None):
        """The wizard for ``move``, with what Exact has now."""
        finding, compared, row, explanation = move._exact_ask_entry()
        mapper = self.env["exact.mapper.sales.entry"]
        if intent:
            # On the way to something else, only what is not as it should be.
            compared = [one for one in compared if not one.equal]
        wizard = self.create(
            {
                "move_id": move.id,
                "intent": intent or False,
                "finding": finding,
                "comparison": mapper._render_comparison(compared) if compared else False,
                "explanation": explanation,
                "processed": bool(row) and row.get("Status") == PROCESSED,
            }
        )
        return wizard._get_action()

    def _get_action(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._(
                "%(document)s in Exact", document=self.move_id.name or self.move_id.display_name
            ),
        }

    # === WAYS OUT === #

    def action_credit_note(self):
        """Odoo's own reversal; the credit note goes to Exact like any other document."""
        move = self._get_move()
        action = move.action_reverse()
        action["context"] = {
            "active_model": "account.move",
            "active_id": move.id,
            "active_ids": move.ids,
        }
        return action

    def action_delete(self):
        """Delete the entry in Exact while it is open, then do here what was asked."""
        move = self._get_move()
        return self._close_with(move._exact_delete_entry(self.intent)._report())

    def action_update(self):
        """Bring what was changed since to the entry."""
        return self._close_with(self._get_move().action_exact_update())

    def action_forget_gone(self):
        """Forget an entry that Exact has no more; asked anew."""
        move = self._get_move()
        if not move._exact_forget_deleted():
            raise UserError(self.env._("The entry is in Exact, or Exact cannot be asked now."))
        return self._close_with(self._follow(move, self.env._("The entry was forgotten.")))

    def action_unlink(self):
        """Forget the link and leave Exact as it is: for a manager, with a reason."""
        move = self._get_move()
        if not self.env.su and not self.env.user.has_group("exact_connector.group_exact_manager"):
            raise AccessError(self.env._("Only an Exact Online manager can do this."))
        reason = (self.reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why: it is kept in the chatter of the document."))
        if move._exact_deletion_open():
            raise UserError(
                self.env._("A deletion in Exact is under way: wait until its outcome is known.")
            )
        move._exact_unlink_entry(reason)
        return self._close_with(self._follow(move, self.env._("The link was forgotten.")))

    def _follow(self, move, text):
        """What was asked for in Odoo, now that nothing stands against it."""
        if move.state == "posted" and self.intent == "draft":
            move.button_draft()
        elif move.state == "posted" and self.intent == "cancel":
            move.button_cancel()
        return self.env["exact.connection"]._notify(move.display_name, text, "success")

    def _get_move(self):
        """:raises AccessError: for a user outside the group or the company."""
        self.ensure_one()
        move = self.move_id
        move._exact_check_user()
        if not move.exact_entry_id:
            raise UserError(self.env._("%s is not in Exact.", move.display_name))
        return move

    @api.model
    def _close_with(self, notice):
        """A notice that closes this window; the form behind it is read again."""
        notice["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return notice
