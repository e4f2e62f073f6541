from odoo import api, models
from odoo.exceptions import RedirectWarning, UserError

# What a draft in Exact was made of; changed here only, the two would differ.
MADE_OF = {"partner_id", "currency_id", "journal_id", "move_type"}


class AccountMove(models.Model):
    """Odoo's copy of an invoice that Exact makes is not numbered, changed or taken away by hand (R49, R58)."""

    _inherit = "account.move"

    # === NUMBERING === #

    def _post(self, soft=True):
        """Exact numbers them; the copy is posted when that has happened."""
        if not self.env.context.get("exact_invoice_settling"):
            own = self.filtered(lambda move: move.exact_route == "invoice")
            if own:
                own._exact_refuse_posting()
        return super()._post(soft)

    def _sequence_matches_date(self):
        """Exact's numbers follow rules of Exact's own."""
        return self.exact_route == "invoice" or super()._sequence_matches_date()

    def _compute_name_placeholder(self):
        """No number of Odoo's own is promised."""
        result = super()._compute_name_placeholder()
        self.filtered(lambda move: move.exact_route == "invoice").name_placeholder = False
        return result

    def _compute_made_sequence_gap(self):
        result = super()._compute_made_sequence_gap()
        self.filtered(lambda move: move.exact_route == "invoice").made_sequence_gap = False
        return result

    # === REFUSING === #

    def write(self, vals):
        changed = MADE_OF & vals.keys()
        if changed and not self._exact_is_ours():
            made = self.filtered(
                lambda move: (
                    move._exact_may_be_draft()
                    and any(self._field_will_change(move, vals, name) for name in changed)
                )
            )
            if made:
                made._exact_refuse(made)
        return super().write(vals)

    def unlink(self):
        """What a copy took is free again, whoever deletes it."""
        # An ordinary invoice too, made of a selection where Exact may not make any (R50).
        self.filtered(lambda move: move.exact_route and move.state == "draft")._exact_free_invoice()
        return super().unlink()

    def _exact_free_invoice(self):
        """Nothing came of these documents, they are about to be deleted: what they took is free again (R49).

        Add-ons that know what was taken extend this.
        """

    def _exact_is_ours(self):
        """Whether this is what came of Exact, and no person's doing."""
        context = self.env.context
        return context.get("exact_invoice_settling") or context.get("exact_invoice_gone")

    def _exact_has_amounts(self):
        if self.exact_route == "invoice" and self._exact_is_ours():
            return False
        return super()._exact_has_amounts() or self._exact_may_be_draft()

    def _exact_may_be_draft(self):
        """Whether it is a draft in Exact, or perhaps is."""
        self.ensure_one()
        on_its_way = self.exact_route == "invoice" and self.exact_state in ("sending", "unclear")
        return self.exact_is_draft or on_its_way

    def _exact_check_not_booked(self, intent):
        """A draft or printed invoice in Exact; what is gone there is found by the look at the drafts."""
        made = self.filtered(
            lambda move: (
                move.exact_route == "invoice" and (move.exact_invoice_id or move.exact_entry_id)
            )
        )
        if made:
            made._exact_refuse(made, intent)
        return super()._exact_check_not_booked(intent)

    def _exact_refuse(self, booked, intent=None):
        made = booked.filtered(
            lambda move: (
                move.exact_route == "invoice" and (move.exact_invoice_id or move.exact_entry_id)
            )
        )
        if not made:
            return super()._exact_refuse(booked, intent)
        env = self.env
        printed = made.filtered("exact_entry_id")
        if printed:
            text = env._(
                "Printed in Exact: %s. An invoice that the customer has is taken back by a credit note: make one "
                "here and use Invoice in Exact on it.",
                ", ".join(f"{m.name or m.exact_entry_number}" for m in printed),
            )
            action, button = "account.action_view_account_move_reversal", env._("Credit Note")
            single = printed.filtered(lambda move: move.state == "posted")
        else:
            text = env._(
                "A draft in Exact: %s. Changed in Odoo only, the two would differ. Cancel it in Exact first, "
                "with the button on the document; it can be made again then.",
                ", ".join(m._exact_invoice_label() for m in made),
            )
            action, button = "exact_connector.action_exact_cancel_invoice", env._("Cancel in Exact")
            single = made
        raise self._exact_warning(text, single if intent else made.browse(), action, button)

    def _exact_refuse_posting(self):
        """:raises UserError: Exact posts; for one document of an Exact user with the button that leads there."""
        env = self.env
        names = ", ".join(move._exact_invoice_label() or move.display_name for move in self)
        drafts = self.filtered("exact_invoice_id")
        if drafts:
            text = env._(
                "%s is a draft in Exact: it gets its number and is posted here when it is printed there.",
                names,
            )
            action, button = "exact_connector.action_exact_print_invoice", env._("Print in Exact")
        else:
            text = env._(
                "%s is numbered by Exact, so it is not confirmed here: use Invoice in Exact. To number it in Odoo, "
                "choose another journal.",
                names,
            )
            action, button = "exact_connector.action_exact_invoice", env._("Invoice in Exact")
        raise self._exact_warning(text, self, action, button)

    def _exact_warning(self, text, moves, action, button):
        """A refusal; with a button for one document of an Exact user."""
        env = self.env
        if len(moves) != 1 or env.su or not env.user.has_group("exact_connector.group_exact_user"):
            return UserError(text)
        context = {
            "active_model": "account.move",
            "active_id": moves.id,
            "active_ids": moves.ids,
        }
        return RedirectWarning(text, env.ref(action).id, button, context)

    # === WAYS OUT OF AN ENTRY === #

    def action_exact_way_out(self):
        """What Exact printed is taken back by a credit note only."""
        if self.exact_route == "invoice":
            self._exact_check_user()
            if self.env.context.get("exact_intent"):
                self._exact_refuse(self, self.env.context["exact_intent"])
            return self.action_exact_refresh_invoice()
        return super().action_exact_way_out()

    def _exact_forget_deleted(self):
        entries = self.filtered(lambda move: move.exact_route != "invoice")
        return super(AccountMove, entries)._exact_forget_deleted()

    def _exact_delete_entry(self, follow_up=False):
        if self.exact_route == "invoice":
            self._exact_refuse(self, "draft")
        return super()._exact_delete_entry(follow_up)

    def _exact_unlink_entry(self, reason):
        made = self.filtered(lambda move: move.exact_route == "invoice")
        if made:
            made._exact_refuse(made)
        return super()._exact_unlink_entry(reason)

    def action_exact_attach_pdf(self):
        """Exact has the PDF of what it printed itself."""
        entries = self.filtered(lambda move: move.exact_route != "invoice")
        if not entries and self:
            raise UserError(self.env._("Exact made the PDF of this invoice itself."))
        return super(AccountMove, entries).action_exact_attach_pdf()


class AccountMoveLine(models.Model):
    """Lines of a draft in Exact are not deleted here only."""

    _inherit = "account.move.line"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft_in_exact(self):
        # Of a whole document its own guard tells.
        if not self.env.context.get("dynamic_unlink"):
            self.filtered(lambda line: line.move_id.exact_is_draft)._exact_check_amounts()
            self.filtered(lambda line: line.display_type == "product")._exact_check_taken()

    def _exact_check_taken(self):
        """Without its line, what a copy took would stay taken and never be invoiced, or be free and invoiced twice.

        :raises UserError: for lines of a copy that waits to go to Exact.
        """
        for move in self.move_id:
            exchange = move.sudo().exact_exchange_ids.filtered(
                lambda e: e.kind == "sales_invoice" and e.selection
            )
            if exchange and move.exact_route == "invoice" and move.state == "draft":
                raise UserError(
                    self.env._(
                        "%s goes to Exact with all that was selected for it. Take the whole of it back, or delete "
                        "the document: that frees what was selected, and you can select again without this line.",
                        move._exact_invoice_label(),
                    )
                )
