"""Odd documents on their way out: Exact gets what Odoo holds, or nothing is sent and the reason is told."""

import os
from decimal import Decimal

from odoo import Command, fields
from odoo.tests import tagged

from .common import post
from .sending import SendCase

# Odoo itself takes a minute to make an invoice of 999 lines: in the long look only.
LINES = 999 if os.environ.get("EXACT_FUZZ") else 101
EMOJI = "Café «Ünïcode» 🧾👩‍👩‍👧 \u202eمرحبا ﷽ Łódź"


@tagged("post_install", "-at_install")
class TestFuzzOutgoing(SendCase):
    def send(self, move):
        """Send a document; True where it is in Exact, False where it was stopped before any call."""
        self.clear_calls()
        move.action_exact_create_sales_entry()
        if move.exact_state == "done":
            entry = self.entry(move)
            total = Decimal(str(entry["AmountFC"])).quantize(Decimal("0.01"))
            self.assertEqual(total, Decimal(f"{move.amount_total:.2f}"))
            return entry
        self.assertEqual(move.exact_state, "failed", move.exact_message)
        self.assertTrue(move.exact_problem_ids or move.exact_message)
        return None

    def stopped(self, move):
        self.assertIsNone(self.send(move))
        self.assertFalse(self.calls("POST"), "nothing was sent")

    def line(self, **values):
        taxes = [Command.set(self.tax_21.ids)]
        return {"name": "Regel", "quantity": 1, "price_unit": 10, "tax_ids": taxes, **values}

    def descriptions(self):
        return [line["Description"] for line in self.bodies("SalesEntries")[0]["SalesEntryLines"]]

    def test_emoji_and_scripts_of_every_direction_arrive_as_they_are(self):
        partner = self.customer(known=False, name=EMOJI[:40], street="Straße 1 🏠", city="Łódź")
        move = self.invoice([self.line(name=EMOJI[:40])], partner=partner, ref="Réf 🧾")
        self.assertTrue(self.send(move), move.exact_message)
        account = next(row for row in self.account_rows() if row["ID"] == partner.exact_account_id)
        self.assertEqual((account["Name"], account["City"]), (EMOJI[:40], "Łódź"))
        self.assertEqual(account["AddressLine1"], "Straße 1 🏠")
        self.assertIn(EMOJI[:40], self.descriptions()[0])

    def test_control_characters_leave_in_no_text(self):
        odd = "Advies\x0b\x1f deel\x7f\ttwee\nslot\u2028einde"
        partner = self.customer(known=False, name="Jan\x0bsen\x1f BV", city="Am\x07sterdam")
        move = self.invoice([self.line(name=odd)], partner=partner)
        self.assertTrue(self.send(move), move.exact_message)
        sent = "".join(self.descriptions()) + self.bodies("crm/Accounts")[0]["Name"]
        # What no XML may hold; the delete character may.
        self.assertFalse([c for c in sent if ord(c) < 32 and c not in "\t\r\n"], sent)

    def test_long_texts_arrive_as_far_as_exact_has_room_whatever_it_thinks_of_lengths(self):
        for lengths in ("refuse", "ignore"):
            post(f"{self.sim.url}/_sim/options", {"lengths": lengths})
            partner = self.customer(
                known=False,
                name="N" * 4000,
                street="S" * 500,
                city="C" * 500,
            )
            move = self.invoice([self.line(name="regel " * 700)], partner=partner)
            with self.subTest(lengths):
                self.assertTrue(self.send(move), move.exact_message)
                self.assertTrue(self.descriptions()[0].count("regel") >= 5)

    def test_document_of_hundreds_of_lines_arrives_whole(self):
        move = self.invoice(
            [self.line(name=f"Regel {n}", price_unit=n + 0.01) for n in range(LINES)]
        )
        entry = self.send(move)
        self.assertTrue(entry, move.exact_message)
        [body] = self.bodies("SalesEntries")
        self.assertEqual(len(body["SalesEntryLines"]), LINES)
        self.assertEqual(len(self.calls("POST")), 1)

    def test_amounts_from_a_cent_to_a_million_millions_arrive_to_the_cent(self):
        for price in (0.01, 999_999_999.99, 99_999_999_999.99, 10**12, -(10**12)):
            lines = [self.line(price_unit=price)]
            if price < 0:
                lines.append(self.line(price_unit=-price, name="Terug"))
            move = self.invoice(lines)
            with self.subTest(price=price):
                self.assertTrue(self.send(move), move.exact_message)
                sent = self.bodies("SalesEntries")[-1]["SalesEntryLines"][0]
                self.assertEqual(Decimal(str(sent["AmountFC"])), Decimal(str(price)))

    def test_dates_of_1900_and_2999_are_told_by_name_and_never_moved(self):
        for year in (1900, 2999):
            date = fields.Date.to_date(f"{year}-02-28")
            self.connection.start_date = fields.Date.to_date("1899-01-01")
            move = self.invoice([self.line()], invoice_date=date, invoice_date_due=date, date=date)
            self.assertEqual(move.invoice_date, date)
            with self.subTest(year):
                if self.send(move):
                    self.assertEqual(self.bodies("SalesEntries")[-1]["EntryDate"][:10], str(date))
                else:
                    # No item was sold yet in 1900; Exact knows no financial year 2999.
                    expected = "item_unusable" if year == 1900 else "year_unknown"
                    self.assertEqual(self.exchange(move).cause_id.code, expected)
                    self.assertFalse(self.entries())

    def test_very_long_number_of_a_document_is_stopped_or_found_again(self):
        move = self.invoice([self.line()], post=False)
        move.name = "INV/" + "9" * 200
        move.action_post()
        move.is_move_sent = True
        if self.send(move):
            reference = self.bodies("SalesEntries")[0]["YourRef"]
            self.assertEqual(self.entry(move)["YourRef"], reference)
            again = self.exchange(move)
            self.assertEqual(again.state, "done")
        else:
            self.assertFalse(self.calls("POST"))
