import json

from odoo import models
from odoo.exceptions import AccessError, RedirectWarning, UserError, ValidationError

from ..client import DataError, ExactError, Guid, encode, odata
from ..resolution import Problem

ENTRIES = "salesentry/SalesEntries"
# Status of an entry that was processed, and of receivables in or after collection (API 5.11, 5.15).
PROCESSED, IN_COLLECTION = 50, (30, 40, 50)


class ExactExchange(models.Model):
    """Workers that change or delete a booked entry: for one that is open only, and never blindly (R58).

    Both may be repeated without harm: an update sets the same values again, and an entry can be
    deleted once only. A lost answer is settled by reading the entry.
    """

    _inherit = "exact.exchange"

    # === UPDATE === #

    def _drive_entry_update(self, client):
        """PUT what was changed in Odoo since it was sent, nothing else (API 5.11)."""
        move = self._move_in_company()
        if move.exact_entry_id != self.exact_id:
            # Forgotten or linked anew since: what stands in that entry is no matter of this document.
            self.write({"state": "cancelled", "retry_at": False})
            self._commit(1)
            return
        mapper = self.env["exact.mapper.sales.entry"]
        values = mapper._changed_values(move)
        if not values:
            self._settle_update(move, {})
            return
        try:
            self._hold_for_limit(client)
            if self._may_be_booked():
                row = client.get(ENTRIES, self.exact_id, select=["EntryID", *values])
                if row is None:
                    self._settle_entry_gone(move)
                    return
                if mapper._is_set(row, values):
                    self._settle_update(move, values)
                    return
                if self._wait_out_booking():
                    return
            self._hold_for_limit(client, "PUT", ENTRIES)
            if not self._start_attempt(json.loads(encode(values))):
                return
            client.update(ENTRIES, self.exact_id, values)
        except ExactError as error:
            if _is_gone(error):
                self._settle_entry_gone(move)
                return
            self._settle_step_error(error)
            return
        self._settle_update(move, values)

    def _settle_update(self, move, values):
        """Exact has these values now: from here on they are what was sent."""
        mapper = self.env["exact.mapper.sales.entry"]
        labels = mapper._header_labels()
        note = (
            self.env._(
                "Updated in Exact: %s.",
                ", ".join(f"{labels[name]} {value or '-'}" for name, value in values.items()),
            )
            if values
            else self.env._("Nothing differs from what was sent.")
        )
        sent = move.exact_exchange_ids[:1]
        if values and sent:
            sent.payload = {**(sent.payload or {}), **json.loads(encode(values))}
        self._settle_done(self.exact_id, self.exact_number, [note])
        if values:
            move._message_log(body=note)
        self._commit(1)

    def _settle_entry_gone(self, move):
        self._settle_problems(
            [
                Problem(
                    "entry_gone",
                    self.env._("Entry %s is no longer in Exact.", self.exact_number),
                    move,
                )
            ]
        )
        self._commit(1)

    # === DELETION === #

    def _drive_entry_delete(self, client):
        """DELETE an entry that is open and that nothing is matched with."""
        move = self._move_in_company()
        if move._exact_in_other_books(self.connection_id):
            # Not found there means nothing: it stands in the division it was sent to.
            self._settle_entry_gone(move)
            return
        try:
            self._hold_for_limit(client)
            row = client.get(ENTRIES, self.exact_id, select=["EntryID", "Status"])
            if row is None:
                self._settle_deleted(move)
                return
            if self._may_be_booked() and self._wait_out_booking():
                return
            problem = self._check_deletable(client, move, row)
            if problem:
                self._settle_problems([problem])
                self._commit(1)
                return
            self._hold_for_limit(client, "DELETE", ENTRIES)
            if not self._start_attempt({"EntryID": self.exact_id}):
                return
            client.delete(ENTRIES, self.exact_id)
        except ExactError as error:
            if not _is_gone(error):
                self._settle_step_error(error)
                return
        self._settle_deleted(move)

    def _check_deletable(self, client, move, row):
        """Why Exact's books would not be right without this entry, or None."""
        if row.get("Status") == PROCESSED:
            return Problem(
                "entry_processed",
                self.env._("Entry %s was processed in Exact.", self.exact_number),
                move,
            )
        receivables = client.rows(
            "cashflow/Receivables",
            select=["ID", "Status", "IsFullyPaid", "LastPaymentDate"],
            filter=odata.eq("TransactionEntryID", Guid(self.exact_id)),
        )
        if any(
            item.get("IsFullyPaid")
            or item.get("LastPaymentDate")
            or item.get("Status") in IN_COLLECTION
            for item in receivables
        ):
            return Problem(
                "entry_matched",
                self.env._("A payment is matched with entry %s in Exact.", self.exact_number),
                move,
            )
        return None

    def _settle_deleted(self, move):
        """Gone in Exact: the document is as never sent, and becomes what was asked for."""
        note = self.env._("Entry %s was deleted in Exact.", self.exact_number)
        # Forgotten in the meantime, it may have been sent anew: then nothing is left to follow.
        linked = move.exact_entry_id == self.exact_id
        if linked:
            move._exact_forget_entry()
        move._message_log(body=note)
        self._settle_done(self.exact_id, self.exact_number)
        self.notes = "\n".join([note, *(self._apply_follow_up(move) if linked else [])])
        self._commit(1)

    def _apply_follow_up(self, move):
        """Reset or cancel in Odoo, with the rights of whoever asked.

        :return: what Odoo had against it, as lines for the notes.
        """
        if not self.follow_up or move.state != "posted":
            return []
        asked = move.with_user(self.user_id)
        try:
            with self.env.cr.savepoint():
                asked.button_draft() if self.follow_up == "draft" else asked.button_cancel()
        except (AccessError, RedirectWarning, UserError, ValidationError) as error:
            # Of a warning with a button only its text.
            error = error.args[0] if isinstance(error, RedirectWarning) else error
            note = self.env._("It stays posted in Odoo: %s", error)
            move._message_log(body=note)
            return [note]
        return []


def _is_gone(error):
    return isinstance(error, DataError) and error.status == 404
