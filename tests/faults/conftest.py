"""The worlds of the matrix, one for each driver, and its table."""

import os

import pytest

from harness import Postgres
from tests.faults import table
from tests.faults.drivers import DRIVERS
from tests.faults.world import World

_worlds = {}


@pytest.fixture(scope="session")
def _server():
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def worlds(_server):
    """Gives the world of a driver, made at first use."""

    def world(name):
        if name not in _worlds:
            made = World(_server, DRIVERS[name]())
            made.__enter__()
            _worlds[name] = made
        return _worlds[name]

    yield world
    for made in _worlds.values():
        made.__exit__()
    _worlds.clear()


def pytest_runtest_logreport(report):
    """Gather the cells, from the processes that share the work too."""
    for name, value in report.user_properties:
        if name == "cell":
            table.keep(*value)


def pytest_sessionfinish(session):
    """The table of what was tried."""
    if os.environ.get("EXACT_FAULTS") and not hasattr(session.config, "workerinput"):
        table.write()
