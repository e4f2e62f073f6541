"""Chromium and its driver, for the tests that work in a real browser."""

import os
import shutil
import subprocess

from .common import CACHE, ProvisionError, in_ci, need_space, run, say, step

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DRIVERS = ("chromedriver", "chromium.chromedriver")
PACKAGES = ("chromium", "chromium-driver", "chromium-sandbox", "fonts-liberation")


def _first(names: tuple[str, ...]) -> str | None:
    return next((path for path in map(shutil.which, names) if path), None)


def found() -> tuple[str, str] | None:
    """The paths of a browser and its driver; None where one of them is missing."""
    browser, driver = _first(BROWSERS), _first(DRIVERS)
    return (browser, driver) if browser and driver else None


def _install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    need_space(800, CACHE)
    with step("Chromium: installing Debian's package"):
        run(
            ["apt-get", "update"],
            log="chromium-update.log",
            what="apt-get update",
            env=environment,
        )
        run(
            ["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES],
            log="chromium-install.log",
            what="installing chromium",
            env=environment,
        )


def ensure() -> None:
    """Have a browser, or say what is skipped without one.

    :raises ProvisionError: in CI, where nothing may be skipped
    """
    why = (
        "it is not installed and only root may install it: apt-get install chromium chromium-driver"
    )
    if not found() and os.geteuid() == 0 and shutil.which("apt-get"):
        try:
            _install()
        except ProvisionError as error:
            why = str(error)
    paths = found()
    if paths:
        done = subprocess.run([paths[0], "--version"], capture_output=True, text=True, check=False)
        say(f"  Chromium: {' '.join(done.stdout.split()[:2]) or paths[0]}")
    elif in_ci():
        raise ProvisionError(f"no Chromium for the browser tests: {why}")
    else:
        say(f"  Chromium: none, the browser tests will be skipped ({why})")
