"""The embedded database server, the ports, and the closing words of a test run."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import run_tests

import harness
from provisioning.common import ProvisionError

TOOLS = Path(harness.__file__).resolve().parent

SESSION = """
import sys
sys.path.insert(0, sys.argv[1])
from provisioning.postgres import Postgres
with Postgres() as server:
    server.create(server.name("x"))
    print(server.databases()[0], server.environment["PGHOST"], flush=True)
    sys.stdin.readline()
    server.drop(server.name("x"))
    print(len(server.databases()), flush=True)
"""


@pytest.fixture
def caches(tmp_path):
    """Folders for the caches of two copies; their servers' files are removed wherever they lie."""
    folders = [tmp_path / "one", tmp_path / "two"]
    yield folders
    for folder in folders:
        subprocess.run(
            [sys.executable, "-c", REMOVE, str(TOOLS)], env=variables(folder), check=True
        )


REMOVE = """
import sys
sys.path.insert(0, sys.argv[1])
from provisioning.postgres import Embedded
server = Embedded()
server.remove()
assert not server.home.exists()
"""


def variables(cache: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return {**kept, "EXACT_CACHE": str(cache)}


def start(cache: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", SESSION, str(TOOLS)],
        env=variables(cache),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def first_words(process: subprocess.Popen) -> list[str]:
    line = next(line for line in process.stdout if line.startswith("exact_"))
    return line.split()


def test_two_copies_have_databases_of_their_own_at_once(caches):
    copies = [start(cache) for cache in caches]
    try:
        (name1, socket1), (name2, socket2) = map(first_words, copies)
        assert name1 != name2
        assert socket1 != socket2
        for copy in copies:
            copy.stdin.write("\n")
            copy.stdin.flush()
        assert [copy.stdout.readline().strip() for copy in copies] == ["0", "0"]
    finally:
        for copy in copies:
            copy.stdin.close()
            copy.wait(30)
    assert not (Path(socket1) / ".s.PGSQL.5432").exists(), "the last to leave stops the server"


def test_server_stays_while_another_process_of_the_checkout_uses_it(caches):
    first = start(caches[0])
    _name, folder = first_words(first)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from provisioning.postgres import Postgres\n"
        "with Postgres() as server: print(len(server.databases()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(TOOLS)],
        env=variables(caches[0]),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "1"
    assert (Path(folder) / ".s.PGSQL.5432").exists()
    first.communicate("\n", timeout=30)
    assert not (Path(folder) / ".s.PGSQL.5432").exists()


def test_server_that_pg_variables_name_is_checked_in_one_line(tmp_path):
    environment = {
        **os.environ, "PGHOST": "127.0.0.1", "PGPORT": "9", "EXACT_CACHE": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, TOOLS / "with_postgres.py", "true"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: the PostgreSQL server of your PG* variables")
    assert len(done.stderr.splitlines()) == 1


def test_taken_port_is_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(ProvisionError, match=f"port {number} is taken"):
            harness.free_port(number)
    assert harness.free_port() > 0


def test_server_that_does_not_come_up_shows_its_log(tmp_path, monkeypatch):
    simulator = harness.Simulator(log=tmp_path / "log", journal=tmp_path / "j")
    monkeypatch.setattr(
        simulator, "_command", lambda: [sys.executable, "-c", "raise SystemExit('no luck')"]
    )
    with pytest.raises(harness.ServerError, match="no luck"):
        simulator.start_process(20)
    assert not simulator.running


# -- the test run ------------------------------------------------------------------------------
REPORT = """<testsuites><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10"/>
</testsuites>"""


def test_closing_line_counts_all_stages(tmp_path):
    path = tmp_path / "x.xml"
    path.write_text(REPORT)
    first = run_tests.Stage("addon", 2.0, True, run_tests.read_report(path))
    second = run_tests.Stage("product", 1.5, False, {"passed": 5})
    line = run_tests.closing_line([first, second], 3.5)
    assert line.strip("= ") == "2 failed, 9 passed, 3 skipped, 1 error in 3.50s"


def test_closing_line_without_tests_says_so():
    assert "no tests ran" in run_tests.closing_line([run_tests.Stage("lint", 1.0)], 1.0)


def test_failed_stage_shows_in_the_table():
    text = run_tests.table([run_tests.Stage("lint", 1.0, True), run_tests.Stage("plain", 2.0)])
    assert "FAILED" in text.splitlines()[2]
    assert "ok" in text.splitlines()[3]


def test_stage_stopped_by_provisioning_has_failed(monkeypatch, capsys):
    def stopped(_stage, _server):
        raise ProvisionError("no disk")

    monkeypatch.setitem(run_tests.STAGES, "addon", stopped)
    assert run_tests.run_stage("addon", None).failed
    assert "error: no disk" in capsys.readouterr().out


def test_unknown_stage_is_refused(capsys):
    assert run_tests.main(["nonsense"]) == 2
    assert "no stage nonsense" in capsys.readouterr().err


def test_stages_side_by_side_print_one_after_the_other(monkeypatch, capfd):
    def speak(stage, _server):
        for number in range(2):
            assert stage.call([sys.executable, "-c", f"print('{stage.name} {number}')"])
        stage.failed = not stage.call([sys.executable, "-c", f"raise SystemExit({stage.failed})"])

    def stop(stage, server):
        speak(stage, server)
        raise ProvisionError("no space")

    for name, work in (("lint", stop), ("database", speak), ("plain", speak)):
        monkeypatch.setitem(run_tests.STAGES, name, work)
    stages = run_tests.side_by_side(["lint", "database", "plain"], None)
    assert [(stage.name, stage.failed) for stage in stages] == [
        ("lint", True),
        ("database", False),
        ("plain", False),
    ]
    lines = [line for line in capfd.readouterr().out.splitlines() if line and line[:2] != "=="]
    assert lines == [
        *("plain 0", "plain 1"),
        *("lint 0", "lint 1", "error: no space"),
        *("database 0", "database 1"),
    ]


def test_other_addons_are_tested_with_all_of_them_there_and_need_no_tests(tmp_path, monkeypatch):
    runs = []
    names = ["exact_connector", "exact_connector_a", "exact_connector_b", "exact_connector_queue"]
    monkeypatch.setattr(run_tests, "addons", lambda: [tmp_path / name for name in names])
    monkeypatch.setattr(
        run_tests,
        "on_template",
        lambda _stage, _server, places, layer: runs.append((layer, places)),
    )
    places = [tmp_path / name / "tests" for name in names]
    for place in (places[0], *places[2:]):
        place.mkdir(parents=True)
        (place / "test_x.py").write_text("")
    run_tests.addon(run_tests.Stage("addon"), None)
    assert runs == [("template", [places[0]]), ("full", [places[2]]), ("queue", [places[3]])]
