from odoo import api, fields, models
from odoo.exceptions import UserError

# What an order with several invoices shows: the one that wants attention most.
URGENCY = ("mend", "under_way", "draft", "printed", "partial", "paid")


class SaleOrder(models.Model):
    """What Exact made of an order, and the ways to have it invoiced there (R47)."""

    _name = "sale.order"
    _inherit = ["sale.order", "exact.connected.view"]
    _exact_view_types = ("list",)

    exact_invoicing = fields.Boolean(
        compute="_compute_exact_can_invoice",
        compute_sudo=True,
        help="Exact makes the invoices of this company.",
    )
    exact_can_invoice = fields.Boolean(compute="_compute_exact_can_invoice", compute_sudo=True)
    exact_invoice_ids = fields.Many2many(
        "account.move",
        string="Invoices in Exact",
        compute="_compute_exact_invoices",
        compute_sudo=True,
    )
    exact_invoice_state = fields.Selection(
        [
            ("mend", "To mend"),
            ("under_way", "On its way to Exact"),
            ("draft", "Draft in Exact"),
            ("printed", "Printed"),
            ("partial", "Partly paid"),
            ("paid", "Paid"),
        ],
        "Invoice in Exact",
        compute="_compute_exact_invoices",
        compute_sudo=True,
    )
    exact_invoice_numbers = fields.Char(
        "Number in Exact", compute="_compute_exact_invoices", compute_sudo=True
    )
    exact_invoice_has_pdf = fields.Boolean(compute="_compute_exact_invoices", compute_sudo=True)

    @api.depends("company_id", "state", "invoice_status")
    def _compute_exact_can_invoice(self):
        """Offered on what is to be invoiced, in a company that is joined to a division."""
        for company, orders in self.grouped("company_id").items():
            connection = self.env["exact.connection"]._for_company(company)
            orders.exact_invoicing = connection.division_id and connection.invoicing
            for order in orders:
                order.exact_can_invoice = (
                    bool(connection.division_id) and order.invoice_status == "to invoice"
                )

    @api.depends(
        "invoice_ids.exact_route",
        "invoice_ids.exact_state",
        "invoice_ids.exact_entry_number",
        "invoice_ids.payment_state",
        "invoice_ids.state",
    )
    def _compute_exact_invoices(self):
        for order in self:
            moves = order.invoice_ids.filtered(
                lambda move: move.exact_route == "invoice" and move.state != "cancel"
            ).sorted("id")
            states = {self._exact_state_of(move) for move in moves}
            order.exact_invoice_ids = moves
            order.exact_invoice_state = next((s for s in URGENCY if s in states), False)
            numbers = moves.filtered("exact_entry_number").mapped("exact_entry_number")
            order.exact_invoice_numbers = ", ".join(numbers) or False
            order.exact_invoice_has_pdf = bool(moves._exact_invoice_pdfs())

    @api.model
    def _exact_state_of(self, move):
        """How one invoice stands in Exact, in the words of an order."""
        if move.exact_state in ("failed", "unclear", "differs"):
            return "mend"
        if move.exact_state == "draft":
            return "draft"
        if not move.exact_entry_id:
            return "under_way"
        if move.payment_state in ("paid", "in_payment", "reversed"):
            return "paid"
        return "partial" if move.payment_state == "partial" else "printed"

    # === BUTTONS === #

    def action_exact_invoice(self):
        """The wizard, with what is to be invoiced of these orders (R47)."""
        self.env["exact.uninvoiced"]._check_user()
        self.check_access("read")
        return self.company_id[:1]._exact_open_wizard(self)

    def action_exact_view_invoices(self):
        """Odoo's copies of the invoices that Exact made of this order."""
        self.ensure_one()
        return self.action_view_invoice(invoices=self.exact_invoice_ids)

    def action_exact_invoice_pdf(self):
        """Exact's own PDF; the newest where there are several."""
        self.ensure_one()
        self.env["exact.uninvoiced"]._check_user()
        self.check_access("read")
        return self.exact_invoice_ids.sudo()._exact_open_invoice_pdf()


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def action_exact_invoice(self):
        """The wizard, with what is to be invoiced of these lines."""
        self.env["exact.uninvoiced"]._check_user()
        self.check_access("read")
        return self.company_id[:1]._exact_open_wizard(self)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _exact_invoice_pdfs(self):
        """The PDFs that came back from Exact for these documents, oldest first."""
        moves = self.filtered(lambda move: move.exact_route == "invoice" and move.exact_entry_id)
        if not moves:
            return self.env["ir.attachment"]
        return self.env["ir.attachment"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", moves.ids),
                ("res_field", "in", (False, "invoice_pdf_report_file")),
                ("mimetype", "=", "application/pdf"),
            ],
            order="id",
        )

    def _exact_open_invoice_pdf(self):
        """Open the newest PDF of Exact among these documents; whoever calls it has checked who asks.

        :raises UserError: none came back yet.
        """
        pdf = self._exact_invoice_pdfs()[-1:]
        if not pdf:
            raise UserError(self.env._("Exact's PDF has not come back yet."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{pdf.id}?access_token={pdf.generate_access_token()[0]}",
            "target": "new",
        }


class ResCompany(models.Model):
    _inherit = "res.company"

    def _exact_open_wizard(self, records):
        """The wizard in this company, wherever the switcher stands; others' records it leaves behind."""
        wizard = self.env["exact.invoice.wizard"]
        if self in self.env.companies:
            wizard, records = wizard.with_company(self), records.with_company(self)
        return wizard._open(records)
