"""Keep the code of a former release for the test of upgrading from it.

    python tools/archive_release.py COMMIT VERSION     -> tests/upgrade/releases/VERSION.tar.xz

What installs and runs is kept; tests, translations and pictures are left out. The same commit gives the same bytes.
"""

import io
import lzma
import re
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RELEASES = ROOT / "tests" / "upgrade" / "releases"
ADDONS = re.compile(r"^exact_connector\w*$")
LEFT_OUT = re.compile(r"^[^/]+/(tests|i18n|readme|static/description)/|\.(rst|md)$")


def archive(commit: str) -> bytes:
    """The add-ons of a commit as one compressed archive."""
    listed = subprocess.run(
        ["git", "ls-tree", "--name-only", commit],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    addons = [name for name in listed.stdout.split() if ADDONS.match(name)]
    done = subprocess.run(
        ["git", "archive", "--format=tar", commit, *addons],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    kept = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(done.stdout)) as old,
        tarfile.open(fileobj=kept, mode="w", format=tarfile.USTAR_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            if member.isfile() and not LEFT_OUT.search(member.name):
                member.mtime = 0
                new.addfile(member, old.extractfile(member))
    return lzma.compress(kept.getvalue(), preset=9 | lzma.PRESET_EXTREME)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    RELEASES.mkdir(parents=True, exist_ok=True)
    file = RELEASES / f"{sys.argv[2]}.tar.xz"
    file.write_bytes(archive(sys.argv[1]))
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} KB")
