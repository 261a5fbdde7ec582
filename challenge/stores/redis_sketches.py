"""Who has sent which movement, on Redis: a row is looked at, and changed if nobody else has."""

from __future__ import annotations

import struct

from ..core import sketches
from ..core.digests import split
from ..core.sketches import HALF_BYTES, SENDERS_MAX, Senders
from ..errors import StoreUnavailable
from . import redis_scripts as scripts
from .redis_served import SWAPS_MAX, Served, done, life_ms, reading

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
        life = life_ms(after.expires - now)
        data = after.half + _ENDS.pack(after.expires) + after.visitors
        if seen is None:
            told = self._call(row, "SET", row, data, "NX", "PX", life)
            return done({b"OK": 1, None: 0}.get(told))
        return done(self._run(scripts.SWAP, [row], seen, data, life))


def _unpack(data: bytes | None) -> Senders | None:
    if data is None:
        return None
    at = HALF_BYTES + _ENDS.size
    with reading():
        row = Senders(data[:HALF_BYTES], data[at:], *_ENDS.unpack(data[HALF_BYTES:at]))
        if len(split(row.visitors)) > SENDERS_MAX:
            raise ValueError("more senders than a row has")
        return row
