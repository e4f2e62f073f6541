from odoo import api, fields, models
from odoo.exceptions import UserError

# What an invoice was made from.
GUARDED = ("unit_amount", "employee_id", "project_id", "task_id", "so_line", "date")


class AccountAnalyticLine(models.Model):
    """Hours: how their invoice stands in Exact, and what nobody may change once it is made."""

    _name = "account.analytic.line"
    _inherit = ["account.analytic.line", "exact.connected.view"]

    exact_without_order = fields.Boolean(
        "Invoiced in Exact Without Order",
        readonly=True,
        copy=False,
        help="Taken into an invoice in Exact without a sales order item: no order counts these hours.",
    )
    exact_invoice_state = fields.Selection(
        selection=lambda self: self.env["sale.order"]._fields["exact_invoice_state"].selection,
        string="Invoice in Exact",
        compute="_compute_exact_invoice",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
    )
    exact_invoice_number = fields.Char(
        "Number in Exact",
        compute="_compute_exact_invoice",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
    )
    exact_invoice_has_pdf = fields.Boolean(
        "PDF of Exact",
        compute="_compute_exact_invoice",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
    )

    @api.depends(
        "timesheet_invoice_id.exact_route",
        "timesheet_invoice_id.exact_state",
        "timesheet_invoice_id.exact_entry_number",
        "timesheet_invoice_id.payment_state",
        "timesheet_invoice_id.state",
    )
    def _compute_exact_invoice(self):
        moves = self.timesheet_invoice_id.filtered(
            lambda move: move.exact_route == "invoice" and move.state != "cancel"
        )
        with_pdf = set(moves._exact_invoice_pdfs().mapped("res_id"))
        state_of = {move.id: self.env["sale.order"]._exact_state_of(move) for move in moves}
        for hour in self:
            move = hour.timesheet_invoice_id
            hour.exact_invoice_state = state_of.get(move.id, False)
            hour.exact_invoice_number = move.id in state_of and move.exact_entry_number
            hour.exact_invoice_has_pdf = move.id in with_pdf

    def _exact_is_free(self):
        """Not invoiced, or the invoice is cancelled or credited in full: as Odoo itself sees it."""
        self.ensure_one()
        return self._is_not_billed() or self.timesheet_invoice_id.payment_state == "reversed"

    # === ACTIONS === #

    def action_exact_invoice(self):
        """The wizard, with the hours selected (R44)."""
        self.env["exact.uninvoiced"]._check_user()
        self.check_access("read")
        return self.env["exact.invoice.wizard"]._open(self)

    def action_exact_invoice_pdf(self):
        """Exact's own PDF of the invoice of these hours."""
        self.ensure_one()
        self.env["exact.uninvoiced"]._check_user()
        self.check_access("read")
        return self.sudo().timesheet_invoice_id._exact_open_invoice_pdf()

    # === GUARD (R49) === #

    def _check_can_write(self, values):
        """As Odoo does for hours of an order: what is invoiced stays as it is."""
        names = [name for name in GUARDED if name in values]
        if names:
            taken = self.sudo().filtered(
                lambda hour: hour.exact_without_order and not hour._exact_is_free()
            )
            for hour in taken:
                if any(hour._exact_would_change(name, values[name]) for name in names):
                    raise UserError(
                        self.env._(
                            "These hours are invoiced in Exact (%s) and stay as they are.",
                            hour._exact_invoice_label(),
                        )
                    )
        return super()._check_can_write(values)

    def _exact_would_change(self, name, value):
        field = self._fields[name]
        new = field.convert_to_cache(value, self)
        old = field.convert_to_cache(self[name], self)
        return new != old

    @api.ondelete(at_uninstall=False)
    def _unlink_except_on_its_way(self):
        """Odoo refuses for posted invoices; a copy of a draft in Exact counts as much."""
        taken = self.sudo().filtered(
            lambda hour: (
                hour.timesheet_invoice_id.exact_route == "invoice"
                and hour.timesheet_invoice_id.state == "draft"
            )
        )
        if taken:
            raise UserError(
                self.env._(
                    "These hours are on their way to Exact (%s): cancel that invoice first.",
                    taken[0]._exact_invoice_label(),
                )
            )

    def _exact_invoice_label(self):
        move = self.timesheet_invoice_id
        return move.exact_entry_number or move.ref or move.exact_reference or move.display_name

    def write(self, vals):
        """Hours that are free again belong to the order line they get."""
        if vals.get("so_line") and "exact_without_order" not in vals:
            free = self.sudo().filtered(lambda h: h.exact_without_order and h._exact_is_free())
            if free:
                free.write({"exact_without_order": False})
        return super().write(vals)
