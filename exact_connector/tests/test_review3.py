"""What follows on a booked entry must not book twice, undo silently, or hold up anything else."""

from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import new_test_user, tagged

from .common import NL_APP
from .sending import ACCOUNTS, ENTRIES, SendCase


@tagged("post_install", "-at_install")
class TestReviewAfter(SendCase):
    def unlink_entry(self, move):
        """As a manager does, with a reason."""
        wizard = self.wizard(move.action_exact_way_out())
        wizard.reason = "Wrong entry"
        wizard.action_unlink()
        self.assertFalse(move.exact_entry_id)

    # === LINKS === #

    def test_r56_wrong_adopted_entry_that_was_unlinked_is_not_adopted_again(self):
        move = self.invoice()
        mapper = self.env["exact.mapper.sales.entry"]
        account = move.commercial_partner_id.with_company(self.company).exact_account_id
        body = mapper._exact_values(move, mapper._resolve(move, self.connection), account)
        wrong = self.connection._get_client().create(ENTRIES, {**body, "YourRef": "another one"})
        wizard = self.wizard(move.action_exact_adopt())
        wizard.entry_number = str(wrong["EntryNumber"])
        wizard.action_look_up()
        wizard.action_adopt()
        self.assertEqual(move.exact_entry_id, wrong["EntryID"])
        self.unlink_entry(move)
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertNotEqual(move.exact_entry_id, wrong["EntryID"])
        self.assertEqual(self.entry(move)["YourRef"], move.name)

    def test_r56_unlinked_entry_is_looked_up_though_its_exchange_was_deleted(self):
        move = self.sent()
        entry = move.exact_entry_id
        move.exact_exchange_ids.unlink()
        self.unlink_entry(move)
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_entry_id, entry, move.exact_message)
        self.assertEqual(len(self.entries()), 1)

    def test_r56_unlinked_entry_is_found_under_the_number_that_a_lost_update_gave_it(self):
        move = self.sent()
        entry = move.exact_entry_id
        move.name = f"{move.name}9"
        self.fault("drop_after", method="PUT")
        move.action_exact_update()
        self.assertEqual(self.step(move, "entry_update").state, "unclear")
        self.assertEqual(self.entry(move)["YourRef"], move.name)
        self.unlink_entry(move)
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_entry_id, entry, move.exact_message)
        self.assertEqual(len(self.entries()), 1)

    def test_r56_what_an_archived_connection_may_have_booked_is_looked_up_by_the_next(self):
        move = self.invoice()
        self.fault("drop_after")
        move.action_exact_create_sales_entry()
        self.assertEqual((move.exact_state, len(self.entries())), ("unclear", 1))
        self.connection.active = False
        self.env.flush_all()
        self.connection = self.connect(self.company)
        self.env["exact.exchange"]._enqueue_moves(self.connection, move)._drive()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(len(self.entries()), 1)

    def test_r56_what_waits_at_an_archived_connection_does_not_go_beside_the_next_one(self):
        """Both would send it, the second one without a look-up: when it was queued nothing had left."""
        move, later = self.invoice(), self.invoice()
        exchanges = self.env["exact.exchange"]
        old = exchanges._enqueue_moves(self.connection, move | later)
        former = self.connection
        former.active = False
        self.env.flush_all()
        self.connection = self.connect(self.company)
        new = exchanges._enqueue_moves(self.connection, move)
        self.clear_calls()
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(len(self.bodies(ENTRIES)), 1)
        self.assertEqual((new.state, old.mapped("state")), ("done", ["pending", "pending"]))
        old[1].action_retry()
        self.assertEqual(old[1].state, "waiting")
        self.assertEqual(len(self.bodies(ENTRIES)), 1)
        self.connection.active = False
        self.env.flush_all()
        former.active = True
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(later.exact_state, "done", later.exact_message)
        self.assertEqual(len(self.bodies(ENTRIES)), 2)

    def test_r58_update_whose_entry_was_unlinked_meanwhile_is_not_sent(self):
        move = self.sent()
        move.payment_reference = "RF99"
        self.fault("drop_before", method="PUT")
        move.action_exact_update()
        step = self.step(move, "entry_update")
        self.assertIn(step.state, ("unclear", "waiting"))
        step.sudo().state = "unclear"
        self.unlink_entry(move)
        # Sent anew, to an entry of its own.
        self.accountant("delete-entry", entry=step.exact_number)
        self.clear_calls()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        move.payment_reference = "RF00"
        self.make_due(step)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(step.state, "cancelled")
        self.assertFalse(self.calls("PUT"))

    # === DELETION === #

    def test_r58_deletion_stands_where_odoo_answers_with_a_warning_that_has_a_button(self):
        move = self.sent()

        def button_draft(_moves):
            raise RedirectWarning("The tax return is closed", 1, "")  # pylint: disable=translation-required

        step = move._exact_enqueue_step("entry_delete", follow_up="draft").sudo()
        with patch.object(self.env.registry["account.move"], "button_draft", button_draft):
            step._drive()
        self.assertEqual((step.state, move.exact_entry_id, move.state), ("done", False, "posted"))
        self.assertIn("The tax return is closed", step.notes)

    # === ANOTHER DIVISION === #

    def test_r58_entry_in_the_division_before_is_not_taken_for_deleted(self):
        move = self.sent()
        entry = move.exact_entry_id
        move.exact_sent_on -= timedelta(hours=1)
        divisions = self.connection.authorization_id.sudo().division_ids
        other = divisions.filtered(lambda d: d.code != 1001 and d._is_open())[:1]
        # Real books: what was sent for practice is forgotten anyway.
        books = patch.object(
            self.env.registry["exact.connection"],
            "_books_of",
            lambda _self, division: f"nl/{division.code}",
        )
        with books:
            self.connection.division_id = other
        with self.assertRaises(RedirectWarning):
            move.button_draft()
        self.assertEqual(self.wizard(move.action_exact_way_out()).finding, "unknown")
        move._exact_delete_entry("draft")
        self.assertEqual(self.step(move, "entry_delete").state, "failed")
        self.assertEqual((move.exact_entry_id, move.state), (entry, "posted"))
        self.assertEqual(len(self.entries()), 1)

    def test_r03_manager_takes_no_consent_and_no_division_of_another_company(self):
        self.connection.sudo().pending_authorization_id = self.connection.authorization_id
        manager = new_test_user(
            self.env,
            login="exact_manager",
            groups="exact_connector.group_exact_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        own = self.connection.with_user(manager)
        other = self.env["exact.authorization"].create(
            {"country": "practice", "client_id": "x", "client_secret": "y"}
        )
        division = self.env["exact.division"].create(
            {"authorization_id": other.id, "code": 1003, "name": "Another company's"}
        )
        for values in ({"authorization_id": other.id}, {"pending_authorization_id": False}):
            with self.assertRaises(AccessError):
                own.write(values)
        with self.assertRaises(UserError):
            own.write({"division_id": division.id})
        own.write({"division_id": own.division_id.id, "item_code_on_line": False})

    # === REFUSALS === #

    def test_r55_guard_asks_no_further_once_exact_refuses_the_right(self):
        moves = self.sent() | self.sent() | self.sent()
        self.fault("status", method="GET", status=403, times=3)
        self.clear_calls()
        with self.assertRaises(UserError):
            moves.button_draft()
        self.assertEqual(len(self.calls("GET", ENTRIES)), 1)

    def test_r55_missing_right_on_customers_is_asked_once_and_holds_up_no_document(self):
        self.connection.write({"contact_winner": "odoo", "update_customers": True})
        self.connection.action_import_customers()
        self.cron("ir_cron_process_exchanges")
        partners = self.env["res.partner"].search([("exact_account_seen", "!=", False)], limit=3)
        for number, partner in enumerate(partners):
            partner.email = f"new{number}@x.example"
        move = self.invoice()
        self.administrate("scope", client_id=NL_APP[0], scope="crm accounts", granted="read")
        self.clear_calls()
        updates = self.env["exact.exchange"]._enqueue_updates(self.connection, partners)
        document = self.env["exact.exchange"]._enqueue_moves(self.connection, move)
        (updates | document)._drive()
        self.assertEqual(updates.mapped("state"), ["failed"] * 3)
        self.assertEqual(len(self.calls("PUT", ACCOUNTS)), 1)
        self.assertEqual(move.exact_state, "done", move.exact_message)
