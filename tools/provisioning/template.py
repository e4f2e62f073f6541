"""The template databases that tests and demo are cloned from, each a clone of another with more on top.

A layer of Odoo's own modules takes a minute or more and seldom changes; one of our add-ons takes seconds. Each
is built when it is first asked for, and again only when its inputs have changed. The hash of the inputs is the
database's comment, so it can never be out of step with the database.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .common import (
    ADDON,
    CACHE,
    LOGS,
    ROOT,
    VENV,
    ProvisionError,
    addons,
    file_hash,
    locked,
    need_space,
    say,
    step,
)
from .postgres import Postgres

# the add-on that runs on OCA's job queue
QUEUE = f"{ADDON}_queue"
BUILDER = Path(__file__).with_name("build_template.py")
DATA_DIR = CACHE / "odoo-data"
# what an installed add-on does not consist of
NO_INPUT = re.compile(
    r"(^|/)(tests|readme|__pycache__)/|\.(md|rst|pyc|swp)$|^static/description/|(^|/)\."
)


@dataclass(frozen=True)
class Layer:
    """A template database.

    :param under: the layer it is a clone of; none for the one that the builder fills by itself
    :param modules: modules of Odoo to install
    :param addons: pattern of the names of our add-ons to install
    :param apart: those of them that are left out
    """

    under: str = ""
    modules: tuple[str, ...] = ()
    addons: str = ""
    apart: tuple[str, ...] = ()

    def folders(self) -> list[Path]:
        """The folders of our add-ons in this layer."""
        return [folder for folder in addons(self.addons) if folder.name not in self.apart]


LAYERS = {
    # account, the Dutch chart of accounts, the languages
    "base": Layer(),
    # the add-on on its own: it must work without any module that it does not depend on
    "template": Layer("base", addons=ADDON),
    # the modules that the other add-ons join it to; what Odoo installs with them comes along
    "full_base": Layer(
        "base", modules=("sale_management", "sale_timesheet", "hr_expense", "sale_expense")
    ),
    # what runs on OCA's job queue is another driver for the same work: a layer of its own
    "full": Layer("full_base", addons=f"{ADDON}*", apart=(QUEUE,)),
    "queue": Layer("template", modules=("queue_job",), addons=QUEUE),
}


def layer_of(addon: str) -> str:
    """The layer that this add-on of ours is tested and translated on."""
    return {ADDON: "template", QUEUE: "queue"}.get(addon, "full")


def addon_files(folder: Path) -> Iterator[Path]:
    """The files an installation of the add-on in this folder depends on."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not NO_INPUT.search(path.relative_to(folder).as_posix()):
            yield path


def base_key() -> str:
    """Hash of what the base layer is made from: Odoo, the Python packages, the builder."""
    stamps = [path for path in (CACHE / "odoo.stamp", CACHE / "venv.stamp") if path.exists()]
    return file_hash(BUILDER, *stamps, extra=os.environ.get("ODOO_HOME", ""))


def key(name: str) -> str:
    """Hash of what a layer is made from."""
    layer = LAYERS[name]
    if not layer.under:
        return base_key()
    folders = layer.folders()
    files = [path for folder in folders for path in addon_files(folder)]
    names = [path.relative_to(folders[0].parent).as_posix() for path in files]
    return file_hash(*files, extra="\n".join([key(layer.under), *layer.modules, *names]))


def _comment(server: Postgres, database: str) -> str:
    rows = server.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", database
    )
    return (rows[0][0] or "") if rows else ""


def _build(server: Postgres, layer: str, database: str, *modules: str) -> None:
    """Run the builder on a database and pass on its progress."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"template-{layer}.log"
    path = str(ROOT) if addons() else ""
    kind = "addon" if modules else "base"
    command = [VENV / "bin" / "python", BUILDER, kind, database, path, DATA_DIR, *modules]
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


def _ensure(server: Postgres, name: str) -> str:
    layer = LAYERS[name]
    source = _ensure(server, layer.under) if layer.under else ""
    modules = [*layer.modules, *(folder.name for folder in layer.folders())]
    if source and not modules:
        return source
    database, inputs = server.name(name), key(name)
    if _comment(server, database) == inputs:
        return database
    need_space(600, CACHE)
    with step(f"database: building {name}"):
        draft = server.name(f"{name}_new")
        server.drop(draft)
        if source:
            server.clone(source, draft)
        else:
            server.create(draft)
        try:
            _build(server, name, draft, *modules)
        except BaseException:
            server.drop(draft)
            raise
        server.rename(draft, database)
        server.execute(f"COMMENT ON DATABASE \"{database}\" IS '{inputs}'")
    return database


def ensure(server: Postgres, *, full: bool = False, layer: str = "") -> str:
    """Give the name of an up-to-date template database, building what is out of date.

    Without an add-on in the checkout it is the layer below.

    :param full: with all our add-ons and the modules they need, not `exact_connector` alone
    :param layer: name of the layer, where it is neither of the two
    """
    with locked("template"):
        return _ensure(server, layer or ("full" if full else "template"))


def main() -> None:
    """Provisioning's step."""
    with Postgres() as server:
        say(f"  database template {ensure(server)} is up to date")
