"""A small writer of PDF files: text and lines on A4 in Helvetica, nothing else."""

from __future__ import annotations

from decimal import Decimal

WIDTH, HEIGHT = 595, 842  # A4 in points
#: Widths of what is written, in thousandths of the size; exact for amounts, near for letters.
_WIDTHS = {
    **dict.fromkeys(" .,ftI/", 278), **dict.fromkeys("ijl'", 222), **dict.fromkeys("-r()", 333),
    **dict.fromkeys("cksvxyz", 500), **dict.fromkeys("ABEKPSVXY", 667),
    **dict.fromkeys("CDHNRUw", 722), **dict.fromkeys("GOQ", 778), **dict.fromkeys("mM", 833),
    "%": 889, "W": 944, "J": 500, "F": 611, "T": 611, "Z": 611,
}  # fmt: skip
_OTHERS = 556  # digits among them


class Pdf:
    """Pages of text; positions in points from the upper left corner."""

    def __init__(self, title: str):
        self.title = title
        self._pages: list[list[bytes]] = [[]]

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return len(self._pages)

    def new_page(self) -> None:
        """Go on with an empty page."""
        self._pages.append([])

    def text(self, x: float, y: float, text: object, size: int = 9, bold: bool = False) -> None:
        """One line of text with its base line at ``y``."""
        font = b"F2" if bold else b"F1"
        place = f"{size} Tf 1 0 0 1 {x:.1f} {HEIGHT - y:.1f} Tm".encode()
        self._pages[-1].append(b"BT /%s %s %s Tj ET" % (font, place, _string(text)))

    def right(self, x: float, y: float, text: object, size: int = 9, bold: bool = False) -> None:
        """One line of text that ends at ``x``."""
        self.text(x - width(str(text), size), y, text, size, bold)

    def rule(self, y: float, left: float, right: float) -> None:
        """A thin horizontal line."""
        at = HEIGHT - y
        self._pages[-1].append(f"0.5 w {left:.1f} {at:.1f} m {right:.1f} {at:.1f} l S".encode())

    def write(self) -> bytes:
        """The file."""
        fonts = b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
        kids = b" ".join(b"%d 0 R" % (6 + 2 * n) for n in range(self.pages))
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, self.pages),
            fonts % b"Helvetica",
            fonts % b"Helvetica-Bold",
            b"<< /Title %s /Producer (exact_simulator) >>" % _string(self.title),
        ]
        for page in self._pages:
            stream = b"\n".join(page)
            objects.append(
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R "
                b"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>"
                % (WIDTH, HEIGHT, len(objects) + 2)
            )
            objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for number, content in enumerate(objects, 1):
            places.append(len(out))
            out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
        start = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        for place in places:
            out += b"%010d 00000 n \n" % place
        out += b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\n" % (len(objects) + 1)
        out += b"startxref\n%d\n%%%%EOF\n" % start
        return bytes(out)


def width(text: str, size: int) -> float:
    """How wide a text is in points; exact for amounts."""
    return sum(_WIDTHS.get(c, _OTHERS) for c in text) * size / 1000


def fitting(text: str, space: float, size: int = 9) -> str:
    """As much of a text as goes into ``space`` points."""
    if width(text, size) <= space:
        return text
    while text and width(text + "...", size) > space:
        text = text[:-1]
    return text.rstrip() + "..."


def amount(value: Decimal, dutch: bool, decimals: int = 2) -> str:
    """An amount as it is written in Dutch or in English."""
    text = f"{value:,.{decimals}f}"
    return text.translate(str.maketrans(",.", ".,")) if dutch else text


def _string(text: object) -> bytes:
    plain = " ".join(str(text).split()).encode("cp1252", "replace")
    for special in (b"\\", b"(", b")"):
        plain = plain.replace(special, b"\\" + special)
    return b"(%s)" % plain
