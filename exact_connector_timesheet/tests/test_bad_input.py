from contextlib import suppress

from odoo.exceptions import UserError
from odoo.tests import tagged

from .cases import HoursCase


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
        self.exact("item", "UREN").sudo().active = False
        self.clear_calls()
        with suppress(UserError):
            wizard.action_send()
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
