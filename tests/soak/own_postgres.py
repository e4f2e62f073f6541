"""A PostgreSQL server for one test alone: one that may be killed under the workers.

It has the checkout's settings, with synchronous_commit off: in a crash it loses commits that it has reported, but for
those that the product asks to have on disk.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from provisioning.postgres import USER, Embedded, Postgres


class _Own(Embedded):
    """Beside the checkout's own server, with files that are deleted afterwards."""

    def __init__(self):
        super().__init__()
        self.data = self.home / f"own-{os.getpid()}"
        self.socket = Path(tempfile.gettempdir()) / f"exact-pg-own-{os.getpid()}"
        self.log = self.home / f"own-{os.getpid()}.log"

    def crash(self):
        """End every process of the server at once and start it again, as a power cut would."""
        command = [self.install / "bin" / "pg_ctl", "-D", self.data, "-m", "immediate", "-w"]
        self._call(*command, "stop", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.start()


class OwnPostgres(Postgres):
    """The context of it; ``crash()`` is what it is for."""

    def __enter__(self):
        self.embedded = _Own()
        self.embedded.start()
        self.environment = {"PGHOST": str(self.embedded.socket), "PGUSER": USER}
        return self

    def __exit__(self, *_exc):
        self.embedded.stop()
        for path in (self.embedded.data, self.embedded.socket):
            shutil.rmtree(path, ignore_errors=True)
        self.embedded.log.unlink(missing_ok=True)

    def crash(self):
        self.embedded.crash()

    def take_over(self, source: Postgres, database: str, target: str) -> str:
        """Copy a database of another server."""
        self.create(target)
        programs = self.embedded.install / "bin"
        with tempfile.NamedTemporaryFile(suffix=".dump") as dump:
            subprocess.run(
                [programs / "pg_dump", "-Fc", "-Z1", "-f", dump.name, database],
                env={**os.environ, **source.environment}, check=True,
            )  # fmt: skip
            subprocess.run(
                [programs / "pg_restore", "--no-owner", "-d", target, dump.name],
                env={**os.environ, **self.environment}, check=True,
            )  # fmt: skip
        self.execute("ANALYZE", database=target)
        return target
