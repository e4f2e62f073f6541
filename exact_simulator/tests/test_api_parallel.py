"""Several clients at once: numbers stay unique and the books stay in balance."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import requests

from .books import Books, message, unlimited
from .service import running


def _post(books: Books, path: str, body: dict) -> requests.Response:
    headers = dict(books.session.headers)
    return requests.post(books.url(path), json=body, headers=headers, timeout=20)


def test_one_code_is_given_once_to_clients_at_the_same_time():
    with running(accounts=3) as sim:
        books = Books(unlimited(sim))
        with ThreadPoolExecutor(8) as pool:
            body = {"Name": "Tegelijk", "Code": "500"}
            answers = list(pool.map(lambda _n: _post(books, "crm/Accounts", body), range(16)))
        assert sorted(answer.status_code for answer in answers) == [201] + 15 * [500]
        assert {message(a) for a in answers if a.status_code == 500} == {"Gegeven bestaat reeds."}


def test_entries_at_the_same_time_get_a_number_each():
    with running(accounts=3) as sim:
        books = Books(unlimited(sim))
        path, body = "salesentry/SalesEntries", books.body()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _n: _post(books, path, body), range(40)))
        numbers = {answer.json()["d"]["EntryNumber"] for answer in answers}
        assert len(numbers) == 40
        assert max(numbers) - min(numbers) == 39
        assert books.division.ledger.balance() == 0
        assert len(books.all("read/financial/ReceivablesList")) == 40
