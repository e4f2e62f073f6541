"""Expenses and trips on invoices in Exact (R45, R46)."""

from odoo import Command
from odoo.exceptions import UserError

from .common import ExpenseCase


class TestExpenseInvoice(ExpenseCase):
    # === WITH AN ORDER === #

    join_once = True

    def test_r45_expense_of_an_order_goes_by_its_order_line_and_counts_there_as_invoiced(self):
        order = self.order()
        expense = self.expense(amount=84.5, state="posted", sale_order_id=order.id)
        line = expense.sale_order_line_id
        self.assertEqual((line.order_id, line.qty_to_invoice), (order, 1))
        # A second way to the same thing: the order. It stands on one invoice once.
        billables = [b for b in self.collect(order) if not b.left_behind]
        self.assertEqual([b.key for b in billables], [f"hr.expense,{expense.id}"])
        move = self.send(expense)
        self.assertEqual(line.qty_invoiced, 1)
        self.assertEqual((move.partner_id, move.invoice_origin), (self.partner, order.name))
        self.assertEqual(self.exact_lines(move), [("REIS", 1.0, 84.5, 84.5)])
        self.assertEqual(expense.exact_move_id, move)
        self.assertEqual(expense.exact_invoice_state, "draft")
        self.assertFalse([b for b in self.collect(order) if not b.left_behind])

    def test_r46_trip_of_an_order_goes_at_the_price_of_the_order_line(self):
        order = self.order()
        trip = self.expense(self.trip, quantity=120, state="posted", sale_order_id=order.id)
        self.assertEqual(trip.total_amount, 27.6, "the employee gets 0.23 a kilometre")
        billable = self.one(trip)
        self.assertEqual(
            (billable.kind, billable.uom, float(billable.net)), ("trip", self.km, 42.0)
        )
        move = self.send(trip)
        self.assertEqual(self.exact_lines(move), [("KM", 120.0, 0.35, 42.0)])
        self.assertEqual(trip.sale_order_line_id.qty_invoiced, 120)

    # === WITHOUT AN ORDER === #

    def test_r45_expense_without_an_order_goes_at_cost_to_the_customer_chosen_on_it(self):
        expense = self.for_customer(amount=99.99)
        move = self.send(expense)
        self.assertEqual((move.partner_id, move.amount_untaxed), (self.partner, 99.99))
        self.assertEqual(move.invoice_line_ids.tax_ids, self.tax_high)
        self.assertFalse(move.invoice_line_ids.sale_line_ids)
        self.assertIn("Sanne de Wit", move.invoice_line_ids.name)
        self.assertEqual(self.exact_lines(move), [("REIS", 1.0, 99.99, 99.99)])

    def test_r45_customer_can_still_be_chosen_once_it_is_posted(self):
        bookkeeper = self.make_user("b2", "account.group_account_user")
        expense = self.expense(state="posted")
        self.assertEqual(self.reason(expense)[0], "no_customer")
        expense.with_user(bookkeeper).exact_partner_id = self.partner
        self.assertEqual(self.reason(expense), (None, ""))

    def test_r45_r46_customer_is_that_of_the_project_or_else_of_its_analytic_account(self):
        other = self.customer(known=False, name="Van Dam")
        account = self.analytic(self.partner)
        trip = self.expense(self.trip, quantity=10, analytic_distribution={str(account.id): 100})
        self.assertEqual(self.one(trip).partner, self.partner)
        self.assertEqual(trip.exact_partner_hint, self.partner.display_name)
        if "project.project" in self.env:
            project = self.env["project.project"].create(
                {
                    "name": "Verbouwing",
                    "account_id": account.id,
                    "partner_id": other.id,
                    "company_id": self.company.id,
                }
            )
            trip.invalidate_recordset()
            billable = self.one(trip)
            self.assertEqual((billable.partner, billable.project), (other, project))
            keys = [billable.key for billable in self.collect(project)]
            self.assertEqual(keys, [f"hr.expense,{trip.id}"])
        trip.exact_partner_id = self.partner
        self.assertEqual(self.one(trip).partner, self.partner, "the one chosen goes before")

    def test_r46_trip_without_an_order_goes_at_the_customers_pricelist(self):
        self.give_pricelist(
            applied_on="0_product_variant", product_id=self.trip.id, fixed_price=0.4
        )
        trip = self.for_customer(self.trip, quantity=12.5)
        self.assertEqual(float(self.one(trip).net), 5.0)
        self.assertEqual(self.exact_lines(self.send(trip)), [("KM", 12.5, 0.4, 5.0)])

    def test_r45_taxes_are_those_of_the_sale_to_this_customer_never_those_of_the_receipt(self):
        purchase = self.tax(9, type_tax_use="purchase", price_include_override="tax_included")
        self.hotel.supplier_taxes_id = purchase
        zero = self.tax(0, "6", name="Verlegd")
        position = self.env["account.fiscal.position"].create(
            {
                "name": "Binnen de EU",
                "company_id": self.company.id,
                "tax_ids": [Command.link(zero.id)],
            }
        )
        zero.write({"original_tax_ids": [Command.link(self.tax_high.id)]})
        expense = self.for_customer(amount=109.0)
        self.assertEqual(expense.untaxed_amount, 100.0)
        billable = self.one(expense)
        self.assertEqual((billable.taxes, float(billable.net)), (self.tax_high, 100.0))
        self.partner.property_account_position_id = position
        self.assertEqual(self.one(expense).taxes, zero)

    def test_r45_cost_comes_to_the_cent_also_where_the_price_is_shown_including_vat(self):
        self.tax_high.price_include_override = "tax_included"
        for amount, quantity in ((100.0, 3), (0.01, 7), (1234.57, 1500), (-80.0, 1)):
            expense = self.for_customer(amount=amount)
            expense.with_context(tracking_disable=True).quantity = quantity
            expense.flush_recordset()
            billable = self.one(expense)
            net = self.tax_high.compute_all(
                billable.price_unit, self.company.currency_id, float(billable.quantity)
            )["total_excluded"]
            self.assertEqual((net, float(billable.net)), (amount, amount), (amount, quantity))

    def test_r45_expense_paid_in_another_currency_goes_in_ours_at_odoos_amount(self):
        expense = self.for_customer(amount=110.0, currency_id=self.usd(1.1).id)
        self.assertEqual((expense.total_amount_currency, expense.total_amount), (110.0, 100.0))
        move = self.send(expense)
        self.assertEqual(move.currency_id, self.company.currency_id)
        self.assertEqual(self.exact_lines(move), [("REIS", 1.0, 100.0, 100.0)])

    def test_r45_money_back_goes_as_a_negative_line_and_alone_as_a_credit_invoice(self):
        first, back = self.for_customer(amount=100.0), self.for_customer(amount=-30.0)
        wizard = self.wizard(first + back)
        self.assertEqual(wizard.invoice_ids.net, 70.0)
        move = self.send(back)
        self.assertEqual((move.move_type, move.amount_untaxed), ("out_refund", 30.0))
        self.assertEqual(back.exact_move_id, move)

    def test_r45_split_expenses_are_invoiced_each_to_its_own_customer(self):
        other = self.customer(known=False, name="Van Dam")
        expense = self.for_customer(amount=100.0)
        action = expense.action_split_wizard()
        self.env["hr.expense.split.wizard"].browse(action["res_id"]).action_split_expense()
        half = self.env["hr.expense"].search([("split_expense_origin_id", "=", expense.id)])
        self.assertEqual(half.mapped("total_amount"), [50.0, 50.0])
        (half - expense).exact_partner_id = other
        invoices = self.wizard(half).invoice_ids
        self.assertEqual(set(invoices.customer_id.ids), {self.partner.id, other.id})
        self.assertEqual(invoices.mapped("net"), [50.0, 50.0])

    def test_expenses_on_one_line_share_its_analytic_accounts_by_amount(self):
        source = self.env["exact.billable.expense"]
        one, two = self.analytic(name="Een"), self.analytic(name="Twee")
        first = self.for_customer(amount=75.0, analytic_distribution={str(one.id): 100})
        second = self.for_customer(amount=25.0, analytic_distribution={str(two.id): 100})
        billables = self.collect(first + second)
        self.assertEqual(source._distribution(billables), {str(one.id): 75.0, str(two.id): 25.0})
        self.assertEqual(source._distribution(billables[:1]), {str(one.id): 100})

    # === KIND, COLUMNS === #

    def test_r46_mileage_and_whatever_is_counted_in_a_distance_is_a_trip(self):
        mile = self.env.ref("uom.product_uom_mile")
        mileage = self.env.ref("hr_expense.expense_product_mileage")
        miles = self.category("Mijlen", "sales_price", uom_id=mile.id, standard_price=0.5)
        trips = self.env["hr.expense"]
        for product in (self.trip, miles, mileage):
            trips |= self.for_customer(product, quantity=10)
        hotel = self.for_customer()
        self.assertEqual(set(trips.mapped("exact_kind")), {"trip"})
        self.assertEqual(hotel.exact_kind, "expense")
        found = self.env["hr.expense"].search
        self.assertEqual(
            found([("exact_kind", "=", "trip"), ("id", "in", (trips + hotel).ids)]), trips
        )
        self.assertEqual(
            found([("exact_kind", "!=", "trip"), ("id", "in", (trips + hotel).ids)]), hotel
        )

    def test_r47_uninvoiced_shows_expenses_and_trips_of_a_customer_in_their_columns(self):
        self.for_customer(amount=80.0)
        self.for_customer(self.trip, quantity=100)
        self.expense(self.hotel, state="draft", exact_partner_id=self.partner.id)
        self.expense(self.lunch, amount=12.0, exact_partner_id=self.partner.id)
        self.expense(self.hotel, amount=55.0)  # the company's own
        self.env["exact.uninvoiced"].action_open()
        row = self.env["exact.uninvoiced"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual(
            (row.amount_expense, row.amount_trip, row.amount_total, row.left_count),
            (80.0, 35.0, 115.0, 1),
        )
        self.assertEqual(len(self.collect()), 3, "nothing of the company's own costs")
        self.assertEqual(len(self.collect(self.partner)), 3)
        self.assertFalse(self.collect(self.customer(known=False, name="Ander")))

    # === ITEM (R16, R17, R18) === #

    def test_r16_r18_item_of_the_expense_category_goes_before_product_category_and_default(self):
        group = self.make_category("Reizen", item="KM")
        taxi = self.category("Taxi", "cost", categ_id=group.id)
        expense = self.for_customer(taxi)

        def item():
            line = self.wizard(expense).invoice_line_ids
            return line.item_id.code, line.item_source

        taxi.exact_item_id = self.exact("item", "REIS")
        self.assertEqual(item(), ("REIS", "item on product Taxi"))
        taxi.exact_item_id = False
        self.assertEqual(item(), ("KM", "item on category Reizen"))
        group.exact_item_id = False
        self.assertEqual(item(), ("ALG", "default item"))
        self.connection.default_item_id = False
        wizard = self.wizard(expense)
        self.assertEqual(wizard.left_ids.mapped("left_code"), ["no_item"])
        self.assertEqual(wizard.left_ids.mend_id, taxi.product_tmpl_id.id)

    def test_r17_half_a_kilometre_of_an_item_that_is_not_divisible_stops(self):
        self.connection.only_divisible_items = True
        self.trip.product_tmpl_id.exact_item_id = self.exact("item", "STUK")
        trip = self.for_customer(self.trip, quantity=12.5)
        wizard = self.wizard(trip)
        self.assertEqual(wizard.invoice_ids.problem_count, 1)
        self.assertIn("not divisible", str(wizard.problems))
        self.trip.product_tmpl_id.exact_item_id = self.exact("item", "KM")
        self.assertFalse(self.wizard(trip).invoice_ids.problem_count)

    # === SETTLED === #

    def test_r45_number_comes_back_and_a_later_order_does_not_invoice_it_again(self):
        expense = self.for_customer(amount=60.0)
        move = self.send(expense, print_invoice="print")
        self.assertTrue(move.exact_entry_number)
        self.assertEqual(expense.exact_invoice_number, move.exact_entry_number)
        self.assertEqual(expense.exact_invoice_state, "printed")
        self.assertFalse(expense.exact_invoice_pdf)
        pdf = self.env["ir.attachment"].create(
            {
                "name": "factuur.pdf",
                "raw": b"%PDF-1.4",
                "mimetype": "application/pdf",
                "res_model": "account.move",
                "res_id": move.id,
            }
        )
        expense.invalidate_recordset()
        self.assertEqual(expense.exact_invoice_pdf, f"/web/content/{pdf.id}")
        approver = self.make_user("a2", "hr_expense.group_hr_expense_user")
        self.assertFalse(expense.with_user(approver).exact_invoice_pdf)
        expense.sale_order_id = self.order()
        self.post(expense)
        self.assertEqual(expense.account_move_id.state, "posted")
        self.assertFalse(expense.sale_order_line_id, "it would be paid twice")
        self.assertEqual(self.reason(expense)[0], "in_exact")

    def test_r49_two_people_same_trips_one_wins_other_is_told(self):
        trips = self.for_customer(self.trip, quantity=10) + self.for_customer(
            self.trip, quantity=20
        )
        first, second = self.wizard(trips), self.wizard(trips)
        first.action_send()
        second.action_send()
        self.assertIn("changed since it was shown", second.message)
        self.assertIn(trips[0].exact_move_id.ref or "draft", second.message)
        self.assertEqual(set(second.left_ids.mapped("left_code")), {"in_exact"})
        self.assertEqual(len(self.sim_rows("salesinvoice/SalesInvoices")), 1)

    def test_r49_nothing_came_of_it_and_the_expense_is_free_again(self):
        expense = self.for_customer()
        maker = self.env["exact.invoice.maker"]
        planned = maker._plan(self.collect(expense), self.wizard(expense)._get_options())
        ((_invoice, move),) = maker._make(self.connection, planned, journal=self.journal)
        self.assertEqual(self.reason(expense)[0], "on_its_way")
        move._exact_free_invoice()
        self.assertFalse(expense.exact_move_id)
        self.assertEqual(self.reason(expense), (None, ""))
        expense.exact_move_id = move
        move.unlink()
        self.assertEqual(self.reason(expense), (None, ""), "deleted by any way")

    # === GUARD === #

    def refused(self, *texts):
        return self.assertRaisesRegex(UserError, "(?s)" + ".*".join(texts))

    def test_r49_expense_in_a_draft_in_exact_is_not_reset_refused_split_or_changed(self):
        expense = self.for_customer(amount=100.0)
        self.send(expense)
        way = ("draft invoice in Exact", "Cancel in Exact")
        with self.refused(*way):
            expense.action_reset()
        with self.refused(*way):
            expense._do_refuse("Te duur")
        with self.refused(*way):
            expense.action_split_wizard()
        with self.refused(*way):
            expense.total_amount_currency = 90.0
        with self.refused(*way):
            expense.exact_partner_id = self.customer(known=False)
        expense.write({"total_amount_currency": 100.0, "description": "Met ontbijt"})
        self.assertEqual(expense.state, "approved")

    def test_r49_posting_and_its_journal_entry_stay_free_where_no_order_counts_on_them(self):
        expense = self.for_customer(state="posted")
        self.send(expense)
        expense.account_move_id.button_draft()
        expense.account_move_id.action_post()
        self.assertEqual(self.reason(expense)[0], "in_exact")

    def test_r49_journal_entry_of_an_ordered_expense_is_not_reset_reversed_or_deleted(self):
        order = self.order()
        expense = self.expense(state="posted", sale_order_id=order.id)
        line, entry = expense.sale_order_line_id, expense.account_move_id
        self.send(expense, print_invoice="print")
        number = expense.exact_invoice_number
        self.assertTrue(number)
        for act in (entry.button_draft, entry._reverse_moves, expense.action_reset):
            with self.refused(number, "Credit"):
                act()
        self.assertEqual((line.product_uom_qty, line.qty_invoiced), (1, 1))

    def test_r49_credited_in_full_it_can_be_reset_and_invoiced_again(self):
        order = self.order()
        ordered = self.expense(state="posted", sale_order_id=order.id)
        alone = self.for_customer(amount=40.0)
        for expense in (ordered, alone):
            move = self.send(expense, print_invoice="print")
            wizard = (
                self.env["account.move.reversal"]
                .with_context(active_model="account.move", active_ids=move.ids)
                .create({"journal_id": move.journal_id.id, "reason": "Verkeerde klant"})
            )
            refund = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
            refund.action_exact_invoice()
            if not refund.exact_entry_id:
                refund.action_exact_print_invoice()
            self.assertTrue(refund.exact_entry_number)
            if expense == alone:
                self.assertEqual(move.payment_state, "reversed")
            self.assertEqual(self.reason(expense), (None, ""))
            self.assertFalse(expense.exact_invoice_state)
        alone.action_reset()
        self.assertEqual(alone.state, "draft")

    def test_r49_on_an_ordinary_invoice_too_where_exact_may_make_none(self):
        expense = self.for_customer()
        self.wizard(expense).action_invoice_in_odoo()
        move = expense.exact_move_id
        self.assertEqual((move.exact_route, move.state), ("entry", "draft"))
        self.assertEqual(self.reason(expense)[0], "invoiced")
        with self.refused("delete"):
            expense.action_reset()
        move.unlink()
        expense.action_reset()
        self.assertEqual(expense.state, "draft")
