from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .cases import HoursCase, Left


@tagged("post_install", "-at_install")
class TestTaken(Left, HoursCase):
    """Hours that somebody took stay as they are, and are free again when nothing comes of it (R49)."""

    def send(self, hours, **values):
        self.wizard(hours, **values).action_send()
        return hours.timesheet_invoice_id

    def test_r49_hours_on_their_way_can_neither_be_changed_nor_deleted(self):
        self.anna.exact_product_id = self.by_hour
        ordered, loose = self.hours(2.0, self.line()), self.hours(3.0)
        self.send(ordered | loose)
        changes = (
            {"unit_amount": 9.0},
            {"date": "2026-01-01"},
            {"employee_id": self.bert.id},
            {"project_id": self.make_project("Ander").id},
            {"task_id": self.make_task().id},
        )
        for hours in (ordered, loose):
            for values in changes:
                with self.assertRaises(UserError, msg=values):
                    hours.write(values)
            with self.assertRaises(UserError):
                hours.unlink()
            hours.name = "Een betere tekst"
        # Nothing changes: nothing is refused
        loose.write({"unit_amount": 3.0, "project_id": self.project.id})

    def test_r49_cancelled_in_exact_the_hours_are_free_again(self):
        self.anna.exact_product_id = self.by_hour
        line = self.line()
        hours = self.hours(2.0, line) | self.hours(3.0)
        mirror = self.send(hours, print_invoice="draft")
        mirror.action_exact_cancel_invoice()
        self.assertFalse(mirror.exists())
        self.assertFalse(hours.timesheet_invoice_id)
        self.assertFalse(any(hours.mapped("exact_without_order")))
        self.assertEqual((line.qty_invoiced, line.qty_to_invoice), (0.0, 2.0))
        self.assertFalse(self.left(hours))
        hours[1].unit_amount = 4.0
        self.send(hours)
        self.assertEqual(hours.timesheet_invoice_id.amount_untaxed, 600.0)

    def test_r49_a_refused_invoice_leaves_nothing_marked(self):
        line = self.line()
        hours = self.hours(2.0, line)
        wizard = self.wizard(hours)
        # Blocked in Exact between the wizard and sending
        self.accountant("block-account", account="1")
        wizard.action_send()
        self.assertFalse(hours.timesheet_invoice_id, hours.timesheet_invoice_id.exact_message)
        self.assertFalse(self.mirrors())
        self.assertEqual(line.qty_to_invoice, 2.0)
        self.assertFalse(self.left(hours))

    def test_r49_two_people_same_hours_one_wins_other_is_told(self):
        hours = self.hours(2.0, self.line())
        first, second = self.wizard(hours), self.wizard(hours)
        first.action_send()
        action = None
        try:
            action = second.action_send()
        except UserError as error:
            self.assertIn(self.env.user.name, str(error))
        self.assertEqual(len(self.mirrors()), 1)
        if action:
            self.assertIn(self.env.user.name, "".join(second.left_ids.mapped("reason")))

    def test_r49_hours_somebody_has_locked_are_not_taken(self):
        """The lock is asked for on the hours themselves."""
        hours = self.hours(2.0, self.line())
        locked = []
        model = type(self.env["account.analytic.line"])
        kept = model.try_lock_for_update

        def note(records, **options):
            locked.append(records.ids)
            return kept(records, **options)

        with patch.object(model, "try_lock_for_update", note):
            self.send(hours)
        self.assertIn(hours.ids, locked)

    def test_r44_number_and_state_show_on_the_hours(self):
        hours = self.hours(2.0, self.line())
        self.assertFalse(hours.exact_invoice_state)
        self.send(hours, print_invoice="draft")
        self.assertEqual(hours.exact_invoice_state, "draft")
        hours.timesheet_invoice_id.action_exact_print_invoice()
        self.assertEqual(hours.exact_invoice_state, "printed")
        number = hours.timesheet_invoice_id.exact_entry_number
        self.assertEqual(hours.exact_invoice_number, number)
        with self.assertRaises(UserError):
            hours.action_exact_invoice_pdf()
        pdf = self.env["ir.attachment"].create(
            {
                "name": "factuur.pdf",
                "raw": b"%PDF-1.4",
                "mimetype": "application/pdf",
                "res_model": "account.move",
                "res_id": hours.timesheet_invoice_id.id,
            }
        )
        hours.invalidate_recordset()
        self.assertTrue(hours.exact_invoice_has_pdf)
        self.assertIn(str(pdf.id), hours.action_exact_invoice_pdf()["url"])

    def test_w15_no_item(self):
        self.connection.default_item_id = False
        product = self.make_product("Zonder artikel", item=None, **self.by_time())
        hours = self.hours(1.0, self.line(product))
        wizard = self.wizard(hours)
        self.assertEqual(wizard.left_ids.mapped("left_code"), ["no_item"])
        self.assertFalse(wizard.invoice_ids)

    def test_w15_on_its_way_by_whom(self):
        hours = self.hours(1.0, self.line())
        with patch.object(type(self.env["exact.exchange"]), "_drive", lambda *a, **k: None):
            self.wizard(hours).action_send()
        self.assertLeft(hours, "on_its_way", self.env.user.name)

    def test_w15_draft_in_exact(self):
        hours = self.hours(1.0, self.line())
        self.wizard(hours, print_invoice="draft").action_send()
        self.assertLeft(hours, "in_exact", self.env.user.name)

    def test_hours_of_a_credited_invoice_can_be_taken_again(self):
        self.anna.exact_product_id = self.by_hour
        hours = self.hours(1.0)
        self.wizard(hours, print_invoice="print").action_send()
        mirror = hours.timesheet_invoice_id
        self.assertLeft(hours, "in_exact")
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=mirror.ids)
            .create({"date": fields.Date.today(), "journal_id": mirror.journal_id.id})
        )
        action = reversal.reverse_moves()
        refund = self.env["account.move"].browse(action["res_id"])
        refund.action_exact_invoice()
        if refund.state == "draft":
            refund.action_exact_print_invoice()
        (mirror | refund).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()
        self.assertEqual(mirror.payment_state, "reversed")
        self.assertFalse(self.left(hours))
        hours.so_line = self.line()
        self.assertFalse(hours.exact_without_order)
