"""What goes on while the store does not answer: the table of docs/operations.md, row by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from challenge.core.baselines import Alarm
from challenge.errors import Banned, ChallengeError, StoreUnavailable
from challenge.flask.client import EXTENSION
from challenge.stores.memory import MemoryStore
from challenge.tally.outage import ASKS_MAX

from .test_bans import ban
from .test_gate import buy
from .test_tally import HOME, World, body_of

#: verbs of a store, all of which fail while it is away
VERBS = ("spend", "settle", "charge", "read", "reserve", "release", "bans", "day_key", "open",
         "top_up", "move", "levels", "ping", "note_sender", "other_senders")  # fmt: skip


class Leaving(MemoryStore):
    """A store that can be away."""

    away: StoreUnavailable | None = None

    def __getattribute__(self, name: str) -> Any:
        if name in VERBS and self.away is not None:
            raise self.away
        return super().__getattribute__(name)


@pytest.fixture
def away() -> Callable[..., World]:
    """A function that gives a world whose store goes after one sale; with its clearance."""

    def make(error: StoreUnavailable | None = None, **settings: Any) -> World:
        world = World(Leaving(), ring=rung.append, **settings)
        world.rung = rung  # type: ignore[attr-defined]
        world.token = world.buy()  # type: ignore[attr-defined]
        world.admit(world.token, "ada")  # type: ignore[attr-defined]
        world.tally.bans.refuse(HOME.address)
        world.store.away = error or StoreUnavailable("away")
        # The copy of the bans is looked at again.
        world.clock.now += 6
        return world

    rung: list[Alarm] = []
    return make


def code_of(call: Callable[[], object]) -> str:
    try:
        call()
    except ChallengeError as error:
        return error.code
    return "fine"


def opened(world: Any, views: int) -> int:
    """How many of so many new profiles open."""
    calls = [code_of(lambda n=n: world.admit(world.token, f"p{n}")) for n in range(views)]
    assert set(calls) <= {"fine", "store_unavailable"}
    return calls.count("fine")


# -- ask


def test_asking_goes_on_up_to_a_cap(away: Callable[..., World]) -> None:
    world = away()
    codes = [code_of(world.ask) for _ in range(ASKS_MAX + 5)]
    assert codes.count("fine") == ASKS_MAX
    assert codes[-5:] == ["store_unavailable"] * 5
    world.clock.now += 60
    assert code_of(world.ask) == "fine"


def test_control_while_the_store_answers_there_is_none(away: Callable[..., World]) -> None:
    world = away()
    world.store.away = None
    assert {code_of(world.ask) for _ in range(ASKS_MAX + 5)} == {"fine"}


def test_asking_may_be_refused(away: Callable[..., World]) -> None:
    world = away(fail_ask="refuse")
    assert code_of(world.ask) == "store_unavailable"
    world.store.away = None
    world.clock.now += 1
    assert code_of(world.ask) == "fine"


# -- redeem


def test_nothing_is_sold(away: Callable[..., World]) -> None:
    world = away(fail_open=1000)
    body = body_of(world.ask())
    assert code_of(lambda: world.redeem(body)) == "store_unavailable"
    world.store.away = None
    assert world.redeem(body).remaining == 20


# -- the gate


def test_no_page_opens(away: Callable[..., World]) -> None:
    assert opened(away(), 3) == 0


def test_if_set_so_many_a_minute_do(away: Callable[..., World]) -> None:
    world = away(fail_open=30)
    assert opened(world, 50) == 30
    world.clock.now += 60
    assert opened(world, 50) == 30
    world.store.away = None
    assert opened(world, 15) == 15, "they are charged again, and what opened before is not"


def test_who_listens_is_told_once_a_minute(
    away: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    world = away(fail_open=30)
    for _ in range(2):
        opened(world, 50)
        assert world.rung == [Alarm("store", 1, 30)]
    assert caplog.text.count("uncounted") == 1
    world.clock.now += 60
    opened(world, 1)
    assert len(world.rung) == 2


@pytest.mark.parametrize("token", [None, "", "x", "eyJhbGciOiJFZERTQSJ9.e30.c2ln"])
def test_only_to_who_holds_a_clearance(away: Callable[..., World], token: str | None) -> None:
    world = away(fail_open=30)
    assert code_of(lambda: world.admit(token, "ada")) not in ("fine", "store_unavailable")


def test_nor_to_one_that_has_ended(away: Callable[..., Any]) -> None:
    world = away(fail_open=30)
    world.clock.now += 1801 + 60
    assert code_of(lambda: world.admit(world.token, "ada")) == "expired"


def test_what_is_fetched_ahead_waits(away: Callable[..., Any]) -> None:
    world = away(fail_open=30)
    ahead = lambda: world.admit(world.token, "ada", free_only=True)  # noqa: E731
    assert code_of(ahead) == "store_unavailable"


def test_a_full_store_opens_nothing(away: Callable[..., Any]) -> None:
    world = away(StoreUnavailable("full", code="store_full"), fail_open=30)
    assert code_of(lambda: world.admit(world.token, "bob")) == "store_full"


# -- bans


def test_the_last_known_bans_are_obeyed(away: Callable[..., World]) -> None:
    world = away()
    assert code_of(lambda: world.tally.bans.refuse(HOME.address)) == "fine"


def test_or_nobody_passes(away: Callable[..., World]) -> None:
    world = away(fail_bans="refuse")
    assert code_of(lambda: world.tally.bans.refuse(HOME.address)) == "store_unavailable"
    world.store.away = None
    world.clock.now += 1
    ban(world, "198.51.100.0/24")
    assert code_of(lambda: world.tally.bans.refuse(HOME.address)) == "fine"


def test_it_is_said_once_and_not_each_second(
    away: Callable[..., World], caplog: pytest.LogCaptureFixture
) -> None:
    world = away()
    for _ in range(5):
        world.tally.bans.refuse(HOME.address)
        world.clock.now += 1
    assert caplog.text.count("the last known one") == 1


# -- over HTTP


def test_a_page_says_what_was_decided(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable("away")

    for views, status in ((0, 503), (5, 200)):
        client = make_app(fail_open=views).test_client()
        buy(client)
        monkeypatch.setattr(client.application.extensions[EXTENSION].store, "charge", fail)
        answer = client.get("/people/ada")
        assert answer.status_code == status
        if status == 200:
            assert answer.headers["Challenge-Remaining"] == "0"
            assert answer.headers["Cache-Control"].startswith("private")
        else:
            assert answer.headers["Retry-After"]


def test_banned_is_said_before_all_else(away: Callable[..., Any]) -> None:
    world = World(Leaving(), fail_open=30)
    ban(world, str(HOME.address))
    with pytest.raises(Banned):
        world.tally.bans.refuse(HOME.address)
    world.store.away = StoreUnavailable("away")
    world.clock.now += 6
    with pytest.raises(Banned):
        world.tally.bans.refuse(HOME.address)
