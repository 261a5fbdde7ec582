"""Who has sent which movement, on Redis: a row is looked at, and changed if nobody else has."""

from __future__ import annotations

import struct

from ..core import sketches
from ..core.sketches import HALF_BYTES, Senders
from ..errors import StoreUnavailable
from . import redis_scripts as scripts
from .redis_served import Served

#: seconds for which a row is kept beyond its end: workers' clocks differ
MARGIN = 60
#: how often a row may change while somebody looks at it before that one gives up
SWAPS_MAX = 100
_ENDS = struct.Struct("<q")


class RedisSketches(Served):
    """Verbs of :class:`challenge.stores.base.Store`."""

    def note_sender(
        self, key: bytes, half: bytes, visitor: bytes, *, now: float, expires: int
    ) -> int:
        row = self._key(b"h", key)
        for _ in range(SWAPS_MAX):
            seen = self._call(row, "GET", row)
            before = _unpack(seen)
            after, others = sketches.note(before, half, visitor, now, expires)
            if after == before or self._put_senders(row, seen, after, now):
                return others
        raise StoreUnavailable("a row changes too often")

    def other_senders(self, key: bytes, half: bytes, visitor: bytes, *, now: float) -> int:
        row = self._key(b"h", key)
        return sketches.others(_unpack(self._call(row, "GET", row)), half, visitor, now)

    def _put_senders(self, row: bytes, seen: bytes | None, after: Senders, now: float) -> bool:
        life = int((after.expires - now + MARGIN) * 1000)
        data = after.half + _ENDS.pack(after.expires) + after.visitors
        if seen is None:
            return self._call(row, "SET", row, data, "NX", "PX", life) is not None
        return bool(self._run(scripts.SWAP, [row], seen, data, life))


def _unpack(data: bytes | None) -> Senders | None:
    if data is None:
        return None
    at = HALF_BYTES + _ENDS.size
    if len(data) < at:
        raise StoreUnavailable("a row that is none")
    return Senders(data[:HALF_BYTES], data[at:], *_ENDS.unpack(data[HALF_BYTES:at]))
