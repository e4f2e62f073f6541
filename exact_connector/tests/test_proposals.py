"""What the mapping screens propose, and how sure that is (R9, R10, R13-R17, R21, R24)."""

from odoo import fields
from odoo.tests import tagged

from .cases import UnlimitedCase


@tagged("post_install", "-at_install")
class TestProposals(UnlimitedCase):
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

    def test_what_is_mapped_already_is_not_proposed_again(self):
        tax = self.tax(21, "2")
        self.used(tax)
        self.assertFalse(self.proposal(tax))

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
            self.assertEqual(line.selected, bool(code), values)

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

    def test_only_confirmed_proposals_are_applied(self):
        yes, no = self.tax(21), self.tax(9)
        self.used(yes | no)
        term = self.term("15", nb_days=15)
        product = self.env["product.product"].create({"name": "k", "default_code": "KM"})
        self.used(product=product)
        journal = self.company_data["default_journal_sale"].copy()
        journal.name = "Verkoop retour"
        wizard = self.wizard()
        wizard.line_ids.filtered(lambda line: line.res_id == no.id).selected = False
        wizard.action_apply()
        self.assertEqual(yes.exact_vat_code_id.code, "2")
        self.assertFalse(no.exact_vat_code_id)
        self.assertEqual(term.exact_payment_condition_id.code, "15")
        self.assertEqual(product.product_tmpl_id.exact_item_id.code, "KM")
        self.assertEqual(journal.exact_journal_id.code, "73")

    def test_choice_of_the_person_goes_before_the_proposal(self):
        tax = self.tax(0)
        self.used(tax)
        line = self.proposal(tax)
        line.exact_vat_code_id = self.exact("vat.code", "7")
        line._onchange_choice()
        line.wizard_id.action_apply()
        self.assertEqual(tax.exact_vat_code_id.code, "7")

    def test_proposing_and_applying_make_no_call(self):
        self.used(self.tax(21))
        self.clear_calls()
        self.wizard().action_apply()
        self.assertFalse(self.calls())
