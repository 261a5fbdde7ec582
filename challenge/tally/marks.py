"""Marks that networks get by rule: a flag, and a ban for who goes on.

A flag sells to who is not known yet out of the smallest lane. A ban refuses asks and redeems, but
only of who proves no visitor's key: whoever reads on is left alone, and so are the pages of who
has a clearance (docs/decisions/0020-automatic-marks.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..core.models import Client, Lane
from ..core.networks import Network
from ..errors import Banned, ChallengeError
from ..stores.base import Effect
from .bans import BanList

log = logging.getLogger("challenge")

FLAG_SECONDS = 3600
BAN_SECONDS = 1800
#: for so long after it was flagged a network may go on, until what it has sent has arrived
PATIENCE_SECONDS = 60
#: seconds between two marks that a process makes: a flood costs the store no more than that
PAUSE_SECONDS = 1
#: the rules, as the list of bans and the log name them
FAILED_CHECKS = "failed_checks"
FLAGGED_LANE = "flagged_lane"


class Marks:
    """What networks are marked with, and the rules by which they are."""

    def __init__(self, bans: BanList, clock: Callable[[], float]) -> None:
        self._bans = bans
        self._clock = clock
        self._marked_at = float("-inf")

    def lane(self, client: Client, earned: Lane) -> Lane:
        """The lane that a sale comes out of, where the visitor's record has earned this one."""
        if earned is Lane.NEW and self._mark(client, "flag") is not None:
            return Lane.FLAGGED
        return earned

    def refuse(self, client: Client) -> None:
        """:raises Banned: if the client's network is banned by a rule."""
        if self._mark(client, "unproved") is not None:
            raise Banned("a rule's ban covers it")

    def persists(self, client: Client) -> None:
        """A network sends wrong redemptions beyond its budget: a flag, and a ban if it goes on."""
        since = self._mark(client, "flag")
        if since is None:
            self._put(client, "flag", FAILED_CHECKS, FLAG_SECONDS)
        elif self._clock() >= since + PATIENCE_SECONDS and self._mark(client, "unproved") is None:
            self._put(client, "unproved", FAILED_CHECKS, BAN_SECONDS)

    def exhausts(self, client: Client) -> None:
        """A network's flagged lane has no more to sell: all its new visitors belong to it now."""
        if self._mark(client, "flag") is None:
            self._put(client, "flag", FLAGGED_LANE, FLAG_SECONDS)

    def _mark(self, client: Client, effect: Effect) -> int | None:
        """Since when a client's network has been marked so."""
        network = _network(client)
        return self._bans.since(network, effect) if network is not None else None

    def _put(self, client: Client, effect: Effect, rule: str, seconds: int) -> None:
        network, now = _network(client), self._clock()
        if network is None or now - self._marked_at < PAUSE_SECONDS:
            return
        self._marked_at = now
        try:
            self._bans.mark(network, effect, rule=rule, seconds=seconds)
        except ChallengeError as error:
            log.error("no mark was made: %s", error.detail)


def _network(client: Client) -> Network | None:
    """The network that may be marked; none that many people share, as far as is known."""
    if client.network.shared is not None or client.multiplier > 1:
        return None
    return client.network.home(client.address)
