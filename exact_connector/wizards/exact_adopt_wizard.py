import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..client import ExactError, encode, odata
from ..models.exact_mapper_comparison import COMPARE_SELECT, ESSENTIAL
from ..resolution import Resolution

# What of an adopted entry counts as sent, so that a later change in Odoo is noticed.
KEPT = ("Customer", "Journal", "YourRef", "DueDate", "PaymentReference", "Currency")


class ExactAdoptWizard(models.TransientModel):
    """Link a document to an entry that Exact has already, found by its number (R56).

    Booked by hand, or before a database was restored: it is compared first, and never sent.
    """

    _name = "exact.adopt.wizard"
    _description = "Exact: Link to an Existing Entry"

    move_id = fields.Many2one("account.move", "Document", required=True, readonly=True)
    connection_id = fields.Many2one("exact.connection", readonly=True)
    entry_number = fields.Char("Entry Number in Exact")
    journal_id = fields.Many2one(
        "exact.journal",
        "Journal in Exact",
        domain="[('connection_id', '=', connection_id), ('type', 'in', ('20', '21'))]",
    )
    entry_id = fields.Char(readonly=True)
    comparison = fields.Html(readonly=True)
    message = fields.Text(readonly=True)
    agrees = fields.Boolean(readonly=True, help="Customer, date, total and currency are equal.")
    reason = fields.Char(
        "Why It Is the Same All the Same", help="Kept in the chatter of the document."
    )

    @api.model
    def _open(self, move):
        """The wizard for ``move``, with the journal it would be booked in."""
        connection = self.env["exact.connection"]._for_company(move.company_id)
        resolution = Resolution()
        self.env["exact.mapper.sales.entry"]._resolve_journal(
            move.with_company(move.company_id), connection, resolution
        )
        journal = resolution.get("journal")
        wizard = self.create(
            {
                "move_id": move.id,
                "connection_id": connection.id,
                "journal_id": journal.id if journal else False,
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
            "name": self.env._("Link to an Existing Entry"),
        }

    # === BUTTONS === #

    def action_look_up(self):
        """Ask Exact for the entry and show both sides."""
        self._check()
        number = (self.entry_number or "").strip()
        if not number.isdigit():
            raise UserError(self.env._("Type the entry number as Exact shows it: digits only."))
        filters = [odata.eq("EntryNumber", int(number))]
        if self.journal_id:
            filters.append(odata.eq("Journal", self.journal_id.code))
        rows = self._ask(
            lambda client: client.rows(
                "salesentry/SalesEntries",
                select=list(COMPARE_SELECT),
                filter=odata.all_of(*filters),
            )
        )
        compared = [(row, self._compare(row)) for row in rows]
        # A number may come back in another journal or year: the entry most like the document.
        compared.sort(key=lambda pair: sum(not one.equal for one in pair[1]))
        row, found = compared[0] if compared else (None, [])
        mapper = self.env["exact.mapper.sales.entry"]
        self.write(
            {
                "entry_id": row["EntryID"] if row else False,
                "comparison": mapper._render_comparison(found) if row else False,
                "agrees": bool(row) and self._agree(found),
                "message": self._say(row, found),
                "reason": False,
            }
        )
        return self._get_action()

    def action_again(self):
        """Type another number."""
        self._check()
        self.write({"entry_id": False, "comparison": False, "message": False, "agrees": False})
        return self._get_action()

    def action_adopt(self):
        """Link, after reading and comparing once more; nothing is written in Exact."""
        self._check()
        move = self.move_id.with_company(self.move_id.company_id)
        if not self.entry_id:
            raise UserError(self.env._("Look the entry up first."))
        row = self._ask(
            lambda client: client.get(
                "salesentry/SalesEntries", self.entry_id, select=list(COMPARE_SELECT)
            )
        )
        if row is None:
            raise UserError(self.env._("The entry is no longer in Exact."))
        self._check_free(row)
        notes = [
            self.env._(
                "Linked by its number to an entry that was in Exact already; nothing was sent."
            )
        ]
        if not self._agree(self._compare(row)):
            notes.append(self.env._("Linked although it differs. Reason: %s", self._get_reason()))
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection_id, move).sudo()
        if not exchange._lock_due() or exchange.state == "sending":
            raise UserError(
                self.env._("The document is being sent at this moment: try again later.")
            )
        kept = {name: row.get(name) for name in KEPT if row.get(name)}
        exchange.write(
            {
                "attempts": max(exchange.attempts, 1),
                "payload": json.loads(encode({**kept, "DueDate": row["DueDate"].date()}))
                if row.get("DueDate")
                else json.loads(encode(kept)),
            }
        )
        exchange._settle_sales_entry(row, notes)
        exchange._catch_up_paid_status(self.connection_id.sudo()._get_client(), move.sudo())
        if self.connection_id.attach_pdf:
            exchange._schedule()
        notice = exchange._report()
        notice["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return notice

    # === INSIDE === #

    def _check(self):
        """:raises AccessError: outside the group or the company; UserError: linked in the meantime."""
        self.ensure_one()
        self.move_id._exact_check_user()
        if self.connection_id.company_id != self.move_id.company_id:
            raise AccessError(self.env._("The connection belongs to another company."))
        if not self.move_id.exact_can_adopt:
            raise UserError(
                self.env._("%s cannot be linked to an entry now.", self.move_id.display_name)
            )

    def _ask(self, question):
        """:raises UserError: with the cause, where Exact does not answer."""
        try:
            return question(self.connection_id.sudo()._get_client())
        except ExactError as error:
            raise UserError(self.env["exact.cause"]._explain(error)) from error

    def _compare(self, row):
        move = self.move_id.with_company(self.move_id.company_id)
        return self.env["exact.mapper.sales.entry"]._compare(move, row)

    @api.model
    def _agree(self, compared):
        return all(one.equal for one in compared if one.name in ESSENTIAL)

    def _say(self, row, compared):
        """What was found, in words."""
        env = self.env
        if not row:
            return env._("Exact has no entry with this number in this journal.")
        other = self._linked_to(row)
        if other:
            return self._say_linked(other)
        unequal = ", ".join(
            one.label for one in compared if not one.equal and one.name in ESSENTIAL
        )
        if unequal:
            return env._(
                "Not the same: %s. A manager may link it all the same, with a reason.", unequal
            )
        return env._("Customer, date and total agree.")

    def _linked_to(self, row):
        return (
            self.env["account.move"]
            .sudo()
            .search(
                [("exact_entry_id", "=", row["EntryID"]), ("id", "!=", self.move_id.id)], limit=1
            )
        )

    def _say_linked(self, other_sudo):
        seen = other_sudo.sudo(False)
        name = seen.display_name if seen.has_access("read") else self.env._("another company")
        return self.env._("This entry is linked already, to %s.", name)

    def _check_free(self, row):
        """:raises UserError: an entry belongs to one document."""
        other = self._linked_to(row)
        if other:
            raise UserError(self._say_linked(other))

    def _get_reason(self):
        """:raises AccessError: only a manager may link what differs; UserError: without a reason."""
        if not self.env.su and not self.env.user.has_group("exact_connector.group_exact_manager"):
            raise AccessError(
                self.env._(
                    "Customer, date or total differ: only an Exact Online manager can link this entry."
                )
            )
        reason = (self.reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why it is the same document all the same."))
        return reason
