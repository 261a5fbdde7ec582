"""Rows of the table: who was played, what came of it, and what must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from ..config import Settings
from .counting import BOUNDS, STEP, Count

#: Points of a curve: seconds since the start and pages opened until then, or seconds and the
#: percentage of pages that took longer. Which of them, a row's unit says.
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `reach` is what must hold, where something must; `ok` whether it does."""

    id: str
    who: str
    value: float
    unit: str
    reach: float | None = None
    ok: bool | None = None
    note: str = ""
    #: how it came about, where that is worth drawing
    points: Points = ()


@dataclass(frozen=True, slots=True)
class Run:
    """What is played."""

    settings: Settings = field(default_factory=Settings)
    seed: int = 1
    #: how much of it: "small" has a sample of the large crowds, multiplied, and two widths of a
    #: network; "usual" every width; "whole" everybody, which takes an hour
    size: Literal["small", "usual", "whole"] = "small"

    def sample(self, of: int, small: int) -> int:
        """How many of a large crowd are played."""
        return of if self.size == "whole" else small


#: plays somebody, and says what came of it
Scene = Callable[[Run], Iterator[Row]]


def at_most(row: Row, reach: float) -> Row:
    """The row, which must not exceed that."""
    return _judged(row, reach, row.value <= reach + 1e-9)


def at_least(row: Row, reach: float) -> Row:
    """The row, which must not stay below that."""
    return _judged(row, reach, row.value >= reach - 1e-9)


def _judged(row: Row, reach: float, ok: bool) -> Row:
    return Row(row.id, row.who, row.value, row.unit, reach, ok, row.note, row.points)


def curve(count: Count, start: float, seconds: float) -> Points:
    """Pages opened from the start on, added up."""
    points, opened = [(0.0, 0.0)], 0
    first = int(start // STEP)
    for step in range(int(seconds // STEP)):
        opened += count.opened_in[first + step]
        points.append(((step + 1.0) * STEP, float(opened)))
    return tuple(points)


def waits_curve(count: Count) -> Points:
    """Which percentage of the pages that were wanted took longer, by seconds; refused ones did."""
    wanted, waits = max(1, count.wanted), count.waits
    return tuple(
        (end, 100 * (1 - waits.share_within(end) * waits.count / wanted))
        for end in BOUNDS
        if 0.1 <= end <= 1000
    )
