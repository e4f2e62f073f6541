"""What is looked after without running the product: pinned packages, exceptions from bandit, the list of threats."""

import ast
import re
from pathlib import Path

import pytest

from provisioning.common import ROOT, addons

PINNED = ROOT / "tools" / "requirements.txt"
THREATS = ROOT / "docs" / "security.md"

# The oldest version without a hole known to us, and the hole; for what reads strangers' data or guards secrets.
FLOORS = {
    "aiohttp": ("3.12.14", "CVE-2025-53643"),
    "babel": ("2.9.1", "CVE-2021-42771"),
    "certifi": ("2024.7.4", "CVE-2024-39689"),
    "cryptography": ("44.0.1", "CVE-2024-12797"),
    "flask": ("2.3.2", "CVE-2023-30861"),
    "fonttools": ("4.60.2", "CVE-2025-66034"),
    "gevent": ("23.9.0", "CVE-2023-41419"),
    "h11": ("0.16.0", "CVE-2025-43859"),
    "idna": ("3.7", "CVE-2024-3651"),
    "jinja2": ("3.1.6", "CVE-2025-27516"),
    "lxml": ("4.9.1", "CVE-2022-2309"),
    "lxml-html-clean": ("0.4.0", "CVE-2024-52595"),
    "oauthlib": ("3.2.2", "CVE-2022-36087"),
    "pillow": ("11.3.0", "CVE-2025-48379"),
    "pygments": ("2.15.0", "CVE-2022-40896"),
    "pypdf2": ("3.0.2", "CVE-2023-36464"),
    "pyyaml": ("5.4", "CVE-2020-14343"),
    "reportlab": ("3.6.13", "CVE-2023-33733"),
    "requests": ("2.32.4", "CVE-2024-47081"),
    "setuptools": ("78.1.1", "CVE-2025-47273"),
    "urllib3": ("2.6.3", "CVE-2026-21441"),
    "werkzeug": ("3.0.6", "CVE-2024-49767"),
}
# Held lower by Odoo 19's own limits; whoever runs Odoo gets these from its distribution, with its patches.
HELD_BY_ODOO = {
    "pypdf2": "a crafted PDF keeps a worker busy; the connector hands no PDF of Exact to it",
    "werkzeug": "a large upload takes memory; the debugger's hole needs the debugger, which Odoo does not run",
}


def pins():
    """(name, version) of every line of the list; a package may have one for each Python."""
    for line in PINNED.read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text and not line.startswith(" "):
            yield text.partition(";")[0].strip()


def number(version):
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0]))


def test_every_package_is_pinned_to_one_version():
    lines = list(pins())
    assert len(lines) > 100
    loose = [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*", line)]
    assert not loose


def test_no_pinned_package_has_a_hole_that_is_known_here():
    found = [line.split("==") for line in pins()]
    missing = set(FLOORS) - {name for name, _version in found}
    assert not missing, "not used any more: take it off the list"
    old = {name for name, version in found if name in FLOORS} & {
        name
        for name, version in found
        if name in FLOORS and number(version) < number(FLOORS[name][0])
    }
    assert old == set(HELD_BY_ODOO)


def sources():
    places = [*addons(), ROOT / "exact_simulator", ROOT / "tools"]
    return [file for place in places for file in place.rglob("*.py") if "tests" not in file.parts]


def test_each_exception_from_bandit_has_its_number_and_a_reason():
    found = []
    for file in sources():
        for line in file.read_text().splitlines():
            if re.search(r"#\s*nosec", line):
                found.append(line)
                assert re.search(r"# nosec B\d{3}(, B\d{3})*  # \w.{9,}", line), line
    assert found


# -- the list of threats -------------------------------------------------------------------------
def existing_tests():
    """Names of all test functions of the product, by the file that they stand in."""
    places = [ROOT / "tests", ROOT / "exact_simulator" / "tests", *(p / "tests" for p in addons())]
    for place in places:
        for file in place.rglob("test_*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    yield file.name, node.name


def rows():
    """The threats: (what an attacker does, what stops it, names of tests)."""
    for line in THREATS.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] != "An attacker":
            yield cells


@pytest.mark.skipif(not THREATS.exists(), reason="the list of threats is being written")
def test_every_threat_is_stopped_by_something_and_proven_by_a_test_that_exists():
    known = set(existing_tests())
    files = {Path(file).stem for file, _name in known}
    listed = list(rows())
    assert len(listed) > 30
    for attack, defence, proof in listed:
        assert attack
        assert defence
        names = re.findall(r"`([^`]+)`", proof)
        assert names, attack
        for name in names:
            file, _dot, test = name.rpartition(".")
            assert file in files, name
            assert (f"{file}.py", test) in known, name
