"""Networks that an operator keeps out for a time."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable
from dataclasses import dataclass

from ..config import Settings
from ..core.canonical import canonical
from ..core.networks import Address, Network, prefix
from ..errors import Banned, ConfigError, StoreUnavailable
from ..keys import Keys
from ..stores import Store
from ..stores.base import Ban

log = logging.getLogger("challenge")

#: how long a process goes by its copy of the list
REFRESH_SECONDS = 5
#: how many bans there may be, how long one may last, and how wide its network may be
BANS_MAX = 10_000
DAYS_MAX = 30
WIDEST = {4: 16, 6: 32}
NARROWEST = {4: 32, 6: 64}


@dataclass(frozen=True, slots=True)
class _Copy:
    """The list as it was, by version and prefix length."""

    read_at: float
    expires: dict[tuple[int, int], dict[bytes, int]]


class BanList:
    """The site's bans. The store keeps keyed hashes of networks, under a key of their own.

    While the store does not answer, the last copy goes on being obeyed.
    """

    def __init__(
        self, settings: Settings, keys: Keys, store: Store, clock: Callable[[], float]
    ) -> None:
        self._allowed = settings.allowed_networks
        self._keys = keys
        self._store = store
        self._clock = clock
        self._copy = _Copy(float("-inf"), {})

    def refuse(self, address: Address) -> None:
        """:raises Banned: if a ban covers the address and no allowed network does."""
        now = self._clock()
        banned = self._current(now).expires
        if not banned or any(
            address.version == network.version and address in network for network in self._allowed
        ):
            return
        for length, hashes in banned.items():
            version, prefixlen = length
            if version != address.version:
                continue
            network = prefix(address, prefixlen)
            if hashes.get(self._hash(network), 0) > now:
                raise Banned("a ban covers it")

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
        now = self._clock()
        ban = Ban(
            key=self._hash(network),
            version=network.version,
            length=network.prefixlen,
            reason=reason[:200],
            origin=origin,
            since=int(now),
            expires=int(now + hours * 3600),
        )
        self._store.ban(ban, limit=BANS_MAX, now=now)
        log.warning("ban added: /%d for %.1f h by %s", network.prefixlen, hours, origin)
        return ban

    def lift(self, network: Network) -> bool:
        """End a ban; whether there was one."""
        lifted = self._store.lift(self._hash(network))
        if lifted:
            log.warning("ban lifted: /%d", network.prefixlen)
        return lifted

    def all(self) -> list[Ban]:
        """The bans in force, the newest first."""
        bans = self._store.bans(now=self._clock())
        return sorted(bans, key=lambda ban: ban.since, reverse=True)

    def _current(self, now: float) -> _Copy:
        if 0 <= now - self._copy.read_at < REFRESH_SECONDS:
            return self._copy
        expires: dict[tuple[int, int], dict[bytes, int]] = {}
        try:
            for ban in self._store.bans(now=now):
                expires.setdefault((ban.version, ban.length), {})[ban.key] = ban.expires
        except StoreUnavailable as error:
            expires = self._copy.expires
            log.error("the ban list is the last known one: %s", error.detail)
        self._copy = _Copy(now, expires)
        return self._copy

    def _hash(self, network: Network) -> bytes:
        key = hmac.digest(self._keys.profile_secret, canonical("challenge/v1/ban-key"), "sha256")
        message = canonical(
            "challenge/v1/ban", bytes([network.prefixlen]), network.network_address.packed
        )
        return hmac.digest(key, message, "sha256")[:16]


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
