"""What the demo prints."""

import time
from collections.abc import Iterable, Sequence

from provisioning.common import say

_began = time.monotonic()


def step(number: int, title: str) -> None:
    """A heading with the time since the start."""
    say(f"\n{number}. {title}   [{time.monotonic() - _began:.0f} s]")


def table(headings: Sequence[str], rows: Iterable[Sequence]) -> None:
    """A table; numbers to the right, texts to the left, long texts cut."""
    lines = [[_text(cell) for cell in row] for row in rows]
    right = [
        bool(lines) and all(_is_number(line[place]) for line in lines)
        for place in range(len(headings))
    ]
    widths = [
        max(len(heading), *(len(line[place]) for line in lines), 1)
        for place, heading in enumerate(headings)
    ]

    def row(cells: Sequence[str]) -> str:
        parts = [
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(cells, widths, right, strict=True)
        ]
        return ("   " + "  ".join(parts)).rstrip()

    say(row(headings))
    say(row(["-" * width for width in widths]))
    for line in lines:
        say(row(line))


def _text(value) -> str:
    if value is None or value is False:
        return ""
    text = " ".join(str(value).split())
    return text if len(text) <= 76 else text[:75] + "…"


def _is_number(text: str) -> bool:
    return text == "" or text.lstrip("-").replace(".", "", 1).isdigit()
