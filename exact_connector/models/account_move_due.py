from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .exact_mapper_sales_entry import DOCUMENT_TYPES

# So many documents are queued in one go; the rest follows with the next, and is counted meanwhile.
DUE_AT_ONCE = 1000
# What automatic sending takes: nothing that a person has to mend first.
NEW_STATES = ("not_sent", False)
# What a person asks for takes along what failed or waits: it may have been mended since.
OPEN_STATES = ("not_sent", "pending", "waiting", "unclear", "failed", False)


class AccountMove(models.Model):
    """Which documents are due for Exact, and the button that brings them across (R28, R30)."""

    _inherit = "account.move"

    # === WHAT IS DUE === #

    @api.model
    def _exact_due_domain(self, connection, by_hand=False):
        """Sent to the customer, dated on or after the start date, not in Exact (R4, R30).

        :param by_hand: a person asks: what failed or waits is tried again as well.
        """
        if not connection.start_date:
            return Domain.FALSE
        return self._exact_own_domain(connection) & Domain(
            [
                ("is_move_sent", "=", True),
                ("invoice_date", ">=", connection.start_date),
                ("exact_state", "in", OPEN_STATES if by_hand else NEW_STATES),
            ]
        )

    @api.model
    def _exact_search_due(self, connection, by_hand=False, limit=None):
        """What is due, oldest first. :meth:`_exact_count_due` says whether there is more than ``limit``."""
        return self.search(
            self._exact_due_domain(connection, by_hand),
            order="invoice_date, id",
            limit=limit or self._exact_batch_size(),
        )

    @api.model
    def _exact_batch_size(self):
        """So many documents are queued in one go."""
        return DUE_AT_ONCE

    @api.model
    def _exact_count_due(self, connection, by_hand=False):
        """How many documents are due, without a limit."""
        return self.search_count(self._exact_due_domain(connection, by_hand))

    @api.model
    def _exact_unsent_domain(self, connection):
        """Posted, not in Exact and not sent to the customer yet: skipped, and said so once for all."""
        if not connection.start_date:
            return Domain.FALSE
        return self._exact_own_domain(connection) & Domain(
            [
                ("is_move_sent", "=", False),
                ("invoice_date", ">=", connection.start_date),
                ("exact_entry_id", "=", False),
            ]
        )

    @api.model
    def _exact_early_domain(self, connection):
        """Dated before the start date, and therefore never sent (R4)."""
        if not connection.start_date:
            return Domain.FALSE
        return self._exact_own_domain(connection) & Domain(
            [("invoice_date", "<", connection.start_date), ("exact_entry_id", "=", False)]
        )

    @api.model
    def _exact_own_domain(self, connection):
        return Domain(
            [
                ("company_id", "=", connection.company_id.id),
                ("move_type", "in", DOCUMENT_TYPES),
                ("state", "=", "posted"),
            ]
        )

    # === BUTTONS === #

    def action_exact_sync(self):
        """Bring across all that is due in the companies selected; no selection of documents needed (R28)."""
        self._exact_check_user()
        connections = self.env["exact.connection"].search(
            [("company_id", "in", self.env.companies.ids), ("division_id", "!=", False)]
        )
        if not connections:
            raise UserError(
                self.env._(
                    "%s is not connected to Exact Online. A system administrator connects it in the settings.",
                    ", ".join(self.env.companies.mapped("name")),
                )
            )
        return connections.action_sync()

    def action_exact_mark_sent(self):
        """Have imported documents that were never mailed from here count as sent to the customer (R30)."""
        self._exact_check_user()
        unsent = self.filtered(
            lambda move: (
                move._exact_is_document() and move.state == "posted" and not move.is_move_sent
            )
        )
        unsent.is_move_sent = True
        for move in unsent:
            move._message_log(
                body=self.env._("Marked as sent to the customer, without sending, to go to Exact.")
            )
        left = len(self - unsent)
        message = self.env._(
            "%s left as they were: not posted, sent before, or no customer document.", left
        )
        return self.env["exact.connection"]._notify(
            self.env._("%s marked as sent", len(unsent)),
            message if left else "",
            "success" if unsent else "warning",
        )

    # === VIEWS === #

    @api.model
    def _exact_offers_sync(self):
        """Whether one of the companies selected has a division to send to."""
        return bool(
            self.env["exact.connection"]
            .sudo()
            .search_count(
                [("company_id", "in", self.env.companies.ids), ("division_id", "!=", False)],
                limit=1,
            )
        )

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        if view_type in ("list", "kanban"):
            key += (("exact_sync", self._exact_offers_sync()),)
        return key

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """The Sync button is there for a connected company only."""
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type in ("list", "kanban"):
            buttons = arch.xpath("//header/button[@name='action_exact_sync']")
            if buttons and not self._exact_offers_sync():
                for button in buttons:
                    button.getparent().remove(button)
        return arch, view
