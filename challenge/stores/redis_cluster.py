"""`redis+cluster://`: the store of redis.py, its keys spread over the servers of a cluster.

Each server may lose rows by itself: it starts again, another takes its place, or it is flushed.
The epoch is one for all of them. What each server was when it was last seen stands beside the
epoch; and in each of 64 parts of the spent challenges there is a mark with the epoch, which is
lost when they are (docs/decisions/0024-redis.md).
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeVar

from redis.connection import Connection
from redis.crc import key_slot

from ..errors import StoreUnavailable
from . import redis_scripts as scripts
from .redis import RedisStore
from .redis_info import Info
from .redis_pool import Elsewhere, Lease, Pool, Unfit, connection_to
from .redis_served import reading
from .redis_uri import Address

log = logging.getLogger("challenge")

#: parts of the spent challenges, each with a mark of its own
PARTS = 64
#: seconds between two looks at who has which keys
LOOK_EVERY = 0.5
T = TypeVar("T")
Node = tuple[str, int]


class ClusterStore(RedisStore):
    """The protocol over a cluster.

    :raises ConfigError: if its servers answer, and cannot be used.
    """

    _mode = "cluster"

    def __init__(self, address: Address, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._nodes: list[Node] = list(address.servers)
        self._pools: dict[Node, Pool] = {}
        #: the first slot of each range, its last, and who has it
        self._slots: list[tuple[int, int, Node]] = []
        self._looked_at = float("-inf")
        super().__init__(address, clock=clock)

    def _prepare(self) -> None:
        self._find_servers()
        for node in self._masters():
            with self._pool_of(node).lease() as lease:
                for script in scripts.ALL:
                    script.load(lease)

    def close(self) -> None:
        for pool in list(self._pools.values()):
            pool.drop()

    # -- where keys are

    def _on(self, key: bytes, do: Callable[[Lease], T]) -> T:
        try:
            return super()._on(key, do)
        except Elsewhere:
            # Nothing was done there.
            self._find_servers()
            return super()._on(key, do)

    def _lease(self, key: bytes) -> Lease:
        if not self._slots:
            self._find_servers()
        return self._pool_of(self._owner(key)).lease()

    def _owner(self, key: bytes) -> Node:
        slot = key_slot(key)
        for first, last, node in self._slots:
            if first <= slot <= last:
                return node
        self._slots = []
        raise StoreUnavailable("no server has the key")

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
            with suppress(StoreUnavailable):
                self._find_servers()
        return connection_to(self._at(node))

    def _at(self, node: Node) -> Address:
        return replace(self._address, host=node[0], port=node[1], servers=())

    def _find_servers(self) -> None:
        """Ask the first server that answers who has which keys."""
        self._looked_at = self._clock()
        for node in [*self._nodes, *self._address.servers]:
            try:
                with self._pool_of(node).aside() as lease:
                    told = lease.call("CLUSTER", "SLOTS")
            except Unfit:
                raise
            except StoreUnavailable:
                continue
            with reading():
                self._slots = [
                    (first, last, (master[0].decode() or node[0], master[1]))
                    for first, last, master, *_ in told
                ]
            # Who has answered is asked first the next time.
            self._nodes = [node, *self._masters()]
            return
        raise StoreUnavailable("no server of the cluster answers")

    def _masters(self) -> list[Node]:
        return sorted({node for _, _, node in self._slots})

    def masters(self) -> list[Info]:
        """See :class:`Served`."""
        if not self._slots:
            self._find_servers()
        infos = []
        for node in self._masters():
            with self._pool_of(node).lease() as lease:
                infos.append(self._info(lease))
        return infos

    def _info(self, lease: Lease) -> Info:
        try:
            return super()._info(lease)
        except StoreUnavailable:
            # It may be no master any more.
            self._slots = []
            raise

    # -- the epoch

    def _spent_keys(self, challenge: bytes) -> tuple[bytes, bytes]:
        part = challenge[0] % PARTS
        return self._key(b"s", b"{s%d}" % part + challenge), self._mark(part)

    def _mark(self, part: int) -> bytes:
        return self._key(b"e", b"{s%d}" % part)

    def _lost(self, told: str, found: bytes) -> StoreUnavailable:
        with suppress(StoreUnavailable):
            if found and _number(found) < _number(told.encode()):
                # Nothing was spent there under this epoch yet, so nothing of it can be lost.
                self._write_marks(told)
            else:
                self._settle_epoch([], lost="" if found else told)
        return StoreUnavailable("the store has lost rows, or is another one")

    def _greet(self, lease: Lease) -> None:
        self._settle_epoch(_seen(lease, self._meet(lease)))

    def _settle_epoch(self, seen: list[bytes], lost: str = "") -> None:
        """Learn the epoch, and begin a new one if the servers are not those that it began with.

        :param seen: the node id of a server, and which one it is now.
        :param lost: the epoch under which rows were lost.
        """
        key = self._key(b"e")
        # Whoever keeps the epoch may itself have taken the place of another.
        with self._pool_of(self._owner(key)).aside() as lease:
            seen = seen + _seen(lease, self._info(lease))
            least = int(time.time() * 1000)
            told = scripts.CLUSTER_EPOCH.run(lease, [key], secrets.token_hex(8), least, lost, *seen)
        with reading():
            epoch, is_new = str(told[0].decode("ascii")), bool(told[1])
        if self._epoch and epoch != self._epoch:
            log.warning("the store has a new epoch: a server has changed, or has lost rows")
        self._epoch = epoch
        if is_new:
            self._write_marks(epoch)

    def _write_marks(self, epoch: str) -> None:
        """Put the epoch into each part, unless there is a newer one."""
        parts: dict[Node, list[bytes]] = {}
        for part in range(PARTS):
            mark = self._mark(part)
            parts.setdefault(self._owner(mark), []).append(mark)
        for node, marks in parts.items():
            with self._pool_of(node).aside() as lease:
                for mark in marks:
                    scripts.CLUSTER_MARK.run(lease, [mark], epoch)


def _seen(lease: Lease, info: Info) -> list[bytes]:
    """The node id of a server, and which one it is now."""
    return [lease.call("CLUSTER", "MYID"), f"{info.run_id} {info.replication_id}".encode()]


def _number(epoch: bytes) -> int:
    with reading():
        return int(epoch.partition(b"-")[0])
