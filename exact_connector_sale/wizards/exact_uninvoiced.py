from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..billable import KINDS

# Read again by itself when this old: what is ticked must be what is there.
FRESH = timedelta(minutes=10)
# An invoice that was being made while the rows were collected may not have been seen by them.
OVERLAP = timedelta(seconds=10)

# Nobody has to do anything about these: they are not counted as left behind.
NOT_COUNTED = frozenset(
    {
        "invoiced",
        "in_exact",
        "on_its_way",
        "non_billable",
        "fixed_price",
        "before_start",
        "other_company",
        "nothing",
    }
)


class ExactUninvoiced(models.TransientModel):
    """What one customer is still to be invoiced, each kind of work side by side (R47).

    A row is made for its reader when the overview opens and carries the keys of what stands in it, so that
    what is shown is what is taken. Amounts exclude VAT and are in the row's currency.

    Every row is there once for each period (``until``): a search shows those of the period in the context
    (``exact_until``), by default everything.
    """

    _name = "exact.uninvoiced"
    _description = "Uninvoiced, per Customer"
    _order = "name, id"

    name = fields.Char("Customer", readonly=True)
    row_key = fields.Char(readonly=True, index=True)
    until = fields.Selection(
        [
            ("now", "Everything"),
            ("month", "Until the end of last month"),
            ("week", "Until the end of last week"),
        ],
        "Period",
        required=True,
        readonly=True,
        default="now",
    )
    checked_on = fields.Datetime(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer (Contact)", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    hours = fields.Float("Number of Hours", digits=(16, 2), readonly=True)
    amount_hours = fields.Monetary("Hours", readonly=True)
    amount_expense = fields.Monetary("Expenses", readonly=True)
    amount_trip = fields.Monetary("Trips", readonly=True)
    amount_fixed = fields.Monetary("Fixed Price", readonly=True)
    amount_milestone = fields.Monetary("Milestones", readonly=True)
    amount_subscription = fields.Monetary("Subscriptions", readonly=True)
    amount_delivered = fields.Monetary("Delivered", readonly=True)
    amount_total = fields.Monetary("To Invoice", readonly=True, help="Excluding VAT.")
    date_first = fields.Date("Since", readonly=True, help="The oldest thing in it.")
    billable_count = fields.Integer("Lines", readonly=True)
    left_count = fields.Integer(
        "Left Behind", readonly=True, help="What cannot be invoiced yet; open the row to see why."
    )
    keys = fields.Json(readonly=True, prefetch=False)
    left_keys = fields.Json(readonly=True, prefetch=False)

    # === ROWS === #

    @api.model
    def _kinds(self):
        """The kinds that the installed apps know, in the order of their columns."""
        env = self.env
        sale_line = env["sale.order.line"]._fields
        expense = "hr.expense" in env and "sale_order_id" in env["hr.expense"]._fields
        known = {
            "hours": "timesheet_ids" in sale_line,
            "expense": expense,
            "trip": expense,
            "fixed": True,
            "milestone": "reached_milestones_ids" in sale_line,
            "subscription": "sale.subscription.plan" in env,
            "delivered": True,
        }
        return [kind for kind in KINDS if known[kind]]

    @api.model
    def _row_key(self, billable):
        """What stands in one row together: a customer, whatever its addresses, and a currency."""
        partner = billable.partner or self.env["res.partner"]
        return billable.company.id, partner.commercial_partner_id.id, billable.currency.id

    @api.model
    def _row_values(self, billable):
        """The values of a row that are the same for all that stands in it."""
        partner = (billable.partner or self.env["res.partner"]).commercial_partner_id
        return {
            "name": partner.display_name or self.env._("No customer yet"),
            "partner_id": partner.id,
            "company_id": billable.company.id,
            "currency_id": billable.currency.id,
        }

    @api.model
    def _counts(self, billable):
        """Whether it belongs in the overview at all."""
        return not billable.left_behind or billable.left_behind.code not in NOT_COUNTED

    @api.model
    def _periods(self):
        """The last day of each period; False without an end."""
        today = fields.Date.context_today(self)
        return {
            "now": False,
            "month": today.replace(day=1) - timedelta(days=1),
            "week": today - timedelta(days=today.weekday() + 1),
        }

    @api.model
    def _rows(self, billables):
        """Values of the rows that ``billables`` make, by (period, row key)."""
        rows = {}
        periods = self._periods()
        hour = self.env.ref("uom.product_uom_hour")
        for billable in billables:
            key = ",".join(map(str, self._row_key(billable)))
            date = fields.Date.to_date(billable.date)
            for until, last in periods.items():
                if last and date and date > last:
                    continue
                row = rows.get((until, key))
                if row is None:
                    row = rows[until, key] = self._new_row(until, key, billable)
                self._add_to_row(row, billable, date, hour)
        for row in rows.values():
            # Decimals until here, so that a thousand small amounts add up to the cent.
            for name, value in row.items():
                if isinstance(value, Decimal):
                    row[name] = float(value)
        return rows

    @api.model
    def _new_row(self, until, key, billable):
        return {
            **self._row_values(billable),
            **{f"amount_{kind}": Decimal(0) for kind in KINDS},
            "until": until,
            "row_key": key,
            "hours": Decimal(0),
            "amount_total": Decimal(0),
            "billable_count": 0,
            "left_count": 0,
            "date_first": False,
            "keys": [],
            "left_keys": [],
            "checked_on": self.env.cr.now(),
        }

    @api.model
    def _add_to_row(self, row, billable, date, hour):
        if date and (not row["date_first"] or date < row["date_first"]):
            row["date_first"] = date
        if billable.left_behind:
            row["left_count"] += 1
            row["left_keys"].append(billable.key)
            return
        net = Decimal(str(billable.net))
        row["keys"].append(billable.key)
        row["billable_count"] += 1
        row[f"amount_{billable.kind}"] += net
        row["amount_total"] += net
        if billable.kind == "hours":
            row["hours"] += self._in_hours(billable, hour)

    @api.model
    def _in_hours(self, billable, hour):
        """The quantity of a billable in hours; what is sold otherwise counts as it is."""
        if not billable.uom or billable.uom == hour or not billable.uom._has_common_reference(hour):
            return Decimal(str(billable.quantity))
        quantity = billable.uom._compute_quantity(float(billable.quantity), hour, round=False)
        return Decimal(str(quantity)).quantize(Decimal("0.000001"))

    # === FILLING === #

    @api.model
    def _check_user(self):
        """:raises AccessError: for a user who does not work with Exact."""
        if not self.env.su and not self.env.user.has_group("exact_connector.group_exact_user"):
            raise AccessError(self.env._("Only an Exact Online user can do this."))

    @api.model
    def _companies(self):
        """The selected companies that are joined to a division."""
        connections = self.env["exact.connection"].sudo()
        return self.env.companies.filtered(
            lambda company: connections._for_company(company).division_id
        )

    @api.model
    def _own(self):
        """All rows of this user and the selected companies, whatever the period."""
        domain = [("create_uid", "=", self.env.uid), ("company_id", "in", self.env.companies.ids)]
        return self.sudo().with_context(exact_until="any").search(domain)

    @api.model
    def _fill(self):
        """Collect again and bring the rows up to date.

        A row keeps its ID while its customer has something uninvoiced: a second tab, or a selection, goes on
        working. Collected with all rights after the check of the group: an overview that leaves out what its
        reader may not open would be wrong without saying so.
        """
        self._check_user()
        rows = {}
        for company in self._companies():
            collector = self.env["exact.billable"].sudo().with_company(company)
            rows |= self._rows(filter(self._counts, collector._collect(company)))
        kept = gone = self.sudo().browse()
        for row in self._own():
            values = rows.pop((row.until, row.row_key), None)
            if values is None:
                gone |= row
            else:
                row._take_over(values)
                kept |= row
        gone.unlink()
        kept.write({"checked_on": self.env.cr.now()})
        self.sudo().create(list(rows.values()))

    def _take_over(self, values):
        """Write what changed."""
        self.ensure_one()
        changed = {}
        for name, value in values.items():
            field = self._fields[name]
            if field.convert_to_cache(value, self) != field.convert_to_cache(self[name], self):
                changed[name] = value
        if changed:
            self.write(changed)

    @api.model
    def _fill_if_stale(self):
        """Before they are read: old rows, and rows from before an invoice went, are collected again."""
        if not self.env.user.has_group("exact_connector.group_exact_user"):
            return
        checked = min(self._own().mapped("checked_on"), default=None)
        if not checked or checked < fields.Datetime.now() - FRESH or self._invoiced_since(checked):
            self._fill()

    @api.model
    def _invoiced_since(self, moment):
        """Whether an invoice was asked for, or failed and gave back what it had taken."""
        return bool(
            self.env["exact.exchange"]
            .sudo()
            .search_count(
                [
                    ("kind", "=", "sales_invoice"),
                    ("company_id", "in", self.env.companies.ids),
                    ("write_date", ">", moment - OVERLAP),
                ],
                limit=1,
            )
        )

    # === READING === #

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Only the rows of the period in the context."""
        until = self.env.context.get("exact_until") or "now"
        if until != "any":
            domain = Domain(domain) & Domain("until", "=", until)
        return super()._search(domain, *args, **kwargs)

    @api.model
    def web_search_read(self, domain, specification, *args, **kwargs):
        self._fill_if_stale()
        return super().web_search_read(domain, specification, *args, **kwargs)

    @api.model
    def web_read_group(self, domain, *args, **kwargs):
        self._fill_if_stale()
        return super().web_read_group(domain, *args, **kwargs)

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Kinds whose app is not installed have no column and no filter."""
        arch, view = super()._get_view(view_id, view_type, **options)
        for kind in set(KINDS) - set(self._kinds()):
            nodes = arch.xpath(
                f"//field[@name='amount_{kind}'] | //div[@data-kind='{kind}'] | //filter[@name='{kind}']"
                f" | //list/field[@name='{kind}']"
            )
            for node in nodes:
                if node.getparent() is not None:
                    node.getparent().remove(node)
        return arch, view

    # === BUTTONS === #

    @api.model
    def action_open(self):
        """The overview, collected now (R47)."""
        self._fill()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector_sale.action_exact_uninvoiced"
        )
        action["context"] = {"exact_kinds": self._kinds_found()}
        if not self._companies():
            action["help"] = self.env["exact.invoice.start"]._help_not_connected()
        return action

    @api.model
    def _kinds_found(self):
        """The kinds that have a column: those there is something of."""
        rows = self._own()
        return [kind for kind in KINDS if any(row[f"amount_{kind}"] for row in rows)]

    def action_refresh(self):
        """Collect again; filters and selection stay, unless there is a column more or less."""
        self._fill()
        if self.env.context.get("exact_kinds") not in (None, self._kinds_found()):
            return {**self.action_open(), "target": "main"}
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _chosen(self):
        """The rows that are still there.

        :raises UserError: none is.
        """
        self._check_user()
        rows = self.exists()
        if not rows:
            raise UserError(
                self.env._(
                    "This list has changed since you opened it. Press Refresh and choose again."
                )
            )
        rows.check_access("read")
        return rows

    def action_invoice(self):
        """The wizard, with exactly what stands in these rows."""
        rows = self._chosen()
        if len(rows.company_id) > 1:
            raise UserError(
                self.env._(
                    "These rows are of %s: choose rows of one company at a time.",
                    ", ".join(rows.company_id.mapped("name")),
                )
            )
        if not any(row.keys for row in rows):
            return rows.action_open_lines()
        keys = [key for row in rows for key in [*(row.keys or []), *(row.left_keys or [])]]
        return self.env["exact.invoice.wizard"]._open_keys(rows.company_id, keys)

    def action_open_lines(self):
        """What is in these rows, or in all: one line for each hour, expense, order line."""
        if self:
            rows = self._chosen()
        else:
            self._check_user()
            until = self.env.context.get("exact_until") or "now"
            rows = self.browse(self._own().filtered(lambda row: row.until == until).ids)
        lines = self.env["exact.uninvoiced.line"]._fill(rows)
        return lines._list([("row_id", "in", rows.ids)], rows.name if len(rows) == 1 else False)
