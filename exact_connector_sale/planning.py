"""From billables to the invoices that will come: grouping, lines, texts. Pure: no Odoo import, no call.

The same selection with the same options always gives the same plan, key by key: what a person edited is
found again by key, and what is sent is what was shown. However lines are put together, the quantities and
amounts of an invoice stay those of its billables: only things of one price, unit and tax share a line.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from .billable import KINDS, PlannedInvoice, PlannedLine
from .quantities import round_quantities

GROUPINGS = ("customer", "order", "project", "period")
LINE_MODES = ("task", "employee", "day", "product", "total")
PLACEHOLDERS = ("task", "employee", "date", "project", "order", "period", "product", "name")

# Exact names no limit of lines for an invoice; above this its screens and its PDF are no joy.
MAX_LINES = 200
# Width of the Description in Exact (API 5.13).
MAX_REFERENCE = 60
# So many different texts are named on one line.
MAX_NAMES = 3

# The text of a line of hours where no template is set, by line mode.
DEFAULT_TEMPLATES = {
    "task": "{project}: {task}",
    "employee": "{product}: {employee}",
    "day": "{date} {product}",
    "product": "{project}: {product}",
    "total": "{product} {period}",
}

_PLACEHOLDER = re.compile(r"\{(\w*)\}")


def _iso(date):
    return date.isoformat() if date else ""


def _month(date):
    return f"{date:%Y-%m}" if date else ""


@dataclass(frozen=True)
class Options:
    """How a person wants the invoices.

    ``template``: text of a line of hours, empty for the default of the line mode; other lines keep
    their own text unless it contains {name}. ``decimals``: of quantities. ``date_text``, ``period_text``:
    how a date and the month of a date are written.
    """

    grouping: str = "customer"
    line_mode: str = "task"
    template: str = ""
    max_lines: int = MAX_LINES
    decimals: int = 2
    date_text: object = _iso
    period_text: object = _month


def unknown_placeholders(template):
    """Names in braces that a template cannot have, in their order."""
    return [name for name in _PLACEHOLDER.findall(template or "") if name not in PLACEHOLDERS]


def plan(billables, options=None):
    """The invoices that come of ``billables``; those left behind take no part.

    :return: list of :class:`PlannedInvoice`, sorted by customer; none has more than ``max_lines`` lines
    """
    options = options or Options()
    groups = {}
    for billable in sorted(billables, key=_order):
        if billable.left_behind is None:
            groups.setdefault(_group_key(billable, options), []).append(billable)
    invoices = []
    for key in sorted(groups, key=lambda key: _invoice_order(groups[key], key)):
        invoices += _split(_invoice(key, groups[key], options), options)
    return round_quantities(invoices, options.decimals)


# === INVOICES === #


def _id(record):
    return record.id if record else 0


def _group_key(billable, options):
    """What shares an invoice: one address, currency and company always, and the grouping chosen (R49)."""
    by = {
        "customer": (),
        "order": (_id(billable.order),),
        "project": (_id(billable.project),),
        "period": (_month(billable.date),),
    }[options.grouping]
    return (
        _id(billable.company),
        _id(billable.partner),
        _id(billable.currency),
        *billable.separate,
        options.grouping,
        *by,
    )


def _invoice_order(billables, key):
    first = billables[0]
    return (_name(first.partner), str(key[-1]).zfill(12), [str(part) for part in key])


def _invoice(key, billables, options):
    lines = {}
    for billable in billables:
        lines.setdefault(_line_key(billable, options), []).append(billable)
    invoice = PlannedInvoice(
        key="|".join(str(part) for part in key),
        partner=billables[0].partner,
        currency=billables[0].currency,
        company=billables[0].company,
        reference=_reference(billables, options),
    )
    for line_key, members in lines.items():
        invoice.lines.append(
            PlannedLine(
                key="|".join(str(part) for part in line_key),
                billables=members,
                name=_text(members, options),
                quantity=sum((billable.quantity for billable in members), Decimal(0)),
                price_unit=members[0].price_unit,
            )
        )
    return invoice


def _split(invoice, options):
    """An invoice of more lines than fit becomes several, counted in their references."""
    count = -(-len(invoice.lines) // options.max_lines)
    if count <= 1:
        return [invoice]
    parts = []
    for number in range(count):
        start = number * options.max_lines
        suffix = f" ({number + 1}/{count})"
        parts.append(
            replace(
                invoice,
                key=f"{invoice.key}#{number + 1}",
                reference=_clip(invoice.reference, MAX_REFERENCE - len(suffix)) + suffix,
                lines=invoice.lines[start : start + options.max_lines],
            )
        )
    return parts


# === LINES === #


def _order(billable):
    """Order of billables and so of lines: the fixed ones as ordered, then hours, then costs by day."""
    kinds = ("fixed", "milestone", "subscription", "delivered", "hours", "expense", "trip")
    line = billable.order_line
    return (
        kinds.index(billable.kind) if billable.kind in KINDS else len(kinds),
        _name(billable.order),
        getattr(line, "sequence", 0) if line else 0,
        _id(line),
        _name(billable.project),
        _name(billable.task),
        _iso(billable.date),
        _id(billable.record),
        billable.key,
    )


def _line_key(billable, options):
    """What shares a line: order line, product, unit, price, taxes and item always, and what the mode says.

    Order lines never share one: Odoo counts the whole quantity of an invoice line for each of them.
    """
    project, task = _id(billable.project), _id(billable.task)
    by = {
        "task": (project, task),
        "employee": (_id(billable.employee),),
        "day": (_iso(billable.date),),
        "product": (project,),
        "total": (),
    }[options.line_mode]
    return (
        billable.source,
        billable.kind,
        _id(billable.order_line),
        _id(billable.product),
        _id(billable.uom),
        repr(float(billable.price_unit)),
        repr(float(billable.discount)),
        ",".join(str(tax.id) for tax in billable.taxes or ()),
        _id(billable.item),
        options.line_mode,
        *by,
    )


# === TEXTS === #


def _name(record):
    return (getattr(record, "name", "") or "") if record else ""


def _distinct(texts):
    return list(dict.fromkeys(text for text in texts if text))


def _join(texts, limit=MAX_NAMES):
    """The texts, so many of them; how many more there are."""
    texts = _distinct(texts)
    more = len(texts) - limit
    return ", ".join(texts[:limit]) + (f" +{more}" if more > 0 else "")


def _span(dates, write):
    """From the first to the last, one text where they are written alike."""
    dates = sorted(date for date in dates if date)
    if not dates:
        return ""
    first, last = write(dates[0]), write(dates[-1])
    return first if first == last else f"{first} - {last}"


def _clip(text, length):
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _project(billable):
    """The name of the project, without what Odoo put in front of it: the order and the customer's reference."""
    name = _name(billable.project)
    order = billable.order
    known = {_name(order), getattr(order, "client_order_ref", "") or ""} if order else set()
    return " - ".join(part for part in name.split(" - ") if part not in known) or name


def _values(billables, options):
    dates = [billable.date for billable in billables]
    return {
        "task": _join(_name(billable.task) for billable in billables),
        "employee": _join(_name(billable.employee) for billable in billables),
        "project": _join(_project(billable) for billable in billables),
        "order": _join(_name(billable.order) for billable in billables),
        "product": _join(_name(billable.product) for billable in billables),
        "name": _join(billable.name for billable in billables),
        "date": _span(dates, options.date_text),
        "period": _span(dates, options.period_text),
    }


def _text(billables, options):
    """The text of a line: hours by the template, all else by its own text unless that is asked for too."""
    values = _values(billables, options)
    template = options.template or DEFAULT_TEMPLATES[options.line_mode]
    if billables[0].kind != "hours" and "{name}" not in template:
        return values["name"] or values["product"]
    return _fill(template, values) or values["name"] or values["product"]


def _fill(template, values):
    """The template with its placeholders filled in; an empty one takes the sign beside it along.

    An unknown placeholder stays as it is: the wizard refuses it before.
    """
    parts = _PLACEHOLDER.split(template)
    text, pending, last = "", "", None
    for index, part in enumerate(parts):
        if index % 2 == 0:
            pending += part
            continue
        value = values.get(part, "{" + part + "}")
        if value == last and _is_glue(pending):
            # A task called like its project is named once.
            value = ""
        if value:
            text += (pending if text or not _is_glue(pending) else "") + value
            pending, last = "", value
        elif _is_glue(pending):
            pending = ""
    text += "" if _is_glue(pending) and not pending.strip() else pending
    return re.sub(r"[\s:;,\-–/]+$", "", text).strip()


def _is_glue(text):
    """Nothing but blanks and the signs that stand between two values."""
    return not re.sub(r"[\s:;,\-–/|]", "", text)


def _reference(billables, options):
    """Becomes the Description in Exact (R48): the customer's own reference, else the orders; project; period.

    What does not fit is left away from the right; the texts of the orders count most.
    """
    own = _distinct(
        getattr(billable.order, "client_order_ref", "") or "" if billable.order else ""
        for billable in billables
    )
    orders = _distinct(_name(billable.order) for billable in billables)
    projects = _distinct(_project(billable) for billable in billables)
    work = [b.date for b in billables if b.kind in ("hours", "expense", "trip")]
    if options.grouping == "period":
        work = [billable.date for billable in billables]
    parts = [_join(own or orders)]
    if len(projects) == 1:
        parts.append(projects[0])
    parts.append(_span(work, options.period_text))
    parts = _distinct(parts)
    while len(parts) > 1 and len(" - ".join(parts)) > MAX_REFERENCE:
        parts.pop(-2 if len(parts) > 2 else -1)
    return _clip(" - ".join(parts), MAX_REFERENCE)
