"""What a network or account may buy: a burst, refilled at a rate.

The generic cell rate algorithm (ITU-T I.371, annex A): a band's whole state is one moment, its
*level*, at which it would be full again. All times are whole Unix milliseconds, so that every
store computes the same.
"""

from __future__ import annotations

from dataclasses import dataclass

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Band:
    """A burst of units, and how many come back in an hour."""

    burst: int
    per_hour: int

    @property
    def unit_ms(self) -> int:
        """Milliseconds in which one unit comes back."""
        return max(1, HOUR_MS // self.per_hour)

    def times(self, factor: int) -> Band:
        """A band `factor` times as wide."""
        return Band(self.burst * factor, self.per_hour * factor)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a band."""

    #: units that would be taken
    most: int
    #: units without which nothing is taken
    least: int
    #: how long the units may let wait for themselves
    max_wait_ms: int


@dataclass(frozen=True, slots=True)
class Granted:
    """What a band gave: `units` from `start_ms` on; none, and try again in `retry_ms`."""

    units: int
    start_ms: int
    retry_ms: int = 0


def reserve(level_ms: int, band: Band, wanted: Wanted, now_ms: int) -> tuple[int, Granted]:
    """Take units out of a band.

    As many as are there now, up to `most`; if fewer than `least` are there, `least` units for
    the moment at which they will be, unless that is further off than `max_wait_ms`.

    :param level_ms: the band's level; 0 for one that is full.
    :returns: the new level, and what was granted.
    """
    level = max(level_ms, now_ms)
    free = (band.burst * band.unit_ms - (level - now_ms)) // band.unit_ms
    if free >= wanted.least:
        units = min(wanted.most, free)
        return level + units * band.unit_ms, Granted(units, now_ms)
    filled = level + wanted.least * band.unit_ms
    wait_ms = filled - now_ms - band.burst * band.unit_ms
    if wait_ms > wanted.max_wait_ms:
        return level_ms, Granted(0, 0, retry_ms=wait_ms - wanted.max_wait_ms)
    return filled, Granted(wanted.least, now_ms + wait_ms)


def release(level_ms: int, band: Band, units: int) -> int:
    """Put units back that were reserved and not sold: the new level."""
    return level_ms - units * band.unit_ms
