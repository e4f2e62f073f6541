from odoo import models

from odoo.addons.exact_connector.models.exact_exchange import OPEN_STATES


class QueueJob(models.Model):
    _inherit = "queue.job"

    def exact_related_action(self):
        """The exchanges that this job tried, or those that wait for it."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_exchange_all"
        )
        tried = [("job_uuid", "=", self.uuid)]
        if not self.env["exact.exchange"].search_count(tried, limit=1):
            connections = self.records.exists()
            tried = [("connection_id", "in", connections.ids), ("state", "in", OPEN_STATES)]
        return {**action, "domain": tried, "context": {}}
