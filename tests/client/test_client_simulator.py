"""The client against the local Exact Online: connect, read, write, and each kind of refusal."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import requests

from exact_connector.client import (
    AuthError,
    DataError,
    ExactClient,
    Guid,
    Int64,
    LimitError,
    OutcomeUnknown,
    RightsError,
    TokenTooEarly,
    UnreachableError,
    account_code,
    all_of,
    any_of,
    authorization_url,
    contains,
    eq,
    fetch_token,
    ge,
    gt,
    ne,
    one_of,
    refresh,
    startswith,
)
from exact_simulator.server import start

APP = {"nl": "11111111-1111-4111-8111-111111111111", "be": "22222222-2222-4222-8222-222222222222"}
BACK = "http://127.0.0.1:8069/exact_connector/oauth2/callback"
LOGIN = "bookkeeper@practice.example"
NOWHERE = "99999999-9999-4999-8999-999999999999"


@pytest.fixture(scope="module")
def running():
    simulator = start(port=0, seed="demo", accounts=250)
    yield simulator
    simulator.stop()


@pytest.fixture
def sim(running):
    """A simulator as new for each test that spoils it (see ``spoils``)."""
    control(running, "clock", {"release": True})
    requests.delete(f"{running.url}/_sim/faults", timeout=10)
    return running


@pytest.fixture
def spoils(running):
    yield running
    control(running, "reset", {"seed": "demo", "accounts": 250})


def control(sim, what, body, country="nl"):
    prefix = "" if country == "nl" else f"/{country}"
    answer = requests.post(f"{sim.url}{prefix}/_sim/{what}", json=body, timeout=30)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def site(sim, country):
    return sim.url if country == "nl" else f"{sim.url}/{country}"


def connect(sim, country="nl", **options):
    asked = {"client_id": APP[country], "login": LOGIN, "redirect_uri": BACK, **options}
    code = control(sim, "grant", asked, country)["code"]
    secret = f"practice-secret-{country}"
    return fetch_token(site(sim, country), APP[country], secret, BACK, code)


def client_of(sim, tokens, division=1001, country="nl"):
    return ExactClient(
        site(sim, country), division, lambda rejected=None: tokens.access_token, timeout=20
    )


@pytest.fixture
def exact(sim):
    with client_of(sim, connect(sim)) as client:
        yield client


# -- connecting --------------------------------------------------------------------------------


def test_r1_consent_pages_lead_back_with_a_code_that_works_once(sim):
    with requests.Session() as browser:
        url = authorization_url(sim.url, APP["nl"], BACK, "st8")
        browser.get(url, timeout=10)
        form = {"action": "login", "login": LOGIN, "password": "practice"}
        browser.post(url, data=form, timeout=10)
        form = {"action": "approve", "division": ["1001", "1002"]}
        answer = browser.post(url, data=form, timeout=10, allow_redirects=False)
    query = dict(
        pair.split("=", 1) for pair in answer.headers["Location"].partition("?")[2].split("&")
    )
    assert query["state"] == "st8"
    code = requests.utils.unquote(query["code"])
    tokens = fetch_token(sim.url, APP["nl"], "practice-secret-nl", BACK, code)
    assert tokens.expires_in == 600
    assert client_of(sim, tokens, None).me()["FullName"] == "Bo de Boer"
    with pytest.raises(AuthError):
        fetch_token(sim.url, APP["nl"], "practice-secret-nl", BACK, code)


def test_wrong_secret_and_wrong_code_need_a_person(sim):
    for secret, code in (("wrong", "x"), ("practice-secret-nl", "x")):
        with pytest.raises(AuthError):
            fetch_token(sim.url, APP["nl"], secret, BACK, code)


def test_refresh_rotates_and_is_refused_too_early_and_when_old(sim, spoils):
    first = connect(sim)
    secret = "practice-secret-nl"
    with pytest.raises(TokenTooEarly) as caught:
        refresh(sim.url, APP["nl"], secret, first.refresh_token)
    assert caught.value.reason == "TooEarlyToRefreshTokens"
    control(sim, "clock", {"advance": 571})
    second = refresh(sim.url, APP["nl"], secret, first.refresh_token)
    assert second.refresh_token != first.refresh_token
    assert client_of(sim, second, None).me()["FullName"] == "Bo de Boer"
    control(sim, "clock", {"advance": 601})
    with pytest.raises(AuthError) as caught:
        refresh(sim.url, APP["nl"], secret, first.refresh_token)
    assert str(caught.value) == "Old refresh token used."


def test_refresh_token_dies_after_thirty_idle_days(sim, spoils):
    tokens = connect(sim)
    control(sim, "clock", {"advance": 31 * 86400})
    with pytest.raises(AuthError):
        refresh(sim.url, APP["nl"], "practice-secret-nl", tokens.refresh_token)


def test_lost_answer_to_a_refresh_is_in_doubt_and_the_next_one_tells(sim, spoils):
    tokens = connect(sim)
    control(sim, "clock", {"advance": 571})
    fault = {"method": "POST", "path": "/api/oauth2/token", "kind": "drop_after"}
    control(sim, "faults", fault)
    with pytest.raises(OutcomeUnknown):
        refresh(sim.url, APP["nl"], "practice-secret-nl", tokens.refresh_token)
    control(sim, "clock", {"advance": 571})
    with pytest.raises(AuthError):
        refresh(sim.url, APP["nl"], "practice-secret-nl", tokens.refresh_token)


def test_expired_token_is_renewed_within_the_call(sim, spoils):
    pair = [connect(sim)]
    asked = []

    def get_token(rejected=None):
        asked.append(rejected)
        if rejected:
            old = pair[-1].refresh_token
            pair.append(refresh(sim.url, APP["nl"], "practice-secret-nl", old))
        return pair[-1].access_token

    client = ExactClient(sim.url, 1001, get_token, timeout=20)
    control(sim, "clock", {"advance": 601})
    created = client.create("crm/Accounts", {"Name": "Na een 401", "Status": "C"})
    assert created["Name"] == "Na een 401"
    assert client.calls == 2
    assert asked == [None, pair[0].access_token]
    found = client.rows("crm/Accounts", select="ID", filter=eq("Name", "Na een 401"))
    assert len(found) == 1


def test_countries_share_nothing(sim):
    belgian = connect(sim, "be")
    client = client_of(sim, belgian, 2001, "be")
    assert client.base_url.endswith("/be")
    assert len(client.rows("crm/Accounts", select="ID,Code")) == 40
    assert client.me()["CurrentDivision"] == 2001
    with pytest.raises(AuthError):
        client_of(sim, belgian).rows("crm/Accounts", select="ID")


# -- reading -----------------------------------------------------------------------------------


def test_250_accounts_come_in_five_pages(exact):
    pages = list(exact.pages("crm/Accounts", select=["ID", "Code", "Name"]))
    assert [len(page) for page in pages][:4] == [60] * 4
    assert exact.calls == len(pages)
    accounts = [row for page in pages for row in page]
    assert len({row["ID"] for row in accounts}) == len(accounts) >= 250
    assert all(row["Code"] == row["Code"].strip() for row in accounts)


def test_250_accounts_come_in_one_page_from_sync(exact):
    pages = list(
        exact.pages(
            "sync/CRM/Accounts",
            select=["Timestamp", "ID", "Code", "Modified"],
            filter=gt("Timestamp", Int64(1)),
        )
    )
    assert exact.calls == len(pages)
    assert len(pages[0]) >= 250
    stamps = [int(row["Timestamp"]) for row in pages[0]]
    assert stamps == sorted(stamps)
    assert all(isinstance(row["Modified"], datetime) for row in pages[0])
    later = exact.rows("sync/CRM/Accounts", select="ID", filter=gt("Timestamp", Int64(stamps[-1])))
    assert later == []


def test_top_reads_no_more_than_asked(exact):
    for top in (1, 60, 61, 100):
        assert len(exact.rows("crm/Accounts", select="ID", top=top)) == top
    assert exact.first("crm/Accounts", select="Code", orderby="Code")["Code"] == "1"


def test_r37_padded_code_finds_the_account_and_the_plain_one_does_not(exact):
    found = exact.first("crm/Accounts", select="ID,Code", filter=eq("Code", account_code("7")))
    assert found["Code"] == "7"
    assert exact.first("crm/Accounts", select="ID", filter=eq("Code", "7")) is None


def test_filters_are_understood(exact):
    some = exact.rows("crm/Accounts", select="ID,Code,Name,Modified", top=3)
    names = "crm/Accounts"
    keys = [Guid(row["ID"]) for row in some]

    def found(filter):
        return [row["ID"] for row in exact.rows(names, select="ID", filter=filter)]

    assert sorted(found(one_of("ID", keys))) == sorted(keys)
    assert found(all_of(eq("ID", keys[0]), ne("Name", "x"))) == keys[:1]
    assert found(all_of(one_of("ID", keys), ge("Modified", datetime(2100, 1, 1)))) == []
    assert keys[0] in found(startswith("Name", some[0]["Name"][:5]))
    assert keys[0] in found(contains("Name", some[0]["Name"][1:5]))
    assert found(any_of(eq("Name", 'it\'s "ünknown" & + # %'), eq("ID", keys[1]))) == keys[1:2]
    assert found(eq("Blocked", True))
    assert found(eq("Postcode", None)) is not None


def test_reference_data_comes_in_python_terms(exact):
    [journal] = exact.rows("financial/Journals", select="ID,Code,Type", filter=eq("Code", "70"))
    assert journal["Type"] == 20
    codes = exact.rows("vat/VATCodes", select="Code,Percentage,Type")
    percentages = {row["Code"]: row["Percentage"] for row in codes}
    assert percentages["2"] == Decimal("0.21")
    assert not isinstance(percentages["2"], float)
    divisions = exact.rows("system/Divisions", select="Code,Description")
    assert {1001, 1002} <= {row["Code"] for row in divisions}
    assert exact.get("system/Divisions", 1001, select="Code,Description")["Code"] == 1001


# -- writing -----------------------------------------------------------------------------------


def test_create_read_update_and_delete_an_account(exact):
    name = "O'Brien & Zn. “ü”"
    created = exact.create("crm/Accounts", {"Name": name, "Status": "C", "Country": "NL"})
    assert created["Name"] == name
    assert created["Country"] == "NL"
    assert isinstance(created["Created"], datetime)
    assert created["Code"].isdigit()
    key = created["ID"]
    select = ["ID", "Name", "City", "DiscountSales"]
    assert exact.update("crm/Accounts", key, {"City": "Zwolle"}) is None
    assert exact.update("crm/Accounts", key, {"DiscountSales": Decimal("0.055")}) is None
    got = exact.get("crm/Accounts", key, select=select)
    assert got == {"ID": key, "Name": name, "City": "Zwolle", "DiscountSales": Decimal("0.055")}
    assert exact.rows("crm/Accounts", select="ID", filter=eq("Name", name)) == [{"ID": key}]
    assert exact.delete("crm/Accounts", key) is None
    assert exact.get("crm/Accounts", key, select=select) is None
    assert exact.get("crm/Accounts", NOWHERE, select=select) is None
    for write in (
        lambda: exact.delete("crm/Accounts", key),
        lambda: exact.update("crm/Accounts", key, {"City": "x"}),
    ):
        with pytest.raises(DataError) as caught:
            write()
        assert caught.value.status == 404


def sales_entry(exact, **values):
    customer = exact.first("crm/Accounts", select="ID", filter=eq("Code", account_code("1")))
    ledger = exact.first("financial/GLAccounts", select="ID", filter=eq("Code", "8000"))
    line = {"AmountFC": Decimal("33.33"), "GLAccount": ledger["ID"], "VATCode": "2"}
    return {
        "Customer": customer["ID"],
        "Journal": "70",
        "EntryDate": date.today(),
        "YourRef": "INV/2026/00007",
        "SalesEntryLines": [line, line, line],
        **values,
    }


def test_r53_sales_entry_is_booked_and_read_back(exact):
    entry = exact.create("salesentry/SalesEntries", sales_entry(exact))
    got = exact.get(
        "salesentry/SalesEntries",
        entry["EntryID"],
        select="EntryID,EntryNumber,AmountFC,EntryDate,YourRef,SalesEntryLines",
        expand="SalesEntryLines",
    )
    assert len(got["SalesEntryLines"]) == 3
    assert got["YourRef"] == "INV/2026/00007"
    assert got["EntryDate"] == datetime.combine(date.today(), datetime.min.time())
    assert {line["AmountFC"] for line in got["SalesEntryLines"]} == {Decimal("33.33")}
    assert got["AmountFC"] == Decimal("99.99") + Decimal("21.00")


# -- refusals ----------------------------------------------------------------------------------


def test_business_refusal_is_a_data_error_in_the_users_language(exact):
    with pytest.raises(DataError) as caught:
        exact.create("salesentry/SalesEntries", sales_entry(exact, Journal="60"))
    assert caught.value.status == 500
    assert caught.value.texts
    with pytest.raises(DataError) as caught:
        exact.create("crm/Accounts", {"Nmae": "x"})
    assert caught.value.status == 400
    with pytest.raises(DataError) as caught:
        exact.rows("crm/Accounts", select="Nmae")
    assert caught.value.status == 400


def test_r55_rights_scope_division_and_reason(sim, exact, spoils):
    right = {"login": LOGIN, "resource": "crm/Accounts", "granted": False}
    control(sim, "accountant/right", right)
    with pytest.raises(RightsError):
        exact.rows("crm/Accounts", select="ID")
    control(sim, "accountant/right", {**right, "granted": True})
    # The second link of one user and app ends the first one, so all goes on with its tokens.
    tokens = connect(sim, divisions=[1001])
    with pytest.raises(AuthError):
        exact.rows("crm/Accounts", select="ID")
    with pytest.raises(RightsError) as caught:
        client_of(sim, tokens, 1002).rows("crm/Accounts", select="ID")
    assert caught.value.reason in ("WrongDivision", "NoDivisionAccess")
    control(sim, "accountant/reason", {"login": LOGIN, "reason": "LicenseExpired"})
    with pytest.raises(RightsError) as caught:
        client_of(sim, tokens).rows("crm/Accounts", select="ID")
    assert caught.value.reason == "LicenseExpired"


def test_r55_missing_scope_is_named(sim, exact, spoils):
    scope = {"client_id": APP["nl"], "scope": "crm accounts", "granted": False}
    control(sim, "accountant/scope", scope)
    with pytest.raises(RightsError) as caught:
        exact.rows("crm/Accounts", select="ID")
    assert caught.value.reason == "ApplicationScopeViolated"
    assert caught.value.scope == "crm.accounts"


def test_w12_minute_limit_is_told_and_ends(sim, spoils):
    control(sim, "clock", {"freeze": datetime.now(timezone.utc).isoformat()})
    client = client_of(sim, connect(sim))

    def many():
        for _ in range(70):
            client.rows("financial/Journals", select="ID", top=1)

    with pytest.raises(LimitError) as caught:
        many()
    assert client.limits.minute_limit == 60
    assert client.limits.day_limit == 5000
    assert client.limits.minute_remaining == 0
    now = datetime.now(timezone.utc)
    assert now < caught.value.retry_at <= now + timedelta(seconds=61)
    assert client.limits.blocked_until(now) == caught.value.retry_at
    control(sim, "clock", {"advance": 61})
    assert client.rows("financial/Journals", select="ID", top=1)


@pytest.mark.parametrize(
    ("fault", "read", "write"),
    [
        ({"kind": "drop_before"}, UnreachableError, OutcomeUnknown),
        ({"kind": "drop_after"}, UnreachableError, OutcomeUnknown),
        ({"kind": "truncate"}, UnreachableError, OutcomeUnknown),
        ({"kind": "body", "body": "<html>"}, UnreachableError, OutcomeUnknown),
        ({"kind": "body", "body": ""}, UnreachableError, OutcomeUnknown),
        ({"kind": "status", "status": 502, "body": "x"}, UnreachableError, OutcomeUnknown),
        ({"kind": "status", "status": 503}, UnreachableError, UnreachableError),
        ({"kind": "status", "status": 408}, UnreachableError, OutcomeUnknown),
    ],
    ids=lambda value: str(value.get("status") or value["kind"]) if isinstance(value, dict) else "",
)
def test_w03_faults_on_the_way(sim, exact, fault, read, write):
    control(sim, "faults", {"path": "crm/Accounts", "method": "GET", **fault})
    with pytest.raises(read):
        exact.rows("crm/Accounts", select="ID", top=1)
    control(sim, "faults", {"path": "crm/Accounts", "method": "POST", **fault})
    with pytest.raises(write):
        exact.create("crm/Accounts", {"Name": "In doubt", "Status": "C"})


def test_w03_write_whose_answer_was_lost_is_found_by_our_reference(sim, exact):
    values = sales_entry(exact, YourRef="INV/2026/LOST")
    fault = {"path": "salesentry/SalesEntries", "method": "POST", "kind": "drop_after"}
    control(sim, "faults", fault)
    with pytest.raises(OutcomeUnknown):
        exact.create("salesentry/SalesEntries", values)
    mine = all_of(eq("YourRef", "INV/2026/LOST"), eq("Customer", Guid(values["Customer"])))
    assert len(exact.rows("salesentry/SalesEntries", select="EntryID", filter=mine)) == 1


def test_slow_answer_is_given_up(sim):
    tokens = connect(sim)
    control(sim, "faults", {"path": "current/Me", "kind": "delay", "seconds": 2})
    client = ExactClient(sim.url, None, lambda rejected=None: tokens.access_token, timeout=0.5)
    with pytest.raises(UnreachableError):
        client.me()
