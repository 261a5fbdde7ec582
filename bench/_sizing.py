"""How large a site must be: from what a visit costs to cores, servers, memory and connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

#: views that a visit is planned with, each of another profile
VISIT = 20
#: the share of their cores that workers are to use, and how many times as much a server could do
WORKERS_BUSY, ROOM = 0.6, 2.5
#: how many times the views of a whole day's mean second there are in the busiest
PEAK = 2
#: at nine tenths of its memory a server sells nothing more; so many times its rows it should have
MEMORY = 1.5
#: connections that a process has to a server at most
CONNECTIONS = 64
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a kind that visits leave behind."""

    #: for each visit
    number: float
    bytes: float
    #: seconds for which each of them is kept
    life: float


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit costs: all its views, and the sales for them."""

    #: requests that the application answers: views, asks and sales
    requests: float
    #: CPU microseconds of a worker, for the gate and in Flask around it for each request
    gate_us: float
    flask_us: float
    #: CPU microseconds of a server that has all that it can do
    server_us: float
    trips: float
    wire_bytes: float
    rows: Mapping[str, Rows]


@dataclass(frozen=True, slots=True)
class Plan:
    """What so many gated views a second take, at the busiest time of the day."""

    visits_s: float
    visitors_day: float
    #: cores at work, for the gate and for Flask around it; and how many there should be
    gate_cores: float
    flask_cores: float
    cores: int
    #: cores of servers at work, and servers that should stand there
    server_cores: float
    servers: int
    trips_s: float
    megabits_s: float
    #: bytes of all rows, and what each server should be given
    memory: float
    maxmemory: float
    #: of each server: with one worker a core, one request at a time, and at most
    connections: int
    connections_most: int


def plan(visit: Visit, views_s: float) -> Plan:
    """What it takes."""
    visits_s = views_s / VISIT
    visitors_day = views_s * DAY / PEAK / VISIT
    gate, flask = _at_work(visit, views_s)
    cores = worker_cores(visit, views_s)
    at_work = visits_s * visit.server_us / 1e6
    memory = sum(
        # What is kept for hours comes from the whole day, the rest from its busiest minutes.
        rows.number * rows.bytes * rows.life * (visitors_day / DAY if rows.life > DAY else visits_s)
        for rows in visit.rows.values()
    )
    servers = servers_for(at_work)
    return Plan(
        visits_s=visits_s,
        visitors_day=visitors_day,
        gate_cores=gate,
        flask_cores=flask,
        cores=cores,
        server_cores=at_work,
        servers=servers,
        trips_s=visits_s * visit.trips,
        megabits_s=visits_s * visit.wire_bytes * 8 / 1e6,
        memory=memory,
        maxmemory=memory * MEMORY / servers,
        connections=cores,
        connections_most=cores * CONNECTIONS,
    )


def worker_cores(visit: Visit, views_s: float) -> int:
    """Cores for workers, so that they are not all at work."""
    return ceil(sum(_at_work(visit, views_s)) / WORKERS_BUSY)


def _at_work(visit: Visit, views_s: float) -> tuple[float, float]:
    """Cores that the gate uses, and Flask around it."""
    visits_s = views_s / VISIT
    return visits_s * visit.gate_us / 1e6, visits_s * visit.requests * visit.flask_us / 1e6


def servers_for(cores_at_work: float) -> int:
    """One, or the masters of a cluster, of which there are three at least: each has one core."""
    needed = max(1, ceil(cores_at_work * ROOM))
    return needed if needed == 1 else max(3, needed)


def views_of_one_server(visit: Visit) -> float:
    """Views a second up to which one server has room for so many times as much."""
    return 1e6 / visit.server_us / ROOM * VISIT
