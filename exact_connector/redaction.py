"""What may leave the company in a file for a consultant: pure, it knows no record.

Values are kept by a list of what is harmless, texts by taking out what is not; in doubt it is taken out.
"""

import re
from dataclasses import dataclass, field

# Properties of Exact whose values are codes, numbers or switches: they tell what went wrong, not of whom.
HARMLESS = frozenset(
    (
        "AmountDC",
        "AmountFC",
        "AmountFCExclVat",
        "CostCenter",
        "CostUnit",
        "Country",
        "Currency",
        "Customer",
        "Discount",
        "DiscountType",
        "Document",
        "DueDate",
        "EntryDate",
        "EntryNumber",
        "FinancialPeriod",
        "FinancialYear",
        "GLAccount",
        "ID",
        "InvoiceDate",
        "InvoiceID",
        "InvoiceNumber",
        "InvoiceTo",
        "Item",
        "Journal",
        "LineNumber",
        "NetPrice",
        "OrderDate",
        "OrderedBy",
        "PaymentCondition",
        "PaymentConditionSales",
        "Project",
        "Quantity",
        "Rate",
        "ReportingPeriod",
        "ReportingYear",
        "SalesEntryLines",
        "SalesInvoiceLines",
        "SalesVATCode",
        "State",
        "Status",
        "Type",
        "UnitCode",
        "UnitPrice",
        "VATAmountDC",
        "VATAmountFC",
        "VATBaseAmountDC",
        "VATBaseAmountFC",
        "VATCode",
        "VATPercentage",
        "YourRef",
        "asked",
        "document",
        "from",
        "to",
    )
)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DATE = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?"
# What stands for a token, a key or an encoded file: long, without a blank, with digits and letters.
_OPAQUE = re.compile(r"(?=[A-Za-z+/_=.~-]*\d)[A-Za-z0-9+/_=.~-]{24,}")
_LABELLED = re.compile(
    r"(?i)\b(bearer|basic|token|secret|password|code|state|key|client_id|authorization)"
    r"(\s*[=:]\s*|\s+)[\"']?(?=[^\s\"'&;,]*[\d._~+/-])[^\s\"'&;,]{4,}"
)
_MAIL = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+\.\w+")
_IBAN = re.compile(
    r"\b[A-Z]{2}\d{2}(?:[ .-]?[A-Z0-9]{4}){2,7}(?:[ .-]?[A-Z0-9]{1,4})?\b|\b(?i:[A-Z]{2}\d{2}[A-Z0-9]{11,30})\b"
)
# Nine digits and more, however they are grouped: telephone, bank and personal numbers. A date is none,
# nor is the number of a document with its year.
_NUMBER = re.compile(
    rf"({_DATE}|(?<!\d)20\d\d[/-]\d{{1,6}}(?!\d))|\+?\d(?:[ .\-/()]{{0,2}}\d){{8,}}"
)
_VAT = re.compile(r"\b[A-Z]{2}[ .]?\d{2,}[\d. ]*(?:B[\d. ]*\d)?\b")
_ADDRESS = re.compile(r"(https?://[^\s/?#]+)([^\s]*)")
HIDDEN = "***"


@dataclass
class Redactor:
    """Takes known secrets and names out of texts, and what looks like one of either.

    :param secrets: values that must not appear anywhere
    :param names: name -> what stands for it, so that one person stays one person ("customer 12")
    """

    secrets: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        self.secrets = sorted({text for text in self.secrets if text}, key=len, reverse=True)
        known = {
            name.strip().casefold(): stand_in
            for name, stand_in in self.names.items()
            if name and len(name.strip()) > 2
        }
        self._known = known
        longest_first = sorted(known, key=len, reverse=True)
        self._pattern = (
            re.compile(
                r"(?<!\w)(" + "|".join(re.escape(name) for name in longest_first) + r")(?!\w)",
                re.IGNORECASE,
            )
            if known
            else None
        )

    def text(self, value):
        """A text for a reader outside: its words stay, what is nobody's business does not."""
        if not value:
            return value or None
        text = str(value)
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        if self._pattern:
            text = self._pattern.sub(lambda found: self._known[found[1].casefold()], text)
        text = _ADDRESS.sub(_without_query, text)
        text = _LABELLED.sub(lambda found: f"{found[1]}{found[2]}{HIDDEN}", text)
        text = _MAIL.sub(f"{HIDDEN}@{HIDDEN}", text)
        text = _OPAQUE.sub(lambda found: found[0] if _harmless(found[0]) else HIDDEN, text)
        text = _IBAN.sub(lambda found: HIDDEN if _long(found[0]) else found[0], text)
        text = _VAT.sub(lambda found: HIDDEN if _long(found[0], 8) else found[0], text)
        return _NUMBER.sub(lambda found: found[1] or HIDDEN, text)

    def sent(self, value, name=""):
        """The values of a call: structure, codes and amounts stay, all words are replaced by their length."""
        if isinstance(value, dict):
            return {key: self.sent(part, key) for key, part in value.items()}
        if isinstance(value, list):
            return [self.sent(part, name) for part in value]
        if value is None or isinstance(value, bool):
            return value
        if name in HARMLESS:
            return self.text(value) if isinstance(value, str) else value
        return f"({len(str(value))} characters)"


def _harmless(text):
    """A GUID is a key in the user's own books; a chain of words, as of a file's name, is no token."""
    if _GUID.fullmatch(text):
        return True
    return all(part.isalpha() or len(part) < 6 for part in re.split(r"[/_.=-]", text))


def _long(text, least=15):
    """Whether there are as many letters and digits as in the shortest bank number, and digits among them."""
    kept = re.sub(r"[^A-Za-z0-9]", "", text)
    return len(kept) >= least and sum(letter.isdigit() for letter in kept) >= 8


def _without_query(found):
    """The way to a page without what was asked there."""
    way = found[2].partition("?")[0].partition("#")[0]
    return f"{found[1].rsplit('@', 1)[-1] if '@' in found[1] else found[1]}{way}"
