"""What a stretch of work costs: time, time at Exact, processor, SQL queries, memory."""

import time
from pathlib import Path


class Meter:
    """A stop-watch that can be held. Times in seconds.

    ``own`` is time beside the calls: what passes between the first byte of a request and the last
    of its answer is the network's and Exact's, not ours.
    """

    def __init__(self):
        self.net = 0.0
        self._watch_calls()
        self.start()

    def _watch_calls(self):
        import requests

        send = requests.Session.send

        def timed(session, request, **options):
            started = time.perf_counter()
            try:
                return send(session, request, **options)
            finally:
                self.net += time.perf_counter() - started

        requests.Session.send = timed

    def _read(self):
        from odoo import sql_db

        return time.perf_counter(), self.net, time.process_time(), sql_db.sql_counter

    def start(self):
        self._from = self._read()

    def stop(self):
        """What was used since :meth:`start`."""
        wall, net, cpu, sql = (
            now - before for now, before in zip(self._read(), self._from, strict=True)
        )
        return {"wall": wall, "net": net, "own": wall - net, "cpu": cpu, "sql": sql}


def forget_peak():
    """Take the process's size now as its highest so far (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_mb():
    """Largest size of this process since :func:`forget_peak`, in megabytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0
