"""What the gate answers: problems, the interstitial, and the headers of admitted pages."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, current_app, make_response, render_template, request, url_for

from .. import assets
from ..errors import Banned, ChallengeError, Queued, TooEarly
from .client import EXTENSION
from .sealing import seal

log = logging.getLogger("challenge")

RETRY_AFTER_S = 2
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
    if isinstance(error, Queued):
        response.headers["Retry-After"] = str(error.retry_after)
    elif error.status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def refuse_page(error: ChallengeError, *, units: int, wait: Callable[[], str]) -> Response:
    """What is served in a gated page's place: the interstitial, or a problem for programs.

    :param units: what the page costs.
    :param wait: gives the URL for those who have no scripts.
    """
    refusal = problem(error)
    wanted = request.accept_mimetypes.best_match(
        ["text/html", "application/problem+json", "application/json"], "text/html"
    )
    if error.status < 500 and request.method in ("GET", "HEAD") and wanted == "text/html":
        if isinstance(error, Queued):
            refusal = _queue(error)
        elif isinstance(error, Banned):
            refusal = page("challenge/refused.html", 403)
        else:
            refusal = _interstitial(units, wait())
    # Lynx shows its first copy again unless told so in these words.
    seal("no-store", "Cookie", "Accept", Pragma="no-cache")
    return refusal


def _interstitial(units: int, wait: str) -> Response:
    settings = current_app.extensions[EXTENSION].settings
    return page(
        "challenge/interstitial.html",
        403,
        prefix=request.script_root + settings.url_prefix,
        site=settings.site_key,
        script=asset_url("challenge.js"),
        units=units,
        wait=wait,
    )


def _queue(error: Queued) -> Response:
    response = page("challenge/queue.html", 429, seconds=error.retry_after)
    response.headers["Retry-After"] = str(error.retry_after)
    # Works without scripts, and where they are off.
    response.headers["Refresh"] = str(error.retry_after)
    return response


def page(template: str, status: int, **values: object) -> Response:
    """A page of the gate's own, with the operator's contact, that nobody may keep."""
    contact = current_app.extensions[EXTENSION].settings.contact
    html = render_template(template, style=asset_url("challenge.css"), contact=contact, **values)
    response = make_response(html, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = _INTERSTITIAL_CSP
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def asset_url(name: str) -> str:
    """The URL of a file of the bundle, by the name that changes with its content."""
    return url_for("challenge.static_file", name=assets.load()[name].hashed)
