"""The conductor: what is checked in which order, what is spent, what is told."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from challenge.config import Settings
from challenge.core import puzzles
from challenge.core.baselines import Alarm
from challenge.core.models import Admission, Client, Offer, Puzzle, Quote, Sale
from challenge.core.puzzles.sha256 import Sha256, output
from challenge.errors import (
    ClearanceRequired,
    Expired,
    InProgress,
    Malformed,
    Queued,
    Spent,
    StoreUnavailable,
    TokenRefused,
    TooEarly,
    Unsolved,
)
from challenge.jose import LEEWAY
from challenge.keys import make
from challenge.stores import Store
from challenge.stores.base import TAKEOVER_AFTER
from challenge.stores.memory import MemoryStore
from challenge.stores.redis import RedisStore
from challenge.stores.sqlite import SQLiteStore
from challenge.tally import Tally
from challenge.wire import Ask

from .solving import solve

START = 1_800_000_000.0
HOME = Client(ip_address("192.0.2.7"))


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class World:
    """A tally with a clock to turn and dice that always fall the same way."""

    def __init__(
        self, store: Any, *, ring: Callable[[Alarm], None] = lambda _: None, **settings: Any
    ) -> None:
        dice = random.Random(7)
        self.clock = Clock()
        self.naps: list[float] = []
        self.store = store
        self.tally = Tally(
            Settings(**{"price_ms": 0, "ramp": (20,), "band_burst": 10_000} | settings),
            make(dice.randbytes),
            store,
            clock=self.clock,
            sleep=self.naps.append,
            random=dice.randbytes,
            ring=ring,
        )

    def ask(self, clearance: str | None = None, *, units: int = 1, client: Client = HOME) -> Offer:
        return self.tally.quote(Ask("", "page", "/", units), clearance, client)

    def redeem(self, body: bytes, client: Client = HOME) -> Sale:
        return self.tally.redeem(body, client)

    def buy(self, clearance: str | None = None, client: Client = HOME) -> str:
        return self.redeem(body_of(self.ask(clearance)), client).token

    def admit(
        self, clearance: str | None, profile: object, client: Client = HOME, **how: Any
    ) -> Admission:
        return self.tally.admit(clearance, str(profile), client, **how)

    def opens(self, clearance: str | None, *profiles: object, client: Client = HOME) -> int:
        """How many of the profiles open."""
        opened = 0
        for profile in profiles:
            try:
                self.admit(clearance, profile, client)
                opened += 1
            except (ClearanceRequired, Queued):
                pass
        return opened


def body_of(offer: Offer, **changes: object) -> bytes:
    fields = {"puzzle": {"count": offer.puzzle.count, "threshold": f"{offer.puzzle.threshold:x}"}}
    answers = solve({"challenge": offer.challenge} | fields)
    return json.dumps({"challenge": offer.challenge, "answers": answers} | changes).encode()


def configure(world: World, **changes: Any) -> None:
    """Change settings of a running world."""
    settings = replace(world.tally.settings, **changes)
    for part in (world.tally, world.tally._books, world.tally._quoter):
        part.settings = part._settings = settings  # type: ignore[union-attr]


def begin_epoch(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the store had lost rows."""
    if isinstance(store, RedisStore):
        store._pool.call("DEL", store._key(b"e"))
        store._pool.drop()
        store.ping()
    else:
        monkeypatch.setattr(store, "_epoch", "another")


@pytest.fixture(params=["memory", "sqlite", "redis"])
def world(request: pytest.FixtureRequest, open_store: Callable[[str], Store]) -> World:
    return World(open_store(request.param))


def test_a_budget_of_distinct_profiles(world: World) -> None:
    token = world.buy()
    assert world.admit(token, "0").remaining == 19
    assert world.opens(token, *range(25)) == 20
    assert world.opens(token, *range(20)) == 20, "what was opened stays open"
    with pytest.raises(ClearanceRequired) as refusal:
        world.admit(token, "24")
    assert refusal.value.code == "budget_spent"


def test_the_next_sale_keeps_what_was_opened(world: World) -> None:
    first = world.buy()
    world.opens(first, *range(20))
    second = world.buy(first)
    assert world.opens(second, *range(20)) == 20
    assert world.admit(second, "0").remaining == 20, "revisits are free"
    third = world.buy(second)
    assert world.opens(third, *range(10, 35)) == 25
    assert world.admit(third, "0").remaining == 5


def test_control_a_stranger_pays_for_the_same_profiles(world: World) -> None:
    world.opens(world.buy(), *range(20))
    stranger = world.buy(None)
    assert world.opens(stranger, *range(20, 40), *range(20)) == 20


def test_asking_stores_nothing(tmp_path: Path) -> None:
    world = World(SQLiteStore(tmp_path / "store.db"))

    def written() -> int:
        log = tmp_path / "store.db-wal"
        return log.stat().st_size if log.exists() else 0

    before = written()
    for _ in range(50):
        world.ask()
    assert written() == before
    world.buy()
    assert written() > before


def test_the_same_body_gets_the_same_token(world: World) -> None:
    body = body_of(world.ask())
    first = world.redeem(body)
    world.opens(first.token, 1, 2, 3)
    world.clock.now += 5
    again = world.redeem(body)
    assert again.token == first.token
    assert (first.remaining, again.remaining) == (20, 17)
    assert (first.expires_in, again.expires_in) == (1800, 1795)
    assert again.current


def test_another_body_is_refused_and_changes_nothing(world: World) -> None:
    body = body_of(world.ask())
    world.redeem(body)
    with pytest.raises(Spent):
        world.redeem(body + b" ")
    assert world.redeem(body).remaining == 20


def test_a_missed_target_spends_nothing(world: World) -> None:
    configure(world, price_ms=12)
    offer = world.ask()
    good = body_of(offer)
    for index in range(offer.puzzle.count):
        answers = json.loads(good)["answers"]
        answers[index] += 1
        # One in ten thousand hits by chance.
        while (
            output(puzzles.seed(offer.challenge), index, answers[index]) <= offer.puzzle.threshold
        ):
            answers[index] += 1
        with pytest.raises(Unsolved):
            world.redeem(json.dumps({"challenge": offer.challenge, "answers": answers}).encode())
    assert world.redeem(good).remaining == 20


@pytest.mark.parametrize(
    "answers", [[], [0] * 15, [0] * 17, {}, "x", None, [None] * 16, [[0]] * 16, [-1] * 16]
)
def test_malformed_answers_spend_nothing(world: World, answers: object) -> None:
    offer = world.ask()
    with pytest.raises(Malformed):
        world.redeem(json.dumps({"challenge": offer.challenge, "answers": answers}).encode())
    assert world.redeem(body_of(offer)).remaining == 20


def test_expired_challenges(world: World) -> None:
    body, late = body_of(world.ask()), body_of(world.ask())
    world.clock.now += 120 + LEEWAY - 0.1
    world.redeem(body)
    world.clock.now += 0.2
    for sent in (body, late):
        with pytest.raises(Expired):
            world.redeem(sent)


def test_a_spent_row_outlives_its_challenge(world: World) -> None:
    body = body_of(world.ask())
    world.redeem(body)
    # Every moment at which the challenge still verifies, the row must still be there.
    for second in range(151):
        world.clock.now += 1
        with pytest.raises((Spent, Expired)):
            world.redeem(body + b" ", Client(ip_address(f"192.0.2.{second}")))


def test_too_early_spends_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    later = lambda **_: Quote(0, 20, 3000)  # noqa: E731
    monkeypatch.setattr("challenge.tally.quoting.price", later)
    offer = world.ask()
    assert offer.wait_ms == 3000
    body = body_of(offer)
    with pytest.raises(TooEarly) as refusal:
        world.redeem(body)
    assert 0 < refusal.value.retry_in_ms <= 3001
    world.clock.now += 3
    assert world.redeem(body).remaining == 20


def test_the_client_lowers_nothing(world: World) -> None:
    configure(world, price_ms=12)
    offer = world.ask()
    easy = replace(offer, puzzle=Puzzle("sha256", 16, 2**64 - 1))
    with pytest.raises(Unsolved):
        world.redeem(body_of(easy))
    for field in ("budget", "threshold", "puzzle", "expires_in", "sub", "action"):
        with pytest.raises(Malformed):
            world.redeem(body_of(easy, **{field: 1000}))


def test_a_clearance_is_no_challenge_and_a_challenge_no_clearance(world: World) -> None:
    offer = world.ask()
    token = world.buy()
    with pytest.raises(TokenRefused):
        world.redeem(json.dumps({"challenge": token, "answers": [0] * 16}).encode())
    with pytest.raises(TokenRefused):
        world.admit(offer.challenge, "ada")


def test_no_clearance_and_an_expired_one(world: World) -> None:
    with pytest.raises(ClearanceRequired) as refusal:
        world.admit(None, "ada")
    assert refusal.value.code == "clearance_required"
    token = world.buy()
    world.clock.now += 1800 + LEEWAY - 1
    world.admit(token, "ada")
    world.clock.now += 1
    with pytest.raises(Expired):
        world.admit(token, "ada")


# -- two calls of one body


class Halting(MemoryStore):
    """A store in which the winner halts between spending and granting."""

    def __init__(self) -> None:
        super().__init__()
        self.halted, self.go_on = threading.Event(), threading.Event()

    def open(self, *args: Any) -> None:
        self.halted.set()
        assert self.go_on.wait(30)
        super().open(*args)


def test_one_call_waits_for_the_winner_and_others_are_sent_away() -> None:
    store = Halting()
    world = World(store)
    body = body_of(world.ask())
    winner = threading.Thread(target=world.redeem, args=(body,))
    winner.start()
    assert store.halted.wait(30)
    refused: list[str] = []

    def nap(_: float) -> None:
        # While one waits, the next call of the same body finds the only chair taken.
        try:
            world.redeem(body)
        except InProgress:
            refused.append("at once")
        store.go_on.set()
        winner.join(30)

    world.tally._seller._spender._sleep = nap
    sale = world.redeem(body)
    assert refused == ["at once"]
    assert sale.remaining == 20
    assert world.redeem(body).token == sale.token


def test_waiting_ends_after_a_second() -> None:
    store = Halting()
    world = World(store)
    body = body_of(world.ask())
    winner = threading.Thread(target=world.redeem, args=(body,))
    winner.start()
    assert store.halted.wait(30)
    with pytest.raises(InProgress):
        world.redeem(body)
    assert 0.9 <= sum(world.naps) < 1.01
    store.go_on.set()
    winner.join(30)


class Dying(MemoryStore):
    """A store whose first winner dies before it grants."""

    died = False

    def open(self, *args: Any) -> None:
        if not self.died:
            self.died = True
            raise StoreUnavailable("killed")
        super().open(*args)


def test_a_dead_winner_is_taken_over_with_the_same_token() -> None:
    world = World(Dying())
    body = body_of(world.ask())
    with pytest.raises(StoreUnavailable):
        world.redeem(body)
    with pytest.raises(InProgress):
        world.redeem(body)
    world.clock.now += TAKEOVER_AFTER
    with pytest.raises(Spent):
        world.redeem(body + b" ")
    sale = world.redeem(body)
    assert sale.expires_in == 1800 - TAKEOVER_AFTER, "the times of the first attempt"
    assert world.redeem(body).token == sale.token
    assert world.opens(sale.token, *range(25)) == 20


def test_a_slow_winner_and_who_takes_over_mint_the_same_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = MemoryStore()
    world = World(store, band_burst=20, band_per_hour=720)
    world.buy()  # a unit comes back in 5 s: the next sale starts 5 s from now
    body, opened, tokens = body_of(world.ask()), store.open, []

    def slow(key: bytes, visitor: Any) -> None:
        opened(key, visitor)
        if not tokens:
            tokens.append("")
            world.clock.now += TAKEOVER_AFTER
            tokens.append(world.redeem(body).token)

    monkeypatch.setattr(store, "open", slow)
    assert world.redeem(body).token == tokens[1] == world.redeem(body).token


def test_r06_halted_between_check_and_spend(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    body = body_of(world.ask())
    world.redeem(body)
    world.clock.now += 140
    meets = Sha256.meets_targets

    def halt(*args: Any) -> bool:
        world.clock.now += 120
        return meets(*args)

    monkeypatch.setattr(Sha256, "meets_targets", halt)
    with pytest.raises((Spent, Expired)):
        world.redeem(body + b" ")


# -- a kind with a dear check


class Dear(Sha256):
    """A kind whose answers pass the targets and fail the dear check."""

    name = "dear"
    checks = 0

    def confirm(self, seed: bytes, puzzle: Puzzle, answers: tuple[int, ...]) -> bool:
        self.checks += 1
        return False


def test_a_failed_dear_check_spends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = Dear()
    monkeypatch.setitem(puzzles._kinds, "dear", kind)
    configure(world, puzzle="dear")
    body = body_of(world.ask())
    for _ in range(3):
        with pytest.raises(Unsolved):
            world.redeem(body)
    assert kind.checks == 1, "the dear check is paid for once"
    with pytest.raises(Spent):
        world.redeem(body + b" ")


def test_a_kind_that_is_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(puzzles._kinds, "dear", Dear())
    configure(world, puzzle="dear")
    body = body_of(world.ask())
    monkeypatch.delitem(puzzles._kinds, "dear")
    with pytest.raises(Expired):
        world.redeem(body)


# -- what is kept


def test_a_new_visitor_every_sale_and_a_home_under_todays_key(world: World) -> None:
    token = world.buy()
    claims = world.tally._tokens.read_clearance(token, world.clock.now)
    record = world.tally._books.record(claims.visitor, world.clock.now)
    assert record is not None
    [home] = record.homes
    now, books = world.clock.now, world.tally._books
    assert home.network == books.home(claims.visitor, HOME, now)[0]
    elsewhere = Client(ip_address("192.0.3.7"))
    assert home.network != books.home(claims.visitor, elsewhere, now)[0]
    other = world.tally._tokens.read_clearance(world.buy(), world.clock.now)
    assert other.visitor.sub != claims.visitor.sub
    assert other.jti != claims.jti


def test_nothing_personal_is_at_rest(tmp_path: Path) -> None:
    world = World(SQLiteStore(tmp_path / "store.db"))
    token = world.buy()
    world.admit(token, "ada-lovelace")
    claims = world.tally._tokens.read_clearance(token, world.clock.now)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert claims.jti.encode() in kept, "this test looks at the right bytes"
    for secret in (b"192.0.2.7", HOME.address.packed, token.encode(), b"ada-lovelace"):
        assert secret not in kept


def test_a_lost_day_key_asks_again(world: World) -> None:
    token = world.buy()
    world.admit(token, "ada")
    world.tally._books._day_keys.clear()
    world.store.day_key(int(START) // 86400, b"", now=START + 3 * 86400)
    with pytest.raises(ClearanceRequired) as refusal:
        world.admit(token, "ada")
    assert refusal.value.code == "clearance_unknown"


def test_a_visitor_over_midnight_keeps_the_clearance(world: World) -> None:
    world.clock.now = (START // 86400 + 1) * 86400 - 10
    token = world.buy()
    assert world.opens(token, *range(5)) == 5
    world.clock.now += 600
    assert world.opens(token, *range(20)) == 20
    assert world.opens(world.buy(token), *range(40)) == 40


def test_a_store_that_fails_opens_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token, body = world.buy(), body_of(world.ask())

    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable("gone")

    for verb in ("charge", "spend", "read"):
        monkeypatch.setattr(world.store, verb, fail)
    with pytest.raises(StoreUnavailable):
        world.admit(token, "ada")
    with pytest.raises(StoreUnavailable):
        world.redeem(body)
    for clearance in (None, token):
        assert world.ask(clearance).budget == 20, "asking goes on without the store"
