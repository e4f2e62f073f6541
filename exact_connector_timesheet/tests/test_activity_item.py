from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .cases import HoursCase


@tagged("post_install", "-at_install")
class TestActivityItem(HoursCase):
    """Item in Exact: of the service product, then of the task, then of the project (R15, R18)."""

    def setUp(self):
        super().setUp()
        self.item_product = self.exact("item", "UREN")
        self.item_task = self.exact("item", "REIS")
        self.item_project = self.exact("item", "BOEK")
        self.item_default = self.exact("item", "ALG")
        self.plain = self.make_product("Werk zonder artikel", item=None, **self.by_time())
        self.task = self.make_task()

    def lines(self, hours, **values):
        return self.wizard(hours, **values).invoice_line_ids

    def test_r15_product_then_task_then_project_then_default(self):
        line = self.line(self.plain)
        hours = self.hours(2.0, line, task_id=self.task.id)
        self.task.exact_item_id = self.item_task
        self.project.exact_item_id = self.item_project
        self.plain.product_tmpl_id.exact_item_id = self.item_product
        steps = (
            (self.item_product, self.plain.product_tmpl_id, "Werk zonder artikel"),
            (self.item_task, self.task, "Inpakken"),
            (self.item_project, self.project, "Verhuizing"),
        )
        for item, record, name in steps:
            row = self.lines(hours)
            self.assertEqual(row.item_id, item)
            self.assertIn(name, row.item_source)
            record.exact_item_id = False
        self.assertEqual(self.lines(hours).item_id, self.item_default)

    def test_r15_a_task_below_has_the_item_of_the_task_above(self):
        below = self.make_task("Dozen", parent_id=self.task.id)
        self.task.exact_item_id = self.item_task
        hours = self.hours(1.0, self.line(self.plain), task_id=below.id)
        self.assertEqual(self.lines(hours).item_id, self.item_task)

    def test_r15_tasks_with_different_items_never_share_a_line(self):
        other = self.make_task("Uitpakken")
        self.task.exact_item_id = self.item_task
        other.exact_item_id = self.item_project
        line = self.line(self.plain)
        hours = self.hours(1.0, line, task_id=self.task.id)
        hours |= self.hours(2.0, line, task_id=other.id)
        rows = self.lines(hours, line_mode="total")
        self.assertEqual(
            {(row.item_id, row.quantity) for row in rows},
            {(self.item_task, 1.0), (self.item_project, 2.0)},
        )
        self.plain.product_tmpl_id.exact_item_id = self.item_product
        self.assertEqual(self.lines(hours, line_mode="total").item_id, self.item_product)

    def test_r15_the_invoice_in_exact_has_the_item_of_the_task(self):
        self.task.exact_item_id = self.item_task
        hours = self.hours(1.0, self.line(self.plain), task_id=self.task.id)
        self.wizard(hours).action_send()
        (body,) = self.bodies("salesinvoice/SalesInvoices")
        self.assertEqual(
            [line["Item"] for line in body["SalesInvoiceLines"]], [self.item_task.exact_id]
        )

    def test_r18_an_invoice_of_odoo_has_the_same_item(self):
        self.task.exact_item_id = self.item_task
        line = self.line(self.plain)
        self.hours(1.0, line, task_id=self.task.id)
        self.assertEqual(self.item_in_odoo(line), self.item_task)

    def test_r18_hours_of_different_items_on_one_line_of_odoo_decide_nothing(self):
        self.task.exact_item_id = self.item_task
        line = self.line(self.plain)
        self.hours(1.0, line, task_id=self.task.id)
        self.hours(1.0, line)
        self.assertEqual(self.item_in_odoo(line), self.item_default)

    def test_r15_a_fixed_price_has_the_item_of_its_task(self):
        product = self.make_product(
            "Vast", item=None, service_tracking="task_global_project", project_id=self.project.id
        )
        line = self.line(product)
        self.assertEqual(line.task_id.project_id, self.project)
        line.task_id.exact_item_id = self.item_task
        self.assertEqual(self.item_in_odoo(line), self.item_task)

    def item_in_odoo(self, line):
        invoice = self.invoice_in_odoo(line.order_id)
        invoice.invoice_date = invoice.date
        resolution = self.env["exact.mapper.sales.entry"]._resolve(invoice, self.connection)
        return resolution.lines[0].item.value

    def test_r15_an_item_of_another_company_is_refused(self):
        _company, connection = self.other_company()
        item = self.exact("item", "UREN", connection)
        for record in (self.task, self.project):
            with self.assertRaises(ValidationError):
                record.with_company(self.company).exact_item_id = item
