"""VAT as Exact rounds it on its own invoices, taken over by Odoo's copy (R57, W02)."""

from odoo.tests import tagged

from .invoicing import InvoicingCase
from .sending import SendCase


@tagged("post_install", "-at_install")
class TestInvoiceVat(InvoicingCase, SendCase):
    HOURS = (18.75, 8.75)

    def sent(self, hours=HOURS, **values):
        lines = [("UREN", self.hour, quantity, 95.0) for quantity in hours]
        move = self.draft(lines, **values)
        move.action_exact_invoice()
        return move

    def test_r57_copy_is_rounded_by_line_as_exact_does_whatever_the_company_does(self):
        """What is shown before it goes is what Exact makes of it; an entry's document stays as it was."""
        self.company.tax_calculation_rounding_method = "round_globally"
        lines = [("UREN", self.hour, quantity, 95.0) for quantity in self.HOURS]
        move = self.draft(lines)
        self.assertEqual((move.amount_untaxed, move.amount_tax), (2612.50, 548.62))
        # In a journal of Odoo's own numbers nothing changes.
        own = self.invoice([(quantity, 95.0, self.tax_high) for quantity in self.HOURS], post=False)
        self.assertEqual((own.amount_untaxed, own.amount_tax), (2612.50, 548.63))
        move.action_exact_invoice()
        self.assertEqual(move.exact_state, "draft", move.exact_message)
        self.assertNotIn("rounds VAT", self.chatter(move))

    def test_r48_price_agreed_goes_along_however_amounts_are_rounded(self):
        move = self.draft([("UREN", self.hour, 3, 0.336)])
        (line,) = self.body(move)["SalesInvoiceLines"]
        self.assertEqual((float(line["NetPrice"]), float(line["AmountFC"])), (0.336, 1.01))

    def test_r57_vat_that_exact_rounds_on_the_sum_is_taken_over_and_printed(self):
        self.option(invoice_line_amounts="computed", invoice_vat="code")
        move = self.sent()
        self.assertEqual(move.exact_state, "draft", move.exact_message)
        self.assertEqual((move.amount_untaxed, move.amount_tax), (2612.50, 548.63))
        self.assertEqual(move.amount_total, 3161.13)
        self.assertIn("548.63", self.chatter(move))
        move.action_exact_print_invoice()
        self.assertEqual((move.state, move.exact_state), ("posted", "done"), move.exact_message)
        self.assertEqual((move.amount_total, move.amount_residual), (3161.13, 3161.13))
        receivable = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual(receivable.balance, 3161.13)

    def test_r57_the_same_on_a_credit_invoice(self):
        self.option(invoice_line_amounts="computed", invoice_vat="code")
        move = self.sent(refund=True)
        self.assertEqual(move.exact_state, "draft", move.exact_message)
        self.assertEqual((move.amount_tax, move.amount_total), (548.63, 3161.13))

    def test_r57_sign_is_turned_where_only_the_rounding_of_vat_differs_besides(self):
        self.option(invoice_line_amounts="computed", invoice_vat="code", credit_quantity="positive")
        move = self.sent(refund=True)
        self.assertEqual(move.exact_state, "draft", move.exact_message)
        self.assertEqual(self.connection.credit_quantity, "positive")
        self.assertEqual(move.amount_tax, 548.63)

    def test_r57_more_than_rounding_stays_a_difference(self):
        self.option(invoice_line_amounts="computed")
        move = self.sent()
        row = {
            "AmountFC": move.amount_total - 1,
            "VATAmountFC": move.amount_tax - 1,
            "Currency": "EUR",
        }
        self.assertTrue(move._exact_invoice_difference(row))
        row = {"AmountFC": move.amount_total - 1, "VATAmountFC": move.amount_tax}
        self.assertTrue(move._exact_invoice_difference(row))
