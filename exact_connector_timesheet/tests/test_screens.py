from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .cases import HoursCase

BUTTON = "//button[@name='action_exact_invoice']"


@tagged("post_install", "-at_install")
class TestScreens(HoursCase):
    """The ways in: lists and forms of hours, tasks and projects; "Uninvoiced" by project (R44, R47)."""

    def test_r44_from_hours_task_project_and_the_actions_menu(self):
        task = self.make_task()
        line = self.line()
        hours = self.hours(1.0, line, task_id=task.id)
        self.hours(2.0, line)
        cases = ((hours, 1), (task, 1), (self.project, 2))
        for records, count in cases:
            action = records.action_exact_invoice()
            wizard = self.env[action["res_model"]].browse(action["res_id"])
            self.assertEqual(len(wizard.line_ids), count, records)
        for name, records, count in (
            ("hours", hours, 1),
            ("tasks", task, 1),
            ("projects", self.project, 2),
        ):
            server = self.env.ref(f"exact_connector_timesheet.action_exact_invoice_{name}")
            action = server.with_context(
                active_model=records._name, active_id=records.id, active_ids=records.ids
            ).run()
            wizard = self.env[action["res_model"]].browse(action["res_id"])
            self.assertEqual(len(wizard.line_ids), count, name)

    def test_r47_uninvoiced_has_a_row_for_each_project(self):
        other = self.make_project("Verbouwing")
        line = self.line()
        self.hours(1.0, line)
        self.hours(2.0, line, project_id=other.id)
        self.env["exact.uninvoiced"].action_open()
        rows = self.env["exact.uninvoiced"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual(
            {(row.project_id, row.amount_hours, row.hours) for row in rows},
            {(self.project, 100.0, 1.0), (other, 200.0, 2.0)},
        )
        rows.action_open_lines()
        lines = self.env["exact.uninvoiced.line"].search([("row_id", "in", rows.ids)])
        self.assertEqual(set(lines.mapped("employee_name")), {"Anna"})
        action = rows.filtered(lambda row: row.project_id == other).action_invoice()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(wizard.line_ids.mapped("quantity"), [2.0])

    def test_r47_the_project_tells_its_uninvoiced_hours(self):
        hours = self.hours(1.5, self.line())
        self.hours(9.0, self.line(self.fixed))
        self.assertEqual(self.project.exact_uninvoiced_hours, 1.5)
        texts = [
            button["number"]
            for button in self.project._get_stat_buttons()
            if button["action"] == "action_exact_invoice"
        ]
        self.assertEqual(texts, ["01:30 h"])
        self.wizard(hours).action_send()
        self.project.invalidate_recordset()
        self.assertEqual(self.project.exact_uninvoiced_hours, 0.0)

    # === RIGHTS: who keeps hours does not invoice; who invoices need not see everybody's hours === #

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

    def test_without_a_connection_the_screens_are_as_they_were(self):
        user = self.make_user(
            "facturist",
            "account.group_account_invoice",
            "hr_timesheet.group_hr_timesheet_approver",
            "project.group_project_user",
        )
        self.connection.active = False
        for name, buttons in self.views(user):
            self.assertFalse(buttons, name)
