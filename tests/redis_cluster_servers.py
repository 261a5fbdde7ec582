"""Clusters of three masters that tests start, and slots that move between them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import redis

from challenge.stores import from_uri
from challenge.stores.redis_cluster import ClusterStore

from .redis_servers import RedisServer, serve_redis
from .stores.redis_stores import until

PREFIXES = (f"cl-{number}" for number in itertools.count())


@dataclass
class Cluster:
    """Three masters; the first of them has a replica if that was wanted."""

    masters: list[RedisServer]
    replica: RedisServer | None = None
    _clients: dict[int, redis.Redis] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in self.masters)
        return f"redis+cluster://{hosts}?prefix={next(PREFIXES)}&timeout_ms=1000"

    def client(self, number: int) -> redis.Redis:
        """The same connections each time."""
        if number not in self._clients:
            self._clients[number] = self.masters[number].client()
        return self._clients[number]

    def owner(self, slot: int) -> int:
        """Which of the masters has a slot, as it says itself."""
        for number in range(3):
            for first, last, node, *_ in self.client(number).execute_command("CLUSTER", "SLOTS"):
                if first <= slot <= last and node[1] == self.masters[number].port:
                    return number
        raise LookupError(slot)

    def agree(self) -> None:
        """Wait until the servers know of each other's last move."""
        deadline = time.monotonic() + 20
        while True:
            told = [said(self.client(number)) for number in range(3)]
            own = {each["cluster_my_epoch"] for each in told}
            if len(own) == 3 and len({each["cluster_current_epoch"] for each in told}) == 1:
                return
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def open(self, uri: str) -> ClusterStore:
        store = from_uri(uri, folder=Path(), max_bytes=1)
        assert isinstance(store, ClusterStore)
        return store


def start_cluster(kind: str, folder: Path, stack: ExitStack, *, replicas: int = 0) -> Cluster:
    servers = []
    for number in range(3 + replicas):
        own = folder / str(number)
        own.mkdir()
        options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000")
        servers.append(stack.enter_context(serve_redis(kind, own, *options)))
    clients = [server.client() for server in servers]
    for number, client in enumerate(clients[:3]):
        slots = range(number * 5462, min((number + 1) * 5462, 16_384))
        client.execute_command("CLUSTER", "ADDSLOTS", *slots)
        client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
    for server in servers[1:]:
        clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", server.port)
    for client in clients:
        until(partial(_says, client, "cluster_known_nodes", str(len(servers))))
    for client in clients[3:]:
        name = clients[0].execute_command("CLUSTER", "MYID")
        client.execute_command("CLUSTER", "REPLICATE", name)
        until(partial(_follows, client))
    for client in clients:
        until(partial(_says, client, "cluster_state", "ok"))
    return Cluster(servers[:3], servers[3] if replicas else None)


def said(client: redis.Redis) -> dict[str, str]:
    told = client.execute_command("CLUSTER", "INFO")
    text = told.decode() if isinstance(told, bytes) else told
    if isinstance(text, dict):
        return {str(key): str(value) for key, value in text.items()}
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def _says(client: redis.Redis, what: str, value: str) -> bool:
    return said(client)[what] == value


def _follows(client: redis.Redis) -> bool:
    return bool(client.info("replication").get("master_link_status") == "up")


@dataclass
class Move:
    """A slot on its way from one master to another."""

    cluster: Cluster
    slot: int
    source: int
    target: int

    def _clients(self) -> tuple[redis.Redis, redis.Redis]:
        return self.cluster.client(self.source), self.cluster.client(self.target)

    def begin(self) -> None:
        """From now on the source has no new keys."""
        source, target = self._clients()
        target.execute_command("CLUSTER", "SETSLOT", self.slot, "IMPORTING", name_of(source))
        source.execute_command("CLUSTER", "SETSLOT", self.slot, "MIGRATING", name_of(target))

    def left(self, count: int = 1_000_000) -> list[bytes]:
        """Keys that are still at the source."""
        source, _ = self._clients()
        found: list[bytes] = source.execute_command("CLUSTER", "GETKEYSINSLOT", self.slot, count)
        return found

    def carry(self, *keys: bytes) -> None:
        """Bring keys to the target."""
        source, _ = self._clients()
        port = self.cluster.masters[self.target].port
        source.execute_command("MIGRATE", "127.0.0.1", port, "", 0, 2000, "KEYS", *keys)

    def carry_all(self, *, steps: int, pause: float) -> None:
        """Bring all of them, in so many steps or more, as more come meanwhile."""
        at_once = len(self.left()) // steps + 1
        while keys := self.left(at_once):
            self.carry(*keys)
            time.sleep(pause)

    def end(self) -> None:
        """From now on the slot is the target's."""
        name = name_of(self.cluster.client(self.target))
        # All are told, as the servers' own tools do, and one move is known before the next begins:
        # two that count theirs the same would undo each other's.
        for number in (self.target, self.source, 3 - self.target - self.source):
            client = self.cluster.client(number)
            client.execute_command("CLUSTER", "SETSLOT", self.slot, "NODE", name)
            self.cluster.agree()


@contextmanager
def moving(cluster: Cluster, slot: int) -> Iterator[Move]:
    """A slot that moves to the next master while the block runs, and is back after it."""
    source = cluster.owner(slot)
    there = Move(cluster, slot, source, (source + 1) % 3)
    there.begin()
    try:
        yield there
    finally:
        there.carry_all(steps=1, pause=0)
        there.end()
        back = Move(cluster, slot, there.target, source)
        back.begin()
        back.carry_all(steps=1, pause=0)
        back.end()


def name_of(client: redis.Redis) -> str:
    """The server's name in its cluster."""
    told = client.execute_command("CLUSTER", "MYID")
    return told.decode() if isinstance(told, bytes) else str(told)
