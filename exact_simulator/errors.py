"""The one exception that every part of the simulator raises to refuse a request.

The text is chosen when the answer is written, not when the error is raised: it depends on the
language of the connected user (Exact API sheet 4.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape  # nosec B406  # writes XML, reads none

from . import messages

Part = tuple[str, dict[str, object]]


class ApiError(Exception):
    """A refusal with an HTTP status and one or more messages.

    :param status: the HTTP status of the answer.
    :param text: a key of :mod:`messages`, or plain text that is shown as it is.
    :param headers: extra response headers, for instance ``{"Reason": "BlockedUser"}``.
    :param params: what is filled in; values that are names of fields are translated as well.
    """

    def __init__(
        self, status: int, text: str = "", headers: dict[str, str] | None = None, **params: object
    ):
        super().__init__(status, text, params)
        self.status = status
        self.headers = dict(headers or {})
        self.parts: list[Part] = [(text, params)] if text else []

    @classmethod
    def many(cls, status: int, parts: Iterable[Part]) -> ApiError:
        """Several messages in one answer; Exact joins them with CR LF."""
        error = cls(status)
        error.parts = list(parts)
        error.args = (status, error.parts)
        return error

    def text(self, language: str = "en") -> str:
        """All messages in ``language`` ("en", "nl", "fr"), joined as Exact does."""
        return "\r\n".join(messages.text(key, language, **params) for key, params in self.parts)

    def body(self, language: str = "en") -> dict[str, object]:
        """The JSON body (Exact API sheet 4.1)."""
        return {"error": {"code": "", "message": {"lang": "", "value": self.text(language)}}}

    def xml(self, language: str = "en") -> str:
        """The body for a client that did not ask for JSON."""
        return (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">'
            f'<code></code><message xml:lang="">{escape(self.text(language))}</message></error>'
        )
