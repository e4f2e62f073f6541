"""What the tests of "Invoice in Exact" share: a connection with it switched on, drafts, what becomes of them."""

from decimal import Decimal

from odoo import Command, fields

from .lines import LinesCase


class InvoicingCase(LinesCase):
    """Invoicing switched on; hours of item UREN, kilometres of KM, pieces that are not divisible (STUK)."""

    def setUp(self):
        super().setUp()
        self.connection.invoicing = True
        self.journal = self.connection.invoice_odoo_journal_id
        self.hour = self.env.ref("uom.product_uom_hour")
        self.day = self.env.ref("uom.product_uom_day")

    def draft(self, lines=None, partner=None, refund=False, **values):
        """A draft of the journal; ``lines`` as dicts, or (item code, unit, quantity, price)."""
        commands = []
        for line in lines or [("UREN", self.hour, 1, 100.0)]:
            if not isinstance(line, dict):
                item, unit, quantity, price = line
                line = {
                    "exact_item_id": self.exact("item", item).id if item else False,
                    "product_uom_id": unit.id if unit else False,
                    "quantity": quantity,
                    "price_unit": price,
                }
            commands.append(
                Command.create(
                    {"name": "Advies", "tax_ids": [Command.set(self.tax_high.ids)], **line}
                )
            )
        return self.env["account.move"].create(
            {
                "move_type": "out_refund" if refund else "out_invoice",
                "journal_id": self.journal.id,
                "partner_id": (partner or self.partner).id,
                "invoice_date": fields.Date.today(),
                "company_id": self.company.id,
                "invoice_line_ids": commands,
                **values,
            }
        )

    def resolve_invoice(self, move):
        """What the mapper makes of a draft."""
        return self.env["exact.mapper.sales.invoice"]._resolve(move, self.connection)

    def invoice_problems(self, move):
        return [problem.code for problem in self.resolve_invoice(move).problems]

    def body(self, move):
        """The body of the POST for a draft that can go."""
        found = self.resolve_invoice(move)
        self.assertFalse(found.problems)
        mapper = self.env["exact.mapper.sales.invoice"]
        return mapper._exact_values(move, found, move.commercial_partner_id.exact_account_id)

    def assert_adds_up(self, move):
        """Quantity times price of each line, rounded, is its amount, and all of them are Odoo's totals."""
        found = self.resolve_invoice(move)
        self.assertFalse(found.problems)
        cent = Decimal(1).scaleb(-move.currency_id.decimal_places)
        for line in found.lines:
            self.assertEqual((line.quantity * line.net_price).quantize(cent), line.net)
            self.assertGreaterEqual(line.net_price.as_tuple().exponent, -6)
        total, vat = self.env["exact.mapper.sales.invoice"]._expected(move)
        self.assertEqual((found.total_net + found.total_vat, found.total_vat), (total, vat))
        return found
