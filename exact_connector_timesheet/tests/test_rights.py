from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .cases import HoursCase

BUTTON = "//button[@name='action_exact_invoice']"


@tagged("post_install", "-at_install")
class TestRights(HoursCase):
    """Who keeps hours does not invoice; who invoices need not see everybody's hours."""

    def views(self, user):
        """Views with the button, as ``user`` sees them."""
        for model, xmlid, kind in (
            ("account.analytic.line", "hr_timesheet.hr_timesheet_line_tree", "list"),
            ("account.analytic.line", "hr_timesheet.timesheet_view_tree_user", "list"),
            ("account.analytic.line", "hr_timesheet.timesheet_view_form_user", "form"),
            ("project.task", "project.view_task_form2", "form"),
            ("project.project", "project.edit_project", "form"),
        ):
            view = self.env.ref(xmlid)
            arch = self.env[model].with_user(user).get_view(view.id, kind)["arch"]
            yield xmlid, etree.fromstring(arch).xpath(BUTTON)

    def test_who_keeps_hours_neither_sees_the_buttons_nor_may_press_them(self):
        user = self.make_user(
            "urenschrijver",
            "hr_timesheet.group_hr_timesheet_approver",
            "project.group_project_user",
        )
        for name, buttons in self.views(user):
            self.assertFalse(buttons, name)
        hours = self.hours(1.0, self.line())
        for records in (hours, self.project, self.make_task()):
            with self.assertRaises(AccessError):
                records.with_user(user).action_exact_invoice()
        with self.assertRaises(AccessError):
            hours.with_user(user).action_exact_invoice_pdf()

    def test_who_invoices_sees_the_buttons(self):
        user = self.make_user(
            "facturist",
            "account.group_account_invoice",
            "hr_timesheet.group_hr_timesheet_approver",
            "project.group_project_user",
        )
        for name, buttons in self.views(user):
            self.assertTrue(buttons, name)

    def test_an_exact_user_without_rights_on_hours_invoices_them_by_the_order(self):
        user = self.make_user(
            "verkoop", "account.group_account_invoice", "sales_team.group_sale_salesman_all_leads"
        )
        line = self.line()
        hours = self.hours(2.0, line) | self.hours(1.0, line, self.bert)
        self.assertFalse(hours.with_user(user).has_access("read"))
        action = line.order_id.with_user(user).action_exact_invoice()
        wizard = self.env[action["res_model"]].with_user(user).browse(action["res_id"])
        self.assertEqual(len(wizard.line_ids), 2)
        wizard.action_send()
        self.assertEqual(hours.timesheet_invoice_id.amount_untaxed, 300.0)

    def test_hours_one_may_not_read_are_refused_by_their_ids(self):
        user = self.make_user("verkoop", "account.group_account_invoice")
        hours = self.hours(2.0, self.line())
        with self.assertRaises(AccessError):
            hours.with_user(user).action_exact_invoice()
