"""The paper that a sales invoice is printed on."""

from __future__ import annotations

from decimal import Decimal

from .pdf import HEIGHT, Pdf, amount, fitting
from .state import Division, Row

_LEFT, _RIGHT = 50, 545
_COLUMNS = {"quantity": 350, "price": 415, "vat": 455, "amount": _RIGHT}
#: Lines that go on a page, above the totals.
_ROOM = HEIGHT - 170
ZERO = Decimal(0)

#: key: (English, Dutch)
_WORDS = {
    "invoice": ("Invoice", "Factuur"), "credit": ("Credit note", "Creditnota"),
    "number": ("Invoice number", "Factuurnummer"), "date": ("Invoice date", "Factuurdatum"),
    "due": ("Due date", "Vervaldatum"), "reference": ("Your reference", "Uw referentie"),
    "customer": ("Customer number", "Klantnummer"), "subject": ("Subject", "Betreft"),
    "description": ("Description", "Omschrijving"), "quantity": ("Quantity", "Aantal"),
    "price": ("Price", "Prijs"), "vat": ("VAT", "Btw"), "amount": ("Amount", "Bedrag"),
    "net": ("Total excluding VAT", "Totaal exclusief btw"), "total": ("Total", "Totaal"),
    "on": ("{rate} % VAT on {net}", "{rate} % btw over {net}"),
    "practice": ("Printed by a simulator: not a real invoice.",
                 "Afgedrukt door een simulator: geen echte factuur."),
}  # fmt: skip


def draw(division: Division, invoice: Row, lines: list[Row]) -> bytes:
    """The PDF of a numbered invoice, in Dutch for customers who read that."""
    account = division.table("crm/Accounts").get(invoice["InvoiceTo"]) or {}
    dutch = (account.get("Language") or "NL").strip().upper().startswith("NL")
    words = {key: pair[dutch] for key, pair in _WORDS.items()}
    kind = words["credit" if invoice["AmountFC"] < 0 else "invoice"]
    paper = Pdf(f"{kind} {invoice['InvoiceNumber']}")
    paper.text(_LEFT, 60, division.name, 14, bold=True)
    own = (division.info.get("address"), division.info.get("vat"))
    paper.text(_LEFT, 76, " - ".join(filter(None, own)), 8)
    place = " ".join(filter(None, (account.get("Postcode"), account.get("City"))))
    address = (account.get("Name"), account.get("AddressLine1"), place, account.get("CountryName"))
    y = 120.0
    for text in filter(None, address):
        paper.text(_LEFT, y, text, 10)
        y += 14
    paper.text(_LEFT, 200, f"{kind} {invoice['InvoiceNumber']}", 16, bold=True)
    y = _facts(paper, words, invoice, account, 222)
    y = _heads(paper, words, y + 16)
    for line in lines:
        if y > _ROOM:
            paper.new_page()
            y = _heads(paper, words, 60)
        paper.text(_LEFT, y, fitting(line.get("Description") or "", 240))
        quantity = amount(line["Quantity"].normalize(), dutch, _decimals(line["Quantity"], 0))
        unit = line.get("UnitDescription") or ""
        paper.right(_COLUMNS["quantity"], y, f"{quantity} {unit.lower()}".strip())
        price = line["NetPrice"]
        paper.right(_COLUMNS["price"], y, amount(price, dutch, _decimals(price, 2)))
        rate = (line["VATPercentage"] * 100).normalize()
        paper.right(_COLUMNS["vat"], y, f"{amount(rate, dutch, _decimals(rate, 0))} %")
        paper.right(_COLUMNS["amount"], y, amount(line["AmountFC"], dutch))
        y += 15
    _totals(paper, words, invoice, lines, y + 4, dutch)
    paper.text(_LEFT, HEIGHT - 40, words["practice"], 7)
    return paper.write()


def _decimals(value: Decimal, least: int) -> int:
    exponent = value.normalize().as_tuple().exponent
    return min(6, max(least, -exponent if isinstance(exponent, int) else 0))


def _facts(paper: Pdf, words: dict[str, str], invoice: Row, account: Row, y: float) -> float:
    facts = [
        ("number", invoice["InvoiceNumber"]), ("date", f"{invoice['InvoiceDate']:%d-%m-%Y}"),
        ("due", f"{invoice['DueDate']:%d-%m-%Y}"),
        ("customer", (account.get("Code") or "").strip()),
        ("reference", invoice.get("YourRef")), ("subject", invoice.get("Description")),
    ]  # fmt: skip
    for key, value in facts:
        if value not in (None, ""):
            paper.text(_LEFT, y, words[key])
            paper.text(_LEFT + 110, y, fitting(str(value), 380))
            y += 14
    return y


def _heads(paper: Pdf, words: dict[str, str], y: float) -> float:
    paper.text(_LEFT, y, words["description"])
    for key, x in _COLUMNS.items():
        paper.right(x, y, words[key])
    paper.rule(y + 5, _LEFT, _RIGHT)
    return y + 20


def _totals(
    paper: Pdf, words: dict[str, str], invoice: Row, lines: list[Row], y: float, dutch: bool
) -> None:
    rates: dict[Decimal, list[Decimal]] = {}
    for line in lines:
        sums = rates.setdefault(line["VATPercentage"], [ZERO, ZERO])
        sums[0] += line["_net"]
        sums[1] += line["VATAmountFC"]
    rows = [(words["net"], invoice["AmountFCExclVat"])]
    for rate, (net, tax) in sorted(rates.items()):
        percent = (rate * 100).normalize()
        shown = amount(percent, dutch, _decimals(percent, 0))
        rows.append((words["on"].format(rate=shown, net=amount(net, dutch)), tax))
    paper.rule(y - 10, 300, _RIGHT)
    for text, value in rows:
        paper.text(300, y + 4, text)
        paper.right(_RIGHT, y + 4, amount(value, dutch))
        y += 15
    paper.rule(y - 6, 300, _RIGHT)
    paper.text(300, y + 8, f"{words['total']} {invoice['Currency']}", 11, bold=True)
    paper.right(_RIGHT, y + 8, amount(invoice["AmountFC"], dutch), 11, bold=True)
