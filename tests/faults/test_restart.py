"""What needs more than one call: two batches that want the same customer, and a database server that is restarted."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from provisioning import postgres, template
from tests.faults import cell, traps
from tests.faults.drivers import Cron
from tests.faults.steps import STEPS
from tests.faults.steps.entries import AccountLookUp
from tests.faults.world import World, start_odoo


@pytest.mark.parametrize("trouble", ["", "drop_after"])
def test_r56_customer_wanted_by_two_batches_at_once_is_made_once(worlds, trouble):
    """Two people send an invoice each to the same new customer; also where the first answer is lost."""
    world = worlds("cron")
    world.fresh()
    subject = STEPS["customer look-up"].prepare(world)
    with world.env() as env:
        other = world.invoice(env, env["res.partner"].browse(subject.partner)).id
    world.sim.faults.add(kind="delay", method="POST", path="crm/Accounts$", seconds=0.3, times=0)
    if trouble:
        world.sim.faults.add(kind=trouble, method="POST", path="crm/Accounts$")

    def press(user, move):
        from odoo.service.model import retrying

        with world.env(user) as env:
            button = env["account.move"].browse(move).action_exact_create_sales_entry
            retrying(button, env)

    workers = [
        world.fork(lambda: press(2, subject.move)),
        world.fork(lambda: press(world.other, other)),
    ]
    assert [worker.wait()[1] for worker in workers] == ["", ""]
    world.quiet()
    world.sim.faults.clear()
    for seconds in (0, *cell.PATIENCE[:6]):
        world.pass_time(seconds)
        world.driver.run_due(world)
    assert AccountLookUp().count(world, subject) == 1
    with world.env() as env:
        moves = env["account.move"].browse([subject.move, other])
        assert moves.mapped("exact_state") == ["done", "done"]
        names = moves.mapped("name")
    booked = [row["YourRef"] for row in world.rows("salesentry/SalesEntries")]
    assert [booked.count(name) for name in names] == [1, 1]


@pytest.fixture(scope="module")
def own(_server):
    """A world on a database server of its own, which may be restarted; filled from the template."""
    if os.environ.get("EXACT_FAULTS", "") in ("", "none"):
        pytest.skip("takes half a minute: only with make faults")
    source = template.ensure(_server)
    with OwnServer() as server, tempfile.NamedTemporaryFile() as dump:
        programs = server.embedded.install / "bin"
        environment = {**os.environ, **_server.environment}
        command = [programs / "pg_dump", "--format=custom", "--compress=0", "-f", dump.name, source]
        subprocess.run(command, env=environment, check=True)
        server.create(source)
        environment |= server.environment
        command = [programs / "pg_restore", "--no-owner", "-d", source, dump.name]
        subprocess.run(command, env=environment, check=True)
        close_all(_server)
        with World(server, Restarted(), source) as world:
            yield world
        close_all(_server)


class Restarted(Cron):
    """The scheduler on that server; the database has a name of its own."""

    name = "restart"


class OwnServer(postgres.Postgres):
    """A cluster that nobody else works with, gone afterwards."""

    def __enter__(self):
        self.embedded = postgres.Embedded()
        self.folder = Path(tempfile.mkdtemp(prefix="exact-own-pg-"))
        self.folder.chmod(0o755)
        self.embedded.home = self.folder
        self.embedded.data = self.folder / "data"
        self.embedded.log = self.folder / "server.log"
        self.embedded.socket = self.folder / "s"
        self.embedded.start()
        self.environment = {"PGHOST": str(self.embedded.socket), "PGUSER": postgres.USER}
        return self

    def __exit__(self, *_exc):
        self.embedded.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def close_all(server):
    """Let go of every connection of this process, and go on with this server."""
    from odoo.sql_db import close_all

    close_all()
    start_odoo(server)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", ["entry POST", "customer POST", "document POST", "invoice print"])
def test_r56_database_server_restarted_while_exact_is_asked(own, name, moment):
    """The server is really stopped and started; the worker loses what it was about to note."""
    step = STEPS[name]
    own.fresh()
    subject = step.prepare(own)

    def restart():
        own.server.embedded.stop()
        own.server.embedded.start()

    traps.arm(traps.Trap(step.method, step.path, moment, restart))
    try:
        own.fork(lambda: own.driver.run_due(own)).wait()
    finally:
        traps.disarm()
    with own.env() as env:
        assert "sending" in subject.all(env).mapped("state")
    for seconds in cell.PATIENCE:
        own.pass_time(seconds)
        own.driver.run_due(own)
    assert step.count(own, subject) == 1
    with own.env() as env:
        assert not step.check(env, subject)
