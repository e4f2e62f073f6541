from odoo import api, fields, models

from ..models.exact_connection import USABLE_ITEM
from ..models.exact_mapper_sales_entry import DOCUMENT_TYPES

# Where each kind of mapping is kept: model, field on it, field of the line.
TARGETS = {
    "vat": ("account.tax", "exact_vat_code_id", "exact_vat_code_id"),
    "journal": ("account.journal", "exact_journal_id", "exact_journal_id"),
    "condition": (
        "account.payment.term",
        "exact_payment_condition_id",
        "exact_payment_condition_id",
    ),
    "item": ("product.template", "exact_item_id", "exact_item_id"),
}
MONTHS_BACK = 12


class ExactMappingWizard(models.TransientModel):
    """Proposals for what is in use and not mapped yet; a person confirms them (R9, R14, R21)."""

    _name = "exact.mapping.wizard"
    _description = "Exact Mapping Proposals"

    connection_id = fields.Many2one("exact.connection", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="connection_id.company_id")
    line_ids = fields.One2many("exact.mapping.wizard.line", "wizard_id")
    vat_line_ids = fields.One2many(
        "exact.mapping.wizard.line", "wizard_id", domain=[("kind", "=", "vat")], string="VAT"
    )
    journal_line_ids = fields.One2many(
        "exact.mapping.wizard.line",
        "wizard_id",
        domain=[("kind", "=", "journal")],
        string="Journals",
    )
    condition_line_ids = fields.One2many(
        "exact.mapping.wizard.line",
        "wizard_id",
        domain=[("kind", "=", "condition")],
        string="Payment Terms",
    )
    item_line_ids = fields.One2many(
        "exact.mapping.wizard.line", "wizard_id", domain=[("kind", "=", "item")], string="Products"
    )

    @api.model
    def _open(self, connection):
        """A wizard filled with proposals for ``connection``."""
        wizard = self.create({"connection_id": connection.id})
        proposals = [
            *wizard._propose_vat(),
            *wizard._propose_journals(),
            *wizard._propose_conditions(),
            *wizard._propose_items(),
        ]
        self.env["exact.mapping.wizard.line"].create(
            [{"wizard_id": wizard.id, **values} for values in proposals]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Mapping"),
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_apply(self):
        """Keep the confirmed lines."""
        self.ensure_one()
        self.connection_id._check_manager()
        lines = self.line_ids.filtered(lambda line: line.selected and line._get_choice())
        for line in lines:
            line._apply()
        notice = self.connection_id._notify(
            self.env._("%s mappings saved", len(lines)), "", "success"
        )
        notice["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return notice

    # === WHAT IS IN USE === #

    def _documents(self):
        """Documents that may go: since the start date, else of the last year."""
        connection = self.connection_id
        since = connection.start_date or fields.Date.subtract(
            fields.Date.context_today(self), months=MONTHS_BACK
        )
        return [
            ("company_id", "=", connection.company_id.id),
            ("move_type", "in", DOCUMENT_TYPES),
            ("state", "!=", "cancel"),
            "|",
            ("invoice_date", ">=", since),
            ("invoice_date", "=", False),
        ]

    def _lines_in_use(self, field):
        """Records of ``field`` on the lines of those documents, most used first."""
        moves = self.env["account.move"]._search(self._documents())
        groups = self.env["account.move.line"]._read_group(
            [("move_id", "in", moves), ("display_type", "=", "product"), (field, "!=", False)],
            [field],
            ["__count"],
            order="__count DESC",
        )
        return [record for record, _count in groups]

    def _reference(self, model, domain=()):
        return self.env[model].search([("connection_id", "=", self.connection_id.id), *domain])

    def _line(self, kind, record, choice, reason, confidence):
        model, _field, line_field = TARGETS[kind]
        return {
            "kind": kind,
            "res_model": model,
            "res_id": record.id,
            line_field: choice.id if choice else False,
            "reason": reason,
            "confidence": confidence if choice else "none",
            "selected": bool(choice) and confidence == "high",
        }

    # === PROPOSALS === #

    def _propose_vat(self):
        """By rate, type Excluding (0 %: also base only and none); several candidates: lowest code, low confidence."""
        env = self.env
        taxes = self._lines_in_use("tax_ids") or env["account.tax"].search(
            [
                ("company_id", "=", self.connection_id.company_id.id),
                ("type_tax_use", "=", "sale"),
                ("amount_type", "=", "percent"),
            ]
        )
        codes = self._reference("exact.vat.code", [("type", "in", ("E", "B", "N"))])
        for tax in taxes:
            if tax.exact_vat_code_id or tax.amount_type not in ("percent", "division"):
                continue
            fitting = codes.filtered(
                lambda code, tax=tax: code._fits_rate(tax.amount) and code.transaction_type != "P"
            )
            sure = len(fitting) == 1 and tax.amount
            reason = (
                env._("same rate, type Excluding")
                if tax.amount
                else env._("0 %: choose between none, reverse charge, EU and export")
            )
            yield self._line("vat", tax, fitting[:1], reason, "high" if sure else "low")

    def _propose_journals(self):
        """Only Odoo sales journals beside the first: the connection's own journal serves the rest."""
        env = self.env
        journals = env["account.journal"].search(
            [("company_id", "=", self.connection_id.company_id.id), ("type", "=", "sale")]
        )
        exact = self._reference("exact.journal", [("type", "in", ("20", "21"))])
        for journal in journals:
            if journal.exact_journal_id:
                continue
            same = exact.filtered(
                lambda other, journal=journal: (
                    (other.name or "").lower() == journal.name.lower() or other.code == journal.code
                )
            )
            if same or len(journals) > 1:
                yield self._line(
                    "journal",
                    journal,
                    same[:1],
                    env._("same code or name")
                    if same
                    else env._("empty: the connection's journal is used"),
                    "high",
                )

    def _propose_conditions(self):
        """By computed due date over a year of invoice dates, never a condition with discount (R21, R24)."""
        env = self.env
        conditions = self._reference("exact.payment.condition").filtered(lambda c: c._is_plain())
        start = fields.Date.context_today(self).replace(month=1, day=1)
        days = [fields.Date.add(start, days=number) for number in range(366)]
        for term in env["account.payment.term"].search(
            [("company_id", "in", (False, self.connection_id.company_id.id))]
        ):
            if term.exact_payment_condition_id or len(term.line_ids) != 1 or term.early_discount:
                continue
            wanted = [term.line_ids._get_due_date(day) for day in days]
            same = conditions.filtered(
                lambda c, wanted=wanted: all(
                    c._get_due_date(day) == due for day, due in zip(days, wanted, strict=True)
                )
            ).sorted(lambda c: ("BKQI".find(c.payment_method or "B"), c.code))
            yield self._line(
                "condition",
                term,
                same[:1],
                env._("same due date on every day of a year")
                if same
                else env._("no condition with these due dates"),
                "high" if len(same.filtered(lambda c: c.payment_method == "B")) == 1 else "low",
            )

    def _propose_items(self):
        """By code: internal reference equal to the item's code; else by name."""
        env = self.env
        domain = [("is_sales_item", "=", True)]
        if self.connection_id.only_divisible_items:
            domain.append(("is_divisible", "=", True))
        today = fields.Date.context_today(self)
        items = self._reference("exact.item", domain).filtered(lambda i: i._is_valid_on(today))
        by_code = {item.code.lower(): item for item in reversed(items)}
        by_name = {(item.name or "").lower(): item for item in reversed(items)}
        seen = set()
        for product in self._lines_in_use("product_id"):
            template = product.product_tmpl_id
            if template.exact_item_id or template in seen:
                continue
            seen.add(template)
            code = (product.default_code or "").lower()
            found = by_code.get(code) if code else None
            if found:
                yield self._line("item", template, found, env._("same code"), "high")
                continue
            found = by_name.get(template.name.lower())
            reason = (
                env._("same name") if found else env._("empty: category or default item is used")
            )
            yield self._line("item", template, found, reason, "low")


class ExactMappingWizardLine(models.TransientModel):
    """One proposal."""

    _name = "exact.mapping.wizard.line"
    _description = "Exact Mapping Proposal"

    wizard_id = fields.Many2one("exact.mapping.wizard", required=True, ondelete="cascade")
    connection_id = fields.Many2one(related="wizard_id.connection_id")
    kind = fields.Selection(
        [
            ("vat", "VAT Code"),
            ("journal", "Journal"),
            ("condition", "Payment Condition"),
            ("item", "Item"),
        ],
        required=True,
    )
    res_model = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True)
    record_name = fields.Char("In Odoo", compute="_compute_record_name")
    exact_vat_code_id = fields.Many2one(
        "exact.vat.code",
        "In Exact",
        domain="[('connection_id', '=', connection_id), ('type', 'in', ('E', 'B', 'N'))]",
    )
    exact_journal_id = fields.Many2one(
        "exact.journal",
        "In Exact (Journal)",
        domain="[('connection_id', '=', connection_id), ('type', 'in', ('20', '21'))]",
    )
    exact_payment_condition_id = fields.Many2one(
        "exact.payment.condition",
        "In Exact (Condition)",
        domain="[('connection_id', '=', connection_id)]",
    )
    exact_item_id = fields.Many2one(
        "exact.item",
        "In Exact (Item)",
        domain=f"[('connection_id', '=', connection_id), {USABLE_ITEM}]",
    )
    reason = fields.Char("Why", readonly=True)
    confidence = fields.Selection(
        [("high", "Sure"), ("low", "Please check"), ("none", "Nothing found")], readonly=True
    )
    selected = fields.Boolean("Confirm")

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        for line in self:
            line.record_name = self.env[line.res_model].browse(line.res_id).display_name

    @api.onchange(
        "exact_vat_code_id", "exact_journal_id", "exact_payment_condition_id", "exact_item_id"
    )
    def _onchange_choice(self):
        """Choosing is confirming."""
        for line in self:
            line.selected = bool(line._get_choice())

    def _get_choice(self):
        self.ensure_one()
        return self[TARGETS[self.kind][2]]

    def _apply(self):
        """Write the choice on the Odoo record, for the company of the connection."""
        self.ensure_one()
        model, field, _line_field = TARGETS[self.kind]
        record = self.env[model].with_company(self.connection_id.company_id).browse(self.res_id)
        # A manager of Exact maps, even where taxes and products are not theirs to edit otherwise.
        record.sudo().write({field: self._get_choice().id})
