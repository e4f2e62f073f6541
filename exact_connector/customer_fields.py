"""The fields of a customer that Odoo and Exact both keep (R39, R41)."""

# Fields of a customer that both sides keep, by the group whose winner is a setting.
GROUPS = {
    "name": ("name",),
    "address": ("street", "street2", "zip", "city", "state_id", "country_id"),
    "contact": ("phone", "email", "website", "lang"),
    "identification": ("vat", "company_registry"),
    "terms": ("property_payment_term_id", "exact_vat_code_id"),
}
GROUP_OF = {name: group for group, names in GROUPS.items() for name in names}
PROPERTIES = {
    "name": "Name",
    "street": "AddressLine1",
    "street2": "AddressLine2",
    "zip": "Postcode",
    "city": "City",
    "state_id": "State",
    "country_id": "Country",
    "phone": "Phone",
    "email": "Email",
    "website": "Website",
    "lang": "Language",
    "vat": "VATNumber",
    "company_registry": "ChamberOfCommerce",
    "property_payment_term_id": "PaymentConditionSales",
    "exact_vat_code_id": "SalesVATCode",
}

# Noise that imported values do not need; the ledger's VAT number is taken over as it stands there.
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "no_vat_validation": True,
}
