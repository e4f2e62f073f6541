"""Make tools/requirements.txt anew from tools/requirements.in: `python tools/lock.py`.

uv works out one list that holds for every supported Python; it is fetched for the occasion.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEADER = "# Made from requirements.in by lock.py: one list for Python 3.10 to 3.13.\n"


def main() -> None:
    """Resolve and write the lock."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "uv"], check=True)
        # Packaged add-ons ask for the package odoo, which no index has: ours comes from Debian.
        overrides = Path(folder) / "overrides.txt"
        overrides.write_text("odoo; python_version < '3'\n")
        done = subprocess.run(
            [
                python, "-m", "uv", "pip", "compile", "--universal", "--python-version", "3.10",
                "--no-header", "--no-annotate", "--system-certs", "--upgrade", "--quiet",
                "--cache-dir", Path(folder) / "cache", "--overrides", overrides,
                HERE / "requirements.in",
            ],
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    (HERE / "requirements.txt").write_text(HEADER + done.stdout)


if __name__ == "__main__":
    sys.exit(main())
