"""Lines of a sales invoice: what an item brings with it, prices, amounts and VAT (sheet 5.13).

What is not known for sure is an option (see ``state.DEFAULT_OPTIONS``): which amounts that are
sent count, to how many decimals a quantity is kept, the sign of a credited quantity, and whether
VAT is rounded by line or by VAT code. ``_given`` of a stored line holds the amounts that count as
they were sent, so that a line can be worked out again when its invoice changes.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from .. import chart
from ..geo import RATES, round_money, round_to
from ..state import Row
from .base import Context, Problems, Ref, check_lengths
from .booking import LINE_REFS, check_line, vat_of

LINES = "salesinvoice/SalesInvoiceLines"
ZERO = Decimal(0)
#: Types of which money goes back: credit invoice and direct credit invoice.
CREDITS = (8021, 8024)
#: Amounts of a line that count when they are given, where the option says so.
_AMOUNTS = ("AmountFC", "VATAmountFC")
#: Who touches one of these wants the amounts worked out anew.
_PRICED = {"Item", "Quantity", "UnitPrice", "NetPrice", "Discount", "VATCode", "VATPercentage"}

_REFS = {
    "Item": Ref(
        "logistics/Items", "Item", None, {"ItemCode": "Code", "ItemDescription": "Description"}
    ),
    **{
        name: Ref(
            ref.table, ref.term, ref.by,
            {own: there for own, there in ref.fills.items() if own != "GLAccountCode"},
        )
        for name, ref in LINE_REFS.items()
    },
}  # fmt: skip


def lines_of(ctx: Context, invoice: Row) -> list[Row]:
    """Copies of the lines of an invoice in order."""
    rows = ctx.table(LINES).find("InvoiceID", invoice["InvoiceID"])
    return sorted(({"_given": {}, **row} for row in rows), key=lambda row: row["LineNumber"])


def new_line(ctx: Context, invoice: Row, given: Row, number: int, problems: Problems) -> Row:
    """A line as it is sent, completed from its item."""
    line = {name: value for name, value in given.items() if value is not None}
    line |= {
        "ID": str(uuid.uuid4()), "InvoiceID": invoice["InvoiceID"], "LineNumber": number,
        "_given": _counting(ctx, given),
    }  # fmt: skip
    return _complete(ctx, invoice, line, problems)


def changed_line(ctx: Context, invoice: Row, old: Row, given: Row, problems: Problems) -> Row:
    """A line with other values; the price follows what was changed of it."""
    given = {n: v for n, v in given.items() if n not in ("ID", "InvoiceID", "LineNumber")}
    line = {**old, **given}
    kept = {} if _PRICED & set(given) else old.get("_given", {})
    line["_given"] = {**kept, **_counting(ctx, given)}
    if given.get("Item") not in (None, old["Item"]):
        for name in (
            "GLAccount", "VATCode", "Description", "UnitCode", "UnitPrice", "NetPrice",
        ):  # fmt: skip
            if given.get(name) is None:
                line.pop(name, None)
    elif given.get("NetPrice") is not None:
        if given.get("UnitPrice") is None:
            line.pop("UnitPrice", None)
    elif {"UnitPrice", "Discount"} & set(given):
        line.pop("NetPrice", None)
    return _complete(ctx, invoice, line, problems)


def _counting(ctx: Context, given: Row) -> Row:
    names = ["VATPercentage"]
    if ctx.option("invoice_line_amounts") == "given":
        names += _AMOUNTS
    return {name: given[name] for name in names if given.get(name) is not None}


def _complete(ctx: Context, invoice: Row, line: Row, problems: Problems) -> Row:
    if line.get("Quantity") is None:
        line["Quantity"] = Decimal(1)
    line["Quantity"] = round_to(line["Quantity"], ctx.option("quantity_decimals"))
    item = ctx.table("logistics/Items").get(line["Item"]) if line.get("Item") else None
    if not line.get("Item"):
        problems.add("mandatory", field="Item")
    if item is not None:
        _from_item(ctx, invoice, line, item, problems)
        if not line.get("GLAccount"):
            problems.add("gl_mandatory")
    check_lengths(ctx, line, {"Description": 60}, problems)
    if line.get("StartTime") and line.get("EndTime") and line["EndTime"] < line["StartTime"]:
        problems.add("invalid", field="EndTime")
    check_line(ctx, invoice.get("Journal"), line, _REFS, problems)
    _prices(line)
    amounts(ctx, invoice, line, problems)
    return line


def _from_item(ctx: Context, invoice: Row, line: Row, item: Row, problems: Problems) -> None:
    today = ctx.division.today()
    if not item.get("IsSalesItem"):
        problems.add("invalid_type", field="Item")
    if item.get("EndDate") and item["EndDate"] < today:
        problems.add("inactive", field="Item")
    if item.get("StartDate") and item["StartDate"] > today:
        problems.add("inactive", field="Item")
    whole = line["Quantity"] == line["Quantity"].to_integral_value()
    if not whole and not item["IsFractionAllowedItem"]:
        problems.add("invalid_value", field="Quantity", value=f"{line['Quantity'].normalize():f}")
    line["GLAccount"] = line.get("GLAccount") or item.get("GLRevenue")
    if not line.get("VATCode"):
        account = ctx.table("crm/Accounts").get(invoice.get("OrderedBy")) or {}
        line["VATCode"] = account.get("SalesVATCode") or item.get("SalesVatCode")
    if line.get("Description") is None:
        line["Description"] = item["Description"]
    unit = line["UnitCode"] = (line.get("UnitCode") or item.get("Unit") or "").strip() or None
    others = unit in chart.UNITS if ctx.option("line_unit") == "any" else unit == item.get("Unit")
    if unit is not None and not others:
        problems.add("invalid_reference", field="Unit")
    line["UnitDescription"] = chart.UNITS.get(unit or "")
    priced = ("UnitPrice", "NetPrice")
    if "AmountFC" not in line["_given"] and all(line.get(name) is None for name in priced):
        line["UnitPrice"] = item.get("StandardSalesPrice") or ZERO


def _prices(line: Row) -> None:
    """Net price and unit price follow from each other; without both, from an amount that counts."""
    if line.get("Discount") is None:
        line["Discount"] = ZERO
    rest = 1 - line["Discount"]
    amount = line["_given"].get("AmountFC")
    if amount is not None and line.get("NetPrice") is None and line["Quantity"]:
        line["NetPrice"] = round_to(amount / line["Quantity"], 6)
    if line.get("NetPrice") is None:
        line["NetPrice"] = (line.get("UnitPrice") or ZERO) * rest
    if line.get("UnitPrice") is None:
        line["UnitPrice"] = line["NetPrice"] / rest if rest else line["NetPrice"]


def _sign(ctx: Context, invoice: Row) -> int:
    """-1 where a positive quantity gives money back."""
    positive = ctx.option("credit_quantity") == "positive"
    return -1 if positive and invoice.get("Type") in CREDITS else 1


def amounts(ctx: Context, invoice: Row, line: Row, problems: Problems) -> None:
    """AmountFC (excluding VAT but for an including code) and VATAmountFC, in the currency.

    A negative amount is money that goes back to the customer, whatever the sign of the quantity;
    amounts that are sent have the sign of their quantity.
    """
    currency = invoice["Currency"] if invoice.get("Currency") in RATES else "EUR"
    given, sign = line["_given"], _sign(ctx, invoice)
    amount, tax = given.get("AmountFC"), given.get("VATAmountFC")
    if amount is None:
        amount = line["Quantity"] * line["NetPrice"]
    line["AmountFC"] = round_money(amount * sign, currency)
    line["VATAmountFC"] = None if tax is None else tax * sign
    line["VATPercentage"] = given.get("VATPercentage")
    code = ctx.table("vat/VATCodes").first("Code", line.get("VATCode"))
    vat_of(line, code, currency, problems)


def spread_vat(ctx: Context, invoice: Row, lines: list[Row]) -> None:
    """With VAT on the sum by code, the last line of a code takes what rounding leaves."""
    if ctx.option("invoice_vat") != "code":
        return
    groups: dict[tuple[str, Decimal], list[Row]] = {}
    for line in lines:
        if line["_vat_type"] == "E" and "VATAmountFC" not in line["_given"]:
            line["VATAmountFC"] = round_money(
                line["_net"] * line["VATPercentage"], invoice["Currency"]
            )
            groups.setdefault((line["VATCode"], line["VATPercentage"]), []).append(line)
    for (_code, rate), group in groups.items():
        net = sum((line["_net"] for line in group), ZERO)
        tax = sum((line["VATAmountFC"] for line in group), ZERO)
        group[-1]["VATAmountFC"] += round_money(net * rate, invoice["Currency"]) - tax
