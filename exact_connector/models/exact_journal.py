from odoo import api, fields, models


class ExactJournal(models.Model):
    """A journal of the division; entries name it by code, never by its ID (API 5.7)."""

    _name = "exact.journal"
    _description = "Exact Journal"
    _inherit = ["exact.reference"]

    _exact_resource = "financial/Journals"
    _exact_select = (
        "ID",
        "Code",
        "Description",
        "Type",
        "Currency",
        "AllowVariableCurrency",
        "AllowVariableExchangeRate",
        "AllowVAT",
        "IsBlocked",
    )

    type = fields.Selection(
        [
            ("10", "Cash"),
            ("12", "Bank"),
            ("16", "Payment Service"),
            ("20", "Sales"),
            ("21", "Return Invoice"),
            ("22", "Purchase"),
            ("23", "Received Return Invoice"),
            ("90", "General"),
        ],
        readonly=True,
    )
    currency_code = fields.Char("Currency", readonly=True)
    allow_variable_currency = fields.Boolean("Other Currencies Allowed", readonly=True)
    allow_variable_rate = fields.Boolean("Own Exchange Rate Allowed", readonly=True)
    allow_vat = fields.Boolean("VAT Allowed", readonly=True)

    _exact_id_uniq = models.Constraint(
        "UNIQUE(connection_id, exact_id)", "A journal stands once in a connection."
    )

    @api.model
    def _odoo_values(self, connection, row, links):
        known = {value for value, _label in self._fields["type"].selection}
        return {
            **super()._odoo_values(connection, row, links),
            "type": str(row.get("Type")) if str(row.get("Type")) in known else False,
            "currency_code": row.get("Currency") or False,
            "allow_variable_currency": bool(row.get("AllowVariableCurrency")),
            "allow_variable_rate": bool(row.get("AllowVariableExchangeRate")),
            "allow_vat": row.get("AllowVAT") is not False,
        }
