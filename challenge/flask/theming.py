"""The operator's colours, as a style sheet of their own: no page has inline styles."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from flask import Response, current_app, url_for

from .client import EXTENSION

MAX_AGE = 365 * 86_400
_DARK = "dark-"


def theme_url(colours: Sequence[str]) -> str:
    """The URL of the style sheet, which changes with its content; empty without colours.

    :param colours: as in the setting `COLOURS`.
    """
    return url_for("challenge.theme", digest=_digest(style_sheet(colours))) if colours else ""


def style_sheet(colours: Sequence[str]) -> str:
    """The colours as custom properties, for light and dark."""
    light = _declared(colour for colour in colours if not colour.startswith(_DARK))
    dark = _declared(colour.removeprefix(_DARK) for colour in colours if colour.startswith(_DARK))
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def theme_file(digest: str) -> Response:
    """`GET /static/theme.<digest>.css`."""
    text = style_sheet(current_app.extensions[EXTENSION].settings.colours)
    response = Response(text, content_type="text/css; charset=utf-8")
    lasting = digest == _digest(text)
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE if lasting else 0}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _declared(colours: Iterable[str]) -> str:
    return ";".join(f"--challenge-{colour.replace('=', ':')}" for colour in colours)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
