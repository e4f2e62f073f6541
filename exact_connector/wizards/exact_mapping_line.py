from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..models.exact_connection import USABLE_ITEM
from ..models.exact_gl_account import USABLE_ACCOUNT
from ..models.exact_mapping_targets import KINDS, TARGETS

OWN = "('connection_id', '=', connection_id)"
# The field of a line that holds the counterpart, by its model in Exact.
CHOICES = {
    "exact.vat.code": "exact_vat_code_id",
    "exact.item": "exact_item_id",
    "exact.gl.account": "exact_gl_account_id",
    "exact.journal": "exact_journal_id",
    "exact.payment.condition": "exact_payment_condition_id",
    "exact.cost.center": "exact_cost_center_id",
    "exact.cost.unit": "exact_cost_unit_id",
    "exact.project": "exact_project_id",
}
DIMENSION = "exact_dimension"
# What a person sees as done; the rest waits for an answer, unless something else serves.
DONE = ("confirmed", "default")
# Flaws for which a choice is refused at once; others are shown on the line.
REFUSED = ("foreign", "gone", "including", "rate", "type", "discount")


class ExactMappingWizardLine(models.TransientModel):
    """One thing in Odoo, what stands for it in Exact, and how sure that is."""

    _name = "exact.mapping.wizard.line"
    _description = "Exact Mapping Line"
    _order = "in_use desc, used desc, sequence, record_name, id"
    _rec_name = "record_name"

    wizard_id = fields.Many2one(
        "exact.mapping.wizard", required=True, ondelete="cascade", index=True
    )
    connection_id = fields.Many2one(related="wizard_id.connection_id", store=True)
    company_id = fields.Many2one(related="connection_id.company_id", store=True)
    kind = fields.Selection(
        [
            ("vat", "VAT"),
            ("item", "Items"),
            ("account", "Ledger Accounts"),
            ("journal", "Journals"),
            ("term", "Payment Terms"),
            ("analytic", "Analytic"),
        ],
        required=True,
        readonly=True,
    )
    target = fields.Selection(
        [
            ("default_vat_code", "Setting"),
            ("no_tax_vat_code", "Setting"),
            ("tax", "Tax"),
            ("default_item", "Setting"),
            ("category", "Product Category"),
            ("product", "Product"),
            ("expense", "Expense Category"),
            ("discount_account", "Setting"),
            ("account", "Income Account"),
            ("vat_account", "VAT Code"),
            ("sale_journal", "Setting"),
            ("refund_journal", "Setting"),
            ("journal", "Invoices"),
            ("journal_refund", "Credit Notes"),
            ("default_condition", "Setting"),
            ("debit_condition", "Setting"),
            ("term", "Payment Term"),
            ("plan", "Analytic Plan"),
            ("cost_center", "Analytic Account"),
            ("cost_unit", "Analytic Account"),
            ("project", "Analytic Account"),
        ],
        "Kind",
        required=True,
        readonly=True,
    )
    sequence = fields.Integer(readonly=True)
    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True, readonly=True)
    record_name = fields.Char("In Odoo", readonly=True)
    used = fields.Integer(
        readonly=True, help="Documents since the start date, and at least of the last 90 days."
    )
    in_use = fields.Boolean(readonly=True)
    is_open = fields.Boolean("Open", compute="_compute_is_open", store=True)
    applied = fields.Boolean(readonly=True, help="Kept on this screen.")
    proposed = fields.Char(readonly=True, help="What was proposed, to come back to.")
    proposed_confidence = fields.Char(readonly=True)
    proposed_reason = fields.Char(readonly=True)
    exact_vat_code_id = fields.Many2one(
        "exact.vat.code", "In Exact", domain=f"[{OWN}, ('type', 'in', ('E', 'B', 'N'))]"
    )
    exact_item_id = fields.Many2one("exact.item", "In Exact", domain=f"[{OWN}, {USABLE_ITEM}]")
    exact_gl_account_id = fields.Many2one(
        "exact.gl.account", "In Exact", domain=f"[{OWN}, {USABLE_ACCOUNT}]"
    )
    exact_journal_id = fields.Many2one(
        "exact.journal", "In Exact", domain=f"[{OWN}, ('type', 'in', ('20', '21'))]"
    )
    exact_payment_condition_id = fields.Many2one(
        "exact.payment.condition", "In Exact", domain=f"[{OWN}]"
    )
    exact_dimension = fields.Selection(
        [("cost_center", "Cost Centre"), ("cost_unit", "Cost Unit"), ("project", "Project")],
        "In Exact",
    )
    exact_cost_center_id = fields.Many2one("exact.cost.center", "Cost Centre", domain=f"[{OWN}]")
    exact_cost_unit_id = fields.Many2one("exact.cost.unit", "Cost Unit", domain=f"[{OWN}]")
    exact_project_id = fields.Many2one("exact.project", "Project", domain=f"[{OWN}]")
    reason = fields.Char("Why", readonly=True)
    confidence = fields.Selection(
        [
            ("high", "Sure"),
            ("low", "Please check"),
            ("none", "Nothing found"),
            ("wrong", "Not right"),
            ("default", "Not needed"),
            ("confirmed", "Confirmed"),
        ],
        "How Sure",
        readonly=True,
    )

    @api.depends("confidence")
    def _compute_is_open(self):
        for line in self:
            line.is_open = line.confidence not in DONE

    # === CHOOSING === #

    def _choice_field(self):
        """The field of this line that holds its counterpart."""
        self.ensure_one()
        target = TARGETS[self.target]
        comodel = self.env[target.model]._fields[target.field].comodel_name
        return CHOICES.get(comodel, DIMENSION)

    def write(self, vals):
        """A choice by a person is kept on the Odoo record at once; nothing else can be written."""
        if self.env.su:
            return super().write(vals)
        self.connection_id._check_manager()
        chosen = {*CHOICES.values(), DIMENSION}
        if not vals.keys() <= chosen:
            raise AccessError(self.env._("Only the counterpart in Exact can be chosen here."))
        self.check_access("write")
        for line in self:
            name = line._choice_field()
            if name in vals:
                line._keep(vals[name])
        return True

    def _keep(self, value):
        """Write ``value`` on the Odoo record, for the company of the connection.

        A manager of Exact maps, even where taxes and products are not theirs to edit otherwise.

        :raises UserError: the choice cannot be used for this record.
        """
        self.ensure_one()
        line_sudo = self.sudo()
        connection_sudo = line_sudo.connection_id
        target, name = TARGETS[self.target], self._choice_field()
        record_sudo = line_sudo._get_record()
        if name != DIMENSION and value:
            choice_sudo = line_sudo.env[line_sudo._fields[name].comodel_name].browse(value)
            flaw = connection_sudo._choice_flaw(choice_sudo, self._flaw_record(record_sudo))
            if flaw and flaw.code in REFUSED:
                raise UserError(flaw.text)
        if record_sudo[target.field] != line_sudo._as_value(target, value):
            record_sudo.write({target.field: value})
        line_sudo.write({name: value})
        line_sudo._update_confidence()
        line_sudo.applied = bool(value)
        if self.target == "plan":
            line_sudo.wizard_id.stale = True

    def _flaw_record(self, record):
        """The record that a choice must fit: settings are judged by their own domain."""
        return None if TARGETS[self.target].is_setting() else record

    def _as_value(self, target, value):
        field = self.env[target.model]._fields[target.field]
        return self.env[field.comodel_name].browse(value or ()) if field.relational else value

    def _get_record(self):
        """The Odoo record, seen from the company of the connection.

        :raises ValidationError: it belongs to another company.
        """
        self.ensure_one()
        target, company = TARGETS[self.target], self.connection_id.company_id
        record = self.env[target.model].with_company(company).browse(self.res_id).exists()
        if not record:
            raise UserError(self.env._("%s was deleted meanwhile.", self.record_name))
        names = [name for name in ("company_id", "company_ids") if name in record._fields]
        companies = record[names[0]] if names else company.browse()
        if companies and company not in companies:
            raise ValidationError(self.env._("%s belongs to another company.", record.display_name))
        return record

    def _update_confidence(self):
        """How the line stands after a choice."""
        for line in self:
            target, record = TARGETS[line.target], line._get_record()
            choice = record[target.field]
            if not choice:
                line.confidence = "none" if target.needed else "default"
                line.reason = line._reason_empty()
                continue
            flaw = None
            if line._choice_field() != DIMENSION:
                flaw = line.connection_id._choice_flaw(choice, line._flaw_record(record))
            value = choice if isinstance(choice, str) else choice.id
            as_proposed = line.proposed_reason if str(value) == line.proposed else False
            line.write(
                {
                    "confidence": "wrong" if flaw and flaw.stops else "confirmed",
                    "reason": flaw.text if flaw else as_proposed,
                }
            )

    def _reason_empty(self):
        """What happens without a counterpart."""
        env = self.env
        return {
            "tax": env._("documents with this tax stop"),
            "default_vat_code": env._("needed"),
            "default_item": env._("needed"),
            "default_condition": env._("needed"),
            "sale_journal": env._("needed"),
            "refund_journal": env._("needed"),
            "no_tax_vat_code": env._("lines without tax stop"),
            "category": env._("the category above or the default item is used"),
            "product": env._("category or default item is used"),
            "expense": env._("category or default item is used"),
            "discount_account": env._("lines go after their discount"),
            "account": env._("item, VAT code or default item gives the account"),
            "vat_account": env._("the default item gives the account"),
            "journal": env._("the connection's journal is used"),
            "journal_refund": env._("the connection's journal is used"),
            "term": env._("the default condition is used"),
            "debit_condition": env._("the default condition is used"),
            "plan": env._("not sent to Exact"),
        }.get(self.target, env._("not sent to Exact"))

    # === BUTTONS === #

    def action_confirm(self):
        """Keep what is proposed on these lines, and tell what is still open."""
        saved, refused = 0, []
        for line in self:
            if line.confidence not in ("high", "low"):
                continue
            name = line._choice_field()
            value = line[name] if name == DIMENSION else line[name].id
            if not value:
                continue
            try:
                with self.env.cr.savepoint():
                    line.write({name: value})
                saved += 1
            except (UserError, ValidationError) as error:
                refused.append(f"{line.record_name}: {error.args[0]}")
        return self._report(saved, refused)

    def action_clear(self):
        """Take the counterpart away again; a proposal comes back as a proposal."""
        for line in self:
            name = line._choice_field()
            line.write({name: False})
            line_sudo = line.sudo()
            if line_sudo.proposed:
                value = line_sudo.proposed
                line_sudo.write(
                    {
                        name: value if name == DIMENSION else int(value),
                        "confidence": line_sudo.proposed_confidence,
                        "reason": line_sudo.proposed_reason,
                    }
                )

    def action_open_record(self):
        """The record in Odoo, on its own form."""
        self.ensure_one()
        self.connection_id._check_manager()
        return self.env[self.res_model].browse(self.res_id).get_formview_action()

    def _report(self, saved, refused):
        """What was saved and what is still open, as a notice."""
        env = self.env
        wizard = self.wizard_id[:1]
        labels = dict(self._fields["kind"]._description_selection(env))
        opens = wizard._count_open() if wizard else {}
        left = ", ".join(f"{labels[kind]} {opens[kind]}" for kind in KINDS if opens.get(kind))
        lines = [*refused, env._("Still open: %s", left) if left else env._("Nothing is open.")]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": env._("%s saved", saved),
                "message": "\n".join(lines),
                "type": "warning" if refused else "success",
                "sticky": bool(refused),
            },
        }

    # === WHAT WAITED FOR IT === #

    def _get_mended(self):
        """Records that problems of exchanges name and that this choice mends, as (model, id)."""
        self.ensure_one()
        yield self.res_model, self.res_id
        if self.target == "category":
            templates = self.env["product.template"].sudo()
            for number in templates._search([("categ_id", "child_of", self.res_id)]):
                yield "product.template", number

    def _get_mended_codes(self):
        """Causes that this choice mends wherever they arose."""
        return {
            "default_item": ("no_item", "item_account"),
            "default_condition": ("no_payment_condition",),
            "no_tax_vat_code": ("no_tax",),
            "account": ("item_account",),
            "vat_account": ("item_account",),
        }.get(self.target, ())
