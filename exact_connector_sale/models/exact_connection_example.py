from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ..billable import Billable
from ..planning import Options, plan


class ExactConnection(models.Model):
    """What the choices on lines and texts give, shown while they are made."""

    _inherit = "exact.connection"

    invoice_example = fields.Text("Example", compute="_compute_invoice_example")

    @api.depends("invoice_grouping", "invoice_line_mode", "invoice_description_template")
    @api.depends_context("lang")
    def _compute_invoice_example(self):
        for connection in self:
            try:
                connection._check_template(connection.invoice_description_template)
            except ValidationError as error:
                connection.invoice_example = error.args[0]
                continue
            connection.invoice_example = "\n\n".join(
                "\n".join(
                    [
                        self.env._("Invoice: %s", invoice.reference),
                        *(
                            f"    {self._example_amount(line)}  {line.name}"
                            for line in invoice.lines
                        ),
                    ]
                )
                for invoice in plan(connection._example_hours(), connection._example_options())
            )

    def _example_options(self):
        env = self.env
        return Options(
            grouping=self.invoice_grouping or "customer",
            line_mode=self.invoice_line_mode or "task",
            template=(self.invoice_description_template or "").strip(),
            date_text=lambda date: format_date(env, date),
            period_text=lambda date: format_date(env, date, date_format="LLLL yyyy"),
        )

    @api.model
    def _example_amount(self, line):
        text = f"{line.quantity:.2f}"
        point = self.env["res.lang"]._get_data(code=self.env.lang or "en_US").decimal_point
        return text.replace(".", point or ".")

    @api.model
    def _example_hours(self):
        """A few hours of two people on two projects, at the end of one month and the start of the next."""
        env = self.env
        last = fields.Date.context_today(self).replace(day=1) - timedelta(days=1)
        numbers = iter(range(1, 1000))

        def named(name):
            return SimpleNamespace(id=next(numbers), name=name, sequence=10, client_order_ref="")

        one = named("")
        books, advice = named(env._("Administration")), named(env._("Move of the office"))
        vat, accounts = named(env._("VAT return")), named(env._("Annual accounts"))
        meeting = named(env._("Meetings"))
        anna, jan = named("Anna Bakker"), named("Jan Visser")
        product = named(env._("Hours of advice"))
        orders = {books.id: named("S00042"), advice.id: named("S00057")}
        lines = {books.id: named(""), advice.id: named("")}
        return [
            Billable(
                key=f"example,{number}",
                kind="hours",
                record=named(""),
                company=one,
                partner=one,
                currency=one,
                date=last - timedelta(days=days),
                name=env._("Call with the customer"),
                product=product,
                quantity=Decimal(quantity),
                uom=one,
                price_unit=95.0,
                taxes=(),
                order=orders[project.id],
                order_line=lines[project.id],
                project=project,
                task=task,
                employee=employee,
            )
            for number, (project, task, employee, days, quantity) in enumerate(
                [
                    (books, vat, anna, 6, "2.5"),
                    (books, vat, jan, 5, "1"),
                    (books, accounts, anna, 5, "3.25"),
                    (advice, meeting, jan, -1, "1.5"),
                ]
            )
        ]
