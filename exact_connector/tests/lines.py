"""What the tests of a document's lines share."""

from .cases import UnlimitedCase


class LinesCase(UnlimitedCase):
    """A linked customer, a mapped tax of 21 %, and short ways to products and documents of one line."""

    def make_product(self, name="Advies", item=None, category=None):
        """A product for this company; ``item`` and ``category`` by Exact code and record."""
        product = self.env["product.product"].create(
            {"name": name, **({"categ_id": category.id} if category else {})}
        )
        if item:
            product.product_tmpl_id.exact_item_id = self.exact("item", item)
        return product

    def make_category(self, name, item=None, parent=None):
        category = self.env["product.category"].create(
            {"name": name, "parent_id": parent.id if parent else False}
        )
        if item:
            category.exact_item_id = self.exact("item", item)
        return category

    def one_line(self, tax=None, quantity=1, product=None, item=None, **values):
        """An invoice of one line of 100.00."""
        tax = self.tax_high if tax is None else tax
        line = {
            "name": "Advies",
            "quantity": quantity,
            "price_unit": 100.0,
            "product_id": product.id if product else False,
            "exact_item_id": self.exact("item", item).id if item else False,
            "tax_ids": [(6, 0, tax.ids)],
        }
        return self.invoice([line], partner=self.partner, **values)

    def setUp(self):
        super().setUp()
        self.partner = self.customer()
        self.tax_high = self.tax(21, "2")

    def assert_stopped(self, move, code, record=None):
        """Sending fails with this cause and no call; the record that mends it stands with it."""
        self.clear_calls()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "failed")
        self.assertEqual(move.exact_problem_ids.mapped("cause_id.code"), [code])
        self.assertFalse(self.calls(), "a document that cannot go costs no call")
        if record is not None:
            problem = move.exact_problem_ids
            self.assertEqual((problem.res_model, problem.res_id), (record._name, record.id))

    def line(self, move):
        """What the mapping makes of a document of one line."""
        (found,) = self.resolve(move).lines
        return found

    def booked(self, move):
        """The lines of the entry of ``move`` as Exact keeps them, after sending it."""
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        rows = [
            row
            for row in self.sim_rows("salesentry/SalesEntryLines")
            if row["EntryID"] == move.exact_entry_id
        ]
        return sorted(rows, key=lambda row: row["LineNumber"])

    def usd(self, rate=1.1):
        """US dollars, ``rate`` of them for a euro."""
        usd = self.env.ref("base.USD")
        usd.active = True
        self.env["res.currency.rate"].create(
            {
                "name": "2020-01-01",
                "rate": rate,
                "currency_id": usd.id,
                "company_id": self.company.id,
            }
        )
        return usd


def cost_centers(case):
    """Three analytic accounts of a plan of cost centres; the last has no counterpart in Exact."""
    plan = case.env["account.analytic.plan"].create(
        {"name": "Vestiging", "exact_dimension": "cost_center"}
    )
    case.connection._refresh_reference_data()
    accounts = case.env["account.analytic.account"].create(
        [{"name": name, "plan_id": plan.id} for name in "NZW"]
    )
    for account, code in zip(accounts, ("NOORD", "ZUID"), strict=False):
        account.exact_cost_center_id = case.exact("cost.center", code)
    return accounts
