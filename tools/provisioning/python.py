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

LOCK = Path(__file__).resolve().parents[1] / "requirements.txt"
STAMP = CACHE / "venv.stamp"
MEGABYTES = 900


def check_version() -> None:
    """Refuse a Python that Odoo 19 or the lock does not support.

    :raises ProvisionError: too old or too new
    """
    if not PYTHON_MIN <= sys.version_info[:2] <= PYTHON_MAX:
        here = ".".join(map(str, sys.version_info[:2]))
        raise ProvisionError(f"Python {here} will not do: Python 3.10 to 3.13 is needed")


def _make_venv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        import ensurepip  # noqa: F401  (Debian has it in a package of its own)
    except ImportError:
        run(
            [sys.executable, "-m", "venv", "--without-pip", VENV],
            log="venv.log",
            what="making the virtual environment",
        )
        _borrow_pip()
    else:
        run(
            [sys.executable, "-m", "venv", VENV],
            log="venv.log",
            what="making the virtual environment",
        )


def _borrow_pip() -> None:
    """Put pip in the environment from Debian's package of its wheel, without installing that package."""
    address, suite = odoo_source.machine_archives()[0]
    apt = odoo_source.Apt(CACHE / "apt-pip")
    apt.use(address, suite)
    odoo_source.unpack(apt.download("python3-pip-whl"), CACHE / "pip-wheel")
    wheel = next((CACHE / "pip-wheel").rglob("pip-*.whl"), None)
    if not wheel:
        raise ProvisionError("this Python has no pip: install the package python3-venv")
    run(
        [VENV / "bin" / "python", wheel / "pip", "install", "--no-index", wheel],
        log="pip-bootstrap.log",
        what="installing pip",
    )
    for name in ("apt-pip", "pip-wheel"):
        shutil.rmtree(CACHE / name)


def _install() -> None:
    """Run pip and show from time to time how far it is."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / "pip.log"
    # the lock is complete, so pip need not work out what depends on what
    command = [
        VENV / "bin" / "python", "-m", "pip", "install", "--no-deps", "--no-color", "--retries", "2",
        "--disable-pip-version-check", "--progress-bar", "off", "--no-warn-script-location",
        "-r", LOCK,
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
    (packages / "odoo19.pth").write_text(f"{odoo_source.home()}\n")
    script = VENV / "bin" / "odoo"
    script.write_text(f"#!{VENV}/bin/python\nimport odoo.cli\n\nodoo.cli.main()\n")
    script.chmod(0o755)


def interpreter() -> str:
    """The Python the environment is made with, and where it lies: with another one it is made anew."""
    return f"{'.'.join(map(str, sys.version_info[:3]))} {sys.prefix} {VENV}"


def key() -> str:
    """Hash of what the environment is made from."""
    return file_hash(LOCK, extra=interpreter().replace(" ", ""))


def _usable() -> bool:
    """Whether there is an environment of this Python, in which only the packages are out of date."""
    try:
        return (VENV / "made-with").read_text() == interpreter() and (
            subprocess.run(
                [VENV / "bin" / "python", "-m", "pip", "--version"],
                capture_output=True,
                check=False,
            ).returncode
            == 0
        )
    except OSError:
        return False


def ensure() -> None:
    """Have the virtual environment at the versions of the lock.

    :raises ProvisionError: with what stands in the way
    """
    wanted = key()
    if STAMP.exists() and STAMP.read_text() == wanted and (VENV / "bin" / "python").exists():
        say(f"  Python packages: {size(tree_size(VENV))} are there")
    else:
        need_space(MEGABYTES, CACHE)
        STAMP.unlink(missing_ok=True)
        with step(f"Python packages for {sys.version.split()[0]}") as note:
            if not _usable():
                _make_venv()
                (VENV / "made-with").write_text(interpreter())
            _install()
            note["text"] = size(tree_size(VENV))
        STAMP.write_text(wanted)
    _link_odoo()
    done = subprocess.run(
        [VENV / "bin" / "python", "-c", "import odoo.release; print(odoo.release.version)"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    if not done.stdout.startswith("19.0"):
        raise ProvisionError(f"Odoo cannot be imported: {done.stderr.strip().splitlines()[-1:]}")
