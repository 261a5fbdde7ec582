"""A visitor's record as bytes, for stores that keep it packed."""

from __future__ import annotations

import struct
from dataclasses import astuple
from typing import Any

from ..core.alternating import NOWHERE, Trail, Trails
from ..core.digests import DIGEST_BYTES, split
from ..core.recent import Pace, Recent
from ..core.visitors import Home, Visitor

# Numbers, then the lengths of what follows: three texts, the challenge, homes, unconfirmed, and
# places and returns under each IP version.
_HEAD = struct.Struct("<qqIIIIIIIIIIIIBqqq10B")
_HOME = struct.Struct(f"<{DIGEST_BYTES}sI")
_RETURN = struct.Struct("<I")


def pack(visitor: Visitor) -> bytes:
    """The record, as small as it goes without effort; about 250 bytes and 8 a profile."""
    texts = [t.encode() for t in (visitor.jti, visitor.previous_jti, visitor.thumbprint)]
    trails = (visitor.trails.v4, visitor.trails.v6)
    unconfirmed = len(visitor.unconfirmed) // DIGEST_BYTES
    head = _HEAD.pack(
        visitor.ends,
        visitor.expires,
        visitor.sales,
        visitor.since,
        visitor.bought,
        visitor.spent,
        *astuple(visitor.recent),
        *astuple(visitor.pace),
        visitor.judged,
        visitor.factor,
        visitor.later,
        visitor.later_from,
        visitor.moves_level,
        visitor.previous_until,
        *(len(text) for text in texts),
        len(visitor.last_challenge),
        len(visitor.homes),
        unconfirmed,
        *(len(many) for trail in trails for many in (trail.places, trail.returns)),
    )
    parts = [head, *texts, visitor.last_challenge]
    parts += [_HOME.pack(home.network, home.charged) for home in visitor.homes]
    parts.append(visitor.unconfirmed)
    for trail in trails:
        parts += [*trail.places, *map(_RETURN.pack, trail.returns)]
    return b"".join([*parts, visitor.charged])


def unpack(data: bytes) -> Visitor:
    """The record that :func:`pack` made these bytes of."""
    numbers = _HEAD.unpack_from(data)
    ends, expires, sales, since, bought, spent = numbers[:6]
    later, later_from, moves_level, previous_until = numbers[14:18]
    units = (1, 1, 1, 1, _HOME.size, DIGEST_BYTES, *(DIGEST_BYTES, _RETURN.size) * 2)
    parts: list[Any] = []
    at = _HEAD.size
    for count, unit in zip(numbers[18:], units, strict=True):
        parts.append(data[at : at + count * unit])
        at += count * unit
    jti, previous_jti, thumbprint, last_challenge, homes, unconfirmed = parts[:6]
    return Visitor(
        jti=jti.decode(),
        previous_jti=previous_jti.decode(),
        previous_until=previous_until,
        thumbprint=thumbprint.decode(),
        sales=sales,
        last_challenge=last_challenge,
        since=since,
        bought=bought,
        spent=spent,
        recent=Recent(*numbers[6:9]),
        pace=Pace(*numbers[9:12]),
        judged=numbers[12],
        factor=numbers[13],
        later=later,
        later_from=later_from,
        homes=tuple(Home(*home) for home in _HOME.iter_unpack(homes)),
        moves_level=moves_level,
        trails=Trails(_trail(*parts[6:8]), _trail(*parts[8:])),
        charged=data[at:],
        unconfirmed=unconfirmed,
        ends=ends,
        expires=expires,
    )


def _trail(places: bytes, returns: bytes) -> Trail:
    if not places:
        return NOWHERE
    return Trail(tuple(split(places)), tuple(at for (at,) in _RETURN.iter_unpack(returns)))
