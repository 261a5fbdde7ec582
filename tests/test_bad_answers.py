"""Bad answers over HTTP: each is refused with its code, spends nothing, and is no server error."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from challenge.core import puzzles
from challenge.core.models import Puzzle
from challenge.core.puzzles.sha256 import NONCE_MAX, Sha256, output
from challenge.flask.client import EXTENSION
from challenge.keys import decode_bytes
from challenge.tally import redeeming
from challenge.tally.solving import solved
from challenge.tokens import Tokens

from .solving import ASK, REDEEM, solve
from .test_responses import RESPOND

COUNT = 16
#: each answer is right by chance once in so many times
WORK_MS, WORK = 20, 4375
SEED = bytes(32)
PATHS = {"clearance": REDEEM, "response": RESPOND}

Answers = list[int]


@dataclass(frozen=True)
class Quote:
    """A challenge and what solves it."""

    path: str
    challenge: str
    good: Answers

    def miss(self, index: int) -> int:
        """A nonce that misses the target at this place, by the protocol's own words."""
        seed, limit = puzzles.seed(self.challenge), 2**64 // WORK
        return next(nonce for nonce in range(10**6) if output(seed, index, nonce) > limit)


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    app = make_app(price_ms=WORK_MS, quote_lifetime=600, failure_burst=1_000_000)
    # As it is served: an exception becomes an answer, not the test's own.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(params=["clearance", "response"])
def quote(client: FlaskClient, request: pytest.FixtureRequest) -> Quote:
    return quoted(client, request.param)


def quoted(client: FlaskClient, buys: str = "clearance") -> Quote:
    offer = client.post(ASK, json={"buys": buys}).get_json()
    return Quote(PATHS[buys], offer["challenge"], solve(offer))


def told(client: FlaskClient, quote: Quote, answers: object) -> tuple[int, str]:
    """Status and code of the answer; no code where something was given."""
    body = json.dumps({"challenge": quote.challenge, "answers": answers})
    answer = client.post(quote.path, data=body, content_type="application/json")
    assert answer.status_code < 500, body
    if answer.status_code == 201:
        return 201, ""
    assert answer.mimetype == "application/problem+json"
    return answer.status_code, answer.get_json()["code"]


def refuses(client: FlaskClient, quote: Quote, answers: object, *expected: object) -> None:
    """They are refused like that, and the right ones are taken afterwards."""
    assert told(client, quote, answers) == expected
    assert told(client, quote, quote.good) == (201, "")


MALFORMED = (400, "answers_malformed")
NO_INTEGER = (400, "json_number")
UNSOLVED = (403, "unsolved")

FORMS: dict[str, tuple[tuple[int, str], Callable[[Answers], object]]] = {
    "none": (MALFORMED, lambda good: []),
    "one missing": (MALFORMED, lambda good: good[:-1]),
    "one more": (MALFORMED, lambda good: [*good, 0]),
    "twice as many": (MALFORMED, lambda good: good * 2),
    "a thousand more": (MALFORMED, lambda good: good + [0] * 1000),
    "null": (MALFORMED, lambda good: None),
    "a number": (MALFORMED, lambda good: good[0]),
    "text": (MALFORMED, lambda good: "0" * COUNT),
    "an object": (MALFORMED, lambda good: dict(enumerate(good))),
    "a list in a list": (MALFORMED, lambda good: [good]),
    "lists": (MALFORMED, lambda good: [[nonce] for nonce in good]),
    "texts": (MALFORMED, lambda good: [str(nonce) for nonce in good]),
    "one is a text": (MALFORMED, lambda good: [*good[:-1], str(good[-1])]),
    "one is null": (MALFORMED, lambda good: [None, *good[1:]]),
    "one is true": (MALFORMED, lambda good: [*good[:-1], True]),
    "one is a fraction": (NO_INTEGER, lambda good: [*good[:-1], float(good[-1])]),
    "one is no number": (NO_INTEGER, lambda good: [*good[:-1], float("nan")]),
    "one below the range": (MALFORMED, lambda good: [-1, *good[1:]]),
    "one beyond the range": (MALFORMED, lambda good: [*good[:-1], NONCE_MAX + 1]),
    "one beyond JSON's": (NO_INTEGER, lambda good: [*good[:-1], 2**53 + 1]),
    "one beyond 64 bits": (NO_INTEGER, lambda good: [*good[:-1], good[-1] + 2**64]),
}
ORDERS: dict[str, Callable[[Answers], Answers]] = {
    "two swapped": lambda good: [good[1], good[0], *good[2:]],
    "the ends swapped": lambda good: [good[-1], *good[1:-1], good[0]],
    "reversed": lambda good: good[::-1],
    "moved by one": lambda good: [*good[1:], good[0]],
    "one for all": lambda good: good[:1] * COUNT,
}


@pytest.mark.parametrize("name", FORMS)
def test_another_form(client: FlaskClient, quote: Quote, name: str) -> None:
    expected, spoil = FORMS[name]
    refuses(client, quote, spoil(quote.good), *expected)


@pytest.mark.parametrize("name", [name for name, (code, _) in FORMS.items() if code == MALFORMED])
def test_control_a_reader_that_takes_what_comes_is_noticed(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(Sha256, "parse", lambda kind, answers, puzzle: answers)
    expected, spoil = FORMS[name]
    quote = quoted(client)
    with pytest.raises(AssertionError):
        refuses(client, quote, spoil(quote.good), *expected)


def test_no_answers_at_all(client: FlaskClient, quote: Quote) -> None:
    answer = client.post(quote.path, json={"challenge": quote.challenge})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "field_missing")
    assert told(client, quote, quote.good) == (201, "")


@pytest.mark.parametrize("index", range(COUNT))
def test_one_that_misses(client: FlaskClient, quote: Quote, index: int) -> None:
    spoilt = [*quote.good[:index], quote.miss(index), *quote.good[index + 1 :]]
    refuses(client, quote, spoilt, *UNSOLVED)


def test_control_a_check_of_all_but_the_last_is_noticed(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meets(kind: Sha256, seed: bytes, puzzle: Puzzle, answers: tuple[int, ...]) -> bool:
        outputs = [output(seed, index, nonce) for index, nonce in enumerate(answers)]
        return max(outputs[:-1]) <= puzzle.threshold

    monkeypatch.setattr(Sha256, "meets_targets", meets)
    quote = quoted(client)
    with pytest.raises(AssertionError):
        refuses(client, quote, [*quote.good[:-1], quote.miss(COUNT - 1)], *UNSOLVED)


@pytest.mark.parametrize("name", ORDERS)
def test_another_order(client: FlaskClient, quote: Quote, name: str) -> None:
    refuses(client, quote, ORDERS[name](quote.good), *UNSOLVED)


@pytest.mark.parametrize("name", ORDERS)
def test_control_answers_without_a_place_are_noticed(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def meets(kind: Sha256, seed: bytes, puzzle: Puzzle, answers: tuple[int, ...]) -> bool:
        return all(
            any(output(seed, index, nonce) <= puzzle.threshold for index in range(COUNT))
            for nonce in answers
        )

    monkeypatch.setattr(Sha256, "meets_targets", meets)
    quote = quoted(client)
    with pytest.raises(AssertionError):
        refuses(client, quote, ORDERS[name](quote.good), *UNSOLVED)


def test_another_challenges(client: FlaskClient, quote: Quote) -> None:
    refuses(client, quote, quoted(client).good, *UNSOLVED)


def test_control_one_seed_for_all_is_noticed(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(puzzles, "seed", lambda token: SEED)
    quote = quoted(client)
    with pytest.raises(AssertionError):
        refuses(client, quote, quoted(client).good, *UNSOLVED)


# -- at the threshold


def told_at_the_threshold(client: FlaskClient, patch: pytest.MonkeyPatch, place: int) -> list[str]:
    """The codes for answers whose greatest output is 1 below, at, and 1 above the threshold.

    A seed follows from its challenge, and so from the threshold; here it is always the same.
    """
    patch.setattr(puzzles, "seed", lambda token: SEED)
    dice = random.Random(place)
    tries = ([dice.randrange(2**53) for _ in range(COUNT)] for _ in range(10**4))
    answers = next(a for a in tries if max(range(COUNT), key=lambda i: at(i, a[i])) == place)
    codes = []
    for above in (-1, 0, 1):
        puzzle = Puzzle("sha256", COUNT, at(place, answers[place]) - above)
        patch.setattr(Sha256, "puzzle", lambda kind, work_ms, puzzle=puzzle: puzzle)
        challenge = client.post(ASK, json={}).get_json()["challenge"]
        codes.append(told(client, Quote(REDEEM, challenge, answers), answers)[1])
    return codes


def at(index: int, nonce: int) -> int:
    return output(SEED, index, nonce)


@pytest.mark.parametrize("place", [0, 7, 15])
def test_the_threshold_itself_is_met(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    assert told_at_the_threshold(client, monkeypatch, place) == ["", "", "unsolved"]


@pytest.mark.parametrize(
    ("shift", "expected"), [(-1, ["", "unsolved", "unsolved"]), (1, ["", "", ""])]
)
def test_control_a_check_that_is_off_by_one_is_noticed(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, shift: int, expected: list[str]
) -> None:
    def meets(kind: Sha256, seed: bytes, puzzle: Puzzle, answers: tuple[int, ...]) -> bool:
        return all(output(seed, *pair) <= puzzle.threshold + shift for pair in enumerate(answers))

    monkeypatch.setattr(Sha256, "meets_targets", meets)
    assert told_at_the_threshold(client, monkeypatch, 7) == expected


# -- at random


def random_answers(dice: random.Random, good: Answers, foreign: Answers) -> object:
    """Answers that are no solution; those of the right form have four wrong ones at least."""
    kind = dice.randrange(6)
    nonces = [dice.randrange(2 ** dice.choice([1, 16, 53])) for _ in range(COUNT)]
    if kind == 0:
        return nonces
    if kind == 1:
        return dice.choices([*good, *nonces], k=dice.choice([*range(COUNT), *range(17, 300)]))
    if kind == 2:
        mixed = list(good)
        for index in dice.sample(range(COUNT), dice.randrange(4, COUNT)):
            mixed[index] = dice.choice([nonces[index], foreign[index], good[index] ^ 1])
        return mixed
    if kind == 3:
        turn = dice.randrange(1, COUNT)
        return good[turn:] + good[:turn]
    if kind == 4:
        odd: list[Any] = [None, True, "", "0", -1, -(2**53), 2**53, 2**64, 0.5, 1e300, [], {}]
        mixed = list(good)
        mixed[dice.randrange(COUNT)] = dice.choice(odd)
        return mixed
    return dice.choice([None, True, 0, 2**53, "", "x" * 1000, {}, {"0": good}, [[good]], [[]] * 16])


def storm(client: FlaskClient, quote: Quote, count: int) -> Counter[tuple[int, str]]:
    """How often each refusal came, of so many random answers."""
    dice, foreign = random.Random(20261123), quoted(client).good
    return Counter(
        told(client, quote, random_answers(dice, quote.good, foreign)) for _ in range(count)
    )


@pytest.fixture
def many(request: pytest.FixtureRequest) -> int:
    return 100_000 if request.config.getoption("--slow") else 2_000


@pytest.mark.timeout(900)
def test_random_answers(client: FlaskClient, quote: Quote, many: int) -> None:
    refused = storm(client, quote, many)
    assert refused.keys() == {MALFORMED, NO_INTEGER, UNSOLVED}
    assert min(refused.values()) > many // 100
    assert told(client, quote, quote.good) == (201, "")


def test_control_a_lax_check_is_noticed(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sha256, "meets_targets", lambda *_: True)
    assert (201, "") in storm(client, quoted(client), 200)


# -- spending


@pytest.fixture
def spending_first(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order turned round: spent, and then looked at."""
    store = app.extensions[EXTENSION].store

    def spend(token: str, answers: object, tokens: Tokens, now: float, *, buys: str) -> Any:
        challenge = tokens.read_challenge(token, now, buys=buys)
        digest = json.dumps(answers).encode()
        ends = challenge.expires + 100
        store.spend(
            decode_bytes(challenge.id), digest, b"", epoch=store.epoch, now=now, expires=ends
        )
        return solved(token, answers, tokens, now, buys=buys)

    monkeypatch.setattr(redeeming, "solved", spend)


@pytest.mark.usefixtures("spending_first")
def test_control_spending_first_is_noticed(client: FlaskClient) -> None:
    quote = quoted(client)
    with pytest.raises(AssertionError):
        refuses(client, quote, [], *MALFORMED)
