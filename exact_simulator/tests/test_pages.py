"""The pages for a person: everything can be done with links and forms alone."""

from __future__ import annotations

import base64
import re
from decimal import Decimal

import requests

ACCOUNTS_SEEDED = 120


def page(nl, path="/", **query):
    answer = requests.get(f"{nl.url}{path}", params=query, timeout=10)
    assert answer.status_code == 200, path
    return answer.text


def press(nl, path, **form):
    """Submit a form; the page behind it."""
    answer = requests.post(f"{nl.url}{path}", data=form, timeout=10)
    assert answer.status_code == 200, path
    return answer.text


def open_of(nl, made):
    receivables = nl.country.divisions[nl.division].ledger.receivables
    return receivables.remaining(made["EntryID"])


def test_home_shows_divisions_apps_and_users_of_the_country(nl):
    text = page(nl)
    for expected in ("Praktijk Noord BV", nl.app.client_id, "bookkeeper@practice.example"):
        assert expected in text
    belgium = page(nl, "/be/")
    assert "Praktijk Antwerpen NV" in belgium
    assert "Praktijk Noord BV" not in belgium
    assert 'href="/be/2001/accounts"' in belgium


def test_no_page_needs_a_script_or_anything_from_elsewhere(nl, token):
    made = nl.entry(token)
    for path in (
        "/",
        "/1001/accounts",
        "/1001/entries",
        f"/1001/entries/{made['EntryID']}",
        f"/1001/accounts/{made['Customer']}",
        "/1001/open",
        "/1001/periods",
        "/journal",
    ):
        text = page(nl, path)
        assert "<script" not in text
        assert not re.search(r'(src|href)="(https?:)?//', text)
    assert requests.get(f"{nl.url}/be/_static/exact_simulator.css", timeout=10).status_code == 200


def test_accounts_can_be_searched_and_paged(nl):
    first = page(nl, "/1001/accounts")
    total = len(nl.country.divisions[1001].table("crm/Accounts"))
    assert f"1–50 of {total}" in first
    assert f"101–{total} of {total}" in page(nl, "/1001/accounts", page="3")
    row = next(iter(nl.country.divisions[1001].table("crm/Accounts")))
    found = page(nl, "/1001/accounts", q=row["Name"].upper())
    assert row["ID"] in found
    assert "Nothing here" in page(nl, "/1001/accounts", q="no such name")
    assert f"of {total}" in page(nl, "/1001/accounts", page="x")


def test_the_language_is_chosen_and_remembered(nl):
    browser = requests.Session()
    assert "Relaties" in browser.get(f"{nl.url}/1001/accounts?lang=nl", timeout=10).text
    assert "Relaties" in browser.get(f"{nl.url}/1001/accounts", timeout=10).text
    assert "Accounts" in requests.get(f"{nl.url}/1001/accounts", timeout=10).text


def test_an_entry_is_shown_with_lines_and_bookings_that_balance(nl, token):
    made = nl.entry(token, 1234.5)
    text = page(nl, f"/1001/entries/{made['EntryID']}")
    assert "1,493.75" in text  # 1,234.50 and 259.25 VAT (half a cent up)
    assert text.count("1,234.50") >= 2
    assert "1300" in text
    listed = page(nl, "/1001/entries", q="inv/1")
    assert str(made["EntryNumber"]) in listed


def test_money_is_received_with_the_form_in_full_and_in_part(nl, token):
    made = nl.entry(token, 100)
    key = made["EntryID"]
    assert 'value="121.00"' in page(nl, f"/1001/entries/{key}")
    text = press(nl, "/1001/receive", entry=key, back=key, **{f"amount-{key}": "21,00"})
    assert "Receipt booked" in text
    assert open_of(nl, made) == 100
    press(nl, "/1001/receive", entry=key, back=key, **{f"amount-{key}": ""})
    assert open_of(nl, made) == 0
    assert "Received and matched" in page(nl, f"/1001/entries/{key}")
    assert ">Paid<" in page(nl, f"/1001/entries/{key}")


def test_one_receipt_for_the_ticked_open_items(nl, token):
    one, two, three = (nl.entry(token, net) for net in (100, 200, 300))
    text = page(nl, "/1001/open")
    assert all(str(e["EntryNumber"]) in text for e in (one, two, three))
    form = {"entry": [one["EntryID"], two["EntryID"]], f"amount-{two['EntryID']}": "42"}
    answer = requests.post(f"{nl.url}/1001/receive", data=form, timeout=10)
    assert "Receipt booked" in answer.text
    assert [open_of(nl, e) for e in (one, two, three)] == [0, 200, Decimal(363)]
    assert "Tick at least one" in press(nl, "/1001/receive")


def test_a_wrong_amount_is_told_and_nothing_is_booked(nl, token):
    made = nl.entry(token, 100)
    key = made["EntryID"]
    for typed in ("abc", "1000"):
        text = press(nl, "/1001/receive", entry=key, back=key, **{f"amount-{key}": typed})
        assert 'class="message bad"' in text
    assert open_of(nl, made) == 121


def test_unmatch_and_delete_with_their_buttons(nl, token):
    made = nl.entry(token, 100)
    key = made["EntryID"]
    press(nl, "/1001/receive", entry=key, back=key)
    text = press(nl, f"/1001/entries/{key}/unmatch")
    assert "open again" in text
    assert open_of(nl, made) == 121
    assert "is deleted" in press(nl, f"/1001/entries/{key}/delete")
    assert requests.get(f"{nl.url}/1001/entries/{key}", timeout=10).status_code == 404


def test_an_account_is_blocked_and_unblocked(nl):
    table = nl.country.divisions[1001].table("crm/Accounts")
    row = next(r for r in table if not r.get("Blocked"))
    text = press(nl, f"/1001/accounts/{row['ID']}/block", blocked="1")
    assert "Unblock" in text
    assert table.get(row["ID"])["Blocked"] is True
    press(nl, f"/1001/accounts/{row['ID']}/block", blocked="0")
    assert table.get(row["ID"])["Blocked"] is False


def test_a_period_is_closed_and_opened(nl):
    year = nl.sim.clock.wall().year
    ledger = nl.country.divisions[1001].ledger
    press(nl, "/1001/periods", year=year, period=3, open="0")
    assert ledger.find_period(year, 3)["_closed"]
    press(nl, "/1001/periods", year=year, period=3, open="1")
    assert not ledger.find_period(year, 3)["_closed"]


def test_an_app_and_a_redirect_address_are_registered(nl):
    uri = "https://odoo.example/exact_connector/oauth2/callback"
    text = press(nl, "/apps/redirect", client_id=nl.app.client_id, redirect_uri=uri)
    assert uri in text
    assert uri in nl.app.redirect_uris
    refused = press(nl, "/apps/redirect", client_id=nl.app.client_id, redirect_uri="http://a.b/")
    assert 'class="message bad"' in refused
    press(nl, "/apps", name="Proef", redirect_uri=uri)
    made = next(app for app in nl.country.apps.values() if app.name == "Proef")
    assert made.client_secret
    assert made.client_id in page(nl)


def test_the_journal_page_shows_the_calls(nl, token):
    nl.call(token, "crm/Accounts?$select=ID&$top=1")
    text = page(nl, "/journal")
    assert "/api/v1/1001/crm/Accounts?$select=ID&amp;$top=1" in text
    assert token not in text


def test_names_are_escaped(nl, token):
    nl.call(token, "crm/Accounts", "POST", {"Name": "<b>x</b>", "Status": "C"})
    assert "<b>x</b>" not in page(nl, "/1001/accounts", q="<b>x")


def test_an_unknown_page_is_told_as_a_page(nl):
    answer = requests.get(f"{nl.url}/1001/accounts/none", timeout=10)
    assert answer.status_code == 404
    assert "Not found" in answer.text
    assert requests.get(f"{nl.url}/7777", timeout=10).status_code == 404


def test_the_address_that_programs_link_an_entry_by_leads_to_its_page(nl, token):
    made = nl.entry(token)
    query = {"ID": made["EntryID"], "_Division_": "1001"}
    assert str(made["EntryNumber"]) in page(nl, "/docs/FinTransaction.aspx", **query)
    for wrong in ({"ID": made["EntryID"]}, {**query, "ID": "x"}, {**query, "_Division_": "9"}):
        answer = requests.get(f"{nl.url}/docs/FinTransaction.aspx", params=wrong, timeout=10)
        assert answer.status_code == 404
    answer = requests.get(f"{nl.url}/be/docs/FinTransaction.aspx", params=query, timeout=10)
    assert answer.status_code == 404, "the Belgian site knows no Dutch division"


def test_a_file_of_a_document_is_served_at_its_address(nl, token):
    made = nl.entry(token)
    body = {"Subject": "INV/1", "Type": 10, "FinancialTransactionEntryID": made["EntryID"]}
    paper = nl.call(token, "documents/Documents", "POST", body).json()["d"]
    content = base64.b64encode(b"%PDF-1.4 x").decode()
    body = {"Document": paper["ID"], "FileName": "inv.pdf", "Attachment": content}
    file = nl.call(token, "documents/DocumentAttachments", "POST", body).json()["d"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{file['Url']}&Download=1", headers=headers, timeout=10)
    assert (answer.content, answer.headers["Content-Type"]) == (b"%PDF-1.4 x", "application/pdf")
    wrong = requests.get(file["Url"], headers={"Authorization": "Bearer x"}, timeout=10)
    assert wrong.status_code == 401
    assert "inv.pdf" in page(nl, f"/1001/entries/{made['EntryID']}")
