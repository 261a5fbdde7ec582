"""How much of something there was lately, counted in two numbers."""

from __future__ import annotations

from typing import ClassVar, NamedTuple, Self

DAY_SECONDS = 86_400
PACE_SECONDS = 300


class _Slots(NamedTuple):
    #: slots since 1970
    slot: int = 0
    here: int = 0
    before: int = 0


class Sliding(_Slots):
    """What was counted in a slot of time, and in the one before it."""

    __slots__ = ()
    #: seconds that a slot lasts
    seconds: ClassVar[int]

    def last(self, now: float) -> int:
        """About how many there were in the last `seconds`, as if those before had come evenly.

        So it falls a little at every moment, and the end of no slot makes it fall at once.
        """
        at = self._on(int(now // self.seconds))
        left = 1 - now % self.seconds / self.seconds
        return at.here + int(at.before * left)

    def plus(self, more: int, now: float) -> Self:
        """With so many of this moment."""
        at = self._on(int(now // self.seconds))
        return type(self)(at.slot, at.here + more, at.before)

    def _on(self, slot: int) -> Self:
        # A clock that was set back leaves the newest slot as it is.
        if slot <= self.slot:
            return self
        before = self.here if slot == self.slot + 1 else 0
        return type(self)(slot, 0, before)


class Recent(Sliding):
    """Units that one visitor bought in the last day."""

    __slots__ = ()
    seconds = DAY_SECONDS


class Pace(Sliding):
    """Profiles that one visitor opened in the last five minutes."""

    __slots__ = ()
    seconds = PACE_SECONDS
