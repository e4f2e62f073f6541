"""Real servers for tests and demo: Odoo on a fresh database, and the local Exact Online, as processes of their own.

    with Postgres() as pg, Simulator(seed="demo") as sim:
        with OdooServer(pg, params={"exact_connector.practice_url": sim.url}) as odoo:
            session = odoo.login()
            session.call("res.partner", "search_count", [])

Each takes a free port, waits until it answers, and leaves nothing behind.
"""

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

from provisioning import template
from provisioning.common import CACHE, LOGS, ROOT, VENV, ProvisionError, end_with_parent
from provisioning.postgres import Postgres

__all__ = ["OdooServer", "OdooSession", "Postgres", "ServerError", "Simulator", "free_port"]

_numbers = itertools.count(1)


class ServerError(Exception):
    """A server answered with an error, or did not come up."""


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(wanted: int = 0) -> int:
    """A free port: the wanted one, or any where none is wanted.

    :raises ProvisionError: the wanted port is taken
    """
    if wanted:
        if not port_is_free(wanted):
            raise ProvisionError(f"port {wanted} is taken: choose another one")
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Process:
    """A child process with its output in a log file."""

    title = "server"

    def __init__(self, name: str, log: Path | None, port: int):
        self.number = next(_numbers)
        self.name = f"{name}-{os.getpid()}-{self.number}"
        self.port = free_port(port)
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = Path(log) if log else LOGS / f"{self.name}.log"
        self.process: subprocess.Popen | None = None

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _environment(self) -> dict[str, str]:
        return dict(os.environ)

    def _ready(self) -> bool:
        raise NotImplementedError

    def start_process(self, timeout: float = 90.0) -> None:
        """Start the process and wait until it answers.

        :raises ServerError: it ends or keeps silent for `timeout` seconds
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as handle:
            self.process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                cwd=ROOT,
                preexec_fn=end_with_parent,
                start_new_session=True,  # an interrupt at the keyboard is ours to handle, in order
            )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if self._ready():
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        self.kill()
        tail = self.log.read_text(errors="replace").splitlines()[-15:]
        raise ServerError("\n".join([f"{self.title} does not come up (log: {self.log})", *tail]))

    def stop_process(self) -> None:
        """End the process in order; one that does not end within 20 s is killed."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None

    def kill(self) -> None:
        """End the process and its workers at once, as a power cut would."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self.process is not None and self.process.poll() is None


class Simulator(_Process):
    """The local Exact Online, over HTTP.

    :param seed: "demo" or "empty"
    :param accounts: number of customers in the demo data
    :param journal: file for the traffic; by default one under EXACT_TRAFFIC_DIR where that is set
    :param arguments: further arguments of `python -m exact_simulator`
    """

    title = "the simulator"

    def __init__(
        self,
        seed: str = "demo",
        accounts: int | None = None,
        journal: Path | str | None = None,
        *,
        port: int = 0,
        log: Path | None = None,
        arguments: tuple[str, ...] = (),
    ):
        super().__init__("simulator", log, port)
        self.seed, self.accounts, self.arguments = seed, accounts, arguments
        folder = os.environ.get("EXACT_TRAFFIC_DIR")
        if journal is None and folder:
            journal = Path(folder) / f"{self.name}.jsonl"
        self.journal = Path(journal) if journal else None

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "exact_simulator", "--port", str(self.port)]
        command += ["--seed", self.seed]
        if self.accounts is not None:
            command += ["--accounts", str(self.accounts)]
        if self.journal:
            self.journal.parent.mkdir(parents=True, exist_ok=True)
            command += ["--journal", str(self.journal)]
        return [*command, *self.arguments]

    def _ready(self) -> bool:
        return requests.get(f"{self.url}/_sim/info", timeout=5).ok

    def __enter__(self) -> "Simulator":
        self.start_process(30)
        return self

    def __exit__(self, *_exc) -> None:
        self.stop_process()

    def request(self, method: str, path: str, values: dict | None = None) -> Any:
        """Call the control plane; the answer is decoded where it is JSON.

        :raises ServerError: an answer other than 2xx
        """
        answer = requests.request(method, self.url + path, json=values, timeout=60)
        if not answer.ok:
            raise ServerError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        if answer.content and answer.headers.get("Content-Type", "").startswith("application/json"):
            return answer.json()
        return answer.text

    def get(self, path: str) -> Any:
        """GET of a path such as `/_sim/ledger/1001`."""
        return self.request("GET", path)

    def post(self, path: str, values: dict | None = None) -> Any:
        """POST of JSON to a path such as `/_sim/accountant/1001/receive`."""
        return self.request("POST", path, values or {})

    def delete(self, path: str) -> Any:
        """DELETE of a path such as `/_sim/faults`."""
        return self.request("DELETE", path)


class OdooSession:
    """A logged-in user: calls of methods, and `http` for the pages a browser would ask for."""

    def __init__(self, url: str, database: str, login: str, password: str):
        self.url = url
        self.http = requests.Session()
        values = {"db": database, "login": login, "password": password}
        found = self._jsonrpc("/web/session/authenticate", values)
        self.uid: int = found["uid"]
        self.context: dict = found["user_context"]

    def _jsonrpc(self, path: str, params: dict) -> Any:
        answer = self.http.post(
            self.url + path,
            json={"jsonrpc": "2.0", "method": "call", "params": params},
            timeout=180,
        )
        answer.raise_for_status()
        content = answer.json()
        if "error" in content:
            data = content["error"].get("data", {})
            error = ServerError(data.get("message") or content["error"].get("message"))
            error.name = data.get("name")
            error.debug = data.get("debug")
            raise error
        return content.get("result")

    def call(self, model: str, method: str, *args, **kwargs) -> Any:
        """Call a public method as the web client does; the first argument is the list of ids, if any.

        :raises ServerError: what Odoo refuses, with its message; `name` has the exception's class
        """
        kwargs["context"] = {**self.context, **kwargs.get("context", {})}
        params = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        return self._jsonrpc(f"/web/dataset/call_kw/{model}/{method}", params)

    def ref(self, xmlid: str) -> int:
        """The id of the record with this external id."""
        module, name = xmlid.split(".")
        domain = [("module", "=", module), ("name", "=", name)]
        found = self.call("ir.model.data", "search_read", domain, ["res_id"])
        if not found:
            raise ServerError(f"no record {xmlid}")
        return found[0]["res_id"]


class OdooServer(_Process):
    """A real Odoo on a database of its own, cloned from the template and dropped afterwards.

    :param server: the running PostgreSQL
    :param full: with all add-ons of this checkout and the modules they need, not `exact_connector` alone
    :param queue: with OCA's job queue and the add-on for it, and a runner of its jobs
    :param database: name of a database that is there, to be kept
    :param cron: whether scheduled actions run by themselves
    :param workers: processes, 0 for one with threads
    :param params: system parameters to set before the start
    :param arguments: further arguments of Odoo
    """

    title = "Odoo"

    def __init__(
        self,
        server: Postgres,
        *,
        full: bool = False,
        queue: bool = False,
        database: str | None = None,
        cron: bool = True,
        workers: int = 0,
        port: int = 0,
        params: dict[str, str] | None = None,
        arguments: tuple[str, ...] = (),
        log: Path | None = None,
    ):
        super().__init__("odoo", log, port)
        self.server, self.queue = server, queue
        self.layer = "full" if full else "queue" if queue else "template"
        self.keep = bool(database)
        self.db = database or server.name(f"run_{os.getpid()}_{self.number}")
        self.cron, self.workers, self.arguments = cron, workers, arguments
        self.params = dict(params or {})
        self._sessions: dict[str, OdooSession] = {}

    def _command(self) -> list[str]:
        command = [
            str(VENV / "bin" / "python"), str(ROOT / "tools" / "launch" / "odoo_server.py"),
            f"--database={self.db}", f"--db-filter=^{self.db}$", "--no-database-list",
            f"--addons-path={ROOT}", f"--data-dir={template.DATA_DIR}",
            "--http-interface=127.0.0.1", f"--http-port={self.port}",
            f"--workers={self.workers}", f"--max-cron-threads={int(self.cron)}",
        ]  # fmt: skip
        if self.queue:
            command.append("--load=base,web,queue_job")
        if self.workers:
            command.append(f"--gevent-port={free_port()}")
        return [*command, *self.arguments]

    def _environment(self) -> dict[str, str]:
        environment = {**os.environ, **self.server.environment, "PYTHONUNBUFFERED": "1"}
        environment.pop("ODOO_RC", None)
        if self.queue:
            environment["ODOO_QUEUE_JOB_CHANNELS"] = "root:4"
            environment["ODOO_QUEUE_JOB_PORT"] = str(self.port)
        return environment

    def _ready(self) -> bool:
        # "health" answers before the modules are loaded; the login page does not
        return requests.get(f"{self.url}/web/login", timeout=60).ok

    def __enter__(self) -> "OdooServer":
        if not self.keep:
            self.server.clone(template.ensure(self.server, layer=self.layer), self.db)
        self.set_params(**{"web.base.url": self.url, "web.base.url.freeze": "True", **self.params})
        try:
            self.start_process()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc) -> None:
        self.stop_process()
        if not self.keep:
            self.server.drop(self.db)

    def set_params(self, **values: str) -> None:
        """Set system parameters in the database, for a server that is not running yet."""
        for key, value in values.items():
            self.sql(
                "INSERT INTO ir_config_parameter (key, value, create_uid, write_uid, create_date, write_date)"
                " VALUES (%s, %s, 1, 1, now(), now())"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                key,
                value,
            )

    def sql(self, statement: str, *values) -> list[tuple]:
        """Run one statement in the server's database."""
        return self.server.execute(statement, *values, database=self.db)

    def login(self, login: str = "admin", password: str | None = None) -> OdooSession:
        """A session of a user; the password is the login unless told."""
        if login not in self._sessions:
            self._sessions[login] = OdooSession(self.url, self.db, login, password or login)
        return self._sessions[login]

    def rpc(self, model: str, method: str, *args, **kwargs) -> Any:
        """Call a method as the administrator."""
        return self.login().call(model, method, *args, **kwargs)

    def json2(self, key: str, model: str, method: str, **values) -> Any:
        """Call a method as an integrator does, with an API key."""
        answer = requests.post(
            f"{self.url}/json/2/{model}/{method}",
            json=values,
            headers={"Authorization": f"bearer {key}", "X-Odoo-Database": self.db},
            timeout=180,
        )
        if not answer.ok:
            raise ServerError(f"{answer.status_code} {answer.text[:500]}")
        return answer.json()

    def log_errors(self) -> list[str]:
        """Lines of the log that tell of an error, but for the file that Debian leaves out.

        A warning that offers a way out is a message to the user; Odoo logs it as an error all the same.
        """
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            if line.startswith("odoo.exceptions.RedirectWarning") and found:
                found.pop()
            elif any(mark in line for mark in (" ERROR ", " CRITICAL ")):
                found.append(line)
        return [line for line in found if "selfie_segmentation" not in line]


def traffic_folder() -> Path:
    """Where a test run keeps what its simulators were asked."""
    return CACHE / "traffic"
