from odoo import api, models
from odoo.exceptions import UserError, ValidationError


class ExactConnection(models.Model):
    """What no screen offers and a crafted call may try: another company's records in one's own settings (R3)."""

    _inherit = "exact.connection"

    @api.model
    def _own_links(self):
        """The settings that name a record of a connection's own reference data."""
        return [
            name
            for name, field in self._fields.items()
            if field.type == "many2one"
            and field.store
            and field.comodel_name.startswith("exact.")
            and "connection_id" in self.env[field.comodel_name]._fields
        ]

    @api.constrains(lambda self: self._own_links())
    def _check_own_links(self):
        """Its name alone would tell a stranger what another company's books hold."""
        for connection in self:
            for name in self._own_links():
                choice_sudo = connection.sudo()[name]
                if choice_sudo and choice_sudo.connection_id != connection:
                    raise ValidationError(
                        self.env._(
                            "%(setting)s: choose one of the division of %(company)s.",
                            setting=self.fields_get([name], ["string"])[name]["string"],
                            company=connection.company_id.name,
                        )
                    )

    def write(self, vals):
        if not self.env.su and any(
            connection.company_id.id != vals.get("company_id", connection.company_id.id)
            for connection in self
        ):
            # Else the documents of that company would go to this division.
            raise UserError(
                self.env._(
                    "A connection stays with its company: make a new one for the other company."
                )
            )
        return super().write(vals)
