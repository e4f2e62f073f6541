"""Where "Invoice in Exact" is found, and what an order shows of it (R44-R47)."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.exact_connector.tests.cases import UnlimitedCase


@tagged("post_install", "-at_install")
class TestEntryPoints(UnlimitedCase):
    join_once = True

    def setUp(self):
        super().setUp()
        self.env.user.group_ids += self.env.ref("sales_team.group_sale_manager")
        self.connection.invoicing = True
        self.tax_21 = self.tax(21, "2")
        self.bakery = self.customer()
        self.product = self.env["product.product"].create(
            {
                "name": "Workshop",
                "type": "service",
                "list_price": 650.0,
                "invoice_policy": "delivery",
                "taxes_id": [Command.set(self.tax_21.ids)],
            }
        )
        self.user = self.make_user(
            "kantoor",
            "exact_connector.group_exact_user",
            "sales_team.group_sale_salesman_all_leads",
        )

    def order(self, partner=None, delivered=2.0):
        order = self.env["sale.order"].create(
            {
                "partner_id": (partner or self.bakery).id,
                "company_id": self.company.id,
                "order_line": [
                    Command.create({"product_id": self.product.id, "product_uom_qty": 2})
                ],
            }
        )
        order.action_confirm()
        order.order_line.qty_delivered = delivered
        return order

    def wizard(self, action):
        self.assertEqual(action["res_model"], "exact.invoice.wizard")
        return self.env["exact.invoice.wizard"].browse(action["res_id"])

    def test_r47_an_order_with_something_to_invoice_offers_it_and_opens_the_wizard(self):
        order = self.order()
        self.assertTrue(order.exact_can_invoice)
        self.assertTrue(order.exact_invoicing)
        wizard = self.wizard(order.with_user(self.user).action_exact_invoice())
        self.assertEqual(wizard.keys, [f"sale.order.line,{order.order_line.id}"])

    def test_r47_nothing_is_offered_where_nothing_is_to_invoice_or_nothing_is_connected(self):
        self.assertFalse(self.order(delivered=0).exact_can_invoice)
        order = self.order()
        self.connection.active = False
        order.invalidate_recordset()
        self.assertFalse(order.exact_can_invoice)

    def test_r47_orders_of_a_list_lines_and_customers_open_the_same_wizard(self):
        first, second = self.order(), self.order()
        keys = {f"sale.order.line,{order.order_line.id}" for order in first | second}
        for records in (first | second, (first | second).order_line, self.bakery):
            wizard = self.wizard(records.with_user(self.user).action_exact_invoice())
            self.assertEqual(set(wizard.keys), keys)

    def test_r47_the_button_on_the_list_is_there_for_a_connected_company_only(self):
        def names():
            arch, _view = self.env["sale.order"]._get_view(None, "list")
            return {node.get("name") for node in arch.iter()}

        def key():
            return self.env["sale.order"]._get_view_cache_key(None, "list")

        connected = key()
        self.assertIn("action_exact_invoice", names())
        self.assertIn("exact_invoice_state", names())
        self.connection.active = False
        self.assertFalse(names() & {"action_exact_invoice", "exact_invoice_state"})
        self.assertNotEqual(connected, key())

    def test_r47_only_an_exact_user_may_press_it(self):
        seller = self.make_user("verkoper", "sales_team.group_sale_salesman_all_leads")
        for records in (self.order(), self.order().order_line, self.bakery):
            with self.assertRaises(AccessError):
                records.with_user(seller).action_exact_invoice()

    # === SWITCHED OFF: met where it is needed, and the press goes on from there === #

    def test_r47_where_it_is_switched_off_a_manager_switches_it_on_and_goes_on(self):
        self.connection.invoicing = False
        order = self.order()
        action = order.action_exact_invoice()
        self.assertEqual(action["res_model"], "exact.invoice.start")
        start = self.env["exact.invoice.start"].browse(action["res_id"])
        start.invoice_print = "print"
        wizard = self.wizard(start.action_start())
        self.assertEqual(wizard.keys, [f"sale.order.line,{order.order_line.id}"])
        self.assertTrue(self.connection.invoicing)
        self.assertEqual(self.connection.invoice_print, "print")

    def test_r47_who_is_no_manager_is_told_whom_to_ask(self):
        self.connection.invoicing = False
        action = self.order().with_user(self.user).action_exact_invoice()
        start = self.env["exact.invoice.start"].with_user(self.user).browse(action["res_id"])
        self.assertTrue(start.is_connected)
        self.assertFalse(start.is_manager)
        with self.assertRaises(AccessError):
            start.action_start()
        self.assertFalse(self.connection.invoicing)

    def test_r47_chosen_rows_are_kept_over_the_question(self):
        self.connection.invoicing = False
        order = self.order()
        self.env["exact.uninvoiced"]._fill()
        row = self.env["exact.uninvoiced"].search([("partner_id", "=", self.bakery.id)])
        start = self.env["exact.invoice.start"].browse(row.action_invoice()["res_id"])
        wizard = self.wizard(start.action_start())
        self.assertEqual(wizard.keys, [f"sale.order.line,{order.order_line.id}"])

    def test_r47_a_company_that_is_not_connected_hears_it(self):
        self.connection.active = False
        action = self.order().action_exact_invoice()
        start = self.env["exact.invoice.start"].browse(action["res_id"])
        self.assertFalse(start.is_connected)
        self.assertTrue(start.is_system)

    # === WHAT AN ORDER AND AN EXCHANGE SHOW === #

    def sent(self, order, **values):
        """The order invoiced in Exact; Odoo's copy of it."""
        wizard = self.wizard(order.action_exact_invoice())
        wizard.write(values)
        wizard.action_send()
        return order.invoice_ids

    def test_r47_an_order_shows_its_draft_in_exact_then_number_and_pdf(self):
        order = self.order()
        self.assertFalse(order.exact_invoice_state)
        move = self.sent(order)
        self.assertEqual(order.exact_invoice_state, "draft", move.exact_message)
        self.assertEqual(order.action_exact_view_invoices()["res_id"], move.id)
        self.assertFalse(order.exact_can_invoice or order.exact_invoice_has_pdf)
        move.action_exact_print_invoice()
        self.assertEqual(order.exact_invoice_state, "printed", move.exact_message)
        self.assertEqual(order.exact_invoice_numbers, move.exact_entry_number)
        move.action_exact_get_pdf()
        self.assertTrue(order.exact_invoice_has_pdf)
        url = order.with_user(self.user).action_exact_invoice_pdf()["url"]
        self.assertIn(f"/web/content/{move.invoice_pdf_report_id.id}", url)
        found = self.env["sale.order"].search([("invoice_ids.exact_route", "=", "invoice")])
        self.assertEqual(found, order)

    def test_r47_an_order_invoiced_in_odoo_shows_nothing_of_this(self):
        order = self.order()
        order._create_invoices()
        self.assertFalse(order.exact_invoice_state or order.exact_invoice_ids)

    def test_w15_an_exchange_tells_what_it_was_made_from_and_what_became_of_it(self):
        order = self.order()
        move = self.sent(order)
        exchange = move.exact_exchange_ids
        self.assertEqual(exchange.selection_count, 1)
        action = exchange.with_user(self.user).action_open_selection()
        line = self.env["exact.uninvoiced.line"].with_user(self.user).search(action["domain"])
        self.assertEqual((line.order_id, line.left_code), (order, "in_exact"))
        self.assertTrue(line.left_message)

    def test_r48_the_example_on_the_connection_reads_as_the_choices_say(self):
        self.connection.write({"invoice_grouping": "customer", "invoice_line_mode": "task"})
        example = self.connection.invoice_example
        self.assertEqual(example.count("Invoice:"), 1)
        self.assertIn("3.50  Administration: VAT return", example)
        self.connection.write(
            {"invoice_grouping": "project", "invoice_description_template": "{task} by {employee}"}
        )
        self.assertEqual(self.connection.invoice_example.count("Invoice:"), 2)
        self.assertIn("VAT return by Anna Bakker, Jan Visser", self.connection.invoice_example)
