"""The `sha256` kind: one SHA-256 compression a try, sixteen sub-puzzles."""

from __future__ import annotations

import hashlib
import struct

from ...errors import Malformed
from ..models import Puzzle
from .kind import threshold

COUNT = 16
#: Hashes a millisecond of the fastest engine we ship, on one desktop core: SIMD WebAssembly in
#: Chromium 156, seen from 13,500 to 16,000. A slower engine waits longer.
REFERENCE_RATE = 14_000
#: the largest integer that JSON carries exactly between all languages
NONCE_MAX = 2**53 - 1
_place = struct.Struct("<IQ").pack


def output(seed: bytes, index: int, nonce: int) -> int:
    """First 64 bits, big endian, of SHA-256(seed || index u32 LE || nonce u64 LE)."""
    digest = hashlib.sha256(seed + _place(index, nonce)).digest()
    return int.from_bytes(digest[:8], "big")


class Sha256:
    """One 64-byte block a try: the 32-byte seed, the index, the nonce, padding."""

    name = "sha256"

    def puzzle(self, work_ms: float) -> Puzzle:
        """Sixteen sub-puzzles that share the work."""
        work = max(1.0, work_ms * REFERENCE_RATE / COUNT)
        return Puzzle(kind=self.name, count=COUNT, threshold=threshold(work))

    def parse(self, answers: object, puzzle: Puzzle) -> tuple[int, ...]:
        """A list of exactly `count` nonces in index order.

        :raises Malformed: otherwise.
        """
        if not isinstance(answers, list) or len(answers) != puzzle.count:
            raise Malformed(f"not {puzzle.count} answers", code="answers_malformed")
        for nonce in answers:
            if type(nonce) is not int or not 0 <= nonce <= NONCE_MAX:
                raise Malformed("an answer is no nonce", code="answers_malformed")
        return tuple(answers)

    def meets_targets(self, seed: bytes, puzzle: Puzzle, answers: tuple[int, ...]) -> bool:
        """Whether each nonce's output is at most the threshold."""
        # Whole digests in place of outputs: bytes have the same order, and cost half.
        last = puzzle.threshold.to_bytes(8, "big") + b"\xff" * 24
        for index, nonce in enumerate(answers):
            if hashlib.sha256(seed + _place(index, nonce)).digest() > last:
                return False
        return len(answers) == puzzle.count

    def confirm(self, seed: bytes, puzzle: Puzzle, answers: tuple[int, ...]) -> bool:
        """The targets were the whole check."""
        return True
