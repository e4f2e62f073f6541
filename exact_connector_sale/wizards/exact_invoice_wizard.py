from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ..models.exact_connection import GROUPINGS, LINE_MODES
from ..planning import Options

# What decides how the invoices look: a change plans them again.
OPTIONS = ("grouping", "line_mode", "description_template", "invoice_date")
# What an exchange remembers beside them.
SAVED_OPTIONS = (*OPTIONS, "print_invoice")


class ExactInvoiceWizard(models.TransientModel):
    """The invoices that Exact will make of a selection, before they go: lines, items, totals, and what is
    left behind and why (R44-R49, W15).

    Planning stands in ``exact_invoice_wizard_plan.py``, sending in ``exact_invoice_wizard_send.py``.
    """

    _name = "exact.invoice.wizard"
    _description = "Invoice in Exact"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    connection_id = fields.Many2one(
        "exact.connection", required=True, readonly=True, ondelete="cascade"
    )
    keys = fields.Json(readonly=True)
    edits = fields.Json(readonly=True)
    stale = fields.Boolean(readonly=True)

    grouping = fields.Selection(GROUPINGS, "Invoices", required=True)
    line_mode = fields.Selection(LINE_MODES, "Lines of Hours", required=True)
    description_template = fields.Char(
        "Text of a Line",
        help="{task} {employee} {date} {project} {order} {period} {product} {name} are filled in.",
    )
    invoice_date = fields.Date(required=True)
    print_invoice = fields.Selection(
        [("draft", "Leave as draft in Exact"), ("print", "Number and print at once")],
        "In Exact",
        required=True,
    )

    invoice_ids = fields.One2many("exact.invoice.wizard.invoice", "wizard_id")
    invoice_line_ids = fields.One2many("exact.invoice.wizard.invoice.line", "wizard_id")
    line_ids = fields.One2many(
        "exact.invoice.wizard.line", "wizard_id", domain=[("left_code", "=", False)]
    )
    left_ids = fields.One2many(
        "exact.invoice.wizard.line", "wizard_id", domain=[("left_code", "!=", False)]
    )
    invoice_count = fields.Integer(readonly=True)
    line_count = fields.Integer(readonly=True)
    left_count = fields.Integer(readonly=True)
    ready_count = fields.Integer(readonly=True, help="Invoices with nothing in their way.")
    unticked_count = fields.Integer(readonly=True)
    more_count = fields.Integer(readonly=True, help="Taken as well, but not listed.")
    summary = fields.Char(compute="_compute_summary")
    edited = fields.Boolean(compute="_compute_edited")
    totals = fields.Char("Total", readonly=True)
    problems = fields.Json(readonly=True)
    message = fields.Text(readonly=True)
    way = fields.Selection(
        [
            ("ready", "Invoice in Exact"),
            ("off", "Switched off"),
            ("licence", "No licence for invoicing in Exact"),
        ],
        compute="_compute_way",
    )

    @api.depends("connection_id")
    def _compute_way(self):
        for wizard in self:
            connection = wizard.connection_id.sudo()
            licence = "invoice_licence" in connection._fields and connection.invoice_licence
            if licence == "missing":
                wizard.way = "licence"
            else:
                wizard.way = "ready" if connection.invoicing else "off"

    @api.depends("invoice_count", "line_count", "left_count", "print_invoice")
    @api.depends_context("lang")
    def _compute_summary(self):
        env = self.env
        for wizard in self:
            one = wizard.invoice_count == 1
            parts = [env._("1 invoice") if one else env._("%s invoices", wizard.invoice_count)]
            one = wizard.line_count == 1
            parts.append(env._("1 line") if one else env._("%s lines", wizard.line_count))
            if wizard.left_count:
                parts.append(env._("%s left behind", wizard.left_count))
            wizard.summary = ", ".join(parts)

    @api.depends("edits")
    def _compute_edited(self):
        for wizard in self:
            wizard.edited = any(
                values for kind in (wizard.edits or {}).values() for values in kind.values()
            )

    @api.depends("company_id")
    def _compute_display_name(self):
        self.display_name = self.env._("Invoice in Exact")

    # === OPENING === #

    @api.model
    def _open(self, records):
        """The wizard for a selection of any kind: hours, expenses, orders, projects, customers.

        The active company's are taken; what belongs to another is left behind.
        """
        self._check_user()
        records.check_access("read")
        company = self.env.company
        self._get_connection(company)
        found = self.env["exact.billable"].sudo()._collect(company, records.sudo())
        return self._start(company, found)

    @api.model
    def _open_keys(self, company, keys, options=None):
        """The wizard for exactly these billables ("model,id").

        :param options: choices to start from, by field name; edits of texts and prices too.
        """
        self._check_user()
        if company not in self.env.companies:
            raise AccessError(self.env._("Switch to %s first.", company.name))
        self._get_connection(company)
        found = self.env["exact.billable"].sudo()._collect_keys(company, keys)
        return self._start(company, found, options)

    @api.model
    def _get_connection(self, company):
        """:raises UserError: not connected to a division."""
        connection = self.env["exact.connection"]._for_company(company)
        if not connection.division_id:
            raise UserError(
                self.env._(
                    "%s is not connected to Exact Online. A system administrator connects it in the settings.",
                    company.name,
                )
            )
        return connection

    @api.model
    def _start(self, company, found, options=None):
        connection = self._get_connection(company)
        options = {k: v for k, v in (options or {}).items() if k in (*SAVED_OPTIONS, "edits")}
        wizard = (
            self.with_company(company)
            .with_context(exact_planning=True)
            .create(
                {
                    "company_id": company.id,
                    "connection_id": connection.id,
                    "keys": [billable.key for billable in found],
                    "grouping": connection.invoice_grouping,
                    "line_mode": connection.invoice_line_mode,
                    "description_template": connection.invoice_description_template,
                    "print_invoice": connection.invoice_print,
                    "invoice_date": fields.Date.context_today(self),
                    **options,
                }
            )
        )
        wizard._fill(found)
        return wizard._get_action()

    def _get_action(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "view_mode": "form",
            "name": self.env._("Invoice in Exact"),
            "target": "current",
        }

    # === OPTIONS === #

    def _get_options(self):
        """What planning is told; dates and months in the language of the company's paper."""
        self.ensure_one()
        lang = self.env.lang or self.company_id.partner_id.lang
        return Options(
            grouping=self.grouping,
            line_mode=self.line_mode,
            template=(self.description_template or "").strip(),
            decimals=self.env["decimal.precision"].precision_get("Product Unit"),
            date_text=lambda date: format_date(self.env, date, lang_code=lang),
            period_text=lambda date: format_date(
                self.env, date, lang_code=lang, date_format="LLLL yyyy"
            ),
        )

    @api.constrains("description_template")
    def _check_description_template(self):
        for wizard in self:
            wizard.connection_id._check_template(wizard.description_template)

    def write(self, vals):
        """What is changed by hand plans the invoices again; what was edited before is kept by key."""
        result = super().write(vals)
        if not self.env.context.get("exact_planning"):
            for wizard in self:
                if wizard.stale or any(name in vals for name in OPTIONS):
                    wizard._replan()
        return result

    def action_refresh(self):
        """Look again: something was mended elsewhere."""
        self._check_user()
        self._replan()
        return self._get_action()

    def refresh(self):
        """For the screen, when somebody comes back to it from the record that mends something."""
        self._check_user()
        if self.exists():
            self._replan()
        return True

    def action_reset(self):
        """Forget what was edited by hand."""
        self._check_user()
        self.with_context(exact_planning=True).write({"edits": False})
        self._replan()
        return self._get_action()

    @api.model
    def _check_user(self):
        """:raises AccessError: for a user outside the group."""
        if not self.env.su and not self.env.user.has_group("exact_connector.group_exact_user"):
            raise AccessError(self.env._("Only an Exact Online user can do this."))
        for wizard in self:
            if wizard.connection_id.sudo().company_id != wizard.company_id:
                raise AccessError(self.env._("This connection is another company's."))
            if wizard.company_id not in self.env.companies:
                raise AccessError(self.env._("Switch to %s first.", wizard.company_id.name))
