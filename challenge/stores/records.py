"""A visitor's record as bytes, for stores that keep it packed."""

from __future__ import annotations

import struct
from typing import Any

from ..core.digests import DIGEST_BYTES
from ..core.recent import Recent
from ..core.visitors import Home, Visitor

# Numbers, then the lengths of what follows: three texts, the challenge, homes, unconfirmed.
_HEAD = struct.Struct("<qqIIIIIIIqqq6B")
_HOME = struct.Struct(f"<{DIGEST_BYTES}sI")


def pack(visitor: Visitor) -> bytes:
    """The record, as small as it goes without effort; about 230 bytes and 8 a profile."""
    texts = [t.encode() for t in (visitor.jti, visitor.previous_jti, visitor.thumbprint)]
    unconfirmed = len(visitor.unconfirmed) // DIGEST_BYTES
    head = _HEAD.pack(
        visitor.ends,
        visitor.expires,
        visitor.sales,
        visitor.bought,
        visitor.spent,
        visitor.recent.day,
        visitor.recent.today,
        visitor.recent.yesterday,
        visitor.later,
        visitor.later_from,
        visitor.moves_level,
        visitor.previous_until,
        *(len(text) for text in texts),
        len(visitor.last_challenge),
        len(visitor.homes),
        unconfirmed,
    )
    homes = [_HOME.pack(home.network, home.charged) for home in visitor.homes]
    parts = [head, *texts, visitor.last_challenge, *homes, visitor.unconfirmed, visitor.charged]
    return b"".join(parts)


def unpack(data: bytes) -> Visitor:
    """The record that :func:`pack` made these bytes of."""
    numbers = _HEAD.unpack_from(data)
    ends, expires, sales, bought, spent = numbers[:5]
    later, later_from, moves_level, previous_until = numbers[8:12]
    lengths = numbers[12:]
    sizes = (*lengths[:4], lengths[4] * _HOME.size, lengths[5] * DIGEST_BYTES)
    parts: list[Any] = []
    at = _HEAD.size
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    jti, previous_jti, thumbprint, last_challenge, homes, unconfirmed = parts
    return Visitor(
        jti=jti.decode(),
        previous_jti=previous_jti.decode(),
        previous_until=previous_until,
        thumbprint=thumbprint.decode(),
        sales=sales,
        last_challenge=last_challenge,
        bought=bought,
        spent=spent,
        recent=Recent(*numbers[5:8]),
        later=later,
        later_from=later_from,
        homes=tuple(Home(*home) for home in _HOME.iter_unpack(homes)),
        moves_level=moves_level,
        charged=data[at:],
        unconfirmed=unconfirmed,
        ends=ends,
        expires=expires,
    )
