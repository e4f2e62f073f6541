from contextlib import closing, contextmanager

from odoo import Command, api, models

from ..planning import plan

# Nobody is told of documents that are only made to be looked at, nor twice of those that stay.
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_auto_subscribe_no_notify": True,
}


class ExactInvoiceMaker(models.AbstractModel):
    """From planned invoices to Odoo's documents: Odoo's copies of what Exact will invoice, or ordinary drafts.

    The preview makes them too and rolls them back: what is shown is what is sent.
    """

    _name = "exact.invoice.maker"
    _description = "Exact: Makes Documents of Planned Invoices"

    @api.model
    def _plan(self, billables, options, edits=None):
        """The planned invoices, with the item, text and price that a person gave (by key).

        :param edits: {"invoices": {key: {field: value}}, "lines": {invoice key/line key: {field: value}}}
        """
        lines = (edits or {}).get("lines", {})
        invoices = plan(billables, options)
        for invoice in invoices:
            for line in invoice.lines:
                edit = lines.get(f"{invoice.key}/{line.key}", {})
                line.name = edit.get("name") or line.name
                if edit.get("price_unit") is not None:
                    line.price_unit = edit["price_unit"]
                if edit.get("item_id"):
                    item = self.env["exact.item"].sudo().browse(edit["item_id"]).exists()
                    # Edits come back from a window, which anybody can fill by RPC.
                    line.item = item.filtered(lambda i: i.company_id in self.env.user.company_ids)
        return invoices

    @api.model
    def _make(self, connection, invoices, edits=None, journal=None, invoice_date=None):
        """Draft documents for planned invoices, by Odoo's own invoicing; marked as taken by their sources.

        :param journal: that of the invoices made in Exact; empty for ordinary invoices
        :return: list of (planned invoice, document), in their order
        """
        if not invoices:
            return []
        company = connection.company_id
        header_edits = (edits or {}).get("invoices", {})
        values = []
        for invoice in invoices:
            header = {
                "invoice_date": invoice_date,
                **{k: v for k, v in header_edits.get(invoice.key, {}).items() if v},
            }
            values.append(self._prepare_move(invoice, company, journal, header))
        moves = (
            self.env["account.move"]
            .sudo()
            .with_company(company)
            .with_context(**QUIET, default_move_type="out_invoice")
            .create(values)
        )
        negative = moves.filtered(lambda move: move.amount_total < 0)
        if negative:
            with self.env.protecting([moves._fields["team_id"]], negative):
                negative.action_switch_move_type()
        made = list(zip(invoices, moves, strict=True))
        for invoice, move in made:
            by_source = {}
            for line in invoice.lines:
                by_source.setdefault(line.first.source, []).append(line)
            for name, lines in by_source.items():
                self.env[name].sudo()._mark(move, lines)
        return made

    # === VALUES === #

    @api.model
    def _prepare_move(self, invoice, company, journal, header):
        """As of the first order, where there is one; else of the customer."""
        orders = self._orders(invoice)
        lang = invoice.partner.lang or self.env.lang
        order = orders[:1].with_company(company).with_context(lang=lang)
        values = order._prepare_invoice() if order else {"move_type": "out_invoice"}
        values.update(
            {
                "partner_id": invoice.partner.id,
                "company_id": company.id,
                "currency_id": invoice.currency.id,
                "ref": header.get("reference") or invoice.reference,
                "invoice_date": header.get("invoice_date") or False,
            }
        )
        if orders:
            values["invoice_origin"] = ", ".join(orders.mapped("name"))
        if len(orders) > 1:
            references = set(orders.mapped("reference"))
            values["payment_reference"] = references.pop() if len(references) == 1 else False
            values["transaction_ids"] = [
                Command.link(number)
                for each in orders
                for command in each._prepare_invoice().get("transaction_ids", [])
                for number in command[2]
            ]
        if journal:
            values["journal_id"] = journal.id
        if header.get("invoice_date_due"):
            # A day of its own instead of a term.
            values["invoice_date_due"] = header["invoice_date_due"]
            values["invoice_payment_term_id"] = False
        values["invoice_line_ids"] = [
            Command.create(self._prepare_line(line, number, lang))
            for number, line in enumerate(invoice.lines, start=1)
        ]
        return values

    @api.model
    def _orders(self, invoice):
        ids = dict.fromkeys(b.order.id for b in invoice.billables if b.order)
        return self.env["sale.order"].sudo().browse(ids)

    @api.model
    def _prepare_line(self, line, number, lang):
        """Odoo's own values, with text, quantity, price and item as planned; ``sequence`` is its number."""
        source = self.env[line.first.source].sudo().with_context(lang=lang)
        values = source._prepare_move_line(line)
        values["sequence"] = number
        if values.get("display_type", "product") != "product":
            return values
        if values.get("price_unit") != line.price_unit:
            # Amounts of tax kept for another price.
            values.pop("extra_tax_data", None)
        values.update(name=line.name, quantity=float(line.quantity), price_unit=line.price_unit)
        if line.item:
            values["exact_item_id"] = line.item.id
        return values

    @api.model
    def _lines_of(self, invoice, move):
        """(planned line, its line on the document); the latter empty where it is only a heading."""
        by_number = {line.sequence: line for line in move.invoice_line_ids}
        nothing = move.invoice_line_ids.browse()
        return [
            (line, by_number.get(number, nothing)) for number, line in enumerate(invoice.lines, 1)
        ]

    # === DRY RUN === #

    @contextmanager
    def _rolled_back(self):
        """Whatever is done inside is undone at the end; only plain values may leave it."""
        with closing(self.env.cr.savepoint()):
            yield
        self.env.invalidate_all()

    @api.model
    def _mapper(self):
        return self.env["exact.mapper.sales.invoice"].sudo()

    @api.model
    def _journal_of(self, connection):
        """The Odoo journal of invoices made in Exact; made where there is none."""
        return connection.sudo()._get_invoice_journal()
