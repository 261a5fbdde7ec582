"""The puzzle of a simulation: its work is quoted and counted, and nobody does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..core import puzzles
from ..core.models import Puzzle

NAME = "simulated"


class Simulated:
    """Any answer solves it; its threshold says what it would have cost, in microseconds."""

    name = NAME

    def puzzle(self, work_ms: float) -> Puzzle:
        """A puzzle that says how much work it stands for."""
        return Puzzle(kind=NAME, count=1, threshold=round(work_ms * 1000))

    def parse(self, answers: object, puzzle: Puzzle) -> tuple[int, ...]:
        """Whatever was sent."""
        return ()

    def meets_targets(self, seed: bytes, puzzle: Puzzle, answers: tuple[int, ...]) -> bool:
        """Always."""
        return True

    def confirm(self, seed: bytes, puzzle: Puzzle, answers: tuple[int, ...]) -> bool:
        """Always."""
        return True


def work_ms(puzzle: Puzzle) -> float:
    """What a simulated puzzle stands for, in milliseconds on the reference engine."""
    return puzzle.threshold / 1000


@contextmanager
def registered() -> Iterator[None]:
    """Let the kind be known inside, and nowhere else: no site must come to sell for it."""
    with puzzles.lent(Simulated()):
        yield
