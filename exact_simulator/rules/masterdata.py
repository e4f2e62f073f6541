"""Items, prices, journals, ledgers, VAT codes and payment conditions (Exact API sheet 5.5-5.10)."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from .. import chart
from ..state import Row
from .base import Context, Nested, Problems, Ref, Rule
from .crm import check_currency, gl, vat


class Items(Rule):
    """What can be sold; an item gets its revenue account from itself or from its group."""

    resource = "logistics/Items"
    term = "Item"
    mandatory = {"Code": "Code", "Description": "Description"}
    unique = "Code"
    lengths = {"Code": 30, "Description": 60, "ExtraDescription": 255, "SearchCode": 40}
    refs = {
        "SalesVatCode": vat("SalesVatCodeDescription"),
        "GLRevenue": gl("GLRevenueCode", "GLRevenueDescription"),
        "GLCosts": gl("GLCostsCode", "GLCostsDescription"),
        "GLStock": gl("GLStockCode", "GLStockDescription"),
    }
    used_in = [("salesinvoice/SalesInvoiceLines", "Item", "SalesInvoices")]
    defaults = {
        "IsSalesItem": False, "IsPurchaseItem": False, "IsStockItem": False,
        "IsFractionAllowedItem": False, "IsWebshopItem": 0, "IsTaxableItem": 1, "IsTime": 0,
        "IsSerialItem": False, "IsBatchItem": 0, "IsMakeItem": 0, "IsPackageItem": False,
        "IsNewContract": 0, "IsOnDemandItem": 0, "IsSubcontractedItem": False, "Unit": "stuk",
        "SecurityLevel": 10, "CostPriceStandard": Decimal(0), "StandardSalesPrice": Decimal(0),
        "Stock": Decimal(0), "CopyRemarks": 0, "UseExplosion": 0,
    }  # fmt: skip

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        values.setdefault("StartDate", ctx.division.today())
        groups = ctx.division.info["item_groups"]
        if values.get("ItemGroup") is None and groups:
            values["ItemGroup"] = next(iter(groups))
        return super().create(ctx, values, nested)

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        groups = ctx.division.info["item_groups"]
        if row.get("ItemGroup") is None:
            problems.add("mandatory", field="ItemGroup")
        elif row["ItemGroup"] not in groups:
            problems.add("invalid_reference", field="ItemGroup")
        if row.get("Unit") not in chart.UNITS:
            problems.add("invalid_reference", field="Unit")
        check_currency(row, "CostPriceCurrency", problems)
        start, end = row.get("StartDate"), row.get("EndDate")
        if start and end and end < start:
            problems.add("invalid", field="EndDate")

    def finish(self, ctx: Context, row: Row, old: Row | None) -> None:
        group = ctx.division.info["item_groups"][row["ItemGroup"]]
        row["ItemGroupCode"], row["ItemGroupDescription"] = group["Code"], group["Description"]
        row["UnitDescription"] = chart.UNITS[row["Unit"]]
        row["UnitType"] = "T" if row["Unit"] == "uur" else "O"
        row.setdefault("SearchCode", row["Code"])
        row.setdefault("CostPriceCurrency", ctx.division.currency)


class SalesItemPrices(Rule):
    """Prices: for everybody, or for one account as an agreement."""

    resource = "logistics/SalesItemPrices"
    term = "Item"
    mandatory = {"Item": "Item"}
    refs = {
        "Item": Ref("logistics/Items", "Item", None, {
            "ItemCode": "Code", "ItemDescription": "Description", "Barcode": "Barcode",
            "DefaultItemUnit": "Unit", "DefaultItemUnitDescription": "UnitDescription",
        }),
        "Account": Ref("crm/Accounts", "Account", None, {"AccountName": "Name"}),
    }  # fmt: skip
    defaults = {
        "Quantity": Decimal(1),
        "NumberOfItemsPerUnit": Decimal(1),
        "Price": Decimal(0),
    }

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        check_currency(row, "Currency", problems)
        if row.get("Unit") and row["Unit"] not in chart.UNITS:
            problems.add("invalid_reference", field="Unit")

    def finish(self, ctx: Context, row: Row, old: Row | None) -> None:
        row.setdefault("Currency", ctx.division.currency)
        row.setdefault("StartDate", ctx.division.today())
        row["Unit"] = row.get("Unit") or row.get("DefaultItemUnit")
        row["UnitDescription"] = chart.UNITS.get(row["Unit"])
        for prop, least in (("Quantity", Decimal(1)), ("Price", Decimal(0))):
            if row.get(prop) is None:
                row[prop] = least
        if row.get("Account") is None and row["Quantity"] <= 1:
            item = ctx.table("logistics/Items").get(row["Item"])
            if item is not None and item.get("StandardSalesPrice") != row["Price"]:
                changed = {**item, "StandardSalesPrice": row["Price"]}
                ctx.division.save("logistics/Items", changed, ctx.user)


class Journals(Rule):
    """Journals; an entry names one by its code."""

    resource = "financial/Journals"
    term = "Journal"
    mandatory = {"Code": "Code", "Description": "Description", "Type": "Type"}
    unique = "Code"
    refs = {"GLAccount": gl("GLAccountCode", "GLAccountDescription")}
    used_in = [
        ("financialtransaction/TransactionLines", "JournalCode", "Transactions"),
        ("salesinvoice/SalesInvoices", "Journal", "SalesInvoices"),
    ]
    defaults = {
        "AllowVAT": True, "AllowVariableCurrency": False, "AllowVariableExchangeRate": False,
        "IsBlocked": False, "AutoSave": False,
    }  # fmt: skip

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        if row.get("Type") not in (None, 10, 12, 16, 20, 21, 22, 23, 90):
            problems.add("invalid", field="JournalType")
        check_currency(row, "Currency", problems)

    def finish(self, ctx: Context, row: Row, old: Row | None) -> None:
        row.setdefault("Currency", ctx.division.currency)
        ledger = ctx.table("financial/GLAccounts").get(row.get("GLAccount"))
        row["GLAccountType"] = ledger["Type"] if ledger else None


class GLAccounts(Rule):
    """The chart of accounts."""

    resource = "financial/GLAccounts"
    term = "GLAccount"
    mandatory = {"Code": "Code", "Description": "Description"}
    unique = "Code"
    refs = {"VATCode": vat("VATDescription")}
    used_in = [
        ("financialtransaction/TransactionLines", "GLAccount", "Transactions"),
        ("logistics/Items", "GLRevenue", "Items"),
    ]
    defaults = {
        "Type": 90, "BalanceSide": "D", "BalanceType": "W", "IsBlocked": False,
        "UseCostcenter": 0, "UseCostunit": 0, "Matching": False, "Compress": False,
    }  # fmt: skip

    def finish(self, ctx: Context, row: Row, old: Row | None) -> None:
        row["TypeDescription"] = chart.GL_TYPES.get(row["Type"])


class VATCodes(Rule):
    """VAT codes; percentages come nested and are fractions (0.21)."""

    resource = "vat/VATCodes"
    term = "VATCode"
    mandatory = {"Code": "Code", "Description": "Description"}
    unique = "Code"
    lengths = {"Code": 3}
    refs = {
        name: gl(f"{name}Code", f"{name}Description")
        for name in ("GLToPay", "GLToClaim", "GLDiscountSales", "GLDiscountPurchase")
    }
    used_in = [
        ("salesentry/SalesEntryLines", "VATCode", "SalesEntries"),
        ("financial/GLAccounts", "VATCode", "GLAccount"),
        ("crm/Accounts", "SalesVATCode", "Account"),
        ("logistics/Items", "SalesVatCode", "Items"),
    ]
    defaults = {
        "Type": "E", "VATTransactionType": "B", "IsBlocked": False, "Charged": False,
        "EUSalesListing": "N", "IntraStat": False, "Percentage": Decimal(0),
    }  # fmt: skip

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        rates = nested.get("VATPercentages") or []
        dated = sorted(rates, key=lambda r: (r.get("StartDate") is not None, r.get("StartDate")))
        row = super().create(ctx, values, nested)
        for number, rate in enumerate(dated, 1):
            known: dict[str, Any] = {"Percentage": Decimal(0), "Type": 0, **rate}
            known |= {"ID": str(uuid.uuid4()), "VATCodeID": row["ID"], "LineNumber": number}
            ctx.division.save("vat/VatPercentages", known, ctx.user)
            row["Percentage"] = known["Percentage"]
        return row

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        if row.get("Type") not in ("B", "E", "I", "N"):
            problems.add("invalid", field="Type")

    def delete(self, ctx: Context, row: Row) -> None:
        super().delete(ctx, row)
        for rate in ctx.table("vat/VatPercentages").find("VATCodeID", row["ID"]):
            ctx.division.delete("vat/VatPercentages", rate["ID"], ctx.user)


class CostCenters(Rule):
    """Cost centres; a line names one by its code."""

    resource = "hrm/Costcenters"
    term = "CostCenter"
    mandatory = {"Code": "Code", "Description": "Description"}
    unique = "Code"
    defaults = {"Active": True}
    used_in = [("salesentry/SalesEntryLines", "CostCenter", "SalesEntries")]


class CostUnits(Rule):
    """Cost units; a line names one by its code."""

    resource = "hrm/Costunits"
    term = "CostUnit"
    mandatory = {"Code": "Code", "Description": "Description"}
    unique = "Code"
    used_in = [("salesentry/SalesEntryLines", "CostUnit", "SalesEntries")]


class Projects(Rule):
    """Projects; a line names one by its ID."""

    resource = "project/Projects"
    term = "Project"
    mandatory = {"Code": "Code", "Description": "Description"}
    unique = "Code"
    defaults = {"Type": 3}
    used_in = [("salesentry/SalesEntryLines", "Project", "SalesEntries")]


class PaymentConditions(Rule):
    """Payment conditions can be made, never changed or deleted."""

    resource = "cashflow/PaymentConditions"
    term = "PaymentCondition"
    mandatory = {"Code": "Code", "Description": "Description"}
    unique = "Code"
    defaults = chart.CONDITION_DEFAULTS

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        days = ("PaymentDays", "PaymentEndOfMonths", "DiscountPaymentDays")
        wrong = (
            row["PaymentMethod"] not in ("B", "I", "K", "Q"),
            any(row[name] < 0 for name in days),
            not 0 < row["Percentage"] <= 1,  # a share of the total, as a fraction
            not 0 <= row["DiscountPercentage"] < 1,
        )
        if any(wrong):
            problems.add("invalid", field="PaymentCondition")
