"""The virtual environment: Odoo's needs, the product's and the tests', at the versions of the lock."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from . import odoo_source
from .common import (
    CACHE,
    LOGS,
    PYTHON_MAX,
    PYTHON_MIN,
    VENV,
    ProvisionError,
    file_hash,
    need_space,
    run,
    say,
    size,
    step,
    tree_size,
)

TOOLS = Path(__file__).resolve().parents[1]
LOCK = TOOLS / "requirements.txt"


def check_version() -> None:
    """Refuse a Python that Odoo 19 or the lock does not support.

    :raises ProvisionError: too old or too new
    """
    if not PYTHON_MIN <= sys.version_info[:2] <= PYTHON_MAX:
        here = ".".join(map(str, sys.version_info[:2]))
        raise ProvisionError(f"Python {here} will not do: Python 3.10 to 3.13 is needed")


class Environment:
    """A virtual environment with the packages of a lock.

    :param folder: where it lies
    :param lock: list of packages with exact versions, complete
    :param megabytes: room it needs
    """

    def __init__(self, folder: Path, lock: Path, megabytes: int):
        self.folder, self.lock, self.megabytes = folder, lock, megabytes
        self.python = folder / "bin" / "python"
        self.stamp = folder.with_name(folder.name + ".stamp")

    def interpreter(self) -> str:
        """The Python it is made with, and where it lies: with another one it is made anew."""
        return f"{'.'.join(map(str, sys.version_info[:3]))} {sys.prefix} {self.folder}"

    def key(self) -> str:
        """Hash of what it is made from."""
        return file_hash(self.lock, extra=self.interpreter().replace(" ", ""))

    def ensure(self, title: str) -> None:
        """Have the packages at the versions of the lock.

        :raises ProvisionError: with what stands in the way
        """
        wanted = self.key()
        if self.stamp.exists() and self.stamp.read_text() == wanted and self.python.exists():
            say(f"  {title}: {size(tree_size(self.folder))} are there")
            return
        need_space(self.megabytes, CACHE)
        self.stamp.unlink(missing_ok=True)
        with step(f"{title} for Python {sys.version.split()[0]}") as note:
            if not self._usable():
                self._make()
                (self.folder / "made-with").write_text(self.interpreter())
            self._install()
            note["text"] = size(tree_size(self.folder))
        self.stamp.write_text(wanted)

    def _usable(self) -> bool:
        """Whether it is one of this Python, in which only the packages are out of date."""
        try:
            if (self.folder / "made-with").read_text() != self.interpreter():
                return False
            command = [self.python, "-m", "pip", "--version"]
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        except OSError:
            return False

    def _make(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            import ensurepip  # noqa: F401  (Debian has it in a package of its own)
        except ImportError:
            options = ["--without-pip"]
        else:
            options = []
        run(
            [sys.executable, "-m", "venv", *options, self.folder],
            log="venv.log",
            what="making the virtual environment",
        )
        if options:
            self._borrow_pip()

    def _borrow_pip(self) -> None:
        """Put pip in the environment from Debian's package of its wheel, without installing that package."""
        address, suite = odoo_source.machine_archives()[0]
        apt = odoo_source.Apt(CACHE / "apt-pip")
        apt.use(address, suite)
        odoo_source.unpack(apt.download("python3-pip-whl"), CACHE / "pip-wheel")
        wheel = next((CACHE / "pip-wheel").rglob("pip-*.whl"), None)
        if not wheel:
            raise ProvisionError("this Python has no pip: install the package python3-venv")
        run(
            [self.python, wheel / "pip", "install", "--no-index", wheel],
            log="pip-bootstrap.log",
            what="installing pip",
        )
        for name in ("apt-pip", "pip-wheel"):
            shutil.rmtree(CACHE / name)

    def _install(self) -> None:
        """Run pip and show from time to time how far it is."""
        LOGS.mkdir(parents=True, exist_ok=True)
        log = LOGS / "pip.log"
        # the lock is complete, so pip need not work out what depends on what
        command = [
            self.python, "-m", "pip", "install", "--no-deps", "--no-color", "--retries", "2",
            "--disable-pip-version-check", "--progress-bar", "off", "--no-warn-script-location",
            "-r", self.lock,
        ]  # fmt: skip
        packages, fetched, shown = 0, 0.0, time.monotonic()
        units = {"kB": 1e3, "MB": 1e6}
        with log.open("w") as handle:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
            for line in process.stdout:
                handle.write(line)
                found = re.match(r"\s*(?:Downloading|Using cached) \S+ \(([\d.]+) (kB|MB)\)", line)
                if found:
                    packages += 1
                    fetched += float(found.group(1)) * units[found.group(2)]
                if time.monotonic() - shown > 8:
                    shown = time.monotonic()
                    say(f"    {packages} packages, {size(fetched)} so far")
        if process.wait():
            text = log.read_text(errors="replace")
            hint = ""
            if re.search(r"Connection|Temporary failure|resolve|timed out|ProxyError", text):
                hint = "is there a network? "
            lines = [line for line in text.splitlines() if line.startswith("ERROR")]
            raise ProvisionError(
                f"installing the Python packages failed: {hint}{lines[0] if lines else ''} (log: {log})"
            )


def _link_odoo() -> None:
    """Make `import odoo` and the command `odoo` work in the environment."""
    packages = next((VENV / "lib").glob("python3.*/site-packages"))
    home = odoo_source.home()
    (packages / "odoo19.pth").write_text(f"{home}\n")
    # pip must know of Odoo, since packaged add-ons depend on it; a bare checkout of Odoo does not tell
    told = packages / "odoo-19.0.dist-info"
    shutil.rmtree(told, ignore_errors=True)
    if not any(home.glob("odoo-19*.*-info")):
        told.mkdir()
        (told / "METADATA").write_text("Metadata-Version: 2.1\nName: odoo\nVersion: 19.0\n")
        (told / "INSTALLER").write_text("provision\n")
    script = VENV / "bin" / "odoo"
    # started by the shell, since a path after "#!" may hold no blank and not be long
    script.write_text(f"#!/bin/sh\nexec '{VENV}/bin/python' -m odoo \"$@\"\n")
    script.chmod(0o755)


def ensure() -> None:
    """Have the environment everything runs in, with Odoo in it.

    :raises ProvisionError: with what stands in the way
    """
    Environment(VENV, LOCK, 900).ensure("Python packages")
    _link_odoo()
    done = subprocess.run(
        [VENV / "bin" / "python", "-c", "import odoo.release; print(odoo.release.version)"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    if not done.stdout.startswith("19.0"):
        raise ProvisionError(f"Odoo cannot be imported: {done.stderr.strip().splitlines()[-1:]}")


def ensure_public_client() -> None:
    """Have the environment of the client of the real service that the simulator is held against.

    One of its own, since its packages need other versions. It asks for Python 3.11.
    """
    if sys.version_info >= (3, 11):
        environment = Environment(CACHE / "venv-compat", TOOLS / "requirements-compat.txt", 400)
        environment.ensure("Packages of the public client")
