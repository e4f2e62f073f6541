"""One Odoo with several workers and one local Exact Online for all tests of this folder."""

import pytest
from demo_parts.job import CLIENT_ID, Job

from harness import OdooServer, Postgres, Simulator


@pytest.fixture(scope="session")
def simulator():
    """The local Exact Online."""
    with Simulator(seed="demo", accounts=20) as running:
        yield running


@pytest.fixture(scope="session")
def odoo(simulator):
    """A real Odoo with worker processes, connected and mapped; scheduled actions run when a test says so."""
    with Postgres() as server:
        params = {"exact_connector.practice_url": simulator.url}
        with OdooServer(server, params=params, workers=4, cron=False) as running:
            job = Job(running, simulator)
            job.connect()
            job.map()
            yield running
            errors = [line for line in running.log_errors() if "bad query" not in line]
            assert not errors


@pytest.fixture(autouse=True)
def quiet_exact(simulator):
    """No fault of the test before."""
    simulator.delete("/_sim/faults")
    yield
    simulator.delete("/_sim/faults")
    assert CLIENT_ID in str(simulator.get("/_sim/info"))
