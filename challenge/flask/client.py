"""Who is asking: the client's address, its cookie, and the gate it asks."""

from __future__ import annotations

import re

from flask import Response, current_app, request

from ..config import Settings
from ..core.behaviour import Headers
from ..core.models import Account, Client, Holding, Sale
from ..core.networks import client_address
from ..core.proxies import ForgottenProxies
from ..errors import ConfigError
from ..jose import LEEWAY
from ..tally import Tally
from ..tally.selling import RENEWABLE

EXTENSION = "challenge"
GATE = "challenge.gate"
FORGOTTEN = "challenge.forgotten"
#: Chromium's version
_AGENT = re.compile(r"\b(?:Headless)?Chrom(?:e|ium)/([0-9]{1,4})\.", re.ASCII)
_HINT = re.compile(r'"Chromium";v="([0-9]{1,4})"', re.ASCII)
_TICKET = "-ticket"
_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?", re.ASCII)
# As WSGI names headers: `request.headers` takes several times as long to say the same.
_FORWARDED_FOR = "HTTP_X_FORWARDED_FOR"
_FORWARDING = (
    "HTTP_FORWARDED", _FORWARDED_FOR, "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST"
)  # fmt: skip
_NOBODY = Account("")


def current_tally() -> Tally:
    """The current app's gate.

    :raises ConfigError: if several processes serve it and its store is one process's, or it
        sells the unlimited pass.
    """
    tally: Tally = current_app.extensions[EXTENSION]
    if request.environ.get("wsgi.multiprocess"):
        # Each process would sell and count for itself.
        if not tally.store.shared_between_processes:
            raise ConfigError("memory:// with several worker processes; set CHALLENGE_STORE_URI")
        # Where there are several it is no benchmark but a site.
        if tally.settings.unlimited_pass:
            raise ConfigError("CHALLENGE_UNLIMITED_PASS with several worker processes; unset it")
    return tally


def client(settings: Settings, *, signed_in: bool = False) -> Client:
    """Who is asking: the socket peer, or whom a configured proxy names.

    :param signed_in: ask the application for the signed-in user too.
    :raises UnknownAddress: if the server does not know its peer.
    """
    environ = request.environ
    # A server joins what comes in several lines.
    forwarded_for = [environ[_FORWARDED_FOR]] if _FORWARDED_FOR in environ else []
    address = client_address(
        environ.get("REMOTE_ADDR"), forwarded_for, settings.trusted_proxies or ()
    )
    # Where the guard is on no proxy is named, so the address is the peer's.
    forgotten: ForgottenProxies = current_app.extensions[FORGOTTEN]
    multiplier = forgotten.multiplier(address, bool(forwarded_for))
    loaded = current_app.extensions[GATE].load_account() if signed_in else None
    if loaded is None:
        loaded = _NOBODY
    elif not isinstance(loaded, Account):
        loaded = Account(str(loaded))
    return Client(address, str(loaded.id), multiplier, account_created=loaded.created)


def headers() -> Headers:
    """What the request's headers say of the browser; nothing that they say is to its good."""
    agent = request.headers.get("User-Agent", "")
    hints = request.headers.get("Sec-CH-UA", "")
    return Headers(
        headless="Headless" in agent or "Headless" in hints,
        agent_major=_major(_AGENT, agent),
        hint_major=_major(_HINT, hints),
    )


def _major(form: re.Pattern[str], text: str) -> int:
    found = form.search(text)
    return int(found[1]) if found else 0


def cookie(settings: Settings) -> str | None:
    """The clearance that the request carries, unread."""
    return request.cookies.get(_cookie_name(settings, secure=_needs_secure()))


def passes_queue(holding: Holding | None, units: int = 1) -> bool:
    """Whether the visitor need not wait for what the clearance says, having signed in since.

    So it is where the clearance is for later, and the account has units at once: only then, or
    those who sign in would lose their place for a worse one.
    """
    tally = current_tally()
    if holding is None or holding.budget or not holding.not_before_ms:
        return False
    who = client(tally.settings, signed_in=True)
    return who.account != "" and tally.has_at_once(who, units)


def ticket(settings: Settings) -> str | None:
    """The ticket that the request carries, unread."""
    return request.cookies.get(_cookie_name(settings, secure=_needs_secure()) + _TICKET)


def set_ticket(response: Response, settings: Settings, token: str, max_age: int) -> None:
    """Give the browser its place in the queue, or take it back."""
    secure = _needs_secure()
    response.set_cookie(
        _cookie_name(settings, secure=secure) + _TICKET,
        token,
        max_age=max_age,
        secure=secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def set_cookie(response: Response, settings: Settings, sale: Sale) -> None:
    """Give the browser its clearance, to send back to this host only."""
    secure = _needs_secure()
    response.set_cookie(
        _cookie_name(settings, secure=secure),
        sale.token,
        max_age=sale.expires_in + (RENEWABLE if sale.renewable else 0) + LEEWAY,
        secure=secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def _needs_secure() -> bool:
    # Plain http is for a developer's own machine: a loopback host that no proxy speaks for.
    forwarded = not request.environ.keys().isdisjoint(_FORWARDING)
    return forwarded or not _LOOPBACK.fullmatch(request.host)


def _cookie_name(settings: Settings, *, secure: bool) -> str:
    # Browsers take a __Host- cookie from this very host over TLS only (RFC 6265bis, 4.1.3.2).
    return ("__Host-" if secure else "") + f"challenge-{settings.site_key}"
