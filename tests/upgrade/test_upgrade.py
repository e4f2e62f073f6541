"""A release that is in use is upgraded, taken out and put in again: what is in Odoo's books stays as it is."""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from harness import Postgres, Simulator
from provisioning import template
from provisioning.common import ROOT, VENV

HERE = Path(__file__).parent
FORMER = "19.0.1.0.0"
# What neither an upgrade nor taking the add-on out may touch.
BOOKS = (
    "SELECT id, name, state, move_type, partner_id, amount_total, payment_state, is_move_sent FROM account_move",
    "SELECT id, move_id, account_id, debit, credit, amount_residual, reconciled FROM account_move_line",
    "SELECT id, name, country_id, vat, ref FROM res_partner",
    "SELECT id, code, type, active FROM account_journal",
)


class Machine:
    """One database, and Odoo's command line on it."""

    def __init__(self, server: Postgres, database: str, simulator: Simulator):
        self.server, self.database, self.simulator = server, database, simulator

    def odoo(self, *arguments: str, addons: Path = ROOT, script: str = "", **variables: str) -> str:
        """Run one of Odoo's commands to its end; what it printed. An error in its log fails the test."""
        command, *others = arguments
        done = subprocess.run(
            [
                VENV / "bin" / "python", "-m", "odoo", command, f"--database={self.database}",
                f"--addons-path={addons}", f"--data-dir={template.DATA_DIR}", "--no-http",
                "--log-level=warn", "--max-cron-threads=0", *others,
            ],
            input=script,
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=300,
            check=False,
            env={
                **os.environ,
                **self.server.environment,
                "SIM_URL": self.simulator.url,
                **variables,
            },
        )  # fmt: skip
        wrong = any(word in done.stderr for word in (" ERROR ", " CRITICAL ", "Traceback"))
        failed = bool(done.returncode) or wrong
        assert not failed, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def shell(self, script: str, **variables):
        """Run a script in Odoo's shell; the JSON that it prints after RESULT."""
        said = self.odoo("shell", script=script, **variables)
        return json.loads(said.split("RESULT ")[-1].splitlines()[0])

    def load(self, option: str, addons: Path = ROOT) -> None:
        """Install or upgrade the add-on."""
        self.odoo("server", option, "--stop-after-init", addons=addons)

    def books(self) -> list:
        return [
            sorted(self.server.execute(f"{statement} ORDER BY id", database=self.database))
            for statement in BOOKS
        ]

    def columns(self) -> set:
        """Tables and columns in the database that are ours."""
        rows = self.server.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND (table_name LIKE 'exact_%' OR column_name LIKE 'exact_%')",
            database=self.database,
        )
        return {tuple(row) for row in rows}


@pytest.fixture(scope="module")
def exact():
    """The local Exact Online."""
    with Simulator(seed="demo", accounts=20) as running:
        yield running


@pytest.fixture(scope="module")
def machine(exact, tmp_path_factory):
    """The former release with documents in every state."""
    former = tmp_path_factory.mktemp("former")
    with tarfile.open(HERE / "releases" / f"{FORMER}.tar.xz") as archive:
        archive.extractall(former, filter="data")
    with Postgres() as server:
        database = server.name(f"run_{os.getpid()}_upgrade")
        server.clone(template.ensure(server, layer="base"), database)
        try:
            running = Machine(server, database, exact)
            running.load("--init=exact_connector", former)
            running.before = running.shell((HERE / "fill_old.py").read_text(), addons=former)
            yield running
        finally:
            server.drop(database)


def entries(exact) -> list:
    return exact.get("/_sim/ledger/1001")["entries"]


def test_former_release_is_upgraded_with_all_its_exchanges_and_sending_goes_on(machine, exact):
    before, books = machine.before, machine.books()
    wanted = {name: name for name in before} | {"cancelled": "left_out"}
    assert {name: {row[1] for row in rows} for name, rows in before.items()} == {
        name: {state} for name, state in wanted.items()
    }
    assert len(entries(exact)) == 3, "two done, one unclear"
    machine.load("--update=exact_connector")
    seen = machine.shell((HERE / "look_new.py").read_text(), BEFORE=json.dumps(before))
    assert seen["version"] > FORMER
    rows = [row for rows in before.values() for row in rows]
    assert seen["states"] == {str(move): [state, number] for move, state, number in rows}
    assert (seen["routes"], seen["bill_route"]) == (["entry"], 0)
    assert seen["keep_months"] == 0, "nothing is cleared away before somebody chooses"
    assert (seen["connection"], seen["crons"]) == ("connected", True)
    assert seen["groups"] == [["tax_unmapped", 2], ["unclear", 1]]
    after = {int(move): tuple(state) for move, state in seen["after"].items()}
    for name, rows in before.items():
        wanted = {"cancelled": "left_out", "not_sent": "not_sent"}.get(name, "done")
        assert {after[row[0]][0] for row in rows} == {wanted}, (name, after)
    # Two done, two failed, one each of unclear, pending, waiting and sending: once each.
    booked = [entry["YourRef"] for entry in entries(exact)]
    assert len(booked) == len(set(booked)) == 8
    assert [row[:2] for row in machine.books()[0]] == [row[:2] for row in books[0]]


TAKE_OUT = """
env["ir.module.module"].search([("name", "=", "exact_connector")]).button_immediate_uninstall()
print("RESULT 1")
"""
STATES = "SELECT DISTINCT exact_state FROM account_move WHERE move_type = 'out_invoice'"


def test_add_on_is_taken_out_and_put_in_again_and_the_books_stay(machine, exact):
    books, called = machine.books(), len(exact.get("/_sim/ledger/1001")["entries"])
    assert machine.columns()
    machine.shell(TAKE_OUT)
    assert machine.books() == books
    assert not machine.columns(), "nothing of ours is left behind"
    machine.load("--init=exact_connector")
    assert machine.server.execute(STATES, database=machine.database) == [("not_sent",)]
    assert machine.books() == books
    assert len(entries(exact)) == called
