"""What the tests of the service side start from; a file sets ``ACCOUNTS_SEEDED`` for more customers."""

from __future__ import annotations

import pytest

from exact_simulator.tests.service import Practice, running


@pytest.fixture(scope="module")
def simulator():
    """One running simulator for a file."""
    with running() as sim:
        yield sim


@pytest.fixture
def nl(simulator, request):
    """A client of the Netherlands, all state fresh."""
    simulator.reset(accounts=getattr(request.module, "ACCOUNTS_SEEDED", 5))
    return Practice(simulator)


@pytest.fixture
def token(nl):
    """An access token of the bookkeeper."""
    return nl.connect()["access_token"]
