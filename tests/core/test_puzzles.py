"""The sha256 kind against the shared vectors, and the one acceptance rule."""

from __future__ import annotations

import hashlib
import json
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from challenge.core import puzzles
from challenge.core.models import Puzzle
from challenge.core.puzzles.sha256 import COUNT, NONCE_MAX, REFERENCE_RATE, output
from challenge.errors import Malformed

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "sha256_puzzle.json").read_text())
KIND = puzzles.get("sha256")
EASY = Puzzle("sha256", 4, puzzles.threshold(8))


def solved(seed: bytes, puzzle: Puzzle) -> tuple[int, ...]:
    answers = []
    for index in range(puzzle.count):
        nonce = 0
        while output(seed, index, nonce) > puzzle.threshold:
            nonce += 1
        answers.append(nonce)
    return tuple(answers)


@pytest.mark.parametrize("vector", VECTORS["thresholds"], ids=lambda v: str(v["work"]))
def test_threshold_vectors(vector: dict[str, Any]) -> None:
    assert f"{puzzles.threshold(vector['work']):016x}" == vector["threshold"]


@pytest.mark.parametrize("vector", VECTORS["seeds"], ids=lambda v: v["seed"][:8])
def test_seed_vectors(vector: dict[str, Any]) -> None:
    assert puzzles.seed(vector["challenge"]).hex() == vector["seed"]


@pytest.mark.parametrize("vector", VECTORS["digests"], ids=lambda v: f"{v['index']}-{v['nonce']}")
def test_digest_vectors(vector: dict[str, Any]) -> None:
    seed = bytes.fromhex(vector["seed"])
    assert f"{output(seed, vector['index'], vector['nonce']):016x}" == vector["first64"]


@pytest.mark.parametrize("vector", VECTORS["solutions"], ids=lambda v: v["threshold"])
def test_solution_vectors(vector: dict[str, Any]) -> None:
    puzzle = Puzzle("sha256", len(vector["answers"]), int(vector["threshold"], 16))
    seed = bytes.fromhex(vector["seed"])
    assert solved(seed, puzzle) == tuple(vector["answers"])
    assert KIND.meets_targets(seed, puzzle, tuple(vector["answers"]))


@pytest.mark.parametrize("work", [0, 0.99, -1, 2**32 + 1, float("inf"), float("nan")])
def test_work_outside_of_its_bounds_is_refused(work: float) -> None:
    with pytest.raises(ValueError):
        puzzles.threshold(work)


@given(st.fractions(1, 2**32), st.fractions(1, 2**32))
def test_more_work_never_accepts_more(one: Fraction, other: Fraction) -> None:
    low, high = sorted((one, other))
    assert puzzles.threshold(high) <= puzzles.threshold(low)


def test_work_is_shared_by_the_sub_puzzles() -> None:
    puzzle = KIND.puzzle(200)
    assert puzzle.count == COUNT
    assert puzzle.threshold == puzzles.threshold(200 * REFERENCE_RATE / COUNT)
    assert KIND.puzzle(0).threshold == puzzles.threshold(1)


def test_each_answer_is_held_to_the_target() -> None:
    seed = hashlib.sha256(b"a challenge").digest()
    answers = solved(seed, EASY)
    assert KIND.meets_targets(seed, EASY, answers)
    for index in range(EASY.count):
        miss = next(n for n in range(10**6) if output(seed, index, n) > EASY.threshold)
        assert not KIND.meets_targets(seed, EASY, (*answers[:index], miss, *answers[index + 1 :]))


def test_answers_serve_their_own_seed_and_place_only() -> None:
    seed, other = (hashlib.sha256(name).digest() for name in (b"one", b"another"))
    puzzle = Puzzle("sha256", 4, puzzles.threshold(4096))
    answers = solved(seed, puzzle)
    assert not KIND.meets_targets(other, puzzle, answers)
    assert not KIND.meets_targets(seed, puzzle, answers[::-1])
    assert not KIND.meets_targets(seed, puzzle, answers[:-1])


def test_random_answers_are_refused() -> None:
    dice = random.Random(4)
    puzzle = KIND.puzzle(1)
    for _ in range(200):
        answers = tuple(dice.randrange(2**53) for _ in range(COUNT))
        assert not KIND.meets_targets(dice.randbytes(32), puzzle, answers)


@pytest.mark.parametrize(
    "answers",
    [None, {}, "0000", 4, [], [0, 0, 0], [0] * 5, [0, 0, 0, -1], [0, 0, 0, NONCE_MAX + 1],
     [0, 0, 0, True], [0, 0, 0, "0"], [0, 0, 0, None], [0, 0, 0, [0]], [[0, 0, 0, 0]]],
)  # fmt: skip
def test_answers_of_another_form_are_malformed(answers: object) -> None:
    with pytest.raises(Malformed) as refusal:
        KIND.parse(answers, EASY)
    assert refusal.value.code == "answers_malformed"


def test_the_ends_of_the_range_are_nonces() -> None:
    assert KIND.parse([0, NONCE_MAX, 1, 2], EASY) == (0, NONCE_MAX, 1, 2)


def test_the_registry() -> None:
    assert puzzles.names() == ("sha256",)
    with pytest.raises(KeyError):
        puzzles.get("sha1")
    with pytest.raises(ValueError):
        puzzles.register(KIND)
