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
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import redis

from ..errors import StoreUnavailable
from . import redis_scripts as scripts
from .redis_info import Info
from .redis_pool import Elsewhere, Lease
from .redis_served import reading
from .redis_slots import Asking, Node, SlotStore

log = logging.getLogger("challenge")

#: parts of the spent challenges, each with a mark of its own
PARTS = 64


class ClusterStore(SlotStore):
    """The protocol over a cluster.

    :raises ConfigError: if its servers answer, and cannot be used.
    """

    _mode = "cluster"

    def _prepare(self) -> None:
        self._find_servers()
        for node in self._masters():
            with self._pool_of(node).lease() as lease:
                for script in scripts.ALL:
                    script.load(lease)

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

    def _spend(
        self, row: bytes, arguments: Sequence[bytes | str | int | float], mark: bytes
    ) -> list[Any]:
        def spend(lease: Lease) -> tuple[Any, Any, bool]:
            told, found = scripts.SPEND.ask_with(lease, [row], arguments, (b"GET", mark))
            lease.checked([told])
            return told, found, isinstance(lease, Asking)

        told, found, on_its_way = self._on(row, spend)
        if on_its_way:
            self._see(row, told, digest=arguments[0], since=arguments[2])
        # The two may be on different servers while their slot moves. Whatever is said of the mark,
        # the row's step has been done, and must not be done again.
        if on_its_way or isinstance(found, redis.ResponseError):
            found = self._call(mark, "GET", mark)
        return [told, found]

    def _see(self, row: bytes, told: Any, *, digest: Any, since: Any) -> None:
        """Look for the row of a win where all look for it.

        Between the servers' answers its slot may have moved back, and begun to move again: then
        another's row is where it was, and this one where nobody looks.
        """
        with reading():
            if told[0] != b"won":
                return
            kept = self._call(row, "GET", row)
            found = kept[:9], kept[17 : 18 + len(digest)]
        if found != (b"p" + since, bytes([len(digest)]) + digest):
            raise StoreUnavailable("the row has moved on")

    def _lost(self, told: str, found: bytes) -> StoreUnavailable:
        with suppress(StoreUnavailable):
            if found and _number(found) < _number(told.encode()):
                # Nothing was spent there under this epoch yet, so nothing of it can be lost.
                self._write_marks(told)
            else:
                self._settle_epoch([], lost="" if found else told)
        return StoreUnavailable("the store has lost rows, or is another one")

    def _greet(self, lease: Lease) -> None:
        info = self._meet(lease)
        # At once, and not only when a slot moves: the right to it may be missing.
        lease.call("ASKING")
        self._settle_epoch(_seen(lease, info))

    def _settle_epoch(self, seen: list[bytes], lost: str = "") -> None:
        """Learn the epoch, and begin a new one if the servers are not those that it began with.

        :param seen: the node id of a server, and which one it is now.
        :param lost: the epoch under which rows were lost.
        """
        key = self._key(b"e")

        def settle(lease: Lease) -> Any:
            # Whoever keeps the epoch may itself have taken the place of another.
            all_seen = seen + _seen(lease, self._info(lease))
            least, end = int(time.time() * 1000), secrets.token_hex(8)
            return scripts.CLUSTER_EPOCH.run(lease, [key], end, least, lost, *all_seen)

        told = self._on(key, settle, aside=True)
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
                    try:
                        _write(mark, epoch, lease)
                    except Elsewhere:
                        self._on(mark, partial(_write, mark, epoch), aside=True)


def _write(mark: bytes, epoch: str, lease: Lease) -> None:
    scripts.CLUSTER_MARK.run(lease, [mark], epoch)


def _seen(lease: Lease, info: Info) -> list[bytes]:
    """The node id of a server, and which one it is now."""
    return [lease.call("CLUSTER", "MYID"), f"{info.run_id} {info.replication_id}".encode()]


def _number(epoch: bytes) -> int:
    with reading():
        return int(epoch.partition(b"-")[0])
