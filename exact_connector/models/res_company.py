from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    exact_connection_ids = fields.One2many("exact.connection", "company_id")
    exact_setup_state = fields.Char("Exact Online", compute="_compute_exact_setup_state")

    def _compute_exact_setup_state(self):
        """How far this company is: "Connected, Praktijk Noord BV (1001)"."""
        labels = dict(
            self.env["exact.connection"]._fields["state"]._description_selection(self.env)
        )
        for company in self:
            # Also of companies that are not switched on now: they are this person's own.
            company_known = company._origin
            own = company_known in self.env.user.company_ids
            connection = self.env["exact.connection"].sudo(own)._for_company(company_known)
            parts = [labels[connection.state or "draft"], connection.division_id.display_name]
            company.exact_setup_state = ", ".join(filter(None, parts))

    def action_exact_setup(self):
        """Switch to this company and open its set-up page, as the company menu would."""
        self.ensure_one()
        return {
            "type": "ir.actions.client",
            "tag": "exact_connector.set_up_company",
            "params": {"company_id": self.id},
        }

    def _exact_default_country(self):
        """The country of the company where Exact has a site, else the Netherlands."""
        code = (self.country_id.code or "NL").lower()
        code = {"gb": "uk"}.get(code, code)
        known = dict(self.env["exact.authorization"]._selection_country())
        return code if code in known else "nl"
