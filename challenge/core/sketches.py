"""Sketches: what of a report's movement can be compared with that of others, and no more.

Who plays one recording in many browsers, or makes up one good report and sends it from all of them,
says the same each time; people hardly ever do. The values fall into the cells of two grids, the
second half a step aside of the first, so that what is near has a cell in common more often. A cell
is one half of a sketch; only a keyed hash of it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .behaviour import MOVEMENT
from .digests import DIGEST_BYTES, holds, split

#: fewer windows have no sketch: who hardly moves is like all others who hardly move
WINDOWS = 3
#: A grid's steps: twice the standard deviation between copies of one recording as a browser sees
#: them, over three windows (`./run bench replay` tells it).
STEPS: Mapping[str, int] = {
    "start": 36,
    "stop": 28,
    "plateau": 42,
    "spread": 30,
    "acceleration": 46,
    "jerk": 84,
    "bow": 24,
    "detour": 32,
    "straight": 60,
    "jitter": 20,
}
#: bytes of a half as it is kept, and how many of these choose its row: so there are 65,536 rows
HALF_BYTES = 4
ROW_BYTES = 2
#: senders that a row counts
SENDERS_MAX = 8


def cells(values: Mapping[str, int]) -> tuple[bytes, ...]:
    """The cell of each grid that a report's movement is in; none for fewer than three windows.

    :param values: of a report, as :func:`challenge.core.behaviour.known` gives them.
    """
    if values.get("windows", 0) < WINDOWS:
        return ()
    return tuple(
        b"".join(
            ((values.get(name, 0) + (aside * STEPS[name]) // 2) // STEPS[name]).to_bytes(
                2, "little"
            )
            for name in MOVEMENT
        )
        for aside in (0, 1)
    )


@dataclass(frozen=True, slots=True)
class Senders:
    """A row: who has sent a half."""

    #: `HALF_BYTES`, a keyed hash of a cell
    half: bytes
    #: keyed hashes of visitors, one after the other, `SENDERS_MAX` at most
    visitors: bytes
    #: Unix seconds
    expires: int


def others(row: Senders | None, half: bytes, visitor: bytes, now: float) -> int:
    """How many other visitors have sent a half, as far as they are counted.

    :param visitor: `DIGEST_BYTES` that stand for the visitor, or none for one that nobody knows.
    """
    if row is None or row.half != half or row.expires <= now:
        return 0
    return sum(sender != visitor for sender in split(row.visitors))


def note(
    row: Senders | None, half: bytes, visitor: bytes, now: float, expires: int
) -> tuple[Senders, int]:
    """Note that a visitor has sent a half; twice is once.

    Of two halves that want one row, one that several have sent stays. So rows are bounded, and
    who sends ever new reports does not wipe out what has been seen of a recurring one.

    :param expires: of a new row.
    :returns: the row, and how many others it counted before.
    """
    before = others(row, half, visitor, now)
    if row is None or row.expires <= now:
        return Senders(half, visitor, expires), before
    if row.half != half:
        alone = len(row.visitors) <= DIGEST_BYTES
        return (Senders(half, visitor, expires) if alone else row), before
    if holds(row.visitors, visitor) or len(row.visitors) >= SENDERS_MAX * DIGEST_BYTES:
        return row, before
    return replace(row, visitors=row.visitors + visitor), before
