from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .cases import HoursCase, SourceCase


@tagged("post_install", "-at_install")
class TestWithoutOrder(SourceCase):
    """Hours without an order: whose product, whose price, whose invoice (R44)."""

    def one(self, hours):
        (billable,) = self.collect(hours)
        return billable

    def test_r44_product_of_the_employee_then_of_the_project_then_of_the_connection(self):
        hours = self.hours(2.0)
        general = self.make_product("Algemeen uur", list_price=70.0)
        own = self.make_product("Uur van Anna", list_price=120.0)
        self.connection.hour_product_id = general
        self.anna.exact_product_id = own
        self.project.timesheet_product_id = self.by_hour
        self.assertEqual((self.one(hours).product, self.one(hours).price_unit), (own, 120.0))
        self.anna.exact_product_id = False
        self.assertEqual(self.one(hours).product, self.by_hour)
        self.project.timesheet_product_id = False
        self.assertEqual((self.one(hours).product, self.one(hours).price_unit), (general, 70.0))
        self.connection.hour_product_id = False
        self.assertEqual(self.one(hours).left_behind.code, "no_rate")

    def test_r44_price_comes_from_the_customers_pricelist_and_taxes_from_its_position(self):
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Vaste klanten",
                "item_ids": [
                    Command.create({"compute_price": "percentage", "percent_price": 20.0})
                ],
            }
        )
        self.partner.property_product_pricelist = pricelist
        zero = self.tax(0, "1")
        position = self.env["account.fiscal.position"].create({"name": "Verlegd"})
        zero.write({"original_tax_ids": [Command.set(self.tax_21.ids)]})
        position.tax_ids = [Command.link(zero.id)]
        self.partner.property_account_position_id = position
        self.anna.exact_product_id = self.by_hour
        billable = self.one(self.hours(1.0))
        self.assertEqual((billable.price_unit, billable.taxes), (80.0, zero))

    def test_r44_the_invoice_goes_to_the_invoice_address_of_the_customer_of_the_task(self):
        other = self.customer(known=False, name="Slagerij Pieters")
        address = self.env["res.partner"].create(
            {"name": "Administratie", "type": "invoice", "parent_id": other.id}
        )
        task = self.make_task(partner_id=other.id)
        self.assertEqual(self.one(self.hours(1.0, task_id=task.id)).partner, address)
        self.assertEqual(self.one(self.hours(1.0)).partner, self.partner)

    def test_r44_price_included_taxes_give_the_price_without_vat(self):
        included = self.tax(21, "2", price_include_override="tax_included")
        self.by_hour.write({"taxes_id": [Command.set(included.ids)], "list_price": 121.0})
        self.anna.exact_product_id = self.by_hour
        self.assertEqual(float(self.one(self.hours(3.0)).net), 300.0)


@tagged("post_install", "-at_install")
class TestWithoutOrderSent(HoursCase):
    """Hours without an order are out of Odoo's own invoicing once they are taken (R44)."""

    def test_r44_hours_in_days_of_the_product(self):
        self.anna.exact_product_id = self.by_day
        self.wizard(self.hours(4.0)).action_send()
        line = self.mirrors().invoice_line_ids
        self.assertEqual((line.quantity, line.product_uom_id), (0.5, self.day))
        self.assertEqual(line.price_subtotal, 400.0)

    def test_r44_hours_without_order_are_marked_and_stay_out_of_an_order_set_later(self):
        self.anna.exact_product_id = self.by_hour
        hours = self.hours(2.0)
        line = self.line()
        self.wizard(hours).action_send()
        mirror = hours.timesheet_invoice_id
        self.assertEqual(mirror.amount_untaxed, 200.0)
        self.assertTrue(hours.exact_without_order)
        with self.assertRaises(UserError):
            hours.so_line = line
        # Past the guard: an import, a script
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_analytic_line SET so_line=%s, order_id=%s WHERE id=%s",
            (line.id, line.order_id.id, hours.id),
        )
        self.env.invalidate_all()
        self.hours(1.0, line)
        self.assertEqual(line.qty_delivered, 1.0)
        own = self.invoice_in_odoo(line.order_id)
        self.assertEqual(own.invoice_line_ids.quantity, 1.0)
        self.assertEqual(hours.timesheet_invoice_id, mirror)

    def test_r44_hours_and_order_lines_of_a_customer_share_an_invoice(self):
        self.anna.exact_product_id = self.by_hour
        line = self.line()
        wizard = self.wizard(self.hours(1.0) | self.hours(2.0, line))
        self.assertEqual((wizard.invoice_count, wizard.line_count), (1, 2))
        wizard.action_send()
        self.assertEqual(self.mirrors().amount_untaxed, 300.0)
        self.assertEqual(line.qty_invoiced, 2.0)
