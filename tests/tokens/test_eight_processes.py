"""Tokens among eight real processes and a real simulator on one simulated clock.

What the processes cannot know (when Exact gave out what) is counted from the simulator's journal.
"""

import contextlib
import itertools
import json
import os
import random
import select
import signal
import subprocess
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from demo_parts.job import CLIENT_ID, EXACT_LOGIN

from harness import Postgres, Simulator
from provisioning import template
from provisioning.common import LOGS, ROOT, VENV, end_with_parent

TOKEN = "/api/oauth2/token"
# Two servers whose clocks are wrong.
OFF = {"3": 3, "6": -3}


class Eight:
    """The eight processes, the database they share and the clock that they and the simulator go by."""

    def __init__(self, server, simulator):
        self.server, self.simulator = server, simulator
        self.database = server.clone(template.ensure(server), server.name(f"run_{os.getpid()}_8"))
        self.log = LOGS / f"eight-{os.getpid()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [VENV / "bin" / "python", Path(__file__).with_name("eight.py"), self.database,
                 ROOT, template.DATA_DIR, simulator.url],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT,
                env={**os.environ, **server.environment}, preexec_fn=end_with_parent,
            )  # fmt: skip
        self.pids = self._answer()
        self.alive = list(range(len(self.pids)))
        simulator.post("/_sim/limits", {"minute": None, "day": None, "errors": None})
        self.now = datetime.fromisoformat("2026-03-02T00:00:30")
        simulator.post("/_sim/clock", {"freeze": f"{self.now.isoformat()}Z"})

    def _answer(self):
        found, _, _ = select.select([self.process.stdout], [], [], 60)
        line = self.process.stdout.readline() if found else ""
        assert line, self.log.read_text()[-3000:]
        return json.loads(line)

    def order(self, **values):
        self.process.stdin.write(json.dumps(values) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def connect(self):
        """A person's consent, by the clock of Exact."""
        base = self.sql("SELECT value FROM ir_config_parameter WHERE key = 'web.base.url'")[0][0]
        uri = f"{base}/exact_connector/oauth2/callback"
        self.simulator.post("/_sim/app", {"client_id": CLIENT_ID, "redirect_uri": uri})
        values = {"client_id": CLIENT_ID, "login": EXACT_LOGIN, "redirect_uri": uri}
        code = self.simulator.post("/_sim/grant", values)["code"]
        assert self.order(connect=code) == "connected"
        # The first process runs by real time; from here on everybody goes by the simulated one.
        self.sql(
            "UPDATE exact_token SET fetched_on = %s, expires_on = %s, refresh_expires_on = %s",
            self.now, self.now + timedelta(seconds=600), self.now + timedelta(days=30),
        )  # fmt: skip
        self.simulator.delete("/_sim/journal")

    def pass_time(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.simulator.post("/_sim/clock", {"advance": seconds})

    def call(self, numbers=None, **values):
        """What each of these processes, or of all that live, got from Exact."""
        numbers = numbers or self.alive
        answer = self.order(call=numbers, at=self.now.isoformat(), **values)
        self.alive = [n for n in self.alive if answer.get(str(n)) != "killed"]
        return [answer[str(number)] for number in numbers]

    def asked(self):
        """Token calls that reached Exact: (moment, status)."""
        lines = self.simulator.get("/_sim/journal").splitlines()
        calls = [record for record in map(json.loads, lines) if record["path"].startswith(TOKEN)]
        return [(datetime.fromisoformat(call["time"]), call["status"]) for call in calls]

    def refused(self):
        """API calls that Exact did not serve."""
        lines = self.simulator.get("/_sim/journal").splitlines()
        calls = [record for record in map(json.loads, lines) if "/api/v1/" in record["path"]]
        return [call for call in calls if call["status"] != 200]

    def sql(self, statement, *values):
        return self.server.execute(statement, *values, database=self.database)

    def end(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.wait(20)
        self.server.drop(self.database)


@pytest.fixture(scope="module")
def eight():
    with Postgres() as server, Simulator(accounts=1) as simulator:
        running = Eight(server, simulator)
        try:
            yield running
        finally:
            running.end()


@pytest.fixture(autouse=True)
def connected(eight):
    eight.simulator.delete("/_sim/faults")
    eight.connect()
    assert set(eight.call()) == {EXACT_LOGIN}


def test_eight_processes_for_two_hours_lose_no_token_and_refresh_once_a_window(eight):
    chance = random.Random(19)
    end = eight.now + timedelta(hours=2)
    while eight.now < end:
        eight.pass_time(chance.choice((45, 95, 130, 170)))
        assert eight.call(off=OFF) == [EXACT_LOGIN] * 8
    asked = eight.asked()
    assert {status for _moment, status in asked} == {200}, "none refused: none early, none lost"
    moments = [moment for moment, _status in asked]
    gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(moments)]
    assert min(gaps) >= 570
    assert 9 <= len(asked) <= 12, "at most one refresh a window"
    assert len(asked) * 12 < 200, "a day of this"
    assert not eight.refused()
    counted = eight.sql("SELECT sum(calls) FROM exact_token_use")[0][0]
    assert counted == len(asked) + 1, "and the consent"


def test_process_killed_between_exacts_answer_and_the_commit_is_one_reconnect_and_no_loop(eight):
    eight.sql("DELETE FROM exact_token_use")
    eight.pass_time(601)
    eight.simulator.post("/_sim/faults", {"kind": "delay", "path": TOKEN, "seconds": 1})
    killing = threading.Timer(0.5, os.kill, (eight.pids[7], signal.SIGKILL))
    killing.start()
    assert eight.call([7]) == ["killed"]
    for _try in range(100):
        if eight.asked():
            break
        time.sleep(0.05)
    assert [status for _moment, status in eight.asked()] == [200], "Exact gave it out"
    rest = eight.alive
    for _round in range(3):
        answers = eight.call(rest)
        assert all(answer.startswith("AuthError: Old refresh token") for answer in answers), answers
        eight.pass_time(3600)
    assert [status for _moment, status in eight.asked()] == [200, 401], "one look, then a person"
    assert eight.sql("SELECT sum(calls) FROM exact_token_use") == [(2,)], "the dead one's call too"
    told = eight.sql(
        "SELECT res_partner_id, count(*) FROM mail_notification n JOIN mail_message m"
        " ON m.id = n.mail_message_id WHERE m.model = 'exact.connection' GROUP BY 1"
    )
    assert {times for _partner, times in told} == {1}, "each person in charge once"
    count = "SELECT count(*) FROM mail_activity WHERE res_model = 'exact.connection'"
    assert eight.sql(count) == [(1,)]
    eight.connect()
    assert eight.call(rest) == [EXACT_LOGIN] * 7, "it goes on by itself"
    assert eight.sql(count) == [(0,)]


@pytest.fixture
def rest(eight):
    """The processes that are alive."""
    return eight.alive


def test_token_endpoint_that_is_down_is_asked_once_by_all_processes_together(eight, rest):
    eight.pass_time(601)
    fault = {"kind": "status", "path": TOKEN, "status": 503, "times": 0}
    eight.simulator.post("/_sim/faults", fault)
    for _round in range(3):
        answers = eight.call(rest)
        assert all(answer.startswith("UnreachableError") for answer in answers), answers
        eight.pass_time(5)
    assert len(eight.asked()) == 1
    eight.simulator.delete("/_sim/faults")
    eight.pass_time(60)
    assert eight.call(rest) == [EXACT_LOGIN] * len(rest)
    assert len(eight.asked()) == 2


def test_slow_token_endpoint_holds_the_other_processes_no_longer_than_told(eight, rest):
    eight.pass_time(590)
    fault = {"kind": "delay", "path": TOKEN, "seconds": 2}
    eight.simulator.post("/_sim/faults", fault)
    began = time.monotonic()
    assert eight.call(rest, lock=1) == [EXACT_LOGIN] * len(rest), "the old token still counts"
    eight.pass_time(601)
    eight.simulator.post("/_sim/faults", fault)
    answers = eight.call(rest, lock=1)
    assert answers.count(EXACT_LOGIN) == 1
    assert sum("slow to give out" in answer for answer in answers) == len(rest) - 1
    assert time.monotonic() - began < 15
    assert eight.call(rest) == [EXACT_LOGIN] * len(rest)
    assert len(eight.asked()) == 2


def test_w13_access_that_nobody_uses_is_kept_alive_for_months(eight, rest):
    for _step in range(24):
        eight.pass_time(5 * 86400)
        eight.order(cron=rest[0], at=eight.now.isoformat())
    assert {status for _moment, status in eight.asked()} == {200}
    assert eight.call(rest) == [EXACT_LOGIN] * len(rest)
