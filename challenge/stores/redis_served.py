"""What a store knows of its Redis server: the way there, whether it is fit, and the epoch."""

from __future__ import annotations

import logging
import secrets
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from ..errors import ConfigError, StoreUnavailable
from . import redis_scripts as scripts
from .redis_info import Info, read_info
from .redis_pool import Command, Lease, Pool, Unfit
from .redis_sentinel import way_to
from .redis_uri import Address

log = logging.getLogger("challenge")

#: Share of the server's memory at which nothing more is sold: what was sold needs room to be spent.
FULL = 0.9
#: seconds between two looks at that
EVERY = 1.0
#: milliseconds that a sale waits for the first replica to have it
COPY_MS = 100
#: seconds for which a row is kept beyond its end: workers' clocks differ
MARGIN = 60
#: how often a row may change while somebody looks at it before that one gives up
SWAPS_MAX = 100
T = TypeVar("T")


class Served:
    """A server's connections, and what each of them has found out.

    :raises ConfigError: if the server answers, and cannot be used.
    """

    #: what the server has to say that it is
    _mode = "standalone"

    def __init__(self, address: Address, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._prefix = address.prefix.encode()
        self._clock = clock
        self._epoch = ""
        self._looked, self._is_full = float("-inf"), False
        self._watched = bool(address.sentinels)
        self._copy_ms = min(COPY_MS, int(address.timeout * 500))
        self._copies_late = False
        self._pool = Pool(way_to(address), self._greet, timeout=address.timeout, clock=clock)
        # Nobody waits for a page yet, so each of several sentinels has its turn.
        for left in reversed(range(max(1, len(address.sentinels)))):
            try:
                self._prepare()
                break
            except Unfit as error:
                detail = f"store {address}: {error.detail}"
                raise ConfigError(detail, code="store_unusable") from None
            except StoreUnavailable as error:
                if not left:
                    log.error("store %s does not answer: %s", address, error.detail)
        # No connection is left for a server to take across its fork.
        self.close()

    def _prepare(self) -> None:
        """Have the server know the scripts, and see that they may be run there."""
        with self._pool.lease() as lease:
            for script in scripts.ALL:
                script.load(lease)

    @property
    def epoch(self) -> str:
        """See :class:`Store`; the last one known while the server does not answer.

        :raises StoreUnavailable: if none was ever known.
        """
        if not self._epoch:
            with self._lease(self._key(b"e")):
                pass
        return self._epoch

    def ping(self) -> None:
        self._look_for_room()
        if self._is_full:
            raise StoreUnavailable("the server has its full size", code="store_full")

    def close(self) -> None:
        self._pool.drop()

    def _on(self, key: bytes, do: Callable[[Lease], T]) -> T:
        """What is done on the server that has a key."""
        with self._lease(key) as lease:
            return do(lease)

    def _call(self, key: bytes, *command: bytes | str | int, sale: bool = False) -> Any:
        """The reply to a command; to one that keeps what is sold, when a replica has that too."""

        def call(lease: Lease) -> Any:
            return self._first(*lease.call_all(command, *self._copied(lease, sale)))

        return self._on(key, call)

    def _run(
        self,
        script: scripts.Script,
        keys: Sequence[bytes],
        *arguments: bytes | str | int | float,
        sale: bool = False,
    ) -> Any:
        """The same, for a script."""

        def run(lease: Lease) -> Any:
            return self._first(*script.run_with(lease, keys, arguments, *self._copied(lease, sale)))

        return self._on(keys[0], run)

    def _copied(self, lease: Lease, sale: bool) -> list[Command]:
        """What is sent behind a sale, in the same trip, where the server has replicas."""
        return [("WAIT", 1, self._copy_ms)] if sale and lease.replicated else []

    def _first(self, told: Any, copies: int | None = None) -> Any:
        # The sale stands: a replica that is late must not close the site, and if it takes over
        # without the sale, the epoch says so.
        if copies is not None:
            if not copies and not self._copies_late:
                log.warning("no replica had a sale within %d ms", self._copy_ms)
            self._copies_late = not copies
        return told

    def _lease(self, key: bytes) -> Lease:
        return self._pool.lease()

    def _spent_keys(self, challenge: bytes) -> tuple[bytes, bytes]:
        """Where a spent challenge is, and the epoch that is lost with it."""
        return self._key(b"s", challenge), self._key(b"e")

    def _lost(self, told: str, found: bytes) -> StoreUnavailable:
        """Learn the epoch again; what to raise.

        :param told: the epoch that the caller knew.
        :param found: what was found where it should be.
        """
        # With a new connection it is read again.
        self._pool.drop()
        with suppress(StoreUnavailable), self._pool.lease():
            pass
        return StoreUnavailable("the store has lost rows, or is another one")

    def _key(self, kind: bytes, name: bytes = b"") -> bytes:
        return self._prefix + b":" + kind + name

    def _greet(self, lease: Lease) -> None:
        """Look at a server before anything is asked of it, and learn the epoch."""
        info = self._meet(lease)
        fresh = secrets.token_hex(8)
        told = scripts.EPOCH.run(lease, [self._key(b"e")], info.run_id, info.replication_id, fresh)
        with reading():
            epoch = str(told.decode("ascii"))
        if self._epoch and epoch != self._epoch:
            log.warning("the store has a new epoch: its server has changed, or has lost rows")
        self._epoch = epoch

    def _meet(self, lease: Lease) -> Info:
        info = self._info(lease)
        self._note_fill(info)
        # For nobody, and so at once: a right that is missing must not be found by the first sale.
        lease.call("WAIT", 0, 1)
        return info

    def _info(self, lease: Lease) -> Info:
        told = lease.call("INFO")
        with reading():
            info = read_info(told)
        if self._watched and info.role != "master":
            # Who said so has not heard yet who is; another who is asked may have.
            self._pool.drop()
            raise StoreUnavailable("another server is the master")
        if unfit := info.unfit(self._mode):
            raise Unfit(unfit)
        lease.replicated = info.replicas > 0
        return info

    def masters(self) -> list[Info]:
        """What each server says of itself that rows are written to.

        :raises StoreUnavailable: if one of them does not.
        """
        with self._pool.lease() as lease:
            return [self._info(lease)]

    def _look_for_room(self) -> None:
        self._note_fill(*self.masters())

    def _note_fill(self, *infos: Info) -> None:
        self._looked, self._is_full = self._clock(), any(info.fill >= FULL for info in infos)

    def _demand_room(self) -> None:
        """Raise if only what was sold already may still grow."""
        if self._clock() - self._looked >= EVERY:
            self._look_for_room()
        if self._is_full:
            raise StoreUnavailable("the server has its full size", code="store_full")


def life_ms(seconds: float) -> int:
    """Milliseconds that a row is kept which ends in so many seconds."""
    return int((max(0.0, seconds) + MARGIN) * 1000)


def done(told: Any) -> bool:
    """What a verb says that has either been done or had nothing to do."""
    if told not in (0, 1):
        raise StoreUnavailable("a reply that is none")
    return bool(told)


@contextmanager
def reading() -> Iterator[None]:
    """What others have written over ours, or a server says that is none, must not be a fault."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, struct.error) as error:
        raise StoreUnavailable("a row or a reply that is none") from error
