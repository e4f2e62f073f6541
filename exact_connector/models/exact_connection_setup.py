from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..client import ExactError
from .exact_connection_probe import BOOKING, PROBES

STEPS = ("register", "connect", "division", "start", "journals", "mapping", "import", "sync")
# Without these nothing else can be filled in.
GATES = ("register", "connect", "division")
# Where a gap of the mapping is mended on this page (see resolution.STEPS).
STEP_OF_GAP = {"vat": "mapping", "items": "mapping", "accounts": "mapping", "conditions": "mapping"}
MAPPING_FIELDS = ("default_vat_code_id", "default_item_id", "default_payment_condition_id")


class ExactConnection(models.Model):
    """The set-up page: steps, what is done, what is open and why it matters (R1-R8, R31).

    Whether a step is done follows from what is filled in; only decisions are stored (the import, and
    that a proposal was looked at), so that whoever comes back finds the first open step.
    """

    _inherit = "exact.connection"

    setup_step = fields.Selection(
        [
            ("register", "App at Exact"),
            ("connect", "Connect"),
            ("division", "Division"),
            ("start", "Start date"),
            ("journals", "Journals"),
            ("mapping", "VAT, items and conditions"),
            ("import", "Customers"),
            ("sync", "First sending"),
        ],
        default="register",
        copy=False,
    )
    setup_confirmed = fields.Char(
        copy=False, help="Steps whose proposal somebody has looked at, by their code."
    )
    setup_done = fields.Char(compute="_compute_setup", help="Codes of the steps that are done.")
    setup_done_count = fields.Integer(compute="_compute_setup")
    setup_step_count = fields.Integer(compute="_compute_setup")
    setup_percent = fields.Float(compute="_compute_setup")
    setup_gaps = fields.Json("Still Open", compute="_compute_setup")
    setup_mapping_count = fields.Integer(compute="_compute_setup")
    setup_due_count = fields.Integer(compute="_compute_setup_due")
    import_decision = fields.Selection(
        [("yes", "Import them"), ("no", "Leave them in Exact")],
        "Customers of Exact",
        readonly=True,
        copy=False,
        tracking=True,
    )
    setup_import_id = fields.Many2one("exact.exchange", compute="_compute_setup_import")
    setup_import_message = fields.Char(compute="_compute_setup_import")

    # === STEPS === #

    @api.depends(
        "authorization_id.state",
        "pending_authorization_id",
        "division_id",
        "refreshed_on",
        "start_date",
        "sale_journal_id",
        "refund_journal_id",
        "default_item_id",
        "default_vat_code_id",
        "default_payment_condition_id",
        "import_decision",
        "auto_send",
        "setup_confirmed",
        "probe_ids.state",
    )
    @api.depends_context("lang")
    def _compute_setup(self):
        for connection in self:
            gaps = connection._get_gaps() if connection.id and connection.division_id else []
            done = connection._get_done_steps(gaps)
            connection.setup_done = " ".join(done)
            connection.setup_done_count = len(done)
            connection.setup_step_count = len(STEPS)
            connection.setup_percent = 100 * len(done) / len(STEPS)
            connection.setup_gaps = connection._describe_gaps(gaps)
            # An empty setting is filled in on the page itself.
            mapping = [gap for gap in gaps if gap.step in STEP_OF_GAP and gap.kind != "setting"]
            connection.setup_mapping_count = len(mapping)

    def _get_done_steps(self, gaps):
        """Codes of the steps that are done, in their order.

        :param gaps: what :meth:`_get_gaps` found.
        """
        self.ensure_one()
        authorization_sudo = self.authorization_id.sudo()
        seen = (self.setup_confirmed or "").split()
        connected = self.state in ("connected", "division")
        done = {
            "register": connected
            or bool(authorization_sudo.client_id and authorization_sudo.client_secret),
            "connect": connected,
            "division": self.state == "connected"
            and bool(self.refreshed_on)
            and not self.probe_missing_count,
            "start": bool(self.start_date) and "start" in seen,
            "journals": bool(self.sale_journal_id and self.refund_journal_id)
            and "journals" in seen,
            "mapping": all(self[name] for name in MAPPING_FIELDS)
            and "mapping" in seen
            and not any(gap.blocking and STEP_OF_GAP.get(gap.step) for gap in gaps),
            "import": bool(self.import_decision),
            "sync": self.auto_send or "sync" in seen,
        }
        return [step for step in STEPS if done[step]]

    def _get_open_steps(self):
        done = (self.setup_done or "").split()
        return [step for step in STEPS if step not in done]

    def _describe_gaps(self, gaps):
        """Gaps as the page shows them: text, reason, and the record or step that mends it."""
        labels = dict(self._fields["setup_step"]._description_selection(self.env))
        described = []
        for gap in gaps:
            step = STEP_OF_GAP.get(gap.step, gap.step if gap.step in STEPS else "")
            record = gap.record
            own = not record or record._name == self._name
            described.append(
                {
                    "message": gap.message,
                    "why": gap.why,
                    "blocking": gap.blocking,
                    "step": step if own else "",
                    "label": labels.get(step, "") if own else record.display_name,
                    "model": "" if own else record._name,
                    "id": 0 if own else record.id,
                }
            )
        return described

    def action_setup_go(self):
        """Show the step named in the context; without connection and division only those."""
        self.ensure_one()
        shown = self.setup_step
        self.action_setup_show()
        if self.setup_step == shown == self.env.context.get("exact_step"):
            self.setup_step = False  # pressed again: closed

    def action_setup_show(self):
        """Open the step named in the context."""
        self.ensure_one()
        self._check_setup_user()
        step = self.env.context.get("exact_step")
        gates = [gate for gate in self._get_open_steps() if gate in GATES]
        if step not in STEPS or (gates and STEPS.index(step) > STEPS.index(gates[0])):
            step = gates[0] if gates else STEPS[0]
        self.setup_step = step

    def action_setup_next(self):
        """The step shown was looked at: keep that, and show the next open one."""
        self.ensure_one()
        self._check_setup_user()
        self._confirm_steps(self.setup_step)
        self._show_next_step()

    def _confirm_steps(self, *steps):
        """Remember that a person has seen what is filled in at these steps."""
        seen = (self.setup_confirmed or "").split()
        added = [step for step in steps if step and step not in seen]
        if added:
            self.setup_confirmed = " ".join([*seen, *added])

    def _show_next_step(self):
        """The first open step after the one shown, else the first open one, else none."""
        self.ensure_one()
        position = STEPS.index(self.setup_step) if self.setup_step else -1
        left = self._get_open_steps()
        gates = [step for step in left if step in GATES]
        after = [step for step in left if STEPS.index(step) > position]
        self.setup_step = (gates or after or left or [False])[0]

    def _check_setup_user(self):
        """:raises AccessError: for who is neither a system administrator nor an Exact manager."""
        if not self._may_set_up():
            raise AccessError(
                self.env._("Setting up Exact Online is for its managers and system administrators.")
            )
        self.check_access("write")

    @api.model
    def _may_set_up(self):
        user = self.env.user
        return (
            self.env.su
            or user.has_group("base.group_system")
            or user.has_group("exact_connector.group_exact_manager")
        )

    @api.model_create_multi
    def create(self, vals_list):
        """A new set-up page that was left open saves into the connection made meanwhile, not into a second one."""
        if not self.env.context.get("exact_setup"):
            return super().create(vals_list)
        connections = self.browse()
        for vals in vals_list:
            company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
            there = self._for_company(company)
            if there:
                there.write({name: value for name, value in vals.items() if name != "company_id"})
            connections |= there or super().create([vals])
        return connections

    # === OPENING === #

    @api.model
    def action_open_setup(self):
        """The set-up page of the company in the switcher, at its first open step."""
        if not self._may_set_up():
            self._check_setup_user()
        return self._open_setup_of(self.env.company)

    @api.model
    def action_open_home(self):
        """What the app opens: the set-up until a division is chosen, then what is to mend."""
        connection = self._for_company(self.env.company)
        system = self.env.user.has_group("base.group_system")
        if not connection.division_id and self._may_set_up() and (connection or system):
            return self.action_open_setup()
        return self.env["ir.actions.act_window"]._for_xml_id("exact_connector.action_exact_mend")

    @api.model
    def _open_setup_of(self, company):
        connection = self._for_company(company)
        if connection:
            return connection._open_setup()
        if not (self.env.su or self.env.user.has_group("base.group_system")):
            raise UserError(
                self.env._(
                    "%s is not connected to Exact Online yet. A system administrator starts the "
                    "set-up: registering the app and connecting are theirs.",
                    company.name,
                )
            )
        action = self._get_setup_action()
        action["context"] = {"default_company_id": company.id, "exact_setup": True}
        return action

    def _open_setup(self):
        self.ensure_one()
        self._check_setup_user()
        step = (self._get_open_steps() or [False])[0]
        if self.setup_step != step:
            self.setup_step = step
        return {**self._get_setup_action(), "res_id": self.id}

    @api.model
    def _get_setup_action(self):
        return self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_setup_page"
        )

    # === DIVISION === #

    def action_setup_division(self):
        """Check the rights in the division, read what it offers, propose settings from it (R7: not before)."""
        self.ensure_one()
        self._check_setup_user()
        if not self.division_id:
            raise UserError(self.env._("Choose the division of %s first.", self.company_id.name))
        try:
            if self.sudo()._probe():
                return False
            self.sudo()._refresh_reference_data()
        except ExactError as error:
            raise UserError(self.env["exact.cause"]._explain(error)) from error
        self._show_next_step()
        return False

    def action_setup_take_division(self):
        """The division that looks like this company's own."""
        self.ensure_one()
        self._check_setup_user()
        self.division_id = self.setup_division_proposal_id
        return self.action_setup_division()

    # === CUSTOMERS === #

    @api.depends("import_decision", "customers_imported_on")
    @api.depends_context("lang")
    def _compute_setup_import(self):
        for connection in self:
            run = self.env["exact.exchange"].search(
                [("connection_id", "=", connection.id or 0), ("kind", "=", "customer_import")],
                order="id desc",
                limit=1,
            )
            connection.setup_import_id = run
            connection.setup_import_message = False
            if run:
                connection.setup_import_message = self.env._(
                    "%(created)s created, %(updated)s updated, %(unchanged)s unchanged, "
                    "%(failed)s failed",
                    created=run.created_count,
                    updated=run.updated_count,
                    unchanged=run.unchanged_count,
                    failed=run.failed_count,
                )

    def action_setup_import_yes(self):
        """Import now and remember it; may be pressed again any time (R6)."""
        self.ensure_one()
        self._check_manager()
        self.sudo().import_decision = "yes"
        if self.setup_step == "import":
            self._show_next_step()
        return self.action_import_customers()

    def action_setup_import_no(self):
        """No customer is made now; remembered, and can be decided again (R6)."""
        self.ensure_one()
        self._check_manager()
        self.sudo().write({"import_decision": "no", "import_customers": False})
        if self.setup_step == "import":
            self._show_next_step()

    def action_setup_view_import(self):
        self.ensure_one()
        return self.setup_import_id._get_form_action()

    # === FIRST SENDING === #

    def _compute_setup_due(self):
        """What would go now; counted for whoever sets up, whatever documents that person may read."""
        for connection in self:
            due = self.env["account.move"]
            if connection.id and connection.state == "connected":
                due = due.sudo()._exact_search_due(connection.sudo())
            connection.setup_due_count = len(due)

    def action_setup_view_due(self):
        self.ensure_one()
        due = self.env["account.move"]._exact_search_due(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_documents"
        )
        action["domain"] = [("id", "in", due.ids)]
        action["context"] = {}
        return action

    def action_setup_send(self):
        """Send what is due now, and say what came of it."""
        self.ensure_one()
        self._check_manager()
        return self.action_sync()

    @api.model
    def _get_scope_lines(self):
        """What has to be ticked at the app: scope, whether for changing too, and what for.

        :return: list of (scope, True for Manage, True where optional, purposes).
        """
        purposes = self.env["exact.probe"]._purposes()
        lines = {}
        for probe in PROBES:
            line = lines.setdefault(probe.scope, [False, True, []])
            line[0] = line[0] or probe.manage
            line[1] = line[1] and probe.optional
            line[2].append(purposes[probe.resource])
        lines["Financial accounting"][2].append(purposes[BOOKING])
        return [(scope, *line) for scope, line in lines.items()]
