"""Hold the public client ``exactpy`` against the simulator, unchanged.

    <venv-compat>/bin/python tools/compat_exactpy.py SIMULATOR_URL

Runs in a venv of its own (``tools/requirements-compat.txt``) and knows nothing of this repository:
it is a stranger with an address, a client id and a login, read from the simulator's ``/_sim/info``.
Prints what it saw as one JSON object.

What is ``exactpy``'s own: the sign-in, the token, the division, ``Me`` and the divisions as its typed
models, and every other request with its query building and its skip token. What it lacks and is done
with its session here:

* its model of an account insists on a plain list of bank accounts, where Exact sends a deferred link,
  so ``crm.accounts.all()`` drops every account; the accounts are therefore read with its generic
  ``get`` and then validated with its own model, apart from that one property;
* its model of a journal takes no value of an enumeration, and it has no controller for items: its
  generic ``get`` again;
* it writes nothing at all: the account is created with its token and headers.
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

# exactpy fetches its token with oauthlib, which wants https unless told otherwise.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

import httpx
import requests
from exactpy.client import BASE_HEADERS, Client
from exactpy.models.crm import AccountModel
from loguru import logger

LOGIN, PASSWORD = "bookkeeper@practice.example", "practice"


def sign_in(client: Client) -> None:
    """Let ``exactpy`` make the address, then click through the pages as its user would."""
    browser = requests.Session()
    page = browser.get(client.auth_client.get_authorization_url(), timeout=20)
    page = browser.post(
        page.url.split("?")[0],
        data={**_hidden(page.text), "login": LOGIN, "password": PASSWORD, "action": "login"},
        timeout=20,
    )
    divisions = re.findall(r'name="division"[^>]*value="(\d+)"', page.text)
    back = browser.post(
        page.url.split("?")[0],
        data={**_hidden(page.text), "division": divisions, "action": "approve"},
        allow_redirects=False,
        timeout=20,
    )
    # exactpy hands the whole address to oauthlib, which wants https for it as well as for the
    # token endpoint; the variable above covers both.
    client.auth_client.acquire_token(back.headers["Location"])


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


def all_pages(client: Client, resource: str, **options: Any) -> list[list[dict[str, Any]]]:
    """Every page of a resource, followed as exactpy's ``all_paged`` does it."""
    answer = client.get(resource, **options).json()["d"]
    pages = [answer["results"]]
    while answer.get("__next"):
        skip = client._get_skip_token(answer["__next"])
        answer = client.get(resource, skip_token=skip, **options).json()["d"]
        pages.append(answer["results"])
    return pages


def where(key: str, value: Any) -> list[dict[str, Any]]:
    """A filter in exactpy's form."""
    return [{"key": key, "val": value, "op": "eq"}]


def look_around(client: Client) -> dict[str, Any]:
    """Read, page, filter, write, and read what was written."""
    seen: dict[str, Any] = {}
    client.set_initial_division()
    seen["division"] = client.division
    seen["full_name"] = client.system.me.show().full_name
    divisions = client.system.divisions.all(skip_invalid=False)
    seen["divisions"] = [division.code for division in divisions]
    journals = all_pages(client, "financial/Journals", select=["Code", "Type"])
    seen["journals"] = sorted(journal["Code"] for page in journals for journal in page)

    pages = all_pages(client, "crm/Accounts")
    accounts = [account for page in pages for account in page]
    for account in accounts:
        AccountModel.model_validate({**account, "BankAccounts": []})
    seen["pages"] = [len(page) for page in pages]
    seen["accounts"] = len({account["ID"] for account in accounts})

    fields = ["ID", "Code", "Name", "Status", "City"]
    wanted = accounts[len(accounts) // 2]
    found = all_pages(client, "crm/Accounts", select=fields, filters=where("Code", wanted["Code"]))
    seen["filtered_by_code"] = [row["ID"] for row in found[0]] == [wanted["ID"]]
    customers = all_pages(client, "crm/Accounts", select=fields, filters=where("Status", "C"))
    expected = {row["ID"] for row in accounts if row["Status"] == "C"}
    seen["filtered_by_status"] = {row["ID"] for page in customers for row in page} == expected
    order = {"key": "Name", "direction": "desc"}
    first = client.get("crm/Accounts", select=fields, top=5, order_by=order).json()["d"]
    names = [row["Name"] for row in first]
    seen["ordered"] = len(names) == 5 and names == sorted(names, key=str.lower, reverse=True)

    items = all_pages(client, "logistics/Items", select=["ID", "Code", "Description"])
    seen["items"] = sorted(item["Code"] for page in items for item in page)

    headers = {**client.auth_client._check_token_and_get_headers(), **BASE_HEADERS}
    url = f"{client.endpoints_url}/{client.division}/crm/Accounts"
    body = {"Name": "Made with exactpy", "Status": "C", "City": "Utrecht"}
    with httpx.Client() as http:
        answer = http.post(url, headers=headers, json=body)
    seen["created_status"] = answer.status_code
    created = answer.json()["d"]["ID"]
    again = all_pages(client, "crm/Accounts", select=fields, filters=where("Name", body["Name"]))
    seen["read_back"] = [(row["ID"], row["City"]) for row in again[0]] == [(created, "Utrecht")]
    seen["limit_seen"] = client._rate_limits_max_daily_calls
    return seen


def main(url: str) -> int:
    """Run against the simulator at ``url``."""
    logger.remove()
    app = requests.get(f"{url}/_sim/info", timeout=20).json()["apps"][0]
    client = Client(
        client_id=app["client_id"],
        client_secret=app["client_secret"],
        redirect_url=app["redirect_uris"][0],
        base_url=f"{url}/api",
        caching_enabled=False,
        verbose=False,
    )
    sign_in(client)
    print(json.dumps(look_around(client)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
