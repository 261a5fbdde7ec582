"""The style sheet of the gate's pages, with the operator's colours in it."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from functools import cache

from flask import Response, current_app, request, url_for

from .. import assets
from .client import EXTENSION

MAX_AGE = 365 * 86_400
# One file: no page has inline styles, and none waits for a second sheet.
_SHEET = "challenge.css"
_DARK = "dark-"


def style_url(colours: tuple[str, ...]) -> str:
    """The URL of the style sheet, which changes with its content.

    :param colours: as in the setting `COLOURS`.
    """
    if not colours:
        return url_for("challenge.static_file", name=assets.load()[_SHEET].hashed)
    return url_for("challenge.theme", digest=_digest(style_sheet(colours)))


@cache
def style_sheet(colours: tuple[str, ...]) -> bytes:
    """The bundle's style sheet, and then the colours as custom properties for light and dark."""
    light = _declared(colour for colour in colours if not colour.startswith(_DARK))
    dark = _declared(colour.removeprefix(_DARK) for colour in colours if colour.startswith(_DARK))
    own = f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    return assets.load()[_SHEET].bodies["identity"] + own.encode()


def theme_file(digest: str) -> Response:
    """`GET /static/theme.<digest>.css`."""
    sheet = style_sheet(current_app.extensions[EXTENSION].settings.colours)
    packs = request.accept_encodings.best_match(["gzip", "identity"], "identity") == "gzip"
    response = Response(_packed(sheet) if packs else sheet, content_type="text/css; charset=utf-8")
    if packs:
        response.headers["Content-Encoding"] = "gzip"
    lasting = f"max-age={MAX_AGE}, immutable" if digest == _digest(sheet) else "max-age=0"
    response.headers["Cache-Control"] = f"public, {lasting}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.vary.add("Accept-Encoding")
    return response


_packed = cache(gzip.compress)


def _declared(colours: Iterable[str]) -> str:
    return ";".join(f"--challenge-{colour.replace('=', ':')}" for colour in colours)


def _digest(sheet: bytes) -> str:
    return hashlib.sha256(sheet).hexdigest()[:12]
