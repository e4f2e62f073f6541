from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .cases import ITEM, InvoiceCase


@tagged("post_install", "-at_install")
class TestLeftBehind(InvoiceCase):
    """What is not taken, each reason once, with the record that mends it (W15)."""

    def reason(self, records, code, mend=None, *words):
        """``records`` are left behind for this reason alone; the wizard says so and opens what mends it."""
        wizard = self.wizard(records)
        row = wizard.left_ids
        self.assertEqual(row.mapped("left_code"), [code], row.mapped("reason"))
        self.assertFalse(wizard.invoice_count)
        for word in words:
            self.assertIn(word, row.reason)
        if mend is not None:
            action = row.action_open()
            wanted = (mend._name, mend.id)
            if mend == self.connection:
                wanted = ("res.config.settings", 0)
            self.assertEqual((action["res_model"], action["res_id"]), wanted)
        return wizard

    def test_w15_nothing_delivered_yet(self):
        order = self.order(self.delivered)
        self.reason(order, "nothing", order, "Nothing to invoice yet")

    def test_w15_a_quotation(self):
        order = self.order(confirm=False)
        self.reason(order, "nothing", order, "quotation")

    def test_w15_a_cancelled_order(self):
        order = self.order()
        order._action_cancel()
        self.reason(order, "nothing", order, "cancelled")

    def test_w15_another_company(self):
        order = self.order()
        other, connection = self.other_company()
        connection.invoicing = True
        self.env.user.company_id = other
        wizard = self.env["exact.invoice.wizard"].with_company(other)
        action = wizard._open(order.with_env(wizard.env))
        row = wizard.browse(action["res_id"]).left_ids
        self.assertEqual(row.left_code, "other_company")
        self.assertIn(self.company.name, row.reason)

    def test_w15_two_companies_in_one_selection_the_active_ones_are_taken(self):
        own = self.order()
        other, _connection = self.other_company()
        partner = self.env["res.partner"].create({"name": "Zuid", "company_id": False})
        theirs = self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "company_id": other.id,
                "order_line": [
                    Command.create(
                        {
                            "name": "Werk",
                            "price_unit": 50,
                            "product_id": self.fixed.id,
                            "tax_ids": False,
                        }
                    )
                ],
            }
        )
        theirs.action_confirm()
        wizard = self.wizard(
            (own | theirs).with_context(allowed_company_ids=[self.company.id, other.id])
        )
        self.assertEqual(wizard.invoice_count, 1)
        self.assertEqual(wizard.line_ids.mapped("key"), [f"sale.order.line,{own.order_line.id}"])
        self.assertEqual(wizard.left_ids.mapped("left_code"), ["other_company"])

    def test_r03_keys_of_another_company_tell_nothing(self):
        """A window that was made with crafted keys: the names and texts of their orders are not told as left behind."""
        order = self.order()
        key = f"sale.order.line,{order.order_line.id}"
        other, connection = self.other_company()
        connection.invoicing = True
        stranger = self.make_user("vreemde", "exact_connector.group_exact_user", company=other)
        wizards = self.env["exact.invoice.wizard"].with_user(stranger)
        wizards = wizards.with_context(allowed_company_ids=other.ids)
        wizard = wizards.browse(wizards._open_keys(other, [])["res_id"])
        wizard.write({"keys": [key]})
        wizard.action_refresh()
        self.assertFalse(wizard.left_ids or wizard.invoice_ids)
        self.assertNotIn(self.company.name, str(wizard.read()))
        # Nor does an item of theirs tell its name, whichever way it is given.
        item = self.exact("item", ITEM)
        own = self.order(company_id=other.id, partner=self.env["res.partner"].create({"name": "Z"}))
        wizard = wizards.browse(
            wizards._open_keys(other, [f"sale.order.line,{own.order_line.id}"])["res_id"]
        )
        [line] = wizard.invoice_ids.line_ids
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            line.item_id = item.id
        number = f"{wizard.invoice_ids.key}/{line.key}"
        wizard.write({"edits": {"lines": {number: {"item_id": item.id}}}})
        wizard.action_refresh()
        self.assertNotEqual(wizard.invoice_ids.line_ids.item_id, item)
        wizard.write({"keys": [key]})
        # Whoever works in both is told where it belongs.
        stranger.company_ids += self.company
        wizard.action_refresh()
        self.assertEqual(wizard.left_ids.left_code, "other_company")

    def test_w15_invoiced_in_odoo(self):
        order = self.order()
        move = order._create_invoices()
        move.action_post()
        self.reason(order, "invoiced", move, move.name)

    def test_w15_on_a_draft_in_exact_and_then_printed(self):
        order = self.order()
        self.wizard(order).action_send()
        mirror = self.mirrors()
        self.reason(order, "in_exact", mirror, "draft", self.env.user.name)
        mirror.action_exact_print_invoice()
        self.reason(order, "in_exact", mirror, mirror.exact_entry_number)

    def test_w15_on_its_way(self):
        order = self.order()
        self.fault("drop_after", path="salesinvoice/SalesInvoices")
        self.wizard(order).action_send()
        self.reason(order, "on_its_way", self.mirrors(), self.env.user.name)

    def test_w15_before_the_start_date(self):
        order = self.order()
        order.date_order = "2019-12-31 12:00:00"
        self.reason(order, "before_start", self.connection, "2019-12-31")

    def test_w15_a_currency_that_the_exact_journal_does_not_take(self):
        usd = self.env.ref("base.USD")
        usd.active = True
        pricelist = self.env["product.pricelist"].create({"name": "USD", "currency_id": usd.id})
        order = self.order(pricelist_id=pricelist.id)
        journal = self.connection.sale_journal_id
        journal.sudo().allow_variable_currency = False
        self.reason(order, "other_currency", journal, "USD", "EUR")

    def test_w15_no_item_for_the_product_and_no_default(self):
        self.connection.default_item_id = False
        product = self.make_product("Zonder artikel", item=None)
        wizard = self.reason(
            self.order(product), "no_item", product.product_tmpl_id, "Zonder artikel"
        )
        product.product_tmpl_id.exact_item_id = self.exact("item", ITEM)
        wizard.action_refresh()
        self.assertFalse(wizard.left_ids)
        self.assertEqual(wizard.invoice_count, 1)

    def test_w15_what_is_invoiced_long_ago_is_not_in_everything_uninvoiced(self):
        done, open_ = self.order(), self.order()
        done._create_invoices().action_post()
        keys = [b.key for b in self.collect()]
        self.assertIn(f"sale.order.line,{open_.order_line.id}", keys)
        self.assertNotIn(f"sale.order.line,{done.order_line.id}", keys)
