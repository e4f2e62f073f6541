"""A stand-in for wkhtmltopdf where there is none, so that Odoo can print: the text of the page, without its looks.

Odoo counts an invoice as sent once its PDF was made, and makes it with the program `wkhtmltopdf`, which Debian's
newer suites do not have any more. `provide()` puts a small one last on the PATH: a real one goes before it.

    python tools/pdf_printer.py [options] page.html ... out.pdf        what Odoo calls
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from provisioning.common import CACHE, VENV

FOLDER = CACHE / "bin"
LINE, MARGIN, WIDTH = 14, 50, 95  # points, points, characters


def provide() -> None:
    """Make `wkhtmltopdf` known to programs started from here, behind one that is there already."""
    program = FOLDER / "wkhtmltopdf"
    text = f'#!/bin/sh\nexec "{VENV / "bin" / "python"}" "{Path(__file__).resolve()}" "$@"\n'
    if not program.exists() or program.read_text() != text:
        FOLDER.mkdir(parents=True, exist_ok=True)
        fresh = FOLDER / f"wkhtmltopdf.{os.getpid()}"
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.replace(program)  # at once: another run may be calling it
    paths = os.environ["PATH"].split(os.pathsep)
    if str(FOLDER) not in paths:
        os.environ["PATH"] = os.pathsep.join([*paths, str(FOLDER)])


def lines_of(page: Path) -> list[str]:
    """The text of a page, line by line; cells of a table row share a line."""
    from lxml import html

    body = html.fromstring(page.read_bytes()).find("body")
    if body is None:
        return []
    for junk in body.iter("script", "style"):
        junk.text = None
    for row in body.iter("tr"):
        row.text = "  ".join(" ".join(cell.text_content().split()) for cell in row)
        row.tail = f"\n{row.tail or ''}"
        for cell in list(row):
            row.remove(cell)
    return [text for line in body.text_content().splitlines() if (text := " ".join(line.split()))]


def write(pages: list[Path], out: Path) -> None:
    """One outline entry and one sheet or more for each page."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(out), pagesize=A4)
    for number, page in enumerate(pages):
        canvas.bookmarkPage(str(number))
        canvas.addOutlineEntry(page.stem, str(number))
        height = A4[1] - MARGIN
        for line in lines_of(page):
            if height < MARGIN:
                canvas.showPage()
                height = A4[1] - MARGIN
            canvas.drawString(MARGIN, height, line[:WIDTH])
            height -= LINE
        canvas.showPage()
    canvas.save()


def main(arguments: list[str]) -> int:
    """Act as wkhtmltopdf."""
    if "--version" in arguments:
        print("wkhtmltopdf 0.12.6 (stand-in, with patched qt)")
        return 0
    files = [Path(word) for word in arguments if word.endswith((".html", ".pdf"))]
    apart = {
        Path(arguments[place + 1])
        for place, word in enumerate(arguments)
        if word in ("--header-html", "--footer-html")
    }
    write([file for file in files[:-1] if file not in apart], files[-1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
