import logging

from psycopg2 import Error as DatabaseError

from odoo import api, fields, models
from odoo.fields import Domain

from .account_move import AT_ONCE, SENT_KINDS
from .exact_exchange_drive import CHUNK

_logger = logging.getLogger(__name__)

# What helps only the exchanges that name it. Anything else, such as a default, a category or what Exact says of an
# item, may help where another record was named.
ITSELF_ONLY = ("account.tax", "res.partner")
# A right that was missing (API 4.1).
FORBIDDEN = 403


class ExactExchange(models.Model):
    """What was mended goes again by itself: those that the mending helps, and no other (W5).

    Whatever may have helped is only noted, when it is saved. In the background each document in
    question is looked at again, which costs no call, and goes only if nothing stops it any more.
    """

    _inherit = "exact.exchange"

    mended_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Whoever saved something that may have mended this; it has not been looked at since.",
    )

    # === NOTING === #

    @api.model
    def _note_mended(self, mended):
        """Mark what may go again after these records were saved.

        :param mended: dict of (model, company id) -> set of record ids.
        """
        found_sudo = self.sudo().browse()
        for (model, company_id), ids in mended.items():
            stopped_by = Domain([("res_model", "=", model), ("res_id", "in", list(ids))])
            if model not in ITSELF_ONLY:
                stopped_by |= Domain("cause_id.kind", "=", "local")
            found_sudo |= self.sudo().search(
                Domain(
                    [
                        ("state", "=", "failed"),
                        ("company_id", "=", company_id),
                        ("problem_ids", "any", stopped_by),
                    ]
                )
            )
        found_sudo._mark_mended()

    def _mark_mended(self):
        if self:
            self.mended_by_id = self.env.uid
            self.env.ref("exact_connector.ir_cron_look_again").sudo()._trigger()

    @api.model
    def _note_right_granted(self, connection, cause=None):
        """What a missing right had stopped can go: Exact has just shown that the right is there."""
        domain = Domain(
            [
                ("connection_id", "=", connection.id),
                ("state", "=", "failed"),
                ("http_status", "=", FORBIDDEN),
            ]
        )
        if cause:
            domain &= Domain("cause_id", "=", cause.id)
        self.sudo().search(domain)._mark_mended()

    def _settle_done(self, exact_id, number, notes=()):
        refused_for = self.cause_id if self.http_status == FORBIDDEN else None
        result = super()._settle_done(exact_id, number, notes)
        if refused_for:
            self._note_right_granted(self.connection_id, refused_for)
        return result

    def _resume_after_connect(self, connection):
        result = super()._resume_after_connect(connection)
        self._note_right_granted(connection)
        return result

    # === LOOKING AGAIN === #

    @api.model
    def _cron_look_again(self):
        """Send what can go again, leave the rest as it is: without a call, a line or a notice."""
        marked = self.search([("mended_by_id", "!=", False)], order="id")
        self._commit(0, remaining=len(marked))
        going = {}
        for start in range(0, len(marked), CHUNK):
            chunk = marked[start : start + CHUNK].try_lock_for_update()
            chunk.invalidate_recordset()
            again = chunk.filtered(lambda e: e.state == "failed" and e._is_mended())
            for user, exchanges in again.grouped("mended_by_id").items():
                going[user] = going.get(user, self.browse()) | exchanges
            chunk.mended_by_id = False
            again._send_again()
            if not self._commit(len(chunk)):
                break
        for user, exchanges in going.items():
            exchanges._tell_going_again(user)

    def _is_mended(self):
        """Whether nothing that can be known without a call stops it any more.

        What still stops it takes the place of what did: without a new line or notice, since nobody tried.
        """
        self.ensure_one()
        if self.kind not in SENT_KINDS or not self.problem_ids:
            return True
        try:
            resolution = self._mapper()._resolve(self._move_in_company(), self.connection_id)
        except DatabaseError:
            raise
        except Exception:
            # It goes, and says itself what is wrong; those behind it are looked at all the same.
            _logger.exception("Exact exchange %s could not be looked at again", self.id)
            return True
        if resolution.problems:
            self._note_problems(resolution.problems)
            self.write(
                {
                    "cause_id": self.problem_ids[:1].cause_id.id,
                    "message": "\n".join(problem.message for problem in resolution.problems),
                    "exact_message": False,
                    "http_status": 0,
                }
            )
        return not resolution.problems

    def _send_again(self):
        """In the background, as if somebody had pressed Try Again on each."""
        if self:
            self.sudo().write({"state": "pending", "left_out": False, "retry_at": False})
            self._schedule()

    def _tell_going_again(self, user):
        """On the screen of whoever mended it."""
        if user._is_superuser():
            return
        env = self.with_context(lang=user.lang).env
        count = len(self)
        title = (
            env._("What was mended goes to Exact again")
            if count == 1
            else env._("Mended: %s go to Exact again", count)
        )
        # What is sent no longer names its cause; here they still do.
        causes = (self.cause_id | self.problem_ids.cause_id).with_env(env).mapped("name")
        user._bus_send(
            "simple_notification",
            {"title": title, "message": ", ".join(causes), "type": "success"},
        )

    # === BUTTON OF A GROUP === #

    def action_retry_group(self):
        """Try these again: a few while the user waits, many in the background."""
        if len(self) <= AT_ONCE:
            return self.action_retry()
        self._check_user()
        self.filtered(lambda e: e.state in ("failed", "waiting", "cancelled"))._send_again()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("%s are tried again in the background", len(self)),
                "type": "info",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


class ExactMending(models.AbstractModel):
    """Records whose saving may mend what stopped an exchange."""

    _name = "exact.mending"
    _description = "Mends What Stopped an Exchange"

    @api.model
    def _exact_mends(self, name):
        """Whether a change of this field may mend something."""
        return name.startswith("exact_")

    def _exact_company_ids(self):
        """The companies whose exchanges may be helped."""
        return set(self.env.company.ids)

    def write(self, vals):
        result = super().write(vals)
        if any(self._exact_mends(name) for name in vals):
            # Once at the end of the transaction, however much it writes.
            precommit = self.env.cr.precommit
            mended = precommit.data.setdefault("exact_mended", {})
            if not mended:
                exchanges = self.env["exact.exchange"]
                precommit.add(
                    lambda: exchanges._note_mended(
                        exchanges.env.cr.precommit.data.pop("exact_mended", {})
                    )
                )
            for company_id in self._exact_company_ids():
                mended.setdefault((self._name, company_id), set()).update(self.ids)
        return result
