"""What each store costs: `./run bench store`.

The same visitors buy and read over memory, a SQLite file, Redis and Valkey. Told are the CPU time
of the worker and of the server, how often a worker waits for the server, and a visitor's bytes.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import Any

from challenge import keys
from challenge.config import Settings
from challenge.core.models import Client
from challenge.stores import Store, from_uri
from challenge.stores.redis import RedisStore
from challenge.stores.redis_pool import Lease
from challenge.tally import Tally
from tests.redis_servers import RedisServer, serve_redis

from ._crowd import ASK, BrowserKey
from ._report import Figure, publish

#: visitors, and how many profiles each of them opens after the second sale
VISITORS, PROFILES = 60, 20
#: trips to the server for a view, and bytes of a visitor
REACH_TRIPS, REACH_BYTES = 1, 400
SERVERS = ("redis", "valkey")


@dataclass
class Costs:
    """What one store's visitors cost; times are the worker's, in CPU microseconds of each call."""

    charged: list[float] = field(default_factory=list)
    revisit: list[float] = field(default_factory=list)
    redeem: list[float] = field(default_factory=list)
    #: how often a worker waits for the server, for each new profile and each sale
    charged_trips: list[int] = field(default_factory=list)
    redeem_trips: list[int] = field(default_factory=list)
    #: and for an old profile
    view_trips: float = 0
    #: scripts that the server has run for a view, as it counts them
    view_scripts: float = 0
    #: CPU microseconds of the server for a view
    server_us: float = 0
    visitor_bytes: int = 0


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


@dataclass
class Reader:
    """A visitor with a browser key, on a network of its own."""

    client: Client
    key: BrowserKey
    token: str = ""


class Site:
    """A worker over a store, and the visitors that come to it."""

    def __init__(self, store: Store, trips: Trips) -> None:
        settings = Settings(price_ms=0, ramp=(10, PROFILES))
        ring = keys.make(os.urandom)
        self._tally = Tally(
            settings, ring, store, clock=time.time, sleep=time.sleep, random=os.urandom
        )
        self._trips = trips

    def visit(self, reader: Reader, costs: Costs) -> None:
        """Buy twice, and open all that was bought; then look at it once more."""
        for _ in range(2):
            offer = self._tally.quote(ASK, reader.token or None, reader.client)
            redeem = partial(self._tally.redeem, reader.key.body(offer.challenge), reader.client)
            reader.token = self._timed(redeem, costs.redeem, costs.redeem_trips).token
        for profile in range(PROFILES):
            self._timed(self.view(reader, profile), costs.charged, costs.charged_trips)
        for profile in range(PROFILES):
            self._timed(self.view(reader, profile), costs.revisit, [])

    def view(self, reader: Reader, profile: int) -> Callable[[], Any]:
        """A view of a profile, to be called."""
        return partial(self._tally.admit, reader.token, f"p{profile}", reader.client)

    def _timed(self, call: Callable[[], Any], costs: list[float], trips: list[int]) -> Any:
        """What a call gives; what it cost is added."""
        before, began = self._trips.count, time.process_time()
        given = call()
        costs.append((time.process_time() - began) * 1e6)
        trips.append(self._trips.count - before)
        return given


def crowd(random: Random) -> Iterator[Reader]:
    """Visitors, each on a network of its own."""
    for number in range(VISITORS):
        address = ip_address(0x0B000000 + number * 65_536)
        yield Reader(Client(address), BrowserKey(random))


def measured(store: Store, trips: Trips, server: RedisServer | None) -> Costs:
    """What a store costs."""
    costs, site = Costs(), Site(store, trips)
    readers = list(crowd(Random(1)))
    # The day's keys are asked for, and the scripts loaded, by somebody who is not counted.
    warm = Reader(Client(ip_address("10.0.0.1")), BrowserKey(Random(2)))
    site.visit(warm, Costs())
    for reader in readers:
        site.visit(reader, costs)
    if server is not None and isinstance(store, RedisStore):
        views(site, readers, costs, trips, server)
        costs.visitor_bytes = visitor_bytes(store, server)
    return costs


def views(
    site: Site, readers: list[Reader], costs: Costs, trips: Trips, server: RedisServer
) -> None:
    """What views alone take of the server, by its own count."""
    client, many = server.client(), len(readers) * PROFILES
    client.config_resetstat()
    before, cpu = trips.count, used_cpu(server)
    for reader in readers:
        for profile in range(PROFILES):
            site.view(reader, profile)()
    costs.view_trips = (trips.count - before) / many
    costs.server_us = (used_cpu(server) - cpu) / many * 1e6
    stats = client.info("commandstats")
    costs.view_scripts = stats["cmdstat_evalsha"]["calls"] / many


def used_cpu(server: RedisServer) -> float:
    """Seconds that the server has used."""
    told = server.client().info("cpu")
    return float(told["used_cpu_user"] + told["used_cpu_sys"])


def visitor_bytes(store: RedisStore, server: RedisServer) -> int:
    """The most that a visitor takes, key and all, who has bought twice and opened 20 profiles."""
    client = server.client()
    found = [client.memory_usage(key) for key in client.keys(store._key(b"v") + b"*")]
    return int(max(filter(None, found)))


def figures(found: dict[str, Costs]) -> Iterator[Figure]:
    """What is published."""
    for name, costs in found.items():
        note = "CPU of the worker, a new profile; the machine as busy as it was"
        yield Figure(f"store.{name}_charged_us", median(costs.charged), "us", note=note)
        yield Figure(f"store.{name}_revisit_us", median(costs.revisit), "us", note="an old one")
        yield Figure(f"store.{name}_redeem_us", median(costs.redeem), "us", note="a sale, with key")
    for name in SERVERS:
        costs = found[name]
        trips = max(costs.view_trips, costs.view_scripts)
        note = f"for a view; the server has counted {costs.view_scripts:.2f} scripts"
        ok = trips <= REACH_TRIPS
        yield Figure(f"store.{name}_roundtrips", trips, "trips", REACH_TRIPS, ok, note)
        note = "with a key, two sales and 20 profiles; MEMORY USAGE"
        ok = costs.visitor_bytes <= REACH_BYTES
        yield Figure(f"store.{name}_bytes", costs.visitor_bytes, "bytes", REACH_BYTES, ok, note)
        sale = median(costs.redeem_trips)
        yield Figure(f"store.{name}_redeem_roundtrips", sale, "trips", note="for a sale")
        most = max(costs.charged_trips)
        note = f"for a new profile, in the mean; {most} where its network is charged ahead"
        ahead = mean(costs.charged_trips)
        yield Figure(f"store.{name}_charged_roundtrips", ahead, "trips", note=note)
        note = "CPU of the server, a view"
        yield Figure(f"store.{name}_server_us", costs.server_us, "us", note=note)


def measure_all(folder: Path) -> dict[str, Costs]:
    """What each store costs."""
    found = {}
    with counted_trips() as trips, ExitStack() as stack:
        for kind in ("memory", "sqlite", *SERVERS):
            server = None
            uri = {"memory": "memory://", "sqlite": "sqlite:///store.db"}.get(kind, "")
            if not uri:
                server = stack.enter_context(serve_redis(kind, folder))
                uri = f"{server.uri}?timeout_ms=2000"
            store = from_uri(uri, folder=folder, max_bytes=2**30)
            found[kind] = measured(store, trips, server)
            store.close()
    return found


def main() -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory(prefix="tallygate-store-") as folder:
        publish("store", list(figures(measure_all(Path(folder)))))


if __name__ == "__main__":
    main()
