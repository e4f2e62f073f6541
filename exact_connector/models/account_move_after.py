from odoo import api, fields, models
from odoo.exceptions import UserError

from ..client import ExactError
from .exact_exchange_step import STEP_KINDS
from .exact_mapper_comparison import COMPARE_SELECT, ESSENTIAL

# Steps that somebody has to look at, or that go on by themselves.
OPEN_STEP_STATES = ("failed", "unclear", "waiting")


class AccountMove(models.Model):
    """After sending: where the entry is, what was changed since, and the steps that followed (R58)."""

    _inherit = "account.move"

    exact_step_ids = fields.One2many(
        "exact.exchange",
        "move_id",
        "Exact Steps",
        domain=[("kind", "in", STEP_KINDS)],
        readonly=True,
    )
    exact_booked_journal = fields.Char("Journal in Exact", compute="_compute_exact_booked_journal")
    exact_changes = fields.Char(
        "Changed Since It Was Sent", compute="_compute_exact_changes", compute_sudo=True
    )
    exact_step_message = fields.Text(
        compute="_compute_exact_step_message",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
    )
    exact_pdf_state = fields.Selection(
        selection=lambda self: self.env["exact.exchange"]._fields["state"].selection,
        string="PDF in Exact",
        compute="_compute_exact_step_message",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
    )
    exact_reversed_number = fields.Char(
        "Entry of the Invoice Reversed", related="reversed_entry_id.exact_entry_number"
    )
    exact_can_adopt = fields.Boolean(compute="_compute_exact_can_adopt", compute_sudo=True)

    @api.depends("exact_entry_id", "exact_exchange_ids.payload", "company_id")
    def _compute_exact_booked_journal(self):
        """The journal as it was sent, with its name where it is known."""
        for move in self:
            sent = move.sudo().exact_exchange_ids[:1].payload
            code = sent.get("Journal") if isinstance(sent, dict) else None
            if not code or not move.exact_entry_id:
                move.exact_booked_journal = False
                continue
            connection = self.env["exact.connection"].sudo()._for_company(move.company_id)
            journal = (
                self.env["exact.journal"]
                .sudo()
                .with_context(active_test=False)
                .search([("connection_id", "=", connection.id), ("code", "=", code)], limit=1)
            )
            move.exact_booked_journal = journal.display_name or code

    @api.depends(
        "exact_entry_id",
        "exact_exchange_ids.payload",
        "invoice_date_due",
        "payment_reference",
        "name",
    )
    @api.depends_context("lang")
    def _compute_exact_changes(self):
        """Names of what was changed in Odoo since it was sent; no call is made."""
        mapper = self.env["exact.mapper.sales.entry"]
        labels = mapper._header_labels()
        for move in self:
            changed = mapper._changed_values(move) if move.exact_entry_id else {}
            # The description follows the number.
            names = [labels[name] for name in changed if name != "Description"]
            move.exact_changes = ", ".join(names) or False

    @api.depends("exact_step_ids.state", "exact_step_ids.message", "exact_entry_id")
    @api.depends_context("lang")
    def _compute_exact_step_message(self):
        labels = dict(self.env["exact.exchange"]._fields["kind"]._description_selection(self.env))
        for move in self:
            lines = []
            for step in move.exact_step_ids.filtered(lambda s: s.state in OPEN_STEP_STATES):
                if step.kind == "invoice_pdf" and step.state == "waiting":
                    # Exact makes it in its own time, and Odoo asks again by itself.
                    continue
                lines += [
                    f"{labels[step.kind]}: {step.message or ''}",
                    step.exact_message,
                    step.cause_id._get_advice() if step.cause_id else "",
                    step._tell_look(),
                ]
            move.exact_step_message = "\n".join(filter(None, lines)) or False
            document = move.exact_step_ids.filtered(lambda s: s.kind == "document")[:1]
            # What was attached to an entry that is gone says nothing about this one.
            ours = (document.payload or {}).get("entry", move.exact_entry_id) == move.exact_entry_id
            move.exact_pdf_state = document.state if move.exact_entry_id and ours else False

    @api.depends("state", "move_type", "exact_state", "company_id")
    def _compute_exact_can_adopt(self):
        """Whether a booked entry may be linked by its number: posted, and not linked yet."""
        for move in self:
            connection = self.env["exact.connection"]._for_company(move.company_id)
            move.exact_can_adopt = (
                move._exact_is_document()
                and move.state == "posted"
                and not move.exact_entry_id
                # What may be there already is looked up by its own reference first.
                and move.exact_state not in ("sending", "unclear")
                and bool(connection.division_id)
            )

    # === LINK === #

    def action_exact_open_entry(self):
        """The entry on Exact's own page, in a new tab (R58)."""
        self.ensure_one()
        connection = self.env["exact.connection"]._for_company(self.company_id)
        if not self.exact_entry_id or not connection.division:
            raise UserError(self.env._("%s is not in Exact.", self.display_name))
        base = connection.authorization_id._get_base_url()
        return {
            "type": "ir.actions.act_url",
            "url": f"{base}/docs/FinTransaction.aspx?ID={self.exact_entry_id}&_Division_={connection.division}",
            "target": "new",
        }

    # === WAYS OUT === #

    def action_exact_way_out(self):
        """What can be done with a document that is in Exact; done at once where its entry is gone there.

        Context ``exact_intent``: "draft" or "cancel", what was asked for.
        """
        self.ensure_one()
        self._exact_check_user()
        intent = self.env.context.get("exact_intent")
        if self.exact_entry_id and intent and self._exact_forget_deleted():
            self.button_draft() if intent == "draft" else self.button_cancel()
            return self.env["exact.connection"]._notify(
                self.env._("Gone in Exact"),
                self.env._("The entry was deleted in Exact: Odoo forgot it."),
                "info",
            )
        if not self.exact_entry_id:
            raise UserError(self.env._("%s is not in Exact.", self.display_name))
        return self.env["exact.repair.wizard"]._open(self, intent)

    def action_exact_reset_to_draft(self):
        """The button of the form for what is in Exact."""
        return self.with_context(exact_intent="draft").action_exact_way_out()

    def action_exact_compare(self):
        """Read the entry again and say whether it is equal, gone or different."""
        return self.with_context(exact_intent=False).action_exact_way_out()

    def action_exact_adopt(self):
        """Link this document to an entry that is in Exact already."""
        self.ensure_one()
        self._exact_check_user()
        if not self.exact_can_adopt:
            raise UserError(
                self.env._(
                    "Only a posted invoice or credit note that is not in Exact yet can be linked to an entry."
                )
            )
        return self.env["exact.adopt.wizard"]._open(self)

    # === CORRECTIONS === #

    def action_exact_update(self):
        """Bring what was changed since it was sent to the entry in Exact."""
        self._exact_check_user()
        moves = self.filtered(lambda move: move.exact_entry_id and move.exact_changes)
        return self._exact_run_steps("entry_update", moves)

    def _exact_delete_entry(self, follow_up=False):
        """Delete the entry in Exact, then reset or cancel here.

        :return: the exchange, driven.
        """
        self.ensure_one()
        self._exact_check_user()
        step = self._exact_enqueue_step("entry_delete", follow_up=follow_up)
        step._drive()
        return step

    def action_exact_retry_steps(self):
        """Try again what followed on the entry and is not done."""
        self._exact_check_user()
        steps = self.sudo().exact_step_ids.filtered(lambda s: s.state in OPEN_STEP_STATES)
        return steps.sudo(False).action_retry()

    def action_exact_drop_steps(self):
        """Leave what could not be done; one whose answer was lost cannot be left."""
        self._exact_check_user()
        self.sudo().exact_step_ids.filtered(lambda s: s.state in OPEN_STEP_STATES).sudo(
            False
        ).action_cancel()

    def action_exact_open_steps(self):
        """The exchanges of what followed on the entry."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_exchange"
        )
        return {**action, "domain": [("move_id", "=", self.id)], "context": {}}

    def _exact_enqueue_step(self, kind, **values):
        connection = self.env["exact.connection"]._for_company(self.company_id)
        if kind != "document":
            values |= {"exact_id": self.exact_entry_id, "exact_number": self.exact_entry_number}
        return self.env["exact.exchange"]._enqueue_step(connection, kind, self, **values)

    def _exact_run_steps(self, kind, moves, skipped=()):
        """One step of ``kind`` for each of ``moves``, now; many in the background."""
        steps = self.env["exact.exchange"]
        for move in moves:
            steps |= move._exact_enqueue_step(kind)
        if len(steps) > 10:
            steps._schedule()
        else:
            steps._drive()
        return steps._report(skipped)

    # === PDF === #

    def action_exact_attach_pdf(self):
        """Attach the PDF to the entry in Exact, again where it is not there (any more)."""
        self._exact_check_user()
        moves = self.filtered("exact_entry_id")
        skipped = [(move, self.env._("not in Exact")) for move in self - moves]
        return self._exact_run_steps("document", moves, skipped)

    def _exact_get_pdf(self):
        """The PDF that the customer has, made where there is none yet.

        :return: file name and content.
        :raises UserError: it cannot be made, as where wkhtmltopdf is missing.
        """
        self.ensure_one()
        attachment = self.invoice_pdf_report_id
        main = self.message_main_attachment_id
        if not attachment and main.mimetype == "application/pdf":
            attachment = main
        if not attachment:
            send = self.env["account.move.send"]
            data = {self: {"pdf_report": send._get_default_pdf_report_id(self)}}
            send._prepare_invoice_pdf_report(data)
            if not data[self]["pdf_attachment_values"]["raw"].startswith(b"%PDF"):
                raise UserError(self.env._("Odoo's report made no PDF."))
            send._link_invoice_documents(data)
            attachment = self.invoice_pdf_report_id
        return attachment.name, attachment.raw or b""

    # === COMPARING === #

    def _exact_read_entry(self, client):
        """The entry of this document as it stands in Exact now, None where it is gone."""
        return client.get(
            "salesentry/SalesEntries", self.exact_entry_id, select=list(COMPARE_SELECT)
        )

    def _exact_ask_entry(self):
        """Compare this document with its entry, and remember whether they differ.

        :return: finding ("equal", "differs", "gone" or "unknown"), the properties side by side, the
            entry, and why Exact could not be asked.
        """
        self.ensure_one()
        connection = self.env["exact.connection"].sudo()._for_company(self.company_id)
        try:
            row = self._exact_read_entry(connection._get_client())
        except UserError as error:
            return "unknown", [], None, str(error)
        except ExactError as error:
            return "unknown", [], None, self.env["exact.cause"]._explain(error)
        if row is None:
            other = self._exact_in_other_books(connection)
            return "unknown" if other else "gone", [], None, ""
        move = self.with_company(self.company_id)
        compared = self.env["exact.mapper.sales.entry"]._compare(move, row)
        differs = any(not one.equal and one.name in (*ESSENTIAL, "VATAmountFC") for one in compared)
        if differs != self.exact_differs:
            self.sudo().with_context(skip_invoice_sync=True).exact_differs = differs
        finding = "equal" if all(one.equal for one in compared) else "differs"
        return finding, compared, row, ""
