from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ExactMatch(models.Model):
    """The desk: a customer of Odoo and the relations of Exact that may be the same (R43, W10).

    Asked when a customer must be created in Exact, or when an imported relation looks like a contact
    that is not linked yet. What was decided on a pair is remembered and never asked again.
    """

    _name = "exact.match"
    _description = "Customer to Decide on"
    _order = "state desc, score desc, id desc"
    _rec_name = "partner_id"

    connection_id = fields.Many2one(
        "exact.connection", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="connection_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True, ondelete="cascade", index=True
    )
    origin = fields.Selection(
        [("send", "Is to be created in Exact"), ("import", "Came with the import")],
        "Why It Is Asked",
        required=True,
        readonly=True,
        default="send",
    )
    state = fields.Selection(
        [("open", "To decide"), ("done", "Decided")],
        "Status",
        required=True,
        readonly=True,
        default="open",
        index=True,
    )
    decision = fields.Selection(
        [
            ("link", "The same: linked"),
            ("create", "Another business"),
            ("skip", "Left out"),
        ],
        readonly=True,
    )
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True)
    decided_on = fields.Datetime(readonly=True)
    candidate_ids = fields.One2many("exact.match.candidate", "match_id", readonly=True)
    score = fields.Integer("Best Likeness", compute="_compute_score", store=True)
    best_name = fields.Char("Relation in Exact", compute="_compute_score", store=True)
    waiting_count = fields.Integer("Documents Waiting", compute="_compute_waiting_count")

    # What Odoo has, side by side with the candidates
    partner_ref = fields.Char(related="partner_id.ref", string="Customer Number")
    partner_street = fields.Char(related="partner_id.street", string="Street")
    partner_place = fields.Char("Place", compute="_compute_partner_place")
    partner_country_id = fields.Many2one(related="partner_id.country_id", string="Country")
    partner_vat = fields.Char(related="partner_id.vat", string="VAT")
    partner_registry = fields.Char(
        related="partner_id.company_registry", string="Registration Number"
    )
    partner_email = fields.Char(related="partner_id.email", string="E-mail")
    partner_phone = fields.Char(related="partner_id.phone", string="Phone")

    _partner_uniq = models.UniqueIndex(
        "(connection_id, partner_id)", "This customer is on the desk already."
    )

    @api.depends("candidate_ids.score", "candidate_ids.state", "candidate_ids.name")
    def _compute_score(self):
        for match in self:
            rows = match.candidate_ids.filtered(lambda c: c.state in ("open", "linked"))
            best = rows.sorted(lambda c: -c.score)[:1]
            match.score = best.score
            match.best_name = f"{best.number or ''} {best.name or ''}".strip() if best else False

    @api.depends("partner_id.zip", "partner_id.city")
    def _compute_partner_place(self):
        for match in self:
            partner = match.partner_id
            match.partner_place = " ".join(filter(None, [partner.zip, partner.city])) or False

    def _compute_waiting_count(self):
        for match in self:
            match.waiting_count = len(match._get_waiting().filtered("move_id"))

    def _get_waiting(self):
        """The exchanges that stopped for this question, or for its answer "left out"."""
        self.ensure_one()
        problems = (
            self.env["exact.exchange.problem"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "=", self.id)])
        )
        return problems.exchange_id.filtered(lambda exchange: exchange.state == "failed")

    # === ASKING === #

    @api.model
    def _get_left_out(self, partner):
        """The decision that keeps this customer out of Exact, empty where there is none."""
        return self.sudo().search(
            [
                ("partner_id", "=", partner._origin.id),
                ("company_id", "=", partner.env.company.id),
                ("connection_id.active", "=", True),
                ("state", "=", "done"),
                ("decision", "=", "skip"),
                ("origin", "=", "send"),
            ],
            limit=1,
        )

    @api.model
    def _of(self, connection, partners):
        """dict of contact -> its place on the desk."""
        found = self.sudo().search(
            [("connection_id", "=", connection.id), ("partner_id", "in", partners.ids)]
        )
        return {match.partner_id: match for match in found}

    def _get_apart(self):
        """Account IDs of which a person said that they are not this customer."""
        rejected = self.candidate_ids.filtered(lambda c: c.state == "rejected")
        return set(rejected.mapped("exact_account_id"))

    @api.model
    def _ask(self, connection, partner, pairs, origin):
        """Put a customer on the desk, or bring its candidates up to date.

        :param pairs: list of (row of Exact, :class:`Likeness`).
        :return: the match; its state stays "done" where every pair was decided on before.
        """
        match = self._of(connection, partner).get(partner)
        if not match:
            match = self.sudo().create(
                {"connection_id": connection.id, "partner_id": partner.id, "origin": origin}
            )
        candidates = {c.exact_account_id: c for c in match.candidate_ids}
        if origin == "send":
            # A look-up gives all there are; an import only what changed.
            rows = {row["ID"] for row, _likeness in pairs}
            match.candidate_ids.filtered(
                lambda c: c.state == "open" and c.exact_account_id not in rows
            ).unlink()
            match.origin = origin
        for row, likeness in pairs:
            values = match.candidate_ids._values_of(row, likeness)
            known = candidates.get(row["ID"])
            if known:
                known.write(values)
            else:
                match.candidate_ids.create({**values, "match_id": match.id})
        if match.state == "done" and any(c.state == "open" for c in match.candidate_ids):
            match.write(
                {"state": "open", "decision": False, "decided_by_id": False, "decided_on": False}
            )
        return match

    @api.model
    def _keep_apart(self, connection, partner, account, number):
        """Remember that this contact and this relation are two businesses."""
        match = self._of(connection, partner).get(partner) or self.sudo().create(
            {"connection_id": connection.id, "partner_id": partner.id}
        )
        candidate = match.candidate_ids.filtered(lambda c: c.exact_account_id == account)
        if not candidate:
            candidate = candidate.create(
                {"match_id": match.id, "exact_account_id": account, "number": number}
            )
        candidate.state = "rejected"
        if match.state == "done" or not match.candidate_ids.filtered(lambda c: c.state == "open"):
            match._set_decision("create")

    def _close_by(self, account):
        """Linked by its number to ``account`` just now."""
        for match in self.sudo().filtered(lambda match: match.state == "open"):
            mine = match.candidate_ids.filtered(lambda c: c.exact_account_id == account)
            mine.state = "linked"
            others = (match.candidate_ids - mine).filtered(lambda c: c.state == "open")
            others.state = "rejected"
            match._set_decision("link")
            others._import_held_back()

    def _partner(self):
        self.ensure_one()
        return self.partner_id.with_company(self.company_id)

    # === DECIDING === #

    def action_create(self):
        """None of these: another business. What waits goes on, and relations held back are imported."""
        self._check_user()
        self._check_open()
        for match in self:
            open_ = match.sudo().candidate_ids.filtered(lambda c: c.state == "open")
            open_.state = "rejected"
            match._set_decision("create")
            match._log(
                self.env._(
                    "Not the same as %s in Exact.",
                    ", ".join(f"{c.number} {c.name}" for c in open_),
                )
            )
            open_._import_held_back()
        return self._go_on()

    def action_skip(self):
        """Leave it out: documents of this customer stop with that reason, relations stay in Exact only."""
        self._check_user()
        self._check_open()
        for match in self:
            match.sudo().candidate_ids.filtered(lambda c: c.state == "open").state = "skipped"
            match._set_decision("skip")
            match._log(self.env._("Left out of Exact."))
        return self._go_on()

    def action_reopen(self):
        """Decide again."""
        self._check_user()
        for match in self.filtered(lambda match: match.state == "done"):
            if match._partner().exact_account_id:
                raise UserError(
                    self.env._(
                        "%s is in Exact already. Unlink it on the contact first.",
                        match.partner_id.display_name,
                    )
                )
            match.sudo().candidate_ids.filtered(
                lambda c: c.state in ("rejected", "skipped")
            ).state = "open"
            match.sudo().write(
                {"state": "open", "decision": False, "decided_by_id": False, "decided_on": False}
            )

    def action_open_partner(self):
        self.ensure_one()
        return self.partner_id.get_formview_action()

    def action_view_waiting(self):
        """The documents that wait for this decision."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_exchange"
        )
        action["domain"] = [("id", "in", self._get_waiting().ids)]
        action["context"] = {}
        return action

    def _check_user(self):
        """:raises AccessError: for a user outside the group or the company."""
        if not self.env.su and not self.env.user.has_group("exact_connector.group_exact_user"):
            raise AccessError(self.env._("Only an Exact Online user can do this."))
        self.check_access("read")

    def _check_open(self):
        """:raises UserError: somebody else has decided meanwhile."""
        for match in self:
            if match.state == "done":
                raise UserError(
                    self.env._(
                        "%(user)s has decided on %(customer)s already.",
                        user=match.decided_by_id.name,
                        customer=match.partner_id.display_name,
                    )
                )

    def _set_decision(self, decision):
        self.sudo().write(
            {
                "state": "done",
                "decision": decision,
                "decided_by_id": self.env.uid,
                "decided_on": fields.Datetime.now(),
            }
        )

    def _log(self, text):
        """A decision is told on the contact."""
        self.ensure_one()
        self.partner_id._message_log(body=text)

    def _go_on(self):
        """What waited for these decisions goes on by itself; a notice says how much that is."""
        exchanges = self.env["exact.exchange"].sudo()
        for match in self:
            exchanges |= match._get_waiting()
        documents = len(exchanges.filtered("move_id"))
        if exchanges:
            exchanges.write({"state": "pending", "retry_at": False})
            exchanges._schedule()
        text = (
            self.env._("%s documents go on by themselves.", documents)
            if documents
            else self.env._("It will not be asked again.")
        )
        title = dict(self._fields["decision"]._description_selection(self.env)).get(
            self[:1].decision, ""
        )
        return self.env["exact.connection"]._notify(title, text, "success")
