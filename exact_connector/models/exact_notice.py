from markupsafe import Markup

from odoo import api, fields, models

from ..client import AuthError
from .exact_exchange import RUN_KINDS

ACTIVITY = "exact_connector.activity_type_exact"
# Failures that a person asked for are told to that person; these are everyone's in charge.
USER_GROUP = "exact_connector.group_exact_user"
MANAGER_GROUP = "exact_connector.group_exact_manager"


class ExactNotice(models.Model):
    """What happened, for whoever wants to know: at once, as an activity, or kept for the daily digest (R34).

    Each person chooses in the preferences. Records of this model are only what the digest still has
    to tell; they go when it was sent.
    """

    _name = "exact.notice"
    _description = "Exact Notice"
    _order = "kind, id"
    _rec_name = "text"

    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    kind = fields.Selection(
        [("paid", "Paid"), ("failed", "Failed"), ("reopened", "Reopened in Exact")],
        required=True,
        readonly=True,
    )
    text = fields.Text(required=True, readonly=True)
    move_id = fields.Many2one("account.move", "Document", readonly=True, ondelete="cascade")
    exchange_id = fields.Many2one("exact.exchange", readonly=True, ondelete="cascade")
    url = fields.Char(compute="_compute_url")

    @api.depends("move_id", "exchange_id")
    def _compute_url(self):
        for notice in self:
            notice.url = self._get_url(notice.move_id or notice.exchange_id)

    @api.model
    def _get_url(self, record):
        return f"{self.browse().get_base_url()}/odoo/{record._name}/{record.id}"

    # === WHO === #

    @api.model
    def _reaches(self, user, company, group=USER_GROUP):
        """Whether ``user`` is a person who works with Exact in ``company``."""
        user = user.sudo()
        return bool(
            user
            and user.active
            and not user._is_superuser()
            and company in user.company_ids
            and user.has_group(group)
        )

    @api.model
    def _users(self, company, group):
        return (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("all_group_ids", "in", self.env.ref(group).ids),
                    ("company_ids", "in", company.ids),
                    ("share", "=", False),
                ],
                order="id",
            )
        )

    @api.model
    def _managers(self, company):
        """Who is in charge of Exact Online in ``company``."""
        return self._users(company, MANAGER_GROUP)

    # === WHAT === #

    @api.model
    def _tell_paid(self, connection, moves):
        """One notice for each of these documents, now paid because Exact says so, for those who want it (R34)."""
        company = connection.company_id
        users = self._users(company, USER_GROUP) if moves else self.env["res.users"]
        for user in users.filtered(lambda u: u.exact_paid_notice != "none"):
            env = self.with_context(lang=user.lang).env
            for move in moves:
                text = env._(
                    "%(document)s of %(customer)s is paid in Exact.",
                    document=move.name,
                    customer=move.commercial_partner_id.display_name,
                )
                self._put(user, user.exact_paid_notice, "paid", company, text, move)

    @api.model
    def _tell_failed(self, exchange, text, move=None):
        """Tell whoever asked for it, unless it is on the screen anyway; and those in charge (complaint 26).

        :param exchange: the exchange, or the run, that this came up in.
        """
        company, asker = exchange.company_id, exchange.user_id
        asked = self._reaches(asker, company)
        record = {"move": move or exchange.move_id, "exchange": exchange}
        watched = self.env.uid == asker.id or exchange._is_watched()
        if asked and not watched:
            self._put(asker, asker.exact_failure_notice, "failed", company, text, **record)
        for user in self._managers(company) - asker:
            way = user.exact_failure_notice
            if way == "notice" or (way == "activity" and (asked or not record["move"])):
                # What others sent is theirs to mend, and a run comes back every hour: once a day is enough.
                way = "digest"
            self._put(user, way, "failed", company, text, **record)

    @api.model
    def _tell_reopened(self, connection, move, text):
        """For the digest of those in charge; the responsible one has an activity."""
        company = connection.company_id
        for user in self._managers(company).filtered(lambda u: u.exact_failure_notice != "none"):
            self._put(user, "digest", "reopened", company, text, move)

    @api.model
    def _clear_failed(self, exchange, stopped=True):
        """It went after all: nothing is left to do.

        :param stopped: whether this exchange itself stood still; what another left at the document goes too.
        """
        move = exchange.move_id
        if move and move.sudo().activity_ids:
            move.sudo().activity_unlink([ACTIVITY])
        if stopped:
            failed = [("exchange_id", "=", exchange.id), ("kind", "=", "failed")]
            self.sudo().search(failed).unlink()

    # === HOW === #

    @api.model
    def _put(self, user, way, kind, company, text, move=None, exchange=None):
        """Tell ``user`` in the way chosen."""
        # Someone's own notice is not a matter of whoever runs this.
        record = (move or exchange).sudo().with_context(lang=user.lang)
        if way == "digest":
            self._keep(user, kind, company, text, move, exchange)
        elif way == "activity" and move:
            self._schedule(user, self._title(record, kind, exchange), text, record)
        elif way in ("notice", "activity"):
            self._notify_user(user, self._title(record, kind, exchange), text, record)

    @api.model
    def _title(self, record, kind, exchange=None):
        env = record.env
        name = record.display_name
        if kind == "paid":
            return env._("Paid in Exact: %s", name)
        if exchange and exchange.kind in ("sales_entry", "sales_invoice"):
            return env._("Not in Exact: %s", name)
        return env._("Failed in Exact: %s", name)

    @api.model
    def _notify_user(self, user, subject, body, record):
        """In Odoo or by mail, as the user's preferences say."""
        self.env["mail.thread"].sudo().with_context(lang=user.lang).message_notify(
            model=record._name,
            res_id=record.id,
            subject=subject,
            body=_lines(body),
            partner_ids=user.partner_id.ids,
            author_id=self.env.ref("base.partner_root").id,
            email_layout_xmlid="mail.mail_notification_light",
        )

    @api.model
    def _schedule(self, user, summary, text, move):
        """One activity a person and document; the next failure is written into it."""
        activity = move.activity_search([ACTIVITY], user_id=user.id)[:1]
        values = {"summary": summary, "note": _lines(text)}
        if activity:
            activity.write(values)
        else:
            move.activity_schedule(ACTIVITY, user_id=user.id, **values)

    @api.model
    def _keep(self, user, kind, company, text, move, exchange):
        """For the digest: once for each document, with the last that is known."""
        notices = self.sudo()
        same = [
            ("user_id", "=", user.id),
            ("kind", "=", kind),
            ("move_id", "=", move.id if move else False),
        ]
        if not move:
            # A run that fails every hour is a new one each time, with the same to tell.
            same += [("text", "=", text), ("company_id", "=", company.id)]
        known = notices.search(same, limit=1)
        if known:
            known.text = text
            return
        notices.create(
            {
                "user_id": user.id,
                "company_id": company.id,
                "kind": kind,
                "text": text,
                "move_id": move.id if move else False,
                "exchange_id": exchange.id if exchange else False,
            }
        )

    # === DIGEST === #

    @api.model
    def _cron_send_digest(self):
        """Once a day, to those who want it, only where there is something to tell; in their own language."""
        template = self.env.ref("exact_connector.mail_template_digest")
        groups = self.search([("user_id", "!=", False)]).grouped("user_id")
        for user, notices in groups.items():
            worth = notices.filtered(lambda notice: notice._is_worth_telling())
            (notices - worth).unlink()
            if worth:
                template.send_mail(user.id)
                worth.unlink()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _is_worth_telling(self):
        """Still so, still that person's company, and still wanted."""
        self.ensure_one()
        user = self.user_id
        wanted = user.exact_paid_notice if self.kind == "paid" else user.exact_failure_notice
        if wanted == "none" or not self._reaches(user, self.company_id):
            return False
        if self.kind == "failed" and self.exchange_id:
            # Mended meanwhile, or a document that could not be settled and now is.
            exchange = self.exchange_id
            if exchange.kind in RUN_KINDS and self.move_id:
                return self.move_id.payment_state in ("not_paid", "partial")
            return exchange.state in ("failed", "waiting")
        if self.kind == "reopened":
            return bool(self.move_id.exact_reopened_amount)
        return True


class ExactExchange(models.Model):
    _inherit = "exact.exchange"

    def _settle(self, state, cause, message, error=None, retry_at=False):
        told = (self.state, self.cause_id)
        result = super()._settle(state, cause, message, error=error, retry_at=retry_at)
        stuck = self.state == "failed" and self.kind != "account"
        # A run that waits for a person to connect: no document of its own would tell. Of an access that
        # died, the people in charge were told when it did.
        told_dead = isinstance(error, AuthError) or self.connection_id.state == "expired"
        waits = state == "waiting" and not retry_at and self.kind in RUN_KINDS
        stuck = stuck or (waits and not told_dead)
        if stuck and told != (state, cause):
            text = "\n".join(filter(None, [message, self.exact_message]))
            self.env["exact.notice"]._tell_failed(self, text)
        return result

    def _settle_done(self, exact_id, number, notes=()):
        stopped = self._was_stopped()
        result = super()._settle_done(exact_id, number, notes)
        self.env["exact.notice"]._clear_failed(self, stopped)
        return result

    def _is_watched(self):
        """Whether its asker will be told of it another way: by the result of a synchronisation."""
        return False


def _lines(text):
    """Plain text as HTML, its lines kept."""
    return Markup("<br/>").join((text or "").splitlines())
