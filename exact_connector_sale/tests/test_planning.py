"""Planning in plain values: properties that hold for any selection and any choice."""

import time
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..billable import Billable, LeftBehind
from ..planning import (
    GROUPINGS,
    LINE_MODES,
    MAX_REFERENCE,
    Options,
    plan,
    unknown_placeholders,
)


def some(kind, number, **values):
    return SimpleNamespace(id=number, name=f"{kind} {number}", **values)


COMPANY = some("Company", 1)
PARTNERS = [some("Customer", n) for n in (1, 2, 3)]
CURRENCIES = [SimpleNamespace(id=1, name="EUR"), SimpleNamespace(id=2, name="USD")]
PROJECTS = [some("Project", n) for n in (1, 2)]
TASKS = [some("Task", n) for n in (1, 2, 3)]
EMPLOYEES = [some("Employee", n) for n in (1, 2, 3)]
ORDERS = [some("S0000", n, client_order_ref=ref) for n, ref in ((1, ""), (2, "PO 77"))]
PRODUCTS = [some("Advice", n) for n in (1, 2)]
TAXES = [some("Tax", 1)]
HOUR = some("Hour", 1)


@st.composite
def selections(draw):
    found = []
    for number in range(draw(st.integers(0, 15))):
        kind = draw(st.sampled_from(("hours", "hours", "expense", "fixed", "milestone")))
        order = draw(st.sampled_from([None, *ORDERS]))
        hours = kind == "hours"
        found.append(
            Billable(
                key=f"x,{number}",
                kind=kind,
                record=some("Record", number),
                company=COMPANY,
                partner=draw(st.sampled_from(PARTNERS)),
                currency=draw(st.sampled_from(CURRENCIES)),
                date=date(2026, 9, 1) + timedelta(days=draw(st.integers(0, 80))),
                name=f"Text {number}",
                product=draw(st.sampled_from(PRODUCTS)),
                quantity=draw(st.decimals(-20, 20, places=2)),
                uom=HOUR,
                price_unit=draw(st.sampled_from((0.0, 85.0, 97.5))),
                taxes=TAXES,
                order=order,
                order_line=some("Line", order.id * 10 + (not hours), sequence=1) if order else None,
                project=draw(st.sampled_from([None, *PROJECTS])),
                task=draw(st.sampled_from([None, *TASKS])) if hours else None,
                employee=draw(st.sampled_from(EMPLOYEES)) if hours else None,
                left_behind=LeftBehind("no_rate", "No rate") if draw(st.booleans()) else None,
                source="test",
            )
        )
    return found


def amounts(invoices):
    """Quantity and amount for each customer and currency."""
    sums = {}
    for invoice in invoices:
        key = (invoice.partner.id, invoice.currency.id)
        quantity, amount = sums.get(key, (Decimal(0), Decimal(0)))
        for line in invoice.lines:
            quantity += line.quantity
            amount += line.quantity * Decimal(str(line.price_unit))
        sums[key] = (quantity, amount)
    return sums


class TestPlanning(BaseCase):
    @settings(max_examples=25, deadline=None)
    @given(selections())
    def test_r49_everything_is_on_one_line_once_and_amounts_do_not_change_by_the_mode(self, found):
        taken = sorted(b.key for b in found if b.left_behind is None)
        sums = None
        for grouping, mode in product(GROUPINGS, LINE_MODES):
            invoices = plan(found, Options(grouping, mode, max_lines=4))
            keys = sorted(b.key for invoice in invoices for b in invoice.billables)
            self.assertEqual(keys, taken)
            sums = sums or amounts(invoices)
            self.assertEqual(amounts(invoices), sums)
            for invoice in invoices:
                self.assertLessEqual(len(invoice.lines), 4)
                self.assertLessEqual(len(invoice.reference), MAX_REFERENCE)
                for billable in invoice.billables:
                    self.assertEqual(billable.partner, invoice.partner)
                    self.assertEqual(billable.currency, invoice.currency)
                for line in invoice.lines:
                    self.assertTrue(line.name)
                    self.assertEqual(len({b.price_unit for b in line.billables}), 1)
                    self.assertEqual(
                        len({b.order_line.id if b.order_line else 0 for b in line.billables}), 1
                    )

    @settings(max_examples=15, deadline=None)
    @given(selections(), st.sampled_from(GROUPINGS), st.sampled_from(LINE_MODES), st.randoms())
    def test_r49_the_same_selection_gives_the_same_plan_in_whatever_order(
        self, found, grouping, mode, random
    ):
        options = Options(grouping, mode)
        first = plan(found, options)
        random.shuffle(found)
        second = plan(found, options)
        self.assertEqual(first, second)
        keys = [invoice.key for invoice in first]
        keys += [f"{invoice.key}/{line.key}" for invoice in first for line in invoice.lines]
        self.assertEqual(len(keys), len(set(keys)))

    # === EXAMPLES === #

    def billable(self, number=1, **values):
        return Billable(
            **{
                "key": f"x,{number}",
                "kind": "hours",
                "record": some("Record", number),
                "company": COMPANY,
                "partner": PARTNERS[0],
                "currency": CURRENCIES[0],
                "date": date(2026, 10, number % 28 + 1),
                "name": f"Text {number}",
                "product": PRODUCTS[0],
                "quantity": Decimal(2),
                "uom": HOUR,
                "price_unit": 90.0,
                "taxes": TAXES,
                "project": PROJECTS[0],
                "task": TASKS[0],
                "employee": EMPLOYEES[0],
                **values,
            }
        )

    def test_r49_more_lines_than_fit_make_several_invoices_counted_in_their_references(self):
        found = [self.billable(n, task=some("Task", n)) for n in range(450)]
        invoices = plan(found)
        self.assertEqual([len(invoice.lines) for invoice in invoices], [200, 200, 50])
        self.assertEqual(
            [invoice.reference[-6:] for invoice in invoices], [" (1/3)", " (2/3)", " (3/3)"]
        )

    def test_five_thousand_hours_are_planned_at_once(self):
        found = [
            self.billable(n, task=TASKS[n % 3], employee=EMPLOYEES[n % 3], partner=PARTNERS[n % 3])
            for n in range(5000)
        ]
        start = time.monotonic()
        invoices = plan(found)
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(len(invoices), 3)
        self.assertEqual(sum(len(invoice.billables) for invoice in invoices), 5000)

    def test_r48_texts_follow_the_mode_and_the_template(self):
        found = [self.billable(1), self.billable(3, employee=EMPLOYEES[1])]
        for mode, texts in {
            "task": ["Project 1: Task 1"],
            "employee": ["Advice 1: Employee 1", "Advice 1: Employee 2"],
            "day": ["2026-10-02 Advice 1", "2026-10-04 Advice 1"],
            "product": ["Project 1: Advice 1"],
            "total": ["Advice 1 2026-10"],
        }.items():
            (invoice,) = plan(found, Options(line_mode=mode))
            self.assertEqual([line.name for line in invoice.lines], texts)
        template = "{task} ({date}) by {employee}"
        (invoice,) = plan(found, Options(template=template))
        self.assertEqual(
            invoice.lines[0].name, "Task 1 (2026-10-02 - 2026-10-04) by Employee 1, Employee 2"
        )

    def test_r48_an_empty_placeholder_takes_the_sign_beside_it_along(self):
        for values, text in (
            ({"task": None}, "Project 1"),
            ({"project": None}, "Task 1"),
            ({"project": None, "task": None}, "Text 1"),
        ):
            (invoice,) = plan([self.billable(1, **values)])
            self.assertEqual(invoice.lines[0].name, text)

    def test_r48_fixed_lines_keep_their_own_text_unless_the_template_asks_for_it(self):
        fixed = self.billable(1, kind="fixed", name="Website")
        for template, text in (("{task}", "Website"), ("{order} {name}", "S0000 1 Website")):
            fixed.order = ORDERS[0]
            (invoice,) = plan([fixed], Options(template=template))
            self.assertEqual(invoice.lines[0].name, text)

    def test_r48_the_reference_names_the_customers_own_reference_before_the_order(self):
        own = self.billable(1, order=ORDERS[1])
        (invoice,) = plan([own])
        self.assertEqual(invoice.reference, "PO 77 - Project 1 - 2026-10")
        own.order = ORDERS[0]
        (invoice,) = plan([own])
        self.assertEqual(invoice.reference, "S0000 1 - Project 1 - 2026-10")

    def test_r48_what_odoo_puts_in_front_of_a_project_is_not_said_twice(self):
        project = SimpleNamespace(id=9, name="PO 77 - S0000 2 - Advice")
        task = SimpleNamespace(id=9, name="Advice")
        (invoice,) = plan([self.billable(1, order=ORDERS[1], project=project, task=task)])
        self.assertEqual(invoice.reference, "PO 77 - Advice - 2026-10")
        self.assertEqual(invoice.lines[0].name, "Advice")

    def test_r48_unknown_placeholders_are_named(self):
        self.assertEqual(unknown_placeholders("{task} {Task} {x}: {}"), ["Task", "x", ""])
        self.assertFalse(unknown_placeholders("{name} {period}"))
