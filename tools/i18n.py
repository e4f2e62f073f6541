"""The add-ons' translations: `python tools/i18n.py [ADD-ON ...]` brings them up to date, `--check` only looks.

Without `--check` each add-on's .pot is written anew from a database where it is installed, and each language
file gets the new terms (empty) and loses those that are gone; translations are kept. With it nothing is
written: terms that are untranslated or fuzzy, placeholders or tags that differ, and a .pot that no longer fits
the code are listed, and the exit code is 1 if there are any.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import polib
from terms import LANGUAGES, differences, entries, findings, is_term

from provisioning import template
from provisioning.common import ROOT, VENV, ProvisionError, addons
from provisioning.postgres import Postgres


def export(folder: Path, names: list[str]) -> dict[str, polib.POFile]:
    """Every term of these add-ons, as Odoo finds them in a database where they are installed.

    `exact_connector` is exported from a database with it alone: what other add-ons add to it is theirs.

    :raises ProvisionError: Odoo could not export
    """
    found = {}
    with Postgres() as server:
        groups = {}
        for name in names:
            groups.setdefault(template.layer_of(name), []).append(name)
        for layer, group in groups.items():
            source = template.ensure(server, layer=layer)
            database = server.clone(source, server.name(f"run_{os.getpid()}_i18n"))
            try:
                found |= {name: _export(server, database, folder, name) for name in group}
            finally:
                server.drop(database)
    return found


def _export(server: Postgres, database: str, folder: Path, name: str) -> polib.POFile:
    target = folder / f"{name}.pot"
    done = subprocess.run(
        [
            str(VENV / "bin" / "python"), "-m", "odoo", f"--addons-path={ROOT}",
            "i18n", "export", "-d", database, "-l", "pot", "-o", str(target), name,
        ],
        env={**os.environ, **server.environment},
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or not target.exists():
        raise ProvisionError(f"Odoo could not export the terms of {name}:\n{done.stderr[-2000:]}")
    return cleaned(name, polib.pofile(str(target), wrapwidth=78))


def cleaned(name: str, pot: polib.POFile) -> polib.POFile:
    """The terms worth translating, under a heading without dates, so that only real changes show."""
    clean = polib.POFile(wrapwidth=78)
    clean.header = f"Translations of {name}"
    clean.metadata = {
        "Project-Id-Version": "Odoo Server 19.0",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    clean.extend(entry for entry in pot if is_term(entry))
    return clean


def merged(pot: polib.POFile, path: Path) -> polib.POFile:
    """The file of a language with exactly the terms of `pot`."""
    known = {entry.msgid: entry for entry in entries(path)}
    result = polib.POFile(wrapwidth=78)
    result.header = pot.header
    result.metadata = {**pot.metadata, "Language": path.stem}
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


def write(folder: Path, pot: polib.POFile) -> None:
    """Write the files under i18n of the add-on in `folder`; one without a term has none."""
    target = folder / "i18n"
    if not pot:
        return
    target.mkdir(exist_ok=True)
    pot.save(str(target / f"{folder.name}.pot"))
    for language in LANGUAGES:
        path = target / f"{language}.po"
        merged(pot, path).save(str(path))


def main() -> int:
    """Write the files, or look at them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("addons", nargs="*", metavar="ADD-ON", help="by default all of them")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 on findings"
    )
    options = parser.parse_args()
    folders = {folder.name: folder for folder in addons()}
    unknown = set(options.addons) - set(folders)
    if unknown:
        parser.error(f"no add-on {', '.join(sorted(unknown))}; there are {', '.join(folders)}")
    lacking = False
    with tempfile.TemporaryDirectory(prefix="exact-i18n-") as place:
        pots = export(Path(place), options.addons or list(folders))
    for name, pot in pots.items():
        if not options.check:
            write(folders[name], pot)
        found = list(differences(folders[name], pot))
        for language in LANGUAGES:
            found += findings(folders[name], language)
        lacking |= bool(found)
        print("\n".join(f"{name}: {text}" for text in found), end="\n" if found else "")
        if not found:
            print(f"{name}: {len(pot)} terms, complete in {', '.join(LANGUAGES)}")
    return int(options.check and lacking)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ProvisionError as problem:
        sys.exit(f"error: {problem}")
