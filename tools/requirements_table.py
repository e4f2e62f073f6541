"""Which test proves which requirement: `python tools/requirements_table.py` prints the table and writes it as Markdown.

Made from the reports of the last test run; where one of them is missing, the tests are run first. A
test names its requirements at the beginning of its own name: `test_r10_...`, `test_r1_r8_...`. The
exit code is 1 where a requirement that is asked for has no test that passed, or one that failed.
"""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from requirement_titles import ASKED, TITLES

from provisioning.common import CACHE, ROOT, addons

REPORTS = CACHE / "reports"
# the reports of every run; "glue" has the tests of the add-ons beside exact_connector
STAGES = ("plain", "addon", "glue", "product")
NUMBERS = re.compile(r"^test_((?:[rw]\d{1,2}_)+)", re.IGNORECASE)


@dataclass
class Proof:
    """A requirement and its tests: (where, name, outcome), outcome "passed", "failed" or "skipped"."""

    number: str
    tests: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def result(self) -> str:
        """What the tests say together."""
        outcomes = {outcome for _where, _name, outcome in self.tests}
        if "failed" in outcomes:
            return "FAILED"
        if "passed" in outcomes:
            return "passed"
        if outcomes:
            return "skipped"
        return "NO TEST" if self.number in ASKED else "-"

    @property
    def is_lacking(self) -> bool:
        """Asked for, or tested, and not proven."""
        if self.result == "FAILED":
            return True
        return self.number in ASKED and self.result != "passed"


def numbers_of(name: str) -> list[str]:
    """The requirements that a test names: R10 of `test_r10_...`, R1 and R8 of `test_r1_r8_...`."""
    found = NUMBERS.match(name)
    parts = found[1].strip("_").split("_") if found else []
    return list(dict.fromkeys(f"{part[0].upper()}{int(part[1:])}" for part in parts))


def outcome_of(case: ElementTree.Element) -> str:
    """Outcome of a test in a report."""
    kinds = {part.tag for part in case}
    if kinds & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in kinds else "passed"


def collect(folder: Path = REPORTS) -> dict[str, Proof]:
    """The requirements in order, with the tests that the reports in `folder` hold of them."""
    proofs = {number: Proof(number) for number in TITLES}
    for stage in STAGES:
        report = folder / f"{stage}.xml"
        if not report.exists():
            continue
        for case in ElementTree.parse(report).iter("testcase"):
            name, outcome = case.get("name", ""), outcome_of(case)
            where = next(
                (part for part in case.get("classname", "").split(".") if part.startswith("test_")),
                stage,
            )
            for number in numbers_of(name):
                proofs.setdefault(number, Proof(number)).tests.append((where, name, outcome))
    return proofs


def summary(proofs: dict[str, Proof]) -> str:
    """The table in one line."""
    lacking = [proof.number for proof in proofs.values() if proof.is_lacking]
    proven = len(ASKED) - len([number for number in lacking if number in ASKED])
    line = f"  requirements: {proven} of {len(ASKED)} proven"
    return f"{line}; lacking: {', '.join(lacking)}" if lacking else line


def as_markdown(proofs: dict[str, Proof], made_on: str) -> str:
    """The table with every test."""
    lines = [
        "# Requirements and their tests",
        "",
        f"Made from the test run of {made_on}.{summary(proofs).replace('  requirements:', '')}.",
        "",
        "| No. | Requirement | Result | Tests |",
        "|---|---|---|---|",
    ]
    for proof in proofs.values():
        if proof.result == "-":
            continue
        tests = "<br>".join(
            f"{where}: `{name}`" + ("" if outcome == "passed" else f" **{outcome}**")
            for where, name, outcome in proof.tests
        )
        title = TITLES.get(proof.number, "")
        lines.append(f"| {proof.number} | {title} | {proof.result} | {tests} |")
    return "\n".join(lines) + "\n"


def as_text(proofs: dict[str, Proof]) -> str:
    """The table for a terminal: one line for each requirement, the tests of those that lack something."""
    lines = []
    for proof in proofs.values():
        if proof.result == "-":
            continue
        tests = f"{len(proof.tests)} tests" if len(proof.tests) != 1 else "1 test"
        title = TITLES.get(proof.number, "")
        lines.append(f"  {proof.number:4} {proof.result:8} {tests:>9}  {title}")
        if proof.is_lacking:
            lines += [
                f"         {outcome}: {where}::{name}"
                for where, name, outcome in proof.tests
                if outcome != "passed"
            ]
    return "\n".join(lines)


def made_on(folder: Path = REPORTS) -> str:
    """When the oldest of the reports was made."""
    times = [
        path.stat().st_mtime for path in (folder / f"{s}.xml" for s in STAGES) if path.exists()
    ]
    return f"{datetime.fromtimestamp(min(times)):%Y-%m-%d %H:%M}" if times else "never"


def write(folder: Path = REPORTS) -> dict[str, Proof]:
    """Write `requirements.md` beside the reports."""
    proofs = collect(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "requirements.md").write_text(as_markdown(proofs, made_on(folder)), encoding="utf-8")
    return proofs


def is_stale(folder: Path = REPORTS) -> bool:
    """Whether the code or a test was changed after the oldest report."""
    oldest = min((folder / f"{stage}.xml").stat().st_mtime for stage in STAGES)
    return any(
        path.stat().st_mtime > oldest
        for place in (*addons(), ROOT / "exact_simulator", ROOT / "tests")
        for path in place.rglob("*.py")
    )


def main(arguments: list[str]) -> int:
    """Print and write the table; `--again` runs the tests in any case."""
    missing = [stage for stage in STAGES if not (REPORTS / f"{stage}.xml").exists()]
    if missing or "--again" in arguments:
        print("the tests are run first", flush=True)
        subprocess.run([sys.executable, str(ROOT / "tools" / "run_tests.py")], check=False)
    proofs = write()
    print(as_text(proofs))
    print(summary(proofs))
    print(f"  from the test run of {made_on()}; every test by name: {REPORTS / 'requirements.md'}")
    if not missing and is_stale():
        print("  the code has changed since: `make requirements AGAIN=1` runs the tests anew")
    return int(any(proof.is_lacking for proof in proofs.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
