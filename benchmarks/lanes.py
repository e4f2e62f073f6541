"""Processes that are measured, and how they take turns.

A lane is one Odoo process with a database and, where it calls Exact, a simulator of its own. Two
lanes run a slice each in turn, so that whatever else the machine does at the time meets both alike
and their ratio survives it.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from harness import ServerError, Simulator
from provisioning import template
from provisioning.common import LOGS, VENV, end_with_parent

# The product, and what it is held against.
PRODUCT, BARE = "product", "bare"


class Exact(Simulator):
    """The simulator of a lane, without Exact's limits, its clock that of the machine."""

    def __enter__(self):
        super().__enter__()
        self.post("/_sim/limits", {"minute": None, "day": None, "errors": None})
        return self

    def calls(self):
        """Resources of the calls since the journal was cleared, sign-in left out."""
        lines = self.get("/_sim/journal?bodies=0").splitlines()
        paths = [json.loads(line)["path"].split("?")[0] for line in lines]
        return [path.split("/", 4)[-1] for path in paths if path.startswith("/api/v1")]

    def forget_calls(self):
        self.delete("/_sim/journal")


class Lane:
    """One Odoo process on a database; see ``worker.py`` for the other end.

    :param server: the running PostgreSQL
    :param database: one that is there, to be kept; else a fresh clone of ``source``
    :param source: database to clone, the template of the add-on by default
    """

    def __init__(self, server, exact=None, database=None, source=None):
        self.server, self.exact, self.keep, self.source = server, exact, bool(database), source
        number = Lane.count = getattr(Lane, "count", 0) + 1
        self.database = database or server.name(f"run_{os.getpid()}_bench{number}")
        self.log = LOGS / f"bench-{os.getpid()}-{number}.log"
        self.process = None

    def __enter__(self):
        if not self.keep:
            source = self.source or template.ensure(self.server)
            self.server.clone(source, self.database)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        command = [VENV / "bin" / "python", "-m", "benchmarks.worker", self.database]
        command += [self.exact.url] if self.exact else []
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                env={**os.environ, **self.server.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=end_with_parent,
            )
        self.receive()

    def stop(self):
        if self.process:
            self.process.stdin.close()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def __exit__(self, *_exc):
        self.stop()
        if not self.keep:
            self.server.drop(self.database)

    def send(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def receive(self):
        """:raises ServerError: the process ended, or its task failed."""
        line = self.process.stdout.readline()
        message = json.loads(line) if line else {"error": "the process ended"}
        if "error" in message:
            tail = self.log.read_text(errors="replace").splitlines()[-15:]
            raise ServerError("\n".join([message["error"], f"(log: {self.log})", *tail]))
        return message

    def run(self, task, **arguments):
        """Run a task on its own; its :class:`Result`."""
        return race({PRODUCT: (self, task, arguments)})[PRODUCT]


class Result:
    """What a task cost.

    ``slices``: one dict for each, see ``meter.py``; ``value``: what the task returned; ``memory``:
    megabytes by which the process grew at its highest; ``calls``: those that Exact counted.
    """

    def __init__(self):
        self.slices, self.value, self.memory, self.calls = [], None, 0.0, []

    def total(self, name):
        return sum(one[name] for one in self.slices)

    @property
    def own(self):
        """Seconds beside the calls."""
        return self.total("own")

    def as_dict(self, units=0):
        found = {
            "own_s": self.own,
            "wall_s": self.total("wall"),
            "net_s": self.total("net"),
            "cpu_s": self.total("cpu"),
            "sql": self.total("sql"),
            "memory_mb": self.memory,
            "calls": len(self.calls),
        }
        if units:
            found |= {"ms_each": 1000 * self.own / units, "sql_each": found["sql"] / units}
        return found


def race(runners):
    """Run tasks slice by slice, in turns.

    :param runners: dict of name -> (lane, task, arguments)
    :return: dict of name -> :class:`Result`
    """
    results = {name: Result() for name in runners}
    for lane, task, arguments in runners.values():
        if lane.exact:
            lane.exact.forget_calls()
        lane.send({"task": task, "arguments": arguments})
    at_work = dict(runners)
    while at_work:
        for name, (lane, *_rest) in list(at_work.items()):
            lane.send({"go": True})
            message = lane.receive()
            result = results[name]
            if "slice" in message:
                result.slices.append(message["slice"])
                continue
            result.value, result.memory = message["done"], message["memory"]
            result.slices += message["slices"]
            if lane.exact:
                result.calls = lane.exact.calls()
            del at_work[name]
    return results


def ratio(pairs, name="own"):
    """The median of product / bare over rounds.

    :param pairs: list of (product, bare), each a :class:`Result` or a number.
    """
    totals = [
        [one.total(name) if isinstance(one, Result) else one for one in pair] for pair in pairs
    ]
    return statistics.median(product / bare for product, bare in totals if bare)


def middle(values):
    return statistics.median(values)
