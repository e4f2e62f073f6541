from decimal import Decimal

from odoo import api, models

from odoo.addons.exact_connector_sale.billable import LeftBehind


class ExactBillableTimesheet(models.AbstractModel):
    """What an hour costs, whose invoice it stands on, and which item it has in Exact (R15)."""

    _inherit = "exact.billable.timesheet"

    # === WITH AN ORDER LINE === #

    @api.model
    def _fill_from_order(self, billable, order_line, kept):
        """Price, unit, taxes and discount as agreed on the order."""
        order = order_line.order_id
        billable.order_line, billable.order = order_line, order
        billable.currency = order.currency_id
        billable.product, billable.uom = order_line.product_id, order_line.product_uom_id
        billable.price_unit, billable.discount = order_line.price_unit, order_line.discount
        billable.taxes = order_line.tax_ids
        self._fill_amounts(billable, kept)

    # === WITHOUT (R44) === #

    @api.model
    def _fill_without_order(self, billable, kept):
        """Rate by product and pricelist; a :class:`LeftBehind` where customer or product is missing."""
        env, hour = self.env, billable.record
        customer = self._customer(hour)
        if not customer:
            message = env._("Project %s has no customer.", hour.project_id.display_name)
            return LeftBehind("no_customer", message, hour.project_id)
        product = self._product_of(hour, kept["connection"])
        if not product:
            message = env._(
                "No rate: neither employee %(employee)s nor project %(project)s has a product for hours, and "
                "the connection with Exact has none either.",
                employee=hour.employee_id.name or "",
                project=hour.project_id.display_name,
            )
            return LeftBehind("no_rate", message, hour.project_id)
        billable.product, billable.uom = product, product.uom_id
        billable.currency, billable.price_unit, billable.taxes = self._kept(
            kept,
            ("rate", product.id, customer.id, hour.date),
            lambda: self._rate(product, customer, billable.partner, hour.date, kept["company"]),
        )
        self._fill_amounts(billable, kept)
        return None

    @api.model
    def _product_of(self, hour, connection):
        """The product that hours without an order are sold as, most specific first."""
        return (
            hour.employee_id.exact_product_id
            or hour.project_id.timesheet_product_id
            or connection.hour_product_id
        )

    @api.model
    def _customer(self, hour):
        return hour.task_id.partner_id or hour.project_id.partner_id

    @api.model
    def _customer_address(self, hour, kept):
        """Where the invoice goes: as the order says, else the invoice address of the customer."""
        if hour.order_id:
            return hour.order_id.partner_invoice_id
        customer = self._customer(hour)
        return self._kept(
            kept,
            ("address", customer.id),
            lambda: (
                customer.browse(customer.address_get(["invoice"])["invoice"])
                if customer
                else customer
            ),
        )

    @api.model
    def _rate(self, product, customer, address, date, company):
        """Currency, price for one unit of the product and taxes, as a sales order would have them."""
        pricelist = customer.property_product_pricelist
        currency = pricelist.currency_id or company.currency_id
        price = pricelist._get_product_price(
            product, 1.0, currency=currency, uom=product.uom_id, date=date
        )
        delivery = customer.browse(address.address_get(["delivery"])["delivery"])
        position = self.env["account.fiscal.position"]._get_fiscal_position(
            address, delivery=delivery
        )
        taxes = product.taxes_id._filter_taxes_by_company(company)
        price = product._get_tax_included_unit_price_from_price(
            price, taxes, fiscal_position=position
        )
        return currency, price, position.map_tax(taxes)

    # === BOTH === #

    @api.model
    def _fill_amounts(self, billable, kept):
        billable.quantity = self._quantity(billable.record, billable.uom)
        billable.item = self._kept(
            kept,
            ("item", billable.product.id, billable.task.id, billable.project.id),
            lambda: self._item_of(billable),
        )
        unit = self._kept(
            kept,
            (
                "net",
                billable.price_unit,
                billable.discount,
                billable.taxes,
                billable.currency,
                billable.product,
            ),
            lambda: self._net_unit(billable),
        )
        billable.net = (unit * billable.quantity).quantize(Decimal("0.0001"))

    @api.model
    def _net_unit(self, billable):
        """Price of one unit without VAT, after discount."""
        price = billable.price_unit * (1 - billable.discount / 100)
        if any(tax.price_include for tax in billable.taxes):
            # A thousand at once: the rounding of the tax stays out of the unit price.
            answer = billable.taxes.compute_all(
                price, billable.currency, quantity=1000.0, product=billable.product
            )
            price = answer["total_excluded"] / 1000
        return Decimal(repr(round(price, 6)))

    @api.model
    def _item_of(self, billable):
        """The item that product, task or project name (R15), product first; None leaves it to category and default."""
        item = billable.product.product_tmpl_id.exact_item_id
        return item or self._activity_item(billable.task, billable.project)[0] or None

    @api.model
    def _activity_item(self, task, project):
        """Item of the task, else of a task above it, else of the project; and the record that has it."""
        for record in self._activities(task, project):
            if record.exact_item_id:
                return record.exact_item_id, record
        return None, None

    @api.model
    def _activities(self, task, project):
        """The task, the tasks above it and the project, nearest first."""
        chain = []
        while task and task not in chain:
            chain.append(task)
            task = task.parent_id
        return [*chain, *(project or ())]
