"""What a connection still lacks for what its company uses (R2, R9, R10, R17, R20, R31)."""

from odoo import Command, fields
from odoo.tests import tagged

from .cases import UnlimitedCase


@tagged("post_install", "-at_install")
class TestGaps(UnlimitedCase):
    join_once = True

    def gaps(self, kind=None, blocking=None):
        return [
            gap
            for gap in self.connection._get_gaps()
            if (not kind or gap.kind == kind) and (blocking is None or gap.blocking == blocking)
        ]

    def test_r02_each_empty_setting_is_a_gap_until_it_is_filled(self):
        self.assertEqual(self.gaps(), [], "all is set")
        for name, step in {
            "start_date": "start",
            "sale_journal_id": "journals",
            "refund_journal_id": "journals",
            "default_item_id": "items",
            "default_vat_code_id": "vat",
            "default_payment_condition_id": "conditions",
        }.items():
            with self.subTest(name):
                kept = self.connection[name]
                self.connection[name] = False
                (gap,) = self.gaps("setting")
                label = self.connection.fields_get([name])[name]["string"]
                self.assertIn(label, gap.message)
                self.assertEqual((gap.record, gap.step), (self.connection, step))
                self.assertTrue(gap.why)
                self.connection[name] = kept

    def test_r09_tax_in_use_without_a_code_is_named_once(self):
        tax = self.tax(9)
        self.assertEqual(self.gaps("vat"), [], "a tax that is not used does not matter")
        for _number in range(2):
            self.invoice([(1, 10.0, tax), (1, 10.0, tax)])
        (gap,) = self.gaps("vat")
        self.assertIn(tax.name, gap.message)
        self.assertEqual((gap.record, gap.step, gap.blocking), (tax, "vat", True))
        tax.exact_vat_code_id = self.exact("vat.code", "1")
        self.assertEqual(self.gaps("vat"), [])

    def test_r10_codes_that_cannot_carry_the_tax_are_gaps(self):
        tax = self.tax(21, "2")
        self.invoice([(1, 10.0, tax)])
        code = self.exact("vat.code", "2").sudo()
        for values, text in (
            ({"type": "I"}, "Including"),
            ({"type": "B"}, "does not fit"),
            ({"percentage": 20}, "does not fit"),
            ({"active": False}, "blocked or gone"),
        ):
            with self.subTest(values):
                kept = {name: code[name] for name in values}
                code.write(values)
                self.assertIn(text, self.gaps("vat")[0].message)
                code.write(kept)
        self.assertEqual(self.gaps("vat"), [])

    def test_r19_vat_code_of_the_item_serves_a_tax_without_one(self):
        product = self.product_of("BOEK")
        line = {"product_id": product.id, "quantity": 1, "price_unit": 5}
        tax = self.tax(9)
        self.invoice([{**line, "tax_ids": [Command.set(tax.ids)]}])
        self.assertEqual(self.gaps("vat"), [])
        self.invoice([(1, 10.0, tax)])
        self.assertEqual(len(self.gaps("vat")), 1, "the default item is of 21 %")

    def test_r09_line_without_tax_needs_the_code_for_it(self):
        self.invoice([(1, 10.0, None)])
        self.assertEqual(self.gaps("vat"), [])
        self.connection.no_tax_vat_code_id = False
        self.assertEqual(self.gaps("vat")[0].record, self.connection)

    def test_r17_indivisible_item_is_a_gap_only_with_decimals(self):
        product = self.product_of("STUK")
        line = {"product_id": product.id, "price_unit": 5, "tax_ids": [Command.clear()]}
        self.invoice([{**line, "quantity": 2}])
        self.assertEqual(self.gaps("item"), [])
        self.invoice([{**line, "quantity": 0.5}])
        (gap,) = self.gaps("item")
        self.assertEqual((gap.record, gap.step), (product.product_tmpl_id, "items"))
        self.connection.only_divisible_items = False
        self.assertEqual(self.gaps("item"), [])

    def test_r17_ended_and_vanished_items_are_gaps(self):
        product = self.product_of("UREN")
        self.invoice([{"product_id": product.id, "price_unit": 5, "tax_ids": [Command.clear()]}])
        self.assertEqual(self.gaps("item"), [])
        item = self.exact("item", "UREN").sudo()
        item.end_date = "2020-01-01"
        self.assertIn("not in use", self.gaps("item")[0].message)
        item.active = False
        self.assertIn("gone", self.gaps("item")[0].message)

    def test_r20_line_that_nothing_gives_an_account_is_a_gap(self):
        product = self.product_of("LEEG")
        self.invoice([{"product_id": product.id, "price_unit": 5, "tax_ids": [Command.clear()]}])
        (gap,) = self.gaps("account")
        self.assertIn("LEEG", gap.message)
        self.assertEqual((gap.record, gap.step), (self.exact("item", "LEEG"), "accounts"))
        self.exact("item", "LEEG").sudo().gl_account_id = self.exact("gl.account", "8000")
        self.assertEqual(self.gaps("account"), [])
        self.exact("gl.account", "8000").sudo().type = 20
        self.assertIn("debtor", self.gaps("account")[0].message)

    def test_r22_unmatched_term_is_shown_and_does_not_block(self):
        term = self.env["account.payment.term"].create(
            {"name": "37", "line_ids": [Command.create({"value_amount": 100, "nb_days": 37})]}
        )
        self.invoice(invoice_payment_term_id=term.id)
        (gap,) = self.gaps("condition")
        self.assertEqual((gap.record, gap.blocking), (term, False))
        self.assertEqual(self.gaps(blocking=True), [])

    def test_r05_blocked_journals_and_refused_currencies_are_gaps(self):
        usd = self.env.ref("base.USD")
        usd.active = True
        self.invoice(currency_id=usd.id)
        self.assertEqual(self.gaps("journal"), [])
        self.connection.sale_journal_id = self.exact("journal", "74")
        (gap,) = self.gaps("journal")
        self.assertIn("USD", gap.message)
        self.connection.refund_journal_id.sudo().active = False
        self.assertEqual(len(self.gaps("journal")), 2)

    def test_documents_sent_long_ago_and_cancelled_ones_do_not_count(self):
        tax = self.tax(9)
        old = self.invoice([(1, 10.0, tax)])
        self.assertEqual(len(self.gaps("vat")), 1)
        old.button_draft()
        old.button_cancel()
        self.assertEqual(self.gaps("vat"), [])
        sent = self.invoice([(1, 10.0, tax)], invoice_date="2021-03-01")
        self.assertEqual(len(self.gaps("vat")), 1, "still to go")
        sent.sudo().exact_state = "done"
        self.assertEqual(self.gaps("vat"), [])

    def test_gaps_before_the_start_date_look_at_what_was_used_lately(self):
        tax = self.tax(9)
        today = fields.Date.today()
        self.invoice([(1, 10.0, tax)], invoice_date=fields.Date.subtract(today, days=30))
        self.connection.start_date = fields.Date.add(today, days=10)
        self.assertEqual(len(self.gaps("vat")), 1)

    def test_gaps_are_of_the_own_company_and_need_no_call_and_few_reads(self):
        _company, other = self.other_company()
        tax = self.tax(9)
        for _number in range(5):
            self.invoice([(1, 10.0, tax), (1, 10.0, None)])
        self.clear_calls()
        self.assertEqual(other._get_gaps(), [])
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(40):
            self.gaps()
        self.assertFalse(self.calls())

    def test_exact_user_without_accounting_rights_sees_the_gaps(self):
        tax = self.tax(9)
        self.invoice([(1, 10.0, tax)])
        user = self.make_user("g1", "exact_connector.group_exact_user")
        self.assertEqual(len(self.connection.with_user(user)._get_gaps()), 1)

    def product_of(self, code):
        product = self.env["product.product"].create({"name": code, "default_code": code})
        product.with_company(self.company).exact_item_id = self.exact("item", code)
        return product
