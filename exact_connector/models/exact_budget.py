from odoo import api, fields, models
from odoo.tools import sql

# Usual for apps since 2021 (Exact Online API 2); what the headers say takes their place.
MINUTE_LIMIT, DAY_LIMIT = 60, 5000
# More than ten errors an hour block app, user, company and endpoint (Exact Online API 2).
ERROR_LIMIT, SERIES_LIMIT = 10, 5


class ExactBudget(models.Model):
    """The calls that Exact allows one connection, counted by all workers and servers together.

    A row is written only on a cursor of its own, by the statements in ``exact_budget_gate.py``: a
    call is taken before it leaves, whatever becomes of the transaction that makes it. All moments
    are on Exact's clock.
    """

    _name = "exact.budget"
    _description = "Exact Call Budget"
    _rec_name = "connection_id"
    _log_access = False

    connection_id = fields.Many2one(
        "exact.connection", required=True, readonly=True, ondelete="cascade"
    )
    minute_limit = fields.Integer(default=MINUTE_LIMIT, readonly=True)
    minute_left = fields.Integer(default=MINUTE_LIMIT, readonly=True)
    minute_end = fields.Datetime(readonly=True, help="End of the minute that was last counted in.")
    day_limit = fields.Integer(default=DAY_LIMIT, readonly=True)
    day_left = fields.Integer(default=DAY_LIMIT, readonly=True)
    day_end = fields.Datetime(readonly=True, help="End of the day that was last counted in.")
    seen_on = fields.Datetime(readonly=True, help="When a call was last made.")
    hold_until = fields.Datetime(
        readonly=True, help="Exact refused without naming a minute or a day."
    )
    clock_offset = fields.Float(
        readonly=True, help="Seconds that Exact's clock is ahead of the database server's."
    )

    # Who leaves what to whom
    keep_for_people = fields.Integer(
        "Kept for People",
        default=10,
        help="Percent of each minute and day that scheduled documents leave to whoever presses a button.",
    )
    keep_for_documents = fields.Integer(
        "Kept for Documents",
        default=20,
        help="Percent of each minute and day that imports, paid status and refreshing leave to documents as well.",
    )
    error_limit = fields.Integer(
        "Refusals an Hour",
        default=ERROR_LIMIT,
        help="After so many refusals within an hour a kind of call is not made any more: Exact would block it.",
    )
    series_limit = fields.Integer(
        "Refusals in a Row",
        default=SERIES_LIMIT,
        help="After so many alike in a row, the rest of a batch waits.",
    )

    use_ids = fields.One2many("exact.budget.use", "budget_id", readonly=True)

    _connection_uniq = models.Constraint(
        "UNIQUE(connection_id)", "A connection has one budget of calls."
    )
    _keep_range = models.Constraint(
        "CHECK(keep_for_people >= 0 AND keep_for_documents >= 0 AND keep_for_people + keep_for_documents <= 90)",
        "What is kept for others is between 0 and 90 percent together.",
    )

    def init(self):
        """Connections from before there were budgets get theirs at the upgrade."""
        if sql.table_exists(self.env.cr, "exact_connection"):
            self._make_missing()

    @api.model
    def _make_missing(self):
        """A budget for every connection that has none; in the transaction that made the connection."""
        self.env.cr.execute(
            """
            INSERT INTO exact_budget (connection_id, minute_limit, minute_left, day_limit, day_left,
                                      clock_offset, keep_for_people, keep_for_documents,
                                      error_limit, series_limit)
            SELECT c.id, %(minute)s, %(minute)s, %(day)s, %(day)s, 0, 10, 20, %(errors)s, %(series)s
            FROM exact_connection c
            WHERE NOT EXISTS (SELECT FROM exact_budget b WHERE b.connection_id = c.id)
            """,
            {
                "minute": MINUTE_LIMIT,
                "day": DAY_LIMIT,
                "errors": ERROR_LIMIT,
                "series": SERIES_LIMIT,
            },
        )


class ExactBudgetUse(models.Model):
    """Calls made, by hour, purpose and user: the meter (W12)."""

    _name = "exact.budget.use"
    _description = "Calls to Exact"
    _order = "hour desc, purpose"
    _log_access = False

    budget_id = fields.Many2one("exact.budget", required=True, readonly=True, ondelete="cascade")
    connection_id = fields.Many2one(related="budget_id.connection_id")
    company_id = fields.Many2one(related="budget_id.connection_id.company_id")
    hour = fields.Datetime(required=True, readonly=True, help="Begin of the hour.")
    purpose = fields.Selection(
        [
            ("document", "Documents"),
            ("customer", "Customers"),
            ("import", "Customer Import"),
            ("payment", "Paid Status"),
            ("reference", "Reference Data"),
            ("other", "Other"),
        ],
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    calls = fields.Integer(readonly=True)

    _use_uniq = models.UniqueIndex("(budget_id, hour, purpose, user_id)")

    @api.autovacuum
    def _gc_old(self):
        """Four weeks tell enough; a row is an hour, not a call."""
        self.env.cr.execute(
            "DELETE FROM exact_budget_use WHERE hour < timezone('utc', now()) - interval '28 days'"
        )


class ExactBudgetError(models.Model):
    """Refusals (400, 401, 403, 404) by endpoint: what Exact counts before it blocks (Exact Online API 2).

    Status 0 is a call that is on its way where others were refused: it counts until its answer has
    come, so that two workers do not make the eleventh together. 429 is a refusal that named no limit.
    """

    _name = "exact.budget.error"
    _description = "Refused Call"
    _order = "met_on desc"
    _log_access = False

    budget_id = fields.Many2one("exact.budget", required=True, readonly=True, ondelete="cascade")
    endpoint = fields.Char(required=True, readonly=True)
    method = fields.Char(readonly=True)
    status = fields.Integer(readonly=True)
    in_series = fields.Boolean(readonly=True, help="Nothing of its kind has gone well since.")
    met_on = fields.Datetime(required=True, readonly=True)

    _endpoint_idx = models.Index("(budget_id, endpoint, met_on)")

    @api.autovacuum
    def _gc_old(self):
        """Exact looks back an hour."""
        self.env.cr.execute(
            "DELETE FROM exact_budget_error WHERE met_on < timezone('utc', now()) - interval '2 days'"
        )
