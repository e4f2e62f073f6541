"""Filling the mapping screens: what there is, what stands for it, and proposals for the rest."""

import re

from odoo import fields, models

from ..models.exact_mapping_targets import TARGETS
from .exact_mapping_line import CHOICES, DIMENSION

# Products and accounts that are mapped or sold but not in use, shown beside those in use.
REST = 500
# What the name of a 0 % tax or VAT code speaks of, in the languages of Exact's countries; first match counts.
ZERO_MEANINGS = [
    (meaning, re.compile(pattern, re.IGNORECASE))
    for meaning, pattern in (
        ("export", r"buiten|outside|non-?eu|hors|export|uitvoer|ausfuhr|drittland|\bex\b"),
        (
            "reverse",
            r"verlegd|reverse|\br\.?c\.?\b|[mc]ede?contractant|cocontractant|autoliquid|reverse|§ ?13b",
        ),
        ("eu", r"\b(eu|ue|icp|icl)\b|intra|innergemeinschaft|binnen de eu"),
    )
]
DEFAULT_ITEM_WORDS = ("algemeen", "general", "général", "allgemein", "divers", "overig", "misc")


class ExactMappingWizard(models.TransientModel):
    _inherit = "exact.mapping.wizard"

    def _fill(self):
        """Lines for all kinds; reads the books and the local copies, calls nothing, maps nothing."""
        self.ensure_one()
        company = self.connection_id.company_id
        wizard = self.sudo().with_company(company).with_context(allowed_company_ids=company.ids)
        rows = []
        for sequence, (name, target) in enumerate(TARGETS.items()):
            model = self.env[target.model]
            if target.field not in model._fields:
                continue
            make = (
                wizard._rows_settings if target.is_setting() else getattr(wizard, f"_rows_{name}")
            )
            rows += [{**row, "sequence": sequence} for row in make(name) if row]
        self.env["exact.mapping.wizard.line"].sudo().create(rows)
        self.sudo().write({"filled_on": fields.Datetime.now(), "stale": False})

    # === LINES === #

    def _row(self, name, record, used=0, in_use=None, found=None):
        """Values of one line.

        :param used: number of documents.
        :param in_use: whether it is shown at once; by default whether there are documents.
        :param found: (counterpart, reason, confidence) of a proposal, or only (None, reason, confidence).
        """
        target = TARGETS[name]
        field = record._fields[target.field]
        choice_field = CHOICES.get(field.comodel_name, DIMENSION)
        values = {
            "wizard_id": self.id,
            "kind": target.kind,
            "target": name,
            "res_model": target.model,
            "res_id": record.id,
            "record_name": self._record_name(name, record),
            "used": used,
            "in_use": bool(used) if in_use is None else in_use,
        }
        choice = record[target.field]
        line = self.env["exact.mapping.wizard.line"].new({"target": name})
        if choice:
            values[choice_field] = choice if choice_field == DIMENSION else choice.id
            flaw = None
            if choice_field != DIMENSION:
                flaw = self.connection_id._choice_flaw(choice, line._flaw_record(record))
            values["confidence"] = "wrong" if flaw and flaw.stops else "confirmed"
            values["reason"] = flaw.text if flaw else False
            return values
        proposal, reason, confidence = found or (None, "", "")
        if proposal:
            value = proposal if choice_field == DIMENSION else proposal.id
            values |= {
                choice_field: value,
                "proposed": str(value),
                "proposed_confidence": confidence,
                "proposed_reason": reason,
                "confidence": confidence,
                "reason": reason,
            }
        else:
            fallback = "none" if target.needed else "default"
            values["confidence"] = confidence or fallback
            values["reason"] = reason or line._reason_empty()
        return values

    def _record_name(self, name, record):
        """Accounts with their code, which their display name leaves out here."""
        label = self.connection_id._name_use(name, record)
        code = name == "account" and record.code
        return f"{code} {label}" if code and not label.startswith(code) else label

    def _reference(self, model, domain=()):
        return self.env[model].search([("connection_id", "=", self.connection_id.id), *domain])

    def _company_domain(self, model):
        """Records of the company, and those of all companies where the model has such."""
        company = self.connection_id.company_id
        if "company_ids" in self.env[model]._fields:
            return [("company_ids", "in", company.ids)]
        return [("company_id", "in", (False, company.id))]

    def _with_rest(self, counts, model, domain, limit=None):
        """What is in use, then the rest of ``model``; everything counts as in use where nothing is yet.

        :return: list of (record, number of documents, whether it is shown at once)
        """
        rest = self.env[model].search([*self._company_domain(model), *domain], limit=limit)
        rows = [(record, number, True) for record, number in counts.items()]
        return rows + [(record, 0, not counts) for record in rest if record not in counts]

    def _rows_settings(self, name):
        """A setting of the connection: it serves all documents, or those of its kind."""
        connection, target = self.connection_id, TARGETS[name]
        domain = connection._use_domain()
        if name in ("sale_journal", "refund_journal"):
            kind = "out_invoice" if name == "sale_journal" else "out_refund"
            domain = [*domain, ("move_type", "=", kind)]
        used = self.env["account.move"].search_count(domain)
        found = None
        if not connection[target.field]:
            proposal = connection._get_default_proposals().get(target.field)
            if name == "default_item":
                proposal = self._propose_default_item()
            if proposal:
                found = (proposal, self.env._("usual choice"), "low")
        yield self._row(name, connection, used, True, found)

    def _propose_default_item(self):
        """An item for anything, by its name."""
        items = self._usable_items().filtered("gl_account_id")
        return items.filtered(
            lambda item: any(word in (item.name or "").lower() for word in DEFAULT_ITEM_WORDS)
        )[:1]

    # === VAT === #

    def _rows_tax(self, name):
        """By rate, type Excluding (0 %: also base only and none); several candidates: to be checked (R9, R10)."""
        env, connection = self.env, self.connection_id
        counts = connection._use_counts("tax_ids")
        items = {}
        for use in connection._use_combinations():
            items.setdefault(use.tax, set()).add(connection._use_item(use.product, use.item)[0])
        codes = self._reference("exact.vat.code", [("type", "in", ("E", "B", "N"))]).filtered(
            lambda code: code.transaction_type != "P"
        )
        sale = [("type_tax_use", "=", "sale"), ("amount_type", "in", ("percent", "division"))]
        for tax, used, shown in self._with_rest(counts, "account.tax", sale):
            if tax.amount_type not in ("percent", "division"):
                found = (None, connection._tax_problem(tax), "none")
            else:
                found = self._propose_vat(tax, codes)
                if found[2] != "high" and used and not connection._tax_problem(tax, items[tax]):
                    found = (None, env._("the VAT code of the item serves"), "default")
            yield self._row(name, tax, used, shown, found)

    def _propose_vat(self, tax, codes):
        env = self.env
        rate = tax._exact_rate()
        fitting = codes.filtered(lambda code: code._fits_rate(rate))
        if not fitting:
            return None, env._("Exact has no code of type Excluding with this rate"), "none"
        if rate:
            sure = "high" if len(fitting) == 1 else "low"
            return fitting[0], env._("same rate, type Excluding"), sure
        text = env._("0 %: choose between none, reverse charge, EU and export")
        meaning = _zero_meaning(f"{tax.name} {tax.description or ''}")
        alike = fitting.filtered(lambda code: meaning and _zero_meaning(code.name) == meaning)
        return (alike or fitting)[0], text, "low"

    # === ITEMS === #

    def _usable_items(self):
        """Items that may be chosen (R17)."""
        domain = [("is_sales_item", "=", True)]
        if self.connection_id.only_divisible_items:
            domain.append(("is_divisible", "=", True))
        today = fields.Date.context_today(self)
        return self._reference("exact.item", domain).filtered(lambda i: i._is_valid_on(today))

    def _product_rows(self):
        """Templates with their number of documents; those not in use only as far as sold and not too many."""
        counts, codes = {}, {}
        for product, number in self.connection_id._use_counts("product_id").items():
            template = product.product_tmpl_id
            counts[template] = counts.get(template, 0) + number
            codes.setdefault(template, product.default_code)
        rows = self._with_rest(counts, "product.template", [("sale_ok", "=", True)], REST)
        return rows, codes

    def _rows_product(self, name):
        """By code: internal reference equal to the item's code; else by name (R14, R15)."""
        env = self.env
        rows, codes = self._product_rows()
        items = self._usable_items()
        by_code = {item.code.lower(): item for item in reversed(items)}
        by_name = {(item.name or "").lower(): item for item in reversed(items)}
        for template, used, shown in rows:
            if self._is_expense(template) and not used:
                continue
            code = (template.default_code or codes.get(template) or "").lower()
            found = by_code.get(code) if code else None
            if found:
                yield self._row(name, template, used, shown, (found, env._("same code"), "high"))
                continue
            found = by_name.get(template.name.lower())
            yield self._row(
                name, template, used, shown, found and (found, env._("same name"), "low")
            )

    def _is_expense(self, template):
        return "can_be_expensed" in template._fields and template.can_be_expensed

    def _rows_expense(self, name):
        """Products of expenses: their item serves once they are invoiced on (R16)."""
        templates = self.env["product.template"]
        if "can_be_expensed" not in templates._fields:
            return
        items = self._usable_items()
        by_code = {item.code.lower(): item for item in reversed(items)}
        used = {row[0] for row in self._product_rows()[0] if row[1]}
        domain = [*self._company_domain("product.template"), ("can_be_expensed", "=", True)]
        for template in templates.search(domain, limit=REST):
            if template not in used:
                found = by_code.get((template.default_code or "?").lower())
                found = found and (found, self.env._("same code"), "high")
                yield self._row(name, template, 0, True, found)

    def _rows_category(self, name):
        """The item that all products of a category have (R15, R16)."""
        env = self.env
        counts, items = {}, {}
        for product, number in self.connection_id._use_counts("product_id").items():
            counts[product.categ_id] = counts.get(product.categ_id, 0) + number
        mapped = env["product.template"].search(
            [
                *self._company_domain("product.template"),
                ("categ_id", "!=", False),
                ("exact_item_id", "!=", False),
            ]
        )
        for template in mapped:
            items.setdefault(template.categ_id, []).append(template.exact_item_id)
        totals = dict(
            env["product.template"]._read_group(
                [
                    *self._company_domain("product.template"),
                    ("categ_id", "in", [c.id for c in items]),
                ],
                ["categ_id"],
                ["__count"],
            )
            if items
            else ()
        )
        usable = self._usable_items()
        rest = env["product.category"].search([], limit=REST)
        counts = {category: number for category, number in counts.items() if category}
        rows = [*counts.items(), *((category, 0) for category in rest if category not in counts)]
        for category, used in rows:
            own = items.get(category, [])
            found = None
            if len(set(own)) == 1 and len(own) == totals.get(category) and own[0] in usable:
                sure = "high" if len(own) > 1 else "low"
                found = (own[0], env._("all %s products of it have this item", len(own)), sure)
            yield self._row(name, category, used, bool(used) or not counts, found)


def _zero_meaning(text):
    """What the name of a tax or VAT code without VAT speaks of: export, reverse, eu, or None."""
    return next((meaning for meaning, pattern in ZERO_MEANINGS if pattern.search(text or "")), None)
