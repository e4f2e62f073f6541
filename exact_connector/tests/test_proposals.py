"""What the mapping screens propose, and how sure that is (R9, R10, R13-R17, R21, R24)."""

from odoo import fields
from odoo.tests import tagged

from .cases import UnlimitedCase


@tagged("post_install", "-at_install")
class TestProposals(UnlimitedCase):
    join_once = True

    def wizard(self):
        action = self.connection.action_open_mapping()
        return self.env["exact.mapping.wizard"].browse(action["context"]["exact_mapping_wizard"])

    def proposal(self, record, target=None):
        """The line of the screens about ``record``."""
        return self.wizard().line_ids.filtered(
            lambda line: (
                (line.res_model, line.res_id) == (record._name, record.id)
                and (not target or line.target == target)
            )
        )

    def term(self, name, **line):
        return self.env["account.payment.term"].create(
            {
                "name": name,
                "line_ids": [
                    fields.Command.create({"value": "percent", "value_amount": 100, **line})
                ],
            }
        )

    def used(self, tax=None, product=None):
        """A draft invoice that uses these."""
        line = {
            "name": "x",
            "quantity": 1,
            "price_unit": 1,
            "product_id": product.id if product else False,
            "tax_ids": [(6, 0, tax.ids if tax else [])],
        }
        return self.invoice([line], post=False)

    def test_r09_vat_code_of_type_excluding_with_the_same_rate_is_proposed(self):
        for rate, code in ((21, "2"), (9, "1")):
            tax = self.tax(rate)
            self.used(tax)
            line = self.proposal(tax)
            self.assertEqual(line.exact_vat_code_id.code, code)
            self.assertEqual((line.confidence, line.is_open), ("high", True))
            self.assertFalse(tax.exact_vat_code_id, "only proposed")

    def test_r09_zero_rate_is_shown_to_be_checked_and_not_confirmed(self):
        tax = self.tax(0)
        self.used(tax)
        line = self.proposal(tax)
        self.assertTrue(line.exact_vat_code_id)
        self.assertEqual((line.confidence, line.is_open), ("low", True))

    def test_r09_rate_that_exact_lacks_gets_no_proposal(self):
        tax = self.tax(6)
        self.used(tax)
        line = self.proposal(tax)
        self.assertFalse(line.exact_vat_code_id)
        self.assertEqual((line.confidence, line.is_open), ("none", True))

    def test_r10_including_codes_cannot_be_chosen_in_the_wizard(self):
        tax = self.tax(21)
        self.used(tax)
        line = self.proposal(tax)
        codes = self.choices(line, "exact_vat_code_id", connection_id=self.connection.id)
        self.assertNotIn("5", codes)
        self.assertIn("2", codes)

    def test_what_is_mapped_already_is_shown_as_confirmed(self):
        tax = self.tax(21, "2")
        self.used(tax)
        line = self.proposal(tax)
        self.assertEqual((line.confidence, line.is_open), ("confirmed", False))
        self.assertEqual(line.exact_vat_code_id.code, "2")

    def test_r10_mapped_code_that_became_including_is_shown_as_not_right(self):
        tax = self.tax(21, "2")
        self.used(tax)
        self.exact("vat.code", "2").sudo().type = "I"
        line = self.proposal(tax)
        self.assertEqual((line.confidence, line.is_open), ("wrong", True))
        self.assertIn("Including", line.reason)

    def test_r10_zero_codes_are_proposed_for_zero_taxes_by_the_words_in_their_names(self):
        for name, code in (("0% EU G", "7"), ("0% Export", "6"), ("0% verlegd", "3")):
            tax = self.tax(0, name=name)
            self.used(tax)
            line = self.proposal(tax)
            self.assertEqual((line.exact_vat_code_id.code, line.confidence), (code, "low"), name)

    def test_r19_tax_that_the_item_serves_is_not_open(self):
        product = self.product_of("BOEK")
        product.exact_item_id = self.exact("item", "BOEK")
        again = {"exact_id": "again", "code": "1a"}
        self.exact("vat.code", "1").sudo().copy(again)
        tax = self.tax(9)
        self.used(tax, product)
        line = self.proposal(tax)
        self.assertEqual((line.confidence, line.is_open), ("default", False))

    def product_of(self, code):
        return self.env["product.product"].create({"name": code, "default_code": code})

    def test_r15_category_gets_the_item_that_all_its_products_have(self):
        category = self.env["product.category"].create({"name": "Diensten"})
        item = self.exact("item", "UREN")
        for number in range(2):
            product = self.product_of(f"P{number}")
            product.categ_id = category
            product.exact_item_id = item
        self.used(product=product)
        line = self.proposal(category)
        self.assertEqual((line.exact_item_id, line.confidence), (item, "high"))
        product.exact_item_id = self.exact("item", "KM")
        self.assertFalse(self.proposal(category).exact_item_id)

    def test_r13_income_account_gets_the_revenue_account_of_the_same_code_or_name(self):
        accounts = self.env["account.account"]
        for code, name, wanted, sure in (
            ("8010", "Iets", "8010", "high"),
            ("801000", "Iets anders", "8010", "low"),
            ("777777", "omzet laag", "8010", "low"),
            ("1300", "Debiteuren", False, "default"),
        ):
            account = accounts.search([("code", "=", code)]) or accounts.create(
                {"code": code, "name": name, "account_type": "income"}
            )
            account.write({"name": name, "account_type": "income"})
            line = self.proposal(account)
            self.assertEqual((line.exact_gl_account_id.code, line.confidence), (wanted, sure), code)

    def test_r13_vat_code_gets_the_account_that_its_items_agree_on(self):
        code = self.exact("vat.code", "1")
        code.sudo().sale_gl_account_id = False
        line = self.proposal(code)
        self.assertEqual((line.exact_gl_account_id.code, line.confidence), ("8010", "low"))

    def test_r14_default_item_is_proposed_by_its_name(self):
        self.connection.default_item_id = False
        line = self.proposal(self.connection, "default_item")
        self.assertEqual((line.exact_item_id.code, line.confidence), ("ALG", "low"))

    def test_r21_condition_is_proposed_by_due_date_over_a_whole_year(self):
        cases = [
            ({"nb_days": 30}, "30", "30 B beside 30 I: the credit transfer one"),
            ({"nb_days": 14}, "14", ""),
            ({"nb_days": 37}, False, "no such condition"),
            ({"nb_days": 31}, False, "right in some months only"),
            ({"delay_type": "days_after_end_of_next_month", "nb_days": 0}, "EM", ""),
            ({"delay_type": "days_after_end_of_next_month", "nb_days": 30}, "30EM", ""),
            ({"delay_type": "days_after_end_of_month", "nb_days": 0}, False, "this month's end"),
        ]
        for number, (values, code, why) in enumerate(cases):
            term = self.term(f"Termijn {number}", **values)
            line = self.proposal(term)
            self.assertEqual(line.exact_payment_condition_id.code, code, (values, why))
            self.assertEqual(line.confidence, "high" if code else "default", values)

    def test_r24_terms_and_conditions_with_discount_or_instalments_are_never_matched(self):
        conditions = self.exact("payment.condition", "30") | self.exact("payment.condition", "60")
        conditions |= self.exact("payment.condition", "I30")
        conditions.sudo().active = False
        self.assertFalse(self.proposal(self.term("30", nb_days=30)).exact_payment_condition_id)
        self.assertFalse(self.proposal(self.term("60", nb_days=60)).exact_payment_condition_id)
        early = self.term("14 korting", nb_days=14)
        early.write({"early_discount": True, "discount_percentage": 2, "discount_days": 7})
        self.assertFalse(self.proposal(early).exact_payment_condition_id)

    def test_r14_item_with_the_code_of_the_product_is_proposed(self):
        product = self.env["product.product"].create({"name": "Uur", "default_code": "uren"})
        self.used(product=product)
        line = self.proposal(product.product_tmpl_id)
        self.assertEqual(line.exact_item_id.code, "UREN")
        self.assertEqual((line.confidence, line.is_open), ("high", True))

    def test_r14_item_with_the_same_name_is_proposed_to_be_checked(self):
        product = self.env["product.product"].create({"name": "reiskosten"})
        self.used(product=product)
        line = self.proposal(product.product_tmpl_id)
        self.assertEqual(line.exact_item_id.code, "REIS")
        self.assertEqual((line.confidence, line.is_open), ("low", True))

    def test_r17_indivisible_ended_and_purchased_items_are_not_proposed(self):
        for code in ("STUK", "OUD", "INKOOP"):
            product = self.env["product.product"].create({"name": code, "default_code": code})
            self.used(product=product)
            self.assertFalse(self.proposal(product.product_tmpl_id).exact_item_id, code)
        self.connection.only_divisible_items = False
        product = self.env["product.product"].create({"name": "p", "default_code": "STUK"})
        self.used(product=product)
        self.assertEqual(self.proposal(product.product_tmpl_id).exact_item_id.code, "STUK")
