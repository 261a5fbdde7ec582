"""Networks that an operator keeps out for a time, or that a rule has marked (see `marks`)."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args

from ..config import Settings
from ..core.canonical import canonical
from ..core.networks import Address, Network, prefix
from ..errors import Banned, ConfigError, StoreUnavailable
from ..keys import Keys
from ..stores import Store
from ..stores.base import Ban, Effect

log = logging.getLogger("challenge")

#: how long a process goes by its copy of the list
REFRESH_SECONDS = 5
#: the same, where the store did not answer
RETRY_SECONDS = 1
#: how many bans there may be, how long one may last, and how wide its network may be
BANS_MAX = 10_000
DAYS_MAX = 30
#: how many there may be before no rule adds one: the rest is the operator's
MARKS_MAX = 9_000
WIDEST = {4: 16, 6: 32}
NARROWEST = {4: 32, 6: 64}
EFFECTS: tuple[Effect, ...] = get_args(Effect)
#: what a rule does to a network, as the log and the list say it
RULES: Mapping[Effect, str] = {"unproved": "new visitors banned", "flag": "network flagged"}


@dataclass(frozen=True, slots=True)
class _Copy:
    """The list as it was, by what a ban does, version and prefix length."""

    read_at: float
    bans: dict[tuple[Effect, int, int], dict[bytes, Ban]]
    #: whether the store did not answer
    stale: bool = False


class BanList:
    """The site's bans. The store keeps keyed hashes of networks, under a key of their own.

    While the store does not answer, the last copy goes on being obeyed, or all are refused.
    """

    def __init__(
        self, settings: Settings, keys: Keys, store: Store, clock: Callable[[], float]
    ) -> None:
        self._allowed = settings.allowed_networks
        self._refuses_stale = settings.fail_bans == "refuse"
        self._keys = keys
        self._store = store
        self._clock = clock
        self._copy = _Copy(float("-inf"), {})

    def refuse(self, address: Address) -> None:
        """Let an address pass, or not.

        :raises Banned: if a ban covers the address and no allowed network does.
        :raises StoreUnavailable: if nobody can say, where the site wants to know.
        """
        now = self._clock()
        copy = self._current(now)
        if copy.stale and self._refuses_stale:
            raise StoreUnavailable("the ban list cannot be read")
        banned = copy.bans
        if not banned or any(
            address.version == network.version and address in network for network in self._allowed
        ):
            return
        for effect, version, prefixlen in banned:
            if effect != "all" or version != address.version:
                continue
            network = prefix(address, prefixlen)
            if self._found(network, effect, now) is not None:
                raise Banned("a ban covers it")

    def is_stale(self) -> bool:
        """Whether the store did not answer when it was last asked for them."""
        return self._current(self._clock()).stale

    def since(self, network: Network, effect: Effect) -> int | None:
        """Since when a network has been marked so, Unix seconds; None if it is not."""
        mark = self._found(network, effect, self._clock())
        return mark.since if mark is not None else None

    def add(self, network: Network, *, reason: str, origin: str, hours: float) -> Ban:
        """Ban a network.

        :raises ConfigError: for one that is too wide, too narrow, allowed, or for too long.
        :raises StoreUnavailable: `bans_full` if there are too many.
        """
        low, high = WIDEST[network.version], NARROWEST[network.version]
        if not low <= network.prefixlen <= high:
            raise ConfigError(f"a ban covers /{low} to /{high}", code="ban_width")
        if any(_overlap(network, allowed) for allowed in self._allowed):
            raise ConfigError("CHALLENGE_ALLOWED_NETWORKS has it", code="ban_allowed")
        if not 0 < hours <= DAYS_MAX * 24:
            raise ConfigError(f"a ban lasts up to {DAYS_MAX} days", code="ban_length")
        ban = self._ban(network, "all", reason, origin, int(hours * 3600))
        self._store.ban(ban, limit=BANS_MAX, now=self._clock())
        log.warning("ban added: /%d for %.1f h by %s", network.prefixlen, hours, origin)
        return ban

    def mark(self, network: Network, effect: Effect, *, rule: str, seconds: int) -> None:
        """Mark a network by a rule, where no allowed network has to do with it.

        :raises StoreUnavailable: `bans_full` if there are too many.
        """
        if any(_overlap(network, allowed) for allowed in self._allowed):
            return
        ban = self._ban(network, effect, RULES[effect], rule, seconds)
        self._store.ban(ban, limit=MARKS_MAX, now=self._clock())
        log.warning("%s: /%d for %d min by rule %s", RULES[effect], ban.length, seconds // 60, rule)
        self._copy = _Copy(float("-inf"), self._copy.bans)

    def lift(self, network: Network) -> bool:
        """End a network's ban and marks; whether there were any."""
        lifted = [self._store.lift(self._hash(network, effect)) for effect in EFFECTS]
        if any(lifted):
            log.warning("ban lifted: /%d", network.prefixlen)
        return any(lifted)

    def all(self) -> list[Ban]:
        """The bans in force, the newest first."""
        bans = self._store.bans(now=self._clock())
        return sorted(bans, key=lambda ban: ban.since, reverse=True)

    def _current(self, now: float) -> _Copy:
        stands = RETRY_SECONDS if self._copy.stale else REFRESH_SECONDS
        if 0 <= now - self._copy.read_at < stands:
            return self._copy
        bans: dict[tuple[Effect, int, int], dict[bytes, Ban]] = {}
        stale = False
        try:
            for ban in self._store.bans(now=now):
                bans.setdefault((ban.effect, ban.version, ban.length), {})[ban.key] = ban
        except StoreUnavailable as error:
            if not self._copy.stale:
                log.error("the ban list is the last known one: %s", error.detail)
            bans, stale = self._copy.bans, True
        self._copy = _Copy(now, bans, stale)
        return self._copy

    def _found(self, network: Network, effect: Effect, now: float) -> Ban | None:
        bans = self._current(now).bans.get((effect, network.version, network.prefixlen))
        found = bans.get(self._hash(network, effect)) if bans else None
        return found if found is not None and found.expires > now else None

    def _ban(self, network: Network, effect: Effect, reason: str, origin: str, seconds: int) -> Ban:
        now = self._clock()
        return Ban(
            key=self._hash(network, effect),
            version=network.version,
            length=network.prefixlen,
            effect=effect,
            reason=reason[:200],
            origin=origin,
            since=int(now),
            expires=int(now + seconds),
        )

    def _hash(self, network: Network, effect: Effect) -> bytes:
        key = hmac.digest(self._keys.profile_secret, canonical("challenge/v1/ban-key"), "sha256")
        message = canonical(
            f"challenge/v1/ban-{effect}",
            bytes([network.prefixlen]),
            network.network_address.packed,
        )
        return hmac.digest(key, message, "sha256")[:16]


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
