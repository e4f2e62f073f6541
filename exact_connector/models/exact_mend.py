from odoo import api, fields, models
from odoo.tools import SQL

from .exact_exchange_problem import records_to_mend

# Records of one exchange only: what is mended on them does not bring others together.
OF_ONE = ("account.move", "account.move.line")
# So many records are named where each is to be mended by itself.
NAMED = 3


class ExactMend(models.Model):
    """What stops documents, customers and runs: one row a cause and record to mend, with all that it stops (W5).

    An exchange that several things stop stands in the row of each. The id of a row is made of what it
    stands for, so that it stays the same while its exchanges go and come back.
    """

    _name = "exact.mend"
    _description = "To Mend"
    _auto = False
    _order = "stopped_count desc, busy_count desc, id"
    _rec_name = "cause_id"

    connection_id = fields.Many2one("exact.connection", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    cause_id = fields.Many2one("exact.cause", readonly=True)
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    stopped_count = fields.Integer("Stopped", readonly=True)
    busy_count = fields.Integer("On Their Way", readonly=True)
    move_count = fields.Integer("Documents", readonly=True)
    partner_count = fields.Integer("Customers", readonly=True)
    since = fields.Datetime(readonly=True, help="Since when the oldest one is stopped.")
    owner = fields.Selection(related="cause_id.owner")
    advice = fields.Text(related="cause_id.advice")
    action = fields.Selection(related="cause_id.action")
    cause_code = fields.Char(related="cause_id.code")
    record_name = fields.Char("Where to Mend It", compute="_compute_record_name")
    stopped = fields.Char("Stops", compute="_compute_stopped")

    @property
    def _table_query(self):
        return SQL(
            """
            WITH stopped AS (
                SELECT e.id, e.connection_id, e.company_id, e.move_id, e.partner_id,
                       COALESCE(e.started_on, e.create_date) AS since,
                       e.state IN ('pending', 'sending') AS busy,
                       COALESCE(p.cause_id, e.cause_id) AS cause_id,
                       CASE WHEN p.res_model NOT IN %s THEN p.res_model END AS res_model,
                       CASE WHEN p.res_model NOT IN %s THEN p.res_id END AS res_id
                  FROM exact_exchange e
                  LEFT JOIN exact_exchange_problem p ON p.exchange_id = e.id
                  LEFT JOIN exact_cause c ON c.id = e.cause_id
                 WHERE e.state IN ('failed', 'unclear')
                    OR (e.state = 'waiting' AND e.retry_at IS NULL)
                    OR (e.state IN ('pending', 'sending') AND c.owner <> 'nobody')
            )
            SELECT ('x' || left(md5(concat_ws(',', connection_id, COALESCE(cause_id, 0), res_model, res_id)), 13)
                   )::bit(52)::bigint AS id,
                   connection_id, company_id, cause_id, res_model, res_id,
                   COUNT(DISTINCT id) FILTER (WHERE NOT busy) AS stopped_count,
                   COUNT(DISTINCT id) FILTER (WHERE busy) AS busy_count,
                   COUNT(DISTINCT id) FILTER (WHERE NOT busy AND move_id IS NOT NULL) AS move_count,
                   COUNT(DISTINCT id) FILTER (
                       WHERE NOT busy AND move_id IS NULL AND partner_id IS NOT NULL) AS partner_count,
                   MIN(since) AS since
              FROM stopped
             GROUP BY connection_id, company_id, cause_id, res_model, res_id
            """,
            OF_ONE,
            OF_ONE,
        )

    _depends = {
        "exact.exchange": [
            "state", "retry_at", "cause_id", "connection_id", "company_id", "move_id", "partner_id",
            "started_on",
        ],
        "exact.exchange.problem": ["exchange_id", "cause_id", "res_model", "res_id"],
        "exact.cause": ["owner"],
    }  # fmt: skip

    @api.depends("res_model", "res_id")
    @api.depends_context("lang", "uid")
    def _compute_record_name(self):
        """The record that mends all of them, or the first of the documents or customers concerned."""
        records = records_to_mend(self)
        for mend in self:
            record = records.get((mend.res_model, mend.res_id))
            if record:
                mend.record_name = record.display_name
                continue
            exchanges = mend._get_exchanges(NAMED)
            names = [(e.move_id or e.partner_id or e.connection_id).display_name for e in exchanges]
            more = mend.stopped_count + mend.busy_count - len(names)
            mend.record_name = ", ".join(names) + (f" +{more}" if more > 0 else "")

    @api.depends("stopped_count", "busy_count", "move_count", "partner_count")
    @api.depends_context("lang")
    def _compute_stopped(self):
        dead = self.filtered(lambda mend: mend.action == "reconnect").connection_id
        queued = dict(
            self.env["exact.exchange"]._read_group(
                [
                    ("connection_id", "in", dead.ids),
                    ("state", "=", "pending"),
                    ("cause_id", "=", False),
                ],
                ["connection_id"],
                ["__count"],
            )
        )
        for mend in self:
            env, parts = mend.env, []
            other = mend.stopped_count - mend.move_count - mend.partner_count
            if mend.move_count:
                one = mend.move_count == 1
                parts.append(env._("1 document") if one else env._("%s documents", mend.move_count))
            if mend.partner_count:
                one = mend.partner_count == 1
                parts.append(
                    env._("1 customer") if one else env._("%s customers", mend.partner_count)
                )
            if other > 0:
                parts.append(env._("1 run") if other == 1 else env._("%s runs", other))
            if mend.action == "reconnect" and queued.get(mend.connection_id):
                # They were never tried, so they have no cause of their own; yet nothing else stops them.
                parts.append(env._("%s in the queue", queued[mend.connection_id]))
            if mend.busy_count:
                parts.append(env._("%s on their way again", mend.busy_count))
            mend.stopped = ", ".join(parts)

    def _get_record(self):
        """The record that mends it, empty where it is gone or not for this user."""
        self.ensure_one()
        return records_to_mend(self).get((self.res_model, self.res_id))

    def _get_exchanges(self, limit=None):
        """The exchanges of this row, those on their way too, the oldest first."""
        self.ensure_one()
        exchanges = self.env["exact.exchange"]
        domain = [
            ("connection_id", "=", self.connection_id.id),
            "|",
            ("state", "in", ("failed", "unclear", "pending", "sending")),
            "&",
            ("state", "=", "waiting"),
            ("retry_at", "=", False),
        ]
        problem = [("cause_id", "=", self.cause_id.id)]
        if self.res_model:
            problem += [("res_model", "=", self.res_model), ("res_id", "=", self.res_id)]
            domain += [("problem_ids", "any", problem)]
        else:
            problem += ["|", ("res_model", "=", False), ("res_model", "in", OF_ONE)]
            bare = ["&", ("problem_ids", "=", False), ("cause_id", "=", self.cause_id.id)]
            domain += ["|", ("problem_ids", "any", problem), *bare]
        return exchanges.search(domain, order="id", limit=limit)

    # === BUTTONS === #

    def action_mend(self):
        """To the place where it is mended; where each is mended by itself, the list of them."""
        self.ensure_one()
        exchanges = self._get_exchanges()
        exchanges._check_user()
        each = self.action in (
            "open_record",
            "open_document",
            "open_customer",
            "open_desk",
            "open_values",
        )
        record = self._get_record()
        if each and not record and len(exchanges) > 1:
            return self.action_open()
        return exchanges[:1]._mend(self.action, record)

    def action_retry(self):
        """Try all of these again, and no other."""
        return self._get_stopped().action_retry_group()

    def action_refresh_and_retry(self):
        """What was mended in Exact is read again, then all of these are tried again, and no other (R20)."""
        exchanges = self._get_stopped()
        exchanges._check_user()
        exchanges._refresh_from_exact()
        return exchanges.action_retry_group()

    def _get_stopped(self):
        exchanges = self.env["exact.exchange"].union(*(mend._get_exchanges() for mend in self))
        return exchanges.filtered(lambda exchange: exchange.state not in ("pending", "sending"))

    def action_open(self):
        """The exchanges of this row."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector.action_exact_exchange_to_mend"
        )
        return {
            **action,
            "name": self.cause_id.name or action["name"],
            "display_name": self.cause_id.name or action["name"],
            "domain": [("id", "in", self._get_exchanges().ids)],
            # None of them has a number of Exact or a moment to expect.
            "context": {"exact_to_mend": True},
            "path": False,
        }
