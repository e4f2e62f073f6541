from odoo import Command
from odoo.tests import tagged

from .cases import SourceCase


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
