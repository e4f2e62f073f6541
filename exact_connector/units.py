"""Codes of units as offices write them in Exact, and the unit each of them means in Odoo. No Odoo import.

Unit codes in Exact are free text of at most eight characters (API 3.3); these are the ones that its
own administrations start with and people usually make, in Dutch, English, French and German. What
is not here can be written on the unit in Odoo (``uom.uom.exact_unit_codes``).
"""

# External ID in Odoo -> codes, lower case, without a dot at the end.
USUAL_CODES = {
    "uom.product_uom_hour": (
        "uur", "uren", "u", "ur", "hour", "hours", "hr", "hrs", "h",
        "heure", "heures", "stunde", "stunden", "std", "stdn",
    ),
    "uom.product_uom_day": (
        "dag", "dagen", "dg", "d", "day", "days", "jour", "jours", "j",
        "tag", "tage", "mandag", "manday",
    ),
    "uom.product_uom_minute": (
        "minuut", "minuten", "min", "mins", "minute", "minutes",
    ),
    "uom.product_uom_km": (
        "km", "kms", "kilomet", "kilometr", "kilometer", "kilometre",
    ),
    "uom.product_uom_unit": (
        "stuk", "stuks", "st", "stk", "stck", "stueck", "stück", "piece", "pièce", "pieces", "pièces",
        "pc", "pce", "pcs", "unit", "units", "unité", "unités", "ea", "each", "x",
    ),
}  # fmt: skip
_BY_CODE = {code: name for name, codes in USUAL_CODES.items() for code in codes}


def plain(code):
    """A code as it is compared: "Uur." and "uur " are one."""
    return (code or "").strip().rstrip(".").casefold()


def usual_unit(code):
    """External ID of the Odoo unit that ``code`` usually means, None where nothing is known."""
    return _BY_CODE.get(plain(code))


def split_codes(text):
    """The codes in what a person wrote: with commas, semicolons or blanks between them."""
    return [
        plain(code)
        for code in (text or "").replace(",", " ").replace(";", " ").split()
        if plain(code)
    ]
