"""What the tests of the data side share: a client of a running simulator without limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import requests

from exact_simulator.server import Simulator

from .service import BOOKKEEPER, Practice, rows

NL = {"high": "2", "low": "1", "none": "0", "including": "5", "blocked": "9"}


def unlimited(sim: Simulator) -> Simulator:
    """Lift the limits: what is tested here is not how often it is asked."""
    for country in sim.countries.values():
        settings = country.limits.settings
        settings.minute = settings.day = settings.errors = None
    return sim


class Books:
    """Calls on one administration, with short cuts to what a sales entry needs."""

    def __init__(self, sim: Simulator, login: str = BOOKKEEPER, country: str = "nl"):
        self.sim = sim
        self.practice = Practice(sim, country)
        self.division = self.practice.country.divisions[self.practice.division]
        self.session = requests.Session()
        token = self.practice.connect(login)["access_token"]
        self.session.headers.update({
            "Authorization": f"Bearer {token}", "Accept": "application/json",
            "Prefer": "return=representation",
        })  # fmt: skip

    def url(self, path: str) -> str:
        """The address of a path below the division, or of a full address as it is."""
        if path.startswith("http"):
            return path
        if path.startswith("/"):
            return f"{self.practice.url}/api/v1{path}"
        return f"{self.practice.url}/api/v1/{self.division.code}/{path}"

    def get(self, path: str, **headers: str) -> requests.Response:
        """GET."""
        return self.session.get(self.url(path), headers=headers, timeout=20)

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The records of one page."""
        return rows(self.get(path))

    def all(self, path: str) -> list[dict[str, Any]]:
        """The records of all pages."""
        found: list[dict[str, Any]] = []
        address: str | None = path
        while address:
            data = self.get(address).json()["d"]
            found += data["results"] if isinstance(data, dict) else data
            address = data.get("__next") if isinstance(data, dict) else None
        return found

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        """POST."""
        return self.session.post(self.url(path), json=body, headers=headers, timeout=20)

    def put(self, path: str, body: Any) -> requests.Response:
        """PUT."""
        return self.session.put(self.url(path), json=body, timeout=20)

    def delete(self, path: str) -> requests.Response:
        """DELETE."""
        return self.session.delete(self.url(path), timeout=20)

    def made(self, path: str, body: Any) -> dict[str, Any]:
        """POST that must succeed."""
        answer = self.post(path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()["d"]

    # what an entry needs ----------------------------------------------------------------------

    def account(self, number: int) -> str:
        """The id of the customer with this number."""
        row = self.division.table("crm/Accounts").first("Code", str(number).rjust(18))
        return row["ID"]

    def ledger(self, code: str) -> str:
        """The id of a ledger."""
        return self.division.table("financial/GLAccounts").first("Code", code)["ID"]

    def line(self, amount: Any = 100, code: str | None = "2", gl: str = "8000", **more: Any):
        """A line of an entry."""
        line = {"AmountFC": amount, "GLAccount": self.ledger(gl), **more}
        if code is not None:
            line["VATCode"] = code
        return line

    def body(self, *lines: dict[str, Any], **values: Any) -> dict[str, Any]:
        """An entry for customer 1 in journal 70."""
        return {
            "Customer": self.account(1), "Journal": "70",
            "SalesEntryLines": list(lines) or [self.line()], **values,
        }  # fmt: skip

    def entry(self, *lines: dict[str, Any], **values: Any) -> dict[str, Any]:
        """A booked entry."""
        return self.made("salesentry/SalesEntries", self.body(*lines, **values))

    def refused(self, *lines: dict[str, Any], **values: Any) -> str:
        """The text with which an entry is refused, and that nothing was booked."""
        before = len(self.division.table("salesentry/SalesEntries"))
        answer = self.post("salesentry/SalesEntries", self.body(*lines, **values))
        assert answer.status_code == 500, answer.text
        assert len(self.division.table("salesentry/SalesEntries")) == before
        return message(answer)

    def transactions(self, entry_id: str) -> list[dict[str, Any]]:
        """The transaction lines of an entry by line number."""
        found = self.rows(
            f"financialtransaction/TransactionLines?$filter=EntryID eq guid'{entry_id}'"
        )
        return sorted(found, key=lambda row: row["LineNumber"])

    def receivables(self, entry_id: str) -> list[dict[str, Any]]:
        """The open items of an entry."""
        return self.rows(
            f"cashflow/Receivables?$filter=TransactionEntryID eq guid'{entry_id}'&$select=*"
        )

    def open_amount(self, number: int) -> Decimal:
        """What ReceivablesList shows for an entry number."""
        found = self.rows(f"read/financial/ReceivablesList?$filter=EntryNumber eq {number}")
        return sum((Decimal(str(row["Amount"])) for row in found), Decimal(0))


def message(answer: requests.Response) -> str:
    """The text of a refusal."""
    return answer.json()["error"]["message"]["value"]
