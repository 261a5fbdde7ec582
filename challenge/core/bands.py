"""What a network or account may buy: a burst, refilled at a rate, and split into lanes.

The generic cell rate algorithm (ITU-T I.371, annex A): a band's state is one moment, its *level*,
at which it would be full again. A band with lanes keeps a second level for each lane, that of
the part of the band which the lane is guaranteed. A lane takes from its guarantee first, and
beyond that from what the band holds above the guarantees of the others
(docs/decisions/0016-lanes.md). All times are whole Unix milliseconds, so that every store
computes the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .models import Lane

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Band:
    """A burst of units, and how many come back in an hour."""

    burst: int
    per_hour: int
    #: percent of it that each lane is guaranteed, in the order of `Lane`, at most 100 together;
    #: none for a band without lanes
    shares: tuple[int, ...] = ()

    @property
    def unit_ms(self) -> int:
        """Milliseconds in which one unit comes back."""
        return max(1, HOUR_MS // self.per_hour)

    def times(self, factor: int) -> Band:
        """A band `factor` times as wide."""
        return replace(self, burst=self.burst * factor, per_hour=self.per_hour * factor)

    def part(self, percent: int) -> Band:
        """A band of so many hundredths, but of a unit and a unit an hour at least."""
        burst, per_hour = self.burst * percent // 100, self.per_hour * percent // 100
        return replace(self, burst=max(1, burst), per_hour=max(1, per_hour))


@dataclass(frozen=True, slots=True)
class Levels:
    """A band's state: when all of it would be full, and each lane's guarantee."""

    band: int = 0
    known: int = 0
    new: int = 0
    flagged: int = 0

    @property
    def latest(self) -> int:
        """When nothing of it need be remembered any more; 0 for one that was never asked."""
        return max(self.band, self.known, self.new, self.flagged)

    def of(self, lane: Lane) -> int:
        """The level of a lane's guarantee."""
        return (self.known, self.new, self.flagged)[lane]


#: of a band that was never asked
UNTOUCHED = Levels()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a band."""

    #: units that would be taken
    most: int
    #: units without which nothing is taken
    least: int
    #: how long the units may let wait for themselves
    max_wait_ms: int
    #: who asks, for a band with lanes
    lane: Lane = Lane.NEW


@dataclass(frozen=True, slots=True)
class Granted:
    """What a band gave: `units` from `start_ms` on; none, and try again in `retry_ms`."""

    units: int
    start_ms: int
    retry_ms: int = 0


def reserve(levels: Levels, band: Band, wanted: Wanted, now_ms: int) -> tuple[Levels, Granted]:
    """Take units out of a band.

    As many as are there now for the lane, up to `most`; if fewer than `least` are there, `least`
    units for the moment at which they will be, whatever other lanes take meanwhile, unless that
    is further off than `max_wait_ms`.

    :returns: the new levels, and what was granted.
    """
    lane, least_ms = wanted.lane, wanted.least * band.unit_ms
    there_ms = _there(levels, band, lane, now_ms)
    if there_ms >= least_ms:
        units = min(wanted.most, there_ms // band.unit_ms)
        return _take(levels, band, lane, units, now_ms), Granted(units, now_ms)
    wait_ms = _up(least_ms - there_ms, _share(band, lane))
    if wait_ms > wanted.max_wait_ms:
        return levels, Granted(0, 0, retry_ms=wait_ms - wanted.max_wait_ms)
    lacks_ms = least_ms - there_ms
    return _owe(levels, band, lane, wanted.least, lacks_ms, now_ms), Granted(
        wanted.least, now_ms + wait_ms
    )


def release(levels: Levels, band: Band, units: int, lane: Lane) -> Levels:
    """Put units back that were reserved and not sold: the new levels."""
    back_ms = units * band.unit_ms
    after = replace(levels, band=levels.band - back_ms)
    if not band.shares:
        return after
    return _put(after, lane, levels.of(lane) - back_ms * 100 // band.shares[lane])


# Below, what a band or guarantee holds is counted in milliseconds of the band: what comes back
# to the whole band in that time. A lane's level moves on a slower scale: `share` percent of it.


def _share(band: Band, lane: Lane) -> int:
    return band.shares[lane] if band.shares else 100


def _up(band_ms: int, share: int) -> int:
    """Milliseconds in which a lane gets so much of the band; never too few."""
    return -(-band_ms * 100 // share)


def _there(levels: Levels, band: Band, lane: Lane, now_ms: int) -> int:
    """What the lane may take now; less than nothing if it owes more than it will get at once."""
    whole = band.burst * band.unit_ms
    free = whole - max(levels.band - now_ms, 0)
    if not band.shares:
        return free
    others = sum(_held(levels, band, other, now_ms) for other in Lane if other is not lane)
    # What a lane is guaranteed it may take, also while others owe.
    return max(free - others, _held(levels, band, lane, now_ms, down=True))


def _held(levels: Levels, band: Band, lane: Lane, now_ms: int, *, down: bool = False) -> int:
    """What a lane's guarantee holds, rounded up or down; less than nothing if it owes."""
    share = band.shares[lane]
    ends = band.burst * band.unit_ms * share // 100
    gone = max(levels.of(lane) - now_ms, 0) * share
    return ends - (-(-gone // 100) if down else gone // 100)


def _take(levels: Levels, band: Band, lane: Lane, units: int, now_ms: int) -> Levels:
    taken = units * band.unit_ms
    after = replace(levels, band=max(levels.band, now_ms) + taken)
    if not band.shares:
        return after
    own = min(taken, max(0, _held(levels, band, lane, now_ms, down=True)))
    level = max(levels.of(lane), now_ms) + _up(own, band.shares[lane])
    return _put(after, lane, level)


def _owe(levels: Levels, band: Band, lane: Lane, units: int, lacks_ms: int, now_ms: int) -> Levels:
    """Sell what is not there yet. What the lane lacks comes out of its own guarantee."""
    after = replace(levels, band=max(levels.band, now_ms) + units * band.unit_ms)
    if not band.shares:
        return after
    share = band.shares[lane]
    whole = band.burst * band.unit_ms * share // 100
    return _put(after, lane, now_ms + _up(whole + lacks_ms, share))


def _put(levels: Levels, lane: Lane, level: int) -> Levels:
    if lane is Lane.KNOWN:
        return replace(levels, known=level)
    if lane is Lane.NEW:
        return replace(levels, new=level)
    return replace(levels, flagged=level)
