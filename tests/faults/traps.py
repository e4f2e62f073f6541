"""What happens inside the process that works for us: killed, cut off from its database, overtaken, out of patience.

Faults of the network are the simulator's. These sit one floor below the client, in ``requests``, so that the
product runs as it is, and hit one call, named as the simulator names calls: method and pattern of the address.
"""

import http.client
import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import requests.adapters

_send = requests.adapters.HTTPAdapter.send
_getresponse = http.client.HTTPConnection.getresponse
_armed: list["Trap"] = []


@dataclass
class Trap:
    """One trap for one call.

    :param moment: "before" the call, "during" (asked, not answered yet) or "after" the answer
    :param act: what happens then; None for nothing
    :param patience: seconds to wait for the answer of this call
    """

    method: str
    path: str
    moment: str = "after"
    act: Callable[[], None] | None = None
    patience: float | None = None
    hit: bool = field(default=False, init=False)

    def matches(self, request: requests.PreparedRequest) -> bool:
        """Whether this is the call."""
        if self.hit or request.method != self.method:
            return False
        parts = urlsplit(request.url)
        path = parts.path + (f"?{unquote(parts.query.replace('+', ' '))}" if parts.query else "")
        return re.search(self.path, path) is not None


def kill() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def arm(trap: Trap) -> None:
    """Set a trap; it springs once."""
    _armed.append(trap)


def disarm() -> None:
    """Take all traps away."""
    _armed.clear()


def _trapped(adapter, request, *args, **options):
    trap = next((trap for trap in _armed if trap.matches(request)), None)
    if trap is None:
        return _send(adapter, request, *args, **options)
    trap.hit = True
    if trap.patience is not None:
        options["timeout"] = trap.patience
    if trap.moment == "before" and trap.act:
        trap.act()
    if trap.moment == "during" and trap.act:
        http.client.HTTPConnection.getresponse = lambda *_args, **_options: trap.act()
    try:
        response = _send(adapter, request, *args, **options)
    finally:
        http.client.HTTPConnection.getresponse = _getresponse
    if trap.moment == "after" and trap.act:
        # The whole answer is here, and nothing of it is noted yet.
        len(response.content)
        trap.act()
    return response


requests.adapters.HTTPAdapter.send = _trapped
