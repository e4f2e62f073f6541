"""Proof of truth: a public client of the real service, unchanged, works against the simulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from exact_simulator.tests.service import running

ROOT = Path(__file__).resolve().parents[2]


def compat_python() -> Path | None:
    """The interpreter of the venv that holds the public client, or None."""
    cache = Path(os.environ.get("EXACT_CACHE") or ROOT / ".cache")
    python = (ROOT / cache) / "venv-compat" / "bin" / "python"
    return python if python.exists() else None


@pytest.fixture(scope="module")
def seen():
    if sys.version_info < (3, 11):
        pytest.skip("exactpy itself needs Python 3.11 (enum.StrEnum)")
    python = compat_python()
    if python is None:
        line = "the venv of the public client is not there: run `make provision`"
        if os.environ.get("CI"):
            pytest.fail(line)
        pytest.skip(line)
    with running(accounts=250) as sim:
        number = len(sim.countries["nl"].divisions[1001].table("crm/Accounts"))
        command = [str(python), str(ROOT / "tools" / "compat_exactpy.py"), sim.url]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=180)
        assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-4000:]
        items = sorted(
            row["Code"] for row in sim.countries["nl"].divisions[1001].table("logistics/Items")
        )
        yield {**json.loads(ended.stdout.splitlines()[-1]), "expected": number, "catalogue": items}


def test_exactpy_logs_in_and_reads_me_divisions_and_journals_as_its_models(seen):
    assert seen["division"] == 1001
    assert seen["full_name"] == "Bo de Boer"
    assert seen["divisions"] == [1001, 1002]
    assert {"10", "20", "70"} <= set(seen["journals"])
    assert seen["limit_seen"] == 5000


def test_exactpy_pages_through_250_accounts(seen):
    assert seen["accounts"] == seen["expected"] >= 250
    assert set(seen["pages"][:-1]) == {60}


def test_exactpy_filters_and_orders(seen):
    assert seen["filtered_by_code"]
    assert seen["filtered_by_status"]
    assert seen["ordered"]


def test_exactpy_reads_items(seen):
    assert seen["items"] == seen["catalogue"]


def test_an_account_is_created_with_exactpys_session_and_read_back(seen):
    assert seen["created_status"] == 201
    assert seen["read_back"]
