"""Alternation: one visitor that keeps coming back to networks that it has just left.

A person who moves comes back now and then; a clearance that several machines use comes back all
the time. A place is a /24, a /48 or a listed network (see `classes`); moves inside of it are none.
Each IP version is followed apart, so that a browser that uses both goes nowhere by it, and a move
with both counts once.
"""

from __future__ import annotations

from typing import NamedTuple

#: so many returns within so many seconds
RETURNS = 4
WITHIN_SECONDS = 600
#: places that are remembered, as many as a visitor has homes
PLACES_MAX = 8


class Trail(NamedTuple):
    """Where a visitor came from under one IP version, and when it came back."""

    #: keyed hashes, that of the last visit last
    places: tuple[bytes, ...] = ()
    #: Unix seconds of the last returns, oldest first
    returns: tuple[int, ...] = ()

    def at(self, place: bytes, now: float) -> Trail:
        """With a visit from a place."""
        if self.places[-1:] == (place,):
            return self
        others = tuple(other for other in self.places if other != place)
        after = self._replace(places=(*others, place)[-PLACES_MAX:])
        if place not in self.places:
            return after
        return after._replace(returns=(*self.returns, int(now))[-RETURNS:])

    def alternates(self, now: float) -> bool:
        """Whether it came back too often."""
        return len(self.returns) == RETURNS and now - self.returns[0] < WITHIN_SECONDS

    def forgiven(self) -> Trail:
        """As after a renewal that has proved the key: counted from anew."""
        return self._replace(returns=())


#: of a visitor that never came under this IP version
NOWHERE = Trail()


class Trails(NamedTuple):
    """A visitor's trail under each IP version."""

    v4: Trail = NOWHERE
    v6: Trail = NOWHERE

    def at(self, place: bytes, version: int, now: float) -> Trails:
        """With a visit from a place."""
        before = self.v4 if version == 4 else self.v6
        after = before.at(place, now)
        if after is before:
            return self
        return self._replace(v4=after) if version == 4 else self._replace(v6=after)

    def alternates(self, now: float) -> bool:
        """Whether one of them came back too often."""
        return self.v4.alternates(now) or self.v6.alternates(now)

    def forgiven(self) -> Trails:
        """As after a renewal that has proved the key."""
        return Trails(self.v4.forgiven(), self.v6.forgiven())
