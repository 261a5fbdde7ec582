"""What every kind of puzzle shares: its protocol, the seed and the one acceptance rule."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Protocol

from ..canonical import canonical
from ..models import Puzzle

#: an output's first 64 bits are compared with the threshold
OUTPUT_MAX = 2**64 - 1
WORK_MAX = 2**32


class Kind(Protocol):
    """One kind of proof of work. Kinds keep no state."""

    #: the name on the wire
    name: str

    def puzzle(self, work_ms: float) -> Puzzle:
        """A puzzle that takes the kind's reference engine about `work_ms` milliseconds."""
        ...

    def parse(self, answers: object, puzzle: Puzzle) -> tuple[int, ...]:
        """Answers from the wire as numbers.

        :raises Malformed: if they are not exactly of this puzzle's form.
        """
        ...

    def meets_targets(self, seed: bytes, puzzle: Puzzle, answers: tuple[int, ...]) -> bool:
        """Whether every target hash holds: cheap, before anything is spent."""
        ...

    def confirm(self, seed: bytes, puzzle: Puzzle, answers: tuple[int, ...]) -> bool:
        """The dear check, after spending. True at once for a kind that has none."""
        ...


def threshold(work: float | Fraction) -> int:
    """floor((2^64 - 1) / work): outputs up to this are accepted, one in `work` on average.

    :param work: expected tries, 1 to 2^32, may be fractional.
    :raises ValueError: outside of that.
    """
    if not 1 <= work <= WORK_MAX:
        raise ValueError(f"work must be from 1 to 2^32, not {work}")
    return int(OUTPUT_MAX / Fraction(work))


def seed(challenge: str) -> bytes:
    """The 32 bytes that all sub-puzzles of a challenge start from, by its signed text."""
    return hashlib.sha256(canonical("challenge/v1", challenge)).digest()
