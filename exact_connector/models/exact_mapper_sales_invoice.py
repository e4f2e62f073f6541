from odoo import api, fields, models

from ..resolution import Sourced, decimal_amount
from .exact_mapper import MAX_DESCRIPTION, MAX_REFERENCE

INVOICE, CREDIT = 8020, 8021
# What of an address is printed on an invoice.
PRINTED = ("street", "street2", "zip", "city", "country_id")


class ExactMapperSalesInvoice(models.AbstractModel):
    """From a draft document to a sales invoice that Exact numbers and prints (API 5.13, R48): the header.

    Item, VAT code, ledger account, cost centres, service period, totals, journal and payment condition
    are those of a sales entry, by the same methods, so that one document never gets another item or
    account by the other way (R18). The lines stand in ``exact_mapper_sales_invoice_line.py``.
    """

    _name = "exact.mapper.sales.invoice"
    _description = "Exact Mapper: Sales Invoice"
    _inherit = ["exact.mapper.sales.entry"]

    # === HEADER === #

    @api.model
    def _document_date(self, move):
        """A draft without a date is dated when it goes."""
        return move.invoice_date or fields.Date.context_today(move)

    @api.model
    def _resolve_admission(self, move, connection, resolution):
        """Whether the document may go: a draft of the journal for invoices made in Exact, not too early (R4)."""
        env = self.env
        if not connection.invoicing:
            resolution.problem(
                "invoicing_off",
                env._("Invoice in Exact is switched off for %s.", connection.company_id.name),
                connection,
            )
        if not move.journal_id.exact_invoices:
            resolution.problem(
                "no_invoice_journal",
                env._(
                    "The document stands in journal %s, and only documents of the Odoo journal for invoices "
                    "made in Exact are numbered and printed by Exact.",
                    move.journal_id.display_name,
                ),
                connection,
            )
        if move.state != "draft":
            resolution.problem(
                "not_draft",
                env._("The document is not a draft any more: Exact numbers drafts only."),
                move,
            )
        self._resolve_start_date(self._document_date(move), connection, resolution)
        self._resolve_company(move, connection, resolution)

    @api.model
    def _resolve_customer(self, move, resolution):
        """Ordered by the company of the customer; invoiced to the address where Exact knows it (R41)."""
        super()._resolve_customer(move, resolution)
        partner, address = move.commercial_partner_id, move.partner_id
        if not partner or address == partner:
            return
        env = self.env
        if address.exact_account_id and address.exact_account_id != partner.exact_account_id:
            resolution.values["invoice_to"] = Sourced(
                address, env._("invoice address, a customer of its own in Exact")
            )
            address._exact_resolve_stop(resolution)
            return
        if address.exact_contact_id:
            resolution.values["contact"] = Sourced(
                address, env._("invoice address, a contact of the customer in Exact")
            )
        printed = self.env["exact.mapper.account"]._invoice_partner(partner)
        if any(address[name] != printed[name] for name in PRINTED):
            resolution.note(
                env._(
                    "Exact prints the address it has for %(customer)s itself, not that of %(address)s (%(where)s).",
                    customer=partner.display_name,
                    address=address.display_name,
                    where=", ".join(filter(None, [address.street, address.zip, address.city])),
                )
            )

    @api.model
    def _note_rate(self, move, journal, resolution):
        """A sales invoice carries no rate at all (API 5.13)."""
        resolution.note(
            self.env._(
                "Exact books %(currency)s at the rate of its own table: amounts in %(own)s can differ from Odoo's.",
                currency=move.currency_id.name,
                own=move.company_id.currency_id.name,
            )
        )

    # === PAYLOAD === #

    @api.model
    def _reference(self, move):
        """The invoice reference (R48); without one where it comes from, else whom it is for."""
        text = move.ref or move.invoice_origin or move.commercial_partner_id.name
        return self._clip(text, MAX_DESCRIPTION)

    @api.model
    def _due_date(self, move):
        """Odoo's due date; None where nobody chose one, so that it follows from Exact's condition.

        Without a payment term Odoo takes the day of the invoice, and an office that has Exact print
        its invoices means Exact's own condition then.
        """
        if move.invoice_payment_term_id or not move.invoice_date_due:
            return move.invoice_date_due or None
        chosen = move.invoice_date_due > max(
            self._document_date(move), fields.Date.context_today(move)
        )
        return move.invoice_date_due if chosen else None

    @api.model
    def _exact_values(self, move, resolution, account_id):
        """The body of the POST for a resolution without problems.

        ``YourRef`` carries our own reference, the one thing a lost answer can be found by (API 3.4):
        there is no number before printing.
        """
        partner, address = move.commercial_partner_id, resolution.get("invoice_to")
        refund, journal = move.move_type == "out_refund", resolution.get("journal")
        values = {
            "OrderedBy": account_id,
            "InvoiceTo": address.exact_account_id if address else account_id,
            "Journal": journal.code,
            "Type": CREDIT if refund else INVOICE,
            "OrderDate": self._document_date(move),
            "DueDate": self._due_date(move),
            "Description": self._reference(move),
            "YourRef": self._clip(move.exact_reference, MAX_REFERENCE),
            "PaymentCondition": resolution.get("payment_condition").code,
            "Currency": move.currency_id.name,
        }
        if not values["DueDate"]:
            del values["DueDate"]
        contact = resolution.get("contact")
        if contact and contact.exact_contact_id and partner.exact_account_id == account_id:
            values["InvoiceToContactPerson"] = contact.exact_contact_id
        if move.payment_reference:
            values["PaymentReference"] = self._clip(move.payment_reference, MAX_REFERENCE)
        lines = [self._exact_line_values(found) for found in resolution.lines]
        if refund and journal.connection_id.credit_quantity == "positive":
            for line in lines:
                # Which sign amounts have then is not known: left out, they follow from the quantity.
                line["Quantity"] = -line["Quantity"]
                del line["AmountFC"], line["VATAmountFC"]
        return {**values, "SalesInvoiceLines": lines}

    @api.model
    def _expected(self, move):
        """Total and VAT as the header in Exact must show them, in the document's currency.

        Credit invoices are negative, as are the entries that come of them (API 5.11).
        """
        sign, places = self._sign(move), move.currency_id.decimal_places
        return (
            sign * decimal_amount(move.amount_total, places),
            sign * decimal_amount(move.amount_tax, places),
        )
