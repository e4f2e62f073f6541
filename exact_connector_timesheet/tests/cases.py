"""What the tests of hours share."""

from odoo import fields

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.exact_connector_sale.tests.cases import InvoiceCase

GROUPS = (
    "hr.group_hr_manager",
    "hr_timesheet.group_timesheet_manager",
    "project.group_project_manager",
    "sales_team.group_sale_manager",
)


class Hours:
    """Two employees, a product by the hour and one by the day, a billable project of the customer."""

    @classmethod
    def give_groups(cls):
        for group in GROUPS:
            cls.env.user.group_ids += cls.env.ref(group)

    def make_records(self):
        self.hour = self.env.ref("uom.product_uom_hour")
        self.day = self.env.ref("uom.product_uom_day")
        self.by_hour = self.make_product("Advies per uur", **self.by_time(), item="UREN")
        self.by_day = self.make_product(
            "Advies per dag",
            list_price=800.0,
            **{**self.by_time(), "uom_id": self.day.id},
            item="UREN",
        )
        self.anna = self.make_employee("Anna")
        self.bert = self.make_employee("Bert")
        self.project = self.make_project()

    def by_time(self):
        return {
            "invoice_policy": "delivery",
            "service_type": "timesheet",
            "uom_id": self.hour.id,
        }

    def make_employee(self, name, company=None):
        return self.env["hr.employee"].create(
            {"name": name, "hourly_cost": 40.0, "company_id": (company or self.company).id}
        )

    def make_project(self, name="Verhuizing", company=None, **values):
        """Hours without an order line are billed manually there (R44)."""
        project = self.env["project.project"].create(
            {
                "name": name,
                "company_id": (company or self.company).id,
                "allow_timesheets": True,
                "allow_billable": True,
                "partner_id": self.partner.id,
                **values,
            }
        )
        if project.allow_billable:
            project.billing_type = "manually"
        return project

    def make_task(self, name="Inpakken", project=None, **values):
        return self.env["project.task"].create(
            {"name": name, "project_id": (project or self.project).id, **values}
        )

    def hours(self, amount=1.0, line=None, employee=None, **values):
        """Time of an employee; with an order line the one that pays for it."""
        values.setdefault("project_id", self.project.id)
        return self.env["account.analytic.line"].create(
            {
                "name": "Werk",
                "unit_amount": amount,
                "employee_id": (employee or self.anna).id,
                "date": fields.Date.today(),
                "so_line": line.id if line else False,
                "is_so_line_edited": True,
                **values,
            }
        )

    def line(self, product=None, **values):
        """The line of a confirmed order."""
        product = product or self.by_hour
        return self.order({"product_id": product.id, **values}).order_line

    # === ODOO'S OWN INVOICING === #

    def invoice_in_odoo(self, order):
        return order._create_invoices(final=True)


class Left:
    """What is left behind, and why (W15)."""

    def assertLeft(self, hours, code, *words, mends=None):
        (billable,) = self.collect(hours)
        self.assertTrue(billable.left_behind, "taken")
        self.assertEqual(billable.left_behind.code, code)
        for word in words:
            self.assertIn(word, billable.left_behind.message)
        if mends:
            self.assertEqual(billable.left_behind.record, mends)


class HoursCase(Hours, InvoiceCase):
    """With a division in the simulator: for what is sent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.give_groups()

    def setUp(self):
        super().setUp()
        self.make_records()


class SourceCase(Hours, AccountTestInvoicingCommon):
    """Without Exact: for what is read of hours before anything is sent."""

    make_product = InvoiceCase.make_product
    order = InvoiceCase.order
    collect = InvoiceCase.collect
    left = InvoiceCase.left
    tax = InvoiceCase.tax
    customer = InvoiceCase.customer
    exact = InvoiceCase.exact

    @classmethod
    @AccountTestInvoicingCommon.setup_country("nl")
    def setUpClass(cls):
        super().setUpClass()
        cls.give_groups()
        cls.env.user.group_ids += cls.env.ref("base.group_system")
        cls.company = cls.company_data["company"]
        cls.env["ir.config_parameter"].set_param(
            "exact_connector.practice_url", "http://localhost:1"
        )
        authorization = cls.env["exact.authorization"].create(
            {"country": "practice", "client_id": "app", "client_secret": "secret"}
        )
        cls.connection = cls.env["exact.connection"].create(
            {
                "company_id": cls.company.id,
                "authorization_id": authorization.id,
                "start_date": "2020-01-01",
            }
        )
        cls.env["exact.item"].sudo().create(
            [
                {
                    "connection_id": cls.connection.id,
                    "exact_id": code,
                    "code": code,
                    "name": code.title(),
                    "is_sales_item": True,
                    "is_divisible": True,
                }
                for code in ("UREN", "REIS", "ALG")
            ]
        )
        cls.journal = (
            cls.env["exact.journal"]
            .sudo()
            .create(
                {
                    "connection_id": cls.connection.id,
                    "exact_id": "70",
                    "code": "70",
                    "name": "Verkoop",
                    "type": "20",
                }
            )
        )
        cls.connection.sale_journal_id = cls.journal

    def setUp(self):
        super().setUp()
        self.tax_21 = self.tax(21)
        self.partner = self.customer(known=False)
        self.fixed = self.make_product("Vaste prijs")
        self.make_records()
