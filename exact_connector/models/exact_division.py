from odoo import api, fields, models

# Status of a division in Exact: 0 inactive, 1 active, 2 archived (Exact Online API 5.2).
IN_USE = (None, 1)


class ExactDivision(models.Model):
    """An administration in Exact Online that an authorization may use."""

    _name = "exact.division"
    _description = "Exact Division"
    _order = "active desc, name, code"
    _rec_names_search = ["name", "code", "vat"]

    authorization_id = fields.Many2one("exact.authorization", required=True, ondelete="cascade")
    code = fields.Integer(required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    vat = fields.Char("VAT Number", readonly=True)
    country_code = fields.Char(readonly=True)
    country_name = fields.Char("Country", compute="_compute_country_name")
    currency_code = fields.Char(readonly=True)
    granted = fields.Boolean(
        default=True, readonly=True, help="Ticked on Exact's consent page the last time."
    )
    archived = fields.Boolean("Archived in Exact", readonly=True)
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE(authorization_id, code)", "A division stands once at an authorization."
    )

    @api.depends("country_code")
    @api.depends_context("lang")
    def _compute_country_name(self):
        """Exact pads its country codes to three characters (API 3.3)."""
        codes = {division: (division.country_code or "").strip().upper() for division in self}
        names = {
            country.code: country.name
            for country in self.env["res.country"].search([("code", "in", list(codes.values()))])
        }
        for division, code in codes.items():
            division.country_name = names.get(code, code)

    @api.depends("name", "code", "vat", "country_code", "granted", "archived")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """Name, number, VAT number and country: namesakes are told apart before one is chosen (R3)."""
        for division in self:
            label = f"{division.name or ''} ({division.code})"
            label = ", ".join(filter(None, [label, division.vat, division.country_name]))
            if division.archived:
                label = self.env._("%s [archived in Exact]", label)
            elif not division.granted:
                label = self.env._("%s [not granted]", label)
            division.display_name = label

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
            in_use = row.get("Status") in IN_USE
            values = {
                "name": row.get("Description") or row.get("CustomerName") or str(row["Code"]),
                "vat": row.get("VATNumber"),
                "country_code": row.get("Country"),
                "currency_code": row.get("Currency"),
                "granted": True,
                "archived": not in_use,
                "active": in_use,
            }
            division = existing.pop(row["Code"], None)
            if division:
                division.write(values)
            else:
                self.create({"authorization_id": authorization.id, "code": row["Code"], **values})
        for gone in existing.values():
            gone.write({"active": False, "granted": False})

    def _is_open(self):
        """Whether it can be used now: granted at the last consent, and not archived."""
        self.ensure_one()
        return self.granted and not self.archived
