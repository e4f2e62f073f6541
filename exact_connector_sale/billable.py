"""What can be invoiced in Exact, and the invoices that come of it. Plain values, no Odoo import.

A source (an AbstractModel on ``exact.billable.source``) turns its records into :class:`Billable`;
``planning.py`` groups them into :class:`PlannedInvoice`; wizard, preview and sending read this one answer.
"""

from dataclasses import dataclass, field
from decimal import Decimal

# The columns of "Uninvoiced", in their order.
KINDS = ("hours", "expense", "trip", "fixed", "milestone", "subscription", "delivered")


@dataclass(frozen=True)
class LeftBehind:
    """Why something is not taken into an invoice (W15).

    ``code``: not_approved|no_rate|no_item|no_customer|other_currency|invoiced|in_exact|on_its_way|non_billable|
    fixed_price|before_start|other_company|partly_invoiced|nothing; ``message``: in the user's words;
    ``record``: the record that mends it (a recordset of one), or None.
    """

    code: str
    message: str
    record: object = None


@dataclass
class Billable:
    """One record that a customer is to pay for.

    ``key``: "model,id", unique in a selection; ``kind``: one of KINDS; ``record``: the record itself;
    ``partner``: the address the invoice goes to (may be empty); ``quantity``: in ``uom``, negative for a
    correction; ``price_unit``: in ``currency`` per ``uom`` before ``discount`` (a percentage), including VAT
    only where ``taxes`` are price-included, as on an Odoo invoice line; ``net``: amount excluding VAT, for the
    overview. ``order_line``/``order``: empty for work without an order. ``project``, ``task``,
    ``employee``: recordsets or None, where an add-on knows them. ``source``: name of the model that knows
    it, filled in by ``exact.billable``. ``separate``: what must not stand together on one invoice besides
    address, currency and company (the fiscal position), filled in there too.
    """

    key: str
    kind: str
    record: object
    company: object
    partner: object
    currency: object
    date: object
    name: str
    product: object
    quantity: Decimal
    uom: object
    price_unit: float
    taxes: object
    net: Decimal = Decimal(0)
    # Item in Exact that the work behind it asks for (R15): two items never share a line.
    item: object = None
    discount: float = 0.0
    order: object = None
    order_line: object = None
    project: object = None
    task: object = None
    employee: object = None
    left_behind: LeftBehind | None = None
    source: str = ""
    separate: tuple = ()


@dataclass
class PlannedLine:
    """One line of an invoice to come: billables of one order line (or product), unit, price and tax together.

    ``key``: stable between two plans of the same selection and options; what a person edits in the wizard
    (name, price_unit, item) is kept by it.
    """

    key: str
    billables: list
    name: str
    quantity: Decimal
    price_unit: float
    item: object = None

    @property
    def first(self):
        return self.billables[0]


@dataclass
class PlannedInvoice:
    """One invoice to come: one customer address, currency and group (R49).

    ``key``: stable as for a line; ``reference``: becomes the Description in Exact (R48).
    """

    key: str
    partner: object
    currency: object
    company: object
    reference: str
    lines: list = field(default_factory=list)

    @property
    def billables(self):
        return [billable for line in self.lines for billable in line.billables]
