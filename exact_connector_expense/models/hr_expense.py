from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import float_is_zero

# Policies of an expense category by which its expenses are invoiced on to a customer.
INVOICED_POLICIES = ("cost", "sales_price")
POSTED = ("posted", "in_payment", "paid")


class HrExpense(models.Model):
    """Expenses and trips that Exact invoices to a customer (R45, R46)."""

    _name = "hr.expense"
    _inherit = ["hr.expense", "exact.connected.view"]
    _exact_view_types = ("list",)
    _exact_view_parts = (
        "//button[@name='action_exact_invoice']",
        "//field[starts-with(@name, 'exact_')]",
    )

    exact_kind = fields.Selection(
        [("expense", "Expense"), ("trip", "Trip")],
        "Expense or Trip",
        compute="_compute_exact_kind",
        search="_search_exact_kind",
        help="A trip is paid by distance: its category is counted in kilometres or miles.",
    )
    exact_partner_id = fields.Many2one(
        "res.partner",
        "Customer without Order",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        help="Who pays for this expense where there is no sales order for it. "
        "Empty: the customer of its project or analytic account.",
    )
    exact_partner_hint = fields.Char(compute="_compute_exact_partner_hint", compute_sudo=True)
    exact_move_id = fields.Many2one(
        "account.move",
        "Invoice to the Customer",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The invoice this expense stands on: Odoo's copy of one that Exact makes, or an ordinary one "
        "where Exact may make none.",
    )
    exact_invoicing = fields.Boolean(compute="_compute_exact_invoicing", compute_sudo=True)
    exact_invoice_number = fields.Char(
        "Number in Exact", compute="_compute_exact_invoice", compute_sudo=True
    )
    exact_invoice_state = fields.Selection(
        selection=lambda self: self.env["sale.order"]._fields["exact_invoice_state"].selection,
        string="Invoice in Exact",
        compute="_compute_exact_invoice",
        compute_sudo=True,
    )
    exact_invoice_pdf = fields.Char(
        "PDF from Exact", compute="_compute_exact_invoice", compute_sudo=True
    )

    # === EXPENSE OR TRIP === #

    @api.depends("product_id", "product_uom_id")
    def _compute_exact_kind(self):
        mileage = self._exact_mileage()
        for expense in self:
            unit = expense.product_uom_id or expense.product_id.uom_id
            trip = (mileage and expense.product_id == mileage) or self._exact_is_distance(unit)
            expense.exact_kind = "trip" if trip else "expense"

    def _search_exact_kind(self, operator, value):
        if operator != "in":
            return NotImplemented
        units = self.env["uom.uom"].with_context(active_test=False).search(Domain.TRUE)
        trips = Domain("product_id", "in", self._exact_mileage().ids) | Domain(
            "product_uom_id", "in", units.filtered(self._exact_is_distance).ids
        )
        domain = Domain.FALSE
        if "trip" in value:
            domain |= trips
        if "expense" in value:
            domain |= ~trips
        return domain

    @api.model
    def _exact_mileage(self):
        """Odoo's own category for trips; empty where it was deleted."""
        data = self.env["ir.model.data"].sudo()
        number = data._xmlid_to_res_id("hr_expense.expense_product_mileage")
        return self.env["product.product"].sudo().browse(number or [])

    @api.model
    def _exact_is_distance(self, unit):
        """Whether a unit is a length: kilometres, miles (R46)."""
        # Not by env.ref(): that asks the database each time.
        number = self.env["ir.model.data"].sudo()._xmlid_to_res_id("uom.product_uom_km")
        kilometre = self.env["uom.uom"].sudo().browse(number or [])
        return bool(unit and kilometre and unit.sudo()._has_common_reference(kilometre))

    # === CUSTOMER === #

    @api.depends("exact_partner_id", "analytic_distribution")
    def _compute_exact_partner_hint(self):
        for expense in self:
            partner = expense._exact_customers() if not expense.exact_partner_id else None
            expense.exact_partner_hint = (
                partner.display_name if partner and len(partner) == 1 else False
            )

    def _exact_analytic_accounts(self):
        """The analytic accounts this expense is divided over."""
        self.ensure_one()
        return self.sudo().distribution_analytic_account_ids

    def _exact_projects(self):
        """The projects of those accounts; None where there are no projects at all."""
        accounts = self._exact_analytic_accounts().with_context(active_test=False)
        return accounts.project_ids if "project_ids" in accounts._fields else None

    def _exact_customers(self):
        """Who could be meant to pay: as chosen, else of the project, else of its analytic account.

        :return: customers; several where the expense is divided over the work for several
        """
        self.ensure_one()
        if self.exact_partner_id:
            return self.exact_partner_id.sudo()
        partners = self.env["res.partner"].sudo()
        projects = self._exact_projects()
        if projects and "partner_id" in projects._fields:
            partners = projects.partner_id
        return partners or self._exact_analytic_accounts().partner_id

    # === THE INVOICE === #

    @api.depends("company_id")
    def _compute_exact_invoicing(self):
        """Offered in a company that is joined to a division."""
        for company, expenses in self.grouped("company_id").items():
            connection = self.env["exact.connection"]._for_company(company)
            expenses.exact_invoicing = bool(connection.division_id)

    @api.depends(
        "exact_move_id.state",
        "exact_move_id.exact_state",
        "exact_move_id.payment_state",
        "sale_order_line_id.invoice_lines.move_id.state",
    )
    @api.depends_context("uid")
    def _compute_exact_invoice(self):
        words = self.env["sale.order"]
        for expense in self:
            move = expense._exact_document().filtered(lambda m: m.exact_route == "invoice")
            expense.exact_invoice_number = move.exact_entry_number
            expense.exact_invoice_state = words._exact_state_of(move) if move else False
            # Whoever may not see the invoice does not get its PDF either.
            seen = move and move.sudo(False).has_access("read")
            pdf = move._exact_invoice_pdfs()[-1:] if seen else None
            expense.exact_invoice_pdf = f"/web/content/{pdf.id}" if pdf else False

    def _exact_document(self):
        """The invoice that this expense stands on now; empty where it can be invoiced (again).

        By an order line it is free again once its quantity was credited, as in Odoo; without one, once
        the whole invoice was.
        """
        self.ensure_one()
        move, line = self.sudo().exact_move_id, self.sudo().sale_order_line_id
        if line and not move <= line.invoice_lines.move_id:
            # Money back, which Odoo leaves off the order.
            line = line.browse()
        if line:
            digits = self.env["decimal.precision"].precision_get("Product Unit")
            if float_is_zero(line.qty_invoiced, precision_digits=digits):
                return move.browse()
            moves = line.invoice_lines.move_id | move
            standing = moves.filtered(
                lambda m: m.exact_route == "invoice" and not m.reversed_entry_id
            )
            return standing.filtered(lambda m: m.state != "cancel")[:1]
        return move.filtered(lambda m: m.state != "cancel" and m.payment_state != "reversed")

    def action_exact_invoice(self):
        """Show the invoices that would come of these expenses in Exact (R45, R46)."""
        self._exact_check_user()
        return self.env["exact.invoice.wizard"]._open(self)

    def action_exact_open_invoice(self):
        """The invoice it stands on: Odoo's copy, with Exact's number and PDF."""
        self.ensure_one()
        self._exact_check_user()
        return self._exact_document()._get_records_action()

    def _exact_check_user(self):
        """:raises AccessError: for a user outside the group, or expenses the user does not see."""
        self.env["exact.uninvoiced"]._check_user()
        self.check_access("read")
