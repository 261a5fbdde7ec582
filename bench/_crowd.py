"""Visitors by the million, as the gate's own verbs leave them.

A few households are played against a real gate with a clock that is turned: at each address five
browsers buy, read and renew. All others get the records and bands of one of these, under names,
on networks and with profiles of their own. `tests/test_bench_gate.py` shows that the verbs would
have written the same.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from random import Random

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from challenge.config import Settings
from challenge.core.alternating import Trail, Trails
from challenge.core.bands import Levels
from challenge.core.canonical import canonical
from challenge.core.digests import DIGEST_BYTES
from challenge.core.models import Clearance, Client, Identity
from challenge.core.networks import network_hash, prefixes
from challenge.core.visitors import Home, Visitor
from challenge.keys import Keys, decode_bytes, encode_bytes
from challenge.stores.memory import MemoryStore
from challenge.tally import Tally
from challenge.tally.alarms import Alarms
from challenge.tally.books import DAY, Books
from challenge.tokens import Tokens
from challenge.wire import Ask

#: visitors at an address; each has read a page more than the one before, so that of the units
#: that their network is charged for at a time each has another number left
MEMBERS = 5
#: seconds between two pages; the first two sales are read up to their last unit
PACE, PAGES = 8, 4 + 10 + 3
#: seconds ago at which households began, the last and the first of them
BEGAN = (200, 1100)
#: households that are played, every other one at an IPv6 address
PLAYED = 32
#: profiles of the site; everybody opens some that stand beside each other
PROFILES = 5000
ASK = Ask(report="", action="page", resource="/people/ada", units=1)
DayKey = Callable[..., bytes | None]
_FIRST_V4, _FIRST_V6 = int(IPv4Address("11.0.0.0")), int(IPv6Address("2600::"))


def profile(number: int) -> str:
    """The name of a profile; after the last comes the first."""
    return f"person-{number % PROFILES}"


class BrowserKey:
    """What a browser signs its purchases with."""

    def __init__(self, random: Random) -> None:
        self._private = derive_private_key(random.getrandbits(240) + 1, SECP256R1())
        public = self._private.public_key().public_numbers()
        x, y = (encode_bytes(number.to_bytes(32)) for number in (public.x, public.y))
        self._jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def body(self, challenge: str) -> bytes:
        """What redeems a challenge that any answers solve."""
        message = canonical("challenge/v1/proof", challenge)
        r, s = decode_dss_signature(self._private.sign(message, ECDSA(SHA256())))
        proof = encode_bytes(r.to_bytes(32) + s.to_bytes(32))
        sent = {"challenge": challenge, "answers": [0] * 16, "key": self._jwk, "proof": proof}
        return json.dumps(sent).encode()


@dataclass(frozen=True, slots=True)
class Name:
    """Who a visitor is: what was drawn at random for it, where it reads, and which profiles."""

    visitor: Identity
    jti: str
    previous_jti: str
    thumbprint: str
    #: id of the challenge of its last sale
    challenge: bytes
    client: Client
    #: the first profile that it opened; the others stand behind it
    first_profile: int


@dataclass(frozen=True, slots=True)
class Household:
    """Visitors at one address that were played, and the bands of its networks."""

    names: tuple[Name, ...]
    records: tuple[Visitor, ...]
    #: of the address's networks, the narrowest first
    levels: tuple[Levels, ...]


class Site:
    """What names, networks and profiles are hashed under, at one moment.

    :param day_key: as of :class:`challenge.stores.Store`.
    """

    def __init__(self, settings: Settings, keys: Keys, day_key: DayKey, now: float) -> None:
        self.settings = settings
        self.keys = keys
        self.now = now
        self._today = int(now) // DAY
        days = {
            day: day_key(day, os.urandom(32), now=now) for day in (self._today - 1, self._today)
        }
        self._day_keys = {day: key for day, key in days.items() if key is not None}
        self.tokens = Tokens(keys, settings.site_key)
        alarms = Alarms(b"crowd", ring=lambda _: None)
        self.books = Books(settings, keys.profile_secret, self.new_store(), os.urandom, alarms)
        town = b"".join(
            digest
            for number in range(PROFILES)
            for digest, _ in self.books.profile_digests(profile(number), "normal")
        )
        self._town = town * 2

    def new_store(self) -> MemoryStore:
        """An empty store with these keys of days."""
        store = MemoryStore()
        for day, key in self._day_keys.items():
            store.day_key(day, key, now=self.now)
        return store

    def digests(self, first: int, number: int) -> bytes:
        """Digests of so many profiles that stand beside each other."""
        return self._town[first * DIGEST_BYTES : (first + number) * DIGEST_BYTES]

    def networks(self, client: Client) -> Iterator[bytes]:
        """Keys of a client's bands, the narrowest first."""
        for network in prefixes(client.address):
            yield network_hash(self._day_keys[self._today], network)

    def home(self, name: Name) -> tuple[bytes, bytes]:
        """Keyed hashes of a visitor's network and of the place it is in."""
        return self.books.home(name.visitor, name.client, self.now)

    def key(self, name: Name) -> bytes:
        """What a visitor's record is kept under."""
        key = self.books.visitor_key(name.visitor, self.now)
        assert key is not None
        return key

    def worn(self, record: Visitor, name: Name, home: tuple[bytes, bytes]) -> Visitor:
        """A played record under another name.

        :param home: the name's, as above.
        """
        network, place = home
        trail = Trail((place,))
        charged = self.digests(name.first_profile, len(record.charged) // DIGEST_BYTES)
        return record._replace(
            jti=name.jti,
            previous_jti=name.previous_jti,
            thumbprint=name.thumbprint,
            last_challenge=name.challenge,
            homes=(Home(network, record.homes[0].charged),),
            trails=Trails(v4=trail) if name.client.address.version == 4 else Trails(v6=trail),
            charged=charged,
            unconfirmed=charged[-len(record.unconfirmed) :],
        )


class _Member:
    """One visitor of a household while it is played."""

    def __init__(self, tally: Tally, client: Client, random: Random) -> None:
        self._tally = tally
        self._client = client
        self._key = BrowserKey(random)
        self._tokens: list[str] = []
        self._challenge = ""
        self._first = self._next = random.randrange(PROFILES)

    def open_next(self) -> None:
        """Open a profile; a renewal follows when one unit is left, as in the browser."""
        if not self._tokens:
            self._buy(None)
        left = self._tally.admit(self._tokens[-1], profile(self._next), self._client).remaining
        self._next += 1
        if left == 1:
            self._buy(self._tokens[-1])

    def _buy(self, clearance: str | None) -> None:
        self._challenge = self._tally.quote(ASK, clearance, self._client).challenge
        sale = self._tally.redeem(self._key.body(self._challenge), self._client)
        self._tokens.append(sale.token)

    def name(self, site: Site) -> Name:
        """Who it was."""
        before, last = (site.tokens.read_clearance(t, site.now) for t in self._tokens[-2:])
        claims = json.loads(decode_bytes(self._challenge.split(".")[1]))
        return Name(
            last.visitor,
            last.jti,
            before.jti,
            last.thumbprint,
            decode_bytes(claims["jti"]),
            self._client,
            self._first,
        )


def play(site: Site, client: Client, *, at: float, random: Random) -> Household:
    """A household that begins to read at a moment, and has all of its pages."""
    store, now = site.new_store(), at

    def clock() -> float:
        return now

    tally = Tally(
        site.settings, site.keys, store, clock=clock, sleep=_never, random=random.randbytes
    )
    members = [_Member(tally, client, random) for _ in range(MEMBERS)]
    for page in range(PAGES + MEMBERS - 1):
        now += PACE
        for more, member in enumerate(members):
            if page < PAGES + more:
                member.open_next()
    names = [member.name(site) for member in members]
    records = (store.read(site.key(name), now=now) for name in names)
    return Household(
        names=tuple(names),
        records=tuple(record for record in records if record is not None),
        levels=tuple(store.levels(key) for key in site.networks(client)),
    )


def _never(seconds: float) -> None:
    raise RuntimeError(f"slept {seconds} s")


class Crowd:
    """`number` visitors, each known by its index; none of them is kept."""

    def __init__(self, site: Site, epoch: str, number: int) -> None:
        self.site = site
        self.number = number
        self._epoch = epoch
        last, first = BEGAN
        step = (first - last) / PLAYED
        self._played = [
            play(site, self.client(index), at=site.now - last - index * step, random=Random(index))
            for index in range(PLAYED)
        ]

    def client(self, house: int) -> Client:
        """Of an address in a network that no other household has a part of."""
        if house % 2:
            return Client(IPv6Address(_FIRST_V6 + (house << 80) + 1))
        return Client(IPv4Address(_FIRST_V4 + house // 2 * 256 + 7))

    def played(self, index: int) -> Visitor:
        """The record whose likeness a visitor's is."""
        house, member = divmod(index, MEMBERS)
        return self._played[house % PLAYED].records[member]

    def name(self, index: int) -> Name:
        """Who a visitor is."""
        played = self.played(index)
        drawn = hashlib.shake_128(index.to_bytes(8)).digest(112)
        sub, jti, previous, challenge = (drawn[at : at + 16] for at in range(0, 64, 16))
        return Name(
            Identity(encode_bytes(sub), played.since - played.since % 3600),
            encode_bytes(jti),
            encode_bytes(previous),
            encode_bytes(drawn[64:96]),
            challenge,
            self.client(index // MEMBERS),
            int.from_bytes(drawn[96:]) % PROFILES,
        )

    def records(self) -> Iterator[tuple[bytes, Visitor]]:
        """Each visitor's record, and the key that it is kept under."""
        home = b"", b""
        for index in range(self.number):
            name = self.name(index)
            if index % MEMBERS == 0:
                home = self.site.home(name)
            yield self.site.key(name), self.site.worn(self.played(index), name, home)

    def bands(self) -> Iterator[tuple[bytes, Levels]]:
        """Keys and levels of all networks' bands."""
        for house in range(-(-self.number // MEMBERS)):
            keys = self.site.networks(self.client(house))
            yield from zip(keys, self._played[house % PLAYED].levels, strict=True)

    def token(self, index: int) -> str:
        """A visitor's clearance."""
        name, played = self.name(index), self.played(index)
        issued = played.ends - self.site.settings.lifetime
        return self.site.tokens.sign_clearance(
            Clearance(
                site=self.site.settings.site_key,
                visitor=name.visitor,
                jti=name.jti,
                kid=self.site.keys.current.kid,
                thumbprint=name.thumbprint,
                epoch=self._epoch,
                budget=self.site.settings.budget,
                issued=issued,
                not_before=issued,
                expires=played.ends,
            )
        )
