from odoo import api, fields, models


class ExactDimension(models.AbstractModel):
    """What cost centres, cost units and projects share: analytic accounts of Odoo stand for them."""

    _name = "exact.dimension"
    _description = "Exact Analytic Dimension"
    _inherit = ["exact.reference"]

    @api.model
    def _match(self, records, account):
        """The one of ``records`` that an analytic account stands for: equal code, else equal name.

        :return: (record or empty, "code" or "name")
        """
        for own, name in ((account.code, "code"), (account.name, "name")):
            wanted = _plain(own)
            found = records.filtered(lambda r, n=name, w=wanted: w and _plain(r[n]) == w)
            if len(found) == 1:
                return found, name
        return self.browse(), ""


class ExactCostCenter(models.Model):
    """A cost centre of the division; lines name it by code (API 5.11)."""

    _name = "exact.cost.center"
    _description = "Exact Cost Centre"
    _inherit = ["exact.dimension"]

    _exact_resource = "hrm/Costcenters"
    _exact_select = ("ID", "Code", "Description", "Active")

    _exact_id_uniq = models.Constraint(
        "UNIQUE(connection_id, exact_id)", "A cost centre stands once in a connection."
    )

    @api.model
    def _odoo_values(self, connection, row, links):
        return {
            **super()._odoo_values(connection, row, links),
            "exact_blocked": row.get("Active") is False,
        }


class ExactCostUnit(models.Model):
    """A cost unit of the division; lines name it by code (API 5.11)."""

    _name = "exact.cost.unit"
    _description = "Exact Cost Unit"
    _inherit = ["exact.dimension"]

    _exact_resource = "hrm/Costunits"
    _exact_select = ("ID", "Code", "Description")

    _exact_id_uniq = models.Constraint(
        "UNIQUE(connection_id, exact_id)", "A cost unit stands once in a connection."
    )


class ExactProject(models.Model):
    """A project of the division; lines name it by ID (API 5.11)."""

    _name = "exact.project"
    _description = "Exact Project"
    _inherit = ["exact.dimension"]

    _exact_resource = "project/Projects"
    _exact_select = ("ID", "Code", "Description", "StartDate", "EndDate")

    start_date = fields.Date(readonly=True)
    end_date = fields.Date(readonly=True)

    _exact_id_uniq = models.Constraint(
        "UNIQUE(connection_id, exact_id)", "A project stands once in a connection."
    )

    @api.model
    def _odoo_values(self, connection, row, links):
        start, end = row.get("StartDate"), row.get("EndDate")
        return {
            **super()._odoo_values(connection, row, links),
            "start_date": start.date() if start else False,
            "end_date": end.date() if end else False,
        }

    def _is_open_on(self, date):
        """Whether the project has not ended by ``date``; work may be invoiced before it starts."""
        self.ensure_one()
        return not (date and self.end_date) or date <= self.end_date


def _plain(text):
    """A code or name without what people write differently: case, blanks at the ends."""
    return " ".join((text or "").split()).casefold()
