import logging

from psycopg2 import Error as DatabaseError

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..client import Int64, odata

_logger = logging.getLogger(__name__)

# Noise that a batch of imported records does not need.
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    # The ledger's VAT number is taken over as it stands there.
    "no_vat_validation": True,
}


class ExactExchange(models.Model):
    """Worker for the customer import: what changed since the cursor, a page at a time (R36-R39)."""

    _inherit = "exact.exchange"

    def _work_customer_import(self, client):
        """Generator: imports one page and moves the cursor past it, then yields for the driver to commit.

        :raises ExactError: what Exact answered; the page is then read again next time.
        """
        connection = self.connection_id
        mapper = self.env["exact.mapper.account"]
        self.write(
            {
                "created_count": 0,
                "updated_count": 0,
                "unchanged_count": 0,
                "failed_count": 0,
                "page_count": 0,
            }
        )
        self.problem_ids.unlink()
        pages = client.pages(
            "sync/CRM/Accounts",
            select=[*mapper._select, "Timestamp"],
            filter=odata.gt("Timestamp", Int64(connection.customer_cursor or 1)),
        )
        for rows in pages:
            if rows:
                self._import_page(connection, rows)
                connection.customer_cursor = str(max(int(row["Timestamp"]) for row in rows))
            self.page_count += 1
            yield
        connection.customers_imported_on = fields.Datetime.now()
        self.message = self.env._(
            "%(created)s customers created, %(updated)s updated, %(unchanged)s unchanged, %(failed)s failed",
            created=self.created_count,
            updated=self.updated_count,
            unchanged=self.unchanged_count,
            failed=self.failed_count,
        )

    def _import_page(self, connection, rows):
        """Create or update the customers of one page, in one batch."""
        mapper = self.env["exact.mapper.account"].with_company(connection.company_id)
        partners = self.env["res.partner"].with_company(connection.company_id).with_context(**QUIET)
        links = mapper._get_links(connection)
        # The last version of an account counts, should a page hold two.
        latest = {row["ID"]: row for row in rows if mapper._is_customer(row)}
        existing = partners._exact_find(connection, latest.values())
        to_create = []
        for row in latest.values():
            values, notes = mapper._odoo_values(row, links)
            partner = existing.get(row["ID"])
            if partner:
                self._update_customer(partner, values)
            else:
                to_create.append((row, values))
            if notes:
                self._note_row(row, partner, ", ".join(notes))
        self._create_customers(connection, partners, to_create)

    def _update_customer(self, partner, values):
        """Write what differs; what is empty in Exact does not wipe what Odoo knows."""
        changed = {
            name: value
            for name, value in values.items()
            if value not in (False, None)
            and partner._fields[name].convert_to_write(partner[name], partner) != value
        }
        if partner.exact_account_blocked and not values["exact_account_blocked"]:
            changed["exact_account_blocked"] = False
        if not changed:
            self.unchanged_count += 1
            return
        try:
            with self.env.cr.savepoint():
                partner.write(changed)
            self.updated_count += 1
        except (UserError, DatabaseError) as error:
            self._fail_row(values, partner, error)

    def _create_customers(self, connection, partners, pairs):
        """One batched create; where it fails, one by one, so that a bad record harms no other."""
        values_list = [self._creation_values(connection, values) for _row, values in pairs]
        try:
            with self.env.cr.savepoint():
                partners.create(values_list)
            self.created_count += len(values_list)
            return
        except (UserError, DatabaseError):
            _logger.info("Importing %s customers one by one", len(values_list))
        for values in values_list:
            try:
                with self.env.cr.savepoint():
                    partners.create(values)
                self.created_count += 1
            except (UserError, DatabaseError) as error:
                self._fail_row(values, None, error)

    def _creation_values(self, connection, values):
        return {**values, "customer_rank": 1, "company_id": False}

    def _fail_row(self, values, partner, error):
        if isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
            # Somebody was editing the contact: the page is read again, or this change would be lost.
            raise error
        self.failed_count += 1
        self._note_row({"Code": values.get("ref"), "Name": values.get("name")}, partner, str(error))

    def _note_row(self, row, partner, text):
        """Keep what could not be taken over, with the relation it concerns."""
        self.env["exact.exchange.problem"].create(
            {
                "exchange_id": self.id,
                "cause_id": self.env["exact.cause"]._by_code("import_row").id,
                "message": self.env._(
                    "Relation %(number)s %(name)s: %(text)s",
                    number=row.get("Code") or "",
                    name=row.get("Name") or "",
                    text=text,
                ),
                "res_model": partner._name if partner else False,
                "res_id": partner.id if partner else False,
            }
        )
