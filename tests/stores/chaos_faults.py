"""Ways in which a site's Redis server fails, each until its block ends."""

from __future__ import annotations

import os
import signal
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..redis_proxy import Proxy, proxy_to, reset, swallow
from ..redis_servers import RedisServer, free_port, serve_redis
from .redis_stores import ACL, URI, until

#: seconds for which a fault lasts
LASTS = 1.2


@dataclass
class Place(ABC):
    """A master and its replica."""

    master: RedisServer
    replica: RedisServer
    #: rows that were acknowledged, and are gone, for each kind of fault
    lost: Counter[str] = field(default_factory=Counter)
    #: since when the store is there again
    mended: float = 0

    @abstractmethod
    def uri(self) -> str: ...

    def rows(self, server: RedisServer) -> set[bytes]:
        """The challenges that are spent."""
        return set(server.client().keys("tallygate:s*"))

    def sells(self) -> set[bytes]:
        """Wait until more is sold; the rows then."""
        before = self.rows(self.master)
        until(lambda: len(self.rows(self.master) - before) > 5)
        return self.rows(self.master)

    def count_lost(self, kind: str, before: set[bytes]) -> None:
        self.lost[kind] += len(before - self.rows(self.master))

    def follow(self) -> None:
        """Have the replica catch up."""
        client = self.replica.client()
        client.replicaof("127.0.0.1", self.master.port)
        until(lambda: client.info("replication")["master_link_status"] == "up")

    def cut_off(self) -> None:
        """Have the replica miss what is written from now on."""
        self.follow()
        self.replica.client().replicaof("127.0.0.1", free_port())

    def swap(self) -> None:
        """The replica is the master now."""
        self.mended = time.monotonic()
        self.master, self.replica = self.replica, self.master


@dataclass
class Alone(Place):
    """With a way to whichever is the master."""

    proxy: Proxy = field(kw_only=True)

    def uri(self) -> str:
        return URI.format(port=self.proxy.port)

    def let_in(self) -> None:
        """The rights that the docs give, on both."""
        for server in (self.master, self.replica):
            server.client().execute_command(*ACL)

    def start(self) -> None:
        """Start the master again."""
        self.master.start()
        self.master.client().execute_command(*ACL)


@contextmanager
def serve_alone(folder: Path) -> Iterator[Alone]:
    at_once = ("--repl-diskless-sync-delay", "0")
    with ExitStack() as stack:
        for name in ("master", "replica"):
            (folder / name).mkdir()
        servers = [
            stack.enter_context(serve_redis("valkey", folder / name, *at_once))
            for name in ("master", "replica")
        ]
        place = Alone(*servers, proxy=stack.enter_context(proxy_to(servers[0].port)))
        place.let_in()
        yield place


def signal_to(server: RedisServer, number: int) -> None:
    assert server.process
    os.kill(server.process.pid, number)


# -- rows are lost


@contextmanager
def killed(place: Alone) -> Iterator[None]:
    before = place.rows(place.master)
    place.master.stop()
    yield
    place.start()
    place.count_lost("kill", before)


@contextmanager
def restored(place: Alone) -> Iterator[None]:
    """It starts again from a backup, which is older."""
    place.master.client().save()
    before = place.sells()
    place.master.stop()
    yield
    place.start()
    (place.master.folder / "dump.rdb").unlink()
    assert place.rows(place.master), "the backup was empty"
    place.count_lost("restore", before)


@contextmanager
def failed_over(place: Alone) -> Iterator[None]:
    """Another takes the place of the master, and has not got its last writes."""
    place.cut_off()
    before = place.sells()
    place.master.stop()
    yield
    place.replica.client().replicaof("NO", "ONE")
    place.proxy.upstream = place.replica.port
    place.swap()
    place.count_lost("failover", before)
    place.replica.start()
    place.let_in()


@contextmanager
def flushed(place: Alone) -> Iterator[None]:
    before = place.rows(place.master)
    place.master.client().flushall()
    yield
    place.count_lost("flush", before)


# -- no rows are lost


@contextmanager
def stopped(place: Alone) -> Iterator[None]:
    signal_to(place.master, signal.SIGSTOP)
    time.sleep(LASTS)
    yield
    signal_to(place.master, signal.SIGCONT)


@contextmanager
def without_scripts(place: Alone) -> Iterator[None]:
    for _ in range(3):
        place.master.client().script_flush()
        time.sleep(LASTS / 4)
    yield


def without_right(*rights: str) -> Callable[[Alone], AbstractContextManager[None]]:
    @contextmanager
    def denied(place: Alone) -> Iterator[None]:
        place.master.client().execute_command("ACL", "SETUSER", "gate", *rights)
        yield
        place.let_in()

    return denied


@contextmanager
def full(place: Alone) -> Iterator[None]:
    client = place.master.client()
    client.config_set("maxmemory", int(client.info("memory")["used_memory"]) // 2)
    yield
    client.config_set("maxmemory", 0)


@contextmanager
def cut(place: Alone) -> Iterator[None]:
    """Nothing that is sent arrives."""
    place.proxy.fate = lambda words: swallow
    yield
    place.proxy.fate = lambda words: None


@contextmanager
def broken(place: Alone) -> Iterator[None]:
    """What is sent breaks the connection."""
    place.proxy.fate = lambda words: reset
    yield
    place.proxy.fate = lambda words: None


@contextmanager
def unheard(place: Alone) -> Iterator[None]:
    """All is done that is asked for, and nobody hears of it in time."""
    place.proxy.delay = lambda words: 0.5
    yield
    place.proxy.delay = lambda words: 0.0


FAULTS: dict[str, Callable[[Alone], AbstractContextManager[None]]] = {
    "kill": killed,
    "restore": restored,
    "stop": stopped,
    "failover": failed_over,
    "flush": flushed,
    "script flush": without_scripts,
    "no evalsha": without_right("-evalsha"),
    "no keys": without_right("resetkeys"),
    "full": full,
    "cut": cut,
    "reset": broken,
    "unheard": unheard,
}
#: those by which rows are lost
LOSSES = {"kill", "restore", "failover", "flush"}
