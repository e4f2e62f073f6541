"""Two addresses outside the API that other programs keep: an entry, and a file of a document."""

from __future__ import annotations

import mimetypes

from flask import Response, g, redirect, request, url_for
from werkzeug.exceptions import NotFound

from . import gate
from .pages import blueprint, division_of
from .state import Division


@blueprint.get("/docs/FinTransaction.aspx")
def transaction() -> Response:
    """The address that other programs link an entry by; leads to the entry's page."""
    key, division = _linked()
    return redirect(url_for("pages.entry", code=division.code, key=key))


@blueprint.get("/docs/SysAttachment.aspx")
def attachment() -> Response:
    """A file of a document: shown by the browser, or with ``Download=1`` as it was sent.

    A program brings its access token, and the call counts as one; a person looking at the pages
    needs none here.
    """
    key, division = _linked()
    headers: dict[str, str] = {}
    if request.headers.get("Authorization"):
        headers = gate.admit_download(g.country, request, division.code)
    row = division.table("documents/DocumentAttachments").get(key)
    if row is None:
        raise NotFound
    kind = mimetypes.guess_type(row["FileName"])[0] or "application/octet-stream"
    response = Response(row["_content"], content_type=kind, headers=headers)
    disposition = "attachment" if request.args.get("Download") == "1" else "inline"
    response.headers.set("Content-Disposition", disposition, filename=row["FileName"])
    return response


def _linked() -> tuple[str, Division]:
    """Key and division of an address under ``/docs``."""
    code = request.args.get("_Division_", "")
    if not code.isdigit():
        raise NotFound
    return request.args.get("ID", "").lower(), division_of(int(code))
