"""Orders of events by which hours could be paid twice, or by nobody (R49)."""

from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .cases import HoursCase, SourceCase


class Credit:
    def credit(self, move, **values):
        """A draft credit note of ``move``, as the wizard makes it."""
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"date": fields.Date.today(), "journal_id": move.journal_id.id, **values})
        )
        return self.env["account.move"].browse(reversal.reverse_moves()["res_id"])


@tagged("post_install", "-at_install")
class TestPartlyCredited(Credit, SourceCase):
    """Odoo frees all hours behind a line of which a part is credited."""

    def test_r49_hours_of_a_partly_credited_invoice_are_not_all_invoiced_again(self):
        line = self.line()
        hours = self.hours(8.0, line) | self.hours(2.0, line)
        invoice = self.invoice_in_odoo(line.order_id)
        invoice.action_post()
        refund = self.credit(invoice)
        refund.invoice_line_ids.quantity = 2.0
        refund.action_post()
        self.assertFalse(hours.timesheet_invoice_id)
        self.assertEqual(line.qty_to_invoice, 2.0)
        self.assertEqual(self.left(hours), ["partly_invoiced"] * 2)
        (first, _second) = self.collect(hours)
        self.assertIn(line.order_id.name, first.left_behind.message)
        self.assertEqual(self.left(hours[:1]), ["partly_invoiced"])
        # What Odoo invoices of it settles the matter: later hours go as ever.
        self.invoice_in_odoo(line.order_id)
        self.assertFalse(self.left(self.hours(3.0, line)))

    def test_r49_hours_invoiced_beforehand_on_an_order_are_not_invoiced_again(self):
        line = self.line()
        self.hours(8.0, line)
        invoice = self.invoice_in_odoo(line.order_id)
        invoice.invoice_line_ids.quantity = 10.0
        later = self.hours(5.0, line)
        self.assertEqual(line.qty_to_invoice, 3.0)
        self.assertEqual(self.left(later), ["partly_invoiced"])

    def test_corrections_and_parts_of_the_open_hours_still_go(self):
        line = self.line()
        work, correction = self.hours(3.0, line), self.hours(-2.0, line)
        for hours in (work, correction, work | correction):
            self.assertFalse(self.left(hours))
        self.invoice_in_odoo(line.order_id).action_post()
        self.assertFalse(self.left(self.hours(-1.0, line)))


@tagged("post_install", "-at_install")
class TestWaiting(HoursCase):
    """A copy that waits to go to Exact can still be worked on."""

    def waiting(self, hours, **values):
        with patch.object(type(self.env["exact.exchange"]), "_drive", lambda *a, **k: None):
            self.wizard(hours, **values).action_send()
        return hours.timesheet_invoice_id

    def test_r49_a_line_is_not_taken_off_a_copy_that_waits_while_its_hours_stay_taken(self):
        self.anna.exact_product_id = self.by_hour
        tasks = [self.make_task(name) for name in ("Inpakken", "Sjouwen")]
        hours = self.env["account.analytic.line"]
        for task in tasks:
            hours |= self.hours(1.0, task_id=task.id)
        mirror = self.waiting(hours, line_mode="task")
        self.assertEqual(len(mirror.invoice_line_ids), 2)
        with self.assertRaisesRegex(UserError, "whole of it back"):
            mirror.write({"invoice_line_ids": [Command.unlink(mirror.invoice_line_ids[0].id)]})
        mirror.action_exact_cancel_invoice()
        self.assertFalse(mirror.exists())
        self.assertFalse(self.left(hours))

    def test_r49_taking_off_one_of_two_lines_of_an_order_line_frees_neither(self):
        line = self.line()
        tasks = [self.make_task(name) for name in ("Inpakken", "Sjouwen")]
        hours = self.hours(1.0, line, task_id=tasks[0].id) | self.hours(
            2.0, line, task_id=tasks[1].id
        )
        mirror = self.waiting(hours, line_mode="task")
        with self.assertRaises(UserError):
            mirror.invoice_line_ids[0].unlink()
        self.assertEqual(hours.timesheet_invoice_id, mirror)


@tagged("post_install", "-at_install")
class TestCredited(Credit, HoursCase):
    def test_r49_hours_of_a_paid_invoice_that_is_credited_in_full_are_free_again(self):
        self.anna.exact_product_id = self.by_hour
        alone, ordered = self.hours(1.0), self.hours(2.0, self.line())
        hours = alone | ordered
        self.wizard(hours, print_invoice="print").action_send()
        mirror = hours.timesheet_invoice_id
        self.accountant("receive", entries=[{"entry": mirror.exact_entry_id}])
        self.cron("ir_cron_sync_payments")
        self.assertEqual(mirror.payment_state, "paid")
        part = self.credit(mirror)
        part.invoice_line_ids.filtered(lambda line: line.sale_line_ids).quantity = 1.0
        (rest,) = part.invoice_line_ids.filtered(lambda line: not line.sale_line_ids)
        rest.unlink()
        self.print_credit(part)
        self.assertEqual(hours.timesheet_invoice_id, mirror)
        last = self.credit(mirror)
        last.invoice_line_ids.filtered(lambda line: line.sale_line_ids).quantity = 1.0
        self.print_credit(last)
        self.assertFalse(self.left(hours))

    def print_credit(self, refund):
        refund.action_exact_invoice()
        if refund.state == "draft":
            refund.action_exact_print_invoice()
        self.assertEqual(refund.state, "posted", refund.exact_message)
