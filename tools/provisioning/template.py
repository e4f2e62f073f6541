"""The template database that tests and demo are cloned from, in two layers.

`base` holds account, the Dutch chart, the languages and the asset bundles and takes a minute; `template` is a
clone of it with the add-on on top and takes seconds. Each is rebuilt only when its inputs have changed. The
hash of the inputs is the database's comment, so it can never be out of step with the database.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .common import (
    ADDON,
    CACHE,
    LOGS,
    ROOT,
    VENV,
    ProvisionError,
    file_hash,
    locked,
    need_space,
    say,
    step,
)
from .postgres import Postgres

BUILDER = Path(__file__).with_name("build_template.py")
DATA_DIR = CACHE / "odoo-data"
# what an installed add-on does not consist of
NO_INPUT = re.compile(
    r"(^|/)(tests|readme|__pycache__)/|\.(md|rst|pyc|swp)$|^static/description/|(^|/)\."
)


def addon_there() -> bool:
    """Whether the checkout holds the add-on."""
    return (ROOT / ADDON / "__manifest__.py").exists()


def addon_files() -> Iterator[Path]:
    """The files an installation of the add-on depends on."""
    folder = ROOT / ADDON
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not NO_INPUT.search(path.relative_to(folder).as_posix()):
            yield path


def base_key() -> str:
    """Hash of what the base layer is made from: Odoo, the Python packages, the builder."""
    stamps = [path for path in (CACHE / "odoo.stamp", CACHE / "venv.stamp") if path.exists()]
    return file_hash(BUILDER, *stamps, extra=os.environ.get("ODOO_HOME", ""))


def addon_key(base: str) -> str:
    """Hash of what the add-on layer is made from."""
    folder = ROOT / ADDON
    files = list(addon_files()) if addon_there() else []
    names = "\n".join(path.relative_to(folder).as_posix() for path in files)
    return file_hash(*files, extra=base + names)


def _comment(server: Postgres, database: str) -> str:
    rows = server.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", database
    )
    return (rows[0][0] or "") if rows else ""


def _build(server: Postgres, layer: str, database: str, *modules: str) -> None:
    """Run the builder on a database and pass on its progress."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"template-{layer}.log"
    addons = str(ROOT) if addon_there() else ""
    command = [VENV / "bin" / "python", BUILDER, layer, database, addons, DATA_DIR, *modules]
    environment = dict(os.environ, **server.environment, PYTHONWARNINGS="ignore")
    environment.pop("ODOO_RC", None)
    lines = []
    with log.open("w") as handle:
        process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=environment, cwd=ROOT,
        )  # fmt: skip
        for line in process.stdout:
            handle.write(line)
            lines.append(line.rstrip())
            if line.startswith("PROGRESS "):
                say(f"    {line[9:].rstrip()}")
    if process.wait():
        for line in lines[-25:]:
            print(f"    | {line}", file=sys.stderr)
        raise ProvisionError(f"Odoo could not build the {layer} database (log: {log})")


def _ensure(server: Postgres, layer: str, key: str, source: str | None, *modules: str) -> str:
    database = server.name(layer)
    if _comment(server, database) == key:
        return database
    need_space(600, CACHE)
    with step(f"database: building {layer}"):
        draft = server.name(f"{layer}_new")
        server.drop(draft)
        if source:
            server.clone(source, draft)
        else:
            server.create(draft)
        try:
            _build(server, "base" if source is None else "addon", draft, *modules)
        except BaseException:
            server.drop(draft)
            raise
        server.rename(draft, database)
        server.execute(f"COMMENT ON DATABASE \"{database}\" IS '{key}'")
    return database


def ensure(server: Postgres) -> str:
    """Give the name of an up-to-date template database, building what is out of date.

    Without the add-on in the checkout the template is the base layer alone.
    """
    with locked("template"):
        base_hash = base_key()
        base = _ensure(server, "base", base_hash, None)
        if not addon_there():
            return base
        return _ensure(server, "template", addon_key(base_hash), base, ADDON)


def main() -> None:
    """Provisioning's step."""
    with Postgres() as server:
        say(f"  database template {ensure(server)} is up to date")
