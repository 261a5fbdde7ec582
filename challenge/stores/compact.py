"""A visitor's record in as few bytes as can be read without a table, also by `lua/charge.lua`.

Numbers are variable in length, seven bits a byte, the lowest first, as in protocol buffers. Moments
are told by their distance from the clearance's end, and ids as the bytes that their base64url
stands for. The digests that nobody has confirmed are among those that were charged, most often the
last of them and in their order, so a bit for each place is enough. `lua/charge.lua` reads and
writes the same; tests/stores/test_charge_lua.py compares.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from ..core.alternating import NOWHERE, Trail, Trails
from ..core.digests import DIGEST_BYTES, split
from ..core.recent import DAY_SECONDS, PACE_SECONDS, Pace, Recent
from ..core.visitors import Home, Visitor

#: places, counted from the newest of those charged, that a bit stands for
MARKED = 20


def pack(visitor: Visitor) -> bytes:
    """The record as bytes; some 150, and 8 a profile."""
    ends, recent, pace = visitor.ends, visitor.recent, visitor.pace
    head = [
        visitor.expires,
        _from(visitor.expires, ends),
        _from(ends, visitor.since),
        _from(ends, visitor.previous_until),
        _from(ends, visitor.later_from),
        _from(ends, visitor.moves_level),
        _from(ends, visitor.judged),
        visitor.sales,
        visitor.bought,
        visitor.spent,
        visitor.later,
        visitor.factor,
        _from(ends // DAY_SECONDS, recent.slot),
        recent.here,
        recent.before,
        _from(ends // PACE_SECONDS, pace.slot),
        pace.here,
        pace.before,
    ]
    parts = [number(value) for value in head]
    parts += [text(visitor.jti), text(visitor.previous_jti), text(visitor.thumbprint)]
    parts += [number(len(visitor.last_challenge)), visitor.last_challenge]
    parts.append(number(len(visitor.homes)))
    for home in visitor.homes:
        parts += [home.network, number(home.charged)]
    parts += _unconfirmed(visitor)
    for trail in visitor.trails:
        parts += [number(len(trail.places)), *trail.places]
        if trail.places:
            parts.append(number(len(trail.returns)))
            parts += [number(_from(ends, when)) for when in trail.returns]
    parts.append(visitor.charged)
    return b"".join(parts)


def unpack(data: bytes) -> Visitor:
    """The record that :func:`pack`, or a script, made these bytes of.

    :raises ValueError: if they are none.
    """
    try:
        return _Reader(data).visitor()
    except (IndexError, OverflowError) as error:
        raise ValueError("no visitor's record") from error


def number(value: int) -> bytes:
    """A number that is not negative."""
    if value < 0:
        raise ValueError(value)
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(value: str) -> bytes:
    """A text, as what its base64url stands for if that says it exactly."""
    raw = _decoded(value)
    if raw:
        return number(len(raw) << 1 | 1) + raw
    plain = value.encode()
    return number(len(plain) << 1) + plain


def _decoded(value: str) -> bytes:
    """Empty if the text is no base64url in the one form that is made of its bytes."""
    try:
        raw = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return b""
    return raw if _encoded(raw) == value else b""


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from(base: int, moment: int) -> int:
    """How far a moment is from another, before it or after; 0 stands for 0."""
    if moment == 0:
        return 0
    apart = base - moment
    return 1 + (2 * apart if apart >= 0 else -2 * apart - 1)


def _unconfirmed(visitor: Visitor) -> list[bytes]:
    """A bit for each of the last places, as long as they are in order; the others by themselves.

    Places begin with 1, so the lowest bit says whether there are others.
    """
    digests = split(visitor.unconfirmed)
    marks, last = 0, 0
    while digests and last < (place := _place(visitor.charged, digests[-1])) <= MARKED:
        marks, last = marks | 1 << place, place
        digests.pop()
    if not digests:
        return [number(marks)]
    others = [number(marks | 1), number(len(digests))]
    for digest in digests:
        place = _place(visitor.charged, digest)
        others += [number(place)] if place else [number(0), digest]
    return others


def _place(charged: bytes, digest: bytes) -> int:
    """Where a digest is among those charged, from the newest; 0 if it has dropped out."""
    at = charged.find(digest)
    while at >= 0 and at % DIGEST_BYTES:
        at = charged.find(digest, at + 1)
    return (len(charged) - at) // DIGEST_BYTES if at >= 0 else 0


class _Reader:
    """Reads from front to back."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def visitor(self) -> Visitor:
        number = self._number
        expires = number()
        ends = self._moment(expires)
        since, previous_until, later_from, moves_level, judged = self._moments(ends, 5)
        sales, bought, spent, later, factor = (number() for _ in range(5))
        recent = Recent(self._moment(ends // DAY_SECONDS), number(), number())
        pace = Pace(self._moment(ends // PACE_SECONDS), number(), number())
        jti, previous_jti, thumbprint = self._text(), self._text(), self._text()
        last_challenge = self._bytes(number())
        homes = tuple(Home(self._bytes(DIGEST_BYTES), number()) for _ in range(number()))
        places = self._places()
        trails = Trails(self._trail(ends), self._trail(ends))
        charged = self._data[self._at :]
        return Visitor(
            jti=jti,
            previous_jti=previous_jti,
            previous_until=previous_until,
            thumbprint=thumbprint,
            sales=sales,
            last_challenge=last_challenge,
            since=since,
            bought=bought,
            spent=spent,
            recent=recent,
            pace=pace,
            factor=factor,
            judged=judged,
            later=later,
            later_from=later_from,
            homes=homes,
            moves_level=moves_level,
            trails=trails,
            charged=charged,
            unconfirmed=b"".join(_digest(charged, place) for place in places),
            ends=ends,
            expires=expires,
        )

    def _number(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def _bytes(self, length: int) -> bytes:
        start = self._at
        self._at += length
        if self._at > len(self._data):
            raise IndexError(self._at)
        return self._data[start : self._at]

    def _text(self) -> str:
        length = self._number()
        raw = self._bytes(length >> 1)
        return _encoded(raw) if length & 1 else raw.decode()

    def _moment(self, base: int) -> int:
        told = self._number()
        if told == 0:
            return 0
        apart = told - 1
        return base - (apart // 2 if apart % 2 == 0 else -(apart + 1) // 2)

    def _moments(self, base: int, count: int) -> list[int]:
        return [self._moment(base) for _ in range(count)]

    def _places(self) -> list[int | bytes]:
        """Of the digests that nobody has confirmed; of some, what they are."""
        marks = self._number()
        others = self._number() if marks & 1 else 0
        places = [self._number() or self._bytes(DIGEST_BYTES) for _ in range(others)]
        return places + [place for place in range(MARKED, 0, -1) if marks >> place & 1]

    def _trail(self, ends: int) -> Trail:
        places = tuple(self._bytes(DIGEST_BYTES) for _ in range(self._number()))
        if not places:
            return NOWHERE
        return Trail(places, tuple(self._moments(ends, self._number())))


def _digest(charged: bytes, place: int | bytes) -> bytes:
    if isinstance(place, bytes):
        return place
    at = len(charged) - place * DIGEST_BYTES
    if at < 0:
        raise IndexError(place)
    return charged[at : at + DIGEST_BYTES]
