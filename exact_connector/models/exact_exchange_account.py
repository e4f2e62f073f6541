from odoo import models

from ..client import ExactError
from ..resolution import Problem, Resolution
from .exact_exchange_drive import BatchStop

# Customers in one look-up: three terms each, well within the address length Exact takes (API 3.2).
LOOK_UP = 15


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
            mapper._resolve(partner, resolution)
            if resolution.problems:
                exchange._settle_problems(resolution.problems)
            else:
                ready |= exchange
        for start in range(0, len(ready), LOOK_UP):
            chunk = ready[start : start + LOOK_UP]
            try:
                self._hold_for_limit(client)
                rows = client.rows(
                    "crm/Accounts",
                    select=list(mapper._select),
                    filter=mapper._lookup_filter(chunk.partner_id),
                )
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
        row, how = mapper._match(partner, rows)
        if row:
            problem = self._check_match(partner, row, how)
            if problem:
                self._settle_problems([problem])
            else:
                self._adopt_account(row)
            self._commit(1)
            return
        if self._wait_out_booking():
            return
        values = mapper._exact_values(partner, self.connection_id)
        try:
            self._hold_for_limit(client)
            if not self._start_attempt(values):
                return
            row = client.create("crm/Accounts", values)
            if not row.get("Code"):
                # Exact empties the body where it ignores Prefer: only the ID is certain (API 3.4).
                row = client.get("crm/Accounts", row["ID"], select=["ID", "Code", "Name"]) or row
        except ExactError as error:
            stop = self._settle_error(error)
            self._commit(1)
            if stop:
                raise BatchStop from error
            return
        self._adopt_account(row)
        self._commit(1)

    def _reread_customers(self, connection):
        """Ask Exact whether the customers that it had blocked still are."""
        mapper = self.env["exact.mapper.account"]
        partners = (self.move_id.commercial_partner_id | self.partner_id).with_company(
            connection.company_id
        )
        blocked = partners.filtered("exact_account_blocked")
        if not blocked:
            return
        client = connection._get_client()
        for partner in blocked:
            row = client.get(
                "crm/Accounts", partner.exact_account_id, select=["ID", "Blocked", "EndDate"]
            )
            partner.exact_account_blocked = row is None or mapper._is_blocked(row)

    def _partner_in_company(self):
        return self.partner_id.with_company(self.company_id)

    def _check_match(self, partner, row, how):
        """Why the account found may not simply be taken (R43): another role, or only an equal VAT number."""
        env = self.env
        number, name = row.get("Code"), row.get("Name")
        if how == "vat":
            return Problem(
                "customer_same_vat",
                env._(
                    "Exact already has relation %(number)s %(name)s with VAT number %(vat)s. Is it this customer? "
                    "Then put %(number)s in the Reference of the contact.",
                    number=number,
                    name=name,
                    vat=row.get("VATNumber"),
                ),
                partner,
            )
        if row.get("Status") != "C":
            return Problem(
                "account_role",
                env._(
                    "Relation %(number)s %(name)s is not a customer in Exact. Make it a customer there, "
                    "or give the contact another number.",
                    number=number,
                    name=name,
                ),
                partner,
            )
        return None

    def _adopt_account(self, row):
        """Write number and ID back to the contact (R42)."""
        partner = self._partner_in_company()
        values = {"exact_account_id": row["ID"], "exact_account_code": row.get("Code")}
        if not partner.ref and row.get("Code"):
            values["ref"] = row["Code"]
        if "Blocked" in row:
            mapper = self.env["exact.mapper.account"]
            values["exact_account_blocked"] = mapper._is_blocked(row)
        partner.write(values)
        self._settle_done(row["ID"], row.get("Code"))
        partner._exact_log_exchange(self)
