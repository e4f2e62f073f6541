"""Customers for the demo, the same ones on every run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from .geo import COUNTRIES
from .state import Division, Row

_FIRST = [
    "Van Dijk",
    "Bakker",
    "De Vries",
    "Janssens",
    "Peeters",
    "Visser",
    "Smit",
    "Meijer",
    "Mulder",
    "De Groot",
    "Bos",
    "Vos",
    "Maes",
    "Jacobs",
    "Mertens",
    "Dekker",
    "Brouwer",
    "De Wit",
    "Dijkstra",
    "Smits",
    "De Graaf",
    "Van der Linden",
    "Kok",
    "Van Vliet",
]
_TRADE = [
    "Bouw",
    "Advies",
    "Transport",
    "Techniek",
    "Design",
    "Software",
    "Installaties",
    "Groothandel",
    "Zorg",
    "Events",
    "Logistiek",
    "Metaal",
    "Interieur",
    "Catering",
]
_STREETS = ["Dorpsstraat", "Kerkstraat", "Havenweg", "Industrieweg", "Marktplein", "Molenlaan"]
_GIVEN = ["Anna", "Bram", "Chris", "Daan", "Eva", "Femke", "Gijs", "Hanna", "Iris", "Jan"]
_PLACES = {
    "NL": [("1011 AB", "Amsterdam"), ("3011 CD", "Rotterdam"), ("3511 EF", "Utrecht"),
           ("9711 GH", "Groningen"), ("5611 JK", "Eindhoven"), ("6511 LM", "Nijmegen")],
    "BE": [("2000", "Antwerpen"), ("9000", "Gent"), ("1000", "Brussel"), ("3000", "Leuven")],
    "DE": [("10115", "Berlin"), ("50667", "Köln"), ("80331", "München")],
    "FR": [("75001", "Paris"), ("69001", "Lyon"), ("59000", "Lille")],
    "US": [("10001", "New York"), ("94103", "San Francisco")],
}  # fmt: skip
_FORMS = {"NL": "BV", "BE": "NV", "DE": "GmbH", "FR": "SARL", "US": "Inc."}
_MIX = {"nl": "NNNNNNNBDF", "be": "BBBBBBBNDF"}
_LETTER = {"N": "NL", "B": "BE", "D": "DE", "F": "FR"}
_CONDITIONS = ["30", "30", "14", "08", "60", "30EM", "I14"]


def accounts_of(division: Division, count: int) -> Iterator[tuple[Row, Row | None, Row | None]]:
    """Accounts 1 to ``count`` with, for the first twenty, a contact and an invoice address.

    Five to eleven are the odd ones: hard text, no VAT code, blocked, ended, prospect, supplier,
    and a customer outside Europe.
    """
    dice = random.Random(  # nosec B311  # made-up customers, the same at every start
        f"{division.country.code}/{division.code}"
    )
    today = division.today()
    since = datetime(today.year - 2, 1, 1)
    for number in range(1, count + 1):
        country = _LETTER[dice.choice(_MIX[division.country.code])]
        country = "US" if number == 11 else country
        account = _account(dice, division, number, country, since)
        _make_odd(account, number, today)
        contact = address = None
        if number <= 20:
            contact = _contact(dice, account)
            address = _address(dice, account, country) if number % 3 == 0 else None
        yield account, contact, address


def _account(
    dice: random.Random, division: Division, number: int, country: str, since: datetime
) -> Row:
    name = f"{dice.choice(_FIRST)} {dice.choice(_TRADE)} {_FORMS[country]}"
    postcode, city = dice.choice(_PLACES[country])
    domestic = country == division.info["country"]
    vat = _sales_vat(division, country)
    row: Row = {
        "Code": str(number).rjust(18), "Name": name, "Status": "C", "IsSales": True,
        "IsSupplier": False, "IsPurchase": False, "Blocked": False, "Type": "A",
        "AddressLine1": f"{dice.choice(_STREETS)} {dice.randint(1, 250)}",
        "Postcode": postcode, "City": city, "Country": country, "CountryName": COUNTRIES[country],
        "Email": f"info{number}@customer{number}.example",
        "Phone": f"+31 20 {dice.randint(1000000, 9999999)}",
        "Website": f"www.customer{number}.example", "Language": "NL" if domestic else "EN",
        "VATNumber": _vat_number(dice, country), "SalesVATCode": vat,
        "PaymentConditionSales": dice.choice(_CONDITIONS), "SearchCode": name.upper()[:20],
        "StartDate": since, "CustomerSince": since, "StatusSince": since, "Source": 2,
        "SecurityLevel": 10, "ConsolidationScenario": 6, "InvoiceAttachmentType": 1,
        "InvoicingMethod": 2, "DiscountSales": Decimal(0), "CreditLineSales": Decimal(0),
        "SalesCurrency": "USD" if country == "US" else division.currency, "IsMailing": 0,
        "IsCompetitor": 0, "IsAccountant": 0, "IsAgency": 0, "IsAnonymised": 0, "IsBank": False,
        "IsMember": False, "IsPilot": False, "IsReseller": False, "CanDropShip": False,
        "IgnoreDatevWarningMessage": False, "RecepientOfCommissions": False,
    }  # fmt: skip
    code = division.table("vat/VATCodes").first("Code", vat)
    if code:
        row["SalesVATCodeDescription"] = code["Description"]
    condition = division.table("cashflow/PaymentConditions").first(
        "Code", row["PaymentConditionSales"]
    )
    if condition:
        row["PaymentConditionSalesDescription"] = condition["Description"]
    if country == "NL":
        row["ChamberOfCommerce"] = f"{dice.randint(10000000, 99999999)}"
    return row


def _sales_vat(division: Division, country: str) -> str:
    if country == division.info["country"]:
        return "2" if division.country.code == "nl" else "4"
    return "6" if country == "US" else "7"


def _vat_number(dice: random.Random, country: str) -> str | None:
    digits = "".join(dice.choice("0123456789") for _ in range(12))
    return {
        "NL": f"NL{digits[:9]}B01", "BE": f"BE0{digits[:9]}", "DE": f"DE{digits[:9]}",
        "FR": f"FR{digits[:11]}",
    }.get(country)  # fmt: skip


def _make_odd(account: Row, number: int, today: datetime) -> None:
    if number == 5:
        account["Name"] = 'Café "\'t Hoekje" & Zn. 🚲 <Ünïcode> SA/NV'
        account["AddressLine1"] = "Rue de l'Église 1, boîte 'B'"
        account["Remarks"] = "Let op:\r\nbelt liever niet; \\ en % en 100% ok"
    elif number == 6:
        account.pop("SalesVATCode")
        account.pop("SalesVATCodeDescription", None)
    elif number == 7:
        account["Blocked"] = True
    elif number == 8:
        account["EndDate"] = datetime(today.year - 1, 12, 31)
    elif number == 9:
        account |= {"Status": "P", "IsSales": False}
        account.pop("CustomerSince")
    elif number == 10:
        account |= {"Status": "A", "IsSales": False, "IsSupplier": True, "IsPurchase": True}
        account.pop("CustomerSince")


def _contact(dice: random.Random, account: Row) -> Row:
    first, last = dice.choice(_GIVEN), dice.choice(_FIRST)
    return {
        "AccountName": account["Name"], "AccountIsCustomer": account["IsSales"],
        "AccountIsSupplier": account["IsSupplier"], "FirstName": first, "LastName": last,
        "FullName": f"{first} {last}", "BusinessEmail": f"{first.lower()}@contact.example",
        "Email": account["Email"], "Phone": account["Phone"], "IsMainContact": True,
        "HID": int(account["Code"]), "Language": account["Language"], "IsAnonymised": 0,
        "IsMailingExcluded": False, "Gender": "O", "StartDate": account["StartDate"],
    }  # fmt: skip


def _address(dice: random.Random, account: Row, country: str) -> Row:
    postcode, city = dice.choice(_PLACES[country])
    return {
        "AccountName": account["Name"], "AccountIsSupplier": account["IsSupplier"], "Type": 3,
        "AddressLine1": f"Postbus {dice.randint(1, 999)}", "Postcode": postcode, "City": city,
        "Country": country, "CountryName": COUNTRIES[country], "Main": True, "Source": 2,
    }  # fmt: skip
