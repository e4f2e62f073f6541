import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..client import ExactError
from .exact_connection_probe import INVOICING, PROBES

_logger = logging.getLogger(__name__)

# Code of the Odoo journal for documents that Exact makes; journal codes have five characters.
INVOICE_CODE = "EXINV"


class ExactConnection(models.Model):
    """How documents go that Exact itself numbers, prints and mails: "Invoice in Exact" (R44-R50)."""

    _inherit = "exact.connection"

    invoicing = fields.Boolean(
        "Invoice in Exact",
        tracking=True,
        help="Hours, expenses and orders can become sales invoices that Exact numbers, prints and mails.",
    )
    invoice_odoo_journal_id = fields.Many2one(
        "account.journal",
        "Odoo Journal for Invoices Made in Exact",
        check_company=True,
        domain="[('company_id', '=', company_id), ('type', '=', 'sale')]",
        tracking=True,
        help="Odoo's copy of each invoice that Exact makes stands in this journal, under Exact's number.",
    )
    invoice_print = fields.Selection(
        [
            ("draft", "Leave as draft in Exact"),
            ("print", "Number and print at once"),
        ],
        "When Sent to Exact",
        default="draft",
        required=True,
        tracking=True,
    )
    invoice_output = fields.Selection(
        [
            ("account", "As set on the customer in Exact"),
            ("mail", "By e-mail"),
            ("none", "Not at all"),
        ],
        "Exact Delivers the Invoice",
        default="account",
        required=True,
        tracking=True,
        help="What Exact does with an invoice when it is printed.",
    )
    invoice_pdf = fields.Boolean(
        "Get the PDF Back",
        default=True,
        help="Exact's PDF is attached to Odoo's copy of the invoice.",
    )
    quantity_decimals = fields.Selection(
        [("2", "2"), ("3", "3")],
        "Decimals of Quantities in Exact",
        default="2",
        required=True,
        help="A setting of the division in Exact (2 unless it was changed there).",
    )
    credit_quantity = fields.Selection(
        [("negative", "Negative"), ("positive", "Positive")],
        "Quantities on Credit Invoices",
        default="negative",
        required=True,
        help="How Exact wants the quantities of a credit invoice; corrected by itself where Exact's totals differ.",
    )

    invoice_licence = fields.Selection(
        [("unknown", "Not known yet"), ("granted", "Granted"), ("missing", "Not granted")],
        "Right to Invoice in Exact",
        compute="_compute_invoice_licence",
        help="Sales invoices need Exact's invoicing module, the scope for them at the app, and the right of the user.",
    )
    invoice_licence_message = fields.Text(
        "Why Exact Cannot Invoice", compute="_compute_invoice_licence"
    )

    @api.depends("probe_ids.state", "probe_ids.exact_message")
    @api.depends_context("lang")
    def _compute_invoice_licence(self):
        """What Exact last said: when it was asked for the right, or when an invoice was sent (R50)."""
        for connection in self:
            probe = connection.probe_ids.filtered(lambda row: row.resource == INVOICING)[:1]
            states = {"ok": "granted", "unknown": "unknown", False: "unknown"}
            connection.invoice_licence = states.get(probe.state, "missing")
            lines = [
                probe.who,
                probe.exact_message and self.env._("Exact says: %s", probe.exact_message),
            ]
            connection.invoice_licence_message = (
                "\n".join(filter(None, lines)) if connection.invoice_licence == "missing" else False
            )

    # === SWITCHING ON === #

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        connections.filtered("invoicing")._prepare_invoicing()
        return connections

    def write(self, vals):
        off = self.filtered(lambda connection: not connection.invoicing)
        result = super().write(vals)
        if vals.keys() & {"invoicing", "invoice_odoo_journal_id"}:
            self.filtered("invoicing")._prepare_invoicing()
        if vals.get("invoicing"):
            for connection in off:
                connection._probe_invoicing()
        return result

    def _prepare_invoicing(self):
        """What is needed from the moment it is switched on: the Odoo journal, marked as such."""
        for connection in self:
            journal = connection._get_invoice_journal()
            if not journal.exact_invoices:
                journal.sudo().exact_invoices = True

    def _get_invoice_journal(self):
        """The Odoo journal for documents that Exact makes; made where there is none yet."""
        self.ensure_one()
        if not self.invoice_odoo_journal_id:
            journals_sudo = self.env["account.journal"].sudo().with_company(self.company_id)
            kept = journals_sudo.with_context(active_test=False).search(
                [("company_id", "=", self.company_id.id), ("exact_invoices", "=", True)],
                order="active desc, id",
                limit=1,
            )
            kept.active = True
            self.sudo().invoice_odoo_journal_id = kept or self._make_invoice_journal()
        return self.invoice_odoo_journal_id

    def _make_invoice_journal(self):
        """A sales journal beside the ordinary one, with its income account; named in every language."""
        company = self.company_id
        journals_sudo = self.env["account.journal"].sudo().with_company(company)
        codes = set(
            journals_sudo.with_context(active_test=False)
            .search([("company_id", "=", company.id)])
            .mapped("code")
        )
        candidates = [INVOICE_CODE, *(f"EXIN{number}" for number in range(2, 10))]
        code = next((code for code in candidates if code not in codes), None)
        if not code:
            raise UserError(
                self.env._(
                    "No code is left for the Odoo journal of invoices made in Exact: make a sales journal and "
                    "choose it at the connection."
                )
            )
        usual = journals_sudo.search(
            [("company_id", "=", company.id), ("type", "=", "sale")], limit=1
        )
        journal = journals_sudo.create(
            {
                "name": self.env._("Invoiced in Exact"),
                "code": code,
                "type": "sale",
                "company_id": company.id,
                "default_account_id": usual.default_account_id.id,
                "exact_invoices": True,
                "show_on_dashboard": True,
            }
        )
        for lang, _name in self.env["res.lang"].get_installed():
            words = self.with_context(lang=lang)
            journal.with_context(lang=lang).name = words.env._("Invoiced in Exact")
        return journal

    # === THE RIGHT TO (R50) === #

    def _probe_invoicing(self):
        """Ask whether sales invoices are open to us, where it is not known; told on the form, never raised."""
        self.ensure_one()
        connection_sudo = self.sudo()
        if connection_sudo.state != "connected" or self.invoice_licence != "unknown":
            return
        row = connection_sudo._get_probes()[INVOICING]
        if row._is_held_back():
            return
        try:
            client = connection_sudo._get_client()
            row._ask(client, next(probe for probe in PROBES if probe.resource == INVOICING))
        except (ExactError, UserError) as error:
            _logger.warning("Right to invoice of connection %s not checked: %s", self.id, error)

    def _keep_invoicing_refusal(self, error):
        """A refusal met while sending says as much as one met while asking."""
        self.ensure_one()
        self.sudo()._get_probes()[INVOICING]._keep_refusal(error)

    def _keep_invoicing_grant(self):
        """An invoice was made: what was refused before is open now."""
        self.ensure_one()
        row = self.sudo()._get_probes()[INVOICING]
        if row.state != "ok":
            row._keep_grant()

    def action_probe_invoicing(self):
        """Ask again, as after the licence or the rights were changed in Exact."""
        self.ensure_one()
        self._check_manager()
        row = self.sudo()._get_probes()[INVOICING]
        if row._is_held_back():
            raise UserError(
                self.env._(
                    "Exact refused this several times within an hour, and shuts out who goes on asking: "
                    "try again in an hour."
                )
            )
        row.state = "unknown"
        self._probe_invoicing()
        if self.invoice_licence == "granted":
            return self._notify(self.env._("Exact lets you make sales invoices"), "", "success")
        return self._notify(
            self.env._("Exact does not let you make sales invoices"),
            self.invoice_licence_message or row.exact_message or "",
            "warning",
        )
