from odoo import api, fields, models


class ExactDivision(models.Model):
    """An administration in Exact Online that an authorization may use."""

    _name = "exact.division"
    _description = "Exact Division"
    _order = "name, code"

    authorization_id = fields.Many2one("exact.authorization", required=True, ondelete="cascade")
    code = fields.Integer(required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    vat = fields.Char("VAT Number", readonly=True)
    country_code = fields.Char(readonly=True)
    currency_code = fields.Char(readonly=True)
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE(authorization_id, code)", "A division stands once at an authorization."
    )

    @api.depends("name", "code", "vat")
    def _compute_display_name(self):
        for division in self:
            parts = [division.name or "", f"({division.code})"]
            if division.vat:
                parts.append(division.vat)
            division.display_name = " ".join(parts)

    @api.model
    def _sync(self, authorization, rows):
        """Make the divisions of ``authorization`` those of ``rows``; vanished ones are archived."""
        existing = {
            division.code: division
            for division in self.with_context(active_test=False).search(
                [("authorization_id", "=", authorization.id)]
            )
        }
        for row in rows:
            values = {
                "name": row.get("Description") or row.get("CustomerName") or str(row["Code"]),
                "vat": row.get("VATNumber"),
                "country_code": row.get("Country"),
                "currency_code": row.get("Currency"),
                "active": row.get("Status") in (None, 1),
            }
            division = existing.pop(row["Code"], None)
            if division:
                division.write(values)
            else:
                self.create({"authorization_id": authorization.id, "code": row["Code"], **values})
        for gone in existing.values():
            gone.active = False
