"""How much a Redis server can do: what workers have really sent it, sent by many at once.

Whole visits are recorded trip by trip, and sent again as they were for other visitors: all keys get
another prefix, so that each finds rows as it found them, and does the same. For views alone records
are filled with units that are paid for, so that none asks for more than its one script.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import redis

from challenge.stores.compact import pack, text, unpack
from challenge.stores.redis_scripts import CHARGE

from ._store_sites import PROFILES, Reader, Site, seen_trips

#: how often each visitor is copied
COPIES = 40
CONNECTIONS = 50
PREFIX = b"tallygate:"
#: what a connection sends behind its commands, and what ends the reply
PING, PONG = b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"
CHARGED = b"$7\r\nCHARGED\r\n"
Command = tuple[Any, ...]
#: commands that are sent together
Trip = tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Full:
    """A server that is asked for as much as it can do."""

    #: visits a second by the clock, and CPU microseconds of the server for each
    visits_s: float
    visit_us: float
    #: the share of the time for which it was at work
    busy: float


@dataclass
class Lane:
    """A connection, what it still has to send, and what has come."""

    socket: socket.socket
    left: list[bytes] = field(default_factory=list)
    came: list[bytes] = field(default_factory=list)

    def send(self) -> None:
        """The next commands."""
        self.socket.sendall(self.left.pop())

    def receive(self) -> bool:
        """Whether all replies to what was sent are there."""
        self.came.append(self.socket.recv(65_536))
        return b"".join(self.came[-2:]).endswith(PONG)


@contextmanager
def recorded() -> Iterator[list[Trip]]:
    """What this process sends to stores; not what it asks about the server, once a second."""
    found: list[Trip] = []

    def see(trip: Trip) -> None:
        if trip[0][0] != "INFO":
            found.append(trip)

    with seen_trips(see):
        yield found


def full_of_visits(site: Site, readers: Sequence[Reader]) -> Full:
    """All that visitors ask for: sales, views, and what their networks are charged."""
    return _filled(site, [_visit(site, reader) for reader in readers])


def full_of_views(site: Site, readers: Sequence[Reader], *, at_once: int) -> Full:
    """Views of new profiles alone, so many without waiting between."""
    [client] = site.servers.clients
    visits = []
    for reader in readers:
        commands = [trip[0] for trip in _visit(site, reader) if CHARGE.sha in trip[0]]
        key = commands[0][3]
        kept: Any = client.get(key)
        record = unpack(kept)
        # What moved a visitor was asked twice.
        views = {command[-2]: _paid(command, record.jti) for command in commands}.values()
        home = record.home(commands[0][6])._replace(charged=record.bought)
        unread = record._replace(spent=0, charged=b"", unconfirmed=b"", homes=(home,))
        setting: Trip = (("SET", key, pack(unread), "PX", 600_000),)
        trips = list(views)
        visits.append(
            [setting, *(tuple(trips[at : at + at_once]) for at in range(0, PROFILES, at_once))]
        )
    return _filled(site, visits)


def _visit(site: Site, reader: Reader) -> list[Trip]:
    with site.uncounted(), recorded() as trips:
        site.read([reader])
    return trips


def _paid(command: Command, jti: str) -> Command:
    """A view with the clearance that is in force after all of them."""
    *before, _, network, place, version, budget, digest, units = command
    return (*before, text(jti), network, place, version, budget, digest, units)


def _filled(site: Site, visits: Sequence[Sequence[Trip]]) -> Full:
    [server], [client] = site.servers.servers, site.servers.clients
    address = ("127.0.0.1", server.port)
    lanes = [Lane(socket.create_connection(address)) for _ in range(CONNECTIONS)]
    encoder, number = redis.connection.Connection(), 0
    for copy in range(COPIES):
        for visit in visits:
            prefix = b"t%08x:" % copy
            lanes[number % CONNECTIONS].left += [_packed(trip, prefix, encoder) for trip in visit]
            number += 1
    for lane in lanes:
        lane.left.reverse()
    before = site.servers.used()
    seconds = _drive(lanes)
    cpu_us = site.servers.used(last=True).since(before, 1).cpu_us
    came = b"".join(part for lane in lanes for part in lane.came)
    assert came.count(CHARGED) == number * PROFILES, "not all of them did what they did before"
    client.unlink(*client.keys("t0*"))
    return Full(number / seconds, cpu_us / number, cpu_us / seconds / 1e6)


def _packed(trip: Trip, prefix: bytes, encoder: redis.connection.Connection) -> bytes:
    """A trip of another visitor, as it is sent."""
    sent = [encoder.pack_command(*(_renamed(word, prefix) for word in each)) for each in trip]
    return b"".join((*(part for parts in sent for part in parts), PING))


def _renamed(word: Any, prefix: bytes) -> Any:
    is_key = isinstance(word, bytes) and word.startswith(PREFIX)
    return prefix + word.removeprefix(PREFIX) if is_key else word


def _drive(lanes: Sequence[Lane]) -> float:
    """Seconds until all of them have all their replies."""
    with selectors.DefaultSelector() as selector:
        for lane in lanes:
            selector.register(lane.socket, selectors.EVENT_READ, lane)
        began, at_work = time.perf_counter(), 0
        for lane in lanes:
            if lane.left:
                lane.send()
                at_work += 1
        while at_work:
            for chosen, _ in selector.select():
                lane = chosen.data
                if not lane.receive():
                    continue
                if lane.left:
                    lane.send()
                else:
                    at_work -= 1
        seconds = time.perf_counter() - began
    for lane in lanes:
        lane.socket.close()
    return seconds
