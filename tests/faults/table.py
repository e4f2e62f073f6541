"""The matrix as a table: steps down, troubles across, one for each driver."""

import os

from provisioning.common import ROOT
from tests.faults.drivers import DRIVERS
from tests.faults.steps import STEPS
from tests.faults.troubles import TROUBLES

RESULTS: dict[tuple[str, str, str], list[str]] = {}


def keep(driver, step, trouble, wrong):
    """Note a cell."""
    RESULTS[driver, step, trouble] = wrong


def lines(driver) -> list[str]:
    """One driver's table, in Markdown."""
    columns = [name for name in TROUBLES if any((driver, s, name) in RESULTS for s in STEPS)]
    found = [f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for step in STEPS.values():
        if not any((driver, step.name, name) in RESULTS for name in columns):
            continue
        cells = []
        for name in columns:
            wrong = RESULTS.get((driver, step.name, name))
            if not TROUBLES[name].concerns(step):
                cells.append("-")
            else:
                cells.append(
                    "" if wrong is None else "ok" if not wrong else "**" + "; ".join(wrong) + "**"
                )
        found.append(f"| {step.name} | {' | '.join(cells)} |")
    return found


def text() -> str:
    """All tables, with the counts."""
    good = sum(not wrong for wrong in RESULTS.values())
    parts = [f"{len(RESULTS)} cells, {good} ok, {len(RESULTS) - good} not."]
    for driver in DRIVERS:
        if any(key[0] == driver for key in RESULTS):
            parts += ["", f"## Driver: {driver}", "", *lines(driver)]
    return "\n".join(parts) + "\n"


def write() -> None:
    """Print the tables; keep them where the whole matrix was run."""
    if not RESULTS:
        return
    print("\n" + text())
    if os.environ.get("EXACT_FAULTS") == "all":
        head = (ROOT / "tests" / "faults" / "head.md").read_text()
        (ROOT / "docs").mkdir(exist_ok=True)
        (ROOT / "docs" / "faults.md").write_text(f"{head}\n{text()}")
