"""Eight processes with Odoo's registry on one database; told what to do by lines of JSON.

Loaded once and forked, as Odoo's own workers are, so that eight of them cost little more than one.
Commands on stdin, an answer in JSON on stdout for each:

    {"connect": code}                         bind Exact to the main company, in the first process
    {"call": [0, 1, ...], "at": iso, ...}     each of these processes calls Exact once, at the same time
    {"cron": n, "at": iso}                    the daily keep-alive, in process n

``at`` is the time by their clocks (UTC); ``off`` maps a process to the hours that its machine's clock
is wrong by; ``lock`` sets how long one waits for another (s).
"""

import json
import multiprocessing
import os
import sys
from datetime import datetime, timedelta

import odoo
from odoo import SUPERUSER_ID, api, fields, sql_db
from odoo.modules.registry import Registry

APP = ("11111111-1111-4111-8111-111111111111", "practice-secret-nl")
NUMBER = 8


def environment(registry, cr):
    return api.Environment(cr, SUPERUSER_ID, {})


def connect(registry, practice, code):
    """What a person's consent does."""
    with registry.cursor() as cr:
        env = environment(registry, cr)
        env["ir.config_parameter"].set_param("exact_connector.practice_url", practice)
        connection = env["exact.connection"].search([], limit=1)
        if not connection:
            values = {"country": "practice", "client_id": APP[0], "client_secret": APP[1]}
            authorization = env["exact.authorization"].create(values)
            connection = env["exact.connection"].create(
                {"company_id": env.company.id, "authorization_id": authorization.id}
            )
            cr.commit()  # tokens are kept by a cursor of their own, which has to see it
        kept = connection.authorization_id._connect(code)
        connection._after_connect(kept)
        connection.division_id = kept.division_ids.filtered(lambda d: d.code == 1001)
    return "connected"


def call(registry):
    """One call to Exact: the user's name, or the class of error."""
    with registry.cursor() as cr:
        env = environment(registry, cr)
        authorization = env["exact.authorization"].search([("connection_ids", "!=", False)])
        try:
            with authorization._make_client(1001) as client:
                return client.me()["UserName"]
        except Exception as error:
            return f"{type(error).__name__}: {error}"


def cron(registry):
    with registry.cursor() as cr:
        environment(registry, cr)["exact.authorization"]._cron_keep_alive()
    return "done"


def work(registry, orders):
    """One process: do what is ordered until told to end."""
    from odoo.addons.exact_connector import clock
    from odoo.addons.exact_connector.models import exact_authorization_token as tokens

    real = clock.system_time
    while True:
        order = orders.recv()
        moment, off = datetime.fromisoformat(order["at"]), timedelta(hours=order["off"])
        clock.system_time = lambda off=order["off"] * 3600.0: real() + off
        fields.Datetime.now = staticmethod(lambda *_args, now=moment + off: now)
        tokens.LOCK_TIMEOUT = order["lock"]
        orders.send(cron(registry) if order["cron"] else call(registry))


def main(database, addons, data, practice):
    odoo.tools.config.parse_config(
        [f"--database={database}", f"--addons-path={addons}", f"--data-dir={data}",
         "--max-cron-threads=0", "--log-level=warn"],
        setup_logging=True,
    )  # fmt: skip
    registry = Registry(database)
    sql_db.close_all()
    fork = multiprocessing.get_context("fork")
    pipes, processes = [], []
    for _number in range(NUMBER):
        ours, theirs = fork.Pipe()
        process = fork.Process(target=work, args=(registry, theirs), daemon=True)
        process.start()
        theirs.close()  # else the end of the process would not be noticed
        pipes.append(ours)
        processes.append(process)
    print(json.dumps([process.pid for process in processes]), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "connect" in order:
            answer = connect(registry, practice, order["connect"])
        else:
            chosen = order.get("call", [order.get("cron")])
            for number in chosen:
                off = order.get("off", {}).get(str(number), 0)
                pipes[number].send(
                    {"at": order["at"], "off": off, "cron": "cron" in order,
                     "lock": order.get("lock", 15)}
                )  # fmt: skip
            answer = {}
            for number in chosen:
                try:
                    answer[number] = pipes[number].recv()
                except EOFError:
                    answer[number] = "killed"
        print(json.dumps(answer), flush=True)
    for process in processes:
        process.kill()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
