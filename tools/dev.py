"""Everyday commands for working on the add-ons, each on a fresh clone of a template database.

python tools/dev.py test exact_connector/tests/test_x.py [pytest arguments]
python tools/dev.py server [--full|--queue] [--db NAME] [odoo arguments]    a server on a database that is kept
python tools/dev.py shell [--full|--queue] [--db NAME]                      Odoo's shell
python tools/dev.py template [--full|--queue]                               bring the template up to date
python tools/dev.py run [--full|--queue] COMMAND ...                        any command with PG* and TEMPLATE set
python tools/dev.py dbs | drop NAME

The template has exact_connector alone; --full means all add-ons and the modules of Odoo they join it to, --queue
OCA's job queue and the add-on for it (a server runs its jobs with --load=base,web,queue_job). A test of one of these
add-ons runs on the right one without being told.
"""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from provisioning import template
from provisioning.common import ROOT, VENV, ProvisionError, addons, end_with_parent
from provisioning.postgres import Postgres


def odoo_arguments(database: str) -> list[str]:
    """What every Odoo process of this checkout is started with."""
    return [
        f"--database={database}",
        f"--addons-path={ROOT}",
        f"--data-dir={template.DATA_DIR}",
        "--max-cron-threads=0",
        "--http-interface=127.0.0.1",
    ]


def call(server: Postgres, *command, **variables) -> int:
    """Run a command with the server's variables and pass its exit code on."""
    environment = {**os.environ, **server.environment, **variables}
    environment["PATH"] = f"{VENV / 'bin'}:{environment['PATH']}"
    return subprocess.run(
        [str(part) for part in command],
        env=environment,
        cwd=ROOT,
        check=False,
        preexec_fn=end_with_parent,
    ).returncode


def pytest_arguments(database: str) -> list[str]:
    """pytest-odoo on one database, with a HTTP server for the tests that need one."""
    return [
        str(VENV / "bin" / "python"), "-m", "pytest", "-p", "odoo", "--odoo-http",
        f"--odoo-database={database}", f"--odoo-addons-path={ROOT}",
        f"--odoo-extra=data-dir={template.DATA_DIR}",
        "--odoo-extra=max-cron-threads=0", "--odoo-extra=http-interface=127.0.0.1",
    ]  # fmt: skip


def layer_needed(arguments: list[str]) -> str:
    """The layer that the tests named among pytest's arguments run on.

    :raises ProvisionError: they need two that exclude each other
    """
    paths = [(ROOT / argument.split("::")[0]).resolve() for argument in arguments]
    names = [folder.name for folder in addons() for path in paths if path.is_relative_to(folder)]
    layers = {template.layer_of(name) for name in names} - {"template"}
    if len(layers) > 1:
        raise ProvisionError("the tests of the job queue run on a database of their own")
    return layers.pop() if layers else "template"


def take_layer(arguments: list[str]) -> str:
    """The layer that a flag among the arguments asks for; the flag is taken out."""
    for layer in ("full", "queue"):
        if f"--{layer}" in arguments:
            arguments.remove(f"--{layer}")
            return layer
    return "template"


def run_tests(server: Postgres, arguments: list[str]) -> int:
    """Run the add-on's tests, or those named, on a clone of the template that they need."""
    server.sweep()
    source = template.ensure(server, layer=layer_needed(arguments))
    database = server.clone(source, server.name(f"run_{os.getpid()}_dev"))
    try:
        return call(server, *pytest_arguments(database), *(arguments or ["exact_connector/tests"]))
    finally:
        server.drop(database)


def kept_database(server: Postgres, arguments: list[str]) -> str:
    """The database named by --db, made from the template if it is not there."""
    name, layer = "dev", take_layer(arguments)
    if "--db" in arguments:
        at = arguments.index("--db")
        name = arguments[at + 1]
        del arguments[at : at + 2]
    database = server.name(name)
    if database not in server.databases():
        server.clone(template.ensure(server, layer=layer), database)
    return database


def main(arguments: list[str]) -> int:
    """Carry out one command."""
    if not arguments:
        print(__doc__)
        return 2
    command, *rest = arguments
    with Postgres() as server:
        if command == "test":
            return run_tests(server, rest)
        if command == "template":
            print(template.ensure(server, layer=take_layer(rest)))
            return 0
        if command == "dbs":
            print("\n".join(server.databases()))
            return 0
        if command == "drop":
            server.drop(server.name(rest[0]))
            return 0
        if command == "run":
            first, rest = rest[:1], rest[1:]
            layer = take_layer(first)
            source = template.ensure(server, layer=layer)
            rest = [*first, *rest]
            return call(server, *rest, TEMPLATE=source)
        if command in ("server", "shell"):
            database = kept_database(server, rest)
            start = ["shell"] if command == "shell" else []
            return call(
                server,
                VENV / "bin" / "python",
                "-m",
                "odoo",
                *start,
                *odoo_arguments(database),
                *rest,
            )
    print(__doc__)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ProvisionError as problem:
        sys.exit(f"error: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
