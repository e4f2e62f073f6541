"""Sales invoices in other hands: an accountant's, on pages and behind them, and a bad network's."""

from __future__ import annotations

import pytest
import requests

from .invoices import FILES, INVOICES, LINES, PRINTED, Office, running


@pytest.fixture(scope="module")
def simulator():
    with running("sales_invoices_hands") as sim:
        yield sim


@pytest.fixture
def office(simulator):
    simulator.reset(accounts=12)
    return Office(simulator)


# the accountant -----------------------------------------------------------------------------------


def test_an_accountant_prints_changes_and_deletes_drafts(office):
    act = office.practice.accountant
    made, other = office.draft(YourRef="A"), office.draft(office.invoice_line(1), YourRef="B")
    changed = act("change-invoice", invoice="A", Description="new",
                  lines=[{"line": 1, "Quantity": 2}, {"Item": office.item("KM"), "Quantity": 10,
                                                      "VATCode": "2"}])  # fmt: skip
    assert (changed["AmountFCExclVat"], changed["Status"]) == ("203.50", 20)
    assert office.read(made)["Description"] == "new"
    assert act("delete-invoice", invoice="A", line=2)["InvoiceID"] == made["InvoiceID"]
    assert len(office.lines(made)) == 1
    printed = act("print-invoice", invoice=made["InvoiceID"], SendEmailToCustomer=True)
    assert printed["InvoiceNumber"] == office.read(made)["InvoiceNumber"]
    assert printed["EmailCreationSuccess"]
    act("delete-invoice", invoice="B")
    assert office.get(f"{INVOICES}(guid'{other['InvoiceID']}')").status_code == 404
    url = f"{office.practice.url}/_sim"
    for action, body, status in (
        ("print-invoice", {"invoice": printed["InvoiceNumber"]}, 409),
        ("delete-invoice", {"invoice": printed["InvoiceNumber"]}, 409),
        ("change-invoice", {"invoice": printed["InvoiceNumber"], "YourRef": "x"}, 409),
        ("print-invoice", {"invoice": "nothing"}, 404),
        ("change-invoice", {"invoice": "A", "lines": [{"line": 9, "Quantity": 1}]}, 404),
        ("change-invoice", {"invoice": "A", "Nonsense": 1}, 400),
        ("print-invoice", {}, 400),
    ):
        answer = requests.post(f"{url}/accountant/1001/{action}", json=body, timeout=10)
        assert answer.status_code == status, (action, body, answer.text)
    [shown] = requests.get(f"{url}/invoices/1001", timeout=10).json()["invoices"]
    assert (shown["InvoiceNumber"], len(shown["lines"])) == (printed["InvoiceNumber"], 1)


# trouble --------------------------------------------------------------------------------------------


def test_an_answer_that_is_lost_leaves_what_was_made(office):
    url = f"{office.practice.url}/_sim/faults"
    requests.post(url, json={"kind": "drop_after", "method": "POST", "path": INVOICES}, timeout=10)
    with pytest.raises(requests.ConnectionError):
        office.post(INVOICES, office.invoice_body(YourRef="lost"))
    [made] = office.rows(f"{INVOICES}?$filter=YourRef eq 'lost'")
    requests.post(url, json={"kind": "drop_after", "method": "POST", "path": PRINTED}, timeout=10)
    with pytest.raises(requests.ConnectionError):
        office.post(PRINTED, {"InvoiceID": made["InvoiceID"]})
    assert office.read(made)["Status"] == 50
    assert office.not_printed(made) == "Reeds verwerkt"


@pytest.mark.parametrize("path", [INVOICES, PRINTED])
def test_other_trouble_comes_before_or_after_the_work(office, path):
    made = office.draft()
    body = {"InvoiceID": made["InvoiceID"]} if path == PRINTED else office.invoice_body()
    url = f"{office.practice.url}/_sim/faults"

    def done():
        count = len(office.division.table(INVOICES))
        return count, office.division.table(INVOICES).get(made["InvoiceID"])["Status"]

    before = done()
    for fault in ({"kind": "drop_before"}, {"kind": "status", "status": 503}):
        requests.post(url, json={**fault, "method": "POST", "path": path}, timeout=10)
        try:
            assert office.post(path, body).status_code == 503
        except requests.ConnectionError:
            assert fault["kind"] == "drop_before"
        assert done() == before
    fault = {"kind": "body", "status": 500, "body": "<h1>oops</h1>"}
    requests.post(url, json={**fault, "method": "POST", "path": path}, timeout=10)
    assert office.post(path, body).status_code == 500
    assert done() != before, "it was done, and then it was said to have failed"


def test_a_file_that_does_not_arrive_can_be_fetched_again(office):
    office.print(office.draft())
    [file] = office.rows(FILES)
    url = f"{office.practice.url}/_sim/faults"
    requests.post(url, json={"kind": "truncate", "path": "SysAttachment"}, timeout=10)
    with pytest.raises(requests.exceptions.RequestException):
        office.get(f"{file['Url']}&Download=1")
    assert len(office.get(f"{file['Url']}&Download=1").content) == file["FileSize"]


# the pages ------------------------------------------------------------------------------------------


def _page(office, path, form=None, **query):
    address = f"{office.practice.url}{path}"
    if form is None:
        answer = requests.get(address, params=query, timeout=10)
    else:
        answer = requests.post(address, data=form, timeout=10)
    assert answer.status_code == 200, path
    return answer.text


def test_invoices_are_listed_searched_and_shown(office):
    made = office.draft(office.invoice_line(1.5, 0.335), YourRef="Z/7", Remarks="bel eerst")
    office.print(office.draft(Type=8021, YourRef="C/1"))
    listed = _page(office, "/1001/invoices", lang="en")
    assert listed.index("Z/7") < listed.index("C/1"), "drafts first"
    found = _page(office, "/1001/invoices", q="c/1")
    assert "C/1" in found
    assert "Z/7" not in found
    shown = _page(office, f"/1001/invoices/{made['InvoiceID']}")
    for expected in ("bel eerst", 'value="1.50"', 'value="0.335"', "0.50", 'id="print"'):
        assert expected in shown, expected
    assert "<script" not in shown
    assert "Verkoopfacturen" in _page(office, "/1001/invoices", lang="nl")
    missing = requests.get(f"{office.practice.url}/1001/invoices/x", timeout=10)
    assert missing.status_code == 404


def test_a_draft_is_changed_printed_and_deleted_with_forms(office):
    made, other = office.draft(office.invoice_line(1), office.invoice_line(2, 0.35)), office.draft()
    path = f"/1001/invoices/{made['InvoiceID']}"
    form = {"Quantity-1": "2,50", "NetPrice-1": "80", "Quantity-2": "2.00", "NetPrice-2": "0.35"}
    assert "The draft is changed" in _page(office, f"{path}/lines", form)
    assert [(line["Quantity"], line["NetPrice"]) for line in office.lines(made)] == [
        (2.5, 80), (2, 0.35),
    ]  # fmt: skip
    bad = _page(office, f"{path}/lines", {"Quantity-1": "two"})
    assert "This is not an amount: two" in bad
    office.practice.accountant("account", account="1", Blocked=True)
    assert "Blocked: Relationship" in _page(office, f"{path}/print", {})
    office.practice.accountant("account", account="1", Blocked=False)
    after = _page(office, f"{path}/print", {"mail": "1", "date": ""})
    number = office.read(made)["InvoiceNumber"]
    for expected in ("The invoice is printed", f"{number}.pdf", "200.70"):
        assert expected in after, expected
    assert 'id="print"' not in after
    assert "Already processed" in _page(office, f"{path}/delete", {})
    gone = _page(office, f"/1001/invoices/{other['InvoiceID']}/delete", {})
    assert "The draft is deleted" in gone
    assert other["InvoiceID"] not in gone


def test_a_state_kept_before_there_were_these_options_is_taken_up(office):
    country = office.practice.country
    made = office.draft()
    state = country.__getstate__()
    kept = {n: v for n, v in country.options.items() if n != "invoice_vat"}
    again = object.__new__(type(country))
    again.__setstate__({**state, "options": kept})
    assert again.options["invoice_vat"] == "line"
    [line] = office.division.table(LINES).find("InvoiceID", made["InvoiceID"])
    line.pop("_given")
    office.print(made)
    assert office.read(made)["AmountFC"] == 181.5
