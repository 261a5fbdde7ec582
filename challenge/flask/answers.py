"""What the gate answers: problems, the interstitial, and the headers of admitted pages."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, make_response, render_template, request, url_for

from .. import assets
from ..errors import ChallengeError, TooEarly
from .client import EXTENSION

log = logging.getLogger("challenge")

RETRY_AFTER_S = 2
#: what intermediaries obey in place of Cache-Control
_SHARED_CACHE_HEADERS = ("Expires", "Pragma", "Surrogate-Control", "CDN-Cache-Control")
_INTERSTITIAL_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " worker-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'"
)


def json_answer(
    value: Mapping[str, Any], status: int, media_type: str = "application/json"
) -> Response:
    """JSON that nobody may keep."""
    response = Response(json.dumps(value, separators=(",", ":")), status, mimetype=media_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def problem(error: ChallengeError) -> Response:
    """The refusal as RFC 9457 says it: with the public code, never the private detail."""
    level = logging.ERROR if error.status >= 500 else logging.INFO
    log.log(level, "refused %s: %r", error.code, error.detail)
    body = {"type": "about:blank", "status": error.status, "code": error.code}
    if isinstance(error, TooEarly):
        body["retry_in_ms"] = error.retry_in_ms
    response = json_answer(body, error.status, "application/problem+json")
    if error.status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def refuse_page(error: ChallengeError) -> Response:
    """What is served in a gated page's place: the interstitial, or a problem for programs."""
    refusal = problem(error)
    wanted = request.accept_mimetypes.best_match(
        ["text/html", "application/problem+json", "application/json"], "text/html"
    )
    if error.status < 500 and request.method in ("GET", "HEAD") and wanted == "text/html":
        refusal = _interstitial()
    refusal.vary.update(("Cookie", "Accept"))
    return refusal


def _interstitial() -> Response:
    settings = current_app.extensions[EXTENSION].settings
    page = render_template(
        "challenge/interstitial.html",
        prefix=settings.url_prefix,
        site=settings.site_key,
        script=_asset_url("challenge.js"),
        style=_asset_url("challenge.css"),
    )
    response = make_response(page, 403)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = _INTERSTITIAL_CSP
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _asset_url(name: str) -> str:
    return url_for("challenge.static_file", name=assets.load()[name].hashed)


def seal_page(response: Response, remaining: int) -> Response:
    """Keep an admitted page out of every shared cache, whatever the view said.

    :param remaining: units left, told in `Challenge-Remaining`.
    """
    for name in _SHARED_CACHE_HEADERS:
        response.headers.pop(name, None)
    if not response.cache_control.no_store:
        response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Cookie")
    response.headers["Challenge-Remaining"] = str(remaining)
    return response
