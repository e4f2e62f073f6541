"""Stop the database server of this checkout and delete what was fetched or built for it."""

import shutil
import subprocess
import sys

from provisioning.common import CACHE, VENV, say

REMOVE = """
import sys
sys.path.insert(0, sys.argv[1])
from provisioning.postgres import Embedded
Embedded().remove()
"""


def main() -> int:
    """Clean up; what is not there does not matter."""
    python = VENV / "bin" / "python"
    if python.exists() and (CACHE / "pg").exists():
        subprocess.run([python, "-c", REMOVE, sys.path[0]], check=False)
    shutil.rmtree(CACHE, ignore_errors=True)
    say(f"removed {CACHE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
