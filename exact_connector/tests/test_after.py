"""After sending: the link, what was changed since, comparing, deleting in Exact, adopting by number (R58, R56)."""

from datetime import timedelta

import requests

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import post
from .sending import ENTRIES, SendCase

MANAGER = "exact_connector.group_exact_manager"
INVOICER = "account.group_account_invoice"


@tagged("post_install", "-at_install")
class TestAfter(SendCase):
    def ways(self, move, intent=False):
        return self.wizard(move.with_context(exact_intent=intent).action_exact_way_out())

    # === LINK === #

    def test_r58_sent_invoice_shows_number_journal_who_and_a_link_that_opens_the_entry(self):
        move = self.sent()
        self.assertTrue(move.exact_entry_number)
        self.assertIn("70", move.exact_booked_journal)
        self.assertEqual(move.exact_sent_by_id, self.env.user)
        self.assertTrue(move.exact_sent_on)
        action = move.action_exact_open_entry()
        self.assertEqual(action["target"], "new")
        page = requests.get(action["url"], timeout=10)
        self.assertEqual(page.status_code, 200)
        self.assertIn(move.exact_entry_number, page.text)

    def test_r58_link_leads_to_the_site_of_the_country(self):
        move = self.sent()
        authorization = self.connection.authorization_id.sudo()
        for country, host in (("nl", "start.exactonline.nl"), ("be", "start.exactonline.be")):
            authorization.country = country
            self.assertEqual(
                move.action_exact_open_entry()["url"],
                f"https://{host}/docs/FinTransaction.aspx?ID={move.exact_entry_id}&_Division_=1001",
            )

    # === CHANGES === #

    def test_r58_change_after_sending_is_shown_and_brought_to_exact_by_the_button(self):
        move = self.sent(payment_reference="RF18")
        self.assertFalse(move.exact_changes)
        move.write(
            {
                "payment_reference": "RF99",
                "invoice_date_due": move.invoice_date_due + timedelta(days=9),
            }
        )
        self.assertIn("payment reference", move.exact_changes)
        self.assertIn("due date", move.exact_changes)
        self.assertFalse(self.calls(), "shown without asking Exact")
        self.assertEqual(self.ways(move).finding, "differs")
        move.action_exact_update()
        self.assertEqual(
            self.bodies(ENTRIES, "PUT"),
            [{"DueDate": str(move.invoice_date_due), "PaymentReference": "RF99"}],
        )
        self.assertFalse(move.exact_changes)
        self.assertIn("RF99", self.chatter(move))
        self.assertEqual(self.entry(move)["DueDate"][:10], str(move.invoice_date_due))

    def test_r56_update_whose_answer_was_lost_is_settled_by_reading_the_entry(self):
        move = self.sent()
        move.payment_reference = "RF99"
        self.fault("drop_after", method="PUT")
        move.action_exact_update()
        step = self.step(move, "entry_update")
        self.assertEqual(step.state, "unclear")
        self.assertIn("answer was lost", move.exact_step_message)
        self.make_due(step)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual((step.state, move.exact_changes), ("done", False))
        self.assertEqual(len(self.bodies(ENTRIES, "PUT")), 1)

    def test_r58_update_that_exact_refuses_says_so_in_its_words_and_can_be_repeated(self):
        move = self.sent()
        move.payment_reference = "RF99"
        self.accountant("process-entry", entry=move.exact_entry_id)
        move.action_exact_update()
        step = self.step(move, "entry_update")
        self.assertEqual((step.state, step.cause_id.code), ("failed", "entry_processed"))
        self.assertIn("Reeds verwerkt", move.exact_step_message)
        self.assertEqual(move.exact_state, "done", "the entry itself is in order")
        move.action_exact_drop_steps()
        self.assertFalse(move.exact_step_message, "left as it is")
        self.assertTrue(move.exact_changes, "but never silent")
        move.action_exact_update()
        step = self.step(move, "entry_update")
        self.assertEqual(step.state, "failed")
        self.accountant("process-entry", entry=move.exact_entry_id, processed=False)
        move.action_exact_retry_steps()
        self.assertEqual(step.state, "done", step.message)
        self.assertFalse(move.exact_changes)
        move.payment_reference = "RF00"
        self.accountant("delete-entry", entry=move.exact_entry_id)
        move.action_exact_update()
        step = self.step(move, "entry_update")
        self.assertEqual((step.state, step.problem_ids.cause_id.code), ("failed", "entry_gone"))

    def test_r58_amounts_of_a_sent_document_cannot_be_changed_past_its_form(self):
        move = self.sent()
        line = move.invoice_line_ids
        for values in ({"price_unit": 5}, {"quantity": 2}, {"tax_ids": [(5,)]}):
            with self.assertRaisesRegex(UserError, move.exact_entry_number):
                line.write(values)
        line.name = "A better text"
        with self.assertRaisesRegex(UserError, move.exact_entry_number):
            move.state = "cancel"
        for values in ({"partner_id": self.customer().id}, {"invoice_date": "2020-02-02"}):
            with self.assertRaises(UserError):
                move.write(values)

    # === COMPARING === #

    def test_r58_compare_says_equal_different_gone_or_not_known(self):
        move = self.sent()
        self.assertEqual(self.ways(move).finding, "equal")
        row = next(r for r in self.sim_rows(ENTRIES) if r["EntryID"] == move.exact_entry_id)
        row["AmountFC"] += 5
        wizard = self.ways(move)
        self.assertEqual((wizard.finding, move.exact_state), ("differs", "differs"))
        self.assertIn("126.00", wizard.comparison)
        row["AmountFC"] -= 5
        self.assertEqual(self.ways(move).finding, "equal")
        self.assertEqual(move.exact_state, "done")
        self.fault("status", method="GET", status=503)
        wizard = self.ways(move)
        self.assertEqual(wizard.finding, "unknown")
        self.assertTrue(wizard.explanation)
        self.accountant("delete-entry", entry=move.exact_entry_id)
        wizard = self.ways(move)
        self.assertEqual(wizard.finding, "gone")
        wizard.action_forget_gone()
        self.assertEqual((move.exact_state, move.state), ("not_sent", "posted"))

    # === DELETING IN EXACT === #

    def test_r58_open_entry_is_deleted_in_exact_and_the_document_reset_as_asked(self):
        move = self.sent()
        self.ways(move, "draft").action_delete()
        self.assertFalse(self.entries())
        self.assertEqual((move.state, move.exact_state), ("draft", "not_sent"))
        self.assertIn("deleted in Exact", self.chatter(move))
        step = self.step(move, "entry_delete")
        self.assertEqual((step.state, step.user_id), ("done", self.env.user))
        move.action_post()
        move.is_move_sent = True
        move.action_exact_create_sales_entry()
        self.assertEqual((move.exact_state, len(self.entries())), ("done", 1))
        self.ways(move, "cancel").action_delete()
        self.assertEqual((move.state, len(self.entries())), ("cancel", 0))
        self.assertEqual(len(move.exact_step_ids), 2, "each deletion is history of its own")

    def test_r58_deletion_of_what_is_paid_processed_or_closed_is_refused_with_its_cause(self):
        paid, processed, closed = self.sent(), self.sent(), self.sent()
        self.accountant("receive", entries=[{"entry": paid.exact_entry_id}])
        self.accountant("process-entry", entry=processed.exact_entry_id)
        for move, cause in ((paid, "entry_matched"), (processed, "entry_processed")):
            self.ways(move, "draft").action_delete()
            step = self.step(move, "entry_delete")
            self.assertEqual(step.problem_ids.cause_id.code, cause)
            self.assertIn(move.exact_entry_number, move.exact_step_message)
            self.assertEqual(move.state, "posted")
        self.assertFalse(self.paths("DELETE"), "found before asking Exact to delete")
        day = closed.invoice_date
        self.accountant("close-period", year=day.year, period=day.month)
        self.ways(closed, "draft").action_delete()
        step = self.step(closed, "entry_delete")
        self.assertEqual((step.state, step.cause_id.code), ("failed", "period_closed"))
        self.assertIn("afgesloten", closed.exact_step_message)
        self.assertEqual(len(self.entries()), 3)
        post(
            f"{self.sim.url}/_sim/say",
            {
                "method": "DELETE",
                "path": ENTRIES,
                "status": 500,
                "text": "Kan niet verwijderen: Boeking - Gebruikt in: Documenten",
            },
        )
        self.accountant("close-period", year=day.year, period=day.month, open=True)
        closed.action_exact_retry_steps()
        self.assertEqual((step.state, step.cause_id.code), ("failed", "cannot_delete"))
        self.assertIn("Documenten", closed.exact_step_message)

    def lose_deletion(self, kind, deletes):
        move = self.sent()
        self.fault(kind, method="DELETE")
        self.ways(move, "draft").action_delete()
        step = self.step(move, "entry_delete")
        self.assertEqual((step.state, move.state), ("unclear", "posted"))
        with self.assertRaises(UserError):
            step.sudo().unlink()
        self.make_due(step)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual((step.state, move.state), ("done", "draft"), step.message)
        self.assertEqual(len(self.paths("DELETE")), deletes)
        self.assertFalse(self.entries())

    def test_r56_deletion_whose_answer_was_lost_is_settled_by_asking_for_the_entry(self):
        self.lose_deletion("drop_after", deletes=1)

    def test_r56_deletion_that_never_arrived_is_repeated(self):
        self.lose_deletion("drop_before", deletes=2)

    def test_r58_document_deleted_in_odoo_leaves_its_history(self):
        move = self.sent()
        name = move.name
        self.ways(move, "draft").action_delete()
        exchanges = move.exact_exchange_ids | move.exact_step_ids
        move.unlink()
        self.assertEqual(len(exchanges.exists()), 2)
        self.assertEqual(set(exchanges.mapped("document_name")), {name})
        self.assertIn(name, exchanges[0].display_name)
        with self.assertRaises(UserError):
            exchanges[0].action_retry()

    # === UNLINKING === #

    def test_r56_unlinked_document_is_looked_up_before_it_is_sent_again(self):
        move = self.sent()
        number = move.exact_entry_number
        wizard = self.ways(move, "draft")
        with self.assertRaisesRegex(UserError, "why"):
            wizard.action_unlink()
        wizard.reason = "Wrong division"
        wizard.action_unlink()
        self.assertEqual((move.state, move.exact_state), ("draft", "left_out"))
        self.assertIn("Wrong division", self.chatter(move))
        self.assertEqual(len(self.entries()), 1, "Exact was left alone")
        move.action_post()
        move.is_move_sent = True
        self.clear_calls()
        move.action_exact_create_sales_entry()
        self.assertFalse(self.paths("POST", ENTRIES))
        self.assertEqual(move.exact_entry_number, number)

    def test_r56_adopted_again_under_another_customer_it_shows_as_different(self):
        move = self.sent()
        wizard = self.ways(move, "draft")
        wizard.reason = "Wrong customer"
        wizard.action_unlink()
        other = self.customer()
        row = self.account_row("2")
        other.with_company(self.company).write(
            {"exact_account_id": row["ID"], "exact_account_code": "2", "ref": "2"}
        )
        move.partner_id = other
        move.action_post()
        move.is_move_sent = True
        move.action_exact_create_sales_entry()
        self.assertEqual((move.exact_state, len(self.entries())), ("differs", 1))
        self.assertIn(self.account_row("1")["Name"], self.exchange(move).notes)

    def test_r58_only_a_manager_unlinks_and_nobody_of_another_company(self):
        move = self.sent()
        user = self.make_user("invoicer", INVOICER)
        wizard = self.ways(move.with_user(user)).with_user(user)
        wizard.reason = "Because"
        with self.assertRaises(AccessError):
            wizard.action_unlink()
        self.assertTrue(move.exact_entry_id)
        company, _connection = self.other_company()
        stranger = self.make_user("stranger", INVOICER, MANAGER, company=company)
        for name in (
            "action_exact_compare",
            "action_exact_update",
            "action_exact_attach_pdf",
            "action_exact_adopt",
            "action_exact_open_entry",
        ):
            with self.assertRaises(AccessError, msg=name):
                getattr(move.with_user(stranger), name)()
        with self.assertRaises(AccessError):
            self.env["exact.repair.wizard"].with_user(stranger).create(
                {"move_id": move.id}
            ).action_delete()
        self.assertEqual(len(self.entries()), 1)

    # === ADOPTING === #

    def booked_by_hand(self, move, **values):
        """An entry for this document that a person booked in Exact."""
        mapper = self.env["exact.mapper.sales.entry"]
        account = move.commercial_partner_id.with_company(self.company).exact_account_id
        body = mapper._exact_values(move, self.resolve(move), account)
        client = self.connection._get_client()
        made = client.create(ENTRIES, {**body, "YourRef": "by hand", **values})
        self.clear_calls()
        return made

    def resolve(self, move):
        return self.env["exact.mapper.sales.entry"]._resolve(move, self.connection)

    def look_up(self, move, number, user=None):
        wizard = self.wizard((move.with_user(user) if user else move).action_exact_adopt())
        wizard = wizard.with_user(user) if user else wizard
        wizard.entry_number = str(number)
        wizard.action_look_up()
        return wizard

    def test_r56_existing_entry_is_adopted_by_its_number_after_comparing(self):
        move = self.invoice()
        made = self.booked_by_hand(move)
        self.accountant("receive", entries=[{"entry": made["EntryID"]}])
        wizard = self.look_up(move, made["EntryNumber"])
        self.assertEqual(wizard.journal_id.code, "70", "the journal is proposed")
        self.assertTrue(wizard.agrees, wizard.message)
        self.assertIn("by hand", wizard.comparison)
        wizard.action_adopt()
        self.assertEqual((move.exact_state, move.exact_entry_id), ("done", made["EntryID"]))
        self.assertFalse(self.paths("POST", ENTRIES))
        self.assertIn("nothing was sent", self.chatter(move))
        self.assertNotEqual(move.payment_state, "not_paid", "paid status is caught up")
        self.assertIn("number", move.exact_changes, "Exact has another reference")

    def test_r56_entry_that_differs_needs_a_manager_with_a_reason(self):
        move = self.invoice()
        made = self.booked_by_hand(move, EntryDate=move.invoice_date - timedelta(days=1))
        user = self.make_user("invoicer", INVOICER)
        wizard = self.look_up(move, made["EntryNumber"], user)
        self.assertFalse(wizard.agrees)
        self.assertIn("Date", wizard.message)
        wizard.reason = "It is"
        with self.assertRaises(AccessError):
            wizard.action_adopt()
        wizard = self.look_up(move, made["EntryNumber"])
        with self.assertRaisesRegex(UserError, "why"):
            wizard.action_adopt()
        self.assertFalse(move.exact_entry_id)
        wizard.reason = "Booked a day early"
        wizard.action_adopt()
        self.assertEqual(move.exact_state, "differs")
        self.assertIn("Booked a day early", self.exchange(move).notes)

    def test_r56_entry_of_another_document_or_an_unknown_number_is_not_adopted(self):
        first, second = self.sent(), self.invoice()
        wizard = self.look_up(second, first.exact_entry_number)
        self.assertIn(first.name, wizard.message)
        with self.assertRaisesRegex(UserError, first.name):
            wizard.action_adopt()
        wizard = self.look_up(second, 26999999)
        self.assertFalse(wizard.entry_id)
        self.assertIn("no entry", wizard.message)
        with self.assertRaises(UserError):
            wizard.action_adopt()
        with self.assertRaises(UserError):
            first.action_exact_adopt()
        self.assertFalse(second.exact_entry_id)

    def test_r56_what_may_be_booked_already_is_looked_up_by_its_own_reference_first(self):
        move = self.invoice()
        self.fault("drop_after")
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "unclear")
        with self.assertRaises(UserError):
            move.action_exact_adopt()
