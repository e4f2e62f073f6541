"""One Odoo on one database that is told, line by line, what to do: add-ons in and out, scripts in between. No test.

    python odoo_process.py DATABASE ADDONS_PATH DATA_DIR

A process for each step would load all of Odoo's modules for each of them again. In come lines of JSON; after each
the answer goes out: ``RESULT`` and a line of JSON. Whatever a server logs as an error goes to its standard error.
"""

import json
import sys
from pathlib import Path

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

HERE = Path(__file__).parent


class Steps:
    """What can be asked for, by its name."""

    def __init__(self, database: str):
        self.database = database

    def load(self, install=(), upgrade=()):
        """Install and upgrade, as the command line does."""
        Registry.new(
            self.database, update_module=True, install_modules=install, upgrade_modules=upgrade
        )

    def take_out(self, *names):
        """Uninstall, as the button does."""
        with Registry(self.database).cursor() as cursor:
            modules = api.Environment(cursor, SUPERUSER_ID, {})["ir.module.module"]
            modules.search([("name", "in", names)]).button_immediate_uninstall()

    def run(self, script, **values):
        """A script, as the administrator; what it left as ``result``."""
        with Registry(self.database).cursor() as cursor:
            env = api.Environment(cursor, SUPERUSER_ID, {})
            env = env(user=env.ref("base.user_admin"))
            names = {"env": env, "result": None, **values}
            # In order: what they share, then the script itself.
            for part in ("shared.py", script):
                path = HERE / "scripts" / part
                exec(compile(path.read_text(), path, "exec"), names)
            cursor.commit()
            return names["result"]


def main() -> None:
    """Do as told until there is nothing more to read."""
    database, addons_path, data_dir = sys.argv[1:]
    config.parse_config(
        [
            f"--database={database}",
            f"--addons-path={addons_path}",
            f"--data-dir={data_dir}",
            "--max-cron-threads=0",
            "--log-level=warn",
            "--http-interface=127.0.0.1",
        ]
    )
    odoo.modules.module.initialize_sys_path()
    steps = Steps(database)
    for line in sys.stdin:
        name, args, kwargs = json.loads(line)
        result = getattr(steps, name)(*args, **kwargs)
        print("RESULT " + json.dumps(result, default=str), flush=True)


if __name__ == "__main__":
    main()
