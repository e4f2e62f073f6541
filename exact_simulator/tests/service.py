"""What the tests of the service side share: a running simulator and a simple client for it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from exact_simulator.server import Simulator, start

CALLBACK = "http://127.0.0.1:8069/exact_connector/oauth2/callback"
BOOKKEEPER = "bookkeeper@practice.example"
OFFICE = "office@practice.example"


class Practice:
    """A client of one country of a running simulator."""

    def __init__(self, sim: Simulator, country: str = "nl"):
        self.sim = sim
        self.url = sim.url + ("" if country == "nl" else f"/{country}")
        self.country = sim.countries[country]
        self.app = next(iter(self.country.apps.values()))
        self.division = next(iter(self.country.divisions))

    # control plane ----------------------------------------------------------------------------

    def control(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST to the control plane and return its answer."""
        answer = requests.post(f"{self.url}/_sim/{path}", json=body or {}, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def accountant(self, action: str, **body: Any) -> dict[str, Any]:
        """Play the accountant in the first division."""
        return self.control(f"accountant/{self.division}/{action}", body)

    # OAuth ------------------------------------------------------------------------------------

    def authorisation(self, **changes: str | None) -> str:
        """The address of the first page, as an app makes it."""
        values = {
            "client_id": self.app.client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "state": "s 1&2",
        }
        values |= changes
        query = {name: value for name, value in values.items() if value is not None}
        return requests.Request("GET", f"{self.url}/api/oauth2/auth", params=query).prepare().url

    def code(self, login: str = BOOKKEEPER, divisions: list[int] | None = None) -> str:
        """A code without the pages."""
        body = {"client_id": self.app.client_id, "login": login, "redirect_uri": CALLBACK}
        if divisions is not None:
            body["divisions"] = divisions
        return self.control("grant", body)["code"]

    def token(self, **form: str) -> requests.Response:
        """POST to the token endpoint with the app's credentials."""
        values = {
            "client_id": self.app.client_id,
            "client_secret": self.app.client_secret,
            "redirect_uri": CALLBACK,
            **form,
        }
        return requests.post(f"{self.url}/api/oauth2/token", data=values, timeout=10)

    def redeem(self, code: str) -> requests.Response:
        """Tokens for a code."""
        return self.token(grant_type="authorization_code", code=code)

    def refresh(self, refresh_token: str) -> requests.Response:
        """New tokens for a refresh token."""
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)

    def connect(
        self, login: str = BOOKKEEPER, divisions: list[int] | None = None
    ) -> dict[str, str]:
        """A fresh pair of tokens."""
        answer = self.redeem(self.code(login, divisions))
        assert answer.status_code == 200, answer.text
        return answer.json()

    # API --------------------------------------------------------------------------------------

    def call(
        self, token: str, path: str, method: str = "GET", body: Any = None, **more: Any
    ) -> requests.Response:
        """An API call; ``path`` below the division, or from ``/`` below /api/v1."""
        place = path[1:] if path.startswith("/") else f"{self.division}/{path}"
        headers = {"Accept": "application/json", "Prefer": "return=representation"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return requests.request(
            method, f"{self.url}/api/v1/{place}", headers=headers, json=body, timeout=20, **more
        )

    def entry(self, token: str, amount: float = 100.0, **values: Any) -> dict[str, Any]:
        """A sales entry for the first customer, with one line at the standard rate."""
        customers = self.call(
            token, "crm/Accounts?$filter=Status eq 'C' and Blocked eq false&$select=ID,EndDate"
        )
        customer = next(row for row in rows(customers) if not row["EndDate"])
        ledger = self.call(token, "financial/GLAccounts?$filter=Code eq '8000'&$select=ID")
        body = {
            "Customer": customer["ID"],
            "Journal": "70",
            "YourRef": "INV/1",
            "SalesEntryLines": [
                {
                    "AmountFC": amount,
                    "GLAccount": rows(ledger)[0]["ID"],
                    "VATCode": "2" if self.country.code == "nl" else "4",
                }
            ],
            **values,
        }
        answer = self.call(token, "salesentry/SalesEntries", "POST", body)
        assert answer.status_code == 201, answer.text
        return answer.json()["d"]


def rows(answer: requests.Response) -> list[dict[str, Any]]:
    """The records of an answer, in either envelope."""
    assert answer.status_code == 200, answer.text
    found = answer.json()["d"]
    return found["results"] if isinstance(found, dict) else found


def query_of(answer: requests.Response) -> dict[str, str]:
    """The query of the address that an answer sends the browser to."""
    assert answer.status_code in (302, 303), answer.text
    parts = urlsplit(answer.headers["Location"])
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of a page."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: value.replace("&amp;", "&").replace("&#34;", '"') for name, value in found}


def log_in(browser: requests.Session, where: Practice, address: str, login: str = BOOKKEEPER):
    """Open the login page, fill it in and follow to what comes behind it."""
    page = browser.get(address, timeout=10)
    form = {**form_of(page.text), "login": login, "password": "practice", "action": "login"}
    return browser.post(f"{where.url}/api/oauth2/auth", data=form, timeout=10)


def decide(browser: requests.Session, where: Practice, page: str, action: str, *divisions: int):
    """Press a button of the consent page; does not follow back to the app."""
    form = {**form_of(page), "action": action, "division": [str(d) for d in divisions]}
    return browser.post(
        f"{where.url}/api/oauth2/auth", data=form, timeout=10, allow_redirects=False
    )


def running(**options: Any) -> Simulator:
    """A simulator on a free port; a ``with`` statement ends it."""
    return start(**{"port": 0, "accounts": 12, **options})
