"""One measured process: ``python -m benchmarks.worker DATABASE [ADDRESS OF THE SIMULATOR]``.

Reads tasks from its input, a line of JSON each, and answers with slices and results. A task is a
function of one of the modules below that takes the :class:`Worker`.
"""

import cProfile
import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path

from .meter import Meter, forget_peak, peak_mb

ROOT = Path(__file__).resolve().parent.parent


class Worker:
    """Odoo on one database.

    ``env`` is the superuser's, as a scheduled action has it; ``user`` the administrator's, with all
    rights on Exact Online, as at the press of a button.
    """

    def __init__(self, database, exact=None):
        sys.path.insert(0, str(ROOT / "tools"))
        import odoo
        from odoo.tools import config

        from provisioning import template

        config.parse_config(
            [
                f"--database={database}",
                f"--addons-path={ROOT}",
                f"--data-dir={template.DATA_DIR}",
                "--max-cron-threads=0",
                "--log-level=warn",
                "--no-http",
            ]
        )
        self.exact = exact
        self.registry = odoo.modules.registry.Registry(database)
        self.cr = self.registry.cursor()
        self.env = odoo.api.Environment(self.cr, odoo.SUPERUSER_ID, {})
        self.meter = Meter()
        self._slices, self._in_turns, self._profiles = [], False, 0

    @property
    def user(self):
        company = self.env.ref("base.main_company")
        admin = self.env.ref("base.user_admin")
        return self.env(user=admin.id, context={"allowed_company_ids": company.ids})

    @property
    def connection(self):
        return self.env["exact.connection"].search([], limit=1)

    # === TURNS === #

    def turn(self):
        """The slice ends here; it is the other lane's turn."""
        self._say({"slice": self.meter.stop()})
        self._listen()
        self.meter.start()

    def restart(self):
        """What came before was preparation and does not count."""
        forget_peak()
        self._base = peak_mb()
        self.meter.start()

    def turn_at_commits(self):
        """Every commit of the driver is the end of a slice."""
        exchange, lane = self.registry["exact.exchange"], self
        commit = exchange._commit

        def in_turns(self, *args, **options):
            left = commit(self, *args, **options)
            if lane._in_turns:
                lane.turn()
            return left

        exchange._commit = in_turns

    def in_turns(self):
        """Let slices end at commits, until the task is done."""
        self._in_turns = True

    def count(self):
        """A repetition within one task ends: its cost is added to the answer of the task."""
        used = self.meter.stop()
        self._slices.append(used)
        self.meter.start()
        return used

    def commit(self):
        self.env.cr.commit()

    def fresh(self):
        """As another request finds it: nothing in the cache."""
        self.env.flush_all()
        self.commit()
        self.env.invalidate_all()

    def analyze(self):
        """Statistics as the database's own housekeeping would have made them by now."""
        self.fresh()
        self.cr.execute("ANALYZE")
        self.commit()

    # === TASKS === #

    def serve(self):
        self.turn_at_commits()
        self._say({"ready": os.getpid()})
        while message := self._listen():
            name, arguments = message["task"], message["arguments"]
            self._listen()
            self._slices = []
            module, function = name.split(".")
            task = getattr(importlib.import_module(f"benchmarks.{module}"), function)
            try:
                self.restart()
                value = self._profiled(name, task, arguments)
                last = self.meter.stop()
                self._in_turns = False
                slices = self._slices or [last]
                self._say({"done": value, "memory": peak_mb() - self._base, "slices": slices})
            except Exception:
                traceback.print_exc()
                self._say({"error": f"{name} failed"})
                return

    def _profiled(self, name, task, arguments):
        """Run the task; with EXACT_BENCH_PROFILE=name of a task its profile is kept under .cache/reports."""
        if os.environ.get("EXACT_BENCH_PROFILE") != name:
            return task(self, **arguments)
        # Time of the processor: what other work on the machine takes does not count.
        profile = cProfile.Profile(time.process_time)
        try:
            return profile.runcall(task, self, **arguments)
        finally:
            self._profiles += 1
            profile.dump_stats(ROOT / ".cache" / "reports" / f"{name}-{self._profiles}.prof")

    def _say(self, message):
        self._out.write(json.dumps(message) + "\n")
        self._out.flush()

    def _listen(self):
        line = sys.stdin.readline()
        return json.loads(line) if line else None


def main():
    """Serve tasks until the input ends; what anyone prints goes to the log."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(*sys.argv[1:])
    worker._out = out
    worker.serve()


if __name__ == "__main__":
    main()
