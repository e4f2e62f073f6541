from odoo import fields, models


class AccountJournal(models.Model):
    _inherit = "account.journal"

    exact_journal_id = fields.Many2one(
        "exact.journal",
        "Exact Journal for Invoices",
        check_company=True,
        ondelete="set null",
        domain="[('company_id', '=', company_id), ('type', 'in', ('20', '21'))]",
        help="Instead of the connection's journal, for invoices of this Odoo journal.",
    )
    exact_refund_journal_id = fields.Many2one(
        "exact.journal",
        "Exact Journal for Credit Notes",
        check_company=True,
        ondelete="set null",
        domain="[('company_id', '=', company_id), ('type', 'in', ('20', '21'))]",
        help="Instead of the connection's journal, for credit notes of this Odoo journal.",
    )
    exact_invoices = fields.Boolean(
        "Invoiced in Exact",
        help="Documents of this journal are numbered, printed and mailed by Exact; Odoo keeps a copy.",
    )
