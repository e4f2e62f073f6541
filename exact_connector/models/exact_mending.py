"""Where what stopped an exchange is mended: mapping, settings, customers and what Exact says of them (W5)."""

from odoo import models

# What Exact looks at of a customer.
CUSTOMER_FIELDS = {
    "name", "ref", "vat", "country_id", "state_id", "zip", "city", "street", "street2", "lang",
    "email", "phone", "is_company", "company_registry",
}  # fmt: skip

# What a customer import notes by itself.
NOTED = ("exact_account_seen", "exact_contacts_due")


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "exact.mending"]

    def _exact_mends(self, name):
        return name in ("categ_id", "taxes_id") or super()._exact_mends(name)


class ProductCategory(models.Model):
    _name = "product.category"
    _inherit = ["product.category", "exact.mending"]


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "exact.mending"]

    def _exact_mends(self, name):
        return name in CUSTOMER_FIELDS or (name not in NOTED and super()._exact_mends(name))


class AccountPaymentTerm(models.Model):
    _name = "account.payment.term"
    _inherit = ["account.payment.term", "exact.mending"]


class AccountAccount(models.Model):
    _name = "account.account"
    _inherit = ["account.account", "exact.mending"]


class AccountAnalyticAccount(models.Model):
    _name = "account.analytic.account"
    _inherit = ["account.analytic.account", "exact.mending"]


class AccountAnalyticPlan(models.Model):
    _name = "account.analytic.plan"
    _inherit = ["account.analytic.plan", "exact.mending"]


class AccountTax(models.Model):
    _name = "account.tax"
    _inherit = ["account.tax", "exact.mending"]

    def _exact_company_ids(self):
        # A branch uses the taxes of the company above it.
        return set(self.company_id.ids) | set(self.env.company.ids)


class AccountJournal(models.Model):
    _name = "account.journal"
    _inherit = ["account.journal", "exact.mending"]

    def _exact_company_ids(self):
        return set(self.company_id.ids)


class ExactReference(models.AbstractModel):
    _name = "exact.reference"
    _inherit = ["exact.reference", "exact.mending"]

    def _exact_mends(self, name):
        return True

    def _exact_company_ids(self):
        return set(self.company_id.ids)


class ExactConnection(models.Model):
    _name = "exact.connection"
    _inherit = ["exact.connection", "exact.mending"]

    def _exact_mends(self, name):
        """Settings, such as a default item; not what a connection notes by itself."""
        field = self._fields.get(name)
        chosen = field and field.comodel_name and field.comodel_name.startswith("exact.")
        setting = name in ("start_date", "only_divisible_items", "invoicing")
        return setting or (chosen and field.type == "many2one" and field.copy)

    def _exact_company_ids(self):
        return set(self.company_id.ids)


class ExactProbe(models.Model):
    _inherit = "exact.probe"

    def _keep_grant(self):
        regained = self.state not in ("ok", "unknown")
        result = super()._keep_grant()
        if regained:
            self.env["exact.exchange"]._note_right_granted(self.connection_id, self.cause_id)
        return result
