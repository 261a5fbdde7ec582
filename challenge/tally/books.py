"""What the store knows people and networks by, and how their bands are charged."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from ..config import Settings
from ..core.bands import UNTOUCHED, Band, Granted, Levels, Wanted, reserve
from ..core.canonical import canonical
from ..core.classes import NetworkClasses
from ..core.digests import DIGEST_BYTES
from ..core.models import Client, Identity, Lane
from ..core.networks import Network, network_hash, prefixes
from ..core.visitors import Visitor
from ..errors import StoreUnavailable
from ..stores import Store
from .alarms import Alarms

DAY = 86_400
HOLDER_BYTES = 8
#: seconds after which a day's key is asked for again: a store that has lost it has made another,
#: and all workers have to know visitors by the same
DAY_KEY_SECONDS = 30
#: a prefix's band, as a multiple of the configured one
PREFIX_FACTORS = {24: 3, 32: 1, 48: 3, 56: 1, 64: 1}
#: What an account may buy, at most 60 units in any hour and 200 in any day: each a band with a
#: key of its own, since one burst and rate that keep both would hold a reader to 54 and then 6
#: an hour. All are full again before the day's key is gone.
ACCOUNT_BANDS = {"account-hour": Band(30, 30), "account-day": Band(128, 3)}
#: for so many seconds after it was made: half of that
ACCOUNT_YOUNG = DAY
YOUNG_BANDS = {"account-hour": Band(15, 15), "account-day": Band(52, 2)}
#: what an address may buy without scripts: at most 30 units in any hour
NOSCRIPT_BAND = Band(15, 15)
#: responses that an address may have: at most 60 in any hour
RESPONSE_BAND = Band(30, 30)
#: wrong secrets that an address may send before it has to wait
GUESS_BAND = Band(10, 60)
#: units of a route's class; a class is charged on top of those below it
CLASS_UNITS = {"normal": (1,), "high": (1, 3)}
_VISITOR = canonical("challenge/v1/visitor")


@dataclass(frozen=True, slots=True)
class Reserved:
    """What the bands gave, and who can put it back."""

    granted: Granted
    #: of the reservation
    id: bytes
    #: this attempt at it, drawn at random
    holder: bytes
    #: keys and sizes of the bands that it was taken from, and how much
    held: tuple[tuple[bytes, Band, int], ...]
    lane: Lane


class Books:
    """Keyed hashes under the keys of days, and the bands that are kept under them."""

    def __init__(
        self,
        settings: Settings,
        profile_secret: bytes,
        store: Store,
        random: Callable[[int], bytes],
        alarms: Alarms,
    ) -> None:
        self._settings = settings
        self._profile_secret = profile_secret
        self._profiles = canonical("challenge/v1/profile", settings.site_key)
        self.store = store
        self._random = random
        self._alarms = alarms
        #: with the time at which each was read, and the epoch
        self._day_keys: dict[int, tuple[bytes, float, str]] = {}
        self._epoch = ""
        self._classes = NetworkClasses(
            settings.shared_networks, settings.hosting_networks, settings.hosting_percent
        )

    def known(self, client: Client) -> Client:
        """The client, with what the operator says of its network."""
        network = self._classes.of(client.address)
        return client if network is client.network else replace(client, network=network)

    def epoch(self) -> str:
        """The store's. When it is another one, the keys of days may have been lost too."""
        self._epoch = self.store.epoch
        return self._epoch

    # -- hashes

    def visitor_key(self, visitor: Identity, now: float) -> bytes | None:
        """What the store keeps a visitor under; None once the key of its first day is gone."""
        secret = self._day_key(visitor.first // DAY, now)
        if secret is None:
            return None
        return hmac.digest(secret, _VISITOR + canonical(visitor.sub), "sha256")[:16]

    def record(self, visitor: Identity, now: float) -> Visitor | None:
        """The visitor's record."""
        key = self.visitor_key(visitor, now)
        return self.store.read(key, now=now) if key is not None else None

    def home(self, visitor: Identity, client: Client, now: float) -> tuple[bytes, bytes]:
        """A client's network and the place it is in, as the visitor's own record knows them."""
        secret = self._secret(visitor.first // DAY, now)
        return client.network.home_and_place(secret, client.address)

    def network_on(self, day: int, client: Client, now: float) -> bytes | None:
        """A client's network under a day's key; None if the key is gone."""
        secret = self._day_key(day, now)
        network = client.network.home(client.address)
        return network_hash(secret, network) if secret is not None else None

    def keyed(self, purpose: str, *parts: str | bytes, now: float) -> bytes:
        """A hash of something under the day's key; with that it stands for nothing any more."""
        message = canonical(f"challenge/v1/{purpose}", *parts)
        return hmac.digest(self._secret(int(now) // DAY, now), message, "sha256")

    def profile_digests(self, profile: str, sensitivity: str) -> tuple[tuple[bytes, int], ...]:
        """What a view of a profile charges: a digest for each class up to the route's.

        So whoever has paid the higher class has paid the lower one, and who has paid the lower
        one pays the difference.
        """
        return tuple(
            (self._profile_digest(profile, layer), units)
            for layer, units in enumerate(CLASS_UNITS[sensitivity])
        )

    def _profile_digest(self, profile: str, layer: int) -> bytes:
        message = self._profiles + canonical(profile, str(layer))
        return hmac.digest(self._profile_secret, message, "sha256")[:DIGEST_BYTES]

    # -- bands

    def reserve(self, client: Client, reservation: bytes, wanted: Wanted, now: float) -> Reserved:
        """Take units out of every band that a client counts for, the widest network first.

        All give the same number of units, or none gives any.

        :param reservation: its id; the second time gives what the first gave.
        """
        holder = self._random(HOLDER_BYTES)
        held: list[tuple[bytes, Band, int]] = []
        units, start = wanted.most, 0
        for key, band, carry in self._bands(client, now):
            granted = self.store.reserve(
                *(key, reservation, band, replace(wanted, most=units)),
                holder=holder,
                now=now,
                carry=carry,
            )
            if not granted.units:
                self.put_back(Reserved(granted, reservation, holder, tuple(held), wanted.lane))
                return Reserved(granted, reservation, holder, (), wanted.lane)
            held.append((key, band, granted.units))
            units, start = min(units, granted.units), max(start, granted.start_ms)
        granted = Granted(units, start)
        reserved = Reserved(granted, reservation, holder, tuple(held), wanted.lane)
        self.put_back(reserved, keep=units)
        self._alarms.sold(client, units, now)
        return reserved

    def take(
        self, purpose: str, client: Client, band: Band, reservation: bytes, now: float
    ) -> Granted:
        """Take one unit out of a band that a client's address has for a purpose of its own."""
        key, band, carry = self._own_band(purpose, client, band, now)
        wanted = Wanted(1, 1, max_wait_ms=0)
        holder = self._random(HOLDER_BYTES)
        return self.store.reserve(
            key, reservation, band, wanted, holder=holder, now=now, carry=carry
        )

    def retry_ms(self, purpose: str, client: Client, band: Band, now: float) -> int:
        """Milliseconds until such a band has a unit; nothing is taken."""
        key, band, carry = self._own_band(purpose, client, band, now)
        return self._wait_ms(key, band, carry, Wanted(1, 1, max_wait_ms=0), now)

    def wait_ms(self, client: Client, wanted: Wanted, now: float) -> int:
        """Milliseconds until every band of a client has `least` units; nothing is taken."""
        at_once = replace(wanted, most=wanted.least, max_wait_ms=0)
        return max(
            self._wait_ms(key, band, carry, at_once, now)
            for key, band, carry in self._bands(client, now)
        )

    def _wait_ms(self, key: bytes, band: Band, carry: Levels, wanted: Wanted, now: float) -> int:
        levels = max(self.store.levels(key), carry, key=lambda levels: levels.latest)
        return reserve(levels, band, wanted, int(now * 1000))[1].retry_ms

    def put_back(self, reserved: Reserved, *, keep: int = 0) -> None:
        """Put back what was reserved and not sold, but for `keep` units."""
        for key, band, units in reserved.held:
            if units > keep:
                self.store.release(
                    key, reserved.id, band, lane=reserved.lane, holder=reserved.holder, keep=keep
                )

    def _bands(self, client: Client, now: float) -> Iterator[tuple[bytes, Band, Levels]]:
        """Each band's key today, its size, and the levels it had yesterday if it is new today."""
        # Who is signed in has bands of the same size beside those of all others.
        purpose = "accounts" if client.account else ""
        for network, band in self._network_bands(client):
            yield self._band(partial(_network_hash, network, purpose), band, now)
        if not client.scripts:
            yield self._own_band("noscript", client, NOSCRIPT_BAND, now)
        if client.account:
            created = client.account_created
            young = created is not None and now - created < ACCOUNT_YOUNG
            for purpose, band in (YOUNG_BANDS if young else ACCOUNT_BANDS).items():
                yield self._band(partial(_account_hash, client.account, purpose), band, now)

    def _network_bands(self, client: Client) -> Iterator[tuple[Network, Band]]:
        """The networks that a client counts for, and their bands; the widest first."""
        settings, network = self._settings, client.network
        plain = Band(settings.band_burst, settings.band_per_hour, settings.lanes)
        if network.shared is not None:
            yield network.shared, plain.times(network.multiplier * client.multiplier)
            return
        for prefix in reversed(prefixes(client.address)):
            band = plain.times(PREFIX_FACTORS[prefix.prefixlen] * client.multiplier)
            yield prefix, band.part(network.percent)

    def _own_band(
        self, purpose: str, client: Client, band: Band, now: float
    ) -> tuple[bytes, Band, Levels]:
        """The band that a client's network has for a purpose."""
        network = client.network
        hashed = partial(_network_hash, network.home(client.address), purpose)
        return self._band(hashed, band.times(network.multiplier * client.multiplier), now)

    def _band(
        self, digest: Callable[[bytes], bytes], band: Band, now: float
    ) -> tuple[bytes, Band, Levels]:
        today = int(now) // DAY
        key = digest(self._secret(today, now))
        yesterday = self._day_key(today - 1, now)
        if yesterday is None or self.store.levels(key).latest:
            return key, band, UNTOUCHED
        return key, band, self.store.levels(digest(yesterday))

    # -- day keys

    def _secret(self, day: int, now: float) -> bytes:
        secret = self._day_key(day, now)
        if secret is None:
            raise StoreUnavailable("the day has no key")
        return secret

    def _day_key(self, day: int, now: float) -> bytes | None:
        # As it was before the key is read: what is lost meanwhile must not be kept for the new one.
        epoch = self._epoch
        kept, read_at, read_under = self._day_keys.get(day, (None, 0.0, ""))
        fresh = 0 <= now - read_at < DAY_KEY_SECONDS and now - day * DAY < 2 * DAY
        if kept is not None and fresh and read_under == epoch:
            return kept
        key = self.store.day_key(day, self._random(32), now=now)
        others = {d: k for d, k in self._day_keys.items() if d != day and now - d * DAY < 2 * DAY}
        self._day_keys = others if key is None else others | {day: (key, now, epoch)}
        return key


def _network_hash(network: Network, purpose: str, key: bytes) -> bytes:
    hashed = network_hash(key, network)
    if not purpose:
        return hashed
    return hmac.digest(key, canonical(f"challenge/v1/{purpose}", hashed), "sha256")[:16]


def _account_hash(account: str, purpose: str, key: bytes) -> bytes:
    return hmac.digest(key, canonical(f"challenge/v1/{purpose}", account), "sha256")[:16]
