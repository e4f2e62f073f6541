from dateutil.relativedelta import relativedelta

from odoo import api, fields, models


class ExactPaymentCondition(models.Model):
    """A payment condition of the division (API 5.10)."""

    _name = "exact.payment.condition"
    _description = "Exact Payment Condition"
    _inherit = ["exact.reference"]

    _exact_resource = "cashflow/PaymentConditions"
    _exact_select = (
        "ID",
        "Code",
        "Description",
        "PaymentMethod",
        "PaymentDays",
        "PaymentEndOfMonths",
        "DiscountPercentage",
        "DiscountPaymentDays",
        "Percentage",
    )

    payment_method = fields.Selection(
        [("B", "On Credit"), ("I", "Collection"), ("K", "Cash"), ("Q", "Payment Service")],
        readonly=True,
    )
    payment_days = fields.Integer("Days", readonly=True)
    end_of_months = fields.Integer("Month Ends", readonly=True)
    discount_percentage = fields.Float(digits=(6, 4), readonly=True)
    percentage = fields.Float(
        "Share",
        digits=(6, 4),
        readonly=True,
        help="Fraction of the total; below 1 there are several instalments.",
    )

    _exact_id_uniq = models.Constraint(
        "UNIQUE(connection_id, exact_id)", "A payment condition stands once in a connection."
    )

    @api.model
    def _odoo_values(self, connection, row, links):
        method = row.get("PaymentMethod")
        return {
            **super()._odoo_values(connection, row, links),
            "payment_method": method if method in ("B", "I", "K", "Q") else False,
            "payment_days": row.get("PaymentDays") or 0,
            "end_of_months": row.get("PaymentEndOfMonths") or 0,
            "discount_percentage": float(row.get("DiscountPercentage") or 0),
            "percentage": float(row.get("Percentage") or 0),
        }

    def _get_due_date(self, invoice_date):
        """The due date Exact derives: month ends first, then days; 0 month ends = from the invoice date (R25).

        Exact's own example: 17/01 with 2 month ends and 15 days falls due on 15/04.
        """
        self.ensure_one()
        date = invoice_date
        if self.end_of_months:
            date += relativedelta(months=self.end_of_months, day=31)
        return date + relativedelta(days=self.payment_days)

    def _is_plain(self):
        """One instalment without discount: the only kind that is ever matched (R24)."""
        self.ensure_one()
        return not self.discount_percentage and self.percentage in (0, 1)

    def _usual(self):
        """The condition proposed as default: 30 days on credit, else the plain one nearest to it."""
        plain = self.filtered(
            lambda c: c._is_plain() and c.payment_method == "B" and not c.end_of_months
        )
        return plain.sorted(lambda c: (abs(c.payment_days - 30), c.code))[:1]
