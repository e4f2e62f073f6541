"""A release that is in use is upgraded; add-ons are taken out one after another and put in again.

One database, one course of events: each test goes on where the one before it ended. What is in Odoo's books stays as
it is, nothing gets lost, and nothing is booked or invoiced in Exact a second time.
"""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from harness import Postgres, Simulator
from provisioning import template
from provisioning.common import ROOT, VENV, end_with_parent

HERE = Path(__file__).parent
FORMER = "19.0.1.0.0"
GLUE = ["exact_connector_sale", "exact_connector_timesheet", "exact_connector_expense"]
# What neither an upgrade nor taking an add-on out may touch.
BOOKS = (
    "SELECT id, name, state, move_type, partner_id, amount_total, payment_state, is_move_sent FROM account_move",
    "SELECT id, move_id, account_id, debit, credit, amount_residual, reconciled FROM account_move_line",
    "SELECT id, name, country_id, vat, ref FROM res_partner",
    "SELECT id, code, type, active FROM account_journal",
    "SELECT id, name, state, amount_total, invoice_status FROM sale_order",
    "SELECT id, order_id, product_uom_qty, qty_delivered, qty_invoiced FROM sale_order_line",
    "SELECT id, name, unit_amount, employee_id, so_line, timesheet_invoice_id FROM account_analytic_line",
    "SELECT id, name, state, total_amount, sale_order_id, account_move_id FROM hr_expense",
)
SETTINGS = (
    "company_id", "division_id", "start_date", "default_item_id", "sale_journal_id", "refund_journal_id",
    "default_vat_code_id", "default_payment_condition_id", "auto_send", "settlement_journal_id", "customer_cursor",
    "payment_cursor", "invoicing", "invoice_odoo_journal_id", "invoice_print", "invoice_grouping",
)  # fmt: skip


class Odoo:
    """A process that does one step after another; see ``odoo_process.py``."""

    def __init__(self, machine, addons: Path):
        self.errors = machine.folder / f"{addons.name}.log"
        self.process = subprocess.Popen(
            [
                VENV / "bin" / "python", HERE / "odoo_process.py",
                machine.database, addons, template.DATA_DIR,
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors.open("w"), text=True,
            cwd=ROOT, env={**os.environ, **machine.server.environment}, preexec_fn=end_with_parent,
        )  # fmt: skip

    def __call__(self, step: str, *args, **kwargs):
        """Do a step; what came of it. An error in the log fails the test."""
        print(json.dumps([step, args, kwargs], default=str), file=self.process.stdin, flush=True)
        said = []
        for line in self.process.stdout:
            said.append(line)
            if line.startswith("RESULT "):
                break
        log = self.errors.read_text()
        wrong = any(word in log for word in (" ERROR ", " CRITICAL ", "Traceback"))
        done = bool(said) and said[-1].startswith("RESULT ") and not wrong
        assert done, f"{''.join(said)[-3000:]}\n{log[-6000:]}"
        return json.loads(said[-1][7:])

    def end(self) -> None:
        """Let it come to its end."""
        self.process.stdin.close()
        try:
            self.process.wait(30)
        finally:
            self.process.kill()


class Machine:
    """One database, and what is in it."""

    def __init__(self, server: Postgres, database: str, folder: Path, sim: Simulator):
        self.server, self.database, self.folder, self.sim = server, database, folder, sim
        self.odoo: Odoo | None = None

    def start(self, addons: Path) -> None:
        self.end()
        self.odoo = Odoo(self, addons)

    def end(self) -> None:
        if self.odoo:
            self.odoo.end()
            self.odoo = None

    def run(self, script: str, **values):
        return self.odoo("run", script, sim=self.sim.url, settings=SETTINGS, **values)

    def rows(self, statement: str) -> list:
        return sorted(self.server.execute(statement, database=self.database), key=str)

    def books(self) -> list:
        return [self.rows(statement) for statement in BOOKS]

    def columns(self, like: str = "exact_%") -> set:
        """Tables and columns in the database that are ours."""
        return set(
            self.rows(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
                f"AND (table_name LIKE '{like}' OR column_name LIKE '{like}')"
            )
        )

    def entries(self) -> list:
        return self.sim.get("/_sim/ledger/1001")["entries"]

    def invoices(self) -> list:
        return self.sim.get("/_sim/invoices/1001")["invoices"]

    def in_exact(self) -> tuple:
        """What stands in Exact, by our references."""
        return tuple(
            sorted(row["YourRef"] for row in rows) for rows in (self.entries(), self.invoices())
        )


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """The former release with documents in every state."""
    folder = tmp_path_factory.mktemp("upgrade")
    former = folder / "former"
    with tarfile.open(HERE / "releases" / f"{FORMER}.tar.xz") as archive:
        archive.extractall(former, filter="data")
    with Postgres() as server, Simulator(seed="demo", accounts=20) as sim:
        database = server.name(f"run_{os.getpid()}_upgrade")
        server.clone(template.ensure(server, layer="full_base"), database)
        # Else a run waits for the next minute, or not, as the machine is quick or slow.
        sim.post("/_sim/limits", {"minute": None, "day": None, "errors": None})
        running = Machine(server, database, folder, sim)
        try:
            running.start(former)
            running.odoo("load", install=["exact_connector", *GLUE])
            running.before = running.run("fill.py")
            running.start(ROOT)
            yield running
        finally:
            running.end()
            server.drop(database)


def test_former_release_is_upgraded_with_all_its_exchanges_and_sending_goes_on(machine):
    before, books = machine.before, machine.books()
    wanted = {name: name for name in before["states"]}
    wanted |= {"cancelled": "left_out", "draft_hours": "draft", "printed_expense": "done"}
    wanted |= {"unclear_order": "unclear", "unclear_for_long": "unclear"}
    found = {name: {row[1] for row in rows} for name, rows in before["states"].items()}
    assert found == {name: {state} for name, state in wanted.items()}
    assert (len(machine.entries()), len(machine.invoices())) == (4, 4), "two entries, two unclear"
    # The job queue comes with the upgrade: it takes over what is on its way.
    names = ["exact_connector", *GLUE]
    machine.odoo("load", install=["queue_job", "exact_connector_queue"], upgrade=names)
    seen = machine.run("upgraded.py", before=before)
    assert len(seen["versions"]) == 5
    assert min(seen["versions"]) > FORMER
    for name in ("states", "settings", "token", "exchanges"):
        assert seen[name] == before[name], name
    assert seen["keep_months"] == 0, "nothing is cleared away before somebody chooses"
    assert (seen["connection"], seen["cron"], seen["other_routes"]) == ("connected", True, 0)
    assert sorted(seen["groups"]) == [["tax_unmapped", 2], ["unclear", 3]]
    assert seen["jobs"], "what waited for the scheduled action is given to jobs"
    wanted |= dict.fromkeys(("failed", "unclear", "pending", "waiting", "sending"), "done")
    wanted["unclear_order"] = "draft"
    found = {name: {state for state, _text in rows} for name, rows in seen["after"].items()}
    assert found == {name: {state} for name, state in wanted.items()}, seen["after"]
    # Two done, two failed, one each of unclear, pending, waiting and sending, and the expense: once each.
    booked, made = machine.in_exact()
    assert len(booked) == len(set(booked)) == 9
    assert len(made) == len(set(made)) == 4
    ids = {row[0] for row in books[0]}
    assert [row[:2] for row in machine.books()[0] if row[0] in ids] == [r[:2] for r in books[0]]
    machine.queued = seen["queued"]


def test_queue_hours_and_expenses_are_taken_out_and_the_scheduled_action_has_their_work(machine):
    books, there = machine.books(), machine.in_exact()
    assert machine.queued[3] >= 2, "a job for now, one for later"
    machine.odoo("take_out", "exact_connector_queue", *GLUE[1:])
    assert (machine.books(), machine.in_exact()) == (books, there)
    assert not machine.rows("SELECT uuid FROM queue_job WHERE state = 'pending'")
    unclear = machine.before["states"]["unclear_for_long"][0][0]
    seen = machine.run("without_leaves.py", queued=machine.queued, unclear=unclear)
    assert seen["models"] == ["exact.exchange", "exact.billable"]
    assert all(seen["triggers"]), "at once, and at the same time as the job"
    assert seen["before"] == ["pending", "waiting"]
    assert seen["after"] == ["done", "done"]
    assert seen["order"] == ["draft"]
    assert len(machine.entries()) == 9 + 2


def test_orders_are_taken_out_too_and_the_connector_works_alone(machine):
    books, there = machine.books(), machine.in_exact()
    machine.odoo("take_out", "exact_connector_sale")
    assert (machine.books(), machine.in_exact()) == (books, there)
    drafts = [machine.before["states"][name][0][0] for name in ("draft_hours", "unclear_order")]
    seen = machine.run("base_alone.py", drafts=drafts)
    assert seen["models"] == ["exact.exchange"]
    assert [row[1] for row in seen["entry"] + seen["draft"]] == ["done", "draft"]
    assert [row[1] for row in seen["drafts"]] == ["draft", "draft"]
    booked, made = machine.in_exact()
    assert (len(booked), len(made)) == (12, 6)


def test_connector_is_taken_out_and_the_books_stay(machine):
    books, there = machine.books(), machine.in_exact()
    assert machine.columns()
    machine.odoo("take_out", "exact_connector")
    assert (machine.books(), machine.in_exact()) == (books, there)
    assert not machine.columns(), "nothing of ours is left behind"


def test_connector_is_put_in_again_and_nothing_is_booked_or_invoiced_twice(machine):
    """What was booked is found by its number, what Exact made by what was kept of it."""
    # Meanwhile a person in Exact prints one of the drafts.
    reference = machine.before["references"]["draft_hours"]
    machine.sim.post("/_sim/accountant/1001/print-invoice", {"invoice": reference})
    books, there = machine.books(), machine.in_exact()
    machine.odoo("load", install=["exact_connector", *GLUE])
    assert (machine.books(), machine.in_exact()) == (books, there)
    seen = machine.run("again.py", billable=machine.before["billable"])
    assert seen["states"] == ["not_sent"]
    linked = [row[1] for row in seen["linked"]]
    assert (linked.count("draft"), linked.count("done")) == (4, 1), "known without a call"
    assert (seen["free"], seen["without_order"]) == ([], True)
    assert seen["run"][0] == "done", seen["run"]
    after = [row[1] for row in seen["after"]]
    assert (after.count("draft"), after.count("done")) == (4, len(after) - 4), seen["messages"]
    booked, made = machine.in_exact()
    # What was left out, or never sent, goes now; nothing else.
    assert set(booked) - set(there[0]) == set(names_of(machine, "cancelled", "not_sent"))
    assert len(booked) == len(there[0]) + 2
    assert made == there[1]


def names_of(machine, *states) -> list:
    """What Odoo calls documents that were in these states at first."""
    numbers = [row[0] for state in states for row in machine.before["states"][state]]
    names = dict(machine.rows("SELECT id, name FROM account_move"))
    return [names[number] for number in numbers]
