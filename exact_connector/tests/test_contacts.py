"""Contact persons of imported companies, and what was deleted in Exact (R6, R36, R38)."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import NL_APP
from .test_match import MatchCase

CONTACTS = "crm/Contacts"


@tagged("post_install", "-at_install")
class TestContacts(MatchCase):
    def rows(self):
        return self.sim_rows(CONTACTS)

    def people(self, code):
        company = self.env["res.partner"].search([("exact_account_code", "=", code)])
        return company.child_ids

    def test_r36_contact_persons_come_below_their_company_once(self):
        row = next(r for r in self.rows() if r["Account"] == self.account_row("1")["ID"])
        client = self.connection._get_client()
        client.update(
            CONTACTS,
            row["ID"],
            {"JobTitleDescription": "Inkoop", "BusinessMobile": "+31 6 11111111", "Language": "EN"},
        )
        run = self.import_customers()
        customers = {r["ID"] for r in self.account_rows() if r["Status"] == "C"}
        expected = [r for r in self.rows() if r["Account"] in customers]
        self.assertEqual(run.contact_count, len(expected))
        self.assertIn(str(len(expected)), run.message)
        (person,) = self.people("1")
        self.assertEqual(
            (person.name, person.email, person.phone, person.function, person.lang, person.type),
            (row["FullName"], row["BusinessEmail"], "+31 6 11111111", "Inkoop", "en_US", "contact"),
        )
        self.assertEqual(person.exact_contact_id, row["ID"])
        self.assertFalse(person.is_company or person.exact_account_id)
        total = self.env["res.partner"].search_count([])
        client.update(CONTACTS, row["ID"], {"LastName": "Nieuwenhuis"})
        again = self.import_customers()
        self.assertEqual(again.contact_count, 1)
        self.assertEqual(person.name, f"{row['FirstName']} Nieuwenhuis")
        self.connection.action_import_all_customers()
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(self.env["res.partner"].search_count([]), total)

    def test_r36_contact_person_that_odoo_refuses_harms_no_other_and_is_told(self):
        partners = self.env.registry["res.partner"]
        create, write = partners.create, partners.write
        bad = next(r for r in self.rows() if r["Account"] == self.account_row("1")["ID"])

        def refuse(records, several):
            if any(bad["FullName"] == vals.get("name") for vals in several):
                raise UserError(records.env._("The office knows nobody of that name."))

        def create_others(records, vals_list):
            refuse(records, vals_list if isinstance(vals_list, list) else [vals_list])
            return create(records, vals_list)

        def write_others(records, vals):
            refuse(records, [vals])
            return write(records, vals)

        with patch.object(partners, "create", create_others):
            run = self.import_customers()
        self.assertEqual((run.state, run.failed_count), ("done", 1))
        self.assertIn("knows nobody", run.problem_ids.message)
        self.assertIn(bad["FullName"], run.problem_ids.message)
        self.assertFalse(self.people("1"))
        self.assertTrue(self.connection.customers_read_through_on)
        self.connection.action_import_all_customers()
        self.cron("ir_cron_process_exchanges")
        self.people("1").name = "Iemand anders"
        self.connection.action_import_all_customers()
        with patch.object(partners, "write", write_others):
            self.cron("ir_cron_process_exchanges")
        self.assertEqual(self.people("1").name, "Iemand anders")
        run = self.connection.exchange_ids.filtered(lambda e: e.kind == "customer_import")[:1]
        self.assertEqual((run.state, run.failed_count), ("done", 1))

    def test_r36_contact_person_that_odoo_has_by_mail_or_by_name_is_not_doubled(self):
        first, second = self.account_row("1"), self.account_row("2")
        people = {row["Account"]: row for row in self.rows()}
        by_mail = self.customer(name=first["Name"])
        by_name = self.customer(known=False, name=second["Name"], ref="2")
        children = self.env["res.partner"].create(
            [
                {
                    "name": "Roepnaam",
                    "email": people[first["ID"]]["BusinessEmail"].upper(),
                    "parent_id": by_mail.id,
                },
                {"name": people[second["ID"]]["FullName"].upper(), "parent_id": by_name.id},
            ]
        )
        self.import_customers()
        self.assertEqual(self.people("1") | self.people("2"), children)
        self.assertEqual(
            children.mapped("exact_contact_id"),
            [people[first["ID"]]["ID"], people[second["ID"]]["ID"]],
        )

    def test_r06_without_contacts_none_come_and_switched_on_they_all_do(self):
        self.connection.import_contacts = False
        self.import_customers()
        self.assertFalse(self.people("1"))
        self.assertFalse(self.calls(path="Contacts"))
        self.connection.import_contacts = True
        self.import_customers()
        self.assertTrue(self.people("1"))

    def test_r36_contact_persons_of_a_company_linked_later_are_asked_for(self):
        self.accountant("account", account="1", Name="Vlierbes Bouw BV", VATNumber="NL000099998B57")
        partner = self.new_customer(name="Heel Anders", vat="NL000099998B57")
        self.import_customers()
        self.assertFalse(partner.child_ids)
        self.match(partner).candidate_ids.action_link()
        self.import_customers()
        self.assertEqual(len(partner.child_ids), 1)
        self.clear_calls()
        self.import_customers()
        self.assertFalse(self.calls(path="crm/Contacts?"), "asked for once")

    def test_r38_what_is_deleted_in_exact_loses_its_link_and_stays(self):
        row = self.in_exact(Name="Weg BV", Country="NL")
        client = self.connection._get_client()
        person = client.create(CONTACTS, {"Account": row["ID"], "LastName": "Vertrokken"})
        self.import_customers()
        partner = self.linked(row)
        child = partner.child_ids
        self.assertEqual(child.exact_contact_id, person["ID"])
        client.delete(CONTACTS, person["ID"])
        self.import_customers()
        self.assertFalse(child.exact_contact_id)
        self.assertTrue(partner.exact_account_id)
        client.delete("crm/Accounts", row["ID"])
        self.administrate(
            "scope", client_id=NL_APP[0], scope="organization administration", granted=False
        )
        run = self.import_customers()
        self.assertEqual(run.state, "done", "a scope that is missing stops nothing else")
        self.assertIn("Scope", run.notes)
        self.assertTrue(partner.exact_account_id)
        self.administrate(
            "scope", client_id=NL_APP[0], scope="organization administration", granted=True
        )
        self.import_customers()
        self.assertFalse(partner.exact_account_id or partner.exact_account_seen)
        self.assertTrue(partner.active and child.active)
        self.assertIn("deleted in Exact", self.chatter(partner))
        move = self.send(partner)
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertNotEqual(partner.exact_account_id, row["ID"])
