"""What a clearance costs and holds."""

from __future__ import annotations

from collections.abc import Sequence

from .models import Quote


def price(*, work_ms: float, ramp: Sequence[int], sales: int, room: int) -> Quote:
    """Quote a sale: the same work for everybody, and more units from sale to sale.

    :param work_ms: milliseconds on the reference engine of the puzzle's kind.
    :param ramp: units of the first sale, the second and so on; the last is for all later ones.
    :param sales: how many sales the visitor has had.
    :param room: units that the visitor's clearance can still take.
    """
    size = ramp[min(sales, len(ramp) - 1)]
    return Quote(work_ms=work_ms, budget=min(size, room), wait_ms=0)
