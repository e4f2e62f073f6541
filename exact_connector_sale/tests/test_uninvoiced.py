"""The overview "Uninvoiced": who is still to be invoiced what, and what of it can be chosen (R47, W15)."""

from decimal import Decimal
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.exact_connector.tests.cases import UnlimitedCase

from ..billable import Billable, LeftBehind


@tagged("post_install", "-at_install")
class UninvoicedCase(UnlimitedCase):
    """Billables of any kind without the apps that know them: the overview adds up what it is told."""

    def setUp(self):
        super().setUp()
        self.connection.invoicing = True
        self.user = self.make_user("kantoor", "exact_connector.group_exact_user")
        self.bakery = self.customer()
        self.garage = self.customer(known=False, name="Garage Van Dam")
        self.told = []
        patcher = patch.object(
            self.env.registry["exact.billable"],
            "_collect",
            lambda _self, company, records=None: [
                b
                for b in self.told
                if b.company.id == company.id
                and (records is None or (b.record._name == records._name and b.record in records))
            ],
        )
        patcher.start()
        self.addCleanup(patcher.stop)
        self.uninvoiced = self.env["exact.uninvoiced"].with_user(self.user)

    def tell(self, kind, net, partner=None, left=None, quantity=1, date="2026-03-10", **values):
        """Something to invoice; a record of its own stands for the hour, expense or order line."""
        record = self.env["res.partner.category"].create({"name": f"{kind} {len(self.told)}"})
        billable = Billable(
            key=f"{record._name},{record.id}",
            kind=kind,
            record=record,
            company=values.pop("company", self.company),
            partner=self.bakery if partner is None else partner,
            currency=values.pop("currency", self.company.currency_id),
            date=fields.Date.to_date(date),
            name=values.pop("name", f"Werk {len(self.told)}"),
            product=self.env["product.product"],
            quantity=Decimal(str(quantity)),
            uom=values.pop("uom", self.env.ref("uom.product_uom_hour")),
            price_unit=float(net),
            taxes=self.env["account.tax"],
            net=Decimal(str(net)),
            left_behind=LeftBehind(left, f"because {left}", self.bakery) if left else None,
            **values,
        )
        self.told.append(billable)
        return billable

    def rows(self, **context):
        """The rows as the list reads them, by customer."""
        self.uninvoiced._fill()
        found = self.uninvoiced.with_context(**context).search([])
        return {row.name: row for row in found}

    def opened(self):
        """Opening the wizard only notes what it was opened with."""
        calls = []
        patcher = patch.object(
            self.env.registry["exact.invoice.wizard"],
            "_open_keys",
            lambda wizard, company, keys, options=None: calls.append((company, keys)) or {},
        )
        patcher.start()
        self.addCleanup(patcher.stop)
        return calls


class TestUninvoiced(UninvoicedCase):
    join_once = True

    def test_r47_one_row_a_customer_with_its_kinds_side_by_side(self):
        self.tell("hours", "95.10", quantity="1.5")
        self.tell("hours", "95.20", quantity="0.25")
        self.tell("expense", "12.10")
        self.tell("trip", "7.59", partner=self.garage)
        self.tell("milestone", "4000", partner=self.garage, date="2026-01-31")
        rows = self.rows()
        self.assertEqual(set(rows), {"Bakkerij Jansen", "Garage Van Dam"})
        bakery, garage = rows["Bakkerij Jansen"], rows["Garage Van Dam"]
        self.assertEqual((bakery.hours, bakery.amount_hours), (1.75, 190.30))
        self.assertEqual((bakery.amount_expense, bakery.amount_trip), (12.10, 0))
        self.assertEqual((bakery.amount_total, bakery.billable_count), (202.40, 3))
        self.assertEqual((garage.amount_trip, garage.amount_milestone), (7.59, 4000))
        self.assertEqual(garage.date_first, fields.Date.to_date("2026-01-31"))

    def test_r47_addresses_of_one_customer_share_a_row_and_currencies_do_not(self):
        address = self.env["res.partner"].create(
            {"name": "Crediteuren", "type": "invoice", "parent_id": self.bakery.id}
        )
        dollar = self.env.ref("base.USD")
        self.tell("fixed", 100)
        self.tell("fixed", 50, partner=address)
        self.tell("fixed", 10, currency=dollar)
        self.uninvoiced._fill()
        found = self.uninvoiced.search([])
        self.assertEqual(found.partner_id, self.bakery)
        self.assertEqual(
            {(row.currency_id.name, row.amount_total) for row in found}, {("EUR", 150), ("USD", 10)}
        )

    def test_r47_days_count_as_hours_and_a_thousand_cents_add_up(self):
        self.tell("hours", "400", quantity=1, uom=self.env.ref("uom.product_uom_day"))
        for _number in range(100):
            self.tell("delivered", "0.07")
        row = self.rows()["Bakkerij Jansen"]
        self.assertEqual((row.hours, row.amount_delivered, row.amount_total), (8, 7.0, 407.0))

    def test_w15_what_waits_for_someone_is_counted_and_explained_what_never_comes_is_not(self):
        self.tell("hours", 95)
        self.tell("hours", 95, left="not_approved")
        self.tell("expense", 10, left="no_item", partner=self.garage)
        for code in (
            "invoiced",
            "in_exact",
            "on_its_way",
            "non_billable",
            "fixed_price",
            "nothing",
        ):
            self.tell("hours", 95, left=code)
        rows = self.rows()
        bakery, garage = rows["Bakkerij Jansen"], rows["Garage Van Dam"]
        self.assertEqual((bakery.amount_total, bakery.left_count), (95, 1))
        self.assertEqual((garage.amount_total, garage.left_count), (0, 1))
        # Nothing can be taken of it: pressing "Invoice" tells why
        action = garage.action_invoice()
        line = self.env["exact.uninvoiced.line"].with_user(self.user).search(action["domain"])
        self.assertEqual(line.left_message, "because no_item")
        mend = line.with_user(self.env.user).action_mend()
        self.assertEqual((mend["res_model"], mend["res_id"]), ("res.partner", self.bakery.id))

    def test_w15_without_a_customer_it_still_shows(self):
        self.tell("hours", 95, partner=self.env["res.partner"], left="no_customer")
        row = self.rows()["No customer yet"]
        self.assertEqual((row.left_count, row.billable_count), (1, 0))

    def test_r47_the_wizard_gets_exactly_what_stands_in_the_chosen_rows(self):
        calls = self.opened()
        ours = [
            self.tell("hours", 95),
            self.tell("expense", 10),
            self.tell("trip", 3, left="no_item"),
        ]
        self.tell("hours", 50, partner=self.garage)
        row = self.rows()["Bakkerij Jansen"]
        # Written after the rows were shown: not taken unseen
        self.tell("hours", 1000)
        row.action_invoice()
        self.assertEqual(calls, [(self.company, [b.key for b in ours])])

    def test_r47_line_by_line_and_a_few_of_them_chosen(self):
        calls = self.opened()
        first = self.tell("hours", 95, quantity="1.25", name="Overleg\nmet klant")
        self.tell("expense", 10)
        self.tell("trip", 3, left="no_item")
        action = self.rows()["Bakkerij Jansen"].action_open_lines()
        lines = self.env["exact.uninvoiced.line"].with_user(self.user).search(action["domain"])
        self.assertEqual(action["name"], "Bakkerij Jansen")
        self.assertEqual(
            sorted((line.kind, line.net, line.left_message) for line in lines),
            [("expense", 10, False), ("hours", 95, False), ("trip", 3, "because no_item")],
        )
        hours = lines.filtered(lambda line: line.kind == "hours")
        self.assertEqual((hours.quantity, hours.name), (1.25, "Overleg"))
        hours.action_invoice()
        self.assertEqual(calls, [(self.company, [first.key])])

    def test_r47_all_lines_of_everyone_without_choosing_rows(self):
        self.tell("hours", 95)
        self.tell("hours", 50, partner=self.garage)
        self.rows()
        action = self.uninvoiced.action_open_lines()
        lines = self.env["exact.uninvoiced.line"].with_user(self.user).search(action["domain"])
        self.assertEqual(lines.partner_id, self.bakery | self.garage)

    def test_r49_what_someone_took_meanwhile_is_told_line_by_line(self):
        taken = self.tell("hours", 95)
        row = self.rows()["Bakkerij Jansen"]
        taken.left_behind = LeftBehind("on_its_way", "taken by Anouk")
        action = row.action_open_lines()
        line = self.env["exact.uninvoiced.line"].with_user(self.user).search(action["domain"])
        self.assertEqual(line.left_message, "taken by Anouk")

    @freeze_time("2026-03-12 12:00:00")
    def test_r47_until_the_end_of_last_month_or_week(self):
        self.tell("hours", 1, date="2026-02-28")
        self.tell("hours", 10, date="2026-03-08")
        self.tell("hours", 100, date="2026-03-09")
        calls = self.opened()
        total = {
            until: self.rows(exact_until=until)["Bakkerij Jansen"].amount_total
            for until in ("now", "month", "week")
        }
        self.assertEqual(total, {"now": 111, "month": 1, "week": 11})
        self.rows(exact_until="month")["Bakkerij Jansen"].action_invoice()
        self.assertEqual(calls[0][1], [self.told[0].key])

    def test_r47_rows_keep_their_place_when_collected_again_and_vanish_when_invoiced(self):
        self.tell("hours", 95)
        other = self.tell("hours", 50, partner=self.garage)
        before = self.rows()
        self.told.remove(other)
        self.tell("expense", 5)
        after = self.rows()
        self.assertEqual(after, {"Bakkerij Jansen": before["Bakkerij Jansen"]})
        self.assertEqual(after["Bakkerij Jansen"].amount_total, 100)
        with self.assertRaisesRegex(UserError, "Refresh"):
            before["Garage Van Dam"].action_invoice()

    def test_r47_coming_back_after_an_invoice_was_asked_for_shows_the_rest(self):
        taken = self.tell("hours", 95)
        spec = {"amount_total": {}}
        self.assertEqual(self.uninvoiced.web_search_read([], spec)["length"], 1)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE exact_uninvoiced SET checked_on = checked_on - interval '1 min'"
        )
        self.uninvoiced.invalidate_model()
        self.told.remove(taken)
        # Nothing happened since: not collected again at every sorting
        self.assertEqual(self.uninvoiced.web_search_read([], spec)["length"], 1)
        self.env["exact.exchange"].sudo().create(
            {"connection_id": self.connection.id, "kind": "sales_invoice"}
        )
        self.assertEqual(self.uninvoiced.web_search_read([], spec)["length"], 0)

    def test_r47_an_overview_is_its_readers_own_and_for_exact_users_only(self):
        self.tell("hours", 95)
        row = self.rows()["Bakkerij Jansen"]
        colleague = self.make_user("collega", "exact_connector.group_exact_user")
        self.assertFalse(self.env["exact.uninvoiced"].with_user(colleague).search([]))
        with self.assertRaises(AccessError):
            row.with_user(colleague).action_invoice()
        stranger = self.make_user("verkoper", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            self.env["exact.uninvoiced"].with_user(stranger).action_open()
        with self.assertRaises(AccessError):
            row.with_user(stranger).action_invoice()
        with self.assertRaises(AccessError):
            row.write({"keys": ["sale.order.line,1"]})

    def test_r47_companies_apart_and_one_at_a_time(self):
        other, _connection = self.other_company()
        self.user.company_ids += other
        self.tell("hours", 95)
        self.tell("hours", 7, company=other, partner=self.garage)
        both = [self.company.id, other.id]
        self.uninvoiced = self.uninvoiced.with_context(allowed_company_ids=both)
        rows = self.rows()
        self.assertEqual({row.company_id for row in rows.values()}, {self.company, other})
        with self.assertRaisesRegex(UserError, "one company at a time"):
            (rows["Bakkerij Jansen"] | rows["Garage Van Dam"]).action_invoice()
        alone = self.uninvoiced.with_context(allowed_company_ids=[self.company.id])
        self.assertEqual(alone.search([]).company_id, self.company)

    def test_r47_ten_thousand_things_of_fifty_customers_take_few_queries(self):
        first = self.tell("hours", "0.95")
        customers = self.env["res.partner"].create([{"name": f"Klant {n}"} for n in range(50)])
        self.told = [
            Billable(**{**vars(first), "key": f"x,{n}", "partner": customers[n % 50]})
            for n in range(10_000)
        ]
        self.uninvoiced._fill()
        self.told.pop()
        with self.assertQueryCount(40):
            self.uninvoiced.with_user(self.user)._fill()
            self.env.flush_all()
        self.assertEqual(len(self.uninvoiced.search([])), 50)

    def test_r47_kinds_of_apps_that_are_not_there_have_no_column(self):
        with patch.object(
            self.env.registry["exact.uninvoiced"], "_kinds", lambda _self: ["fixed", "delivered"]
        ):
            for kind in ("list", "kanban", "search"):
                arch, _view = self.env["exact.uninvoiced"]._get_view(None, kind)
                text = self.env["ir.qweb"]._fields and "".join(arch.itertext())
                names = {node.get("name") for node in arch.iter() if node.get("name")}
                self.assertFalse(names & {"hours", "amount_hours", "amount_trip", "trip"}, text)
                self.assertTrue(names & {"amount_fixed", "fixed"})

    def test_r47_nothing_connected_says_so(self):
        self.connection.active = False
        action = self.uninvoiced.action_open()
        self.assertIn("Not connected", action["help"])
