"""Whatever is written, the answer is a decision and never a fault of the simulator."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from exact_simulator import schema

from .books import Books, message, unlimited
from .service import running

FAULT = "Er is een probleem opgetreden"
SAMPLES: dict[str, list[Any]] = {
    "Binary": [base64.b64encode(b"x").decode()],
    "Boolean": [True, False],
    "Byte": [0, 1],
    "DateTime": ["1900-01-01", "2099-12-31T23:59:59"],
    "Double": [0, -1, 1e12],
    "Guid": ["00000000-0000-0000-0000-000000000000"],
    "Int16": [0, -1],
    "Int32": [0, -1, 2**31 - 1],
    "Int64": [0],
    "String": [" ", "é🚲'\"<&%", "9" * 400],
}
WRITABLE = sorted(
    path for path, resource in schema.all_resources().items()
    if {"POST", "PUT"} & set(resource.methods) and not path.startswith("webhooks/")
)  # fmt: skip


@pytest.fixture
def books():
    with running(accounts=12) as sim:
        yield Books(unlimited(sim))


def _props(resource: schema.Resource) -> list[schema.Prop]:
    """Without the free fields: one of them is like the other."""
    return [p for p in resource.props.values() if not p.name.startswith(("Free", "Class"))]


def _existing(books: Books, path: str) -> str | None:
    table = books.division.table(path)
    if not len(table):
        if path.startswith("salesentry/"):
            books.entry()
        elif path.startswith("salesinvoice/"):
            item = books.division.table("logistics/Items").first("Code", "UREN")["ID"]
            lines = [{"Item": item, "Quantity": 1}]
            body = {"OrderedBy": books.account(1), "Journal": "70", "SalesInvoiceLines": lines}
            books.made("salesinvoice/SalesInvoices", body)
        elif path == "documents/Documents":
            books.made(path, {"Subject": "Iets", "Type": 55})
        elif path == "crm/BankAccounts":
            books.made(path, {"Account": books.account(1), "BankAccount": "123"})
        elif path == "cashflow/Receivables":
            books.entry()
    return next(iter(table.rows), None)


@pytest.mark.parametrize("path", WRITABLE)
def test_a_put_of_any_single_property_is_taken_or_refused_in_words(books, path):
    resource = schema.get(path)
    if "PUT" not in resource.methods:
        pytest.skip("cannot be changed")
    for prop in _props(resource):
        for value in [None, *SAMPLES[prop.type]] if prop.put else ():
            key = _existing(books, path)
            answer = books.put(f"{path}(guid'{key}')", {prop.name: value})
            case = (prop.name, value)
            assert answer.status_code in (204, 400, 500), case
            assert answer.status_code == 204 or FAULT not in message(answer), case
    assert books.division.ledger.balance() == 0


@pytest.mark.parametrize("path", WRITABLE)
def test_a_post_of_any_single_property_is_taken_or_refused_in_words(books, path):
    resource = schema.get(path)
    if "POST" not in resource.methods:
        pytest.skip("cannot be made")
    for prop in _props(resource):
        for value in [None, *SAMPLES[prop.type]]:
            answer = books.post(path, {prop.name: value})
            case = (prop.name, value)
            assert answer.status_code in (201, 400, 500), case
            assert answer.status_code == 201 or FAULT not in message(answer), case
    assert books.division.ledger.balance() == 0


@pytest.mark.parametrize("name", ["header", "line"])
def test_an_entry_with_any_odd_value_is_booked_or_refused_in_words(books, name):
    path = "salesentry/SalesEntries" if name == "header" else "salesentry/SalesEntryLines"
    for prop in schema.get(path).props.values():
        for value in [None, *SAMPLES[prop.type]]:
            odd = {prop.name: value}
            body = books.body(**odd) if name == "header" else books.body({**books.line(), **odd})
            answer = books.post("salesentry/SalesEntries", body)
            assert answer.status_code in (201, 400, 500), odd
            assert answer.status_code == 201 or FAULT not in message(answer), odd
    assert books.division.ledger.balance() == 0
