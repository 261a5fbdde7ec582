"""What counts as waiting for a store."""

from __future__ import annotations

import pytest

from .waits import Span, Waits, outside, read_stalls


@pytest.mark.parametrize(
    ("others", "left"),
    [
        ([], 4),
        ([(0, 1)], 4),
        ([(9, 10)], 4),
        ([(0, 3)], 3),
        ([(3, 4), (3, 4)], 3),
        ([(5, 9), (3, 4)], 2),
        ([(2.5, 4), (3, 5), (5.5, 5.6)], 1.4),
        ([(0, 9)], 0),
    ],
)
def test_stretches_are_counted_once(others: list[Span], left: float) -> None:
    assert outside((2, 6), others) == pytest.approx(left)


def test_what_a_worker_tells_is_read() -> None:
    assert read_stalls("") == []
    assert read_stalls("1.250-1.500,12.000-13.125") == [(1.25, 1.5), (12, 13.125)]


def test_a_page_counts_without_its_workers_stalls_and_with_the_rest() -> None:
    waits = Waits()
    waits.page(0, 1.0, 2.0, "1.100-1.400")
    seconds, own = waits.slowest()
    assert (seconds, own) == (1.0, pytest.approx(0.7))
    assert waits.slowest() == (0, 0)
