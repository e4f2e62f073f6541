from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

from .exact_exchange import RUN_KINDS

# Users named in the meter; the rest is in the list behind it.
NAMED_USERS = 5
# New customers asked for at once.
LOOK_UP = 40


class ExactConnection(models.Model):
    """The meter: calls left this minute and today, and who used them (W12)."""

    _inherit = "exact.connection"

    call_meter = fields.Json(compute="_compute_call_meter", compute_sudo=True)
    keep_for_people = fields.Integer(related="budget_ids.keep_for_people", readonly=False)
    keep_for_documents = fields.Integer(related="budget_ids.keep_for_documents", readonly=False)

    @api.depends_context("lang", "uid")
    def _compute_call_meter(self):
        standing = self._get_standing()
        for connection in self:
            row = standing.get(connection.id)
            if not row or not row["seen_on"]:
                connection.call_meter = False
                continue
            meter = {
                name: {
                    "limit": row[f"{name}_limit"],
                    "left": max(row[f"{name}_left"], 0),
                    "until": fields.Datetime.to_string(
                        connection._on_own_clock(row[f"{name}_end"], row)
                    ),
                }
                for name in ("minute", "day")
            }
            connection.call_meter = {**meter, **connection._get_use(row)}

    def _get_use(self, row):
        """Calls of Exact's day so far by purpose and by user, most first."""
        use = self.env["exact.budget.use"]
        domain = [
            ("budget_id.connection_id", "=", self.id),
            ("hour", ">=", row["day_end"] - timedelta(days=1)),
        ]
        labels = dict(use._fields["purpose"]._description_selection(self.env))
        purposes = use._read_group(domain, ["purpose"], ["calls:sum"], order="calls:sum DESC")
        users = use._read_group(domain, ["user_id"], ["calls:sum"], order="calls:sum DESC")
        return {
            "purposes": [{"label": labels[purpose], "calls": calls} for purpose, calls in purposes],
            "users": [
                {
                    "label": user.with_context(exact_calls=True).display_name
                    or self.env._("Former user"),
                    "calls": calls,
                }
                for user, calls in users[:NAMED_USERS]
            ],
        }

    def _count_calls(self, moves):
        """Calls that sending these documents costs: their new customers and PDFs too."""
        self.ensure_one()
        partners = moves.with_company(self.company_id).commercial_partner_id
        new = len(partners.filtered(lambda partner: not partner.exact_account_id))
        return len(moves) * (3 if self.attach_pdf else 1) + new + -(-new // LOOK_UP)

    def _count_queued_calls(self):
        """Calls that what stands in the queue already costs."""
        self.ensure_one()
        queued = self.env["exact.exchange"].sudo()
        last = queued.search(
            [
                ("connection_id", "=", self.id),
                ("state", "=", "pending"),
                ("kind", "not in", RUN_KINDS),
            ],
            order="id desc",
            limit=1,
        )
        return last._get_calls_until().get(last.id, 0)

    @api.model
    def action_open_meter(self):
        """Calls left and who used them; of each company chosen, where there are several."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_calls_left"
        )
        connections = self.search([("company_id", "in", self.env.companies.ids)])
        if len(connections) == 1:
            form = self.env.ref("exact_connector.view_exact_connection_form_calls")
            action.update(res_id=connections.id, views=[(form.id, "form")], view_mode="form")
        return action

    def action_view_calls(self):
        """All calls by hour, purpose and user."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_budget_use"
        )
        action["domain"] = [("budget_id", "in", self.budget_ids.ids)]
        return action


class ExactExchange(models.Model):
    """When something that waits in the queue will have had its turn, going by Exact's limits."""

    _inherit = "exact.exchange"

    expected_on = fields.Datetime(
        "Expected at",
        compute="_compute_expected_on",
        compute_sudo=True,
        help="By Exact's limits of calls, with all that stands before it in the queue.",
    )

    @api.depends("state", "retry_at", "connection_id")
    def _compute_expected_on(self):
        pending = self.filtered(lambda e: e.state == "pending" and e._origin.id)
        calls = pending._get_calls_until()
        known = {}
        for exchange in self:
            if exchange.state in ("waiting", "unclear"):
                exchange.expected_on = exchange.retry_at
                continue
            number = calls.get(exchange._origin.id)
            if not number:
                exchange.expected_on = False
                continue
            lane = "bulk" if exchange.kind in RUN_KINDS else "document"
            key = (exchange.connection_id, number, lane)
            if key not in known:
                known[key] = exchange.connection_id._get_finish(number, lane)
            exchange.expected_on = known[key]

    def _get_turn(self):
        """When it goes by itself, as a sentence; empty where a person must do something, or it goes at once."""
        exchange, env = self.sudo(), self.env
        if exchange.state == "pending" and exchange.connection_id.state == "expired":
            return env._("It goes by itself when Exact Online is connected again.")
        if exchange.state == "unclear":
            return exchange._tell_look()
        if not exchange.expected_on:
            return ""
        moment = format_datetime(env, exchange.expected_on, dt_format="short")
        if exchange.state == "waiting":
            return env._("It is tried again by itself at %s.", moment)
        return env._("By Exact's limits of calls it will have gone by about %s.", moment)

    def _get_calls_until(self):
        """Dict of exchange id -> calls until its turn is over: its own and those of all before it."""
        if not self:
            return {}
        self.env["exact.exchange"].flush_model(["state", "kind", "connection_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, calls FROM (
                    SELECT e.id, sum(
                        CASE WHEN e.kind = 'document' THEN 2
                             WHEN e.kind = 'sales_entry' AND c.attach_pdf THEN 3
                             WHEN e.kind IN ('account_update', 'entry_delete', 'invoice_pdf') THEN 2
                             ELSE 1 END
                    ) OVER (
                        PARTITION BY e.connection_id
                        ORDER BY e.kind IN ('customer_import', 'payment_sync'), e.id
                    ) AS calls
                    FROM exact_exchange e JOIN exact_connection c ON c.id = e.connection_id
                    WHERE e.state = 'pending' AND e.connection_id IN %s
                ) queue WHERE id IN %s
                """,
                self.connection_id._ids,
                self._ids,
            )
        )
        return {row_id: int(calls) for row_id, calls in rows}


class ExactSyncRun(models.Model):
    _inherit = "exact.sync.run"

    expected_on = fields.Datetime(
        "Ready at About", compute="_compute_expected_on", compute_sudo=True
    )

    def _compute_expected_on(self):
        """By Exact's limits, with what the next batch takes; nothing where it fits in this minute."""
        for run in self:
            waiting = run.exchange_ids.filtered(lambda e: e.state == "pending")
            calls = max(waiting._get_calls_until().values(), default=0) + run.beyond_count
            run.expected_on = run.connection_id._get_finish(calls)
