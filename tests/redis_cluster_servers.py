"""Clusters that tests start: three masters on the loopback, and a replica if that is wanted."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from dataclasses import dataclass
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

    @property
    def uri(self) -> str:
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in self.masters)
        return f"redis+cluster://{hosts}?prefix={next(PREFIXES)}&timeout_ms=1000"

    def open(self, uri: str) -> ClusterStore:
        store = from_uri(uri, folder=Path(), max_bytes=1)
        assert isinstance(store, ClusterStore)
        return store


def start_cluster(kind: str, folder: Path, stack: ExitStack, *, replicas: int = 0) -> Cluster:
    """A cluster until the stack ends; each server has a folder of its own."""
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
