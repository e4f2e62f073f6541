import time

from odoo import fields
from odoo.tests import tagged

from .cases import HoursCase, SourceCase


@tagged("post_install", "-at_install")
class TestBadInput(HoursCase):
    def test_lines_of_two_companies_only_the_own_ones_go(self):
        other = self._create_company(name="Zuid Advies B.V.")
        self.env.user.company_ids += other
        self.env = self.env(
            context={**self.env.context, "allowed_company_ids": [self.company.id, other.id]}
        )
        project = self.make_project("Zuid", company=other)
        employee = self.make_employee("Chris", company=other)
        foreign = self.hours(1.0, employee=employee, project_id=project.id)
        own = self.hours(1.0, self.line())
        wizard = self.wizard(own | foreign)
        self.assertEqual(wizard.left_ids.mapped("left_code"), ["other_company"])
        wizard.action_send()
        self.assertTrue(own.timesheet_invoice_id)
        self.assertFalse(foreign.timesheet_invoice_id)

    def test_more_negative_hours_than_others_become_a_credit(self):
        line = self.line()
        self.wizard(self.hours(5.0, line)).action_send()
        correction = self.hours(-2.0, line)
        self.wizard(correction).action_send()
        credit = correction.timesheet_invoice_id
        self.assertEqual((credit.move_type, credit.amount_untaxed), ("out_refund", 200.0))
        self.assertEqual((line.qty_invoiced, line.qty_to_invoice), (3.0, 0.0))

    def test_an_item_archived_between_wizard_and_sending_stops_before_any_call(self):
        hours = self.hours(1.0, self.line())
        wizard = self.wizard(hours)
        self.exact("item", "ADVIES").sudo().active = False
        self.clear_calls()
        try:
            wizard.action_send()
        except Exception as error:  # told at once, or shown again in the window
            self.assertIn("ADVIES", str(error))
        self.assertFalse(hours.timesheet_invoice_id)
        self.assertFalse(self.calls("POST"))

    def test_quarters_of_an_hour_and_minutes(self):
        line = self.line()
        hours = self.env["account.analytic.line"]
        for _number in range(7):
            hours |= self.hours(1 / 3, line)
        self.wizard(hours).action_send()
        self.assertEqual(self.mirrors().invoice_line_ids.quantity, 2.33)
        self.assertEqual(self.mirrors().amount_untaxed, 233.0)
        self.assertAlmostEqual(line.qty_to_invoice, 0.0)


@tagged("post_install", "-at_install")
class TestManyHours(SourceCase):
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
        start = time.process_time()
        found = self.collect(self.project)
        read = time.process_time() - start
        self.assertEqual(len(found), 5000)
        self.assertLess(read, 4.0)
        billables = [billable for billable in found if not billable.left_behind]
        self.assertGreater(len(billables), 4000)
        from odoo.addons.exact_connector_sale.planning import Options, plan

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
