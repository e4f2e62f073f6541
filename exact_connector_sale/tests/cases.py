"""What the tests of invoicing orders in Exact share."""

from odoo import Command

from odoo.addons.exact_connector.tests.cases import UnlimitedCase
from odoo.addons.exact_connector.tests.common import post
from odoo.addons.exact_connector.tests.invoice_sending import INVOICES, InvoiceSendCase

# An item of the books that has no unit and may be divided.
ITEM = "UREN"


class InvoiceCase(InvoiceSendCase, UnlimitedCase):
    """A connection that invoices in Exact, one mapped tax, a linked customer, products and orders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("sales_team.group_sale_manager")

    def setUp(self):
        super().setUp()
        self.partner = self.customer()
        self.fixed = self.make_product("Vaste prijs")
        self.delivered = self.make_product("Levering", invoice_policy="delivery")
        self.clear_calls()

    # === RECORDS === #

    def make_product(self, name, item=ITEM, **values):
        product = self.env["product.product"].create(
            {
                "name": name,
                "type": "service",
                "invoice_policy": "order",
                "list_price": 100.0,
                "taxes_id": [Command.set(self.tax_21.ids)],
                **values,
            }
        )
        if item:
            product.product_tmpl_id.exact_item_id = self.exact("item", item)
        return product

    def order(self, *lines, partner=None, confirm=True, **values):
        """An order; lines are products or dicts of line values."""
        order = self.env["sale.order"].create(
            {
                "partner_id": (partner or self.partner).id,
                "order_line": [
                    Command.create(line if isinstance(line, dict) else {"product_id": line.id})
                    for line in lines or (self.fixed,)
                ],
                **values,
            }
        )
        if confirm:
            order.action_confirm()
        return order

    def say(self, text):
        """Exact refuses the next invoice with this business text."""
        post(
            f"{self.sim.url}/_sim/say",
            {"method": "POST", "path": INVOICES, "status": 500, "text": text},
        )

    # === THE WIZARD === #

    def wizard(self, records, **values):
        """The wizard for ``records``, choices made."""
        action = self.env["exact.invoice.wizard"]._open(records)
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        if values:
            wizard.write(values)
        return wizard

    def collect(self, records=None, company=None):
        return self.env["exact.billable"]._collect(company or self.company, records)

    def left(self, records, company=None):
        """Codes of why these records are left behind."""
        return [b.left_behind.code for b in self.collect(records, company) if b.left_behind]

    def mirrors(self):
        return self.env["account.move"].search(
            [("company_id", "=", self.company.id), ("exact_route", "=", "invoice")]
        )

    def send_wizard(self, wizard):
        """Send, and what became of it: the exchanges of this selection, and the notice."""
        before = self.env["exact.exchange"].search([])
        notice = wizard.action_send()
        exchanges = self.env["exact.exchange"].search([]) - before
        return exchanges.filtered(lambda e: e.kind == "sales_invoice").sorted("id"), notice
