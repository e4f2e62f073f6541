"""Discounts on an account of their own, periods, and lines divided to the cent (R12, R54, R57)."""

import itertools
import random
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo import Command, fields
from odoo.tests import BaseCase, tagged

from ..shares import combine, divide, spread
from .lines import LinesCase, cost_centers

AMOUNTS = st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents).scaleb(-2))
WEIGHTS = st.lists(st.integers(0, 10000), min_size=1, max_size=8).filter(any)


@tagged("post_install", "-at_install")
class TestShares(BaseCase):
    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(AMOUNTS, WEIGHTS)
    def test_r57_shares_of_an_amount_add_up_to_it_and_none_is_a_cent_off(self, amount, weights):
        weights = [Decimal(weight) / 100 for weight in weights]
        parts = divide(amount, weights)
        self.assertEqual(sum(parts), amount)
        for part, weight in zip(parts, weights, strict=True):
            self.assertLess(abs(part - amount * weight / sum(weights)), Decimal("0.01"))
            self.assertEqual(part.as_tuple().exponent, -2)

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(
        st.lists(
            st.tuples(
                st.integers(1, 12000),
                st.dictionaries(st.sampled_from("abc"), st.integers(1, 3), max_size=3),
            ),
            max_size=6,
        )
    )
    def test_shares_of_any_distribution_add_up_to_the_whole_line(self, entries):
        found = spread([(share / 100, values) for share, values in entries], "ab")
        self.assertAlmostEqual(sum(weight for weight, _values in found), 1, places=20)
        for _weight, values in found:
            self.assertLessEqual(set(values), {"a", "b"})

    def test_distribution_of_combinations_and_of_plans_apart_is_read_as_odoo_means_it(self):
        combined = [(60, {"a": 1, "b": 1}), (40, {"a": 2, "b": 1})]
        apart = [(100, {"b": 1}), (60, {"a": 1}), (40, {"a": 2})]
        part = [(30, {"a": 1})]

        def found(entries, dimensions="ab"):
            shares = [
                (weight, tuple(sorted(values.items())))
                for weight, values in spread(entries, dimensions)
            ]
            return {values: float(weight) for weight, values in combine(shares)}

        whole = {(("a", 1), ("b", 1)): 0.6, (("a", 2), ("b", 1)): 0.4}
        self.assertEqual(found(combined), whole)
        self.assertEqual(found(apart), whole)
        self.assertEqual(found(part), {(("a", 1),): 0.3, (): 0.7})
        self.assertEqual(found(combined, "b"), {(("b", 1),): 1.0})
        self.assertEqual(found(combined, ""), {(): 1.0})


@tagged("post_install", "-at_install")
class TestLinesAmount(LinesCase):
    def discounted(self, *lines, **values):
        """An invoice of (price, discount, tax) lines."""
        return self.invoice(
            [
                {
                    "name": "Advies",
                    "quantity": 1,
                    "price_unit": price,
                    "discount": discount,
                    "tax_ids": [(6, 0, tax.ids)],
                }
                for price, discount, tax in lines
            ],
            partner=self.partner,
            **values,
        )

    def amounts(self, rows):
        return [
            (row["GLAccountCode"], row["AmountFC"], row["VATAmountFC"], row["VATCode"])
            for row in rows
        ]

    # === DISCOUNT (R12) === #

    def test_r12_ten_percent_on_200_goes_net_or_gross_with_the_discount_apart(self):
        cases = [(move_type, sign) for move_type, sign in (("out_invoice", 1), ("out_refund", -1))]
        for move_type, sign in cases:
            self.connection.discount_account_id = False
            net = self.booked(self.discounted((200, 10, self.tax_high), move_type=move_type))
            self.assertEqual(self.amounts(net), [("8000", 180 * sign, dec("37.80") * sign, "2")])
            self.connection.discount_account_id = self.exact("gl.account", "8900")
            apart = self.booked(self.discounted((200, 10, self.tax_high), move_type=move_type))
            self.assertEqual(
                self.amounts(apart),
                [
                    ("8000", 200 * sign, 42 * sign, "2"),
                    ("8900", -20 * sign, dec("-4.20") * sign, "2"),
                ],
            )
            self.assertEqual(apart[1]["Description"], "-10 % ALG Advies")
            self.assertEqual(
                (apart[0]["Quantity"], apart[1].get("Quantity")), (sign, None), "counted once"
            )

    def test_r12_discount_of_nothing_of_all_and_as_a_line_of_its_own(self):
        self.connection.discount_account_id = self.exact("gl.account", "8900")
        included = self.tax(21, "2", price_include_override="tax_included")
        move = self.discounted(
            (100, 0, self.tax_high), (50, 100, self.tax_high), (-30, 0, self.tax_high)
        )
        self.assertEqual(
            [(found.net, found.vat) for found in self.resolve(move).lines],
            [(100, 21), (50, dec("10.50")), (-50, dec("-10.50")), (-30, dec("-6.30"))],
        )
        found = self.resolve(self.discounted((121, 50, included))).lines
        self.assertEqual(
            [(part.net, part.vat) for part in found], [(100, 21), (-50, dec("-10.50"))]
        )

    def test_r12_only_revenue_accounts_take_discounts_and_a_blocked_one_stops(self):
        codes = self.choices(self.connection, "discount_account_id")
        self.assertIn("8900", codes)
        self.assertFalse(codes & {"1300", "4500", "9990"})
        self.connection.discount_account_id = self.exact("gl.account", "9990")
        self.assertEqual(self.problems(self.discounted((10, 0, self.tax_high))), [])
        move = self.discounted((10, 5, self.tax_high))
        self.assert_stopped(move, "account_blocked", self.connection)
        self.assertIn("discount account", move.exact_message)

    def test_r12_r57_discounts_and_shares_change_no_total_by_a_cent(self):
        """Net, VAT and quantity of the divided lines are those of the document, whatever it is."""
        choice = random.Random(20261122)
        taxes, accounts = self.random_data()
        for refund, rounding in itertools.product(
            (False, True), ("round_per_line", "round_globally")
        ):
            self.company.tax_calculation_rounding_method = rounding
            move = self.env["account.move"].create(
                {
                    "move_type": "out_refund" if refund else "out_invoice",
                    "partner_id": self.partner.id,
                    "invoice_date": fields.Date.today(),
                    "invoice_line_ids": [
                        Command.create(self.random_line(choice, taxes, accounts))
                        for _n in range(30)
                    ],
                }
            )
            found = self.resolve(move)
            refused = {problem.code for problem in found.problems} - {"not_posted", "not_sent"}
            self.assertFalse(refused, found.problems)
            self.assertGreater(len(found.lines), 45)
            sign = -1 if refund else 1
            self.assertEqual(found.total_net, sign * round(dec(move.amount_untaxed), 2))
            self.assertEqual(found.total_vat, sign * round(dec(move.amount_tax), 2))
            for line in move.invoice_line_ids:
                parts = [part for part in found.lines if part.line == line]
                own = sum(part.quantity for part in parts if part.quantity is not None)
                self.assertEqual(own, sign * dec(line.quantity))

    def random_line(self, choice, taxes, accounts):
        shares = choice.choice([None, (100,), (50, 50), (33.33, 33.33), (10, 20, 30)])
        return {
            "name": "x",
            "quantity": choice.randint(-40, 400) / 4,
            "price_unit": choice.randint(0, 10 ** choice.randint(1, 6)) / 100,
            "discount": choice.choice([0, 5, 12.5, 33.33, 100]),
            "tax_ids": [Command.set(choice.choice(taxes).ids)],
            "analytic_distribution": shares
            and dict(zip(map(str, accounts.ids), shares, strict=False)),
        }

    def random_data(self):
        """Four taxes, and analytic accounts of which the last has no counterpart in Exact."""
        self.connection.discount_account_id = self.exact("gl.account", "8900")
        accounts = cost_centers(self)
        taxes = [
            self.tax_high,
            self.tax(9, "1"),
            self.tax(0, "6"),
            self.tax(21, "2", price_include_override="tax_included"),
        ]
        return taxes, accounts

    # === SERVICE PERIOD (R54) === #

    def test_r54_service_period_of_a_line_goes_as_from_and_to_with_the_invoice_date(self):
        move = self.one_line(invoice_date=fields.Date.today())
        move.invoice_line_ids.write(
            {"exact_service_from": "2026-01-01", "exact_service_to": "2026-12-31"}
        )
        (row,) = self.booked(move)
        self.assertEqual(str(row["From"])[:10], "2026-01-01")
        self.assertEqual(str(row["To"])[:10], "2026-12-31")
        entry = next(e for e in self.ledger()["entries"] if e["EntryID"] == move.exact_entry_id)
        self.assertEqual(entry["EntryDate"][:10], str(move.invoice_date))
        refund = move._reverse_moves()
        self.assertEqual(str(refund.invoice_line_ids.exact_service_from), "2026-01-01")
        self.assertFalse(move.copy().invoice_line_ids.exact_service_from, "another month")

    def test_r54_half_a_period_or_a_reversed_one_stops(self):
        move = self.one_line()
        line = move.invoice_line_ids
        line.exact_service_from = "2026-03-01"
        self.assert_stopped(move, "period_incomplete", move)
        line.exact_service_to = "2026-02-01"
        self.assert_stopped(move, "period_reversed", move)
        line.write({"exact_service_from": False, "exact_service_to": False})
        (row,) = self.booked(move)
        self.assertFalse(row.get("From") or row.get("To"))

    def test_r54_service_period_starts_from_the_deferral_of_another_app_and_stays_free(self):
        lines = type(self.env["account.move.line"])
        self.assertFalse(
            set(lines._exact_deferral_fields(self.env["account.move.line"]).values())
            - {"deferred_start_date", "deferred_end_date"}
        )
        line = self.one_line(post=False).invoice_line_ids
        self.assertFalse(line.exact_service_from)
        self.patch(
            lines,
            "_exact_deferral_fields",
            lambda self: {"exact_service_from": "discount_date", "exact_service_to": "date"},
        )
        line.discount_date = "2026-05-01"
        line._compute_exact_service_period()
        self.assertEqual(str(line.exact_service_from), "2026-05-01")
        line.exact_service_from = "2026-06-01"
        self.assertEqual(str(line.exact_service_from), "2026-06-01")


def dec(value):
    return Decimal(str(value))
