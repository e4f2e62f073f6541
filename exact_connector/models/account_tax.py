from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AccountTax(models.Model):
    _inherit = "account.tax"

    exact_vat_code_id = fields.Many2one(
        "exact.vat.code",
        "Exact VAT Code",
        check_company=True,
        ondelete="set null",
        domain="[('company_id', '=', company_id), ('type', 'in', ('B', 'E', 'N'))]",
        help="The VAT code that lines with this tax get in Exact; of type Excluding, or without VAT for 0 %.",
    )

    @api.constrains("exact_vat_code_id")
    def _check_exact_vat_code_id(self):
        """A code of type Including would change the amounts (R10)."""
        for tax in self:
            if tax.exact_vat_code_id.type == "I":
                raise ValidationError(
                    self.env._(
                        "VAT code %(code)s is of type Including. Choose a code of type Excluding for tax %(tax)s: "
                        "amounts travel to Exact excluding VAT.",
                        code=tax.exact_vat_code_id.display_name,
                        tax=tax.name,
                    )
                )

    def _exact_rate(self):
        """The rate on the net amount, in percent: a division tax of 21 % takes 21 % of the gross."""
        self.ensure_one()
        if self.amount_type == "division":
            return 100 * self.amount / (100 - self.amount)
        return self.amount

    @api.model
    def _add_tax_details_in_base_line(self, base_line, company, rounding_method=None):
        """What Exact invoices is rounded as Exact rounds it: VAT on each line (API 5.13)."""
        record = base_line.get("record")
        is_line = isinstance(record, models.BaseModel) and record._name == "account.move.line"
        if not rounding_method and is_line and record.move_id.journal_id.exact_invoices:
            rounding_method = "round_per_line"
        return super()._add_tax_details_in_base_line(
            base_line, company, rounding_method=rounding_method
        )
