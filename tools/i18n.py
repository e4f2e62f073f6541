"""The add-on's translations: `python tools/i18n.py` brings them up to date, `--check` only looks.

Without an argument, exact_connector.pot is written anew from an installed add-on, and each language file gets
the new terms (empty) and loses those that are gone; translations are kept. With `--check` nothing is written:
terms that are untranslated or fuzzy, placeholders or tags that differ, and a .pot that no longer fits the code
are listed, and the exit code is 1 if there are any.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import polib

from provisioning import template
from provisioning.common import ADDON, ROOT, VENV, ProvisionError
from provisioning.postgres import Postgres

LANGUAGES = ("nl", "fr", "de")
FOLDER = ROOT / ADDON / "i18n"
POT = FOLDER / f"{ADDON}.pot"
# `%%` is matched so that its second sign is not taken for a placeholder
PLACEHOLDER = re.compile(r"%%|%(?:\(\w+\))?[sdif]|</?\w+[^>]*>")
SHOWN = re.compile(r'(?<= )(?:title|alt|aria-label|placeholder)="[^"]*"')
# Odoo's export takes the keys of a selection, such as a country's, for terms
NO_TERM = re.compile(r"[a-z]{2}")


def export(folder: Path) -> polib.POFile:
    """Every term of the add-on, as Odoo finds them in a database where it is installed.

    :raises ProvisionError: Odoo could not export
    """
    target = folder / f"{ADDON}.pot"
    with Postgres() as server:
        database = server.clone(template.ensure(server), server.name(f"i18n_{os.getpid()}"))
        try:
            done = subprocess.run(
                [
                    str(VENV / "bin" / "python"), "-m", "odoo", f"--addons-path={ROOT}",
                    "i18n", "export", "-d", database, "-l", "pot", "-o", str(target), ADDON,
                ],
                env={**os.environ, **server.environment},
                cwd=folder, capture_output=True, text=True, check=False,
            )  # fmt: skip
        finally:
            server.drop(database)
    if done.returncode or not target.exists():
        raise ProvisionError(f"Odoo could not export the terms:\n{done.stderr[-2000:]}")
    return cleaned(polib.pofile(str(target), wrapwidth=78))


def _is_term(entry: polib.POEntry) -> bool:
    """Whether a person ever sees this: not a test's text, nor the key of a selection in Python."""
    places = [place for place, _line in entry.occurrences]
    if all("/tests/" in place for place in places):
        return False
    return not (
        NO_TERM.fullmatch(entry.msgid) and all(place.startswith("code:") for place in places)
    )


def cleaned(pot: polib.POFile) -> polib.POFile:
    """The terms worth translating, under a heading without dates, so that only real changes show."""
    clean = polib.POFile(wrapwidth=78)
    clean.header = f"Translations of {ADDON}"
    clean.metadata = {
        "Project-Id-Version": "Odoo Server 19.0",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    clean.extend(entry for entry in pot if _is_term(entry))
    return clean


def merged(pot: polib.POFile, language: str) -> polib.POFile:
    """The file of a language with exactly the terms of `pot`."""
    path = FOLDER / f"{language}.po"
    known = {entry.msgid: entry for entry in polib.pofile(str(path))} if path.exists() else {}
    result = polib.POFile(wrapwidth=78)
    result.header = pot.header
    result.metadata = {**pot.metadata, "Language": language}
    for term in pot:
        old = known.get(term.msgid)
        result.append(
            polib.POEntry(
                msgid=term.msgid,
                msgstr=old.msgstr if old else "",
                comment=term.comment,
                occurrences=term.occurrences,
                flags=["fuzzy"] if old and old.fuzzy else [],
            )
        )
    return result


def placeholders(text: str) -> Counter:
    """Placeholders and tags with how often each occurs; what a tag shows or reads out is text."""
    return Counter(PLACEHOLDER.findall(SHOWN.sub("", text)))


def findings(language: str, po: polib.POFile) -> Iterator[str]:
    """What is not right about the translations of one language."""
    for entry in po:
        if entry.obsolete:
            yield f"{language}: gone from the code: {entry.msgid!r}"
        elif not entry.msgstr:
            yield f"{language}: not translated: {entry.msgid!r}"
        elif entry.fuzzy:
            yield f"{language}: fuzzy: {entry.msgid!r}"
        elif placeholders(entry.msgid) != placeholders(entry.msgstr):
            yield f"{language}: other placeholders or tags: {entry.msgid!r} -> {entry.msgstr!r}"


def check(pot: polib.POFile) -> Iterator[str]:
    """What is not right about the files as they stand, held against the terms of the code."""
    terms = {entry.msgid for entry in pot}
    kept = {entry.msgid for entry in polib.pofile(str(POT))} if POT.exists() else set()
    yield from (f"pot: missing: {term!r}" for term in sorted(terms - kept))
    yield from (f"pot: gone from the code: {term!r}" for term in sorted(kept - terms))
    for language in LANGUAGES:
        yield from findings(language, merged(pot, language))


def main() -> int:
    """Write the files, or look at them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 on findings"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="exact-i18n-") as folder:
        pot = export(Path(folder))
    if not options.check:
        FOLDER.mkdir(exist_ok=True)
        pot.save(str(POT))
        for language in LANGUAGES:
            merged(pot, language).save(str(FOLDER / f"{language}.po"))
    found = list(check(pot))
    print("\n".join(found) or f"{len(pot)} terms, complete in {', '.join(LANGUAGES)}")
    return int(options.check and bool(found))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ProvisionError as problem:
        sys.exit(f"error: {problem}")
