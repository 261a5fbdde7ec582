"""What can be said of a solved challenge before any state is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..core import puzzles
from ..core.models import Challenge
from ..errors import Expired, Unsolved
from ..tokens import Tokens


@dataclass(frozen=True, slots=True)
class Solved:
    """A challenge of ours whose answers meet every target."""

    challenge: Challenge
    #: whether the dear check holds, if its kind has one
    confirm: Callable[[], bool]


def solved(token: str, answers: object, tokens: Tokens, now: float, *, buys: str) -> Solved:
    """Check the challenge, then its answers: cheapest first.

    :param answers: still untyped; the puzzle's kind knows their form.
    :raises ChallengeError: Malformed, TokenRefused (Expired, TooEarly), Unsolved.
    """
    challenge = tokens.read_challenge(token, now, buys=buys)
    try:
        kind = puzzles.get(challenge.puzzle.kind)
    except KeyError as error:
        raise Expired(f"puzzle kind {challenge.puzzle.kind!r} is gone") from error
    parsed = kind.parse(answers, challenge.puzzle)
    seed = puzzles.seed(token)
    if not kind.meets_targets(seed, challenge.puzzle, parsed):
        raise Unsolved("a target is missed")
    return Solved(challenge, lambda: kind.confirm(seed, challenge.puzzle, parsed))
