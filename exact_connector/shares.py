"""Amounts divided so that the parts add up to the cent. Plain Python, no Odoo import."""

from decimal import ROUND_DOWN, Decimal


def divide(amount, weights):
    """``amount`` in parts in the proportion of ``weights``, each with as many digits as the amount has.

    What rounding leaves over goes, a smallest unit each, to the parts that lost most by it; the sum
    of the parts is the amount, always.

    :param amount: Decimal, any sign.
    :param weights: Decimals, none negative, not all zero.
    :return: list of Decimals, one for each weight.
    """
    unit = Decimal(1).scaleb(amount.as_tuple().exponent)
    whole = sum(weights, Decimal(0))
    exact = [amount * weight / whole for weight in weights]
    parts = [value.quantize(unit, rounding=ROUND_DOWN) for value in exact]
    missing = int((amount - sum(parts, Decimal(0))) / unit)
    step = unit if missing > 0 else -unit
    most_lost = sorted(
        range(len(parts)), key=lambda place: (-abs(exact[place] - parts[place]), place)
    )
    for place in most_lost[: abs(missing)]:
        parts[place] += step
    return parts


def combine(shares):
    """Shares of one line, with equal values taken together, in the order of first appearance.

    :param shares: list of (weight, hashable) pairs.
    :return: the same with each value once and its weights added up.
    """
    known = {}
    for weight, value in shares:
        known[value] = known.get(value, Decimal(0)) + weight
    return [(weight, value) for value, weight in known.items() if weight]


def spread(entries, dimensions):
    """What a distribution says of several dimensions, as shares of one line.

    Odoo keeps a distribution as percentages of combinations ("Sales of project A: 60 %"), each
    naming an account of one or more plans, or as percentages of each plan apart ("Sales: 100 %,
    project A: 100 %"). The first kind adds up to at most 100 and is taken as it stands; the second
    is taken for independent, which is right for each plan. What a plan leaves over has no value.

    :param entries: list of (percentage, {dimension: value}).
    :param dimensions: the dimensions that count.
    :return: list of (weight, {dimension: value}), the weights adding up to 1.
    """
    entries = [
        (Decimal(str(share)), {name: value for name, value in values.items() if name in dimensions})
        for share, values in entries
    ]
    entries = [(share, values) for share, values in entries if share > 0 and values]
    if sum(share for share, _values in entries) <= 100:
        return _filled([(share / 100, values) for share, values in entries])
    found = [(Decimal(1), {})]
    for name in dimensions:
        own = [(share / 100, {name: values[name]}) for share, values in entries if name in values]
        if own:
            found = [
                (weight * more, {**values, **value})
                for weight, values in found
                for more, value in _filled(own)
            ]
    return found


def _filled(shares):
    """Shares that add up to 1: above it they are scaled down, below it the rest has no value."""
    whole = sum((weight for weight, _values in shares), Decimal(0))
    if whole > 1:
        return [(weight / whole, values) for weight, values in shares]
    return [*shares, (1 - whole, {})] if whole < 1 else shares
