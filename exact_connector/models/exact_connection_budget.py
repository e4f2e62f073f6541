from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from .. import clock
from . import exact_budget_gate as budget_gate
from .exact_budget_gate import BudgetGate
from .exact_budget_learn import own_moment

# What a budget is at this moment: a window that has ended counts as full again.
STANDING = """
SELECT b.connection_id, n.now, b.minute_limit, b.day_limit,
       CASE WHEN b.minute_end > n.now THEN b.minute_left ELSE b.minute_limit END AS minute_left,
       CASE WHEN b.minute_end > n.now THEN b.minute_end
            ELSE date_trunc('minute', n.now) + interval '1 minute' END AS minute_end,
       CASE WHEN b.day_end > n.now THEN b.day_left ELSE b.day_limit END AS day_left,
       CASE WHEN b.day_end > n.now THEN b.day_end
            ELSE date_trunc('day', n.now) + interval '1 day' END AS day_end,
       CASE WHEN b.hold_until > n.now THEN b.hold_until END AS hold_until,
       b.keep_for_people, b.keep_for_documents, b.seen_on
FROM exact_budget b
CROSS JOIN LATERAL (
    SELECT timezone('utc', statement_timestamp()) + (b.clock_offset + %s) * interval '1 second' AS now
) n
WHERE b.connection_id = ANY(%s)
"""


class ExactConnection(models.Model):
    """The budget of calls of a connection, and the client that keeps to it."""

    _inherit = "exact.connection"

    budget_ids = fields.One2many("exact.budget", "connection_id", readonly=True)
    minute_limit = fields.Integer(compute="_compute_budget", compute_sudo=True)
    minute_remaining = fields.Integer(
        "Calls Left This Minute", compute="_compute_budget", compute_sudo=True
    )
    day_limit = fields.Integer(compute="_compute_budget", compute_sudo=True)
    day_remaining = fields.Integer("Calls Left Today", compute="_compute_budget", compute_sudo=True)
    calls_left = fields.Char("Calls", compute="_compute_budget", compute_sudo=True)
    limited_until = fields.Datetime(
        compute="_compute_budget", compute_sudo=True, help="Until then not even a button may call."
    )

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        self.env["exact.budget"]._make_missing()
        connections.invalidate_recordset(["budget_ids"])
        return connections

    @api.depends_context("uid", "lang")
    def _compute_budget(self):
        standing = self._get_standing()
        for connection in self:
            row = standing.get(connection.id, {})
            connection.minute_limit = row.get("minute_limit", 0)
            connection.minute_remaining = max(row.get("minute_left", 0), 0)
            # Until the first call Exact has not told its limit of a day.
            connection.day_limit = row["day_limit"] if row.get("seen_on") else 0
            connection.day_remaining = max(row.get("day_left", 0), 0)
            connection.calls_left = connection.day_limit and self.env._(
                "%(left)s of %(limit)s left today",
                left=formatLang(self.env, connection.day_remaining, 0),
                limit=formatLang(self.env, connection.day_limit, 0),
            )
            connection.limited_until = bool(row) and connection._get_room_at("click", standing)

    def _get_room_at(self, lane=None, standing=None):
        """When there are calls again for a lane (naive UTC); False where there are some now.

        :param standing: what :meth:`_get_standing` said just now of several connections.
        """
        self.ensure_one()
        row = (self._get_standing() if standing is None else standing).get(self.id)
        if not row:
            return False
        ends = [row["hold_until"]]
        ends += [
            row[f"{name}_end"]
            for name in ("minute", "day")
            if row[f"{name}_left"] <= self._get_kept(row, name, lane or self._get_lane())
        ]
        end = max(filter(None, ends), default=None)
        return self._on_own_clock(end, row) if end else False

    @api.model
    def _get_kept(self, row, name, lane):
        """Calls of a window that a lane leaves to those before it."""
        percent = {"click": 0, "document": row["keep_for_people"]}.get(
            lane, row["keep_for_people"] + row["keep_for_documents"]
        )
        return row[f"{name}_limit"] * percent // 100

    def _get_standing(self):
        """Dict of connection id -> what its budget is at this moment, on Exact's clock."""
        if not self.ids:
            return {}
        self.env.cr.execute(STANDING, [budget_gate.AHEAD, self.ids])
        return {row["connection_id"]: row for row in self.env.cr.dictfetchall()}

    def _get_client(self, lane=None, purpose=None):
        """A client for this division.

        :param lane: ``click`` where a person waits, ``document`` for scheduled documents, ``bulk`` for
            import, paid status and refresh; without one, by who runs this.
        :param purpose: what its calls are counted under; without one, by what is called.
        :raises UserError: not connected, or no division chosen.
        """
        self.ensure_one()
        if not self.division_id:
            raise UserError(
                self.env._(
                    "%s has no Exact division yet: choose it in the settings.", self.company_id.name
                )
            )
        gate = BudgetGate(
            self.env.registry.cursor,
            self.id,
            lane or self._get_lane(),
            self.env.uid,
            purpose=purpose,
            texts=self._limit_texts(),
            now=partial(clock.now, self.env),
        )
        return self.authorization_id._make_client(self.division, gate=gate)

    @api.model
    def _get_lane(self):
        """Whether somebody waits for this: not in a scheduled action and not in a job."""
        context = self.env.context
        if context.get("exact_lane"):
            return context["exact_lane"]
        return "document" if context.get("cron_id") or context.get("job_uuid") else "click"

    @api.model
    def _limit_texts(self):
        env = self.env
        return {
            "MinuteLimit": env._("The calls that Exact allows in a minute are used up."),
            "DayLimit": env._("The calls that Exact allows in a day are used up."),
            "OtherBooks": env._("Another division was chosen: it goes there in a moment."),
            "TooManyErrors": env._("Exact refused several of this kind: no more are sent for now."),
        }

    # === HOW LONG IT TAKES === #

    def _get_finish(self, calls, lane="document"):
        """When so many calls will have been made, going by Exact's limits alone.

        :return: naive UTC moment; False where they fit in what is left of this minute, or nobody knows since
            the access has died.
        """
        self.ensure_one()
        row = self._get_standing().get(self.id)
        if not row or calls <= 0 or self.state == "expired":
            return False
        kept = {name: self._get_kept(row, name, lane) for name in ("minute", "day")}
        minute, day = (max(row[f"{name}_limit"] - kept[name], 1) for name in kept)
        left = {name: max(row[f"{name}_left"] - kept[name], 0) for name in kept}
        start = row["hold_until"] or row["now"]
        if row["hold_until"]:
            left["minute"] = 0
        moment, room = start, min(left["minute"], left["day"])
        if calls <= room:
            return False if not row["hold_until"] else self._on_own_clock(moment, row)
        if calls <= left["day"]:
            minutes = -(-(calls - room) // minute)
            moment = max(row["minute_end"], start) + timedelta(minutes=minutes - 1)
            # The last minute is only as long as its calls.
            return self._on_own_clock(moment, row)
        calls -= left["day"]
        days, rest = divmod(calls - 1, day)
        moment = row["day_end"] + timedelta(days=days, minutes=rest // minute)
        return self._on_own_clock(moment, row)

    @api.model
    def _on_own_clock(self, moment, row):
        own = own_moment(moment - row["now"], clock.now(self.env))
        return own.replace(tzinfo=None)
