"""What a clearance costs and holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .behaviour import FLAGGED_FROM, INTERACTION_FROM
from .models import Lane, Quote

#: profiles in five minutes: one in 7.5 seconds
HUMAN_PACE = 40


@dataclass(frozen=True, slots=True)
class Work:
    """What sales cost, in milliseconds on the reference engine of the puzzle's kind."""

    #: a first sale, and any later one, which never costs more than a first one does
    first_ms: float
    further_ms: float
    #: units in a day beyond which a sale costs more: twice as much for twice as many
    base: int
    #: what it grows to at most
    max_ms: float


def price(
    *,
    work: Work,
    ramp: Sequence[int],
    bought: int,
    room: int,
    most: int | None = None,
    pace: int = 0,
    factor: int = 1,
    lane: Lane = Lane.NEW,
) -> Quote:
    """Quote a sale: more units the more the visitor has bought lately, at more work in the end.

    Nothing else moves it; what others buy, on whatever network, does not.

    :param ramp: units of the first sale, the second and so on; the last is for all later ones.
    :param bought: units that the visitor bought in the last day. A sale of a part counts as the
        part it was, so that nobody comes up the ramp faster by buying less.
    :param room: units that the visitor's clearance can still take.
    :param most: units that a slow device wants at once. They cost as much each as they would
        together.
    :param pace: profiles that the visitor opened in the last five minutes. Who opens more than
        a person does buys little at a time.
    :param factor: what the visitor's behaviour came to. Work is so many times as much, but not
        beyond what it may grow to anyhow; from `FLAGGED_FROM` on the lane is the smallest, and
        from `INTERACTION_FROM` on work is not all.
    :param lane: what the visitor's record earns.
    """
    size = _sale(ramp, bought)[0] if pace <= HUMAN_PACE else min(ramp)
    whole = min(size, room)
    units = whole if most is None else min(whole, most)
    work_ms = work.first_ms if bought < ramp[0] else _further(work, ramp, bought, whole)
    dear_ms = dearer(work_ms, factor, work.max_ms)
    if factor >= FLAGGED_FROM:
        lane = Lane.FLAGGED
    interacts = factor >= INTERACTION_FROM
    return Quote(dear_ms * units / whole, units, wait_ms=0, lane=lane, interacts=interacts)


def dearer(work_ms: float, factor: int, max_ms: float) -> float:
    """So many times the work, but no more than `max_ms`, where it was not more before."""
    return max(work_ms, min(work_ms * factor, max_ms))


def _sale(ramp: Sequence[int], bought: int) -> tuple[int, int]:
    """The size of a sale, and with how many units bought it would have begun without parts."""
    start = 0
    for size in ramp:
        if bought < start + size:
            return size, start
        start += size
    return ramp[-1], bought - (bought - start) % ramp[-1]


def _further(work: Work, ramp: Sequence[int], bought: int, units: int) -> float:
    """What a whole sale costs: the mean of its units.

    A unit costs what it would to who buys without parts, so no way to divide them is cheaper.
    """
    plain = min(work.further_ms, work.first_ms)
    most = max(plain, work.max_ms)
    starts = (_sale(ramp, at)[1] for at in range(bought, bought + units))
    return sum(min(plain * max(1, at / work.base), most) for at in starts) / units
