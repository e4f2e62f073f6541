"""Odoo's books beside the ledger of the local Exact Online: each document and each VAT code, to the cent."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from demo_parts.web import WebClient

CENT = Decimal("0.01")
Amounts = dict[str, tuple[Decimal, Decimal]]  # VAT code -> net, VAT

MOVE_SPEC = {
    "name": {},
    "ref": {},
    "exact_reference": {},
    "exact_entry_id": {},
    "move_type": {},
    "partner_id": {"fields": {"display_name": {}}},
    "currency_id": {"fields": {"name": {}}},
    "amount_untaxed": {},
    "amount_tax": {},
    "amount_total": {},
    "amount_residual": {},
    "payment_state": {},
    "exact_state": {},
    "exact_entry_number": {},
    "exact_message": {},
    "exact_problem_ids": {"fields": {"message": {}}},
}


def cents(value: Any) -> Decimal:
    """An amount that came as JSON, as the decimal number it stands for."""
    return Decimal(str(value or 0)).quantize(CENT)


def by_vat_code_in_odoo(web: WebClient, move_id: int, sign: int) -> Amounts:
    """Net and VAT of a document for each Exact VAT code, from its journal items."""
    lines = web.search(
        "account.move.line",
        [("move_id", "=", move_id), ("display_type", "in", ("product", "tax"))],
        {
            "display_type": {},
            "amount_currency": {},
            "tax_ids": {"fields": {"id": {}}},
            "tax_line_id": {"fields": {"id": {}}},
        },
        limit=500,
    )
    taxes = {tax["id"] for line in lines for tax in line["tax_ids"]}
    codes = {
        tax["id"]: (tax["exact_vat_code_id"] or {}).get("code")
        for tax in web.read(
            "account.tax", sorted(taxes), {"exact_vat_code_id": {"fields": {"code": {}}}}
        )
    }
    found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for line in lines:
        is_tax = line["display_type"] == "tax"
        tax = line["tax_line_id"] if is_tax else next(iter(line["tax_ids"]), None)
        code = codes.get(tax["id"]) if tax else "without"
        found[str(code)][is_tax] += sign * cents(line["amount_currency"])
    return {code: (net, vat) for code, (net, vat) in found.items()}


def by_vat_code_in_exact(entry: dict) -> Amounts:
    """Net and VAT of an entry for each VAT code."""
    found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for line in entry["lines"]:
        sums = found[(line["VATCode"] or "").strip()]
        sums[0] += cents(line["AmountFC"])
        sums[1] += cents(line["VATAmountFC"])
    return {code: (net, vat) for code, (net, vat) in found.items()}


def compare(web: WebClient, moves: list[dict], ledger: dict) -> tuple[list[list], list[str]]:
    """Hold every document against the ledger.

    :param moves: documents as read with MOVE_SPEC
    :param ledger: answer of the simulator's `/_sim/ledger/<division>`
    :return: rows for a table, and what does not agree, a sentence each
    """
    rows, wrong = [], []
    by_reference = defaultdict(list)
    for entry in ledger["entries"]:
        by_reference[entry["YourRef"]].append(entry)
    for move in moves:
        name = move["name"]
        # What Exact itself invoices carries a reference of its own; an entry the number of the invoice.
        entries = by_reference.pop(move["exact_reference"] or name, [])
        if not move["exact_entry_number"]:
            if entries:
                wrong.append(f"{name} stands in the ledger, but Odoo does not know it")
            continue
        if len(entries) != 1:
            wrong.append(f"{name} stands {len(entries)} times in the ledger")
            continue
        rows += _compare_one(web, move, entries[0], wrong)
    wrong += [f"the ledger has {name}, which Odoo did not send" for name in by_reference]
    if Decimal(str(ledger["balance"])) != 0:
        wrong.append(f"the ledger does not balance: {ledger['balance']}")
    return rows, wrong


def _compare_one(web: WebClient, move: dict, entry: dict, wrong: list[str]) -> list[list]:
    name = move["name"]
    sign = -1 if move["move_type"] == "out_refund" else 1
    if str(entry["EntryNumber"]) != move["exact_entry_number"]:
        wrong.append(f"{name} has entry {move['exact_entry_number']}, not {entry['EntryNumber']}")
    if entry["Currency"].strip() != move["currency_id"]["name"]:
        wrong.append(f"{name} is in {move['currency_id']['name']}, in Exact {entry['Currency']}")
    pairs = [
        ("total", sign * cents(move["amount_total"]), cents(entry["AmountFC"])),
        ("VAT", sign * cents(move["amount_tax"]), cents(entry["VATAmountFC"])),
        ("open", sign * cents(move["amount_residual"]), cents(entry["open"])),
    ]
    odoo = by_vat_code_in_odoo(web, move["id"], -1)
    exact = by_vat_code_in_exact(entry)
    for code in sorted({*odoo, *exact}):
        nothing = (Decimal(0), Decimal(0))
        for label, place in (("net", 0), ("VAT", 1)):
            pairs.append(
                (
                    f"{label} code {code}",
                    odoo.get(code, nothing)[place],
                    exact.get(code, nothing)[place],
                )
            )
    rows = []
    for label, ours, theirs in pairs:
        rows.append([name, label, ours, theirs, "equal" if ours == theirs else "DIFFERS"])
        if ours != theirs:
            wrong.append(f"{name}, {label}: Odoo {ours}, Exact {theirs}")
    return rows
