"""Quantity and price of an invoice line so that Exact's product of the two is Odoo's amount. No Odoo import.

Exact multiplies the quantity by the net price and rounds to the currency (API 5.13). Odoo's amount is
already rounded, with its discount and tax taken out, so the price follows from it, not the reverse.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# Digits of a price beyond which a figure on paper helps nobody; Exact keeps prices as doubles.
MOST_DECIMALS = 6
# How near to the amount the product has to be, in units of the currency: short of a half, so that
# neither another way of rounding halves nor the arithmetic of doubles can tip it over.
MARGIN = Decimal("0.49")


@dataclass(frozen=True)
class Priced:
    """What goes on an invoice line: ``quantity`` times ``price`` is its amount, to the smallest unit.

    ``whole``: no price gives the amount for the quantity wanted, so it stands as 1 times the amount.
    """

    quantity: Decimal
    price: Decimal
    whole: bool = False


def rounded(value, places):
    """``value`` at ``places`` decimals, halves away from zero as on paper."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def gives(quantity, price, net, places):
    """Whether Exact's product of ``quantity`` and ``price`` is ``net``, however it rounds halves."""
    return abs(quantity * price - net) <= MARGIN.scaleb(-places)


def price_line(net, quantity, places, wanted=None):
    """Quantity and price whose product, rounded to ``places`` decimals, is ``net``.

    :param net: amount excluding VAT in the document's currency, any sign.
    :param quantity: as it is to stand in Exact, already rounded, any sign.
    :param places: decimals of the currency.
    :param wanted: the price that was agreed, if known; taken where it gives the amount, since that
        is what the customer knows.
    :return: :class:`Priced`
    """
    if not quantity:
        return Priced(quantity, Decimal(0)) if not net else _whole(net, quantity)
    candidates = [] if wanted is None else [rounded(wanted, n) for n in _digits(places)]
    candidates += [rounded(net / quantity, n) for n in _digits(places)]
    if wanted is not None:
        # The price as agreed first; only then fewer digits of it, or another one.
        candidates.insert(0, rounded(wanted, MOST_DECIMALS))
    for price in candidates:
        if gives(quantity, price, net, places):
            return Priced(quantity, _short(price, places))
    return _whole(net, quantity)


def _whole(net, quantity):
    """One times the amount; a line that takes back stays one that takes back."""
    one = Decimal(-1 if quantity < 0 else 1)
    return Priced(one, net * one, whole=True)


def _digits(places):
    return range(min(places, MOST_DECIMALS), MOST_DECIMALS + 1)


def _short(price, places):
    """Without the zeros after the currency's decimals: 12.50, not 12.500000."""
    short = price.normalize()
    return short if -short.as_tuple().exponent > places else rounded(price, places)
