"""From a document to what Exact gets: journal, condition, item, account, VAT code (R5, R9-R20)."""

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .lines import LinesCase


@tagged("post_install", "-at_install")
class TestMapping(LinesCase):
    # === JOURNALS (R5) === #

    join_once = True

    def test_r05_only_unblocked_sales_journals_can_be_chosen(self):
        self.assertEqual(
            self.choices(self.connection, "sale_journal_id"), {"70", "71", "72", "73", "74"}
        )
        self.assertEqual(
            self.choices(self.connection, "refund_journal_id"), {"70", "71", "72", "73", "74"}
        )
        for record, name in (
            (self.company_data["default_journal_sale"], "exact_journal_id"),
            (self.company_data["default_journal_sale"], "exact_refund_journal_id"),
            (self.partner, "exact_journal_id"),
        ):
            codes = self.choices(record, name, company_id=self.company.id)
            self.assertEqual(codes, {"70", "71", "72", "73", "74"}, name)

    def test_r05_journal_of_another_type_or_blocked_is_refused_before_any_call(self):
        move = self.one_line()
        for code, problem in (
            ("60", "journal_type"),
            ("20", "journal_type"),
            ("80", "journal_blocked"),
        ):
            self.connection.sale_journal_id = self.exact("journal", code)
            self.assert_stopped(move, problem, self.connection)

    def test_r05_invoices_and_credit_notes_land_in_their_own_journals(self):
        invoice = self.one_line()
        refund = self.one_line(move_type="out_refund")
        (invoice | refund).action_exact_create_sales_entry()
        journals = {e["EntryID"]: e["Journal"] for e in self.ledger()["entries"]}
        self.assertEqual(journals[invoice.exact_entry_id], "70")
        self.assertEqual(journals[refund.exact_entry_id], "71")

    def test_r05_journal_of_customer_beats_odoo_journal_beats_connection(self):
        move, refund = self.one_line(), self.one_line(move_type="out_refund")

        def found(document):
            return self.resolve(document).get("journal").code

        self.assertEqual((found(move), found(refund)), ("70", "71"))
        move.journal_id.exact_journal_id = self.exact("journal", "72")
        self.assertEqual((found(move), found(refund)), ("72", "71"))
        move.journal_id.exact_refund_journal_id = self.exact("journal", "73")
        self.assertEqual((found(move), found(refund)), ("72", "73"))
        self.partner.with_company(self.company).exact_journal_id = self.exact("journal", "74")
        self.assertEqual((found(move), found(refund)), ("74", "74"))
        self.assertIn(self.partner.name, self.resolve(move).values["journal"].source)

    def test_currency_that_the_journal_does_not_take_is_refused(self):
        usd = self.usd()
        move = self.one_line(currency_id=usd.id)
        self.assertEqual(self.problems(move), [])
        self.connection.sale_journal_id = self.exact("journal", "74")
        self.assert_stopped(move, "journal_currency", self.exact("journal", "74"))
        self.assertEqual(self.problems(self.one_line()), [], "its own currency goes")

    # === VAT (R9, R10) === #

    def test_r09_unmapped_tax_stops_only_its_own_document(self):
        unmapped = self.tax(9)
        good, bad = self.one_line(), self.one_line(tax=unmapped)
        (good | bad).action_exact_create_sales_entry()
        self.assertEqual((good.exact_state, bad.exact_state), ("done", "failed"))
        self.assertEqual(bad.exact_problem_ids.cause_id.code, "tax_unmapped")
        self.assertIn(unmapped.name, bad.exact_message)
        problem = bad.exact_problem_ids
        self.assertEqual((problem.res_model, problem.res_id), ("account.tax", unmapped.id))
        unmapped.exact_vat_code_id = self.exact("vat.code", "1")
        bad.action_exact_create_sales_entry()
        self.assertEqual(bad.exact_state, "done", "mapped, so it goes")

    def test_r10_each_type_of_vat_code_against_each_rate(self):
        fits = {
            ("E", 21): ("2", 21, []),
            ("E", 9): ("1", 9, []),
            ("E at 0 %", 0): ("8", 0, []),
            ("B", 0): ("6", 0, []),
            ("N", 0): ("0", 0, []),
            ("E of another rate", 9): ("2", 9, ["vat_code_rate"]),
            ("E for 0 %", 0): ("2", 0, ["vat_code_rate"]),
            ("B for 21 %", 21): ("6", 21, ["vat_code_rate"]),
            ("N for 9 %", 9): ("0", 9, ["vat_code_rate"]),
            ("blocked", 21): ("9", 21, ["vat_code_blocked"]),
        }
        tax = self.tax(21)
        for label, (code, rate, problems) in fits.items():
            with self.subTest(label):
                tax.write({"amount": rate, "exact_vat_code_id": self.exact("vat.code", code).id})
                self.assertEqual(self.problems(self.one_line(tax=tax)), problems)

    def test_r10_including_vat_code_is_refused_when_mapping(self):
        including = self.exact("vat.code", "5")
        self.assertEqual(including.type, "I")
        with self.assertRaisesRegex(ValidationError, "type Including"):
            self.tax_high.exact_vat_code_id = including
        codes = self.choices(self.tax_high, "exact_vat_code_id", company_id=self.company.id)
        self.assertEqual(codes, {"0", "1", "2", "3", "6", "7", "8"})

    def test_r10_including_vat_code_is_refused_when_sending_after_exact_changed_it(self):
        move = self.one_line()
        self.accountant("vat-type", code="2", type="I")
        self.connection._refresh_reference_data()
        self.assert_stopped(move, "vat_code_including", self.tax_high)
        self.accountant("vat-type", code="2", type="E")
        self.connection._refresh_reference_data()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done")

    def test_line_without_tax_takes_its_own_setting_or_stops(self):
        move = self.one_line(tax=self.env["account.tax"])
        resolution = self.resolve(move)
        self.assertEqual(resolution.lines[0].vat_code.value.code, "0")
        self.assertIn("has no tax", "\n".join(resolution.notes))
        self.connection.no_tax_vat_code_id = False
        self.assert_stopped(move, "no_tax", self.connection)

    def test_line_with_two_taxes_is_refused(self):
        move = self.one_line(tax=self.tax_high | self.tax(9, "1"))
        self.assertIn("several_taxes", self.problems(move))

    def test_r19_vat_code_of_the_item_serves_an_unmapped_tax_of_the_same_rate_only(self):
        unmapped = self.tax(21)
        found = self.resolve(self.one_line(tax=unmapped, item="UREN")).lines[0].vat_code
        self.assertEqual((found.value.code, found.source), ("2", "VAT code of item UREN"))
        self.assertEqual(self.problems(self.one_line(tax=unmapped, item="BOEK")), ["tax_unmapped"])
        zero = self.tax(0)
        self.assertEqual(self.problems(self.one_line(tax=zero, item="UREN")), ["tax_unmapped"])

    # === ITEMS (R14, R15, R17, R18) === #

    def test_r18_item_on_line_beats_product_beats_category_beats_its_parent_beats_default(self):
        parent = self.make_category("Alles", item="KM")
        category = self.make_category("Diensten", item="REIS", parent=parent)
        product = self.make_product(item="UREN", category=category)
        levels = [
            ("BOEK", "item on the line", lambda: None),
            ("UREN", "item on product", lambda: line.write({"exact_item_id": False})),
            ("REIS", "item on category", lambda: template.write({"exact_item_id": False})),
            ("KM", "item on category", lambda: category.write({"exact_item_id": False})),
            ("ALG", "default item", lambda: parent.write({"exact_item_id": False})),
        ]
        self.connection.only_divisible_items = False
        move = self.one_line(product=product, item="BOEK", tax=self.tax_high)
        line, template = move.invoice_line_ids, product.product_tmpl_id
        accounts = {"BOEK": "8010", "UREN": "8100", "REIS": "8100", "KM": "8100", "ALG": "8000"}
        for code, source, remove_level_above in levels:
            remove_level_above()
            found = self.resolve(move).lines[0]
            self.assertEqual(found.item.value.code, code)
            self.assertIn(source, found.item.source)
            self.assertEqual(found.gl_account.value.code, accounts[code], "R19")
        self.connection.default_item_id = False
        self.exact("vat.code", "2").sale_gl_account_id = False
        self.assert_stopped(move, "no_item", template)

    def test_r14_line_without_product_takes_the_default_item(self):
        self.assertEqual(self.resolve(self.one_line()).lines[0].item.value.code, "ALG")
        self.connection.default_item_id = self.exact("item", "REIS")
        self.assertEqual(self.resolve(self.one_line()).lines[0].item.value.code, "REIS")

    def test_r15_category_far_above_the_product_gives_its_item(self):
        top = self.make_category("Boven", item="REIS")
        middle = self.make_category("Midden", parent=self.make_category("Tussen", parent=top))
        move = self.one_line(product=self.make_product(category=middle))
        found = self.resolve(move).lines[0].item
        self.assertEqual((found.value.code, found.source), ("REIS", "item on category Boven"))

    def test_r17_only_divisible_sales_items_in_use_today_can_be_chosen(self):
        product = self.make_product().product_tmpl_id
        line = self.one_line().invoice_line_ids
        places = [
            (self.connection, "default_item_id", {}),
            (product, "exact_item_id", {}),
            (product.categ_id, "exact_item_id", {}),
            (line, "exact_item_id", {"company_id": self.company.id}),
        ]
        divisible = {"UREN", "REIS", "KM", "LEEG", "ALG"}
        for record, name, values in places:
            self.connection.only_divisible_items = True
            self.assertEqual(self.choices(record, name, **values), divisible, record)
            self.connection.only_divisible_items = False
            codes = self.choices(record, name, **values)
            self.assertEqual(codes, divisible | {"STUK", "BOEK"}, record)

    def test_r17_indivisible_item_stops_a_fraction_and_lets_a_whole_quantity_go_with_a_note(self):
        product = self.make_product(item="STUK")
        half = self.one_line(product=product, quantity=0.5)
        self.assert_stopped(half, "item_not_divisible", product.product_tmpl_id)
        whole = self.resolve(self.one_line(product=product, quantity=3))
        self.assertEqual(whole.problems, [])
        self.assertRegex("\n".join(whole.notes), "STUK.*not divisible")
        self.connection.only_divisible_items = False
        self.assertEqual(self.problems(half), [], "switched off, the rule is off")

    def test_r17_item_that_ended_or_is_not_sold_is_refused(self):
        for code in ("OUD", "INKOOP"):
            product = self.make_product(item=code)
            self.assert_stopped(
                self.one_line(product=product), "item_unusable", product.product_tmpl_id
            )

    # === LEDGER ACCOUNTS (R19, R20) === #

    def test_r19_line_is_booked_on_the_revenue_account_of_its_item(self):
        move = self.one_line(product=self.make_product(item="UREN"))
        move.action_exact_create_sales_entry()
        entry = next(e for e in self.ledger()["entries"] if e["EntryID"] == move.exact_entry_id)
        self.assertEqual([line["GLAccountCode"] for line in entry["lines"]], ["8100"])

    def test_r20_item_without_revenue_account_is_caught_and_goes_once_exact_has_one(self):
        item = self.exact("item", "LEEG")
        move = self.one_line(product=self.make_product(item="LEEG"))
        self.assert_stopped(move, "item_account", item)
        self.assertIn("LEEG", move.exact_message)
        self.assertIn("no revenue account", move.exact_message)
        account = self.exact("gl.account", "8020")
        self.accountant("item", code="LEEG", GLRevenue=account.exact_id)
        self.connection._refresh_reference_data()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)

    def test_r20_blocked_or_unfit_account_of_an_item_is_refused(self):
        item = self.exact("item", "UREN")
        move = self.one_line(product=self.make_product(item="UREN"))
        for code, problem in (
            ("9990", "account_blocked"),
            ("1300", "account_type"),
            ("1500", "account_type"),
        ):
            account = self.exact("gl.account", code)
            self.accountant("item", code="UREN", GLRevenue=account.exact_id)
            self.connection._refresh_reference_data()
            self.assert_stopped(move, problem, item)

    # === PAYMENT CONDITIONS === #

    def term(self, name, days):
        line = {"value": "percent", "value_amount": 100, "nb_days": days}
        return self.env["account.payment.term"].create(
            {"name": name, "line_ids": [fields.Command.create(line)]}
        )

    def test_r21_payment_condition_of_the_term_else_the_default_with_a_note(self):
        term = self.term("37 dagen", 37)
        move = self.one_line(invoice_payment_term_id=term.id)
        default = self.resolve(move)
        self.assertEqual(default.get("payment_condition").code, "30")
        self.assertRegex("\n".join(default.notes), "37 dagen.*not mapped.*30 dagen")
        term.exact_payment_condition_id = self.exact("payment.condition", "45")
        mapped = self.resolve(move)
        self.assertEqual(mapped.get("payment_condition").code, "45")
        self.assertNotIn("not mapped", "\n".join(mapped.notes))

    def test_payment_condition_gone_in_exact_falls_back_to_the_default_or_stops(self):
        term = self.term("45 dagen", 45)
        term.exact_payment_condition_id = self.exact("payment.condition", "45")
        self.accountant("remove", resource="cashflow/PaymentConditions", code="45")
        self.connection._refresh_reference_data()
        move = self.one_line(invoice_payment_term_id=term.id)
        self.assertEqual(self.resolve(move).get("payment_condition").code, "30")
        self.connection.default_payment_condition_id = False
        self.assert_stopped(move, "no_payment_condition", term)

    def test_r24_condition_with_discount_cannot_be_the_default(self):
        codes = self.choices(self.connection, "default_payment_condition_id")
        self.assertIn("30", codes)
        self.assertNotIn("K2", codes)

    def test_r25_due_date_counts_whole_month_ends_first_and_then_days(self):
        table = [
            # month ends, days, invoice date, due date
            (0, 0, "2027-01-17", "2027-01-17"),
            (0, 30, "2027-01-31", "2027-03-02"),
            (0, 14, "2027-12-25", "2028-01-08"),
            (2, 15, "2027-01-17", "2027-04-15"),  # the example in Exact's own documentation
            (1, 0, "2027-01-17", "2027-02-28"),
            (1, 0, "2027-01-31", "2027-02-28"),
            (1, 0, "2028-01-31", "2028-02-29"),
            (1, 30, "2027-01-31", "2027-03-30"),
            (1, 0, "2027-02-28", "2027-03-31"),
            (1, 0, "2027-11-30", "2027-12-31"),
            (1, 0, "2027-12-01", "2028-01-31"),
            (2, 0, "2027-12-31", "2028-02-29"),
            (12, 1, "2027-06-15", "2028-07-01"),
        ]
        for ends, days, invoiced, due in table:
            with self.subTest(ends=ends, days=days, invoiced=invoiced):
                condition = self.env["exact.payment.condition"].new(
                    {"end_of_months": ends, "payment_days": days}
                )
                found = condition._get_due_date(fields.Date.to_date(invoiced))
                self.assertEqual(fields.Date.to_string(found), due)

    def test_r25_due_date_is_the_one_that_exact_derives(self):
        from exact_simulator.terms import due_date

        for code in ("08", "30", "60", "I14", "EM", "30EM"):
            condition = self.exact("payment.condition", code)
            for day in ("2027-01-17", "2027-01-31", "2028-01-30", "2027-02-28", "2027-12-31"):
                moment = fields.Datetime.to_datetime(day)
                expected = due_date(moment, condition.end_of_months, condition.payment_days)
                self.assertEqual(condition._get_due_date(moment.date()), expected.date(), code)

    # === NO CALL (R20, W1) === #

    def test_preparing_a_document_makes_no_call_and_writes_nothing(self):
        product = self.make_product(item="UREN")
        moves = [
            self.one_line(product=product),
            self.one_line(move_type="out_refund"),
            self.one_line(tax=self.tax(9)),
            self.one_line(product=self.make_product(item="LEEG")),
            self.one_line(send=False),
            self.invoice(partner=self.customer(known=False, name="Nieuw")),
        ]
        self.env.flush_all()
        self.clear_calls()
        before = self.env.cr.sql_log_count
        for move in moves:
            resolution = self.resolve(move)
            if not resolution.problems:
                self.env["exact.mapper.sales.entry"]._exact_values(move, resolution, "x")
        self.assertGreater(self.env.cr.sql_log_count, before)
        self.assertFalse(self.calls())
        self.assertFalse(self.env["exact.exchange"].search_count([]), "nothing is queued either")

    def test_r20_all_problems_of_a_document_are_told_at_once(self):
        self.connection.sale_journal_id = False
        move = self.invoice(
            [
                {"name": "a", "quantity": 1, "price_unit": 5, "tax_ids": [(6, 0, self.tax(9).ids)]},
                {
                    "name": "b",
                    "quantity": 1,
                    "price_unit": 5,
                    "exact_item_id": self.exact("item", "LEEG").id,
                    "tax_ids": [(6, 0, self.tax_high.ids)],
                },
            ],
            partner=self.customer(known=False, country_id=False),
        )
        self.assertEqual(
            set(self.problems(move)),
            {"no_journal", "tax_unmapped", "item_account", "customer_country"},
        )
