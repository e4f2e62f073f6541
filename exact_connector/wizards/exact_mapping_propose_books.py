"""Filling the mapping screens: ledger accounts, journals, payment terms and analytic accounts."""

from odoo import models

from ..models.exact_mapping_targets import TARGETS
from .exact_mapping_propose import REST


class ExactMappingWizard(models.TransientModel):
    _inherit = "exact.mapping.wizard"

    # === LEDGER ACCOUNTS === #

    def _rows_account(self, name):
        """By equal code, else by name; revenue accounts only (R13)."""
        env = self.env
        counts = self.connection_id._use_counts("account_id")
        income = [("account_type", "in", ("income", "income_other"))]
        revenue = self._reference("exact.gl.account", [("is_revenue", "=", True)])
        by_code = {account.code.strip("0") or "0": account for account in reversed(revenue)}
        exact = {account.code: account for account in reversed(revenue)}
        by_name = {(account.name or "").lower(): account for account in reversed(revenue)}
        for account, used, shown in self._with_rest(counts, "account.account", income):
            code = account.code or ""
            found = None
            if code in exact:
                found = (exact[code], env._("same code"), "high")
            elif account.name.lower() in by_name:
                found = (by_name[account.name.lower()], env._("same name"), "low")
            elif code.strip("0") in by_code:
                found = (by_code[code.strip("0")], env._("same code but for its zeros"), "low")
            yield self._row(name, account, used, shown, found)

    def _rows_vat_account(self, name):
        """The account that items with a VAT code have, where they agree (R13, fourth level)."""
        env, connection = self.env, self.connection_id
        counts = {}
        for tax, number in connection._use_counts("tax_ids").items():
            code = tax.exact_vat_code_id
            if code.connection_id == connection:
                counts[code] = counts.get(code, 0) + number
        accounts = {}
        for item in self._reference("exact.item", [("is_sales_item", "=", True)]):
            if item.gl_account_id.is_revenue:
                accounts.setdefault(item.vat_code_id, set()).add(item.gl_account_id)
        codes = self._reference("exact.vat.code", [("type", "in", ("E", "B", "N"))])
        for code in codes.filtered(lambda c: c.transaction_type != "P"):
            own = accounts.get(code, ())
            found = None
            if len(own) == 1:
                found = (*own, env._("all items with this VAT code have it"), "low")
            used = counts.get(code, 0)
            yield self._row(name, code, used, None, found)

    # === JOURNALS AND TERMS === #

    def _rows_journal(self, name):
        """Sales journals of Odoo by code or name; a single one needs none of its own (R5)."""
        refund = name == "journal_refund"
        kind = "out_refund" if refund else "out_invoice"
        counts = dict(
            self.env["account.move"]._read_group(
                [*self.connection_id._use_domain(), ("move_type", "=", kind)],
                ["journal_id"],
                ["__count"],
            )
        )
        exact = self._reference("exact.journal", [("type", "in", ("20", "21"))])
        sale = [("type", "=", "sale")]
        for journal, used, shown in self._with_rest(counts, "account.journal", sale):
            same = exact.filtered(
                lambda other, journal=journal: (
                    (other.name or "").lower() == journal.name.lower() or other.code == journal.code
                )
            )
            found = None
            if same and not refund:
                found = (same[0], self.env._("same code or name"), "high")
            yield self._row(name, journal, used, shown, found)

    def _rows_journal_refund(self, name):
        return self._rows_journal(name)

    def _rows_term(self, name):
        """By computed due date over a year of invoice dates, never with a discount (R21, R24)."""
        counts = self.connection_id._use_counts("invoice_payment_term_id", "account.move")
        for term, used, shown in self._with_rest(counts, "account.payment.term", []):
            found = None if term.exact_payment_condition_id else self._propose_condition(term)
            yield self._row(name, term, used, shown, found)

    def _propose_condition(self, term):
        mapper = self.env["exact.mapper.payment.condition"]
        conditions, reason, confidence = mapper._propose(self.connection_id, term)
        return conditions[:1], reason, confidence if conditions else "default"

    # === ANALYTIC === #

    def _analytic_counts(self):
        """Analytic accounts on document lines, with the number of documents."""
        groups = self.env["account.move.line"]._read_group(
            [*self.connection_id._use_line_domain(), ("analytic_distribution", "!=", False)],
            ["analytic_distribution"],
            ["__count"],
        )
        accounts = self.env["account.analytic.account"]
        counts = {}
        for key, number in groups:
            account = key if isinstance(key, models.BaseModel) else accounts.browse(key)
            counts[account] = counts.get(account, 0) + number
        return {account: number for account, number in counts.items() if account.exists()}

    def _rows_plan(self, name):
        counts = {}
        for account, number in self._analytic_counts().items():
            root = account.plan_id.root_id
            counts[root] = counts.get(root, 0) + number
        plans = self.env["account.analytic.plan"].search([("parent_id", "=", False)])
        for plan in plans:
            used = counts.get(plan, 0)
            yield self._row(name, plan, used, bool(used) or not counts)

    def _rows_cost_center(self, name):
        """Accounts of plans that stand for this dimension, by code or name."""
        env = self.env
        target = TARGETS[name]
        field = env[target.model]._fields[target.field]
        records = self._reference(field.comodel_name)
        counts = self._analytic_counts()
        domain = [*self._company_domain(target.model), ("plan_id", "!=", False)]
        plans = self._plans_of(name)
        counts = {a: number for a, number in counts.items() if a.plan_id in plans}
        if not plans:
            return
        domain.append(("plan_id", "in", plans.ids))
        reasons = {"code": env._("same code"), "name": env._("same name")}
        for account, used, shown in self._with_rest(counts, target.model, domain, REST):
            match, way = records._match(records, account)
            found = match and (match, reasons[way], "high" if way == "code" else "low")
            yield self._row(name, account, used, shown, found)

    def _rows_cost_unit(self, name):
        return self._rows_cost_center(name)

    def _rows_project(self, name):
        return self._rows_cost_center(name)

    def _plans_of(self, dimension):
        """Plans that stand for a dimension: their own choice, else that of the plan above."""
        # A handful of plans, whatever the size of the books.
        plans = self.env["account.analytic.plan"].search([])  # pylint: disable=no-search-all

        def chosen(plan):
            while plan and not plan.exact_dimension:
                plan = plan.parent_id
            return plan.exact_dimension

        return plans.filtered(lambda plan: chosen(plan) == dimension)
