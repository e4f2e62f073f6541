"""Odoo 19 in the cache, from Debian's package, without root and without touching the system.

apt works here on folders of its own: source list, state and cache lie in our cache, the address of the archive
comes from the machine's own sources, its signatures are checked with the machine's Debian keyring.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .common import CACHE, ProvisionError, need_space, run, say, size, step, tree_size

# Odoo's package, and what its symbolic links point at
FROM_SID = (
    "odoo-19",
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-ocr-b",
)
# Odoo links to file names that sid's newer versions of these no longer have
FROM_STABLE = ("fonts-font-awesome", "fonts-inconsolata")
UNSTABLE_NAMES = ("sid", "unstable", "testing", "experimental")

TREE = CACHE / "odoo"
STAMP = CACHE / "odoo.stamp"
MEGABYTES = 2200  # 135 MB of packages, 1.3 GB unpacked, the old tree beside it for a moment

KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
)
ELSEWHERE = "set ODOO_HOME to a folder that holds Odoo 19"


def home() -> Path:
    """The folder to put on Python's path so that `odoo` can be imported.

    :raises ProvisionError: ODOO_HOME does not hold Odoo 19
    """
    chosen = os.environ.get("ODOO_HOME")
    if not chosen:
        return TREE / "usr/lib/python3/dist-packages"
    path = Path(chosen).expanduser().resolve()
    release = path / "odoo" / "release.py"
    if not release.is_file():
        raise ProvisionError(f"ODOO_HOME={chosen} holds no odoo/release.py")
    if not re.search(r"^version_info = \(19, 0", release.read_text(), re.M):
        raise ProvisionError(f"ODOO_HOME={chosen} is not Odoo 19")
    if not (path / "addons").is_dir() and not (path / "odoo" / "addons" / "account").is_dir():
        raise ProvisionError(f"ODOO_HOME={chosen} holds no add-ons beside odoo/")
    return path


def codename() -> str:
    """The machine's Debian release, by name; empty where it is not told (Debian sid) or not Debian."""
    try:
        text = Path("/etc/os-release").read_text()
    except OSError:
        return ""
    found = re.search(r"^VERSION_CODENAME=\"?(\w+)", text, re.M)
    return found.group(1) if found else ""


def archives(listing: str, release: str) -> list[tuple[str, str]]:
    """Choose Debian's main archive among the machine's package sources.

    Third parties name their suites after Debian's too; whose archive it really is shows when its signature is
    checked, so this puts the likeliest first.

    :param listing: lines of `address|suite|component`, as apt tells them
    :param release: the machine's release by name
    :returns: pairs of address and suite, the likeliest first
    """
    suites = {release, "stable", "oldstable", *UNSTABLE_NAMES} - {""}
    found = []
    for line in listing.splitlines():
        address, suite, component = [*line.split("|"), "", ""][:3]
        pair = (address.rstrip("/"), suite)
        if component == "main" and suite in suites and pair not in found:
            found.append(pair)
    return sorted(found, key=lambda pair: not pair[0].endswith("/debian"))


def machine_archives() -> list[tuple[str, str]]:
    """The candidates of this machine, read by apt itself from `.sources` and `.list` files alike."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise ProvisionError(f"this machine has no apt to fetch Odoo with: {ELSEWHERE}")
    listing = subprocess.run(
        [
            "apt-get", "indextargets", "--no-release-info",
            "--format", "$(REPO_URI)|$(RELEASE)|$(COMPONENT)", "Created-By: Packages",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = archives(listing.stdout, codename())
    if not found:
        raise ProvisionError(f"no Debian archive among the machine's apt sources: {ELSEWHERE}")
    return found


class Apt:
    """apt on folders of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        for part in ("state/lists/partial", "cache/archives/partial", "etc/empty", "debs"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "state" / "status").touch()
        self.sources = folder / "etc" / "sources.list"
        settings = {
            "Dir::State": folder / "state",
            "Dir::State::status": folder / "state" / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Etc::sourcelist": self.sources,
            "Dir::Etc::sourceparts": folder / "etc" / "empty",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": folder / "etc" / "empty",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            "Acquire::http::Timeout": "30",
            "Acquire::https::Timeout": "30",
            # as root, apt would switch to an account that may be unable to enter our folders
            "APT::Sandbox::User": "root",
        }
        self.options = [
            word for key, value in settings.items() for word in ("-o", f"{key}={value}")
        ]

    def use(self, address: str, *suites: str) -> None:
        """Take packages from these suites of one archive, and from nowhere else."""
        keyring = next((path for path in KEYRINGS if Path(path).exists()), None)
        if not keyring:
            raise ProvisionError("the package debian-archive-keyring is missing: install it")
        lines = [f"deb [signed-by={keyring}] {address} {suite} main" for suite in suites]
        self.sources.write_text("\n".join(lines) + "\n")
        run(
            ["apt-get", *self.options, "-o", "APT::Update::Error-Mode=any", "update"],
            log="apt-update.log",
            what="reading the Debian archive",
            hint="is there a network?",
        )

    def download(self, *packages: str) -> list[Path]:
        """Fetch packages, each given as `name/suite`.

        :raises ProvisionError: one is not there or cannot be fetched
        """
        target = self.folder / "debs"
        shutil.rmtree(target)
        target.mkdir()
        run(
            ["apt-get", *self.options, "download", *packages],
            log="apt-download.log",
            what="fetching packages from the Debian archive",
            hint="is there a network?",
            cwd=target,
        )
        return sorted(target.glob("*.deb"))


def unpack(debs: list[Path], tree: Path) -> None:
    """Unpack packages into one tree and make their absolute links lead into it."""
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for deb in debs:
        run(["dpkg", "-x", deb, tree], log="dpkg.log", what=f"unpacking {deb.name}")
    for path in tree.rglob("*"):
        if path.is_symlink() and os.readlink(path).startswith("/"):
            inside = tree / os.readlink(path).lstrip("/")
            path.unlink()
            path.symlink_to(os.path.relpath(inside, path.parent))


def dangling(tree: Path) -> list[Path]:
    """The links of the tree that lead nowhere."""
    return [path for path in tree.rglob("*") if path.is_symlink() and not path.exists()]


def _fetch() -> list[Path]:
    problem = None
    for address, suite in machine_archives():
        apt = Apt(CACHE / "apt")
        stable = "stable" if suite in UNSTABLE_NAMES else suite
        try:
            apt.use(address, "sid", stable)
            return apt.download(
                *(f"{name}/sid" for name in FROM_SID), *(f"{name}/{stable}" for name in FROM_STABLE)
            )
        except ProvisionError as error:
            problem = problem or error
    raise problem


def ensure() -> None:
    """Have Odoo in the cache.

    :raises ProvisionError: with what stands in the way
    """
    if os.environ.get("ODOO_HOME"):
        say(f"  Odoo: the one at {home()}")
        return
    if STAMP.exists() and (home() / "odoo" / "release.py").exists():
        say(f"  Odoo: {STAMP.read_text().split()[0]} is there")
        return
    need_space(MEGABYTES, CACHE)
    with step("Odoo: fetching Debian's package") as note:
        debs = _fetch()
        note["text"] = size(sum(deb.stat().st_size for deb in debs))
    with step("Odoo: unpacking") as note:
        fresh = CACHE / "odoo.new"
        unpack(debs, fresh)
        for path in dangling(fresh):
            print(f"    note: {path.relative_to(fresh)} leads nowhere", file=sys.stderr)
        shutil.rmtree(TREE, ignore_errors=True)
        fresh.rename(TREE)
        STAMP.write_text("".join(f"{deb.stem}\n" for deb in reversed(debs)))
        shutil.rmtree(CACHE / "apt")
        note["text"] = size(tree_size(TREE))
