"""Settings: what is proposed, what is missing, when Exact is called, automatic sending (R2, R5, R7, R14, R31)."""

from odoo import fields
from odoo.exceptions import AccessError, RedirectWarning
from odoo.tests import tagged

from .cases import UnlimitedCase
from .common import NL_APP


@tagged("post_install", "-at_install")
class TestSettings(UnlimitedCase):
    def settings(self, **values):
        """The settings page as it opens, with what a person changes on it."""
        model = self.env["res.config.settings"]
        names = ["exact_country", "exact_client_id", "exact_client_secret"]
        return model.create({**model.default_get(names), **values})

    def save(self, **values):
        self.settings(**values).execute()
        self.env.invalidate_all()

    def test_r02_list_of_missing_settings_shrinks_until_it_is_empty(self):
        divisions = self.fresh().authorization_id.division_ids
        filled = {
            "division_id": divisions[0].id,
            "start_date": fields.Date.today(),
            "sale_journal_id": self.exact("journal", "70").id,
            "refund_journal_id": self.exact("journal", "71").id,
            "default_item_id": self.exact("item", "ALG").id,
            "default_vat_code_id": self.exact("vat.code", "2").id,
            "default_payment_condition_id": self.exact("payment.condition", "30").id,
        }
        expected = [self.connection._fields[name].string for name in filled]
        for name, value in filled.items():
            self.assertEqual(self.connection.missing_settings.split("\n"), expected)
            self.assertEqual(self.settings().exact_missing_settings.split("\n"), expected)
            self.connection[name] = value
            expected.pop(0)
        self.assertEqual(self.connection.missing_settings, "")

    def test_r05_r14_first_refresh_proposes_what_suits_most_offices(self):
        self.fresh()
        self.save(exact_division_id=self.connection.authorization_id.division_ids[0].id)
        connection = self.connection
        self.assertEqual(connection.sale_journal_id.code, "70")
        self.assertEqual(connection.refund_journal_id.code, "71", "named after credit notes")
        self.assertEqual(connection.default_vat_code_id.code, "2", "21 %, type Excluding")
        self.assertEqual(connection.no_tax_vat_code_id.code, "0")
        self.assertEqual(connection.default_payment_condition_id.code, "30")
        self.assertEqual(connection.missing_settings.split("\n"), ["Start Date", "Default Item"])

    def test_proposals_never_overwrite_what_a_person_chose(self):
        chosen = {
            "sale_journal_id": self.exact("journal", "72"),
            "refund_journal_id": self.exact("journal", "72"),
            "default_vat_code_id": self.exact("vat.code", "1"),
            "no_tax_vat_code_id": self.exact("vat.code", "6"),
            "default_payment_condition_id": self.exact("payment.condition", "14"),
        }
        self.connection.write({name: record.id for name, record in chosen.items()})
        self.connection._refresh_reference_data()
        for name, record in chosen.items():
            self.assertEqual(self.connection[name], record)

    def test_vat_code_proposed_outside_nl_and_be_is_the_highest_excluding_rate(self):
        codes = self.env["exact.vat.code"].search([("connection_id", "=", self.connection.id)])
        self.assertEqual(codes._standard_rate("NL").code, "2")
        self.assertEqual(codes._standard_rate(" be ").code, "2")
        self.assertEqual(codes._standard_rate("DE").code, "2")
        without_21 = codes.filtered(lambda code: code.percentage != 21)
        self.assertFalse(without_21._standard_rate("NL"))
        self.assertEqual(without_21._standard_rate("DE").code, "1")

    def test_r07_saving_without_a_division_makes_no_call(self):
        self.fresh()
        self.save(exact_start_date=fields.Date.to_date("2026-05-01"))
        self.assertFalse(self.calls())
        self.assertEqual(self.connection.start_date, fields.Date.to_date("2026-05-01"))

    def test_r07_saving_again_with_the_same_division_makes_no_call(self):
        self.clear_calls()
        self.save(exact_auto_send=True)
        self.assertFalse(self.calls())
        self.assertTrue(self.connection.auto_send)

    def test_r07_opening_and_filling_in_the_page_makes_no_call(self):
        divisions = self.fresh().authorization_id.division_ids
        settings = self.env["res.config.settings"].new(
            {**self.settings()._convert_to_write({}), "exact_division_id": divisions[1].id}
        )
        self.assertTrue(settings.exact_redirect_uri)
        self.assertFalse(self.calls())
        self.assertFalse(self.connection.division_id, "nor is anything kept")

    def test_r07_choosing_another_division_and_saving_reads_that_one(self):
        self.fresh()
        divisions = self.connection.authorization_id.division_ids
        self.save(exact_division_id=divisions.filtered(lambda d: d.code == 1002).id)
        self.assertTrue(self.calls(path="/1002/"))
        self.assertFalse(self.calls(path="/1001/"))
        self.assertTrue(self.connection.refreshed_on)

    def test_another_app_makes_another_authorization_and_keeps_the_old_one(self):
        old = self.connection.authorization_id
        self.save(exact_client_id="33333333-3333-4333-8333-333333333333", exact_client_secret="new")
        self.assertNotEqual(self.connection.authorization_id, old)
        self.assertEqual(old.sudo().client_secret, NL_APP[1])
        self.assertEqual((old.state, self.connection.state), ("connected", "draft"))
        self.assertEqual(self.connection.default_item_id.code, "ALG", "mappings stay")

    def test_first_save_makes_the_connection_of_this_company_with_a_start_date(self):
        company = self.env["res.company"].create({"name": "Leeg"})
        self.env.user.company_ids += company
        model = self.env["res.config.settings"].with_company(company)
        settings = model.create(
            {"exact_country": "be", "exact_client_id": "x", "exact_client_secret": "geheim"}
        )
        self.clear_calls()
        settings._exact_save_app()
        connection = self.env["exact.connection"].sudo()._for_company(company)
        self.assertEqual(connection.start_date, fields.Date.today().replace(day=1))
        self.assertEqual(connection.authorization_id.country, "be")
        self.assertEqual(connection.authorization_id.client_secret, "geheim")
        self.assertNotEqual(connection, self.connection)
        self.assertNotIn("geheim", str(settings.read()), "kept at the authorization only")
        self.assertFalse(self.calls())

    def test_country_proposed_is_that_of_the_company(self):
        for code, country in (("BE", "be"), ("GB", "uk"), ("NL", "nl"), ("IT", "nl")):
            self.company.country_id = self.env["res.country"].search([("code", "=", code)])
            self.assertEqual(self.env["res.config.settings"]._exact_default_country(), country)

    # === AUTOMATIC SENDING === #

    def sending_cron(self):
        return self.env.ref("exact_connector.ir_cron_send_documents")

    def test_r31_off_by_default_and_allowed_where_nothing_is_open(self):
        self.sending_cron().active = False
        self.assertFalse(self.connection.auto_send)
        self.assertFalse(self.connection._get_blocking_gaps())
        self.connection.action_auto_send_on()
        self.assertTrue(self.connection.auto_send)
        self.assertTrue(self.sending_cron().active, "and the scheduled action runs")

    def test_r31_refused_with_the_list_while_something_is_open_and_allowed_once_closed(self):
        self.sending_cron().active = False
        tax = self.tax(9)  # the default item's own code is 21 %
        self.invoice([(1, 100.0, tax)])
        for write in (
            lambda: self.connection.write({"auto_send": True}),
            lambda: self.env["res.config.settings"].create({"exact_auto_send": True}).execute(),
        ):
            with self.assertRaises(RedirectWarning) as caught, self.env.cr.savepoint():
                write()
            self.assertIn(tax.name, str(caught.exception))
            self.env.invalidate_all()
            self.assertFalse(self.connection.auto_send)
        self.assertFalse(self.sending_cron().active)
        action = self.connection.action_auto_send_on()
        self.assertEqual(action["res_model"], "exact.auto.send.wizard", "shown, not switched")
        self.assertFalse(self.connection.auto_send)
        tax.exact_vat_code_id = self.exact("vat.code", "1")
        self.connection.action_auto_send_on()
        self.assertTrue(self.connection.auto_send)

    def test_r31_same_write_may_close_the_gap(self):
        item = self.connection.default_item_id
        self.connection.default_item_id = False
        self.connection.write({"default_item_id": item.id, "auto_send": True})
        self.assertTrue(self.connection.auto_send)

    def test_r31_manager_may_override_and_it_is_logged_who_and_what(self):
        self.connection.default_item_id = False
        manager = self.make_user(
            "manager", "exact_connector.group_exact_manager", "account.group_account_manager"
        )
        wizard = (
            self.env["exact.auto.send.wizard"]
            .with_user(manager)
            .create({"connection_id": self.connection.id})
        )
        self.assertEqual(len(wizard.gaps), wizard.gap_count)
        wizard.action_switch_on()
        self.assertTrue(self.connection.auto_send)
        logged = self.chatter(self.connection)
        self.assertIn(manager.name, logged)
        self.assertIn("Default Item is empty", logged)

    def test_r31_nobody_else_overrides_not_even_with_a_crafted_context(self):
        self.connection.default_item_id = False
        user = self.make_user("user", "exact_connector.group_exact_user")
        with self.assertRaises(AccessError):
            self.connection.with_user(user).with_context(exact_override_gaps=True).write(
                {"auto_send": True}
            )
        with self.assertRaises(AccessError):
            self.env["exact.auto.send.wizard"].with_user(user).create(
                {"connection_id": self.connection.id}
            )
        with self.assertRaises(AccessError):
            self.connection.with_user(user).action_auto_send_on()

    def test_r31_switching_off_is_always_possible(self):
        self.connection.with_context(exact_override_gaps=True).auto_send = True
        self.connection.default_item_id = False
        self.connection.action_auto_send_off()
        self.assertFalse(self.connection.auto_send)

    def test_r07_stale_settings_page_writes_only_what_the_user_changed(self):
        connection = self.connection
        journal = connection.sale_journal_id
        connection.sale_journal_id = False
        model = self.env["res.config.settings"]
        opened = model.default_get(list(model._fields))
        # Meanwhile another tab, or the refresh, has filled in the journal.
        connection.sale_journal_id = journal
        page = model.create({**opened, "exact_start_date": "2026-05-01"})
        page.execute()
        self.assertEqual(connection.sale_journal_id, journal, "not emptied again")
        self.assertEqual(str(connection.start_date), "2026-05-01")
        opened = model.default_get(list(model._fields))
        model.create({**opened, "exact_sale_journal_id": False}).execute()
        self.assertFalse(connection.sale_journal_id, "emptied by a person")
