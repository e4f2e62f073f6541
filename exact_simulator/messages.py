"""Texts of the simulator in English, Dutch and French."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {}
TERMS: dict[str, dict[str, str]] = {}


def text(key: str, language: str = "en", **params: object) -> str:
    """The text for ``key`` in ``language``; an unknown key is plain text and comes back as it is."""
    known = TEXTS.get(key)
    if known is None:
        return key
    filled = {
        name: TERMS.get(str(value), {}).get(language, TERMS.get(str(value), {}).get("en", value))
        for name, value in params.items()
    }
    return known.get(language, known["en"]).format(**filled)
