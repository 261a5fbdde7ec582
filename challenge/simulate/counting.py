"""What is counted of somebody: pages, waits, work."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

#: upper ends of the classes of waiting, in seconds: 10 ms to 10 days, and 0 apart
BOUNDS = (0.0, *(m * 10.0**e for e in range(-2, 6) for m in (1, 1.5, 2, 3, 4, 5, 7)))
#: seconds of one step of a curve
STEP = 600


@dataclass
class Waits:
    """How long pages were waited for, in classes: bounded however many there are.

    What is asked about 1, 5, 10 and the other ends of classes is exact.
    """

    classes: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    count: int = 0
    longest: float = 0.0
    total: float = 0.0

    def add(self, seconds: float) -> None:
        """Note one."""
        self.classes[bisect_left(BOUNDS, seconds - 1e-9)] += 1
        self.count += 1
        self.total += seconds
        self.longest = max(self.longest, seconds)

    def merge(self, other: Waits) -> None:
        """Note all of another's."""
        self.classes = [a + b for a, b in zip(self.classes, other.classes, strict=True)]
        self.count += other.count
        self.total += other.total
        self.longest = max(self.longest, other.longest)

    def share_within(self, seconds: float) -> float:
        """Which share waited at most so long; 1 if there were none."""
        within = sum(self.classes[: bisect_left(BOUNDS, seconds - 1e-9) + 1])
        return within / self.count if self.count else 1.0

    def quantile(self, share: float) -> float:
        """Seconds within which this share was served: the upper end of the class it falls in."""
        below = 0
        for bound, number in zip(BOUNDS, self.classes, strict=False):
            below += number
            if below >= share * self.count:
                return min(bound, self.longest)
        return self.longest


@dataclass
class Count:
    """What one party got, waited for and paid: a person, a network, everybody."""

    #: pages wanted, and those that opened
    wanted: int = 0
    opened: int = 0
    #: of those that opened
    waits: Waits = field(default_factory=Waits)
    #: pages at which the gate's own page was seen
    interstitials: int = 0
    #: pages that met a 429, whether they opened later or not
    queued: int = 0
    #: pages that were turned away: the queue was full, or somebody's patience ended
    refused: int = 0
    sales: int = 0
    #: milliseconds of work on the reference engine
    work_ms: float = 0.0
    #: new visitors
    identities: int = 0
    #: pages opened in each step of time
    opened_in: Counter[int] = field(default_factory=Counter)

    def open(self, at: float, waited: float) -> None:
        """Note a page that opened."""
        self.opened += 1
        self.waits.add(waited)
        self.opened_in[int(at // STEP)] += 1

    def between(self, start: float, seconds: float) -> int:
        """Pages opened from a moment on, which begins a step, for so many seconds."""
        first = int(start // STEP)
        return sum(self.opened_in[step] for step in range(first, first + int(seconds // STEP)))

    def busiest(self, seconds: float) -> int:
        """The most pages opened in so many seconds on end."""
        steps = int(seconds // STEP)
        return max(
            (
                sum(self.opened_in[first + step] for step in range(steps))
                for first in tuple(self.opened_in)
            ),
            default=0,
        )

    def merge(self, other: Count) -> None:
        """Add another's."""
        self.wanted += other.wanted
        self.opened += other.opened
        self.waits.merge(other.waits)
        self.interstitials += other.interstitials
        self.queued += other.queued
        self.refused += other.refused
        self.sales += other.sales
        self.work_ms += other.work_ms
        self.identities += other.identities
        self.opened_in.update(other.opened_in)
