"""Work such as an office does, and some that none would: orders, hours, expenses; random, the same each time."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import Command, fields

HOURS = (0.25, 0.5, 1, 1.75, 2.33, 3.1, 7.25, 8, -0.5, -2)
PRICES = (0.07, 0.335, 9.99, 33.33, 95, 112.5, 1234.567)
DISCOUNTS = (0, 0, 0, 0, 10, 12.5, 33.33, 100)
# Currencies of other decimals too, with what a euro buys of them.
CURRENCIES = {"USD": 1.0837, "JPY": 163.2, "KWD": 0.3331}


class RandomWork:
    """Records of many customers; mixed into a case that has products by the hour and by the day.

    :ivar choice: a ``random.Random`` with a seed
    """

    def make_world(self, choice):
        """Customers known in Exact, products of each VAT rate, currencies, people; made once for a test."""
        self.choice = choice
        self.customers = self.make_customers()
        self.taxes = [
            self.tax_21,
            self.tax(9, "1"),
            self.tax(0, "8"),
            self.tax(21, "2", price_include_override="tax_included"),
            self.tax(9, "1", price_include_override="tax_included"),
        ]
        self.goods = [
            self.make_product(f"Werk {number}", item="ALG", invoice_policy=policy)
            for number, policy in enumerate(("order", "delivery"))
        ]
        self.by_hour.uom_id = self.hour
        self.by_hour.product_tmpl_id.exact_item_id = self.exact("item", "UREN")
        self.by_day.product_tmpl_id.exact_item_id = self.exact("item", "UREN")
        self.pricelists = [self.priced_in(name, rate) for name, rate in CURRENCIES.items()]
        self.tasks = [self.make_task(name) for name in ("Inpakken", "Uitpakken")]
        self.rates = {
            customer: self.make_project(f"Project {customer.ref}", partner_id=customer.id)
            for customer in self.customers
        }
        for project in self.rates.values():
            project.timesheet_product_id = self.by_hour
        self.expense_categories = self.make_expense_categories()

    def make_customers(self):
        """Those that Exact knows, as an import would have them."""
        rows = [
            row
            for row in self.sim_rows("crm/Accounts")
            if row["Country"].strip() == "NL"
            and row["Status"] == "C"
            and not row.get("Blocked")
            and not row.get("EndDate")
        ]
        partners = self.env["res.partner"].create(
            [
                {
                    "name": row["Name"],
                    "is_company": True,
                    "country_id": self.env.ref("base.nl").id,
                    "ref": row["Code"].strip(),
                }
                for row in rows
            ]
        )
        for partner, row in zip(partners, rows, strict=True):
            partner.with_company(self.company).write(
                {"exact_account_id": row["ID"], "exact_account_code": row["Code"].strip()}
            )
        return partners

    def priced_in(self, name, rate):
        """Prices in another currency, of which a euro buys ``rate``."""
        currency = (
            self.env["res.currency"].with_context(active_test=False).search([("name", "=", name)])
        )
        currency.active = True
        self.env["res.currency.rate"].create(
            {
                "name": "2020-01-01",
                "rate": rate,
                "currency_id": currency.id,
                "company_id": self.company.id,
            }
        )
        return self.env["product.pricelist"].create(
            {"name": name, "currency_id": currency.id, "company_id": self.company.id}
        )

    def make_expense_categories(self):
        """A category at cost and one by the kilometre, where expenses are installed."""
        if "exact.billable.expense" not in self.env:
            return []
        shared = {
            "type": "service", "can_be_expensed": True, "sale_ok": False, "invoice_policy": "delivery",
            "taxes_id": [Command.set(self.tax_21.ids)], "supplier_taxes_id": [Command.clear()],
        }  # fmt: skip
        kilometre = {"uom_id": self.env.ref("uom.product_uom_km").id, "list_price": 0.35}
        products = self.env["product.product"].create(
            [
                {"name": "Hotel", "expense_policy": "cost", **shared},
                {
                    "name": "Kilometers", "expense_policy": "sales_price", "standard_price": 0.23,
                    **kilometre, **shared,
                },
            ]
        )  # fmt: skip
        for product, item in zip(products, ("REIS", "KM"), strict=True):
            product.product_tmpl_id.exact_item_id = self.exact("item", item)
        return products

    # === SELECTIONS === #

    def make_selections(self, count):
        """Records to invoice for ``count`` customers, each a selection of its own.

        :return: dict of customer -> list of "model,id"
        """
        keys = defaultdict(list)
        wanted = self.customers[:count]
        orders = self.make_orders(wanted)
        hours = self.make_hours(wanted, orders)
        for line in orders.order_line.filtered(lambda line: line.product_id in self.sold()):
            keys[line.order_id.partner_id].append(f"sale.order.line,{line.id}")
        for hour in hours:
            keys[hour.project_id.partner_id].append(f"account.analytic.line,{hour.id}")
        for expense in self.make_expenses(wanted):
            keys[expense.exact_partner_id].append(f"hr.expense,{expense.id}")
        return keys

    def sold(self):
        return self.env["product.product"].union(*self.goods)

    def make_orders(self, customers):
        """One confirmed order a customer, of two kinds of goods and of work by the hour or the day."""
        choice = self.choice
        orders = self.env["sale.order"].create(
            [
                {
                    "partner_id": customer.id,
                    "company_id": self.company.id,
                    "pricelist_id": choice.choice(self.pricelists).id
                    if choice.random() < 0.2
                    else False,
                    "project_id": self.rates[customer].id,
                    "order_line": [
                        *(self.order_line(choice.choice(self.goods)) for _ in range(choice.randint(1, 2))),
                        self.order_line(choice.choice([self.by_hour, self.by_hour, self.by_day])),
                    ],
                }
                for customer in customers
            ]
        )  # fmt: skip
        orders.action_confirm()
        for line in orders.order_line.filtered(lambda line: line.product_id == self.goods[1]):
            line.qty_delivered = choice.choice([1, 2.5, 0.33, 7, -1])
        return orders

    def order_line(self, product):
        choice = self.choice
        return Command.create(
            {
                "product_id": product.id,
                "product_uom_qty": choice.choice([1, 2, 3, 0.5, 12]),
                "price_unit": round(choice.choice(PRICES) * (0.5 + choice.random()), choice.choice([2, 2, 3])),
                "discount": choice.choice(DISCOUNTS),
                "tax_ids": [Command.set(choice.choice(self.taxes).ids)],
            }
        )  # fmt: skip

    def make_hours(self, customers, orders):
        """Time for the work that was ordered by the hour or the day, and for some without any order."""
        choice, values = self.choice, []
        for order in orders:
            line = order.order_line.filtered(
                lambda line: line.product_id in (self.by_hour | self.by_day)
            )
            project = self.rates[order.partner_id]
            values += [self.random_hour(project, line) for _ in range(choice.choice([0, 1, 1, 3]))]
            if choice.random() < 0.15:
                values += [self.random_hour(project) for _ in range(choice.randint(1, 2))]
        return self.env["account.analytic.line"].create(values)

    def random_hour(self, project, line=None):
        choice = self.choice
        return {
            "name": "Werk",
            "unit_amount": choice.choice(HOURS),
            "employee_id": choice.choice([self.anna, self.bert]).id,
            "date": fields.Date.today() - timedelta(days=choice.randint(0, 40)),
            "project_id": project.id,
            "so_line": line.id if line else False,
            "is_so_line_edited": True,
        }

    def make_expenses(self, customers):
        """Now and then one at cost or by the kilometre, approved."""
        choice, values = self.choice, []
        if not self.expense_categories:
            return []
        hotel, trip = self.expense_categories
        for customer in customers:
            if choice.random() < 0.25:
                product = choice.choice([hotel, trip])
                amount = (
                    {"quantity": choice.choice([12, 87.5, 133])}
                    if product == trip
                    else {"total_amount_currency": choice.choice([0.5, 33.33, 129.95])}
                )
                values.append(
                    {
                        "name": product.name,
                        "employee_id": self.anna.id,
                        "product_id": product.id,
                        "date": fields.Date.today(),
                        "company_id": self.company.id,
                        "exact_partner_id": customer.id,
                        **amount,
                    }
                )
        expenses = self.env["hr.expense"].create(values)
        expenses.approval_state = "submitted"
        expenses._do_approve(check=False)
        return expenses

    # === WHAT THEY ARE WORTH === #

    def worth(self, billables):
        """Quantity times price of what was selected, without VAT and not rounded, by customer and currency."""
        found = defaultdict(Decimal)
        for billable in billables:
            price = Decimal(repr(billable.price_unit)) * (
                1 - Decimal(repr(billable.discount)) / 100
            )
            for tax in billable.taxes:
                if tax.price_include:
                    price /= 1 + Decimal(repr(tax.amount)) / 100
            found[billable.partner, billable.currency] += billable.quantity * price
        return found
