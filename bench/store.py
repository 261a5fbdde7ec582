"""What each store costs: `./run bench store [--record]`.

The same visitors buy and read over memory, a SQLite file, Redis, Valkey and a cluster of three
servers, in turns. Told are the CPU time of the worker and of the server, the time by the clock, how
often a worker waits for the server, how much passes between them, and a visitor's bytes.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import mean, median

from challenge.stores import from_uri
from tests.redis_cluster_servers import start_cluster
from tests.redis_servers import KINDS as SERVERS
from tests.redis_servers import serve_redis

from ._report import Figure, publish
from ._store_sites import Servers, Site, Trips, counted_trips, crowd

#: blocks of visitors, each of them over all stores in turns
ROUNDS, VISITORS = 8, 20
#: trips to the server for a view, and bytes of a visitor
REACH_TRIPS, REACH_BYTES = 1, 400
STORES = ("memory", "sqlite", *SERVERS, "cluster")
SERVED = (*SERVERS, "cluster")


def opened(kind: str, folder: Path, stack: ExitStack, trips: Trips) -> Site:
    """A worker over a new store, until the stack ends."""
    folder = folder / kind
    folder.mkdir()
    uri = {"memory": "memory://", "sqlite": "sqlite:///store.db"}.get(kind, "")
    servers = Servers()
    if kind == "cluster":
        cluster = start_cluster("valkey", folder, stack)
        servers, uri = Servers(tuple(cluster.masters)), cluster.uri
    elif not uri:
        servers = Servers((stack.enter_context(serve_redis(kind, folder)),))
        uri = f"{servers.servers[0].uri}?timeout_ms=2000"
    store = from_uri(uri, folder=folder, max_bytes=2**30)
    stack.callback(store.close)
    return Site(store, trips, servers)


def measure(sites: dict[str, Site]) -> None:
    """Have the same visitors everywhere; each block begins with another store."""
    visitors = crowd()
    for site in sites.values():
        site.warm(next(visitors))
    for number in range(ROUNDS):
        readers = list(islice(visitors, VISITORS))
        turns = list(sites.values())
        for site in turns[number % len(turns) :] + turns[: number % len(turns)]:
            for reader in readers:
                reader.token = ""
            site.round(readers)


def visitor_bytes(site: Site) -> int:
    """The most that a visitor takes, key and all, who has bought twice and opened 20 profiles."""
    return max(
        client.memory_usage(key) or 0
        for client in site.servers.clients
        for key in client.keys("*:v*")
    )


def timing_figures(name: str, site: Site, sqlite: Site) -> Iterator[Figure]:
    """CPU of the worker, and the clock."""
    told = {"charged": "gate", "revisit": "revisit", "redeem": "redeem"}
    words = {"charged": "a new profile", "revisit": "an old one", "redeem": "a sale, with key"}
    for kind, label in told.items():
        spent = site.costs[kind]
        ratio = median(spent.cpu) / median(sqlite.costs[kind].cpu)
        note = f"{words[kind]}; CPU of the worker, median; {ratio:.2f} times that of SQLite"
        yield Figure(f"store.{name}_{label}_us", median(spent.cpu), "us", note=note)
        for percent in (50, 99):
            note = f"{words[kind]}; by the clock, {len(spent.wall):,} of them"
            value = spent.percentile(percent)
            yield Figure(f"store.{name}_{label}_p{percent}_us", value, "us", note=note)


def served_figures(name: str, site: Site) -> Iterator[Figure]:
    """What is asked of servers."""
    charged, revisit, redeem = (site.costs[kind] for kind in ("charged", "revisit", "redeem"))
    scripts = revisit.served.scripts
    trips = max(mean(revisit.trips), scripts)
    note = (
        f"for a view; the server has counted {scripts:.2f} scripts. A new profile:"
        f" {median(charged.trips):g}, {max(charged.trips)} where its network is charged ahead,"
        f" {mean(charged.trips):.2f} in the mean"
    )
    ok = trips <= REACH_TRIPS
    yield Figure(f"store.{name}_roundtrips", trips, "trips", REACH_TRIPS, ok, note)
    taken = visitor_bytes(site)
    note = "with a key, two sales and 20 profiles; MEMORY USAGE"
    yield Figure(f"store.{name}_bytes", taken, "bytes", REACH_BYTES, taken <= REACH_BYTES, note)
    sale = median(redeem.trips)
    yield Figure(f"store.{name}_redeem_roundtrips", sale, "trips", note="for a sale")
    for kind, words in (("charged", "a new profile"), ("revisit", "an old one")):
        note, used = f"CPU of the server, {words}", site.costs[kind].served.cpu_us
        yield Figure(f"store.{name}_server_{kind}_us", used, "us", note=note)


def figures(sites: dict[str, Site]) -> Iterator[Figure]:
    """What is published."""
    for name, site in sites.items():
        yield from timing_figures(name, site, sites["sqlite"])
    for name in SERVED:
        yield from served_figures(name, sites[name])


def measure_all(folder: Path) -> list[Figure]:
    """What each store costs."""
    with counted_trips() as trips, ExitStack() as stack:
        sites = {kind: opened(kind, folder, stack, trips) for kind in STORES}
        measure(sites)
        return list(figures(sites))


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(prog="./run bench store", description=__doc__)
    parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tallygate-store-") as folder:
        publish("store", measure_all(Path(folder)))


if __name__ == "__main__":
    main()
