"""What the tests of payment terms share: terms, extra conditions, and the books of Exact in this process."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import cached_property

from odoo import fields
from odoo.exceptions import ValidationError

from exact_simulator.chart import CONDITION_DEFAULTS
from exact_simulator.rules.base import Context
from exact_simulator.rules.salesentry import SalesEntries

from .cases import UnlimitedCase

CONDITIONS = "cashflow/PaymentConditions"


class TermsCase(UnlimitedCase):
    # === ODOO === #

    def term(self, name, discount=False, parts=(), **line):
        """A payment term of one line, or of ``parts``: (percent, days) each."""
        lines = [{"value_amount": percent, "nb_days": days} for percent, days in parts]
        lines = lines or [{"value_amount": 100, **line}]
        values = {"early_discount": True, "discount_percentage": 2, "discount_days": 8}
        return self.env["account.payment.term"].create(
            {
                "name": name,
                "line_ids": [fields.Command.create({"value": "percent", **v}) for v in lines],
                **(values if discount else {}),
            }
        )

    def on(self, day, term=None, **values):
        """A posted invoice of ``day``, with a payment term."""
        return self.invoice(
            invoice_date=fields.Date.to_date(day),
            invoice_payment_term_id=term.id if term else False,
            **values,
        )

    def choose(self, term, **options):
        return self.mapper._choose(self.connection, term, **options)

    @property
    def mapper(self):
        return self.env["exact.mapper.payment.condition"]

    def refused(self, words, record, name, value):
        """Choosing this says why not, and changes nothing."""
        with self.assertRaisesRegex(ValidationError, words), self.env.cr.savepoint():
            record[name] = value

    # === EXACT === #

    def add_condition(self, code, **values):
        """A payment condition that the division has beside those of the seed; read by :meth:`reread`."""
        self.division.save(
            CONDITIONS,
            {
                **CONDITION_DEFAULTS,
                "ID": f"00000000-0000-4000-8000-{len(self.division.table(CONDITIONS)):012}",
                "Code": code,
                "Description": f"Conditie {code}",
                **values,
            },
        )

    def reread(self):
        """Refresh the payment conditions only."""
        conditions = self.env["exact.payment.condition"].sudo()
        conditions._sync(self.connection, conditions._read_rows(self.connection._get_client()))

    def open_year(self, year):
        """Periods of another year in Exact."""
        for month in range(1, 13):
            start = datetime(year, month, 1)
            end = datetime(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
            self.division.save(
                "financial/FinancialPeriods",
                {
                    "ID": f"00000000-0000-4000-8000-{year}{month:08}",
                    "FinYear": year,
                    "FinPeriod": month,
                    "StartDate": start,
                    "EndDate": end,
                },
            )

    def derived(self, code, day):
        """The due date in Exact's ledger of an entry booked with this condition and no due date."""
        entry = SalesEntries().create(
            Context(self.division),
            {
                "Customer": self.account_id,
                "Journal": "70",
                "EntryDate": datetime.combine(day, time()),
                "PaymentCondition": code,
            },
            {
                "SalesEntryLines": [
                    {"AmountFC": Decimal(100), "GLAccount": self.revenue, "VATCode": "2"}
                ]
            },
        )
        (item,) = self.division.ledger.receivables.items(entry["EntryID"])
        self.assertEqual(item["DueDate"], entry["DueDate"])
        return entry["DueDate"].date()

    @cached_property
    def revenue(self):
        return self.exact("gl.account", "8000").exact_id

    @cached_property
    def account_id(self):
        return self.account_row("1")["ID"]
