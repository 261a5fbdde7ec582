"""The budget of wrong redemptions: a network that has used it up waits, and only it does."""

from __future__ import annotations

import json
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from challenge.core.models import Client, Puzzle
from challenge.core.puzzles.sha256 import Sha256
from challenge.errors import ChallengeError, Queued, Unsolved
from challenge.stores.memory import MemoryStore
from challenge.tally.failing import FAULTS, Failures
from challenge.wire import Ask

from .test_selling import Key
from .test_tally import HOME, START, World, body_of

BURST = 60
OFF = 1_000_000
ELSEWHERE = Client(ip_address("192.0.2.8"))


class Watched(World):
    """A world with a puzzle to miss, that counts how often answers are looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        super().__init__(MemoryStore(), price_ms=1, **settings)
        self.looks = 0
        meets = Sha256.meets_targets

        def counted(kind: Sha256, seed: bytes, puzzle: Puzzle, answers: tuple[int, ...]) -> bool:
            self.looks += 1
            return meets(kind, seed, puzzle, answers)

        monkeypatch.setattr(Sha256, "meets_targets", counted)

    def fails(self, body: bytes, client: Client = HOME) -> str:
        """The code that the body is refused with."""
        with pytest.raises(ChallengeError) as refusal:
            self.redeem(body, client)
        assert refusal.value.status < 500
        return refusal.value.code

    def junk(self, answers: object = (0,) * 16) -> bytes:
        return json.dumps({"challenge": self.ask().challenge, "answers": answers}).encode()

    def exhaust(self, client: Client = HOME) -> None:
        for _ in range(BURST):
            assert self.fails(self.junk(), client) == "unsolved"
        assert self.fails(self.junk(), client) == "too_many_failures"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def looked_at(world: Watched, calls: int) -> int:
    """How many of so many wrong redemptions are looked at."""
    before = world.looks
    for _ in range(calls):
        world.fails(world.junk())
    return world.looks - before


def test_no_more_than_the_budget_are_looked_at(world: Watched) -> None:
    assert looked_at(world, 500) == BURST


def test_control_without_a_budget_all_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked_at(Watched(monkeypatch, failure_burst=OFF), 500) == 500


def test_six_seconds_later_there_is_room_for_one(world: Watched) -> None:
    world.exhaust()
    with pytest.raises(Queued) as refusal:
        world.redeem(world.junk())
    assert (refusal.value.status, refusal.value.retry_after) == (429, 6)
    world.clock.now += 5.9
    assert looked_at(world, 3) == 0
    world.clock.now += 0.1
    assert looked_at(world, 3) == 1
    world.clock.now += 3600
    assert looked_at(world, 500) == BURST


def test_a_right_one_costs_nothing_and_needs_one_left(world: Watched) -> None:
    for _ in range(BURST - 1):
        world.fails(world.junk())
    for _ in range(5):
        world.buy()
    world.fails(world.junk())
    body = body_of(world.ask())
    assert world.fails(body) == "too_many_failures"
    world.clock.now += 6
    assert world.redeem(body).remaining == 20, "nothing was spent meanwhile"
    assert world.redeem(body).remaining == 20


def test_other_networks_do_not_notice(world: Watched) -> None:
    world.exhaust()
    assert world.buy(None, ELSEWHERE)


def test_control_one_budget_for_all_is_noticed(
    world: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("challenge.tally.failing.network_hash", lambda key, network: b"the same")
    world.exhaust()
    assert world.fails(body_of(world.ask()), ELSEWHERE) == "too_many_failures"


@pytest.mark.parametrize(
    ("other", "code"),
    [("2001:db8::ffff", "too_many_failures"), ("2001:db8:0:1::1", "unsolved")],
)
def test_of_ipv6_a_64_is_a_network(world: Watched, other: str, code: str) -> None:
    world.exhaust(Client(ip_address("2001:db8::1")))
    assert world.fails(world.junk(), Client(ip_address(other))) == code


def test_a_shared_network_has_a_wider_one(world: Watched) -> None:
    shared = Client(ip_address("10.0.0.1"), multiplier=20)
    for _ in range(BURST * 20):
        assert world.fails(world.junk(), shared) == "unsolved"
    assert world.fails(world.junk(), shared) == "too_many_failures"


def test_pages_and_asking_go_on(world: Watched) -> None:
    token = world.buy()
    world.exhaust()
    assert world.opens(token, *range(25)) == 20
    assert world.tally.holding(token) is not None
    world.ask()


def bodies(world: Watched) -> dict[str, Callable[[], bytes]]:
    """A body each that is refused, by the code that it is refused with."""
    spent = body_of(world.ask())
    world.redeem(spent)
    signed, another = json.loads(Key().body(world.ask())), Key().jwk()
    forged = world.ask().challenge[:-8] + "AAAAAAAA"
    return {
        "unsolved": world.junk,
        "answers_malformed": lambda: world.junk([0] * 15),
        "json_malformed": lambda: b"{",
        "body_too_large": lambda: b" " * 20_000,
        "bad_signature": lambda: json.dumps({"challenge": forged, "answers": []}).encode(),
        "token_malformed": lambda: b'{"challenge": "x", "answers": []}',
        "spent": lambda: spent + b" ",
        "proof_invalid": lambda: json.dumps(signed | {"key": another}).encode(),
    }


@pytest.mark.parametrize(
    "code",
    ["unsolved", "answers_malformed", "json_malformed", "body_too_large", "bad_signature",
     "token_malformed", "spent", "proof_invalid"],
)  # fmt: skip
def test_what_counts(world: Watched, code: str) -> None:
    make = bodies(world)[code]
    told = [world.fails(make()) for _ in range(BURST + 1)]
    assert told == [code] * BURST + ["too_many_failures"]


def test_who_is_late_or_repeats_itself_does_no_wrong(world: Watched) -> None:
    late, sold = body_of(world.ask()), body_of(world.ask())
    world.redeem(sold)
    for _ in range(BURST * 2):
        world.redeem(sold)
    world.clock.now += 1000
    for _ in range(BURST * 2):
        assert world.fails(late) == "expired"
    assert world.buy()


def test_forms_are_counted_with_pages(world: Watched) -> None:
    world.exhaust()
    offer = world.tally.quote(Ask("", "page", "/", 1, buys="response"), None, HOME)
    with pytest.raises(Queued) as refusal:
        world.tally.respond(body_of(offer), HOME, "site.example")
    assert refusal.value.code == "too_many_failures"
    assert world.tally.respond(body_of(offer), ELSEWHERE, "site.example").response


def test_wrong_answers_of_forms_count(world: Watched) -> None:
    offer = world.tally.quote(Ask("", "page", "/", 1, buys="response"), None, HOME)
    body = json.dumps({"challenge": offer.challenge, "answers": [0] * 16}).encode()
    for _ in range(BURST):
        with pytest.raises(Unsolved):
            world.tally.respond(body, HOME, "site.example")
    with pytest.raises(Queued):
        world.tally.respond(body, HOME, "site.example")


# -- what is remembered


def fail(failures: Failures, number: int, now: float) -> None:
    client = Client(ip_address((10 << 24) + number))
    with pytest.raises(FAULTS), failures.counted(client, now):
        raise Unsolved


def test_memory_is_bounded_and_the_oldest_falls_out() -> None:
    failures = Failures(1, b"key", print, limit=100)
    for number in range(300):
        fail(failures, number, START)
        assert len(failures._levels) == min(number + 1, 100)
    with pytest.raises(Queued):
        fail(failures, 299, START)
    fail(failures, 0, START)


def test_a_network_is_forgotten_once_its_budget_is_whole() -> None:
    failures = Failures(BURST, b"key", print)
    for number in range(50):
        fail(failures, number, START)
    fail(failures, 99, START + 6.1)
    assert len(failures._levels) == 1


def test_networks_are_known_by_hashes_under_the_key() -> None:
    kept = set()
    for key in (b"key", b"another key"):
        failures = Failures(BURST, key, print)
        fail(failures, 1, START)
        kept |= failures._levels.keys()
    assert len(kept) == 2
    assert all(ip_address((10 << 24) + 1).packed not in network for network in kept)
