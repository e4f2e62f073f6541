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

    def test_r57_vat_that_exact_rounds_by_line_is_taken_over_and_printed(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        self.option(invoice_line_amounts="computed", invoice_vat="line")
        move = self.sent()
        self.assertEqual(move.exact_state, "draft", move.exact_message)
        self.assertEqual((move.amount_untaxed, move.amount_tax), (2612.50, 548.62))
        self.assertEqual(move.amount_total, 3161.12)
        self.assertIn("548.62", self.chatter(move))
        move.action_exact_print_invoice()
        self.assertEqual((move.state, move.exact_state), ("posted", "done"), move.exact_message)
        self.assertEqual((move.amount_total, move.amount_residual), (3161.12, 3161.12))
        receivable = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual(receivable.balance, 3161.12)

    def test_r57_the_same_on_a_credit_invoice(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        self.option(invoice_line_amounts="computed", invoice_vat="line")
        move = self.sent(refund=True)
        self.assertEqual(move.exact_state, "draft", move.exact_message)
        self.assertEqual((move.amount_tax, move.amount_total), (548.62, 3161.12))

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
