import json

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.exact_connector.models.account_move import AT_ONCE

from .exact_invoice_wizard import SAVED_OPTIONS

# So many of what somebody else took are named.
NAMED = 5


class ExactInvoiceWizard(models.TransientModel):
    """Sending: nothing leaves that was not shown, and nothing is taken twice (R49)."""

    _inherit = "exact.invoice.wizard"

    def action_send(self):
        """Make Odoo's copies, mark what they take, and bring them to Exact.

        Invoices with something in their way stay behind; where the selection is no longer what was
        shown, nothing goes and the window tells what changed.
        """
        self.ensure_one()
        self._check_user()
        self._check_way()
        planned = self._plan_locked()
        if planned is None:
            return self._get_action()
        stopped = self.invoice_ids.filtered("problem_count")
        blocked = set(stopped.mapped("key"))
        ready = [invoice for invoice in planned if invoice.key not in blocked]
        if not ready:
            raise UserError(self._explain_nothing())
        maker = self.env["exact.invoice.maker"].with_company(self.company_id)
        connection = self.connection_id
        made = maker._make(
            connection.sudo(),
            ready,
            edits=self.edits,
            journal=maker._journal_of(connection),
            invoice_date=self.invoice_date,
        )
        moves = self.env["account.move"].browse([move.id for _invoice, move in made])
        exchanges = self.env["exact.exchange"]._enqueue_invoices(
            connection,
            moves.sudo(),
            print=self.print_invoice == "print",
            selection={move: self._get_selection(invoice) for invoice, move in made},
        )
        return self._drive_and_tell(exchanges, [(row, self._reason_of(row)) for row in stopped])

    def _plan_locked(self):
        """Lock what is selected, plan again, and compare with what was shown.

        :return: the planned invoices; None where they are not what was shown
        """
        shown, left = self._digest(), set(self.left_ids.mapped("key"))
        found = self._collect()
        billable = self.env["exact.billable"]
        for name in billable._sources():
            own = [b for b in found if b.source == name and b.left_behind is None]
            if own:
                self.env[name].sudo()._lock(own)
        # What the first of two people took is seen only by reading again, now that nobody else writes.
        self.env.invalidate_all()
        planned = self._replan()
        if self._digest() == shown:
            return planned
        lost = self.left_ids.filtered(lambda row: row.key not in left)
        lines = [self.env._("This has changed since it was shown: please look again.")]
        lines += [f"{row.name}: {row.reason}" for row in lost[:NAMED]]
        if len(lost) > NAMED:
            lines.append(self.env._("and %s more", len(lost) - NAMED))
        self.with_context(exact_planning=True).message = "\n".join(lines)
        return None

    def _digest(self):
        """What a person saw: amounts, texts and items of all that was to be sent."""
        return [
            (
                invoice.key,
                invoice.reference,
                invoice.invoice_date,
                invoice.invoice_date_due,
                invoice.problem_count,
                invoice.total,
                [
                    (line.key, line.name, line.item_id.id, line.quantity, line.net)
                    for line in invoice.line_ids
                ],
            )
            for invoice in self.invoice_ids
        ]

    def _check_way(self):
        """:raises UserError: Exact cannot make invoices for this company, with the way out."""
        env = self.env
        if self.way == "off":
            raise UserError(
                env._(
                    "Invoice in Exact is switched off for %s: a manager switches it on at the connection. "
                    "Or invoice this in Odoo instead.",
                    self.company_id.name,
                )
            )
        if self.way == "licence":
            raise UserError(
                env._(
                    "The Exact licence of %s does not include invoicing. Invoice this in Odoo instead: the "
                    "invoices then go to Exact as sales entries.",
                    self.company_id.name,
                )
            )

    def _explain_nothing(self):
        problems = [problem for problem in self.problems or [] if problem["blocking"]]
        if problems:
            return "\n".join(problem["message"] for problem in problems[:NAMED])
        reasons = [f"{row.name}: {row.reason}" for row in self.left_ids[:NAMED]]
        return "\n".join([self.env._("There is nothing to invoice."), *reasons])

    def _reason_of(self, row):
        """Why an invoice of the plan was not sent."""
        for problem in self.problems or []:
            if problem["blocking"] and row.label in problem["why"]:
                return problem["message"]
        return self.env._("something stands in its way")

    def _get_selection(self, invoice):
        """What an exchange remembers, to open this window again with the same choices."""
        edits = self.edits or {}
        keys = {f"{invoice.key}/{line.key}" for line in invoice.lines}
        own = {
            "invoices": {k: v for k, v in edits.get("invoices", {}).items() if k == invoice.key},
            "lines": {k: v for k, v in edits.get("lines", {}).items() if k in keys},
        }
        options = {name: self[name] for name in SAVED_OPTIONS}
        options["invoice_date"] = fields.Date.to_string(self.invoice_date)
        return json.loads(
            json.dumps(
                {
                    "keys": [billable.key for billable in invoice.billables],
                    "options": {**options, "edits": own},
                }
            )
        )

    # === RESULT === #

    def _drive_and_tell(self, exchanges, skipped):
        """Now, while the person waits, or in the background; a notice either way, with where to go on."""
        if len(exchanges) > AT_ONCE:
            exchanges._schedule()
            notice = exchanges._report(skipped)
            notice["params"]["next"] = self._open_exchanges(exchanges)
            return notice
        exchanges._drive()
        notice = exchanges._report(skipped)
        moves = exchanges.exists().filtered(lambda e: e.state == "done").move_id.exists()
        if len(moves) == len(exchanges) and not skipped and moves.has_access("read"):
            notice["params"]["next"] = self._open_moves(moves)
        return self._tell_differences(notice, moves)

    def _tell_differences(self, notice, moves):
        """Totals that Exact makes otherwise are no success, though the invoices stand there."""
        differs = moves.filtered("exact_differs")
        if differs:
            message = self.env._(
                "%s differ from Odoo's copy: they are not printed before that is put right.",
                len(differs),
            )
            names = [move._exact_invoice_label() for move in differs[:NAMED]]
            told = [notice["params"]["message"], message, *names]
            notice["params"].update(
                message="\n".join(filter(None, told)), type="warning", sticky=True
            )
        return notice

    def _open_exchanges(self, exchanges):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_exchange"
        )
        action.update(domain=[("id", "in", exchanges.ids)], context={})
        return action

    def _open_moves(self, moves):
        in_exact = moves[:1].exact_route == "invoice"
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_invoices"
            if in_exact
            else "account.action_move_out_invoice_type"
        )
        # The type decides the columns: without it the customer is not among them.
        context = {"create": False, "default_move_type": "out_invoice"}
        action.update(domain=[("id", "in", moves.ids)], context=context)
        if len(moves) == 1:
            action.update(views=[(False, "form")], res_id=moves.id)
        return action

    # === WITHOUT EXACT'S INVOICING (R50) === #

    def action_invoice_in_odoo(self):
        """The same plan as ordinary draft invoices of Odoo; posted and sent, they go as sales entries."""
        self.ensure_one()
        self._check_user()
        if not self.env["account.move"].has_access("create"):
            raise AccessError(
                self.env._("You may not make invoices in Odoo: ask someone who does the invoicing.")
            )
        planned = self._plan_locked()
        if planned is None:
            return self._get_action()
        if not planned:
            raise UserError(self._explain_nothing())
        maker = self.env["exact.invoice.maker"].with_company(self.company_id)
        made = maker._make(
            self.connection_id.sudo(), planned, edits=self.edits, invoice_date=self.invoice_date
        )
        return self._open_moves(
            self.env["account.move"].browse([move.id for _invoice, move in made])
        )
