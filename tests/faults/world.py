"""One Odoo in this process, with real cursors and real commits, beside one local Exact Online.

A cell of the matrix takes half a second here: the registry is loaded once, a worker that has to die is a fork of
this process, and time passes by moving everything that is stored with a time.
"""

import contextlib
import logging
import os
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from exact_simulator.server import Simulator
from provisioning import template
from provisioning.common import ROOT
from tests.faults import traps

DIVISION = 1001
APP = ("11111111-1111-4111-8111-111111111111", "practice-secret-nl")
LOGIN = "bookkeeper@practice.example"
ADMIN = 2
# So many invoices are posted at a time: one by one they take longer than what is tested.
STOCK = 20
CRON = "exact_connector.ir_cron_process_exchanges"
# What is stored with a time that the product acts on.
TIMES = {
    "exact_exchange": ("retry_at", "started_on", "looked_on", "write_date"),
    "exact_budget": ("minute_end", "day_end", "hold_until"),
    "exact_budget_error": ("met_on",),
    "exact_token": ("retry_on",),
    "ir_cron": ("nextcall",),
    "ir_cron_trigger": ("call_at",),
    "queue_job": ("eta", "date_created", "date_started", "date_enqueued"),
}


class Errors(logging.Handler):
    """What the log would show as an error."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.found = []

    def emit(self, record):
        reason = record.exc_info[1] if record.exc_info else ""
        if "bad query" not in record.getMessage():
            # That is how Odoo tells of two who save the same.
            self.found.append(
                f"log: {record.getMessage()[:120]} {type(reason).__name__}: {reason}"[:400]
            )


def start_odoo(server) -> None:
    """Make Odoo usable in this process, on this database server from now on."""
    import odoo.modules
    from odoo.tools import config

    if not config.get("exact_faults"):
        config.parse_config(
            [f"--addons-path={ROOT}", f"--data-dir={template.DATA_DIR}", "--max-cron-threads=0",
             "--log-handler=:ERROR"],
            setup_logging=True,
        )  # fmt: skip
        odoo.modules.module.initialize_sys_path()
        config["exact_faults"] = True
    os.environ.update(server.environment)
    config["db_host"] = server.environment.get("PGHOST", False)
    config["db_user"] = server.environment.get("PGUSER", False)


class Child:
    """A worker that is a process of its own; ``wait`` gives what became of it."""

    def __init__(self, work):
        reader, writer = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(reader)
            try:
                work()
                text = ""
            except BaseException as error:
                text = f"{type(error).__module__}.{type(error).__name__}: {error}"
            os.write(writer, text.encode()[:4000])
            os._exit(0)
        os.close(writer)
        self.reader = reader

    def wait(self) -> tuple[bool, str]:
        """Whether it was killed, and the error that it ended with, if any."""
        with os.fdopen(self.reader) as handle:
            text = handle.read()
        _pid, status = os.waitpid(self.pid, 0)
        return os.WIFSIGNALED(status), text


class World:
    """Both sides, and what may happen to them."""

    def __init__(self, server, driver, source=None):
        self.server, self.driver, self.source = server, driver, source
        self._folder = tempfile.TemporaryDirectory()
        self.number, self.known, self.stock = 0, 0, []
        self.sim: Simulator | None = None
        self.errors = Errors()

    def __enter__(self):
        os.environ.update(self.server.environment)
        start_odoo(self.server)
        source = self.source or template.ensure(self.server, layer=self.driver.layer)
        self.db = self.server.clone(
            source, self.server.name(f"run_{os.getpid()}_faults_{self.driver.name}")
        )
        self._start_exact()
        self._reset = self.post("reset", {"seed": "demo", "accounts": 12})
        self.post("limits", {"minute": None, "day": None, "errors": None, "token_calls": None})
        self._connect()
        logging.getLogger("odoo").addHandler(self.errors)
        return self

    def __exit__(self, *_exc):
        from odoo.modules.registry import Registry
        from odoo.sql_db import close_all

        traps.disarm()
        logging.getLogger("odoo").removeHandler(self.errors)
        self.sim.stop()
        Registry.delete(self.db)
        close_all()
        self.server.drop(self.db)
        self._folder.cleanup()

    # === EXACT === #

    def _start_exact(self, port=0):
        self.sim = Simulator("demo", 12, data=Path(self._folder.name))
        self.sim.data = None  # kept when it is stopped, not at each change
        self.sim.serve(port=port)
        self._busy = 0
        wire, serve = self.sim.wire, self.sim.wire._api

        def counted(*args):
            self._busy += 1
            try:
                return serve(*args)
            finally:
                self._busy -= 1

        wire._api = counted

    def restart_exact(self):
        """Exact goes down with what it has, and comes up with that again."""
        port = int(self.sim.url.rsplit(":", 1)[1])
        self.sim.data = Path(self._folder.name)
        self.sim.stop()
        self._start_exact(port)

    def fresh(self):
        """Nothing is left of the cell before, whatever became of it."""
        self.sim.faults.clear()
        traps.disarm()
        self.errors.found.clear()
        # Its limits are not what this is about, but for the answer that names one.
        plenty = (
            "minute_limit = 1000000, minute_left = 1000000, day_limit = 1000000, day_left = 1000000"
        )
        self.sql(
            f"UPDATE exact_budget SET {plenty}, error_limit = 1000000, series_limit = 1000000,"
            " minute_end = NULL, day_end = NULL, hold_until = NULL"
        )
        self.sql("DELETE FROM exact_budget_error")
        self.sql("UPDATE exact_token SET retry_on = NULL")
        self.sql("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'utc' + interval '15 minutes'")
        self.sql("DELETE FROM ir_cron_trigger")
        if "queue_job" in self._times():
            self.sql("DELETE FROM queue_job")
        self.sql(
            "UPDATE exact_exchange SET state = 'cancelled', to_read = false"
            " WHERE state IN ('pending', 'sending', 'waiting', 'unclear') OR to_read"
        )

    def quiet(self):
        """Wait until Exact has done what it was asked, also by those who are gone."""
        deadline = time.monotonic() + 5
        time.sleep(0.02)
        while self._busy and time.monotonic() < deadline:
            time.sleep(0.02)

    def post(self, path, values):
        """Control Exact."""
        import requests

        answer = requests.post(f"{self.sim.url}/_sim/{path}", json=values, timeout=20)
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def rows(self, resource):
        """What Exact has."""
        country = self.sim.countries["nl"]
        with country.lock:
            return list(country.divisions[DIVISION].table(resource).rows.values())

    # === ODOO === #

    @contextlib.contextmanager
    def env(self, user=ADMIN):
        """An environment on a cursor of its own, committed at the end."""
        from odoo.api import Environment

        with self.registry.cursor() as cr:
            yield Environment(cr, user, {"lang": "en_US"})

    @property
    def registry(self):
        """Odoo's registry of this database."""
        from odoo.modules.registry import Registry

        return Registry(self.db)

    def sql(self, statement, *values):
        """One statement in the database, on a connection of its own.

        :raises psycopg2.errors.LockNotAvailable: somebody holds a lock while he waits for Exact: never to be
        """
        with_limit = f"SET lock_timeout = '20s'; {statement}"
        return self.server.execute(with_limit, *values, database=self.db)

    def fork(self, work):
        """Start a worker of its own."""
        from odoo.sql_db import close_all

        close_all()
        return Child(work)

    @contextlib.contextmanager
    def wrong_clock(self, seconds):
        """This server's clock is so far ahead; the database's and Exact's are right."""
        import datetime as real

        from odoo import fields

        from odoo.addons.exact_connector import clock
        from odoo.addons.exact_connector.client import limits

        ahead = real.timedelta(seconds=seconds)
        now, utc_now, passed = fields.Datetime.now, limits.utc_now, time.time
        with contextlib.ExitStack() as stack:
            for owner, name, value in (
                (fields.Datetime, "now", staticmethod(lambda *_args: now() + ahead)),
                (limits, "utc_now", lambda: utc_now() + ahead),
                (clock, "system_time", lambda: passed() + seconds),
            ):
                stack.enter_context(patch.object(owner, name, value))
            yield

    def pass_time(self, seconds):
        """So much time passes, in Odoo and in the database alike."""
        for table, columns in self._times().items():
            changes = ", ".join(
                f"{name} = {name} - interval '{seconds} seconds'" for name in columns
            )
            self.sql(f"UPDATE {table} SET {changes}")
        if "queue_job" in self._times():
            # A job for a moment is known by that moment.
            self.sql(
                "UPDATE queue_job SET identity_key = regexp_replace(identity_key,"
                r" '\d{4}-\d\d-\d\d .*$', to_char(eta, 'YYYY-MM-DD HH24:MI:SS')) WHERE eta IS NOT NULL"
            )

    def _times(self):
        if not hasattr(self, "_known_times"):
            there = {row[0] for row in self.sql("SELECT tablename FROM pg_tables")}
            self._known_times = {table: names for table, names in TIMES.items() if table in there}
        return self._known_times

    # === SET-UP === #

    def _connect(self):
        with self.env() as env:
            env["ir.config_parameter"].set_param("exact_connector.practice_url", self.sim.url)
            env["ir.cron"].search([("active", "=", True)]).active = False
            env.ref(CRON).active = True
            redirect = env["exact.authorization"]._get_redirect_uri()
            self.post("app", {"client_id": APP[0], "redirect_uri": redirect})
            env["exact.authorization"].create(
                {"country": "practice", "client_id": APP[0], "client_secret": APP[1]}
            )
        with self.env() as env:
            company = env.ref("base.main_company")
            connection = env["exact.connection"].create(
                {
                    "company_id": company.id,
                    "authorization_id": env["exact.authorization"].search([]).id,
                    "start_date": "2020-01-01",
                    "import_contacts": True,
                    "update_customers": True,
                }
            )
            self._reconnect(env, connection)
            connection.division_id = connection.authorization_id.division_ids.filtered(
                lambda division: division.code == DIVISION
            )
            connection._refresh_reference_data()
            connection.default_item_id = self._exact(env, connection, "exact.item", "ALG")
            connection.write({"invoicing": True, "attach_pdf": False})
            connection.write(
                {name: "odoo" for name in connection._fields if name.endswith("_winner")}
            )
            self.tax = env["account.tax"].search(
                [("name", "=", "21% ST"), ("company_id", "=", company.id)], limit=1
            )
            self.tax.exact_vat_code_id = self._exact(env, connection, "exact.vat.code", "2")
            self.item = self._exact(env, connection, "exact.item", "UREN").id
            self.tax, self.connection = self.tax.id, connection.id
            groups = env.ref("account.group_account_invoice") | env.ref(
                "exact_connector.group_exact_user"
            )
            self.other = (
                env["res.users"]
                .create({"name": "Other", "login": "other", "group_ids": groups.ids})
                .id
            )
        # One look at the customers, so that runs after it ask for what is new only.
        with self.env() as env:
            for kind in ("customer_import", "payment_sync"):
                env["exact.exchange"]._enqueue_run(
                    env["exact.connection"].browse(self.connection), kind
                )._drive()

    def _exact(self, env, connection, model, code):
        return env[model].search([("connection_id", "=", connection.id), ("code", "=", code)])

    def _reconnect(self, env, connection):
        answer = self.post(
            "grant",
            {
                "client_id": APP[0],
                "login": LOGIN,
                "redirect_uri": env["exact.authorization"]._get_redirect_uri(),
            },
        )
        connection._after_connect(connection.authorization_id._connect(answer["code"]))

    def reconnect(self):
        """A person connects again."""
        with self.env() as env:
            self._reconnect(env, self.of(env))

    def of(self, env):
        """The connection."""
        return env["exact.connection"].browse(self.connection)

    # === RECORDS === #

    def customer(self, env, known=True):
        """A new customer, or the one that Exact has already."""
        if known and self.known:
            return env["res.partner"].browse(self.known)
        self.number += 1
        partner = env["res.partner"].create(
            {
                "name": f"Klant {self.number} {os.urandom(4).hex()}",
                "is_company": True,
                "street": "Dam 1",
                "country_id": env.ref("base.nl").id,
            }
        )
        if known:
            row = self.rows("crm/Accounts")[0]
            self.known = partner.id
            partner.write(
                {"exact_account_id": row["ID"], "exact_account_code": row["Code"].strip()}
            )
        return partner

    def _lines(self, env, **values):
        line = {
            "name": "Advies",
            "quantity": 1,
            "price_unit": 100.0,
            "tax_ids": [(6, 0, [self.tax])],
        }
        return [(0, 0, {**line, **values})]

    def invoice(self, env, partner):
        """A posted invoice that the customer has; those of the known customer are made some at a time."""
        if partner.id != self.known:
            return self._invoices(env, partner, 1)
        if not self.stock:
            self.stock = self._invoices(env, partner, STOCK).ids
        return env["account.move"].browse(self.stock.pop())

    def _invoices(self, env, partner, count):
        values = {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "invoice_date": env.cr.now().date(),
            "invoice_line_ids": self._lines(env),
        }
        moves = env["account.move"].create([values] * count)
        moves.action_post()
        moves.is_move_sent = True
        return moves

    def draft(self, env, partner):
        """A draft that Exact is to make the invoice of."""
        lines = self._lines(
            env, exact_item_id=self.item, product_uom_id=env.ref("uom.product_uom_hour").id
        )
        return env["account.move"].create(
            {
                "move_type": "out_invoice",
                "journal_id": self.of(env).invoice_odoo_journal_id.id,
                "partner_id": partner.id,
                "invoice_date": env.cr.now().date(),
                "invoice_line_ids": lines,
            }
        )
