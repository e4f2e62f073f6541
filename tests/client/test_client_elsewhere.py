"""Where a token or a secret may go at all: the practice server's address is a setting, and names are not trusted."""

import socket

import pytest

from exact_connector.client import AddressError, ExactClient, ExactError, refresh
from exact_connector.client.address import check_base_url, check_same_site, is_loopback

# Names and numbers that lead to this machine, its network or a cloud's metadata, dressed up.
INSIDE = [
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://127.1.evil.example",
    "http://169.254.169.254",
    "http://10.0.0.1",
    "http://192.168.1.1:8069",
    "http://[::ffff:10.0.0.1]",
    "http://[::ffff:127.0.0.1]",
    "http://[::]:8069",
    "http://[fe80::1]",
    "http://[fd00::1]",
    "http://[::1]@evil.example",
    "http://localhost.",
    "http://0.0.0.0:8069",
    "http://2130706433",
    "http://0x7f000001",
    "http://metadata.google.internal",
    "http://localhost@evil.example",
    "http://127.0.0.1:80@evil.example",
    "http://127.0.0.1\\@evil.example",
    "http://evil.example#@localhost",
    "file:///etc/passwd",
    "gopher://localhost",
    "ftp://localhost",
    "//localhost",
    "http://",
]


@pytest.mark.parametrize("url", INSIDE)
def test_plain_http_leads_to_this_machine_by_number_or_localhost_only(url):
    with pytest.raises(AddressError):
        check_base_url(url)
    with pytest.raises(AddressError):
        ExactClient(url, 1001, lambda rejected=None: "token")
    with pytest.raises(AddressError):
        refresh(url, "id", "secret", "refresh")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_is_known_without_asking_a_name_server(host, monkeypatch):
    def asked(*_args, **_options):
        raise AssertionError("a name server was asked")

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    monkeypatch.setattr(socket, "gethostbyname", asked)
    assert is_loopback(host)
    assert not is_loopback(f"{host}.evil.example")


@pytest.mark.parametrize(
    "beginning",
    [
        "http://start.exactonline.nl:443",
        "http://start.exactonline.nl",
        "https://start.exactonline.nl:80",
        "https://start.exactonline.nl:8443",
        "https://start.exactonline.nl@evil.example",
        "https://start.exactonline.nl:x@evil.example",
        "https://start.exactonline.nl.evil.example",
        "https://start.exactonline.nl%2eevil.example",
        "https://start.exactonline.nl#@evil.example",
        "https://evil.example/https://start.exactonline.nl",
        "https://[::1]",
        "//start.exactonline.nl",
        "",
    ],
)
def test_address_of_exact_is_of_the_same_scheme_host_and_port(beginning):
    way = "/api/v1/1001/crm/Accounts"
    base = "https://start.exactonline.nl"
    for same in (f"{base}{way}", f"{base}:443{way}", f"https://START.exactonline.nl{way}"):
        assert check_same_site(same, base) == same
    with pytest.raises(ExactError, match="outside the connected site"):
        check_same_site(f"{beginning}{way}", base)
