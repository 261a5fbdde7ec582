"""Who has sent which movement, on Redis: a row is looked at, and changed if nobody else has."""

from __future__ import annotations

import struct
from typing import Any, Protocol

from ..core import sketches
from ..core.sketches import HALF_BYTES, Senders
from ..errors import StoreUnavailable
from . import redis_scripts as scripts
from .redis_pool import Pool

#: how often a row may change while somebody looks at it before that one gives up
SWAPS_MAX = 100
#: seconds for which a row is kept beyond its end: workers' clocks differ
MARGIN = 60
_ENDS = struct.Struct("<q")


class _Store(Protocol):
    _pool: Pool

    def _key(self, kind: bytes, name: bytes = b"") -> bytes: ...
    def _run(self, script: scripts.Script, key: bytes, *arguments: bytes | str | int) -> Any: ...


class RedisSketches:
    """Verbs of :class:`challenge.stores.base.Store`."""

    def note_sender(
        self: _Store, key: bytes, half: bytes, visitor: bytes, *, now: float, expires: int
    ) -> int:
        row = self._key(b"h", key)
        life = int((expires - now + MARGIN) * 1000)
        for _ in range(SWAPS_MAX):
            seen = self._pool.call("GET", row)
            before = _unpack(seen)
            after, others = sketches.note(before, half, visitor, now, expires)
            if after == before:
                return others
            if seen is None:
                put = self._pool.call("SET", row, _pack(after), "NX", "PX", life)
            else:
                put = self._run(scripts.SWAP, row, seen, _pack(after), life)
            if put:
                return others
        raise StoreUnavailable("a row changes too often")

    def other_senders(self: _Store, key: bytes, half: bytes, visitor: bytes, *, now: float) -> int:
        row = _unpack(self._pool.call("GET", self._key(b"h", key)))
        return sketches.others(row, half, visitor, now)


def _pack(row: Senders) -> bytes:
    return row.half + _ENDS.pack(row.expires) + row.visitors


def _unpack(data: bytes | None) -> Senders | None:
    if data is None:
        return None
    at = HALF_BYTES + _ENDS.size
    if len(data) < at:
        raise StoreUnavailable("a row that is none")
    return Senders(data[:HALF_BYTES], data[at:], *_ENDS.unpack(data[HALF_BYTES:at]))
