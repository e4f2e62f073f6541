"""Where a call may go: the token leaves this machine for the connected site only."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, unquote, urlsplit

from .errors import AddressError, ExactError

# Characters on which URL parsers disagree; with them two libraries can see two different hosts.
_ODD = re.compile(r"[\x00-\x20\x7f\\]")
_PORTS = {"http": 80, "https": 443}


def is_loopback(host: str | None) -> bool:
    """Whether the host name means this machine, so that plain http stays inside it."""
    if not host:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_base_url(base_url: str) -> str:
    """Return the base address without a closing slash.

    It may carry a path prefix. https is required, except towards this machine itself.

    :raises AddressError: anything else
    """
    try:
        if not isinstance(base_url, str) or _ODD.search(base_url.strip()):
            raise ValueError
        parts = urlsplit(base_url.strip())
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise AddressError("The address of Exact Online is not a web address.") from None
    if parts.scheme not in _PORTS or not host:
        raise AddressError("The address of Exact Online must start with https://.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise AddressError("The address of Exact Online may hold a host and a path only.")
    if parts.scheme == "http" and not is_loopback(host):
        raise AddressError("The address of Exact Online must start with https://.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def check_same_site(url: str, base_url: str) -> str:
    """Return ``url`` unchanged when it lies under ``base_url``: scheme, host, port and path.

    :raises ExactError: it leads elsewhere, so no token may be sent to it
    """
    elsewhere = ExactError(
        "Exact Online sent an address outside the connected site.", reason="Unreadable"
    )
    if not isinstance(url, str) or _ODD.search(url):
        raise elsewhere
    base = urlsplit(base_url)
    try:
        parts = urlsplit(url)
        same = _origin(parts) == _origin(base)
    except ValueError:
        raise elsewhere from None
    path = unquote(parts.path)
    if (
        not same
        or parts.username is not None
        or parts.password is not None
        or not parts.path.startswith(f"{base.path}/")
        or "\\" in path
        or ".." in path.split("/")
    ):
        raise elsewhere
    return url


def check_division(url: str, base_url: str, division: int | None) -> None:
    """The next page is of the division that was asked for: another one's rows are another company's.

    :raises ExactError: it is not, or it lies elsewhere altogether
    """
    path = urlsplit(check_same_site(url, base_url)).path
    root = f"{urlsplit(base_url).path}/api/v1/"
    if not path.startswith((f"{root}{division}/", f"{root}beta/{division}/")):
        raise ExactError(
            "Exact Online sent an address outside the connected division.", reason="Unreadable"
        )
