"""What invoices made in Exact cost: calls, whatever their number (API 3.2: a page has 60 rows)."""

from unittest.mock import patch

from odoo.tests import tagged

from .invoice_sending import INVOICES, PRINTED, InvoiceSendCase


@tagged("post_install", "-at_install")
class TestInvoiceBudget(InvoiceSendCase):
    def drafts(self, count):
        """So many drafts of a known customer, in Odoo only."""
        first = self.draft()
        moves = first
        for _number in range(count - 1):
            moves |= first.copy({"invoice_date": first.invoice_date})
        self.env.flush_all()
        # All of it is one transaction: without figures of its own PostgreSQL plans for empty tables.
        self.env.cr.execute("ANALYZE account_move, account_move_line, account_partial_reconcile")
        self.clear_calls()
        return moves

    def assert_costs(self, count, pages, printed=False):
        moves = self.drafts(count)
        self.send(moves, print=printed)
        self.assertEqual(set(moves.mapped("exact_state")), {"done" if printed else "draft"})
        self.assertFalse(moves.filtered("exact_differs"))
        paths = self.paths()
        self.assertEqual(paths.count(("POST", INVOICES)), count)
        self.assertEqual(paths.count(("POST", PRINTED)), count if printed else 0)
        self.assertEqual(paths.count(("GET", INVOICES)), pages)
        self.assertEqual(len(paths), count * (2 if printed else 1) + pages, "and no other call")

    def test_r48_three_drafts_cost_three_calls_and_one_page(self):
        self.assert_costs(3, 1)

    def test_r48_three_printed_cost_six_calls_and_one_page(self):
        self.assert_costs(3, 1, printed=True)

    def test_r48_sixty_one_drafts_cost_sixty_one_calls_and_two_pages(self):
        self.assert_costs(61, 2)

    def test_r48_a_full_page_is_one_call_and_one_invoice_more_a_second(self):
        """As 60 and 61 printed ones, which take a minute: a page of 3 in place of 60."""
        with patch("odoo.addons.exact_connector.models.exact_exchange_invoice_drive.PAGE", 3):
            self.assert_costs(3, 1, printed=True)
            self.assert_costs(4, 2, printed=True)
