"""Trouble without end: faults at Exact, killed workers, a database that is cut off; by chance, from a seed."""

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import requests

WRITES = "salesentry/SalesEntries|crm/Accounts"
PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
# What, how often in comparison, and the fault itself. The last one is a time-out: Exact books it a
# second after our client has given up.
FAULTS = (
    ("cut before", 10, {"kind": "drop_before", "method": "POST"}),
    ("cut after", 10, {"kind": "drop_after", "method": "POST"}),
    ("cut in a look-up", 4, {"kind": "drop_after", "method": "GET"}),
    ("500 after booking", 8, {"kind": "body", "method": "POST", "status": 500, "body": PAGE}),
    ("HTML instead", 8, {"kind": "body", "method": "POST", "body": PAGE}),
    ("half an answer", 8, {"kind": "truncate", "method": "POST"}),
    ("empty answer", 6, {"kind": "body", "method": "POST", "body": ""}),
    ("503", 6, {"kind": "status", "status": 503, "body": PAGE}),
    ("502", 6, {"kind": "status", "method": "POST", "status": 502, "body": PAGE}),
    ("429", 4, {"kind": "status", "status": 429}),
    ("slow", 10, {"kind": "delay", "seconds": 3}),
    ("time-out", 1, {"kind": "delay", "method": "POST", "seconds": 31}),
)


class Storm(threading.Thread):
    """:param pause: mean seconds between two troubles
    :param kill_every: seconds between two killed workers
    :param crashes: at which parts of the work, from 0 to 1, the database crashes
    """

    def __init__(
        self, odoo, simulator, postgres, *, pause=0.7, kill_every=15, crashes=(0.3, 0.7), seed=5
    ):
        super().__init__(daemon=True)
        self.odoo, self.simulator, self.postgres = odoo, simulator, postgres
        self.pause, self.kill_every, self.crashes = pause, kill_every, list(crashes)
        self.progress = 0.0
        self.chance = random.Random(seed)
        self.done = Counter()
        self.over = threading.Event()

    def run(self):
        killed = time.monotonic()
        while not self.over.wait(self.chance.expovariate(1 / self.pause)):
            now = time.monotonic()
            if self.crashes and self.progress >= self.crashes[0]:
                self.crashes.pop(0)
                self.postgres.crash()
                self.done["database crashed"] += 1
            elif now - killed > self.kill_every:
                self.kill_worker()
                killed = now
            else:
                self.fault()

    def fault(self):
        weights = [weight for _name, weight, _fault in FAULTS]
        [(name, _weight, fault)] = self.chance.choices(FAULTS, weights)
        fault = {"path": WRITES, "nth": self.chance.randint(1, 4), **fault}
        if name == "429":
            end = int((time.time() + 3) * 1000)
            fault["headers"] = {
                "X-RateLimit-Minutely-Remaining": "0",
                "X-RateLimit-Minutely-Reset": str(end),
            }
        self.simulator.post("/_sim/faults", fault)
        self.done[name] += 1

    def kill_worker(self):
        """kill -9 of one of the processes of Odoo, whatever it is at; its parent starts another."""
        main = self.odoo.process.pid
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
            if children:
                os.kill(int(self.chance.choice(children)), signal.SIGKILL)
                self.done["worker killed"] += 1

    def end(self):
        self.over.set()
        self.join(60)
        with contextlib.suppress(requests.RequestException):
            self.simulator.delete("/_sim/faults")
