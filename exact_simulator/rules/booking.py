"""Checks that sales entries and sales invoices share: customer, journal, lines and their VAT."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from ..geo import RATES, round_money
from ..state import Row
from .base import Context, Problems, Ref, check_lengths, resolve

ZERO = Decimal(0)
#: Ledgers that a line may not be booked on: debtors, creditors, VAT.
FORBIDDEN_LEDGERS = (20, 22, 24)

#: What a line of an entry or of an invoice points at.
LINE_REFS = {
    "GLAccount": Ref(
        "financial/GLAccounts", "GLAccount", None,
        {"GLAccountCode": "Code", "GLAccountDescription": "Description"},
    ),
    "VATCode": Ref(
        "vat/VATCodes", "VATCode", "Code", {"VATCodeDescription": "Description"}
    ),
    "CostCenter": Ref(
        "hrm/Costcenters", "CostCenter", "Code", {"CostCenterDescription": "Description"}
    ),
    "CostUnit": Ref(
        "hrm/Costunits", "CostUnit", "Code", {"CostUnitDescription": "Description"}
    ),
    "Project": Ref(
        "project/Projects", "Project", None, {"ProjectDescription": "Description"}
    ),
}  # fmt: skip


def check_customer(
    ctx: Context, row: Row, date: datetime, problems: Problems, term: str = "Customer"
) -> Row | None:
    """The account ``row["Customer"]``: known, a customer, not blocked, not ended on ``date``."""
    account = ctx.table("crm/Accounts").get(row.get("Customer"))
    if account is None:
        problems.add("invalid_reference", field="Relationship" if term == "Customer" else term)
        return None
    if account.get("Status") != "C":
        problems.add("invalid_type", field=term)
    if account.get("Blocked"):
        problems.add("blocked", field="Relationship")
    if account.get("EndDate") and account["EndDate"] < date:
        problems.add("inactive", field="Relationship")
    return account


def check_journal(ctx: Context, code: str | None, problems: Problems) -> Row | None:
    """A sales journal by its code; a GUID or another type is refused."""
    journal = ctx.table("financial/Journals").first("Code", (code or "").strip())
    if journal is None:
        problems.add("invalid_reference", field="Journals")
    elif journal["Type"] not in (20, 21):
        problems.add("invalid", field="JournalType")
    elif journal.get("IsBlocked"):
        problems.add("blocked", field="Journal")
    return journal


def vat_of(line: Row, code: Row | None, currency: str, problems: Problems) -> None:
    """Fill in ``_net`` (what goes to the revenue ledger) and ``VATAmountFC`` of a line.

    An amount given for VAT wins over the computed one, but must fit the kind of code: nothing for
    0 % codes; for an including code (type I) the amount is taken as inclusive, so VAT that was
    computed on top of it does not fit.
    """
    amount, given = line["AmountFC"], line.get("VATAmountFC")
    line["_vat_type"] = code["Type"] if code else None
    rate = (code.get("Percentage") or ZERO) if code else ZERO
    if code and line.get("VATPercentage") is not None:
        if line["VATPercentage"] <= 0 and rate > 0:
            problems.add("invalid_value", field="VATPercentage", value="")
        elif rate > 0:
            rate = line["VATPercentage"]
    kind = code["Type"] if code else "N"
    if kind in ("B", "N") or (code and code.get("Charged")):
        rate = ZERO
    if kind == "I":
        net = round_money(amount / (1 + rate), currency)
        expected = amount - net
    else:
        net, expected = amount, round_money(amount * rate, currency)
    if given is None:
        given = expected
    else:
        given = round_money(given, currency)
        fits = rate > 0 if kind != "I" else given == expected
        if given != 0 and not fits:
            problems.add("vat_mismatch", given=given, expected=expected)
    line["_net"], line["VATAmountFC"] = net, given
    line["VATPercentage"] = rate
    line["VATBaseAmountFC"] = net


def prepare_line(ctx: Context, entry: Row, line: Row, number: int, problems: Problems) -> Row:
    """Check a line and work out its VAT; problems of all lines are gathered."""
    line.setdefault("ID", str(uuid.uuid4()))
    line |= {"EntryID": entry["EntryID"], "LineNumber": number, "Type": entry.get("Type", 20)}
    currency = entry.get("Currency") if entry.get("Currency") in RATES else "EUR"
    if line.get("AmountFC") is None:
        problems.add("mandatory", field="AmountFC")
        line["AmountFC"] = ZERO
    line["AmountFC"] = round_money(line["AmountFC"], currency or "EUR")
    check_lengths(ctx, line, {"Description": 60}, problems)
    if not line.get("GLAccount"):
        problems.add("gl_mandatory")
    code = check_line(ctx, entry.get("Journal"), line, LINE_REFS, problems)
    if (line.get("From") is None) != (line.get("To") is None):
        problems.add("mandatory", field="To" if line.get("To") is None else "From")
    elif line.get("From") and line["From"] > line["To"]:
        problems.add("invalid", field="To")
    vat_of(line, code, currency or "EUR", problems)
    return line


def check_line(
    ctx: Context, journal: str | None, line: Row, refs: dict[str, Ref], problems: Problems
) -> Row | None:
    """Check ledger, VAT code and dimensions of a line; returns its VAT code."""
    _check_ledger(ctx, line, problems)
    resolve(ctx, line, [*refs], refs, problems)
    code = (
        ctx.table("vat/VATCodes").first("Code", line.get("VATCode"))
        if line.get("VATCode")
        else None
    )
    if code is not None:
        if code.get("IsBlocked"):
            problems.add("blocked", field="VATCode")
        booked_in = ctx.table("financial/Journals").first("Code", journal)
        if booked_in is not None and not booked_in.get("AllowVAT") and code["Type"] != "N":
            problems.add("not_allowed", field="VATCodeNotAllowed")
    center = ctx.table("hrm/Costcenters").first("Code", line.get("CostCenter") or "")
    if center is not None and center.get("Active") is False:
        problems.add("inactive", field="CostCenter")
    return code


def _check_ledger(ctx: Context, line: Row, problems: Problems) -> None:
    ledger = ctx.table("financial/GLAccounts").get(line.get("GLAccount"))
    if ledger is None:
        return
    if ledger["Type"] in FORBIDDEN_LEDGERS:
        problems.add("gl_type")
    if ledger.get("IsBlocked"):
        problems.add("blocked", field="GLAccount")
    if not line.get("VATCode"):
        line["VATCode"] = ledger.get("VATCode")
    for prop, use in (("CostCenter", "UseCostcenter"), ("CostUnit", "UseCostunit")):
        if ledger.get(use) == 1 and not line.get(prop):
            problems.add("mandatory", field=prop)
        elif ledger.get(use) == 2 and line.get(prop):
            problems.add("not_allowed", field=prop)
