import logging
from functools import partial

from odoo import models

from ..client import Guid, RightsError, odata
from ..customer_fields import QUIET
from .exact_exchange_import import LOOK_UP

_logger = logging.getLogger(__name__)

# Entity types of sync/Deleted (API 5.16).
ACCOUNT, CONTACT = 2, 5


class ExactExchange(models.Model):
    """The rest of the customer import: contact persons of the companies, and what was deleted in Exact (R36)."""

    _inherit = "exact.exchange"

    # === CONTACT PERSONS === #

    def _import_contacts(self, client, connection):
        """Contact persons that changed since their cursor, then those of companies linked afterwards."""
        mapper = self.env["exact.mapper.contact"]
        take = partial(self._import_contact_page, connection)
        stream = ("contact_cursor", "sync/CRM/Contacts", mapper._select)
        yield from self._read_on(client, *stream, take)
        partners = self.env["res.partner"].with_company(connection.company_id)
        due = partners.search([("exact_contacts_due", "=", True)])
        for start in range(0, len(due), LOOK_UP):
            batch = due[start : start + LOOK_UP]
            accounts = [Guid(account) for account in batch.mapped("exact_account_id") if account]
            if accounts:
                self._hold_for_limit(client)
                rows = client.rows(
                    "crm/Contacts",
                    select=list(mapper._select),
                    filter=odata.one_of("Account", accounts),
                )
                self._import_contact_page(connection, rows)
            batch.with_context(**QUIET).exact_contacts_due = False
            yield

    def _import_contact_page(self, connection, rows):
        """Create or update the people of one page below their companies; those of others are left alone."""
        mapper = self.env["exact.mapper.contact"]
        partners = self.env["res.partner"].with_company(connection.company_id).with_context(**QUIET)
        latest = {row["ID"]: row for row in rows if row.get("Account")}
        companies = partners._exact_find_linked([{"ID": row["Account"]} for row in latest.values()])
        if not companies:
            return
        languages = self.env["exact.mapper.account"]._get_languages()
        everyone = partners.with_context(active_test=False)
        known = {
            child.exact_contact_id: child
            for child in everyone.search([("exact_contact_id", "in", list(latest))])
        }
        children = everyone.search(
            [
                ("parent_id", "in", [company.id for company in companies.values()]),
                ("type", "=", "contact"),
                ("is_company", "=", False),
            ]
        ).grouped("parent_id")
        to_create, taken = [], everyone.union(*known.values()) if known else everyone
        for row in latest.values():
            company = companies.get(row["Account"])
            values = company and mapper._odoo_values(row, company, languages)
            # A person who is a customer is no contact of themselves.
            if not values or mapper._is_same(company, {**values, "email": False}):
                continue
            child = known.get(row["ID"]) or next(
                (
                    peer
                    for peer in children.get(company, everyone)
                    if peer not in taken
                    and not peer.exact_contact_id
                    and mapper._is_same(peer, values)
                ),
                everyone,
            )
            if child:
                taken |= child
                self._update_contact(child, company, values)
            else:
                to_create.append(
                    {**values, "parent_id": company.id, "type": "contact", "is_company": False}
                )
        self._create_contacts(partners, to_create)

    def _create_contacts(self, partners, values_list):
        """One batched create; where it fails, one by one, so that one that Odoo refuses holds up no other."""
        try:
            with self.env.cr.savepoint():
                partners.create(values_list)
            self.contact_count += len(values_list)
            return
        except Exception:
            _logger.info("Importing %s contact persons one by one", len(values_list))
        for values in values_list:
            if self._try_contact(values, partners.create, values):
                self.contact_count += 1

    def _try_contact(self, values, write, *args):
        """Keep one contact person; where Odoo refuses it is told on the run.

        :return: whether it was kept.
        """
        try:
            with self.env.cr.savepoint():
                write(*args)
            return True
        except Exception as error:
            self._fail_row(values, None, error)
            return False

    def _update_contact(self, child, company, values):
        """What Exact has wins on a contact person; what is empty there wipes nothing."""
        if child.parent_id != company:
            values = {**values, "parent_id": company.id}
        changed = {
            name: value
            for name, value in values.items()
            if value and child._fields[name].convert_to_write(child[name], child) != value
        }
        if changed and self._try_contact(values, child.write, changed):
            self.contact_count += 1

    # === DELETIONS === #

    def _import_deletions(self, client, connection):
        """Relations and people deleted in Exact: their links are dropped, the contacts stay.

        The list has a scope of its own, which an app may lack: then it is told, and nothing else stops.
        """
        partners = self.env["res.partner"].with_company(connection.company_id)
        everyone = partners.with_context(active_test=False)

        def take(rows):
            for kind, name in ((ACCOUNT, "exact_account_id"), (CONTACT, "exact_contact_id")):
                keys = [row["EntityKey"] for row in rows if row.get("EntityType") == kind]
                if keys:
                    everyone.search([(name, "in", keys)])._exact_unlink_gone()

        stream = ("deleted_cursor", "sync/Deleted", ["EntityKey", "EntityType"])
        try:
            yield from self._read_on(client, *stream, take)
        except RightsError as error:
            self.notes = self.env._(
                "What was deleted in Exact could not be read, so links to deleted relations stay: %s",
                error,
            )
