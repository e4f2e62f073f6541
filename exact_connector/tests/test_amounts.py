"""Never a cent off (R11, R57): what Odoo says and what the ledger books, document by document."""

import itertools
import os
import random
from collections import defaultdict
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import Command, fields
from odoo.tests import tagged

from .common import ExactCase, post
from .lines import cost_centers

# Every run takes the first 400 of the same row; `make amounts` takes 2,000.
DOCUMENTS = int(os.environ.get("EXACT_RANDOM_DOCUMENTS", "400"))
# So small that every way of the company and of the discount comes by twice.
BATCH = 50
ROUNDINGS = ("round_per_line", "round_globally")


@tagged("post_install", "-at_install")
class TestAmounts(ExactCase):
    def setUp(self):
        super().setUp()
        post(f"{self.sim.url}/_sim/limits", {"minute": 1000000, "day": 1000000})
        self.partner = self.customer()

    # === SINGLE CASES === #

    def entry(self, move):
        """The entry of ``move`` in the ledger, after sending it."""
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        return next(e for e in self.ledger()["entries"] if e["EntryID"] == move.exact_entry_id)

    def assert_equal_to_ledger(self, move, entry):
        """Total, VAT and each VAT code of a document equal those of its entry, to the cent."""
        sign = -1 if move.move_type == "out_refund" else 1
        places = move.currency_id.decimal_places

        def money(value):
            return round(Decimal(str(value)), places)

        self.assertEqual(money(entry["AmountFC"]), sign * money(move.amount_total), move.name)
        self.assertEqual(money(entry["VATAmountFC"]), sign * money(move.amount_tax), move.name)
        booked, expected = defaultdict(Decimal), defaultdict(Decimal)
        for line in entry["lines"]:
            booked[(line["VATCode"] or "").strip()] += money(line["VATAmountFC"] or 0)
        for line in move.line_ids.filtered("tax_line_id"):
            expected[line.tax_line_id.exact_vat_code_id.code] -= money(line.amount_currency)
        for code in {*booked, *expected}:
            self.assertEqual(booked[code], expected[code], f"{move.name}, VAT code {code}")

    def test_r11_price_included_tax_travels_excluding_vat(self):
        included = self.tax(21, "2", price_include_override="tax_included")
        entry = self.entry(self.invoice([(1, 121.0, included)], partner=self.partner))
        self.assertEqual(
            [(line["AmountFC"], line["VATAmountFC"]) for line in entry["lines"]],
            [("100.00", "21.00")],
        )

    def test_r57_three_lines_of_33_33_add_up(self):
        tax = self.tax(21, "2")
        for rounding in ROUNDINGS:
            self.company.tax_calculation_rounding_method = rounding
            move = self.invoice([(1, 33.33, tax)] * 3, partner=self.partner)
            self.assert_equal_to_ledger(move, self.entry(move))

    def test_r57_hundred_lines_of_seven_cents_add_up(self):
        tax = self.tax(21, "2")
        for rounding in ROUNDINGS:
            self.company.tax_calculation_rounding_method = rounding
            move = self.invoice([(1, 0.07, tax)] * 100, partner=self.partner)
            entry = self.entry(move)
            self.assert_equal_to_ledger(move, entry)
            self.assertEqual(len(entry["lines"]), 100)

    def test_r53_credit_note_is_the_negative_of_its_invoice(self):
        high, low = self.tax(21, "2"), self.tax(9, "1")
        lines = [(3, 33.33, high), (1, 0.07, low)]
        invoice = self.entry(self.invoice(lines, partner=self.partner))
        move = self.invoice(lines, partner=self.partner, move_type="out_refund")
        refund = self.entry(move)
        self.assert_equal_to_ledger(move, refund)
        self.assertEqual((invoice["Type"], refund["Type"]), (20, 21))
        self.assertEqual(Decimal(refund["AmountFC"]), -Decimal(invoice["AmountFC"]))

    def test_r57_tax_amount_changed_by_hand_is_kept_or_refused(self):
        move = self.invoice([(1, 100.0, self.tax(21, "2"))], partner=self.partner, post=False)
        tax_line = move.line_ids.filtered("tax_line_id")
        receivable = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        move.write(
            {
                "line_ids": [
                    Command.update(tax_line.id, {"amount_currency": -21.01, "balance": -21.01}),
                    Command.update(receivable.id, {"amount_currency": 121.01, "balance": 121.01}),
                ]
            }
        )
        move.action_post()
        move.is_move_sent = True
        self.clear_calls()
        move.action_exact_create_sales_entry()
        if move.exact_entry_id:
            self.assert_equal_to_ledger(move, self.ledger()["entries"][-1])
        else:
            self.assertFalse(self.calls(), "refused documents cost no call")
            self.assertIn("add up", move.exact_message)

    # === MANY RANDOM ONES === #

    def test_r57_random_documents_equal_the_ledger_to_the_cent(self):
        """Random invoices and credit notes: every total and VAT code equal, or refused before any call."""
        choice = random.Random(20261121)
        currencies = [self.company.currency_id] + [
            self.foreign_currency(name, rate) for name, rate in (("USD", 1.0837), ("GBP", 0.8591))
        ]
        taxes = [
            self.tax(21, "2"),
            self.tax(9, "1"),
            self.tax(0, "6"),
            self.tax(21, "2", price_include_override="tax_included"),
            self.tax(9, "1", price_include_override="tax_included"),
        ]
        self.centers = cost_centers(self)
        sent = refused = 0
        ways = itertools.cycle(
            itertools.product(ROUNDINGS, [self.exact("gl.account", "8900"), False])
        )
        for start in range(0, DOCUMENTS, BATCH):
            rounding, self.connection.discount_account_id = next(ways)
            self.company.tax_calculation_rounding_method = rounding
            moves = self.env["account.move"].create(
                [
                    self.random_values(choice, currencies, taxes)
                    for _number in range(min(BATCH, DOCUMENTS - start))
                ]
            )
            for line in moves.filtered(lambda move: move.amount_total < 0).invoice_line_ids:
                # Odoo posts no document below zero.
                line.quantity = abs(line.quantity)
            moves.action_post()
            moves.is_move_sent = True
            # All of it is one transaction: without figures of its own PostgreSQL plans for empty tables.
            self.env.flush_all()
            self.env.cr.execute(
                "ANALYZE account_move, account_move_line, account_partial_reconcile, account_payment"
            )
            exchanges = self.env["exact.exchange"]._enqueue_moves(self.connection, moves)
            before = len(self.calls("POST", "SalesEntries"))
            exchanges._drive()
            entries = {e["EntryID"]: e for e in self.ledger()["entries"]}
            done = moves.filtered("exact_entry_id")
            for move in done:
                self.assertFalse(move.exact_differs, move.name)
                self.assert_equal_to_ledger(move, entries[move.exact_entry_id])
            for move in moves - done:
                self.assertEqual(move.exact_state, "failed")
                self.assertTrue(move.exact_problem_ids, move.name)
            self.assertEqual(len(self.calls("POST", "SalesEntries")) - before, len(done))
            sent, refused = sent + len(done), refused + len(moves - done)
        self.assertEqual(sent + refused, DOCUMENTS)
        self.assertGreater(sent, DOCUMENTS * 0.9, "most random documents can go")
        self.assertEqual(Decimal(str(self.ledger()["balance"])), 0)

    def foreign_currency(self, name, rate):
        currency = (
            self.env["res.currency"].with_context(active_test=False).search([("name", "=", name)])
        )
        currency.active = True
        self.env["res.currency.rate"].create(
            {
                "name": "2026-01-01",
                "rate": rate,
                "currency_id": currency.id,
                "company_id": self.company.id,
            }
        )
        return currency

    def random_values(self, choice, currencies, taxes):
        """Values of a document such as an office might make, and some that none would."""
        lines = []
        # mostly short ones, as an office's are; what is asked for is the number of documents
        for _number in range(choice.choice([1, 1, 2, 2, 3, 4, 8])):
            kind = choice.random()
            if kind < 0.08:
                display_type = choice.choice(["line_note", "line_section"])
                lines.append(Command.create({"display_type": display_type, "name": "Toelichting"}))
                continue
            lines.append(
                Command.create(
                    {
                        "name": "Regel",
                        "quantity": choice.choice([1, 2, 3, 0.5, 7.25, -1, 12]),
                        "price_unit": round(
                            choice.choice([0.07, 33.33, 1, 9.99, 1234.56]) * choice.random() * 3, 2
                        ),
                        "discount": choice.choice([0, 0, 0, 10, 33.33, 100]),
                        "tax_ids": [Command.set(choice.choice(taxes).ids)],
                        **self.random_extras(choice),
                    }
                )
            )
        if not any("quantity" in command[2] for command in lines):
            lines.append(
                Command.create(
                    {
                        "name": "Regel",
                        "quantity": 1,
                        "price_unit": 10.0,
                        "tax_ids": [Command.set(taxes[0].ids)],
                    }
                )
            )
        return {
            "move_type": choice.choice(["out_invoice", "out_invoice", "out_refund"]),
            "partner_id": self.partner.id,
            "invoice_date": fields.Date.today(),
            "currency_id": choice.choice(currencies).id,
            "company_id": self.company.id,
            "invoice_line_ids": lines,
        }

    def random_extras(self, choice):
        """Now and then a service period, and a distribution over cost centres."""
        extras = {}
        if choice.random() < 0.2:
            extras |= {"exact_service_from": "2026-01-01", "exact_service_to": "2026-12-31"}
        if choice.random() < 0.3:
            shares = choice.choice([(100,), (50, 50), (33.33, 33.33), (10, 20, 30)])
            keys = map(str, self.centers.ids)
            extras["analytic_distribution"] = dict(zip(keys, shares, strict=False))
        return extras

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(
            st.tuples(
                st.integers(-500, 2000),
                st.integers(0, 10**7),
                st.integers(0, 100),
                st.integers(0, 3),
            ),
            min_size=1,
            max_size=12,
        ),
        st.booleans(),
        st.booleans(),
    )
    def test_r57_resolved_lines_add_up_to_the_document(self, lines, refund, globally):
        """Any lines at all: what is resolved adds up to Odoo's own totals, or is refused with a reason."""
        taxes = self.property_taxes()
        self.company.tax_calculation_rounding_method = (
            "round_globally" if globally else "round_per_line"
        )
        move = self.env["account.move"].create(
            {
                "move_type": "out_refund" if refund else "out_invoice",
                "partner_id": self.partner.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "x",
                            "quantity": quantity / 4,
                            "price_unit": price / 100,
                            "discount": discount,
                            "tax_ids": [Command.set(taxes[tax].ids)],
                        }
                    )
                    for quantity, price, discount, tax in lines
                ],
            }
        )
        resolution = self.env["exact.mapper.sales.entry"]._resolve(move, self.connection)
        refused = {problem.code for problem in resolution.problems} - {"not_posted"}
        self.assertFalse(refused, resolution.problems)
        sign = -1 if refund else 1
        self.assertEqual(resolution.total_net, sign * round(Decimal(str(move.amount_untaxed)), 2))
        self.assertEqual(resolution.total_vat, sign * round(Decimal(str(move.amount_tax)), 2))

    def property_taxes(self):
        if "taxes" not in self.__dict__:
            self.taxes = [
                self.tax(21, "2"),
                self.tax(9, "1"),
                self.tax(0, "6"),
                self.tax(21, "2", price_include_override="tax_included"),
            ]
        return self.taxes
