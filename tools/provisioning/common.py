"""Places, messages and commands shared by the provisioning steps."""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("EXACT_CACHE") or ROOT / ".cache").resolve()
VENV = CACHE / "venv"
LOGS = CACHE / "log"
ADDON = "exact_connector"

_libc = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1

PYTHON_MIN, PYTHON_MAX = (3, 10), (3, 13)


class ProvisionError(Exception):
    """Something the person at the keyboard must mend; its text is the one line they get."""


def addons(pattern: str = f"{ADDON}*") -> list[Path]:
    """The folders of the add-ons of this checkout whose name fits, `exact_connector` before the others."""
    return (
        sorted(path.parent for path in ROOT.glob(f"{pattern}/__manifest__.py")) if pattern else []
    )


def checkout_id() -> str:
    """Eight hex digits that tell this checkout from others on the same machine or server."""
    return hashlib.sha256(str(CACHE).encode()).hexdigest()[:8]


def in_ci() -> bool:
    """Whether this is an unattended run in which nothing may be skipped."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def say(text: str) -> None:
    """Print one line of progress at once."""
    print(text, flush=True)


def size(number: float) -> str:
    """A number of bytes for people: `123 MB`."""
    if number < 1e6:
        return f"{number / 1e3:.0f} kB"
    return f"{number / 1e6:.0f} MB" if number < 1e9 else f"{number / 1e9:.1f} GB"


def tree_size(path: Path) -> int:
    """Bytes taken by the files under a folder, links not followed."""
    total = 0
    for folder, _dirs, files in os.walk(path):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size
    return total


@contextlib.contextmanager
def step(title: str):
    """Show a step's start and its duration; the block may set `note["text"]` to add to the closing line."""
    say(f"  {title} ...")
    began = time.monotonic()
    note: dict[str, str] = {}
    yield note
    extra = f", {note['text']}" if note.get("text") else ""
    say(f"  {title}: {time.monotonic() - began:.1f} s{extra}")


@contextlib.contextmanager
def locked(name: str):
    """Hold a lock of this checkout, so that two runs in one checkout do not build the same thing at once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"  another run is busy with {name}; waiting for it ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def end_with_parent() -> None:
    """Have the kernel end this process when its parent is gone, however that came about (a `preexec_fn`)."""
    if hasattr(_libc, "prctl"):  # Linux
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def run(command, *, log: str, what: str, hint: str = "", **options) -> Path:
    """Run a command with its output in a log file.

    :param command: argument list
    :param log: name of the log file, under the cache's log folder
    :param what: what the command does, for the error line
    :param hint: added to the error line
    :raises ProvisionError: the command failed; told with the line of its output that says why, or else the end
        of its output is shown first
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / log
    with path.open("w") as handle:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            check=False,
            **options,
        )
    if done.returncode:
        lines = path.read_text(errors="replace").splitlines()
        told = next((line for line in lines if line.startswith(("E: ", "ERROR"))), "")
        if not told:  # no one line says it
            for line in lines[-15:]:
                print(f"    | {line}", file=sys.stderr)
        why = " ".join(part for part in (hint, told) if part)
        raise ProvisionError(f"{what} failed{': ' + why if why else ''} (log: {path})")
    return path


def check_owner() -> None:
    """Refuse a cache that another user has made; neither could work with the other's files.

    :raises ProvisionError: it is somebody else's, or cannot be made
    """
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProvisionError(f"{CACHE} cannot be made: {error.strerror}") from None
    if CACHE.stat().st_uid != os.geteuid():
        raise ProvisionError(
            f"{CACHE} belongs to another user: delete it, or set EXACT_CACHE to a folder of your own"
        )


def need_space(megabytes: int, where: Path) -> None:
    """Refuse to start what will not fit.

    :raises ProvisionError: less than `megabytes` free
    """
    where.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(where).free
    if free < megabytes * 1_000_000:
        raise ProvisionError(
            f"not enough disk space: {size(free)} free at {where}, {megabytes} MB needed"
        )


def file_hash(*paths: Path, extra: str = "") -> str:
    """Hash of the contents of files, for telling whether a step's inputs have changed."""
    digest = hashlib.sha256(extra.encode())
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
