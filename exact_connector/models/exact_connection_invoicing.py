from odoo import fields, models


class ExactConnection(models.Model):
    """How documents go that Exact itself numbers, prints and mails: "Invoice in Exact" (R44-R50)."""

    _inherit = "exact.connection"

    invoicing = fields.Boolean(
        "Invoice in Exact",
        tracking=True,
        help="Hours, expenses and orders can become sales invoices that Exact numbers, prints and mails.",
    )
    invoice_odoo_journal_id = fields.Many2one(
        "account.journal",
        "Odoo Journal for Invoices Made in Exact",
        check_company=True,
        domain="[('company_id', '=', company_id), ('type', '=', 'sale')]",
        tracking=True,
        help="Odoo's copy of each invoice that Exact makes stands in this journal, under Exact's number.",
    )
    invoice_print = fields.Selection(
        [
            ("draft", "Leave as draft in Exact"),
            ("print", "Number and print at once"),
        ],
        "When Sent to Exact",
        default="draft",
        required=True,
        tracking=True,
    )
    invoice_output = fields.Selection(
        [
            ("account", "As set on the customer in Exact"),
            ("mail", "By e-mail"),
            ("none", "Not at all"),
        ],
        "Exact Delivers the Invoice",
        default="account",
        required=True,
        tracking=True,
        help="What Exact does with an invoice when it is printed.",
    )
    invoice_pdf = fields.Boolean(
        "Get the PDF Back",
        default=True,
        help="Exact's PDF is attached to Odoo's copy of the invoice.",
    )
    quantity_decimals = fields.Selection(
        [("2", "2"), ("3", "3")],
        "Decimals of Quantities in Exact",
        default="2",
        required=True,
        help="A setting of the division in Exact (2 unless it was changed there).",
    )
    credit_quantity = fields.Selection(
        [("negative", "Negative"), ("positive", "Positive")],
        "Quantities on Credit Invoices",
        default="negative",
        required=True,
        help="How Exact wants the quantities of a credit invoice; corrected by itself where Exact's totals differ.",
    )
