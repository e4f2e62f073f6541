"""Plain data of the seed: administrations, ledgers, journals, VAT codes, conditions, items."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

DIVISIONS: dict[str, list[dict[str, Any]]] = {
    "nl": [
        {
            "code": 1001, "name": "Praktijk Noord BV",
            "info": {
                "country": "NL", "currency": "EUR", "address": "Stationsplein 1",
                "postcode": "9726 AE", "city": "Groningen", "phone": "050 123 45 67",
                "email": "noord@practice.example", "vat": "NL001234567B01", "kvk": "01234567",
                "hid": 1, "legislation": 1,
            },
        },
        {
            "code": 1002, "name": "Praktijk Zuid BV",
            "info": {
                "country": "NL", "currency": "EUR", "address": "Markt 12",
                "postcode": "5611 EC", "city": "Eindhoven", "phone": "040 765 43 21",
                "email": "zuid@practice.example", "vat": "NL007654321B01", "kvk": "07654321",
                "hid": 2, "legislation": 1,
            },
        },
    ],
    "be": [
        {
            "code": 2001, "name": "Praktijk Antwerpen NV",
            "info": {
                "country": "BE", "currency": "EUR", "address": "Meir 50",
                "postcode": "2000", "city": "Antwerpen", "phone": "03 123 45 67",
                "email": "antwerpen@practice.example", "vat": "BE0417497106",
                "kvk": "0417497106", "hid": 1, "legislation": 2,
            },
        },
    ],
}  # fmt: skip

GL_TYPES = {
    10: "Kas", 12: "Bank", 20: "Debiteuren", 22: "Crediteuren", 24: "Btw", 50: "Kapitaal",
    90: "Neutraal", 110: "Omzet", 111: "Kostprijs verkopen", 121: "Verkoop- en algemene kosten",
}  # fmt: skip

#: Revenue ledgers and the kind of VAT that goes with them.
_REVENUE = [
    ("8000", "Omzet hoog", "high"), ("8010", "Omzet laag", "low"), ("8020", "Omzet nul", "zero"),
    ("8030", "Omzet EU", "eu"), ("8040", "Omzet buiten EU", "export"),
    ("8100", "Omzet diensten", "high"), ("8900", "Verleende kortingen", "high"),
    ("9990", "Vervallen omzet", "high"),
]  # fmt: skip
_DEFAULT_VAT = {
    "nl": {"high": "2", "low": "1", "zero": "8", "eu": "7", "export": "6"},
    "be": {"high": "4", "low": "2", "zero": "1", "eu": "7", "export": "6"},
}

Ledger = tuple[str, str, int, str, str, str | None]


def ledgers(country: str) -> list[Ledger]:
    """Code, description, type, balance side, balance type and default VAT code of each ledger."""
    vat = _DEFAULT_VAT[country]
    balance: list[Ledger] = [
        ("0500", "Aandelenkapitaal", 50, "C", "B", None),
        ("1000", "Kas", 10, "D", "B", None),
        ("1100", "Bank", 12, "D", "B", None),
        ("1300", "Debiteuren", 20, "D", "B", None),
        ("1500", "Btw te betalen hoog", 24, "C", "B", None),
        ("1510", "Btw te betalen laag", 24, "C", "B", None),
        ("1520", "Btw te vorderen", 24, "D", "B", None),
        ("1600", "Crediteuren", 22, "C", "B", None),
        ("2000", "Tussenrekening", 90, "D", "B", None),
        ("4500", "Algemene kosten", 121, "D", "W", None),
        ("4990", "Betalingsverschillen", 90, "D", "W", None),
        ("7000", "Inkoopwaarde", 111, "D", "W", None),
    ]
    return balance + [(code, name, 110, "C", "W", vat[kind]) for code, name, kind in _REVENUE]


JOURNALS: list[dict[str, Any]] = [
    {"code": "10", "name": "Kas", "type": 10, "gl": "1000", "currency": False},
    {"code": "20", "name": "Bank", "type": 12, "gl": "1100", "currency": False},
    {"code": "60", "name": "Inkoopboek", "type": 22, "gl": "1600", "currency": True},
    {"code": "70", "name": "Verkoopboek", "type": 20, "gl": "1300", "currency": True},
    {"code": "71", "name": "Verkoop creditnota's", "type": 20, "gl": "1300", "currency": True},
    {"code": "72", "name": "Verkoopboek valuta", "type": 20, "gl": "1300", "currency": True},
    {"code": "73", "name": "Verkoop retour", "type": 21, "gl": "1300", "currency": True},
    {"code": "74", "name": "Verkoopboek alleen EUR", "type": 20, "gl": "1300", "currency": False},
    {"code": "80", "name": "Verkoopboek oud", "type": 20, "gl": "1300", "currency": True},
    {"code": "90", "name": "Memoriaal", "type": 90, "gl": "2000", "currency": True},
]

#: Code, description, type, (since year, fraction) and what is special about it.
VatCode = tuple[str, str, str, list[tuple[int, str]], str]
VAT_CODES: dict[str, list[VatCode]] = {
    "nl": [
        ("0", "Geen btw", "N", [(2000, "0")], ""),
        ("1", "Btw laag tarief, exclusief", "E", [(2001, "0.06"), (2019, "0.09")], ""),
        ("2", "Btw hoog tarief, exclusief", "E", [(2001, "0.19"), (2013, "0.21")], ""),
        ("3", "Btw verlegd", "B", [(2000, "0")], "charged"),
        ("5", "Btw hoog tarief, inclusief", "I", [(2001, "0.19"), (2013, "0.21")], ""),
        ("6", "Uitvoer buiten de EU", "B", [(2000, "0")], ""),
        ("7", "Levering binnen de EU", "B", [(2000, "0")], "eu"),
        ("8", "Nultarief, exclusief", "E", [(2000, "0")], ""),
        ("9", "Btw hoog tarief (vervallen)", "E", [(2013, "0.21")], "blocked"),
    ],
    "be": [
        ("0", "Geen btw", "N", [(2000, "0")], ""),
        ("1", "Btw 0 %", "B", [(2000, "0")], ""),
        ("2", "Btw 6 %, exclusief", "E", [(2000, "0.06")], ""),
        ("3", "Btw 12 %, exclusief", "E", [(2000, "0.12")], ""),
        ("4", "Btw 21 %, exclusief", "E", [(2000, "0.21")], ""),
        ("5", "Btw 21 %, inclusief", "I", [(2000, "0.21")], ""),
        ("6", "Uitvoer buiten de EU", "B", [(2000, "0")], ""),
        ("7", "Intracommunautaire levering", "B", [(2000, "0")], "eu"),
        ("8", "Medecontractant", "B", [(2000, "0")], "charged"),
        ("9", "Btw 21 % (vervallen)", "E", [(2000, "0.21")], "blocked"),
    ],
}

CONDITION_DEFAULTS: dict[str, Any] = {
    "PaymentMethod": "B", "PaymentDays": 0, "PaymentEndOfMonths": 0, "DiscountPaymentDays": 0,
    "DiscountPercentage": Decimal(0), "Percentage": Decimal(1), "DiscountCalculation": "I",
    "PaymentDiscountType": "B",
}  # fmt: skip

#: A condition with several instalments is several rows with one code (Exact API sheet 5.10).
CONDITIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("00", "Contant", {"PaymentMethod": "K"}),
    ("08", "8 dagen", {"PaymentDays": 8}),
    ("14", "14 dagen", {"PaymentDays": 14}),
    ("15", "15 dagen", {"PaymentDays": 15}),
    ("21", "21 dagen", {"PaymentDays": 21}),
    ("30", "30 dagen", {"PaymentDays": 30}),
    ("45", "45 dagen", {"PaymentDays": 45}),
    ("60", "60 dagen", {"PaymentDays": 60}),
    ("I14", "14 dagen, automatische incasso", {"PaymentDays": 14, "PaymentMethod": "I"}),
    ("I30", "30 dagen, automatische incasso", {"PaymentDays": 30, "PaymentMethod": "I"}),
    ("EM", "Einde volgende maand", {"PaymentEndOfMonths": 1}),
    ("30EM", "Einde volgende maand plus 30 dagen", {"PaymentEndOfMonths": 1, "PaymentDays": 30}),
    (
        "K2",
        "30 dagen, 2 % korting binnen 8 dagen",
        {"PaymentDays": 30, "DiscountPaymentDays": 8, "DiscountPercentage": Decimal("0.02")},
    ),
    ("2T", "Twee termijnen", {"PaymentDays": 30, "Percentage": Decimal("0.5")}),
    ("2T", "Twee termijnen", {"PaymentDays": 60, "Percentage": Decimal("0.5")}),
]

COST_CENTERS = [
    # code, description, in use
    ("NOORD", "Vestiging Noord", True),
    ("ZUID", "Vestiging Zuid", True),
    ("OUD", "Vestiging Oud", False),
]
COST_UNITS = [("ADVIES", "Advies"), ("BEHEER", "Beheer")]
#: Code, description, whether it ended last year.
PROJECTS = [("P100", "Website", False), ("P200", "Migratie", False), ("P001", "Oplevering", True)]

UNITS = {"uur": "Uur", "stuk": "Stuk", "km": "Kilometer"}

_ITEMS = [
    # code, description, group, unit, revenue ledger, kind of VAT, fraction allowed, price
    ("UREN", "Advies per uur", "DIENST", "uur", "8100", "high", True, "95"),
    ("STUK", "Product", "PROD", "stuk", "8000", "high", False, "49.5"),
    ("BOEK", "Boek", "PROD", "stuk", "8010", "low", False, "24.95"),
    ("REIS", "Reiskosten", "DIENST", "stuk", "8100", "high", True, "1"),
    ("KM", "Kilometers", "DIENST", "km", "8100", "high", True, "0.35"),
    ("LEEG", "Artikel zonder omzetrekening", "LEEG", "stuk", None, "high", True, "10"),
    ("OUD", "Vervallen artikel", "PROD", "stuk", "8000", "high", True, "10"),
    ("INKOOP", "Alleen inkoop", "PROD", "stuk", "8000", "high", False, "10"),
    ("ALG", "Algemeen", "DIENST", "stuk", "8000", "high", True, "1"),
]


def items(country: str) -> list[dict[str, Any]]:
    """The items of the demo, with the VAT code of the country."""
    names = ("code", "name", "group", "unit", "gl", "vat", "fraction", "price")
    plans = [dict(zip(names, row, strict=True)) for row in _ITEMS]
    for plan in plans:
        plan["vat"] = _DEFAULT_VAT[country][plan["vat"]]
    return plans
