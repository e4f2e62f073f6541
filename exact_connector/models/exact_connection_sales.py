from odoo import fields, models

from ..client import DataError, RightsError

DIMENSION_MODELS = ("exact.cost.center", "exact.cost.unit", "exact.project")


class ExactConnection(models.Model):
    """How the lines of a document are booked."""

    _inherit = "exact.connection"

    discount_account_id = fields.Many2one(
        "exact.gl.account",
        domain="[('connection_id', '=', id), ('is_revenue', '=', True)]",
        tracking=True,
        help="Discounts on invoice lines are booked here, and the line itself before its discount. "
        "Empty: lines go after their discount.",
    )
    journal_per_product = fields.Boolean(
        "Journal per Product",
        tracking=True,
        help="Products can name the journal in Exact that their documents go to.",
    )
    use_dimensions = fields.Boolean(
        "Cost Centres, Cost Units and Projects",
        tracking=True,
        help="Read them from Exact with the reference data, and send what the analytic accounts of "
        "invoice lines are mapped to.",
    )
    dimensions_note = fields.Text("Not Read", readonly=True, copy=False)

    def _read_dimensions(self, client):
        """Rows of cost centres, cost units and projects, where the connection uses them.

        Each needs a scope, and for projects a licence, that an app may well lack: what Exact does
        not let us read is left as it was and noted on the connection, the rest of the refresh goes on.

        :return: list of (model name, rows)
        """
        self.ensure_one()
        answers, notes = [], []
        for name in DIMENSION_MODELS if self.use_dimensions else ():
            model = self.env[name].sudo()
            try:
                answers.append((name, model._read_rows(client)))
            except (RightsError, DataError) as error:
                notes.append(f"{self._label_of(name)}: {error.message}")
        note = "\n".join(notes) or False
        if self.dimensions_note != note:
            self.sudo().dimensions_note = note
        return answers

    def _label_of(self, name):
        """The name of a reference model in the user's language."""
        return self.env["ir.model"]._get(name).name
