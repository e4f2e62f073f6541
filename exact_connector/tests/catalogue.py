"""Exact's messages as they came, and how the simulator is brought to give them by its own rules.

``SAID`` and ``RULED`` together reach every cause of kind "exact" that has a text; see
``test_catalogue.py``.
"""

import uuid
from datetime import timedelta
from decimal import Decimal

from odoo import fields

ENTRIES, ACCOUNTS, FILES = (
    "salesentry/SalesEntries",
    "crm/Accounts",
    "documents/DocumentAttachments",
)
INVOICES, HOOKS = "salesinvoice/SalesInvoices", "webhooks/WebhookSubscriptions"

# cause: (resource, HTTP status, texts); the texts of Exact API sheet 4.2, 1.6 and 2 word by word,
# and the same in the languages where one is known or likely.
SAID = {
    "customer_missing": (
        ENTRIES,
        500,
        [
            "Verplicht: Factuur voor",
            "Verplicht: Besteld door",
            "Mandatory: Relationship",
            "Obligatoire : Client",
            "Erforderlich: Kunde",
        ],
    ),
    "journal_wrong": (
        ENTRIES,
        500,
        [
            "Mandatory: Diary",
            "Ongeldige referentie: Journals",
            "Ongeldig: Dagboek",
            "Invalid: Journal (type)",
            "Non valide : Journal (type)",
        ],
    ),
    "dimension_wrong": (ENTRIES, 500, ["Invalid reference: Cost unit"]),
    "customer_gone": (
        ENTRIES,
        500,
        [
            "Ongeldige referentie: Besteld door",
            "Ongeldige referentie: Leveren aan",
            "Ongeldige referentie: Factuur voor",
            "Référence non valide : Facturer à",
        ],
    ),
    "customer_type": (
        ENTRIES,
        500,
        ["Ongeldig: Klant (Type)", "Invalid: Customer (Type)", "Ongeldig: Factuur voor (Type)"],
    ),
    "supplier_type": (ENTRIES, 500, ["Ongeldig: Leverancier (Type)", "Invalid: Supplier (Type)"]),
    "ledger_type": (ENTRIES, 500, ["Ongeldig: Grootboekrekeningtype"]),
    "ledger_missing": (
        ENTRIES,
        500,
        ["Grootboekrekening is verplicht", "Required: general ledger account"],
    ),
    "vat_on_journal": (ENTRIES, 500, ["Not allowed: VAT-code", "Niet toegestaan: Btw-code"]),
    "year_unknown": (
        ENTRIES,
        500,
        ["Verplicht: Boekjaar", "Unknown: Financial year (Period-date table)"],
    ),
    "period_closed": (ENTRIES, 500, ["Periode is afgesloten: 2026 - 11"]),
    "year_closed": (ENTRIES, 500, ["Het boekjaar is gesloten."]),
    "year_fixed": (ENTRIES, 500, ["The financial year cannot be changed."]),
    "entry_number": (
        ENTRIES,
        500,
        ["In gebruik: Boekstuknummer", "Already exists - Entry number: 26700001, Journal: 70"],
    ),
    "condition_wrong": (
        ENTRIES,
        500,
        ["Verplicht: Betalingsconditie", "Ongeldige referentie: Betalingsconditie"],
    ),
    "vat_not_allowed": (
        ENTRIES,
        500,
        ["Ongeldige referentie: Btw-code", "Invalid: VAT percentage []"],
    ),
    "mail_wrong": (ACCOUNTS, 500, ["Invalid: Email []", "Ongeldig: E-mailadres []"]),
    "entry_processed": (ENTRIES, 500, ["Reeds verwerkt", "Already processed"]),
    "invoice_number": (INVOICES, 500, ["Factuurnummer verplicht"]),
    "invoice_processed": (INVOICES, 500, ["Reeds verwerkt", "Already processed"]),
    "already_exists": (ACCOUNTS, 500, ["Data already exists", "Gegeven bestaat reeds."]),
    "webhook_exists": (HOOKS, 500, ["Data already exists", "Gegeven bestaat reeds."]),
    "cannot_delete": (
        ACCOUNTS,
        500,
        [
            "Kan niet verwijderen: Relatie - Gebruikt in: Documenten",
            "Can't delete: Account 7 - Used in: Documents",
        ],
    ),
    "junk": (
        ENTRIES,
        500,
        [
            "Niet herkende GUID-indeling",
            "Object reference not set to an instance of an object.",
        ],
    ),
    "exact_fault": (
        ENTRIES,
        500,
        [
            "A problem has occurred. The cause of this issue will be investigated as soon as possible."
        ],
    ),
    "webhook_callback": (
        HOOKS,
        500,
        ["Invalid: Post to callback URL endpoint returns 500 InternalServerError"],
    ),
    "bad_query": (ENTRIES, 400, ["Bad Request - Error in query syntax"]),
    "vat_mismatch": (
        ENTRIES,
        500,
        ["Het bedrag van de BTW regel komt niet overeen met het BTW-percentage"],
    ),
    "need_filter": (
        ACCOUNTS,
        400,
        [
            "A GET request for this endpoint must have a $filter parameter with one of the following "
            "fields in the url: ID, Modified"
        ],
    ),
    "need_select": (
        ENTRIES,
        400,
        ["Please add a $select or a $top=1 statement to the query string."],
    ),
    "bad_request": (ENTRIES, 400, ["The input is not what it should be."]),
    "scope": (
        ENTRIES,
        403,
        [
            "Forbidden - Application Scope Violated. Cannot read 'organization.administration' scope."
        ],
    ),
    "wrong_division": (ENTRIES, 403, ["Forbidden - WrongDivision"]),
    "licence_module": (
        ENTRIES,
        403,
        ["This module is not in your license", "De licentie is niet toereikend"],
    ),
    "forbidden": (ENTRIES, 403, ["Forbidden"]),
    "maintenance": (ENTRIES, 503, ["Exact Online is in onderhoud", "Under maintenance"]),
    "gone": (ENTRIES, 404, ["Not found"]),
    "file_refused": (FILES, 500, ["Le fichier dépasse la taille autorisée : 7 Mo"]),
    "currency_wrong": (ENTRIES, 500, ["Not allowed: Currency", "Niet toegestaan: Valuta"]),
    "rate_not_allowed": (ENTRIES, 500, ["Exchange rate not allowed", "Niet toegestaan: Koers"]),
    "unknown": (ENTRIES, 500, ["De maan staat verkeerd voor deze boeking."]),
}


class Ruled:
    """Calls that Exact refuses by its own rules: a cause and a function that makes the call.

    :param case: the test, with its simulator, connection and books.
    """

    def __init__(self, case):
        self.case, self.client = case, case.connection._get_client()
        self.today = fields.Date.today()
        self.revenue = self.row("financial/GLAccounts", "8000")
        self.known = self.row(ACCOUNTS, "1")
        self.booked = self.client.create(ENTRIES, self.entry())

    def row(self, resource, code):
        rows = self.case.sim_rows(resource)
        return next(row for row in rows if row["Code"].strip() == code)

    def entry(self, lines=None, **values):
        return {
            "Customer": self.known["ID"],
            "Journal": "70",
            "EntryDate": self.today,
            "SalesEntryLines": [self.line(**(lines or {}))],
            **values,
        }

    def line(self, **values):
        return {"GLAccount": self.revenue["ID"], "AmountFC": 100, "VATCode": "2", **values}

    def post(self, lines=None, **values):
        self.client.create(ENTRIES, self.entry(lines, **values))

    def account(self, **values):
        self.client.create(ACCOUNTS, {"Name": "Nieuw", "Country": "NL", "Status": "C", **values})

    def invoice(self, **values):
        line = {"Item": self.row("logistics/Items", "STUK")["ID"], "Quantity": 1}
        line.update(values.pop("line", {}))
        return self.client.create(
            INVOICES,
            {"OrderedBy": self.known["ID"], "Journal": "70", "SalesInvoiceLines": [line], **values},
        )

    def file(self, **values):
        document = self.client.create("documents/Documents", {"Subject": "Factuur", "Type": 10})
        self.client.create(
            FILES,
            {
                "Document": document["ID"],
                "FileName": "factuur.pdf",
                "Attachment": "JVBERg==",
                **values,
            },
        )

    def raw(self, resource, query=""):
        base = self.case.sim.url
        self.client._call("GET", resource, f"{base}/api/v1/1001/{resource}?{query}")

    # What is changed in Exact first, and put back after.

    def journal_without_vat(self):
        self.case.sim_row("financial/Journals", "70")["AllowVAT"] = False
        try:
            self.post()
        finally:
            self.case.sim_row("financial/Journals", "70")["AllowVAT"] = True

    def closed(self, **period):
        year = self.today.year
        self.case.accountant("close-period", year=year, **period)
        try:
            self.post()
        finally:
            self.case.accountant("close-period", year=year, open=True, **period)

    def cost_centre_wanted(self):
        self.case.accountant("gl", code="8010", UseCostcenter=1)
        self.post({"GLAccount": self.row("financial/GLAccounts", "8010")["ID"]})

    def processed(self):
        rows = self.case.division.tables[ENTRIES].rows
        rows[self.booked["EntryID"]]["Status"] = 50
        try:
            self.client.update(ENTRIES, self.booked["EntryID"], {"Description": "anders"})
        finally:
            rows[self.booked["EntryID"]]["Status"] = 20

    def printed(self):
        """Printed once, and once more."""
        made = self.invoice()
        for _time in range(2):
            self.client.create(
                "salesinvoice/PrintedSalesInvoices", {"InvoiceID": made["InvoiceID"]}
            )

    def with_option(self, name, value, call):
        before = self.case.sim.countries["nl"].options[name]
        self.case.option(**{name: value})
        try:
            call()
        finally:
            self.case.option(**{name: before})

    # What every language is asked, and what is English always.

    def business(self):
        """(cause, call) whose text is in the language of the connected user."""
        ledger = lambda code: {"GLAccount": self.row("financial/GLAccounts", code)["ID"]}  # noqa: E731
        account = lambda code: self.row(ACCOUNTS, code)["ID"]  # noqa: E731
        item = lambda code: {"Item": self.row("logistics/Items", code)["ID"]}  # noqa: E731
        guid, day = str(uuid.uuid4()), self.today
        return [
            ("customer_missing", lambda: self.post(Customer=None)),
            ("customer_gone", lambda: self.post(Customer=guid)),
            ("customer_type", lambda: self.post(Customer=account("9"))),
            ("customer_is_blocked", lambda: self.post(Customer=account("7"))),
            ("journal_wrong", lambda: self.post(Journal=None)),
            ("journal_wrong", lambda: self.post(Journal="60")),
            ("journal_wrong", lambda: self.post(Journal="80")),
            ("journal_wrong", lambda: self.post(Journal="no such journal")),
            ("ledger_missing", lambda: self.post({"GLAccount": None})),
            ("ledger_type", lambda: self.post(ledger("1300"))),
            ("ledger_wrong", lambda: self.post(ledger("9990"))),
            ("vat_not_allowed", lambda: self.post({"VATCode": "XX"})),
            ("vat_not_allowed", lambda: self.post({"VATCode": "9"})),
            ("vat_not_allowed", lambda: self.post({"VATPercentage": 0})),
            ("vat_mismatch", lambda: self.post({"VATCode": "5", "VATAmountFC": 21})),
            ("vat_on_journal", self.journal_without_vat),
            ("condition_wrong", lambda: self.post(PaymentCondition="ZZ")),
            ("currency_wrong", lambda: self.post(Currency="XXX")),
            ("currency_wrong", lambda: self.post(Currency="USD", Journal="74")),
            ("rate_not_allowed", lambda: self.post(Rate=2)),
            ("year_unknown", lambda: self.post(EntryDate=day - timedelta(days=365 * 30))),
            ("year_fixed", lambda: self.post(ReportingYear=day.year - 1)),
            ("period_closed", lambda: self.closed(period=day.month)),
            ("year_closed", self.closed),
            ("entry_number", lambda: self.post(EntryNumber=int(self.booked["EntryNumber"]))),
            ("dimension_wrong", lambda: self.post({"CostCenter": "NONE"})),
            ("dimension_missing", self.cost_centre_wanted),
            ("service_period", lambda: self.post({"From": day})),
            ("service_period", lambda: self.post({"From": day, "To": day - timedelta(days=1)})),
            (
                "too_long",
                lambda: self.with_option(
                    "lengths", "refuse", lambda: self.post(Description="x" * 61)
                ),
            ),
            ("entry_processed", self.processed),
            ("cannot_delete", lambda: self.client.delete(ACCOUNTS, self.known["ID"])),
            ("customer_name_wrong", lambda: self.account(Name=None)),
            ("customer_number_wrong", lambda: self.account(Code="K-12")),
            ("country_wrong", lambda: self.account(Country="QX")),
            ("language_wrong", lambda: self.account(Language="??")),
            ("mail_wrong", lambda: self.account(Email="no address")),
            ("already_exists", lambda: self.account(Code="1".rjust(18))),
            ("item_wrong", lambda: self.invoice(line=item("OUD"))),
            ("item_fraction", lambda: self.invoice(line={"Quantity": Decimal("0.5")})),
            ("item_wrong", lambda: self.invoice(line={"Item": None})),
            ("unit_wrong", lambda: self.invoice(line={"UnitCode": "km"})),
            ("contact_wrong", lambda: self.invoice(InvoiceToContactPerson=guid)),
            ("invoice_processed", self.printed),
            ("customer_missing", lambda: self.invoice(OrderedBy=None)),
            ("file_refused", lambda: self.with_option("max_attachment", 2, self.file)),
            ("file_refused", lambda: self.file(FileName="factuur.exe")),
            ("file_refused", lambda: self.file(Attachment=None)),
            (
                "webhook_callback",
                lambda: self.client.create(
                    HOOKS, {"Topic": "Accounts", "CallbackURL": "http://elsewhere.example/x"}
                ),
            ),
        ]

    def protocol(self):
        """(cause, call) whose text is English for everybody."""
        guid = str(uuid.uuid4())
        client = self.client
        return [
            ("need_select", lambda: self.raw("cashflow/Receivables")),
            (
                "need_filter",
                lambda: self.with_option(
                    "mandatory_filter", True, lambda: self.raw(ACCOUNTS, "$select=ID")
                ),
            ),
            ("unknown_field", lambda: self.post(Nonsense=1)),
            ("unknown_field", lambda: client.rows(ACCOUNTS, select=["Nonsense"])),
            ("unknown_field", lambda: client.rows(ACCOUNTS, select=["ID"], filter="Nonsense eq 1")),
            ("bad_value", lambda: self.post({"AmountFC": "a lot"})),
            ("bad_query", lambda: client.rows(ACCOUNTS, select=["ID"], filter="Code eq")),
            ("gone", lambda: client.update(ACCOUNTS, guid, {"Name": "x"})),
        ]
