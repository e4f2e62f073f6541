"""Accounts, contacts, addresses and bank accounts (Exact API sheet 5.3 and 5.4)."""

from __future__ import annotations

import re
from decimal import Decimal

from ..geo import COUNTRIES, RATES
from ..state import Row
from .base import Context, Nested, Problems, Ref, Rule

_EMAIL = re.compile(r"^[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>().]{2,}$")
_LANGUAGE = re.compile(r"^[A-Za-z]{2}(-[A-Za-z]{2})?$")
CODE_WIDTH = 18


def gl(code: str | None = None, description: str | None = None) -> Ref:
    """A ledger by its id, repeated in the properties named."""
    fills = {
        name: source for name, source in ((code, "Code"), (description, "Description")) if name
    }
    return Ref("financial/GLAccounts", "GLAccount", None, fills)  # type: ignore[arg-type]


def vat(description: str | None = None) -> Ref:
    """A VAT code by its code."""
    fills = {description: "Description"} if description else {}
    return Ref("vat/VATCodes", "VATCode", "Code", fills)


def condition(description: str | None = None) -> Ref:
    """A payment condition by its code."""
    fills = {description: "Description"} if description else {}
    return Ref("cashflow/PaymentConditions", "PaymentCondition", "Code", fills)


def check_country(row: Row, problems: Problems) -> None:
    """A country is an ISO code that Exact knows; its name is repeated."""
    code = row.get("Country")
    if not code:
        row["CountryName"] = None
        return
    code = row["Country"] = code.strip().upper()
    if code not in COUNTRIES:
        problems.add("invalid_reference", field="Country")
    else:
        row["CountryName"] = COUNTRIES[code]


def check_email(value: str | None, problems: Problems) -> None:
    """An address has one @ and a domain."""
    if value and not _EMAIL.match(value):
        problems.add("invalid_value", field="Email", value=value)


def check_language(row: Row, problems: Problems) -> None:
    """A language code such as NL or NL-BE."""
    if row.get("Language") and not _LANGUAGE.match(row["Language"]):
        problems.add("invalid_reference", field="Language")


def check_currency(row: Row, prop: str, problems: Problems) -> None:
    """A currency of the administration."""
    if row.get(prop) and row[prop] not in RATES:
        problems.add("invalid_reference", field="Currency")


class Accounts(Rule):
    """Relations; only those with status C may be sold to."""

    resource = "crm/Accounts"
    term = "Account"
    mandatory = {"Name": "Name"}
    unique = "Code"
    lengths = {
        "Name": 50, "AddressLine1": 80, "AddressLine2": 80, "AddressLine3": 80, "City": 30,
        "Email": 128, "Phone": 25, "Fax": 25, "VATNumber": 35, "Postcode": 10,
    }  # fmt: skip
    refs = {
        "SalesVATCode": vat("SalesVATCodeDescription"),
        "PurchaseVATCode": vat("PurchaseVATCodeDescription"),
        "PaymentConditionSales": condition("PaymentConditionSalesDescription"),
        "PaymentConditionPurchase": condition("PaymentConditionPurchaseDescription"),
        "GLAccountSales": gl(), "GLAccountPurchase": gl(), "GLAR": gl(), "GLAP": gl(),
        "InvoiceAccount": Ref(
            "crm/Accounts", "InvoiceTo", None,
            {"InvoiceAccountCode": "Code", "InvoiceAccountName": "Name"},
        ),
        "MainContact": Ref("crm/Contacts", "Contacts"),
    }  # fmt: skip
    used_in = [
        ("salesentry/SalesEntries", "Customer", "SalesEntries"),
        ("salesinvoice/SalesInvoices", "OrderedBy", "SalesInvoices"),
        ("salesinvoice/SalesInvoices", "InvoiceTo", "SalesInvoices"),
        ("financialtransaction/TransactionLines", "Account", "Transactions"),
        ("documents/Documents", "Account", "Documents"),
    ]
    defaults = {
        "Status": "A", "Blocked": False, "ConsolidationScenario": 6, "IsSupplier": False,
        "CreditLineSales": Decimal(0), "CreditLinePurchase": Decimal(0), "InvoicingMethod": 1,
        "DiscountSales": Decimal(0), "DiscountPurchase": Decimal(0), "InvoiceAttachmentType": 1,
        "SecurityLevel": 10, "Source": 2, "Type": "A", "IsMailing": 0, "IsCompetitor": 0,
        "IsAccountant": 0, "IsAgency": 0, "IsAnonymised": 0, "IsBank": False, "IsMember": False,
        "IsReseller": False, "CanDropShip": False, "AddressSource": 2, "IsPilot": False,
        "IgnoreDatevWarningMessage": False, "RecepientOfCommissions": False,
    }  # fmt: skip

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        today = ctx.division.today()
        values = {"StartDate": today, "Country": ctx.division.info["country"], **values}
        if not (values.get("Code") or "").strip():
            values["Code"] = self._next_code(ctx)
        return super().create(ctx, values, nested)

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        if row.get("Status") not in ("C", "P", "S", "A"):
            problems.add("invalid", field="Status")
        code = row["Code"].strip() if row.get("Code") else ""
        if not code.isascii() or not code.isdigit() or len(code) > CODE_WIDTH:
            problems.add("invalid_value", field="AccountCode", value=code)
        check_country(row, problems)
        if not old or old.get("Email") != row.get("Email"):
            check_email(row.get("Email"), problems)
        check_language(row, problems)
        check_currency(row, "SalesCurrency", problems)
        check_currency(row, "PurchaseCurrency", problems)

    def _check_unique(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        row["Code"] = (row.get("Code") or "").strip().rjust(CODE_WIDTH)
        super()._check_unique(ctx, row, old, problems)

    def finish(self, ctx: Context, row: Row, old: Row | None) -> None:
        today = ctx.division.today()
        row["IsSales"] = row["Status"] == "C"
        row["IsPurchase"] = bool(row.get("IsSupplier"))
        if row["IsSales"] and not row.get("CustomerSince"):
            row["CustomerSince"] = today
        if old is None or old.get("Status") != row["Status"]:
            row["StatusSince"] = today
        row.setdefault("SearchCode", row["Name"].upper()[:20])
        row.setdefault("Language", ctx.division.info["country"])
        row.setdefault("SalesCurrency", ctx.division.currency)
        counters = ctx.division.counters
        if "account" in counters and int(row["Code"]) > counters["account"]:
            counters["account"] = int(row["Code"])

    @staticmethod
    def _next_code(ctx: Context) -> str:
        """One above the highest number, as Exact counts."""
        table = ctx.table(Accounts.resource)
        counters = ctx.division.counters
        if "account" not in counters:
            counters["account"] = max((int(row["Code"]) for row in table), default=0)
        number = counters["account"] + 1
        if len(str(number)) > CODE_WIDTH:
            number = 1
            while table.how_many("Code", str(number).rjust(CODE_WIDTH)):
                number += 1
        return str(number)

    def delete(self, ctx: Context, row: Row) -> None:
        super().delete(ctx, row)
        for resource in ("crm/Contacts", "crm/Addresses", "crm/BankAccounts"):
            for below in ctx.table(resource).find("Account", row["ID"]):
                ctx.division.delete(resource, below["ID"], ctx.user)


_ACCOUNT = Ref(
    "crm/Accounts",
    "Account",
    None,
    {"AccountName": "Name", "AccountIsSupplier": "IsSupplier"},
)


class Contacts(Rule):
    """People at an account; the first one becomes its main contact."""

    resource = "crm/Contacts"
    term = "Contacts"
    mandatory = {"Account": "Account"}
    lengths = {"FirstName": 50, "LastName": 60, "Email": 128, "BusinessEmail": 128}
    refs = {
        "Account": Ref("crm/Accounts", "Account", None, {
            "AccountName": "Name", "AccountIsSupplier": "IsSupplier",
            "AccountIsCustomer": "IsSales", "City": "City", "Postcode": "Postcode",
            "Country": "Country", "AddressStreet": "AddressLine1",
        }),
    }  # fmt: skip
    used_in = [("salesinvoice/SalesInvoices", "OrderedByContactPerson", "SalesInvoices")]
    defaults = {"IsAnonymised": 0, "IsMailingExcluded": False, "Gender": "O", "AllowMailing": 1}

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        if not row.get("FirstName") and not row.get("LastName"):
            problems.add("mandatory", field="Name")
        for prop in ("Email", "BusinessEmail"):
            check_email(row.get(prop), problems)
        check_language(row, problems)

    def finish(self, ctx: Context, row: Row, old: Row | None) -> None:
        parts = (row.get("FirstName"), row.get("MiddleName"), row.get("LastName"))
        row["FullName"] = " ".join(part for part in parts if part)
        if row.get("HID") is None:
            highest = max((r.get("HID") or 0 for r in ctx.table(self.resource)), default=0)
            row["HID"] = highest + 1
        account = ctx.table("crm/Accounts").get(row["Account"])
        if account is not None and account.get("MainContact") is None:
            ctx.division.save("crm/Accounts", {**account, "MainContact": row["ID"]}, ctx.user)
            account = ctx.table("crm/Accounts").get(row["Account"])
        row["AccountMainContact"] = account.get("MainContact") if account else None
        row["IsMainContact"] = row["AccountMainContact"] == row["ID"]

    def delete(self, ctx: Context, row: Row) -> None:
        super().delete(ctx, row)
        account = ctx.table("crm/Accounts").get(row["Account"])
        if account is not None and account.get("MainContact") == row["ID"]:
            ctx.division.save("crm/Accounts", {**account, "MainContact": None}, ctx.user)


class Addresses(Rule):
    """Visit (1), postal (2), invoice (3) and delivery (4) addresses of an account."""

    resource = "crm/Addresses"
    term = "Addresses"
    mandatory = {"Account": "Account", "Type": "Type"}
    lengths = {"AddressLine1": 80, "AddressLine2": 80, "AddressLine3": 80, "City": 30}
    refs = {
        "Account": _ACCOUNT,
        "Contact": Ref("crm/Contacts", "Contacts", None, {"ContactName": "FullName"}),
    }
    defaults = {"Source": 2}

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        if row.get("Type") not in (None, 1, 2, 3, 4):
            problems.add("invalid", field="Type")
        check_country(row, problems)

    def finish(self, ctx: Context, row: Row, old: Row | None) -> None:
        peers = [
            peer for peer in ctx.table(self.resource).find("Account", row["Account"])
            if peer.get("Type") == row["Type"] and peer["ID"] != row["ID"]
        ]  # fmt: skip
        if row.get("Main") is None:
            row["Main"] = not any(peer.get("Main") for peer in peers)
        if row["Main"]:
            for peer in peers:
                if peer.get("Main"):
                    ctx.division.save(self.resource, {**peer, "Main": False}, ctx.user)


class BankAccounts(Rule):
    """Bank accounts of an account; only type A can be made."""

    resource = "crm/BankAccounts"
    term = "BankAccounts"
    mandatory = {"Account": "Account", "BankAccount": "BankAccount"}
    lengths = {"BankAccountHolderName": 50, "Description": 60, "BICCode": 11}
    refs = {"Account": Ref("crm/Accounts", "Account", None, {"AccountName": "Name"})}
    defaults = {"Type": "A", "TypeDescription": "Account", "Blocked": False}

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        number = (row.get("BankAccount") or "").replace(" ", "").upper()
        if re.match(r"^[A-Z]{2}\d{2}", number):
            moved = number[4:] + number[:4]
            if not number.isalnum() or int("".join(str(int(c, 36)) for c in moved)) % 97 != 1:
                problems.add("invalid_value", field="BankAccount", value=number)
            row["IBAN"] = row["BankAccount"] = number

    def finish(self, ctx: Context, row: Row, old: Row | None) -> None:
        if row.get("Main") is None:
            row["Main"] = not ctx.table(self.resource).how_many("Account", row["Account"])
