from odoo import api, models


class ExactBillable(models.AbstractModel):
    """Everything that can be invoiced, whatever app knows it."""

    _name = "exact.billable"
    _description = "Exact: What Can Be Invoiced"

    @api.model
    def _sources(self):
        """Names of the sources; add-ons add theirs."""
        return []

    @api.model
    def _collect(self, company, records=None):
        """What of ``records`` can be invoiced, and what is left behind and why (W15).

        :param records: any recordset that a source understands (orders, order lines, hours, expenses,
            projects, customers); None for everything uninvoiced of the company.
        :return: list of :class:`Billable`, each record once
        """
        found = {}
        for name in self._sources():
            for billable in self.env[name]._collect(company, records):
                found.setdefault(billable.key, billable)
        return list(found.values())


class ExactBillableSource(models.AbstractModel):
    """What a source of billables answers; inherit it under a name of your own."""

    _name = "exact.billable.source"
    _description = "Exact: Source of What Can Be Invoiced"

    @api.model
    def _collect(self, company, records=None):
        """See :meth:`ExactBillable._collect`; only the records of this source."""
        return []

    @api.model
    def _lock(self, billables):
        """Lock the records of this source for update, so that no two people take the same (R49)."""

    @api.model
    def _prepare_move_line(self, line):
        """Values of the invoice line for a :class:`PlannedLine` of this source, by Odoo's own means."""
        raise NotImplementedError

    @api.model
    def _mark(self, move, lines):
        """Remember on the records that ``move`` has taken them; ``lines``: the planned lines of this source in it."""

    @api.model
    def _free(self, moves):
        """The documents are gone: their records can be invoiced again."""
