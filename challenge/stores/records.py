"""A visitor's record as bytes, for stores that keep it packed."""

from __future__ import annotations

import struct
from itertools import starmap

from ..core.alternating import NOWHERE, Trail, Trails
from ..core.digests import DIGEST_BYTES, split
from ..core.recent import Pace, Recent
from ..core.visitors import Home, Visitor

# Numbers, then the lengths of what follows: three texts, the challenge, homes, unconfirmed, and
# places and returns under each IP version.
_HEAD = struct.Struct("<qqIIIIIIIIIIIBIqqq10B")
_HOME = struct.Struct(f"<{DIGEST_BYTES}sI")
_RETURN = struct.Struct("<I")


def pack(visitor: Visitor) -> bytes:
    """The record, as small as it goes without effort; about 250 bytes and 8 a profile."""
    # Field by field: this is done on each charge, and what is general takes three times as long.
    jti, previous_jti = visitor.jti.encode(), visitor.previous_jti.encode()
    thumbprint = visitor.thumbprint.encode()
    recent, pace = visitor.recent, visitor.pace
    v4, v6 = visitor.trails.v4, visitor.trails.v6
    head = _HEAD.pack(
        visitor.ends,
        visitor.expires,
        visitor.sales,
        visitor.since,
        visitor.bought,
        visitor.spent,
        recent.slot,
        recent.here,
        recent.before,
        pace.slot,
        pace.here,
        pace.before,
        visitor.judged,
        visitor.factor,
        visitor.later,
        visitor.later_from,
        visitor.moves_level,
        visitor.previous_until,
        len(jti),
        len(previous_jti),
        len(thumbprint),
        len(visitor.last_challenge),
        len(visitor.homes),
        len(visitor.unconfirmed) // DIGEST_BYTES,
        len(v4.places),
        len(v4.returns),
        len(v6.places),
        len(v6.returns),
    )
    parts = [head, jti, previous_jti, thumbprint, visitor.last_challenge]
    parts += [_HOME.pack(home.network, home.charged) for home in visitor.homes]
    parts.append(visitor.unconfirmed)
    for trail in (v4, v6):
        parts += trail.places
        parts += map(_RETURN.pack, trail.returns)
    parts.append(visitor.charged)
    return b"".join(parts)


def unpack(data: bytes) -> Visitor:
    """The record that :func:`pack` made these bytes of."""
    numbers = _HEAD.unpack_from(data)
    jti, previous_jti, thumbprint, challenge, homes, unconfirmed, *trails = numbers[18:]
    # Where each part ends that is not as long in all records.
    at = _HEAD.size
    jti_ends = at + jti
    previous_jti_ends = jti_ends + previous_jti
    thumbprint_ends = previous_jti_ends + thumbprint
    challenge_ends = thumbprint_ends + challenge
    homes_end = challenge_ends + homes * _HOME.size
    unconfirmed_ends = homes_end + unconfirmed * DIGEST_BYTES
    v4, charged = _trail(data, unconfirmed_ends, *trails[:2])
    v6, charged = _trail(data, charged, *trails[2:])
    return Visitor(
        data[at:jti_ends].decode(),
        data[jti_ends:previous_jti_ends].decode(),
        numbers[17],
        data[previous_jti_ends:thumbprint_ends].decode(),
        numbers[2],
        data[thumbprint_ends:challenge_ends],
        numbers[3],
        numbers[4],
        numbers[5],
        Recent(*numbers[6:9]),
        Pace(*numbers[9:12]),
        numbers[13],
        numbers[12],
        numbers[14],
        numbers[15],
        tuple(starmap(Home, _HOME.iter_unpack(data[challenge_ends:homes_end]))),
        numbers[16],
        Trails(v4, v6),
        data[charged:],
        data[homes_end:unconfirmed_ends],
        numbers[0],
        numbers[1],
    )


def _trail(data: bytes, at: int, places: int, returns: int) -> tuple[Trail, int]:
    """A trail, and where it ends."""
    if not places:
        return NOWHERE, at
    returns_at = at + places * DIGEST_BYTES
    ends = returns_at + returns * _RETURN.size
    times = tuple(when for (when,) in _RETURN.iter_unpack(data[returns_at:ends])) if returns else ()
    return Trail(tuple(split(data[at:returns_at])), times), ends
