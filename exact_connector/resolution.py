"""What a document becomes in Exact, where each value came from, and what stands in the way.

Plain values, no Odoo import: the preview, the check and the sending all read the same answer.
"""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Sourced:
    """A value and where it came from, in the user's words ("item on product Advice")."""

    value: object
    source: str


@dataclass(frozen=True)
class Problem:
    """One thing that must be mended before a document can go.

    ``code``: code of an ``exact.cause`` record; ``message``: what and on which record, translated;
    ``record``: the Odoo record that mends it (a recordset of one), or None.
    """

    code: str
    message: str
    record: object = None


@dataclass(frozen=True)
class Gap:
    """Something a connection still lacks for what the company uses, found before a document fails on it.

    ``kind``: setting|vat|item|account|condition|journal|rights; ``message``: what is missing and on which
    record, translated; ``why``: one sentence on why it matters; ``record``: the record that mends it
    (a recordset of one), or None; ``step``: the step of the set-up where it is mended (see ``STEPS``);
    ``blocking``: whether a document would stop on it, else it only deserves a look.
    """

    kind: str
    message: str
    why: str
    record: object = None
    step: str = ""
    blocking: bool = True


# The steps of the set-up that gaps name, in their order.
STEPS = ("connect", "division", "start", "journals", "vat", "items", "accounts", "conditions")


@dataclass
class LineResolution:
    """One line of a sales entry: amounts in the document's currency, VAT apart (R11).

    ``line``: the invoice line it comes from; a line with a discount account or a distribution over
    cost centres becomes several of these. ``quantity``: None where it stands on another of them.
    ``item_level``: "line", "product", "activity", "category" or "default" (R18).
    ``dimensions``: "cost_center", "cost_unit", "project" -> Sourced. ``period``: (from, to) or None.

    On a sales invoice also ``unit_code``: the item's unit in Exact, in which ``quantity`` and
    ``net_price`` stand, empty where it is left to Exact; ``net_price``: price of one unit after
    discount, without VAT; ``notes``: text under the line in Exact. Also on credit invoices prices
    are positive and quantities negative.
    """

    line: object
    net: Decimal
    vat: Decimal
    quantity: Decimal | None
    description: str
    item: Sourced | None = None
    item_level: str | None = None
    gl_account: Sourced | None = None
    vat_code: Sourced | None = None
    dimensions: dict = field(default_factory=dict)
    period: tuple | None = None
    unit_code: str = ""
    net_price: Decimal | None = None
    notes: str = ""


@dataclass
class Resolution:
    """The answer for one document: header values, lines, problems (they stop) and notes (they do not).

    ``stamp``: when the document was last changed, as far as this answer knows. ``body``: what the POST
    carries, where it was made already; for the customer it names. ``expected``: total and VAT of the document,
    that Exact has to come to.
    """

    values: dict = field(default_factory=dict)
    lines: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    stamp: object = None
    body: dict | None = None
    expected: tuple | None = None

    def problem(self, code, message, record=None):
        found = Problem(code, message, record)
        if found not in self.problems:
            self.problems.append(found)

    def note(self, message):
        if message not in self.notes:
            self.notes.append(message)

    def get(self, name):
        """The bare value of a header field, None where it could not be found."""
        sourced = self.values.get(name)
        return sourced.value if sourced else None

    @property
    def total_net(self):
        return sum((line.net for line in self.lines), Decimal(0))

    @property
    def total_vat(self):
        return sum((line.vat for line in self.lines), Decimal(0))


def decimal_amount(amount, places):
    """An Odoo float amount, already rounded to the currency, as an exact Decimal of ``places`` digits."""
    value = Decimal(f"{amount:.{places}f}")
    return value if value else Decimal(0).quantize(value)
