from odoo import api, fields, models

from ..customer_fields import GROUPS

WINNERS = [("exact", "Exact"), ("odoo", "Odoo")]
# Settings that decide which relations are imported: once changed, all are read again.
SCOPE_FIELDS = ("customer_scope", "import_status_customer", "import_prospects", "import_suspects")


class ExactConnection(models.Model):
    """Which customers come from Exact (R36), and which side wins where both changed one (R43)."""

    _inherit = "exact.connection"

    customer_scope = fields.Selection(
        [
            ("customer", "All with status Customer"),
            ("sales", "Only those with sales in Exact"),
            ("status", "By status in Exact"),
        ],
        "Customers to Import",
        required=True,
        default="customer",
        tracking=True,
        help="Suppliers are never imported as customers, unless they are customers too.",
    )
    import_status_customer = fields.Boolean("Customers", default=True)
    import_prospects = fields.Boolean("Prospects")
    import_suspects = fields.Boolean("Suspects")
    import_contacts = fields.Boolean(
        "With Contact Persons",
        default=True,
        tracking=True,
        help="The contact persons of a company come along, as contacts below it.",
    )
    update_customers = fields.Boolean(
        "Update Customers in Exact",
        tracking=True,
        help="What was changed in Odoo on a customer that is in Exact goes there every night, and at a press of "
        "Update in Exact on the contact: only the fields that were changed, only in groups that Odoo wins.",
    )
    name_winner = fields.Selection(WINNERS, "Name", required=True, default="exact", tracking=True)
    address_winner = fields.Selection(
        WINNERS, "Address", required=True, default="exact", tracking=True
    )
    contact_winner = fields.Selection(
        WINNERS, "Phone, E-mail, Website, Language", required=True, default="exact", tracking=True
    )
    identification_winner = fields.Selection(
        WINNERS, "VAT and Registration Number", required=True, default="exact", tracking=True
    )
    terms_winner = fields.Selection(
        WINNERS, "Payment Term and VAT Code", required=True, default="exact", tracking=True
    )

    # Cursors of their own: each stream has its own row versions (API 5.16)
    contact_cursor = fields.Char(default="1", readonly=True, copy=False)
    sales_cursor = fields.Char(default="1", readonly=True, copy=False)
    deleted_cursor = fields.Char(default="1", readonly=True, copy=False)
    customers_updated_on = fields.Datetime(readonly=True, copy=False)
    customers_read_through_on = fields.Datetime(
        readonly=True, copy=False, help="When contact persons and deletions were last asked for."
    )

    imported_customer_count = fields.Integer(
        "Customers in Exact", compute="_compute_customer_counts", compute_sudo=True
    )
    match_open_count = fields.Integer(
        "Customers to Decide on", compute="_compute_customer_counts", compute_sudo=True
    )

    def _compute_customer_counts(self):
        for connection in self:
            partners = self.env["res.partner"].with_company(connection.company_id)
            connection.imported_customer_count = partners.search_count(
                [("exact_account_id", "!=", False)]
            )
            connection.match_open_count = self.env["exact.match"].search_count(
                [("connection_id", "=", connection.id), ("state", "=", "open")]
            )

    def _get_wanted_statuses(self):
        """Statuses of Exact that are imported where they are chosen one by one."""
        chosen = (
            ("C", self.import_status_customer),
            ("P", self.import_prospects),
            ("S", self.import_suspects),
        )
        return {status for status, wanted in chosen if wanted}

    # === BUTTONS === #

    def action_view_customers(self):
        """The contacts that are linked to relations of this division."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_customers"
        )
        action["context"] = {"allowed_company_ids": self.company_id.ids}
        return action

    def action_view_matches(self):
        """The customers that a person has to decide on."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("exact_connector.action_exact_match")
        action["domain"] = [("connection_id", "=", self.id)]
        return action

    # === CHANGES OF SETTINGS === #

    def write(self, vals):
        before = {
            connection: (connection.division_id, [connection[name] for name in SCOPE_FIELDS])
            for connection in self
        }
        with_contacts = self.filtered("import_contacts")
        result = super().write(vals)
        for connection, (division, scope) in before.items():
            values = {}
            if division and connection.division_id != division:
                # Row versions belong to a division.
                values = {"contact_cursor": "1", "sales_cursor": "1", "deleted_cursor": "1"}
            if scope != [connection[name] for name in SCOPE_FIELDS]:
                values |= {"customer_cursor": "1", "sales_cursor": "1", "contact_cursor": "1"}
            if connection.import_contacts and connection not in with_contacts:
                values["contact_cursor"] = "1"
            if values:
                values["customers_read_through_on"] = False
                super(ExactConnection, connection).write(values)
        return result

    def _drop_foreign_links(self):
        for connection in self.filtered(lambda c: c.linked_books not in (False, c._get_books())):
            everyone = (
                self.env["res.partner"]
                .sudo()
                .with_company(connection.company_id)
                .with_context(active_test=False)
            )
            everyone.search(
                [
                    "|",
                    ("exact_account_seen", "!=", False),
                    ("exact_contact_id", "!=", False),
                ]
            ).write(everyone._exact_get_unlinked_values())
            self.env["exact.match"].sudo().search([("connection_id", "=", connection.id)]).unlink()
        return super()._drop_foreign_links()

    def action_import_all_customers(self):
        self._check_manager()
        self.sudo().write({"contact_cursor": "1", "sales_cursor": "1"})
        return super().action_import_all_customers()

    # === NIGHTLY === #

    @api.model
    def _cron_import_customers(self):
        """After the import what people changed in Odoo goes to Exact, where that is wanted."""
        result = super()._cron_import_customers()
        exchanges = self.env["exact.exchange"]
        for connection in self._search_connected([("update_customers", "=", True)]):
            started = fields.Datetime.now()
            exchanges |= exchanges._enqueue_updates(
                connection, self.env["res.partner"]._exact_search_changed(connection)
            )
            connection.customers_updated_on = started
        exchanges._drive_in_background()
        return result

    def _get_winner_labels(self):
        """Group -> its name on the screen."""
        labels = self.fields_get([f"{group}_winner" for group in GROUPS], ["string"])
        return {group: labels[f"{group}_winner"]["string"] for group in GROUPS}
