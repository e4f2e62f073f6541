"""What the tests of expenses share: an employee, categories, expenses on their way to a customer."""

from odoo import Command, fields

from odoo.addons.exact_connector.tests.invoicing import InvoicingCase


class ExpenseCase(InvoicingCase):
    """Hotel nights at cost (item REIS), kilometres at a sales price (item KM), lunches nobody pays for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for group in ("hr_expense.group_hr_expense_manager", "hr.group_hr_manager"):
            cls.env.user.group_ids += cls.env.ref(group)
        cls.env.user.group_ids += cls.env.ref("sales_team.group_sale_manager")
        if "project.project" in cls.env:
            cls.env.user.group_ids += cls.env.ref("project.group_project_manager")
        cls.employee = cls.env["hr.employee"].create(
            {
                "name": "Sanne de Wit",
                "company_id": cls.company.id,
                "work_contact_id": cls.env["res.partner"].create({"name": "Sanne de Wit"}).id,
            }
        )
        cls.km = cls.env.ref("uom.product_uom_km")
        cls.plan = cls.env["account.analytic.plan"].create({"name": "Werk"})

    def setUp(self):
        super().setUp()
        self.hotel = self.category("Hotel", "cost", "REIS")
        self.trip = self.category(
            "Kilometers",
            "sales_price",
            "KM",
            uom_id=self.km.id,
            list_price=0.35,
            standard_price=0.23,
        )
        self.lunch = self.category("Lunch", "no")

    def category(self, name, policy, item=None, **values):
        """An expense category, its sales taxed at 21 %."""
        product = self.env["product.product"].create(
            {
                "name": name,
                "type": "service",
                "can_be_expensed": True,
                "sale_ok": False,
                "expense_policy": policy,
                "invoice_policy": "delivery",
                "taxes_id": [Command.set(self.tax_high.ids)],
                "supplier_taxes_id": [Command.clear()],
                **values,
            }
        )
        if item:
            product.product_tmpl_id.exact_item_id = self.exact("item", item)
        return product

    def analytic(self, partner=None, name="Verbouwing"):
        return self.env["account.analytic.account"].create(
            {
                "name": name,
                "plan_id": self.plan.id,
                "partner_id": partner.id if partner else False,
                "company_id": self.company.id,
            }
        )

    def give_pricelist(self, currency=None, **rule):
        """A pricelist of the customer's own, with one fixed price at most."""
        self.env.ref("base.group_user")._apply_group(
            self.env.ref("product.group_product_pricelist")
        )
        self.partner.property_product_pricelist = self.env["product.pricelist"].create(
            {
                "name": "Vast",
                "currency_id": (currency or self.company.currency_id).id,
                "company_id": self.company.id,
                "item_ids": [Command.create({"compute_price": "fixed", **rule})] if rule else [],
            }
        )
        self.env.flush_all()
        self.env.invalidate_all()

    def order(self, partner=None, **values):
        """A confirmed order for nothing yet."""
        order = self.env["sale.order"].create(
            {"partner_id": (partner or self.partner).id, "company_id": self.company.id, **values}
        )
        order.action_confirm()
        return order

    def expense(self, product=None, amount=100.0, state="approved", **values):
        """An expense; with ``quantity`` for a category with a cost of its own.

        :param state: how far it is brought: draft, submitted, approved or posted
        """
        product = product or self.hotel
        values = {
            "name": f"{product.name} {amount}",
            "employee_id": self.employee.id,
            "product_id": product.id,
            "date": fields.Date.today(),
            "company_id": self.company.id,
            **({} if product.standard_price else {"total_amount_currency": amount}),
            **values,
        }
        expense = self.env["hr.expense"].create(values)
        if state != "draft":
            expense.approval_state = "submitted"
        if state in ("approved", "posted"):
            expense._do_approve(check=False)
        if state == "posted":
            self.post(expense)
        return expense

    def post(self, expenses):
        """As a bookkeeper posts them: with the wizard that asks for journal and date."""
        action = expenses.action_post()
        wizard = self.env[action["res_model"]].with_context(**action["context"])
        wizard.browse(action["res_id"]).action_post_entry()

    def for_customer(self, product=None, amount=100.0, partner=None, **values):
        """An approved expense without an order, to be paid by a customer."""
        partner = partner or self.partner
        return self.expense(product, amount, exact_partner_id=partner.id, **values)

    # === COLLECTING === #

    def collect(self, records=None):
        return self.env["exact.billable"]._collect(self.company, records)

    def one(self, expense):
        """The one billable of an expense."""
        (billable,) = self.collect(expense)
        return billable

    def reason(self, expense):
        """Code and text of why it is left behind."""
        left = self.one(expense).left_behind
        return (left.code, left.message) if left else (None, "")

    # === INVOICING === #

    def wizard(self, records, **values):
        """The wizard as it opens for a selection."""
        action = records.action_exact_invoice()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        if values:
            wizard.write(values)
        return wizard

    def send(self, records, **values):
        """The documents that came of sending a selection."""
        before = self.env["account.move"].search([("exact_route", "=", "invoice")])
        wizard = self.wizard(records, **values)
        wizard.action_send()
        self.assertFalse(wizard.message)
        moves = self.env["account.move"].search([("exact_route", "=", "invoice")]) - before
        failed = self.env["exact.exchange"].search(
            [("kind", "=", "sales_invoice"), ("state", "!=", "done")]
        )
        self.assertTrue(moves and not failed, failed.mapped("message"))
        return moves

    def exact_lines(self, move):
        """The lines of an invoice as they stand in Exact: (item, quantity, price, amount)."""
        items = {row["ID"]: row["Code"].strip() for row in self.sim_rows("logistics/Items")}
        rows = [
            row
            for row in self.sim_rows("salesinvoice/SalesInvoiceLines")
            if row["InvoiceID"] == move.exact_invoice_id
        ]
        return [
            (
                items[row["Item"]],
                float(row["Quantity"]),
                float(row["NetPrice"]),
                float(row["AmountFC"]),
            )
            for row in sorted(rows, key=lambda row: row["LineNumber"])
        ]
