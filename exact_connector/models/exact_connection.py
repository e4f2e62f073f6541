from odoo import api, fields, models
from odoo.exceptions import AccessError

# Journal types that a sales entry may use: sales and return invoice (Exact Online API 5.7).
SALES_JOURNAL_TYPES = ("20", "21")
# Code of the Odoo journal that settlements are booked on.
SETTLEMENT_CODE = "EXACT"
# Items that can be chosen (R17): sold, divisible where that is asked for, in use today.
USABLE_ITEM = (
    "('is_sales_item', '=', True), "
    "'|', ('is_divisible', '=', True), ('connection_id.only_divisible_items', '=', False), "
    "'|', ('start_date', '=', False), ('start_date', '<=', 'today'), "
    "'|', ('end_date', '=', False), ('end_date', '>=', 'today')"
)


class ExactConnection(models.Model):
    """One Odoo company joined to one Exact division, with that company's settings (R3)."""

    _name = "exact.connection"
    _description = "Exact Online Connection"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "company_id"

    name = fields.Char(compute="_compute_name")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    authorization_id = fields.Many2one("exact.authorization", ondelete="restrict", tracking=True)
    country = fields.Selection(related="authorization_id.country", string="Exact Country")
    exact_user_name = fields.Char(related="authorization_id.exact_user_name")
    authorization_state = fields.Selection(
        related="authorization_id.state", related_sudo=True, string="Authorization Status"
    )
    division_id = fields.Many2one(
        "exact.division",
        domain="[('authorization_id', '=', authorization_id), ('granted', '=', True)]",
        context={"active_test": False},
        tracking=True,
    )
    division = fields.Integer(related="division_id.code", string="Division Code", store=True)
    state = fields.Selection(
        [
            ("draft", "Not connected"),
            ("division", "Choose a division"),
            ("confirm", "Confirm the change"),
            ("connected", "Connected"),
            ("expired", "Reconnect needed"),
        ],
        compute="_compute_state",
        string="Status",
    )
    last_error = fields.Char(related="authorization_id.last_error", related_sudo=True)

    # Sending
    start_date = fields.Date(
        default=lambda self: fields.Date.context_today(self).replace(day=1),
        tracking=True,
        help="Documents dated before this day are never sent to Exact; the day itself is included.",
    )
    sale_journal_id = fields.Many2one(
        "exact.journal",
        "Journal for Invoices",
        domain="[('connection_id', '=', id), ('type', 'in', ('20', '21'))]",
        tracking=True,
    )
    refund_journal_id = fields.Many2one(
        "exact.journal",
        "Journal for Credit Notes",
        domain="[('connection_id', '=', id), ('type', 'in', ('20', '21'))]",
        tracking=True,
    )
    default_item_id = fields.Many2one(
        "exact.item",
        domain=f"[('connection_id', '=', id), {USABLE_ITEM}]",
        tracking=True,
        help="Used for lines whose product and category have no Exact item. "
        "Its revenue account in Exact becomes the ledger account of the line.",
    )
    default_vat_code_id = fields.Many2one(
        "exact.vat.code",
        "Default VAT Code",
        domain="[('connection_id', '=', id), ('type', '=', 'E')]",
        tracking=True,
        help="Used only where nothing is known, such as for an imported customer without a VAT code.",
    )
    no_tax_vat_code_id = fields.Many2one(
        "exact.vat.code",
        "VAT Code for Lines without Tax",
        domain="[('connection_id', '=', id), ('type', 'in', ('B', 'N', 'E')), ('percentage', '=', 0)]",
        tracking=True,
    )
    default_payment_condition_id = fields.Many2one(
        "exact.payment.condition",
        domain="[('connection_id', '=', id), ('discount_percentage', '=', 0)]",
        tracking=True,
        help="Used where the payment term of a document is not mapped.",
    )
    only_divisible_items = fields.Boolean(
        default=True, help="Offer only items whose quantity may have decimals in Exact."
    )
    item_code_on_line = fields.Boolean(
        "Item Code on Entry Lines",
        default=True,
        help="Put the code of the item in front of the description of each entry line.",
    )
    auto_send = fields.Boolean(
        "Send Documents Automatically",
        tracking=True,
        help="The scheduled action sends what is posted and sent to the customer.",
    )
    import_customers = fields.Boolean("Import Customers Every Night", tracking=True)

    # Paid status
    settlement_journal_id = fields.Many2one(
        "account.journal",
        domain="[('company_id', '=', company_id), ('type', 'in', ('bank', 'cash'))]",
        check_company=True,
        help="What Exact reports as paid is booked here in Odoo, against the journal's own account.",
    )

    # Cursors: row versions of Exact, kept as text since they are 64 bit (API 3.3, 5.16)
    customer_cursor = fields.Char(default="1", readonly=True, copy=False)
    payment_cursor = fields.Char(default="1", readonly=True, copy=False)
    refreshed_on = fields.Datetime("Reference Data Refreshed on", readonly=True, copy=False)
    customers_imported_on = fields.Datetime(readonly=True, copy=False)
    payments_synced_on = fields.Datetime("Paid Status Refreshed on", readonly=True, copy=False)

    linked_books = fields.Char(readonly=True, copy=False, help="Where the links of contacts lead.")

    exchange_ids = fields.One2many("exact.exchange", "connection_id")
    exchange_failed_count = fields.Integer(compute="_compute_exchange_failed_count")
    missing_settings = fields.Text(compute="_compute_missing_settings")

    _company_uniq = models.UniqueIndex(
        "(company_id) WHERE active IS TRUE", "A company has one active connection to Exact Online."
    )

    @api.depends("company_id.name", "division_id.name")
    def _compute_name(self):
        for connection in self:
            connection.name = " - ".join(
                filter(None, [connection.company_id.name, connection.division_id.name])
            )

    @api.depends("authorization_id.state", "division_id", "pending_authorization_id")
    def _compute_state(self):
        """Nothing is sent or read while a change of user or division waits for an answer (W13)."""
        for connection in self:
            state = connection.authorization_id.sudo().state or "draft"
            if connection.pending_authorization_id:
                state = "confirm"
            elif state == "connected" and not connection.division_id:
                state = "division"
            connection.state = state

    def _compute_exchange_failed_count(self):
        counts = dict(
            self.env["exact.exchange"]._read_group(
                [("connection_id", "in", self.ids), ("state", "in", ("failed", "unclear"))],
                ["connection_id"],
                ["__count"],
            )
        )
        for connection in self:
            connection.exchange_failed_count = counts.get(connection, 0)

    @api.depends(
        "start_date",
        "sale_journal_id",
        "refund_journal_id",
        "default_item_id",
        "default_payment_condition_id",
        "default_vat_code_id",
        "division_id",
    )
    def _compute_missing_settings(self):
        """What is still empty, one name a line (R2)."""
        needed = (
            "division_id",
            "start_date",
            "sale_journal_id",
            "refund_journal_id",
            "default_item_id",
            "default_vat_code_id",
            "default_payment_condition_id",
        )
        for connection in self:
            labels = self.fields_get(needed, ["string"])
            connection.missing_settings = "\n".join(
                labels[name]["string"] for name in needed if not connection[name]
            )

    # === FINDING === #

    @api.model
    def _search_connected(self, domain=()):
        """The connections that can call Exact now."""
        joined = self.search([("division_id", "!=", False), *domain])
        return joined.filtered(lambda connection: connection.state == "connected")

    @api.model
    def _for_company(self, company):
        """The active connection of a company, empty where there is none."""
        return self.search([("company_id", "=", company.id)], limit=1)

    def _check_manager(self):
        """:raises AccessError: for a user who may not configure Exact Online."""
        if not self.env.su and not self.env.user.has_group("exact_connector.group_exact_manager"):
            raise AccessError(self.env._("Only an Exact Online manager can do this."))
        self.check_access("write")

    # === BUTTONS === #

    def action_connect(self):
        """To Exact's consent page, in the same tab (R1, R8)."""
        self.ensure_one()
        self.authorization_id._check_system()
        back = self.env.context.get("exact_back", "settings")
        return {
            "type": "ir.actions.act_url",
            "url": self.authorization_id._get_consent_url(self, back),
            "target": "self",
        }

    def action_disconnect(self):
        """Forget the tokens; mappings stay (R1)."""
        self.authorization_id.action_disconnect()

    def action_view_exchanges(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_exchange"
        )
        action["domain"] = [("connection_id", "=", self.id)]
        return action

    # === PAID STATUS === #

    def _get_settlement_journal(self):
        """The journal that settlements go to; made with an account of its own where there is none yet."""
        self.ensure_one()
        if not self.settlement_journal_id:
            journals = self.env["account.journal"].sudo().with_company(self.company_id)
            kept = journals.with_context(active_test=False).search(
                [("company_id", "=", self.company_id.id), ("code", "=", SETTLEMENT_CODE)], limit=1
            )
            kept.active = True
            self.sudo().settlement_journal_id = kept or journals.create(
                {
                    "name": self.env._("Exact Online settlements"),
                    "code": SETTLEMENT_CODE,
                    "type": "bank",
                    "company_id": self.company_id.id,
                    "show_on_dashboard": False,
                }
            )
        return self.settlement_journal_id
