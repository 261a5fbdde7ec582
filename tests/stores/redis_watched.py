"""A master and a replica that a sentinel watches, as tests start them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import redis

from ..redis_servers import RedisServer, free_port, serve_redis
from .redis_stores import until

SERVICE = "gate"


@dataclass
class Watched:
    """A master, its replica, and a sentinel that watches them."""

    master: RedisServer
    replica: RedisServer
    sentinel: RedisServer

    def uri(self, *before: str) -> str:
        hosts = ",".join([*before, f"127.0.0.1:{self.sentinel.port}"])
        return f"redis+sentinel://{hosts}/{SERVICE}/0?timeout_ms=500"


@contextmanager
def serve_watched(folder: Path) -> Iterator[Watched]:
    """They run until the block ends."""
    folders = [folder / name for name in ("master", "replica", "sentinel")]
    for each in folders:
        each.mkdir()
    with ExitStack() as stack:
        master = stack.enter_context(serve_redis("redis", folders[0]))
        replica = stack.enter_context(
            serve_redis("redis", folders[1], "--replicaof", "127.0.0.1", str(master.port))
        )
        sentinel = RedisServer("redis", folders[2], free_port())
        conf = folders[2] / "sentinel.conf"
        conf.write_text(
            f"port {sentinel.port}\nbind 127.0.0.1\n"
            f"logfile {folders[2]}/server.log\ndir {folders[2]}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {master.port} 1\n"
            f"sentinel down-after-milliseconds {SERVICE} 300\n"
            f"sentinel failover-timeout {SERVICE} 3000\n"
        )
        # A sentinel asks its master for replicas at once, and then every ten seconds.
        until(lambda: replica.client().info("replication")["master_link_status"] == "up")
        sentinel.start(str(conf), "--sentinel")
        stack.callback(sentinel.stop)
        known = sentinel.client()
        until(lambda: known.execute_command("SENTINEL", "REPLICAS", SERVICE))
        yield Watched(master, replica, sentinel)


def is_begun(sentinel: redis.Redis) -> bool:
    """Whether the sentinel makes another the master; it does not while it knows too little."""
    with suppress(redis.ResponseError):
        sentinel.execute_command("SENTINEL", "FAILOVER", SERVICE)
        return True
    return False


def fail_over(watched: Watched) -> None:
    """Have the sentinel make the other one the master."""
    until(lambda: is_begun(watched.sentinel.client()))
