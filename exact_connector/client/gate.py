"""What stands at the door: asked before each call, told after each answer.

The client keeps to itself what it learns; who shares limits between workers and servers, or guards
them by another rule, brings a gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class Gate(Protocol):
    """What :class:`.ExactClient` wants of its ``gate``: every HTTP call to the API passes it.

    Pages, files and the second try after a 401 are calls of their own. Calls for tokens do not
    pass: they count elsewhere (Exact API sheet 1.3).
    """

    def before(self, method: str, resource: str) -> None:
        """Let the call go, or refuse it.

        :param resource: without division and key, as ``crm/Accounts``
        :raises LimitError: nothing has left us; ``retry_at`` says when it may
        """

    def after(
        self, method: str, resource: str, status: int | None, headers: Mapping[str, str]
    ) -> datetime | None:
        """Learn from the answer; what it raises is logged and does no harm.

        :param status: ``None`` where no answer came; ``headers`` are empty then
        :return: for a 429, the aware UTC moment on our own clock at which calls are accepted again,
            where the gate knows better than the headers of this answer
        """
