import logging
from datetime import timedelta
from functools import partial

from psycopg2 import Error as DatabaseError

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..client import Guid, Int64, odata
from ..customer_fields import QUIET
from ..matching import compare

_logger = logging.getLogger(__name__)

# Relations asked for by their ID at once; batches of this size are known to be taken (API 3.2).
LOOK_UP = 40
# Contact persons and deletions are streams of their own. A little less than a day, or a night would be missed.
THOROUGH_EVERY = timedelta(hours=20)
# Line type of a receipt in sync/Cashflow/PaymentTerms: one for each sale (API 5.16).
RECEIPT = 20


class ExactExchange(models.Model):
    """Worker for the customer import: what changed since the cursors, a page at a time (R36-R39).

    Relations first, then their contact persons (``exact_exchange_import_contacts.py``) and what was
    deleted in Exact.
    """

    _inherit = "exact.exchange"

    to_decide_count = fields.Integer("To Decide", readonly=True)
    contact_count = fields.Integer("Contact Persons", readonly=True)

    def _work_customer_import(self, client):
        """Generator: imports one page and moves its cursor past it, then yields for the driver to commit.

        :raises ExactError: what Exact answered; the page is then read again next time.
        """
        connection = self.connection_id
        first, started = not connection.customers_imported_on, fields.Datetime.now()
        # Only the end of a run notes something: what stopped an attempt there may be mended.
        self.notes = False
        yield from self._import_accounts(client, connection)
        if connection.customer_scope == "sales":
            yield from self._import_accounts_with_sales(client, connection)
        if self._is_thorough(connection):
            if connection.import_contacts:
                yield from self._import_contacts(client, connection)
            if not first:
                # Before the first import there was nothing to let go.
                yield from self._import_deletions(client, connection)
            connection.customers_read_through_on = started
        connection.customers_imported_on = fields.Datetime.now()
        self.message = self._describe_import()

    def _is_thorough(self, connection):
        """Whether contact persons and deletions are asked for as well, each a call even where nothing changed.

        Whoever presses the button gets all; of the runs that nobody waits for one a day does, unless
        Exact told of a contact person or a deletion, or a setting wants all read again.
        """
        self.ensure_one()
        last = connection.customers_read_through_on
        if not last or not self.user_id._is_superuser():
            return True
        if last <= fields.Datetime.now() - THOROUGH_EVERY:
            return True
        return bool(
            self.env["exact.webhook.event"]
            .sudo()
            .search_count(
                [
                    ("connection_id", "=", connection.id),
                    ("received_on", ">=", last),
                    "|",
                    ("topic", "=", "Contacts"),
                    ("action", "=", "Delete"),
                ],
                limit=1,
            )
        )

    def _describe_import(self):
        """The result in one line; what did not happen is not named, but for the customers themselves."""
        env = self.env
        parts = [
            env._(
                "%(created)s customers created, %(updated)s updated, %(unchanged)s unchanged, %(failed)s failed",
                created=self.created_count,
                updated=self.updated_count,
                unchanged=self.unchanged_count,
                failed=self.failed_count,
            )
        ]
        if self.contact_count:
            parts.append(env._("%s contact persons created or updated", self.contact_count))
        if self.to_decide_count:
            parts.append(env._("%s to decide: may be there already", self.to_decide_count))
        return ", ".join(parts)

    # === RELATIONS === #

    def _import_accounts(self, client, connection):
        """What changed of the relations themselves."""
        select = self.env["exact.mapper.account"]._select
        # Where only those with sales count, sales bring the new ones.
        only_known = connection.customer_scope == "sales"
        take = partial(self._import_page, connection, only_known=only_known)
        yield from self._read_on(client, "customer_cursor", "sync/CRM/Accounts", select, take)

    def _read_on(self, client, cursor, resource, select, take):
        """Generator: takes over one page of a stream and moves its cursor past it, then yields for the commit.

        Where somebody wants all to be read again meanwhile, it is.

        :param cursor: name of the field on the connection.
        :param take: is given the rows of a page, where there are any.
        """
        connection, at = self.connection_id, None
        while at != (connection[cursor] or "1"):
            at = connection[cursor] or "1"
            pages = client.pages(
                resource,
                select=[*select, "Timestamp"],
                filter=odata.gt("Timestamp", Int64(at)),
                on_odd=self._note_odd,
            )
            for rows in pages:
                if rows:
                    take(rows)
                if at != (connection[cursor] or "1"):
                    break
                if rows:
                    at = str(max(int(at), *(int(row["Timestamp"]) for row in rows)))
                    connection[cursor] = at
                self.page_count += 1
                yield

    def _import_accounts_with_sales(self, client, connection):
        """Relations that had their first sale since the last time (R36).

        Sales are read from the list that the paid status uses, 1,000 a page and by row version; an
        account is asked for once, in batches of forty.
        """
        take = partial(self._import_customers_of_sales, client, connection, set())
        columns = ["Account", "LineType"]
        resource = "sync/Cashflow/PaymentTerms"
        yield from self._read_on(client, "sales_cursor", resource, columns, take)

    def _import_customers_of_sales(self, client, connection, asked, rows):
        """The relations of a page of sales that are not known yet.

        :param asked: set that remembers for which an answer has come.
        """
        mapper = self.env["exact.mapper.account"]
        partners = self.env["res.partner"].with_company(connection.company_id)
        accounts = {
            row["Account"] for row in rows if row.get("Account") and row.get("LineType") == RECEIPT
        } - asked
        asked |= accounts
        known = partners._exact_find_linked([{"ID": account} for account in accounts])
        new = sorted(accounts - set(known))
        found = []
        for start in range(0, len(new), LOOK_UP):
            wanted = [Guid(account) for account in new[start : start + LOOK_UP]]
            found += client.rows(
                "crm/Accounts", select=list(mapper._select), filter=odata.one_of("ID", wanted)
            )
        # All are asked for before the first contact is written, and held by that.
        if found:
            self._import_page(connection, found, with_contacts=True)

    def _import_page(self, connection, rows, only_known=False, with_contacts=False):
        """Create or update the customers of one page, in one batch.

        :param only_known: new relations are left alone.
        :param with_contacts: the contact persons of new ones have to be asked for.
        """
        mapper = self.env["exact.mapper.account"].with_company(connection.company_id)
        partners = self.env["res.partner"].with_company(connection.company_id).with_context(**QUIET)
        links = mapper._get_links(connection)
        # The last version of an account counts, should a page hold two.
        latest = {row["ID"]: row for row in rows}
        existing = partners._exact_find_linked(latest.values())
        new = {
            key: row
            for key, row in latest.items()
            if key not in existing and not only_known and mapper._is_wanted(row, connection)
        }
        found, held = self._recognise(connection, partners, new)
        existing |= found
        due = with_contacts and connection.import_contacts and connection.contact_cursor != "1"
        to_create = []
        for key, row in latest.items():
            partner = existing.get(key)
            if not partner and (key not in new or key in held):
                continue
            values, notes = mapper._odoo_values(row, links)
            if partner:
                self._update_customer(connection, partner, values)
            else:
                to_create.append((row, {**values, "exact_contacts_due": True} if due else values))
            if notes:
                self._note_row(row, partner, ", ".join(notes))
        self._create_customers(connection, partners, to_create)

    def _recognise(self, connection, partners, new):
        """Contacts that new relations belong to by their number (R37), and relations a person has to decide on.

        What looks like a contact that is not linked yet is never made a second time: it goes to the
        desk (W10), once.
        :return: (dict of account ID -> contact, set of account IDs held back)
        """
        mapper, desk = self.env["exact.mapper.account"], self.env["exact.match"]
        by_number = partners._exact_find_by_number(connection, new.values())
        alike = partners._exact_find_alike(connection, new.values())
        people = alike.union(*by_number.values()) if by_number else alike
        if not people:
            return {}, set()
        parties = {partner: mapper._party_of_partner(partner) for partner in people}
        decided = {}
        for candidate in desk._of(connection, people).values():
            for pair in candidate.candidate_ids.filtered(lambda c: c.state != "open"):
                decided[pair.match_id.partner_id.id, pair.exact_account_id] = pair.state
        found, held = {}, set()
        for key, row in new.items():
            party = mapper._party_of_row(row)
            questions = []
            for partner in people:
                answer = decided.get((partner.id, key))
                if answer == "rejected":
                    continue
                likeness = compare(parties[partner], party)
                number = by_number.get(key) == partner
                if answer == "skipped":
                    held.add(key)
                elif number and likeness.is_believed:
                    found[key] = partner
                elif likeness.is_candidate and (
                    number or {"vat", "registry", "name_postcode"} & set(likeness.reasons)
                ):
                    questions.append((partner, likeness))
            if key in found:
                held.discard(key)
                people -= found[key]
                continue
            if key in held:
                continue
            for partner, likeness in questions:
                desk._ask(connection, partner, [(row, likeness)], "import")
            if questions:
                held.add(key)
                self.to_decide_count += 1
        for key, partner in found.items():
            desk._of(connection, partner).get(partner, desk)._close_by(key)
        return found, held

    def _update_customer(self, connection, partner, values):
        """Write what changed in Exact; what is empty there does not wipe what Odoo knows."""
        plan = partner._exact_plan(connection, values)
        changed = False
        if plan:
            try:
                with self.env.cr.savepoint():
                    changed = partner._exact_carry_out(*plan)
            except Exception as error:
                self._fail_row(values, partner, error)
                return
        if changed:
            self.updated_count += 1
        else:
            self.unchanged_count += 1

    def _create_customers(self, connection, partners, pairs):
        """One batched create; where it fails, one by one, so that a bad record harms no other."""
        values_list = [partners._exact_creation_values(values) for _row, values in pairs]
        try:
            with self.env.cr.savepoint():
                partners.create(values_list)
            self.created_count += len(values_list)
            return
        except Exception:
            _logger.info("Importing %s customers one by one", len(values_list))
        for values in values_list:
            try:
                with self.env.cr.savepoint():
                    partners.create(values)
                self.created_count += 1
            except Exception as error:
                self._fail_row(values, None, error)

    def _fail_row(self, values, partner, error):
        if isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
            # Somebody was editing the contact: the page is read again, or this change would be lost.
            raise error
        if not isinstance(error, (UserError, DatabaseError)):
            _logger.error("Exact exchange %s: a row was left out", self.id, exc_info=error)
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

    # === WHAT CAME === #

    def action_view_imported(self):
        """The contacts that are linked to Exact."""
        self.ensure_one()
        return self.connection_id.action_view_customers()

    def action_view_matches(self):
        """What is to be decided on."""
        self.ensure_one()
        return self.connection_id.action_view_matches()
