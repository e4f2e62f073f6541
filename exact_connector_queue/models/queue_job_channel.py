from odoo import fields, models


class QueueJobChannel(models.Model):
    _inherit = "queue.job.channel"

    exact_connection_id = fields.Many2one(
        "exact.connection", readonly=True, ondelete="cascade", index="btree_not_null"
    )
