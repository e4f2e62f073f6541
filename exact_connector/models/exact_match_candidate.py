from odoo import api, fields, models
from odoo.exceptions import UserError

from ..client import ExactError


class ExactMatchCandidate(models.Model):
    """A relation of Exact that may be the customer, as it stood when it was asked."""

    _name = "exact.match.candidate"
    _description = "Relation That May Be the Customer"
    _order = "score desc, id"

    match_id = fields.Many2one(
        "exact.match", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="match_id.company_id", store=True)
    exact_account_id = fields.Char("Exact ID", required=True, readonly=True, index=True)
    number = fields.Char(readonly=True)
    name = fields.Char(readonly=True)
    street = fields.Char(readonly=True)
    place = fields.Char(readonly=True)
    vat = fields.Char("VAT", readonly=True)
    company_registry = fields.Char("Registration Number", readonly=True)
    email = fields.Char("E-mail", readonly=True)
    phone = fields.Char(readonly=True)
    status = fields.Selection(
        [
            ("C", "Customer"),
            ("P", "Prospect"),
            ("S", "Suspect"),
            ("A", "Neither customer nor prospect"),
        ],
        "Status in Exact",
        readonly=True,
    )
    is_supplier = fields.Boolean("Supplier", readonly=True)
    is_blocked = fields.Boolean("Blocked or Ended", readonly=True)
    score = fields.Integer("Likeness", readonly=True, help="0 to 100")
    reason_codes = fields.Char(readonly=True)
    reasons = fields.Char("What Is Alike", compute="_compute_texts")
    warning = fields.Char(compute="_compute_texts")
    row = fields.Json(readonly=True)
    state = fields.Selection(
        [
            ("open", "To decide"),
            ("linked", "Linked"),
            ("rejected", "Another business"),
            ("skipped", "Left out"),
        ],
        required=True,
        readonly=True,
        default="open",
    )
    origin = fields.Selection(related="match_id.origin")

    _pair_uniq = models.UniqueIndex("(match_id, exact_account_id)", "This pair is there already.")

    @api.depends("reason_codes", "status", "is_supplier", "is_blocked", "state")
    @api.depends_context("lang")
    def _compute_texts(self):
        env = self.env
        alike = {
            "vat": env._("same VAT number"),
            "registry": env._("same registration number"),
            "number": env._("same customer number"),
            "name_postcode": env._("same name and postcode"),
            "email": env._("same e-mail"),
            "name": env._("same name"),
        }
        against = {
            "vat_differs": env._("other VAT number"),
            "name_differs": env._("other name"),
        }
        roles = {"P": env._("prospect"), "S": env._("suspect")}
        for candidate in self:
            codes = (candidate.reason_codes or "").split(",")
            candidate.reasons = ", ".join(alike[code] for code in codes if code in alike)
            warnings = [against[code] for code in codes if code in against]
            if candidate.status != "C" and candidate.is_supplier:
                warnings.append(env._("supplier, not a customer"))
            elif candidate.status != "C":
                warnings.append(roles.get(candidate.status, env._("not a customer")))
            elif candidate.is_supplier:
                warnings.append(env._("also a supplier"))
            if candidate.is_blocked:
                warnings.append(env._("blocked or ended"))
            other = candidate.state == "open" and candidate._get_linked_elsewhere()
            if other:
                warnings.append(env._("linked to %s already", other.display_name))
            candidate.warning = ", ".join(warnings)

    def _get_linked_elsewhere(self):
        """Another contact of the company that has this relation."""
        self.ensure_one()
        partners = self.env["res.partner"].sudo().with_company(self.company_id)
        return partners.search(
            [
                ("exact_account_id", "=", self.exact_account_id),
                ("id", "!=", self.match_id.partner_id.id),
            ],
            limit=1,
        )

    @api.model
    def _values_of(self, row, likeness):
        """Field values of a candidate; ``row`` is kept without what JSON cannot hold."""
        mapper = self.env["exact.mapper.account"]
        blocked = mapper._is_blocked(row)
        kept = {
            name: value
            for name, value in row.items()
            if isinstance(value, (str, bool, int)) and name != "Timestamp"
        }
        kept["Blocked"] = blocked
        return {
            "exact_account_id": row["ID"],
            "number": row.get("Code"),
            "name": row.get("Name"),
            "street": row.get("AddressLine1"),
            "place": " ".join(
                filter(None, [row.get("Postcode"), row.get("City"), row.get("Country")])
            ),
            "vat": row.get("VATNumber"),
            "company_registry": row.get("ChamberOfCommerce"),
            "email": row.get("Email"),
            "phone": row.get("Phone"),
            "status": row.get("Status") if row.get("Status") in ("C", "P", "S", "A") else False,
            "is_supplier": bool(row.get("IsSupplier")),
            "is_blocked": blocked,
            "score": likeness.score,
            "reason_codes": ",".join(likeness.reasons),
            "row": kept,
        }

    # === DECIDING === #

    def action_link(self):
        """This is the customer: link the two."""
        self.ensure_one()
        match = self.match_id
        match._check_user()
        match._check_open()
        if self.status != "C" and match.origin == "send":
            raise UserError(
                self.env._(
                    "%(number)s %(name)s is not a customer in Exact, which takes sales for customers only.",
                    number=self.number,
                    name=self.name,
                )
            )
        self._link()
        return match._go_on()

    def action_make_customer(self):
        """Give the relation the status Customer in Exact and link it; what else it is there, stays (R43)."""
        self.ensure_one()
        match = self.match_id
        match.connection_id._check_manager()
        match._check_user()
        match._check_open()
        client = match.connection_id.sudo()._get_client()
        try:
            client.update("crm/Accounts", self.exact_account_id, {"Status": "C"})
        except ExactError as error:
            raise UserError(self.env["exact.cause"]._explain(error)) from error
        self.sudo().write({"status": "C", "row": {**(self.row or {}), "Status": "C"}})
        match._log(
            self.env._(
                "%(number)s %(name)s made a customer in Exact.", number=self.number, name=self.name
            )
        )
        self._link()
        return match._go_on()

    def _link(self):
        """Write the link; an imported relation's values come along, as with a link by number."""
        self.ensure_one()
        match = self.match_id
        partner = match._partner().sudo()
        connection = match.connection_id.sudo()
        partner._exact_link(
            connection,
            self.row or {"ID": self.exact_account_id},
            with_contacts=True,
            take_over=match.origin == "import",
        )
        others = match.sudo().candidate_ids - self
        self.sudo().state = "linked"
        open_ = others.filtered(lambda c: c.state == "open")
        open_.state = "rejected"
        match._set_decision("link")
        match._log(
            self.env._(
                "Linked to %(number)s %(name)s in Exact.", number=self.number, name=self.name
            )
        )
        # Elsewhere on the desk this relation is no question any more.
        rivals = self.sudo().search(
            [
                ("exact_account_id", "=", self.exact_account_id),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "open"),
                ("match_id.origin", "=", "import"),
            ]
        )
        rivals.state = "rejected"
        for rival in rivals.match_id:
            if not any(c.state == "open" for c in rival.candidate_ids):
                rival._set_decision("create")
        open_._import_held_back()

    def _import_held_back(self):
        """Relations that the import held back become contacts of their own, once no pair of them is open."""
        mapper = self.env["exact.mapper.account"]
        for connection, candidates in (
            self.sudo().grouped(lambda c: c.match_id.connection_id).items()
        ):
            ids = candidates.filtered(lambda c: c.origin == "import").mapped("exact_account_id")
            open_ = self.sudo().search(
                [
                    ("exact_account_id", "in", ids),
                    ("company_id", "=", connection.company_id.id),
                    ("state", "in", ("open", "skipped", "linked")),
                ]
            )
            partners = self.env["res.partner"].sudo().with_company(connection.company_id)
            held = {
                c.exact_account_id: c.row
                for c in candidates
                if c.exact_account_id in ids
                and c.exact_account_id not in open_.mapped("exact_account_id")
                and mapper._is_wanted(c.row or {}, connection)
            }
            linked = partners.with_context(active_test=False).search(
                [("exact_account_id", "in", list(held))]
            )
            rows = [r for key, r in held.items() if key not in linked.mapped("exact_account_id")]
            partners._exact_create_from(connection, rows)
