from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.exact_mapping_targets import KINDS

# Exchanges that are tried at once; more go on in the background.
AT_ONCE = 20


class ExactMappingWizard(models.TransientModel):
    """One look at the mapping: all that is in use, what stands for it in Exact, proposals for the rest.

    Filled on opening; every choice is kept on the Odoo record at once, so it may be left at any time.
    """

    _name = "exact.mapping.wizard"
    _description = "Exact Mapping"

    connection_id = fields.Many2one("exact.connection", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="connection_id.company_id", store=True)
    line_ids = fields.One2many("exact.mapping.wizard.line", "wizard_id")
    filled_on = fields.Datetime(readonly=True)
    stale = fields.Boolean(readonly=True, help="A choice changed which lines there are.")

    # === OPENING === #

    @api.model
    def action_open(self, kind=None):
        """The screen of one kind for the current company; the first with something open where none is named.

        :raises UserError: the company is not connected.
        """
        connection = self.env["exact.connection"]._for_company(self.env.company)
        if not connection.division_id:
            raise UserError(
                self.env._("Connect %s to Exact Online first, in Settings.", self.env.company.name)
            )
        return self._open(connection, kind)

    @api.model
    def _open(self, connection, kind=None):
        """A fresh look at the mapping of ``connection``."""
        connection._check_manager()
        wizard_sudo = self.sudo().create({"connection_id": connection.id})
        wizard_sudo._fill()
        return self.browse(wizard_sudo.id).action_open_kind(kind)

    def action_open_kind(self, kind=None):
        """The screen of one kind, of the same look."""
        self.ensure_one()
        self.connection_id._check_manager()
        if self._is_stale():
            self.sudo().line_ids.unlink()
            self.sudo()._fill()
        kind = kind if kind in KINDS else self._next_kind() or KINDS[0]
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_mapping_line"
        )
        context = {
            "exact_mapping_wizard": self.id,
            "exact_mapping_kind": kind,
            "exact_mapping_dimensions": self.line_ids.filtered(
                lambda line: line.kind == "analytic"
            ).mapped("target"),
            "search_default_in_use": 1,
        }
        label = dict(self.line_ids._fields["kind"]._description_selection(self.env))[kind]
        action.update(
            name=self.env._("Mapping: %s", label),
            display_name=self.env._("Mapping: %s", label),
            domain=[("wizard_id", "=", self.id), ("kind", "=", kind)],
            context=context,
        )
        return action

    def _is_stale(self):
        """Whether what was read from Exact, or a choice, changed what there is to see."""
        self.ensure_one()
        read = self.connection_id.refreshed_on
        return self.stale or not self.filled_on or bool(read and read > self.filled_on)

    def _next_kind(self, after=None):
        """The first kind with something open, looking on from ``after``."""
        self.ensure_one()
        start = KINDS.index(after) + 1 if after else 0
        counts = self._count_open()
        return next((kind for kind in [*KINDS[start:], *KINDS[:start]] if counts.get(kind)), None)

    def _count_open(self):
        return dict(
            self.env["exact.mapping.wizard.line"]._read_group(
                [("wizard_id", "=", self.id), ("is_open", "=", True), ("in_use", "=", True)],
                ["kind"],
                ["__count"],
            )
        )

    # === THE SCREEN === #

    def get_overview(self, kind):
        """What stands above the list: how far each kind is, what can be confirmed, what waited for it.

        :return: dict; only ``gone`` where this look was cleared away, only ``stale`` where it must be
            opened again.
        """
        if not self.exists():
            return {"gone": True}
        self.connection_id._check_manager()
        if self._is_stale():
            return {"stale": True}
        env = self.env
        labels = dict(self.line_ids._fields["kind"]._description_selection(env))
        opens = self._count_open()
        groups = env["exact.mapping.wizard.line"]._read_group(
            [("wizard_id", "=", self.id)], ["kind", "confidence", "in_use"], ["__count"]
        )
        wrong = {k: number for k, confidence, _used, number in groups if confidence == "wrong"}
        sure = sum(
            number
            for k, confidence, used, number in groups
            if (k, confidence, used) == (kind, "high", True)
        )
        present = {row[0] for row in groups}
        following = self._next_kind(kind)
        return {
            "kinds": [
                {
                    "kind": name,
                    "label": labels[name],
                    "open": opens.get(name, 0),
                    "wrong": wrong.get(name, 0),
                }
                for name in KINDS
                if name in present
            ],
            "sure": sure,
            "hint": self._get_hint(kind),
            "done": not opens.get(kind),
            "next": following if following != kind else False,
            "next_label": labels[following] if following and following != kind else "",
            "waiting": len(self._get_waiting()),
        }

    def _get_hint(self, kind):
        env = self.env
        return {
            "vat": env._(
                "Amounts go to Exact excluding VAT, so only codes of type Excluding carry VAT; "
                "codes without VAT serve taxes of 0 %."
            ),
            "item": env._(
                "The item of a line decides its ledger account. A product without one takes that of its "
                "category, and the default item after that."
            ),
            "account": env._(
                "With a discount account, a line goes to Exact before its discount and the discount is a line "
                "of its own on that account; without one the line goes after its discount. Total and VAT are "
                "the same. The other accounts serve lines whose product and category have no item."
            ),
            "journal": env._(
                "Journals of Odoo without one of their own take those of the connection. Only sales journals "
                "of Exact can be chosen."
            ),
            "term": env._(
                "A condition is proposed when it gives the same due date on every day of a year. "
                "Credit notes, and terms without a condition, take the default."
            ),
            "analytic": env._(
                "Choose for each plan whether its accounts are cost centres, cost units or projects in Exact. "
                "Without that nothing is sent of it."
            ),
        }[kind]

    # === BUTTONS === #

    def action_confirm_sure(self, kind):
        """Keep all proposals of this kind that are sure and in use; one that is refused stops no other."""
        self.ensure_one()
        lines = self.line_ids.filtered(
            lambda line: line.kind == kind and line.in_use and line.confidence == "high"
        )
        return lines.action_confirm()

    def action_retry_waiting(self):
        """Try again what failed for want of what was mapped here (R20)."""
        self.ensure_one()
        self.connection_id._check_manager()
        exchanges = self._get_waiting()
        if len(exchanges) <= AT_ONCE:
            return exchanges.action_retry()
        exchanges._check_user()
        exchanges.sudo().write({"state": "pending", "retry_at": False})
        exchanges._schedule()
        return self.connection_id._notify(
            self.env._("%s tried again in the background", len(exchanges)), "", "success"
        )

    def _get_waiting(self):
        """Failed exchanges with a problem that something confirmed on these screens mends."""
        lines = self.line_ids.filtered("applied")
        if not lines:
            return self.env["exact.exchange"]
        problems = self.env["exact.exchange.problem"].search(
            [
                ("exchange_id.state", "=", "failed"),
                ("exchange_id.connection_id", "=", self.connection_id.id),
            ]
        )
        mended = {pair for line in lines for pair in line._get_mended()}
        codes = {code for line in lines for code in line._get_mended_codes()}
        return problems.filtered(
            lambda problem: (
                (problem.res_model, problem.res_id) in mended or problem.cause_id.code in codes
            )
        ).exchange_id
