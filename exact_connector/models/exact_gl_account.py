from odoo import api, fields, models

# Debtors, creditors and VAT are refused on a sales line (API 5.8).
REFUSED_TYPES = (20, 22, 24)
# What people choose from for a sales line; in a domain, beside the connection or company.
USABLE_ACCOUNT = f"('type', 'not in', {REFUSED_TYPES})"
# Byte values of UseCostcenter and UseCostunit (API 5.8).
USES = [("0", "Optional"), ("1", "Mandatory"), ("2", "Not allowed")]


class ExactGlAccount(models.Model):
    """A ledger account of the division (API 5.8)."""

    _name = "exact.gl.account"
    _description = "Exact GL Account"
    _inherit = ["exact.reference"]

    # The sync twin gives 1,000 rows a page instead of 60 (API 3.2).
    _exact_resource = "sync/Financial/GLAccounts"
    _exact_select = (
        "ID",
        "Code",
        "Description",
        "Type",
        "IsBlocked",
        "VATCode",
        "UseCostcenter",
        "UseCostunit",
        "Timestamp",
    )

    type = fields.Integer(readonly=True, help="Type number as Exact uses it; 110 is revenue.")
    is_revenue = fields.Boolean(compute="_compute_is_revenue", store=True)
    vat_code = fields.Char(
        "VAT Code", readonly=True, help="The usual VAT code of the account in Exact."
    )
    use_cost_center = fields.Selection(USES, "Cost Centre", readonly=True)
    use_cost_unit = fields.Selection(USES, "Cost Unit", readonly=True)

    _exact_id_uniq = models.Constraint(
        "UNIQUE(connection_id, exact_id)", "A ledger account stands once in a connection."
    )

    _refused_types = REFUSED_TYPES

    @api.depends("type")
    def _compute_is_revenue(self):
        for account in self:
            account.is_revenue = account.type == 110

    @api.model
    def _read_rows(self, client):
        return self._read_sync_rows(client)

    @api.model
    def _odoo_values(self, connection, row, links):
        return {
            **super()._odoo_values(connection, row, links),
            "type": row.get("Type") or 0,
            "vat_code": row.get("VATCode") or False,
            "use_cost_center": self._use(row.get("UseCostcenter")),
            "use_cost_unit": self._use(row.get("UseCostunit")),
        }

    @api.model
    def _use(self, value):
        return str(value) if value in (1, 2) else "0"

    def _usable(self):
        """The accounts that a sales line may be booked on (API 5.8)."""
        return self.filtered(lambda account: account.active and account.type not in REFUSED_TYPES)
