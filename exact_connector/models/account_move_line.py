from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

from .exact_connection import USABLE_ITEM
from .exact_gl_account import USABLE_ACCOUNT

# Service period of ours -> start and end of a deferral, where an app keeps them on the line.
DEFERRALS = {
    "exact_service_from": "deferred_start_date",
    "exact_service_to": "deferred_end_date",
}
# What a person may set on a line for Exact alone, also once the document is posted.
FOR_EXACT = ("exact_item_id", "exact_gl_account_id", *DEFERRALS)


class AccountMoveLine(models.Model):
    """What is chosen for one line goes before every other source (R13, R18); its service period (R54)."""

    _inherit = "account.move.line"

    exact_item_id = fields.Many2one(
        "exact.item",
        check_company=True,
        copy=True,
        ondelete="set null",
        domain=f"[('company_id', '=', company_id), {USABLE_ITEM}]",
        help="Overrides the item of the product and its category for this line.",
    )
    exact_gl_account_id = fields.Many2one(
        "exact.gl.account",
        "Exact Ledger Account",
        check_company=True,
        copy=True,
        ondelete="set null",
        domain=f"[('company_id', '=', company_id), {USABLE_ACCOUNT}]",
        help="The account that this line is booked on in Exact, before any other source (R13). "
        "It changes nothing in Odoo's books.",
    )
    exact_service_from = fields.Date(
        "Service From",
        compute="_compute_exact_service_period",
        store=True,
        readonly=False,
        copy=False,
        help="First day of the period that this line is about (R54).",
    )
    exact_service_to = fields.Date(
        "Service To",
        compute="_compute_exact_service_period",
        store=True,
        readonly=False,
        copy=False,
        help="Last day of the period that this line is about (R54).",
    )

    def _auto_init(self):
        # Without a column of its own already there, Odoo would compute every line of the books.
        cr = self.env.cr
        for name, deferral in DEFERRALS.items():
            if not column_exists(cr, self._table, name):
                create_column(cr, self._table, name, "date")
                if column_exists(cr, self._table, deferral):
                    cr.execute(
                        SQL(
                            "UPDATE %(table)s SET %(own)s = %(other)s WHERE %(other)s IS NOT NULL",
                            table=SQL.identifier(self._table),
                            own=SQL.identifier(name),
                            other=SQL.identifier(deferral),
                        )
                    )
        return super()._auto_init()

    @api.model
    def _exact_deferral_fields(self):
        """Fields of ours -> fields of another app that they start from; empty where there is none."""
        return {own: other for own, other in DEFERRALS.items() if other in self._fields}

    @api.depends(lambda self: tuple(self._exact_deferral_fields().values()))
    def _compute_exact_service_period(self):
        deferrals = self._exact_deferral_fields()
        for line in self:
            for name in DEFERRALS:
                line[name] = line[deferrals[name]] if name in deferrals else line[name]

    def _copy_data_extend_business_fields(self, values):
        """A credit note is about the same period as its invoice; a copy of an invoice is not."""
        result = super()._copy_data_extend_business_fields(values)
        for name in DEFERRALS:
            values[name] = self[name]
        return result

    def write(self, vals):
        if not self.env.su and any(name in vals for name in FOR_EXACT):
            self._exact_check_not_sent()
        return super().write(vals)

    def _exact_check_not_sent(self):
        """:raises UserError: for lines of documents that stand in Exact: the choice would come too late."""
        sent = self.move_id.filtered("exact_entry_id")
        if sent:
            raise UserError(
                self.env._(
                    "In Exact already: %s. What is chosen here for Exact could no longer reach it.",
                    ", ".join(sent.mapped("name")),
                )
            )


class AccountMove(models.Model):
    _inherit = "account.move"

    exact_line_ids = fields.One2many(
        "account.move.line",
        "move_id",
        "Lines for Exact",
        domain=[("display_type", "=", "product")],
        copy=False,
    )
