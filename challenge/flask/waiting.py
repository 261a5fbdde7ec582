"""The way in without scripts: a page that waits, and goes on to the page that was wanted."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Response, request, url_for

from ..errors import Banned, Queued, TokenRefused, TooEarly
from ..tally.waiting import KEPT, WAIT
from .client import client, cookie, current_tally, set_cookie, set_ticket, ticket
from .pages import in_minutes, page, refused, say

#: a path of this site and nothing else: no scheme, no host, no backslash, no control characters
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2047}", re.ASCII)


def wait_url(units: int) -> str:
    """Where the interstitial sends a browser without scripts.

    :param units: what the page costs.
    """
    query = request.query_string.decode("ascii", "replace")
    wanted = quote(request.script_root + request.path, safe="/~-._") + (query and f"?{query}")
    return url_for("challenge.wait", to=wanted, units=units, lang=_lang())


def wait() -> Response:
    """`GET /v1/wait?to=/path`: give a ticket, or sell for one that is due and go on to the path."""
    wanted = request.args.get("to", "")
    if not _PATH.fullmatch(wanted):
        return _not_yet("wait_lost", 400)
    tally = current_tally()
    who = client(tally.settings)
    try:
        tally.bans.refuse(who.address)
    except Banned:
        return refused(_units(), {})
    held = ticket(tally.settings)
    holding = tally.holding(cookie(tally.settings))
    # Who has too few units would be sent to and fro without end.
    if holding and holding.remaining >= _units() and not holding.not_before_ms:
        return _onwards(wanted)
    if held is None:
        if "joined" in request.args:
            again = url_for("challenge.wait", to=wanted, units=_units(), lang=_lang())
            return _not_yet("wait_cookie", 403, again)
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


def _lang() -> str | None:
    # It was asked for in the query of the page that was wanted, and is kept on the way there.
    return request.args.get("lang") or None


def _onwards(wanted: str) -> Response:
    # A page with a link rather than a redirect, for browsers that refresh when told to.
    response = _page(200, "ready", say("ready"), link=wanted, label=say("open_page"))
    response.headers["Refresh"] = f"0; url={wanted}"
    return response


def _queue(wanted: str, seconds: int, fresh: str | None = None, *, full: bool = False) -> Response:
    again = url_for("challenge.wait", to=wanted, units=_units(), joined=1, lang=_lang())
    if full:
        heading, label = say("full_heading"), say("look_again")
        text = say("full", minutes=in_minutes(seconds))
    else:
        heading, label = say("no_scripts"), say("wait_now")
        text = say("wait", seconds=seconds)
    response = _page(429, "queue", heading, text, link=again, label=label)
    response.headers["Retry-After"] = str(seconds)
    response.headers["Refresh"] = f"{seconds}; url={again}"
    if fresh is not None:
        set_ticket(response, current_tally().settings, fresh, WAIT + KEPT)
    return response


def _not_yet(reason: str, status: int, link: str = "") -> Response:
    text, label = say(reason), say("look_again")
    return _page(status, "queue", say("not_yet"), text, link=link, label=label)


def _page(
    status: int, state: str, heading: str, text: str = "", *, link: str = "", label: str = ""
) -> Response:
    values = {"state": state, "heading": heading, "text": text, "link": link, "label": label}
    return page("challenge/wait.html", status, preview={}, **values)
