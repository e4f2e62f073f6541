"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import Any


def wait(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Wait for a true value and return it.

    :raises AssertionError: it did not come in this time; says what was waited for
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s for {what}")
