from decimal import Context, Decimal

from odoo import api, models

from ..resolution import Resolution, Sourced
from .exact_connection import SALES_JOURNAL_TYPES
from .exact_mapper import MAX_DESCRIPTION, MAX_REFERENCE

DOCUMENT_TYPES = ("out_invoice", "out_refund")


class ExactMapperSalesEntry(models.AbstractModel):
    """From a posted invoice or credit note to a sales entry (Exact Online API 5.11): the header.

    The lines stand in ``exact_mapper_sales_line.py``, the payment condition in
    ``exact_mapper_sales_terms.py``.
    """

    _name = "exact.mapper.sales.entry"
    _description = "Exact Mapper: Sales Entry"
    _inherit = ["exact.mapper"]

    @api.model
    def _resolve(self, move, connection):
        """Everything a sales entry of ``move`` needs and where it came from, or what is missing.

        Makes no call and writes nothing. All problems are found at once. Amounts are in the
        document's currency, lines excluding VAT (R11), negative for a credit note.
        :return: :class:`Resolution`
        """
        move = move.with_company(connection.company_id)
        resolution = Resolution()
        self._resolve_admission(move, connection, resolution)
        self._resolve_customer(move, resolution)
        self._resolve_journal(move, connection, resolution)
        self._resolve_payment_condition(move, connection, resolution)
        self._resolve_lines(move, connection, resolution)
        self._resolve_totals(move, resolution)
        return resolution

    # === HEADER === #

    @api.model
    def _resolve_admission(self, move, connection, resolution):
        """Whether the document may go at all: posted, sent, on or after the start date (R4, R52)."""
        env = self.env
        if move.state != "posted":
            resolution.problem("not_posted", env._("The document is not posted."), move)
        elif not move.is_move_sent:
            resolution.problem(
                "not_sent",
                env._(
                    "The document has not been sent to the customer yet: send or print it first."
                ),
                move,
            )
        self._resolve_start_date(move.invoice_date, connection, resolution)
        self._resolve_company(move, connection, resolution)

    @api.model
    def _resolve_start_date(self, date, connection, resolution):
        """On or after the start date of the connection (R4)."""
        env = self.env
        if not connection.start_date:
            resolution.problem(
                "no_start_date", env._("The connection has no start date."), connection
            )
        elif date and date < connection.start_date:
            resolution.problem(
                "before_start_date",
                env._(
                    "The invoice date %(date)s lies before the start date %(start)s of the connection.",
                    date=date,
                    start=connection.start_date,
                ),
                connection,
            )

    @api.model
    def _resolve_company(self, move, connection, resolution):
        """The company of the connection, and its books in the same currency."""
        env = self.env
        books, own = connection.division_id.currency_code, move.company_id.currency_id.name
        if books and books != own:
            resolution.problem(
                "division_currency",
                env._(
                    "The division keeps its books in %(books)s, the company in %(own)s.",
                    books=books,
                    own=own,
                ),
                connection,
            )
        if move.company_id != connection.company_id:
            resolution.problem(
                "other_company",
                env._("The document belongs to another company than the connection."),
                move,
            )

    @api.model
    def _resolve_customer(self, move, resolution):
        env = self.env
        partner = move.commercial_partner_id
        if not partner:
            resolution.problem("no_customer", env._("The document has no customer."), move)
            return
        resolution.values["customer"] = Sourced(partner, env._("customer of the document"))
        partner._exact_resolve_stop(resolution)
        if not partner.exact_account_id:
            self.env["exact.mapper.account"]._resolve(partner, resolution)

    @api.model
    def _resolve_journal(self, move, connection, resolution):
        """Journal: of a product, of the customer, of the Odoo journal, of the connection (R5)."""
        env = self.env
        refund = move.move_type == "out_refund"
        partner, journal = move.commercial_partner_id, move.journal_id
        candidates = (
            self._product_journal(move, connection, resolution),
            (partner.exact_journal_id, env._("journal on customer %s", partner.display_name)),
            (
                journal.exact_refund_journal_id if refund else journal.exact_journal_id,
                env._("journal on Odoo journal %s", journal.display_name),
            ),
            (
                connection.refund_journal_id if refund else connection.sale_journal_id,
                env._("journal of the connection"),
            ),
        )
        found, source = next(
            ((record, text) for record, text in candidates if record), (None, None)
        )
        if not found:
            resolution.problem(
                "no_journal",
                env._("No Exact journal for credit notes is set.")
                if refund
                else env._("No Exact journal for invoices is set."),
                connection,
            )
            return
        resolution.values["journal"] = Sourced(found, source)
        if found.type not in SALES_JOURNAL_TYPES:
            resolution.problem(
                "journal_type",
                env._(
                    "Exact journal %(journal)s (%(origin)s) is not a sales journal.",
                    journal=found.display_name,
                    origin=source,
                ),
                connection,
            )
        if not found.active:
            resolution.problem(
                "journal_blocked",
                env._(
                    "Exact journal %(journal)s (%(origin)s) is blocked or gone in Exact.",
                    journal=found.display_name,
                    origin=source,
                ),
                connection,
            )
        if not found.allow_vat and move.amount_tax:
            resolution.problem(
                "journal_vat",
                env._("Exact journal %s does not allow VAT.", found.display_name),
                found,
            )
        own = found.currency_code or move.company_id.currency_id.name
        if move.currency_id.name != own and not found.allow_variable_currency:
            resolution.problem(
                "journal_currency",
                env._(
                    "Exact journal %(journal)s takes %(own)s only; the document is in %(currency)s.",
                    journal=found.display_name,
                    own=own,
                    currency=move.currency_id.name,
                ),
                found,
            )
        elif move.currency_id != move.company_id.currency_id:
            self._note_rate(move, found, resolution)

    @api.model
    def _note_rate(self, move, journal, resolution):
        """Where Exact books a foreign currency at a rate of its own."""
        if journal.allow_variable_rate:
            return
        resolution.note(
            self.env._(
                "Exact journal %(journal)s takes no exchange rate of its own: Exact books %(currency)s "
                "at the rate of its own table, and amounts in %(own)s can differ from Odoo's.",
                journal=journal.display_name,
                currency=move.currency_id.name,
                own=move.company_id.currency_id.name,
            )
        )

    @api.model
    def _product_journal(self, move, connection, resolution):
        """The journal that the products of the document ask for, where the connection lets them.

        Invoices and credit notes alike. Products without a journal of their own go along with the
        others; two journals in one document are a stop: an entry has one.
        """
        nothing = (None, None)
        if not connection.journal_per_product:
            return nothing
        wanted = {}
        for line in move.invoice_line_ids.filtered(lambda line: line.display_type == "product"):
            journal = line.product_id.product_tmpl_id.exact_journal_id
            if journal:
                wanted.setdefault(journal, line.product_id)
        if len(wanted) > 1:
            (first, one), (second, other) = list(wanted.items())[:2]
            resolution.problem(
                "journal_conflict",
                self.env._(
                    "Product %(one)s goes to Exact journal %(first)s and product %(other)s to %(second)s; "
                    "an entry has one journal.",
                    one=one.display_name,
                    first=first.display_name,
                    other=other.display_name,
                    second=second.display_name,
                ),
                move,
            )
        for journal, product in wanted.items():
            return journal, self.env._("journal on product %s", product.display_name)
        return nothing

    # === PAYLOAD === #

    @api.model
    def _exact_values(self, move, resolution, account_id):
        """The body of the POST for a resolution without problems.

        ``YourRef`` carries the document number: it is what a lost answer is found by (API 3.4).
        """
        values = {
            "Customer": account_id,
            "Journal": resolution.get("journal").code,
            "EntryDate": move.invoice_date,
            "DueDate": move.invoice_date_due,
            "Description": self._clip(
                f"{move.name} {move.commercial_partner_id.name or ''}", MAX_DESCRIPTION
            ),
            "YourRef": self._clip(move.name, MAX_REFERENCE),
            "PaymentCondition": resolution.get("payment_condition").code,
            "Currency": move.currency_id.name,
        }
        if move.payment_reference:
            values["PaymentReference"] = self._clip(move.payment_reference, MAX_REFERENCE)
        if (
            move.currency_id != move.company_id.currency_id
            and resolution.get("journal").allow_variable_rate
        ):
            # Odoo keeps foreign units per company unit, Exact company units per foreign unit.
            # By digits, not by decimals: a rupiah is 0.0000571 euro.
            rate = Decimal(str(move.invoice_currency_rate))
            values["Rate"] = Context(prec=10).divide(Decimal(1), rate)
        values["SalesEntryLines"] = [self._exact_line_values(found) for found in resolution.lines]
        return values
