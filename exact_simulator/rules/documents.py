"""Documents, their files, and webhook subscriptions (Exact API sheet 5.14 and 6)."""

from __future__ import annotations

from decimal import Decimal

from flask import has_request_context, request

from ..errors import ApiError
from ..state import TOPICS, Row
from .base import Context, Nested, Problems, Ref, Rule

#: Document types that may be made: number and name.
TYPES = {10: "Verkoopfactuur", 20: "Inkoopfactuur", 55: "Overige documenten", 183: "E-mail"}
#: File types that Exact takes (one source only).
SUFFIXES = (".pdf", ".jpg", ".jpeg", ".png", ".gif", ".bmp", ".xml", ".txt", ".csv", ".xlsx")
MORE_TOPICS = {
    "StockPositions", "SalesOrders", "Quotations", "PurchaseEntries", "PurchaseOrders",
    "GoodsDeliveries", "GeneralJournalEntries", "BankEntries", "CashEntries",
    "FinancialTransactions", "Opportunities", "CostTransactions", "TimeTransactions",
    "ProjectPlanning", "Subscriptions",
}  # fmt: skip


class Documents(Rule):
    """Papers; one may be tied to a booked entry."""

    resource = "documents/Documents"
    term = "Document"
    mandatory = {"Subject": "Subject", "Type": "Type"}
    lengths = {"Subject": 200}
    refs = {
        "Account": Ref(
            "crm/Accounts", "Account", None, {"AccountCode": "Code", "AccountName": "Name"}
        ),
        "Contact": Ref("crm/Contacts", "Contacts", None, {"ContactFullName": "FullName"}),
        "Item": Ref(
            "logistics/Items", "Item", None, {"ItemCode": "Code", "ItemDescription": "Description"}
        ),
        "FinancialTransactionEntryID": Ref("salesentry/SalesEntries", "SalesEntry"),
    }
    used_in = [
        ("salesentry/SalesEntries", "Document", "SalesEntries"),
        ("salesinvoice/SalesInvoices", "Document", "SalesInvoices"),
    ]
    defaults = {"InheritShare": True}

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        if row.get("Type") is not None and row["Type"] not in TYPES:
            problems.add("invalid_reference", field="Type")

    def finish(self, ctx: Context, row: Row, old: Row | None) -> None:
        row["TypeDescription"] = TYPES[row["Type"]]
        row["HasEmptyBody"] = not row.get("Body")
        row.setdefault("DocumentDate", ctx.division.today())
        if row.get("HID") is None:
            row["HID"] = ctx.division.next("document")
        entry = ctx.table("salesentry/SalesEntries").get(row.get("FinancialTransactionEntryID"))
        if entry is not None and entry.get("Document") != row["ID"]:
            ctx.division.save("salesentry/SalesEntries", {
                **entry, "Document": row["ID"], "DocumentNumber": row["HID"],
                "DocumentSubject": row["Subject"],
            }, ctx.user)  # fmt: skip

    def delete(self, ctx: Context, row: Row) -> None:
        super().delete(ctx, row)
        for file in ctx.table("documents/DocumentAttachments").find("Document", row["ID"]):
            ctx.division.delete("documents/DocumentAttachments", file["ID"], ctx.user)


class DocumentAttachments(Rule):
    """Files of a document; the content is kept but a GET does not repeat it."""

    resource = "documents/DocumentAttachments"
    term = "Document"
    mandatory = {"Document": "Document", "FileName": "FileName"}
    refs = {"Document": Ref("documents/Documents", "Document")}

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        content = values.pop("Attachment", None)
        if not content:
            raise ApiError(500, "mandatory", field="Attachment")
        limit = ctx.option("max_attachment")
        if len(content) > limit:
            raise ApiError(500, "too_large", size=limit // 1024 // 1024)
        values["_content"] = content
        return super().create(ctx, values, nested)

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        name = row.get("FileName") or ""
        if name and not name.lower().endswith(SUFFIXES):
            problems.add("invalid_value", field="FileName", value=name)

    def finish(self, ctx: Context, row: Row, old: Row | None) -> None:
        row["FileSize"] = Decimal(len(row["_content"]))
        # Absolute, as the field has it; whoever adds "&Download=1" gets the file (sheet 5.14).
        site = request.root_url if has_request_context() else "/"
        address = f"docs/SysAttachment.aspx?ID={row['ID']}&_Division_={ctx.division.code}"
        row["Url"] = site + address


class WebhookSubscriptions(Rule):
    """One subscription for each topic, app and administration; the address is checked before."""

    resource = "webhooks/WebhookSubscriptions"
    mandatory = {"Topic": "Topic", "CallbackURL": "CallbackURL"}

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        values["ClientID"] = ctx.app.client_id if ctx.app else None
        values["UserID"] = ctx.user.id if ctx.user else None
        return super().create(ctx, values, nested)

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        topic = row.get("Topic")
        if topic and topic not in MORE_TOPICS and topic not in TOPICS.values():
            problems.add("invalid_value", field="Topic", value=topic)
        for other in ctx.division.webhooks.find("Topic", topic):
            if other.get("ClientID") == row.get("ClientID") and other["ID"] != row["ID"]:
                problems.add("data_exists")
