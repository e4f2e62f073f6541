"""Makes ``exact_connector.client`` importable without Odoo, and gives a server of exact answers."""

import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

for folder in (str(ROOT), str(Path(__file__).parent)):
    if folder not in sys.path:
        sys.path.insert(0, folder)
if "exact_connector" not in sys.modules:
    # The add-on's own __init__ imports Odoo; the client does not need it.
    package = types.ModuleType("exact_connector")
    package.__path__ = [str(ROOT / "exact_connector")]
    sys.modules["exact_connector"] = package

from wire import Wire  # noqa: E402


@pytest.fixture
def wire():
    server = Wire()
    yield server
    server.stop()


@pytest.fixture
def client(wire):
    from exact_connector.client import ExactClient

    with ExactClient(wire.url, 1001, lambda rejected=None: "token-1", timeout=5) as client:
        yield client
