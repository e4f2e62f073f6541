"""Who hears what, in the way each person chose (R34); a reopening in Exact is told once (R35)."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .sending import SendCase

REOPENED = "exact_connector.activity_type_reopened"
ACTIVITY = "exact_connector.activity_type_exact"


@tagged("post_install", "-at_install")
class TestNotices(SendCase):
    join_once = True

    def setUp(self):
        super().setUp()
        self.partner = self.customer()
        self.paid = self.env["account.move"]._get_invoice_in_payment_state()
        # Managers that come with the database are no part of this.
        self.env["res.users"].search([]).write(
            {"exact_paid_notice": "none", "exact_failure_notice": "none"}
        )
        self.anna = self.make_user("anna@office.example", "account.group_account_invoice")
        self.anna.notification_type = "inbox"

    def sent(self, **values):
        return super().sent(partner=self.partner, **values)

    def receive(self, move, amount=None):
        entry = {"entry": move.exact_entry_id}
        if amount:
            entry["amount"] = amount
        self.accountant("receive", entries=[entry])

    def sync(self):
        self.cron("ir_cron_sync_payments")

    def notices(self, user=None):
        return (
            self.env["mail.notification"]
            .sudo()
            .search(
                [
                    ("res_partner_id", "=", (user or self.anna).partner_id.id),
                    ("mail_message_id.message_type", "=", "user_notification"),
                    ("mail_message_id.model", "in", ("account.move", "exact.exchange")),
                ]
            )
        )

    def activities(self, move, kind=REOPENED):
        return move.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(kind)
        )

    # === PAID (R34) === #

    def test_r34_on_n_notices_for_n_invoices_and_no_second_one(self):
        self.anna.exact_paid_notice = "notice"
        moves = self.sent() | self.sent() | self.sent(move_type="out_refund")
        for move in moves:
            self.receive(move)
        self.sync()
        messages = self.notices().mail_message_id
        self.assertEqual(len(messages), 3)
        self.assertEqual(set(messages.mapped("res_id")), set(moves.ids))
        self.assertIn(moves[0].name, " ".join(messages.mapped("subject")))
        self.sync()
        self.connection.payment_cursor = "1"
        self.sync()
        moves.action_exact_refresh_payment()
        self.assertEqual(len(self.notices()), 3)

    def test_r34_off_no_notice_and_off_is_the_default(self):
        self.assertEqual(
            self.env["res.users"].default_get(["exact_paid_notice"])["exact_paid_notice"], "none"
        )
        move = self.sent()
        self.receive(move)
        self.sync()
        self.assertEqual(move.payment_state, self.paid)
        self.assertFalse(self.notices())
        self.assertFalse(move.activity_ids)
        self.assertFalse(self.env["exact.notice"].sudo().search([]))

    def test_r34_part_payment_is_no_paid_invoice(self):
        self.anna.exact_paid_notice = "notice"
        move = self.sent()
        self.receive(move, 21)
        self.sync()
        self.assertFalse(self.notices())
        self.receive(move)
        self.sync()
        self.assertEqual(len(self.notices()), 1)

    def test_r34_as_an_activity(self):
        self.anna.exact_paid_notice = "activity"
        move = self.sent()
        self.receive(move)
        self.sync()
        activity = self.activities(move, ACTIVITY)
        self.assertEqual((len(activity), activity.user_id), (1, self.anna))
        self.assertIn(move.name, activity.summary)

    def test_r34_another_companys_user_hears_nothing(self):
        company = self.env["res.company"].create({"name": "Derde B.V."})
        stranger = self.make_user(
            "derde@office.example", "account.group_account_invoice", company=company
        )
        self.env["res.users"].browse(stranger.id).exact_paid_notice = "notice"
        move = self.sent()
        self.receive(move)
        self.sync()
        self.assertFalse(self.notices(stranger))

    def test_r34_everyone_chooses_for_oneself_in_the_preferences(self):
        anna = self.anna.with_user(self.anna)
        anna.write({"exact_paid_notice": "digest", "exact_failure_notice": "activity"})
        self.assertEqual(anna.read(["exact_paid_notice"])[0]["exact_paid_notice"], "digest")
        arch = anna.get_view(self.env.ref("base.view_users_form_simple_modif").id, "form")["arch"]
        self.assertIn("exact_paid_notice", arch)

    # === DIGEST === #

    def digest(self):
        self.cron("ir_cron_send_digest")
        return (
            self.env["mail.mail"].sudo().search([("recipient_ids", "in", self.anna.partner_id.ids)])
        )

    def test_r34_digest_is_one_mail_with_links_in_the_readers_language_and_none_without_news(self):
        self.anna.write({"exact_paid_notice": "digest", "exact_failure_notice": "digest"})
        self.assertFalse(self.digest())
        template = self.env.ref("exact_connector.mail_template_digest")
        template.with_context(lang="nl_NL").subject = "Vandaag in Exact"
        self.anna.lang = "nl_NL"
        one, two = self.sent(), self.sent()
        for move in (one, two):
            self.receive(move)
        self.sync()
        bad = self.invoice([(1, 10.0, self.tax(9))], partner=self.partner)
        self.env["exact.exchange"].with_user(self.anna)._enqueue_moves(self.connection, bad)
        self.cron("ir_cron_process_exchanges")
        mail = self.digest()
        self.assertEqual((len(mail), mail.subject), (1, "Vandaag in Exact"))
        for move in (one, two, bad):
            self.assertIn(move.name, mail.body_html)
            self.assertIn(f"/odoo/account.move/{move.id}", mail.body_html)
        self.assertIn(bad.exact_exchange_ids.message, mail.body_html)
        mail.unlink()
        self.assertFalse(self.digest(), "told already")

    def test_r34_digest_leaves_out_what_was_mended_and_what_is_no_longer_wanted(self):
        self.anna.write({"exact_paid_notice": "digest", "exact_failure_notice": "digest"})
        move = self.sent()
        self.receive(move)
        self.sync()
        bad = self.invoice([(1, 10.0, self.tax(9))], partner=self.partner)
        self.env["exact.exchange"].with_user(self.anna)._enqueue_moves(self.connection, bad)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(len(self.env["exact.notice"].sudo().search([])), 2)
        bad.invoice_line_ids.tax_ids.exact_vat_code_id = self.exact("vat.code", "1")
        bad.action_exact_create_sales_entry()
        self.anna.exact_paid_notice = "none"
        self.assertFalse(self.digest())
        self.assertFalse(self.env["exact.notice"].sudo().search([]))

    # === FAILURES === #

    def failing(self, user):
        bad = self.invoice([(1, 10.0, self.tax(9))], partner=self.partner)
        self.env["exact.exchange"].with_user(user)._enqueue_moves(self.connection, bad)
        return bad

    def test_failure_in_the_background_reaches_whoever_asked_and_those_in_charge(self):
        boss = self.make_user("baas@office.example", "account.group_account_manager")
        self.assertEqual(boss.exact_failure_notice, "notice", "on by default")
        bad = self.failing(self.anna)
        self.cron("ir_cron_process_exchanges")
        notice = self.notices()
        self.assertEqual((len(notice), notice.mail_message_id.res_id), (1, bad.id))
        self.assertIn("VAT code", notice.mail_message_id.body)
        self.assertFalse(self.notices(boss), "others' failures come once a day")
        self.assertEqual(self.env["exact.notice"].sudo().search([]).user_id, boss)

    def test_failure_on_the_screen_is_not_told_again(self):
        bad = self.invoice([(1, 10.0, self.tax(9))], partner=self.partner)
        bad.with_user(self.anna).action_exact_create_sales_entry()
        self.assertFalse(self.notices())

    def test_failure_as_an_activity_goes_when_it_was_mended(self):
        self.anna.exact_failure_notice = "activity"
        bad = self.failing(self.anna)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(self.activities(bad, ACTIVITY).user_id, self.anna)
        bad.invoice_line_ids.tax_ids.exact_vat_code_id = self.exact("vat.code", "1")
        bad.action_exact_create_sales_entry()
        self.assertEqual(bad.exact_state, "done", bad.exact_message)
        self.assertFalse(self.activities(bad, ACTIVITY))

    # === REOPENED (R35) === #

    def reopened(self, **values):
        """Paid in Exact, settled here, and then undone there."""
        move = self.sent(**values)
        move.exact_sent_by_id = self.anna
        self.receive(move)
        self.sync()
        self.assertEqual(move.payment_state, self.paid)
        self.accountant("unmatch", entry=move.exact_entry_id)
        return move

    def test_r35_reopening_raises_one_activity_and_odoo_stays_paid(self):
        for option in ("shrink", "split"):
            with self.subTest(option):
                self.option(partial=option)
                move = self.reopened()
                self.sync()
                self.assertEqual(move.payment_state, self.paid)
                self.assertEqual(move.exact_reopened_amount, 121.0)
                activity = self.activities(move)
                self.assertEqual((len(activity), activity.user_id), (1, self.anna))
                self.assertIn("121", activity.summary)
                # Another look tells nothing new
                self.connection.payment_cursor = "1"
                self.sync()
                move.action_exact_refresh_payment()
                self.assertEqual(self.activities(move), activity)
                self.assertEqual(self.chatter(move).count("open again there"), 1)

    def test_r35_kept_as_paid_it_is_not_asked_again(self):
        move = self.reopened()
        self.sync()
        move.with_user(self.anna).action_exact_keep_paid()
        self.assertFalse(self.activities(move))
        self.assertFalse(move.exact_reopened_amount)
        self.connection.payment_cursor = "1"
        self.sync()
        self.assertEqual(move.payment_state, self.paid)
        self.assertFalse(self.activities(move))

    def test_r35_opened_here_too_in_one_click_and_settled_again_when_paid_again(self):
        move = self.reopened()
        self.sync()
        move.with_user(self.anna).action_exact_reverse_settlement()
        self.assertEqual((move.payment_state, move.amount_residual), ("not_paid", 121.0))
        self.assertFalse(self.activities(move))
        self.connection.payment_cursor = "1"
        self.sync()
        self.assertEqual(move.payment_state, "not_paid")
        self.assertFalse(self.activities(move))
        self.receive(move)
        self.sync()
        self.assertEqual(move.payment_state, self.paid)

    def test_r35_closed_books_get_a_reversal_on_the_first_open_day(self):
        move = self.reopened()
        self.sync()
        settlement = move.exact_settlement_ids
        self.company.fiscalyear_lock_date = settlement.date
        move.action_exact_reverse_settlement()
        self.assertEqual((move.payment_state, move.amount_residual), ("not_paid", 121.0))
        self.assertEqual(settlement.state, "posted")
        self.assertEqual(settlement.reversal_move_ids.date, settlement.date + timedelta(days=1))

    def test_r35_part_reopened_only_that_part_is_told_and_opened(self):
        for option in ("shrink", "split"):
            with self.subTest(option):
                self.option(partial=option)
                move = self.sent()
                self.receive(move, 40)
                self.sync()
                self.receive(move)
                self.sync()
                self.assertEqual(move.payment_state, self.paid)
                self.accountant("unmatch", entry=move.exact_entry_id)
                self.receive(move, 40)
                self.sync()
                self.assertEqual(move.exact_reopened_amount, 81.0)
                self.assertEqual(len(self.activities(move)), 1)
                move.action_exact_reverse_settlement()
                self.assertEqual((move.payment_state, move.amount_residual), ("partial", 81.0))

    def test_r35_part_of_one_settlement_is_taken_back_exactly(self):
        move = self.reopened()
        self.receive(move, 100)
        self.sync()
        self.assertEqual(move.exact_reopened_amount, 21.0)
        move.action_exact_reverse_settlement()
        self.assertEqual((move.payment_state, move.amount_residual), ("partial", 21.0))

    def test_r35_paid_again_in_exact_the_activity_goes_by_itself(self):
        move = self.reopened()
        self.sync()
        self.receive(move)
        self.sync()
        self.assertEqual(move.payment_state, self.paid)
        self.assertFalse(self.activities(move))
        self.assertEqual((move.exact_reopened_amount, move.exact_kept_amount), (0, 0))
        self.accountant("unmatch", entry=move.exact_entry_id)
        self.sync()
        self.assertEqual(len(self.activities(move)), 1, "a new reopening is told anew")

    def test_r35_credit_note_too(self):
        move = self.reopened(move_type="out_refund")
        self.sync()
        self.assertEqual((move.exact_reopened_amount, len(self.activities(move))), (121.0, 1))
        move.action_exact_reverse_settlement()
        self.assertEqual(move.amount_residual, 121.0)

    def test_r35_goes_to_those_in_charge_where_the_sender_left(self):
        boss = self.make_user("baas@office.example", "account.group_account_manager")
        managers = self.env["exact.notice"]._managers(self.company) - boss
        managers.group_ids -= self.env.ref("exact_connector.group_exact_manager")
        move = self.reopened()
        self.anna.active = False
        self.sync()
        user = self.activities(move).user_id
        self.assertIn(user, self.env["exact.notice"]._managers(self.company))

    def test_r35_payment_of_odoos_own_that_exact_does_not_know_is_no_reopening(self):
        move = self.sent()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"amount": 100.0, "payment_difference_handling": "open"}).action_create_payments()
        self.receive(move, 21)
        self.sync()
        self.connection.payment_cursor = "1"
        self.sync()
        self.assertFalse(move.exact_reopened_amount)
        self.assertFalse(self.activities(move))

    # === REOPENED BY HAND IN ODOO (R35) === #

    def test_r35_taken_loose_here_while_exact_says_paid_is_settled_with_the_same_payment(self):
        move = self.sent()
        self.receive(move)
        self.sync()
        move.line_ids.remove_move_reconcile()
        self.sync()
        self.assertEqual(
            move.payment_state, "not_paid", "nothing changed in Exact: a person's choice"
        )
        move.action_exact_refresh_payment()
        self.assertEqual(move.payment_state, self.paid)
        self.assertEqual(len(move.exact_settlement_ids), 1, "no second payment")

    def test_r35_settlement_deleted_by_hand_is_booked_again_on_request(self):
        move = self.sent()
        self.receive(move)
        self.sync()
        payment = move.exact_settlement_ids.origin_payment_id
        payment.action_draft()
        payment.action_cancel()
        self.assertEqual(move.payment_state, "not_paid")
        self.sync()
        self.assertEqual(move.payment_state, "not_paid")
        move.action_exact_refresh_payment()
        self.assertEqual(move.payment_state, self.paid)

    # === BACK-FILL (R32) === #

    def test_r32_what_was_paid_before_is_fetched_since_a_day_and_can_be_repeated(self):
        old = self.sent(invoice_date=fields.Date.today() - timedelta(days=30))
        new = self.sent()
        for move in (old, new):
            self.receive(move)
        # Exact's changes are passed already
        self.connection.payment_cursor = "999999999999"
        self.sync()
        self.assertEqual(new.payment_state, "not_paid")
        wizard = self.env["exact.payment.wizard"].create({"connection_id": self.connection.id})
        self.assertEqual((wizard.since, wizard.document_count), (self.connection.start_date, 2))
        wizard.since = fields.Date.today() - timedelta(days=1)
        self.assertEqual(wizard.document_count, 1)
        for since, states in (
            (wizard.since, ["not_paid", self.paid]),
            (self.connection.start_date, [self.paid, self.paid]),
            (self.connection.start_date, [self.paid, self.paid]),
        ):
            wizard.since = since
            action = wizard.action_fetch()
            self.assertEqual(action["res_model"], "exact.exchange")
            self.cron("ir_cron_process_exchanges")
            self.assertEqual([old.payment_state, new.payment_state], states)
        self.assertEqual(len((old | new).exact_settlement_ids), 2)
