"""A person at the web client, without the browser: the same pages, calls and buttons over HTTP."""

import time
from typing import Any
from urllib.parse import urljoin

import requests
from lxml import html

TIMEOUT = 120


class WebError(Exception):
    """A page or a button that answered with an error; its text is what a person would read."""


class WebClient:
    """A user logged in through Odoo's login page.

    :param url: address of Odoo
    """

    def __init__(self, url: str, login: str, password: str):
        self.url = url
        self.http = requests.Session()
        self.context: dict = {}
        page = self.http.get(f"{url}/web/login", timeout=TIMEOUT)
        form = html.fromstring(page.text).xpath("//form[contains(@class, 'oe_login_form')]")[0]
        values = {**dict(form.form_values()), "login": login, "password": password}
        answer = self.http.post(urljoin(page.url, form.action), data=values, timeout=TIMEOUT)
        if not answer.ok or "/web/login" in answer.url:
            raise WebError(f"{login} cannot log in")
        self.context = self._call("/web/session/get_session_info", {})["user_context"]

    def _call(self, path: str, params: dict) -> Any:
        answer = self.http.post(
            self.url + path,
            json={"jsonrpc": "2.0", "method": "call", "params": params},
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        content = answer.json()
        if "error" in content:
            raise WebError(content["error"].get("data", {}).get("message") or content["error"])
        return content.get("result")

    def _method(self, route: str, model: str, method: str, args: tuple, kwargs: dict) -> Any:
        kwargs["context"] = {**self.context, **(kwargs.get("context") or {})}
        return self._call(
            f"/web/dataset/{route}/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )

    def call(self, model: str, method: str, *args, **kwargs) -> Any:
        """What a view calls while it is shown: `name_search`, `onchange`, `web_read` and so on."""
        return self._method("call_kw", model, method, args, kwargs)

    def press(self, model: str, ids: int | list[int], method: str, **context) -> Any:
        """Press a button of a form; the answer is the action that the client would carry out next."""
        numbers = [ids] if isinstance(ids, int) else ids
        return self._method("call_button", model, method, (numbers,), {"context": context})

    def run_action(self, xmlid: str, model: str, ids: list[int]) -> Any:
        """Choose an entry of the Actions menu for a selection in the list."""
        action = self._call("/web/action/load", {"action_id": xmlid})
        context = {
            **self.context,
            "active_model": model,
            "active_ids": ids,
            "active_id": ids[0],
        }
        return self._call("/web/action/run", {"action_id": action["id"], "context": context})

    def fresh(self, model: str, fields: list[str], **context) -> dict:
        """Open an empty form: the values it starts with."""
        spec = {name: {} for name in fields}
        found = self.call(model, "onchange", [], {}, [], spec, context=context)
        return found["value"]

    def save(self, model: str, ids: int | None, values: dict, **context) -> int:
        """Save a form; the id of the record."""
        numbers = [ids] if ids else []
        found = self.call(
            model, "web_save", numbers, values, specification={"id": {}}, context=context
        )
        return found[0]["id"]

    def read(self, model: str, ids: list[int], fields: list[str] | dict) -> list[dict]:
        """Records as a form or list shows them; dict for what lies behind a relation."""
        spec = fields if isinstance(fields, dict) else {name: {} for name in fields}
        return self.call(model, "web_read", ids, specification=spec)

    def search(
        self, model: str, domain: list, fields: list[str] | dict, limit: int = 80, order: str = ""
    ) -> list[dict]:
        """A list as the client asks for it."""
        spec = fields if isinstance(fields, dict) else {name: {} for name in fields}
        found = self.call(
            model,
            "web_search_read",
            domain=domain,
            specification=spec,
            limit=limit,
            order=order,
        )
        return found["records"]

    def pick(self, model: str, text: str, domain: list | None = None) -> int:
        """Type into a many2one and take the first proposal.

        :raises WebError: nothing was proposed
        """
        found = self.call(
            model, "name_search", name=text, domain=domain or [], operator="ilike", limit=8
        )
        if not found:
            raise WebError(f"no {model} is offered for {text!r}")
        return found[0][0]

    def wait(self, condition, what: str, seconds: float = 60) -> Any:
        """Look again until the screen shows it.

        :raises WebError: it does not within `seconds`
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            time.sleep(0.3)
        raise WebError(f"waited {seconds:.0f} s for {what}")

    # --- pages outside Odoo ---

    def consent(self, url: str, login: str, password: str) -> str:
        """Follow Connect to Exact's pages: log in, approve, and come back to Odoo.

        :return: the address of the page that Odoo ends on
        """
        page = self.http.get(url, timeout=TIMEOUT)
        page = self._submit(page, "login-form", "login", login=login, password=password)
        page = self._submit(page, "consent-form", "approve")
        failed = html.fromstring(page.text).xpath("//*[@id='exact_oauth_failed']//p")
        if failed:
            raise WebError(failed[0].text_content())
        return page.url

    def _submit(self, page: requests.Response, form_id: str, button: str, **values):
        """Fill in a form and press one of its buttons."""
        forms = html.fromstring(page.text).xpath(f"//form[@id='{form_id}']")
        if not forms:
            raise WebError(f"{page.url} has no {form_id}: {page.status_code}")
        form = forms[0]
        pressed = form.xpath(f".//button[@id='{button}']")[0]
        # a list of pairs: several boxes may share one name
        sent = [(key, value) for key, value in form.form_values() if key not in values]
        sent += [*values.items(), (pressed.get("name"), pressed.get("value"))]
        return self.http.post(urljoin(page.url, form.get("action")), data=sent, timeout=TIMEOUT)
