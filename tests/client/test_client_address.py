"""Where a token may go at all."""

import pytest

from exact_connector.client import COUNTRIES, AddressError, ExactClient, ExactError, check_base_url


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://start.exactonline.nl", "https://start.exactonline.nl"),
        (" https://start.exactonline.nl/ ", "https://start.exactonline.nl"),
        ("https://example.com:8443/exact/", "https://example.com:8443/exact"),
        ("http://127.0.0.1:8080/be", "http://127.0.0.1:8080/be"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_https_or_this_machine(given, kept):
    assert check_base_url(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "http://start.exactonline.nl",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://0.0.0.0",
        "ftp://127.0.0.1",
        "start.exactonline.nl",
        "https://",
        "https://user:secret@start.exactonline.nl",
        "https://start.exactonline.nl/?x=1",
        "https://start.exactonline.nl/#x",
        "https://start.exactonline.nl\\@evil.example",
        "https://start.exactonline.nl\n.evil.example",
        "https://x:99999",
        "https://[",
        "",
        None,
        7,
    ],
)
def test_other_addresses_are_refused_before_any_call(given):
    with pytest.raises(AddressError) as caught:
        ExactClient(given, 1, lambda rejected=None: "t")
    assert isinstance(caught.value, ExactError)
    assert isinstance(caught.value, ValueError)
    assert "secret" not in str(caught.value)


def test_every_country_has_a_usable_address():
    assert set(COUNTRIES) == {"nl", "be", "de", "fr", "es", "uk", "us"}
    for name, url in COUNTRIES.values():
        assert name
        assert check_base_url(url) == url
        assert url.startswith("https://start.exactonline.")
