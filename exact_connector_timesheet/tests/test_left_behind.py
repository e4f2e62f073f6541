from unittest.mock import patch

from odoo.fields import Domain
from odoo.tests import tagged

from .cases import Left, SourceCase


@tagged("post_install", "-at_install")
class TestLeftBehind(Left, SourceCase):
    """One test for each reason why hours are not taken (W15)."""

    def test_w15_not_approved(self):
        """Enterprise counts approved hours only, where its setting says so, by this domain."""
        line = self.line()
        hours, approved = self.hours(1.0, line), self.hours(1.0, line, name="Goed")
        model = type(self.env["sale.order.line"])
        kept = model._timesheet_compute_delivered_quantity_domain

        def only_approved(lines):
            return Domain(kept(lines)) & Domain("name", "=", "Goed")

        with patch.object(model, "_timesheet_compute_delivered_quantity_domain", only_approved):
            self.assertLeft(hours, "not_approved", mends=hours)
            self.assertFalse(self.left(approved))

    def test_w15_no_rate_where_nobody_has_a_product(self):
        self.project.timesheet_product_id = False
        self.assertLeft(self.hours(1.0), "no_rate", "Anna", "Verhuizing", mends=self.project)

    def test_w15_no_rate_where_the_price_is_zero(self):
        self.anna.exact_product_id = self.make_product("Gratis", list_price=0.0)
        self.assertLeft(self.hours(1.0), "no_rate", "Gratis")
        line = self.line(price_unit=0.0)
        self.assertLeft(self.hours(1.0, line), "no_rate", line.order_id.name, mends=line.order_id)

    def test_w15_project_without_customer(self):
        project = self.make_project("Los", partner_id=False)
        self.anna.exact_product_id = self.by_hour
        self.assertLeft(self.hours(1.0, project_id=project.id), "no_customer", "Los", mends=project)

    def test_w15_non_billable_project(self):
        project = self.make_project("Intern", allow_billable=False)
        self.assertLeft(
            self.hours(1.0, project_id=project.id), "non_billable", "Intern", mends=project
        )

    def test_w15_hours_made_non_billable(self):
        """Odoo shows "Non-billable" there, unless the project bills such hours manually."""
        self.project.billing_type = "not_billable"
        self.anna.exact_product_id = self.by_hour
        self.assertLeft(self.hours(1.0), "non_billable", "Verhuizing", mends=self.project)

    def test_w15_covered_by_a_fixed_price(self):
        prepaid = self.make_product("Strippenkaart", service_type="timesheet")
        for product in (self.fixed, prepaid):
            line = self.line(product)
            order = line.order_id
            self.assertLeft(self.hours(1.0, line), "fixed_price", order.name, mends=order)

    def test_w15_covered_by_milestones(self):
        product = self.make_product("Fase", service_type="milestones", invoice_policy="delivery")
        line = self.line(product)
        self.assertLeft(self.hours(1.0, line), "fixed_price", "milestones", line.order_id.name)

    def test_w15_order_not_confirmed(self):
        order = self.order({"product_id": self.by_hour.id}, confirm=False)
        self.assertLeft(self.hours(1.0, order.order_line), "not_approved", order.name, mends=order)

    def test_w15_invoiced_in_odoo(self):
        line = self.line()
        hours = self.hours(1.0, line)
        invoice = self.invoice_in_odoo(line.order_id)
        invoice.action_post()
        self.assertLeft(hours, "invoiced", invoice.name, mends=invoice)

    def test_w15_before_the_start_date(self):
        hours = self.hours(1.0, self.line(), date="2019-12-31")
        self.assertLeft(hours, "before_start", mends=self.connection)

    def test_w15_other_company(self):
        other = self._create_company(name="Zuid Advies B.V.")
        self.env.user.company_ids += other
        self.env = self.env(
            context={**self.env.context, "allowed_company_ids": [self.company.id, other.id]}
        )
        project = self.make_project("Zuid", company=other)
        employee = self.make_employee("Chris", company=other)
        hours = self.hours(1.0, employee=employee, project_id=project.id)
        self.assertLeft(hours, "other_company", "Zuid Advies")
        self.assertFalse(self.collect(project))

    def test_w15_other_currency(self):
        usd = self.env.ref("base.USD")
        usd.active = True
        pricelist = self.env["product.pricelist"].create({"name": "Dollar", "currency_id": usd.id})
        order = self.order({"product_id": self.by_hour.id}, pricelist_id=pricelist.id)
        hours = self.hours(1.0, order.order_line)
        self.connection.sale_journal_id.sudo().allow_variable_currency = False
        self.assertLeft(hours, "other_currency", "USD")

    def test_w15_zero_hours(self):
        self.assertLeft(self.hours(0.0, self.line()), "nothing")

    def test_w15_the_overview_leaves_out_what_nobody_has_to_pay(self):
        self.hours(1.0, self.line(self.fixed))
        self.hours(1.0, project_id=self.make_project("Intern", allow_billable=False).id)
        self.hours(1.0, self.line(), date="2019-12-31")
        free = self.hours(1.0, self.line())
        hours = [b for b in self.collect() if b.kind == "hours"]
        self.assertEqual([b.record for b in hours], [free])

    def test_a_discount_of_hundred_percent_is_no_lack_of_a_rate(self):
        self.assertFalse(self.left(self.hours(1.0, self.line(discount=100.0))))
