from odoo.tests import tagged

from .cases import InvoiceCase


@tagged("post_install", "-at_install")
class TestWizard(InvoiceCase):
    """What the wizard shows is what Exact gets (R47, R48)."""

    def test_r47_fixed_price_and_delivered_lines_of_an_order_become_one_invoice(self):
        order = self.order(self.fixed, {"product_id": self.delivered.id, "product_uom_qty": 10})
        order.order_line[1].qty_delivered = 4
        wizard = self.wizard(order)
        self.assertEqual(wizard.invoice_count, 1, wizard.left_ids.mapped("reason"))
        self.assertEqual(wizard.invoice_line_ids.mapped("quantity"), [1.0, 4.0])
        self.assertEqual(wizard.invoice_line_ids.mapped("net"), [100.0, 400.0])
        self.assertEqual(wizard.invoice_ids.total, 605.0)
        self.assertFalse([one for one in wizard.problems if one["blocking"]])
        self.assertFalse(self.mirrors(), "nothing stays of the preview")
        self.assertEqual(order.order_line.mapped("qty_invoiced"), [0.0, 0.0])
        self.assertFalse(self.calls())
        wizard.action_send()
        mirror = self.mirrors()
        self.assertEqual(mirror.amount_total, 605.0)
        self.assertEqual(mirror.invoice_origin, order.name)
        self.assertEqual(order.order_line.mapped("qty_invoiced"), [1.0, 4.0])
