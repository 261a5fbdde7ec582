"""Workers over stores, the visitors that come to them, and what each call takes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from ipaddress import ip_address
from itertools import count
from random import Random
from statistics import mean, median, quantiles
from typing import Any, TypeVar

import redis

from challenge import keys
from challenge.config import Settings
from challenge.core.models import Client
from challenge.stores import Store
from challenge.stores.redis_pool import Lease
from challenge.tally import Tally
from tests.redis_servers import RedisServer

from ._crowd import ASK, BrowserKey

#: profiles that each visitor opens
PROFILES = 20
#: what is called: a new profile is charged to the visitor alone, or to its network for five as well
KINDS = ("ask", "redeem", "charged", "ahead", "revisit")


@dataclass
class Trips:
    """How often whoever holds a connection has waited for replies."""

    count: int = 0


@contextmanager
def seen_trips(see: Callable[[tuple[Any, ...]], None]) -> Iterator[None]:
    """Shows the commands of each trip, of all stores in this process, before they are sent."""
    ask = Lease.ask

    def asking(lease: Lease, *commands: Any) -> Any:
        see(commands)
        return ask(lease, *commands)

    Lease.ask = asking  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        Lease.ask = ask  # type: ignore[method-assign]


@contextmanager
def counted_trips() -> Iterator[Trips]:
    """Counts them."""
    trips = Trips()

    def see(_: tuple[Any, ...]) -> None:
        trips.count += 1

    with seen_trips(see):
        yield trips


@dataclass(frozen=True, slots=True)
class Used:
    """What servers have done, by their own count."""

    cpu_us: float = 0
    #: bytes that came to them, and that they sent
    heard: float = 0
    told: float = 0
    scripts: float = 0

    @property
    def wire(self) -> float:
        """Bytes in both directions."""
        return self.heard + self.told

    def plus(self, other: Used) -> Used:
        """Both together."""
        return Used(*(getattr(self, part) + getattr(other, part) for part in PARTS))

    def since(self, before: Used, calls: int) -> Used:
        """For each of so many calls."""
        return Used(
            (self.cpu_us - before.cpu_us) / calls,
            (self.heard - before.heard) / calls,
            (self.told - before.told) / calls,
            (self.scripts - before.scripts) / calls,
        )


T = TypeVar("T")
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

    def asking(self) -> Used:
        """What it adds to be asked about nothing."""
        told = []
        for _ in range(20):
            before = self.used()
            told.append(self.used(last=True).since(before, 1))
        return Used(*(median(getattr(used, part) for used in told) for part in PARTS))


@dataclass
class Spent:
    """What calls of one kind took: microseconds of the worker's CPU and of the clock, and trips."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    trips: list[int] = field(default_factory=list)
    #: what servers did for a call, in each block of calls
    server: list[Used] = field(default_factory=list)

    def part(self, number: int, of: int) -> Spent:
        """One of so many parts of all calls."""
        cut = partial(_cut, number=number, of=of)
        return Spent(cut(self.cpu), cut(self.wall), cut(self.trips), cut(self.server))

    def percentile(self, percent: int) -> float:
        """Of the wall-clock times."""
        return quantiles(self.wall, n=100, method="inclusive")[percent - 1]

    @property
    def served(self) -> Used:
        """For a call, the mean of all blocks, which are of the same length."""
        return Used(*(mean(getattr(used, what) for used in self.server) for what in PARTS))


def _cut(whole: list[T], number: int, of: int) -> list[T]:
    return whole[len(whole) * number // of : len(whole) * (number + 1) // of]


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
        ring = keys.make(os.urandom)
        self.store = store
        self.servers = servers or Servers()
        self.costs: Costs = {}
        #: visitors, and profiles for which their network is charged
        self.visitors = 0
        self._rounds = 0
        self._ahead: set[int] = set()
        self._reserved = 0
        self._asking = Used()
        self._trips = trips
        self._tally = Tally(
            Settings(price_ms=0), ring, store, clock=time.time, sleep=time.sleep, random=os.urandom
        )

    def warm(self, reader: Reader) -> None:
        """Keys of days are asked for, scripts loaded, by somebody who is not counted.

        And it is seen which of a visitor's profiles are charged to its network.
        """
        reserve = self.store.reserve

        def counted(*args: Any, **more: Any) -> Any:
            self._reserved += 1
            return reserve(*args, **more)

        self.costs = {kind: Spent() for kind in KINDS}
        self.store.reserve = counted  # type: ignore[method-assign]
        self.buy([reader])
        for profile in range(PROFILES):
            before = self._reserved
            left = self.view(reader, profile)().remaining
            if self._reserved > before:
                self._ahead.add(profile)
            if left == 1:
                self.buy([reader])
        self.store.reserve = reserve  # type: ignore[method-assign]
        self._asking = self.servers.asking()
        self.costs = {kind: Spent() for kind in KINDS}

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """What is done in the block is not added."""
        counted, self.costs = self.costs, {kind: Spent() for kind in KINDS}
        yield
        self.costs = counted

    def round(self, readers: Sequence[Reader]) -> None:
        """Visitors buy, read, and look at it once more."""
        self.visitors += len(readers)
        self._rounds += 1
        self.read(readers)
        # The first time that a profile is asked for again, its charge is confirmed: a write.
        for kind in ("", "revisit"):
            pages = [self.view(r, profile) for r in readers for profile in range(PROFILES)]
            seen = self.block(kind, pages) if kind else [page() for page in pages]
            assert not any(admitted.units for admitted in seen)

    def read(self, readers: Sequence[Reader], profiles: int = PROFILES) -> None:
        """Open profiles; each renews when one unit is left, as a browser does."""
        self.buy(readers)
        for profile in range(profiles):
            kind = "ahead" if profile in self._ahead else "charged"
            seen = self.block(kind, [self.view(reader, profile) for reader in readers])
            assert {admitted.units for admitted in seen} == {1}
            if profile + 1 < PROFILES and {admitted.remaining for admitted in seen} == {1}:
                self.buy(readers)

    def buy(self, readers: Sequence[Reader]) -> None:
        """A sale for each."""
        asks = [partial(self._tally.quote, ASK, r.token or None, r.client) for r in readers]
        offers = zip(readers, self.block("ask", asks), strict=True)
        sales = [
            partial(self._tally.redeem, r.key.body(offer.challenge), r.client)
            for r, offer in offers
        ]
        for reader, sold in zip(readers, self.block("redeem", sales), strict=True):
            reader.token = sold.token

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
        used = self.servers.used(last=True)
        spent.server.append(used.since(before.plus(self._asking), len(calls)))
        return given

    def number(self, kind: str) -> float:
        """How many there are for each visitor."""
        return len(self.costs[kind].wall) / self.visitors

    def of_a_visit(self, cost: Callable[[Spent], float]) -> float:
        """What a visitor's new profiles and the sales for them cost, the median of all rounds."""
        return median(
            sum(
                self.number(kind) * cost(spent.part(number, self._rounds))
                for kind, spent in self.costs.items()
                if kind != "revisit"
            )
            for number in range(self._rounds)
        )
