from odoo import SUPERUSER_ID, api, models
from odoo.fields import Domain

from ..client import LimitError, RightsError
from .exact_exchange import RUN_KINDS
from .exact_exchange_schedule import DUE_AT_ONCE

# What meets the same refusal at an endpoint.
KINDS = {
    "crm/Accounts": ("account", "account_update"),
    "salesentry/SalesEntries": ("sales_entry",),
    "salesinvoice/SalesInvoices": ("sales_invoice",),
    "salesinvoice/PrintedSalesInvoices": ("invoice_print",),
    "documents/Documents": ("document",),
    "documents/DocumentAttachments": ("document",),
}


class ExactExchange(models.Model):
    """Keeping to Exact's limits: in which order, how much, and what waits until when (W12)."""

    _inherit = "exact.exchange"

    # === ORDER === #

    @api.model
    def _search_due(self, connection=None):
        """What people asked for first, then scheduled documents, then imports and paid status.

        Connections that may not call now are left out: they have a time of their own. Runs are one
        of a kind for each connection: however many documents wait, they come along.
        """
        limited = self._get_limited(connection)
        domain = self._due_domain() & Domain("connection_id", "not in", limited.ids)
        if connection:
            domain &= Domain("connection_id", "=", connection.id)
        runs = Domain("kind", "in", RUN_KINDS)
        scheduled = Domain("user_id", "=", SUPERUSER_ID)
        due = self._search_shared(domain & ~runs & ~scheduled, DUE_AT_ONCE)
        if len(due) < DUE_AT_ONCE:
            due += self._search_shared(domain & ~runs & scheduled, DUE_AT_ONCE - len(due))
        return due + self.search(domain & runs, order="id")

    @api.model
    def _search_shared(self, domain, limit):
        """The oldest of these; where there are more than ``limit``, each connection has its share of it.

        Else one that can send nothing now, and keeps its place, would be all that is ever looked at.
        """
        found = self.search(domain, order="id", limit=limit)
        if len(found) < limit:
            return found
        counts = self._read_group(domain, ["connection_id"], ["__count"])
        if len(counts) < 2:
            return found
        found = self.browse()
        for done, (connection, count) in enumerate(sorted(counts, key=lambda each: each[1])):
            share = -(-(limit - len(found)) // (len(counts) - done))
            if share > 0:
                own = domain & Domain("connection_id", "=", connection.id)
                found += self.search(own, order="id", limit=min(share, count))
        return found.sorted("id")

    @api.model
    def _get_limited(self, connections=None):
        """Those of these connections, of all by default, that have no call left for documents now.

        Each comes back at its time.
        """
        if not connections:
            connections = self.env["exact.connection"].sudo().search([("division_id", "!=", False)])
        limited = connections.browse()
        standing = connections._get_standing()
        for connection in connections:
            until = connection._get_room_at("document", standing)
            if until:
                limited |= connection
                due = self._due_domain() & Domain("connection_id", "=", connection.id)
                if waiting := self.search(due, limit=1):
                    waiting._schedule(at=until)
        return limited

    def _schedule_beyond(self, due, halted):
        """Where more waits than one run takes, the next one comes at once.

        :param due: what this run has taken.
        :param halted: connections that can do no more now; what waits there has a time.
        """
        if len(due) < DUE_AT_ONCE:
            return
        beyond = self._due_domain() & Domain("id", "not in", due.ids)
        beyond &= Domain("connection_id", "not in", (halted | self._get_limited()).ids)
        if self.search_count(beyond, limit=1):
            self._schedule()

    # === LIMITS === #

    def _hold_for_limit(self, client, method=None, resource=None):
        """Take the call that comes next, so that nothing is written down as sent that may not go.

        Reads need no such care: they are refused at the door.

        :raises LimitError: with the time from which there are calls again.
        """
        if method and client.gate is not None:
            client.gate.user_id = self.user_id[:1].id or self.env.uid
            client.gate.hold(method, resource)

    def _wait_for_limit(self, connection, until):
        """No call left for these now. Who waits on a screen is told, and runs say so; the rest stays in its place.

        :param until: moment (naive UTC) from which there are calls again.
        """
        told = self
        if connection._get_lane() != "click":
            told = self.filtered(lambda exchange: exchange.kind in RUN_KINDS)
        told._lock_due()._wait("limit", until)
        self._schedule(at=until)

    # === SERIES OF REFUSALS === #

    @api.model
    def _is_series(self, error):
        """Whether no more is sent of one kind, since Exact refused several alike (Exact Online API 2)."""
        return isinstance(error, LimitError) and error.reason == "TooManyErrors"

    def _settle_rest(self, error):
        """What meets all alike is told on each without asking again, since ten refusals block the app."""
        series = self._is_series(error)
        kinds = KINDS.get(getattr(error, "resource", None) or "", ())
        if not kinds or not (series or isinstance(error, RightsError)):
            return
        rest = self._lock_due().filtered(lambda e: e.state == "pending" and e.kind in kinds)
        if series:
            rest._wait_for_series(error)
        else:
            for exchange in rest:
                exchange._settle_error(error)
        self._commit(0)

    def _wait_for_series(self, error):
        """The rest of a bad series: why, until when, and who mends what was refused; in one write."""
        if self:
            cause, message = self._explain_series(error)
            retry_at = error.retry_at.replace(tzinfo=None)
            self.write(
                {
                    "state": "waiting",
                    "cause_id": cause.id,
                    "message": message,
                    "retry_at": retry_at,
                    "exact_message": False,
                    "http_status": 0,
                }
            )
            self._schedule(at=retry_at)

    def _explain_series(self, error):
        """Cause and text of what waits behind a series of refusals: it names what was refused, and who mends that."""
        cause = self.env["exact.cause"]._by_code("error_series")
        kinds = KINDS.get(error.resource or "", ())
        refused = self.sudo().search(
            [
                ("connection_id", "in", self.connection_id.ids),
                ("kind", "in", kinds),
                ("state", "=", "failed"),
                ("http_status", ">=", 400),
            ],
            order="started_on desc, id desc",
            limit=1,
        )
        lines = [cause.name]
        if refused.cause_id:
            lines.append(
                self.env._(
                    "Refused were: %(cause)s (last: %(record)s).",
                    cause=refused.cause_id.name,
                    record=refused.move_id.name or refused.partner_id.display_name or "",
                )
            )
            lines.append(refused.cause_id._get_advice())
        return cause, "\n".join(filter(None, lines))
