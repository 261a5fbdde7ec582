"""What each store costs: `./run bench store [--record]`.

The same visitors buy and read over memory, a SQLite file, Redis, Valkey and a cluster of three
servers, in turns. Told are the CPU time of the worker and of the server, the time by the clock, how
often a worker waits for the server, how much passes between them, what a full server does, and what
rows take. `--record` also writes the tables of docs/sizing.md.
"""

from __future__ import annotations

import argparse
import logging
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

from . import _gate_docs, _store_docs
from ._full_server import full_of_views, full_of_visits
from ._report import Figure, publish
from ._store_docs import REST, SERVED, STORES, Found
from ._store_rows import rows, visitor_bytes
from ._store_sites import PROFILES, Reader, Servers, Site, Trips, counted_trips, crowd
from ._store_together import views_a_second

#: blocks of visitors, each of them over all stores in turns
ROUNDS, VISITORS = 9, 20
#: visitors whose rows are looked at, and whose visits are sent again
SOME = 10
#: how often a server is filled; what one measurement says is the others' median
FILLS = 3
#: trips to the server for a view, and bytes of a visitor
REACH = {"roundtrips": 1, "bytes": 400}


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


def have_visits(sites: dict[str, Site], visitors: Iterator[Reader]) -> None:
    """Have the same visitors everywhere; each block begins with another store."""
    for site in sites.values():
        site.warm(next(visitors))
    for number in range(ROUNDS):
        readers = list(islice(visitors, VISITORS))
        turns = list(sites.values())
        for site in turns[number % len(turns) :] + turns[: number % len(turns)]:
            for reader in readers:
                reader.token = ""
            site.round(readers)


def times(site: Site, sqlite: Site) -> dict[str, float]:
    """CPU of the worker, and the clock."""
    found: dict[str, float] = {}
    names = {"charged": "gate", "ahead": "ahead", "revisit": "revisit", "redeem": "redeem"}
    for kind, name in names.items():
        found[f"{name}_us"] = median(site.costs[kind].cpu)
        for percent in (50, 99):
            found[f"{name}_p{percent}_us"] = site.costs[kind].percentile(percent)
    found["ask_us"] = median(site.costs["ask"].cpu)
    found["gate_ratio"] = found["gate_us"] / median(sqlite.costs["charged"].cpu)
    found["visit_us"] = site.of_a_visit(lambda spent: mean(spent.cpu))
    return found


def asked_of_servers(site: Site) -> dict[str, float]:
    """Trips, the servers' CPU, and what goes over the wire."""
    costs = site.costs
    served = {kind: spent.served for kind, spent in costs.items()}
    return {
        "roundtrips": max(mean(costs["revisit"].trips), served["revisit"].scripts),
        "ahead_roundtrips": median(costs["ahead"].trips),
        "redeem_roundtrips": median(costs["redeem"].trips),
        "visit_roundtrips": site.of_a_visit(lambda spent: mean(spent.trips)),
        "server_gate_us": served["charged"].cpu_us,
        "server_revisit_us": served["revisit"].cpu_us,
        "server_ahead_us": served["ahead"].cpu_us,
        "server_redeem_us": served["redeem"].cpu_us,
        "server_visit_us": site.of_a_visit(lambda spent: spent.served.cpu_us),
        "gate_wire_bytes": served["charged"].wire,
        "visit_wire_bytes": site.of_a_visit(lambda spent: spent.served.wire),
    }


def full(site: Site, visitors: Iterator[Reader]) -> dict[str, float]:
    """What a server does that has all that it can do."""
    visits = [full_of_visits(site, list(islice(visitors, SOME))) for _ in range(FILLS)]
    found = {
        "full_visit_us": median(full.visit_us for full in visits),
        "full_profiles_s": PROFILES * median(full.visits_s for full in visits),
        "full_busy_percent": 100 * median(full.busy for full in visits),
    }
    for key, at_once in (("full_views_s", 1), ("full_pipelined_s", 20)):
        views = [
            full_of_views(site, list(islice(visitors, SOME)), at_once=at_once) for _ in range(FILLS)
        ]
        found[key] = PROFILES * median(full.visits_s for full in views)
    return found


def measure(folder: Path) -> Found:
    """What each store costs."""
    by_store: dict[str, dict[str, float]] = {}
    rest = {"flask_us": _store_docs.flask_us(_gate_docs.PAGE.read_text())}
    with counted_trips() as trips, ExitStack() as stack:
        sites = {kind: opened(kind, folder, stack, trips) for kind in STORES}
        visitors = crowd()
        have_visits(sites, visitors)
        for kind, site in sites.items():
            by_store[kind] = times(site, sites["sqlite"])
        rest["visit_sales"] = sites["valkey"].number("redeem")
        for kind in SERVED:
            by_store[kind] |= asked_of_servers(sites[kind])
            if kind in SERVERS:
                for name, row in rows(sites[kind]).items():
                    by_store[kind][f"{name}_row_bytes"] = row.bytes
                    rest[f"visit_{name}_rows"], rest[f"{name}_life_s"] = row.number, row.life
                by_store[kind] |= full(sites[kind], visitors)
            some = list(islice(visitors, 2 * SOME))
            by_store[kind]["bytes"] = visitor_bytes(sites[kind], some[:SOME])
            by_store[kind]["moved_bytes"] = visitor_bytes(sites[kind], some[SOME:], moved=True)
        pairs = folder / "pairs"
        pairs.mkdir()
        by_store["sqlite"]["pair_views_s"] = views_a_second("sqlite:///store.db", pairs)
        valkey = stack.enter_context(serve_redis("valkey", pairs))
        by_store["valkey"]["pair_views_s"] = views_a_second(f"{valkey.uri}?timeout_ms=2000", pairs)
    keys = {key for found in by_store.values() for key in found}
    found = {key: {s: by_store[s][key] for s in STORES if key in by_store[s]} for key in keys}
    return found | {key: {"site": value} for key, value in rest.items()}


def figures(found: Found) -> Iterator[Figure]:
    """What is published."""
    for names, columns in _store_docs.TABLES:
        for key, label in names.items():
            for column in columns:
                if column not in found[key]:
                    continue
                name = f"store.{key}" if names is REST else f"store.{column}_{key}"
                value, reach = found[key][column], REACH.get(key)
                ok = None if reach is None else value <= reach
                yield Figure(name, value, _unit(key), reach, ok, label)


def _unit(key: str) -> str:
    units = {"us": "us", "bytes": "bytes", "roundtrips": "trips", "ratio": "times", "rows": "rows"}
    if key.endswith("_percent"):
        return "%"
    if key.endswith("_life_s"):
        return "s"
    return units.get(key.rpartition("_")[2], "" if key == "visit_sales" else "a second")


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(prog="./run bench store", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write docs/sizing.md's tables too")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="tallygate-store-") as folder:
        found = measure(Path(folder))
    publish("store", list(figures(found)))
    print("", *_store_docs.tables(found), sep="\n\n")
    if options.record:
        _store_docs.record(found)


if __name__ == "__main__":
    main()
