"""Texts of the simulator in English, Dutch, French and German (Exact API sheet 4.2).

Exact answers in the language of the connected user, so a client must never recognise an error by
its text alone. The sentences are those seen in the field where one is known.
"""

from __future__ import annotations

from . import messages_de

_Lang = dict[str, str]


def _t(en: str, nl: str, fr: str) -> _Lang:
    return {"en": en, "nl": nl, "fr": fr}


def _all(text: str) -> _Lang:
    return {"en": text}


#: Sentences by key; braces are filled in.
TEXTS: dict[str, _Lang] = {
    # Business rules: HTTP 500
    "mandatory": _t("Mandatory: {field}", "Verplicht: {field}", "Obligatoire : {field}"),
    "gl_mandatory": _t(
        "G/L account is mandatory",
        "Grootboekrekening is verplicht",
        "Le compte général est obligatoire",
    ),
    "invalid": _t("Invalid: {field}", "Ongeldig: {field}", "Non valide : {field}"),
    "invalid_value": _t(
        "Invalid: {field} [{value}]",
        "Ongeldig: {field} [{value}]",
        "Non valide : {field} [{value}]",
    ),
    "invalid_type": _t(
        "Invalid: {field} (Type)", "Ongeldig: {field} (Type)", "Non valide : {field} (Type)"
    ),
    "invalid_reference": _t(
        "Invalid reference: {field}",
        "Ongeldige referentie: {field}",
        "Référence non valide : {field}",
    ),
    "not_allowed": _t("Not allowed: {field}", "Niet toegestaan: {field}", "Non autorisé : {field}"),
    "blocked": _t("Blocked: {field}", "Geblokkeerd: {field}", "Bloqué : {field}"),
    "inactive": _t("Not active: {field}", "Niet actief: {field}", "Inactif : {field}"),
    "too_long": _t(
        "Maximum length exceeded: {field} ({length})",
        "Maximale lengte overschreden: {field} ({length})",
        "Longueur maximale dépassée : {field} ({length})",
    ),
    "gl_type": _t(
        "Invalid: G/L account type",
        "Ongeldig: Grootboekrekeningtype",
        "Non valide : Type de compte général",
    ),
    "year_unknown": _t(
        "Unknown: Financial year (Period-date table)",
        "Verplicht: Boekjaar",
        "Inconnu : Exercice (Table des périodes)",
    ),
    "period_closed": _t(
        "Period is closed: {year} - {period}",
        "Periode is afgesloten: {year} - {period}",
        "La période est clôturée : {year} - {period}",
    ),
    "year_closed": _t(
        "The financial year is closed.", "Het boekjaar is gesloten.", "L'exercice est clôturé."
    ),
    "year_fixed": _t(
        "The financial year cannot be changed.",
        "Het boekjaar kan niet worden gewijzigd.",
        "L'exercice ne peut pas être modifié.",
    ),
    "entry_number_used": _t(
        "Already exists - Entry number: {number}, Journal: {journal}",
        "In gebruik: Boekstuknummer",
        "Existe déjà - Numéro d'écriture : {number}, Journal : {journal}",
    ),
    "processed": _t("Already processed", "Reeds verwerkt", "Déjà traité"),
    "invoice_number": _t(
        "Invoice number is mandatory", "Factuurnummer verplicht", "Numéro de facture obligatoire"
    ),
    "licence": _t(
        "Forbidden - The Invoicing module is not part of the licence of this company.",
        "Geen toegang - De module Facturatie hoort niet bij de licentie van deze administratie.",
        "Accès refusé - Le module Facturation ne fait pas partie de la licence de cette société.",
    ),
    # What printing an invoice reports of itself
    "document_made": _t("Document created", "Document aangemaakt", "Document créé"),
    "no_document": _t(
        "The document could not be created",
        "Het document kon niet worden aangemaakt",
        "Le document n'a pas pu être créé",
    ),
    "mail_sent": _t("E-mail sent to {to}", "E-mail verzonden naar {to}", "E-mail envoyé à {to}"),
    "no_address": _t(
        "No e-mail address: {name}", "Geen e-mailadres: {name}", "Pas d'adresse e-mail : {name}"
    ),
    "postbox_sent": _t(
        "Sent to the mailbox of {name}",
        "Verzonden naar de mailbox van {name}",
        "Envoyé à la boîte aux lettres de {name}",
    ),
    "no_postbox": _t("No mailbox: {name}", "Geen mailbox: {name}", "Pas de boîte : {name}"),
    "peppol_sent": _t(
        "Sent through Peppol to {to}",
        "Verzonden via Peppol naar {to}",
        "Envoyé par Peppol à {to}",
    ),
    "no_peppol": _t(
        "No Peppol identifier: {name}",
        "Geen Peppol-ID: {name}",
        "Pas d'identifiant Peppol : {name}",
    ),
    "data_exists": _t("Data already exists", "Gegeven bestaat reeds.", "Les données existent déjà"),
    "cannot_delete": _t(
        "Can't delete: {field} {code} - Used in: {where}",
        "Kan niet verwijderen: {field} - Gebruikt in: {where}",
        "Impossible de supprimer : {field} {code} - Utilisé dans : {where}",
    ),
    "vat_mismatch": _t(
        "The amount of the VAT line does not match the VAT percentage: "
        "{given} instead of {expected}",
        "Het bedrag van de BTW regel komt niet overeen met het BTW-percentage: "
        "{given} in plaats van {expected}",
        "Le montant de la ligne TVA ne correspond pas au pourcentage de TVA : "
        "{given} au lieu de {expected}",
    ),
    "fault": _t(
        "A problem has occurred. The cause of this issue will be investigated as soon as possible.",
        "Er is een probleem opgetreden. De oorzaak wordt zo spoedig mogelijk onderzocht.",
        "Un problème est survenu. La cause sera recherchée dès que possible.",
    ),
    "callback_failed": _t(
        "Invalid: Post to callback URL endpoint returns {status}",
        "Ongeldig: Post naar callback-URL geeft {status}",
        "Non valide : L'envoi vers l'URL de rappel renvoie {status}",
    ),
    "too_large": _t(
        "The file is larger than allowed: {size} MB",
        "Het bestand is groter dan toegestaan: {size} MB",
        "Le fichier dépasse la taille autorisée : {size} Mo",
    ),
    "more_than_open": _t(
        "The amount is more than what is open: {open}",
        "Het bedrag is hoger dan wat openstaat: {open}",
        "Le montant dépasse le solde ouvert : {open}",
    ),
    # The protocol: HTTP 400 and 404, always in English
    "unknown_property": _all(
        "Error processing request stream. The property name '{name}' specified for type '{type}' "
        "is not valid."
    ),
    "bad_value": _all(
        "Error processing request stream. Error encountered in converting the value from request "
        "payload for property '{name}' to type '{type}', which is the property's expected type. "
        "See inner exception for more detail."
    ),
    "not_an_object": _all(
        "Error processing request stream. The request should be a valid top-level resource object."
    ),
    "binding": _all(
        "Error processing request stream. Deep updates are not supported in PUT or MERGE. "
        "Binding to new entities is not supported: '{name}'."
    ),
    "no_resource": _all("Resource not found for the segment '{name}'."),
    "not_found": _all("Resource not found for the segment '{name}'."),
    "method": _all("Method not allowed"),
    "syntax": _all("Bad Request - Error in query syntax."),
    "no_property": _all("No property '{name}' exists in type '{type}' at position {position}."),
    "select_property": _all(
        "Type '{type}' does not have a property named '{name}' "
        "or there is no type with '{name}' name."
    ),
    "operand_types": _all(
        "Operator '{operator}' incompatible with operand types '{left}' and '{right}'."
    ),
    "unknown_function": _all("Unknown function '{name}' at position {position}."),
    "bad_option": _all("Incorrect format for {option} argument '{value}'."),
    "unknown_option": _all(
        "The query parameter '{option}' begins with a system-reserved '$' character but is not "
        "recognized."
    ),
    "need_select": _all("Please add a $select or a $top=1 statement to the query string."),
    "need_filter": _all(
        "A GET request for this endpoint must have a $filter parameter with one of the following "
        "fields in the url: {fields}"
    ),
    "no_skip": _all("The $skip option is not supported on bulk endpoints."),
    "filter_not_allowed": _all("Filtering on property '{name}' is not supported on this endpoint."),
    "no_count": _all("The $inlinecount option is not supported."),
    "not_acceptable": _all("Only application/json is answered by this simulator."),
}

#: Names of fields as Exact calls them in its messages.
TERMS: dict[str, _Lang] = {
    "Account": _t("Account", "Relatie", "Relation"),
    "AccountCode": _t("Code", "Code", "Code"),
    "Addresses": _t("Addresses", "Adressen", "Adresses"),
    "AmountFC": _t("Amount", "Bedrag", "Montant"),
    "Attachment": _t("Attachment", "Bijlage", "Pièce jointe"),
    "BankAccount": _t("Bank account", "Bankrekening", "Compte bancaire"),
    "BankAccounts": _t("Bank accounts", "Bankrekeningen", "Comptes bancaires"),
    "CallbackURL": _t("Callback URL", "Callback-URL", "URL de rappel"),
    "Contacts": _t("Contacts", "Contactpersonen", "Contacts"),
    "CostCenter": _t("Cost centre", "Kostenplaats", "Centre de coûts"),
    "CostUnit": _t("Cost unit", "Kostendrager", "Unité de coût"),
    "Country": _t("Country", "Land", "Pays"),
    "Currency": _t("Currency", "Valuta", "Devise"),
    "Customer": _t("Customer", "Klant", "Client"),
    "DeliverTo": _t("Deliver to", "Leveren aan", "Livrer à"),
    "Description": _t("Description", "Omschrijving", "Description"),
    "Documents": _t("Documents", "Documenten", "Documents"),
    "Document": _t("Document", "Document", "Document"),
    "Email": _t("Email", "E-mailadres", "E-mail"),
    "Discount": _t("Discount", "Korting", "Remise"),
    "EndTime": _t("End", "Eind", "Fin"),
    "EndDate": _t("End date", "Einddatum", "Date de fin"),
    "FileName": _t("File name", "Bestandsnaam", "Nom du fichier"),
    "From": _t("From", "Van", "De"),
    "GLAccount": _t("G/L account", "Grootboekrekening", "Compte général"),
    "GLAccountType": _t("G/L account type", "Grootboekrekeningtype", "Type de compte général"),
    "InvoiceTo": _t("Invoice to", "Factuur voor", "Facturer à"),
    "Item": _t("Item", "Artikel", "Article"),
    "Items": _t("Items", "Artikelen", "Articles"),
    "ItemGroup": _t("Item group", "Artikelgroep", "Groupe d'articles"),
    "Journal": _t("Journal", "Dagboek", "Journal"),
    "JournalType": _t("Journal (type)", "Dagboek", "Journal (type)"),
    "Journals": _t("Journals", "Journals", "Journals"),
    "Language": _t("Language", "Taal", "Langue"),
    "Lines": _t("Lines", "Regels", "Lignes"),
    "Matching": _t("Matching", "Afletteren", "Lettrage"),
    "Name": _t("Name", "Naam", "Nom"),
    "OrderedBy": _t("Ordered by", "Besteld door", "Commandé par"),
    "PaymentCondition": _t("Payment condition", "Betalingsconditie", "Condition de paiement"),
    "PrintedInvoice": _t("Invoice", "Factuur", "Facture"),
    "Project": _t("Project", "Project", "Projet"),
    "Quantity": _t("Quantity", "Aantal", "Quantité"),
    "Rate": _t("Exchange rate", "Koers", "Taux de change"),
    "Relationship": _t("Relationship", "Relatie", "Relation"),
    "ReportingPeriod": _t("Period", "Periode", "Période"),
    "SalesEntry": _t("Entry", "Boeking", "Écriture"),
    "SalesEntries": _t("Entries", "Boekingen", "Écritures"),
    "SalesInvoices": _t("Invoices", "Facturen", "Factures"),
    "Status": _t("Status", "Status", "Statut"),
    "Subject": _t("Subject", "Onderwerp", "Sujet"),
    "To": _t("To", "Tot", "À"),
    "Transactions": _t("Transactions", "Mutaties", "Transactions"),
    "VATCode": _t("VAT code", "Btw-code", "Code TVA"),
    "VATCodeNotAllowed": _t("VAT-code", "Btw-code", "Code TVA"),
    "VATCodes": _t("VAT codes", "Btw-codes", "Codes TVA"),
    "VATPercentage": _t("VAT percentage", "Btw-percentage", "Pourcentage de TVA"),
    "Unit": _t("Unit", "Eenheid", "Unité"),
    "Warehouse": _t("Warehouse", "Magazijn", "Entrepôt"),
}

for _german, _known in ((messages_de.TEXTS, TEXTS), (messages_de.TERMS, TERMS)):
    for _key, _words in _german.items():
        _known[_key]["de"] = _words


def text(key: str, language: str = "en", **params: object) -> str:
    """The text for ``key`` in ``language``.

    An unknown key is plain text and comes back as it is. The parameters ``field`` and ``where``
    are names of fields and are translated as well.
    """
    known = TEXTS.get(key)
    if known is None:
        return key
    filled = {
        name: term(value, language) if name in ("field", "where") else value
        for name, value in params.items()
    }
    return known.get(language, known["en"]).format(**filled)


def term(value: object, language: str) -> object:
    """The name of a field in ``language``; anything unknown comes back as it is."""
    names = TERMS.get(value) if isinstance(value, str) else None
    return names.get(language, names["en"]) if names else value
