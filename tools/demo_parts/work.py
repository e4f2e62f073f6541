"""Work that is to be invoiced: hours, expenses, trips and a milestone, as an office has them before its invoice run.

Made over RPC, past the screens: the demo, the tests in the browser and the pictures start from the same work.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

Call = Callable[..., Any]

PEOPLE = ("Anna Visser", "Bram de Wit", "Chris Bos")
RATE, MILESTONE, KILOMETRE = 95.0, 1500.0, 0.35
# Person, task, hours; those of the second project have no order.
WEBSITE_HOURS = (
    ("Anna Visser", "Ontwerp", 6.5),
    ("Anna Visser", "Ontwerp", 3.25),
    ("Bram de Wit", "Bouw", 8.0),
    ("Bram de Wit", "Bouw", 7.75),
    ("Anna Visser", "Bouw", -1.5),
)
MIGRATION_HOURS = (
    ("Chris Bos", "Inventarisatie", 5.0),
    ("Chris Bos", "Overzetten", 7.5),
    ("Bram de Wit", "Overzetten", 3.5),
)
# Text, what was paid, whether for the order.
EXPENSES = (("Hotel Utrecht", 129.95, True), ("Trein", 33.4, True),
            ("Licentie", 49.5, False), ("Parkeren", 12.0, False))  # fmt: skip
TRIPS = (("Rit naar Utrecht", 120.0, True), ("Rit naar Zwolle", 90.0, False))


class Work:
    """Makes it, and remembers the ids.

    :param call: `call(model, method, *args, **kwargs)` as somebody who may do all of it
    :param customers: ids of two customers that Exact knows
    """

    def __init__(self, call: Call, customers: list[int], day: date | None = None):
        self.call, self.customers = call, customers
        self.today = day or date.today()
        self.hours: list[int] = []
        self.expenses: list[int] = []

    def make(self) -> "Work":
        """40 hours of 3 people on 2 projects, 4 expenses, 2 trips, 1 reached milestone; and an expense too early."""
        self._units()
        self._products()
        self._people()
        self._website()
        self._migration()
        self._costs()
        return self

    # --- expected ---

    def net(self) -> dict[int, Decimal]:
        """What each customer is to pay, without VAT."""

        def total(hours, by_order: bool) -> Decimal:
            own = [Decimal(str(hour)) * Decimal(str(RATE)) for _who, _task, hour in hours]
            own += [Decimal(str(paid)) for _text, paid, order in EXPENSES if order == by_order]
            own += [
                (Decimal(str(km)) * Decimal(str(KILOMETRE))).quantize(Decimal("0.01"))
                for _text, km, order in TRIPS
                if order == by_order
            ]
            return sum(own, Decimal(0)).quantize(Decimal("0.01"))

        first, second = self.customers
        return {
            first: total(WEBSITE_HOURS, True) + Decimal(str(MILESTONE)),
            second: total(MIGRATION_HOURS, False),
        }

    # --- making ---

    def _create(self, model: str, **values) -> int:
        found = self.call(model, "create", [values])
        return found[0] if isinstance(found, list) else found

    def _find(self, model: str, *domain) -> int:
        return self.call(model, "search", list(domain), limit=1)[0]

    def _ref(self, xmlid: str) -> int:
        module, name = xmlid.split(".")
        rows = self.call(
            "ir.model.data",
            "search_read",
            [("module", "=", module), ("name", "=", name)],
            ["res_id"],
        )
        return rows[0]["res_id"]

    def _day(self, back: int) -> str:
        """So many days ago, this month at the earliest."""
        return max(self.today - timedelta(days=back), self.today.replace(day=1)).isoformat()

    def _units(self) -> None:
        self.hour = self._ref("uom.product_uom_hour")
        self.km = self._ref("uom.product_uom_km")

    def _products(self) -> None:
        high = self._find("account.tax", ("name", "=", "21% ST"), ("type_tax_use", "=", "sale"))

        def make(name: str, item: str, **values) -> int:
            number = self.call("exact.item", "search", [("code", "=", item)], limit=1)
            return self._create(
                "product.product",
                name=name,
                type="service",
                taxes_id=[[6, 0, [high]]],
                exact_item_id=number[0],
                **values,
            )

        self.advice = make(
            "Advies per uur",
            "UREN",
            uom_id=self.hour,
            list_price=RATE,
            service_policy="delivered_timesheet",
        )
        self.delivery = make(
            "Oplevering", "ALG", list_price=MILESTONE, service_policy="delivered_milestones"
        )
        cost = {"can_be_expensed": True, "sale_ok": False, "supplier_taxes_id": [[5]]}
        self.costs = make("Reis en verblijf", "REIS", expense_policy="cost", **cost)
        self.trips = make(
            "Kilometers",
            "KM",
            expense_policy="sales_price",
            uom_id=self.km,
            list_price=KILOMETRE,
            standard_price=0.23,
            **cost,
        )

    def _people(self) -> None:
        contacts = self.call("res.partner", "create", [{"name": name} for name in PEOPLE])
        values = [
            {"name": name, "hourly_cost": 42.0, "work_contact_id": contact}
            for name, contact in zip(PEOPLE, contacts, strict=True)
        ]
        numbers = self.call("hr.employee", "create", values)
        self.people = dict(zip(PEOPLE, numbers, strict=True))

    def _project(self, name: str, customer: int, tasks: set[str], **values) -> tuple[int, dict]:
        account = self._create(
            "account.analytic.account",
            name=name,
            partner_id=customer,
            plan_id=self._ref("analytic.analytic_plan_projects"),
        )
        project = self._create(
            "project.project",
            name=name,
            partner_id=customer,
            account_id=account,
            allow_timesheets=True,
            allow_billable=True,
            allow_milestones=True,
            **values,
        )
        made = {
            task: self._create("project.task", name=task, project_id=project)
            for task in sorted(tasks)
        }
        return project, {"tasks": made, "account": account}

    def _write_hours(self, project: int, tasks: dict, hours, line: int | bool) -> None:
        self.hours += self.call(
            "account.analytic.line",
            "create",
            [
                {
                    "name": task,
                    "project_id": project,
                    "task_id": tasks[task],
                    "employee_id": self.people[who],
                    "unit_amount": amount,
                    "date": self._day(number),
                    "so_line": line,
                    "is_so_line_edited": True,
                }
                for number, (who, task, amount) in enumerate(hours)
            ],
        )

    def _website(self) -> None:
        """A project by an order: advice by the hour and a fixed price at delivery, which is reached."""
        customer = self.customers[0]
        self.website, found = self._project(
            "Website", customer, {task for _w, task, _h in WEBSITE_HOURS}
        )
        self.website_account = found["account"]
        self.order = self._create(
            "sale.order",
            partner_id=customer,
            project_id=self.website,
            client_order_ref="PO-4711",
            order_line=[
                [0, 0, {"product_id": self.advice, "product_uom_qty": 40}],
                [0, 0, {"product_id": self.delivery, "product_uom_qty": 1}],
            ],
        )
        self.call("sale.order", "action_confirm", [self.order])
        lines = self.call("sale.order.line", "search", [("order_id", "=", self.order)], order="id")
        self.milestone = self._create(
            "project.milestone",
            name="Oplevering",
            project_id=self.website,
            sale_line_id=lines[1],
            quantity_percentage=1.0,
            is_reached=True,
        )
        self._write_hours(self.website, found["tasks"], WEBSITE_HOURS, lines[0])

    def _migration(self) -> None:
        """A project without an order: its hours are sold as the product of the project."""
        tasks = {task for _who, task, _hours in MIGRATION_HOURS}
        self.migration, found = self._project(
            "Migratie", self.customers[1], tasks, timesheet_product_id=self.advice
        )
        self.call("project.project", "write", [self.migration], {"billing_type": "manually"})
        self.migration_account = found["account"]
        self._write_hours(self.migration, found["tasks"], MIGRATION_HOURS, False)

    def _costs(self) -> None:
        """Expenses and trips, approved; those of the order are posted too. And one nobody approved yet."""
        costs = [
            self._cost(text, by_order, product_id=self.costs, total_amount_currency=paid)
            for text, paid, by_order in EXPENSES
        ]
        costs += [
            self._cost(text, by_order, product_id=self.trips, quantity=km)
            for text, km, by_order in TRIPS
        ]
        early = self._cost("Lunch", False, product_id=self.costs, total_amount_currency=41.3)
        *self.expenses, self.too_early = self.call("hr.expense", "create", [*costs, early])
        self.call("hr.expense", "action_submit", self.expenses)
        rows = self.call("hr.expense", "read", self.expenses, ["state", "sale_order_id"])
        submitted = [row["id"] for row in rows if row["state"] == "submitted"]
        if submitted:
            self.call("hr.expense", "action_approve", submitted)
        by_order = [row["id"] for row in rows if row["sale_order_id"]]
        action = self.call("hr.expense", "action_post", by_order)
        if isinstance(action, dict) and action.get("res_id"):
            context = action.get("context") or {}
            self.call(action["res_model"], "action_post_entry", [action["res_id"]], context=context)

    def _cost(self, text: str, by_order: bool, **values) -> dict:
        account = self.website_account if by_order else self.migration_account
        return {
            "name": text,
            "employee_id": self.people["Anna Visser" if by_order else "Chris Bos"],
            "date": self._day(1),
            "analytic_distribution": {str(account): 100},
            "sale_order_id": self.order if by_order else False,
            **values,
        }
