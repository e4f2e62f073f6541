"""A draft of Odoo as a sales invoice of Exact: header, items, units, prices (R11-R19, R48; API 5.13)."""

from decimal import Decimal

from odoo.tests import tagged

from ..client import encode
from .invoicing import InvoicingCase


@tagged("post_install", "-at_install")
class TestInvoiceHeader(InvoicingCase):
    def test_r48_header_carries_reference_dates_condition_and_currency(self):
        move = self.draft(ref="Project Noord, week 12", exact_reference="OD-ABCD1234")
        body = self.body(move)
        self.assertEqual(body["Type"], 8020)
        self.assertEqual(body["Description"], "Project Noord, week 12")
        self.assertEqual(body["YourRef"], "OD-ABCD1234")
        self.assertEqual(body["OrderDate"], move.invoice_date)
        self.assertEqual(body["DueDate"], move.invoice_date_due)
        self.assertEqual(body["Currency"], "EUR")
        self.assertEqual(body["Journal"], self.connection.sale_journal_id.code)
        self.assertEqual(body["OrderedBy"], self.partner.exact_account_id)
        self.assertEqual(body["InvoiceTo"], self.partner.exact_account_id)
        self.assertTrue(body["PaymentCondition"])
        self.assertTrue(encode(body))

    def test_r48_line_carries_item_quantity_price_and_text(self):
        (line,) = self.body(self.draft([("UREN", self.hour, 7.5, 95.0)]))["SalesInvoiceLines"]
        self.assertEqual(line["Item"], self.exact("item", "UREN").exact_id)
        self.assertEqual((line["Quantity"], line["NetPrice"]), (Decimal("7.50"), Decimal("95.00")))
        self.assertEqual(
            (line["AmountFC"], line["VATAmountFC"]), (Decimal("712.50"), Decimal("149.63"))
        )
        self.assertEqual(line["UnitCode"], "uur")
        self.assertEqual(line["Description"], "Advies")
        self.assertTrue(line["VATCode"] and line["GLAccount"])
        self.assertNotIn("From", line)
