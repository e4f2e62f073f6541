import time
from decimal import Decimal

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.exact_connector_sale.planning import Options, plan

from .cases import HoursCase, SourceCase


@tagged("post_install", "-at_install")
class TestHours(HoursCase):
    """Hours of an order: what they are worth, and that Odoo counts them as invoiced (R44)."""

    def test_r44_selected_hours_become_a_sales_invoice_and_odoo_invoices_the_rest_only(self):
        line = self.line()
        taken = self.hours(3.0, line) | self.hours(1.5, line, self.bert)
        rest = self.hours(2.0, line)
        wizard = self.wizard(taken)
        self.assertFalse(wizard.left_ids)
        wizard.action_send()
        (invoice,) = self.in_exact()
        mirror = taken.timesheet_invoice_id
        self.assertEqual(len(mirror), 1)
        self.assertEqual(mirror.exact_route, "invoice")
        self.assertEqual(mirror.amount_untaxed, 450.0)
        self.assertEqual(float(invoice["AmountFC"]), 544.5)
        self.assertEqual((line.qty_invoiced, line.qty_to_invoice), (4.5, 2.0))
        own = self.invoice_in_odoo(line.order_id)
        self.assertEqual(own.invoice_line_ids.quantity, 2.0)
        self.assertEqual(rest.timesheet_invoice_id, own)
        self.assertEqual(line.qty_to_invoice, 0.0)
        with self.assertRaises(UserError):
            self.invoice_in_odoo(line.order_id)

    def test_r44_the_same_selection_again_gives_nothing_and_says_in_which_invoice(self):
        hours = self.hours(3.0, self.line())
        self.wizard(hours, print_invoice="print").action_send()
        number = hours.timesheet_invoice_id.exact_entry_number
        self.assertTrue(number)
        (again,) = self.collect(hours)
        self.assertEqual(again.left_behind.code, "in_exact")
        self.assertIn(number, again.left_behind.message)
        # Through the project, the order and the customer's task too
        for records in (self.project, hours.order_id, hours.employee_id):
            found = [b for b in self.collect(records) if b.key.startswith("account.analytic")]
            self.assertEqual([b.left_behind.code for b in found], ["in_exact"])

    def test_hours_in_days_add_up_to_what_odoo_counts(self):
        line = self.line(self.by_day)
        for number in range(8):
            self.hours(1.0, line, task_id=self.make_task(f"Taak {number}").id)
        wizard = self.wizard(line.order_id, line_mode="task")
        self.assertEqual(len(wizard.invoice_line_ids), 8)
        wizard.action_send()
        mirror = self.mirrors()
        self.assertAlmostEqual(sum(mirror.invoice_line_ids.mapped("quantity")), 1.0)
        self.assertEqual(mirror.amount_untaxed, 800.0)
        self.assertEqual((line.qty_invoiced, line.qty_to_invoice), (1.0, 0.0))

    def test_hours_in_days_taken_one_by_one_leave_nothing_over(self):
        line = self.line(self.by_day)
        hours = [self.hours(1.0, line) for _number in range(3)]
        for hour in hours:
            self.wizard(hour).action_send()
        self.assertEqual(line.qty_delivered, 0.38)
        self.assertAlmostEqual(line.qty_invoiced, 0.38)
        self.assertAlmostEqual(line.qty_to_invoice, 0.0)
        with self.assertRaises(UserError):
            self.invoice_in_odoo(line.order_id)

    def test_negative_hours_are_taken_and_lower_the_sum(self):
        line = self.line()
        hours = self.hours(5.0, line) | self.hours(-1.5, line)
        self.wizard(hours).action_send()
        self.assertEqual(self.mirrors().amount_untaxed, 350.0)
        self.assertEqual(self.mirrors().invoice_line_ids.quantity, 3.5)
        self.assertEqual(line.qty_to_invoice, 0.0)

    def test_a_changed_price_in_the_wizard_is_invoiced(self):
        line = self.line()
        hours = self.hours(2.0, line)
        wizard = self.wizard(hours)
        row = wizard.invoice_line_ids
        wizard.write({"invoice_line_ids": [Command.update(row.id, {"net_price": 80.0})]})
        wizard.action_send()
        self.assertEqual(hours.timesheet_invoice_id.amount_untaxed, 160.0)
        self.assertEqual(line.qty_to_invoice, 0.0)

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


@tagged("post_install", "-at_install")
class TestHoursRead(SourceCase):
    """What hours of an order are worth, and through which records they are found (R44)."""

    def test_r44_hours_have_price_unit_discount_and_taxes_of_the_order_line(self):
        line = self.line(discount=10.0, price_unit=95.0)
        (billable,) = self.collect(self.hours(2.5, line))
        self.assertEqual(
            (billable.kind, billable.quantity, billable.uom, billable.price_unit),
            ("hours", Decimal("2.5"), self.hour, 95.0),
        )
        self.assertEqual((billable.discount, billable.taxes), (10.0, self.tax_21))
        self.assertEqual(billable.net, Decimal("213.75"))
        self.assertEqual((billable.order_line, billable.partner), (line, self.partner))
        self.assertEqual((billable.project, billable.employee), (self.project, self.anna))

    def test_r44_hours_through_tasks_projects_orders_lines_customers_and_employees(self):
        line = self.line()
        task = self.make_task()
        below = self.make_task("Dozen", parent_id=task.id)
        one = self.hours(1.0, line, task_id=task.id)
        two = self.hours(1.0, line, self.bert, task_id=below.id)
        three = self.hours(1.0, line)
        cases = (
            (one | three, one | three),
            (task, one | two),
            (self.project, one | two | three),
            (line.order_id, one | two | three),
            (line, one | two | three),
            (self.partner, one | two | three),
            (self.bert, two),
            (None, one | two | three),
        )
        for records, expected in cases:
            found = self.collect(records)
            self.assertEqual({b.record for b in found}, set(expected), records)
            self.assertFalse([b for b in found if b.left_behind])

    def test_r44_an_order_line_by_hours_is_not_offered_as_a_quantity_as_well(self):
        line = self.line()
        self.hours(4.0, line)
        found = self.collect(line.order_id)
        self.assertEqual([b.kind for b in found], ["hours"])
        self.assertEqual(sum(b.net for b in found), 400)

    def test_five_thousand_hours_are_read_planned_and_marked_quickly(self):
        lines = [self.line(), self.line(self.by_day)]
        tasks = [self.make_task(f"Taak {number}") for number in range(10)]
        self.anna.exact_product_id = self.by_hour
        hours = self.env["account.analytic.line"].create(
            [
                {
                    "name": f"Werk {number}",
                    "project_id": self.project.id,
                    "task_id": tasks[number % 10].id,
                    "employee_id": (self.anna, self.bert)[number % 2].id,
                    "unit_amount": 0.25 + (number % 8) / 4,
                    "date": fields.Date.today(),
                    "so_line": (*lines, self.env["sale.order.line"])[number % 3].id,
                    "is_so_line_edited": True,
                }
                for number in range(500)
            ]
        )
        # 5,000 by copies in the database: making them is not what is timed
        self.env.flush_all()
        names = [
            name
            for name, field in hours._fields.items()
            if field.store and field.column_type and name != "id"
        ]
        columns = ", ".join(f'"{name}"' for name in names)
        self.env.cr.execute(
            f"INSERT INTO account_analytic_line ({columns}) SELECT {columns} FROM account_analytic_line, "
            "generate_series(1, 9) WHERE id IN %s",
            (tuple(hours.ids),),
        )
        self.env.cr.execute("ANALYZE account_analytic_line")
        self.env.invalidate_all()
        # What the orders count as delivered comes of the copies too.
        hours.modified(["unit_amount"])
        self.env.flush_all()
        self.env.invalidate_all()
        start = time.process_time()
        found = self.collect(self.project)
        read = time.process_time() - start
        self.assertEqual(len(found), 5000)
        self.assertLess(read, 4.0)
        billables = [billable for billable in found if not billable.left_behind]
        self.assertGreater(len(billables), 4000)
        start = time.process_time()
        invoices = plan(billables, Options(line_mode="employee"))
        self.assertLess(time.process_time() - start, 2.0)
        self.assertEqual(len({b.key for i in invoices for b in i.billables}), len(billables))
        move = self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": self.partner.id}
        )
        source = self.env["exact.billable.timesheet"]
        start = time.process_time()
        source._lock(billables)
        source._mark(move, [line for invoice in invoices for line in invoice.lines])
        self.env.flush_all()
        self.assertLess(time.process_time() - start, 6.0)
        self.assertEqual(len(move.timesheet_ids), len(billables))
        source._free(move)
        self.assertFalse(move.timesheet_ids)
