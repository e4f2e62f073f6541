"""A draft of Odoo as a sales invoice of Exact: header, items, units, prices (R11-R19, R48; API 5.13)."""

from datetime import timedelta
from decimal import Decimal

from odoo import Command, fields
from odoo.tests import tagged

from ..client import encode
from ..models.exact_mapper_sales_account import ITEM_LEVELS
from .invoicing import InvoicingCase
from .lines import cost_centers

INVOICES = "salesinvoice/SalesInvoices"


@tagged("post_install", "-at_install")
class TestInvoiceHeader(InvoicingCase):
    join_once = True

    def test_r48_header_carries_reference_dates_condition_and_currency(self):
        term = self.env.ref("account.account_payment_term_15days")
        move = self.draft(
            ref="Project Noord, week 12",
            exact_reference="OD-ABCD1234",
            invoice_payment_term_id=term.id,
        )
        body = self.body(move)
        self.assertEqual(body["Type"], 8020)
        self.assertEqual(body["Description"], "Project Noord, week 12")
        self.assertEqual(body["YourRef"], "OD-ABCD1234")
        self.assertEqual(body["OrderDate"], move.invoice_date)
        self.assertEqual(body["DueDate"], move.invoice_date_due)
        self.assertEqual(body["Currency"], "EUR")
        self.assertEqual(body["Journal"], self.connection.sale_journal_id.code)
        self.assertEqual(body["OrderedBy"], self.partner.exact_account_id)
        self.assertEqual(body["InvoiceTo"], self.partner.exact_account_id)
        self.assertTrue(body["PaymentCondition"])
        self.assertTrue(encode(body))

    def test_r48_without_a_term_or_a_date_of_ones_own_exacts_condition_decides(self):
        move = self.draft()
        self.assertFalse(move.invoice_payment_term_id)
        self.assertNotIn("DueDate", self.body(move))
        notes = "\n".join(self.resolve_invoice(move).notes)
        self.assertIn("falls due by condition 30", notes)
        self.assertNotIn("is sent and holds", notes)
        move.invoice_date_due = fields.Date.today() + timedelta(days=5)
        self.assertEqual(self.body(move)["DueDate"], move.invoice_date_due)

    def test_r48_line_carries_item_quantity_price_and_text(self):
        (line,) = self.body(self.draft([("UREN", self.hour, 7.5, 95.0)]))["SalesInvoiceLines"]
        self.assertEqual(line["Item"], self.exact("item", "UREN").exact_id)
        self.assertEqual((line["Quantity"], line["NetPrice"]), (Decimal("7.50"), Decimal("95.00")))
        self.assertEqual(
            (line["AmountFC"], line["VATAmountFC"]), (Decimal("712.50"), Decimal("149.63"))
        )
        self.assertEqual(line["UnitCode"], "uur")
        self.assertEqual(line["Description"], "Advies", "Exact prints the item's code itself")
        self.assertTrue(line["VATCode"] and line["GLAccount"])
        self.assertNotIn("From", line)

    def test_r48_description_is_the_reference_else_the_origin_else_the_customer(self):
        move = self.draft(ref=False, invoice_origin="S00042")
        self.assertEqual(self.body(move)["Description"], "S00042")
        move.invoice_origin = False
        self.assertEqual(self.body(move)["Description"], "Bakkerij Jansen")
        move.ref = "Een lange omschrijving " * 5
        self.assertEqual(len(self.body(move)["Description"]), 60)

    def test_r48_long_text_of_a_line_stands_whole_in_its_notes(self):
        text = "Onderzoek naar de aansluiting van de voorraadadministratie op de boekhouding\nen advies"
        line = {"name": text, "quantity": 1, "price_unit": 10.0, "exact_item_id": self.item("UREN")}
        (sent,) = self.body(self.draft([line]))["SalesInvoiceLines"]
        self.assertLessEqual(len(sent["Description"]), 60)
        self.assertEqual(sent["Notes"], text.replace("\n", " "))

    def test_r48_service_period_goes_along(self):
        today = fields.Date.today()
        line = {
            "exact_item_id": self.item("UREN"),
            "price_unit": 10.0,
            "exact_service_from": today.replace(day=1),
            "exact_service_to": today,
        }
        (sent,) = self.body(self.draft([line]))["SalesInvoiceLines"]
        self.assertEqual((sent["StartTime"], sent["EndTime"]), (today.replace(day=1), today))

    def test_r4_draft_is_dated_today_or_by_its_date_and_not_before_the_start(self):
        self.connection.start_date = fields.Date.today()
        move = self.draft(invoice_date=False)
        self.assertFalse(self.invoice_problems(move))
        self.assertEqual(self.body(move)["OrderDate"], fields.Date.today())
        move.invoice_date = fields.Date.today() - timedelta(days=1)
        self.assertEqual(self.invoice_problems(move), ["before_start_date"])

    def test_only_drafts_of_the_journal_go_this_way_and_only_where_it_is_on(self):
        posted = self.invoice(partner=self.partner, post=False, journal_id=self.journal.id)
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move SET state = 'posted' WHERE id = %s", [posted.id])
        posted.invalidate_recordset(["state"])
        self.assertEqual(self.invoice_problems(posted), ["not_draft"])
        usual = self.invoice(partner=self.partner, post=False)
        self.assertEqual(self.invoice_problems(usual), ["no_invoice_journal"])
        move = self.draft()
        self.connection.invoicing = False
        self.assertEqual(self.invoice_problems(move), ["invoicing_off"])
        self.clear_calls()
        self.resolve_invoice(move)
        self.assertEqual(len(self.calls()), 0, "the mapping makes no call")

    def test_r41_invoice_goes_to_the_address_that_exact_knows(self):
        address = self.customer(known=False, name="Administratie", parent_id=self.partner.id)
        address.write(
            {"type": "invoice", "is_company": False, "street": "Kade 1", "city": "Zwolle"}
        )
        move = self.draft(partner=address)
        found = self.resolve_invoice(move)
        self.assertNotIn("invoice_to", found.values)
        # The account was, or will be, made with this very address.
        self.assertFalse([note for note in found.notes if "Kade 1" in note])
        other = address.copy({"street": "Haven 2", "name": "Filiaal"})
        move.partner_id = other
        notes = "\n".join(self.resolve_invoice(move).notes)
        self.assertIn("Exact prints the address it has for Bakkerij Jansen", notes)
        self.assertIn("Haven 2", notes)
        other.exact_contact_id = "11111111-1111-4111-8111-000000000001"
        body = self.body(move)
        self.assertEqual(body["InvoiceToContactPerson"], other.exact_contact_id)
        self.assertEqual(body["InvoiceTo"], self.partner.exact_account_id)
        row = self.account_row("2")
        other.exact_account_id = row["ID"]
        body = self.body(move)
        self.assertEqual(body["InvoiceTo"], row["ID"])
        self.assertEqual(body["OrderedBy"], self.partner.exact_account_id)
        other.exact_account_blocked = True
        self.assertEqual(self.invoice_problems(move), ["customer_blocked"])

    def test_credit_invoice_has_negative_quantities_and_positive_prices(self):
        move = self.draft([("UREN", self.hour, 2, 95.0)], refund=True)
        body = self.body(move)
        (line,) = body["SalesInvoiceLines"]
        self.assertEqual(body["Type"], 8021)
        self.assertEqual(body["Journal"], self.connection.refund_journal_id.code)
        self.assertEqual((line["Quantity"], line["NetPrice"]), (Decimal("-2.00"), Decimal("95.00")))
        self.assertEqual(line["AmountFC"], Decimal("-190.00"))
        self.assertEqual(self.mapper._expected(move), (Decimal("-229.90"), Decimal("-39.90")))
        self.connection.credit_quantity = "positive"
        (line,) = self.body(move)["SalesInvoiceLines"]
        self.assertEqual((line["Quantity"], line["NetPrice"]), (Decimal("2.00"), Decimal("95.00")))
        self.assertNotIn("AmountFC", line)

    def test_foreign_currency_goes_without_a_rate_and_says_so(self):
        move = self.draft(currency_id=self.usd().id)
        found = self.resolve_invoice(move)
        body = self.body(move)
        self.assertEqual(body["Currency"], "USD")
        self.assertNotIn("Rate", body)
        self.assertTrue([note for note in found.notes if "rate of its own table" in note])

    @property
    def mapper(self):
        return self.env["exact.mapper.sales.invoice"]

    def item(self, code):
        return self.exact("item", code).id


@tagged("post_install", "-at_install")
class TestInvoiceItem(InvoicingCase):
    join_once = True

    def test_r15_r16_r18_item_of_four_levels_is_the_same_both_ways(self):
        """Line before product before category before default; add-ons put "activity" in between."""
        self.assertEqual(ITEM_LEVELS, ("line", "product", "activity", "category"))
        category = self.make_category("Reizen", item="REIS")
        bare = self.make_category("Overig")
        table = [
            ("UREN", self.make_product(item="KM", category=category), "line", "UREN"),
            (None, self.make_product(item="KM", category=category), "product", "KM"),
            (None, self.make_product(category=category), "category", "REIS"),
            (None, self.make_product(category=bare), "default", "ALG"),
            (None, None, "default", "ALG"),
        ]
        for on_line, product, level, code in table:
            line = {
                "exact_item_id": self.exact("item", on_line).id if on_line else False,
                "product_id": product.id if product else False,
                "price_unit": 100.0,
            }
            entry = self.invoice(
                [{**line, "name": "x", "tax_ids": [Command.set(self.tax_high.ids)]}]
            )
            by_entry = self.line(entry)
            (by_invoice,) = self.resolve_invoice(self.draft([line])).lines
            for found in (by_entry, by_invoice):
                with self.subTest(level=level):
                    self.assertEqual((found.item_level, found.item.value.code), (level, code))
            self.assertEqual(by_entry.item.source, by_invoice.item.source)
            self.assertEqual(by_entry.gl_account.value, by_invoice.gl_account.value)
            self.assertEqual(by_entry.vat_code.value, by_invoice.vat_code.value)

    def test_r18_line_without_any_item_stops_even_where_an_entry_would_go(self):
        self.connection.default_item_id = False
        product = self.make_product("Los werk")
        account = self.company_data["default_account_revenue"]
        account.exact_gl_account_id = self.exact("gl.account", "8000")
        line = {"product_id": product.id, "price_unit": 10.0, "account_id": account.id}
        move = self.draft([line])
        problem = self.resolve_invoice(move).problems[0]
        self.assertEqual((problem.code, problem.record), ("no_item", product.product_tmpl_id))
        self.assertEqual(self.invoice_problems(move), ["no_item"])
        entry = self.invoice([{**line, "tax_ids": [Command.set(self.tax_high.ids)]}])
        self.assertFalse(self.problems(entry))

    def test_r20_item_without_revenue_account_stops_before_any_call(self):
        self.assertEqual(
            self.invoice_problems(self.draft([("LEEG", None, 1, 10.0)])), ["item_account"]
        )

    def test_r17_fraction_is_judged_in_the_units_of_exact(self):
        """Twelve hours are one and a half days; sixteen are two."""
        piece = self.exact("item", "STUK").sudo()
        piece.unit = "dag"
        self.connection.only_divisible_items = True
        found = self.resolve_invoice(self.draft([("STUK", self.hour, 12, 100.0)]))
        self.assertEqual([problem.code for problem in found.problems], ["item_not_divisible"])
        self.assertIn("1.50", found.problems[0].message)
        whole = self.resolve_invoice(self.draft([("STUK", self.hour, 16, 100.0)]))
        self.assertFalse(whole.problems)
        self.assertEqual(whole.lines[0].quantity, Decimal("2.00"))
        piece.unit = "uur"
        half_day = self.draft([("STUK", self.day, 0.5, 800.0)])
        self.assertFalse(self.invoice_problems(half_day), "half a day is four whole hours")


@tagged("post_install", "-at_install")
class TestInvoiceQuantity(InvoicingCase):
    join_once = True

    def one(self, *line, **values):
        move = self.draft([line], **values)
        found = self.assert_adds_up(move)
        return found.lines[0], "\n".join(found.notes)

    def test_hours_become_the_days_of_the_item_and_the_amount_stays(self):
        self.exact("item", "UREN").sudo().unit = "dag"
        line, notes = self.one("UREN", self.hour, 12, 100.0)
        self.assertEqual((line.quantity, line.net_price), (Decimal("1.50"), Decimal("800.00")))
        self.assertEqual((line.unit_code, line.net), ("dag", Decimal("1200.00")))
        self.assertNotIn("decimals", notes)
        self.exact("item", "UREN").sudo().unit = "UUR."
        line, _notes = self.one("UREN", self.day, 1.5, 800.0)
        self.assertEqual((line.quantity, line.net_price), (Decimal("12.00"), Decimal("100.00")))

    def test_quantity_is_rounded_as_exact_keeps_it_and_the_price_follows(self):
        self.exact("item", "UREN").sudo().unit = "dag"
        line, notes = self.one("UREN", self.hour, 7.5, 100.0)
        self.assertEqual((line.quantity, line.net), (Decimal("0.94"), Decimal("750.00")))
        self.assertIn("0.9375 becomes 0.94", notes)
        self.connection.quantity_decimals = "3"
        line, _notes = self.one("UREN", self.hour, 7.5, 100.0)
        self.assertEqual(line.quantity, Decimal("0.938"))

    def test_unit_that_odoo_does_not_know_is_told_and_can_be_taught(self):
        item = self.exact("item", "UREN").sudo()
        item.unit = "blok"
        line, notes = self.one("UREN", self.hour, 8, 100.0)
        self.assertEqual((line.quantity, line.unit_code), (Decimal("8.00"), ""))
        self.assertIn("Unit blok of item", notes)
        self.assertNotIn(
            "UnitCode",
            self.body(self.draft([("UREN", self.hour, 8, 100.0)]))["SalesInvoiceLines"][0],
        )
        self.day.exact_unit_codes = "DGN, Blok"
        line, notes = self.one("UREN", self.hour, 8, 100.0)
        self.assertEqual((line.quantity, line.unit_code), (Decimal("1.00"), "blok"))
        self.assertNotIn("Unit blok", notes)

    def test_unit_of_another_kind_leaves_the_quantity_and_says_so(self):
        line, notes = self.one("ALG", self.hour, 8, 100.0)
        self.assertEqual((line.quantity, line.unit_code), (Decimal("8.00"), ""))
        self.assertIn("is counted in Units in Exact", notes)

    def test_kilometres_of_a_unit_that_is_archived_are_known_too(self):
        km = self.env.ref("uom.product_uom_km")
        line, _notes = self.one("KM", km, 412, 0.23)
        self.assertEqual((line.quantity, line.net_price), (Decimal("412.00"), Decimal("0.23")))
        self.assertEqual((line.unit_code, line.net), ("km", Decimal("94.76")))

    def test_r11_price_with_vat_in_it_goes_without_and_to_the_cent(self):
        included = self.tax(21, "2", price_include_override="tax_included")
        move = self.draft(
            [
                {
                    "exact_item_id": self.exact("item", "ALG").id,
                    "quantity": 3,
                    "price_unit": 100.0,
                    "tax_ids": [Command.set(included.ids)],
                }
            ]
        )
        (line,) = self.assert_adds_up(move).lines
        self.assertEqual((line.net, line.vat), (Decimal("247.93"), Decimal("52.07")))
        self.assertEqual(line.net_price, Decimal("82.644628"))

    def test_r12_discount_is_in_the_net_price_whatever_entries_do(self):
        self.connection.discount_account_id = self.exact("gl.account", "8000")
        line = {
            "exact_item_id": self.exact("item", "ALG").id,
            "price_unit": 99.99,
            "discount": 33.33,
        }
        found = self.assert_adds_up(self.draft([line]))
        self.assertEqual([part.net for part in found.lines], [Decimal("66.66")])
        free = self.assert_adds_up(self.draft([{**line, "discount": 100, "quantity": 4}]))
        self.assertEqual((free.lines[0].quantity, free.lines[0].net_price), (4, 0))

    def test_negative_hours_and_zero_prices_and_zero_quantities_go_as_they_are(self):
        found = self.assert_adds_up(
            self.draft(
                [
                    ("UREN", self.hour, 10, 95.0),
                    ("UREN", self.hour, -2.5, 95.0),
                    ("UREN", self.hour, 3, 0.0),
                    ("UREN", self.hour, 0, 95.0),
                ]
            )
        )
        self.assertEqual(
            [str(line.quantity) for line in found.lines], ["10.00", "-2.50", "3.00", "0.00"]
        )
        self.assertEqual([line.net_price for line in found.lines], [95, 95, 0, 0])

    def test_no_price_for_the_quantity_goes_as_one_and_tells_the_real_one(self):
        included = self.tax(21, "2", price_include_override="tax_included")
        line = {
            "exact_item_id": self.exact("item", "KM").id,
            "product_uom_id": self.env.ref("uom.product_uom_km").id,
            "quantity": 98765.43,
            "price_unit": 0.13,
            "tax_ids": [Command.set(included.ids)],
        }
        found = self.assert_adds_up(self.draft([line]))
        (sent,) = found.lines
        self.assertEqual((sent.quantity, sent.net_price), (1, sent.net))
        self.assertEqual(sent.notes, "98765.43 km")
        self.assertIn("1 times its amount", "\n".join(found.notes))

    def test_quantity_too_small_for_exact_goes_as_one_and_tells_the_real_one(self):
        self.exact("item", "UREN").sudo().unit = "dag"
        line, notes = self.one("UREN", self.hour, 0.02, 500.0)
        self.assertEqual((line.quantity, line.net_price), (1, Decimal("10.00")))
        self.assertIn("0.0025 becomes 0.00", notes)

    def test_line_over_cost_centres_has_one_price_or_an_amount_each(self):
        accounts = cost_centers(self)
        self.connection.use_dimensions = True
        shares = {str(accounts[0].id): 100 / 3, str(accounts[1].id): 200 / 3}
        hours = {"product_uom_id": self.hour.id, "exact_item_id": self.exact("item", "UREN").id}
        line = {**hours, "quantity": 10, "price_unit": 100.0, "analytic_distribution": shares}
        found = self.assert_adds_up(self.draft([line]))
        self.assertEqual(
            [part.quantity for part in found.lines], [Decimal("3.33"), Decimal("6.67")]
        )
        self.assertEqual({part.net_price for part in found.lines}, {Decimal("100.00")})
        self.assertEqual(
            [part.dimensions["cost_center"].value.code for part in found.lines], ["NOORD", "ZUID"]
        )
        fixed = {
            "exact_item_id": self.exact("item", "STUK").id,
            "quantity": 1,
            "price_unit": 1000.0,
        }
        found = self.assert_adds_up(self.draft([{**fixed, "analytic_distribution": shares}]))
        self.assertEqual([part.net for part in found.lines], [Decimal("333.30"), Decimal("666.70")])
        self.assertEqual([part.quantity for part in found.lines], [1, 1])
        self.assertIn("33.33 % × 1", found.lines[0].notes)

    def test_r57_totals_of_the_draft_in_exact_are_odoos_to_the_cent(self):
        """By Exact's own arithmetic, from quantities and prices and from given amounts alike."""
        accounts = cost_centers(self)
        self.connection.use_dimensions = True
        thirds = {str(account.id): 100 / 3 for account in accounts[:2]}
        lines = [
            ("UREN", self.hour, 7.33, 95.77),
            ("UREN", self.day, 1.25, 733.33),
            ("KM", self.env.ref("uom.product_uom_km"), 413, 0.23),
            ("ALG", None, 3, 33.333),
            ("UREN", self.hour, -1.75, 95.77),
            {
                "exact_item_id": self.exact("item", "UREN").id,
                "quantity": 11,
                "price_unit": 101.01,
                "discount": 7.5,
                "analytic_distribution": thirds,
            },
        ]
        for refund in (False, True):
            for amounts in ("computed", "given"):
                for sign in ("negative", "positive") if refund else ("negative",):
                    self.option(invoice_line_amounts=amounts, credit_quantity=sign)
                    self.connection.credit_quantity = sign
                    move = self.draft(lines, refund=refund, exact_reference=f"OD-{amounts}")
                    row = self.connection._get_client().create(INVOICES, self.body(move))
                    with self.subTest(refund=refund, amounts=amounts, sign=sign):
                        exact = tuple(
                            round(Decimal(str(row[name])), 2)
                            for name in ("AmountFC", "VATAmountFC")
                        )
                        expected = self.env["exact.mapper.sales.invoice"]._expected(move)
                        self.assertEqual(exact, expected)

    def option(self, **values):
        from .common import post

        post(f"{self.sim.url}/_sim/options", values)
