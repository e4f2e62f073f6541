from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..client import ExactError
from .account_move import AT_ONCE

# Not on its way, and not in Exact.
FREE_STATES = ("not_sent", "failed", "left_out", False)


class AccountMove(models.Model):
    """Documents that Exact numbers and prints: Odoo's copy of a sales invoice in Exact (API 5.13).

    What is read from Exact is taken over in ``account_move_invoice_result.py``; what may not be done
    by hand stands in ``account_move_invoice_guard.py``.
    """

    _inherit = "account.move"

    exact_route = fields.Selection(
        [("entry", "Invoiced in Odoo"), ("invoice", "Invoiced in Exact")],
        compute="_compute_exact_route",
        store=True,
        help="Who numbers and prints the document: Odoo, then it goes to Exact as a sales entry, or Exact itself.",
    )
    exact_invoice_id = fields.Char(
        "Exact Invoice ID", readonly=True, copy=False, index="btree_not_null"
    )
    exact_reference = fields.Char(
        "Reference in Exact",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Stands in Exact as Your Reference: what the invoice is found by before it has a number.",
    )
    exact_can_invoice = fields.Boolean(compute="_compute_exact_can_invoice", compute_sudo=True)
    exact_is_draft = fields.Boolean(
        "Draft in Exact",
        compute="_compute_exact_is_draft",
        help="Made in Exact, and neither numbered nor posted yet.",
    )

    @api.depends("journal_id.exact_invoices", "move_type", "exact_invoice_id", "state")
    def _compute_exact_route(self):
        """What Exact made stays so, and what Odoo numbered too, should the journal change its use."""
        for move in self:
            if not move._exact_is_document():
                move.exact_route = False
                continue
            by_exact = move.exact_invoice_id or (
                move.journal_id.exact_invoices and move.state != "posted"
            )
            move.exact_route = "invoice" if by_exact else "entry"

    @api.depends("state", "exact_route", "exact_state", "company_id")
    def _compute_exact_can_invoice(self):
        """Whether "Invoice in Exact" is offered: a draft of that journal that is not on its way."""
        for move in self:
            connection = self.env["exact.connection"]._for_company(move.company_id)
            move.exact_can_invoice = (
                move.exact_route == "invoice"
                and move.state == "draft"
                and move.exact_state in FREE_STATES
                and bool(connection.division_id)
            )

    @api.depends("state", "exact_invoice_id")
    def _compute_exact_is_draft(self):
        for move in self:
            move.exact_is_draft = bool(move.exact_invoice_id) and move.state == "draft"

    def _exact_invoice_label(self):
        """What this document is called before it has a number: its customer and reference."""
        self.ensure_one()
        if self.name and self.name != "/":
            return self.name
        customer = self.commercial_partner_id.name or self.partner_id.name
        return " ".join(filter(None, [customer, self.ref or self.exact_reference])).strip()

    @api.model
    def _exact_search_drafts(self, connection):
        """Drafts in Exact of this connection's books, oldest first; also what Odoo could not post yet."""
        drafts = self.search(
            [
                ("company_id", "=", connection.company_id.id),
                ("exact_invoice_id", "!=", False),
                ("state", "=", "draft"),
            ],
            order="id",
        )
        return drafts.filtered(lambda move: not move._exact_in_other_books(connection))

    # === NEVER A SALES ENTRY === #

    @api.model
    def _exact_own_domain(self, connection):
        return super()._exact_own_domain(connection) & Domain("exact_route", "!=", "invoice")

    def _exact_skip_reason(self):
        self.ensure_one()
        if self.exact_route == "invoice":
            return self.env._("numbered and printed by Exact itself, so it never is a sales entry")
        return super()._exact_skip_reason()

    def _compute_exact_can_create(self):
        result = super()._compute_exact_can_create()
        self.filtered(lambda move: move.exact_route == "invoice").exact_can_create = False
        return result

    def _compute_exact_can_adopt(self):
        result = super()._compute_exact_can_adopt()
        self.filtered(lambda move: move.exact_route == "invoice").exact_can_adopt = False
        return result

    def _compute_exact_changes(self):
        """What Exact has printed is not changed any more."""
        result = super()._compute_exact_changes()
        self.filtered(lambda move: move.exact_route == "invoice").exact_changes = False
        return result

    @api.depends("exact_route", "state")
    def _compute_exact_due_note(self):
        """The due date of a printed invoice is Exact's own."""
        result = super()._compute_exact_due_note()
        self.filtered(
            lambda move: move.exact_route == "invoice" and move.state == "posted"
        ).exact_due_note = False
        return result

    def action_exact_create_sales_entry(self):
        """What looks the same on both kinds of document - try again, look it up - goes the way of each."""
        invoices = self.filtered(
            lambda move: move.exact_route == "invoice" and move.state == "draft"
        )
        if invoices and invoices == self:
            return self.action_exact_invoice()
        return super().action_exact_create_sales_entry()

    # === BUTTONS === #

    def action_exact_invoice(self):
        """Make sales invoices in Exact of these drafts: invoices as 8020, credit notes as 8021 (API 5.13)."""
        self._exact_check_user()
        taken, skipped = self.browse(), []
        for move in self:
            reason = move._exact_invoice_skip_reason()
            if reason:
                skipped.append((move, reason))
            else:
                taken |= move
        exchanges = self.env["exact.exchange"]
        for company, moves in taken.grouped("company_id").items():
            connection = self.env["exact.connection"]._for_company(company)
            exchanges |= exchanges._enqueue_invoices(connection, moves)
        return self._exact_go(exchanges, skipped)

    def _exact_go(self, exchanges, skipped):
        """A few at once, while the user waits; many in the background."""
        if len(exchanges) > AT_ONCE:
            exchanges._schedule()
        else:
            exchanges._drive()
        return exchanges._report(skipped)

    def _exact_invoice_skip_reason(self):
        """Why no invoice is made of this in Exact; False where one is."""
        self.ensure_one()
        env = self.env
        if self.exact_route != "invoice":
            return env._("not in the journal for invoices made in Exact")
        if self.exact_entry_id:
            return env._("already in Exact with number %s", self.exact_entry_number)
        if self.exact_invoice_id:
            return env._("a draft in Exact already")
        if self.state != "draft":
            return env._("not a draft any more")
        if not env["exact.connection"]._for_company(self.company_id):
            return env._("company %s is not connected to Exact Online", self.company_id.name)
        return False

    def action_exact_print_invoice(self):
        """Have Exact number, print and deliver these drafts."""
        self._exact_check_user()
        steps, skipped = self.env["exact.exchange"], []
        for move in self:
            reason = move._exact_print_skip_reason()
            if reason:
                skipped.append((move, reason))
            else:
                steps |= steps._enqueue_print(move)
        return self._exact_go(steps, skipped)

    def _exact_print_skip_reason(self):
        self.ensure_one()
        env = self.env
        if self.exact_entry_id:
            return env._("already in Exact with number %s", self.exact_entry_number)
        if not self.exact_is_draft:
            return env._("not in Exact yet: use Invoice in Exact first")
        if self._exact_open_step("invoice_delete"):
            return env._("being cancelled in Exact")
        if self._exact_in_former_books():
            return env._(
                "a draft in the division that was connected before: print or delete it there"
            )
        return False

    def action_exact_cancel_invoice(self):
        """Delete these drafts in Exact, and free what they took; one that has not gone yet is taken back."""
        self._exact_check_user()
        steps, skipped, taken_back = self.env["exact.exchange"], [], self.browse()
        let_go = self.filtered(
            lambda move: (
                move.exact_is_draft and not move.exact_entry_id and move._exact_in_former_books()
            )
        )
        for move in self - let_go:
            reason = move._exact_cancel_skip_reason()
            if reason:
                skipped.append((move, reason))
            elif move.exact_invoice_id:
                steps |= steps._enqueue_invoice_step("invoice_delete", move)
            else:
                taken_back |= move
        if taken_back:
            taken_back._exact_take_back()
        former = let_go._exact_let_go()
        answer = self._exact_go(steps, skipped) if steps or skipped else None
        return self._exact_leave_form(answer, taken_back | let_go, former)

    def _exact_in_former_books(self):
        """Whether it was made in a division that is not connected any more, where Odoo does nothing."""
        self.ensure_one()
        connection = self.env["exact.connection"].sudo()._for_company(self.company_id)
        return self._exact_in_other_books(connection)

    def _exact_let_go(self):
        """Forget drafts in a division used before: there they are a person's to delete.

        :return: what to tell; None where there are none.
        :raises AccessError: for whoever is no manager: should one be printed there, it was invoiced twice.
        """
        may = self.env.su or self.env.user.has_group("exact_connector.group_exact_manager")
        if self and not may:
            raise AccessError(
                self.env._(
                    "A draft in the division that was connected before: a manager lets go of it here, and "
                    "deletes it there."
                )
            )
        note = self.env._(
            "Let go in Odoo: it is a draft in the division that was connected before. Delete it there, so that "
            "nobody prints it."
        )
        self._exact_drop_invoice(note)
        return note if self else None

    def _exact_cancel_skip_reason(self):
        self.ensure_one()
        env = self.env
        if self.exact_route != "invoice":
            return env._("not in the journal for invoices made in Exact")
        if self.exact_entry_id or self.state != "draft":
            return env._("printed in Exact: make a credit note")
        if self.exact_state in ("sending", "unclear"):
            return env._("whether it is in Exact is not known yet: look it up first")
        if self._exact_open_step("invoice_print"):
            return env._("being printed in Exact")
        return False

    def _exact_open_step(self, kind):
        """Whether this is being done to the draft right now, or whether it was is not known."""
        return any(
            step.kind == kind and step.state in ("sending", "unclear", "waiting")
            for step in self.sudo().exact_step_ids
        )

    def _exact_leave_form(self, answer, taken_back, former=None):
        """After cancelling the copy may be gone: the list is what is left to look at."""
        if not answer:
            answer = self.env["exact.connection"]._notify(
                self.env._("%s taken back", len(taken_back)),
                former or self.env._("Nothing was made in Exact."),
                "warning" if former else "success",
            )
        if not self.exists():
            action = self.env["ir.actions.act_window"]._for_xml_id(
                "exact_connector.action_exact_invoices"
            )
            answer["params"]["next"] = {**action, "target": "main"}
        return answer

    def action_exact_refresh_invoice(self):
        """Ask Exact now what has become of these: printed, changed or deleted there; of printed ones, whether paid."""
        self._exact_check_user()
        drafts = self.filtered("exact_is_draft")
        printed = self.browse()
        for company, moves in drafts.grouped("company_id").items():
            connection = self.env["exact.connection"].sudo()._for_company(company)
            moves = moves.filtered(lambda m, c=connection: not m._exact_in_other_books(c))
            exchanges = self.env["exact.exchange"].sudo()
            try:
                client = connection._get_client()
                printed |= exchanges._refresh_invoices(client, moves.sudo()).sudo(False)
            except ExactError as error:
                raise UserError(self.env["exact.cause"]._explain(error)) from error
        if not drafts:
            return self.filtered("exact_entry_id").action_exact_refresh_payment()
        left = drafts.exists()
        parts = []
        if printed:
            parts.append(self.env._("Printed: %s", ", ".join(printed.mapped("name"))))
        differs = left.filtered(lambda move: move.exact_state == "differs")
        if differs:
            parts.append(self.env._("%s differ from Odoo's copy", len(differs)))
        former = left.filtered(lambda move: move._exact_in_former_books())
        if former:
            parts.append(
                self.env._(
                    "%s in the division that was connected before: not asked for", len(former)
                )
            )
        if len(left) < len(drafts):
            parts.append(self.env._("%s deleted in Exact", len(drafts) - len(left)))
        answer = self.env["exact.connection"]._notify(
            self.env._("Refreshed from Exact"),
            ", ".join(parts) or self.env._("Still a draft in Exact, with the same total."),
            "warning" if differs or former or len(left) < len(drafts) else "success",
        )
        return self._exact_leave_form(answer, self.browse())
