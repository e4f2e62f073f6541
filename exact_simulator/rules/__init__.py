"""What a write must satisfy, resource by resource."""

from __future__ import annotations

from ..errors import ApiError
from ..state import Row
from . import crm, documents, masterdata, salesentry, salesinvoice, salesinvoice_print
from .base import Context, Nested, Rule

_TEXTS = ("Description", "PaymentMethod", "PaymentReference")


class _Receivables(Rule):
    """Open items: only three texts can be changed (Exact API sheet 5.15)."""

    resource = "cashflow/Receivables"

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        raise ApiError(405, "method")

    def update(self, ctx: Context, old: Row, values: Row) -> Row:
        known = {name: values[name] for name in _TEXTS if name in values}
        return ctx.division.save(self.resource, {**old, **known}, ctx.user)


_RULES: dict[str, Rule] = {
    rule.resource: rule()
    for rule in (
        crm.Accounts, crm.Contacts, crm.Addresses, crm.BankAccounts, masterdata.Items,
        masterdata.SalesItemPrices, masterdata.Journals, masterdata.GLAccounts,
        masterdata.VATCodes, masterdata.CostCenters, masterdata.CostUnits, masterdata.Projects,
        masterdata.PaymentConditions, salesentry.SalesEntries,
        salesentry.SalesEntryLines, salesinvoice.SalesInvoices, salesinvoice.SalesInvoiceLines,
        salesinvoice_print.PrintedSalesInvoices, documents.Documents, documents.DocumentAttachments,
        documents.WebhookSubscriptions, _Receivables,
    )
}  # fmt: skip


def rule_for(resource: str) -> Rule:
    """The rule of a resource.

    :raises ApiError: 405 when it cannot be written.
    """
    rule = _RULES.get(resource)
    if rule is None:
        raise ApiError(405, "method")
    return rule


__all__ = ["Context", "Rule", "rule_for"]
