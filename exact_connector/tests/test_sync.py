"""The Sync button: all that is due, in order, with its counts (R28-R31)."""

from datetime import timedelta
from unittest.mock import patch

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import tagged

from .sending import ACCOUNTS, ENTRIES, SendCase


@tagged("post_install", "-at_install")
class TestSync(SendCase):
    join_once = True

    def setUp(self):
        super().setUp()
        self.partner = self.customer()
        self.moves = self.env["account.move"].with_context(allowed_company_ids=self.company.ids)
        # Not the first time: the paid status comes along at once.
        self.connection.payments_synced_on = fields.Datetime.now()

    def runs(self):
        return self.env["exact.sync.run"].search([("connection_id", "=", self.connection.id)])

    def due(self, **values):
        return self.invoice(partner=self.partner, **values)

    def bad(self):
        """A document whose tax has no VAT code."""
        return self.invoice([(1, 10.0, self.tax(9))], partner=self.partner)

    # === BY HAND (R28) === #

    def test_r28_three_good_and_one_bad_says_3_sent_1_failed_and_links_the_bad_one(self):
        good = self.due() | self.due() | self.due(move_type="out_refund")
        bad = self.bad()
        # As the button of the list calls it, with nothing selected
        answer = call_kw(self.moves, "action_exact_sync", [[]], {})
        self.assertEqual(set(good.mapped("exact_state")), {"done"})
        self.assertEqual(bad.exact_state, "failed")
        params = answer["params"]
        self.assertEqual((params["title"], params["type"]), ("3 sent, 1 failed", "danger"))
        # The bad one by its name, with its reason, in the notice and behind it
        link = params["links"][0]
        self.assertEqual((link["label"], link["url"]), (bad.name, f"/odoo/account.move/{bad.id}"))
        self.assertIn("%s: ", params["message"])
        run = self.runs()
        self.assertEqual(
            (params["next"]["res_model"], params["next"]["res_id"]), (run._name, run.id)
        )
        self.assertEqual(run.failed_exchange_ids.move_id, bad)
        self.assertEqual(run.summary, "3 sent, 1 failed")
        self.assertIn(run.action_open_failed()["domain"][0][2], [bad.exact_exchange_ids.ids])
        self.assertEqual(
            self.moves.search(run.action_open_sent()["domain"]).sorted("id"), good.sorted("id")
        )

    def test_r28_second_press_takes_what_was_mended_and_sends_nothing_twice(self):
        good, bad = self.due(), self.bad()
        self.moves.action_exact_sync()
        bad.invoice_line_ids.tax_ids.exact_vat_code_id = self.exact("vat.code", "1")
        answer = self.moves.action_exact_sync()
        self.assertEqual(answer["params"]["title"], "1 sent")
        self.assertEqual((bad.exact_state, len(self.entries())), ("done", 2))
        self.assertEqual(good.exact_exchange_ids.attempts, 1)
        answer = self.moves.action_exact_sync()
        self.assertEqual(answer["params"]["title"], "Nothing to send")

    def test_r28_failure_mended_on_the_page_of_the_run_counts_as_sent(self):
        bad = self.bad()
        self.moves.action_exact_sync()
        run = self.runs()
        bad.invoice_line_ids.tax_ids.exact_vat_code_id = self.exact("vat.code", "1")
        run.action_retry_failed()
        self.env.invalidate_all()
        self.assertEqual((run.sent_count, run.failed_count), (1, 0))

    def test_r28_paid_status_comes_after_the_documents(self):
        old = self.due()
        old.action_exact_create_sales_entry()
        self.accountant("receive", entries=[{"entry": old.exact_entry_id}])
        new = self.due()
        self.clear_calls()
        answer = self.moves.action_exact_sync()
        self.assertEqual(new.exact_state, "done")
        self.assertNotEqual(old.payment_state, "not_paid")
        order = [path for _method, path in self.paths()]
        self.assertLess(order.index(ENTRIES), order.index("sync/Cashflow/PaymentTerms"))
        self.assertIn("1 paid in Exact", [link["label"] for link in answer["params"]["links"]])

    def test_r28_many_go_in_the_background_with_progress_and_a_notice_at_the_end(self):
        moves = self.moves.union(*(self.due() for _n in range(3)))
        bad = self.bad()
        self.clear_calls()
        with patch("odoo.addons.exact_connector.models.exact_sync_run.AT_ONCE", 2):
            action = self.moves.action_exact_sync()
        self.assertFalse(self.calls(), "nobody waits for it")
        run = self.runs()
        self.assertEqual((action["res_model"], action["res_id"]), (run._name, run.id))
        self.assertEqual((run.total_count, run.later_count, run.progress), (4, 4, 0))
        self.assertEqual(self.moves.action_exact_sync()["res_id"], run.id, "one at a time")
        with patch.object(type(self.env.user), "_bus_send") as bus:
            for _round in range(3):
                self.cron("ir_cron_process_exchanges")
        self.assertEqual((run.state, run.progress), ("done", 100))
        self.assertEqual(set(moves.mapped("exact_state")), {"done"})
        self.assertEqual(run.payment_exchange_id.state, "done")
        # Told once: on the screen, and in a message that links the bad one and the run
        toasts = [c.args[1] for c in bus.call_args_list if c.args[0] == "simple_notification"]
        self.assertEqual(len(toasts), 1)
        self.assertIn("3 sent, 1 failed", toasts[0]["title"])
        told = self.env["mail.message"].search([("model", "=", run._name), ("res_id", "=", run.id)])
        self.assertEqual(told.partner_ids, self.env.user.partner_id)
        self.assertIn("3 sent, 1 failed", told.subject)
        self.assertIn(f"/odoo/account.move/{bad.id}", told.body)

    def test_r28_first_run_by_hand_is_remembered(self):
        self.assertFalse(self.connection.first_sync_on)
        self.due()
        self.moves.action_exact_sync()
        first = self.connection.first_sync_on
        self.assertTrue(first)
        with self.later(60):
            self.moves.action_exact_sync()
        self.assertEqual(self.connection.first_sync_on, first)

    def test_r28_first_time_the_long_reading_of_paid_status_is_not_waited_for(self):
        self.connection.payments_synced_on = False
        self.due()
        self.clear_calls()
        self.moves.action_exact_sync()
        self.assertFalse(self.calls(path="PaymentTerms"))
        self.assertEqual(self.runs().state, "done")
        self.cron("ir_cron_process_exchanges")
        self.assertTrue(self.calls(path="PaymentTerms"))

    def test_r28_what_hits_the_limit_follows_and_is_counted(self):
        one, two = self.due(), self.due()
        self.fault("status", status=429, nth=2)
        answer = self.moves.action_exact_sync()
        self.assertEqual(answer["params"]["title"], "1 sent, 1 to follow")
        run = self.runs()
        self.assertEqual(run.state, "documents")
        self.make_due((one | two).exact_exchange_ids.filtered(lambda e: e.state == "waiting"))
        for _round in range(3):
            self.cron("ir_cron_process_exchanges")
        self.assertEqual((run.state, run.sent_count), ("done", 2))

    # === WHAT IS SKIPPED === #

    def test_r28_skipped_ones_are_one_line_with_a_link_not_one_line_each(self):
        unsent = self.due(send=False) | self.due(send=False)
        early = self.due(invoice_date=fields.Date.today() - timedelta(days=2))
        self.connection.start_date = fields.Date.today() - timedelta(days=1)
        sent = self.due()
        answer = self.moves.action_exact_sync()
        self.assertEqual(answer["params"]["title"], "1 sent, 2 skipped")
        links = answer["params"]["links"]
        self.assertEqual([link["label"] for link in links], ["2 not sent to the customer yet"])
        run = self.runs()
        self.assertIn(str(run.id), links[0]["url"])
        self.assertEqual(self.moves.search(run.action_open_skipped()["domain"]), unsent)
        self.assertEqual(self.moves.search(run.action_open_early()["domain"]), early)
        self.assertEqual(run.early_count, 1)
        self.assertEqual(sent.exact_state, "done")
        self.assertFalse((unsent | early).exact_exchange_ids)

    # === ORDER (R29) === #

    def test_r29_sync_sends_the_customers_of_the_documents_first_and_no_others(self):
        customer = self.customer(known=False, name="Nieuwe klant")
        self.customer(known=False, name="Heeft niets")
        self.invoice(partner=customer)
        self.clear_calls()
        self.moves.action_exact_sync()
        posts = [path for method, path in self.paths("POST")]
        self.assertEqual(posts, [ACCOUNTS, ENTRIES])
        self.assertEqual(self.bodies(ACCOUNTS)[0]["Name"], "Nieuwe klant")

    # === IMPORTED DOCUMENTS (R30) === #

    def test_r30_imported_documents_are_marked_as_sent_in_bulk_and_then_go(self):
        imported = self.due(send=False) | self.due(send=False, move_type="out_refund")
        draft = self.due(post=False)
        self.moves.action_exact_sync()
        self.assertEqual(set(imported.mapped("exact_state")), {"not_sent"})
        action = self.env.ref("exact_connector.action_mark_exact_sent")
        answer = action.with_context(
            active_model="account.move", active_ids=(imported | draft).ids
        ).run()
        self.assertIn("2 marked as sent", answer["params"]["title"])
        self.assertIn("1 left", answer["params"]["message"])
        self.assertFalse(draft.is_move_sent)
        self.assertIn("Marked as sent", self.chatter(imported[0]))
        self.moves.action_exact_sync()
        self.assertEqual(set(imported.mapped("exact_state")), {"done"})

    def test_r30_marking_as_sent_is_for_exact_users_of_that_company(self):
        move = self.due(send=False)
        user = self.make_user("lees@office.example", "account.group_account_readonly")
        with self.assertRaises(AccessError):
            move.with_user(user).action_exact_mark_sent()
        self.assertFalse(move.is_move_sent)

    # === NO SILENT CUT === #

    def batches_of(self, size):
        return patch.object(type(self.moves), "_exact_batch_size", lambda self: size)

    def test_r28_more_than_one_batch_is_counted_as_to_follow_and_goes_after_it(self):
        moves = self.moves.union(*(self.due() for _n in range(5)))
        with (
            self.batches_of(2),
            patch("odoo.addons.exact_connector.models.exact_sync_run.AT_ONCE", 3),
        ):
            self.moves.action_exact_sync()
            run = self.runs()
            self.assertEqual((len(run.exchange_ids), run.total_count, run.later_count), (2, 5, 5))
            for _round in range(6):
                self.cron("ir_cron_process_exchanges")
        self.assertEqual(set(moves.mapped("exact_state")), {"done"})
        self.assertEqual((run.state, run.summary), ("done", "5 sent"))

    def test_r31_automatic_sending_starts_again_at_once_for_what_is_beyond_its_batch(self):
        self.connection.auto_send = True
        moves = self.moves.union(*(self.due() for _n in range(3)))
        cron = self.env.ref("exact_connector.ir_cron_send_documents")
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        with self.batches_of(2):
            self.cron("ir_cron_send_documents")
            self.assertEqual(moves.mapped("exact_state").count("done"), 2)
            self.assertEqual(self.moves._exact_count_due(self.connection), 1)
            self.assertGreater(
                self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), triggers
            )
            self.cron("ir_cron_send_documents")
        self.assertEqual(set(moves.mapped("exact_state")), {"done"})

    # === WHO AND WHERE === #

    def button(self, view):
        arch = self.moves.get_view(self.env.ref(f"account.{view}").id, "list")["arch"]
        return etree.fromstring(arch).xpath("//header/button[@name='action_exact_sync']")

    def test_r28_button_is_on_the_lists_of_a_connected_company_without_a_selection(self):
        for view in ("view_out_invoice_tree", "view_out_credit_note_tree"):
            buttons = self.button(view)
            self.assertEqual(len(buttons), 1, view)
            self.assertEqual(buttons[0].get("display"), "always")
        self.assertFalse(self.button("view_in_invoice_tree"))
        self.connection.division_id = False
        self.assertFalse(self.button("view_out_invoice_tree"))

    def test_r28_each_selected_company_sends_its_own(self):
        company, _other = self.other_company()
        mine = self.due()
        answer = self.moves.with_context(allowed_company_ids=company.ids).action_exact_sync()
        self.assertEqual(answer["params"]["title"], "Nothing to send")
        self.assertEqual(mine.exact_state, "not_sent")
        both = (self.company | company).ids
        self.env["account.move"].with_context(allowed_company_ids=both).action_exact_sync()
        self.assertEqual(mine.exact_state, "done")

    def test_r28_document_that_a_person_took_out_goes_only_when_a_person_sends_it(self):
        move = self.due()
        journal, self.connection.sale_journal_id = self.connection.sale_journal_id, False
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "failed")
        move.exact_exchange_ids.action_cancel()
        self.connection.sale_journal_id = journal
        self.assertEqual(move.exact_state, "left_out")
        self.assertNotIn(move, self.moves._exact_search_due(self.connection, by_hand=True))
        self.moves.action_exact_sync()
        self.assertEqual(move.exact_state, "left_out")
        self.assertTrue(move.exact_can_create)
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done")

    def test_r28_company_that_cannot_take_part_is_named(self):
        self.connection.start_date = False
        with self.assertRaisesRegex(UserError, "no start date"):
            self.moves.action_exact_sync()
        self.connection.authorization_id.action_disconnect()
        with self.assertRaisesRegex(UserError, "not connected"):
            self.moves.action_exact_sync()

    def test_r28_runs_are_for_users_of_that_company_only(self):
        self.due()
        self.moves.action_exact_sync()
        company = self.env["res.company"].create({"name": "Derde B.V."})
        stranger = self.make_user(
            "derde@office.example", "account.group_account_invoice", company=company
        )
        self.assertFalse(self.env["exact.sync.run"].with_user(stranger).search([]))
        reader = self.make_user("lezer@office.example", "account.group_account_readonly")
        with self.assertRaises(AccessError):
            self.env["account.move"].with_user(reader).action_exact_sync()
