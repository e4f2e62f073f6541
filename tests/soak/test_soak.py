"""Thousands of documents through random trouble with four workers: nothing twice, nothing lost, never over the limit.

Not in CI: ``make faults`` runs it, with EXACT_SOAK_DOCUMENTS documents (10,000; 300 to try it out).
"""

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import psycopg2
import pytest
import requests
from demo_parts.job import DIVISION, Job

from harness import OdooServer, OdooSession, Postgres, ServerError, Simulator
from provisioning import template
from provisioning.common import ROOT, VENV
from tests.faults import table
from tests.soak.own_postgres import OwnPostgres
from tests.soak.storm import Storm

DOCUMENTS = int(os.environ.get("EXACT_SOAK_DOCUMENTS", "10000"))
# Calls a minute that Exact allows: enough to end in minutes, few enough to be reached.
MINUTE = int(os.environ.get("EXACT_SOAK_MINUTE", str(min(max(60, DOCUMENTS // 2), 600))))
# From so many on it counts for the page.
WHOLE = 10_000
PEOPLE = 4
CHUNK = 20
OPEN = "('pending', 'sending', 'waiting', 'unclear', 'failed')"


class Soak:
    """The documents on their way."""

    def __init__(self, odoo, simulator, postgres, job):
        self.odoo, self.simulator, self.postgres, self.job = odoo, simulator, postgres, job
        self.reconnected = self.restarted = 0
        self.over = threading.Event()

    def make(self):
        script = Path(__file__).with_name("make_invoices.py").read_text()
        head = f"COUNT, CUSTOMERS = {DOCUMENTS}, {max(5, DOCUMENTS // 50)}\n"
        subprocess.run(
            [VENV / "bin" / "python", "-m", "odoo", "shell", f"--database={self.odoo.db}",
             f"--addons-path={ROOT}", f"--data-dir={template.DATA_DIR}", "--log-level=error",
             "--max-cron-threads=0"],
            input=head + script, text=True, check=True, cwd=ROOT,
            env={**os.environ, **self.postgres.environment},
        )  # fmt: skip
        self.moves = [
            row[0] for row in self.sql("SELECT id FROM account_move WHERE state = 'posted'")
        ]
        assert len(self.moves) == DOCUMENTS

    def sql(self, statement, *values):
        """Again where the database is just gone."""
        for _try in range(60):
            with contextlib.suppress(psycopg2.OperationalError, psycopg2.InterfaceError):
                return self.odoo.sql(statement, *values)
            time.sleep(0.5)
        raise AssertionError("the database does not come back")

    def left(self):
        rows = self.sql(
            "SELECT id FROM account_move WHERE state = 'posted' AND exact_entry_id IS NULL"
        )
        return [row[0] for row in rows]

    def person(self, number):
        """Somebody who presses the button on a handful of what is not in Exact yet, again and again."""
        chance = random.Random(number)
        session = None
        while not self.over.is_set():
            try:
                session = session or OdooSession(self.odoo.url, self.odoo.db, "admin", "admin")
                left = self.left()
                if left:
                    chosen = chance.sample(left, min(CHUNK, len(left)))
                    session.call("account.move", "action_exact_create_sales_entry", chosen)
            except (requests.RequestException, ServerError):
                session = None
            self.over.wait(0.5)

    def pass_time(self):
        """Waits of minutes are over at once, but for those for the limit and for Exact to have ended a booking."""
        self.sql(
            "UPDATE exact_exchange SET retry_at = now() AT TIME ZONE 'utc' - interval '1 second',"
            " started_on = started_on - interval '3 minutes'"
            " WHERE state IN ('sending', 'waiting', 'unclear')"
            " AND coalesce(started_on, create_date) < now() AT TIME ZONE 'utc' - interval '40 seconds'"
            " AND coalesce(cause_id, 0) NOT IN (SELECT id FROM exact_cause WHERE code LIKE 'limit%%')"
        )
        if self.sql("SELECT 1 FROM exact_token WHERE dead_reason IS NOT NULL"):
            # A worker was killed while it held a new token: a person connects again, once.
            with contextlib.suppress(Exception):
                self.job.connect()
                self.reconnected += 1

    def run(self, storm, longest):
        """Until everything is in Exact; the storm ends when little is left."""
        people = [
            threading.Thread(target=self.person, args=(number,), daemon=True)
            for number in range(PEOPLE)
        ]
        for person in people:
            person.start()
        storm.start()
        odoo, end = self.odoo, time.monotonic() + longest
        try:
            while time.monotonic() < end:
                time.sleep(3)
                if not odoo.running:
                    # Odoo's first process ends where its database is gone; the system starts it again.
                    odoo.kill()
                    with contextlib.suppress(ServerError):
                        odoo.start_process()
                        self.restarted += 1
                self.pass_time()
                left = len(self.left())
                storm.progress = 1 - left / DOCUMENTS
                print(f"{DOCUMENTS - left} of {DOCUMENTS} in Exact", file=sys.stderr, flush=True)
                if left <= max(8, DOCUMENTS // 20) and storm.is_alive():
                    storm.end()
                if not left:
                    break
        finally:
            self.over.set()
            storm.end()
            for person in people:
                person.join(60)


def seen(journal):
    """The calls: how many, what went wrong on purpose, and what Exact refused for its limit."""
    calls, troubled, refused = 0, Counter(), 0
    for line in journal.read_text().splitlines():
        record = json.loads(line)
        if not record["path"].startswith("/api/"):
            continue
        calls += 1
        if record.get("fault"):
            troubled[str(record["fault"])] += 1
        elif record["status"] == 429:
            refused += 1
    return calls, troubled, refused


@pytest.mark.skipif(not os.environ.get("EXACT_FAULTS"), reason="make faults runs it")
def test_documents_under_random_faults_with_four_workers_are_booked_once_and_to_the_cent(
    tmp_path, capsys
):
    journal = tmp_path / "traffic.jsonl"
    with (
        Postgres() as shared,
        OwnPostgres() as postgres,
        Simulator(accounts=5, journal=journal) as simulator,
    ):
        database = postgres.take_over(shared, template.ensure(shared), postgres.name("soak"))
        params = {"exact_connector.practice_url": simulator.url}
        with OdooServer(postgres, database=database, params=params, workers=4, cron=True) as odoo:
            job = Job(odoo, simulator)
            job.connect()
            job.map()
            soak = Soak(odoo, simulator, postgres, job)
            soak.make()
            simulator.post(
                "/_sim/limits", {"minute": MINUTE, "day": 20 * DOCUMENTS + 5000, "errors": None}
            )
            storm = Storm(odoo, simulator, postgres)
            began = time.monotonic()
            soak.run(storm, longest=600 + DOCUMENTS * 0.6)
            seconds = time.monotonic() - began
            rows = soak.sql(
                "SELECT name, amount_total FROM account_move WHERE state = 'posted' ORDER BY id"
            )
            states = soak.sql("SELECT state, count(*) FROM exact_exchange GROUP BY 1 ORDER BY 1")
            ledger = simulator.get(f"/_sim/ledger/{DIVISION}")["entries"]
    in_odoo = {name: Decimal(str(total)) for name, total in rows}
    times = Counter(entry["YourRef"] for entry in ledger)
    in_exact = sum(Decimal(str(entry["AmountFC"])) for entry in ledger)
    doubles = sum(number - 1 for number in times.values())
    lost = len(set(in_odoo) - set(times))
    calls, troubled, refused = seen(journal)
    report = [
        ("documents", DOCUMENTS),
        ("seconds", round(seconds)),
        ("documents a minute", round(DOCUMENTS / seconds * 60)),
        ("calls to Exact", calls),
        ("calls hit by a fault", sum(troubled.values())),
        *((f"set up: {name}", number) for name, number in sorted(storm.done.items())),
        ("Odoo started again", soak.restarted),
        ("connected again", soak.reconnected),
        ("limit of calls a minute", MINUTE),
        ("over-limit answers provoked", refused),
        ("sum in Odoo", sum(in_odoo.values())),
        ("sum in Exact", in_exact),
        ("booked twice", doubles),
        ("lost", lost),
        *((f"exchanges {state}", number) for state, number in states),
    ]
    with capsys.disabled():
        print()
        for name, value in report:
            print(f"  {name:32} {value:>12}")
    if DOCUMENTS >= WHOLE:
        table.write_soak(report)
    assert (doubles, lost) == (0, 0)
    assert in_exact == sum(in_odoo.values())
    assert {state for state, _number in states} == {"done"}
    assert refused <= 1, "Exact's limit was run into more than once"
