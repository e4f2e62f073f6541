from decimal import Decimal

from odoo import Command, models

CENT_A_LINE = 1


class AccountMove(models.Model):
    """Exact rounds the VAT of its own invoices its own way; Odoo's copy of a draft takes that over.

    Sent amounts of VAT need not count there (API 5.13): VAT is made of each line, Odoo makes it of the
    sum unless the company is set otherwise. The invoice that the customer gets is Exact's, so a cent of
    rounding is no difference; anything else is.
    """

    _inherit = "account.move"

    def _exact_invoice_difference(self, row):
        difference = super()._exact_invoice_difference(row)
        if difference and self.state == "draft" and self._exact_take_vat(row):
            return super()._exact_invoice_difference(row)
        return difference

    def _exact_take_vat(self, row):
        """Take over the VAT of Exact where only its rounding differs.

        :param row: the invoice as read
        :return: True where it was taken over
        """
        self.ensure_one()
        mapper = self.env["exact.mapper.sales.invoice"]
        total, vat = mapper._expected(self)
        made, made_vat = self.env["exact.exchange"]._totals(self, row)
        if made - made_vat != total - vat or made_vat == vat:
            return False
        wanted = self._exact_vat_by_line(made_vat * mapper._sign(self), vat * mapper._sign(self))
        if not wanted:
            return False
        commands = []
        for line, amount in wanted.items():
            signed = float(amount) * (1 if self.move_type == "out_refund" else -1)
            values = {"amount_currency": signed}
            if line.currency_id != line.company_currency_id:
                rate = self.invoice_currency_rate or 1.0
                values["balance"] = line.company_currency_id.round(signed / rate)
            commands.append(Command.update(line.id, values))
        move = self.sudo().with_context(exact_invoice_settling=True)
        move.write({"line_ids": commands})
        move._message_log(
            body=self.env._(
                "Exact rounds VAT to %(made)s, Odoo to %(own)s: this copy has Exact's.",
                made=made_vat,
                own=vat,
            )
        )
        return True

    def _exact_vat_by_line(self, made, own):
        """The VAT of each tax line as Exact makes it; empty where that does not explain ``made``.

        :param made: VAT in Exact, positive for what the customer pays
        :param own: VAT here, signed alike
        """
        tax_lines = self.line_ids.filtered("tax_line_id")
        taxes = tax_lines.tax_line_id
        if len(taxes) != len(tax_lines) or any(tax.amount_type != "percent" for tax in taxes):
            return {}
        lines = self.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        cent = Decimal(1).scaleb(-self.currency_id.decimal_places)
        mapper = self.env["exact.mapper.sales.invoice"]
        connection = self.env["exact.connection"].sudo()._for_company(self.company_id)
        resolution = mapper._resolve(self, connection)
        for reading in mapper._vat_readings(resolution):
            reading = {tax: mapper._sign(self) * vat for tax, vat in reading.items() if vat}
            if sum(reading.values()) == made and set(reading) <= set(taxes):
                return {line: reading.get(line.tax_line_id, Decimal(0)) for line in tax_lines}
        if len(tax_lines) == 1 and abs(made - own) <= cent * CENT_A_LINE * len(lines):
            return {tax_lines: made}
        return {}
