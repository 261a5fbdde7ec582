"""The check on a request for a gated page, and what follows from it when the page is made."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, after_this_request, current_app, g, request

from ..core.models import Admission, Client
from ..errors import Banned, ChallengeError, ClearanceRequired, ConfigError, NotYet, Queued
from ..tally import Tally
from ..tally.books import CLASS_UNITS
from . import signals
from .answers import refuse_page
from .client import EXTENSION, client, cookie, current_tally, passes_queue
from .pages import Previewer, previewed
from .parts import place_of_request
from .sealing import seal
from .waiting import wait_url

log = logging.getLogger("challenge")

Profile = str | Callable[..., object]
ADMITTED = "private, no-cache"
_ADMISSION = "_challenge_admission"
#: as WSGI names headers
_PREFETCHES = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_MOZ")


@dataclass(frozen=True, slots=True)
class Rule:
    """How a view is gated."""

    #: the view argument that names the profile, or a callable that is given the arguments
    profile: Profile
    sensitivity: str
    #: False for a part of a profile's page, which a signed URL opens without the store
    charge: bool
    #: gives what may be said of the profile in public, from the view's arguments
    preview: Previewer | None = None

    def value(self, arguments: Mapping[str, Any]) -> str:
        """The profile that these view arguments are about.

        :raises ConfigError: if they do not say.
        """
        if callable(self.profile):
            return str(self.profile(**arguments))
        if self.profile not in arguments:
            raise ConfigError(f"{request.endpoint} has no argument {self.profile!r}")
        return str(arguments[self.profile])


def current_admission() -> Admission | None:
    """How the request being served was admitted; None where nothing was charged or asked."""
    admission: Admission | None = g.get(_ADMISSION)
    return admission


def check(rule: Rule, arguments: Mapping[str, Any]) -> Response | None:
    """Admit the current request, or return what is served in the page's place.

    :param arguments: the view's, with its defaults.
    """
    try:
        tally = current_tally()
        who = client(tally.settings)
        tally.bans.refuse(who.address)
        if not rule.charge and _is_signed_part(rule, arguments):
            seal(ADMITTED, "Cookie")
            return None
        admission = _admit(tally, rule, arguments, who)
    except ChallengeError as error:
        if _is_prefetch() and error.status < 500 and not isinstance(error, Banned):
            # Nothing that was fetched ahead is worth a challenge.
            return _refused(NotYet(error.code), rule, arguments)
        return _refused(error, rule, arguments)
    setattr(g, _ADMISSION, admission)
    signals.page_admitted.send(
        current_app._get_current_object(),  # type: ignore[attr-defined]
        remaining=admission.remaining,
        charged=admission.units,
    )
    seal(ADMITTED, "Cookie", Challenge_Remaining=str(admission.remaining))
    # Also reached by the answer of an error handler, if the view raises.
    after_this_request(lambda response: _finish(response, admission))
    return None


def _admit(tally: Tally, rule: Rule, arguments: Mapping[str, Any], who: Client) -> Admission:
    try:
        return tally.admit(
            cookie(tally.settings),
            rule.value(arguments),
            who,
            sensitivity=rule.sensitivity,
            free_only=_is_prefetch(),
        )
    except Queued as queued:
        holding = tally.holding(cookie(tally.settings))
        if passes_queue(holding, sum(CLASS_UNITS[rule.sensitivity])):
            raise ClearanceRequired("signed in since") from queued
        raise


def _refused(error: ChallengeError, rule: Rule, arguments: Mapping[str, Any]) -> Response | None:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    observed = current_app.extensions[EXTENSION].settings.mode == "observe"
    signals.page_refused.send(app, code=error.code, observed=observed)
    if observed:
        log.info("would refuse %s: %r", error.code, error.detail)
        # A shared copy would outlive the switch to enforcing.
        seal(ADMITTED, "Cookie")
        return None
    units = sum(CLASS_UNITS[rule.sensitivity])
    return refuse_page(
        error,
        units=units,
        wait=lambda: wait_url(units),
        preview=lambda: previewed(rule.preview, arguments),
    )


def _finish(response: Response, admission: Admission) -> Response:
    remaining = admission.remaining
    if response.status_code == 404 or response.status_code >= 500:
        try:
            if current_tally().refund(admission):
                remaining += admission.units
        except ChallengeError as error:
            log.error("no refund: %s %r", error.code, error.detail)
    seal(ADMITTED, "Cookie", Challenge_Remaining=str(remaining))
    return response


def _is_prefetch() -> bool:
    environ = request.environ
    return any(
        environ[name].partition(";")[0].strip() == "prefetch"
        for name in _PREFETCHES
        if name in environ
    )


def _is_signed_part(rule: Rule, arguments: Mapping[str, Any]) -> bool:
    tally = current_tally()
    ticket, place = place_of_request(tally.settings, rule.value(arguments))
    return ticket is not None and tally.part_opens(ticket, place, cookie(tally.settings))
