"""What the tests of making, printing and cancelling invoices in Exact share."""

from .common import get
from .invoicing import InvoicingCase
from .sending import SendCase

INVOICES = "salesinvoice/SalesInvoices"
PRINTED = "salesinvoice/PrintedSalesInvoices"


class InvoiceSendCase(InvoicingCase, SendCase):
    """Drafts that go, as a wizard would have them go, and what stands in Exact then."""

    def setUp(self):
        super().setUp()
        self.clear_calls()

    def send(self, moves, print=False, selection=None):
        """Queue these drafts and drive them; the exchanges."""
        exchanges = self.env["exact.exchange"]._enqueue_invoices(
            self.connection, moves, print=print, selection=selection
        )
        exchanges._drive()
        return exchanges

    def made(self, **values):
        """A draft that is a draft in Exact."""
        move = self.draft(**values)
        self.send(move)
        self.assertEqual(move.exact_state, "draft", move.exact_message)
        self.clear_calls()
        return move

    def printed(self, **values):
        """A document that Exact has printed."""
        move = self.draft(**values)
        self.send(move, print=True)
        self.assertEqual(move.state, "posted", move.exact_message)
        self.clear_calls()
        return move

    def in_exact(self, division=1001):
        """All sales invoices of a division, as the control plane tells them."""
        return get(f"{self.sim.url}/_sim/invoices/{division}")["invoices"]

    def steps(self, move, kind):
        return move.exact_step_ids.filtered(lambda step: step.kind == kind)

    def writes(self):
        """The calls that wrote, without those to customers."""
        return [call for call in self.paths() if call[0] != "GET" and "crm/" not in call[1]]
