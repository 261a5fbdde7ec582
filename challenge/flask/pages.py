"""The gate's own pages: in the visitor's language, with the operator's name and colours."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, current_app, make_response, render_template, request, url_for

from .. import assets, words
from ..config import Settings
from ..errors import Queued
from .client import EXTENSION, cookie
from .theming import style_url

log = logging.getLogger("challenge")

#: what a page may say in public of the profile that it stands for: `title`, and if there are
#: any, `description` and `image` (an absolute URL)
Preview = Mapping[str, str]
Previewer = Callable[..., Preview | None]

_CSP = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';"
    " connect-src 'self'; worker-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'"
)
#: from here on a wait is told in minutes
_MINUTES_FROM_S = 120
#: and from here on in steps of five seconds
_FIVES_FROM_S = 10


def page(template: str, status: int, *, preview: Preview, **values: object) -> Response:
    """A page that nobody may keep.

    :param preview: what may be said in public of the profile that the page stands for.
    :param values: for the template.
    """
    settings = current_settings()
    spoken = current_words()
    html = render_template(
        template,
        lang=spoken.code,
        dir=spoken.direction,
        t=spoken.texts,
        prefix=script_prefix(),
        site=settings.site_key,
        name=settings.name,
        contact=settings.contact,
        sign_in=settings.sign_in_url,
        style=style_url(settings.colours),
        preview=preview,
        **values,
    )
    response = make_response(html, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = spoken.code
    response.headers["Content-Security-Policy"] = _CSP
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def interstitial(units: int, wait: str, preview: Preview, *, buy: bool) -> Response:
    """The page that earns a clearance, and then opens the one that was asked for.

    :param units: what that page costs.
    :param wait: the URL for those who have no scripts.
    :param buy: whether it is known that what the visitor holds will not do.
    """
    return page(
        "challenge/interstitial.html",
        403,
        preview=preview,
        units=units,
        reports=current_settings().behaviour,
        buy=buy or cookie(current_settings()) is None,
        why=current_settings().why or say("why"),
        script=asset_url("challenge.js"),
        engine=asset_url("sha256-simd.wasm"),
        wait=wait,
    )


def queue(error: Queued, units: int, preview: Preview) -> Response:
    """The page that only waits, with or without scripts."""
    seconds = error.opens_in
    # Who is too early has a place; who has moved to an empty band has none yet.
    place = "queue" if error.code == "too_early" else "more"
    response = page(
        "challenge/queue.html",
        429,
        preview=preview,
        units=units,
        place=place,
        seconds=seconds,
        when=when(place, seconds),
        script=asset_url("challenge.js"),
    )
    response.headers["Retry-After"] = response.headers["Refresh"] = str(error.retry_after)
    return response


def when(place: str, seconds: int) -> str:
    """When a page opens, as the script says it too.

    :param place: "queue" for who has a place in it, "more" for who has none.
    """
    if seconds > _MINUTES_FROM_S:
        return say(f"{place}_minutes", minutes=in_minutes(seconds))
    rounded = seconds if seconds <= _FIVES_FROM_S else -(-seconds // 5) * 5
    return say("queue", seconds=max(2, rounded))


def refused(units: int, preview: Preview) -> Response:
    """The page for a network that is kept out."""
    why = say("banned")
    return page("challenge/refused.html", 403, preview=preview, units=units, why=why)


def in_minutes(seconds: int) -> int:
    """Whole minutes, rather a little longer than it takes, and never fewer than two."""
    return max(2, -(-seconds // 60))


def previewed(previewer: Previewer | None, arguments: Mapping[str, Any]) -> Preview:
    """What a view's `preview` says of a profile; nothing if it fails, which is logged."""
    if previewer is None:
        return {}
    try:
        said = previewer(**arguments)
        parts = ("title", "description", "image")
        return {part: str(said.get(part, "")) for part in parts} if said else {}
    except Exception as error:
        # What is only for looks must neither open the page nor break it. The error's own words
        # may name the profile, and no log line does.
        at = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__
        log.error("preview of %s: %s in %s:%s", request.endpoint, kind, at.filename, at.lineno)
        return {}


def current_settings() -> Settings:
    """The settings of the current app's gate."""
    settings: Settings = current_app.extensions[EXTENSION].settings
    return settings


def current_words(first: str = "") -> words.Words:
    """The configured language; else the one that `lang` in the query names; else the browser's.

    :param first: a language that comes before all of them.
    """
    named = current_settings().lang or request.args.get("lang", "")
    accepted = [tag for tag, quality in request.accept_languages if quality > 0]
    return words.choose([first, named, *accepted])


def say(name: str, **values: object) -> str:
    """One text in the language of the current request, its placeholders filled in."""
    return current_words().say(name, **values)


def script_prefix() -> str:
    """The path of the gate's routes as a browser sees it."""
    return request.script_root + current_settings().url_prefix


def asset_url(name: str) -> str:
    """The URL of a file of the bundle, by the name that changes with its content."""
    return url_for("challenge.static_file", name=assets.load()[name].hashed)
