from psycopg2 import Error as DatabaseError

from odoo import models

from ..client import ExactError
from ..resolution import Problem, Resolution
from .exact_exchange_drive import BatchStop


class ExactExchange(models.Model):
    """Worker for customers: one look-up for a batch, then one POST for each that is not there yet (R40, R42)."""

    _inherit = "exact.exchange"

    def _drive_accounts(self, client):
        """Make the customers of these exchanges exist in Exact.

        :raises BatchStop: limit, outage or reconnect; the exchange concerned says which.
        """
        exchanges = self._lock_due()
        mapper = self.env["exact.mapper.account"]
        ready = self.browse()
        for exchange in exchanges:
            partner = exchange._partner_in_company()
            resolution = Resolution()
            if partner.exact_account_id:
                exchange._settle_done(partner.exact_account_id, partner.exact_account_code)
                continue
            try:
                mapper._resolve(partner, resolution)
            except DatabaseError:
                raise
            except Exception as error:
                exchange._settle_fault(error)
                continue
            if resolution.problems:
                exchange._settle_problems(resolution.problems)
            else:
                ready |= exchange
        for chunk, wanted in mapper._lookup_chunks(ready):
            try:
                self._hold_for_limit(client)
                rows = client.rows("crm/Accounts", select=list(mapper._select), filter=wanted)
            except ExactError as error:
                for exchange in chunk:
                    stop = exchange._settle_error(error)
                self._commit(len(chunk))
                if stop:
                    raise BatchStop from error
                continue
            seen = {exchange: exchange.attempts for exchange in chunk}
            for exchange in chunk:
                try:
                    exchange._drive_account(client, rows, seen[exchange])
                except BatchStop:
                    raise
                except Exception as error:
                    self._rollback()
                    exchange._settle_fault(error)
                    self._commit(1)

    def _drive_account(self, client, rows, attempts):
        """Link to what the look-up found, or create.

        :param attempts: number of attempts when it was looked up. Each customer before this one was
            a commit: where another worker has been here since, ``rows`` says nothing any more.
        """
        self.ensure_one()
        if not self._lock_due() or self.attempts != attempts:
            return
        mapper = self.env["exact.mapper.account"]
        partner = self._partner_in_company()
        lost = self._is_lost()
        match = self.env["exact.match"]._of(self.connection_id, partner).get(partner)
        apart = match._get_apart() if match else set()
        row, candidates = mapper._find_account(partner, rows, apart)
        if row:
            self._adopt_account(row, found=True, notes=[self._note_adopted()] if lost else ())
            self._commit(1)
            return
        if candidates:
            self._settle_problems([self._ask_for_match(partner, candidates)])
            self._commit(1)
            return
        if self._wait_out_booking():
            return
        values = mapper._exact_values(partner, self.connection_id)
        if any(row["ID"] in apart and row.get("Code") == values.get("Code") for row in rows):
            # The number belongs to another business: Exact gives the next free one.
            values.pop("Code", None)
        try:
            self._hold_for_limit(client, "POST", "crm/Accounts")
            if not self._start_attempt(values):
                return
            row = client.create("crm/Accounts", values)
            if not row.get("Code"):
                # Exact empties the body where it ignores Prefer: only the ID is certain (API 3.4).
                row = client.get("crm/Accounts", row["ID"], select=["ID", "Code", "Status"]) or row
        except ExactError as error:
            stop = self._settle_error(error)
            self._commit(1)
            if stop:
                raise BatchStop from error
            return
        notes = [self._note_sent_again()] if lost else ()
        self._adopt_account({**row, "Status": "C"}, payload=values, notes=notes)
        self._commit(1)

    def _reread_customers(self, connection):
        """Ask Exact whether the customers that it had blocked still are."""
        mapper = self.env["exact.mapper.account"]
        partners = (self.move_id.commercial_partner_id | self.partner_id).with_company(
            connection.company_id
        )
        blocked = partners.filtered(
            lambda partner: partner.exact_account_id and partner._exact_get_stop()
        )
        if not blocked:
            return
        client = connection._get_client()
        for partner in blocked:
            row = client.get(
                "crm/Accounts",
                partner.exact_account_id,
                select=["ID", "Blocked", "EndDate", "Status"],
            )
            if row is None:
                partner.exact_account_blocked = True
            else:
                partner.write(mapper._account_state(row))

    def _partner_in_company(self):
        return self.partner_id.with_company(self.company_id)

    def _ask_for_match(self, partner, candidates):
        """Put the customer on the desk (R43, W10).

        :return: the problem that leads there.
        """
        env = self.env
        match = env["exact.match"]._ask(self.connection_id, partner, candidates, "send")
        row, likeness = candidates[0]
        names = {
            "number": row.get("Code"),
            "name": row.get("Name"),
            "customer": partner.display_name,
        }
        if match.decision == "skip":
            return Problem(
                "customer_left_out", env._("%s is left out of Exact.", partner.display_name), match
            )
        if "number" in likeness.reasons and row.get("Status") != "C":
            return Problem(
                "account_role",
                env._(
                    "Relation %(number)s %(name)s, with the number of %(customer)s, is not a customer in Exact.",
                    **names,
                ),
                match,
            )
        if "vat" in likeness.reasons:
            return Problem(
                "customer_same_vat",
                env._(
                    "Exact already has relation %(number)s %(name)s with VAT number %(vat)s. "
                    "Is it %(customer)s?",
                    vat=row.get("VATNumber"),
                    **names,
                ),
                match,
            )
        # A name that ends in a point ("B.V.") stands before the point of the sentence here.
        names["name"] = (names["name"] or "").rstrip(".")
        return Problem(
            "customer_match",
            env._(
                "Exact has %(count)s relations that may be %(customer)s, such as %(number)s %(name)s. "
                "Is it one of them?",
                count=len(candidates),
                **names,
            )
            if len(candidates) > 1
            else env._(
                "Exact already has relation %(number)s %(name)s. Is it %(customer)s?", **names
            ),
            match,
        )

    def _adopt_account(self, row, payload=None, found=False, notes=()):
        """Write number and ID back to the contact (R42).

        :param payload: what was sent where we made it: both sides are equal then.
        :param found: the account was there before us: its contact persons are still to come.
        """
        partner = self._partner_in_company()
        partner._exact_link(self.connection_id, row, payload, with_contacts=found)
        desk = self.env["exact.match"]
        desk._of(self.connection_id, partner).get(partner, desk)._close_by(row["ID"])
        self._settle_done(row["ID"], row.get("Code"), notes)
        partner._exact_log_exchange(self)
