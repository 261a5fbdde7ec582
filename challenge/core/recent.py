"""What one visitor bought lately, as far as the price asks for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Recent:
    """Units bought on a day, and on the day before it."""

    #: days since 1970, UTC
    day: int = 0
    today: int = 0
    yesterday: int = 0

    def bought(self, now: float) -> int:
        """Units of the last 24 hours, as if yesterday's had been bought evenly.

        So it falls a little at every moment, and no midnight makes it fall at once.
        """
        at = self._on(int(now // DAY_SECONDS))
        left = 1 - now % DAY_SECONDS / DAY_SECONDS
        return at.today + int(at.yesterday * left)

    def plus(self, units: int, now: float) -> Recent:
        """With a sale of this moment."""
        at = self._on(int(now // DAY_SECONDS))
        return replace(at, today=at.today + units)

    def _on(self, day: int) -> Recent:
        # A clock that was set back leaves the newest day as it is.
        if day <= self.day:
            return self
        return Recent(day, 0, self.today if day == self.day + 1 else 0)
