"""The way in without scripts: a page that waits, and goes on to the page that was wanted."""

from __future__ import annotations

import re
from math import ceil
from urllib.parse import quote

from flask import Response, request, url_for

from ..core.models import Client
from ..errors import Banned, Queued, TokenRefused, TooEarly
from ..tally import Tally
from ..tally.selling import KEPT
from ..tally.waiting import due_in
from .client import client, cookie, current_tally, set_cookie, set_ticket, ticket
from .pages import in_minutes, page, refused, say, when

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
        return _in_turn(tally, who, wanted)
    except Banned:
        return refused(_units(), {})


def _in_turn(tally: Tally, who: Client, wanted: str) -> Response:
    holding = tally.holding(cookie(tally.settings))
    if holding and holding.not_before_ms:
        return _placed(wanted, holding.not_before_ms)
    # Who has too few units would be sent to and fro without end.
    if holding and holding.remaining >= _units():
        return _onwards(wanted)
    held = ticket(tally.settings)
    if held is None:
        if "joined" in request.args:
            again = url_for("challenge.wait", to=wanted, units=_units(), lang=_lang())
            return _not_yet("wait_cookie", 403, again)
        return _join(wanted, who)
    try:
        sale = tally.collect(held, who)
    except TooEarly as early:
        return _queue(wanted, early.retry_in_ms // 1000 + 1, tally.foresee_wait(who, _units()))
    except Queued as busy:
        return _join(wanted, who, busy.retry_after)
    except TokenRefused:
        return _join(wanted, who)
    response = _placed(wanted, sale.not_before_ms) if sale.not_before_ms else _onwards(wanted)
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


def _join(wanted: str, who: Client, wait: int = 0) -> Response:
    """Give a new ticket.

    :param wait: seconds before which there is no place for it.
    """
    tally, due = current_tally(), due_in(wait)
    response = _queue(wanted, due, tally.foresee_wait(who, _units()))
    fresh = tally.join_queue(who, _units(), due)
    set_ticket(response, tally.settings, fresh, due + KEPT)
    return response


def _queue(wanted: str, seconds: int, opens_in: int) -> Response:
    """The page of who holds a ticket.

    :param seconds: until it is due.
    :param opens_in: seconds until the network has units for it, as things stand.
    """
    again = url_for("challenge.wait", to=wanted, units=_units(), joined=1, lang=_lang())
    if opens_in <= seconds:
        heading, label = say("no_scripts"), say("wait_now")
        text = say("wait", seconds=seconds)
    else:
        heading, label = say("full_heading"), say("look_again")
        text = say("full", minutes=in_minutes(opens_in))
    response = _page(429, "queue", heading, text, link=again, label=label)
    response.headers["Retry-After"] = str(seconds)
    response.headers["Refresh"] = f"{seconds}; url={again}"
    return response


def _placed(wanted: str, not_before_ms: int) -> Response:
    """The page of who has waited and has units for later: the place is theirs."""
    seconds = ceil(not_before_ms / 1000)
    told = {"text": say("queue_why"), "when": when("queue", seconds)}
    label = say("wait_now")
    response = _page(429, "queue", say("queue_heading"), **told, link=wanted, label=label)
    response.headers["Retry-After"] = str(seconds)
    response.headers["Refresh"] = f"{seconds}; url={wanted}"
    return response


def _not_yet(reason: str, status: int, link: str = "") -> Response:
    text, label = say(reason), say("look_again")
    return _page(status, "queue", say("not_yet"), text, link=link, label=label)


def _page(
    status: int,
    state: str,
    heading: str,
    text: str = "",
    *,
    when: str = "",
    link: str = "",
    label: str = "",
) -> Response:
    values = {"state": state, "heading": heading, "text": text, "when": when}
    values |= {"link": link, "label": label}
    return page("challenge/wait.html", status, preview={}, **values)
