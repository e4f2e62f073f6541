"""Records that several companies share, with a counterpart in Exact for each of them (R3)."""

from odoo import api, models
from odoo.exceptions import ValidationError


class ExactMapped(models.AbstractModel):
    """Keeps a counterpart in the books of the company it is chosen for.

    Company-dependent fields know no ``check_company``: screens offer only the own ones, and this
    refuses what comes past a screen.
    """

    _name = "exact.mapped"
    _description = "Mapped to Exact per Company"

    @api.model
    def _exact_fields(self):
        """The company-dependent links to reference data of Exact on this model."""
        return [
            name
            for name, field in self._fields.items()
            if field.type == "many2one"
            and field.company_dependent
            and "connection_id" in self.env[field.comodel_name]._fields
            and field.comodel_name.startswith("exact.")
        ]

    @api.constrains(lambda self: self._exact_fields())
    def _check_exact_company(self):
        company = self.env.company
        names = self._exact_fields()
        for record in self:
            for name in names:
                choice = record[name].sudo()
                if choice and choice.company_id != company:
                    raise ValidationError(
                        self.env._(
                            "%(choice)s belongs to Exact of %(other)s; for %(record)s in %(company)s choose one "
                            "of that company.",
                            choice=choice.display_name,
                            other=choice.company_id.name,
                            record=record.display_name,
                            company=company.name,
                        )
                    )


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "exact.mapped"]


class ProductCategory(models.Model):
    _name = "product.category"
    _inherit = ["product.category", "exact.mapped"]


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "exact.mapped"]


class AccountPaymentTerm(models.Model):
    _name = "account.payment.term"
    _inherit = ["account.payment.term", "exact.mapped"]


class AccountAccount(models.Model):
    _name = "account.account"
    _inherit = ["account.account", "exact.mapped"]


class AccountAnalyticAccount(models.Model):
    _name = "account.analytic.account"
    _inherit = ["account.analytic.account", "exact.mapped"]
