"""What a clearance costs and holds."""

from __future__ import annotations

from collections.abc import Sequence

from .models import Quote


def price(
    *, work_ms: float, ramp: Sequence[int], bought: int, room: int, most: int | None = None
) -> Quote:
    """Quote a sale: more units the more the visitor has bought lately.

    :param work_ms: milliseconds on the reference engine of the puzzle's kind.
    :param ramp: units of the first sale, the second and so on; the last is for all later ones.
    :param bought: units that the visitor bought in the last day. A sale of a part counts as the
        part it was, so that nobody comes up the ramp faster by buying less.
    :param room: units that the visitor's clearance can still take.
    :param most: units that a slow device wants at once. They cost as much each as they would
        together.
    """
    whole = min(_size(ramp, bought), room)
    units = whole if most is None else min(whole, most)
    return Quote(work_ms=work_ms * units / whole, budget=units, wait_ms=0)


def _size(ramp: Sequence[int], bought: int) -> int:
    for size in ramp:
        if bought < size:
            return size
        bought -= size
    return ramp[-1]
