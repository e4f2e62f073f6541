"""Run a command with the PostgreSQL server of this checkout up and `PG*` set for it.

python tools/with_postgres.py psql -l
"""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from provisioning.common import ProvisionError, end_with_parent
from provisioning.postgres import Postgres


def main() -> int:
    """Run the command line's command and give back its exit code."""
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    try:
        with Postgres() as server:
            environment = dict(os.environ, **server.environment)
            return subprocess.run(
                sys.argv[1:], env=environment, check=False, preexec_fn=end_with_parent
            ).returncode
    except ProvisionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
