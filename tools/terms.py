"""When translations are complete: the rules, shared by `tools/i18n.py` and the tests of every add-on."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import polib

LANGUAGES = ("nl", "fr", "de")
# `%%` is matched so that its second sign is not taken for a placeholder
PLACEHOLDER = re.compile(r"%%|%(?:\(\w+\))?[sdif]|</?\w+[^>]*>")
SHOWN = re.compile(r'(?<= )(?:title|alt|aria-label|placeholder)="[^"]*"')
# Odoo's export takes the keys of a selection, such as a country's, for terms
NO_TERM = re.compile(r"[a-z]{2}")


def is_term(entry: polib.POEntry) -> bool:
    """Whether a person ever sees this: not a test's text, nor the key of a selection in Python."""
    places = [place for place, _line in entry.occurrences]
    if all("/tests/" in place for place in places):
        return False
    return not (
        NO_TERM.fullmatch(entry.msgid) and all(place.startswith("code:") for place in places)
    )


def entries(path: Path) -> list[polib.POEntry]:
    """What a file says, without what it keeps as obsolete; nothing where there is no file."""
    found = polib.pofile(str(path)) if path.exists() else []
    return [entry for entry in found if not entry.obsolete]


def placeholders(text: str) -> Counter:
    """Placeholders and tags with how often each occurs; what a tag shows or reads out is text."""
    return Counter(PLACEHOLDER.findall(SHOWN.sub("", text)))


def differences(addon: Path, code: Iterable[polib.POEntry]) -> Iterator[str]:
    """What the add-on's .pot lacks of the terms of its code, or has too many."""
    terms = {entry.msgid for entry in code}
    kept = {entry.msgid for entry in entries(addon / "i18n" / f"{addon.name}.pot")}
    yield from (f"not in the .pot: {term!r}" for term in sorted(terms - kept))
    yield from (f"gone from the code: {term!r}" for term in sorted(kept - terms))


def findings(addon: Path, language: str) -> Iterator[str]:
    """What is not right about one language of the add-on, held against its .pot."""
    terms = [entry.msgid for entry in entries(addon / "i18n" / f"{addon.name}.pot")]
    translated = {entry.msgid: entry for entry in entries(addon / "i18n" / f"{language}.po")}
    yield from (
        f"{language}: not in the .pot: {term!r}" for term in sorted(translated.keys() - {*terms})
    )
    for term in terms:
        entry = translated.get(term)
        if not entry or not entry.msgstr.strip():
            yield f"{language}: not translated: {term!r}"
        elif entry.fuzzy:
            yield f"{language}: fuzzy: {term!r}"
        elif placeholders(term) != placeholders(entry.msgstr):
            yield f"{language}: other placeholders or tags: {term!r} -> {entry.msgstr!r}"
