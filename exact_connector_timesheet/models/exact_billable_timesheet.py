from decimal import Decimal

from odoo import Command, api, models
from odoo.fields import Domain

from odoo.addons.exact_connector_sale.billable import LeftBehind

# Hours that somebody may still be asked to pay for. Odoo calls hours with negative costs "revenues".
BILLABLE_TYPES = ("billable_time", "billable_manual", "timesheet_revenues")
# So many hours already invoiced are named where nothing else is found.
MAX_TOLD = 80


class ExactBillable(models.AbstractModel):
    _inherit = "exact.billable"

    @api.model
    def _sources(self):
        return [*super()._sources(), "exact.billable.timesheet"]


class ExactBillableSale(models.AbstractModel):
    _inherit = "exact.billable.sale"

    @api.model
    def _is_taken_elsewhere(self, line):
        """Lines delivered by hours are invoiced by their hours."""
        by_time = self.env["exact.billable.timesheet"]._is_by_time(line)
        return by_time or super()._is_taken_elsewhere(line)


class ExactBillableTimesheet(models.AbstractModel):
    """The hours that can be invoiced (R44): which they are, who takes them, who lets them go.

    What one hour is worth and why it is left behind stands in ``exact_billable_timesheet_hour.py``.
    """

    _name = "exact.billable.timesheet"
    _description = "Exact: Hours to Invoice"
    _inherit = ["exact.billable.source"]

    # === WHICH HOURS === #

    @api.model
    def _collect(self, company, records=None):
        """Hours of ``company``. Selected one by one, each is answered for, taken or left behind (W15).

        Through a task, a project, an order, a customer or an employee come those that are not invoiced;
        where there are none, the last invoiced ones with their invoice: the same selection a second time
        gives nothing, and says why. For everything and for a customer, hours that are nobody's business
        (not billable, paid by a fixed price) stay out.
        """
        self = self.sudo().with_company(company)
        hours = self._find(company, records)
        return self._read_hours(company, hours) if hours else []

    @api.model
    def _find(self, company, records):
        hours = self.env["account.analytic.line"]
        if records is not None and records._name == hours._name:
            return hours.browse(records.ids).exists().filtered("project_id")
        domain = self._find_domain(company, records)
        if domain is None:
            return hours
        domain &= Domain("company_id", "=", company.id) & Domain("project_id", "!=", False)
        domain &= Domain("unit_amount", "!=", 0)
        open_ = (
            Domain("timesheet_invoice_id", "=", False)
            | Domain("timesheet_invoice_id.state", "in", ("draft", "cancel"))
            | Domain("timesheet_invoice_id.payment_state", "=", "reversed")
        )
        found = hours.search(domain & open_, order="date, id")
        if not found and records is not None:
            found = hours.search(domain, order="date desc, id desc", limit=MAX_TOLD)
        return found

    @api.model
    def _find_domain(self, company, records):
        """The hours behind ``records``; None for records that know no hours."""
        if records is None:
            return self._payable_domain(company)
        ids = records.ids
        if records._name == "res.partner":
            return self._payable_domain(company) & (
                Domain("order_id.partner_id", "child_of", ids)
                | Domain("order_id.partner_invoice_id", "child_of", ids)
                | (Domain("order_id", "=", False) & Domain("partner_id", "child_of", ids))
            )
        field, operator = {
            "project.task": ("task_id", "child_of"),
            "project.project": ("project_id", "in"),
            "sale.order": ("order_id", "in"),
            "sale.order.line": ("so_line", "in"),
            "hr.employee": ("employee_id", "in"),
        }.get(records._name, (None, None))
        return Domain(field, operator, ids) if field else None

    @api.model
    def _payable_domain(self, company):
        """Hours that somebody is to pay for by the hour, from the start date on."""
        domain = Domain("timesheet_invoice_type", "in", BILLABLE_TYPES)
        # "Billed manually" with an order line is invoiced by a quantity that a person fills in there.
        domain &= Domain("timesheet_invoice_type", "!=", "billable_manual") | Domain(
            "so_line", "=", False
        )
        start = self.env["exact.connection"]._for_company(company).start_date
        return domain & Domain("date", ">=", start) if start else domain

    # === TAKING AND LETTING GO (R49) === #

    @api.model
    def _hours(self, billables):
        ids = [b.record.id for b in billables if b.record._name == "account.analytic.line"]
        return self.env["account.analytic.line"].sudo().browse(sorted(ids))

    @api.model
    def _prepare_move_line(self, line):
        """By the order line where there is one, so that Odoo counts the hours as invoiced."""
        first = line.first
        values = {
            "name": line.name,
            "quantity": float(line.quantity),
            "price_unit": line.price_unit,
            **self._prepare_activity(line),
        }
        if first.order_line:
            return first.order_line.sudo()._prepare_invoice_line(**values)
        return {
            "display_type": "product",
            "product_id": first.product.id,
            "product_uom_id": first.uom.id,
            "tax_ids": [Command.set(first.taxes.ids)],
            "analytic_distribution": first.project.sudo()._get_analytic_distribution(),
            **values,
        }

    @api.model
    def _prepare_activity(self, line):
        """The task or project whose item the line has (R15); planning keeps different ones apart."""
        _item, record = self._activity_item(line.first.task, line.first.project)
        name = {"project.task": "exact_task_id", "project.project": "exact_project_id"}
        return {name[record._name]: record.id} if record else {}

    @api.model
    def _mark(self, move, lines):
        billables = [billable for line in lines for billable in line.billables]
        hours = self._hours(billables)
        if not hours:
            return
        ordered = self._hours([billable for billable in billables if billable.order_line])
        ordered.write({"timesheet_invoice_id": move.id, "exact_without_order": False})
        (hours - ordered).write({"timesheet_invoice_id": move.id, "exact_without_order": True})

    @api.model
    def _free(self, moves):
        hours = (
            self.env["account.analytic.line"]
            .sudo()
            .search([("timesheet_invoice_id", "in", moves.ids), ("project_id", "!=", False)])
        )
        hours.write({"timesheet_invoice_id": False, "exact_without_order": False})

    # === QUANTITY === #

    @api.model
    def _quantity(self, hour, uom):
        """The time of ``hour`` in ``uom``, exact; hours count as units where nothing converts them."""
        return self._convert(hour.unit_amount, hour.product_uom_id, uom)

    @api.model
    def _convert(self, amount, own, uom):
        own = own or self.env.ref("uom.product_uom_hour")
        return Decimal(repr(round(own._compute_quantity(amount, uom, round=False), 8)))

    @api.model
    def _settle_quantities(self, billables):
        """What Odoo has to invoice of an order line bounds what its open hours come to, here too.

        More hours than that are open where part of them was credited (Odoo frees all hours behind a
        credited line), or invoiced before they were made: all of them would be paid twice, and which of
        them nobody knows. Odoo's own "Create Invoice" takes the quantity that is left.

        Where all open hours are taken, their sum is what Odoo has to invoice. Earlier invoices of parts
        were rounded each by itself: what that left, up to a cent of a unit for each, goes with the last
        part, so that "Create Invoice" finds nothing over.
        """
        per_line = {}
        for billable in billables:
            if billable.order_line and not billable.left_behind:
                per_line.setdefault(billable.order_line, []).append(billable)
        for order_line, members in per_line.items():
            count, open_ = self._open(order_line)
            due = Decimal(repr(round(order_line.qty_to_invoice, 8)))
            step = Decimal(repr(order_line.product_uom_id.rounding or 0.01))
            most = step * (1 + len(order_line.invoice_lines))
            if open_ - due > most:
                left = self._partly_invoiced(order_line, due, open_)
                for billable in members:
                    billable.left_behind = left
                continue
            if len({billable.record.id for billable in members}) != count:
                continue
            rest = due - sum((billable.quantity for billable in members), Decimal(0))
            if rest and abs(rest) <= most:
                members[-1].quantity += rest

    @api.model
    def _open(self, order_line):
        """How many hours of an order line Odoo counts as delivered and not yet invoiced, and what they come to."""
        invoiced = self.env["account.move.line"]._timesheet_domain_get_invoiced_lines(order_line)
        domain = Domain(order_line._timesheet_compute_delivered_quantity_domain())
        groups = self.env["account.analytic.line"]._read_group(
            domain & Domain(invoiced) & Domain("unit_amount", "!=", 0),
            ["product_uom_id"],
            ["__count", "unit_amount:sum"],
        )
        count, total = 0, Decimal(0)
        for unit, number, amount in groups:
            count += number
            total += self._convert(amount, unit, order_line.product_uom_id)
        return count, total

    @api.model
    def _partly_invoiced(self, order_line, due, open_):
        order, unit = order_line.order_id, order_line.product_uom_id.name
        message = self.env._(
            "Order %(order)s has %(due)s %(unit)s to invoice, and %(open)s %(unit)s are open: part of them was "
            "credited or invoiced before. Invoice what is left with Create Invoice on the order.",
            order=order.display_name,
            due=f"{round(due, 2):f}",
            open=f"{round(open_, 2):f}",
            unit=unit,
        )
        return LeftBehind("partly_invoiced", message, order)
