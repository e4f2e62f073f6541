from dataclasses import replace
from decimal import Decimal

from odoo import api, models

from ..resolution import Sourced
from ..shares import combine, divide, spread
from .account_analytic import DIMENSIONS

# Dimensions that a ledger account of Exact may demand or refuse, with the field that says so (API 5.8).
USES = {"cost_center": "use_cost_center", "cost_unit": "use_cost_unit"}


class ExactMapperSalesEntry(models.AbstractModel):
    """Cost centre, cost unit and project of a line, from its analytic distribution."""

    _inherit = "exact.mapper.sales.entry"

    @api.model
    def _resolve_shares(self, line, connection, resolution):
        """How the analytic distribution divides a line over cost centres, cost units and projects.

        :return: list of (weight, dimensions), dimensions as in :class:`LineResolution`; one share
            of weight 1 where nothing is mapped.
        """
        whole = [(Decimal(1), {})]
        distribution = line.analytic_distribution
        if not connection.use_dimensions or not distribution:
            return whole
        # Whoever may send an invoice need not have rights on analytic accounting.
        accounts_sudo = self.env["account.analytic.account"].sudo()
        accounts_sudo = accounts_sudo.with_company(connection.company_id)
        entries = []
        for key, percentage in distribution.items():
            ids = [int(part) for part in key.split(",") if part.isdigit()]
            values = {}
            for account in accounts_sudo.browse(ids).exists():
                dimension = account.plan_id._exact_get_dimension()
                if not dimension:
                    continue
                record = account[DIMENSIONS[dimension][0]]
                if record:
                    values[dimension] = (dimension, account, record)
                else:
                    self._note_unmapped(account, dimension, resolution)
            entries.append((percentage, values))
        shares = [
            (weight, tuple(values[name] for name in DIMENSIONS if name in values))
            for weight, values in spread(entries, [*DIMENSIONS])
        ]
        return [
            (weight, self._sourced(values, line, resolution)) for weight, values in combine(shares)
        ] or whole

    @api.model
    def _sourced(self, values, line, resolution):
        """Dimensions with where they came from; a record that Exact closed is a problem."""
        env, found = self.env, {}
        for dimension, account, record in values:
            found[dimension] = Sourced(record, env._("analytic account %s", account.display_name))
            ended = dimension == "project" and not record._is_open_on(
                self._document_date(line.move_id)
            )
            if not record.active or ended:
                resolution.problem(
                    "dimension_closed",
                    env._(
                        "%(record)s (%(origin)s) is closed or gone in Exact.",
                        record=f"{self._dimension_label(dimension)} {record.display_name}",
                        origin=found[dimension].source,
                    ),
                    account.sudo(False),
                )
        return found

    @api.model
    def _note_unmapped(self, account, dimension, resolution):
        label = self._dimension_label(dimension)
        resolution.note(
            self.env._(
                "Analytic account %(account)s has no counterpart in Exact: its share goes without %(kind)s.",
                account=account.display_name,
                kind=label,
            )
        )

    @api.model
    def _dimension_label(self, dimension):
        plans = self.env["account.analytic.plan"]
        return dict(plans._fields["exact_dimension"]._description_selection(self.env))[dimension]

    @api.model
    def _split_shares(self, found, shares, resolution):
        """The line divided over its shares, exact to the cent; shares of no amount are left out."""
        weights = [weight for weight, _dimensions in shares]
        nets, vats = divide(found.net, weights), divide(found.vat, weights)
        kept = [place for place in range(len(shares)) if nets[place] or vats[place]] or [0]
        quantities = [None] * len(kept)
        if found.quantity is not None:
            # Quantities are for information; whole ones are divided too, so they need more digits.
            digits = max(4, -found.quantity.as_tuple().exponent) if len(kept) > 1 else 0
            quantities = divide(
                round(found.quantity, digits) if digits else found.quantity,
                [weights[place] for place in kept],
            )
        parts = [
            replace(
                found,
                net=nets[place],
                vat=vats[place],
                quantity=quantity,
                dimensions=shares[place][1],
            )
            for place, quantity in zip(kept, quantities, strict=True)
        ]
        for part in parts:
            self._check_uses(part, resolution)
        return parts

    @api.model
    def _check_uses(self, found, resolution):
        """What the ledger account demands and refuses must be there and not be there (API 5.8)."""
        env = self.env
        if not found.gl_account:
            return
        account = found.gl_account.value
        for dimension, name in USES.items():
            given, use = found.dimensions.get(dimension), account[name]
            if use == "1" and not given:
                resolution.problem(
                    f"{dimension}_missing",
                    env._(
                        "Ledger account %(account)s demands a %(kind)s, and line %(line)s has none.",
                        account=account.display_name,
                        kind=self._dimension_label(dimension),
                        line=self._label(found.line),
                    ),
                    self._mend_dimension(found.line, dimension),
                )
            elif use == "2" and given:
                resolution.problem(
                    f"{dimension}_refused",
                    env._(
                        "Ledger account %(account)s takes no %(kind)s; line %(line)s has %(value)s (%(origin)s).",
                        account=account.display_name,
                        kind=self._dimension_label(dimension),
                        line=self._label(found.line),
                        value=given.value.display_name,
                        origin=given.source,
                    ),
                    account,
                )

    @api.model
    def _mend_dimension(self, line, dimension):
        """The unmapped analytic account of the line for this dimension, else the document."""
        ids = [
            int(part)
            for key in line.analytic_distribution or {}
            for part in key.split(",")
            if part.isdigit()
        ]
        accounts = self.env["account.analytic.account"].sudo().browse(ids).exists()
        unmapped = accounts.with_company(line.company_id).filtered(
            lambda account: (
                account.plan_id._exact_get_dimension() == dimension
                and not account[DIMENSIONS[dimension][0]]
            )
        )
        return unmapped[:1].sudo(False) or line.move_id
