"""The mapping screens: what is in use first, one click to confirm, kept at once, watched afterwards."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .cases import UnlimitedCase

LINE = "exact.mapping.wizard.line"


class ScreenCase(UnlimitedCase):
    def open(self, kind="vat", connection=None):
        """The look that the screen of ``kind`` shows."""
        action = self.env["exact.mapping.wizard"]._open(connection or self.connection, kind)
        return self.env["exact.mapping.wizard"].browse(action["context"]["exact_mapping_wizard"])

    def line(self, wizard, record):
        return wizard.line_ids.filtered(
            lambda line: (line.res_model, line.res_id) == (record._name, record.id)
        )[:1]

    def used(self, tax=None, product=None, **values):
        line = {"name": "x", "price_unit": 1, "product_id": product.id if product else False}
        return self.invoice(
            [{**line, "tax_ids": [Command.set(tax.ids if tax else [])]}], post=False, **values
        )


@tagged("post_install", "-at_install")
class TestMappingScreens(ScreenCase):
    def test_what_is_in_use_stands_first_with_the_number_of_its_documents(self):
        rare, often, unused = self.tax(21), self.tax(9), self.tax(9)
        self.used(rare)
        for _number in range(2):
            self.invoice([(1, 1, often), (2, 1, often)], post=False)
        wizard = self.open()
        lines = self.env[LINE].search([("wizard_id", "=", wizard.id), ("target", "=", "tax")])
        found = [(line.res_id, line.used, line.in_use) for line in lines]
        self.assertEqual(found[:2], [(often.id, 2, True), (rare.id, 1, True)])
        self.assertIn((unused.id, 0, False), found)

    def test_all_is_shown_while_nothing_is_in_use_yet(self):
        tax = self.tax(21)
        self.assertTrue(self.line(self.open(), tax).in_use)

    def test_confirm_all_takes_the_sure_ones_in_use_and_nothing_else(self):
        sure, zero, lacking, unused = self.tax(21), self.tax(0), self.tax(6), self.tax(9)
        self.used(sure | zero | lacking)
        wizard = self.open()
        notice = wizard.action_confirm_sure("vat")
        self.assertEqual(sure.exact_vat_code_id.code, "2")
        self.assertFalse((zero | lacking | unused).exact_vat_code_id)
        self.assertEqual(notice["params"]["title"], "1 saved")
        self.assertIn("VAT 2", notice["params"]["message"])
        self.assertEqual(self.line(wizard, sure).confidence, "confirmed")

    def test_one_click_confirms_one_line_and_clearing_brings_the_proposal_back(self):
        tax = self.tax(0, name="0% Export")
        self.used(tax)
        line = self.line(self.open(), tax)
        line.action_confirm()
        self.assertEqual((tax.exact_vat_code_id.code, line.confidence), ("6", "confirmed"))
        line.action_clear()
        self.assertFalse(tax.exact_vat_code_id)
        self.assertEqual((line.exact_vat_code_id.code, line.confidence), ("6", "low"))

    def test_choice_is_kept_at_once_and_found_again_at_the_next_opening(self):
        tax = self.tax(0)
        self.used(tax)
        line = self.line(self.open(), tax)
        line.write({"exact_vat_code_id": self.exact("vat.code", "7").id})
        self.assertEqual(tax.exact_vat_code_id.code, "7")
        again = self.line(self.open(), tax)
        self.assertEqual((again.exact_vat_code_id.code, again.confidence), ("7", "confirmed"))
        again.write({"exact_vat_code_id": False})
        self.assertFalse(tax.exact_vat_code_id)
        self.assertEqual(again.confidence, "none")

    def test_each_kind_is_written_where_it_belongs(self):
        product = self.env["product.product"].create({"name": "k", "default_code": "KM"})
        account = self.company_data["default_account_revenue"]
        journal = self.company_data["default_journal_sale"].copy({"name": "Verkoop retour"})
        category = self.env["product.category"].create({"name": "c"})
        term = self.env["account.payment.term"].create(
            {"name": "15", "line_ids": [Command.create({"value_amount": 100, "nb_days": 15})]}
        )
        code = self.exact("vat.code", "1")
        wizard = self.open("item")
        for record, field, choice in (
            (product.product_tmpl_id, "exact_item_id", self.exact("item", "KM")),
            (category, "exact_item_id", self.exact("item", "UREN")),
            (account, "exact_gl_account_id", self.exact("gl.account", "8000")),
            (journal, "exact_journal_id", self.exact("journal", "73")),
            (term, "exact_payment_condition_id", self.exact("payment.condition", "15")),
        ):
            self.line(wizard, record).write({field: choice.id})
            self.assertEqual(record.with_company(self.company)[field], choice, record)
        self.line(wizard, code).write({"exact_gl_account_id": self.exact("gl.account", "8010").id})
        self.assertEqual(code.sale_gl_account_id.code, "8010")
        discount = wizard.line_ids.filtered(lambda line: line.target == "discount_account")
        discount.write({"exact_gl_account_id": self.exact("gl.account", "8900").id})
        self.assertEqual(self.connection.discount_account_id.code, "8900")

    def test_r10_including_blocked_and_unfit_codes_are_refused_on_the_screen(self):
        tax = self.tax(21)
        line = self.line(self.open(), tax)
        for code in ("5", "9", "1", "6"):
            with self.assertRaises(UserError, msg=code), self.env.cr.savepoint():
                line.write({"exact_vat_code_id": self.exact("vat.code", code).id})
        self.assertFalse(tax.exact_vat_code_id)

    def test_r16_analytic_plan_becomes_a_dimension_and_its_accounts_are_offered(self):
        plan = self.env["account.analytic.plan"].create({"name": "Afdelingen"})
        account = self.env["account.analytic.account"].create(
            {"name": "Verkoop", "code": "VK", "plan_id": plan.id}
        )
        center = (
            self.env["exact.cost.center"]
            .sudo()
            .create(
                {
                    "connection_id": self.connection.id,
                    "exact_id": "x",
                    "code": "VK",
                    "name": "Sales",
                }
            )
        )
        wizard = self.open("analytic")
        self.assertFalse(self.line(wizard, account))
        self.line(wizard, plan).write({"exact_dimension": "cost_center"})
        self.assertEqual(wizard.get_overview("analytic"), {"stale": True})
        wizard.action_open_kind("analytic")
        line = self.line(wizard, account)
        self.assertEqual(line.exact_cost_center_id.id, center.id)
        self.assertEqual(line.confidence, "high")
        line.action_confirm()
        self.assertEqual(account.with_company(self.company).exact_cost_center_id.id, center.id)

    def test_overview_counts_what_is_open_and_names_the_next_kind(self):
        tax, zero = self.tax(21), self.tax(0)
        self.used(tax | zero)
        wizard = self.open()
        view = wizard.get_overview("vat")
        opens = {one["kind"]: one["open"] for one in view["kinds"]}
        self.assertEqual((opens["vat"], view["sure"], view["done"]), (2, 1, False))
        wizard.action_confirm_sure("vat")
        self.line(wizard, zero).action_confirm()
        view = wizard.get_overview("vat")
        self.assertEqual((view["sure"], view["done"]), (0, True))
        gone = self.env["exact.mapping.wizard"].browse(0)
        self.assertEqual(gone.get_overview("vat"), {"gone": True})

    def test_look_is_taken_again_after_a_refresh_of_the_reference_data(self):
        tax = self.tax(21, "2")
        self.used(tax)
        wizard = self.open()
        self.assertEqual(self.line(wizard, tax).confidence, "confirmed")
        self.accountant("vat-type", code="2", type="I")
        with self.later(60):
            self.connection._refresh_reference_data()
            self.assertEqual(wizard.get_overview("vat"), {"stale": True})
            wizard.action_open_kind("vat")
            self.assertEqual(self.line(wizard, tax).confidence, "wrong")
            self.assertTrue(wizard.get_overview("vat")["kinds"][0]["wrong"])

    def test_r20_what_failed_for_want_of_a_mapping_is_offered_again(self):
        tax, other = self.tax(9), self.tax(12)
        moves = self.invoice([(1, 10.0, tax)]) | self.invoice([(2, 10.0, tax)])
        lasting = self.invoice([(1, 10.0, other)])
        (moves | lasting).action_exact_create_sales_entry()
        self.assertEqual(set((moves | lasting).mapped("exact_state")), {"failed"})
        wizard = self.open()
        self.assertEqual(wizard.get_overview("vat")["waiting"], 0)
        self.line(wizard, tax).action_confirm()
        self.assertEqual(wizard.get_overview("vat")["waiting"], 2)
        wizard.action_retry_waiting()
        self.assertEqual(set(moves.mapped("exact_state")), {"done"})
        self.assertEqual(lasting.exact_state, "failed")
        self.assertEqual(wizard.get_overview("vat")["waiting"], 0)

    def test_opening_and_confirming_make_no_call(self):
        self.used(self.tax(21))
        self.clear_calls()
        self.open().action_confirm_sure("vat")
        self.assertFalse(self.calls())

    def test_opening_reads_in_groups_however_many_documents_there_are(self):
        taxes = self.tax(21) | self.tax(9)
        for _number in range(3):
            self.used(taxes)
        self.open()
        counts = []
        for more in (0, 6):
            for _number in range(more):
                self.used(taxes)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.open()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    # === RIGHTS === #

    def test_only_a_manager_maps_and_needs_no_other_right(self):
        tax = self.tax(21)
        self.used(tax)
        user = self.make_user("m1", "exact_connector.group_exact_user")
        with self.assertRaises(AccessError):
            self.env["exact.mapping.wizard"].with_user(user).action_open("vat")
        manager = self.make_user("m2", "exact_connector.group_exact_manager")
        action = self.env["exact.mapping.wizard"].with_user(manager).action_open("vat")
        wizard = (
            self.env["exact.mapping.wizard"]
            .with_user(manager)
            .browse(action["context"]["exact_mapping_wizard"])
        )
        with self.assertRaises(AccessError):
            wizard.with_user(user).get_overview("vat")
        line = self.line(wizard, tax)
        with self.assertRaises(AccessError):
            line.with_user(user).action_confirm()
        line.action_confirm()
        self.assertEqual(tax.exact_vat_code_id.code, "2")
        for values in ({"res_id": 1}, {"res_model": "res.users"}, {"confidence": "high"}):
            with self.assertRaises(AccessError):
                line.write(values)
        with self.assertRaises(AccessError):
            self.env[LINE].with_user(manager).create(
                {"wizard_id": wizard.id, "kind": "vat", "target": "tax", "res_model": "account.tax"}
            )

    def test_r03_screens_show_and_write_only_the_own_company(self):
        company, other = self.other_company()
        tax = self.tax(21)
        self.used(tax)
        product = self.env["product.template"].create({"name": "Uur", "default_code": "UREN"})
        wizard = self.open("item", other)
        self.assertFalse(self.line(wizard, tax))
        line = self.line(wizard, product)
        self.assertEqual(line.exact_item_id.connection_id, other)
        with self.assertRaises(UserError):
            line.write({"exact_item_id": self.exact("item", "UREN").id})
        line.action_confirm()
        self.assertEqual(product.with_company(company).exact_item_id.connection_id, other)
        self.assertFalse(product.with_company(self.company).exact_item_id)
        manager = self.make_user("m3", "exact_connector.group_exact_manager")
        with self.assertRaises(AccessError):
            line.with_user(manager).read(["record_name"])

    def test_r03_counterpart_of_another_company_is_refused_past_the_screens_too(self):
        _company, other = self.other_company()
        item, condition = (
            self.exact("item", "UREN", other),
            self.exact("payment.condition", "30", other),
        )
        account, journal = (
            self.exact("gl.account", "8000", other),
            self.exact("journal", "70", other),
        )
        product = self.env["product.template"].create({"name": "Uur"})
        term = self.env["account.payment.term"].create({"name": "t"})
        for record, field, choice in (
            (product, "exact_item_id", item),
            (product, "exact_journal_id", journal),
            (self.env["product.category"].create({"name": "c"}), "exact_item_id", item),
            (self.customer(), "exact_journal_id", journal),
            (term, "exact_payment_condition_id", condition),
            (self.company_data["default_account_revenue"], "exact_gl_account_id", account),
        ):
            with self.assertRaises(ValidationError, msg=field), self.env.cr.savepoint():
                record.with_company(self.company)[field] = choice
                self.env.flush_all()


@tagged("post_install", "-at_install")
class TestWarnings(ScreenCase):
    def warn(self):
        self.connection._refresh_reference_data()
        return self.chatter(self.connection)

    def activities(self):
        return self.connection.activity_ids

    def test_w11_every_mapped_counterpart_is_watched(self):
        own = self.company
        tax = self.tax(21, "2")
        product = self.env["product.template"].create({"name": "Uur"})
        product.with_company(own).exact_item_id = self.exact("item", "UREN")
        account = self.company_data["default_account_revenue"]
        account.with_company(own).exact_gl_account_id = self.exact("gl.account", "8020")
        self.exact("vat.code", "1").sudo().sale_gl_account_id = self.exact("gl.account", "8030")
        self.connection.discount_account_id = self.exact("gl.account", "8900")
        journal = self.company_data["default_journal_sale"]
        journal.exact_refund_journal_id = self.exact("journal", "73")
        self.customer().with_company(own).exact_journal_id = self.exact("journal", "74")
        term = self.env["account.payment.term"].create(
            {"name": "Vijftien", "line_ids": [Command.create({"value_amount": 100, "nb_days": 15})]}
        )
        term.with_company(own).exact_payment_condition_id = self.exact("payment.condition", "15")
        self.assertNotIn("Used for", self.warn(), "all is well")
        cases = [
            ("vat", {"code": "2", "Percentage": 0.22}, "does not fit", tax.name),
            ("item", {"code": "UREN", "EndDate": "2021-01-01"}, "not in use", "Uur"),
            ("gl", {"code": "8020", "IsBlocked": True}, "8020[^<]*blocked", account.name),
            ("gl", {"code": "8030", "Type": 22}, "8030[^<]*debtor", "Btw laag"),
            ("gl", {"code": "8900", "IsBlocked": True}, "8900[^<]*blocked", "Discount Account"),
            ("journal", {"code": "73", "IsBlocked": True}, "73[^<]*blocked", journal.name),
            ("journal", {"code": "74", "IsBlocked": True}, "74[^<]*blocked", "Bakkerij"),
            (
                "journal",
                {"code": "70", "IsBlocked": True},
                "70[^<]*blocked",
                "Journal for Invoices",
            ),
            ("condition", {"code": "15", "PaymentDays": 16}, "15 days[^<]*16 days", "Vijftien"),
            ("condition", {"code": "30", "DiscountPercentage": 0.02}, "discount", "Default"),
        ]
        for action, values, _text, _where in cases:
            self.accountant(action, **values)
        text = self.warn()
        for _action, values, what, where in cases:
            self.assertRegex(text, f"{what}[^<]*{where}", values)

    def test_w11_the_same_is_told_once_and_in_one_activity(self):
        self.tax(21, "2")
        self.accountant("vat-type", code="2", type="I")
        self.warn()
        told = len(self.connection.message_ids)
        self.assertEqual(len(self.activities()), 1)
        self.assertTrue(self.activities().user_id.has_group("exact_connector.group_exact_manager"))
        self.warn()
        self.assertEqual(len(self.connection.message_ids), told, "nothing new")
        self.accountant("item", code="ALG", IsFractionAllowedItem=False)
        self.warn()
        self.assertEqual(len(self.activities()), 1)
        self.assertIn("ALG", self.activities().note)
        self.assertIn("Including", self.activities().note)
        newest = self.connection.message_ids[0].body
        self.assertNotIn("Including", newest, "only what is new")

    def test_w11_activity_goes_when_all_holds_again(self):
        self.tax(21, "2")
        self.accountant("vat-type", code="2", type="I")
        self.warn()
        self.accountant("vat-type", code="2", type="E")
        self.warn()
        self.assertFalse(self.activities())
        self.accountant("vat-type", code="2", type="I")
        self.warn()
        self.assertEqual(len(self.activities()), 1, "wrong again, told again")

    def test_w11_connection_shows_what_stops_with_a_link_to_mend_it(self):
        self.assertFalse(self.connection.mapping_alert)
        tax = self.tax(21, "2")
        self.exact("vat.code", "2").sudo().type = "I"
        self.env.invalidate_all()
        self.assertIn(f"/odoo/account.tax/{tax.id}", self.connection.mapping_alert)
        with Form(self.connection) as form:
            self.assertIn("Including", form.mapping_alert)

    def test_w11_watching_makes_no_call(self):
        self.tax(21, "2")
        self.clear_calls()
        self.connection._get_warnings()
        self.assertFalse(self.calls())
