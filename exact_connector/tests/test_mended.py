"""One cause, one fix, all retried (W5): those and only those, by themselves or with one press."""

from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .sending import ENTRIES, ErrorCase

CLOSED = "De periode is afgesloten"


class MendCase(ErrorCase):
    def setUp(self):
        super().setUp()
        self.partner = self.customer()
        self.unmapped = self.tax(9)
        self.bare = self.tax(6)
        self.save()

    def failing(self, count, tax, **values):
        """So many documents that this tax stops, or one that Exact refuses."""
        moves = self.env["account.move"].union(
            *(
                self.invoice([(1, 100.0, tax)], partner=self.partner, **values)
                for _number in range(count)
            )
        )
        notice = moves.action_exact_create_sales_entry()
        self.assertEqual(set(moves.mapped("exact_state")), {"failed"})
        if count > 5:
            self.assertIn(f"and {count - 5} more", notice["params"]["message"])
        self.clear_calls()
        return moves

    def rows(self, **domain):
        self.env.flush_all()
        self.env["exact.mend"].invalidate_model()
        return self.env["exact.mend"].search(
            [
                ("connection_id", "=", self.connection.id),
                *((name, "=", value) for name, value in domain.items()),
            ]
        )

    def save(self):
        """What was written is committed: what hangs on that is done."""
        self.env.flush_all()
        self.env.cr.precommit.run()

    def background(self):
        """The scheduler looks at what was mended, then at what is due."""
        self.cron("ir_cron_look_again")
        self.cron("ir_cron_process_exchanges")


@tagged("post_install", "-at_install")
class TestMended(MendCase):
    def test_w05_fourteen_of_one_cause_go_when_it_is_mended_and_five_of_another_do_not(self):
        fourteen, five = self.failing(14, self.unmapped), self.failing(5, self.bare)
        first = self.rows(res_model="account.tax", res_id=self.unmapped.id)
        second = self.rows(res_model="account.tax", res_id=self.bare.id)
        self.assertEqual((first.stopped_count, first.stopped), (14, "14 documents"))
        self.assertEqual(second.stopped_count, 5)
        self.assertEqual(first.cause_id.code, "tax_unmapped")
        self.assertEqual(first.record_name, self.unmapped.display_name)
        action = first.action_mend()
        self.assertEqual((action["res_model"], action["res_id"]), ("account.tax", self.unmapped.id))
        lines = len(five.message_ids)
        with patch.object(type(self.env["res.users"]), "_bus_send", autospec=True) as bus:
            self.unmapped.exact_vat_code_id = self.exact("vat.code", "1")
            self.save()
            self.assertFalse(self.calls(), "saving a mapping waits for no call")
            self.background()
        self.assertEqual(set(fourteen.mapped("exact_state")), {"done"})
        self.assertEqual(self.paths(), [("POST", ENTRIES)] * 14)
        told = [
            call.args[2] for call in bus.call_args_list if call.args[1] == "simple_notification"
        ]
        self.assertEqual([one["title"] for one in told], ["Mended: 14 go to Exact again"])
        self.assertEqual(told[0]["message"], "Tax not mapped")
        # The others are as they were: neither tried nor told again.
        self.assertEqual(set(five.mapped("exact_state")), {"failed"})
        self.assertEqual(len(five.message_ids), lines)
        self.assertEqual(self.rows().mapped("stopped_count"), [5])
        # And once only.
        self.background()
        self.assertEqual(len(self.entries()), 14)

    def test_w05_button_of_a_group_tries_those_and_only_those(self):
        moves = [self.invoice(partner=self.partner) for _number in range(4)]
        for move, text in zip(moves, [CLOSED, CLOSED, CLOSED, "Onbekend"], strict=True):
            self.say(text)
            move.action_exact_create_sales_entry()
            self.assertEqual(move.exact_state, "failed")
        self.clear_calls()
        row = self.rows().filtered(lambda row: row.cause_id.code == "period_closed")
        self.assertEqual(row.stopped_count, 3)
        self.assertIn(moves[0].name, row.record_name)
        row.action_retry()
        self.assertEqual([move.exact_state for move in moves], ["done"] * 3 + ["failed"])
        self.assertEqual(len(self.calls("POST")), 3)

    def test_w05_group_keeps_its_id_and_shows_what_is_on_its_way(self):
        moves = self.failing(3, self.unmapped)
        row = self.rows()
        known = row.id
        self.exchange(moves[0]).sudo().state = "pending"
        row = self.rows()
        self.assertEqual((row.id, row.stopped_count, row.busy_count), (known, 2, 1))
        self.assertEqual(row.stopped, "2 documents, 1 on their way again")

    def test_w05_many_are_tried_again_in_the_background(self):
        moves = self.failing(3, self.unmapped)
        self.unmapped.exact_vat_code_id = self.exact("vat.code", "1")
        row = self.rows()
        with patch("odoo.addons.exact_connector.models.exact_exchange_mended.AT_ONCE", 2):
            answer = row.action_retry()
        self.assertIn("background", answer["params"]["title"])
        self.assertEqual(set(moves.mapped("exact_state")), {"pending"})
        self.assertEqual(self.rows().busy_count, 3)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(set(moves.mapped("exact_state")), {"done"})
        self.assertFalse(self.rows())

    def test_w05_what_a_second_problem_stops_is_told_with_that_one_only(self):
        move = self.invoice([(1, 100.0, self.unmapped), (1, 50.0, self.bare)], partner=self.partner)
        move.action_exact_create_sales_entry()
        self.assertEqual(len(self.rows()), 2)
        self.clear_calls()
        lines = len(move.message_ids)
        self.unmapped.exact_vat_code_id = self.exact("vat.code", "1")
        self.save()
        self.background()
        self.assertEqual(self.rows().mapped("res_id"), [self.bare.id])
        self.assertEqual((move.exact_state, len(move.message_ids)), ("failed", lines))
        self.assertNotIn(self.unmapped.name, move.exact_message)
        self.assertFalse(self.calls())

    def test_w05_setting_product_category_and_customer_mend_what_they_help(self):
        self.connection.default_item_id = False
        self.exact("vat.code", "2").sale_gl_account_id = False
        category = self.env["product.category"].create({"name": "Advies"})
        product = self.env["product.product"].create({"name": "Uur", "categ_id": category.id})
        line = {"name": "Uur", "product_id": product.id, "price_unit": 10.0}
        line["tax_ids"] = [(6, 0, self.tax_21.ids)]
        stranger = self.customer(known=False, name="Zonder Land B.V.", country_id=False)
        moves = self.invoice([line], partner=self.partner), self.invoice([line], partner=stranger)
        for move in moves:
            move.action_exact_create_sales_entry()
            self.assertEqual(move.exact_state, "failed", move.exact_message)
        category.exact_item_id = self.exact("item", "ALG")
        self.save()
        self.background()
        self.assertEqual([move.exact_state for move in moves], ["done", "failed"])
        stranger.country_id = self.env.ref("base.nl")
        self.save()
        self.background()
        self.assertEqual(moves[1].exact_state, "done", moves[1].exact_message)

    def test_w05_right_that_is_back_lets_all_go_that_it_had_stopped(self):
        moves = self.env["account.move"].union(
            *(self.invoice(partner=self.partner) for _number in range(3))
        )
        self.fault("status", status=403, body="Forbidden")
        moves.action_exact_create_sales_entry()
        self.assertEqual(set(moves.mapped("exact_state")), {"failed"})
        other = self.failing(1, self.unmapped)
        self.assertEqual(sorted(self.rows().mapped("stopped_count")), [1, 3])
        moves[1].action_exact_create_sales_entry()
        self.assertEqual(moves[1].exact_state, "done")
        self.save()
        self.background()
        self.assertEqual(set(moves.mapped("exact_state")), {"done"})
        self.assertEqual(other.exact_state, "failed")

    def test_w05_saving_what_mends_nothing_looks_at_nothing(self):
        self.failing(1, self.unmapped)
        exchange = self.env["exact.exchange"].search([("state", "=", "failed")])
        self.partner.exact_account_seen = "x"
        self.tax_21.description = "Hoog"
        self.connection.message_post(body="Hello")
        self.save()
        self.assertFalse(exchange.mended_by_id)

    def test_w05_groups_are_for_users_of_the_company_only(self):
        self.failing(1, self.unmapped)
        row = self.rows()
        company = self._create_company(name="Zuid Advies B.V.")
        stranger = self.make_user("stranger", "exact_connector.group_exact_user", company=company)
        theirs = row.with_user(stranger).with_context(allowed_company_ids=company.ids)
        self.assertFalse(theirs.search([]))
        with self.assertRaises(AccessError):
            theirs.action_retry()
        nobody = self.make_user("nobody", "account.group_account_readonly")
        with self.assertRaises(AccessError):
            row.with_user(nobody).action_retry()
