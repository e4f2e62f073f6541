"""VAT and registration numbers in each country's form, there and back (R39, R41), and likeness (R43, W10)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_connector.identity import (
    registry_from_vat,
    registry_key,
    registry_number,
    vat_from_registry,
    vat_number,
)
from exact_connector.matching import Party, compare, compare_names, postcode_key, words

digits = st.text("0123456789", min_size=9, max_size=9)
blanks = st.lists(st.sampled_from(["", " ", ".", "-", "/"]), min_size=20, max_size=20)


def spaced(text, marks):
    return "".join(char + mark for char, mark in zip(text, marks, strict=False))


@given(digits, blanks)
def test_r39_dutch_vat_number_has_one_form_however_it_is_written(number, marks):
    vat = f"NL{number}B01"
    assert vat_number(spaced(vat, marks).lower()) == vat
    assert vat_number(spaced(vat[2:], marks), "NL") == vat
    assert vat_number(vat_number(vat)) == vat


@given(digits, blanks)
def test_r39_belgian_vat_number_has_ten_digits(number, marks):
    assert vat_number(spaced(f"BE{number}", marks)) == f"BE0{number}"
    assert vat_number(spaced(f"0{number}", marks), "BE") == f"BE0{number}"


@given(st.text(max_size=30), st.sampled_from(["NL", "BE", "DE", "FR", "US", "CH", "GR", "", None]))
def test_r39_a_form_once_taken_stays(text, country):
    """What was sent to Exact comes back as it was: no import finds a difference."""
    vat, registry = vat_number(text, country), registry_number(text, country)
    assert vat_number(vat, country) == vat
    assert registry_number(registry, country) == registry


@given(st.integers(1, 19_999_999))
def test_r41_belgian_enterprise_number_and_vat_number_follow_from_each_other(head):
    number = f"{head:08d}{97 - head % 97:02d}"
    vat = vat_from_registry(number, "BE")
    assert vat == f"BE{number}"
    assert registry_from_vat(vat) == number
    assert registry_number(f"{number[:4]}.{number[4:7]}.{number[7:]}", "BE") == number


@pytest.mark.parametrize(
    ("written", "country", "form"),
    [
        ("12345678", "NL", "12345678"),
        ("1234567", "NL", "01234567"),
        ("12 34 56 78", "NL", "12345678"),
        ("BE 0477.472.701", "BE", "0477472701"),
        ("477472701", "BE", "0477472701"),
        ("123 456 789 00012", "FR", "12345678900012"),
        ("HRB 1234 B", "DE", "HRB 1234 B"),
        ("", "NL", None),
        (None, None, None),
    ],
)
def test_r39_registration_number_has_the_form_of_its_country(written, country, form):
    assert registry_number(written, country) == form


@pytest.mark.parametrize(
    ("written", "country", "form"),
    [
        ("DE 123 456 789", "DE", "DE123456789"),
        ("12/345/67890", "DE", "1234567890"),
        ("FR 12 345678901", "FR", "FR12345678901"),
        ("EL123456789", "GR", "EL123456789"),
        ("GR123456789", "GR", "EL123456789"),
        ("CHE-123.456.789 MWST", "CH", "CHE-123.456.789 MWST"),
        ("12-3456789", "US", "12-3456789"),
        ("/", "NL", None),
        ("NL", "NL", "NL"),
    ],
)
def test_r39_vat_number_of_another_kind_stays_as_it_was_written(written, country, form):
    assert vat_number(written, country) == form


def test_r41_wrong_check_digits_make_no_belgian_vat_number():
    assert vat_from_registry("0477472701", "BE") == "BE0477472701"
    assert vat_from_registry("0477472702", "BE") is None
    assert vat_from_registry("0477472701", "NL") is None


def test_w10_siret_and_siren_of_one_business_are_the_same():
    assert registry_key("12345678900012", "FR") == registry_key("123 456 789", "FR")


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        ("De Vries Bouw B.V.", "Vries Bouw", "same"),
        ("Café 't Hoekje", "CAFE HOEKJE SA/NV", "same"),
        ("Bouw De Vries", "De Vries Bouw BV", "same"),
        ("Bakkerij Jansen", "Bakkerij Janssen", "same"),
        ("Jansen", "Bakkerij Jansen", "some"),
        ("Bakkerij Jansen", "Smit Advies BV", "none"),
        ("", "Smit Advies BV", "some"),
        ("B.V.", "NV", "none"),
    ],
)
def test_w10_names_are_compared_without_legal_form_case_and_accents(one, other, likeness):
    assert compare_names(one, other) == likeness
    assert compare_names(other, one) == likeness


@given(st.text(max_size=40))
def test_w10_a_name_is_like_itself(name):
    assert compare_names(name, name) == ("same" if words(name) else "some")
    assert postcode_key(postcode_key(name)) == postcode_key(name)


def test_r37_equal_number_is_believed_unless_the_names_say_otherwise():
    def believed(odoo, exact):
        return compare(Party(number="7", **odoo), Party(number="7", **exact)).is_believed

    assert believed({"name": "Jansen"}, {"name": "Jansen BV"})
    assert believed({"name": "Jansen"}, {"name": "Bakkerij Jansen"})
    assert not believed({"name": "Jansen"}, {"name": "Smit"})
    assert believed({"name": "Jansen", "vat": "NL1.B"}, {"name": "Smit", "vat": "NL 1B"}), (
        "the VAT number confirms it"
    )
    assert not believed(
        {"name": "Jansen", "vat": "NL1B"}, {"name": "Bakkerij Jansen", "vat": "NL2B"}
    )


def test_w10_each_reason_counts_and_another_vat_number_speaks_against():
    exact = Party("3", "Jansen BV", ("1011 AB",), "NL", "NL1B", "12345678", "a@b.example")

    def reasons(**values):
        found = compare(Party(**values), exact)
        return found.reasons, found.is_candidate

    assert reasons(name="Iets", vat="NL1B") == (("vat", "name_differs"), True)
    assert reasons(name="Iets", registry="12345678", country="NL") == (
        ("registry", "name_differs"),
        True,
    )
    assert reasons(name="JANSEN", postcodes=("1011ab",)) == (("name_postcode",), True)
    assert reasons(name="Jansen") == (("name",), False)
    assert reasons(name="Iets", email="A@B.example") == (("name_differs", "email"), True)
    assert reasons(name="Iets", email="a@b.example", vat="NL2B")[1] is False
    assert reasons(name="JANSEN", postcodes=("1011ab",), vat="NL2B")[1] is False
    assert reasons(number="3", name="Iets", vat="NL2B")[1] is True
