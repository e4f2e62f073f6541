from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import float_is_zero

from ..billable import Billable, LeftBehind

# Fields of the subscriptions of the Enterprise edition; asked for by name, since it may not be there.
RECURRING = ("recurring_invoice", "is_subscription")


class ExactBillableSale(models.AbstractModel):
    """Order lines with something to invoice: prepaid and fixed price, milestones, delivered quantities,
    subscriptions, costs passed on, and down payments to deduct (R47)."""

    _name = "exact.billable.sale"
    _description = "Exact: Order Lines to Invoice"
    _inherit = ["exact.billable.source"]

    @api.model
    def _is_taken_elsewhere(self, line):
        """Whether another source knows the work behind this line better; add-ons answer for theirs."""
        return False

    # === COLLECT === #

    @api.model
    def _collect(self, company, records=None):
        if records is None or records._name in ("res.partner", "project.project"):
            return self._collect_open(company, records)
        if records._name == "sale.order":
            found = []
            for order in records.sudo():
                found += self._collect_order(order)
            return found
        if records._name == "sale.order.line":
            # Over hundreds of orders: what they share is read at once.
            lines = records.sudo().filtered(lambda line: not line.display_type)
            return [
                self._billable(line, self._reason(line))
                for line in lines
                if not self._is_taken_elsewhere(line)
            ]
        return []

    @api.model
    def _collect_open(self, company, records=None):
        """Everything there is to invoice: no history, so no reasons for what is invoiced already."""
        domain = Domain(
            [
                ("company_id", "=", company.id),
                ("state", "=", "sale"),
                ("display_type", "=", False),
                ("qty_to_invoice", "!=", 0),
            ]
        )
        if records is not None:
            domain &= self._domain_of(records)
        lines = self.env["sale.order.line"].sudo().search(domain, order="order_id, sequence, id")
        return [
            self._billable(line)
            for line in lines
            if self._is_open(line) and not self._is_taken_elsewhere(line)
        ]

    @api.model
    def _domain_of(self, records):
        """Lines of customers (their addresses included) or of projects."""
        if records._name == "res.partner":
            return Domain("order_id.partner_invoice_id", "child_of", records.ids) | Domain(
                "order_id.partner_id", "child_of", records.ids
            )
        names = self.env["sale.order.line"]._fields
        domain = Domain.FALSE
        if "project_id" in names:
            domain |= Domain("project_id", "in", records.ids)
        if "task_id" in names:
            domain |= Domain("task_id.project_id", "in", records.ids)
        if "sale_line_id" in records._fields:
            domain |= Domain("id", "in", records.sudo().sale_line_id.ids)
        if "project_id" in self.env["sale.order"]._fields:
            domain |= Domain("order_id.project_id", "in", records.ids)
        return domain

    @api.model
    def _collect_order(self, order):
        """The open lines of an order; where there are none, one answer why, for the whole of it."""
        lines = order.order_line.filtered(lambda line: not line.display_type)
        own = lines.filtered(lambda line: not self._is_taken_elsewhere(line))
        if order.state == "sale":
            found = [self._billable(line) for line in own if self._is_open(line)]
            if found or (lines and not own):
                return found
        return [self._order_billable(order, self._order_reason(order, own))]

    @api.model
    def _is_open(self, line):
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return line.state == "sale" and not float_is_zero(
            line.qty_to_invoice, precision_digits=digits
        )

    # === LEFT BEHIND (W15) === #

    @api.model
    def _reason(self, line):
        """Why a line is not taken, None where it is."""
        if self._is_open(line):
            return None
        if line.state != "sale":
            return self._not_an_order(line.order_id)
        return self._taken(line.invoice_lines.move_id) or self._nothing(line.order_id)

    @api.model
    def _order_reason(self, order, lines):
        if order.state != "sale":
            return self._not_an_order(order)
        return self._taken(lines.invoice_lines.move_id) or self._nothing(order)

    @api.model
    def _taken(self, moves):
        """By the newest document that stands; None where none does."""
        moves = moves.filtered(lambda move: move.state != "cancel").sorted("id")
        return self.env["exact.billable"]._taken_by(moves[-1:]) if moves else None

    @api.model
    def _not_an_order(self, order):
        env = self.env
        if order.state == "cancel":
            return LeftBehind("nothing", env._("The order is cancelled."), order)
        return LeftBehind("nothing", env._("It is a quotation: confirm it first."), order)

    @api.model
    def _nothing(self, order):
        return LeftBehind(
            "nothing",
            self.env._("Nothing to invoice yet: nothing delivered or reached."),
            order,
        )

    # === BILLABLE === #

    @api.model
    def _billable(self, line, left_behind=None):
        order = line.order_id
        quantity = Decimal(str(line.qty_to_invoice))
        return Billable(
            key=f"{line._name},{line.id}",
            kind=self._kind(line),
            record=line,
            company=order.company_id,
            partner=order.partner_invoice_id,
            currency=order.currency_id,
            date=self._date(line),
            name=self._name_of(line),
            product=line.product_id,
            quantity=quantity,
            uom=line.product_uom_id,
            price_unit=line.price_unit,
            taxes=line.tax_ids,
            net=self._net(line, quantity),
            discount=line.discount,
            order=order,
            order_line=line,
            project=self._project(line),
            task=(line.task_id or None) if "task_id" in line._fields else None,
            left_behind=left_behind,
        )

    @api.model
    def _order_billable(self, order, left_behind):
        """A whole order that cannot be taken, as one row."""
        return Billable(
            key=f"{order._name},{order.id}",
            kind="fixed",
            record=order,
            company=order.company_id,
            partner=order.partner_invoice_id,
            currency=order.currency_id,
            date=fields.Date.context_today(self, order.date_order),
            name=order.name,
            product=self.env["product.product"],
            quantity=Decimal(0),
            uom=self.env["uom.uom"],
            price_unit=0.0,
            taxes=self.env["account.tax"],
            order=order,
            left_behind=left_behind,
        )

    @api.model
    def _kind(self, line):
        """The column of "Uninvoiced" that a line belongs to."""
        if line.is_downpayment:
            return "fixed"
        for record in (line, line.product_id):
            if any(name in record._fields and record[name] for name in RECURRING):
                return "subscription"
        if line.is_expense:
            return "expense"
        if line.qty_delivered_method == "milestones":
            return "milestone"
        return "fixed" if line.product_id.invoice_policy == "order" else "delivered"

    @api.model
    def _date(self, line):
        """The day it became due: of the order for what is paid beforehand, of the milestone, else today."""
        if line.product_id.invoice_policy == "order" and not line.is_downpayment:
            return fields.Date.context_today(self, line.order_id.date_order)
        if "reached_milestones_ids" in line._fields:
            reached = line.reached_milestones_ids.filtered("reached_date").mapped("reached_date")
            if reached:
                return max(reached)
        return fields.Date.context_today(self)

    @api.model
    def _name_of(self, line):
        return self.env["account.move.line"]._get_journal_items_full_name(
            line.name, line.product_id.display_name
        )

    @api.model
    def _project(self, line):
        if "project_id" not in line._fields:
            return None
        project = line.project_id or line.task_id.project_id
        if not project and "project_id" in line.order_id._fields:
            project = line.order_id.project_id
        return project or None

    @api.model
    def _net(self, line, quantity):
        """Excluding VAT, in the currency of the order."""
        price = line.price_unit * (1 - (line.discount or 0.0) / 100)
        net = price * float(quantity)
        if any(line.tax_ids.mapped("price_include")):
            net = line.tax_ids.compute_all(
                price, line.currency_id, float(quantity), product=line.product_id
            )["total_excluded"]
        places = line.currency_id.decimal_places
        return Decimal(f"{line.currency_id.round(net):.{places}f}")

    # === INVOICE === #

    @api.model
    def _prepare_move_line(self, line):
        """As Odoo's own invoicing: a down payment taken off goes as -1 of what was paid."""
        order_line = line.first.order_line
        values = {}
        if order_line.is_downpayment:
            values = {
                "quantity": -1.0,
                "extra_tax_data": self.env[
                    "account.tax"
                ]._reverse_quantity_base_line_extra_tax_data(order_line.extra_tax_data),
            }
        return order_line._prepare_invoice_line(**values)
