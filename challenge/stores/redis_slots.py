"""Which server of a cluster has which keys, and the way to a key that moves to another server.

A slot moves key by key. Meanwhile the server that had it answers for the keys that it still has,
and sends for the others to the one that gets it (ASK), which answers only who says ASKING. So a key
is looked for where the slot was first, each time: that it is not there is only said by both.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from redis.connection import Connection
from redis.crc import key_slot

from ..errors import StoreUnavailable
from .redis import RedisStore
from .redis_connection import connection_to
from .redis_pool import Command, Elsewhere, Lease, Pool, Unfit
from .redis_served import reading
from .redis_uri import Address

#: seconds between two looks at who has which keys
LOOK_EVERY = 0.5
#: servers asked one after the other, as each names the next: a slot that has moved may move on
HOPS = 3
T = TypeVar("T")
Node = tuple[str, int]


class Asking(Lease):
    """A connection to a server that is getting a slot, for keys that another sends there."""

    def ask(self, *commands: Command) -> list[Any]:
        asking: Command = ("ASKING",)
        told = super().ask(*(each for command in commands for each in (asking, command)))
        if any(reply != b"OK" for reply in self.checked(told[::2])):
            raise StoreUnavailable("a reply that is none")
        return told[1::2]


class SlotStore(RedisStore):
    """The verbs, each on the server that has its keys.

    :raises ConfigError: if its servers answer, and cannot be used.
    """

    def __init__(self, address: Address, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._nodes: list[Node] = list(address.servers)
        self._pools: dict[Node, Pool] = {}
        #: the first slot of each range, its last, and who has it
        self._slots: list[tuple[int, int, Node]] = []
        self._looked_at = float("-inf")
        super().__init__(address, clock=clock)

    @abstractmethod
    def _greet(self, lease: Lease) -> None: ...

    def close(self) -> None:
        for pool in list(self._pools.values()):
            pool.drop()

    def _on(self, key: bytes, do: Callable[[Lease], T], *, aside: bool = False) -> T:
        """What is done on the server that has a key, wherever that is by now.

        :param do: done again if a server has said that the key is another's: then none of it was.
        :param aside: over a connection for this once, in which nobody greets the server.
        """
        for _ in self._tries():
            node, way = self._owner(key), Lease
            for _ in range(HOPS):
                with self._way_to(node, way, aside=aside) as lease:
                    try:
                        return do(lease)
                    except Elsewhere as refusal:
                        told = refusal
                if told.at is None:
                    break
                node = told.at[0] or node[0], told.at[1]
                way = Asking if told.asks else Lease
                if not told.asks:
                    # Others may not have heard of it yet.
                    self._find_servers(node)
        raise StoreUnavailable(told.detail)

    def _tries(self) -> Iterator[None]:
        """As many as there is time for, which is as long as for a reply."""
        gives_up = time.monotonic() + self._address.timeout
        yield
        pause = self._address.timeout / 16
        while time.monotonic() + pause < gives_up:
            time.sleep(pause)
            yield

    def _way_to(
        self, node: Node, way: type[Lease], *, aside: bool
    ) -> AbstractContextManager[Lease]:
        pool = self._pool_of(node)
        return pool.aside(way) if aside else pool.lease(way)

    def _lease(self, key: bytes) -> Lease:
        return self._pool_of(self._owner(key)).lease()

    def _owner(self, key: bytes) -> Node:
        if not self._slots:
            self._find_servers()
        slot = key_slot(key)
        for first, last, node in self._slots:
            if first <= slot <= last:
                return node
        self._slots = []
        raise StoreUnavailable("no server has the key")

    def _masters(self) -> list[Node]:
        return sorted({node for _, _, node in self._slots})

    def _pool_of(self, node: Node) -> Pool:
        pool = self._pools.get(node)
        if pool is None:
            new = Pool(
                partial(self._connect, node),
                self._greet,
                timeout=self._address.timeout,
                clock=self._clock,
            )
            pool = self._pools.setdefault(node, new)
        return pool

    def _connect(self, node: Node) -> Connection:
        # Whoever connects anew may have been told of one that has gone.
        if self._clock() - self._looked_at >= LOOK_EVERY:
            self._find_servers()
        return connection_to(self._at(node))

    def _at(self, node: Node) -> Address:
        return replace(self._address, host=node[0], port=node[1], servers=())

    def _find_servers(self, *first: Node) -> None:
        """Ask the first server that answers who has which keys."""
        self._looked_at = self._clock()
        gives_up = time.monotonic() + self._address.timeout
        for node in dict.fromkeys([*first, *self._nodes, *self._address.servers]):
            # Several that are silent must not keep a page waiting, one after the other.
            if time.monotonic() >= gives_up:
                break
            try:
                with self._pool_of(node).aside() as lease:
                    told = lease.call("CLUSTER", "SLOTS")
            except Unfit:
                raise
            except StoreUnavailable:
                # Whoever looks next asks another first.
                self._nodes = [*(other for other in self._nodes if other != node), node]
                continue
            with reading():
                self._slots = [
                    # One that does not say which host it is, is where it was asked.
                    (first, last, ((master[0] or b"").decode() or node[0], master[1]))
                    for first, last, master, *_ in told
                ]
            # Who has answered is asked first the next time.
            self._nodes = [node, *self._masters()]
            return
        raise StoreUnavailable("no server of the cluster answers")
