"""What the gate answers: problems for programs, pages for people."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request

from ..core.models import Charge
from ..errors import Banned, ChallengeError, Queued, TooEarly
from .pages import Preview, interstitial, queue, refused
from .sealing import seal

log = logging.getLogger("challenge")

RETRY_AFTER_S = 2


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
    if isinstance(error, Queued) and error.opens_in > error.retry_after:
        body["opens_in_ms"] = error.opens_in * 1000
    response = json_answer(body, error.status, "application/problem+json")
    if isinstance(error, Queued):
        response.headers["Retry-After"] = str(error.retry_after)
    elif error.status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def refuse_page(
    error: ChallengeError,
    *,
    units: int,
    wait: Callable[[], str],
    preview: Callable[[], Preview],
) -> Response:
    """What is served in a gated page's place: the interstitial, or a problem for programs.

    :param units: what the page costs.
    :param wait: gives the URL for those who have no scripts.
    :param preview: gives what may be said in public of the profile.
    """
    refusal = problem(error)
    wanted = request.accept_mimetypes.best_match(
        ["text/html", "application/problem+json", "application/json"], "text/html"
    )
    if error.status < 500 and request.method in ("GET", "HEAD") and wanted == "text/html":
        if isinstance(error, Queued):
            refusal = queue(error, units, preview())
        elif isinstance(error, Banned):
            refusal = refused(units, preview())
        else:
            # Units that are there open nothing until the key is proved again.
            buy = error.code == Charge.ALTERNATES.value
            refusal = interstitial(units, wait(), preview(), buy=buy)
    # Lynx shows its first copy again unless told so in these words.
    seal("no-store", "Cookie", "Accept", "Accept-Language", Pragma="no-cache")
    return refusal
