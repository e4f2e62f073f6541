"""Quantity times price is the amount, for any amount, quantity and currency (API 5.13)."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exact_connector.unit_price import MOST_DECIMALS, price_line, rounded
from exact_connector.units import USUAL_CODES, split_codes, usual_unit

D = Decimal


def exacts_product(priced, places, rounding):
    """As Exact multiplies: with doubles, rounded to the currency."""
    product = Decimal(float(priced.quantity) * float(priced.price))
    return product.quantize(Decimal(1).scaleb(-places), rounding=rounding)


@settings(max_examples=600, deadline=None)
@given(
    net=st.integers(-(10**9), 10**9),
    quantity=st.integers(-(10**6), 10**6),
    places=st.sampled_from([0, 2, 3]),
    decimals=st.sampled_from([2, 3]),
    wanted=st.one_of(st.none(), st.decimals(-(10**6), 10**6, allow_nan=False, places=8)),
)
@example(net=1, quantity=10**6, places=3, decimals=2, wanted=None)
@example(net=0, quantity=0, places=2, decimals=2, wanted=D("9.5"))
@example(net=5, quantity=0, places=2, decimals=2, wanted=None)
def test_r48_quantity_times_price_is_the_amount_to_the_cent(
    net, quantity, places, decimals, wanted
):
    net, quantity = Decimal(net).scaleb(-places), Decimal(quantity).scaleb(-decimals)
    priced = price_line(net, quantity, places, wanted)
    for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN):
        assert exacts_product(priced, places, rounding) == net
    assert priced.price.as_tuple().exponent >= -max(MOST_DECIMALS, places)
    if not priced.whole:
        assert priced.quantity == quantity
    elif net:
        assert abs(priced.quantity) == 1
        assert abs(priced.price) == abs(net)


@settings(max_examples=250, deadline=None)
@given(
    price=st.decimals(0, 10**5, allow_nan=False, places=2),
    quantity=st.integers(-(10**5), 10**5).filter(bool),
)
def test_r48_price_that_was_agreed_is_the_price_that_is_sent(price, quantity):
    """What the customer agreed on stands on the invoice, where it gives the amount: always, in cents."""
    quantity = Decimal(quantity).scaleb(-2)
    net = rounded(price * quantity, 2)
    if abs(price * quantity - net) > D("0.0049"):
        return  # halves of a cent: any way of rounding has to give the amount
    priced = price_line(net, quantity, 2, price)
    assert (priced.price, priced.quantity, priced.whole) == (price, quantity, False)


@settings(max_examples=250, deadline=None)
@given(
    gross=st.integers(1, 10**7),
    rate=st.sampled_from([6, 9, 12, 20, 21, 25]),
    quantity=st.integers(1, 5000),
    discount=st.sampled_from([0, 5, 10, 33.33, 100]),
)
def test_r11_r12_price_after_discount_and_without_vat_needs_no_way_out(
    gross, rate, quantity, discount
):
    """Below some thousands of units six decimals are always enough."""
    price = D(gross) / 100 * (100 - D(str(discount))) / 100 / (1 + D(rate) / 100)
    quantity = D(quantity) / 2
    net = rounded(price * quantity, 2)
    assert not price_line(net, quantity, 2, price).whole


@pytest.mark.parametrize(
    ("net", "quantity", "wanted", "price"),
    [
        ("99.99", "3", "33.33", "33.33"),
        ("100.00", "3", "33.33333333", "33.333333"),
        ("750.00", "0.94", "800", "797.87"),
        ("826.45", "10", "82.6446281", "82.644628"),
        ("0.00", "8", "0", "0.00"),
        ("-95.00", "-1", "95", "95.00"),
        ("-50.00", "1", "-50", "-50.00"),
        ("2.33", "0.07", "33.33", "33.33"),
    ],
)
def test_r48_prices_as_a_bookkeeper_would_write_them(net, quantity, wanted, price):
    priced = price_line(D(net), D(quantity), 2, D(wanted))
    assert str(priced.price) == price
    assert not priced.whole


def test_r48_more_than_prices_can_tell_goes_as_one_times_the_amount():
    priced = price_line(D("12345.67"), D("98765.43"), 2, D("0.125"))
    assert priced == price_line(D("12345.67"), D("98765.43"), 2)
    assert (priced.quantity, priced.price, priced.whole) == (1, D("12345.67"), True)
    back = price_line(D("-12345.67"), D("-98765.43"), 2)
    assert (back.quantity, back.price) == (-1, D("12345.67"))


def test_usual_codes_are_known_in_four_languages_and_mean_one_unit_each():
    codes = [code for known in USUAL_CODES.values() for code in known]
    assert len(codes) == len(set(codes))
    for code in ("uur", "Hours", "heure", "STD.", "  hr "):
        assert usual_unit(code) == "uom.product_uom_hour"
    for code in ("dag", "day", "jour", "Tag"):
        assert usual_unit(code) == "uom.product_uom_day"
    assert usual_unit("km") == "uom.product_uom_km"
    assert usual_unit("stuk") == usual_unit("pc") == "uom.product_uom_unit"
    assert usual_unit("pallet") is usual_unit("") is usual_unit(None) is None


def test_codes_of_a_person_may_be_written_in_any_way():
    assert split_codes(" UUR, hrs;u. ,") == ["uur", "hrs", "u"]
    assert split_codes(False) == []
