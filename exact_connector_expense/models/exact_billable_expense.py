from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from odoo import Command, api, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.exact_connector_sale.billable import Billable

from .hr_expense import INVOICED_POLICIES

# Unit prices are kept with so many decimals at most; beyond, an expense goes as one of its amount.
PRICE_DECIMALS = range(2, 6)


class ExactBillable(models.AbstractModel):
    _inherit = "exact.billable"

    @api.model
    def _sources(self):
        return [*super()._sources(), "exact.billable.expense"]


class ExactBillableSale(models.AbstractModel):
    _inherit = "exact.billable.sale"

    @api.model
    def _is_taken_elsewhere(self, line):
        """The order line of an expense goes as that expense: with its day, employee and kind."""
        return bool(line.expense_ids) or super()._is_taken_elsewhere(line)


class ExactBillableExpense(models.AbstractModel):
    """The expenses and trips that can be invoiced: by the order line that Odoo made of them, or by themselves.

    Read past the rights of the user, always of one company: an Exact user need not be an approver.
    """

    _name = "exact.billable.expense"
    _description = "Exact: Expenses and trips to Invoice"
    _inherit = ["exact.billable.source"]

    # === COLLECT === #

    @api.model
    def _collect(self, company, records=None):
        expenses = self._find(company, records).with_company(company)
        positions = {}
        return [self._billable(expense, company, positions) for expense in expenses]

    @api.model
    def _find(self, company, records=None):
        """The expenses meant by records; for all but expenses themselves, those that are still open."""
        model = self.env["hr.expense"].sudo()
        if records is not None and records._name == "hr.expense":
            return records.sudo().sorted(lambda expense: (expense.date or date.min, expense.id))
        if records is not None and records._name == "sale.order.line":
            return model.search([("sale_order_line_id", "in", records.ids)], order="date, id")
        domain = self._open_domain(company)
        if records is not None:
            domain &= self._domain_of(records)
        expenses = model.search(domain, order="date, id")
        if records is not None and records._name == "res.partner":
            wanted = records.sudo().commercial_partner_id
            expenses = expenses.filtered(
                lambda expense: self._customer(expense).commercial_partner_id & wanted
            )
        return expenses.filtered(
            lambda expense: expense.sale_order_line_id or not expense._exact_document()
        )

    @api.model
    def _open_domain(self, company):
        """What someone could still want to invoice: passed on by its category, for somebody, not yet on an invoice.

        What has neither order nor customer nor analytic account is the company's own cost.
        """
        domain = Domain("company_id", "=", company.id)
        domain &= Domain("product_id.expense_policy", "in", INVOICED_POLICIES)
        domain &= Domain("state", "!=", "refused")
        domain &= (
            Domain("sale_order_line_id", "=", False)
            | Domain("sale_order_line_id.qty_to_invoice", "!=", 0)
            | (Domain("total_amount", "<", 0) & Domain("exact_move_id", "=", False))
        )
        domain &= (
            Domain("sale_order_id", "!=", False)
            | Domain("sale_order_line_id", "!=", False)
            | Domain("exact_partner_id", "!=", False)
            | Domain.custom(
                to_sql=lambda model, alias, query: SQL(
                    "%s IS NOT NULL",
                    model._field_to_sql(alias, "analytic_distribution", query),
                )
            )
        )
        start = self.env["exact.connection"].sudo()._for_company(company).start_date
        return domain & Domain("date", ">=", start) if start else domain

    @api.model
    def _domain_of(self, records):
        """Of orders, of projects (by their analytic account or the order), of analytic accounts."""
        if records._name == "sale.order":
            return Domain("sale_order_id", "in", records.ids) | Domain(
                "sale_order_line_id.order_id", "in", records.ids
            )
        if records._name == "res.partner":
            return Domain.TRUE
        if records._name == "account.analytic.account":
            return Domain("analytic_distribution", "in", records.ids)
        if records._name == "project.project":
            domain = Domain.FALSE
            accounts = records.sudo().account_id
            if accounts:
                domain |= Domain("analytic_distribution", "in", accounts.ids)
            if "project_id" in self.env["sale.order"]._fields:
                domain |= Domain("sale_order_id.project_id", "in", records.ids)
            return domain
        return Domain.FALSE

    # === BILLABLE === #

    @api.model
    def _billable(self, expense, company, positions):
        """One expense; by its order line where Odoo made one, which then counts it as invoiced.

        :param positions: fiscal positions found so far, by company and address
        """
        order_line = self._order_line(expense)
        values = (
            self._by_order(expense, order_line)
            if order_line
            else self._by_itself(expense, positions)
        )
        projects = expense._exact_projects()
        order = expense.sale_order_line_id.order_id or expense.sale_order_id
        if not projects and order and "project_id" in order._fields:
            projects = order.project_id
        billable = Billable(
            key=f"{expense._name},{expense.id}",
            kind=expense.exact_kind,
            record=expense,
            company=expense.company_id,
            date=expense.date,
            product=expense.product_id,
            order=order or None,
            order_line=order_line or None,
            project=projects if projects and len(projects) == 1 else None,
            employee=expense.employee_id,
            **values,
        )
        if expense.company_id == company:
            billable.left_behind = self._reason(billable)
        return billable

    @api.model
    def _order_line(self, expense):
        """The order line that its invoice line is to count on; none for money back that Odoo leaves off the order.

        Odoo counts only what was spent as delivered: by that line the customer would never get it back.
        """
        line = expense.sale_order_line_id
        back = expense.total_amount < 0 and not line.invoice_lines
        return line.browse() if back and not line.qty_to_invoice else line

    @api.model
    def _by_order(self, expense, line):
        """As Odoo's own invoicing would: text, quantity, price and taxes stand on the order line."""
        order, quantity = line.order_id, Decimal(str(line.qty_to_invoice))
        return {
            "partner": order.partner_invoice_id,
            "currency": order.currency_id,
            "name": line.name or expense.name,
            "quantity": quantity,
            "uom": line.product_uom_id,
            "price_unit": line.price_unit,
            "discount": line.discount,
            "taxes": line.tax_ids,
            "net": self._net(
                line.price_unit * (1 - (line.discount or 0.0) / 100),
                quantity,
                order.currency_id,
                line.tax_ids,
                line.product_id,
            ),
        }

    @api.model
    def _by_itself(self, expense, positions):
        """Without an order line: by the policy of its category, taxed as a sale to its customer."""
        company, product = expense.company_id, expense.product_id
        expense = expense.with_company(company)
        partner = self._customer(expense)
        key = (company, partner)
        if key not in positions:
            model = self.env["account.fiscal.position"].sudo().with_company(company)
            positions[key] = model._get_fiscal_position(partner)
        position = positions[key]
        own = product.taxes_id._filter_taxes_by_company(company)
        taxes = position.map_tax(own)
        currency, quantity = company.currency_id, Decimal(str(expense.quantity))
        uom = expense.product_uom_id or product.uom_id
        if product.expense_policy == "sales_price":
            pricelist = partner.with_company(company).property_product_pricelist
            currency = pricelist.currency_id or currency
            price = pricelist._get_product_price(
                product, expense.quantity, uom=uom, date=expense.date, currency=currency
            )
            price = product._get_tax_included_unit_price_from_price(
                price, own, product_taxes_after_fp=taxes
            )
            if expense.total_amount < 0 < price:
                # A correction takes back what the first one charged.
                quantity = -abs(quantity)
            net = self._net(price, quantity, currency, taxes, product)
        else:
            quantity, uom, price = self._at_cost(expense, uom)
            net = Decimal(str(currency.round(expense.untaxed_amount)))
            price = own.browse()._adapt_price_unit_to_another_taxes(
                price, product, own.browse(), taxes
            )
        return {
            "partner": partner,
            "currency": currency,
            "name": expense._get_move_line_name(),
            "quantity": quantity,
            "uom": uom,
            "price_unit": price,
            "taxes": taxes,
            "net": net,
        }

    @api.model
    def _customer(self, expense):
        """The address the invoice goes to; empty where nobody, or more than one, could be meant."""
        order = expense.sale_order_line_id.order_id or expense.sale_order_id
        if order:
            return order.partner_invoice_id
        partners = expense._exact_customers()
        if len(partners) > 1:
            partners = partners.commercial_partner_id
        if len(partners) != 1:
            return partners.browse()
        return partners.browse(partners.address_get(["invoice"])["invoice"])

    @api.model
    def _at_cost(self, expense, uom):
        """Quantity, unit and price that come to exactly what was paid, in the currency of the company.

        Where no price does, it goes as one of the whole amount.
        """
        currency = expense.company_id.currency_id
        cent = Decimal(1).scaleb(-currency.decimal_places)
        amount = Decimal(str(expense.untaxed_amount)).quantize(cent, ROUND_HALF_UP)
        quantity = Decimal(str(expense.quantity)) or Decimal(1)
        sign = -1 if amount < 0 else 1
        amount, quantity = abs(amount), abs(quantity)
        for decimals in PRICE_DECIMALS:
            price = (amount / quantity).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
            if (price * quantity).quantize(cent, ROUND_HALF_UP) == amount:
                return sign * quantity, uom, float(price)
        return Decimal(sign), self.env.ref("uom.product_uom_unit").sudo(), float(amount)

    @api.model
    def _net(self, price, quantity, currency, taxes, product):
        """Excluding VAT, in ``currency``."""
        net = price * float(quantity)
        if any(taxes.mapped("price_include")):
            net = taxes.compute_all(price, currency, float(quantity), product=product)[
                "total_excluded"
            ]
        return Decimal(f"{currency.round(net):.{currency.decimal_places}f}")

    # === INVOICE === #

    @api.model
    def _prepare_move_line(self, line):
        """By the order line where there is one, so that Odoo counts it as invoiced."""
        first = line.first
        if first.order_line:
            return first.order_line._prepare_invoice_line()
        return {
            "display_type": "product",
            "product_id": first.product.id,
            "product_uom_id": first.uom.id,
            "name": line.name,
            "quantity": float(line.quantity),
            "price_unit": line.price_unit,
            "discount": first.discount,
            "tax_ids": [Command.set(first.taxes.ids)],
            "analytic_distribution": self._distribution(line.billables),
        }

    @api.model
    def _distribution(self, billables):
        """The analytic accounts of the expenses on one line, each by its share of the amount."""
        distributions = [billable.record.analytic_distribution or {} for billable in billables]
        if all(one == distributions[0] for one in distributions):
            return distributions[0] or False
        total = sum(abs(billable.net) for billable in billables) or Decimal(1)
        shares = {}
        for billable, distribution in zip(billables, distributions, strict=True):
            for accounts, percentage in distribution.items():
                part = Decimal(str(percentage)) * abs(billable.net) / total
                shares[accounts] = shares.get(accounts, Decimal(0)) + part
        return {accounts: float(round(share, 2)) for accounts, share in shares.items()}

    @api.model
    def _mark(self, move, lines):
        """Also on those with an order line: the expense shows its invoice, number and PDF."""
        for line in lines:
            for billable in line.billables:
                billable.record.sudo().exact_move_id = move

    @api.model
    def _free(self, moves):
        self.env["hr.expense"].sudo().search([("exact_move_id", "in", moves.ids)]).write(
            {"exact_move_id": False}
        )
