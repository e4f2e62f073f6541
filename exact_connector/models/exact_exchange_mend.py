from odoo import api, fields, models

from ..resolution import Problem


class ExactExchange(models.Model):
    """What Exact refused, told message by message, and the button that leads to mending it."""

    _inherit = "exact.exchange"

    action = fields.Selection(related="cause_id.action", string="Button Action")
    connection_state = fields.Selection(
        related="connection_id.state", string="Status of the Connection"
    )
    exact_call = fields.Char("Call", readonly=True, help="What Exact was asked when it refused.")

    # === TELLING === #

    def _note_refusals(self, error, classified):
        """One problem for each message of Exact, with the record that its cause says is to be mended.

        :param classified: list of (cause, text), see ``exact.cause._classify``.
        """
        self.ensure_one()
        self.exact_call = " ".join(filter(None, [error.method, error.resource])) or False
        self.env["exact.exchange.problem"].create(
            [
                {
                    "exchange_id": self.id,
                    "cause_id": cause.id,
                    "message": cause._with_words(text),
                    "res_model": record._name if record else False,
                    "res_id": record.id if record else False,
                }
                for cause, text in classified
                for record in [self._get_record_to_mend(cause.action)]
            ]
        )

    def _get_record_to_mend(self, action):
        """The Odoo record that a cause with this button is mended on; empty where that is done in Exact."""
        self.ensure_one()
        customer = self.partner_id or self.move_id.commercial_partner_id
        return {
            "open_record": self.partner_id or self.move_id,
            "open_document": self.move_id,
            "open_customer": customer,
            "open_desk": customer,
            "open_settings": self.connection_id,
            "open_mapping": self.connection_id,
        }.get(action)

    def _problems_of_customer(self):
        """What stopped this customer, as problems of the documents that wait for it."""
        self.ensure_one()
        partner, env = self.partner_id, self.env
        stopped = [
            (problem.cause_id, problem.message, problem._get_record())
            for problem in self.problem_ids
        ] or [(self.cause_id.browse(), self.exact_message or self.message, partner)]
        return [
            Problem(
                cause.code or "customer_failed",
                message
                if self.problem_ids and cause.kind == "local"
                else env._(
                    "Customer %(customer)s could not be created in Exact: %(reason)s",
                    customer=partner.display_name,
                    reason=message,
                ),
                record or partner,
            )
            for cause, message, record in stopped
        ]

    # === BUTTONS === #

    def action_mend(self):
        """Do what the cause of this exchange proposes."""
        self.ensure_one()
        return self._mend(self.action)

    def action_reconnect(self):
        """To the place where Exact Online is connected again."""
        self.ensure_one()
        return self._mend("reconnect")

    def _mend(self, action, record=None):
        """Do what a cause proposes.

        :param action: a value of ``exact.cause.action``.
        :param record: the record that is to be mended, where the problem names one.
        """
        self.ensure_one()
        self._check_user()
        if action in ("retry", "attach_again"):
            return self.action_retry()
        if action == "refresh_and_retry":
            return self.action_refresh_and_retry()
        if action == "open_values":
            return self._get_form_action()
        if action == "open_exact":
            return self._open_exact()
        if action == "open_mapping":
            return self.connection_id.action_open_mapping()
        if action == "open_settings":
            return self.connection_id._get_settings_action()
        if action == "reconnect":
            if self.env.user.has_group("base.group_system"):
                return self.connection_id.action_connect()
            return self.connection_id.get_formview_action()
        record = record or self._get_record_to_mend(action) or self.move_id or self.partner_id
        return (record or self.connection_id).get_formview_action()

    def _open_exact(self):
        """Exact's own page: the entry where there is one, else the start page."""
        if self.move_id.exact_entry_id:
            return self.move_id.action_exact_open_entry()
        base = self.connection_id.authorization_id._get_base_url()
        return {"type": "ir.actions.act_url", "url": base, "target": "new"}


class ExactExchangeProblem(models.Model):
    _inherit = "exact.exchange.problem"

    action = fields.Selection(related="cause_id.action")
    button = fields.Char(compute="_compute_button", help="What the button of the cause says.")

    @api.depends("cause_id.action")
    @api.depends_context("lang")
    def _compute_button(self):
        for problem in self:
            problem.button = problem.cause_id._get_button()

    def action_mend(self):
        """Do what the cause of this problem proposes."""
        self.ensure_one()
        self.check_access("read")
        return self.exchange_id._mend(self.cause_id.action, self._get_record())


class ExactConnection(models.Model):
    _inherit = "exact.connection"

    def _get_settings_action(self):
        """Where the settings of this connection are, for this user."""
        self.ensure_one()
        if self.env.user.has_group("base.group_system"):
            return self.env["ir.actions.act_window"]._for_xml_id(
                "exact_connector.action_exact_settings"
            )
        return self.get_formview_action()


class AccountMove(models.Model):
    _inherit = "account.move"

    exact_action = fields.Selection(
        selection=lambda self: self.env["exact.cause"]._fields["action"].selection,
        compute="_compute_exact_action",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
    )

    @api.depends("exact_exchange_ids.cause_id", "exact_state")
    def _compute_exact_action(self):
        for move in self:
            exchange = move.exact_exchange_ids[:1]
            # What has not had its turn has no cause of its own.
            dead = exchange.state == "pending" and exchange.connection_state == "expired"
            move.exact_action = "reconnect" if dead else exchange.cause_id.action

    def action_exact_mend(self):
        """Do what the cause of what stopped this document proposes."""
        self.ensure_one()
        self._exact_check_user()
        return self.exact_exchange_ids[:1]._mend(self.exact_action)
