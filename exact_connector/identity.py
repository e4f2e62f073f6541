"""VAT and chamber of commerce numbers in the form that both Odoo and Exact keep (R39, R41).

Plain text in and out, no Odoo import. Both sides take the same form: capitals and digits without
dots or blanks for European numbers, everything else as it was written.
"""

import re

# VAT prefixes of the European VAT area, the United Kingdom and Northern Ireland.
_PREFIXES = """
    AT BE BG CY CZ DE DK EE EL ES FI FR GB HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI
"""
VAT_PREFIXES = frozenset(_PREFIXES.split())
# Countries whose VAT prefix is another code than their own.
_PREFIX_OF = {"GR": "EL"}
# What a number without its country looks like, where it cannot be mistaken for another kind.
_NATIONAL = {
    "NL": re.compile(r"[0-9]{9}B[0-9]{2}"),
    "BE": re.compile(r"[01]?[0-9]{9}"),
    "DE": re.compile(r"[0-9]{9}"),
    "FR": re.compile(r"[0-9A-Z]{2}[0-9]{9}"),
    "LU": re.compile(r"[0-9]{8}"),
}


def _compact(text):
    return re.sub(r"[^0-9A-Z]", "", (text or "").upper())


def _one_line(text):
    return " ".join((text or "").split()) or None


def vat_number(text, country=None):
    """A VAT number as both sides keep it; None where there is none ("/" in Odoo means none too).

    :param country: ISO code of the address, for a number that was written without its prefix.
    """
    bare = _compact(text)
    if not bare:
        return None
    country = (country or "").upper()
    prefix = _PREFIX_OF.get(country, country)
    if bare[:2] == "GR" and prefix == "EL":
        bare = "EL" + bare[2:]
    if bare[:2] in VAT_PREFIXES and any(c.isdigit() for c in bare):
        return _belgian_vat(bare) if bare.startswith("BE") else bare
    if country in _NATIONAL and _NATIONAL[country].fullmatch(bare):
        return _belgian_vat(prefix + bare) if prefix == "BE" else prefix + bare
    return bare if prefix in VAT_PREFIXES else _one_line(text)


def _belgian_vat(vat):
    digits = vat[2:]
    return f"BE{digits.zfill(10)}" if digits.isdigit() and len(digits) == 9 else vat


def registry_number(text, country=None):
    """A chamber of commerce number as both sides keep it, None where there is none.

    NL: KvK, 8 digits. BE: ondernemingsnummer, 10 digits. FR: SIREN (9) or SIRET (14 digits).
    Elsewhere (HRB 1234 B) as it was written.
    """
    country = (country or "").upper()
    bare = _compact(text)
    if country == "BE":
        bare = bare.removeprefix("BE")
    if country in ("NL", "BE", "FR") and bare.isdigit():
        # A spreadsheet on the way takes the leading zero.
        short = {("NL", 7): 8, ("BE", 9): 10}.get((country, len(bare)))
        return bare.zfill(short) if short else bare
    return _one_line(text)


def registry_from_vat(vat):
    """The Belgian enterprise number, which its VAT number contains; None for other countries."""
    bare = vat_number(vat) or ""
    digits = bare[2:]
    return digits if bare.startswith("BE") and digits.isdigit() and len(digits) == 10 else None


def vat_from_registry(registry, country):
    """The VAT number of a Belgian enterprise number whose check digits hold; None otherwise."""
    if (country or "").upper() != "BE":
        return None
    digits = registry_number(registry, "BE") or ""
    if not (digits.isdigit() and len(digits) == 10 and digits[0] in "01"):
        return None
    return f"BE{digits}" if 97 - int(digits[:8]) % 97 == int(digits[8:]) else None


def registry_key(registry, country):
    """What two registry numbers of one business have in common: the SIREN within a SIRET."""
    number = registry_number(registry, country)
    if number and (country or "").upper() == "FR" and number.isdigit() and len(number) == 14:
        return number[:9]
    return number.casefold() if number else None
