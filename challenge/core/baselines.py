"""What a network or an account usually buys in an hour, and how much more is alarming."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

HOUR_SECONDS = 3600
#: hours of which the usual is a mean; older ones fade
HOURS = 24
#: so many times the usual is alarming
FACTOR = 3


@dataclass(frozen=True, slots=True)
class Alarm:
    """Somebody takes much more than usual; or, `store`, pages open uncounted."""

    who: Literal["network", "account", "store"]
    #: bought so far in this hour; or opened in this minute
    units: int
    #: more than that is alarming; or is refused
    limit: int


@dataclass(frozen=True, slots=True)
class Hours:
    """Units bought in this hour, and in the hours before it in which any were."""

    #: hours since 1970
    hour: int = 0
    units: int = 0
    #: who has bought in this hour
    buyers: int = 0
    #: units of a buyer in an hour before this one, and of how many hours that is the mean
    mean: float = 0
    hours: int = 0

    def at(self, now: float) -> Hours:
        """As they are at a moment, nothing bought."""
        hour = int(now // HOUR_SECONDS)
        # A clock that was set back leaves the newest hour as it is.
        if hour <= self.hour:
            return self
        if not self.buyers:
            return replace(self, hour=hour)
        hours = min(self.hours + 1, HOURS)
        mean = self.mean + (self.units / self.buyers - self.mean) / hours
        return Hours(hour, mean=mean, hours=hours)

    def plus(self, units: int, buyers: int) -> Hours:
        """With units that somebody bought in this hour.

        :param buyers: 1 for somebody who has bought nothing in it before, else 0.
        """
        return replace(self, units=self.units + units, buyers=self.buyers + buyers)


def limit(own: Hours, site: Hours, least: int) -> int:
    """What somebody may buy in an hour before that is alarming.

    Three times what is usual for them, or for all buyers of the site where that is more.

    :param least: what is never alarming.
    """
    return max(least, int(FACTOR * max(own.mean, site.mean)))
