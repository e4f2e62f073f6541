"""Every check of the product, in stages: `python tools/run_tests.py [lint] [plain] [database] [addon] [product]`.

Stages that keep one core busy run at the same time. All run even if one fails, so that one run tells everything;
the exit code is 0 only if all passed. The last line is pytest's closing line with the counts of all together.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

sys.path.insert(0, str(Path(__file__).resolve().parent))

import dev
import requirements_table

from provisioning import chromium, python, template
from provisioning.common import (
    CACHE,
    ROOT,
    VENV,
    ProvisionError,
    addons,
    end_with_parent,
    in_ci,
    say,
)
from provisioning.postgres import Postgres

REPORTS = CACHE / "reports"
TRAFFIC = CACHE / "traffic"
PYTHON = str(VENV / "bin" / "python")
GUARDED = ("exact_simulator", "tools")  # beside the add-ons, what bandit looks through
LONGEST = 45 * 60  # seconds for one program; it hangs if it takes longer


@dataclass
class Stage:
    """What becomes of a stage; what it prints goes to `output`, or to the terminal."""

    name: str
    seconds: float = 0.0
    failed: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    note: str = ""
    output: TextIO | None = None

    def say(self, text: str) -> None:
        """Print one line at once."""
        print(text, file=self.output, flush=True)

    def call(self, command: list, **variables: str) -> bool:
        """Run a program with its output shown; whether it found everything in order."""
        words = [str(part) for part in command]
        try:
            done = subprocess.run(
                words,
                cwd=ROOT,
                env=environment(**variables),
                stdin=subprocess.DEVNULL,
                stdout=self.output,
                stderr=self.output and subprocess.STDOUT,
                check=False,
                preexec_fn=end_with_parent,
                timeout=LONGEST,
            )
        except subprocess.TimeoutExpired:
            name = f"{Path(words[0]).name} {words[2]}"
            self.say(f"error: given up after {LONGEST // 60} minutes: {name}")
            return False
        return done.returncode == 0


def environment(**more: str) -> dict[str, str]:
    """Variables for a stage's programs."""
    variables = {
        **os.environ,
        "PATH": f"{VENV / 'bin'}:{os.environ['PATH']}",
        "EXACT_TRAFFIC_DIR": str(TRAFFIC),
        "PYTHONPATH": str(ROOT),
    }
    variables.pop("ODOO_RC", None)
    return {**variables, **more}


def read_report(path: Path) -> dict[str, int]:
    """Counts of a pytest report; the names are those of pytest's closing line."""
    if not path.exists():
        return {}
    totals = {"failed": 0, "passed": 0, "skipped": 0, "error": 0}
    for suite in ElementTree.parse(path).iter("testsuite"):
        number = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
        totals["failed"] += number["failures"]
        totals["error"] += number["errors"]
        totals["skipped"] += number["skipped"]
        totals["passed"] += (
            number["tests"] - number["failures"] - number["errors"] - number["skipped"]
        )
    return totals


def pytest(stage: Stage, *arguments, report: str = "", **variables: str) -> None:
    """Run pytest and add its counts to the stage's; a run without any test has failed.

    :param report: name of the report, where the stage has more than one
    """
    report = REPORTS / f"{report or stage.name}.xml"
    report.unlink(missing_ok=True)
    command = [PYTHON, "-m", "pytest", f"--junitxml={report}", "--durations=8", *arguments]
    stage.failed |= not stage.call(command, **variables)
    for key, number in read_report(report).items():
        stage.counts[key] = stage.counts.get(key, 0) + number


def lint(stage: Stage, _server: Postgres | None) -> None:
    """Ruff on everything; bandit on what is no test; pylint-odoo and OCA's checks on the add-ons."""
    commands = [
        [PYTHON, "-m", "ruff", "check", "--quiet", "."],
        [PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."],
        [PYTHON, "-m", "bandit", "--quiet", "-c", "pyproject.toml", "-r", *GUARDED, *addons()],
    ]
    if addons():
        commands += [
            # a model's parts lie in several files, to keep each of them short
            [
                PYTHON,
                "-m",
                "pylint",
                "--rcfile=.pylintrc",
                "--disable=consider-merging-classes-inherited",
                *addons(),
            ],
            [VENV / "bin" / "oca-checks-odoo-module", *addons()],
        ]
    for command in commands:
        name = " ".join(Path(part).name for part in command[:4] if part not in ("-m", PYTHON))
        if not stage.call(command):
            stage.say(f"  failed: {name}")
            stage.failed = True


def plain(stage: Stage, _server: Postgres | None) -> None:
    """The tests that need neither Odoo nor a database."""
    places = [
        path
        for path in (ROOT / "tests" / "client", ROOT / "exact_simulator" / "tests")
        if path.is_dir()
    ]
    python.ensure_public_client()
    places += sorted((ROOT / "tests").glob("test_*.py"))
    pytest(stage, *places)


def database(stage: Stage, _server: Postgres) -> None:
    """The templates that the stages after this one clone."""
    command = [PYTHON, ROOT / "tools" / "dev.py", "template"]
    stage.failed = not stage.call(command)
    layers = {template.layer_of(folder.name) for folder in addons()} - {"template"}
    for layer in sorted(layers):
        stage.failed |= not stage.call([*command, f"--{layer}"])


def addon(stage: Stage, server: Postgres) -> None:
    """The tests of each add-on, on the layer that it needs; `exact_connector` first, on its own."""
    layers = {}
    for folder in addons():
        if list((folder / "tests").rglob("test_*.py")):
            layers.setdefault(template.layer_of(folder.name), []).append(folder / "tests")
    for layer, places in layers.items():
        on_template(stage, server, places, layer=layer)


def on_template(stage: Stage, server: Postgres, places: list[Path], *, layer: str) -> None:
    """Run add-ons' tests on a clone of a template."""
    source = template.ensure(server, layer=layer)
    clone = server.clone(source, server.name(f"run_{os.getpid()}_addon"))
    arguments = dev.pytest_arguments(clone)[3:]
    path = f"{server.programs()}:{VENV / 'bin'}:{os.environ['PATH']}"
    if shutil.which("createdb", path=path):
        # each worker has a copy of the database, which pytest-odoo makes; classes are not torn apart
        arguments += two_workers("loadscope")
    report = {"template": "addon", "full": "glue"}.get(layer, layer)
    try:
        pytest(stage, *arguments, *places, report=report, **server.environment, PATH=path)
    finally:
        server.drop(clone)


def two_workers(together: str) -> list[str]:
    """Arguments for pytest to use two cores where there are two; `together` is what one worker gets whole.

    The order is that of the root's conftest.py: the longest first, not what has the most tests.
    """
    if (os.cpu_count() or 1) < 2:
        return []
    return ["-n", "2", "--dist", together, "--no-loadscope-reorder"]


def product(stage: Stage, server: Postgres) -> None:
    """The tests of the whole product: real server, real browser."""
    apart = {"client"}
    folders = [
        path
        for path in sorted((ROOT / "tests").iterdir())
        if path.is_dir() and path.name not in apart and list(path.rglob("test_*.py"))
    ]
    if not folders:
        stage.note = "no tests"
        return
    if not chromium.found():
        stage.note = "without browser: no Chromium"
        if in_ci():
            raise ProvisionError("no Chromium for the browser tests")
    template.ensure(server)
    # each file has servers and a browser of its own
    pytest(stage, *two_workers("loadfile"), *folders, **server.environment)


STAGES = {
    "lint": lint,
    "plain": plain,
    "database": database,
    "addon": addon,
    "product": product,
}
# the last one is the longest, and the one to watch
AT_ONCE = ("lint", "database", "plain")
WITH_DATABASE = ("database", "addon", "product")


def run_stage(name: str, server: Postgres | None, output: TextIO | None = None) -> Stage:
    """Run one stage; what stands in its way is a failure of that stage."""
    stage = Stage(name, output=output)
    began = time.monotonic()
    stage.say(f"\n== {name} " + "=" * (90 - len(name)))
    try:
        STAGES[name](stage, server)
    except ProvisionError as error:
        stage.say(f"error: {error}")
        stage.failed = True
    stage.seconds = time.monotonic() - began
    return stage


def side_by_side(names: list[str], server: Postgres | None) -> list[Stage]:
    """Run stages at the same time; the last one is seen at work, what the others print comes when they are done."""
    *behind, front = names
    with contextlib.ExitStack() as files, ThreadPoolExecutor(len(names)) as pool:
        outputs = [files.enter_context(tempfile.TemporaryFile("w+")) for _name in behind]
        others = [
            pool.submit(run_stage, name, server, output)
            for name, output in zip(behind, outputs, strict=True)
        ]
        seen = run_stage(front, server)
        stages = []
        for other, output in zip(others, outputs, strict=True):
            stages.append(other.result())
            output.seek(0)
            print(output.read(), end="", flush=True)
    return [*stages, seen]


def closing_line(stages: list[Stage], seconds: float) -> str:
    """pytest's closing line for all stages together."""
    totals: dict[str, int] = {}
    for stage in stages:
        for key, number in stage.counts.items():
            totals[key] = totals.get(key, 0) + number
    words = [
        f"{totals[key]} {key}{'s' if key == 'error' and totals[key] > 1 else ''}"
        for key in ("failed", "passed", "skipped", "error")
        if totals.get(key)
    ]
    return f" {', '.join(words) or 'no tests ran'} in {seconds:.2f}s ".center(80, "=")


def table(stages: list[Stage]) -> str:
    """The stages with their times and counts."""
    lines = ["", f"  {'stage':10} {'time':>8}  {'passed':>7} {'failed':>7} {'skipped':>8}"]
    for stage in stages:
        counts = stage.counts
        numbers = (
            f"{counts.get('passed', 0):7} {counts.get('failed', 0) + counts.get('error', 0):7} "
            f"{counts.get('skipped', 0):8}"
            if counts
            else " " * 24
        )
        words = ["FAILED"] if stage.failed else ["ok"]
        words += [stage.note] if stage.note else []
        lines.append(f"  {stage.name:10} {stage.seconds:6.1f} s  {numbers}  {', '.join(words)}")
    return "\n".join(lines)


def main(names: list[str]) -> int:
    """Run the stages named, all by default."""
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        print(f"error: no stage {unknown[0]}; there are {', '.join(STAGES)}", file=sys.stderr)
        return 2
    wanted = [name for name in STAGES if name in names or not names]
    REPORTS.mkdir(parents=True, exist_ok=True)
    if not names:
        shutil.rmtree(TRAFFIC, ignore_errors=True)
    TRAFFIC.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    at_once = [name for name in AT_ONCE if name in wanted]
    with contextlib.ExitStack() as stack:
        server = None
        if set(wanted) & set(WITH_DATABASE):
            server = stack.enter_context(Postgres())
            server.sweep()
        stages = side_by_side(at_once, server) if at_once else []
        stages += [run_stage(name, server) for name in wanted if name not in at_once]
    say(table(stages))
    if not names:
        say(requirements_table.summary(requirements_table.write(REPORTS)))
    say(closing_line(stages, time.monotonic() - began))
    return int(any(stage.failed for stage in stages))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
