from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# What a person may give an invoice or a line, and under which name it is kept.
INVOICE_EDITS = ("reference", "invoice_date", "invoice_date_due")


class ExactInvoiceWizardLine(models.TransientModel):
    """One thing of the selection: taken, unticked or left behind."""

    _name = "exact.invoice.wizard.line"
    _description = "Invoice in Exact: Selected"
    _order = "sequence, id"
    _rec_name = "name"

    wizard_id = fields.Many2one(
        "exact.invoice.wizard", required=True, readonly=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(readonly=True)
    key = fields.Char(readonly=True, required=True)
    selected = fields.Boolean("Invoice", default=True)
    kind = fields.Selection(
        [
            ("hours", "Hours"),
            ("expense", "Expense"),
            ("trip", "Trip"),
            ("fixed", "Fixed Price"),
            ("milestone", "Milestone"),
            ("subscription", "Subscription"),
            ("delivered", "Delivered"),
        ],
        readonly=True,
    )
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    date = fields.Date(readonly=True)
    name = fields.Char("What", readonly=True)
    quantity = fields.Float(readonly=True, digits=(16, 2))
    uom_id = fields.Many2one("uom.uom", "Unit", readonly=True)
    net = fields.Monetary("Excl. VAT", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    left_code = fields.Char(readonly=True)
    reason = fields.Char("Why Not", readonly=True)
    mend_model = fields.Char(readonly=True)
    mend_id = fields.Many2oneReference(model_field="mend_model", readonly=True)
    mend_name = fields.Char("Where", readonly=True)

    def write(self, vals):
        result = super().write(vals)
        if "selected" in vals and not self.env.context.get("exact_planning"):
            self.wizard_id.with_context(exact_planning=True).write({"stale": True})
        return result

    def action_open(self):
        """The record that mends it, or shows where it went."""
        self.ensure_one()
        model, number = self.mend_model, self.mend_id
        if not model:
            model, _comma, number = self.key.partition(",")
        return self._open_form(model, int(number))

    @api.model
    def _open_form(self, model, number):
        """:raises UserError: the record is gone, or not for this user."""
        record = self.env[model].browse(number).exists() if model in self.env else None
        if not record or not record.has_access("read"):
            raise UserError(self.env._("The record is gone, or not yours to open."))
        if model == "exact.connection":
            return record._get_settings_action()
        return record.get_formview_action()


class ExactInvoiceWizardInvoice(models.TransientModel):
    """One invoice to come."""

    _name = "exact.invoice.wizard.invoice"
    _description = "Invoice in Exact: Invoice"
    _order = "sequence, id"
    _rec_name = "label"

    wizard_id = fields.Many2one(
        "exact.invoice.wizard", required=True, readonly=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer("No.", readonly=True)
    key = fields.Char(readonly=True, required=True)
    label = fields.Char(readonly=True)
    customer_id = fields.Many2one("res.partner", readonly=True)
    partner_id = fields.Many2one("res.partner", "Invoice Address", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    reference = fields.Char(help="Becomes the description of the invoice in Exact.")
    invoice_date = fields.Date()
    invoice_date_due = fields.Date("Due Date")
    condition = fields.Char("Payment Condition", readonly=True)
    credit = fields.Boolean("Credit Invoice", readonly=True)
    line_count = fields.Integer("Lines", readonly=True)
    net = fields.Monetary("Excl. VAT", readonly=True)
    vat = fields.Monetary("VAT", readonly=True)
    total = fields.Monetary(readonly=True)
    problem_count = fields.Integer("Problems", readonly=True)
    notes = fields.Text(readonly=True)
    payload = fields.Json("Values for Exact", readonly=True)
    line_ids = fields.One2many("exact.invoice.wizard.invoice.line", "invoice_id")

    def write(self, vals):
        result = super().write(vals)
        given = {name: vals[name] for name in INVOICE_EDITS if name in vals}
        if given and not self.env.context.get("exact_planning"):
            for invoice in self:
                values = {
                    name: fields.Date.to_string(invoice[name])
                    if self._fields[name].type == "date"
                    else invoice[name]
                    for name in given
                }
                invoice.wizard_id._keep_edit("invoices", invoice.key, values)
        return result


class ExactInvoiceWizardInvoiceLine(models.TransientModel):
    """One line of an invoice to come: as Exact will show it, and why."""

    _name = "exact.invoice.wizard.invoice.line"
    _description = "Invoice in Exact: Line"
    _order = "sequence, id"
    _rec_name = "name"

    wizard_id = fields.Many2one(
        "exact.invoice.wizard", required=True, readonly=True, ondelete="cascade", index=True
    )
    invoice_id = fields.Many2one(
        "exact.invoice.wizard.invoice", readonly=True, ondelete="cascade", index=True
    )
    invoice_number = fields.Integer("No.", related="invoice_id.sequence")
    connection_id = fields.Many2one(related="wizard_id.connection_id")
    sequence = fields.Integer(readonly=True)
    key = fields.Char(readonly=True, required=True)
    name = fields.Char("Text")
    item_id = fields.Many2one(
        "exact.item",
        domain="[('connection_id', '=', connection_id), ('is_sales_item', '=', True)]",
    )
    item_source = fields.Char("Why This Item", readonly=True)
    quantity = fields.Float(readonly=True, min_display_digits=2)
    unit = fields.Char(readonly=True)
    net_price = fields.Float("Price Excl. VAT", min_display_digits=2)
    vat_code = fields.Char("VAT", readonly=True)
    net = fields.Monetary("Amount Excl. VAT", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    problem = fields.Boolean(readonly=True)
    # From Exact's price back to Odoo's: what undoes unit, discount and included VAT.
    unit_ratio = fields.Float(readonly=True)
    discount = fields.Float(readonly=True)
    tax_ids = fields.Many2many(
        "account.tax", relation="exact_invoice_wizard_line_tax", readonly=True
    )

    @api.constrains("item_id")
    def _check_item(self):
        """Its name alone would tell a stranger what another company's books hold."""
        for line in self:
            if line.item_id.sudo().company_id - self.env.user.company_ids:
                raise ValidationError(
                    self.env._(
                        "Choose an item of the division of %s.", line.wizard_id.company_id.name
                    )
                )

    def write(self, vals):
        result = super().write(vals)
        if self.env.context.get("exact_planning"):
            return result
        for line in self:
            given = {}
            if "name" in vals:
                given["name"] = (line.name or "").strip()
            if "item_id" in vals:
                given["item_id"] = line.item_id.id
            if "net_price" in vals:
                given["price_unit"] = line._odoo_price(vals["net_price"])
            if given:
                line.wizard_id._keep_edit("lines", line.key, given)
        return result

    def _odoo_price(self, price):
        """Odoo's unit price for a net price in the item's unit: its unit, before discount, included VAT back in."""
        self.ensure_one()
        price = price * (self.unit_ratio or 1.0)
        if self.discount and self.discount < 100:
            price /= 1 - self.discount / 100
        taxes = self.sudo().tax_ids
        if any(taxes.mapped("price_include")):
            details = taxes._get_tax_details(
                price, 1.0, rounding_method="round_globally", special_mode="total_excluded"
            )
            price += sum(
                data["tax_amount"] for data in details["taxes_data"] if data["tax"].price_include
            )
        return round(price, 8)
