"""What can be mapped: for each kind of thing in Odoo the field that holds its counterpart in Exact."""

from dataclasses import dataclass

# The screens, in the order in which a person goes through them.
KINDS = ("vat", "item", "account", "journal", "term", "analytic")


@dataclass(frozen=True)
class Target:
    """One field that is mapped.

    ``kind``: the screen; ``model`` and ``field``: where the mapping is kept; ``needed``: a document
    stops without it, else something else serves.
    """

    kind: str
    model: str
    field: str
    needed: bool = False

    def is_setting(self):
        return self.model == "exact.connection"


TARGETS = {
    "default_vat_code": Target("vat", "exact.connection", "default_vat_code_id", True),
    "no_tax_vat_code": Target("vat", "exact.connection", "no_tax_vat_code_id"),
    "tax": Target("vat", "account.tax", "exact_vat_code_id", True),
    "default_item": Target("item", "exact.connection", "default_item_id", True),
    "category": Target("item", "product.category", "exact_item_id"),
    "product": Target("item", "product.template", "exact_item_id"),
    "expense": Target("item", "product.template", "exact_item_id"),
    "discount_account": Target("account", "exact.connection", "discount_account_id"),
    "account": Target("account", "account.account", "exact_gl_account_id"),
    "vat_account": Target("account", "exact.vat.code", "sale_gl_account_id"),
    "sale_journal": Target("journal", "exact.connection", "sale_journal_id", True),
    "refund_journal": Target("journal", "exact.connection", "refund_journal_id", True),
    "journal": Target("journal", "account.journal", "exact_journal_id"),
    "journal_refund": Target("journal", "account.journal", "exact_refund_journal_id"),
    "default_condition": Target("term", "exact.connection", "default_payment_condition_id", True),
    "debit_condition": Target("term", "exact.connection", "default_debit_condition_id"),
    "term": Target("term", "account.payment.term", "exact_payment_condition_id"),
    "plan": Target("analytic", "account.analytic.plan", "exact_dimension"),
    "cost_center": Target("analytic", "account.analytic.account", "exact_cost_center_id"),
    "cost_unit": Target("analytic", "account.analytic.account", "exact_cost_unit_id"),
    "project": Target("analytic", "account.analytic.account", "exact_project_id"),
}

# Mapped elsewhere than on the mapping screens; watched all the same.
WATCHED = {
    "customer_journal": Target("", "res.partner", "exact_journal_id"),
    "product_journal": Target("", "product.template", "exact_journal_id"),
}
