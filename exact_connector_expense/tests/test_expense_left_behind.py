"""What is left behind of a selection of expenses, and why (W15); where a user finds it, and who does."""

from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tools.safe_eval import safe_eval

from .common import ExpenseCase

LISTS = (
    "hr_expense.hr_expense_view_expenses_analysis_tree",
    "hr_expense.view_expenses_tree",
    "hr_expense.view_my_expenses_tree",
)


class TestExpenseLeftBehind(ExpenseCase):
    join_once = True

    def assert_left(self, expense, code, *texts):
        """Left behind for ``code``, told in words that contain ``texts``."""
        found, message = self.reason(expense)
        self.assertEqual(found, code, message)
        for text in texts:
            self.assertIn(text, message)

    # === NOT READY === #

    def test_w15_not_submitted_not_approved_and_refused(self):
        for_customer = {"exact_partner_id": self.partner.id}
        self.assert_left(self.expense(state="draft", **for_customer), "not_approved", "submitted")
        expense = self.expense(state="submitted", **for_customer)
        self.assert_left(expense, "not_approved", "not approved")
        expense.approval_state = "refused"
        self.assert_left(expense, "not_approved", "refused")
        expense.approval_state = "approved"
        self.assert_left(expense, None)

    def test_w15_approved_for_an_order_waits_for_posting_which_makes_the_order_line(self):
        order = self.order()
        expense = self.expense(sale_order_id=order.id)
        self.assert_left(expense, "not_approved", "not posted", order.name)
        self.post(expense)
        self.assert_left(expense, None)
        expense.account_move_id.button_draft()
        self.assertFalse(expense.sale_order_line_id)
        self.assert_left(expense, "not_approved", "not posted")

    def test_w15_order_set_after_posting_has_no_line_of_it(self):
        order, expense = self.order(), self.expense(state="posted")
        expense.sale_order_id = order
        self.assert_left(expense, "nothing", order.name, "has no line")

    # === NOBODY TO PAY, NOTHING TO CHARGE === #

    def test_w15_category_that_is_not_invoiced_to_customers(self):
        expense = self.expense(self.lunch, exact_partner_id=self.partner.id)
        self.assert_left(expense, "non_billable", "Lunch")
        self.assertEqual(self.one(expense).left_behind.record, self.lunch)

    def test_w15_without_customer_tells_where_to_set_one(self):
        expense = self.expense()
        self.assert_left(expense, "no_customer", "on the expense")
        account = self.analytic()
        expense.analytic_distribution = {str(account.id): 100}
        self.assert_left(expense, "no_customer", "Neither its project")
        # Only what somebody may have meant for a customer is counted in the overview.
        self.assertIn(f"hr.expense,{expense.id}", [b.key for b in self.collect()])

    def test_w15_divided_over_two_customers_and_over_two_addresses_of_one(self):
        other = self.customer(known=False, name="Van Dam")
        accounts = [self.analytic(self.partner), self.analytic(other)]
        expense = self.expense(analytic_distribution={str(account.id): 50 for account in accounts})
        self.assert_left(expense, "no_customer", "several customers", "Van Dam")
        address = self.env["res.partner"].create(
            {"name": "Administratie", "type": "invoice", "parent_id": self.partner.id}
        )
        accounts[1].partner_id = address
        self.assertEqual(self.one(expense).partner, address, "the address for invoices")

    def test_w15_no_rate_where_the_sales_price_is_zero(self):
        self.trip.list_price = 0
        trip = self.for_customer(self.trip, quantity=10)
        self.assert_left(trip, "no_rate", "Kilometers has no sales price")
        order = self.order()
        ordered = self.expense(self.trip, quantity=5, state="posted", sale_order_id=order.id)
        self.assert_left(ordered, "no_rate", order.name)

    def test_w15_money_back_that_odoo_charges_on_the_order(self):
        self.hotel.invoice_policy = "order"
        order = self.order()
        spent = self.expense(amount=100.0, sale_order_id=order.id)
        back = self.expense(amount=-30.0, sale_order_id=order.id)
        self.post(spent + back)
        self.assertEqual(back.sale_order_line_id.price_unit, 30.0, "as Odoo does it")
        self.assert_left(back, "no_rate", order.name, "negative")
        back.sale_order_line_id.price_unit = -30.0
        self.assert_left(back, None)
        self.assertEqual(self.wizard(spent + back).invoice_ids.net, 70.0)

    def test_w15_money_back_that_odoo_leaves_off_the_order_goes_by_itself_and_once(self):
        order = self.order()
        spent = self.expense(amount=100.0, sale_order_id=order.id)
        back = self.expense(amount=-30.0, sale_order_id=order.id)
        self.post(spent + back)
        self.assertEqual(back.sale_order_line_id.qty_to_invoice, 0, "as Odoo does it")
        move = self.send(spent + back)
        self.assertEqual((move.partner_id, move.amount_untaxed), (self.partner, 70.0))
        self.assertEqual(back.exact_move_id, move)
        self.assert_left(back, "in_exact")
        self.assertFalse([b for b in self.collect(order) if not b.left_behind])
        self.assertFalse(order.order_line.filtered("qty_to_invoice"))

    # === ELSEWHERE, TOO EARLY === #

    def test_w15_before_the_start_date(self):
        start = fields.Date.today() - timedelta(days=10)
        self.connection.start_date = start
        early = self.for_customer(date=start - timedelta(days=1))
        self.assert_left(early, "before_start")
        self.assert_left(self.for_customer(date=start), None)
        self.assertNotIn(f"hr.expense,{early.id}", [b.key for b in self.collect()])
        self.assert_left(self.for_customer(date=False), None)

    def test_w15_other_company_is_told_and_two_companies_in_one_selection_go_apart(self):
        company = self.env["res.company"].create({"name": "Los B.V."})
        self.env.user.company_ids += company
        allowed = [self.company.id, company.id]
        self.env = self.env(context={**self.env.context, "allowed_company_ids": allowed})
        employee = self.env["hr.employee"].create(
            {"name": "Joris", "company_id": company.id, "work_contact_id": self.partner.id}
        )
        own = self.for_customer()
        other = self.expense(
            company_id=company.id, employee_id=employee.id, exact_partner_id=self.partner.id
        )
        wizard = self.wizard(own + other)
        self.assertEqual(wizard.left_ids.mapped("left_code"), ["other_company"])
        self.assertEqual(wizard.left_ids.key, f"hr.expense,{other.id}")
        self.assertEqual(wizard.invoice_ids.net, 100.0)

    def test_w15_other_currency_only_where_the_journal_does_not_take_it(self):
        usd = self.usd()
        self.give_pricelist(usd)
        trip = self.for_customer(self.trip, quantity=100)
        self.connection.sale_journal_id = self.exact("journal", "72")
        self.assert_left(trip, None)
        self.assertEqual(self.one(trip).currency, usd)
        self.connection.sale_journal_id.sudo().allow_variable_currency = False
        self.assert_left(trip, "other_currency", "USD")
        self.assert_left(self.for_customer(), None)

    # === INVOICED === #

    def test_w15_invoiced_in_odoo_names_the_invoice(self):
        order = self.order()
        expense = self.expense(state="posted", sale_order_id=order.id)
        invoice = order._create_invoices()
        invoice.action_post()
        self.assert_left(expense, "invoiced", invoice.name)

    def test_w15_invoiced_in_exact_names_the_number_and_on_its_way_names_who(self):
        expense, other = self.for_customer(), self.for_customer()
        move = self.send(expense, print_invoice="print")
        self.assert_left(expense, "in_exact", move.exact_entry_number)
        again = self.wizard(expense)
        self.assertEqual((again.invoice_count, again.left_count), (0, 1))
        maker = self.env["exact.invoice.maker"]
        planned = maker._plan(self.collect(other), again._get_options())
        maker._make(self.connection, planned, journal=self.journal)
        self.assert_left(other, "on_its_way", self.env.user.name)

    # === SCREENS === #

    def arch(self, xmlid, user=None, view_type="list"):
        model = self.env["hr.expense"].with_user(user or self.env.user)
        return etree.fromstring(model.get_view(self.env.ref(xmlid).id, view_type)["arch"])

    def button(self, *args, **values):
        return bool(len(self.arch(*args, **values).xpath("//button[@name='action_exact_invoice']")))

    def test_r45_button_on_every_list_and_the_form_for_an_exact_user_only(self):
        approver = self.make_user("a1", "hr_expense.group_hr_expense_user")
        bookkeeper = self.make_user("b1", "account.group_account_invoice")
        form = ("hr_expense.hr_expense_view_form", "form")
        for xmlid in LISTS:
            self.assertTrue(self.button(xmlid, bookkeeper), xmlid)
            self.assertFalse(self.button(xmlid, approver), xmlid)
        self.assertTrue(self.button(form[0], bookkeeper, view_type=form[1]))
        self.assertFalse(self.button(form[0], approver, view_type=form[1]))
        actions = self.env["ir.actions.actions"]
        bound = self.env.ref("exact_connector_expense.action_hr_expense_invoice").id
        for user, there in ((bookkeeper, True), (approver, False)):
            found = actions.with_user(user).get_bindings("hr.expense").get("action", [])
            self.assertEqual(bound in [action["id"] for action in found], there)

    def test_r45_no_button_and_columns_in_a_company_that_is_not_connected(self):
        company = self.env["res.company"].create({"name": "Los B.V."})
        self.env.user.company_ids += company
        model = self.env["hr.expense"].with_context(allowed_company_ids=[company.id])
        arch = etree.fromstring(model.get_view(self.env.ref(LISTS[0]).id, "list")["arch"])
        self.assertFalse(
            arch.xpath("//*[starts-with(@name, 'exact_') or @name='action_exact_invoice']")
        )

    def test_r45_approver_without_accounting_rights_is_refused_on_the_server(self):
        approver = self.make_user("a1", "hr_expense.group_hr_expense_user")
        expense = self.for_customer()
        for call in ("action_exact_invoice", "action_exact_open_invoice"):
            with self.assertRaises(AccessError):
                getattr(expense.with_user(approver), call)()
        # What the screens show must not need rights to the invoices.
        values = expense.with_user(approver).read(
            ["exact_kind", "exact_partner_hint", "exact_invoice_state", "exact_invoice_pdf"]
        )
        self.assertEqual(values[0]["exact_kind"], "expense")

    def test_r45_exact_user_without_expense_rights_invoices_from_uninvoiced_only(self):
        user = self.make_user("u1", "exact_connector.group_exact_user")
        expense = self.for_customer()
        with self.assertRaises(AccessError):
            expense.with_user(user).action_exact_invoice()
        action = (
            self.env["exact.invoice.wizard"]
            .with_user(user)
            ._open_keys(self.company, [f"hr.expense,{expense.id}"])
        )
        wizard = self.env["exact.invoice.wizard"].with_user(user).browse(action["res_id"])
        wizard.action_send()
        self.assertTrue(expense.exact_move_id.exact_invoice_id)
        other = self.env["res.company"].create({"name": "Los B.V."})
        with self.assertRaises(AccessError):
            wizard._open_keys(other, [f"hr.expense,{expense.id}"])

    def test_r16_expense_category_form_and_list_offer_the_item_to_an_exact_user(self):
        for xmlid, view_type in (
            ("hr_expense.product_product_expense_form_view", "form"),
            ("hr_expense.product_product_expense_categories_tree_view", "list"),
        ):
            arch = self.env["product.product"].get_view(self.env.ref(xmlid).id, view_type)["arch"]
            self.assertTrue(etree.fromstring(arch).xpath("//field[@name='exact_item_id']"))
        self.assertTrue(self.hotel.exact_is_sold, "though it is not sold by itself")
        self.assertEqual(self.hotel.exact_item_id.code, "REIS")

    def test_r46_trips_filter_and_filters_for_what_is_to_be_invoiced(self):
        expense, trip = self.for_customer(), self.for_customer(self.trip, quantity=10)
        done = self.for_customer()
        self.send(done)
        own = self.expense(self.lunch)
        arch = self.arch("hr_expense.hr_expense_view_search", view_type="search")
        everything = expense + trip + done + own
        found = {}
        for name in ("exact_trips", "exact_to_invoice", "exact_invoiced"):
            (node,) = arch.xpath(f"//filter[@name='{name}']")
            domain = [*safe_eval(node.get("domain")), ("id", "in", everything.ids)]
            found[name] = self.env["hr.expense"].search(domain)
        self.assertEqual(found["exact_trips"], trip)
        self.assertEqual(found["exact_to_invoice"], expense + trip)
        self.assertEqual(found["exact_invoiced"], done)
