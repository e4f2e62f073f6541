from odoo import api, fields, models
from odoo.exceptions import UserError


class ExactExchangeProblem(models.Model):
    """One thing that stops an exchange, with the record that mends it."""

    _name = "exact.exchange.problem"
    _description = "Exact Exchange Problem"
    _order = "id"
    _rec_name = "message"

    exchange_id = fields.Many2one(
        "exact.exchange", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="exchange_id.company_id", store=True)
    cause_id = fields.Many2one("exact.cause", readonly=True, ondelete="set null")
    owner = fields.Selection(related="cause_id.owner")
    advice = fields.Text(related="cause_id.advice")
    message = fields.Text("What Is Wrong", required=True, readonly=True)
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    record_name = fields.Char("Where to Mend It", compute="_compute_record_name")

    _record_idx = models.Index("(res_model, res_id)")

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        records = records_to_mend(self)
        for problem in self:
            record = records.get((problem.res_model, problem.res_id))
            problem.record_name = record.display_name if record else False

    def _get_record(self):
        """The record that mends it, empty where it is gone or not for this user."""
        self.ensure_one()
        return records_to_mend(self).get((self.res_model, self.res_id))

    def action_open_record(self):
        """Open the record that mends it."""
        self.ensure_one()
        self.check_access("read")
        record = self._get_record()
        if not record:
            raise UserError(self.env._("The record that mends this is gone, or not yours to open."))
        if record._name == "exact.connection":
            return record._get_settings_action()
        return record.get_formview_action()


def records_to_mend(rows):
    """The records that rows with ``res_model`` and ``res_id`` name, as far as they are there and the user's to read.

    A few queries for each model, however many rows.

    :return: dict of (model, id) -> record.
    """
    found = {}
    for model, named in rows.grouped("res_model").items():
        if model and model in rows.env:
            ids = [row.res_id for row in named if row.res_id]
            for record in rows.env[model].browse(ids).exists()._filtered_access("read"):
                found[model, record.id] = record
    return found
