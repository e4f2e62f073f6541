"""The books that the simulator starts with: two countries, three administrations, some customers.

Everything is the same on every run: identifiers follow from names (uuid5) and the customers are
drawn with a fixed seed.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from . import chart
from .people import accounts_of
from .state import App, Country, Division, Row, User

_NAMESPACE = uuid.UUID("5f0c9d4e-1b1a-4f0e-9a55-0b7a7e5f3c01")
_CALLBACK = "/exact_connector/oauth2/callback"
DEFAULT_ACCOUNTS = 40
#: Administrations behind the first one of the Netherlands never get more customers than this.
_OTHERS = 40


def guid(*parts: object) -> str:
    """A GUID that follows from names, lower case as Exact writes it."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(map(str, parts))))


def seed(country: Country, which: str = "demo", accounts: int = DEFAULT_ACCOUNTS) -> None:
    """Forget what ``country`` holds and fill it again.

    :param which: "demo" (items and customers) or "empty" (neither).
    :param accounts: customers in the first administration of the Netherlands; the others get at
        most 40. Listeners on divisions must be registered again, the divisions are new.
    """
    if which not in ("demo", "empty"):
        raise ValueError(f"unknown seed: {which}")
    country.clear()
    _people(country)
    for position, plan in enumerate(chart.DIVISIONS[country.code]):
        division = country.add_division(plan["code"], plan["name"], plan["info"])
        division.info["customer"] = guid(country.code, "customer")
        division.info["item_groups"] = {}
        _fill(division)
        if which == "demo":
            _items(division)
            first = position == 0 and country.code == "nl"
            _accounts(division, accounts if first else min(accounts, _OTHERS))


def _people(country: Country) -> None:
    code = country.code
    digit = {"nl": "1", "be": "2"}[code]
    client_id = f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}"
    country.apps[client_id] = App(
        client_id,
        f"practice-secret-{code}",
        "Exact connector for Odoo",
        {f"http://{host}:8069{_CALLBACK}" for host in ("127.0.0.1", "localhost")},
        webhook_secret=f"practice-webhook-{code}",
    )
    numbers = [plan["code"] for plan in chart.DIVISIONS[code]]
    country.add_users([
        User(
            guid(code, "user", "bookkeeper"), "bookkeeper@practice.example", "practice",
            "Bo de Boer", "nl", set(numbers), current_division=numbers[0],
        ),
        User(
            guid(code, "user", "office"), "office@practice.example", "practice",
            "Olly Office", "en", {numbers[0]}, current_division=numbers[0],
        ),
    ])  # fmt: skip


def _fill(division: Division) -> None:
    """The chart of accounts, journals, VAT codes, conditions and periods."""
    owner = next(iter(division.country.users.values()))

    def put(resource: str, kind: str, key: object, **values: Any) -> Row:
        row = {"ID": guid(division.country.code, division.code, kind, key), **values}
        return division.save(resource, {k: v for k, v in row.items() if v is not None}, owner, True)

    ledgers: dict[str, Row] = {}
    for code, name, kind, side, group, vat in chart.ledgers(division.country.code):
        ledgers[code] = put(
            "financial/GLAccounts", "gl", code, Code=code, Description=name, Type=kind,
            TypeDescription=chart.GL_TYPES.get(kind), BalanceSide=side, BalanceType=group,
            VATCode=vat, SearchCode=name.upper()[:20], IsBlocked=code == "9990", UseCostcenter=0,
            UseCostunit=0, Matching=kind in (20, 22), Compress=False, RevalueCurrency=False,
            AllowCostsInSales=0, ExcludeVATListing=0,
        )  # fmt: skip
    for plan in chart.JOURNALS:
        ledger = ledgers[plan["gl"]]
        put(
            "financial/Journals", "journal", plan["code"], Code=plan["code"],
            Description=plan["name"], Type=plan["type"], Currency=division.currency,
            AllowVariableCurrency=plan["currency"], AllowVariableExchangeRate=plan["currency"],
            AllowVAT=plan["type"] != 90, IsBlocked=plan["code"] == "80", AutoSave=False,
            GLAccount=ledger["ID"], GLAccountCode=ledger["Code"],
            GLAccountDescription=ledger["Description"], GLAccountType=ledger["Type"],
        )  # fmt: skip
    for code, name, kind, rates, claim in chart.VAT_CODES[division.country.code]:
        _vat_code(division, put, ledgers, code, name, kind, rates, claim)
    for position, (code, name, values) in enumerate(chart.CONDITIONS):
        put(
            "cashflow/PaymentConditions", "condition", f"{code}/{position}", Code=code,
            Description=name, **{**chart.CONDITION_DEFAULTS, **values},
        )  # fmt: skip
    for code, name, active in chart.COST_CENTERS:
        put("hrm/Costcenters", "cost center", code, Code=code, Description=name, Active=active)
    for code, name in chart.COST_UNITS:
        put("hrm/Costunits", "cost unit", code, Code=code, Description=name)
    this_year = division.today().year
    for code, name, ended in chart.PROJECTS:
        put(
            "project/Projects", "project", code, Code=code, Description=name, Type=3,
            StartDate=datetime(this_year - 2, 1, 1),
            EndDate=datetime(this_year - 1, 12, 31) if ended else None,
        )  # fmt: skip
    for year in (this_year - 1, this_year, this_year + 1):
        for month in range(1, 13):
            start = datetime(year, month, 1)
            end = datetime(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
            put(
                "financial/FinancialPeriods", "period", f"{year}/{month}", FinYear=year,
                FinPeriod=month, StartDate=start, EndDate=end,
            )  # fmt: skip


def _vat_code(
    division: Division,
    put: Any,
    ledgers: dict[str, Row],
    code: str,
    name: str,
    kind: str,
    rates: list[tuple[int, str]],
    special: str,
) -> None:
    percentage = Decimal(rates[-1][1])
    pay = ledgers["1510" if Decimal(0) < percentage < Decimal("0.15") else "1500"]
    claim = ledgers["1520"]
    row = put(
        "vat/VATCodes", "vat", code, Code=code, Description=name, Type=kind, Percentage=percentage,
        VATTransactionType="B", Charged=special == "charged", IsBlocked=special == "blocked",
        EUSalesListing="L" if special == "eu" else "N", IntraStat=special == "eu",
        CalculationBasis=0, ExcludeVATListing=0, VatMargin=0,
        GLToPay=pay["ID"], GLToPayCode=pay["Code"], GLToPayDescription=pay["Description"],
        GLToClaim=claim["ID"], GLToClaimCode=claim["Code"],
        GLToClaimDescription=claim["Description"],
    )  # fmt: skip
    for number, (year, rate) in enumerate(rates, 1):
        until = rates[number][0] if number < len(rates) else None
        put(
            "vat/VatPercentages", "percentage", f"{code}/{year}", VATCodeID=row["ID"],
            LineNumber=number, Percentage=Decimal(rate), StartDate=datetime(year, 1, 1), Type=0,
            EndDate=datetime(until, 1, 1) - timedelta(days=1) if until else None,
        )  # fmt: skip


def _items(division: Division) -> None:
    owner = next(iter(division.country.users.values()))
    ledgers = {row["Code"]: row for row in division.table("financial/GLAccounts")}
    groups = division.info["item_groups"]
    for code, name in (("DIENST", "Diensten"), ("PROD", "Producten"), ("LEEG", "Zonder rekening")):
        key = guid(division.country.code, division.code, "group", code)
        groups[key] = {"Code": code, "Description": name}
    by_code = {group["Code"]: (key, group) for key, group in groups.items()}
    today = division.today()
    start = datetime(today.year - 3, 1, 1)
    for plan in chart.items(division.country.code):
        group, words = by_code[plan["group"]]
        revenue = ledgers.get(plan["gl"] or "")
        key = guid(division.country.code, division.code, "item", plan["code"])
        row: Row = {
            "ID": key, "Code": plan["code"], "Description": plan["name"],
            "IsFractionAllowedItem": plan["fraction"], "IsSalesItem": plan["code"] != "INKOOP",
            "IsPurchaseItem": plan["code"] == "INKOOP", "IsStockItem": False,
            "IsWebshopItem": 0, "IsTaxableItem": 1, "IsTime": 1 if plan["unit"] == "uur" else 0,
            "IsSerialItem": False, "IsBatchItem": 0, "IsMakeItem": 0, "IsPackageItem": False,
            "IsNewContract": 0, "IsOnDemandItem": 0, "IsSubcontractedItem": False,
            "Unit": plan["unit"], "UnitDescription": chart.UNITS[plan["unit"]],
            "UnitType": "T" if plan["unit"] == "uur" else "O",
            "ItemGroup": group, "ItemGroupCode": words["Code"],
            "ItemGroupDescription": words["Description"],
            "StandardSalesPrice": Decimal(plan["price"]), "CostPriceStandard": Decimal(0),
            "CostPriceCurrency": division.currency, "SecurityLevel": 10, "Stock": Decimal(0),
            "StartDate": start, "SearchCode": plan["code"], "CopyRemarks": 0, "UseExplosion": 0,
        }  # fmt: skip
        if plan["code"] == "OUD":
            row["EndDate"] = datetime(today.year - 1, 12, 31)
        if revenue:
            row["GLRevenue"] = revenue["ID"]
            row["GLRevenueCode"] = revenue["Code"]
            row["GLRevenueDescription"] = revenue["Description"]
        vat = division.table("vat/VATCodes").first("Code", plan["vat"])
        if vat:
            row["SalesVatCode"] = vat["Code"]
            row["SalesVatCodeDescription"] = vat["Description"]
        division.save("logistics/Items", row, owner, True)
        division.save("logistics/SalesItemPrices", {
            "ID": guid(division.country.code, division.code, "price", plan["code"]),
            "Item": key, "ItemCode": row["Code"], "ItemDescription": row["Description"],
            "Price": Decimal(plan["price"]), "Quantity": Decimal(1), "Currency": division.currency,
            "NumberOfItemsPerUnit": Decimal(1), "Unit": plan["unit"],
            "UnitDescription": row["UnitDescription"], "StartDate": start,
            "DefaultItemUnit": plan["unit"], "DefaultItemUnitDescription": row["UnitDescription"],
        }, owner, True)  # fmt: skip


def _accounts(division: Division, count: int) -> None:
    owner = next(iter(division.country.users.values()))
    prefix = f"{division.country.code}/{division.code}"
    for account, contact, address in accounts_of(division, count):
        code = account["Code"].strip()
        account["ID"] = guid(prefix, "account", code)
        if contact:
            contact |= {"ID": guid(prefix, "contact", code), "Account": account["ID"]}
            contact["AccountMainContact"] = account["MainContact"] = contact["ID"]
        division.save("crm/Accounts", account, owner, True)
        if contact:
            division.save("crm/Contacts", contact, owner, True)
        if address:
            address |= {"ID": guid(prefix, "address", code), "Account": account["ID"]}
            division.save("crm/Addresses", address, owner, True)
