from odoo import api, fields, models


class ExactItem(models.Model):
    """An item of the division; it decides the ledger account of a line (API 5.5, R19)."""

    _name = "exact.item"
    _description = "Exact Item"
    _inherit = ["exact.reference"]

    _exact_resource = "sync/Logistics/Items"
    _exact_select = (
        "ID",
        "Code",
        "Description",
        "IsSalesItem",
        "IsFractionAllowedItem",
        "GLRevenue",
        "SalesVatCode",
        "StartDate",
        "EndDate",
        "Unit",
        "ItemGroupDescription",
        "Timestamp",
    )

    is_sales_item = fields.Boolean(readonly=True)
    is_divisible = fields.Boolean(
        "Divisible", readonly=True, help="Exact allows quantities with decimals, such as 0.35."
    )
    gl_account_id = fields.Many2one(
        "exact.gl.account",
        "Revenue Account",
        readonly=True,
        ondelete="set null",
        help="The revenue account of the item in Exact.",
    )
    vat_code_id = fields.Many2one("exact.vat.code", "VAT Code", readonly=True, ondelete="set null")
    start_date = fields.Date(readonly=True)
    end_date = fields.Date(readonly=True)
    unit = fields.Char(readonly=True)
    item_group = fields.Char(readonly=True)

    _exact_id_uniq = models.Constraint(
        "UNIQUE(connection_id, exact_id)", "An item stands once in a connection."
    )

    @api.model
    def _read_rows(self, client):
        return self._read_sync_rows(client)

    @api.model
    def _get_links(self, connection):
        return {
            "account": self._ids_by(connection, "exact.gl.account", "exact_id"),
            "vat": self._ids_by(connection, "exact.vat.code", "code"),
        }

    @api.model
    def _odoo_values(self, connection, row, links):
        start, end = row.get("StartDate"), row.get("EndDate")
        return {
            **super()._odoo_values(connection, row, links),
            "is_sales_item": bool(row.get("IsSalesItem")),
            "is_divisible": bool(row.get("IsFractionAllowedItem")),
            "gl_account_id": links["account"].get(row.get("GLRevenue"), False),
            "vat_code_id": links["vat"].get(row.get("SalesVatCode"), False),
            "start_date": start.date() if start else False,
            "end_date": end.date() if end else False,
            "unit": row.get("Unit") or False,
            "item_group": row.get("ItemGroupDescription") or False,
        }

    def _is_valid_on(self, date):
        """Whether the item is in use in Exact on ``date``."""
        self.ensure_one()
        return (not self.start_date or self.start_date <= date) and (
            not self.end_date or self.end_date >= date
        )
