from odoo import api, fields, models


class ExactGlAccount(models.Model):
    """A ledger account of the division (API 5.8)."""

    _name = "exact.gl.account"
    _description = "Exact GL Account"
    _inherit = ["exact.reference"]

    # The sync twin gives 1,000 rows a page instead of 60 (API 3.2).
    _exact_resource = "sync/Financial/GLAccounts"
    _exact_select = ("ID", "Code", "Description", "Type", "IsBlocked", "VATCode", "Timestamp")

    type = fields.Integer(readonly=True, help="Type number as Exact uses it; 110 is revenue.")
    is_revenue = fields.Boolean(compute="_compute_is_revenue", store=True)

    _exact_id_uniq = models.Constraint(
        "UNIQUE(connection_id, exact_id)", "A ledger account stands once in a connection."
    )

    # Debtors, creditors and VAT are refused on a sales line (API 5.8).
    _refused_types = (20, 22, 24)

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
        }
