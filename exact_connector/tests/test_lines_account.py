"""The ledger account of a line, its journal and its rate (R13, R16, R18-R20)."""

from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .lines import LinesCase


@tagged("post_install", "-at_install")
class TestLinesAccount(LinesCase):
    # === SIX LEVELS (R13) === #

    def test_r13_each_level_beats_the_next_and_says_where_the_account_came_from(self):
        product = self.make_product(item="UREN")
        move = self.one_line(product=product)
        line, template, code = (
            move.invoice_line_ids,
            product.product_tmpl_id,
            self.exact("vat.code", "2"),
        )
        odoo_account = line.account_id
        line.exact_gl_account_id = self.exact("gl.account", "8020")
        odoo_account.exact_gl_account_id = self.exact("gl.account", "8030")
        code.sale_gl_account_id = self.exact("gl.account", "8040")
        levels = [
            ("8020", "account on the line", lambda: line.write({"exact_gl_account_id": False})),
            (
                "8100",
                "revenue account of item UREN",
                lambda: template.write({"exact_item_id": False}),
            ),
            (
                "8030",
                f"account on Odoo account {odoo_account.display_name}",
                lambda: odoo_account.write({"exact_gl_account_id": False}),
            ),
            ("8040", "account for VAT code 2", lambda: code.write({"sale_gl_account_id": False})),
            (
                "8000",
                "revenue account of item ALG",
                lambda: self.connection.write({"default_item_id": False}),
            ),
        ]
        for account, source, take_away in levels:
            found = self.line(move).gl_account
            self.assertEqual((found.value.code, found.source), (account, source))
            take_away()
        self.assert_stopped(move, "no_item", template)
        self.assertIn("no ledger account", move.exact_message)

    def test_r13_r18_item_of_a_category_beats_the_mapped_odoo_account(self):
        product = self.make_product(category=self.make_category("Diensten", item="UREN"))
        move = self.one_line(product=product)
        move.invoice_line_ids.account_id.exact_gl_account_id = self.exact("gl.account", "8030")
        self.assertEqual(self.line(move).gl_account.value.code, "8100")

    def test_r13_account_of_the_level_is_what_exact_books(self):
        move = self.one_line()
        move.invoice_line_ids.exact_gl_account_id = self.exact("gl.account", "8040")
        (row,) = self.booked(move)
        self.assertEqual(row["GLAccountCode"], "8040")

    def test_r13_account_by_hand_on_a_posted_line_until_it_is_in_exact(self):
        move = self.one_line()
        before = move.line_ids.mapped(lambda line: (line.account_id, line.balance))
        with Form(move) as form, form.exact_line_ids.edit(0) as line:
            line.exact_gl_account_id = self.exact("gl.account", "8020")
        self.assertEqual(self.line(move).gl_account.value.code, "8020")
        self.assertEqual(move.state, "posted")
        after = move.line_ids.mapped(lambda line: (line.account_id, line.balance))
        self.assertEqual(after, before, "Odoo's books stay as they are")
        self.booked(move)
        with self.assertRaisesRegex(UserError, "In Exact already"):
            move.invoice_line_ids.exact_gl_account_id = self.exact("gl.account", "8030")

    def test_r13_debtor_creditor_and_vat_accounts_cannot_be_chosen_anywhere(self):
        line = self.one_line().invoice_line_ids
        code = self.exact("vat.code", "2")
        for record, name, values in (
            (line, "exact_gl_account_id", {"company_id": self.company.id}),
            (line.account_id, "exact_gl_account_id", {}),
            (code, "sale_gl_account_id", {"connection_id": self.connection.id}),
        ):
            codes = self.choices(record, name, **values)
            self.assertFalse(codes & {"1300", "1500", "1600", "9990"}, record)
            self.assertIn("8000", codes)

    def test_r13_blocked_or_unfit_account_of_any_level_is_refused_where_it_was_chosen(self):
        move, code = self.one_line(), self.exact("vat.code", "2")
        line = move.invoice_line_ids
        blocked, debtors = self.exact("gl.account", "9990"), self.exact("gl.account", "1300")
        for record, name, mended_on in (
            (code, "sale_gl_account_id", code),
            (line.account_id, "exact_gl_account_id", line.account_id),
            (line, "exact_gl_account_id", move),
        ):
            for account, problem in ((blocked, "account_blocked"), (debtors, "account_type")):
                record[name] = account
                self.assert_stopped(move, problem, mended_on)
                self.assertIn(account.code, move.exact_message)

    # === PROPOSAL FOR A VAT CODE (R13) === #

    def test_r13_account_is_proposed_for_a_vat_code_where_only_one_can_be_meant(self):
        proposed = {
            code: self.exact("vat.code", code).sale_gl_account_id.code
            for code in ("0", "1", "2", "3", "5", "6", "7", "8", "9")
        }
        # "2" is the code of three accounts, of which one says "hoog" as the code does.
        self.assertEqual(
            proposed,
            {
                **{"1": "8010", "2": "8000", "6": "8040", "7": "8030", "8": "8020"},
                **{"0": False, "3": False, "5": False, "9": False},
            },
        )

    def test_r13_account_a_person_chose_or_emptied_survives_every_refresh(self):
        high, low = self.exact("vat.code", "2"), self.exact("vat.code", "1")
        manager = self.make_user("m1", "exact_connector.group_exact_manager")
        high.with_user(manager).sale_gl_account_id = self.exact("gl.account", "8100")
        low.with_user(manager).sale_gl_account_id = False
        self.accountant("vat", code="2", Description="Btw hoog")
        self.connection._refresh_reference_data()
        self.assertEqual(high.sale_gl_account_id.code, "8100")
        self.assertFalse(low.sale_gl_account_id)
        self.assertEqual(high.name, "Btw hoog", "the rest is read again")

    def test_r13_only_a_manager_chooses_it_and_nothing_else_of_a_vat_code(self):
        code, account = self.exact("vat.code", "2"), self.exact("gl.account", "8100")
        user = self.make_user("u1", "exact_connector.group_exact_user")
        manager = self.make_user("m1", "exact_connector.group_exact_manager")
        with self.assertRaises(AccessError):
            code.with_user(user).sale_gl_account_id = account
        with self.assertRaises(AccessError):
            code.with_user(manager).type = "I"
        code.with_user(manager).sale_gl_account_id = account
        self.assertEqual(code.sale_gl_account_id, account)

    # === ITEMS (R15, R16, R18, R20) === #

    def test_r16_expense_category_gives_its_item_and_shows_the_field(self):
        product = self.make_product("Reiskosten", item="REIS")
        template = product.product_tmpl_id
        template.sale_ok = False
        found = self.line(self.one_line(product=product))
        self.assertEqual(found.item.value.code, "REIS")
        self.assertEqual(found.gl_account.value.code, "8100")
        self.assertFalse(template.exact_is_sold)
        marks = type(template)._exact_expense_fields
        self.patch(type(template), "_exact_expense_fields", lambda self: ["active"])
        template.invalidate_recordset(["exact_is_sold"])
        self.assertTrue(template.exact_is_sold, "an expense category is invoiced on")
        self.assertFalse(set(marks(template)) - {"can_be_expensed"})

    def test_r15_item_of_the_work_behind_a_line_stands_between_product_and_category(self):
        mapper = type(self.env["exact.mapper.sales.entry"])
        plain, reis = mapper._exact_item_candidates, self.exact("item", "REIS")
        partner = self.partner
        self.patch(
            mapper,
            "_exact_item_candidates",
            lambda self, line: [*plain(self, line), ("activity", reis, "item on task", partner)],
        )
        product = self.make_product(item="UREN", category=self.make_category("Rest", item="KM"))
        move = self.one_line(product=product)
        self.assertEqual(self.line(move).item.value.code, "UREN", "the service product first")
        product.product_tmpl_id.exact_item_id = False
        found = self.line(move).item
        self.assertEqual((found.value.code, found.source), ("REIS", "item on task"))

    def test_r20_chosen_item_without_account_stops_though_lower_levels_have_one(self):
        move = self.one_line(product=self.make_product(item="LEEG"))
        move.invoice_line_ids.account_id.exact_gl_account_id = self.exact("gl.account", "8030")
        self.assert_stopped(move, "item_account", self.exact("item", "LEEG"))
        self.assertRegex(move.exact_message, "LEEG.*item on product Advies")
        move.invoice_line_ids.exact_gl_account_id = self.exact("gl.account", "8020")
        self.assertEqual(self.problems(move), [], "by hand on the line goes before")

    def test_r20_default_item_without_account_stops_only_where_nothing_else_names_one(self):
        self.connection.default_item_id = self.exact("item", "LEEG")
        move = self.one_line()
        self.assertEqual(self.problems(move), [], "the VAT code names one")
        self.exact("vat.code", "2").sale_gl_account_id = False
        self.assert_stopped(move, "item_account", self.exact("item", "LEEG"))
        self.assertIn("default item", move.exact_message)

    # === JOURNAL OF A PRODUCT (2h) === #

    def test_journal_of_a_product_beats_customer_odoo_journal_and_connection(self):
        product, plain = self.make_product("Abonnement"), self.make_product("Ander")
        template = product.product_tmpl_id
        template.exact_journal_id = self.exact("journal", "72")
        self.partner.with_company(self.company).exact_journal_id = self.exact("journal", "74")
        move, refund = (
            self.one_line(product=product),
            self.one_line(product=product, move_type="out_refund"),
        )

        def found(document):
            return self.resolve(document).get("journal").code

        self.assertEqual(found(move), "74", "off: as always")
        self.assertFalse(template.exact_journal_per_product)
        self.connection.journal_per_product = True
        template.invalidate_recordset(["exact_journal_per_product"])
        self.assertTrue(template.exact_journal_per_product)
        self.assertEqual((found(move), found(refund)), ("72", "72"))
        self.assertIn("Abonnement", self.resolve(move).values["journal"].source)
        both = self.invoice(
            [
                {"product_id": p.id, "price_unit": 1, "tax_ids": [(6, 0, self.tax_high.ids)]}
                for p in (plain, product)
            ],
            partner=self.partner,
        )
        self.assertEqual(found(both), "72", "products without a journal go along")
        plain.product_tmpl_id.exact_journal_id = self.exact("journal", "70")
        self.assert_stopped(both, "journal_conflict", both)
        for word in ("Abonnement", "Ander", "70 Verkoopboek", "72 Verkoopboek valuta"):
            self.assertIn(word, move.exact_message or both.exact_message)

    # === RATE OF A FOREIGN CURRENCY === #

    def test_rate_is_sent_where_the_journal_takes_one_and_explained_where_not(self):
        move = self.one_line(currency_id=self.usd(1.25).id)
        self.assertNotIn("at the rate of its own", "\n".join(self.resolve(move).notes))
        own = self.one_line()
        self.accountant("journal", code="71", AllowVariableExchangeRate=False)
        self.connection._refresh_reference_data()
        refund = self.one_line(currency_id=move.currency_id.id, move_type="out_refund")
        self.assertRegex("\n".join(self.resolve(refund).notes), "71 .*USD at the rate of its own")
        self.booked(move)
        self.booked(refund)
        self.booked(own)
        entries = {row["EntryID"]: row for row in self.sim_rows("salesentry/SalesEntries")}
        self.assertEqual(entries[move.exact_entry_id]["Rate"], round(1 / Decimal("1.25"), 4))
        self.assertNotEqual(entries[refund.exact_entry_id]["Rate"], Decimal("0.8"))
        self.assertIn("at the rate of its own", self.chatter(refund))
        self.assertNotIn("at the rate of its own", self.chatter(own))
