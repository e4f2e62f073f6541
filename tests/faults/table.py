"""The matrix as a table: steps down, troubles across, one for each driver."""

import os

from provisioning.common import ROOT
from tests.faults.drivers import DRIVERS
from tests.faults.steps import STEPS
from tests.faults.troubles import TROUBLES

PAGE = ROOT / "docs" / "faults.md"
SOAK = "\n## A soak"
SOAK_WORDS = """Documents of many customers, four workers, people who press the button on the same documents, the
scheduled action beside them, and troubles set up by chance all along, until all is in Exact: `tests/soak`."""
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
        PAGE.write_text(f"{head}\n{text()}{_soak()}")


def _soak() -> str:
    """What the page tells of the last soak."""
    page = PAGE.read_text() if PAGE.exists() else ""
    return page[page.index(SOAK) :] if SOAK in page else ""


def write_soak(report) -> None:
    """Put the figures of a soak in the place of those before.

    :param report: list of (what, figure)
    """
    page = PAGE.read_text().removesuffix(_soak())
    rows = "".join(f"| {name} | {value:,} |\n" for name, value in report)
    PAGE.write_text(f"{page}{SOAK}\n\n{SOAK_WORDS}\n\n| What | Figure |\n|---|---|\n{rows}")
