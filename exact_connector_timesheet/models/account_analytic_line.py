from odoo import api, fields, models
from odoo.exceptions import UserError

# What an invoice was made from.
GUARDED = ("unit_amount", "employee_id", "project_id", "task_id", "so_line", "date")


class AccountAnalyticLine(models.Model):
    """Hours: how their invoice stands in Exact, and what nobody may change once it is made."""

    _inherit = "account.analytic.line"

    exact_without_order = fields.Boolean(
        "Invoiced in Exact Without Order",
        readonly=True,
        copy=False,
        help="Taken into an invoice in Exact without a sales order item: no order counts these hours.",
    )
    exact_invoice_state = fields.Selection(
        related="timesheet_invoice_id.exact_state",
        string="Status in Exact",
        groups="exact_connector.group_exact_user",
    )
    exact_invoice_number = fields.Char(
        related="timesheet_invoice_id.exact_entry_number",
        string="Number in Exact",
        groups="exact_connector.group_exact_user",
    )
    exact_invoice_pdf = fields.Boolean(
        "PDF of Exact",
        compute="_compute_exact_invoice_pdf",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
    )

    def _compute_exact_invoice_pdf(self):
        for hour in self:
            move = hour.timesheet_invoice_id
            hour.exact_invoice_pdf = bool(move.exact_entry_id and move._exact_pdf())

    def _exact_is_free(self):
        """Not invoiced, or the invoice is cancelled or credited in full: as Odoo itself sees it."""
        self.ensure_one()
        return self._is_not_billed() or self.timesheet_invoice_id.payment_state == "reversed"

    # === ACTIONS === #

    def action_exact_invoice(self):
        """ "Invoice in Exact" with the hours selected."""
        return self.env["exact.invoice.wizard"]._open(self)

    def action_exact_open_pdf(self):
        """Exact's PDF of the invoice of these hours."""
        self.ensure_one()
        if not self.env.user.has_group("exact_connector.group_exact_user"):
            raise UserError(self.env._("Only an Exact Online user can do this."))
        self.check_access("read")
        pdf = self.timesheet_invoice_id.sudo()._exact_pdf()
        if not pdf:
            raise UserError(self.env._("The PDF has not come from Exact yet."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{pdf.id}?download=true",
            "target": "download",
        }

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
