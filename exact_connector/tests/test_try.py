from odoo.tests import tagged

from .common import ExactCase


@tagged("post_install", "-at_install")
class TestTry(ExactCase):
    def test_flow(self):
        print(
            self.connection.state,
            self.connection.read(
                [
                    "sale_journal_id",
                    "refund_journal_id",
                    "default_vat_code_id",
                    "no_tax_vat_code_id",
                    "default_payment_condition_id",
                    "default_item_id",
                ]
            ),
        )
        inv = self.invoice()
        self.clear_calls()
        act = inv.action_exact_create_sales_entry()
        print(act, inv.exact_state, inv.exact_message, inv.exact_entry_number, len(self.calls()))
        print(self.ledger()["entries"][-1:])
        self.accountant("receive", entries=[{"entry": inv.exact_entry_number, "amount": 21}])
        self.connection.action_refresh_payments()
        print(inv.payment_state, inv.amount_residual)
        self.accountant("receive", entries=[{"entry": inv.exact_entry_number}])
        self.connection.action_refresh_payments()
        print(
            inv.payment_state,
            inv.amount_residual,
            self.env["exact.exchange"].search([]).mapped("message"),
        )
        new = self.invoice(partner=self.customer(known=False, name="Nieuw BV"))
        self.clear_calls()
        act = new.action_exact_create_sales_entry()
        print(act["params"], new.exact_state, [c["path"] for c in self.calls()])
        ex = self.env["exact.exchange"]._enqueue_run(self.connection, "customer_import")
        ex._drive()
        print(ex.state, ex.message, ex.exact_message)
