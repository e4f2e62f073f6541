from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError

from ..billable import LeftBehind


class ExactBillable(models.AbstractModel):
    """Everything that can be invoiced, whatever app knows it."""

    _name = "exact.billable"
    _description = "Exact: What Can Be Invoiced"

    @api.model
    def _sources(self):
        """Names of the sources; add-ons add theirs."""
        return ["exact.billable.sale"]

    @api.model
    def _collect(self, company, records=None):
        """What of ``records`` can be invoiced, and what is left behind and why (W15).

        What concerns all sources alike is judged here: company, customer, start date, currency.

        :param records: any recordset that a source understands (orders, order lines, hours, expenses,
            projects, customers); None for everything uninvoiced of the company.
        :return: list of :class:`Billable`, each record once
        """
        found = {}
        for name in self._sources():
            for billable in self.env[name].with_company(company)._collect(company, records):
                billable.source = billable.source or name
                found.setdefault(billable.key, billable)
        connection = self.env["exact.connection"].sudo()._for_company(company)
        kept = {}
        for billable in found.values():
            if billable.left_behind is None:
                billable.left_behind = self._left_behind(billable, company, connection)
            if billable.left_behind is None:
                self._finish(billable, kept)
        return list(found.values())

    @api.model
    def _collect_keys(self, company, keys):
        """What became of the records that these keys name, in the order of the keys.

        Keys come back from a window, which anybody can fill by RPC: what belongs to a company that is
        not this user's is not even told of.
        """
        ids = {}
        for key in keys:
            model, _comma, number = key.partition(",")
            if model in self.env and number.isdigit():
                ids.setdefault(model, []).append(int(number))
        found = {}
        for model, numbers in ids.items():
            records = self.env[model].browse(numbers).exists()
            for billable in self._collect(company, records) if records else ():
                found.setdefault(billable.key, billable)
        known = company | self.env.user.company_ids
        wanted = {key for key in keys if key in found and (found[key].company or company) in known}
        position = {key: index for index, key in enumerate(keys)}
        return sorted(
            (found[key] for key in wanted),
            key=lambda billable: position[billable.key],
        )

    @api.model
    def _finish(self, billable, kept):
        """What planning needs beside it: texts in the customer's language, the fiscal position apart.

        :param kept: what thousands of hours of a few customers share, worked out once
        """
        lang = billable.partner.lang or self.env.lang
        for name in ("product", "task", "project"):
            record = getattr(billable, name)
            if record:
                key = (record._name, record.id, lang)
                if key not in kept:
                    kept[key] = record.with_context(lang=lang)
                setattr(billable, name, kept[key])
        if billable.order:
            position = billable.order.fiscal_position_id
        else:
            key = ("fiscal position", billable.partner.id)
            if key not in kept:
                kept[key] = (
                    self.env["account.fiscal.position"]
                    .sudo()
                    .with_company(billable.company)
                    ._get_fiscal_position(billable.partner)
                )
            position = kept[key]
        billable.separate = (position.id or 0,)

    # === LEFT BEHIND (W15) === #

    @api.model
    def _left_behind(self, billable, company, connection):
        """Why a billable cannot be taken, whatever its source; None where it can."""
        env = self.env
        if billable.company and billable.company != company:
            return LeftBehind(
                "other_company",
                env._(
                    "It belongs to %(other)s: switch to that company to invoice it.",
                    other=billable.company.name,
                ),
                billable.record,
            )
        if not billable.partner:
            return LeftBehind(
                "no_customer",
                env._("There is no customer to send an invoice to."),
                billable.project or billable.order or billable.record,
            )
        start = connection.start_date
        if start and billable.date and billable.date < start:
            return LeftBehind(
                "before_start",
                env._(
                    "Its date %(date)s lies before the start date %(start)s of the connection.",
                    date=fields.Date.to_date(billable.date),
                    start=start,
                ),
                connection,
            )
        return self._left_for_currency(billable, connection)

    @api.model
    def _left_for_currency(self, billable, connection):
        """The journal in Exact takes its own currency only."""
        journal = (
            billable.partner.commercial_partner_id.exact_journal_id or connection.sale_journal_id
        )
        own = journal.currency_code or connection.company_id.currency_id.name
        if not journal or journal.allow_variable_currency or billable.currency.name == own:
            return None
        return LeftBehind(
            "other_currency",
            self.env._(
                "It is in %(currency)s; Exact journal %(journal)s takes %(own)s only.",
                currency=billable.currency.name,
                journal=journal.display_name,
                own=own,
            ),
            journal,
        )

    @api.model
    def _taken_by(self, move):
        """Why what stands on ``move`` is not taken again: which invoice, where, by whom (R49, W15)."""
        env, move = self.env, move.sudo()
        if move.exact_route != "invoice":
            return LeftBehind(
                "invoiced",
                env._("Invoiced in Odoo already: %s.", move.display_name),
                move,
            )
        exchange = move.exact_exchange_ids.filtered(lambda e: e.kind == "sales_invoice")[:1]
        # With the time of the reader: two people often look at the same minute.
        when = fields.Datetime.context_timestamp(
            self, exchange.create_date or move.create_date
        ).strftime("%H:%M")
        who = (exchange.user_id or move.create_uid).name
        if move.exact_entry_number:
            message = env._("Invoiced in Exact already: invoice %s.", move.exact_entry_number)
            return LeftBehind("in_exact", message, move)
        if move.exact_invoice_id:
            return LeftBehind(
                "in_exact",
                env._(
                    "Stands on a draft invoice in Exact (%(invoice)s), made by %(user)s at %(time)s.",
                    invoice=move.ref or move.display_name,
                    user=who,
                    time=when,
                ),
                move,
            )
        return LeftBehind(
            "on_its_way",
            env._(
                "On its way to Exact (%(invoice)s), sent by %(user)s at %(time)s.",
                invoice=move.ref or move.display_name,
                user=who,
                time=when,
            ),
            move,
        )


class ExactBillableSource(models.AbstractModel):
    """What a source of billables answers; inherit it under a name of your own."""

    _name = "exact.billable.source"
    _description = "Exact: Source of What Can Be Invoiced"

    @api.model
    def _collect(self, company, records=None):
        """See :meth:`ExactBillable._collect`; only the records of this source.

        With records, also those that cannot be taken, with the reason in ``left_behind``; without, only
        what someone could still mend: not the history.
        """
        return []

    @api.model
    def _lock(self, billables):
        """Lock the records of this source for update, so that no two people take the same (R49).

        Odoo runs the request of whoever comes second again, which then sees what the first took.
        """
        for model, records in self._by_model(billables).items():
            if len(records.sudo().try_lock_for_update()) < len(records):
                raise ConcurrencyError(f"{model} is being invoiced by someone else")

    @api.model
    def _by_model(self, billables):
        """The records of billables, by model."""
        ids = {}
        for billable in billables:
            ids.setdefault(billable.record._name, []).append(billable.record.id)
        return {name: self.env[name].browse(dict.fromkeys(found)) for name, found in ids.items()}

    @api.model
    def _prepare_move_line(self, line):
        """Values of the invoice line for a :class:`PlannedLine` of this source, by Odoo's own means.

        Text, quantity, price and item of the planned line are put over it by whoever makes the invoice.
        """
        raise NotImplementedError

    @api.model
    def _mark(self, move, lines):
        """Remember on the records that ``move`` has taken them; ``lines``: the planned lines of this source in it."""

    @api.model
    def _free(self, moves):
        """The documents are gone: their records can be invoiced again."""
