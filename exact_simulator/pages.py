"""The pages at ``/`` for a person: look at the books and play the accountant. No scripts needed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlencode

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from . import accountant
from .auth import redirect_allowed
from .errors import ApiError
from .state import App, Division, Row
from .wording import word

blueprint = Blueprint("pages", __name__)
PAGE = 50
MAX_OPEN = 300
MAX_RECORDS = 200
LANGUAGES = ("nl", "en")
_COOKIE = "exact_simulator_language"
Reader = Callable[..., str]


# words and numbers ------------------------------------------------------------------------------


def language() -> str:
    """The language of the pages: asked for, remembered, or the browser's."""
    wanted = request.args.get("lang") or request.cookies.get(_COOKIE)
    if wanted not in LANGUAGES:
        wanted = request.accept_languages.best_match(LANGUAGES)
    return wanted or "en"


def reader(of: str | None = None) -> Reader:
    """A function that gives words in a language, by default that of the pages."""
    if of not in LANGUAGES:
        of = language()
    return lambda key, **values: word(key, of, **values)


def _money(value: Decimal | None) -> str:
    text = f"{value or Decimal(0):,.2f}"
    if language() == "nl":
        text = text.replace(",", "\0").replace(".", ",").replace("\0", ".")
    return text.replace("-", "\N{MINUS SIGN}")


def _plain(value: Decimal) -> str:
    text = f"{value:.2f}"
    return text.replace(".", ",") if language() == "nl" else text


def _day(value: datetime | None) -> str:
    return f"{value:%d-%m-%Y}" if value else ""


@blueprint.app_template_filter("money")
def _money_filter(value: Decimal | None) -> str:
    return _money(value)


@blueprint.app_template_filter("plain")
def _plain_filter(value: Decimal) -> str:
    return _plain(value)


@blueprint.app_template_filter("number")
def _number_filter(value: Decimal) -> str:
    """A quantity or price with the decimals it has, two of a price at least."""
    exponent = value.normalize().as_tuple().exponent
    text = f"{value:.{max(2, -exponent if isinstance(exponent, int) else 0)}f}"
    return text.replace(".", ",") if language() == "nl" else text


@blueprint.app_template_filter("day")
def _day_filter(value: datetime | None) -> str:
    return _day(value)


@blueprint.app_template_filter("unquoted")
def _unquoted_filter(value: str) -> str:
    return unquote(value)


@blueprint.app_context_processor
def _context() -> dict[str, Any]:
    clock = g.simulator.clock
    return {
        "t": reader(),
        "language": language(),
        "country": g.country,
        "now": clock.wall(),
        "frozen": clock.frozen,
        "message": _message(),
    }


def _message() -> tuple[str, str] | None:
    """What happened just before, carried in the address so that it needs no session."""
    if text := request.args.get("failed"):
        return "bad", text
    done = request.args.get("done", "")
    if done.startswith("done_"):
        try:
            return "good", reader()(done)
        except KeyError:
            return None
    if text := request.args.get("noted"):
        return "good", text
    return None


@blueprint.after_app_request
def _remember_language(response: Response) -> Response:
    if request.args.get("lang") in LANGUAGES:
        response.set_cookie(_COOKIE, request.args["lang"], samesite="Lax", path="/")
    return response


@blueprint.app_errorhandler(404)
def _not_found(error: NotFound) -> tuple[str | Response, int]:
    if request.path.startswith(("/_sim", "/api/")):
        return Response("", content_type="text/plain"), 404
    text = reader()
    title, words = text("not_found"), text("not_found_help")
    return render_template("oauth_error.html", title=title, text=words), 404


# lists ------------------------------------------------------------------------------------------


@dataclass
class Listing:
    """One page of a list."""

    rows: list[Any]
    query: str
    first: int
    last: int
    total: int
    before: str | None
    after: str | None


def listing_of(rows: list[Any]) -> Listing:
    """The page of a list that is asked for."""
    total = len(rows)
    asked = request.args.get("page", "1")
    number = max(1, int(asked) if asked.isdigit() else 1)
    number = min(number, max(1, -(-total // PAGE)))
    start = (number - 1) * PAGE
    query = request.args.get("q", "")

    def address(page: int) -> str:
        return "?" + urlencode({**({"q": query} if query else {}), "page": page})

    shown = rows[start : start + PAGE]
    more = start + PAGE < total
    return Listing(
        shown, query, start + 1, start + len(shown), total,
        address(number - 1) if number > 1 else None, address(number + 1) if more else None,
    )  # fmt: skip


def matching(rows: Iterable[Row], names: tuple[str, ...]) -> list[Row]:
    """The rows in which one of these properties holds what is searched for."""
    query = request.args.get("q", "").strip().lower()
    if not query:
        return list(rows)
    return [r for r in rows if any(query in str(r.get(name) or "").lower() for name in names)]


def division_of(code: int) -> Division:
    """An administration of the country asked, or 404."""
    if code not in g.country.divisions:
        raise NotFound
    return g.country.divisions[code]


def _with_open(division: Division, entry: Row) -> Row:
    return {**entry, "open": division.ledger.receivables.remaining(entry["EntryID"])}


def _entries(division: Division) -> list[Row]:
    rows = division.table(accountant.ENTRIES)
    return sorted(rows, key=lambda r: (r["EntryDate"], r["EntryNumber"]), reverse=True)


# pages ------------------------------------------------------------------------------------------


@blueprint.get("/")
def home() -> str:
    """The administrations, apps and users of a country."""
    rows = [
        {
            "division": division,
            "accounts": len(division.table(accountant.ACCOUNTS)),
            "entries": len(division.table(accountant.ENTRIES)),
            "open": len(_open_entries(division)),
        }
        for division in g.country.divisions.values()
    ]
    return render_template("home.html", divisions=rows)


@blueprint.get("/<int:code>")
@blueprint.get("/<int:code>/accounts")
def accounts(code: int) -> str:
    """Accounts, with search and paging."""
    division = division_of(code)
    names = ("Code", "Name", "City", "Email")
    rows = matching(division.table(accountant.ACCOUNTS), names)
    rows.sort(key=lambda row: row.get("Code") or "")
    return render_template(
        "accounts.html", division=division, here="accounts", listing=listing_of(rows)
    )


@blueprint.get("/<int:code>/accounts/<key>")
def account(code: int, key: str) -> str:
    """One account and its entries."""
    division = division_of(code)
    row = division.table(accountant.ACCOUNTS).get(key.lower())
    if row is None:
        raise NotFound
    mine = division.table(accountant.ENTRIES).find("Customer", row["ID"])
    shown = [_with_open(division, entry) for entry in mine]
    return render_template(
        "account.html", division=division, here="accounts", row=row, entries=shown
    )


@blueprint.get("/<int:code>/entries")
def entries(code: int) -> str:
    """Sales entries, latest first."""
    division = division_of(code)
    names = ("EntryNumber", "YourRef", "CustomerName", "Description", "EntryID")
    listing = listing_of(matching(_entries(division), names))
    listing.rows = [_with_open(division, entry) for entry in listing.rows]
    return render_template("entries.html", division=division, here="entries", listing=listing)


@blueprint.get("/<int:code>/entries/<key>")
def entry(code: int, key: str) -> str:
    """One entry with its lines, its bookings and what can be done with it."""
    division = division_of(code)
    row = division.table(accountant.ENTRIES).get(key.lower())
    if row is None:
        raise NotFound
    lines = division.table("salesentry/SalesEntryLines").find("EntryID", row["EntryID"])
    bookings = division.table("financialtransaction/TransactionLines").find(
        "EntryID", row["EntryID"]
    )
    open_items = division.ledger.receivables.items(row["EntryID"])
    return render_template(
        "entry.html", division=division, here="entries", entry=_with_open(division, row),
        lines=sorted(lines, key=lambda r: r["LineNumber"]),
        bookings=sorted(bookings, key=lambda r: r["LineNumber"]),
        settled=[match for item in open_items for match in item["_paid"]],
        papers=papers_of(division, row["EntryID"]),
    )  # fmt: skip


def papers_of(division: Division, entry_id: str) -> list[Row]:
    """The documents of an entry, each with its files."""
    files = division.table("documents/DocumentAttachments")
    return [
        {**row, "files": files.find("Document", row["ID"])}
        for row in division.table("documents/Documents").find(
            "FinancialTransactionEntryID", entry_id
        )
    ]


def _open_entries(division: Division) -> list[Row]:
    """Entries of which something is open, the first due first."""
    keys = {
        row["TransactionEntryID"]
        for row in division.table("cashflow/Receivables")
        if not row.get("IsFullyPaid")
    }
    table = division.table(accountant.ENTRIES)
    found = [_with_open(division, row) for key in keys if (row := table.get(key))]
    return sorted(found, key=lambda r: (r["DueDate"] or r["EntryDate"], r["EntryNumber"]))


@blueprint.get("/<int:code>/open")
def open_items(code: int) -> str:
    """What customers still owe, to be received one by one or several at once."""
    division = division_of(code)
    shown = _open_entries(division)[:MAX_OPEN]
    return render_template("open_items.html", division=division, here="open_items", entries=shown)


@blueprint.get("/<int:code>/periods")
def periods(code: int) -> str:
    """The periods, to close and to open again."""
    division = division_of(code)
    rows = [
        {**row, "closed": bool(row.get("_closed"))}
        for row in division.table("financial/FinancialPeriods")
    ]
    rows.sort(key=lambda row: (row["FinYear"], row["FinPeriod"]))
    return render_template("periods.html", division=division, here="periods", periods=rows)


@blueprint.get("/journal")
def journal() -> str:
    """The latest API calls."""
    records = g.simulator.journal.records(g.country.code)[-MAX_RECORDS:]
    return render_template("journal.html", records=records[::-1])


# forms ------------------------------------------------------------------------------------------


def act(action: Callable[[], object], done: str, back: str, gone: str | None = None) -> Response:
    """Do something and go back, with word of how it went."""
    try:
        action()
    except ApiError as error:
        return redirect(f"{back}?{urlencode({'failed': error.text(language())})}", 303)
    except ValueError as error:
        return redirect(f"{back}?{urlencode({'failed': str(error)})}", 303)
    return redirect(f"{gone or back}?{urlencode({'done': done})}", 303)


@blueprint.post("/<int:code>/receive")
def receive(code: int) -> Response:
    """Book one receipt for the ticked entries."""
    division = division_of(code)
    text = reader()
    back = url_for("pages.open_items", code=code)
    if key := request.form.get("back"):
        back = url_for("pages.entry", code=code, key=key)

    def book() -> None:
        chosen = request.form.getlist("entry")
        if not chosen:
            raise ValueError(text("nothing_ticked"))
        parts = []
        for key in chosen:
            typed = request.form.get(f"amount-{key}", "")
            try:
                amount = accountant.decimal(typed) if typed.strip() else None
            except ValueError:
                raise ValueError(text("bad_amount", value=typed)) from None
            parts.append({"entry": key, "amount": amount})
        body = {"entries": parts, "date": request.form.get("date")}
        accountant.receive(division, body)

    return act(book, "done_receive", back)


@blueprint.post("/<int:code>/entries/<key>/unmatch")
def unmatch(code: int, key: str) -> Response:
    """Make an entry open again."""
    division = division_of(code)
    back = url_for("pages.entry", code=code, key=key)
    return act(lambda: accountant.unmatch(division, {"entry": key}), "done_unmatch", back)


@blueprint.post("/<int:code>/entries/<key>/delete")
def delete(code: int, key: str) -> Response:
    """Delete an entry."""
    division = division_of(code)
    back = url_for("pages.entry", code=code, key=key)
    gone = url_for("pages.entries", code=code)
    return act(lambda: accountant.delete_entry(division, {"entry": key}), "done_delete", back, gone)


@blueprint.post("/<int:code>/accounts/<key>/block")
def block(code: int, key: str) -> Response:
    """Block an account or lift that."""
    division = division_of(code)
    body = {"account": key, "blocked": request.form.get("blocked") == "1"}
    back = url_for("pages.account", code=code, key=key)
    return act(lambda: accountant.block_account(division, body), "done_block", back)


@blueprint.post("/<int:code>/periods")
def close_period(code: int) -> Response:
    """Close a period or open it again."""
    division = division_of(code)
    form = request.form
    body = {"year": form["year"], "period": form["period"], "open": form.get("open") == "1"}
    back = url_for("pages.periods", code=code)
    return act(lambda: accountant.close_period(division, body), "done_period", back)


@blueprint.post("/apps/redirect")
def add_redirect() -> Response:
    """Register another redirect address of an app."""
    app = g.country.apps.get(request.form.get("client_id", ""))
    uri = request.form.get("redirect_uri", "").strip()
    if app is None:
        raise NotFound
    home_page, text = url_for("pages.home"), reader()
    if not redirect_allowed(uri):
        return redirect(f"{home_page}?{urlencode({'failed': text('redirect_refused')})}", 303)
    app.redirect_uris.add(uri)
    noted = text("redirect_added", uri=uri)
    return redirect(f"{home_page}?{urlencode({'noted': noted})}", 303)


@blueprint.post("/apps")
def register_app() -> Response:
    """Register an app with a client id and secret of its own."""
    name, uri = request.form.get("name", "").strip(), request.form.get("redirect_uri", "").strip()
    home_page, text = url_for("pages.home"), reader()
    if not redirect_allowed(uri):
        return redirect(f"{home_page}?{urlencode({'failed': text('redirect_refused')})}", 303)
    made = App(str(uuid.uuid4()), uuid.uuid4().hex, name or "App", {uri}, None, uuid.uuid4().hex)
    g.country.apps[made.client_id] = made
    noted = text("app_registered", name=made.name)
    return redirect(f"{home_page}?{urlencode({'noted': noted})}#app-{made.client_id}", 303)
