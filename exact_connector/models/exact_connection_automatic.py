from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import RedirectWarning, UserError

# Gaps named in a message; the rest is told as a number.
NAMED = 10


class ExactConnection(models.Model):
    """The switch of automatic sending: refused while something would stop documents (R31)."""

    _inherit = "exact.connection"

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        for connection in connections.filtered("auto_send"):
            connection._check_automatic()
        connections.filtered("auto_send")._start_automatic()
        return connections

    def write(self, vals):
        """Checked on the server, after the other values of the same write: they may close the gap."""
        turned_on = self.browse()
        if vals.get("auto_send"):
            turned_on = self.filtered(lambda connection: not connection.auto_send)
        result = super().write(vals)
        for connection in turned_on:
            connection._check_automatic()
        turned_on._start_automatic()
        return result

    def _get_blocking_gaps(self):
        """What would stop documents if they went by themselves now.

        :return: list of :class:`Gap`.
        """
        self.ensure_one()
        gaps = [gap for gap in self._get_gaps() if gap.blocking]
        return gaps

    def _check_automatic(self):
        """:raises UserError: there are gaps, and nobody has taken them on.

        A manager may (``exact_override_gaps`` in the context, put there by the wizard); it is logged
        who did and what was open, however the context came.
        """
        self.ensure_one()
        gaps = self._get_blocking_gaps()
        if not gaps:
            return
        if self.env.context.get("exact_override_gaps"):
            self._check_manager()
            self._log_override(gaps)
            return
        text = self.env._(
            "Automatic sending stays off while this is open:\n%s", self._name_gaps(gaps)
        )
        action = self.env.ref("exact_connector.action_exact_auto_send_wizard", False)
        manager = self.env.user.has_group("exact_connector.group_exact_manager")
        if not (action and manager):
            raise UserError(text)
        raise RedirectWarning(
            text,
            action.id,
            self.env._("Decide what to do"),
            {"default_connection_id": self.id},
        )

    @api.model
    def _name_gaps(self, gaps):
        """One line for each gap."""
        lines = [f"- {gap.message}" for gap in gaps[:NAMED]]
        if len(gaps) > NAMED:
            lines.append(self.env._("- and %s more", len(gaps) - NAMED))
        return "\n".join(lines)

    def _log_override(self, gaps):
        """Who switched it on, when, and what was open then: for whoever looks for the reason later."""
        text = self.env._(
            "%(user)s switched automatic sending on although this was open:",
            user=self.env.user.name,
        )
        lines = [text, *self._name_gaps(gaps).splitlines()]
        self._message_log(body=Markup("<br/>").join(lines))

    def _start_automatic(self):
        """One switch for the user: the scheduled action is off until the first connection wants it."""
        if self:
            self.env.ref("exact_connector.ir_cron_send_documents").sudo().active = True

    def action_auto_send_on(self):
        """Switch on, or show what stands in the way."""
        self.ensure_one()
        self._check_manager()
        if self._get_blocking_gaps():
            action = self.env["ir.actions.act_window"]._for_xml_id(
                "exact_connector.action_exact_auto_send_wizard"
            )
            action["context"] = {"default_connection_id": self.id}
            return action
        self.auto_send = True

    def action_auto_send_off(self):
        self.ensure_one()
        self._check_manager()
        self.auto_send = False
