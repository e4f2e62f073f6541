import json
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .cases import ITEM, InvoiceCase


@tagged("post_install", "-at_install")
class TestWizard(InvoiceCase):
    """What the wizard shows is what Exact gets (R44-R48)."""

    def stops(self, wizard):
        return [one["message"] for one in wizard.problems or [] if one["blocking"]]

    def test_r47_fixed_price_delivered_and_milestone_become_one_invoice(self):
        values = {"invoice_policy": "delivery", "service_type": "milestones"}
        milestone = self.make_product("Mijlpaal", service_tracking="project_only", **values)
        order = self.order(
            self.fixed,
            {"product_id": self.delivered.id, "product_uom_qty": 10},
            {"product_id": milestone.id, "product_uom_qty": 1},
        )
        order.order_line[1].qty_delivered = 4
        self.env["project.milestone"].sudo().search(
            [("sale_line_id", "=", order.order_line[2].id)]
        ).is_reached = True
        kinds = {b.order_line: b.kind for b in self.collect(order)}
        self.assertEqual(list(kinds.values()), ["fixed", "delivered", "milestone"])
        wizard = self.wizard(order)
        self.assertEqual(wizard.invoice_count, 1, wizard.left_ids.mapped("reason"))
        self.assertEqual(sorted(wizard.invoice_line_ids.mapped("quantity")), [1.0, 1.0, 4.0])
        self.assertEqual(wizard.invoice_ids.total, 726.0)
        self.assertFalse(self.stops(wizard))
        self.assertFalse(self.mirrors(), "nothing stays of the preview")
        self.assertEqual(order.order_line.mapped("qty_invoiced"), [0.0] * 3)
        self.assertFalse(self.calls())
        exchange, _notice = self.send_wizard(wizard)
        self.assertEqual(exchange.state, "done", exchange.message)
        self.assertEqual(self.in_exact()[0]["AmountFC"], "726.00")
        self.assertEqual(exchange.move_id.exact_state, "draft", exchange.notes)
        self.assertEqual(order.order_line.mapped("qty_invoiced"), [1.0, 4.0, 1.0])
        self.assertEqual(order.invoice_status, "no")
        self.assertEqual(order.invoice_ids, self.mirrors())

    def test_r48_what_is_shown_is_sent_byte_for_byte(self):
        order = self.order(
            self.fixed,
            {
                "product_id": self.fixed.id,
                "discount": 10,
                "price_unit": 33.33,
                "product_uom_qty": 3,
            },
            client_order_ref="PO 4711",
        )
        wizard = self.wizard(order)
        shown = wizard.invoice_ids.payload
        self.assertEqual(shown["Description"], "PO 4711")
        self.clear_calls()
        self.send_wizard(wizard)
        (body,) = self.bodies("salesinvoice/SalesInvoices")
        self.assertTrue(body.pop("YourRef"))
        shown.pop("YourRef", None)
        self.assertEqual(json.dumps(body), json.dumps(shown))

    def test_r48_edits_reach_exact_and_odoo_alike_and_survive_another_plan(self):
        order = self.order(self.fixed, {"product_id": self.fixed.id, "discount": 20})
        wizard = self.wizard(order)
        first, second = wizard.invoice_line_ids
        due = fields.Date.context_today(wizard) + timedelta(days=7)
        wizard.write(
            {
                "invoice_line_ids": [
                    Command.update(
                        first.id, {"name": "Anders", "item_id": self.exact("item", "ALG").id}
                    ),
                    Command.update(second.id, {"net_price": 75}),
                ],
                "invoice_ids": [
                    Command.update(
                        wizard.invoice_ids.id, {"reference": "Kenmerk", "invoice_date_due": due}
                    )
                ],
            }
        )
        self.assertEqual(wizard.invoice_line_ids.mapped("net"), [100.0, 75.0])
        self.assertEqual(wizard.invoice_ids.total, 211.75)
        self.assertTrue(wizard.edited)
        wizard.print_invoice = "print"
        wizard.line_mode = "total"
        wizard.line_mode = "task"
        self.assertEqual(wizard.invoice_line_ids[0].name, "Anders")
        self.send_wizard(wizard)
        mirror = self.mirrors()
        self.assertEqual(mirror.invoice_line_ids.mapped("price_subtotal"), [100.0, 75.0])
        self.assertEqual(mirror.ref, "Kenmerk")
        self.assertEqual(mirror.invoice_date_due, due)
        (invoice,) = self.in_exact()
        self.assertEqual(invoice["Description"], "Kenmerk")
        self.assertEqual([line["ItemCode"] for line in invoice["lines"]], ["ALG", ITEM])

    def test_r48_a_net_price_on_a_price_including_vat_gives_that_net(self):
        included = self.tax(21, "2", price_include_override="tax_included")
        order = self.order(
            {"product_id": self.fixed.id, "price_unit": 121, "tax_ids": [Command.set(included.ids)]}
        )
        wizard = self.wizard(order)
        self.assertEqual(wizard.invoice_line_ids.net_price, 100.0)
        wizard.write(
            {"invoice_line_ids": [Command.update(wizard.invoice_line_ids.id, {"net_price": 90})]}
        )
        self.assertEqual(wizard.invoice_line_ids.net, 90.0)
        self.assertEqual(wizard.invoice_ids.total, 108.9)

    def test_r49_an_address_a_currency_and_the_grouping_each_make_an_invoice_of_their_own(self):
        address = self.env["res.partner"].create(
            {"name": "Filiaal", "type": "invoice", "parent_id": self.partner.id, "city": "Breda"}
        )
        own = {"partner_invoice_id": self.partner.id}
        orders = self.order(**own) | self.order(**own) | self.order(partner_invoice_id=address.id)
        wizard = self.wizard(orders)
        self.assertEqual(wizard.invoice_count, 2)
        self.assertEqual(set(wizard.invoice_ids.partner_id), {self.partner, address})
        self.assertEqual(wizard.invoice_ids.customer_id, self.partner)
        wizard.grouping = "order"
        self.assertEqual(wizard.invoice_count, 3)
        exchanges, _notice = self.send_wizard(wizard)
        self.assertEqual(set(exchanges.move_id.mapped("exact_state")), {"draft"})
        self.assertEqual(len(self.in_exact()), 3)

    def test_unticked_is_not_sent_and_stays_free(self):
        orders = self.order() | self.order()
        wizard = self.wizard(orders)
        row = wizard.line_ids[1]
        wizard.write({"line_ids": [Command.update(row.id, {"selected": False})]})
        self.assertEqual(wizard.line_count, 1)
        self.send_wizard(wizard)
        self.assertEqual(self.in_exact()[0]["AmountFC"], "121.00")
        self.assertEqual(len([b for b in self.collect(orders) if not b.left_behind]), 1)

    def test_a_down_payment_is_taken_off_and_a_negative_total_becomes_a_credit_invoice(self):
        order = self.order({"product_id": self.delivered.id, "product_uom_qty": 10})
        self.env["sale.advance.payment.inv"].with_context(
            active_model="sale.order", active_ids=order.ids
        ).create({"advance_payment_method": "fixed", "fixed_amount": 242}).create_invoices()
        order.invoice_ids.action_post()
        order.order_line[0].qty_delivered = 5
        wizard = self.wizard(order)
        self.assertEqual(wizard.invoice_ids.net, 300.0)
        order.order_line[0].qty_delivered = 1
        wizard.action_refresh()
        self.assertTrue(wizard.invoice_ids.credit)
        self.assertEqual(wizard.invoice_ids.net, -100.0)
        exchange, _notice = self.send_wizard(wizard)
        self.assertEqual(exchange.move_id.move_type, "out_refund")
        self.assertEqual(exchange.state, "done", exchange.message)
        self.assertEqual(self.left(order), ["in_exact"])

    def test_zero_prices_go_along(self):
        order = self.order(self.fixed, {"product_id": self.fixed.id, "price_unit": 0})
        exchange, _notice = self.send_wizard(self.wizard(order))
        self.assertEqual(exchange.state, "done", exchange.message)
        self.assertEqual(len(self.in_exact()[0]["lines"]), 2)

    def test_an_invoice_with_a_problem_stays_and_the_others_go(self):
        broken = self.make_product("Bitwaar")
        broken.taxes_id = self.tax(9)
        other = self.customer(known=False, name="Andere klant")
        wizard = self.wizard(self.order() | self.order(broken, partner=other))
        self.assertEqual((wizard.invoice_count, wizard.ready_count), (2, 1))
        (problem,) = [one for one in wizard.problems if one["blocking"]]
        self.assertEqual((problem["model"], problem["id"]), ("account.tax", broken.taxes_id.id))
        self.assertIn("Andere klant", problem["why"])
        exchanges, notice = self.send_wizard(wizard)
        self.assertEqual(exchanges.mapped("state"), ["done"])
        self.assertIn("1 skipped", notice["params"]["title"])
        self.assertEqual(len(self.in_exact()), 1)

    def test_a_customer_that_exact_blocked_is_shown_and_frees(self):
        order = self.order()
        self.accountant("block-account", account="1")
        exchange, _notice = self.send_wizard(self.wizard(order))
        self.assertEqual(exchange.state, "failed", exchange.message)
        self.assertFalse(self.mirrors())
        self.assertEqual(self.left(order), [])

    def test_a_placeholder_that_does_not_exist_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "wie"):
            self.wizard(self.order(), description_template="{wie}")

    def test_r50_without_the_licence_the_same_plan_becomes_ordinary_drafts(self):
        order = self.order(client_order_ref="PO 1")
        # Known to be missing, nobody is asked to switch it on first.
        self.connection.invoicing = False
        probes = self.connection.probe_ids.sudo()
        probes.filtered(lambda probe: "SalesInvoices" in probe.resource).state = "licence"
        self.assertEqual(self.connection.invoice_licence, "missing")
        wizard = self.wizard(order)
        self.assertEqual(wizard.way, "licence")
        self.assertEqual(wizard.invoice_count, 1)
        action = wizard.action_invoice_in_odoo()
        move = self.env["account.move"].browse(action["res_id"])
        self.assertEqual((move.state, move.exact_route, move.ref), ("draft", "entry", "PO 1"))
        self.assertFalse(move.journal_id.exact_invoices)
        self.assertEqual(self.left(order), ["invoiced"])
        self.assertFalse(self.in_exact())
