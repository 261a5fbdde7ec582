"""The way in without scripts: a page that waits, and goes on to the page that was wanted."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Response, request, url_for

from ..errors import Banned, Queued, TokenRefused, TooEarly
from ..tally.waiting import KEPT, WAIT
from .answers import page
from .client import client, cookie, current_tally, set_cookie, set_ticket, ticket

#: a path of this site and nothing else: no scheme, no host, no backslash, no control characters
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2047}", re.ASCII)


def wait_url(units: int) -> str:
    """Where the interstitial sends a browser without scripts.

    :param units: what the page costs.
    """
    query = request.query_string.decode("ascii", "replace")
    wanted = quote(request.script_root + request.path, safe="/~-._") + (query and f"?{query}")
    return url_for("challenge.wait", to=wanted, units=units)


def wait() -> Response:
    """`GET /v1/wait?to=/path`: give a ticket, or sell for one that is due and go on to the path."""
    wanted = request.args.get("to", "")
    if not _PATH.fullmatch(wanted):
        return _said("Follow a link to the page you want, then wait here.", 400)
    tally = current_tally()
    who = client(tally.settings)
    try:
        tally.bans.refuse(who.address)
    except Banned:
        return page("challenge/refused.html", 403)
    held = ticket(tally.settings)
    holding = tally.holding(cookie(tally.settings))
    # Who has too few units would be sent to and fro without end.
    if holding and holding.remaining >= _units() and not holding.not_before_ms:
        return _onwards(wanted)
    if held is None:
        if "joined" in request.args:
            return _said("Waiting needs one cookie. It holds no personal data. Allow it, please.")
        return _queue(wanted, WAIT, tally.join_queue(who, _units()))
    try:
        sale = tally.collect(held, who)
    except TooEarly as early:
        return _queue(wanted, early.retry_in_ms // 1000 + 1)
    except Queued as busy:
        return _queue(wanted, busy.retry_after, full=True)
    except TokenRefused:
        return _queue(wanted, WAIT, tally.join_queue(who, _units()))
    response = _onwards(wanted)
    set_cookie(response, tally.settings, sale)
    set_ticket(response, tally.settings, "", 0)
    return response


def _units() -> int:
    text = request.args.get("units", "")
    return int(text) if re.fullmatch("[1-9]", text, re.ASCII) else 1


def _onwards(wanted: str) -> Response:
    # A page with a link rather than a redirect, for browsers that refresh when told to.
    response = page("challenge/wait.html", 200, wanted=wanted)
    response.headers["Refresh"] = f"0; url={wanted}"
    return response


def _queue(wanted: str, seconds: int, fresh: str | None = None, *, full: bool = False) -> Response:
    again = url_for("challenge.wait", to=wanted, units=_units(), joined=1)
    response = page("challenge/wait.html", 429, seconds=seconds, again=again, full=full)
    response.headers["Retry-After"] = str(seconds)
    response.headers["Refresh"] = f"{seconds}; url={again}"
    if fresh is not None:
        set_ticket(response, current_tally().settings, fresh, WAIT + KEPT)
    return response


def _said(text: str, status: int = 403) -> Response:
    return page("challenge/wait.html", status, said=text)
