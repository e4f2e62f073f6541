from unittest.mock import patch

from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tests import tagged

from .cases import INVOICES, ITEM, InvoiceCase


@tagged("post_install", "-at_install")
class TestTaken(InvoiceCase):
    """Used lines are taken once; a failure frees them, a wait keeps them (R49)."""

    join_once = True

    def assert_free(self, order):
        self.assertFalse(self.mirrors())
        self.assertEqual(order.order_line.mapped("qty_invoiced"), [0.0])
        self.assertEqual(self.left(order), [])

    def test_r49_two_people_same_order_one_wins_other_is_told(self):
        order = self.order()
        first, second = self.wizard(order), self.wizard(order)
        self.send_wizard(first)
        exchanges, answer = self.send_wizard(second)
        self.assertFalse(exchanges)
        self.assertEqual(answer["res_id"], second.id)
        self.assertIn("look again", second.message)
        self.assertIn(self.env.user.name, second.message)
        self.assertEqual(second.left_ids.left_code, "in_exact")
        self.assertEqual(len(self.in_exact()), 1)

    def test_r49_while_somebody_else_holds_the_lines_the_request_is_run_again(self):
        wizard = self.wizard(self.order())
        model = self.env.registry["sale.order.line"]
        with (
            patch.object(model, "try_lock_for_update", lambda self, **kw: self.browse()),
            self.assertRaises(ConcurrencyError),
        ):
            wizard.action_send()
        self.assertFalse(self.mirrors())

    def test_r49_the_same_selection_again_gives_nothing_with_the_reason(self):
        order = self.order()
        self.wizard(order).action_send()
        wizard = self.wizard(order)
        self.assertFalse(wizard.invoice_count)
        self.assertEqual(wizard.left_ids.mapped("left_code"), ["in_exact"])
        with self.assertRaisesRegex(UserError, "nothing to invoice"):
            wizard.action_send()

    def test_r49_a_refusal_of_exact_frees_what_was_taken(self):
        order = self.order()
        self.say("Item: bestaat niet")
        exchange, notice = self.send_wizard(self.wizard(order))
        self.assertEqual(exchange.state, "failed")
        self.assertNotEqual(notice["params"]["type"], "success")
        self.assert_free(order)
        self.assertFalse(self.in_exact())

    def test_r49_an_item_blocked_in_exact_after_it_was_shown_fails_and_frees(self):
        order = self.order()
        wizard = self.wizard(order)
        self.accountant("block-item", code=ITEM)
        exchange, _notice = self.send_wizard(wizard)
        self.assertEqual(exchange.state, "failed", exchange.message)
        self.assert_free(order)
        self.assertFalse(self.in_exact())

    def test_r49_an_item_archived_after_it_was_shown_stops_before_anything_is_taken(self):
        order = self.order()
        wizard = self.wizard(order)
        self.exact("item", ITEM).sudo().active = False
        self.clear_calls()
        exchanges, _answer = self.send_wizard(wizard)
        self.assertFalse(exchanges)
        self.assertIn("changed", wizard.message)
        self.assertTrue([one for one in wizard.problems if one["blocking"]])
        self.assert_free(order)
        self.assertFalse(self.calls())

    def test_r49_a_lost_answer_keeps_what_was_taken(self):
        order = self.order()
        self.fault("drop_after", path=INVOICES)
        exchange, _notice = self.send_wizard(self.wizard(order))
        self.assertEqual(exchange.state, "unclear")
        self.assertEqual(order.order_line.qty_invoiced, 1)
        self.assertEqual(self.left(order), ["on_its_way"])
        with self.later(3600):
            exchange.action_retry()
        self.assertEqual(exchange.state, "done", exchange.message)
        self.assertEqual(len(self.in_exact()), 1)

    def test_r49_cancelled_in_exact_it_can_be_invoiced_again(self):
        order = self.order()
        self.wizard(order).action_send()
        self.mirrors().action_exact_cancel_invoice()
        self.assert_free(order)
        self.send_wizard(self.wizard(order))
        self.assertEqual(len(self.in_exact()), 1)

    def test_r49_a_failure_opens_the_same_selection_with_the_same_choices(self):
        order = self.order(self.fixed, self.fixed)
        wizard = self.wizard(order, grouping="order", line_mode="day", print_invoice="print")
        wizard.invoice_line_ids[0].write({"name": "Eigen tekst", "net_price": 80})
        wizard.write({"invoice_date": wizard.invoice_date})
        wizard.invoice_ids.reference = "Eigen kenmerk"
        self.say("Nee")
        exchange, _notice = self.send_wizard(wizard)
        self.assertEqual(exchange.state, "failed")
        action = exchange.action_retry()
        again = self.env["exact.invoice.wizard"].browse(action["res_id"])
        self.assertEqual(again.grouping, "order")
        self.assertEqual(again.line_mode, "day")
        self.assertEqual(again.print_invoice, "print")
        self.assertEqual(again.invoice_line_ids[0].name, "Eigen tekst")
        self.assertEqual(again.invoice_line_ids.mapped("net_price"), [80.0, 100.0])
        self.assertEqual(again.invoice_ids.reference, "Eigen kenmerk")

    def test_r49_a_price_changed_meanwhile_is_shown_before_it_is_sent(self):
        order = self.order()
        wizard = self.wizard(order)
        order.order_line.price_unit = 120
        exchanges, _answer = self.send_wizard(wizard)
        self.assertFalse(exchanges)
        self.assertIn("changed", wizard.message)
        exchanges, _notice = self.send_wizard(wizard)
        self.assertEqual(exchanges.state, "done", exchanges.message)
        self.assertEqual(self.in_exact()[0]["AmountFC"], "145.20")

    def test_r49_taken_out_of_the_queue_it_can_be_invoiced_again(self):
        order = self.order()
        with patch.object(self.env.registry["exact.exchange"], "_drive", lambda *a, **k: None):
            exchange, _notice = self.send_wizard(self.wizard(order))
        exchange.action_cancel()
        self.assertEqual((exchange.state, exchange.left_out), ("cancelled", True))
        self.assert_free(order)

    def test_the_connection_of_another_company_is_not_used(self):
        wizard = self.wizard(self.order())
        other = self._create_company(name="Zuid Advies B.V.")
        wizard.connection_id = self.env["exact.connection"].create(
            {"company_id": other.id, "authorization_id": self.connection.authorization_id.id}
        )
        with self.assertRaises(AccessError):
            wizard.action_send()

    def test_the_pdf_of_an_order_is_for_who_may_see_the_order(self):
        user = self.make_user("clerk", "exact_connector.group_exact_user")
        order = self.order()
        self.assertFalse(order.with_user(user).has_access("read"))
        with self.assertRaises(AccessError):
            order.with_user(user).action_exact_invoice_pdf()

    def test_only_an_exact_user_opens_the_wizard(self):
        user = self.make_user("salesman", "sales_team.group_sale_salesman_all_leads")
        order = self.order()
        with self.assertRaises(AccessError):
            self.env["exact.invoice.wizard"].with_user(user)._open(order.with_user(user))
