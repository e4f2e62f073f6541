"""Which customers are imported, what each field becomes, and what wins (R36, R39, R41, R43)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from .sending import ACCOUNTS
from .test_match import MatchCase


@tagged("post_install", "-at_install")
class TestWhichCustomers(MatchCase):
    join_once = True

    def codes(self):
        linked = self.env["res.partner"].search([("exact_account_id", "!=", False)])
        return set(linked.mapped("exact_account_code"))

    def test_r36_by_status_prospects_and_suspects_come_and_suppliers_never(self):
        self.accountant("account", account="12", Status="S")
        self.accountant("account", account="13", Status="P", IsSupplier=True)
        self.accountant("account", account="14", Status="C", IsSupplier=True)
        self.connection.write(
            {"customer_scope": "status", "import_status_customer": False, "import_prospects": True}
        )
        run = self.import_customers()
        self.assertEqual(self.codes(), {"9"})
        prospect = self.env["res.partner"].search([("exact_account_code", "=", "9")])
        self.assertEqual((prospect.exact_account_status, prospect.customer_rank), ("P", 0))
        self.assertEqual(run.action_view_imported()["res_model"], "res.partner")
        self.connection.write({"import_suspects": True, "import_status_customer": True})
        self.import_customers()
        self.assertTrue({"9", "12", "14", "1"} <= self.codes())
        self.assertFalse({"10", "13"} & self.codes(), "suppliers only")
        # Sales to a prospect stop before any call, and go once it is made a customer.
        move = self.invoice(partner=prospect)
        self.clear_calls()
        move.action_exact_create_sales_entry()
        self.assertEqual(self.exchange(move).cause_id.code, "account_role")
        self.assertFalse(self.calls())
        self.assertIn("9", prospect.exact_alert)
        prospect.action_exact_make_customer()
        self.assertFalse(prospect.exact_alert)
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)

    def test_r36_only_those_with_sales_and_later_ones_follow_their_first_sale(self):
        first = self.customer()
        self.send(first)
        first.write({"exact_account_id": False, "exact_account_code": False, "ref": False})
        first.active = False
        self.connection.customer_scope = "sales"
        run = self.import_customers()
        self.assertEqual((run.state, self.codes()), ("done", {"1"}), run.exact_message)
        self.assertEqual(len(self.calls(path="crm/Accounts?")), 1)
        other = self.customer(known=False, name=self.account_row("12")["Name"], ref="12")
        self.send(other)
        other.write({"exact_account_id": False, "exact_account_code": False})
        self.import_customers()
        self.assertEqual(self.codes(), {"1", "12"})
        self.assertEqual(other.exact_account_code, "12")
        self.clear_calls()
        self.import_customers()
        self.assertFalse(self.calls(path="crm/Accounts?"), "asked for once")


@tagged("post_install", "-at_install")
class TestFields(MatchCase):
    join_once = True

    def test_r39_numbers_language_and_state_take_odoos_form(self):
        self.accountant(
            "account",
            account="1",
            Country="BE",
            VATNumber="BE 0477.472.701",
            ChamberOfCommerce=None,
            Language="FR-BE",
        )
        self.accountant(
            "account", account="2", Country="BE", VATNumber=None, ChamberOfCommerce="0477.472.701"
        )
        self.accountant(
            "account",
            account="3",
            Country="NL",
            VATNumber="0000.99998.B57",
            ChamberOfCommerce="1234567",
        )
        self.accountant("account", account="4", Country="US", State="NY", VATNumber="12-3456789")
        self.env["res.lang"]._activate_lang("fr_FR")
        self.import_customers()
        partners = {
            p.exact_account_code: p
            for p in self.env["res.partner"].search([("exact_account_id", "!=", False)])
        }
        belgian, other, dutch, american = (partners[code] for code in "1234")
        self.assertEqual((belgian.vat, belgian.company_registry), ("BE0477472701", "0477472701"))
        self.assertEqual((other.vat, other.company_registry), ("BE0477472701", "0477472701"))
        self.assertEqual(belgian.lang, "fr_FR")
        self.assertEqual((dutch.vat, dutch.company_registry), ("NL000099998B57", "01234567"))
        self.assertEqual((american.state_id.code, american.vat), ("NY", "12-3456789"))
        # Nothing is found to have changed the next time, on either side.
        self.connection.update_customers = True
        self.connection.write(
            {f"{group}_winner": "odoo" for group in ("identification", "address")}
        )
        self.connection.action_import_all_customers()
        self.cron("ir_cron_process_exchanges")
        run = self.connection.exchange_ids.filtered(lambda e: e.kind == "customer_import")[:1]
        self.assertEqual(run.updated_count, 0)
        changed = self.env["res.partner"]._exact_search_changed(self.connection)
        self.assertFalse(changed)

    def test_r41_numbers_language_and_state_take_exacts_form(self):
        partner = self.new_customer(
            name="Brussel NV",
            country_id=self.env.ref("base.be").id,
            vat="BE0477472701",
            company_registry=False,
            lang="en_US",
            state_id=self.env["res.country.state"]
            .search([("country_id", "=", self.env.ref("base.be").id)], limit=1)
            .id,
        )
        partner.company_registry = False
        american = self.new_customer(
            name="New York Inc.",
            country_id=self.env.ref("base.us").id,
            state_id=self.env.ref("base.state_us_27").id,
        )
        (
            self.invoice(partner=partner) | self.invoice(partner=american)
        ).action_exact_create_sales_entry()
        belgian, us = self.bodies(ACCOUNTS)
        self.assertEqual(
            (belgian["VATNumber"], belgian["ChamberOfCommerce"], belgian["Language"]),
            ("BE0477472701", "0477472701", "EN"),
        )
        self.assertNotIn(
            "State", belgian, "Belgian post needs none, and Exact has a list of its own"
        )
        self.assertEqual(us["State"], american.state_id.code)


@tagged("post_install", "-at_install")
class TestBothSides(MatchCase):
    join_once = True

    def test_r43_the_side_that_wins_is_a_setting_and_what_it_overruled_is_told(self):
        self.connection.write({"contact_winner": "odoo", "address_winner": "exact"})
        self.import_customers()
        partner = self.env["res.partner"].search([("exact_account_code", "=", "3")])
        partner.write({"city": "Van Odoo", "email": "odoo@x.example", "street2": "Alleen Odoo"})
        mail = self.account_row("3")["Email"]
        self.accountant(
            "account", account="3", City="Van Exact", Email="exact@x.example", Phone="+31 1 exact"
        )
        self.import_customers()
        self.assertEqual(
            (partner.city, partner.email, partner.phone, partner.street2),
            ("Van Exact", "odoo@x.example", "+31 1 exact", "Alleen Odoo"),
        )
        text = self.chatter(partner)
        for word in ("Van Odoo", "Van Exact", "odoo@x.example", "exact@x.example"):
            self.assertIn(word, text)
        self.assertNotIn("Alleen Odoo", text, "changed on one side only: no conflict")
        self.assertNotIn(mail, text)
        # The same again says nothing new.
        count = len(partner.message_ids)
        self.connection.action_import_all_customers()
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(len(partner.message_ids), count)
        self.assertEqual(partner.email, "odoo@x.example")

    def test_r43_update_in_exact_sends_only_what_was_changed_and_only_when_wanted(self):
        self.connection.write({"contact_winner": "odoo", "name_winner": "odoo"})
        self.import_customers()
        partner = self.env["res.partner"].search([("exact_account_code", "=", "3")])
        partner.write({"email": "odoo@x.example", "city": "Odoostad", "phone": False})
        self.accountant("account", account="3", Name="Intussen Hernoemd BV")
        self.clear_calls()
        self.cron("ir_cron_import_customers")
        self.assertFalse(self.calls("PUT"), "off by default")
        self.assertFalse(partner.exact_can_update)
        self.connection.update_customers = True
        partner.invalidate_recordset(["exact_can_update"])
        self.assertTrue(partner.exact_can_update)
        answer = partner.action_exact_update()
        self.assertEqual(answer["params"]["type"], "success")
        self.assertEqual(self.bodies(ACCOUNTS, "PUT"), [{"Phone": None, "Email": "odoo@x.example"}])
        row = self.account_row("3")
        self.assertEqual((row["Email"], row["Name"]), ("odoo@x.example", "Intussen Hernoemd BV"))
        self.assertNotEqual(row["City"], "Odoostad", "Exact wins addresses")
        self.assertEqual(partner.name, "Intussen Hernoemd BV")
        partner.invalidate_recordset(["exact_can_update"])
        self.assertFalse(partner.exact_can_update)
        # By itself at night, once.
        partner.name = "Nacht BV"
        self.clear_calls()
        self.cron("ir_cron_import_customers")
        self.assertEqual(self.bodies(ACCOUNTS, "PUT"), [{"Name": "Nacht BV"}])
        self.clear_calls()
        self.cron("ir_cron_import_customers")
        self.assertFalse(self.calls("PUT"))
        self.assertEqual(partner.name, "Nacht BV")

    def test_r43_update_of_a_customer_that_is_gone_in_exact_drops_the_link_and_says_so(self):
        self.connection.write({"contact_winner": "odoo", "update_customers": True})
        self.import_customers()
        partner = self.env["res.partner"].search([("exact_account_code", "=", "12")])
        self.connection._get_client().delete(ACCOUNTS, partner.exact_account_id)
        partner.email = "odoo@x.example"
        answer = partner.action_exact_update()
        self.assertEqual(answer["params"]["type"], "danger")
        exchange = partner.exact_exchange_ids.filtered(lambda e: e.kind == "account_update")
        self.assertEqual((exchange.state, exchange.cause_id.code), ("failed", "customer_deleted"))
        self.assertFalse(partner.exact_account_id)

    def updates(self):
        """Three customers changed in Odoo, each waiting to go to Exact."""
        self.connection.write({"contact_winner": "odoo", "update_customers": True})
        self.import_customers()
        partners = self.env["res.partner"].search([("exact_account_id", "!=", False)], limit=3)
        partners.email = "odoo@x.example"
        self.clear_calls()
        return self.env["exact.exchange"]._enqueue_updates(self.connection, partners)

    def test_r55_missing_right_on_customers_is_asked_once_and_told_on_each_update(self):
        updates = self.updates()
        self.administrate(
            "right", login="bookkeeper@practice.example", resource=ACCOUNTS, granted=False
        )
        updates._drive()
        self.assertEqual(len(self.calls()), 1)
        self.assertEqual(set(updates.mapped("state")), {"failed"})
        self.assertEqual(updates.cause_id.code, "forbidden")

    def test_updates_whose_time_is_up_wait_for_the_next_run(self):
        updates = self.updates()

        def commit(exchange, *_args, **_kwargs):
            self._flush(exchange)
            return 0

        with patch.object(self.env.registry["exact.exchange"], "_commit", commit):
            updates._drive()
        self.assertEqual(sorted(updates.mapped("state")), ["done", "pending", "pending"])
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(set(updates.mapped("state")), {"done"})

    def test_r43_what_odoo_sent_with_a_new_customer_is_no_change_later(self):
        self.connection.write(
            {"name_winner": "odoo", "address_winner": "odoo", "update_customers": True}
        )
        long_name = "Zeer Lange Naam " * 6
        partner = self.new_customer(
            name=long_name.strip(), street="Hoofdstraat 1", vat="NL000099998B57"
        )
        self.env["res.partner"].create(
            {"parent_id": partner.id, "type": "invoice", "street": "Postbus 1", "name": "Facturen"}
        )
        self.send(partner)
        self.import_customers()
        self.assertEqual((partner.name, partner.street), (long_name.strip(), "Hoofdstraat 1"))
        self.assertFalse(self.env["res.partner"]._exact_search_changed(self.connection))
        self.accountant("account", account=partner.exact_account_code, AddressLine1="Postbus 2")
        self.import_customers()
        self.assertEqual(partner.street, "Hoofdstraat 1")
        self.assertEqual(
            partner.child_ids.filtered(lambda c: c.type == "invoice").street,
            "Postbus 2",
            "the address that was sent is the one that changes",
        )

    def test_r43_ended_customer_is_told_on_the_contact_from_that_day(self):
        tomorrow = fields.Date.today() + timedelta(days=1)
        self.accountant("account", account="12", EndDate=f"{tomorrow}T00:00:00")
        self.import_customers()
        partner = self.env["res.partner"].search([("exact_account_code", "=", "12")])
        self.assertEqual(partner.exact_account_ended_on, tomorrow)
        self.assertFalse(partner.exact_alert)
        partner.exact_account_ended_on = fields.Date.today() - timedelta(days=1)
        self.assertIn("ended", partner.exact_alert)
        move = self.invoice(partner=partner)
        move.action_exact_create_sales_entry()
        self.assertEqual(self.exchange(move).cause_id.code, "customer_blocked")
        blocked = self.env["res.partner"].search([("exact_account_code", "=", "7")])
        self.assertIn("blocked", blocked.exact_alert)

    def test_r38_merged_and_archived_contacts_keep_their_link_and_do_not_come_back(self):
        # Odoo checks the VAT number of what it merges; those of the practice books are made up.
        self.accountant("account", account="12", VATNumber=None)
        self.import_customers()
        partners = self.env["res.partner"]
        source, archived = (
            partners.search([("exact_account_code", "=", code)]) for code in ("12", "13")
        )
        target = partners.create({"name": "Blijft over", "is_company": True})
        account = source.exact_account_id
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (source | target).ids, target, extra_checks=False
        )
        archived.active = False
        self.assertEqual(target.exact_account_id, account)
        self.accountant("account", account="12", City="Na Samenvoegen")
        self.accountant("account", account="13", City="Na Archiveren")
        run = self.import_customers()
        self.assertEqual((run.created_count, run.updated_count), (0, 2))
        self.assertEqual((target.city, archived.city), ("Na Samenvoegen", "Na Archiveren"))
        self.assertFalse(archived.active)

    def test_r03_contact_of_another_company_is_neither_linked_nor_asked_about(self):
        other = self.env["res.company"].create({"name": "Elders"})
        row = self.account_row("12")
        foreign = (
            self.env["res.partner"]
            .with_context(no_vat_validation=True)
            .create(
                {
                    "name": row["Name"],
                    "ref": "12",
                    "zip": row["Postcode"],
                    "vat": row.get("VATNumber"),
                    "company_id": other.id,
                }
            )
        )
        run = self.import_customers()
        self.assertEqual((run.created_count, run.to_decide_count), (38, 0))
        self.assertFalse(foreign.exact_account_id)
        self.assertFalse(foreign.with_company(other).exact_account_id)
        self.assertFalse(self.match(foreign))
