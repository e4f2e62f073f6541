"""Countries, languages and currencies that an administration knows."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

_ISO = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
_NAMES = {
    "AT": "Oostenrijk", "BE": "België", "CH": "Zwitserland", "CZ": "Tsjechië", "DE": "Duitsland",
    "DK": "Denemarken", "ES": "Spanje", "FI": "Finland", "FR": "Frankrijk",
    "GB": "Verenigd Koninkrijk", "GR": "Griekenland", "HU": "Hongarije", "IE": "Ierland",
    "IT": "Italië", "LU": "Luxemburg", "NL": "Nederland", "NO": "Noorwegen", "PL": "Polen",
    "PT": "Portugal", "SE": "Zweden", "US": "Verenigde Staten",
}  # fmt: skip

COUNTRIES: dict[str, str] = {code: _NAMES.get(code, code) for code in _ISO.split()}
LANGUAGES = {"NL", "EN", "FR", "DE", "ES", "IT", "NL-BE", "FR-BE", "EN-US", "NL-NL", "FR-FR"}

#: Worth of one unit in euro, for an entry that gives no rate of its own.
RATES: dict[str, Decimal] = {
    code: Decimal(rate)
    for code, rate in {
        "EUR": "1", "USD": "0.92", "GBP": "1.17", "CHF": "1.05", "SEK": "0.088", "NOK": "0.086",
        "DKK": "0.134", "PLN": "0.233", "CZK": "0.04", "HUF": "0.0025", "CAD": "0.67",
        "AUD": "0.6", "JPY": "0.0061", "KWD": "3",
    }.items()
}  # fmt: skip
_DECIMALS = {"JPY": 0, "KWD": 3}
_WIDE = Context(prec=80)  # absurd amounts are somebody else's to refuse


def round_to(value: Decimal, decimals: int) -> Decimal:
    """``value`` to so many decimals, half up."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP, context=_WIDE)


def round_money(amount: Decimal, currency: str = "EUR") -> Decimal:
    """``amount`` in whole units of the smallest coin of ``currency``, half up."""
    return round_to(amount, _DECIMALS.get(currency, 2))
