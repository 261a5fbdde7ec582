"""Workers over stores, the visitors that come to them, and what each call takes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from ipaddress import ip_address
from itertools import count
from random import Random
from statistics import mean, quantiles
from typing import Any

import redis

from challenge import keys
from challenge.config import Settings
from challenge.core.models import Client
from challenge.stores import Store
from challenge.stores.redis_pool import Lease
from challenge.tally import Tally
from tests.redis_servers import RedisServer

from ._crowd import ASK, BrowserKey

#: profiles that each visitor opens after the second sale
PROFILES = 20
#: what is called, in the order in which a visitor comes to it
KINDS = ("ask", "redeem", "charged", "revisit")


@dataclass
class Trips:
    """How often whoever holds a connection has waited for replies."""

    count: int = 0


@contextmanager
def counted_trips() -> Iterator[Trips]:
    """Counts them, of all stores in this process."""
    trips, ask = Trips(), Lease.ask

    def counted(lease: Lease, *commands: Any) -> Any:
        trips.count += 1
        return ask(lease, *commands)

    Lease.ask = counted  # type: ignore[method-assign, assignment]
    try:
        yield trips
    finally:
        Lease.ask = ask  # type: ignore[method-assign]


@dataclass(frozen=True, slots=True)
class Used:
    """What servers have done, by their own count."""

    cpu_us: float = 0
    #: bytes that came to them, and that they sent
    heard: float = 0
    told: float = 0
    scripts: float = 0

    def since(self, before: Used, calls: int) -> Used:
        """For each of so many calls."""
        return Used(
            (self.cpu_us - before.cpu_us) / calls,
            (self.heard - before.heard) / calls,
            (self.told - before.told) / calls,
            (self.scripts - before.scripts) / calls,
        )


PARTS = tuple(part.name for part in fields(Used))


@dataclass
class Servers:
    """The servers behind a store; none behind memory and SQLite."""

    servers: tuple[RedisServer, ...] = ()

    @cached_property
    def clients(self) -> list[redis.Redis]:
        """A connection to each, the same all the time."""
        return [server.client() for server in self.servers]

    def used(self, *, last: bool = False) -> Used:
        """What they have done so far.

        :param last: whether calls came before this, or will come after it: being asked costs
            something too, and the calls are next to what is asked about time.
        """
        parts = ("commandstats", "stats", "cpu")
        told = [
            {part: client.info(part) for part in (reversed(parts) if last else parts)}
            for client in self.clients
        ]
        return Used(
            sum((t["cpu"]["used_cpu_user"] + t["cpu"]["used_cpu_sys"]) * 1e6 for t in told),
            sum(t["stats"]["total_net_input_bytes"] for t in told),
            sum(t["stats"]["total_net_output_bytes"] for t in told),
            sum(t["commandstats"].get("cmdstat_evalsha", {}).get("calls", 0) for t in told),
        )


@dataclass
class Spent:
    """What calls of one kind took: microseconds of the worker's CPU and of the clock, and trips."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    trips: list[int] = field(default_factory=list)
    #: what servers did for a call, in each block of calls
    server: list[Used] = field(default_factory=list)

    def percentile(self, percent: int) -> float:
        """Of the wall-clock times."""
        return quantiles(self.wall, n=100, method="inclusive")[percent - 1]

    @property
    def served(self) -> Used:
        """For a call, the mean of all blocks, which are of the same length."""
        return Used(*(mean(getattr(used, what) for used in self.server) for what in PARTS))


Costs = dict[str, Spent]


@dataclass
class Reader:
    """A visitor with a browser key, on a network of its own."""

    client: Client
    key: BrowserKey
    token: str = ""


def crowd(first: int = 0) -> Iterator[Reader]:
    """Visitors without end, each on a network of its own."""
    random = Random(first)
    for number in count(first):
        yield Reader(Client(ip_address(0x0B000000 + number * 1024)), BrowserKey(random))


class Site:
    """A worker over a store."""

    def __init__(self, store: Store, trips: Trips, servers: Servers | None = None) -> None:
        settings = Settings(price_ms=0, ramp=(10, PROFILES))
        ring = keys.make(os.urandom)
        self.store = store
        self.servers = servers or Servers()
        self.costs: Costs = {kind: Spent() for kind in KINDS}
        self._tally = Tally(
            settings, ring, store, clock=time.time, sleep=time.sleep, random=os.urandom
        )
        self._trips = trips

    def buy(self, readers: Sequence[Reader]) -> None:
        """Two sales for each: so many units that all profiles can be opened, and ten more."""
        for _ in range(2):
            asks = [partial(self._tally.quote, ASK, r.token or None, r.client) for r in readers]
            offers = self.block("ask", asks)
            bodies = [r.key.body(offer.challenge) for r, offer in zip(readers, offers, strict=True)]
            sales = [
                partial(self._tally.redeem, body, r.client)
                for body, r in zip(bodies, readers, strict=True)
            ]
            for reader, sold in zip(readers, self.block("redeem", sales), strict=True):
                reader.token = sold.token

    def read(self, readers: Iterable[Reader], *, kind: str = "charged") -> None:
        """Open all profiles, one visitor after the other."""
        pages = [self.view(r, profile) for r in readers for profile in range(PROFILES)]
        for admitted in self.block(kind, pages):
            assert bool(admitted.units) == (kind == "charged"), admitted

    def view(self, reader: Reader, profile: int) -> Callable[[], Any]:
        """A view of a profile, to be called."""
        return partial(self._tally.admit, reader.token, f"p{profile}", reader.client)

    def block(self, kind: str, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """What calls give; what they took is added."""
        spent, given = self.costs[kind], []
        before = self.servers.used()
        for call in calls:
            trips, cpu, wall = self._trips.count, time.process_time(), time.perf_counter()
            given.append(call())
            spent.wall.append((time.perf_counter() - wall) * 1e6)
            spent.cpu.append((time.process_time() - cpu) * 1e6)
            spent.trips.append(self._trips.count - trips)
        spent.server.append(self.servers.used(last=True).since(before, len(calls)))
        return given

    def warm(self, reader: Reader) -> None:
        """Keys of days are asked for, scripts loaded, by somebody who is not counted."""
        self.buy([reader])
        self.read([reader])
        self.costs = {kind: Spent() for kind in KINDS}

    def round(self, readers: Sequence[Reader]) -> None:
        """Visitors buy, read, and look at it once more."""
        self.buy(readers)
        self.read(readers)
        # The first time that a profile is asked for again, its charge is confirmed: a write.
        for page in [self.view(r, profile) for r in readers for profile in range(PROFILES)]:
            page()
        self.read(readers, kind="revisit")
